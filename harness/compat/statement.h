// What a law file says, as Markdown, and how laws are put in order. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/law.h"

namespace bpfmatrix::compat {

// Title, why, condition, how it is measured, exceptions, sources.
[[nodiscard]] std::string statement(const spec::Law& law, const std::vector<spec::Law>& laws);

// "loader `libbpf-0.6.*`, level `0`".
[[nodiscard]] std::string range_of(const spec::Exception& exception);

// "[id](laws/id.md)", seen from a page beside the folder `laws`; "" as `folder` from inside it.
[[nodiscard]] std::string law_link(std::string_view id, std::string_view folder = "laws/");

// Places of the laws of one kind in the order of the pages: groups, then ids. A group that
// law_groups() has not (a matrix's own) comes last.
struct GroupOfLaws {
  std::string title;
  std::vector<size_t> laws;
};
[[nodiscard]] std::vector<GroupOfLaws> by_group(const std::vector<spec::Law>& laws,
                                                spec::Law::Kind kind);

}  // namespace bpfmatrix::compat
