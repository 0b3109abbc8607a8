#include "made_law.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace bpfmatrix::law {

using result::CellRecord;
using spec::Law;

spec::LogMode mode_of_level(uint32_t level) {
  return {spec::Interface::prog_load, level, {spec::Buffer::Kind::fixed, 4096}, {}};
}

result::RunRecord made_run() {
  result::RunRecord run;
  run.header.id = "20261122-131500-quick";
  run.header.matrix = "quick";
  run.header.started = "2026-11-22T13:15:00Z";
  run.header.finished = "2026-11-22T13:16:00Z";
  const auto kernel = [&](const char* series, const char* upstream) {
    run.kernels.push_back({.id = fmt::format("debian-{}", series),
                           .release = series,
                           .vendor = "debian",
                           .series = series,
                           .upstream = upstream});
  };
  kernel("5.10", "5.10.262");
  kernel("6.1", "6.1.192");
  kernel("6.12", "6.12.117");
  kernel("7.3", "7.3.4");
  run.loaders = {{.id = "raw", .kind = "raw"},
                 {.id = "libbpf-0.3", .kind = "libbpf", .version = "0.3"},
                 {.id = "libbpf-1.1.2", .kind = "libbpf", .version = "1.1.2"}};
  run.programs = {{.id = "trivial"}, {.id = "long_fault"}};
  for (uint32_t k = 0; k < run.kernels.size(); ++k)
    for (uint32_t l = 0; l < run.loaders.size(); ++l)
      for (uint32_t p = 0; p < run.programs.size(); ++p)
        for (const uint32_t level : {1U, 2U}) {
          CellRecord cell;
          cell.kernel = k;
          cell.loader = l;
          cell.program = p;
          cell.mode = mode_of_level(level);
          cell.id = fmt::format("{}/{}/{}/{}", run.kernels[k].id, run.loaders[l].id,
                                run.programs[p].id, spec::to_text(cell.mode));
          cell.attempt.state = result::AttemptState::measured;
          auto& seen = cell.attempt.observation;
          seen.decided_by = result::DecidedBy::kernel;
          seen.buffer_size = 4096;
          seen.calls = {{.cmd = 5, .level = level, .size = 4096, .measured = true}};
          run.cells.push_back(std::move(cell));
        }
  return run;
}

CellRecord& cell_at(result::RunRecord& run, const std::string& kernel, const std::string& loader,
                    const std::string& program, uint32_t level) {
  const auto id =
      fmt::format("{}/{}/{}/{}", kernel, loader, program, spec::to_text(mode_of_level(level)));
  const auto at = std::ranges::find(run.cells, id, &CellRecord::id);
  if (at == run.cells.end()) std::abort();
  return *at;
}

spec::Operand text(std::string word) {
  spec::Operand operand;
  operand.text = std::move(word);
  return operand;
}
spec::Operand number(int64_t value) {
  spec::Operand operand;
  operand.kind = spec::Operand::Kind::number;
  operand.number = value;
  return operand;
}
spec::Operand field(spec::Field of, int64_t plus) {
  spec::Operand operand;
  operand.kind = spec::Operand::Kind::field;
  operand.field = of;
  operand.number = plus;
  return operand;
}
spec::Operand other(spec::Field of, int64_t plus) {
  auto operand = field(of, plus);
  operand.of_other = true;
  return operand;
}

spec::Check check(spec::Field of, spec::Check::Op op, std::vector<spec::Operand> operands,
                  std::string words) {
  spec::Check check;
  check.field = of;
  check.op = op;
  check.operands = std::move(operands);
  check.text = fmt::format("{}: {}", name(of), words);
  return check;
}

spec::Check errno_is(const std::string& word) {
  return check(spec::Field::error, spec::Check::Op::any_of, {text(word)}, word);
}

spec::Requirement feature(const std::string& id, bool negated) {
  spec::Requirement requirement;
  requirement.feature = id;
  requirement.negated = negated;
  requirement.text = (negated ? "!" : "") + id;
  return requirement;
}

spec::Requirement version(const std::string& kind, spec::Check::Op op, const std::string& than) {
  spec::Requirement requirement;
  requirement.kind = spec::Requirement::Kind::version;
  requirement.loader_kind = kind;
  requirement.op = op;
  requirement.version = than;
  return requirement;
}

Law made_law(const std::string& id) {
  Law law;
  law.id = id;
  law.group = "common";
  law.statement = "It loads.";
  law.sources = {"seen"};
  law.loaders = {"raw"};
  law.programs = {"trivial"};
  law.modes = {mode_of_level(2)};
  law.cases = {{.when = {}, .then = {errno_is("0")}, .text = {}}};
  law.place = {"harness/laws/" + id + ".yaml", 1, 1};
  return law;
}

Law made_feature(const std::string& id) {
  Law law = made_law(id);
  law.kind = Law::Kind::feature;
  return law;
}

}  // namespace bpfmatrix::law
