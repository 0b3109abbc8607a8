#include "image/kernel_provider.h"

#include <utility>
#include <variant>

#include "base/files.h"
#include "image/deb_version.h"
#include "image/kernel_contents.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

// Does the lock speak of what the catalogue asks for? Not after a change of the catalogue.
bool speaks_of(const LockedKernel& locked, const spec::DebianKernel& source) {
  return locked.suite == source.suite && version_in_series(locked.package_version, source.series) &&
         locked.release.ends_with("-" + source.flavour);
}

std::string source_text(const LockedKernel& locked) {
  const std::string name = locked.packages.empty() ? "" : " " + locked.packages.front().name;
  return fmt::format("debian {}{} {}", locked.suite, name, locked.package_version);
}

Kernel describe(const spec::KernelEntry& entry) {
  Kernel kernel;
  kernel.id = entry.id;
  kernel.vendor = entry.vendor;
  kernel.series = entry.series;
  kernel.arch = entry.arch;
  return kernel;
}

struct Kept {
  std::string image, config;
  std::vector<std::pair<std::string, std::string>> modules;
};

// Our own disk: nothing to be told of the kernel.
base::Error ours(base::Error error) {
  if (error.kind == base::ErrorKind::io) error.kind = base::ErrorKind::internal;
  return error;
}

base::Result<Kept> keep_all(ContentStore& store, const KernelContents& contents) {
  Kept kept;
  BPFM_TRY(kept.image, store.put(contents.image));
  if (!contents.config.empty()) {
    BPFM_TRY(kept.config, store.put(contents.config));
  }
  for (const auto& [name, content] : contents.modules) {
    BPFM_TRY(std::string sha256, store.put(content));
    kept.modules.emplace_back(name, std::move(sha256));
  }
  return kept;
}

base::Result<Kept> keep(ContentStore& store, const KernelContents& contents) {
  auto kept = keep_all(store, contents);
  if (!kept) return ours(kept.error());
  return kept;
}

}  // namespace

KernelProvider::KernelProvider(const Workspace& workspace, AptRoot& apt, Lock& lock,
                               Options options)
    : workspace_(workspace), store_(workspace.store()), apt_(apt), lock_(lock), options_(options) {}

base::Result<Kernel> KernelProvider::provide(const spec::KernelEntry& entry) {
  if (const auto* debian = std::get_if<spec::DebianKernel>(&entry.source))
    return provide_debian(entry, *debian).in(entry.id);
  return provide_file(entry, std::get<spec::FileKernel>(entry.source)).in(entry.id);
}

base::Result<Kernel> KernelProvider::provide_debian(const spec::KernelEntry& entry,
                                                    const spec::DebianKernel& source) {
  const auto at = lock_.kernels.find(entry.id);
  const LockedKernel* locked =
      at != lock_.kernels.end() && speaks_of(at->second, source) ? &at->second : nullptr;
  if (locked != nullptr) {
    BPFM_TRY(auto kernel, from_store(entry, *locked));
    if (kernel) return std::move(*kernel);
  } else if (options_.locked) {
    return fail(ErrorKind::unavailable,
                "the lock has no version of it, and --locked refuses to choose one");
  }
  if (options_.offline)
    return fail(ErrorKind::unavailable, "it is not in the store, and nothing may be fetched");
  BPFM_TRY(const KernelPackages packages, choose(entry, source, locked));
  BPFM_TRY(LockedKernel fetched, fetch(entry, packages));
  BPFM_TRY(auto kernel, from_store(entry, fetched));
  if (!kernel) return fail(ErrorKind::io, "what was just stored cannot be read back");
  lock_.kernels[entry.id] = std::move(fetched);
  BPFM_CHECK(lock_.write());
  return std::move(*kernel);
}

