// The guest's root: agent as /init and the modules of its kernel, as one cpio archive (newc).
//
// The same input gives the same bytes. Uncompressed: decompression is slow under emulation.
// Contents: /init (agent), /modules/NN-<name>.ko in loading order, /dev/console, empty /dev /proc
// /sys /run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::image {

// `modules`: {name, content of the uncompressed .ko} in loading order.
base::Result<std::string> make_initramfs(
    const std::string& agent, const std::vector<std::pair<std::string, std::string>>& modules);

// What is in a guest that a person works in.
struct ShellRoot {
  std::string busybox;  // a static one
  std::string cell;     // guest/shell: measures the cell
  std::string loader;
  std::string run;      // the RUN payload that makes the loader measure it
  std::vector<std::pair<std::string, std::string>> files;  // of the program: {name, content}
  std::vector<std::pair<std::string, std::string>> modules;
  std::string greeting;  // lines for the person
  std::optional<std::string> commands;  // for the shell, instead of a prompt
  uint16_t rows = 0, columns = 0;  // of the terminal; 0: not known
};
// An initramfs whose init mounts what BPF needs, loads the modules and gives a prompt on the console
// in /cell, or carries out the commands; when that ends, the machine does.
base::Result<std::string> make_shell_initramfs(const ShellRoot& root);

}  // namespace bpfmatrix::image
