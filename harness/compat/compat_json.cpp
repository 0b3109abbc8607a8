#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "compat/each_page.h"
#include "compat/evidence.h"
#include "compat/statement.h"
#include "law/range.h"

namespace bpfmatrix::compat {
namespace {

using nlohmann::ordered_json;

// "linux_debian": a key of MDN's browser-compat-data is of a-z, 0-9 and _.
std::string key_of(const std::string& prefix, const std::string& name) {
  std::string key = prefix;
  for (const char c : name.substr(0, 40)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      key += c;
    else if (c >= 'A' && c <= 'Z')
      key += static_cast<char>(c - 'A' + 'a');
    else
      key += '_';
  }
  return key.empty() ? "unknown" : key;
}

ordered_json range_json(const law::Range& range) {
  ordered_json json;
  json["version_added"] = (range.before_first.empty() ? "≤" : "") + range.first;
  if (!range.before_first.empty()) json["version_not"] = range.before_first;
  if (!range.after_last.empty()) {
    json["version_last"] = range.last;
    json["version_removed"] = range.after_last;
  }
  return json;
}

// One statement, or a list with the newest first, as in browser-compat-data.
ordered_json support_json(const law::Line& line, const char* why_partly) {
  std::vector<std::string> partly;
  bool measured = false, unversioned = false;
  for (const auto& point : line.points) {
    measured |= point.answer != law::Answer::unknown;
    unversioned |= point.version.empty();
    if (point.answer == law::Answer::mixed) partly.push_back(point.version);
  }
  if (!measured) return {{"version_added", nullptr}};
  ordered_json list = ordered_json::array();
  if (unversioned && line.points.size() == 1) {
    list.push_back({{"version_added", line.points[0].answer == law::Answer::yes}});
    if (!partly.empty())
      list[0] = {
          {"version_added", true}, {"partial_implementation", true}, {"notes", why_partly}};
    return list[0];
  }
  for (const auto& range : law::ranges(line)) list.insert(list.begin(), range_json(range));
  for (auto at = partly.rbegin(); at != partly.rend(); ++at)
    list.push_back({{"version_added", *at},
                    {"partial_implementation", true},
                    {"notes", why_partly}});
  if (list.empty()) return {{"version_added", false}};
  return list.size() == 1 ? ordered_json(list[0]) : list;
}

ordered_json compat_of(const Material& material, size_t place) {
  const auto& law = material.laws[place];
  const auto& result = material.findings.results[place];
  ordered_json support = ordered_json::object();
  for (const auto& line : law::kernel_lines(result, material.run))
    support[key_of("linux_", line.name)] =
        support_json(line, "not with every loader, program or log mode that was measured");
  for (const auto& line : law::loader_lines(result, material.run))
    support[key_of("", line.name)] =
        support_json(line, "not on every kernel, or with every program or log mode measured");
  return {{"description", law.statement},
          {"source_file", "harness/laws/" + law.id + ".yaml"},
          {"support", std::move(support)},
          {"status",
           {{"kind", law.kind == spec::Law::Kind::law ? "law" : "feature"},
            {"measured", std::ranges::any_of(result.points, is_decided, &law::Point::verdict)}}}};
}

}  // namespace

std::string compat_json(const Material& material) {
  const auto& header = material.run.header;
  ordered_json groups = ordered_json::object();
  for (const auto kind : {spec::Law::Kind::law, spec::Law::Kind::feature})
    for (const auto& group : by_group(material.laws, kind))
      for (const auto i : group.laws)
        groups[material.laws[i].group][material.laws[i].id]["__compat"] = compat_of(material, i);
  const ordered_json document = {
      {"__meta",
       {{"made_by", "bpfmatrix docs"},
        {"schema_version", "1.0"},
        {"run", header.id},
        {"date", header.started.substr(0, 10)},
        {"program_version", header.program_version},
        {"qemu_version", header.qemu_version},
        {"accel", header.accel}}},
      {"bpf", std::move(groups)}};
  return document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace bpfmatrix::compat
