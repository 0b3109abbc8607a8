// A text that many observations share: a value that cannot be changed, and of which a copy takes no
// further memory. The head and tail of a log are some 6 KiB, and most cells of a run have theirs in
// common with other cells.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bpfmatrix::result {

class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) {  // NOLINT: a text is what it is
    if (!text.empty()) text_ = std::make_shared<const std::string>(std::move(text));
  }
  SharedText(std::string_view text) : SharedText(std::string(text)) {}  // NOLINT
  SharedText(const char* text) : SharedText(std::string(text)) {}       // NOLINT

  [[nodiscard]] const std::string& str() const {
    static const std::string empty;
    return text_ ? *text_ : empty;
  }
  [[nodiscard]] bool empty() const { return !text_; }
  [[nodiscard]] size_t size() const { return str().size(); }
  operator std::string_view() const { return str(); }  // NOLINT

  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.text_ == b.text_ || a.str() == b.str();
  }
  template <std::convertible_to<std::string_view> T>
  friend bool operator==(const SharedText& a, const T& b) {
    return a.str() == std::string_view(b);
  }

 private:
  std::shared_ptr<const std::string> text_;  // null for the empty text
};

}  // namespace bpfmatrix::result
