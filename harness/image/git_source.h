// libbpf's source from a git repository, through a bare mirror of its own in the workspace.
//
// Only the revision that is asked for is fetched, without history. A repository on this machine is
// fetched from like any other and never read in place: its configuration could name filters that
// git would run. Git runs without hooks, prompts and system configuration, and speaks https, http,
// git, ssh and file only; the user's own configuration and git's variables of the environment apply
// (url.insteadOf, proxies). Blocking; needs git. Who names a repository answers for what is built
// from it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/loader_source.h"
#include "image/workspace.h"
#include "spec/catalogue.h"

namespace bpfmatrix::image {

// The tags of a repository, by name. unavailable when git is not installed or the repository cannot
// be reached.
base::Result<std::vector<std::string>> list_git_tags(const std::string& repository);

// The same for spec's readers, with what was listed last kept in the workspace: it serves when a
// repository cannot be reached, and always when `offline`.
[[nodiscard]] spec::TagLister make_tag_lister(const Workspace& workspace, bool offline = false);

// The source at `locked_commit` while it can be had, else at the entry's revision. Its name is
// "git <repository> <revision> <commit>", its digest that of its files. `mirrors` is
// Workspace::git(). unavailable when git, the repository or the revision cannot be had;
// invalid_input when what is there is not libbpf.
base::Result<LibbpfSource> fetch_git_source(const std::filesystem::path& mirrors,
                                            const spec::GitLibbpf& where,
                                            const std::optional<std::string>& locked_commit,
                                            const std::filesystem::path& scratch);

// The commit in a source's name, if the name is one of this repository and revision.
[[nodiscard]] std::optional<std::string> commit_in_name(const std::string& name,
                                                        const spec::GitLibbpf& where);

}  // namespace bpfmatrix::image
