#include "raw_archive.h"

#include <algorithm>
#include <cstdio>

namespace bpfmatrix::image::test {
namespace {

// ustar, POSIX.1-1988: offsets of the fields.
constexpr size_t kBlock = 512, kMode = 100, kSize = 124, kSum = 148, kType = 156, kLink = 157,
                 kMagic = 257;

void put(std::string& block, size_t at, std::string_view text) {
  block.replace(at, text.size(), text);
}

std::string octal(uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string padded(std::string content) {
  content.resize((content.size() + kBlock - 1) / kBlock * kBlock);
  return content;
}

}  // namespace

std::string raw_entry(const RawEntry& entry) {
  std::string header(kBlock, '\0');
  put(header, 0, entry.name.substr(0, 100));
  put(header, kMode, "0000644");
  put(header, kSize, entry.size_field.empty() ? octal(entry.content.size(), 11) : entry.size_field);
  put(header, kType, std::string(1, entry.type));
  put(header, kLink, entry.link.substr(0, 100));
  put(header, kMagic, std::string("ustar\00000", 8));
  put(header, kSum, "        ");
  uint64_t sum = entry.wrong_checksum ? 1 : 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, kSum, octal(sum, 6) + std::string("\0 ", 2));
  return header + padded(entry.content);
}

std::string raw_tar(const std::vector<RawEntry>& entries) {
  std::string tar;
  for (const auto& entry : entries) tar += raw_entry(entry);
  return tar + std::string(2 * kBlock, '\0');
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  size_t size = rest.size();
  while (std::to_string(size).size() + rest.size() != size)
    size = std::to_string(size).size() + rest.size();
  return raw_entry({.name = "pax", .content = std::to_string(size) + rest, .type = 'x'});
}

std::string gnu_long_name(const std::string& name) {
  return raw_entry({.name = "././@LongLink", .content = name + '\0', .type = 'L'});
}

std::string raw_ar(const std::vector<Member>& members) {
  std::string ar = "!<arch>\n";
  for (const auto& member : members) {
    char header[64];
    const std::string size =
        member.size_field.empty() ? std::to_string(member.content.size()) : member.size_field;
    std::snprintf(header, sizeof header, "%-16.16s%-12s%-6s%-6s%-8s%-10.10s`\n",
                  member.name.c_str(), "0", "0", "0", "100644", size.c_str());
    ar += header + member.content + (member.content.size() % 2 != 0 ? "\n" : "");
  }
  return ar;
}

std::string deb_with(const std::string& name, const std::string& data) {
  return raw_ar(
      {{"debian-binary", "2.0\n", ""}, {"control.tar", raw_tar({}), ""}, {name, data, ""}});
}

}  // namespace bpfmatrix::image::test
