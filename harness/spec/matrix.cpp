#include "spec/matrix.h"

#include <utility>

#include "base/text.h"
#include "spec/document.h"
#include "spec/law_names.h"
#include "spec/mapping.h"
#include "spec/matrix_axes.h"
#include "spec/mode_sets.h"
#include "spec/rules.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kMinMemory = uint64_t{64} << 20;  // a guest of 96 MiB works, with a margin below
constexpr uint64_t kMaxMemory = uint64_t{64} << 30;
constexpr uint64_t kMostCells = 10'000'000;

std::optional<milliseconds> read_duration(const Node& node, std::string_view key,
                                          Diagnostics& diagnostics) {
  return read_value(node, key, kDurationRule, diagnostics,
                    [](const std::string& text) { return parse_duration(text); });
}

Limits read_limits(const Node* node, Diagnostics& diagnostics) {
  Limits limits;
  if (node == nullptr) return limits;
  const auto mapping =
      Mapping::of(*node, "\"limits\"", {"cell", "boot", "memory", "max_cells"}, diagnostics);
  if (!mapping) return limits;
  if (const Node* value = mapping->find("cell"))
    limits.cell = read_duration(*value, "\"cell\"", diagnostics).value_or(limits.cell);
  if (const Node* value = mapping->find("boot"))
    limits.boot = read_duration(*value, "\"boot\"", diagnostics).value_or(limits.boot);
  if (const Node* value = mapping->find("memory")) {
    const auto bytes =
        read_value(*value, "\"memory\"", "whole MiB from 64MiB to 64GiB", diagnostics,
                   [](const std::string& text) -> std::optional<uint64_t> {
                     const auto number = base::parse_bytes(text);
                     if (!number || *number < kMinMemory || *number > kMaxMemory)
                       return std::nullopt;
                     return *number % (1 << 20) == 0 ? number : std::nullopt;
                   });
    limits.memory = bytes.value_or(limits.memory);
  }
  if (const Node* value = mapping->find("max_cells")) {
    const auto cells =
        read_value(*value, "\"max_cells\"", fmt::format("a number from 1 to {}", kMostCells),
                   diagnostics, [](const std::string& text) -> std::optional<uint64_t> {
                     const auto number = parse_level(text);  // a plain number of 32 bits will do
                     if (!number || *number == 0 || *number > kMostCells) return std::nullopt;
                     return *number;
                   });
    limits.max_cells = cells.value_or(limits.max_cells);
  }
  return limits;
}

Isolation read_isolation(const Node* node, Diagnostics& diagnostics) {
  if (node == nullptr) return Isolation::boot;
  const auto isolation = read_value(
      *node, "\"isolation\"", "boot, program or cell", diagnostics,
      [](const std::string& text) -> std::optional<Isolation> {
        for (const auto one : {Isolation::boot, Isolation::program, Isolation::cell})
          if (text == name(one)) return one;
        return std::nullopt;
      });
  return isolation.value_or(Isolation::boot);
}

std::vector<std::string> texts_of(const Node& node, std::string_view key,
                                  Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (const Node* item : read_texts(node, key, diagnostics)) texts.push_back(item->text);
  return texts;
}

// `programs:`, with `modes:` as the default of entries without modes of their own.
class ProgramReader {
 public:
  // `partial`: the default may be in a file that could not be read.
  ProgramReader(const Node* defaults, bool partial, ModeSets& sets, Diagnostics& diagnostics)
      : sets_(sets), diagnostics_(diagnostics), has_defaults_(defaults != nullptr || partial) {
    if (defaults != nullptr) defaults_ = sets_.read(*defaults, "\"modes\"");
  }

  std::vector<ProgramChoice> read(const Node& list) {
    std::vector<ProgramChoice> choices;
    for (const Node* item : read_list(list, "\"programs\"", diagnostics_)) {
      ProgramChoice choice;
      choice.place = item->place;
      if (item->kind == Node::Kind::mapping) {
        read_mapping(*item, choice);
      } else if (const std::string* text = read_text(*item, "a program", diagnostics_)) {
        choice.match = {*text};
        choice.modes = default_modes(*item);
      }
      choices.push_back(std::move(choice));
    }
    return choices;
  }

