// Reading a console: what it says must be one printable line, whatever the kernel printed.
#include <algorithm>

#include "input.h"
#include "run/console_title.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bpfmatrix;
  const std::string_view console(reinterpret_cast<const char*>(data), size);
  const auto title = run::find_crash_title(console);
  if (title) {
    fuzz::require(title->size() <= 120 && title->find('\n') == std::string::npos,
                  "a title of one line");
    fuzz::require(!title->empty(), "a title without a word");
  }
  const auto lines = run::last_lines(console, 3);
  fuzz::require(std::count(lines.begin(), lines.end(), '\n') <= 2, "more lines than asked for");
  return 0;
}
