#include "pages.h"

#include <fmt/core.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace bpfmatrix::report {
namespace {

using result::AttemptState;
using result::RunRecord;

constexpr std::string_view kAttacks[] = {
    "<script>window.pwned=1</script>",
    "<script src=\"https://attacker.invalid/a.js\"></script>",
    "<img src=x onerror=window.pwned=1>",
    "<img src=https://attacker.invalid/a.png>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>",
    "<iframe src=javascript:window.parent.pwned=1></iframe>",
    "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe>",
    "<object data=javascript:window.pwned=1></object>",
    "<embed src=javascript:window.pwned=1>",
    "<a href=javascript:window.pwned=1 autofocus onfocus=window.pwned=1>click</a>",
    "<body onload=window.pwned=1>",
    "<input autofocus onfocus=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<audio src=x onerror=window.pwned=1>",
    "<marquee onstart=window.pwned=1>",
    "<style>@import 'https://attacker.invalid/a.css';</style>",
    "<link rel=stylesheet href=https://attacker.invalid/a.css>",
    "<meta http-equiv=refresh content=\"0;url=javascript:window.pwned=1\">",
    "<base href=https://attacker.invalid/>",
    "<form action=https://attacker.invalid/><button autofocus onfocus=window.pwned=1>",
    "<template><script>window.pwned=1</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=window.pwned=1>\">",
    "<dialog open onclose=window.pwned=1><form method=dialog>",
    "<div style=\"background:url(https://attacker.invalid/a)\">",
    "javascript:window.pwned=1",
    "${window.pwned=1}",
    "{{constructor.constructor('window.pwned=1')()}}",
    "\";window.pwned=1;//",
    "';alert(1);'",
};
// What the attack stands behind: ends of whatever a page might have put it in.
constexpr std::string_view kBefore[] = {
    "",
    "</script>",
    "--></script></style></textarea></title>",
    "\"]}</script >\\u003c/script\\u003e",
    "\xe2\x80\xa8\xe2\x80\xa9\x1b[31m\xff\xc0\xaf ' \" > ",
};

result::Attempt attack_by_log(const std::string& text) {
  result::Attempt attempt;
  attempt.state = AttemptState::measured;
  auto& seen = attempt.observation;
  seen.error = seen.kernel_errno = EACCES;
  seen.decided_by = result::DecidedBy::kernel;
  seen.kept = result::Kept::all;
  seen.verified = seen.touched = true;
  seen.log_head = text;
  seen.log_tail = text;
  seen.log_length = text.size();
  seen.log_sha256 = text.substr(0, 64);
  seen.messages = "libbpf: " + text;
  seen.calls = {{5, 2, 4096, 144, EACCES, false, true, static_cast<uint32_t>(text.size())}};
  return attempt;
}

RunRecord empty_run(std::string matrix) {
  RunRecord run;
  auto& header = run.header;
  header.id = "20261126-010203.004-" + matrix;
  header.matrix = std::move(matrix);
  header.started = "2026-11-26T01:02:03Z";
  header.finished = "2026-11-26T01:12:03Z";
  header.program_version = "0.1.0";
  header.qemu_version = "7.2.22";
  header.accel = "tcg";
  header.host = "testhost";
  return run;
}

// Lines like the verifier's, in which the numbers follow from `seed`.
std::string log_text(uint64_t seed, size_t bytes) {
  std::string text;
  uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  const auto next = [&state](uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (uint32_t insn = static_cast<uint32_t>(next(900)); text.size() < bytes; ++insn)
    text += fmt::format(
        "{}: (bf) r{} = r{}                       ; R{}_w=scalar(id={},umax={},var_off=(0x0; "
        "0x{:x})) R10=fp0\n",
        insn, next(10), next(10), next(10), next(50), next(70000), next(1U << 20));
  text.resize(bytes);
  return text;
}

}  // namespace

std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts;
  for (const auto before : kBefore)
    for (const auto attack : kAttacks) texts.push_back(std::string(before) + std::string(attack));
  return texts;
}

