#include "input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/apart.h"

namespace bpfmatrix {

// In place of base/apart.cpp: the fuzzer must see what the reader does, not that a child ended.
base::Result<std::vector<std::string>> base::run_apart(
    const std::function<Result<std::vector<std::string>>()>& work, const ApartLimits&) {
  return work();
}

namespace fuzz {
namespace {

// Written apart from base::printable(), which is what it judges: the one bad range of code points
// that matters to a terminal, by their UTF-8 bytes.
bool bad_sequence(std::string_view at) {
  const auto byte = [&](size_t i) {
    return i < at.size() ? static_cast<unsigned char>(at[i]) : 0U;
  };
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return true;  // C1
  if (byte(0) == 0xd8 && byte(1) == 0x9c) return true;                    // U+061C
  if (byte(0) != 0xe2) return false;
  if (byte(1) == 0x80 && (byte(2) == 0x8e || byte(2) == 0x8f)) return true;  // U+200E, U+200F
  if (byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae) return true;    // U+2028 … U+202E
  return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;              // U+2066 … U+2069
}

// The number of bytes behind a first byte of UTF-8; 4 for one that cannot be first.
size_t followers(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xc2 && first < 0xe0) return 1;
  if (first >= 0xe0 && first < 0xf0) return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : 4;
}

}  // namespace

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

uint8_t Input::u8() {
  const auto one = bytes(1);
  return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
}

uint32_t Input::u32() {
  const auto four = bytes(4);
  uint32_t value = 0;
  std::memcpy(&value, four.data(), four.size());
  return value;
}

std::string_view Input::bytes(size_t most) {
  const auto taken = rest_.substr(0, most);
  rest_.remove_prefix(taken.size());
  return taken;
}

MemoryFile::MemoryFile(std::string_view bytes) : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  require(file_.open(), "no memory for a file");
  while (!bytes.empty()) {
    const ssize_t n = ::write(file_.get(), bytes.data(), bytes.size());
    require(n > 0, "no memory for a file");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  path_ = "/proc/self/fd/" + std::to_string(file_.get());
}

bool harmless(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if ((first < 0x20 && first != '\n' && first != '\t') || first == 0x7f) return false;
    if (bad_sequence(text.substr(at))) return false;
    const size_t more = followers(first);
    if (more == 4 || at + more >= text.size()) return false;
    const auto second = more > 0 ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90))
      return false;  // overlong
    if ((first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90)) return false;
    for (size_t i = 1; i <= more; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
    at += more;
  }
  return true;
}

}  // namespace fuzz
}  // namespace bpfmatrix
