#include "run/resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace bpfmatrix::run {
namespace {

using result::AttemptState;
using result::CellRecord;

// "3 cells are new (first: …)"; empty when none of `of` is missing in `in`.
std::string missing(const std::vector<CellRecord>& of, const std::vector<CellRecord>& in,
                    const char* what) {
  std::set<std::string_view> there;
  for (const auto& cell : in) there.insert(cell.id);
  size_t count = 0;
  std::string first;
  for (const auto& cell : of) {
    if (there.contains(cell.id)) continue;
    if (count++ == 0) first = cell.id;
  }
  if (count == 0) return {};
  return fmt::format("{} {} {} (first: {})", count, count == 1 ? "cell is" : "cells are", what, first);
}

// Nothing was ever started for the cell, for want of something.
bool was_put_off(AttemptState state) {
  switch (state) {
    case AttemptState::no_space:
    case AttemptState::accel_broken:
    case AttemptState::image_unavailable:
    case AttemptState::bad_image:
    case AttemptState::loader_unavailable:
    case AttemptState::loader_build:
    case AttemptState::not_reached:
      return true;
    default:
      return false;
  }
}

// Told only of a cell that was announced when its machine ended (run/boot.cpp).
bool took_its_machine(AttemptState state) {
  return state == AttemptState::kernel_crash || state == AttemptState::kernel_splat ||
         state == AttemptState::hang || state == AttemptState::reboot;
}

// What a plan alone says of a cell.
bool is_ruled_out(AttemptState state) {
  return state == AttemptState::filtered || state == AttemptState::not_expressible;
}

}  // namespace

base::Status same_cells(const result::RunRecord& stored, const result::RunRecord& planned) {
  const auto same = [](const CellRecord& a, const CellRecord& b) { return a.id == b.id; };
  if (std::ranges::equal(stored.cells, planned.cells, same)) return {};
  std::string what = missing(stored.cells, planned.cells, "not planned any more");
  const auto added = missing(planned.cells, stored.cells, "new");
  what += (what.empty() || added.empty() ? "" : ", ") + added;
  if (what.empty()) what = "the same cells stand in another order";
  const auto& header = stored.header;
  return base::fail(
      base::ErrorKind::invalid_input,
      "the plan is not that of the run: {}. Undo what was changed in the matrix, the catalogues, "
      "the laws or the test programs since; or start anew with bpfmatrix run {}{}{}: what was "
      "measured answers",
      what, header.matrix_file, header.selection.empty() ? "" : " ", header.selection);
}

Rest rest_of(const result::RunRecord& stored, std::span<const result::Question> questions,
             std::vector<result::CellResult> settled, uint32_t retries) {
  Rest rest;
  auto question = questions.begin();
  auto cannot = settled.begin();
  for (uint32_t i = 0; i < stored.cells.size(); ++i) {
    const auto& cell = stored.cells[i];
    const auto state = cell.attempt.state;
    while (question != questions.end() && question->cell < i) ++question;
    while (cannot != settled.end() && cannot->cell < i) ++cannot;
    const bool was_tried = cell.attempts > 0;
    if (cannot != settled.end() && cannot->cell == i) {
      const bool measured = was_tried && !cell.key.empty() && !was_put_off(state);
      if (!measured || is_ruled_out(cannot->attempt.state)) {
        if (was_tried && cell.attempt == cannot->attempt) continue;
        if (was_tried) rest.take_back.push_back(i);
        rest.settle.push_back(std::move(*cannot));
      }
      continue;
    }
    if (!was_tried) continue;
    const bool asked = question != questions.end() && question->cell == i;
    if (asked && cell.key == question->key && !was_put_off(state)) {
      if (took_its_machine(state) && cell.attempts <= retries)
        rest.again.emplace(i, cell.attempts);
      else
        rest.kept.push_back(i);
      continue;
    }
    rest.take_back.push_back(i);
    rest.stale += !cell.key.empty() && !was_put_off(state) ? 1 : 0;
  }
  return rest;
}

}  // namespace bpfmatrix::run
