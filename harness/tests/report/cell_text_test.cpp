#include "report/cell_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"

namespace bpfmatrix::report {
namespace {

using result::AttemptState;
using result::DecidedBy;
using result::Kept;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kEsrch = 3, kEacces = 13, kEinval = 22, kEnospc = 28;

class CellTextTest : public ::testing::Test {
 protected:
  CellTextTest() {
    run_.kernels = {{.id = "k"}};
    run_.loaders = {{.id = "l"}};
    run_.programs = {{.id = "p"}};
    run_.cells.resize(1);
    cell().mode.level = 1;
    cell().mode.buffer = {spec::Buffer::Kind::fixed, 4096};
  }
  result::CellRecord& cell() { return run_.cells[0]; }
  result::Observation& seen() { return cell().attempt.observation; }
  void measure(DecidedBy who, int error, int kernel_errno) {
    cell().attempt.state = AttemptState::measured;
    seen().decided_by = who;
    seen().error = error;
    seen().kernel_errno = kernel_errno;
  }
  CellText text() { return cell_text(run_, cell(), judge(run_).verdicts[0]); }

  result::RunRecord run_;
};

TEST_F(CellTextTest, of_a_load_is_a_letter_alone) {
  measure(DecidedBy::kernel, 0, 0);
  EXPECT_EQ(text(), (CellText{'L', "", false, {}}));
}

TEST_F(CellTextTest, of_a_load_whose_calls_are_unknown_says_so) {
  measure(DecidedBy::unknown, 0, 0);
  EXPECT_THAT(text().notes, ElementsAre("success, bpf() calls could not be recorded"));
}

TEST_F(CellTextTest, of_a_rejection_says_what_was_kept_where_a_log_was_asked_for) {
  measure(DecidedBy::kernel, kEacces, kEacces);
  seen().verified = true;
  seen().kept = Kept::tail;
  EXPECT_EQ(text(), (CellText{'R', "tail", false, {}}));
  cell().mode.buffer = {};
  EXPECT_EQ(text(), (CellText{'R', "", false, {}}));
  cell().mode.buffer = {spec::Buffer::Kind::null, 4096};
  EXPECT_EQ(text().detail, "");
  cell().mode.buffer = {spec::Buffer::Kind::relative, -1};
  EXPECT_EQ(text().detail, "tail");
}

TEST_F(CellTextTest, of_a_rejection_with_an_unusual_errno_names_it) {
  measure(DecidedBy::kernel, kEinval, kEinval);
  seen().verified = true;
  EXPECT_THAT(text().notes, ElementsAre("EINVAL from bpf()"));
  measure(DecidedBy::kernel, 4007, kEacces);
  EXPECT_EQ(text().letter, 'R');
  EXPECT_THAT(text().notes, ElementsAre("LIBBPF_ERRNO__VERIFY after EACCES from bpf()"));
}

TEST_F(CellTextTest, of_a_log_that_did_not_fit_says_what_was_kept) {
  measure(DecidedBy::kernel, kEnospc, kEnospc);
  seen().touched = true;
  seen().kept = Kept::head;
  EXPECT_EQ(text(), (CellText{'T', "head", false, {}}));
  seen().error = 4007;
  EXPECT_THAT(text().notes, ElementsAre("LIBBPF_ERRNO__VERIFY after ENOSPC from bpf()"));
}

TEST_F(CellTextTest, of_a_refusal_says_who_and_how) {
  measure(DecidedBy::kernel, kEinval, kEinval);
  EXPECT_EQ(text(), (CellText{'E', "kernel", false, {"EINVAL from bpf()"}}));
  measure(DecidedBy::library, kEinval, 0);
  EXPECT_EQ(text(), (CellText{'E', "library", false, {"EINVAL, no bpf() call was made"}}));
  measure(DecidedBy::kernel, kEinval, 0);
  EXPECT_EQ(text(), (CellText{'E', "library", false, {"EINVAL, although bpf() had succeeded"}}));
  measure(DecidedBy::unknown, kEinval, 0);
  EXPECT_EQ(text(),
            (CellText{'E', "unknown", false, {"EINVAL, bpf() calls could not be recorded"}}));
}

TEST_F(CellTextTest, of_the_librarys_own_outcomes) {
  measure(DecidedBy::library, kEsrch, 0);
  seen().btf_unreadable = true;
  EXPECT_EQ(text(), (CellText{'M', "", false, {}}));
  measure(DecidedBy::library, 0, 0);
  EXPECT_EQ(text(), (CellText{'F', "", false, {}}));
  measure(DecidedBy::kernel, 0, kEinval);
  EXPECT_EQ(text(), (CellText{'F', "", false, {"success after EINVAL from bpf()"}}));
}

TEST_F(CellTextTest, an_overrun_is_always_told) {
  measure(DecidedBy::kernel, 0, 0);
  seen().overrun = 1;
  EXPECT_THAT(text().notes, ElementsAre("1 byte written past the buffer"));
  seen().overrun = 2;
  EXPECT_THAT(text().notes, ElementsAre("2 bytes written past the buffer"));
}

TEST_F(CellTextTest, what_is_flaky_or_unexpected_is_marked) {
  measure(DecidedBy::kernel, 0, 0);
  cell().flaky = true;
  run_.expectations.resize(1);
  run_.expectations[0].outcome = "LOG_TRUNCATED";
  EXPECT_TRUE(text().unexpected);
  EXPECT_THAT(text().notes, ElementsAre("flaky: its attempts disagree, the last is shown"));
  cell().flaky = false;
  run_.expectations[0].outcome = "LOADED";
  EXPECT_EQ(text(), (CellText{'L', "", false, {}}));
}

TEST_F(CellTextTest, every_attempt_that_did_not_measure_has_its_letter) {
  const std::pair<AttemptState, char> letters[] = {{AttemptState::not_expressible, 'X'},
                                                   {AttemptState::not_measurable, '-'},
                                                   {AttemptState::filtered, 'S'},
                                                   {AttemptState::kernel_crash, 'C'},
                                                   {AttemptState::kernel_splat, 'W'},
                                                   {AttemptState::agent_crash, 'A'},
                                                   {AttemptState::timeout, 'O'},
                                                   {AttemptState::hang, 'H'},
                                                   {AttemptState::guest_oom, 'G'},
                                                   {AttemptState::reboot, 'B'},
                                                   {AttemptState::protocol, '?'},
                                                   {AttemptState::boot_fail, '?'},
                                                   {AttemptState::qemu_crash, '?'},
                                                   {AttemptState::accel_broken, '?'},
                                                   {AttemptState::no_space, '?'},
                                                   {AttemptState::image_unavailable, '?'},
                                                   {AttemptState::bad_image, '?'},
                                                   {AttemptState::loader_unavailable, 'S'},
                                                   {AttemptState::loader_build, '?'},
                                                   {AttemptState::loader_error, '?'},
                                                   {AttemptState::not_reached, '?'}};
  for (const auto& [state, letter] : letters) {
    cell().attempt = {.state = state, .note = "the\nreason"};
    const auto shown = text();
    EXPECT_EQ(shown.letter, letter) << name(state);
    ASSERT_EQ(shown.notes.size(), 1u) << name(state);
    EXPECT_THAT(shown.notes[0], ::testing::EndsWith("the reason"));
    EXPECT_EQ(shown.detail, "");
  }
  EXPECT_EQ(std::size(letters), static_cast<size_t>(AttemptState::not_reached));
}

TEST_F(CellTextTest, what_did_not_run_tells_the_problem_of_its_kernel_or_loader) {
  run_.kernels[0].problem = "no hello";
  run_.loaders[0].problem = "no source";
  cell().attempt = {.state = AttemptState::boot_fail};
  EXPECT_THAT(text().notes, ElementsAre("the kernel did not boot: no hello"));
  cell().attempt = {.state = AttemptState::loader_unavailable};
  EXPECT_THAT(text().notes, ElementsAre("the loader cannot be had: no source"));
  cell().attempt = {.state = AttemptState::loader_build};
  EXPECT_THAT(text().notes, ElementsAre("the loader could not be built: no source"));
}

TEST_F(CellTextTest, what_did_not_run_for_no_known_reason_still_says_what) {
  cell().attempt = {.state = AttemptState::not_reached};
  EXPECT_THAT(text().notes, ElementsAre("the run ended before"));
  cell().attempt = {.state = AttemptState::timeout};
  EXPECT_THAT(text().notes, IsEmpty());
}

TEST(Legend, has_a_line_for_every_letter) {
  for (const char letter : all_letters())
    EXPECT_EQ(legend_line(letter).substr(0, 4), std::string(1, letter) + " = ");
  EXPECT_EQ(legend_line('Z'), "");
  for (const char letter : std::string_view("LRTEMFX-CWAHOGBS?"))
    EXPECT_NE(all_letters().find(letter), std::string_view::npos) << letter;
}

}  // namespace
}  // namespace bpfmatrix::report
