#include "image/apt_release.h"

#include <fmt/core.h>

#include <ctime>

#include "base/digest.h"

namespace bpfmatrix::image {
namespace {

constexpr std::chrono::days kOld{14};

// The value of the first line "name: value".
std::string line_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size(), 2) == ": ")
      return std::string(line.substr(name.size() + 2));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_release_date(const std::string& text) {
  std::tm time{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S UTC", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

std::optional<SuiteRelease> parse_release(std::string_view in_release) {
  SuiteRelease release;
  release.date = line_value(in_release, "Date");
  const auto time = parse_release_date(release.date);
  if (!time) return std::nullopt;
  release.time = *time;
  release.valid_until = line_value(in_release, "Valid-Until");
  release.sha256 = base::sha256_hex(in_release);
  return release;
}

std::string age_warning(const std::string& suite, const SuiteRelease& release,
                        std::chrono::sys_seconds now) {
  if (release.valid_until.empty()) return {};
  const auto end = parse_release_date(release.valid_until);
  if (end && now > *end)
    return fmt::format(
        "suite {}: the mirror's list is of {} and was valid until {}; apt of this machine is set "
        "to "
        "take it all the same (Acquire::Check-Valid-Until)",
        suite, release.date, release.valid_until);
  if (now - release.time <= kOld) return {};
  return fmt::format(
      "suite {}: the mirror's list is of {}, {} days ago, though it is renewed all the time: the "
      "mirror may be cut off, or hide what is new",
      suite, release.date, std::chrono::floor<std::chrono::days>(now - release.time).count());
}

}  // namespace bpfmatrix::image
