#include "fixture.h"

#include <fmt/core.h>

#include <cerrno>

namespace bpfmatrix::compat {
namespace {

using result::Attempt;
using result::DecidedBy;
using result::Kept;
using spec::Buffer;
using spec::Field;
using spec::Interface;
using spec::LogMode;

enum Kernel { k5_10, k6_12, other6_1 };
enum Loader { raw, libbpf_0_3, libbpf_1_1, libbpf_1_4 };
enum Program { trivial, long_fault, btf_enum64, core_relocation };

constexpr uint32_t kInt = 1u << 1, kPtr = 1u << 2, kUnion = 1u << 5, kEnum64 = 1u << 19;

LogMode mode(Interface interface, uint32_t level, Buffer buffer = {},
             std::map<std::string, std::string> extra = {}) {
  return {interface, level, buffer, std::move(extra)};
}
const Buffer kFour{Buffer::Kind::fixed, 4096};

Attempt measured(int error, DecidedBy who = DecidedBy::kernel) {
  Attempt attempt;
  attempt.state = result::AttemptState::measured;
  auto& seen = attempt.observation;
  seen.error = error;
  seen.kernel_errno = who == DecidedBy::kernel ? error : 0;
  seen.decided_by = who;
  seen.return_value = -error;
  seen.duration = std::chrono::microseconds(1500);
  return attempt;
}

result::Call program_load(const LogMode& mode, int error, uint32_t length, uint32_t size) {
  return {.cmd = 5,
          .level = mode.level,
          .size = size,
          .attr_size = 144,
          .error = error,
          .measured = true,
          .length = length};
}

class Maker {
 public:
  std::unique_ptr<Fixture> fixture = std::make_unique<Fixture>();

  void make_run() {
    auto& run = fixture->run;
    run.header = {.id = "20261122-131500.042-compat",
                  .matrix = "compat",
                  .started = "2026-11-22T13:15:00Z",
                  .finished = "2026-11-22T13:19:00Z",
                  .program_version = "0.1.0",
                  .qemu_version = "7.2.22",
                  .accel = "tcg",
                  .host = "2 cores",
                  .matrix_file = "matrices/compat.yaml"};
    const auto kernel = [](const char* id, const char* vendor, const char* upstream,
                           std::string release) {
      return result::KernelRecord{.id = id,
                                  .release = std::move(release),
                                  .vendor = vendor,
                                  .series = "5.10",
                                  .sha256 = std::string(64, 'd'),
                                  .upstream = upstream};
    };
    run.kernels = {kernel("debian-5.10", "debian", "5.10.262", "5.10.0-46-cloud-amd64"),
                   kernel("debian-6.12", "debian", "6.12.117", "6.12.117+deb13-cloud-amd64"),
                   kernel("other-6.1", "other", "6.1.4", kHostile)};
    run.loaders = {{"raw", "raw", "", std::string(64, 'e'), "", ""},
                   {"libbpf-0.3", "libbpf", "0.3", std::string(64, 'e'), "debian bullseye", ""},
                   {"libbpf-1.1.2", "libbpf", "1.1.2", std::string(64, 'e'), "debian bookworm", ""},
                   {"libbpf-1.4.6", "libbpf", "1.4.6", "", "crate", kHostile}};
    run.programs = {{"trivial", std::string(64, '1'), "trivial", "socket"},
                    {"long_fault", std::string(64, '2'), "long_fault", "socket"},
                    {"btf_enum64", std::string(64, '3'), "f", "socket"},
                    {"core_relocation", std::string(64, '4'), "core", "tp/sched/sched_switch"}};
    for (uint32_t kernel_index = 0; kernel_index < run.kernels.size(); ++kernel_index)
      for (uint32_t loader = 0; loader < run.loaders.size(); ++loader)
        add_cells(kernel_index, loader);
    break_some();
  }

