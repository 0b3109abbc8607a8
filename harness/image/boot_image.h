// What is booted of a kernel: the vmlinux inside its bzImage where that can be started directly, else
// the image itself.
//
// Which vmlinux belongs to which image is remembered in <store>/boot/<digest of the image>. Blocking.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "image/content_store.h"

namespace bpfmatrix::image {

struct BootImage {
  std::filesystem::path path;  // verified, in the store
  std::string sha256;
};

// Of the image of that digest, which must be in the store. Unpacks it the first time.
base::Result<BootImage> boot_image(ContentStore& store, const std::string& image_sha256);

}  // namespace bpfmatrix::image
