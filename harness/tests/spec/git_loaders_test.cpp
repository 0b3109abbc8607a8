// Loaders from git: one revision, or all tags that a glob asks for. The tags are made up here.
#include "spec/git_loaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scratch.h"

namespace bpfmatrix::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRest = "programs: [trivial]\nmodes: [{level: 0, buffer: none}]\n";

class GitLoadersOfAMatrix : public ::testing::Test {
 protected:
  base::Result<Matrix> parse(const std::string& loaders) {
    const auto list = [this](const std::string& repository) {
      asked_.push_back(repository);
      return tags_;
    };
    return parse_matrix(
        scratch_.write("sub/m.yaml", "kernels: [debian-6.1]\nloaders: " + loaders + "\n" + kRest),
        three_kernels(), three_loaders(), {}, list);
  }
  std::vector<std::string> mistakes_in(const std::string& loaders) {
    const auto matrix = parse(loaders);
    if (matrix) return {};
    auto told = lines(matrix.error(), scratch_);
    for (auto& line : told) line.erase(0, std::string("sub/m.yaml:2:").size());
    return told;
  }
  std::vector<std::string> ids_of(const std::string& loaders) {
    const auto matrix = parse(loaders);
    EXPECT_TRUE(matrix) << matrix.error().message;
    std::vector<std::string> ids;
    if (matrix)
      for (const auto& loader : matrix->loader_entries) ids.push_back(loader.id);
    return ids;
  }
  Scratch scratch_;
  std::vector<std::string> asked_;
  base::Result<std::vector<std::string>> tags_ = std::vector<std::string>{
      "v0.10.0", "v0.9.0", "v0.3", "nightly", "v1.0.0", "v1.0.1-rc1", "vmtest", "v1.0.1"};
};

TEST_F(GitLoadersOfAMatrix, name_a_revision_and_a_repository_beside_the_matrix) {
  const auto matrix = parse("[raw, {id: dev, git: ../libbpf, rev: v1.2.2}]");
  ASSERT_TRUE(matrix) << matrix.error().message;
  ASSERT_EQ(matrix->loader_entries.size(), 1u);
  const LoaderEntry& loader = matrix->loader_entries[0];
  EXPECT_EQ(loader.id, "dev");
  EXPECT_EQ(loader.kind, "libbpf");
  EXPECT_EQ(loader.version, "") << "it is read from the source";
  const auto& git = std::get<GitLibbpf>(loader.source);
  EXPECT_EQ(git.repository, scratch_.path("libbpf").string());
  EXPECT_EQ(git.revision, "v1.2.2");
  EXPECT_THAT(matrix->loaders, ::testing::UnorderedElementsAre("raw", "dev"));
  EXPECT_TRUE(asked_.empty()) << "a revision needs no list of tags";
}

TEST_F(GitLoadersOfAMatrix, keep_a_url_as_it_is_written) {
  const auto matrix = parse("[{id: dev, git: \"https://host/a/../libbpf.git\", rev: main}]");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(std::get<GitLibbpf>(matrix->loader_entries[0].source).repository,
            "https://host/a/../libbpf.git");
}

TEST_F(GitLoadersOfAMatrix, of_a_family_are_the_tags_that_match_oldest_first) {
  EXPECT_THAT(ids_of("[raw, {git: ../libbpf, tags: \"v*\"}]"),
              ElementsAre("libbpf-git-0.3", "libbpf-0.9.0", "libbpf-0.10.0", "libbpf-1.0.0",
                          "libbpf-1.0.1"))
      << "libbpf-0.3 is one of the catalogue; nightly, vmtest and the candidate are not meant";
  EXPECT_THAT(asked_, ElementsAre(scratch_.path("libbpf").string()));
}

TEST_F(GitLoadersOfAMatrix, of_a_family_can_be_named_by_globs_and_rules) {
  const auto matrix = parse("[{git: ../libbpf, tags: \"v1.*\"}, \"libbpf-1.0.*\"]\n"
                            "exclude: [{loader: libbpf-1.0.1, reason: slow}]");
  ASSERT_TRUE(matrix) << matrix.error().message;
}

