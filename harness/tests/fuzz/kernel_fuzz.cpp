// A kernel image: release, payload, PVH note; its config; a module of it.
#include "image/kernel_image.h"
#include "image/module_order.h"
#include "image/vmlinux.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bpfmatrix;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto release = image::kernel_release(bytes))
    fuzz::require(!release->empty() && release->size() <= 64 &&
                      release->find_first_of("/\n \t'\"\\$|") == std::string::npos,
                  "a release that is no name");
  if (const auto vmlinux = image::unpack_vmlinux(bytes)) {
    (void)image::has_pvh_entry(*vmlinux);
    (void)image::kernel_release(*vmlinux);
  }
  (void)image::has_pvh_entry(bytes);
  (void)image::needs_virtio_modules(bytes);
  if (const auto module = image::read_module_info(bytes))
    for (const auto& name : module->depends) fuzz::require(!name.empty(), "an empty dependency");
  return 0;
}
