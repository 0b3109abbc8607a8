// `kernels:`, `loaders:` and `required:` of a matrix: globs over the catalogue and entries of its
// own. Reports ids that are taken and globs that match nothing. Pure; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "spec/catalogue.h"
#include "spec/diagnostics.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

// The ids of one axis that a glob may match.
class AxisIds {
 public:
  // `what` names one of them in messages: "kernel".
  explicit AxisIds(std::string what) : what_(std::move(what)) {}

  void add(const std::string& id);
  [[nodiscard]] bool contains(const std::string& id) const { return known_.count(id) != 0; }
  // Something was refused: a glob may have meant it, so none is reported.
  void set_partial() { partial_ = true; }
  // The text nodes of `node` (a list or one text) as globs, each of which must match an id.
  [[nodiscard]] std::vector<std::string> read_globs(const Node& node, const std::string& key,
                                                    Diagnostics& diagnostics) const;
  // One of them.
  [[nodiscard]] std::optional<std::string> read_glob(const Node& node, const std::string& key,
                                                     Diagnostics& diagnostics) const;

 private:
  std::string what_;
  std::vector<std::string> ids_;
  std::set<std::string> known_;
  bool partial_ = false;
};

// Globs as written, entries by their ids; adds the entries' ids to `ids`. `node` may be null.
struct KernelAxis {
  std::vector<std::string> globs;
  std::vector<KernelEntry> entries;
};
[[nodiscard]] KernelAxis read_kernel_axis(const Node* node, AxisIds& ids, Diagnostics& diagnostics);

struct LoaderAxis {
  std::vector<std::string> globs;
  std::vector<LoaderEntry> entries;
};
[[nodiscard]] LoaderAxis read_loader_axis(const Node* node, AxisIds& ids,
                                          const TagLister& list_tags, Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
