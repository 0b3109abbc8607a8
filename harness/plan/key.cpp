#include "plan/key.h"

#include <fmt/format.h>

#include <string_view>

namespace bpfmatrix::plan {
namespace {

// Changes when the meaning of a key does; old observations then no longer serve.
constexpr std::string_view kSchema = "bpfmatrix cell key 1";

// Each field with its length in front, so that no two sequences of fields give the same bytes.
class Fields {
 public:
  void add(std::string_view field) {
    bytes_ += fmt::format_int(field.size()).str();
    bytes_ += ':';
    bytes_ += field;
    bytes_ += ';';
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace

CellKeys::CellKeys(const MachineDigests& machine, const std::string& loader_sha256) {
  Fields fields;
  fields.add(kSchema);
  for (const std::string* field :
       {&machine.kernel, &machine.initramfs, &machine.agent, &machine.command_line,
        &machine.qemu_version, &machine.cpu_model, &machine.accel, &machine.isolation,
        &loader_sha256}) {
    fields.add(*field);
  }
  shared_.update(fields.bytes());
}

std::string CellKeys::key(const Program& program, const spec::LogMode& mode) const {
  Fields fields;
  fields.add(program.object->sha256);
  // An object without functions is another thing than one with a function without a name.
  fields.add(program.function != nullptr ? "function" : "none");
  fields.add(program.function != nullptr ? program.function->name : "");
  fields.add(spec::name(mode.interface));
  fields.add(fmt::format_int(mode.level).str());
  fields.add(spec::to_text(mode.buffer));
  for (const auto& [key, value] : mode.extra) {
    fields.add(key);
    fields.add(value);
  }
  base::Sha256 all(shared_);
  all.update(fields.bytes());
  return all.finish();
}

std::string cell_key(const MachineDigests& machine, const std::string& loader_sha256,
                     const Program& program, const spec::LogMode& mode) {
  return CellKeys(machine, loader_sha256).key(program, mode);
}

}  // namespace bpfmatrix::plan
