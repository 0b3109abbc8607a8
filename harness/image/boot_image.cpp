#include "image/boot_image.h"

#include <vector>

#include "base/apart.h"
#include "base/digest.h"
#include "base/files.h"
#include "image/vmlinux.h"

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

// The digest of what is to be booted of `image`, which is put into the store.
base::Result<std::string> unpack(ContentStore& store, const std::string& image_sha256) {
  BPFM_TRY(const auto image, store.get(image_sha256));
  if (!image) return fail(ErrorKind::io, "the image is not in the store");
  const auto elf = base::run_apart([&]() -> base::Result<std::vector<std::string>> {
    BPFM_TRY(std::string bytes, unpack_vmlinux(*image));
    if (!has_pvh_entry(bytes)) return std::vector<std::string>();
    return std::vector<std::string>{std::move(bytes)};
  });
  // Not an error: a vmlinux already, or a kernel that has to unpack itself.
  if (!elf || elf->size() != 1) return image_sha256;
  return store.put(elf->front());
}

}  // namespace

base::Result<BootImage> boot_image(ContentStore& store, const std::string& image_sha256) {
  const auto note = store.root() / "boot" / image_sha256;
  if (const auto told = base::read_file(note, 128); told && base::is_sha256_hex(*told)) {
    BPFM_TRY(auto path, store.verified_path(*told));
    if (path) return BootImage{std::move(*path), *told};
  }
  BPFM_TRY(std::string sha256, unpack(store, image_sha256));
  BPFM_CHECK(base::write_file(note, sha256));
  BPFM_TRY(auto path, store.verified_path(sha256));
  if (!path) return fail(ErrorKind::io, "what was just stored cannot be read back");
  return BootImage{std::move(*path), std::move(sha256)};
}

}  // namespace bpfmatrix::image
