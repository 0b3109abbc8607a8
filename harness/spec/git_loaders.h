// Loaders from a git repository: `git` with `rev` is one loader, `git` with `tags` a family of
// them, one for each tag that the glob matches. Runs no git: tags are listed by a function of the
// caller.
//
// Refuses repositories and revisions that git would take for options, remote helpers or ranges.
// Pure but for that function; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/catalogue.h"
#include "spec/mapping.h"

namespace bpfmatrix::spec {

// Says whether an id was free, and takes it.
using TakeId = std::function<bool(const std::string& id)>;

struct GitLoaders {
  std::vector<LoaderEntry> loaders;  // of a family by version, oldest first
  // The tags of a family could not be listed: one entry without a revision stands for all of it.
  bool unlisted = false;
};
// Reads an entry that has `git`. `id` is its id, if it has one that is good. Nothing where a
// mistake was reported. `list_tags` may be empty: then no family can be listed.
[[nodiscard]] std::optional<GitLoaders> read_git_loaders(const Mapping& entry,
                                                         const std::optional<std::string>& id,
                                                         const TakeId& take_id,
                                                         const TagLister& list_tags,
                                                         Diagnostics& diagnostics);
// Does this entry stand for a family, which takes the ids that the others leave?
[[nodiscard]] bool is_family(const Node& entry);

// An https, http, git, ssh or file URL, or a path; nothing else that git would take.
[[nodiscard]] bool is_repository(std::string_view text);
// The name of a tag or branch, or a commit; no ranges, no options.
[[nodiscard]] bool is_revision(std::string_view text);
// "1.2.2" of "v1.2.2" and "v1.2.2-rc1"; nothing where a tag names no version of libbpf.
[[nodiscard]] std::optional<std::string> version_in_tag(std::string_view tag);
// Does the glob ask for this tag? One with more than a version in it ("v1.5.0-rc1", "nightly") only
// when the glob says so itself: with the "-" of that suffix, or with how the tag begins.
[[nodiscard]] bool glob_asks_for_tag(const std::string& glob, const std::string& tag);

}  // namespace bpfmatrix::spec
