// Everything that must be there before the first machine starts: kernels, initramfs, loaders,
// files.
//
// A kernel or loader that cannot be had is no Error: its cells are told as not run, with the
// reason, and the others run. Blocking.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/boot_image.h"
#include "image/kernel_provider.h"
#include "image/loader_provider.h"
#include "image/workspace.h"
#include "plan/plan.h"
#include "result/observation.h"
#include "run/session.h"

namespace bpfmatrix::run {

// Why the cells of a kernel or loader cannot run.
struct Obstacle {
  result::AttemptState state = result::AttemptState::image_unavailable;
  std::string text;
};

struct KernelSlot {
  std::optional<image::Kernel> kernel;
  image::BootImage boot;  // what is booted of it
  std::optional<Obstacle> obstacle;
  std::string initramfs_sha256;
  std::filesystem::path initramfs;
};
struct LoaderSlot {
  std::optional<image::Loader> loader;
  std::optional<Obstacle> obstacle;
  std::string content;  // the binary
};

struct Preparation {
  std::vector<KernelSlot> kernels;  // as in the plan
  std::vector<LoaderSlot> loaders;
  std::string agent_sha256;
  std::map<std::string, std::string> contents;  // of program files, by name
  FileSet files;                                // all that a guest may need, by name
  std::vector<std::string> notes;               // a kernel or branch that moved, a suite that is missing
};

struct PrepareOptions {
  bool locked = false;
  bool offline = false;
  std::function<void(const std::string&)> progress;  // one line for people
  // Also what is not built or locked yet. Else it is looked at only: nothing is fetched, built, or
  // written to the lock, and what is not there is an obstacle.
  bool make = true;
};

base::Result<Preparation> prepare(const plan::Plan& plan, const image::Workspace& workspace,
                                  const image::DataFolder& data,
                                  const spec::KernelCatalogue& catalogue,
                                  const PrepareOptions& options);

// Name of a program's file in the guest.
[[nodiscard]] std::string guest_file(const plan::Program& program, spec::Interface interface);

}  // namespace bpfmatrix::run
