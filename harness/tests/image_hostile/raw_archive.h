// Archives written byte by byte, so that they can lie in every field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bpfmatrix::image::test {

struct RawEntry {
  std::string name;           // at most 100 bytes, NUL allowed
  std::string content;
  char type = '0';            // typeflag of ustar
  std::string link;
  std::string size_field;     // 12 bytes instead of the size; empty: the truth
  bool wrong_checksum = false;
};

// A header and its content, padded.
std::string raw_entry(const RawEntry& entry);
// A tar of the entries, with the two blocks of zeros at its end.
std::string raw_tar(const std::vector<RawEntry>& entries);
// An extended header (pax) with one record, for the entry behind it.
std::string pax(const std::string& key, const std::string& value);
// GNU's 'L' entry: a long name for the entry behind it.
std::string gnu_long_name(const std::string& name);

struct Member {
  std::string name;
  std::string content;
  std::string size_field;  // 10 bytes instead of the size; empty: the truth
};
std::string raw_ar(const std::vector<Member>& members);
// A package with that data member: "data.tar", "data.tar.xz" …
std::string deb_with(const std::string& name, const std::string& data);

}  // namespace bpfmatrix::image::test
