// The guest's root: agent as /init and the modules of its kernel, as one cpio archive (newc).
//
// The same input gives the same bytes. Uncompressed: decompression is slow under emulation.
// Contents: /init (agent), /modules/NN-<name>.ko in loading order, /dev/console, empty /dev /proc
// /sys /run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

// `modules`: {name, content of the uncompressed .ko} in loading order.
base::Result<std::string> make_initramfs(
    const std::string& agent, const std::vector<std::pair<std::string, std::string>>& modules);

}  // namespace bpfmatrix::image
