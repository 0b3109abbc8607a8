// The beginning and the end of a text of any length, in bounded memory. Takes any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bpfmatrix::vm {

class KeptText {
 public:
  // Keeps the first `head` and the last `tail` bytes.
  KeptText(size_t head, size_t tail) : head_limit_(head), tail_limit_(tail) {}
  void append(std::string_view bytes);
  // What is kept; where bytes are missing, a line of its own says how many.
  [[nodiscard]] std::string text() const;
  // All bytes that were appended, kept or not.
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  size_t head_limit_, tail_limit_;
  uint64_t size_ = 0;
  std::string head_;
  std::string tail_;  // up to twice its limit, so that trimming costs little
};

}  // namespace bpfmatrix::vm
