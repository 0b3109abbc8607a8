// Order of Debian package versions (deb-version(7)): epoch, upstream version, revision; "~" sorts
// before everything, even before the end. Pure.
#pragma once

#include <string_view>

namespace bpfmatrix::image {

// -1, 0 or 1, as `dpkg --compare-versions` has it. Never fails: what is no version is compared by
// the same rules.
[[nodiscard]] int compare_deb_versions(std::string_view a, std::string_view b);

// Is a version like "6.1.176-1" one of the series "6.1"? ("6.12.5-1" is not.)
[[nodiscard]] bool version_in_series(std::string_view version, std::string_view series);

}  // namespace bpfmatrix::image
