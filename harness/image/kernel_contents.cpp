#include "image/kernel_contents.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "base/apart.h"
#include "base/descriptor.h"
#include "base/files.h"
#include "base/text.h"
#include "image/deb_archive.h"
#include "image/kernel_image.h"
#include "image/module_order.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

constexpr uint64_t kLargestImage = uint64_t{512} << 20;

bool any_matches(std::initializer_list<const char*> globs, std::string_view path) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const char* glob) { return base::glob_matches(glob, std::string(path)); });
}

bool is_image(std::string_view path) {
  return any_matches({"boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz", "lib/modules/*/vmlinuz"},
                     path);
}

bool is_config(std::string_view path) {
  return any_matches({"boot/config-*", "usr/lib/modules/*/config", "lib/modules/*/config"}, path);
}

bool in_modules(std::string_view path) {
  return path.starts_with("lib/modules/") || path.starts_with("usr/lib/modules/");
}

// The only one of `contents` whose path `is`; nothing when there is none.
base::Result<std::optional<std::string>> only(std::map<std::string, std::string>& contents,
                                              bool (*is)(std::string_view), const char* what) {
  std::optional<std::string> found;
  for (auto& [path, content] : contents) {
    if (!is(path)) continue;
    if (found) return fail(ErrorKind::invalid_input, "the package holds more than one {}", what);
    found = std::move(content);
  }
  return found;
}