TEST_F(GitLoadersOfAMatrix, of_a_family_leave_ids_to_those_that_are_written_below) {
  EXPECT_THAT(ids_of("[{git: ../libbpf, tags: v1.0.0}, "
                     "{id: libbpf-1.0.0, version: 1.0.0, checkout: ../mine}]"),
              ElementsAre("libbpf-git-1.0.0", "libbpf-1.0.0"))
      << "in the order in which they stand";
}

TEST_F(GitLoadersOfAMatrix, take_release_candidates_where_the_glob_names_them) {
  EXPECT_THAT(ids_of("[{git: ../libbpf, tags: \"v1.0.1-rc*\"}]"), ElementsAre("libbpf-1.0.1-rc1"));
}

TEST_F(GitLoadersOfAMatrix, tell_every_mistake_at_its_place) {
  EXPECT_THAT(
      mistakes_in("[{id: a, git: ../libbpf}, {id: b, git: ../libbpf, rev: x, tags: y}]"),
      ElementsAre("11: \"git\" goes with one of \"rev\" and \"tags\"",
                  "36: \"git\" goes with one of \"rev\" and \"tags\""));
  EXPECT_THAT(mistakes_in("[{git: ../libbpf, rev: v1.0.0}]"),
              ElementsAre("11: a loader of the matrix has no \"id\""));
  EXPECT_THAT(mistakes_in("[{id: a, git: ../libbpf, tags: v1.0.0}]"),
              ElementsAre(HasSubstr("16: \"tags\" stands for several loaders")));
  EXPECT_THAT(mistakes_in("[{id: a, version: 1.0.0, git: ../libbpf, rev: v1.0.0}]"),
              ElementsAre("28: the version of a git source is read from the source"));
  EXPECT_THAT(mistakes_in("[{id: a, version: 1.0.0, checkout: ../libbpf, rev: v1.0.0}]"),
              ElementsAre("61: \"rev\" goes with \"git\""));
  EXPECT_THAT(mistakes_in("[{id: a, checkout: ../b, git: ../libbpf, rev: v1.0.0}]"),
              ElementsAre("29: a loader of the matrix has one of \"checkout\" and \"git\""));
  EXPECT_THAT(mistakes_in("[{git: ../libbpf, tags: nightly}]"),
              ElementsAre("34: tag \"nightly\" is no version such as v1.2.2: give it a loader of "
                          "its own, with \"id\" and \"rev\""));
  EXPECT_THAT(mistakes_in("[{git: ../libbpf, tags: v1.0.0}, {git: ../b, tags: v1.0.0}, "
                          "{git: ../c, tags: v1.0.0}]"),
              ElementsAre(HasSubstr("88: tag \"v1.0.0\": both libbpf-1.0.0 and libbpf-git-1.0.0 "
                                    "are taken")));
}

TEST_F(GitLoadersOfAMatrix, tell_a_glob_that_matches_no_tag) {
  EXPECT_THAT(mistakes_in("[{git: ../libbpf, tags: \"v2.*\"}]"),
              ElementsAre(::testing::AllOf(HasSubstr("34: \"v2.*\" matches no tag of"),
                                           HasSubstr("the last of its 8 is"))));
  tags_ = std::vector<std::string>{};
  EXPECT_THAT(mistakes_in("[{git: ../libbpf, tags: \"v2.*\"}]"),
              ElementsAre(HasSubstr("it has none")));
}

TEST_F(GitLoadersOfAMatrix, refuse_what_git_would_take_for_an_option_or_a_program) {
  for (const char* hostile :
       {"--upload-pack=touch /tmp/x", "ext::sh -c id", "host:path", "ftp://host/x", "fd::17",
        "ssh://-oProxyCommand=x/y", "https://", "https://user:word@host/x"}) {
    const auto told = mistakes_in("[{id: a, git: \"" + std::string(hostile) + "\", rev: x}]");
    ASSERT_EQ(told.size(), 1u) << hostile;
    EXPECT_THAT(told[0], ::testing::StartsWith("24: \"git\" is")) << hostile;
  }
  for (const char* hostile : {"-x", "--output=x", "a..b", "a:b", "a b", "x^{tree}", "/x", "a*"}) {
    const auto told = mistakes_in("[{id: a, git: ../x, rev: \"" + std::string(hostile) + "\"}]");
    ASSERT_EQ(told.size(), 1u) << hostile;
    EXPECT_THAT(told[0], HasSubstr("\"rev\" is")) << hostile;
  }
  EXPECT_TRUE(asked_.empty());
}

