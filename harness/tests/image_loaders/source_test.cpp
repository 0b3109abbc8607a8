// libbpf's source from folders and archives, its version, and what is kept of it.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/loader_source.h"
#include "tests/image_loaders/scratch.h"

namespace bpfmatrix::image {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const char* const kMap =
    "LIBBPF_0.0.1 {\n};\nLIBBPF_0.5.0 {\n} LIBBPF_0.0.1;\nLIBBPF_0.6.0 {\n};\n";
const char* const kMakefile =
    "LIBBPF_MAJOR_VERSION := 1\nLIBBPF_MINOR_VERSION := 1\nLIBBPF_PATCH_VERSION := 2\n";

SourceTree small_tree() {
  return {{"src/Makefile", "all:\n"},
          {"src/libbpf.c", "int x;\n"},
          {"src/libbpf.map", kMap},
          {"include/linux/types.h", "\n"}};
}

using Entries = std::vector<std::pair<std::string, std::string>>;

class Sources : public Scratch {
 protected:
  // "link:<path>" as content makes a symbolic link.
  fs::path make_tarball(const Entries& entries) {
    const fs::path path = folder() / "libbpf.orig.tar.gz";
    archive* out = archive_write_new();
    archive_write_add_filter_gzip(out);
    archive_write_set_format_pax_restricted(out);
    archive_write_open_filename(out, path.c_str());
    for (const auto& [name, content] : entries) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, name.c_str());
      const bool link = content.starts_with("link:");
      archive_entry_set_filetype(entry, link ? AE_IFLNK : AE_IFREG);
      if (link) archive_entry_set_symlink(entry, content.c_str() + 5);
      archive_entry_set_size(entry, link ? 0 : static_cast<la_int64_t>(content.size()));
      archive_entry_set_perm(entry, 0644);
      archive_write_header(out, entry);
      if (!link) archive_write_data(out, content.data(), content.size());
      archive_entry_free(entry);
    }
    archive_write_free(out);
    return path;
  }
  void write_tree(const SourceTree& files) {
    for (const auto& [path, content] : files) write(path, content);
  }
};

Entries entries_of(const SourceTree& files) {
  Entries entries;
  for (const auto& [path, content] : files) entries.emplace_back("libbpf-0.6/" + path, content);
  return entries;
}

TEST(LibbpfVersions, are_read_from_the_last_node_of_the_map) {
  const auto version = version_of(small_tree());
  ASSERT_TRUE(version);
  EXPECT_EQ(version->major, 0);
  EXPECT_EQ(version->minor, 6);
  EXPECT_FALSE(version->patch) << "the map names the version that last added a function";
  EXPECT_EQ(version->text(), "0.6.0");
}

TEST(LibbpfVersions, are_read_from_a_map_with_a_single_node) {
  SourceTree files = small_tree();
  files["src/libbpf.map"] = "LIBBPF_0.9.0 {\n};\n";
  EXPECT_EQ(version_of(files).value().minor, 9);
}

TEST(LibbpfVersions, have_the_patch_level_where_the_makefile_tells_it) {
  SourceTree files = small_tree();
  files["src/Makefile"] = kMakefile;
  EXPECT_EQ(version_of(files).value().text(), "1.1.2");
  files["src/Makefile"] = "LIBBPF_MAJOR_VERSION := $(firstword $(subst ., ,$(LIBBPF_VERSION)))\n";
  EXPECT_EQ(version_of(files).value().text(), "0.6.0");
}

TEST(LibbpfVersions, before_0_1_have_the_patch_level_of_the_map) {
  SourceTree files = small_tree();
  files["src/libbpf.map"] = "LIBBPF_0.0.1 {\n};\nLIBBPF_0.0.6 {\n} LIBBPF_0.0.1;\n";
  EXPECT_EQ(version_of(files).value().patch, 6);
}

TEST(LibbpfVersions, without_a_map_or_a_node_are_an_error) {
  SourceTree files = small_tree();
  files["src/libbpf.map"] = "{ global: *; };\n";
  EXPECT_FALSE(version_of(files));
  files.erase("src/libbpf.map");
  EXPECT_FALSE(version_of(files));
}

TEST(LibbpfVersions, have_two_or_three_numbers) {
  EXPECT_EQ(parse_libbpf_version("0.3").value().text(), "0.3.0");
  EXPECT_FALSE(parse_libbpf_version("0.3").value().patch);
  EXPECT_EQ(parse_libbpf_version("1.16.2").value().text(), "1.16.2");
  for (const char* wrong : {"", "1", "1.", "1.2.3.4", "1.x", "v1.2", "1.2-3", "-1.2", "1..2"})
    EXPECT_FALSE(parse_libbpf_version(wrong)) << wrong;
}

TEST(SourceDigest, changes_with_each_path_and_each_content) {
  const std::string digest = digest_of(small_tree());
  EXPECT_EQ(digest, digest_of(small_tree()));
  SourceTree changed = small_tree();
  changed["src/libbpf.c"] = "int y;\n";
  EXPECT_NE(digest, digest_of(changed));
  SourceTree renamed = small_tree();
  renamed.erase("src/libbpf.c");
  renamed["src/libbpf2.c"] = "int x;\n";
  EXPECT_NE(digest, digest_of(renamed));
  SourceTree more = small_tree();
  more["src/empty.h"] = "";
  EXPECT_NE(digest, digest_of(more));
}