 private:
  void add(uint32_t kernel, uint32_t loader, uint32_t program, const LogMode& mode,
           Attempt attempt) {
    auto& run = fixture->run;
    result::CellRecord cell;
    cell.kernel = kernel;
    cell.loader = loader;
    cell.program = program;
    cell.mode = mode;
    cell.id = fmt::format("{}/{}/{}/{}", run.kernels[kernel].id, run.loaders[loader].id,
                          run.programs[program].id, spec::to_text(mode));
    cell.key = std::string(64, 'c');
    cell.attempt = std::move(attempt);
    run.cells.push_back(std::move(cell));
  }

  void add_cells(uint32_t kernel, uint32_t loader) {
    const bool rotates = kernel == k6_12;
    const bool old_library = loader == libbpf_0_3 || loader == libbpf_1_1;
    add_levels(kernel, loader, rotates, old_library);
    if (loader == raw) add_raw(kernel, rotates);
    add_btf(kernel, loader, kernel != k5_10);
  }

  void add_levels(uint32_t kernel, uint32_t loader, bool rotates, bool old_library) {
    const auto fixed = mode(Interface::prog_load, 8, kFour);
    Attempt attempt = old_library ? measured(EINVAL, DecidedBy::library)
                                  : measured(rotates ? 0 : EINVAL);
    if (old_library) attempt.observation.messages = "libbpf: invalid log level";
    if (!old_library)
      attempt.observation.calls = {program_load(fixed, rotates ? 0 : EINVAL, 0, 4096)};
    add(kernel, loader, trivial, fixed, attempt);

    const auto small = mode(Interface::prog_load, 2, kFour);
    attempt = measured(ENOSPC);
    auto& seen = attempt.observation;
    seen.kept = rotates ? Kept::tail : Kept::head;
    seen.touched = seen.verified = true;
    seen.buffer_size = 4096;
    seen.log_length = 4095;
    seen.log_tail = "R9 !read_ok\nprocessed 9000 insns (limit 1000000)\n";
    if (rotates) seen.log_true_size = 70'000;
    seen.calls = {program_load(small, ENOSPC, 4095, 4096)};
    add(kernel, loader, long_fault, small, attempt);
  }

  void add_raw(uint32_t kernel, bool rotates) {
    const auto query = mode(Interface::prog_load, 2);
    Attempt attempt = measured(rotates ? 0 : EINVAL);
    attempt.observation.verified = rotates;
    attempt.observation.calls = {program_load(query, rotates ? 0 : EINVAL, 0, 0)};
    add(kernel, raw, trivial, query, attempt);
    add_strategies(kernel, rotates);
    attempt = measured(EPERM);
    add(kernel, raw, trivial, mode(Interface::prog_load, 0, {}, {{"uid", "1000"}}), attempt);
  }

