// Small made-up kernels, modules and packages for the tests: no network, no real binary.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"

namespace bpfmatrix::image::test {

struct Entry {
  std::string path;
  std::string content;
  char kind = 'f';     // f file, d folder, l link, h hard link, c device
  std::string target;  // of a link
};

// A tar of the entries through `filter` ("xz", "zstd", "gzip", "none").
std::string make_tar(const std::vector<Entry>& entries, const std::string& filter);
// A Debian package with data.tar.<end of filter>.
std::string make_deb(const std::vector<Entry>& entries, const std::string& filter = "xz");
// `bytes` compressed alone.
std::string compress(const std::string& bytes, const std::string& filter);

// A relocatable ELF file whose .modinfo holds the words.
std::string make_module(const std::vector<std::string>& words);
// A module of `release` that depends on `depends` ("virtio,virtio_ring").
std::string make_module_of(const std::string& release, const std::string& depends);

// A bzImage, as far as its setup header goes.
std::string make_bzimage(const std::string& version_text);
// The start of an ELF file of 64-bit x86 with `text` behind it.
std::string make_vmlinux(const std::string& text);

// A folder that goes away; fails the test when it cannot be made.
base::TemporaryFolder make_folder();
std::filesystem::path put_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace bpfmatrix::image::test
