#include "compat/pages.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "compat/each_page.h"
#include "compat/markup.h"
#include "compat/statement.h"

namespace bpfmatrix::compat {
namespace {

// One page for each path: ids that come to the same name of a file keep the first.
std::vector<Page> in_order(std::vector<Page> pages) {
  std::ranges::stable_sort(pages, {}, &Page::path);
  const auto same = std::ranges::unique(pages, {}, &Page::path);
  pages.erase(same.begin(), same.end());
  return pages;
}

std::string list_of(const std::vector<spec::Law>& laws, spec::Law::Kind kind) {
  std::string text;
  for (const auto& group : by_group(laws, kind)) {
    Table table({"", ""});
    for (const auto i : group.laws) table.add({law_link(laws[i].id), prose(laws[i].statement)});
    text += fmt::format("### {}\n\n{}", prose(group.title), table.text());
  }
  return text.empty() ? "None.\n\n" : text;
}

}  // namespace

std::vector<Page> make_pages(const Material& material) {
  std::vector<Page> pages = {{"README.md", index_page(material)},
                             {"btf-kinds.md", btf_kinds_page(material)},
                             {"compat.json", compat_json(material)},
                             {"documented.md", documented_page(material)},
                             {"privilege.md", privilege_page(material)},
                             {"strategies.md", strategies_page(material)},
                             {"verifier-log.md", verifier_log_page(material)}};
  for (size_t i = 0; i < material.laws.size(); ++i)
    pages.push_back(
        {fmt::format("laws/{}.md", file_name(material.laws[i].id)), law_page(material, i)});
  for (uint32_t i = 0; i < material.run.loaders.size(); ++i)
    pages.push_back({fmt::format("loaders/{}.md", file_name(material.run.loaders[i].id)),
                     loader_page(material, i)});
  return in_order(std::move(pages));
}

std::vector<Page> make_statement_pages(const std::vector<spec::Law>& laws) {
  std::string text(kMarker);
  text +=
      "# Laws\n\nWhat bpfmatrix holds against every run, made from the files of `harness/laws` by "
      "`bpfmatrix docs --laws`. A law must hold; a feature is only measured, and laws take "
      "features as their conditions.\n\n## Laws\n\n";
  text += list_of(laws, spec::Law::Kind::law) + "## Features\n\n" +
          list_of(laws, spec::Law::Kind::feature);
  while (text.ends_with("\n\n")) text.pop_back();
  std::vector<Page> pages = {{"laws.md", std::move(text)}};
  for (const auto& law : laws)
    pages.push_back({fmt::format("laws/{}.md", file_name(law.id)),
                     std::string(kMarker) + statement(law, laws) + "[All laws](../laws.md)\n"});
  return in_order(std::move(pages));
}

bool is_made_page(std::string_view text) {
  return text.starts_with(kMarker) || text.starts_with("{\n \"__meta\": {\n  \"made_by\": \"bpfmatrix docs\"");
}

}  // namespace bpfmatrix::compat
