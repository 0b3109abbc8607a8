#include "spec/git_loaders.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "spec/document.h"
#include "spec/values.h"

namespace bpfmatrix::spec {
namespace {

constexpr std::string_view kSchemes[] = {"https://", "http://", "git://", "ssh://", "file://"};
constexpr size_t kLongest = 1024;
constexpr std::string_view kRepositoryRule =
    "an https, http, git, ssh or file URL without a password, or a path (ssh://host/path instead "
    "of host:path, ./x:y for a path with a colon)";
constexpr std::string_view kRevisionRule = "a tag, a branch or a commit";

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kLongest && text.front() != '-' &&
         std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return c < ' ' || c == 127; });
}

// What is behind the version: "" of "v1.2.2", "-rc1" of "v1.5.0-rc1", all of "nightly".
std::string_view behind_version(std::string_view tag) {
  if (!version_in_tag(tag)) return tag;
  const size_t digits = tag.front() == 'v' ? 1 : 0;
  const size_t end = tag.find_first_not_of("0123456789.", digits);
  return end == std::string_view::npos ? "" : tag.substr(end);
}

// The glob without its wildcards and sets, "v1.-rc" of "v1.[5-9]*-rc?"; `prefix`: up to the first.
std::string literal_text(std::string_view glob, bool prefix) {
  std::string text;
  while (!glob.empty()) {
    const size_t at = std::min(glob.find_first_of("*?["), glob.size());
    text += glob.substr(0, at);
    if (at == glob.size() || prefix) break;
    // In a set a "]" may stand first.
    const size_t end = glob[at] == '[' ? std::min(glob.find(']', at + 2), glob.size() - 1) : at;
    glob.remove_prefix(end + 1);
  }
  return text;
}

std::string without_v(const std::string& tag) {
  return version_in_tag(tag) && tag.front() == 'v' ? tag.substr(1) : tag;
}

struct Request {
  std::string repository;
  std::optional<std::string> revision, tags;  // one of them
  const Node* asked_at = nullptr;             // the node of `tags` or `rev`
};

std::optional<std::string> read_repository(const Node& node, Diagnostics& diagnostics) {
  auto text = read_value(node, "\"git\"", kRepositoryRule, diagnostics,
                         [](const std::string& value) {
                           return is_repository(value) ? std::optional(value) : std::nullopt;
                         });
  if (!text || text->find("://") != std::string::npos) return text;
  // Absolute, so that neither a working folder nor git's reading of colons changes its meaning.
  std::error_code ec;
  auto path = std::filesystem::absolute(resolve_path(*text, node.place), ec).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.string();
}

std::optional<Request> read_request(const Mapping& entry, Diagnostics& diagnostics) {
  Request request;
  const auto repository = read_repository(*entry.find("git"), diagnostics);
  const Node* revision = entry.find("rev");
  const Node* tags = entry.find("tags");
  if ((revision != nullptr) == (tags != nullptr)) {
    diagnostics.add(entry.place(), "\"git\" goes with one of \"rev\" and \"tags\"");
    return std::nullopt;
  }
  if (const Node* version = entry.find("version")) {
    diagnostics.add(version->place, "the version of a git source is read from the source");
    return std::nullopt;
  }
  if (const Node* id = tags != nullptr ? entry.find("id") : nullptr) {
    diagnostics.add(id->place, "\"tags\" stands for several loaders, whose ids are the tags': "
                               "leave \"id\" out, or name one tag with \"rev\"");
    return std::nullopt;
  }
  request.asked_at = tags != nullptr ? tags : revision;
  if (revision != nullptr) {
    request.revision = read_value(*revision, "\"rev\"", kRevisionRule, diagnostics,
                                  [](const std::string& text) {
                                    return is_revision(text) ? std::optional(text) : std::nullopt;
                                  });
  } else {
    request.tags = read_value(*tags, "\"tags\"", "a glob over tags such as v1.*", diagnostics,
                              [](const std::string& text) {
                                return is_plain(text) ? std::optional(text) : std::nullopt;
                              });
  }
  if (!repository || (!request.revision && !request.tags)) return std::nullopt;
  request.repository = *repository;
  return request;
}

LoaderEntry entry_of(std::string id, GitLibbpf source, const Place& place) {
  return {.id = std::move(id),
          .kind = "libbpf",
          .version = "",
          .source = std::move(source),
          .place = place};
}

// The tags that the glob asks for, oldest version first. Reports when there is none.
std::vector<std::string> matching_tags(const Request& request, std::vector<std::string> all,
                                       Diagnostics& diagnostics) {
  std::sort(all.begin(), all.end(), [](const std::string& a, const std::string& b) {
    const int order = compare_versions(without_v(a), without_v(b));
    return order != 0 ? order < 0 : a < b;
  });
  std::vector<std::string> tags;
  std::copy_if(all.begin(), all.end(), std::back_inserter(tags),
               [&](const std::string& tag) { return glob_asks_for_tag(*request.tags, tag); });
  if (tags.empty()) {
    std::string what = "it has none";
    if (!all.empty()) {
      what = did_you_mean(*request.tags, all);
      if (what.empty())
        what = fmt::format("the last of its {} is {}", all.size(), quote(all.back()));
      if (what.starts_with(": ")) what.erase(0, 2);
    }
    diagnostics.add(request.asked_at->place, fmt::format("{} matches no tag of {}: {}",
                                                         quote(*request.tags),
                                                         quote(request.repository), what));
  }
  return tags;
}

