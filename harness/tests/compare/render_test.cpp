#include "compare/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "runs.h"

namespace bpfmatrix::compare {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kTrivial = "debian-6.12/raw/trivial/prog_load:2:4096";
constexpr const char* kHostile =
    "\x1b[2J</script><script>alert(1)</script> | ` @everyone #1 ```\n::error::x\n\xff\xfe";

result::RunRecord regressed() {
  auto run = small_run("b");
  refuse(cell(run, kTrivial), EACCES);
  return run;
}

TEST(RenderComparison, a_regression_comes_with_what_moved_its_log_and_a_command) {
  auto now = regressed();
  now.kernels[1].sha256 = std::string(64, 'f');
  now.kernels[1].upstream = "6.12.7";
  const Pair pair(small_run("a"), std::move(now));
  const auto text = render_terminal(pair.compare(), pair.before(), pair.after(), {});
  EXPECT_EQ(text,
            "a → b\n"
            "moved: kernel debian-6.12: 6.12.1 → 6.12.7\n"
            "regressed: debian-6.12/raw/trivial/prog_load:2:4096\n"
            "  DONE LOADED → DONE VERIFIER_REJECTION all, EACCES\n"
            "  moved: kernel debian-6.12: 6.12.1 → 6.12.7\n"
            "  log + R9 !read_ok\n"
            "  log + processed 1 insns (limit 1000000)\n"
            "  log - processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 "
            "peak_states 0 mark_read 0\n"
            "  again: bpfmatrix run --no-cache matrices/small.yaml -k debian-6.12 -l raw -p trivial "
            "-m 'prog_load:2:4096'\n"
            "1 regressed; 8 cells in both\n");
}

TEST(RenderComparison, more_changes_than_asked_for_are_counted) {
  auto now = small_run("b");
  for (auto& one : now.cells)
    if (one.program == 0) refuse(one, EACCES);
  const Pair pair(small_run("a"), std::move(now));
  const auto text = render_terminal(pair.compare(), pair.before(), pair.after(), {false, 1});
  EXPECT_THAT(text, HasSubstr("  and 3 more regressed\n4 regressed; 8 cells in both\n"));
}

TEST(RenderComparison, what_a_guest_wrote_is_inert_in_every_format) {
  auto now = regressed();
  cell(now, kTrivial).attempt.observation.log_head = kHostile;
  now.kernels[1].release = now.kernels[1].upstream = kHostile;
  now.kernels[1].sha256 = std::string(64, 'f');
  const Pair pair(small_run("a"), std::move(now));
  const auto comparison = pair.compare();
  const auto terminal = render_terminal(comparison, pair.before(), pair.after(), {});
  EXPECT_THAT(terminal, Not(HasSubstr("\x1b")));
  const auto markdown = render_markdown(comparison, pair.before(), pair.after(), {});
  EXPECT_THAT(markdown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(markdown, Not(HasSubstr("\n::error")));
  // Outside the fence nothing is markup; in it no line ends it.
  const auto fence = markdown.find("```diff");
  ASSERT_NE(fence, std::string::npos);
  EXPECT_THAT(markdown.substr(0, fence), Not(HasSubstr("<script>")));
  EXPECT_THAT(markdown.substr(fence + 7), Not(HasSubstr("\n```")));
  const auto json = nlohmann::json::parse(render_json(comparison, pair.before(), pair.after()));
  EXPECT_EQ(json.at("cells").size(), 1u);
}

TEST(RenderComparison, the_json_has_every_change_and_the_counts) {
  const Pair pair(small_run("a"), regressed());
  const auto json = nlohmann::json::parse(render_json(pair.compare(), pair.before(), pair.after()));
  EXPECT_EQ(json.at("schema_version"), "1.0");
  EXPECT_EQ(json.at("counts").at("regressed"), 1);
  EXPECT_EQ(json.at("counts").at("improved"), 0);
  const auto& one = json.at("cells").at(0);
  EXPECT_EQ(one.at("cell"), kTrivial);
  EXPECT_EQ(one.at("change"), "regressed");
  EXPECT_EQ(one.at("unexpected"), true);
  EXPECT_EQ(one.at("log_difference").size(), 3u);
}

}  // namespace
}  // namespace bpfmatrix::compare
