// What every fuzz target needs: bytes taken apart, properties that must hold, a file without a
// disk.
//
// A target is one file with LLVMFuzzerTestOneInput(). It is linked with libFuzzer (preset `fuzz`)
// and with replay_main.cpp, which runs it over its corpus in the ordinary tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace bpfmatrix::fuzz {

// Ends the process, which is a finding, with `what` unless `holds`.
void require(bool holds, const char* what);

// Takes fields from the front; zero and empty when nothing is left.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  uint8_t u8();
  uint32_t u32();
  std::string_view bytes(size_t most);
  std::string_view rest() { return bytes(rest_.size()); }

 private:
  std::string_view rest_;
};

// A regular file in memory, for readers that want a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  base::Descriptor file_;
  std::filesystem::path path_;
};

// What no escaper may let through: C0 but newline and tab, DEL, C1, bidi controls, line separators,
// and anything that is no UTF-8.
[[nodiscard]] bool harmless(std::string_view text);

}  // namespace bpfmatrix::fuzz
