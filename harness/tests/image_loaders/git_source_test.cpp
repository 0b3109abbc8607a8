// Sources from git repositories made here: revisions, tags, what the lock keeps, what is refused.
#include "image/git_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "image/loader_provider.h"
#include "tests/image_loaders/scratch.h"

namespace bpfmatrix::image {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Stands in for libbpf; says which version it is.
const char* const kMakefile =
    "all: $(OBJDIR)/libbpf.a\n"
    "$(OBJDIR)/libbpf.a: libbpf.c\n"
    "\tcc $(CFLAGS) -c libbpf.c -o $(OBJDIR)/libbpf.o && ar rcs $@ $(OBJDIR)/libbpf.o\n"
    "install: all\n"
    "\tmkdir -p $(DESTDIR)$(LIBDIR) $(DESTDIR)$(PREFIX)/include/bpf\n"
    "\tcp $(OBJDIR)/libbpf.a $(DESTDIR)$(LIBDIR)\n"
    "\techo 'const char* version(void);' > $(DESTDIR)$(PREFIX)/include/bpf/libbpf.h\n"
    "install_uapi_headers:\n";
const char* const kMain =
    "#include <bpf/libbpf.h>\n"
    "long __wrap_syscall(long number, ...) { return number; }\n"
    "int main(void) { return *version() + BPFM_LIBBPF_PATCH; }\n";

class GitSources : public Scratch {
 protected:
  void SetUp() override {
    git({"init", "--quiet", "--initial-branch=main", repository_.string()});
    commit("0.6.0", "first");
    tag("v0.6.1");
  }
  std::string git(std::vector<std::string> arguments) {
    base::CommandOptions command;
    command.argv = {"git", "-c", "user.name=Test", "-c", "user.email=test@example.org"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_NOSYSTEM", "1"}};
    auto out = base::run_checked(command);
    EXPECT_TRUE(out) << out.error().message;
    if (!out) return {};
    while (out->ends_with('\n')) out->pop_back();
    return *out;
  }
  std::string in_repository(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-C", repository_.string()});
    return git(std::move(arguments));
  }
  // Returns the new commit. `map` is the version in libbpf.map.
  std::string commit(const std::string& map, const std::string& text) {
    write("libbpf/src/Makefile", kMakefile);
    write("libbpf/src/libbpf.c", "const char* version(void) { return \"" + text + "\"; }\n");
    write("libbpf/src/libbpf.map", "LIBBPF_" + map + " {\n};\n");
    write("libbpf/include/linux/types.h", "\n");
    in_repository({"add", "."});
    in_repository({"commit", "--quiet", "-m", text});
    return in_repository({"rev-parse", "HEAD"});
  }
  void tag(const std::string& name) { in_repository({"tag", "-a", "-m", name, name}); }

  base::Result<LibbpfSource> fetch(const std::string& revision, const std::string& locked = "") {
    return fetch_at(repository_.string(), revision, locked);
  }
  base::Result<LibbpfSource> fetch_at(const std::string& repository, const std::string& revision,
                                      const std::string& locked = "") {
    return fetch_git_source(workspace_.git(), {repository, revision, ""},
                            locked.empty() ? std::nullopt : std::optional(locked),
                            folder() / "scratch");
  }
  static std::string text_of(const LibbpfSource& source) {
    const std::string& code = source.files.at("src/libbpf.c");
    return code.substr(code.find('"') + 1, code.rfind('"') - code.find('"') - 1);
  }

  fs::path repository_ = folder() / "libbpf";
  Workspace workspace_{folder() / "workspace"};
};

TEST_F(GitSources, are_had_by_tag_branch_and_commit) {
  const std::string first = in_repository({"rev-parse", "HEAD"});
  const std::string second = commit("0.7.0", "second");
  for (const std::string& revision : {std::string("v0.6.1"), first, first.substr(0, 10)}) {
    const auto source = fetch(revision);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(text_of(*source), "first") << revision;
    EXPECT_EQ(source->name, "git " + repository_.string() + " " + revision + " " + first);
    EXPECT_EQ(source->sha256, digest_of(source->files));
  }
  for (const char* revision : {"main", "HEAD"}) {
    const auto source = fetch(revision);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(text_of(*source), "second") << revision;
    EXPECT_THAT(source->name, ::testing::EndsWith(second));
  }
}

TEST_F(GitSources, are_had_from_a_bare_repository_and_by_url) {
  const fs::path bare = folder() / "bare folder.git";
  git({"clone", "--quiet", "--bare", repository_.string(), bare.string()});
  EXPECT_EQ(text_of(fetch_at(bare.string(), "v0.6.1").value()), "first");
  EXPECT_EQ(text_of(fetch_at("file://" + repository_.string(), "v0.6.1").value()), "first");
}

TEST_F(GitSources, do_not_hold_what_is_not_committed) {
  write("libbpf/src/libbpf.c", "int edited;\n");
  EXPECT_EQ(text_of(fetch("main").value()), "first");
}

TEST_F(GitSources, run_neither_hooks_nor_filters_of_the_repository) {
  const fs::path ran = folder() / "ran";
  const std::string program = "touch " + ran.string();
  write("libbpf/.gitattributes", "*.c filter=evil\n");
  commit("0.7.0", "second");
  in_repository({"config", "filter.evil.smudge", program + "; cat"});
  in_repository({"config", "uploadpack.packObjectsHook", program});
  const fs::path hook = write("libbpf/.git/hooks/post-checkout", "#!/bin/sh\n" + program + "\n");
  fs::permissions(hook, fs::perms::owner_all);
  EXPECT_EQ(text_of(fetch("main").value()), "second");
  EXPECT_FALSE(fs::exists(ran));
}

TEST_F(GitSources, that_cannot_be_had_are_unavailable_and_say_why) {
  const auto no_tag = fetch("v9.9.9");
  ASSERT_FALSE(no_tag);
  EXPECT_EQ(no_tag.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(no_tag.error().message, HasSubstr("fetch v9.9.9 from " + repository_.string()));
  EXPECT_THAT(no_tag.error().message, HasSubstr("v9.9.9"));
  const auto none = fetch_at((folder() / "absent").string(), "main");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(none.error().message, HasSubstr("does not appear to be a git repository"));
  EXPECT_FALSE(list_git_tags((folder() / "absent").string()));
}

TEST_F(GitSources, that_are_not_libbpf_are_refused) {
  const fs::path other = folder() / "other";
  git({"init", "--quiet", "--initial-branch=main", other.string()});
  write("other/README", "hello\n");
  git({"-C", other.string(), "add", "."});
  git({"-C", other.string(), "commit", "--quiet", "-m", "x"});
  const auto source = fetch_at(other.string(), "main");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(source.error().message, HasSubstr("is not the source of libbpf"));
}

TEST_F(GitSources, with_hostile_names_are_refused_before_git_runs) {
  const fs::path ran = folder() / "ran";
  for (const std::string& repository :
       {"ext::touch " + ran.string(), "--upload-pack=touch " + ran.string(), std::string("x:y")}) {
    const auto source = fetch_at(repository, "main");
    ASSERT_FALSE(source) << repository;
    EXPECT_EQ(source.error().kind, base::ErrorKind::invalid_input);
    EXPECT_FALSE(list_git_tags(repository));
  }
  EXPECT_EQ(fetch("--upload-pack=touch " + ran.string()).error().kind,
            base::ErrorKind::invalid_input);
  EXPECT_FALSE(fs::exists(ran));
  EXPECT_FALSE(fs::exists(workspace_.git()));
}

TEST_F(GitSources, follow_the_locks_commit_while_it_can_be_had) {
  const std::string first = in_repository({"rev-parse", "HEAD"});
  commit("0.7.0", "second");
  EXPECT_EQ(text_of(fetch("main", first).value()), "first");
  fs::remove_all(repository_);
  EXPECT_EQ(text_of(fetch("main", first).value()), "first") << "the mirror has it";
  EXPECT_FALSE(fetch("main"));
}

TEST_F(GitSources, move_on_when_the_locks_commit_is_gone) {
  const auto source = fetch("main", std::string(40, 'a'));
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(text_of(*source), "first");
}

TEST_F(GitSources, list_tags_and_remember_them_for_a_repository_that_is_gone) {
  tag("v0.7.0");
  in_repository({"tag", "light"});
  const spec::TagLister list = make_tag_lister(workspace_);
  EXPECT_FALSE(make_tag_lister(workspace_, /*offline=*/true)(repository_.string()))
      << "never listed before";
  EXPECT_THAT(list(repository_.string()).value(), ElementsAre("light", "v0.6.1", "v0.7.0"));
  tag("v0.8.0");
  EXPECT_EQ(make_tag_lister(workspace_, /*offline=*/true)(repository_.string()).value().size(), 3u);
  fs::remove_all(repository_);
  EXPECT_EQ(list(repository_.string()).value().size(), 3u);
  EXPECT_FALSE(list_git_tags(repository_.string()));
}

TEST_F(GitSources, need_git_and_say_how_to_get_it) {
  const char* path = getenv("PATH");
  const std::string saved = path != nullptr ? path : "";
  setenv("PATH", (folder() / "empty").c_str(), 1);
  const auto source = fetch("main");
  setenv("PATH", saved.c_str(), 1);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(source.error().message, HasSubstr("apt-get install git"));
}

TEST(GitNames, belong_to_the_repository_and_revision_that_made_them) {
  const spec::GitLibbpf where{"/srv/a b", "main", ""};
  const std::string commit(40, 'a');
  EXPECT_EQ(commit_in_name("git /srv/a b main " + commit, where), commit);
  EXPECT_FALSE(commit_in_name("git /srv/a b other " + commit, where));
  EXPECT_FALSE(commit_in_name("git /srv/c main " + commit, where));
  EXPECT_FALSE(commit_in_name("git /srv/a b main " + commit.substr(1), where));
}

class GitLoaders : public GitSources {
 protected:
  void SetUp() override {
    GitSources::SetUp();
    write("share/guest/loader/main.c", kMain);
    write("share/guest/wire/protocol.h", "\n");
  }
  base::Result<Loader> provide(const std::string& revision) {
    LoaderProvider provider(workspace_, data_, apt_, lock_, {});
    auto loader = provider.provide(
        {"dev", "libbpf", "", spec::GitLibbpf{repository_.string(), revision, ""}, {}});
    notes_ = provider.notes();
    return loader;
  }
  DataFolder data_{folder() / "share"};
  AptRoot apt_{workspace_.apt(), {}};
  Lock lock_ = Lock::read(workspace_.lock()).value();
  std::vector<std::string> notes_;
};

TEST_F(GitLoaders, have_the_version_of_their_source_and_the_patch_level_of_their_tag) {
  EXPECT_EQ(provide("v0.6.1").value().version, "0.6.1");
  EXPECT_EQ(provide("main").value().version, "0.6.0");
  commit("0.0.6", "old");
  tag("v0.0.6");
  EXPECT_EQ(provide("v0.0.6").value().version, "0.0.6");
  tag("v2.1.3");
  EXPECT_EQ(provide("v2.1.3").value().version, "0.0.6") << "its source does not bear the tag out";
}

TEST_F(GitLoaders, stay_at_the_locks_commit_when_their_branch_moves_or_vanishes) {
  const auto first = provide("main");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(Lock::read(workspace_.lock()).value().loaders.at("dev").source,
              StartsWith("git " + repository_.string() + " main "));
  commit("0.7.0", "second");
  EXPECT_EQ(provide("main").value().sha256, first->sha256);
  fs::remove_all(workspace_.git());
  fs::remove_all(repository_);
  EXPECT_EQ(provide("main").value().sha256, first->sha256) << "its source was kept";
  EXPECT_FALSE(provide("other")) << "the lock is for another revision";
}

TEST_F(GitLoaders, move_with_a_note_when_the_locks_commit_is_gone) {
  const auto first = provide("main");
  ASSERT_TRUE(first);
  EXPECT_TRUE(notes_.empty());
  fs::remove_all(workspace_.git());
  fs::remove_all(workspace_.sources());
  fs::remove_all(repository_);
  git({"init", "--quiet", "--initial-branch=main", repository_.string()});
  commit("0.7.0", "rewritten");
  EXPECT_NE(provide("main").value().sha256, first->sha256);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("cannot be had any more, using ")));
}

}  // namespace
}  // namespace bpfmatrix::image