// The id of a tag's loader, taken; nothing, and reported, when there is none to be had.
std::optional<std::string> family_id(const Request& request, const std::string& tag,
                                     const TakeId& take_id, Diagnostics& diagnostics) {
  const Place& place = request.asked_at->place;
  if (!version_in_tag(tag)) {
    diagnostics.add(place, fmt::format("tag {} is no version such as v1.2.2: give it a loader of "
                                       "its own, with \"id\" and \"rev\"",
                                       quote(tag)));
    return std::nullopt;
  }
  for (const char* prefix : {"libbpf-", "libbpf-git-"}) {
    std::string id = prefix + without_v(tag);
    if (!is_id(id)) {
      diagnostics.add(place, fmt::format("tag {} gives no good id: give it a loader of its own, "
                                         "with \"id\" and \"rev\"",
                                         quote(tag)));
      return std::nullopt;
    }
    if (take_id(id)) return id;
  }
  diagnostics.add(place, fmt::format("tag {}: both libbpf-{} and libbpf-git-{} are taken: give it "
                                     "a loader of its own, with \"id\" and \"rev\"",
                                     quote(tag), without_v(tag), without_v(tag)));
  return std::nullopt;
}

std::optional<GitLoaders> read_family(const Request& request, const Place& place,
                                      const TakeId& take_id, const TagLister& list_tags,
                                      Diagnostics& diagnostics) {
  GitLoaders family;
  base::Result<std::vector<std::string>> listed =
      base::fail(base::ErrorKind::unavailable, "tags are not listed here");
  if (list_tags) listed = list_tags(request.repository);
  if (!listed) {
    family.unlisted = true;
    std::string id = "libbpf-git-unlisted";
    for (int next = 2; !take_id(id); ++next) id = fmt::format("libbpf-git-unlisted-{}", next);
    family.loaders.push_back(
        entry_of(std::move(id), GitLibbpf{request.repository, "", *request.tags}, place));
    return family;
  }
  const auto tags = matching_tags(request, std::move(*listed), diagnostics);
  for (const auto& tag : tags)
    if (auto id = family_id(request, tag, take_id, diagnostics))
      family.loaders.push_back(
          entry_of(std::move(*id), GitLibbpf{request.repository, tag, *request.tags}, place));
  if (tags.empty() || family.loaders.size() != tags.size()) return std::nullopt;
  return family;
}

}  // namespace

std::optional<GitLoaders> read_git_loaders(const Mapping& entry,
                                           const std::optional<std::string>& id,
                                           const TakeId& take_id, const TagLister& list_tags,
                                           Diagnostics& diagnostics) {
  const auto request = read_request(entry, diagnostics);
  if (!request) return std::nullopt;
  if (request->tags) return read_family(*request, entry.place(), take_id, list_tags, diagnostics);
  if (!id) return std::nullopt;
  GitLoaders one;
  one.loaders.push_back(
      entry_of(*id, GitLibbpf{request->repository, *request->revision, ""}, entry.place()));
  return one;
}

bool is_family(const Node& entry) {
  return std::any_of(entry.entries.begin(), entry.entries.end(),
                     [](const Entry& one) { return one.key == "tags"; });
}

bool is_repository(std::string_view text) {
  if (!is_plain(text)) return false;
  for (const auto scheme : kSchemes) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    // A host that begins with "-" becomes an option of ssh; a password would get into lock and
    // tables.
    const std::string_view host = rest.substr(0, rest.find('/'));
    const std::string_view login = host.substr(0, host.rfind('@') + 1);  // npos + 1 is 0
    return !rest.empty() && rest.front() != '-' && rest.find(' ') == std::string_view::npos &&
           login.find(':') == std::string_view::npos;
  }
  // "ext::sh -c ..." names a program; "host:path" a login. Neither is a path.
  return text.substr(0, text.find('/')).find(':') == std::string_view::npos;
}

bool is_revision(std::string_view text) {
  return is_plain(text) && text.front() != '/' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._/+@-") == std::string_view::npos &&
         text.find("..") == std::string_view::npos;
}

std::optional<std::string> version_in_tag(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  const std::string number(tag.substr(0, tag.find_first_not_of("0123456789.")));
  const auto points = std::count(number.begin(), number.end(), '.');
  if (!is_version(number) || points < 1 || points > 2) return std::nullopt;
  return number;
}

bool glob_asks_for_tag(const std::string& glob, const std::string& tag) {
  if (!base::glob_matches(glob, tag)) return false;
  const std::string_view rest = behind_version(tag);
  if (rest.empty()) return true;
  if (rest != tag) return literal_text(glob, false).find(rest.front(), 1) != std::string::npos;
  const std::string beginning = literal_text(glob, true);
  return !beginning.empty() && beginning != "v";
}

}  // namespace bpfmatrix::spec
