#include "report/block_titles.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "report/text_layout.h"

namespace bpfmatrix::report {
namespace {

using spec::Buffer;

using Levels = std::vector<uint32_t>;
using Buffers = std::vector<Buffer>;
using Product = std::pair<Levels, Buffers>;
using Products = std::vector<Product>;

// What stands between program and level in a title.
struct Call {
  spec::Interface interface = spec::Interface::prog_load;
  std::map<std::string, std::string> extra;
  auto operator<=>(const Call&) const = default;
};

// Members of `pairs` with their keys, sorted; what has the same key comes together.
template <typename Outer, typename Inner>
std::map<Outer, std::vector<Inner>> gather(const std::vector<std::pair<Outer, Inner>>& pairs) {
  std::map<Outer, std::vector<Inner>> gathered;
  for (const auto& [outer, inner] : pairs) gathered[outer].push_back(inner);
  return gathered;
}

// The smallest outer keys that share the same inner list, by their first.
template <typename Outer, typename Inner>
std::vector<std::pair<std::vector<Outer>, std::vector<Inner>>> share(
    const std::map<Outer, std::vector<Inner>>& lists) {
  std::map<std::vector<Inner>, std::vector<Outer>> sharing;
  for (const auto& [outer, inner] : lists) sharing[inner].push_back(outer);
  std::vector<std::pair<std::vector<Outer>, std::vector<Inner>>> out;
  for (auto& [inner, outer] : sharing) out.emplace_back(std::move(outer), inner);
  std::ranges::sort(out);
  return out;
}

// `cells` (sorted by level, then buffer) as products; levels first or buffers first, whichever
// gives fewer of them.
Products products_of(const std::vector<std::pair<uint32_t, Buffer>>& cells) {
  const auto by_level = share(gather(cells));
  std::vector<std::pair<Buffer, uint32_t>> turned;
  for (const auto& [level, buffer] : cells) turned.emplace_back(buffer, level);
  const auto by_buffer = share(gather(turned));
  if (by_level.size() <= by_buffer.size()) return by_level;
  Products products;
  for (const auto& [buffers, levels] : by_buffer) products.emplace_back(levels, buffers);
  std::ranges::sort(products);
  return products;
}

std::string size_text(int64_t bytes) {
  return base::format_bytes(static_cast<uint64_t>(bytes));
}

// A buffer inside of a list of several.
std::string listed_text(const Buffer& buffer) {
  switch (buffer.kind) {
    case Buffer::Kind::none:
      return "none";
    case Buffer::Kind::null:
      return fmt::format("NULL with size {}", size_text(buffer.value));
    case Buffer::Kind::fixed:
      return size_text(buffer.value);
    case Buffer::Kind::relative:
      return buffer.value == 0 ? "true size" : fmt::format("true size{:+}", buffer.value);
  }
  return {};
}

std::string text_of(const Buffers& buffers, bool object_load_only) {
  if (buffers.size() == 1 && buffers[0].kind == Buffer::Kind::none)
    return object_load_only ? "the library's own buffer" : "no buffer";
  std::vector<std::string> texts;
  for (const auto& buffer : buffers) texts.push_back(listed_text(buffer));
  return "buffer " + join(texts, ", ");
}

std::string text_of(const Levels& levels) {
  if (levels.size() == 1) return "level " + spec::level_text(levels[0]);
  std::vector<std::string> texts;
  for (const auto level : levels) texts.push_back(fmt::format("{}", level));
  return "level " + join(texts, ", ");
}

std::string text_of(const Call& call) {
  std::vector<std::string> extra;
  for (const auto& [key, value] : call.extra) extra.push_back(key + "=" + value);
  std::string text(spec::name(call.interface));
  return extra.empty() ? text : fmt::format("{} ({})", text, join(extra, ", "));
}

std::string title_of(const result::RunRecord& run, const std::vector<uint32_t>& programs,
                     const std::vector<Call>& calls, const Products& products) {
  std::vector<std::string> names, call_texts, product_texts;
  for (const auto program : programs) names.push_back(run.programs[program].id);
  for (const auto& call : calls) call_texts.push_back(text_of(call));
  const bool object_load_only = std::ranges::all_of(
      calls, [](const Call& call) { return call.interface == spec::Interface::object_load; });
  for (const auto& [levels, buffers] : products)
    product_texts.push_back(
        fmt::format("{} · {}", text_of(levels), text_of(buffers, object_load_only)));
  return single_line(fmt::format("{} · {} · {}", join(names, ", "), join(call_texts, ", "),
                                 join(product_texts, "; ")),
                     4096);
}

// A group before it has a title: everything of `programs` x `calls` x `products`.
struct Shape {
  std::vector<uint32_t> programs;
  std::vector<Call> calls;
  Products products;
};

// The pairs of one way to look, joined from the inside out: products, calls, programs.
std::vector<Shape> shapes_of(const std::vector<TitledPair>& pairs,
                             const std::vector<uint32_t>& members) {
  std::map<uint32_t, std::map<Call, std::vector<std::pair<uint32_t, Buffer>>>> cells;
  for (const auto member : members) {
    const auto& [program, mode, rows] = pairs[member];
    cells[program][Call{mode.interface, mode.extra}].emplace_back(mode.level, mode.buffer);
  }
  std::map<std::pair<std::vector<Call>, Products>, std::vector<uint32_t>> programs_of;
  for (auto& [program, by_call] : cells) {
    std::map<Call, Products> products;
    for (auto& [call, list] : by_call) {
      std::ranges::sort(list);
      products.emplace(call, products_of(list));
    }
    for (const auto& [calls, shared] : share(products))
      programs_of[{calls, shared}].push_back(program);
  }
  std::vector<Shape> shapes;
  for (const auto& [key, programs] : programs_of)
    shapes.push_back({programs, key.first, key.second});
  return shapes;
}

// Where each pair is found again by its parts.
using PairIndex = std::map<std::tuple<uint32_t, spec::LogMode>, uint32_t>;

TitledGroup group_of(const result::RunRecord& run, const PairIndex& index, const Shape& shape) {
  TitledGroup group;
  group.title = title_of(run, shape.programs, shape.calls, shape.products);
  for (const auto program : shape.programs)
    for (const auto& call : shape.calls)
      for (const auto& [levels, buffers] : shape.products)
        for (const auto level : levels)
          for (const auto& buffer : buffers)
            group.members.push_back(
                index.at({program, spec::LogMode{call.interface, level, buffer, call.extra}}));
  std::ranges::sort(group.members);
  group.first = group.members.front();
  return group;
}

}  // namespace

std::vector<TitledGroup> group_pairs(const result::RunRecord& run,
                                     const std::vector<TitledPair>& pairs) {
  std::map<uint32_t, std::vector<uint32_t>> alike;
  PairIndex index;
  for (uint32_t i = 0; i < pairs.size(); ++i) {
    alike[pairs[i].rows].push_back(i);
    index.emplace(std::tuple(pairs[i].program, pairs[i].mode), i);
  }
  std::vector<TitledGroup> groups;
  for (const auto& [rows, members] : alike)
    for (const auto& shape : shapes_of(pairs, members))
      groups.push_back(group_of(run, index, shape));
  std::ranges::sort(groups, {}, &TitledGroup::first);
  return groups;
}

}  // namespace bpfmatrix::report