base::Result<base::Descriptor> open_deb(const fs::path& deb) {
  base::Descriptor file(TEMP_FAILURE_RETRY(::open(deb.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
  if (!file.open()) return base::io_error(errno, fmt::format("open {}", deb.string()));
  return file;
}

base::Result<std::map<std::string, std::string>> modules_of_deb(
    int deb, const std::string& file, const std::set<std::string>& names) {
  const auto wanted = [&](std::string_view path) {
    const auto name = module_name(path);
    return name && in_modules(path) && names.contains(*name) ? Want::yes : Want::no;
  };
  BPFM_TRY(auto files, read_deb(deb, file, wanted));
  std::map<std::string, std::string> modules;
  for (const auto& [path, content] : files) {
    BPFM_TRY(modules[*module_name(path)], decompress(content).in(path));
  }
  return modules;
}

base::Result<std::map<std::string, std::string>> modules_of_folder(
    const fs::path& folder, const std::set<std::string>& names) {
  std::map<std::string, fs::path> paths;
  std::error_code ec;
  for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    const auto name = module_name(at->path().string());
    if (!name || !names.contains(*name) || !at->is_regular_file(ec)) continue;
    // Of two with one name the first path, whatever order the folder is read in.
    auto& path = paths[*name];
    if (path.empty() || at->path() < path) path = at->path();
  }
  if (ec) return base::io_error(ec.value(), fmt::format("read {}", folder.string()));
  std::map<std::string, std::string> modules;
  for (const auto& [name, path] : paths) {
    BPFM_TRY(const std::string content, base::read_file(path, kLargestImage));
    BPFM_TRY(modules[name], decompress(content).in(path.string()));
  }
  return modules;
}

base::Result<std::string> config_beside(const fs::path& image, const fs::path& modules,
                                        const std::string& release) {
  std::error_code ec;
  for (const fs::path& path : {modules.empty() ? fs::path() : modules / "config",
                               image.parent_path() / fmt::format("config-{}", release)}) {
    if (!path.empty() && fs::is_regular_file(path, ec)) return base::read_file(path, 16 << 20);
  }
  return std::string();
}

// Release, image and config out of open packages; `config` is -1 where there is no other package.
base::Result<std::vector<std::string>> read_image_and_config(int image_deb, const std::string& name,
                                                             int config_deb,
                                                             const std::string& config_name) {
  // What lies in boot/ comes before the modules, which are most of a package: once the archive goes
  // on to other folders with both in hand, the rest is not unpacked.
  bool image_seen = false, config_seen = false;
  const auto wanted = [&](std::string_view path) {
    if (image_seen && config_seen && !path.starts_with("boot/")) return Want::no_more;
    image_seen = image_seen || is_image(path);
    config_seen = config_seen || is_config(path);
    return is_image(path) || is_config(path) ? Want::yes : Want::no;
  };
  BPFM_TRY(auto files, read_deb(image_deb, name, wanted));
  BPFM_TRY(auto image, only(files, is_image, "kernel").in(name));
  if (!image) return fail(ErrorKind::invalid_input, "{}: holds no kernel", name);
  BPFM_TRY(auto config, only(files, is_config, "config").in(name));
  if (!config && config_deb >= 0) {
    BPFM_TRY(auto more, read_deb(config_deb, config_name, [](std::string_view path) {
               return is_config(path) ? Want::yes : Want::no;
             }));
    BPFM_TRY(config, only(more, is_config, "config").in(config_name));
  }
  BPFM_TRY(std::string release, kernel_release(*image).in(name));
  return std::vector<std::string>{std::move(release), std::move(*image), config.value_or("")};
}

}  // namespace

base::Result<KernelContents> read_kernel_debs(const KernelDebs& debs) {
  BPFM_TRY(const auto image, open_deb(debs.image));
  base::Descriptor config;
  if (!debs.config.empty()) {
    BPFM_TRY(config, open_deb(debs.config));
  }
  const auto name = debs.image.filename().string();
  BPFM_TRY(auto read, base::run_apart([&] {
                        return read_image_and_config(image.get(), name, config.get(),
                                                     debs.config.filename().string());
                      }).in(name));
  if (read.size() != 3) return fail(ErrorKind::invalid_input, "{}: not read", name);
  KernelContents kernel;
  kernel.image = std::move(read[1]);
  kernel.config = std::move(read[2]);
  // Not what was said there: the release enters file names.
  BPFM_TRY(kernel.release, kernel_release(kernel.image).in(name));
  return kernel;
}

base::Result<bool> needs_modules(const KernelContents& kernel) {
  if (kernel.config.empty()) return true;
  return needs_virtio_modules(kernel.config);
}

base::Status add_modules_from_deb(KernelContents& kernel, const fs::path& deb) {
  BPFM_TRY(const auto file, open_deb(deb));
  const auto name = deb.filename().string();
  const auto read = [&](const std::set<std::string>& names) {
    return modules_of_deb(file.get(), name, names);
  };
  const auto collect = [&]() -> base::Result<std::vector<std::string>> {
    BPFM_TRY(auto modules, collect_virtio_modules(read, kernel.release));
    std::vector<std::string> texts;
    for (auto& [module, content] : modules) {
      texts.push_back(std::move(module));
      texts.push_back(std::move(content));
    }
    return texts;
  };
  BPFM_TRY(auto texts, base::run_apart(collect).in(name));
  kernel.modules.clear();
  for (size_t i = 0; i + 1 < texts.size(); i += 2)
    kernel.modules.emplace_back(std::move(texts[i]), std::move(texts[i + 1]));
  return check_modules(kernel);
}

base::Status add_modules_from_folder(KernelContents& kernel, const fs::path& folder) {
  const auto read = [&](const std::set<std::string>& names) {
    return modules_of_folder(folder, names);
  };
  BPFM_TRY(kernel.modules, collect_virtio_modules(read, kernel.release).in(folder.string()));
  return check_modules(kernel);
}

base::Status check_modules(const KernelContents& kernel) {
  for (const auto& [option, module] : {std::pair("CONFIG_VIRTIO_PCI", "virtio_pci"),
                                       std::pair("CONFIG_VIRTIO_CONSOLE", "virtio_console")}) {
    if (built(kernel.config, option) != Built::module) continue;
    const bool there = std::any_of(kernel.modules.begin(), kernel.modules.end(),
                                   [&](const auto& each) { return each.first == module; });
    if (there) continue;
    return fail(ErrorKind::unavailable,
                "kernel {} has {} as a module, and the module cannot be had: without it the agent "
                "has no channel to talk over",
                kernel.release, module);
  }
  return {};
}

base::Result<KernelContents> read_kernel_files(const fs::path& image, const fs::path& modules) {
  std::error_code ec;
  if (!fs::exists(image, ec))
    return fail(ErrorKind::invalid_input, "the kernel {} is not there: look at the path",
                image.string());
  if (!modules.empty() && !fs::is_directory(modules, ec))
    return fail(ErrorKind::invalid_input, "the folder of modules {} is not there: look at the path",
                modules.string());
  KernelContents kernel;
  BPFM_TRY(kernel.image, base::read_file(image, kLargestImage));
  BPFM_TRY(kernel.release, kernel_release(kernel.image).in(image.string()));
  BPFM_TRY(kernel.config, config_beside(image, modules, kernel.release));
  BPFM_TRY(const bool needed, needs_modules(kernel).in(image.string()));
  if (!needed) return kernel;
  if (modules.empty()) {
    BPFM_CHECK(check_modules(kernel));
  } else {
    BPFM_CHECK(add_modules_from_folder(kernel, modules));
  }
  return kernel;
}

}  // namespace bpfmatrix::image