base::Result<std::optional<Kernel>> KernelProvider::from_store(const spec::KernelEntry& entry,
                                                               const LockedKernel& locked) {
  BPFM_TRY(auto image, store_.verified_path(locked.image_sha256));
  if (!image) return std::optional<Kernel>();
  if (!locked.config_sha256.empty()) {
    BPFM_TRY(const auto config, store_.verified_path(locked.config_sha256));
    if (!config) return std::optional<Kernel>();
  }
  Kernel kernel = describe(entry);
  for (const auto& [name, sha256] : locked.modules) {
    BPFM_TRY(const auto module, store_.verified_path(sha256));
    if (!module) return std::optional<Kernel>();
    kernel.modules.push_back({name, sha256});
  }
  kernel.release = locked.release;
  kernel.package_version = locked.package_version;
  kernel.source = source_text(locked);
  kernel.sha256 = locked.image_sha256;
  kernel.config_sha256 = locked.config_sha256;
  kernel.image = std::move(*image);
  return std::optional<Kernel>(std::move(kernel));
}

base::Result<KernelPackages> KernelProvider::choose(const spec::KernelEntry& entry,
                                                    const spec::DebianKernel& source,
                                                    const LockedKernel* locked) {
  BPFM_TRY(const auto packages, apt_.find(source.suite, kernel_package_glob(source.flavour)));
  const auto kernels = kernels_of_series(packages, source.series, source.flavour);
  const auto where = fmt::format("{} {} {}", source.suite, source.series, source.flavour);
  BPFM_TRY(KernelChoice choice, choose_kernel(kernels, locked, options_.locked).in(where));
  if (choice.moved) {
    notes_.push_back(fmt::format("{}: {} has left the mirror, using {}", entry.id,
                                 locked->package_version, choice.packages.version));
  }
  return std::move(choice.packages);
}

base::Result<LockedKernel> KernelProvider::fetch(const spec::KernelEntry& entry,
                                                 const KernelPackages& packages) {
  // Packages go away again: what is needed of them is in the store.
  BPFM_TRY(const auto folder, base::TemporaryFolder::make(workspace_.temporary(), "kernel-"));
  LockedKernel locked;
  locked.suite = packages.image.suite;
  locked.package_version = packages.version;
  const auto download = [&](const Package& package) -> base::Result<fs::path> {
    locked.packages.push_back({package.name, package.version, package.sha256});
    return apt_.download(package, folder.path());
  };
  KernelDebs debs;
  BPFM_TRY(debs.image, download(packages.image));
  if (packages.config) {
    BPFM_TRY(debs.config, download(*packages.config));
  }
  BPFM_TRY(KernelContents contents, read_kernel_debs(debs));
  BPFM_TRY(const bool needed, needs_modules(contents));
  if (needed) {
    debs.modules = debs.image;
    if (packages.modules) {
      BPFM_TRY(debs.modules, download(*packages.modules));
    }
    BPFM_CHECK(add_modules_from_deb(contents, debs.modules));
  }
  if (contents.config.empty()) {
    notes_.push_back(fmt::format(
        "{}: the archive no longer has the config of {}; drivers of which there is no module are "
        "taken to be built in",
        entry.id, packages.version));
  }
  BPFM_TRY(Kept kept, keep(store_, contents));
  locked.release = contents.release;
  locked.image_sha256 = std::move(kept.image);
  locked.config_sha256 = std::move(kept.config);
  locked.modules = std::move(kept.modules);
  return locked;
}

base::Result<Kernel> KernelProvider::provide_file(const spec::KernelEntry& entry,
                                                  const spec::FileKernel& source) {
  BPFM_TRY(const KernelContents contents, read_kernel_files(source.image, source.modules));
  BPFM_TRY(Kept kept, keep(store_, contents));
  Kernel kernel = describe(entry);
  kernel.release = contents.release;
  kernel.source = fmt::format("file {}", source.image.string());
  auto image = store_.verified_path(kept.image);
  if (!image) return ours(image.error());
  if (!*image) return fail(ErrorKind::internal, "what was just stored cannot be read back");
  kernel.image = std::move(**image);
  kernel.sha256 = std::move(kept.image);
  kernel.config_sha256 = std::move(kept.config);
  for (auto& [name, sha256] : kept.modules) kernel.modules.push_back({name, std::move(sha256)});
  return kernel;
}

}  // namespace bpfmatrix::image
