#include "vm/kept_text.h"

#include <fmt/core.h>

#include <algorithm>

namespace bpfmatrix::vm {

void KeptText::append(std::string_view bytes) {
  size_ += bytes.size();
  const size_t to_head = std::min(bytes.size(), head_limit_ - head_.size());
  head_.append(bytes.substr(0, to_head));
  bytes.remove_prefix(to_head);
  if (bytes.size() > tail_limit_) bytes.remove_prefix(bytes.size() - tail_limit_);
  tail_.append(bytes);
  if (tail_.size() > 2 * tail_limit_) tail_.erase(0, tail_.size() - tail_limit_);
}

std::string KeptText::text() const {
  const size_t kept_tail = std::min(tail_.size(), tail_limit_);
  const uint64_t missing = size_ - head_.size() - kept_tail;
  std::string text = head_;
  if (missing != 0) text += fmt::format("{}[{} bytes cut]\n", head_.empty() ? "" : "\n", missing);
  return text.append(tail_, tail_.size() - kept_tail, kept_tail);
}

}  // namespace bpfmatrix::vm
