// The folder of a site: what is written, what stays, what goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/files.h"
#include "cli/site_folder.h"
#include "result/store.h"

namespace bpfmatrix::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SiteTest : public testing::Test {
 protected:
  [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] std::string read(const std::string& name) const {
    return base::read_file(path(name)).value_or("(nothing)");
  }
  [[nodiscard]] bool is_there(const std::string& name) const {
    return fs::exists(fs::symlink_status(path(name)));
  }
  void put(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(base::write_file(path(name), text));
  }
  [[nodiscard]] SiteFolder open() const {
    auto folder = SiteFolder::open(folder_.path());
    EXPECT_TRUE(folder.has_value());
    return std::move(*folder);
  }

  base::TemporaryFolder folder_ = *base::TemporaryFolder::make(fs::temp_directory_path(), "site-");
};
using SiteFolderTest = SiteTest;

TEST_F(SiteFolderTest, what_somebody_else_wrote_is_not_overwritten) {
  put("index.html", "mine");
  auto folder = open();
  EXPECT_FALSE(folder.may_write({"badges/a.svg", "index.html"}));
  EXPECT_FALSE(folder.write("index.html", "yours"));
  EXPECT_EQ(read("index.html"), "mine");
  fs::create_symlink("/nowhere", path("runs.html"));
  EXPECT_FALSE(folder.may_write({"runs.html"}));
}

TEST_F(SiteFolderTest, what_it_wrote_it_writes_again) {
  ASSERT_TRUE(open().write("index.html", "one"));
  ASSERT_TRUE(open().write("index.html", "two"));
  EXPECT_EQ(read("index.html"), "two");
}

TEST_F(SiteFolderTest, what_is_the_same_already_is_not_written_again) {
  {
    auto folder = open();
    ASSERT_TRUE(folder.write("badges/a.svg", "one"));
    ASSERT_TRUE(folder.keep_pages({}));
  }
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(path("badges/a.svg"), old);
  const auto is_old = [&] {
    return fs::last_write_time(path("badges/a.svg")) < old + std::chrono::hours(1);
  };
  ASSERT_TRUE(open().write("badges/a.svg", "one"));
  EXPECT_TRUE(is_old());
  ASSERT_TRUE(open().write("badges/a.svg", "two"));
  EXPECT_FALSE(is_old());
}

TEST_F(SiteFolderTest, a_claimed_name_is_its_own_although_nothing_was_written) {
  ASSERT_TRUE(open().claim({"index.html"}));
  put("index.html", "cut off");
  EXPECT_TRUE(open().may_write({"index.html"}));
  ASSERT_TRUE(open().claim({"runs/never.html"}));
  ASSERT_TRUE(open().keep_pages({}));
  EXPECT_EQ(read(std::string(kSiteManifest)).find("never"), std::string::npos);
}

TEST_F(SiteFolderTest, a_final_page_is_one_that_is_there_whole) {
  {
    auto folder = open();
    ASSERT_TRUE(folder.write("runs/a.html", "whole", true));
    ASSERT_TRUE(folder.write("runs/b.html", "going on", false));
  }
  EXPECT_TRUE(open().has_final("runs/a.html"));
  EXPECT_FALSE(open().has_final("runs/b.html"));
  EXPECT_FALSE(open().has_final("runs/c.html"));
  put("runs/a.html", "who");
  EXPECT_FALSE(open().has_final("runs/a.html"));
  fs::remove(path("runs/a.html"));
  EXPECT_FALSE(open().has_final("runs/a.html"));
}

TEST_F(SiteFolderTest, only_pages_that_it_wrote_and_nobody_changed_are_removed) {
  {
    auto folder = open();
    for (const char* name : {"runs/old.html", "runs/changed.html", "runs/new.html", "badges/x.svg"})
      ASSERT_TRUE(folder.write(name, "page", true));
  }
  put("runs/changed.html", "a note of mine");
  put("runs/foreign.html", "page");
  ASSERT_TRUE(open().keep_pages({"runs/new.html"}));
  EXPECT_FALSE(is_there("runs/old.html"));
  for (const char* name :
       {"runs/changed.html", "runs/foreign.html", "runs/new.html", "badges/x.svg"})
    EXPECT_TRUE(is_there(name)) << name;
  // It is somebody else's from now on.
  EXPECT_FALSE(open().may_write({"runs/changed.html"}));
}