TEST_F(Sources, a_tarball_loses_its_first_folder_and_what_the_build_does_not_read) {
  Entries entries = entries_of(small_tree());
  entries.emplace_back("libbpf-0.6/README.md", "hello");
  entries.emplace_back("libbpf-0.6/src/libbpf.o", "junk");
  const auto files = read_source_archive(make_tarball(entries));
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(*files, small_tree());
}

TEST_F(Sources, a_tarball_that_leads_out_of_its_folder_is_refused) {
  for (const char* path : {"libbpf-0.6/../../src/evil.c", "/etc/src/evil.c", "../src/evil.c"}) {
    Entries entries = entries_of(small_tree());
    entries.emplace_back(path, "x");
    const auto files = read_source_archive(make_tarball(entries));
    ASSERT_FALSE(files) << path;
    EXPECT_EQ(files.error().kind, base::ErrorKind::invalid_input);
    EXPECT_THAT(files.error().message, HasSubstr("leads out of the archive"));
  }
}

TEST_F(Sources, links_of_a_tarball_are_passed_over) {
  Entries entries = entries_of(small_tree());
  entries.emplace_back("libbpf-0.6/src/link.c", "link:/etc/passwd");
  EXPECT_EQ(read_source_archive(make_tarball(entries)).value(), small_tree());
}

TEST_F(Sources, what_is_no_archive_or_no_libbpf_is_refused) {
  EXPECT_FALSE(read_source_archive(write("x.tar.gz", "not an archive")));
  EXPECT_FALSE(read_source_archive(folder() / "absent.tar.gz"));
  const auto other = read_source_archive(make_tarball({{"zlib/src/Makefile", "all:\n"}}));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("not the source of libbpf"));
}

TEST_F(Sources, a_folder_is_read_without_the_objects_that_lie_about) {
  write_tree(small_tree());
  write("src/staticobjs/libbpf.o", "junk");
  write("src/libbpf.a", "junk");
  write("docs/index.md", "junk");
  EXPECT_EQ(read_source_folder(folder()).value(), small_tree());
  EXPECT_FALSE(read_source_folder(folder() / "docs"));
  EXPECT_FALSE(read_source_folder(folder() / "absent"));
}

class Checkouts : public Sources {
 protected:
  base::Result<LibbpfSource> fetch(const std::string& version) {
    AptRoot apt(folder() / "apt", {});
    const spec::LoaderEntry entry{"mine", "libbpf", version, spec::CheckoutLibbpf{folder()}, {}};
    return fetch_source(apt, entry, folder() / "scratch");
  }
};

TEST_F(Checkouts, are_digested_by_content_and_of_any_version_where_the_entry_has_none) {
  write_tree(small_tree());
  const auto source = fetch("");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->sha256, digest_of(small_tree()));
  write("src/libbpf.c", "int edited;\n");
  EXPECT_NE(fetch("").value().sha256, digest_of(small_tree()));
}

TEST_F(Checkouts, of_another_version_than_the_catalogue_says_are_refused) {
  write_tree(small_tree());
  EXPECT_TRUE(fetch("0.6"));
  EXPECT_TRUE(fetch("0.6.1")) << "a map does not tell patch levels";
  const auto wrong = fetch("0.7.0");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(wrong.error().message, HasSubstr("has libbpf 0.6.0, but the catalogue says 0.7.0"));
  write("src/Makefile", kMakefile);
  EXPECT_TRUE(fetch("1.1.2"));
  EXPECT_FALSE(fetch("1.1.1")) << "this Makefile does";
}

TEST(LockedNames, belong_to_the_entry_that_could_have_made_them) {
  const spec::LoaderEntry debian{"a", "libbpf", "1.1.2", spec::DebianLibbpf{"bookworm"}, {}};
  EXPECT_TRUE(name_is_of_entry("debian bookworm 1.1.2-0+deb12u1", debian));
  EXPECT_TRUE(name_is_of_entry("debian bookworm 1:1.1.2-1", debian));
  EXPECT_FALSE(name_is_of_entry("debian trixie 1.1.2-0+deb12u1", debian));
  EXPECT_FALSE(name_is_of_entry("debian bookworm 1.1.3-1", debian));
  EXPECT_FALSE(name_is_of_entry("crate libbpf-sys 1.1.2", debian));
  const spec::LoaderEntry crate{"b", "libbpf", "1.1.1", spec::CrateLibbpf{"1.1.0+v1.1.1"}, {}};
  EXPECT_TRUE(name_is_of_entry("crate libbpf-sys 1.1.0+v1.1.1", crate));
  EXPECT_FALSE(name_is_of_entry("crate libbpf-sys 1.1.0+v1.1.0", crate));
}

TEST_F(Sources, once_kept_are_had_again_until_they_are_changed) {
  const LibbpfSource source{small_tree(), "crate libbpf-sys 0.6.1", std::string(64, 'a')};
  EXPECT_FALSE(kept_source(folder(), source.sha256));
  ASSERT_TRUE(keep_source(folder(), source));
  EXPECT_EQ(kept_source(folder(), source.sha256), small_tree());
  write(source.sha256 + "/src/libbpf.c", "int edited;\n");
  EXPECT_FALSE(kept_source(folder(), source.sha256));
  ASSERT_TRUE(keep_source(folder(), source)) << "a changed one is written again";
  EXPECT_EQ(kept_source(folder(), source.sha256), small_tree());
  EXPECT_FALSE(kept_source(folder(), "../" + source.sha256));
}

}  // namespace
}  // namespace bpfmatrix::image
