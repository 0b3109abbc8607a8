// What is known of one test program before it runs: read from its object file by image/, used by
// plan/ to decide what can be expressed and by run/ to know which files to send.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bpfmatrix::plan {

// One entry function of an object.
struct Function {
  std::string name;                   // "trivial"
  std::string section;                // "socket"
  uint32_t prog_type = 0;             // enum bpf_prog_type; 0 when libbpf does not know the section
  uint32_t expected_attach_type = 0;  // enum bpf_attach_type
  uint32_t instruction_count = 0;
  bool has_relocations = false;      // maps, globals, calls, CO-RE: raw cannot load it
  bool needs_attach_target = false;  // fentry & co.: a BTF id of the kernel is needed to load it
  std::string instructions;          // 8 bytes each, as in the object; not relocated
};

struct Object {
  std::string stem;  // "core_relocation"
  std::filesystem::path path;
  std::string sha256;  // of the file
  std::string license;
  std::string btf;  // bytes of .BTF; empty when there is none
  bool has_core_relocations = false;
  std::vector<Function> functions;
};

// A program of the matrix: one entry function of an object. The id is the object's stem, and
// "<stem>:<function>" where the object has several.
struct Program {
  std::string id;
  const Object* object = nullptr;      // owned by whoever read it; outlives the plan
  const Function* function = nullptr;  // null for an object without any (BTF only)
};

// The programs of an object.
[[nodiscard]] std::vector<Program> programs_of(const Object& object);

}  // namespace bpfmatrix::plan
