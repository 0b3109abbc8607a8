// Log mode: how a load asks the verifier for its log.
//
// Level (a bit mask, legal or not) x buffer x interface, and `extra`, which holds whatever else the
// call varies. Every value has one canonical text, which is part of a cell's id.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::spec {

enum class Interface {
  prog_load,    // the low-level program load: bpf(BPF_PROG_LOAD), bpf_prog_load(), ...
  object_load,  // bpf_object__open() + bpf_object__load() of the whole object, one program on
  btf_load,     // the object's own BTF by bpf(BPF_BTF_LOAD), bpf_btf_load(), ...
  map_create,   // bpf(BPF_MAP_CREATE) of an array map, which has a log from 7.2 on
  kernel_btf,   // no load: the running kernel's own BTF is read, btf__load_vmlinux_btf(), ...
};
[[nodiscard]] std::string_view name(Interface interface);
[[nodiscard]] std::optional<Interface> parse_interface(std::string_view text);

struct Buffer {
  enum class Kind {
    none,      // "none": NULL and size 0; for object_load the library's own buffer
    null,      // "null:<n>": NULL with size n
    fixed,     // "<n>": a buffer of n bytes, 0 included
    relative,  // "true", "true-1", "true+2": true size plus value
  };
  Kind kind = Kind::none;
  int64_t value = 0;  // bytes; for relative: the difference

  auto operator<=>(const Buffer&) const = default;
};
// Canonical text: "none", "null:4096", "4096", "true-1", "true", "true+1".
[[nodiscard]] std::string to_text(const Buffer& buffer);
// Accepts the canonical text and byte units ("4KiB", "1GiB-1", "null:4KiB"). Sizes fit 32 bits.
// Refuses "null:0" (that is "none") and "true+0" (that is "true"): one buffer, one text.
[[nodiscard]] std::optional<Buffer> parse_buffer(std::string_view text);

struct LogMode {
  Interface interface = Interface::prog_load;
  uint32_t level = 0;
  Buffer buffer;
  std::map<std::string, std::string> extra;  // canonical by being sorted

  auto operator<=>(const LogMode&) const = default;
};
// "prog_load:2:4096", with extra "prog_load:2:4096:attr_size=140,tail_byte=1".
[[nodiscard]] std::string to_text(const LogMode& mode);

// Names of the level's bits for people: "2 (LEVEL2)", "10 (LEVEL2|FIXED)", "0".
// include/linux/bpf_verifier.h: LEVEL1 1, LEVEL2 2, STATS 4; FIXED 8 from 6.4. Bits without a name
// in hexadecimal: "48 (0x30)".
[[nodiscard]] std::string level_text(uint32_t level);

}  // namespace bpfmatrix::spec
