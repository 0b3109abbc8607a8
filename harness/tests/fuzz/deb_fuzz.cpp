// A Debian package from a hostile mirror, and what is read out of it: kernel, config, modules.
#include "image/deb_archive.h"
#include "image/kernel_contents.h"
#include "input.h"

namespace {

using namespace bpfmatrix;

constexpr image::ArchiveLimits kLimits{
    .entries = 200, .file = 1 << 20, .total = 4 << 20, .ratio = 200, .ratio_from = 1 << 18};

void check_path(std::string_view path) {
  fuzz::require(!path.empty() && path.front() != '/' && path.find('\0') == path.npos,
                "a path from outside");
  const std::string framed = "/" + std::string(path) + "/";
  fuzz::require(framed.find("/../") == framed.npos, "a path that leads out");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const fuzz::MemoryFile file(bytes);
  const auto files = image::read_deb(
      file.path(),
      [](std::string_view path) {
        check_path(path);
        return image::Want::yes;
      },
      kLimits);
  uint64_t total = 0;
  if (files)
    for (const auto& [path, content] : *files) total += content.size();
  fuzz::require(total <= kLimits.total + kLimits.file, "more than the limits allow");
  if (const auto content = image::decompress(bytes, kLimits))
    fuzz::require(content->size() <= kLimits.file, "more than one file may have");
  if (!files) return 0;
  if (auto kernel = image::read_kernel_debs({.image = file.path(), .config = {}, .modules = {}}))
    (void)image::add_modules_from_deb(*kernel, file.path());
  return 0;
}
