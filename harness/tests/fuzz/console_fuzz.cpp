// Reading a console: the same findings however the stream was cut, titles that are one printable
// line, bounded memory.
#include <algorithm>

#include "console/monitor.h"
#include "console/title.h"
#include "input.h"

namespace {

using namespace bpfmatrix;

void check(const console::Finding& finding, uint64_t size) {
  fuzz::require(finding.title.size() <= console::kTitleLimit, "a title beyond its limit");
  fuzz::require(std::all_of(finding.title.begin(), finding.title.end(),
                            [](char c) { return c >= ' ' && c < 0x7f; }),
                "a title that is not printable");
  fuzz::require(console::normalize(finding.title).size() <= console::kTitleLimit,
                "a title that grows when it is normalized again");
  fuzz::require(finding.offset < size, "a finding behind the stream's end");
  fuzz::require(finding.report.size() <= size_t{8} << 10, "a report beyond its limit");
}

}  // namespace

// The first byte is the length of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const size_t piece = size_t{input.u8()} + 1;
  const auto text = input.rest();
  const auto whole = console::find_all(text);
  console::Monitor monitor;
  for (size_t at = 0; at < text.size(); at += piece) monitor.feed(text.substr(at, piece));
  monitor.finish();
  fuzz::require(monitor.bytes() == text.size(), "bytes are lost");
  fuzz::require(monitor.findings() == whole, "pieces give other findings");
  fuzz::require(whole.size() <= 64, "more findings than are kept");
  for (const auto& finding : whole) check(finding, text.size());
  const auto lines = console::last_lines(text, 3);
  fuzz::require(std::count(lines.begin(), lines.end(), '\n') <= 2, "more lines than asked for");
  fuzz::require(fuzz::harmless(lines), "lines that are not printable");
  return 0;
}
