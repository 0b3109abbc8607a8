#include "run/acceleration_check.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "base/files.h"
#include "image/boot_image.h"
#include "image/content_store.h"
#include "image/initramfs.h"
#include "image/lock.h"

namespace bpfmatrix::run {
namespace {

namespace asio = boost::asio;
using base::ErrorKind;

// The initramfs of a locked kernel, in the store; its path.
base::Result<std::string> initramfs_of(const image::LockedKernel& locked,
                                       image::ContentStore& store) {
  BPFM_TRY(const auto data, image::find_data_folder());
  BPFM_TRY(const auto agent, base::read_file(data.agent()));
  std::vector<std::pair<std::string, std::string>> modules;
  for (const auto& [name, sha256] : locked.modules) {
    BPFM_TRY(auto content, store.get(sha256));
    if (content) modules.emplace_back(name, std::move(*content));
  }
  BPFM_TRY(const auto archive, image::make_initramfs(agent, modules));
  BPFM_TRY(const auto digest, store.put(archive));
  BPFM_TRY(const auto path, store.verified_path(digest));
  if (!path)
    return base::fail(ErrorKind::internal, "the initramfs just written is not in the store");
  return path->string();
}

}  // namespace

base::Result<vm::Acceleration> find_acceleration(const vm::MachineConfig& config,
                                                 vm::AccelChoice choice,
                                                 const image::Workspace& workspace) {
  asio::io_context io;
  std::optional<base::Result<vm::Acceleration>> chosen;
  asio::co_spawn(io, vm::choose_acceleration(io, config, choice, workspace.acceleration()),
                 [&](std::exception_ptr error, base::Result<vm::Acceleration> found) {
                   if (!error) chosen.emplace(std::move(found));
                 });
  io.run();
  if (chosen) return *chosen;
  return base::fail(ErrorKind::internal, "the choice of an accelerator threw an exception");
}

base::Result<vm::Acceleration> check_acceleration(const image::Workspace& workspace,
                                                  const vm::Sandbox& sandbox) {
  BPFM_TRY(const auto lock, image::Lock::read(workspace.lock()));
  image::ContentStore store(workspace.store());
  for (const auto& [id, locked] : lock.kernels) {
    const auto image = image::boot_image(store, locked.image_sha256);
    if (!image) continue;
    BPFM_TRY(const auto initramfs, initramfs_of(locked, store));
    vm::MachineConfig config;
    config.kernel = image->path.string();
    config.initramfs = initramfs;
    config.sandbox = sandbox;
    return find_acceleration(config, vm::AccelChoice::automatic, workspace);
  }
  return base::fail(ErrorKind::unavailable,
                    "not known: there is no kernel in the workspace to try it with");
}

}  // namespace bpfmatrix::run
