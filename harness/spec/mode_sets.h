// `mode_sets:` and lists of modes: names of sets and mappings whose lists are crossed, turned into
// log modes, each once, in the order of first mention.
//
// Refuses sets that contain themselves, names that are not there, sets nested deeper than 32 and
// files that spell out more than a million modes. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "spec/diagnostics.h"
#include "spec/log_mode.h"
#include "spec/yaml_reader.h"

namespace bpfmatrix::spec {

class ModeSets {
 public:
  // Reads every set, used or not. `sets` (may be null) must outlive the object. `partial`: a file
  // of the document is missing, so that an unknown name is not reported.
  ModeSets(const Node* sets, bool partial, Diagnostics& diagnostics);

  // A list of names and mappings, or one of them alone. Empty only after a mistake was reported.
  [[nodiscard]] std::vector<LogMode> read(const Node& node, const std::string& what);
  // Counts `more` modes against the million; false, and reported once, when they are too many.
  [[nodiscard]] bool spend(const Place& place, size_t more);

 private:
  struct Set {
    const Node* node = nullptr;
    enum class State { unread, open, read } state = State::unread;
    std::vector<LogMode> modes;
  };

  void read_set(const std::string& name, Set& set);
  void append_item(const Node& item, std::vector<LogMode>& modes);
  void append_set(const Node& item, std::vector<LogMode>& modes);
  void append_crossed(const Node& item, std::vector<LogMode>& modes);

  std::map<std::string, Set> sets_;
  std::vector<std::string> names_;
  std::vector<std::string> open_;  // names of the sets being read, outermost first
  size_t spent_ = 0;               // modes spelt out so far
  bool partial_;
  Diagnostics& diagnostics_;
};

// The values of a selector's or mode's key, each once; mistakes are reported.
[[nodiscard]] std::vector<Interface> read_interfaces(const Node& node, Diagnostics& diagnostics);
[[nodiscard]] std::vector<uint32_t> read_levels(const Node& node, Diagnostics& diagnostics);
[[nodiscard]] std::vector<Buffer> read_buffers(const Node& node, Diagnostics& diagnostics);

}  // namespace bpfmatrix::spec
