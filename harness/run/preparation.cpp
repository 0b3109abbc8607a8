#include "run/preparation.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/files.h"
#include "image/content_store.h"
#include "image/initramfs.h"
#include "image/object_file.h"

namespace bpfmatrix::run {
namespace {

using base::ErrorKind;
using result::AttemptState;

// Which kernels and loaders have a cell to run at all.
struct Needed {
  std::set<uint32_t> kernels, loaders;
};
Needed needed(const plan::Plan& plan) {
  Needed out;
  for (const auto& cell : plan.cells) {
    if (cell.ruling != plan::Cell::Ruling::run) continue;
    out.kernels.insert(cell.kernel);
    out.loaders.insert(cell.loader);
  }
  return out;
}

Obstacle kernel_obstacle(const base::Error& error) {
  const bool bad = error.kind == ErrorKind::invalid_input;
  return {bad ? AttemptState::bad_image : AttemptState::image_unavailable, error.message};
}

Obstacle loader_obstacle(const base::Error& error) {
  const bool missing = error.kind == ErrorKind::unavailable;
  return {missing ? AttemptState::loader_unavailable : AttemptState::loader_build, error.message};
}

// Our own disk or program at fault: nothing to be told of the kernel.
bool is_ours(const base::Error& error) {
  return error.kind == ErrorKind::no_space || error.kind == ErrorKind::internal;
}

base::Status make_initramfs(KernelSlot& slot, image::ContentStore& store,
                            const std::string& agent) {
  std::vector<std::pair<std::string, std::string>> modules;
  for (const auto& module : slot.kernel->modules) {
    BPFM_TRY(auto content, store.get(module.sha256));
    if (!content)
      return base::fail(ErrorKind::unavailable, "module {} is not in the store any more",
                        module.name);
    modules.emplace_back(module.name, std::move(*content));
  }
  BPFM_TRY(const auto archive, image::make_initramfs(agent, modules));
  BPFM_TRY(slot.initramfs_sha256, store.put(archive));
  BPFM_TRY(auto path, store.verified_path(slot.initramfs_sha256));
  if (!path)
    return base::fail(ErrorKind::internal, "the initramfs just written is not in the store");
  slot.initramfs = *path;
  return {};
}

base::Result<KernelSlot> provide_kernel(image::KernelProvider& provider, image::ContentStore& store,
                                        const spec::KernelEntry& entry, const std::string& agent) {
  KernelSlot slot;
  auto kernel = provider.provide(entry);
  if (!kernel) {
    if (is_ours(kernel.error())) return kernel.error();
    slot.obstacle = kernel_obstacle(kernel.error());
    return slot;
  }
  slot.kernel = std::move(*kernel);
  const auto boot = image::boot_image(store, slot.kernel->sha256);
  // What was just stored, or put beside it: the disk is ours.
  if (!boot && (is_ours(boot.error()) || boot.error().kind == ErrorKind::io)) return boot.error();
  if (!boot) {
    slot.obstacle = kernel_obstacle(boot.error());
    return slot;
  }
  slot.boot = *boot;
  if (auto made = make_initramfs(slot, store, agent); !made) {
    if (is_ours(made.error()) || made.error().kind == ErrorKind::io) return made.error();
    slot.obstacle = kernel_obstacle(made.error());
  }
  return slot;
}

base::Result<LoaderSlot> provide_loader(image::LoaderProvider& provider,
                                        const spec::LoaderEntry& entry) {
  LoaderSlot slot;
  auto loader = provider.provide(entry);
  if (!loader) {
    // A disk that fails says nothing of a loader; what its build says is no error of this kind.
    if (is_ours(loader.error()) || loader.error().kind == ErrorKind::io) return loader.error();
    slot.obstacle = loader_obstacle(loader.error());
    return slot;
  }
  slot.loader = std::move(*loader);
  BPFM_TRY(slot.content, base::read_file(slot.loader->binary));
  return slot;
}

base::Status add_program_files(const plan::Plan& plan, Preparation& out) {
  for (const auto& program : plan.programs) {
    const auto parts = guest_file(program, spec::Interface::prog_load);
    out.contents[parts] = image::make_parts(*program.object, program.function);
    const auto object = guest_file(program, spec::Interface::object_load);
    if (out.contents.contains(object)) continue;
    BPFM_TRY(out.contents[object], base::read_file(program.object->path));
  }
  for (const auto& [name, content] : out.contents) out.files[name] = GuestFile{&content, false};
  for (size_t i = 0; i < out.loaders.size(); ++i)
    if (out.loaders[i].loader)
      out.files[plan.loaders[i].id] = GuestFile{&out.loaders[i].content, true};
  return {};
}

}  // namespace

std::string guest_file(const plan::Program& program, spec::Interface interface) {
  const auto digest = program.object->sha256.substr(0, 12);
  if (interface == spec::Interface::object_load) return fmt::format("{}.o", digest);
  const auto place =
      program.function == nullptr ? 0 : program.function - program.object->functions.data();
  return fmt::format("{}.{}.parts", digest, place);
}

namespace {

std::map<std::string, std::chrono::sys_seconds> dates_of(const image::Lock& lock) {
  std::map<std::string, std::chrono::sys_seconds> dates;
  for (const auto& [suite, locked] : lock.suites)
    if (const auto date = image::parse_release_date(locked.date)) dates[suite] = *date;
  return dates;
}

}  // namespace

base::Result<Preparation> prepare(const plan::Plan& plan, const image::Workspace& workspace,
                                  const image::DataFolder& data,
                                  const spec::KernelCatalogue& catalogue,
                                  const PrepareOptions& options) {
  Preparation out;
  BPFM_TRY(const auto agent, base::read_file(data.agent()));
  out.agent_sha256 = base::sha256_hex(agent);
  BPFM_TRY(auto lock, image::Lock::read(workspace.lock()));
  image::AptRoot apt(workspace.apt(), catalogue.suites);
  apt.refuse_older(dates_of(lock));
  image::ContentStore store(workspace.store());
  image::KernelProvider kernels(workspace, apt, lock, {options.locked, options.offline || !options.make});
  image::LoaderProvider loaders(
      workspace, data, apt, lock,
      {options.locked, options.offline || !options.make, options.make});
  const Needed need = needed(plan);
  const auto tell = [&](const std::string& id, const std::optional<Obstacle>& obstacle) {
    if (obstacle) options.progress(fmt::format("{}: {}", id, obstacle->text));
  };
  out.kernels.resize(plan.kernels.size());
  for (uint32_t i = 0; i < plan.kernels.size(); ++i) {
    if (!need.kernels.contains(i)) continue;
    options.progress(fmt::format("kernel {}", plan.kernels[i].id));
    BPFM_TRY(out.kernels[i], provide_kernel(kernels, store, plan.kernels[i], agent));
    tell(plan.kernels[i].id, out.kernels[i].obstacle);
  }
  out.loaders.resize(plan.loaders.size());
  for (uint32_t i = 0; i < plan.loaders.size(); ++i) {
    if (!need.loaders.contains(i)) continue;
    options.progress(fmt::format("loader {}", plan.loaders[i].id));
    BPFM_TRY(out.loaders[i], provide_loader(loaders, plan.loaders[i]));
    tell(plan.loaders[i].id, out.loaders[i].obstacle);
  }
  for (const auto& [suite, release] : apt.releases())
    lock.suites[suite] = {release.date, release.sha256};
  if (options.make) BPFM_CHECK(lock.write());
  BPFM_CHECK(add_program_files(plan, out));
  out.notes = kernels.notes();
  out.notes.insert(out.notes.end(), loaders.notes().begin(), loaders.notes().end());
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  for (const auto& [suite, release] : apt.releases())
    if (auto warning = image::age_warning(suite, release, now); !warning.empty())
      out.notes.push_back(std::move(warning));
  for (const auto& suite : apt.missing_suites())
    out.notes.push_back(fmt::format("suite {} cannot be had from the mirror", suite));
  return out;
}

}  // namespace bpfmatrix::run
