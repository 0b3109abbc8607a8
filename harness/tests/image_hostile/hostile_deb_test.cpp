// Packages of a hostile mirror: each is refused or does no harm, in little memory, and writes
// nothing anywhere. What a package may not do is written at each.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <set>

#include "../image_kernels/made_files.h"
#include "image/deb_archive.h"
#include "image/kernel_contents.h"
#include "raw_archive.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using test::deb_with;
using test::gnu_long_name;
using test::pax;
using test::raw_ar;
using test::raw_entry;
using test::raw_tar;
using test::RawEntry;

enum class Ends { refused, without_files, with_the_file, refused_or_without };
struct Case {
  const char* name;
  Ends ends;
  std::function<std::string()> make;
};

const RawEntry kFile{.name = "boot/config-1", .content = "CONFIG_X=y\n"};

std::string tar_deb(const std::vector<RawEntry>& entries) {
  return deb_with("data.tar", raw_tar(entries));
}
// Entries in front of which raw blocks stand.
std::string tar_deb(const std::string& front, const std::vector<RawEntry>& entries) {
  return deb_with("data.tar", front + raw_tar(entries));
}

std::string zeros(uint64_t size) {
  return std::string(size, '\0');
}

std::string changed(std::string bytes, size_t from_end) {
  bytes.at(bytes.size() - from_end) ^= 0x55;
  return bytes;
}

// A base-256 number of the size field: GNU's for what octal cannot say.
std::string base256(unsigned char first, unsigned char second) {
  std::string field(12, '\0');
  field[0] = static_cast<char>(first);
  field[4] = static_cast<char>(second);
  return field;
}

std::string repeated(const std::string& one, size_t count) {
  std::string all;
  all.reserve(count * one.size());
  for (size_t i = 0; i < count; ++i) all += one;
  return all;
}

// zstd of frames: what is compressed once and repeated unpacks to as much as one likes.
std::string packed(const std::string& bytes) {
  return test::compress(bytes, "zstd");
}

