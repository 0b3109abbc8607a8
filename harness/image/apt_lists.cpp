#include "image/apt_lists.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "image/deb_archive.h"

namespace bpfmatrix::image {
namespace {

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, ec] = std::from_chars(text.data(), end, value);
  if (ec != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// A name that stays in its folder.
bool plain_file(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

}  // namespace

void ParagraphSplitter::feed(std::string_view piece) {
  // The end of a paragraph may lie across two pieces: look again at the last byte of the rest.
  size_t from = rest_.empty() ? 0 : rest_.size() - 1;
  rest_ += piece;
  size_t begin = 0;
  for (size_t at = rest_.find("\n\n", from); at != rest_.npos; at = rest_.find("\n\n", begin)) {
    if (at > begin) each_(std::string_view(rest_).substr(begin, at - begin));
    begin = at + 2;
  }
  rest_.erase(0, begin);
}

void ParagraphSplitter::finish() {
  while (rest_.ends_with('\n')) rest_.pop_back();
  if (!rest_.empty()) each_(rest_);
  rest_.clear();
}

base::Status for_each_paragraph(const std::filesystem::path& file,
                                const ParagraphSplitter::Each& each) {
  ParagraphSplitter splitter(each);
  BPFM_CHECK(read_decompressed(file, [&](std::string_view piece) { splitter.feed(piece); }));
  splitter.finish();
  return {};
}

std::string_view field(std::string_view paragraph, std::string_view name) {
  for (size_t at = 0; at < paragraph.size();) {
    size_t end = std::min(paragraph.find('\n', at), paragraph.size());
    const std::string_view line = paragraph.substr(at, end - at);
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") {
      at = end + 1;
      continue;
    }
    while (end + 1 < paragraph.size() && paragraph[end + 1] == ' ')
      end = std::min(paragraph.find('\n', end + 1), paragraph.size());
    std::string_view value = paragraph.substr(at, end - at).substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \n"), value.size()));
    return value;
  }
  return {};
}

std::optional<Package> parse_package(std::string_view paragraph, const std::string& suite) {
  Package package;
  package.name = field(paragraph, "Package");
  package.version = field(paragraph, "Version");
  package.suite = suite;
  package.filename = field(paragraph, "Filename");
  package.sha256 = field(paragraph, "SHA256");
  const auto size = number(field(paragraph, "Size"));
  const auto slash = package.filename.rfind('/');
  if (package.name.empty() || package.version.empty() || !size ||
      !base::is_sha256_hex(package.sha256) ||
      !plain_file(std::string_view(package.filename).substr(slash + 1)))
    return std::nullopt;
  package.size = *size;
  return package;
}

std::optional<SourcePackage> parse_source(std::string_view paragraph, const std::string& suite) {
  SourcePackage source;
  source.version = field(paragraph, "Version");
  source.suite = suite;
  source.directory = field(paragraph, "Directory");
  std::string_view files = field(paragraph, "Checksums-Sha256");
  while (!files.empty()) {
    const size_t end = std::min(files.find('\n'), files.size());
    std::string_view line = files.substr(0, end);
    files.remove_prefix(std::min(end + 1, files.size()));
    const std::string_view sha256 = next_word(line);
    const auto size = number(next_word(line));
    const std::string_view name = next_word(line);
    if (!base::is_sha256_hex(sha256) || !size || !plain_file(name)) return std::nullopt;
    source.files.push_back({std::string(name), std::string(sha256), *size});
  }
  if (source.version.empty() || source.directory.empty() || source.files.empty())
    return std::nullopt;
  return source;
}

}  // namespace bpfmatrix::image
