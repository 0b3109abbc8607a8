// Mistakes in a user's file, each with its place; all of them are collected and told at once.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::spec {

struct Place {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1
};
// "file:line:column", or "file" where there is no line.
[[nodiscard]] std::string to_text(const Place& place);

struct Diagnostic {
  Place place;
  std::string message;  // "unknown key \"kernel\": did you mean \"kernels\"?"
};

class Diagnostics {
 public:
  void add(Place place, std::string message) {
    list_.push_back({std::move(place), std::move(message)});
  }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  [[nodiscard]] const std::vector<Diagnostic>& list() const { return list_; }
  // One Error of kind invalid_input: a line "file:line:column: message" each, in the file's order.
  [[nodiscard]] base::Error error() const;

 private:
  std::vector<Diagnostic> list_;
};

}  // namespace bpfmatrix::spec
