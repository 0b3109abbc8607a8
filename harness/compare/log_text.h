// The texts of two logs held against each other, without what differs from load to load. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::compare {

// A line without what changes from boot to boot: addresses ("0xffff…", pointers of 8 hex digits and
// more) become "ADDR", times ("verification time 123 usec") "TIME".
[[nodiscard]] std::string normalised(std::string_view line);

// Lines that differ after normalisation, in order: '-' only in `before`, '+' only in `after`. The
// first that stand in both around them are left out. At most `most` lines, then one that says how
// many follow. Empty when the texts are alike.
[[nodiscard]] std::vector<std::string> difference(std::string_view before, std::string_view after,
                                                  size_t most);

}  // namespace bpfmatrix::compare
