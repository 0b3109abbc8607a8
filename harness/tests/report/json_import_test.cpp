// A run survives its document: what is exported, read back and exported again is the same bytes.
#include "report/json_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fixture.h"
#include "report/render.h"
#include "report/table.h"

namespace bpfmatrix::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string exported(const result::RunRecord& run) {
  return render_json(run, judge(run));
}

void expect_survives(const result::RunRecord& run) {
  const auto document = exported(run);
  const auto read = import_json(document);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(exported(*read), document);
  // The table is made of everything that counts; bytes that are no UTF-8 are told differently by
  // the two only where a guest sent them.
  ASSERT_EQ(read->cells.size(), run.cells.size());
  for (size_t i = 0; i < run.cells.size(); ++i) {
    EXPECT_EQ(read->cells[i].attempt.state, run.cells[i].attempt.state);
    EXPECT_EQ(classify(read->cells[i].attempt), classify(run.cells[i].attempt));
    EXPECT_EQ(read->cells[i].attempt.observation.calls, run.cells[i].attempt.observation.calls);
  }
}

// Whatever a guest could have sent, within what a run can hold.
class Odd {
 public:
  explicit Odd(uint32_t seed) : random_(seed) {}
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(random_() % end); }
  std::string text() {
    static const std::vector<std::string> kParts = {
        "\xff", "\xe2\x80", "\xf0\x9f\x98\x80", "\n", "\r\n", std::string(1, '\0'), "\"", "\\u0000",
        "],\n", "]}\n", "{\"", "\x7f", "\xe2\x80\xa8", "plain ", kHostile};
    std::string text;
    for (uint32_t parts = below(6); parts > 0; --parts) text += kParts[below(kParts.size())];
    return text;
  }
  result::Call call() {
    static constexpr uint32_t kCommands[] = {0, 5, 18, 36, 37, 63, 64, 1u << 16 | 5, 1u << 31};
    static constexpr int kErrors[] = {0, 1, 22, 133, 200, 524, 4007, 65535};
    return {.cmd = kCommands[below(9)],
            .level = below(2) == 0 ? 0 : UINT32_MAX,
            .size = below(1u << 30),
            .attr_size = below(200),
            .error = kErrors[below(8)],
            .probe = below(2) == 0,
            .measured = below(2) == 0,
            .length = below(1u << 30)};
  }

 private:
  std::mt19937 random_;
};

void make_odd(result::CellRecord& cell, Odd& odd) {
  cell.attempt.state = static_cast<result::AttemptState>(
      odd.below(static_cast<uint32_t>(result::AttemptState::not_reached) + 1));
  if (odd.below(2) == 0) cell.attempt.state = result::AttemptState::measured;
  cell.attempt.note = odd.text();
  cell.attempts = odd.below(4);
  cell.flaky = odd.below(2) == 0;
  cell.mode.extra["strategy"] = odd.text();
  // Of a cell without an observation nothing but its end is kept.
  auto& seen = cell.attempt.observation;
  seen = {};
  if (cell.attempt.state != result::AttemptState::measured) return;
  seen.log_head = odd.text();
  seen.log_tail = odd.text();
  seen.messages = odd.text();
  seen.error = odd.call().error;
  seen.decided_by = static_cast<result::DecidedBy>(odd.below(3));
  if (seen.decided_by == result::DecidedBy::kernel) seen.kernel_errno = odd.call().error;
  seen.kept = static_cast<result::Kept>(odd.below(4));
  seen.return_value = odd.below(2) == 0 ? INT64_MIN : INT64_MAX;
  seen.log_length = odd.below(2) == 0 ? UINT64_MAX : 0;
  if (odd.below(2) == 0) seen.log_true_size = odd.below(3);
  if (odd.below(2) == 0) seen.true_size = odd.below(3);
  seen.buffer_size = odd.below(3);
  seen.btf_unreadable = odd.below(2) == 0;
  seen.verified = odd.below(2) == 0;
  seen.touched = odd.below(2) == 0;
  seen.needs_call = odd.below(2) == 0;
  if (odd.below(2) == 0) seen.api_true_size = odd.below(100);
  seen.btf_kinds = odd.below(2) == 0 ? odd.below(1u << 31) << 1 : 0;
  seen.overrun = odd.below(2);
  seen.duration = std::chrono::nanoseconds(odd.below(1u << 31));
  for (uint32_t calls = odd.below(4); calls > 0; --calls) seen.calls.push_back(odd.call());
}

TEST(JsonImport, a_run_survives_its_document) {
  expect_survives(fixture_run());
  expect_survives(short_fixture_run());
  expect_survives({});
}

TEST(JsonImport, every_state_and_any_text_survive) {
  Odd odd(7);
  for (int round = 0; round < 20; ++round) {
    auto run = fixture_run();
    for (auto& cell : run.cells) make_odd(cell, odd);
    run.header.notes = {odd.text(), odd.text()};
    run.header.finished.clear();
    run.required_kernels = {odd.text()};
    run.laws = {odd.text(), "*"};
    run.kernels[0].problem = odd.text();
    run.loaders[0].problem = odd.text();
    expect_survives(run);
  }
}

