#include "report/html_texts.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "report/html_pack.h"

namespace bpfmatrix::report {
namespace {

using nlohmann::ordered_json;

constexpr size_t kPartBytes = size_t{256} << 10;  // of text, before packing

struct Limits {
  size_t head, tail;  // bytes
};
// The first are those of an observation: nothing is cut.
constexpr std::array<Limits, 6> kLimits = {
    {{2048, 4096}, {1024, 2048}, {512, 1024}, {256, 768}, {0, 512}, {0, 0}}};

std::string_view head_of(std::string_view text, size_t limit) {
  return text.substr(0, limit);
}
std::string_view tail_of(std::string_view text, size_t limit) {
  return text.substr(text.size() - std::min(limit, text.size()));
}

// Cells that have much text in common next to each other: that packs best.
std::vector<uint32_t> by_program(const result::RunRecord& run) {
  std::vector<uint32_t> order(run.cells.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(
      order, {}, [&run](uint32_t i) { return std::tie(run.cells[i].program, run.cells[i].mode); });
  return order;
}

class Packer {
 public:
  Packer(const result::RunRecord& run, const std::vector<uint32_t>& order, Limits limits)
      : run_(run), order_(order), limits_(limits) {
    texts_.cells.resize(run.cells.size());
  }

  PageTexts pack_all() {
    add_all(&CellTexts::head, [this](const result::Observation& seen) {
      return head_of(seen.log_head, limits_.head);
    });
    add_all(&CellTexts::tail, [this](const result::Observation& seen) {
      return tail_of(seen.log_tail, limits_.tail);
    });
    add_all(&CellTexts::messages,
            [](const result::Observation& seen) { return std::string_view(seen.messages); });
    end_part();
    if (texts_.parts.is_null()) texts_.parts = ordered_json::array();
    return std::move(texts_);
  }

 private:
  template <typename TextOf>
  void add_all(int32_t CellTexts::*place, TextOf text_of) {
    for (const auto i : order_) {
      const auto& attempt = run_.cells[i].attempt;
      if (attempt.state != result::AttemptState::measured) continue;
      texts_.cells[i].*place = number(text_of(attempt.observation));
    }
  }

  int32_t number(std::string_view text) {
    if (text.empty()) return -1;
    const auto [at, added] = numbers_.try_emplace(text, static_cast<int32_t>(numbers_.size()));
    if (!added) return at->second;
    if (part_.empty()) texts_.firsts.push_back(static_cast<uint32_t>(at->second));
    part_.push_back(text);
    part_bytes_ += text.size();
    if (part_bytes_ >= kPartBytes) end_part();
    return at->second;
  }

  void end_part() {
    if (part_.empty()) return;
    texts_.parts.push_back(pack(island(part_)));
    part_ = ordered_json::array();
    part_bytes_ = 0;
  }

  const result::RunRecord& run_;
  const std::vector<uint32_t>& order_;
  Limits limits_;
  PageTexts texts_;
  // Views of texts that the run holds.
  std::unordered_map<std::string_view, int32_t> numbers_;
  ordered_json part_ = ordered_json::array();
  size_t part_bytes_ = 0;
};

size_t size_of(const ordered_json& parts) {
  size_t bytes = 0;
  for (const auto& part : parts) bytes += part.get_ref<const std::string&>().size();
  return bytes;
}

}  // namespace

PageTexts page_texts(const result::RunRecord& run, size_t budget) {
  const auto order = by_program(run);
  PageTexts texts;
  for (const auto& limits : kLimits) {
    texts = Packer(run, order, limits).pack_all();
    if (&limits != kLimits.data()) {
      texts.head_limit = std::max<size_t>(limits.head, 1);
      texts.tail_limit = std::max<size_t>(limits.tail, 1);
    }
    if (size_of(texts.parts) <= budget) break;
  }
  return texts;
}

}  // namespace bpfmatrix::report
