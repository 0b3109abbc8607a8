// Fields as bytes, for digests of what the store keeps. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::result {

// Fields one after the other, so that no two sequences of fields give the same bytes.
class FieldBytes {
 public:
  FieldBytes() { bytes_.reserve(1024); }
  void add(std::string_view text) {
    add(uint64_t{text.size()});
    bytes_ += text;
  }
  void add(uint64_t number) {
    std::array<char, 8> raw{};
    for (char& byte : raw) {
      byte = static_cast<char>(number & 0xff);
      number >>= 8;
    }
    bytes_.append(raw.data(), raw.size());
  }
  void add(int64_t number) { add(static_cast<uint64_t>(number)); }
  void add(const std::optional<uint64_t>& number) {
    add(uint64_t{number.has_value()});
    add(number.value_or(0));
  }
  [[nodiscard]] const std::string& all() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace bpfmatrix::result
