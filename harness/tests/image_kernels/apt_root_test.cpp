#include "image/apt_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "image/apt_sources.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A root whose lists of `suite` are there and fresh, so that apt is not started.
class AptRootTest : public testing::Test {
 protected:
  AptRootTest() : folder_(test::make_folder()) {}
  void SetUp() override {
    if (!fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg"))
      GTEST_SKIP() << "the package debian-archive-keyring is not installed";
    const Mirrors mirrors = host_mirrors();
    state_ = folder_.path() / "state" /
             base::sha256_hex(mirrors.debian + "\n" + mirrors.security).substr(0, 12);
  }
  void put_list(const std::string& suite, const std::string& name, const std::string& middle,
                const std::string& text) {
    test::put_file(state_ / "lists" / ("mirror_debian_dists_" + suite + "_main_" + middle), text);
    test::put_file(state_ / (suite + "." + name + ".complete"), "");
  }
  static std::string package(const std::string& name, const std::string& version) {
    return "Package: " + name + "\nVersion: " + version + "\nFilename: pool/" + name +
           ".deb\nSize: 7\nSHA256: " + base::sha256_hex("content") + "\n\n";
  }
  static std::string source(const std::string& name, const std::string& version) {
    return "Package: " + name + "\nVersion: " + version +
           "\nDirectory: pool/x\nChecksums-Sha256:\n " + std::string(64, 'd') + " 9 " + name +
           ".dsc\n " + base::sha256_hex("content") + " 7 " + name + ".orig.tar.gz\n " +
           std::string(64, 'e') + " 5 " + name + ".orig.tar.gz.asc\n\n";
  }

  base::TemporaryFolder folder_;
  fs::path state_;
};

TEST_F(AptRootTest, packages_are_found_by_glob_in_their_own_suite) {
  put_list("trixie", "Packages", "binary-amd64_Packages.lz4",
           test::compress(package("linux-image-1-cloud-amd64", "6.12.1-1") +
                              package("linux-image-2-cloud-amd64", "6.12.2-1") +
                              package("bash", "5.2-1"),
                          "lz4"));
  put_list("trixie-backports", "Packages", "binary-amd64_Packages",
           package("linux-image-3-cloud-amd64", "7.3.4-1"));
  AptRoot apt(folder_.path(), {{"trixie", "debian"}, {"trixie-backports", "debian"}});
  const auto found = apt.find("trixie", "linux-*-cloud-amd64");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[1].version, "6.12.2-1");
  EXPECT_EQ((*found)[1].suite, "trixie");
  const auto other = apt.find("trixie-backports", "linux-*-cloud-amd64");
  ASSERT_TRUE(other) << other.error().message;
  ASSERT_EQ(other->size(), 1u);
  EXPECT_EQ(other->front().version, "7.3.4-1");
  EXPECT_THAT(*apt.find("trixie", "no-such-*"), IsEmpty());
  EXPECT_THAT(apt.missing_suites(), IsEmpty());
}

TEST_F(AptRootTest, a_lookup_is_remembered_and_does_not_read_the_list_again) {
  put_list("trixie", "Packages", "binary-amd64_Packages", package("one", "1"));
  AptRoot apt(folder_.path(), {{"trixie", "debian"}});
  ASSERT_EQ(apt.find("trixie", "one")->size(), 1u);
  put_list("trixie", "Packages", "binary-amd64_Packages", package("two", "1"));
  EXPECT_EQ(apt.find("trixie", "one")->size(), 1u);
  EXPECT_EQ(apt.find("trixie", "two")->size(), 1u);
}

TEST_F(AptRootTest, the_newest_source_counts_and_one_that_is_not_there_is_unavailable) {
  put_list("sid", "Sources", "source_Sources",
           source("libbpf", "1:1.5.0-2") + source("libbpf", "1:1.7.0-1") +
               source("libbpf", "1:1.6.0-9") + source("libbpf-tools", "9"));
  AptRoot apt(folder_.path(), {{"sid", "debian"}});
  const auto found = apt.find_source("sid", "libbpf");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->version, "1:1.7.0-1");
  const auto none = apt.find_source("sid", "libbp");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unavailable);
}

TEST_F(AptRootTest, a_file_that_is_there_and_right_is_not_fetched_again) {
  put_list("trixie", "Packages", "binary-amd64_Packages", package("one", "1"));
  put_list("trixie", "Sources", "source_Sources", source("libbpf", "1"));
  AptRoot apt(folder_.path(), {{"trixie", "debian"}});
  test::put_file(folder_.path() / "got/one.deb", "content");
  test::put_file(folder_.path() / "got/libbpf.orig.tar.gz", "content");
  const auto deb = apt.download(apt.find("trixie", "one")->front(), folder_.path() / "got");
  ASSERT_TRUE(deb) << deb.error().message;
  EXPECT_EQ(*deb, folder_.path() / "got/one.deb");
  const auto upstream =
      apt.download_upstream("libbpf", *apt.find_source("trixie", "libbpf"), folder_.path() / "got");
  ASSERT_TRUE(upstream) << upstream.error().message;
  EXPECT_EQ(*upstream, folder_.path() / "got/libbpf.orig.tar.gz");
}

TEST_F(AptRootTest, a_source_without_an_upstream_tarball_is_unavailable) {
  AptRoot apt(folder_.path(), {{"trixie", "debian"}});
  SourcePackage source{.version = "1", .suite = "trixie", .directory = "pool"};
  source.files = {{"x.dsc", std::string(64, 'a'), 1},
                  {"x.orig.tar.gz.asc", std::string(64, 'a'), 1}};
  const auto upstream = apt.download_upstream("x", source, folder_.path());
  ASSERT_FALSE(upstream);
  EXPECT_EQ(upstream.error().kind, ErrorKind::unavailable);
}

TEST_F(AptRootTest, a_suite_that_the_catalogue_does_not_name_is_unavailable) {
  AptRoot apt(folder_.path(), {{"trixie", "debian"}});
  const auto found = apt.find("forky", "linux-*");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(found.error().message, HasSubstr("forky"));
}

TEST_F(AptRootTest, the_configuration_keeps_to_its_folder_and_runs_no_hook_of_the_host) {
  AptRoot apt(folder_.path(), {{"trixie", "debian"}});
  ASSERT_TRUE(apt.update());
  const std::string text = *base::read_file(folder_.path() / "apt.conf");
  for (const char* setting : {"Dir::State ", "Dir::State::lists ", "Dir::State::status ",
                              "Dir::Cache ", "Dir::Etc::sourcelist "})
    EXPECT_THAT(text, HasSubstr(setting + ("\"" + folder_.path().string() + "/")));
  EXPECT_THAT(text, HasSubstr("#clear APT::Update;"));
  EXPECT_EQ(*base::read_file(folder_.path() / "status"), "");
}

TEST_F(AptRootTest, suites_that_could_write_another_line_into_the_sources_are_refused) {
  for (const spec::SuiteEntry& suite : std::vector<spec::SuiteEntry>{
           {"trixie main\ndeb http://x y", "debian"}, {"", "debian"}, {"trixie", "ubuntu"}}) {
    AptRoot apt(folder_.path(), {suite});
    const auto ready = apt.update();
    ASSERT_FALSE(ready) << suite.name;
    EXPECT_EQ(ready.error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(apt.update().error().message, ready.error().message);
  }
  AptRoot quoted(folder_.path() / "a\"b", {{"trixie", "debian"}});
  EXPECT_FALSE(quoted.update());
}

}  // namespace
}  // namespace bpfmatrix::image