TEST_F(GitLoadersOfAMatrix, of_a_family_that_cannot_be_listed_are_one_entry_for_all) {
  tags_ = base::fail(base::ErrorKind::unavailable, "no such host");
  EXPECT_THAT(ids_of("[{git: ../libbpf, tags: \"v0.*\"}, {git: ../libbpf, tags: \"v1.*\"}, "
                     "\"libbpf-0.9.0\"]"),
              ElementsAre("libbpf-git-unlisted", "libbpf-git-unlisted-2"))
      << "a glob may have meant one of them, and is no mistake";
}

TEST(Repositories, are_urls_of_five_kinds_or_paths) {
  for (const char* good : {"https://github.com/libbpf/libbpf", "ssh://git@host/x.git",
                           "file:///srv/libbpf", "git://host/x", "http://[::1]:80/x",
                           "../libbpf", "/srv/a b/libbpf.git", "libbpf", "./x:y", "a/b:c"})
    EXPECT_TRUE(is_repository(good)) << good;
  for (const char* bad : {"", "-x", "git@host:x", "a\nb", "ext::x", "https://a b", "HTTP://x/y"})
    EXPECT_FALSE(is_repository(bad)) << bad;
}

TEST(VersionsInTags, are_two_or_three_numbers_behind_an_optional_v) {
  EXPECT_EQ(version_in_tag("v1.2.2"), "1.2.2");
  EXPECT_EQ(version_in_tag("0.2"), "0.2");
  EXPECT_EQ(version_in_tag("v1.5.0-rc1"), "1.5.0");
  for (const char* none : {"", "v", "v1", "nightly", "v1.2.3.4", "release-1.2", "v1..2"})
    EXPECT_FALSE(version_in_tag(none)) << none;
}

TEST(GlobsOverTags, mean_odd_tags_only_where_they_say_so) {
  EXPECT_TRUE(glob_asks_for_tag("v1.*", "v1.5.0"));
  EXPECT_FALSE(glob_asks_for_tag("v1.*", "v1.5.0-rc1"));
  EXPECT_TRUE(glob_asks_for_tag("v1.*-rc*", "v1.5.0-rc1"));
  EXPECT_FALSE(glob_asks_for_tag("v1.[0-9]*", "v1.5.0-rc1")) << "a range is no name of it";
  EXPECT_FALSE(glob_asks_for_tag("*", "nightly"));
  EXPECT_FALSE(glob_asks_for_tag("v*", "vmtest"));
  EXPECT_TRUE(glob_asks_for_tag("night*", "nightly"));
}

TEST(GitLoadersOfTheCatalogue, are_sorted_by_their_tags_with_branches_last) {
  Scratch scratch;
  const auto catalogue = read_loader_catalogue(scratch.write("l.yaml", R"(loaders:
  - {id: raw, raw: {}}
  - {git: "https://host/libbpf", tags: "v*"}
  - {id: dev, git: "https://host/libbpf", rev: master}
  - {id: libbpf-1.1.2, version: 1.1.2, debian: {suite: bookworm}}
)"),
                                               [](const std::string&) {
                                                 return std::vector<std::string>{"v1.1.2", "v0.2"};
                                               });
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  std::vector<std::string> ids;
  for (const auto& loader : catalogue->loaders) ids.push_back(loader.id);
  EXPECT_THAT(ids, ElementsAre("raw", "libbpf-0.2", "libbpf-1.1.2", "libbpf-git-1.1.2", "dev"));
  EXPECT_FALSE(catalogue->partial);
}

TEST(GitLoadersOfTheCatalogue, that_cannot_be_listed_make_it_partial) {
  Scratch scratch;
  const auto catalogue = read_loader_catalogue(
      scratch.write("l.yaml", "loaders: [{git: \"https://host/libbpf\", tags: \"v*\"}]\n"));
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_TRUE(catalogue->partial);
  const auto matrix = parse_matrix(
      scratch.write("m.yaml", std::string("kernels: [debian-6.1]\nloaders: [libbpf-1.0.0]\n") +
                                  kRest),
      three_kernels(), *catalogue, {});
  EXPECT_TRUE(matrix) << matrix.error().message;
}

}  // namespace
}  // namespace bpfmatrix::spec
