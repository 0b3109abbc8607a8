// The lists that say which lines of a console count beside the kernel's own reports (deny), and
// which reports do not, until when and why (allow): images/console.yaml. Reads a file; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"

namespace bpfmatrix::spec {

struct DeniedLine {
  std::string text;  // a line that holds it is a finding
  std::string reason;
};

struct AllowedReport {
  std::string title;  // glob over the title of a finding
  std::vector<std::string> kernels;  // globs over ids; empty: all
  std::string reason;
  std::string expires;  // "2027-03-31": the last day on which it allows
  Place place;
};

struct ConsoleLists {
  std::vector<DeniedLine> deny;
  std::vector<AllowedReport> allow;
};

// Error invalid_input with every mistake, or when the file cannot be read: without it no console can
// be judged.
[[nodiscard]] base::Result<ConsoleLists> read_console_lists(const std::filesystem::path& file);

// "2027-03-31": a day of the Gregorian calendar.
[[nodiscard]] bool is_date(std::string_view text);

}  // namespace bpfmatrix::spec
