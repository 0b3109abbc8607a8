// How old a suite of an archive is, by its own InRelease. Pure.
//
// The file is one that apt has verified: nothing here checks a signature.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::image {

struct SuiteRelease {
  std::string date;               // as written: "Sat, 09 Aug 2025 09:03:27 UTC"
  std::chrono::sys_seconds time;  // the same
  std::string valid_until;        // as written; empty: the suite does not promise to be renewed
  std::string sha256;             // of the whole file
};

// Nothing when it has no date that can be read.
[[nodiscard]] std::optional<SuiteRelease> parse_release(std::string_view in_release);

// "Sat, 09 Aug 2025 09:03:27 UTC" (RFC 1123); nothing for any other text.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_release_date(const std::string& text);

// A sentence when a suite is past its Valid-Until at `now` (the host's apt is then set to take such
// lists), or when one that is renewed all the time, since it has a Valid-Until, is older than 14
// days: a mirror that hides what is new looks like that. Else empty. Suites without a Valid-Until
// change with point releases only, which are months apart.
[[nodiscard]] std::string age_warning(const std::string& suite, const SuiteRelease& release,
                                      std::chrono::sys_seconds now);

}  // namespace bpfmatrix::image
