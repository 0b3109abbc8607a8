#include "spec/diagnostics.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"

namespace bpfmatrix::spec {

namespace {

constexpr size_t kMostShown = 100;

}  // namespace

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
  for (size_t i = 0; i < std::min(sorted.size(), kMostShown); ++i) {
    if (!text.empty()) text += '\n';
    // Names of files and what the system says of them come from the user's file as well.
    text += base::printable(
        fmt::format("{}: {}", to_text(sorted[i]->place), sorted[i]->message));
  }
  if (sorted.size() > kMostShown)
    text += fmt::format("\nand {} more mistakes like these", sorted.size() - kMostShown);
  return base::Error{base::ErrorKind::invalid_input, std::move(text)};
}

}  // namespace bpfmatrix::spec
