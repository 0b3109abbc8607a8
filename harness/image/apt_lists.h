// Reads apt's lists, Packages and Sources: paragraphs of deb822 text, compressed or not.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "image/apt_root.h"

namespace bpfmatrix::image {

// Cuts text that comes in pieces into paragraphs.
class ParagraphSplitter {
 public:
  using Each = std::function<void(std::string_view paragraph)>;
  explicit ParagraphSplitter(Each each) : each_(std::move(each)) {}
  void feed(std::string_view piece);
  void finish();

 private:
  Each each_;
  std::string rest_;
};

// Calls `each` for every paragraph of the list `file`. A whole archive (60 MB) takes about half a
// second.
base::Status for_each_paragraph(const std::filesystem::path& file,
                                const ParagraphSplitter::Each& each);

// The value of a field, with following lines of the same field; "" when it is not there.
[[nodiscard]] std::string_view field(std::string_view paragraph, std::string_view name);

// Nothing for a paragraph that lacks a name, version, path, size or digest.
[[nodiscard]] std::optional<Package> parse_package(std::string_view paragraph,
                                                   const std::string& suite);
[[nodiscard]] std::optional<SourcePackage> parse_source(std::string_view paragraph,
                                                        const std::string& suite);

}  // namespace bpfmatrix::image
