// Matrices of a stranger, planned by the program itself: each is refused with a place, in a second
// and 200 MiB, and nothing that it names is run, opened or written.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <regex>
#include <set>

#include "base/files.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  std::function<std::string()> make;
  // What the refusal says, a regular expression; "" for a matrix that is taken.
  const char* says;
};

std::string repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

// "<before>0<behind><before>1<behind>…"
std::string numbered(const char* before, size_t count, const char* behind) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += fmt::format("{}{}{}", before, i, behind);
  return out;
}

const std::string kAxes = "kernels: [debian-6.1]\nloaders: [raw]\n";
const std::string kProgram = "programs: [{match: trivial, modes: [{level: 1, buffer: 4KiB}]}]\n";
constexpr const char* kPlace = R"(x\.yaml:\d+:\d+: )";

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"as_it_should_be", [] { return kAxes + kProgram; }, ""},
      {"key_given_twice", [] { return kAxes + "loaders: [raw]\n" + kProgram; },
       R"(x\.yaml:3:1: .*twice)"},
      {"aliases_that_multiply",
       [] {
         std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
         for (char c = 'b'; c < 'k'; ++c)
           bomb += fmt::format("{0}: &{0} [{1}]\n", c, repeat(fmt::format("*{},", char(c - 1)), 9));
         return bomb + kAxes + kProgram;
       },
       R"(x\.yaml:1:4: anchors)"},
      {"lists_in_each_other_in_flow",
       [] { return "kernels: " + repeat("[", 20'000) + repeat("]", 20'000); }, kPlace},
      {"mappings_in_each_other_in_flow",
       [] { return "kernels: " + repeat("{a: ", 20'000) + repeat("}", 20'000); }, kPlace},
      {"lists_in_each_other_in_block", [] { return "kernels:\n" + repeat("- ", 20'000) + "x\n"; },
       kPlace},
      {"mappings_in_each_other_in_block",
       [] {
         std::string deep;
         for (int i = 0; i < 1000; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
         return deep;
       },
       kPlace},
      {"unfinished_lists", [] { return "kernels: " + repeat("[", 100'000); }, kPlace},
      {"unfinished_text", [] { return "kernels: \"" + repeat("x", 100'000); }, kPlace},
      {"million_cells",
       [] {
         return "kernels: [\"*\"]\nloaders: [\"*\"]\nprograms: [{match: \"*\", modes: [{level: [" +
                numbered("", 250, ", ") + "999], buffer: [" + numbered("", 20, ", ") + "99]}]}]\n";
       },
       "cells, more than limits.max_cells"},
      {"million_modes",
       [] {
         return kAxes + "programs: [{match: trivial, modes: [{level: [" + numbered("", 1100, ", ") +
                "9999], buffer: [" + numbered("", 1100, ", ") + "9999]}]}]\n";
       },
       R"(x\.yaml:\d+:\d+: .*1000000 modes)"},
      {"mode_sets_that_multiply",
       [] {
         std::string sets =
             "mode_sets:\n  a: [{level: [" + numbered("", 100, ", ") + "999], buffer: 1}]\n";
         for (char c = 'b'; c < 'n'; ++c)
           sets += fmt::format("  {}: [{}]\n", c, repeat(fmt::format("{},", char(c - 1)), 9));
         return kAxes + sets + "programs: [{match: trivial, modes: m}]\n";
       },
       nullptr},  // each mode once, so it may well be taken
      {"mode_sets_in_a_circle",
       [] {
         return kAxes + "mode_sets: {a: [b], b: [a]}\nprograms: [{match: trivial, modes: a}]\n";
       },
       kPlace},
      {"limit_raised_beyond_all",
       [] { return kAxes + kProgram + "limits: {max_cells: 4000000000}\n"; }, R"(x\.yaml:4:\d+: )"},
      {"id_with_shell_characters",
       [] { return "kernels: [{id: \"$(touch pwned)\", file: /x}]\nloaders: [raw]\n" + kProgram; },
       R"(x\.yaml:1:\d+: .*id)"},
      {"id_with_commas_of_qemu",
       [] { return "kernels: [{id: \"a,script=x\", file: /x}]\nloaders: [raw]\n" + kProgram; },
       R"(x\.yaml:1:\d+: .*id)"},
      {"id_that_is_a_path",
       [] { return "kernels: [{id: ../../x, file: /x}]\nloaders: [raw]\n" + kProgram; },
       R"(x\.yaml:1:\d+: .*id)"},
      {"id_that_is_an_option",
       [] { return "kernels: [{id: --help, file: /x}]\nloaders: [raw]\n" + kProgram; },
       R"(x\.yaml:1:\d+: .*id)"},
      {"path_with_shell_and_qemu_characters",
       [] {
         return "kernels: [{id: own, file: \"/x,if=none;$(touch pwned)`touch pwned`|\"}]\nloaders: "
                "[raw]\n" +
                kProgram;
       },
       ""},  // a path like any other: it is passed as it is, and is not there
      {"repository_that_is_a_command",
       [] {
         return kAxes.substr(0, kAxes.find("loaders")) +
                "loaders: [{id: own, git: \"ext::sh -c 'touch pwned'\", rev: x}]\n" + kProgram;
       },
       kPlace},
      {"repository_that_is_an_option",
       [] {
         return kAxes.substr(0, kAxes.find("loaders")) +
                "loaders: [{id: own, git: \"--upload-pack=touch pwned\", rev: x}]\n" + kProgram;
       },
       kPlace},
      {"revision_that_is_an_option",
       [] {
         return kAxes.substr(0, kAxes.find("loaders")) +
                "loaders: [{id: own, git: /x, rev: \"--output=pwned\"}]\n" + kProgram;
       },
       kPlace},
      {"text_of_a_mebibyte",
       [] { return "kernels: " + repeat("x", 1'000'000) + "\nloaders: [raw]\n" + kProgram; },
       kPlace},
      {"key_of_a_mebibyte", [] { return repeat("x", 1'000'000) + ": 1\n" + kAxes + kProgram; },
       "."},
      {"file_above_the_limit", [] { return kAxes + kProgram + "#" + repeat("x", 2'000'000); },
       "more than the limit"},
      {"nul", [] { return kAxes + kProgram + std::string("# \0\n", 4); },
       R"(x\.yaml:4:3: control character)"},
      {"escape_sequence", [] { return kAxes + "\x1b[2J: 1\n" + kProgram; },
       R"(x\.yaml:3:1: control character)"},
      {"end_of_text", [] { return kAxes + "\x04\n" + kProgram; },
       R"(x\.yaml:3:1: control character)"},
      {"no_utf8", [] { return "kernels: [\xff\xfe\x80]\nloaders: [raw]\n" + kProgram; }, kPlace},
      {"no_utf8_in_a_key", [] { return kAxes + "\xc3\x28: 1\n" + kProgram; }, R"(x\.yaml:3:\d+: )"},
      {"utf16", [] { return std::string("\xff\xfek\0e\0r\0n\0", 10); },
       R"(x\.yaml:1:\d+: control character)"},
      {"bidi_controls",
       [] { return "kernels: [\"debian\u202e6.1\"]\nloaders: [raw]\n" + kProgram; },
       R"(x\.yaml:1:11: )"},
      {"tag_of_an_object",
       [] { return kAxes + "programs: !!python/object/apply:os.system [touch pwned]\n"; },
       R"(x\.yaml:3:\d+: tags)"},
      {"merge_key", [] { return kAxes + kProgram + "<<: {limits: {}}\n"; },
       R"(x\.yaml:4:1: merge keys)"},
      {"second_document", [] { return kAxes + kProgram + "---\nkernels: [x]\n"; },
       R"(x\.yaml:\d+:\d+: a second document)"},
      {"extends_itself", [] { return "extends: x.yaml\n" + kAxes + kProgram; },
       R"(x\.yaml:1:10: .*extends itself)"},
      {"extends_a_device", [] { return "extends: /dev/zero\n" + kAxes + kProgram; },
       R"(x\.yaml:1:10: .*not a regular file)"},
      {"extends_a_terminal", [] { return "extends: /dev/stdin\n" + kAxes + kProgram; },
       R"(x\.yaml:1:10: )"},
      {"extends_a_folder", [] { return "extends: /\n" + kAxes + kProgram; }, R"(x\.yaml:1:10: )"},
      {"extends_an_escape_sequence",
       [] { return "extends: \"/\\e[2J\\x9b\"\n" + kAxes + kProgram; }, R"(x\.yaml:1:10: )"},
      {"object_that_is_an_escape_sequence",
       [] {
         return kAxes + "programs: [{match: \"/\\e]0;x\\a.o\", modes: [{level: 1, buffer: 1}]}]\n";
       },
       "."},
      {"object_that_is_a_device",
       [] { return kAxes + "programs: [{match: /dev/zero.o, modes: [{level: 1, buffer: 1}]}]\n"; },
       "."},
      {"globs_that_never_end",
       [] {
         return "kernels: [{id: " + repeat("a", 64) + ", file: /x}, \"" + repeat("*a", 30) +
                "*b\"]\nloaders: [raw]\n" + kProgram;
       },
       R"(x\.yaml:1:\d+: .*matches no kernel)"},
      {"hundred_thousand_unknown_keys", [] { return kAxes + numbered("k", 100'000, ":\n"); },
       R"(x\.yaml:3:1: unknown key)"},
      {"hundred_thousand_globs_that_match_nothing",
       [] {
         return "kernels: [" + numbered("z", 100'000, ", ") + "x]\nloaders: [raw]\n" + kProgram;
       },
       kPlace},
      {"ten_thousand_rules",
       [] {
         return kAxes + kProgram + "exclude:\n" +
                repeat("- {program: \"*\", level: 1, reason: no}\n", 10'000);
       },
       ""},
      {"thousand_kernels_and_one",
       [] {
         return "kernels: [" + numbered("{id: k", 1000, ", file: /x}, ") +
                "debian-6.1]\nloaders: [raw]\n" + kProgram;
       },
       R"(x\.yaml:1:\d+: .*more than 1000 entries)"},
      {"empty_file", [] { return std::string(); }, R"(x\.yaml:1:1: )"},
      {"only_a_list", [] { return std::string("- a\n- b\n"); }, kPlace},
      {"program_text_instead_of_a_matrix", [] { return std::string("#!/bin/sh\ntouch pwned\n"); },
       kPlace},
  };
  return all;
}

struct Planned {
  int exit_code = -1;
  std::string said;
  double seconds = 0;  // of processor time
  long peak_kib = 0;
};

// Runs `bpfmatrix plan x.yaml` in `folder`, its memory limited so that it cannot harm the test.
Planned plan(const fs::path& folder) {
  const auto out = folder / "said";
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
    ::dup2(file, 1);
    ::dup2(file, 2);
    const rlimit memory{rlim_t{4} << 30, rlim_t{4} << 30}, time{60, 60};
    ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_CPU, &time);
    if (::chdir(folder.c_str()) == 0)
      ::execl(BPFM_BUILD "/bin/bpfmatrix", "bpfmatrix", "plan", "x.yaml", nullptr);
    ::_exit(127);
  }
  Planned planned;
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  planned.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  planned.said = base::read_file(out).value_or("");
  const auto seconds = [](const timeval& time) {
    return double(time.tv_sec) + double(time.tv_usec) / 1e6;
  };
  planned.seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  planned.peak_kib = used.ru_maxrss;
  return planned;
}

class HostileMatrix : public testing::TestWithParam<Case> {};

TEST_P(HostileMatrix, is_refused_with_a_place_in_little_time_and_memory) {
  const Case& one = GetParam();
  const auto folder = *base::TemporaryFolder::make(fs::temp_directory_path(), "hostile-matrix-");
  ASSERT_TRUE(base::write_file(folder.path() / "x.yaml", one.make()).has_value());
  const auto planned = plan(folder.path());
  std::printf("exit code %d, %.2f s, %ld MiB, %zu bytes: %s\n", planned.exit_code, planned.seconds,
              planned.peak_kib >> 10, planned.said.size(), planned.said.substr(0, 300).c_str());
  EXPECT_EQ(fs::exists(folder.path() / "pwned"), false);
  if (one.says != nullptr) {
    EXPECT_EQ(planned.exit_code, *one.says == '\0' ? 0 : 2);
    EXPECT_TRUE(std::regex_search(planned.said.substr(0, 2000), std::regex(one.says)));
  } else {
    EXPECT_TRUE(planned.exit_code == 0 || planned.exit_code == 2) << planned.exit_code;
  }
  EXPECT_LT(planned.said.size(), 256U << 10) << "nobody reads that";
  for (const char c : planned.said)
    ASSERT_FALSE(static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t');
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(planned.peak_kib, 200 << 10);
#endif
}

INSTANTIATE_TEST_SUITE_P(Each, HostileMatrix, testing::ValuesIn(cases()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace bpfmatrix
