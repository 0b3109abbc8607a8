#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "report/ci_tests.h"
#include "report/formats.h"
#include "report/inert_text.h"

namespace bpfmatrix::report {
namespace {

using Result = CiTest::Result;

// A test at one level of nesting: its lines, indented by two spaces a level.
class Level {
 public:
  Level(std::string& out, size_t depth, size_t tests) : out_(out), indent_(2 * depth, ' ') {
    line("KTAP version 1");
    line(fmt::format("1..{}", tests));
  }

  void line(std::string_view text) {
    out_ += indent_;
    out_ += text;
    out_ += '\n';
  }

  // `name` has no "#"; `data`: what stands behind one, empty: nothing.
  void result(bool good, std::string_view name, std::string_view data = {}) {
    auto to = std::back_inserter(out_);
    fmt::format_to(to, "{}{} {} {}", indent_, good ? "ok" : "not ok", ++number_, name);
    if (!data.empty()) fmt::format_to(to, " # {}", data);
    out_ += '\n';
    all_good_ &= good;
  }

  void result(const CiTest& test) {
    if (test.result == Result::failed || test.result == Result::error) {
      line(fmt::format("# {}: {}", test.reason, test.headline));
      for (const auto& detail : test.details) line("# " + detail);
    }
    skipped_ += test.result == Result::skipped ? 1 : 0;
    result(test.result == Result::passed || test.result == Result::skipped, test.name,
           data_of(test));
  }

  [[nodiscard]] bool all_good() const { return all_good_; }
  [[nodiscard]] bool all_skipped() const { return number_ != 0 && skipped_ == number_; }

 private:
  static std::string data_of(const CiTest& test) {
    // Parsers look for a directive behind every "#" of the line, the last one included.
    std::string why = test.headline;
    std::ranges::replace(why, '#', '_');
    switch (test.result) {
      case Result::passed:
        return test.flaky ? "flaky" : test.measured_only ? "measured" : "";
      case Result::failed:
        return test.reason;
      case Result::skipped:
        return fmt::format("SKIP {}: {}", test.reason, why);
      case Result::error:
        break;
    }
    // The two words that KTAP has for a test that came to no end.
    return test.reason == "TIMEOUT" ? "TIMEOUT " + why
                                    : fmt::format("ERROR {}: {}", test.reason, why);
  }

  std::string& out_;
  std::string indent_;
  size_t number_ = 0, skipped_ = 0;
  bool all_good_ = true;
};

struct Nested {
  bool good = true, skipped = true;
};

void finish(Level& parent, const Nested& nested, const std::string& name) {
  parent.result(nested.good, name, nested.skipped ? "SKIP all of it was skipped" : "");
}

Nested write_loader(std::string& out, const result::RunRecord& run,
                    const result::Judgement& judgement, const CiSuite& suite) {
  Level cells(out, 2, suite.cells.size());
  for (const auto i : suite.cells) cells.result(test_of(run, run.cells[i], judgement.verdicts[i]));
  return {cells.all_good(), cells.all_skipped()};
}

Nested write_kernel(std::string& out, const result::RunRecord& run,
                    const result::Judgement& judgement, const std::vector<CiSuite>& suites) {
  Level loaders(out, 1, suites.size());
  Nested all;
  for (const auto& suite : suites) {
    const auto nested = write_loader(out, run, judgement, suite);
    all.good &= nested.good;
    all.skipped &= nested.skipped;
    finish(loaders, nested, inert_name(run.loaders[suite.loader].id));
  }
  return all;
}

Nested write_laws(std::string& out, const std::vector<CiTest>& tests) {
  Level laws(out, 1, tests.size());
  for (const auto& test : tests) laws.result(test);
  return {laws.all_good(), laws.all_skipped()};
}

}  // namespace

std::string render_ktap(const result::RunRecord& run, const result::Judgement& judgement,
                        const law::Findings& laws) {
  std::vector<std::vector<CiSuite>> kernels;
  for (auto& suite : suites_of(run)) {
    if (kernels.empty() || kernels.back().front().kernel != suite.kernel) kernels.emplace_back();
    kernels.back().push_back(std::move(suite));
  }
  const auto tests = law_tests(run, judgement, laws);
  std::string out;
  Level top(out, 0, kernels.size() + (tests.empty() ? 0 : 1));
  for (const auto& suites : kernels)
    finish(top, write_kernel(out, run, judgement, suites),
           inert_name(run.kernels[suites.front().kernel].id));
  if (!tests.empty()) finish(top, write_laws(out, tests), "laws");
  return out;
}

}  // namespace bpfmatrix::report
