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

// A reader that passes over the first file and wants nothing behind the second.
void read_the_second(const std::filesystem::path& file, const std::map<std::string, std::string>& all) {
  int seen = 0;
  const auto files = image::read_deb(
      file,
      [&](std::string_view) {
        ++seen;
        return seen == 1 ? image::Want::no : seen == 2 ? image::Want::yes : image::Want::no_more;
      },
      kLimits);
  fuzz::require(!files || files->size() <= 1, "files that nobody wanted");
  if (files)
    for (const auto& [path, content] : *files) fuzz::require(all.contains(path), "another file");
}

// The same bytes, from memory and from a file.
void decompress(std::string_view bytes, const std::filesystem::path& file) {
  const auto whole = image::decompress(bytes, kLimits);
  std::string pieces;
  const auto status = image::read_decompressed(
      file, [&](std::string_view piece) { pieces += piece; }, kLimits);
  fuzz::require(whole.has_value() == status.has_value(), "a file is read otherwise than its bytes");
  if (!whole) return;
  fuzz::require(whole->size() <= kLimits.file, "more than one file may have");
  fuzz::require(*whole == pieces, "a file gives other bytes");
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
  decompress(bytes, file.path());
  if (!files) return 0;
  read_the_second(file.path(), *files);
  if (auto kernel = image::read_kernel_debs({.image = file.path(), .config = {}, .modules = {}}))
    (void)image::add_modules_from_deb(*kernel, file.path());
  return 0;
}
