// Which modules a guest needs, and in which order they must be loaded.
//
// A Debian package carries no modules.dep (depmod writes it when the package is installed), so the
// order comes from the `depends=` words that each module carries itself (.modinfo, written by
// scripts/mod/modpost.c). finit_module gives ENOENT for a module whose dependency is not loaded. A
// module that is named and not there is taken to be built into the kernel. Pure but for the reader.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

struct ModuleInfo {
  std::vector<std::string> depends;  // names with '_' for '-'
  std::string release;               // first word of vermagic: the kernel it was built for
};

// From the .modinfo section of an uncompressed .ko. invalid_input when it is not one.
base::Result<ModuleInfo> read_module_info(std::string_view object);

// "virtio_rng" for "lib/modules/X/kernel/drivers/…/virtio-rng.ko.xz"; nothing for other files.
[[nodiscard]] std::optional<std::string> module_name(std::string_view path);

// `wanted` and all that it depends on, each after its dependencies; names that `depends` does not
// have are left out. invalid_input for a circle. The same input gives the same order.
base::Result<std::vector<std::string>> loading_order(
    const std::map<std::string, std::vector<std::string>>& depends,
    const std::vector<std::string>& wanted);

// Contents (uncompressed) of those of `names` that are there, by name.
using ModuleReader =
    std::function<base::Result<std::map<std::string, std::string>>(const std::set<std::string>&)>;

// {name, content} of the modules that virtio-serial over PCI needs, in loading order. Asks `read`
// again for dependencies that turn up. invalid_input when a module is of another kernel than
// `release`.
base::Result<std::vector<std::pair<std::string, std::string>>> collect_virtio_modules(
    const ModuleReader& read, const std::string& release);

}  // namespace bpfmatrix::image