// A tar of one file of zeros, `mebibytes` long: 1:30,000 or more.
std::string bomb(size_t mebibytes) {
  char size[16];
  std::snprintf(size, sizeof size, "%011zo", mebibytes << 20);
  const auto header = raw_entry({.name = "boot/config-1", .content = "", .size_field = size});
  return packed(header) + repeated(packed(zeros(1 << 20)), mebibytes);
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"path_above_its_root", Ends::refused,
       [] { return tar_deb({{.name = "../config-1", .content = "x"}}); }},
      {"path_above_its_root_in_the_middle", Ends::refused,
       [] { return tar_deb({{.name = "boot/../../config-1", .content = "x"}}); }},
      {"path_that_ends_above", Ends::refused,
       [] { return tar_deb({{.name = "boot/..", .content = "x"}}); }},
      {"absolute_path", Ends::refused,
       [] { return tar_deb({{.name = "/boot/config-1", .content = "x"}}); }},
      {"absolute_path_behind_a_dot", Ends::refused,
       [] { return tar_deb({{.name = ".//etc/passwd", .content = "x"}}); }},
      {"absolute_path_behind_two_dots_and_slashes", Ends::refused,
       [] { return tar_deb({{.name = "././/boot/config-1", .content = "x"}}); }},
      {"symbolic_link_to_a_file_of_the_host", Ends::without_files,
       [] {
         return tar_deb(
             {{.name = "boot/config-1", .content = "", .type = '2', .link = "/etc/passwd"}});
       }},
      {"file_beneath_a_symbolic_link", Ends::with_the_file,
       [] {
         return tar_deb({{.name = "boot", .content = "", .type = '2', .link = "/tmp"}, kFile});
       }},
      {"symbolic_link_over_a_file", Ends::with_the_file,
       [] {
         return tar_deb(
             {kFile, {.name = "boot/config-1", .content = "", .type = '2', .link = "../../x"}});
       }},
      {"hard_link_to_a_file_of_the_host", Ends::without_files,
       [] {
         return tar_deb(
             {{.name = "boot/config-1", .content = "", .type = '1', .link = "/etc/shadow"}});
       }},
      {"hard_link_with_content", Ends::refused_or_without,
       [] {
         return tar_deb({{.name = "boot/config-1", .content = "x", .type = '1', .link = "../a"}});
       }},
      {"character_device", Ends::without_files,
       [] { return tar_deb({{.name = "boot/config-1", .content = "", .type = '3'}}); }},
      {"block_device", Ends::without_files,
       [] { return tar_deb({{.name = "boot/config-1", .content = "", .type = '4'}}); }},
      {"named_pipe", Ends::without_files,
       [] { return tar_deb({{.name = "boot/config-1", .content = "", .type = '6'}}); }},
      {"folder_that_is_named_like_a_file", Ends::without_files,
       [] { return tar_deb({{.name = "boot/config-1", .content = "", .type = '5'}}); }},
      {"name_with_a_nul", Ends::refused_or_without,
       [] { return tar_deb({{.name = std::string("../\0boot/config-1", 17), .content = "x"}}); }},
      {"long_name_with_a_nul", Ends::refused_or_without,
       [] {
         return tar_deb(pax("path", std::string("/etc\0/boot/config-1", 19)),
                        {{.name = "a", .content = "x"}});
       }},
      {"empty_name", Ends::refused, [] { return tar_deb({{.name = "", .content = "x"}}); }},
      {"name_of_5000_bytes", Ends::refused,
       [] {
         return tar_deb(pax("path", std::string(5000, 'a')), {{.name = "a", .content = "x"}});
       }},
      {"name_of_a_mebibyte", Ends::refused,
       [] {
         return tar_deb(gnu_long_name(std::string(1 << 20, 'a')), {{.name = "a", .content = "x"}});
       }},
      {"path_of_2000_folders", Ends::refused_or_without,
       [] {
         std::string deep;
         for (int i = 0; i < 2000; ++i) deep += "a/";
         return tar_deb(pax("path", deep + "/etc/passwd"), {{.name = "a", .content = ""}});
       }},
      {"long_name_above_its_root", Ends::refused,
       [] { return tar_deb(pax("path", "boot/../../x"), {kFile}); }},
      {"name_with_escape_sequences", Ends::refused,
       [] { return tar_deb({{.name = "/\x1b[2J\x1b]0;x\x07\n", .content = "x"}}); }},
      {"file_that_comes_twice", Ends::with_the_file,
       [] {
         return tar_deb({{.name = "boot/config-1", .content = "first"}, kFile});
       }},
      {"size_of_8_exabytes", Ends::refused,
       [] {
         return tar_deb(
             {{.name = "boot/config-1", .content = "x", .size_field = base256(0x80, 0x7f)}});
       }},
      {"negative_size", Ends::refused,
       [] {
         return tar_deb(
             {{.name = "boot/config-1", .content = "x", .size_field = std::string(12, '\xff')}});
       }},
      {"size_that_is_no_number", Ends::refused_or_without,
       [] {
         return tar_deb({{.name = "boot/config-1", .content = "", .size_field = "rm -rf /    "}});
       }},
      {"size_of_one_gibibyte_without_content", Ends::refused,
       [] {
         return tar_deb({{.name = "boot/config-1", .content = "x", .size_field = "10000000000\0"}});
       }},
      {"size_of_500_mebibytes_without_content", Ends::refused,
       [] {
         return tar_deb({{.name = "boot/config-1", .content = "x", .size_field = "03720000000\0"}});
       }},
      {"size_of_another_header", Ends::refused,
       [] { return tar_deb(pax("size", "9223372036854775807"), {kFile}); }},
      {"sparse_file_of_an_exabyte", Ends::refused,
       [] { return tar_deb(pax("GNU.sparse.realsize", "1152921504606846976"), {kFile}); }},
      {"wrong_checksum_of_a_header", Ends::refused,
       [] { return tar_deb({{.name = "boot/config-1", .content = "x", .wrong_checksum = true}}); }},
      {"two_hundred_thousand_and_one_entries", Ends::refused,
       [] {
         return deb_with("data.tar", repeated(raw_entry({.name = "a", .content = ""}), 200'001));
       }},
      {"a_million_entries", Ends::refused,
       [] {
         const auto thousand = repeated(raw_entry({.name = "a", .content = ""}), 1000);
         return deb_with("data.tar.zst", repeated(packed(thousand), 1000));
       }},
      {"a_bomb_of_500_mebibytes", Ends::refused,
       [] { return deb_with("data.tar.zst", bomb(500)); }},
      {"a_bomb_inside_a_bomb", Ends::refused,
       [] { return deb_with("data.tar.zst", packed(bomb(500))); }},
      {"compressions_within_each_other", Ends::refused_or_without,
       [] {
         std::string data = raw_tar({kFile});
         for (int i = 0; i < 40; ++i) data = test::compress(data, i % 2 != 0 ? "gzip" : "xz");
         return deb_with("data.tar.xz", data);
       }},
      {"xz_that_is_cut_off", Ends::refused,
       [] {
         auto data = test::compress(raw_tar({kFile}), "xz");
         data.resize(data.size() / 2);
         return deb_with("data.tar.xz", data);
       }},
      {"xz_with_a_changed_byte", Ends::refused,
       [] { return deb_with("data.tar.xz", changed(test::compress(raw_tar({kFile}), "xz"), 60)); }},
      {"zstd_that_is_cut_off", Ends::refused,
       [] {
         auto data = test::compress(raw_tar({kFile}), "zstd");
         data.resize(data.size() / 2);
         return deb_with("data.tar.zst", data);
       }},
      {"tar_that_is_cut_off_in_a_file", Ends::refused,
       [] {
         return deb_with("data.tar",
                         raw_tar({{.name = "boot/config-1", .content = std::string(9000, 'x')}})
                             .substr(0, 4000));
       }},
      {"member_larger_than_the_package", Ends::refused,
       [] {
         return raw_ar(
             {{"debian-binary", "2.0\n", ""},
              {"data.tar",
               raw_tar({{.name = "boot/config-1", .content = zeros(3000)}}).substr(0, 2000),
               "9999999999"}});
       }},
      {"member_of_a_negative_size", Ends::refused,
       [] {
         return raw_ar({{"debian-binary", "2.0\n", "-1"}, {"data.tar", raw_tar({kFile}), ""}});
       }},
      {"member_size_that_is_no_number", Ends::refused,
       [] {
         return raw_ar({{"debian-binary", "2.0\n", "x$(id)"}, {"data.tar", raw_tar({kFile}), ""}});
       }},
      {"no_data_at_all", Ends::refused,
       [] {
         return raw_ar({{"debian-binary", "2.0\n", ""}});
       }},
      {"data_behind_ten_other_members", Ends::refused,
       [] {
         std::vector<test::Member> members(10, {"other", "x", ""});
         members.push_back({"data.tar", raw_tar({kFile}), ""});
         return raw_ar(members);
       }},
      {"second_data_member", Ends::with_the_file,
       [] {
         return raw_ar({{"data.tar", raw_tar({kFile}), ""},
                        {"data.tar", raw_tar({{.name = "../x", .content = "x"}}), ""}});
       }},
      {"data_that_is_no_tar", Ends::refused,
       [] { return deb_with("data.tar", std::string(2000, 'x')); }},
      {"empty_data", Ends::refused_or_without, [] { return deb_with("data.tar", ""); }},
      {"empty_file", Ends::refused, [] { return std::string(); }},
      {"page_of_a_login", Ends::refused,
       [] { return std::string("<!DOCTYPE html><title>Log in</title>"); }},
      {"tar_instead_of_a_package", Ends::refused, [] { return raw_tar({kFile}); }},
      {"zip_instead_of_a_package", Ends::refused,
       [] { return std::string("PK\3\4") + std::string(200, '\0'); }},
  };
  return all;
}