TEST(JsonImport, the_table_of_a_run_that_was_read_back_is_the_same) {
  const auto run = fixture_run();
  const auto read = import_json(exported(run));
  ASSERT_TRUE(read);
  const auto table = [](const result::RunRecord& record) {
    return render_terminal(make_table(record, judge(record)), {});
  };
  // What was no UTF-8 is shown as '?' before and as U+FFFD after.
  auto before = table(run), after = table(*read);
  for (size_t at = 0; (at = after.find("\xef\xbf\xbd", at)) != std::string::npos;)
    after.replace(at, 3, "?");
  EXPECT_EQ(before, after);
}

TEST(JsonImport, bytes_may_be_cut_anywhere) {
  const auto document = exported(short_fixture_run());
  for (const size_t piece : {1ul, 7ul, 4096ul}) {
    JsonImport import;
    for (size_t at = 0; at < document.size(); at += piece)
      ASSERT_TRUE(import.add(std::string_view(document).substr(at, piece)));
    const auto run = import.finish();
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(exported(*run), document);
  }
}

TEST(JsonImport, members_that_are_not_known_are_passed_over) {
  auto document = exported(short_fixture_run());
  const auto plain = document;
  document.replace(document.find(",\n\"run\""), 1,
                   ",\n\"later\":{\"a\":[1]},\n\"laws\":[\n{\"id\":\"x\"},\n{\"id\":\"y\"}\n],");
  const auto run = import_json(document);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(exported(*run), plain);
}

std::string mistake(const std::string& document) {
  const auto run = import_json(document);
  if (run) return "none";
  EXPECT_EQ(run.error().kind, base::ErrorKind::invalid_input);
  return run.error().message;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(JsonImport, a_document_of_something_else_is_refused) {
  EXPECT_THAT(mistake(""), HasSubstr("ends too early"));
  EXPECT_THAT(mistake("{}"), AllOf(StartsWith("line 1: "), HasSubstr("one cell a line")));
  EXPECT_THAT(mistake("<html>\n"), StartsWith("line 1: "));
  EXPECT_THAT(mistake("{\"schema_version\":\"2.0\",\n"), HasSubstr("schema version 2.0"));
  EXPECT_THAT(mistake("{\"schema_version\":\"1.1\"\n}\n"), HasSubstr("missing"));
  EXPECT_THAT(mistake("{\"schema_version\":\"1.1\",\n\"cells\":[\n]}\n"), StartsWith("line 2: "));
}

TEST(JsonImport, a_document_that_is_cut_off_is_refused_wherever_it_ends) {
  const auto document = exported(short_fixture_run());
  for (size_t size = 0; size < document.size() - 2; size += 97)
    EXPECT_THAT(mistake(document.substr(0, size)), HasSubstr("line ")) << size;
}

TEST(JsonImport, a_value_that_no_run_can_have_is_told_with_its_line) {
  const auto good = exported(short_fixture_run());
  EXPECT_EQ(mistake(good), "none");
  const auto spoilt = [&](const std::string& what, const std::string& with) {
    return mistake(replaced(good, what, with));
  };
  EXPECT_THAT(spoilt("\"state\":\"measured\"", "\"state\":\"guessed\""), StartsWith("line 5: "));
  EXPECT_THAT(spoilt("\"level\":1,", "\"level\":-1,"), HasSubstr("level"));
  EXPECT_THAT(spoilt("\"level\":1,", "\"level\":4294967296,"), HasSubstr("level"));
  EXPECT_THAT(spoilt("\"level\":1,", "\"level\":1.5,"), HasSubstr("level"));
  EXPECT_THAT(spoilt("\"errno\":\"0\"", "\"errno\":\"EWRONG\""), HasSubstr("errno"));
  EXPECT_THAT(spoilt("\"errno\":\"0\"", "\"errno\":\"-1\""), HasSubstr("errno"));
  EXPECT_THAT(spoilt("\"cmd\":\"PROG_LOAD\"", "\"cmd\":\"NO\""), HasSubstr("cmd"));
  EXPECT_THAT(spoilt("\"btf_kinds\":null", "\"btf_kinds\":[\"ENUM65\"]"), HasSubstr("kind"));
  EXPECT_THAT(spoilt("\"flaky\":false", "\"flaky\":0"), HasSubstr("line "));
  EXPECT_THAT(spoilt("\"duration_ms\":1.312", "\"duration_ms\":-1"), HasSubstr("duration_ms"));
  EXPECT_THAT(spoilt("\"attempts\":1", "\"attempt\":1"), HasSubstr("attempts"));
  EXPECT_THAT(spoilt("\"kernel\":{\"id\":\"debian-5.10\"", "\"kernel\":{\"id\":\"other\""),
              HasSubstr("kernel is not one of the run's"));
  EXPECT_THAT(spoilt("{\"id\":\"debian-6.1\",", "{\"id\":\"debian-5.10\","),
              HasSubstr("two kernels"));
  EXPECT_THAT(mistake(good + "x\n"), HasSubstr("behind"));
}

TEST(JsonImport, what_is_nested_without_end_is_refused_before_it_is_read) {
  const auto good = exported(short_fixture_run());
  const std::string deep(100'000, '[');
  EXPECT_THAT(mistake(replaced(good, "\"expectations\":[", "\"expectations\":[" + deep)),
              HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace bpfmatrix::report
