#include "image/apt_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AptSources, one_line_format_is_read_with_options_and_comments) {
  const auto found = parse_sources_list(
      "# deb http://old.example/debian bookworm main\n"
      "deb [ arch=amd64 signed-by=/x.gpg ] http://a.example/debian/ bookworm main contrib # ours\n"
      "deb-src http://a.example/debian bookworm main\n"
      "\n"
      "deb\thttp://b.example/debian-security bookworm-security main\n"
      "deb [ arch=amd64 http://broken.example/debian bookworm main\n"
      "deb http://c.example/debian\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].uri, "http://a.example/debian/");
  EXPECT_EQ(found[0].suite, "bookworm");
  EXPECT_THAT(found[0].components, ElementsAre("main", "contrib"));
  EXPECT_EQ(found[1].uri, "http://b.example/debian-security");
  EXPECT_EQ(found[1].suite, "bookworm-security");
}

TEST(AptSources, deb822_format_is_read_with_comments_inside_and_lists_over_lines) {
  const auto found = parse_deb822_sources(
      "Types: deb deb-src\n"
      "URIs: http://a.example/debian\n"
      "# a snapshot: http://snap.example/debian\n"
      " http://b.example/debian\n"
      "Suites: bookworm bookworm-updates\n"
      "Components: main non-free\n"
      "\n"
      "Types: deb-src\n"
      "URIs: http://c.example/debian\n"
      "Suites: bookworm\n"
      "Components: main\n"
      " \n"
      "Enabled: no\n"
      "Types: deb\n"
      "URIs: http://d.example/debian\n"
      "Suites: bookworm\n"
      "Components: main\n"
      "\n"
      "enabled: yes\n"
      "types: deb\n"
      "uris: http://e.example/debian-security\n"
      "suites: bookworm-security\n"
      "components: main");
  std::vector<std::string> seen;
  for (const auto& each : found) seen.push_back(each.uri + " " + each.suite);
  EXPECT_THAT(
      seen,
      ElementsAre("http://a.example/debian bookworm", "http://a.example/debian bookworm-updates",
                  "http://b.example/debian bookworm", "http://b.example/debian bookworm-updates",
                  "http://e.example/debian-security bookworm-security"));
  EXPECT_THAT(found[0].components, ElementsAre("main", "non-free"));
}

TEST(AptSources, the_first_debian_mirror_of_each_kind_is_chosen) {
  const std::vector<AptSource> sources = {
      {"https://a.example/debian", "bookworm", {"main"}},
      {"https://b.example/debian", "bookworm-updates", {"main"}},
      {"https://a.example/debian-security", "bookworm-security", {"main"}},
      {"https://b.example/debian-security", "bookworm-security", {"main"}}};
  const Mirrors mirrors = choose_mirrors(sources);
  EXPECT_EQ(mirrors.debian, "https://a.example/debian");
  EXPECT_EQ(mirrors.security, "https://a.example/debian-security");
}

TEST(AptSources, third_parties_that_come_first_are_not_taken_for_debian) {
  const std::vector<AptSource> sources = {
      {"https://download.example/linux/debian", "bookworm", {"stable"}},
      {"https://packages.example/debian/12/prod", "bookworm", {"main"}},
      {"https://apt.example", "bookworm", {"main"}},
      {"https://deb.example/node_20.x", "nodistro", {"main"}},
      {"http://archive.example/ubuntu", "jammy-security", {"main"}},
      {"cdrom:[Debian 12]/", "bookworm", {"main"}},
      {"http://mirror.example/debian/", "bookworm", {"main", "contrib"}}};
  const Mirrors mirrors = choose_mirrors(sources);
  EXPECT_EQ(mirrors.debian, "http://mirror.example/debian/");
  EXPECT_EQ(mirrors.security, "http://mirror.example/debian-security");
}

TEST(AptSources, a_security_archive_is_known_by_its_suite_or_its_place) {
  EXPECT_EQ(choose_mirrors(
                std::vector<AptSource>{{"http://mirror.example/x", "bullseye-security", {"main"}}})
                .security,
            "http://mirror.example/x");
  EXPECT_EQ(choose_mirrors(
                std::vector<AptSource>{{"http://security.example/", "buster/updates", {"main"}}})
                .security,
            "http://security.example/");
  EXPECT_EQ(
      choose_mirrors(std::vector<AptSource>{{"http://mirror.example/debian", "bookworm", {"main"}}})
          .security,
      "http://mirror.example/debian-security");
}

TEST(AptSources, snapshots_and_files_are_mirrors_too) {
  EXPECT_EQ(choose_mirrors(
                std::vector<AptSource>{
                    {"http://other.example/proxy-debian", "bookworm", {"main"}},
                    {"http://snap.example/archive/debian/20250520T000000Z/", "bookworm", {"main"}}})
                .debian,
            "http://snap.example/archive/debian/20250520T000000Z/");
  EXPECT_EQ(choose_mirrors(std::vector<AptSource>{{"file:/srv/debian", "trixie", {"main"}}}).debian,
            "file:/srv/debian");
}

TEST(AptSources, without_any_source_there_is_no_mirror) {
  const Mirrors mirrors = choose_mirrors({});
  EXPECT_EQ(mirrors.debian, "");
  EXPECT_EQ(mirrors.security, "");
}

TEST(AptSources, of_two_archives_the_one_that_is_not_named_lies_beside_the_other) {
  const Mirrors one =
      choose_mirrors(std::vector<AptSource>{{"http://m.example/debian/", "bookworm", {"main"}}});
  EXPECT_EQ(one.security, "http://m.example/debian-security");
  const Mirrors other = choose_mirrors(
      std::vector<AptSource>{{"http://m.example/debian-security", "bookworm-security", {"main"}}});
  EXPECT_EQ(other.debian, "http://m.example/debian");
}

TEST(AptSources, the_host_folder_is_read_in_the_order_of_apt_and_other_files_are_left_out) {
  const auto folder = test::make_folder();
  const auto parts = folder.path() / "sources.list.d";
  test::put_file(parts / "z.list", "deb http://z.example/debian bookworm main\n");
  test::put_file(parts / "b.sources",
                 "Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\nComponents: main\n");
  test::put_file(parts / "a.list.disabled", "deb http://a.example/debian bookworm main\n");
  EXPECT_EQ(host_mirrors(folder.path()).debian, "http://b.example/debian");
  test::put_file(folder.path() / "sources.list", "deb http://first.example/debian bookworm main\n");
  EXPECT_EQ(host_mirrors(folder.path()).debian, "http://first.example/debian");
  EXPECT_EQ(host_mirrors(folder.path() / "nothing").debian, Mirrors().debian);
}

}  // namespace
}  // namespace bpfmatrix::image
