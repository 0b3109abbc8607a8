#include "image/kernel_packages.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "image/deb_version.h"

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

// A package that holds a kernel has megabytes, a meta package about 2 kB.
constexpr uint64_t kSmallestKernel = 1 << 20;

struct Name {
  std::string kind;     // "image", "binary", "modules", "base"
  std::string release;  // "6.1.0-50", "7.3.4+deb13": without the flavour
  bool is_signed = true;
};

bool digits_at(std::string_view text, size_t& at) {
  const size_t begin = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at > begin;
}

// x.y.z and at most one part behind a dash that begins with a digit: "6.1.0-50" is of the flavour
// asked for, "6.1.0-50-cloud" of another, "6.12" is a meta package.
bool full_release(std::string_view text) {
  size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    if (part != 0 && text.substr(at++, 1) != ".") return false;
    if (!digits_at(text, at)) return false;
  }
  const size_t dash = text.find('-', at);
  if (dash == text.npos) return true;
  size_t behind = dash + 1;
  return digits_at(text, behind) && text.find('-', dash + 1) == text.npos;
}

std::optional<Name> parse_name(std::string_view text, std::string_view flavour) {
  constexpr std::string_view kUnsigned = "unsigned";
  Name name;
  if (text.ends_with(fmt::format("-{}", kUnsigned))) {
    text.remove_suffix(kUnsigned.size() + 1);
    name.is_signed = false;
  }
  const std::string end = fmt::format("-{}", flavour);
  if (!text.ends_with(end)) return std::nullopt;
  text.remove_suffix(end.size());
  for (std::string_view kind : {"image", "binary", "modules", "base"}) {
    const std::string begin = fmt::format("linux-{}-", kind);
    if (!text.starts_with(begin)) continue;
    text.remove_prefix(begin.size());
    name.kind = kind;
    break;
  }
  if (name.kind == "binary" && text.starts_with(fmt::format("{}-", kUnsigned))) {
    text.remove_prefix(kUnsigned.size() + 1);
    name.is_signed = false;
  }
  if (name.kind.empty() || !full_release(text)) return std::nullopt;
  name.release = text;
  return name;
}

std::vector<const Package*> all_of(const KernelPackages& kernel) {
  std::vector<const Package*> packages = {&kernel.image};
  if (kernel.config) packages.push_back(&*kernel.config);
  if (kernel.modules) packages.push_back(&*kernel.modules);
  return packages;
}

// Can all that the lock used still be had, byte for byte?
bool has_all(const KernelPackages& kernel, const LockedKernel& locked) {
  const auto packages = all_of(kernel);
  return std::all_of(locked.packages.begin(), locked.packages.end(), [&](const auto& wanted) {
    return std::any_of(packages.begin(), packages.end(), [&](const Package* package) {
      return package->name == wanted.name && package->version == wanted.version &&
             package->sha256 == wanted.sha256;
    });
  });
}

}  // namespace

std::string kernel_package_glob(std::string_view flavour) {
  return fmt::format("linux-*-{}*", flavour);
}

std::vector<KernelPackages> kernels_of_series(std::span<const Package> packages,
                                              std::string_view series, std::string_view flavour) {
  struct Found {
    KernelPackages kernel;
    bool is_signed;
  };
  std::vector<Found> found;
  // {kind, release, version}: the parts beside the kernel itself, which are not signed.
  std::map<std::tuple<std::string, std::string, std::string>, const Package*> parts;
  std::vector<std::string> releases;
  for (const auto& package : packages) {
    const auto name = parse_name(package.name, flavour);
    if (!name || !version_in_series(package.version, series)) continue;
    if (name->kind == "modules" || name->kind == "base") {
      parts[{name->kind, name->release, package.version}] = &package;
    } else if (package.size >= kSmallestKernel) {
      found.push_back({{package.version, package, {}, {}}, name->is_signed});
      releases.push_back(name->release);
    }
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const auto part = [&](const char* kind) -> std::optional<Package> {
      const auto at = parts.find({kind, releases[i], found[i].kernel.version});
      return at != parts.end() ? std::optional(*at->second) : std::nullopt;
    };
    found[i].kernel.config = part("base");
    found[i].kernel.modules = part("modules");
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    const int order = compare_deb_versions(a.kernel.version, b.kernel.version);
    return order != 0 ? order > 0 : a.is_signed > b.is_signed;
  });
  std::vector<KernelPackages> kernels;
  for (auto& each : found) kernels.push_back(std::move(each.kernel));
  return kernels;
}

base::Result<KernelChoice> choose_kernel(std::span<const KernelPackages> kernels,
                                         const LockedKernel* lock, bool keep_to_lock) {
  if (lock != nullptr) {
    for (const auto& kernel : kernels)
      if (has_all(kernel, *lock)) return KernelChoice{kernel, false};
    if (keep_to_lock) {
      return fail(ErrorKind::unavailable,
                  "{} has left the mirror, and --locked refuses to move to another version",
                  lock->package_version);
    }
  }
  if (kernels.empty())
    return fail(ErrorKind::unavailable, "the suite has no such kernel (any more)");
  return KernelChoice{kernels.front(), lock != nullptr};
}

}  // namespace bpfmatrix::image
