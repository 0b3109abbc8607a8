#include "spec/diagnostics.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace bpfmatrix::spec {

std::string to_text(const Place& place) {
  if (place.line == 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

base::Error Diagnostics::error() const {
  // Files in the order in which they were first met: the matrix before what it extends.
  std::map<std::string, size_t> rank;
  for (const auto& d : list_) rank.try_emplace(d.place.file, rank.size());
  std::vector<const Diagnostic*> sorted;
  for (const auto& d : list_) sorted.push_back(&d);
  const auto key = [&](const Diagnostic* d) {
    return std::tuple(rank.at(d->place.file), d->place.line, d->place.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic* a, const Diagnostic* b) { return key(a) < key(b); });
  std::string text;
  for (const auto* d : sorted) {
    if (!text.empty()) text += '\n';
    text += fmt::format("{}: {}", to_text(d->place), d->message);
  }
  return base::Error{base::ErrorKind::invalid_input, std::move(text)};
}

}  // namespace bpfmatrix::spec