 private:
  void read_mapping(const Node& node, ProgramChoice& choice) {
    const auto mapping =
        Mapping::of(node, "a program", {"match", "except", "modes", "cell_limit"}, diagnostics_);
    if (!mapping) return;
    if (const Node* value = mapping->require("match"))
      choice.match = texts_of(*value, "\"match\"", diagnostics_);
    if (const Node* value = mapping->find("except"))
      choice.except = texts_of(*value, "\"except\"", diagnostics_);
    if (const Node* value = mapping->find("cell_limit"))
      choice.cell_limit = read_duration(*value, "\"cell_limit\"", diagnostics_);
    const Node* modes = mapping->find("modes");
    choice.modes = modes != nullptr ? sets_.read(*modes, "\"modes\"") : default_modes(node);
  }

  std::vector<LogMode> default_modes(const Node& node) {
    if (!has_defaults_ && !node.partial)
      diagnostics_.add(node.place,
                       "a program without modes: give it \"modes\", or all of them by "
                       "\"modes\" of the matrix");
    if (!sets_.spend(node.place, defaults_.size())) return {};
    return defaults_;
  }

  ModeSets& sets_;
  Diagnostics& diagnostics_;
  bool has_defaults_;
  std::vector<LogMode> defaults_;
};

Matrix read_matrix(const Node& root, const Mapping& top, const KernelCatalogue& kernels,
                   const LoaderCatalogue& loaders, const std::vector<Law>& known_laws,
                   const TagLister& list_tags,
                   Diagnostics& diagnostics) {
  AxisIds kernel_ids("kernel");
  for (const auto& kernel : kernels.kernels) kernel_ids.add(kernel.id);
  AxisIds loader_ids("loader");
  for (const auto& loader : loaders.loaders) loader_ids.add(loader.id);
  if (loaders.partial) loader_ids.set_partial();

  Matrix matrix;
  KernelAxis kernel_axis = read_kernel_axis(top.require("kernels"), kernel_ids, diagnostics);
  matrix.kernels = std::move(kernel_axis.globs);
  matrix.kernel_entries = std::move(kernel_axis.entries);
  LoaderAxis loader_axis =
      read_loader_axis(top.require("loaders"), loader_ids, list_tags, diagnostics);
  matrix.loaders = std::move(loader_axis.globs);
  matrix.loader_entries = std::move(loader_axis.entries);
  if (const Node* node = top.find("required"))
    matrix.required_kernels = kernel_ids.read_globs(*node, "\"required\"", diagnostics);

  ModeSets sets(top.find("mode_sets"), root.partial, diagnostics);
  ProgramReader programs(top.find("modes"), root.partial, sets, diagnostics);
  const Node* laws = top.find("laws");
  if (laws != nullptr) {
    LawChoice choice = read_law_names(*laws, known_laws, diagnostics);
    matrix.laws = std::move(choice.laws);
    matrix.law_names = std::move(choice.names);
  }
  // Laws bring programs of their own.
  const Node* list = laws != nullptr ? top.find("programs") : top.require("programs");
  if (list != nullptr) matrix.programs = programs.read(*list);
  matrix.exclusions = read_exclusions(top.find("exclude"), kernel_ids, loader_ids, diagnostics);
  matrix.expectations = read_expectations(top.find("expect"), kernel_ids, loader_ids, diagnostics);
  matrix.limits = read_limits(top.find("limits"), diagnostics);
  matrix.isolation = read_isolation(top.find("isolation"), diagnostics);
  return matrix;
}

}  // namespace

std::string_view name(Isolation isolation) {
  if (isolation == Isolation::program) return "program";
  return isolation == Isolation::cell ? "cell" : "boot";
}

base::Result<Matrix> parse_matrix(const std::filesystem::path& file, const KernelCatalogue& kernels,
                                  const LoaderCatalogue& loaders,
                                  const std::vector<Law>& known_laws,
                                  const TagLister& list_tags) {
  Diagnostics diagnostics;
  const auto root = read_document(file, diagnostics);
  if (!root) return diagnostics.error();
  const auto top = Mapping::of(*root, "a matrix",
                               {"extends", "kernels", "loaders", "required", "mode_sets", "modes",
                                "programs", "laws", "exclude", "expect", "limits", "isolation"},
                               diagnostics);
  if (!top) return diagnostics.error();
  Matrix matrix =
      read_matrix(*root, *top, kernels, loaders, known_laws, list_tags, diagnostics);
  if (!diagnostics.empty()) return diagnostics.error();
  matrix.name = file.stem().string();
  matrix.file = file;
  return matrix;
}

}  // namespace bpfmatrix::spec
