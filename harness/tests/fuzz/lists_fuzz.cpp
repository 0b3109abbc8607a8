// What comes from a mirror beside packages: apt's lists and sources; and the lock of a workspace.
#include "image/apt_lists.h"
#include "image/apt_sources.h"
#include "image/deb_version.h"
#include "image/kernel_packages.h"
#include "image/lock.h"
#include "input.h"

namespace {

using namespace bpfmatrix;

void lists(std::string_view text, size_t piece) {
  std::vector<image::Package> packages;
  std::string seen;
  image::ParagraphSplitter splitter([&](std::string_view paragraph) {
    fuzz::require(paragraph.find("\n\n") == paragraph.npos, "two paragraphs in one");
    seen += paragraph;
    if (auto package = image::parse_package(paragraph, "suite")) {
      fuzz::require(package->sha256.size() == 64, "a package without a digest");
      const auto name = std::filesystem::path(package->filename).filename();
      fuzz::require(!name.empty() && name != ".." && name != ".", "a file that is a folder");
      packages.push_back(std::move(*package));
    }
    if (const auto source = image::parse_source(paragraph, "suite"))
      for (const auto& file : source->files)
        fuzz::require(file.name.find('/') == std::string::npos, "a file with a folder in it");
  });
  for (size_t at = 0; at < text.size(); at += piece) splitter.feed(text.substr(at, piece));
  splitter.finish();
  fuzz::require(seen.size() <= text.size(), "more paragraphs than text");
  const auto kernels = image::kernels_of_series(packages, "6.1", "cloud-amd64");
  for (size_t i = 1; i < kernels.size(); ++i)
    fuzz::require(image::compare_deb_versions(kernels[i - 1].version, kernels[i].version) >= 0,
                  "kernels out of order");
}

}  // namespace

// The first byte is the length of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const size_t piece = size_t{input.u8()} + 1;
  const auto text = input.rest();
  lists(text, piece);
  auto sources = image::parse_sources_list(text);
  for (auto& one : image::parse_deb822_sources(text)) sources.push_back(std::move(one));
  const auto mirrors = image::choose_mirrors(sources);
  fuzz::require(mirrors.debian.find_first_of("\"[]\\ \n") == std::string::npos,
                "a mirror that could write another line");
  const auto half = text.size() / 2;
  const std::string a(text.substr(0, half)), b(text.substr(half));
  fuzz::require(image::compare_deb_versions(a, b) == -image::compare_deb_versions(b, a),
                "versions are not ordered");
  const fuzz::MemoryFile file(text);
  if (auto lock = image::Lock::read(file.path()))
    for (const auto& [id, kernel] : lock->kernels)
      fuzz::require(kernel.image_sha256.size() == 64, "a lock without a digest");
  return 0;
}