TEST_F(SiteFolderTest, a_file_whose_writing_was_cut_off_is_still_its_own) {
  put(std::string(kSiteManifest),
      R"({"format":1,"files":{"index.html":{"sha256":"","final":false}}})");
  put("index.html", "half");
  ASSERT_TRUE(open().write("index.html", "whole"));
  EXPECT_EQ(read("index.html"), "whole");
}

TEST_F(SiteFolderTest, a_manifest_that_reaches_beyond_the_folder_is_refused) {
  for (const char* name : {"../x", "runs/../x", "runs/../../x", "/etc/x", "runs/a/b", ".x",
                           "runs/.x", "", "runs/", "bpfmatrix-site.json", "a\\u0000b"}) {
    put(std::string(kSiteManifest),
        std::string(R"({"format":1,"files":{")") + name + R"(":{"sha256":"","final":false}}})");
    const auto folder = SiteFolder::open(folder_.path());
    ASSERT_FALSE(folder) << name;
    EXPECT_EQ(folder.error().kind, base::ErrorKind::invalid_input);
  }
  for (const char* text : {"", "[]", "{}", R"({"format":2,"files":{}})",
                           R"({"format":1,"files":[]})", R"({"format":1,"files":{"a":1}})",
                           R"({"format":1,"files":{"a":{"sha256":1,"final":true}}})"}) {
    put(std::string(kSiteManifest), text);
    EXPECT_FALSE(SiteFolder::open(folder_.path())) << text;
  }
}

TEST_F(SiteFolderTest, what_cannot_be_written_leaves_what_was_there) {
  ASSERT_TRUE(open().write("index.html", "old"));
  put("runs", "a file where a folder should be");
  auto folder = open();
  EXPECT_FALSE(folder.write("runs/a.html", "page"));
  EXPECT_EQ(read("index.html"), "old");
  EXPECT_EQ(read("runs"), "a file where a folder should be");
}

const std::string kBuilt = BPFM_BUILD;

class SiteCommand : public SiteTest {
 protected:
  void SetUp() override {
    if (!fs::exists(kBuilt + "/share/bpfmatrix/page/site.html"))
      GTEST_SKIP() << "this build has no page";
  }
  void add_run(const std::string& id, bool finished = true) const {
    auto store = result::Store::open(path("work/results.sqlite"));
    ASSERT_TRUE(store) << store.error().message;
    result::RunRecord run;
    run.header = {
        .id = id, .matrix = id.substr(id.rfind('-') + 1), .started = "2026-11-26T01:02:03Z"};
    run.kernels.push_back({.id = "debian-6.1", .release = "6.1.0", .upstream = "6.1.192"});
    run.loaders.push_back({.id = "raw", .kind = "raw"});
    run.programs.push_back({.id = "trivial"});
    result::CellRecord cell;
    cell.id = "debian-6.1/raw/trivial/prog_load:0:none";
    cell.mode = {spec::Interface::prog_load, 0, {spec::Buffer::Kind::none, 0}, {}};
    run.cells.push_back(cell);
    ASSERT_TRUE(store->begin_run(run));
    result::CellResult seen;
    seen.attempt.state = result::AttemptState::measured;
    seen.attempt.observation.decided_by = result::DecidedBy::kernel;
    ASSERT_TRUE(store->add(id, {&seen, 1}));
    if (finished) {
      ASSERT_TRUE(store->finish_run(id, "2026-11-26T01:02:04Z"));
    }
  }
  [[nodiscard]] base::CommandOutput site(std::vector<std::string> words,
                                         const std::string& program = kBuilt +
                                                                      "/bin/bpfmatrix") const {
    std::vector<std::string> argv = {program, "--workspace", path("work").string(),
                                     "site",  "--out",       path("out").string()};
    argv.insert(argv.end(), words.begin(), words.end());
    auto output = base::run_command({.argv = std::move(argv), .timeout = std::chrono::seconds(60)});
    EXPECT_TRUE(output) << (output ? "" : output.error().message);
    return output ? *output : base::CommandOutput{};
  }
  [[nodiscard]] std::vector<std::string> files(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path(folder)))
      names.push_back(entry.path().filename().string());
    return names;
  }
};

