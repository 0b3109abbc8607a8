#include "image/deb_version.h"

#include <algorithm>

namespace bpfmatrix::image {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Rank of the character at `at` outside numbers: "~" first, then the end (and a digit, where the
// number part begins), then letters, then the rest.
int rank(std::string_view text, size_t at) {
  if (at >= text.size() || digit(text[at])) return 0;
  const char c = text[at];
  if (c == '~') return -1;
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? c : static_cast<unsigned char>(c) + 256;
}

std::string_view take_number(std::string_view text, size_t& at) {
  const size_t begin = at;
  while (at < text.size() && digit(text[at])) ++at;
  std::string_view number = text.substr(begin, at - begin);
  while (!number.empty() && number.front() == '0') number.remove_prefix(1);
  return number;
}

int sign(int value) {
  return (value > 0) - (value < 0);
}

// One part, as dpkg's verrevcmp() compares it (lib/dpkg/version.c).
int compare_part(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    while ((i < a.size() && !digit(a[i])) || (j < b.size() && !digit(b[j]))) {
      if (const int order = rank(a, i) - rank(b, j); order != 0) return sign(order);
      ++i;
      ++j;
    }
    const std::string_view x = take_number(a, i), y = take_number(b, j);
    if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (const int order = x.compare(y); order != 0) return sign(order);
  }
  return 0;
}

struct Parts {
  std::string_view epoch, upstream, revision;
};

Parts split(std::string_view version) {
  Parts parts;
  if (const size_t colon = version.find(':'); colon != version.npos) {
    parts.epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
  }
  const size_t dash = version.rfind('-');
  parts.upstream = version.substr(0, dash);
  if (dash != version.npos) parts.revision = version.substr(dash + 1);
  return parts;
}

}  // namespace

int compare_deb_versions(std::string_view a, std::string_view b) {
  const Parts x = split(a), y = split(b);
  if (const int order = compare_part(x.epoch, y.epoch); order != 0) return order;
  if (const int order = compare_part(x.upstream, y.upstream); order != 0) return order;
  return compare_part(x.revision, y.revision);
}

bool version_in_series(std::string_view version, std::string_view series) {
  if (series.empty() || !version.starts_with(series)) return false;
  return version.size() == series.size() || !digit(version[series.size()]);
}

}  // namespace bpfmatrix::image
