#include "fixture.h"

#include <fmt/core.h>

#include <string>
#include <utility>

namespace bpfmatrix::report {
namespace {

using result::Attempt;
using result::AttemptState;
using result::DecidedBy;
using result::Kept;

constexpr int kEsrch = 3, kEacces = 13, kEinval = 22, kEnospc = 28;
enum Kernel { k5_10, k6_1, k6_12, k7_3 };
enum Loader { raw, libbpf_0_3, libbpf_1_1, libbpf_1_4 };
enum Program { trivial, long_fault, core_relocation };

Attempt by_kernel(int error, Kept kept = Kept::none) {
  Attempt attempt;
  attempt.state = AttemptState::measured;
  auto& seen = attempt.observation;
  seen.error = seen.kernel_errno = error;
  seen.decided_by = DecidedBy::kernel;
  seen.return_value = error == 0 ? 5 : -error;
  seen.kept = kept;
  seen.touched = kept != Kept::none;
  seen.verified = kept != Kept::none;
  seen.duration = std::chrono::nanoseconds(1'312'345);
  return attempt;
}

Attempt by_library(int error) {
  Attempt attempt = by_kernel(error);
  attempt.observation.decided_by = DecidedBy::library;
  attempt.observation.btf_unreadable = error == kEsrch;
  attempt.observation.kernel_errno = 0;
  attempt.observation.messages = "libbpf: invalid log level";
  return attempt;
}

Attempt not_measured(AttemptState state, std::string note) {
  Attempt attempt;
  attempt.state = state;
  attempt.note = std::move(note);
  return attempt;
}

// Debian's kernels as the facts have them: 6.4 and later rotate the log, know level 8 and tell the
// true size; libbpf before 1.2 refuses levels above 7 itself.
Attempt measure(uint32_t kernel, uint32_t loader, uint32_t program, const spec::LogMode& mode) {
  if (kernel == k7_3) return not_measured(AttemptState::boot_fail, "");
  const bool rotates = kernel >= k6_12;
  const bool old_library = loader == libbpf_0_3 || loader == libbpf_1_1;
  if (program == core_relocation) {
    if (loader == raw)
      return not_measured(AttemptState::not_expressible, "the program has relocations");
    if (loader == libbpf_0_3 && kernel != k5_10) return by_library(kEsrch);
    return by_kernel(0);
  }
  if (mode.level > 7 && old_library) return by_library(kEinval);
  if (mode.level > 15 || (mode.level > 7 && !rotates)) return by_kernel(kEinval);
  Attempt attempt = program == trivial          ? by_kernel(0, Kept::all)
                    : rotates && mode.level < 8 ? by_kernel(kEnospc, Kept::tail)
                                                : by_kernel(kEnospc, Kept::head);
  auto& seen = attempt.observation;
  seen.log_head = "0: R1=ctx(off=0,imm=0) R10=fp0\n";
  seen.log_tail =
      "verification time 117 usec\nstack depth 8+16\nprocessed 2 insns (limit 1000000) "
      "max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n";
  seen.log_length = seen.log_head.size() + seen.log_tail.size();
  seen.log_sha256 = std::string(64, 'a');
  seen.buffer_size = static_cast<uint64_t>(mode.buffer.value);
  if (rotates) seen.log_true_size = 9371;
  seen.calls = {
      {5, mode.level, static_cast<uint32_t>(mode.buffer.value), 144, seen.error, false, true}};
  if (old_library) seen.calls.insert(seen.calls.begin(), {18, 0, 0, 28, kEinval, true, false});
  return attempt;
}

// What does not follow from the axes: one cell of each kind of trouble.
void disturb(result::CellRecord& cell) {
  const auto is = [&](uint32_t kernel, uint32_t loader, uint32_t program, uint32_t level) {
    return cell.kernel == kernel && cell.loader == loader && cell.program == program &&
           cell.mode.level == level && cell.mode.buffer.value != 8192;
  };
  auto& seen = cell.attempt.observation;
  if (is(k6_1, libbpf_1_4, trivial, 1)) {  // not as expected, with a hostile log
    cell.attempt = by_kernel(kEacces, Kept::all);
    seen.log_head = kHostile;
    seen.messages = kHostile;
    seen.log_sha256 = std::string(64, 'b');
  } else if (is(k6_12, raw, long_fault, 2)) {
    cell.attempt = not_measured(AttemptState::kernel_crash, std::string("BUG: ") + kHostile);
    seen.messages = std::string("BUG: ") + kHostile + "\nRIP: 0010:" + kHostile;
  } else if (is(k6_12, libbpf_1_4, long_fault, 10)) {
    cell.attempt = not_measured(AttemptState::timeout, "took longer than 10 s");
    cell.attempts = 3;
  } else if (is(k5_10, raw, long_fault, 2)) {
    seen.overrun = 1;
    cell.flaky = true;
    cell.attempts = 2;
  } else if (is(k5_10, libbpf_1_1, trivial, 1)) {
    cell.cached = true;
  }
  if (cell.attempt.state == AttemptState::measured) cell.key = std::string(64, 'c');
}

spec::LogMode mode(spec::Interface interface, uint32_t level, spec::Buffer buffer) {
  return {interface, level, buffer, {}};
}

}  // namespace

const char* const kHostile =
    "\x1b[2J\x1b]0;title\x07 </script><script>alert(1)</script> ]]> | ` * _ [x](http://evil) "
    "@everyone #1 www.evil \\ \xff\xfe \xe2\x80\xae end\nsecond line";

result::RunRecord fixture_run() {
  using spec::Buffer;
  using spec::Interface;
  result::RunRecord run;
  run.header = {.id = "20261122-131500-quick",
                .matrix = "quick",
                .started = "2026-11-22T13:15:00Z",
                .finished = "2026-11-22T13:16:40Z",
                .program_version = "0.1.0",
                .qemu_version = "7.2.22",
                .accel = "tcg",
                .host = "2 cores",
                .notes = {"debian-6.1 moved from 6.1.190-1 to 6.1.192-1"},
                .matrix_file = "matrices/quick.yaml"};
  const auto kernel = [](const char* id, const char* release, const char* series,
                         const char* upstream) {
    return result::KernelRecord{.id = id,
                                .release = release,
                                .vendor = "debian",
                                .series = series,
                                .arch = "x86_64",
                                .backend = "qemu",
                                .accel = "tcg",
                                .source = fmt::format("debian linux-image-{}", release),
                                .sha256 = std::string(64, 'd'),
                                .upstream = upstream};
  };
  run.kernels = {kernel("debian-5.10", "5.10.0-46-cloud-amd64", "5.10", "5.10.262"),
                 kernel("debian-6.1", "6.1.0-50-cloud-amd64", "6.1", "6.1.192"),
                 kernel("debian-6.12", "6.12.117+deb13-cloud-amd64", "6.12", ""),
                 kernel("debian-7.3", "", "7.3", "")};
  run.kernels[k7_3].problem = std::string("no hello within 20 s; last words: ") + kHostile;
  run.loaders = {{"raw", "raw", "", std::string(64, 'e'), "", ""},
                 {"libbpf-0.3", "libbpf", "0.3", std::string(64, 'e'), "debian bullseye", ""},
                 {"libbpf-1.1.2", "libbpf", "1.1.2", std::string(64, 'e'), "debian bookworm", ""},
                 {"libbpf-1.4.6", "libbpf", "1.4.6", std::string(64, 'e'), "crate", ""}};
  run.programs = {{"trivial", std::string(64, 'f'), "trivial", "socket"},
                  {"long_fault", std::string(64, 'f'), "long_fault", "socket"},
                  {"core_relocation", std::string(64, 'f'), "core", "tp/sched/sched_switch"}};
  const Buffer four{Buffer::Kind::fixed, 4096}, eight{Buffer::Kind::fixed, 8192};
  const std::vector<std::vector<spec::LogMode>> modes = {
      {mode(Interface::prog_load, 1, four), mode(Interface::prog_load, 1, eight),
       mode(Interface::prog_load, 16, four)},
      {mode(Interface::prog_load, 2, four), mode(Interface::prog_load, 10, four),
       mode(Interface::prog_load, 16, four)},
      {mode(Interface::object_load, 1, {})}};
  for (uint32_t k = 0; k < run.kernels.size(); ++k)
    for (uint32_t l = 0; l < run.loaders.size(); ++l)
      for (uint32_t p = 0; p < run.programs.size(); ++p)
        for (const auto& m : modes[p]) {
          result::CellRecord cell;
          cell.kernel = k;
          cell.loader = l;
          cell.program = p;
          cell.mode = m;
          cell.id = fmt::format("{}/{}/{}/{}", run.kernels[k].id, run.loaders[l].id,
                                run.programs[p].id, spec::to_text(m));
          cell.attempt = measure(k, l, p, m);
          disturb(cell);
          run.cells.push_back(std::move(cell));
        }
  run.expectations.resize(2);
  run.expectations[0].selector.programs = {"trivial"};
  run.expectations[0].selector.levels = {1};
  run.expectations[0].outcome = "LOADED";
  run.expectations[0].reason = "two instructions load everywhere";
  run.expectations[0].place = {"quick.yaml", 31, 5};
  run.expectations[1].selector.programs = {"gone"};
  run.expectations[1].outcome = "LOADED";
  run.expectations[1].place = {"quick.yaml", 37, 5};
  return run;
}

result::RunRecord short_fixture_run() {
  result::RunRecord run = fixture_run();
  std::erase_if(run.cells, [](const result::CellRecord& cell) {
    const bool one_that_moves = cell.kernel == k6_1 && cell.loader == libbpf_1_4;
    const bool one_that_breaks = cell.kernel == k6_12 && cell.loader == raw && cell.mode.level == 2;
    const bool of_the_library = cell.kernel == k5_10 && cell.loader == libbpf_0_3 &&
                                cell.mode.level != 10 && cell.mode.buffer.value != 8192;
    const bool not_booted =
        cell.kernel == k7_3 && cell.loader == raw && cell.program == core_relocation;
    return !one_that_moves && !one_that_breaks && !of_the_library && !not_booted;
  });
  return run;
}

namespace {

// What it looks at: long_fault at a level, buffer 4096; `word` is the errno that must be seen.
spec::Law made_law(const char* id, const char* loader, uint32_t level, const char* word) {
  spec::Law law;
  law.id = id;
  law.group = "truncation";
  law.statement = fmt::format("At level {} the errno is {}.", level, word);
  law.sources = {"kernel/bpf/log.c, 6.4"};
  law.loaders = {loader};
  law.programs = {"long_fault"};
  law.modes = {
      mode(spec::Interface::prog_load, level, spec::Buffer{spec::Buffer::Kind::fixed, 4096})};
  spec::Operand operand;
  operand.text = word;
  spec::Check check;
  check.operands = {operand};
  check.text = fmt::format("errno: {}", word);
  law.cases = {{.when = {}, .then = {check}, .text = {}}};
  law.place = {fmt::format("harness/laws/{}.yaml", id), 1, 1};
  return law;
}

}  // namespace

std::vector<spec::Law> fixture_laws() {
  spec::Requirement rotates;
  rotates.feature = rotates.text = "log-rotates";
  auto feature = made_law("log-rotates", "raw", 10, "ENOSPC");
  feature.kind = spec::Law::Kind::feature;
  auto broken = made_law("fixed-is-known", "*", 10, "ENOSPC");
  broken.cases[0].when = {rotates};
  auto excepted = made_law("fixed-is-known-but-for-old", "*", 10, "ENOSPC");
  excepted.cases[0].when = {rotates};
  excepted.exceptions = {{.loaders = {"libbpf-0.3", "libbpf-1.1.2"},
                          .reason = "the library refuses levels above 7",
                          .source = "libbpf before 1.2"},
                         {.kernels = {"debian-6.12"},
                          .programs = {"long_fault"},
                          .levels = {10},
                          .reason = "known"}};
  auto undecided = made_law("asks-what-nobody-measured", "raw", 10, "ENOSPC");
  rotates.feature = rotates.text = "unmeasured";
  undecided.cases[0].when = {rotates};
  auto holds = made_law("unknown-bits", "raw", 16, "EINVAL");
  return {feature, holds, broken, excepted, undecided};
}

}  // namespace bpfmatrix::report