TEST_F(SiteCommand, index_pages_and_badges_are_written_and_old_pages_go) {
  add_run("1-quick");
  add_run("2-quick");
  add_run("3-nightly");
  const auto first = site({"--pages", "2"});
  ASSERT_EQ(first.status.code, 0) << first.standard_error;
  EXPECT_THAT(files("out"),
              UnorderedElementsAre("index.html", "runs", "badges", std::string(kSiteManifest)));
  EXPECT_THAT(files("out/runs"), UnorderedElementsAre("2-quick.html", "3-nightly.html"));
  EXPECT_THAT(files("out/badges"),
              UnorderedElementsAre("quick.svg", "quick.json", "nightly.svg", "nightly.json"));
  EXPECT_THAT(read("out/index.html"), HasSubstr(R"("id":"1-quick")"));
  EXPECT_THAT(read("out/badges/quick.json"), HasSubstr("1 kernel, 0 unexpected"));
  EXPECT_THAT(read("out/runs/2-quick.html"), HasSubstr("prog_load"));

  put("out/runs/notes.html", "mine");
  put("out/CNAME", "mine");
  add_run("4-quick");
  ASSERT_EQ(site({"--pages", "2"}).status.code, 0);
  EXPECT_THAT(files("out/runs"),
              UnorderedElementsAre("3-nightly.html", "4-quick.html", "notes.html"));
  EXPECT_EQ(read("out/CNAME"), "mine");
}

TEST_F(SiteCommand, a_page_that_was_made_before_its_run_ended_is_made_again) {
  add_run("1-quick");
  add_run("2-quick", false);
  ASSERT_EQ(site({}).status.code, 0);
  const auto stamp = [&](const char* name) { return fs::last_write_time(path(name)); };
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const char* name : {"out/runs/1-quick.html", "out/runs/2-quick.html"})
    fs::last_write_time(path(name), old);
  {
    auto store = result::Store::open(path("work/results.sqlite"));
    ASSERT_TRUE(store && store->finish_run("2-quick", "2026-11-26T01:02:04Z"));
  }
  ASSERT_EQ(site({}).status.code, 0);
  EXPECT_LT(stamp("out/runs/1-quick.html"), old + std::chrono::hours(1));
  EXPECT_GT(stamp("out/runs/2-quick.html"), old + std::chrono::hours(1));
}

TEST_F(SiteCommand, runs_can_be_chosen_by_matrix_and_number) {
  add_run("1-quick");
  add_run("2-nightly");
  add_run("3-quick");
  ASSERT_EQ(site({"--matrix", "quick", "--last", "1"}).status.code, 0);
  const auto index = read("out/index.html");
  EXPECT_THAT(index, HasSubstr(R"("id":"3-quick")"));
  EXPECT_THAT(index, testing::Not(HasSubstr(R"("id":"1-quick")")));
  EXPECT_THAT(index, testing::Not(HasSubstr(R"("id":"2-nightly")")));
  const auto none = site({"--matrix", "other"});
  EXPECT_EQ(none.status.code, 4);
  EXPECT_THAT(none.standard_error, HasSubstr("no run of matrix other"));
}

TEST_F(SiteCommand, a_folder_with_another_index_is_refused_and_left_alone) {
  add_run("1-quick");
  put("out/index.html", "mine");
  const auto output = site({});
  EXPECT_EQ(output.status.code, 2);
  EXPECT_THAT(output.standard_error, HasSubstr("was not written by bpfmatrix site"));
  EXPECT_THAT(files("out"), UnorderedElementsAre("index.html"));
  EXPECT_EQ(read("out/index.html"), "mine");
}

TEST_F(SiteCommand, a_build_without_the_page_says_what_to_install) {
  add_run("1-quick");
  fs::create_directories(path("bin"));
  fs::create_directories(path("share/bpfmatrix"));
  fs::copy_file(kBuilt + "/bin/bpfmatrix", path("bin/bpfmatrix"));
  for (const auto& entry : fs::directory_iterator(kBuilt + "/share/bpfmatrix"))
    if (entry.path().filename() != "page")
      fs::create_symlink(entry.path(), path("share/bpfmatrix") / entry.path().filename());
  const auto output = site({}, path("bin/bpfmatrix").string());
  EXPECT_EQ(output.status.code, 75);
  EXPECT_THAT(output.standard_error, HasSubstr("install nodejs"));
  EXPECT_FALSE(is_there("out"));
}

}  // namespace
}  // namespace bpfmatrix::cli
