#include "plan/key.h"

#include <string_view>

#include "base/digest.h"

namespace bpfmatrix::plan {
namespace {

// Changes when the meaning of a key does; old observations then no longer serve.
constexpr std::string_view kSchema = "bpfmatrix cell key 1";

// Each field with its length in front, so that no two sequences of fields give the same bytes.
class Fields {
 public:
  void add(std::string_view field) { bytes_ += fmt::format("{}:{};", field.size(), field); }
  [[nodiscard]] std::string digest() const { return base::sha256_hex(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

std::string cell_key(const MachineDigests& machine, const std::string& loader_sha256,
                     const Program& program, const spec::LogMode& mode) {
  Fields fields;
  fields.add(kSchema);
  for (const std::string* field :
       {&machine.kernel, &machine.initramfs, &machine.agent, &machine.command_line,
        &machine.qemu_version, &machine.cpu_model, &machine.accel, &machine.isolation,
        &loader_sha256, &program.object->sha256}) {
    fields.add(*field);
  }
  // An object without functions is another thing than one with a function without a name.
  fields.add(program.function != nullptr ? "function" : "none");
  fields.add(program.function != nullptr ? program.function->name : "");
  fields.add(spec::name(mode.interface));
  fields.add(fmt::format("{}", mode.level));
  fields.add(spec::to_text(mode.buffer));
  for (const auto& [key, value] : mode.extra) {
    fields.add(key);
    fields.add(value);
  }
  return fields.digest();
}

}  // namespace bpfmatrix::plan
