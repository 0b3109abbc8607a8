#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/deb_archive.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using test::Entry;

Want everything(std::string_view) {
  return Want::yes;
}

base::Result<std::map<std::string, std::string>> read_entries(const std::vector<Entry>& entries,
                                                              const Wanted& wanted = everything,
                                                              const ArchiveLimits& limits = {},
                                                              const std::string& filter = "xz") {
  const auto folder = test::make_folder();
  return read_deb(test::put_file(folder.path() / "x.deb", test::make_deb(entries, filter)), wanted,
                  limits);
}

std::string refusal(const base::Result<std::map<std::string, std::string>>& result) {
  if (result) return "taken";
  EXPECT_EQ(result.error().kind, ErrorKind::invalid_input);
  return result.error().message;
}

TEST(DebArchive, wanted_files_are_read_from_every_compression) {
  for (const char* filter : {"xz", "zstd", "gzip", "none"}) {
    const auto files = read_entries(
        {{"./boot/", "", 'd'}, {"./boot/vmlinuz-1", "kernel"}, {"./boot/config-1", "config"}},
        [](std::string_view path) { return path == "boot/vmlinuz-1" ? Want::yes : Want::no; }, {},
        filter);
    ASSERT_TRUE(files) << filter << ": " << files.error().message;
    EXPECT_THAT(*files, ElementsAre(testing::Pair("boot/vmlinuz-1", "kernel"))) << filter;
  }
}

TEST(DebArchive, links_and_devices_are_passed_over) {
  std::vector<std::string> asked;
  const auto files = read_entries({{"./boot/vmlinuz-1", "", 'l', "/etc/passwd"},
                                   {"./boot/config-1", "x"},
                                   {"./boot/hard", "", 'h', "./boot/config-1"},
                                   {"./boot/null", "", 'c'},
                                   {"./boot", "", 'd'}},
                                  [&](std::string_view path) {
                                    asked.emplace_back(path);
                                    return Want::yes;
                                  });
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_THAT(asked, ElementsAre("boot/config-1"));
  EXPECT_EQ(files->size(), 1u);
}

TEST(DebArchive, paths_that_lead_elsewhere_are_refused_even_when_not_wanted) {
  const auto nothing = [](std::string_view) { return Want::no; };
  EXPECT_THAT(refusal(read_entries({{"/boot/vmlinuz", "x"}}, nothing)), HasSubstr("absolute"));
  EXPECT_THAT(refusal(read_entries({{"./../boot", "x"}}, nothing)), HasSubstr("leads out"));
  EXPECT_THAT(refusal(read_entries({{"a/../../b", "x"}}, nothing)), HasSubstr("leads out"));
  EXPECT_THAT(refusal(read_entries({{"a/..", "x"}}, nothing)), HasSubstr("leads out"));
  EXPECT_TRUE(read_entries({{"a/..b/c..", "x"}}, nothing));
}

TEST(DebArchive, limits_on_entries_sizes_and_totals_hold) {
  const std::vector<Entry> three = {{"a", "1234"}, {"b", "1234"}, {"c", "1234"}};
  EXPECT_TRUE(read_entries(three, everything, {.entries = 3, .file = 4, .total = 12}));
  EXPECT_THAT(refusal(read_entries(three, everything, {.entries = 2})),
              HasSubstr("more than 2 entries"));
  EXPECT_THAT(refusal(read_entries(three, everything, {.file = 3})), HasSubstr("a has 4 bytes"));
  EXPECT_THAT(refusal(read_entries(three, everything, {.total = 11})),
              HasSubstr("more than 11 bytes"));
}

TEST(DebArchive, a_bomb_is_refused_by_its_ratio) {
  const std::vector<Entry> bomb = {{"a", std::string(4 << 20, '\0')}, {"b", "x"}};
  const ArchiveLimits limits{.ratio = 100, .ratio_from = 1 << 20};
  EXPECT_THAT(refusal(read_entries(bomb, everything, limits)), HasSubstr("unpack to more than"));
  const auto skip = [](std::string_view) { return Want::no; };
  EXPECT_THAT(refusal(read_entries(bomb, skip, limits)), HasSubstr("unpack to more than"));
  EXPECT_TRUE(read_entries(bomb, everything, {.ratio = 100, .ratio_from = 64 << 20}));
  EXPECT_TRUE(read_entries(bomb, everything, limits, "none"));
}

TEST(DebArchive, reading_stops_where_no_more_is_wanted) {
  const auto files = read_entries({{"a", "1"}, {"b", "2"}, {"c", "3"}}, [](std::string_view path) {
    return path == "a" ? Want::yes : Want::no_more;
  });
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre(testing::Pair("a", "1")));
}

TEST(DebArchive, what_is_no_package_or_is_cut_off_is_refused) {
  const auto folder = test::make_folder();
  const auto read = [&](const std::string& bytes) {
    return refusal(read_deb(test::put_file(folder.path() / "x.deb", bytes), everything));
  };
  EXPECT_THAT(read("text"), HasSubstr("x.deb"));
  EXPECT_THAT(read(test::make_tar({{"a", "x"}}, "xz")), HasSubstr("x.deb"));
  EXPECT_THAT(read("!<arch>\n"), HasSubstr("no data.tar"));
  // Bytes that do not compress: half of the package is half of the file.
  std::string noise(100'000, '\0');
  unsigned state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1103515245 + 12345) >> 16);
  std::string cut = test::make_deb({{"a", noise}});
  cut.resize(cut.size() / 2);
  EXPECT_NE(read(cut), "taken");
  EXPECT_FALSE(read_deb(folder.path() / "absent.deb", everything));
}

TEST(Decompress, gives_the_content_of_every_compression_and_of_none) {
  const std::string content = test::make_module_of("6.1.0", "virtio");
  for (const char* filter : {"xz", "zstd", "gzip", "lz4", "none"}) {
    const auto bytes = decompress(test::compress(content, filter));
    ASSERT_TRUE(bytes) << filter << ": " << bytes.error().message;
    EXPECT_EQ(*bytes, content) << filter;
  }
}

TEST(Decompress, stops_at_its_limit_and_at_damage) {
  const std::string packed = test::compress(std::string(1000, 'x'), "xz");
  EXPECT_TRUE(decompress(packed, {.file = 1000}));
  EXPECT_FALSE(decompress(packed, {.file = 999}));
  EXPECT_FALSE(decompress(packed.substr(0, packed.size() - 20)));
}

}  // namespace
}  // namespace bpfmatrix::image
