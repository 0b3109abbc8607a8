// A user's .bpf.o, which the host reads with libelf and libbpf.
#include "image/object_file.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bpfmatrix;
  const auto object = image::parse_object({reinterpret_cast<const char*>(data), size}, "x.bpf.o");
  if (!object) {
    fuzz::require(object.error().kind == base::ErrorKind::invalid_input,
                  "not the object's mistake");
    return 0;
  }
  for (const auto& function : object->functions) {
    fuzz::require(function.instructions.size() == size_t{function.instruction_count} * 8,
                  "a program of another length");
    (void)image::make_parts(*object, &function);
  }
  return 0;
}
