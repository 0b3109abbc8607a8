// Reads a .bpf.o on the host (the system's libbpf and libelf; the object is never loaded here).
//
// Refuses what cannot be a BPF object before a library sees it. What libbpf does not know (a
// section name, say) is not an error: kernels and libraries under test may know more. Both libraries
// run in a process apart (base/apart.h): an object may be a stranger's. Functions may be called from
// any thread, one at a time: libbpf's print callback is global.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "plan/program.h"

namespace bpfmatrix::image {

// The object's functions in file order. invalid_input, with what to do, for: not there, a folder,
// empty, larger than 64 MiB, not ELF, not BPF, big-endian, and an object with neither programs nor
// BTF. Object::btf is the BTF as libbpf gives it to a kernel: the compiler leaves the sizes of
// DATASEC open, and without them no kernel accepts it.
base::Result<plan::Object> read_object(const std::filesystem::path& path);
// What read_object() does apart, in this process: of the bytes of a file, whose `path` names it.
base::Result<plan::Object> parse_object(std::string bytes, const std::filesystem::path& path);

// What the low-level loads need, in one file for the guest (wire/protocol.h, "A parts file"):
// type, attach type, license, name, instructions, BTF. `function` may be null (BTF only).
[[nodiscard]] std::string make_parts(const plan::Object& object, const plan::Function* function);

}  // namespace bpfmatrix::image
