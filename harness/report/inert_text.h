// What a guest wrote as text of formats that other programs read. Pure.
//
// What comes out is valid UTF-8 and valid in XML, has no control character and no line separator of
// Unicode, and no GitHub workflow command of the old form ("##[…]"), which counts anywhere in a
// line. The new form ("::…::") counts at the beginning of a line: whoever writes a line puts
// something before the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::report {

// One line of at most `limit` bytes and a "…".
[[nodiscard]] std::string inert_line(std::string_view raw, size_t limit = 400);

// The last `count` lines that hold something, each as inert_line() has it but with its white space.
[[nodiscard]] std::vector<std::string> inert_tail(std::string_view raw, size_t count,
                                                  size_t limit = 400);

// A whole line of output that a GitHub workflow does not take for a command: "##[" gets a space
// wherever it stands, "::" at the beginning too.
[[nodiscard]] std::string without_commands(std::string line);

// A name that no format reads anything into: letters, digits and " ._:,/+=@{}()-" stay, all else
// becomes "_"; at most 400 bytes, never empty.
[[nodiscard]] std::string inert_name(std::string_view raw);

}  // namespace bpfmatrix::report