// Everything below `folder`, with sizes.
std::set<std::string> tree(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    found.insert(entry.path().string() +
                 (entry.is_regular_file() ? std::to_string(entry.file_size()) : ""));
  return found;
}

long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  return 0;
}

class HostilePackage : public testing::TestWithParam<Case> {};

TEST_P(HostilePackage, is_refused_or_harmless) {
  const Case& one = GetParam();
  const auto folder = test::make_folder();
  fs::create_directories(folder.path() / "inner");
  test::put_file(folder.path() / "canary", "unchanged");
  const auto deb = test::put_file(folder.path() / "inner/x.deb", one.make());
  const auto before = tree(folder.path());
  const long memory = peak_kib();
  const auto files = read_deb(deb, [](std::string_view) { return Want::yes; });
  std::printf("%s; memory grew by %ld KiB\n", files ? "taken" : files.error().message.c_str(),
              peak_kib() - memory);
  if (!files) {
    EXPECT_EQ(files.error().kind, base::ErrorKind::invalid_input);
    for (const char c : files.error().message) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20);
    EXPECT_LT(files.error().message.size(), 400U);
  }
  if (one.ends == Ends::refused) {
    EXPECT_FALSE(files.has_value());
  }
  if (one.ends == Ends::without_files || one.ends == Ends::with_the_file) {
    ASSERT_TRUE(files.has_value()) << files.error().message;
  }
  if (one.ends == Ends::with_the_file) {
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->begin()->first, "boot/config-1");
    EXPECT_EQ(files->begin()->second, kFile.content);
  } else if (files) {
    for (const auto& [path, content] : *files)
      EXPECT_TRUE(one.ends == Ends::refused_or_without && content.size() <= 16) << path;
  }
  EXPECT_FALSE(read_kernel_debs({.image = deb, .config = {}, .modules = {}}).has_value());
  EXPECT_EQ(tree(folder.path()), before);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(peak_kib() - memory, 200 << 10);
#endif
}

INSTANTIATE_TEST_SUITE_P(Each, HostilePackage, testing::ValuesIn(cases()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(HostilePackages, are_more_than_thirty) {
  EXPECT_GE(cases().size(), 30U);
}

TEST(HostileModules, that_name_a_thousand_others_are_refused) {
  std::string depends;
  for (int i = 0; i < 1000; ++i) depends += "m" + std::to_string(i) + ",";
  const auto folder = test::make_folder();
  const auto deb = test::put_file(
      folder.path() / "x.deb",
      test::make_deb({{"lib/modules/1/virtio_pci.ko", test::make_module_of("6.1.0", depends)}}));
  KernelContents kernel;
  kernel.release = "6.1.0";
  const auto added = add_modules_from_deb(kernel, deb);
  ASSERT_FALSE(added.has_value());
  EXPECT_NE(added.error().message.find("more than 99 modules"), std::string::npos)
      << added.error().message;
}

}  // namespace
}  // namespace bpfmatrix::image