RunRecord hostile_run() {
  const auto texts = hostile_texts();
  RunRecord run = empty_run("hostile");
  const auto text = [&texts](size_t number) { return texts[number % texts.size()]; };
  run.header.host = text(1);
  run.header.qemu_version = text(2);
  run.header.notes = {text(0), text(34), text(67), text(101)};
  run.header.selection = text(3);
  for (size_t i = 0; i < 2; ++i) {
    result::KernelRecord kernel;
    kernel.id = fmt::format("kernel-{}", i);
    kernel.release = text(4 + i);
    kernel.upstream = text(33 + i);
    kernel.source = text(6 + i);
    kernel.isolation = text(8 + i);
    kernel.problem = text(10 + i);
    run.kernels.push_back(kernel);
  }
  run.loaders.push_back({"raw", "raw", text(12), text(13), text(14), text(15)});
  for (uint32_t i = 0; i * 2 < texts.size(); ++i)
    run.programs.push_back({fmt::format("program-{}", i), text(i), text(i + 35), text(i + 70)});
  for (uint32_t i = 0; i < texts.size(); ++i) {
    result::CellRecord cell;
    cell.kernel = i % 2;
    cell.program = i / 2;
    cell.mode = {spec::Interface::prog_load, 2, {spec::Buffer::Kind::fixed, 4096}, {}};
    cell.id = fmt::format("kernel-{}/raw/program-{}/prog_load:2:4096", cell.kernel, cell.program);
    cell.key = text(i + 9);
    if (i % 2 == 0) {
      cell.attempt = attack_by_log(texts[i]);
    } else {
      cell.attempt.state = AttemptState::kernel_crash;
      cell.attempt.note = texts[i];
    }
    run.cells.push_back(std::move(cell));
  }
  return run;
}

RunRecord large_run(uint32_t cells) {
  constexpr uint32_t kKernels = 10, kLoaders = 10, kModes = 10;
  RunRecord run = empty_run("large");
  const auto digest = [](uint64_t n) {
    return fmt::format("{:016x}{:016x}{:016x}{:016x}", n * 0x9e3779b97f4a7c15U,
                       n * 0xbf58476d1ce4e5b9U, n * 0x94d049bb133111ebU, n * 0xd6e8feb86659fd93U);
  };
  for (uint32_t i = 0; i < kKernels; ++i) {
    result::KernelRecord kernel;
    kernel.id = fmt::format("debian-6.{}", i);
    kernel.release = fmt::format("6.{}.7-cloud-amd64", i);
    kernel.upstream = fmt::format("6.{}.7", i);
    kernel.sha256 = digest(i);
    run.kernels.push_back(kernel);
  }
  for (uint32_t i = 0; i < kLoaders; ++i)
    run.loaders.push_back({fmt::format("libbpf-1.{}.0", i), "libbpf", fmt::format("1.{}.0", i),
                           digest(i), "debian", ""});
  const uint32_t programs =
      (cells + kKernels * kLoaders * kModes - 1) / (kKernels * kLoaders * kModes);
  for (uint32_t i = 0; i < programs; ++i)
    run.programs.push_back({fmt::format("program{}", i), digest(i), "main", "tracepoint"});
  for (uint32_t i = 0; i < cells; ++i) {
    result::CellRecord cell;
    cell.mode = {spec::Interface::prog_load,
                 2,
                 {spec::Buffer::Kind::fixed, static_cast<int64_t>(1024) << (i % kModes)},
                 {}};
    cell.program = i / kModes % programs;
    cell.loader = i / kModes / programs % kLoaders;
    cell.kernel = i / kModes / programs / kLoaders;
    cell.id = fmt::format("{}/{}/{}/{}", run.kernels[cell.kernel].id, run.loaders[cell.loader].id,
                          run.programs[cell.program].id, spec::to_text(cell.mode));
    cell.key = digest(i);
    cell.attempt = attack_by_log("");
    auto& seen = cell.attempt.observation;
    seen.log_head = log_text(i * 2 + 1, 2048);
    seen.log_tail = log_text(i * 2 + 2, 4096);
    seen.log_length = 20'000 + i;
    seen.log_sha256 = digest(i + 1);
    seen.messages = "";
    // So that few rows are alike.
    switch (digest(i).back() % 3) {
      case 0:
        seen.error = seen.kernel_errno = ENOSPC;
        seen.kept = result::Kept::tail;
        break;
      case 1:
        seen.error = seen.kernel_errno = 0;
        break;
      default:
        break;
    }
    seen.duration = std::chrono::microseconds(700 + i);
    run.cells.push_back(std::move(cell));
  }
  return run;
}

}  // namespace bpfmatrix::report
