#include "image/apt_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using testing::ElementsAre;

const std::string kDigest(64, 'a');
const std::string kOther(64, 'b');

std::string package(const std::string& name) {
  return "Package: " + name +
         "\nSource: linux (6.1.176-1)\nVersion: 6.1.176-1\nDescription: a kernel\n of two lines\n"
         "Filename: pool/main/l/linux/" +
         name + "_6.1.176-1_amd64.deb\nSize: 123\nSHA256: " + kDigest + "\n";
}

TEST(AptLists, paragraphs_are_found_wherever_the_pieces_are_cut) {
  const std::string text = "A: 1\nB: 2\n\nA: 3\n\n\nA: 4\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<std::string> seen;
    ParagraphSplitter splitter([&](std::string_view each) { seen.emplace_back(each); });
    splitter.feed(text.substr(0, cut));
    splitter.feed(text.substr(cut));
    splitter.finish();
    ASSERT_EQ(seen.size(), 3u) << cut;
    EXPECT_EQ(seen[0], "A: 1\nB: 2") << cut;
    EXPECT_EQ(field(seen[2], "A"), "4") << cut;
  }
}

TEST(AptLists, a_field_is_found_by_its_whole_name_with_its_following_lines) {
  constexpr std::string_view kText = "Package-List: x\nPackage: y\nFiles:\n a 1\n b 2\nLast: z";
  EXPECT_EQ(field(kText, "Package"), "y");
  EXPECT_EQ(field(kText, "Files"), "a 1\n b 2");
  EXPECT_EQ(field(kText, "Last"), "z");
  EXPECT_EQ(field(kText, "List"), "");
}

TEST(AptLists, packages_are_read_from_plain_and_compressed_lists) {
  const auto folder = test::make_folder();
  const std::string text = package("one") + "\n" + package("two");
  for (const char* filter : {"none", "lz4", "xz", "gzip", "zstd"}) {
    const auto file = test::put_file(folder.path() / filter, test::compress(text, filter));
    std::vector<std::string> names;
    const auto read = for_each_paragraph(file, [&](std::string_view each) {
      const auto found = parse_package(each, "bookworm-security");
      ASSERT_TRUE(found);
      EXPECT_EQ(found->version, "6.1.176-1");
      EXPECT_EQ(found->suite, "bookworm-security");
      EXPECT_EQ(found->size, 123u);
      EXPECT_EQ(found->sha256, kDigest);
      names.push_back(found->name);
    });
    ASSERT_TRUE(read) << filter << read.error().message;
    EXPECT_THAT(names, ElementsAre("one", "two")) << filter;
  }
}

TEST(AptLists, an_empty_list_has_no_paragraph_and_a_cut_one_is_an_error) {
  const auto folder = test::make_folder();
  int count = 0;
  const auto each = [&](std::string_view) { ++count; };
  EXPECT_TRUE(for_each_paragraph(test::put_file(folder.path() / "empty", ""), each));
  EXPECT_EQ(count, 0);
  std::string packed = test::compress(package("one") + package("two"), "xz");
  packed.resize(packed.size() / 2);
  EXPECT_FALSE(for_each_paragraph(test::put_file(folder.path() / "cut", packed), each));
}

TEST(AptLists, a_package_without_digest_size_or_a_plain_file_name_is_left_out) {
  EXPECT_TRUE(parse_package(package("x"), "s"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = package("x");
    text.replace(text.find(from), from.size(), to);
    return parse_package(text, "s");
  };
  EXPECT_FALSE(with("SHA256: " + kDigest, "SHA256: abc"));
  EXPECT_FALSE(with("Size: 123", "Size: 12x"));
  EXPECT_FALSE(with("Size: 123\n", ""));
  EXPECT_FALSE(with("Version:", "Revision:"));
  EXPECT_FALSE(with("x_6.1.176-1_amd64.deb", ".."));
}

TEST(AptLists, a_source_package_lists_its_files) {
  const std::string text =
      "Package: libbpf\nVersion: 1.1.2-0+deb12u1\nDirectory: pool/main/libb/libbpf\n"
      "Checksums-Sha256:\n " + kDigest + " 2000 libbpf_1.1.2.dsc\n " + kOther +
      " 900 libbpf_1.1.2.orig.tar.gz\nFormat: 3.0\n";
  const auto source = parse_source(text, "bookworm");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->version, "1.1.2-0+deb12u1");
  EXPECT_EQ(source->directory, "pool/main/libb/libbpf");
  ASSERT_EQ(source->files.size(), 2u);
  EXPECT_EQ(source->files[1].name, "libbpf_1.1.2.orig.tar.gz");
  EXPECT_EQ(source->files[1].sha256, kOther);
  EXPECT_EQ(source->files[1].size, 900u);
  std::string outside = text;
  outside.replace(outside.find("libbpf_1.1.2.orig"), 6, "../../");
  EXPECT_FALSE(parse_source(outside, "bookworm"));
}

}  // namespace
}  // namespace bpfmatrix::image