  void add_strategies(uint32_t kernel, bool rotates) {
    for (const char* strategy : {"double", "exact", "fixed-first", "query"}) {
      const auto how = mode(Interface::prog_load, 2, kFour, {{"strategy", strategy}});
      const std::string word = strategy;
      const bool told = rotates && word != "double";
      Attempt attempt = measured(EACCES);
      auto& seen = attempt.observation;
      seen.kept = word == "fixed-first" && !rotates ? Kept::head : Kept::all;
      seen.touched = seen.verified = true;
      seen.calls = {program_load(how, ENOSPC, word == "query" ? 0 : 4095, 4096)};
      for (uint32_t size = 8192; !told && size <= 65536; size *= 2)
        seen.calls.push_back(program_load(how, ENOSPC, size - 1, size));
      seen.calls.push_back(program_load(how, EACCES, 69'999, told ? 70'000 : 131'072));
      add(kernel, raw, long_fault, how, attempt);
    }
  }

  void add_btf(uint32_t kernel, uint32_t loader, bool has_enum64) {
    const uint32_t of_kernel = kInt | kPtr | (has_enum64 ? kEnum64 : 0);
    const bool reads = loader != libbpf_0_3 || !has_enum64;
    Attempt attempt = measured(reads ? 0 : EINVAL, DecidedBy::library);
    attempt.observation.needs_call = false;
    attempt.observation.btf_kinds = of_kernel;
    attempt.observation.btf_unreadable = !reads;
    add(kernel, loader, trivial, mode(Interface::kernel_btf, 0), attempt);
    if (loader == raw) {
      attempt = measured(kernel == k6_12 ? 0 : EINVAL);
      attempt.observation.btf_kinds = kInt | kPtr | kEnum64;
      add(kernel, loader, btf_enum64, mode(Interface::btf_load, 0), attempt);
      return;
    }
    const auto object = mode(Interface::object_load, 0);
    attempt = measured(0);
    attempt.observation.btf_kinds = kInt | kPtr | (kernel == k6_12 ? kEnum64 : kUnion);
    attempt.observation.calls = {program_load(object, 0, 0, 0)};
    add(kernel, loader, btf_enum64, object, attempt);
    attempt = reads ? measured(0) : measured(ESRCH, DecidedBy::library);
    attempt.observation.btf_unreadable = !reads;
    if (reads) attempt.observation.calls = {program_load(object, 0, 0, 0)};
    add(kernel, loader, core_relocation, object, attempt);
    attempt = measured(0);
    attempt.observation.calls = {{.cmd = 18, .attr_size = 28, .error = EINVAL, .probe = true},
                                 program_load(object, 0, 0, 0)};
    add(kernel, loader, trivial, mode(Interface::object_load, 0, {}, {{"process", "fresh"}}),
        attempt);
  }

  // One loader on one kernel does not keep the tail, and what it says is hostile; one cell was not
  // reached.
  void break_some() {
    for (auto& cell : fixture->run.cells) {
      auto& seen = cell.attempt.observation;
      if (cell.program != long_fault || !cell.mode.extra.empty()) continue;
      if (cell.kernel == k6_12 && (cell.loader == libbpf_1_4 || cell.loader == libbpf_0_3)) {
        seen.kept = Kept::head;
        seen.log_tail = seen.messages = kHostile;
      }
      if (cell.kernel == other6_1 && cell.loader == libbpf_1_1) {
        cell.attempt = {};
        cell.attempt.note = kHostile;
      }
    }
  }
};

spec::Check check(Field field, const std::string& value) {
  spec::Check check;
  check.field = field;
  check.text = fmt::format("{}: {}", name(field), value);
  const bool none_of = value.starts_with('!');
  check.op = none_of ? spec::Check::Op::none_of : spec::Check::Op::any_of;
  spec::Operand operand;
  operand.text = value.substr(none_of ? 1 : 0);
  check.operands = {operand};
  return check;
}

spec::Requirement feature(const std::string& id, bool negated) {
  spec::Requirement requirement;
  requirement.feature = id;
  requirement.negated = negated;
  requirement.text = (negated ? "!" : "") + id;
  return requirement;
}

spec::Law base_law(const char* id, spec::Law::Kind kind, const char* group, const char* statement) {
  spec::Law law;
  law.id = id;
  law.kind = kind;
  law.group = group;
  law.statement = statement;
  law.sources = {"seen on 6.12 <b>", "https://docs.kernel.org/bpf/ and kernel/bpf/log.c"};
  return law;
}

std::vector<spec::Law> make_laws() {
  std::vector<spec::Law> laws;
  auto rotates = base_law("log-rotates", spec::Law::Kind::feature, "attributes",
                          "A log level without a buffer is a question for the size.");
  rotates.loaders = {"raw"};
  rotates.programs = {"trivial"};
  rotates.modes = {mode(Interface::prog_load, 2)};
  rotates.cases = {{{}, {check(Field::error, "0")}, ""}};
  laws.push_back(rotates);

  auto fixed = base_law("level-8", spec::Law::Kind::feature, "attributes",
                        "Level 8 reaches a kernel that takes it.");
  fixed.axis = spec::Law::Axis::pair;
  fixed.loaders = {"*"};
  fixed.programs = {"trivial"};
  fixed.modes = {mode(Interface::prog_load, 8, kFour)};
  fixed.cases = {{{}, {check(Field::error, "0"), check(Field::decided_by, "kernel")}, ""}};
  laws.push_back(fixed);

  auto keeps = base_law("small-buffer", spec::Law::Kind::law, "truncation",
                        "A log that does not fit keeps its tail since the log rotates.");
  keeps.why = "Tools that parse the last line find it only there";
  keeps.measured = "With 4 KiB for 70,000 bytes of log";
  keeps.since = "6.4 (commit 1216640938035)";
  keeps.note = "The cover letter says otherwise.";
  keeps.loaders = {"raw", "libbpf-*"};
  keeps.programs = {"long_*"};
  keeps.modes = {mode(Interface::prog_load, 2, kFour)};
  keeps.cases = {{{feature("log-rotates", false)},
                  {check(Field::error, "ENOSPC"), check(Field::kept, "tail")},
                  "the newest text is kept"},
                 {{feature("log-rotates", true)},
                  {check(Field::error, "ENOSPC"), check(Field::kept, "head")},
                  ""}};
  spec::Exception old, stale;
  old.loaders = {"libbpf-0.3"};
  old.reason = "made up for this test";
  old.source = "nowhere";
  stale.loaders = {"raw"};
  stale.levels = {2};
  stale.reason = "was never so";
  keeps.exceptions = {old, stale};
  laws.push_back(keeps);

  auto unmeasured = base_law("no-cell", spec::Law::Kind::law, "strategies",
                             "Nothing of this was measured.");
  unmeasured.loaders = {"raw"};
  unmeasured.programs = {"trivial"};
  unmeasured.modes = {mode(Interface::prog_load, 7, kFour)};
  unmeasured.cases = {{{}, {check(Field::error, "0")}, ""}};
  laws.push_back(unmeasured);
  return laws;
}

spec::Claim claim(const char* id, const char* text, std::vector<spec::ClaimCheck> checks) {
  spec::Claim claim;
  claim.id = id;
  claim.claim = text;
  claim.quote = "there will be no error";
  claim.sources = {"https://docs.ebpf.io/linux/syscall/BPF_PROG_LOAD/"};
  claim.checks = std::move(checks);
  return claim;
}

std::vector<spec::Claim> make_claims() {
  const spec::VersionBound old{spec::VersionBound::Op::less, "6.4"};
  return {claim("refused", "Kernels below 6.4 refuse level 8.",
                {{"level-8", {}, {"raw"}, {old}, {"no"}, "no on kernel < 6.4; loaders raw", {}}}),
          claim("accepted", "Kernels below 6.4 take level 8.",
                {{"level-8", {}, {"raw"}, {old}, {"yes"}, "yes on kernel < 6.4; loaders raw", {}}}),
          claim("everywhere", "Every kernel takes level 8.",
                {{"level-8", {}, {"raw"}, {}, {"yes"}, "yes on loaders raw", {}}}),
          claim("unknown", "Nobody measured this.",
                {{"no-cell", {}, {}, {}, {"holds"}, "holds", {}}})};
}

}  // namespace

const char* const kHostile =
    "\x1b[2J\x1b]0;title\x07 </script><script>alert(1)</script> ]]> | ` * _ [x](http://evil) "
    "@everyone #1 www.evil --> ~~~ ``` \\ \xff\xfe \xe2\x80\xae end\n# heading\n| a | b |\n\n- item";

void Fixture::hold_again() {
  judgement = result::judge(run);
  findings = law::evaluate(laws, run);
}

std::unique_ptr<Fixture> make_fixture() {
  Maker maker;
  maker.make_run();
  maker.fixture->laws = make_laws();
  maker.fixture->claims = make_claims();
  maker.fixture->hold_again();
  return std::move(maker.fixture);
}

std::string page(const std::vector<Page>& pages, const std::string& path) {
  for (const auto& one : pages)
    if (one.path == path) return one.text;
  return {};
}

}  // namespace bpfmatrix::compat
