#include "fixture.h"

#include <gtest/gtest.h>

namespace bpfmatrix::plan {

Object& Objects::add(const std::string& stem, std::vector<std::string> functions) {
  Object& object = objects_.emplace_back();
  object.stem = stem;
  object.path = "/progs/" + stem + ".bpf.o";
  object.sha256 = std::string(64, 'a');
  object.btf = "btf";
  for (auto& name : functions) object.functions.push_back({.name = std::move(name)});
  return object;
}

std::vector<Program> Objects::programs() const {
  std::vector<Program> all;
  for (const auto& object : objects_)
    for (auto& program : programs_of(object)) all.push_back(std::move(program));
  return all;
}

Fixture::Fixture() {
  for (const char* id : {"k1", "k2"})
    kernels.kernels.push_back({.id = id, .source = spec::DebianKernel{}});
  loaders.loaders.push_back({.id = "raw", .kind = "raw", .source = spec::RawLoader{}});
  loaders.loaders.push_back({.id = "lib", .kind = "libbpf", .source = spec::DebianLibbpf{}});
  matrix.name = "x";
  matrix.file = "/m/x.yaml";
  matrix.kernels = {"k1"};
  matrix.loaders = {"raw"};
}

spec::ProgramChoice& Fixture::choose(std::vector<std::string> match,
                                     std::vector<spec::LogMode> modes) {
  spec::ProgramChoice choice;
  choice.match = std::move(match);
  choice.modes = std::move(modes);
  choice.place = {"/m/x.yaml", static_cast<int>(matrix.programs.size()) + 1, 5};
  return matrix.programs.emplace_back(std::move(choice));
}

base::Result<Plan> Fixture::expand(const Selection& selection) const {
  return plan::expand(matrix, kernels, loaders, objects.programs(), selection);
}

std::vector<std::string> Fixture::ids(const Selection& selection) const {
  std::vector<std::string> ids;
  const auto plan = expand(selection);
  if (!plan) {
    ADD_FAILURE() << plan.error().message;
    return ids;
  }
  for (const auto& cell : plan->cells) ids.push_back(plan->id(cell));
  return ids;
}

spec::LogMode mode(spec::Interface interface, uint32_t level, const std::string& buffer) {
  return {interface, level, spec::parse_buffer(buffer).value(), {}};
}

spec::LogMode prog(uint32_t level, const std::string& buffer) {
  return mode(spec::Interface::prog_load, level, buffer);
}

}  // namespace bpfmatrix::plan
