#include "image/git_source.h"

#include <algorithm>

#include "base/child_process.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "spec/git_loaders.h"

namespace bpfmatrix::image {
namespace {
using base::ErrorKind;
using base::fail;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

constexpr std::chrono::seconds kListTimeout{60};
constexpr std::chrono::seconds kFetchTimeout{600};
constexpr const char* kAllHistory = "2147483647";  // what git-fetch(1) calls infinite depth
constexpr std::string_view kTagPrefix = "refs/tags/";

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
// SHA-1 or SHA-256.
bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && is_hex(text);
}

// The first "fatal: ..." of git, behind which it only asks about access rights; else its last line.
std::string reason_in(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  size_t at = ("\n" + text).find("\nfatal: ");
  if (at == std::string::npos) at = text.rfind('\n') + 1;  // npos + 1 is 0
  return base::printable(text.substr(at, text.find('\n', at) - at));
}

// Standard output of a git command; whatever keeps it from succeeding, the source cannot be had.
Result<std::string> run_git(std::vector<std::string> arguments, std::chrono::seconds timeout) {
  base::CommandOptions command;
  command.argv = {"git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never",
                  "-c", "gc.auto=0", "-c", "core.autocrlf=false"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"GIT_TERMINAL_PROMPT", "0"},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_ALLOW_PROTOCOL", "https:http:git:ssh:file"},
                         {"GIT_ASKPASS", "true"},  // answers with nothing instead of a window
                         {"GIT_SSH_COMMAND", "ssh -o BatchMode=yes"},
                         {"LC_ALL", "C"}};
  command.timeout = timeout;
  if (base::find_program("git").empty())
    return fail(ErrorKind::unavailable, "git is not installed: apt-get install git");
  BPFM_TRY(const base::CommandOutput out, base::run_command(command).in("git"));
  if (out.status.success()) return out.standard_output;
  const std::string why = reason_in(out.standard_error);
  return fail(ErrorKind::unavailable, "git: {}", why.empty() ? out.status.text() : why);
}

Status check_repository(const std::string& repository) {
  if (spec::is_repository(repository)) return {};
  return fail(ErrorKind::invalid_input, "{} is no repository that is fetched from",
              base::printable(repository));
}

fs::path folder_of(const fs::path& mirrors, const std::string& repository) {
  return mirrors / base::sha256_hex(repository).substr(0, 16);
}

// A bare repository that is fetched into.
class Mirror {
 public:
  static Result<Mirror> open(const fs::path& folder, std::string repository) {
    std::error_code ec;
    Mirror mirror(folder, std::move(repository));
    if (fs::exists(folder / "HEAD", ec)) return mirror;
    fs::create_directories(folder, ec);
    if (ec) return base::io_error(ec.value(), fmt::format("make folder {}", folder.string()));
    // Without a template there are no hooks.
    BPFM_CHECK(
        run_git({"init", "--quiet", "--bare", "--template=", folder.string()}, kListTimeout));
    return mirror;
  }

  [[nodiscard]] std::optional<std::string> commit(const std::string& name) const {
    auto found = git({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"});
    if (!found) return std::nullopt;
    while (found->ends_with('\n')) found->pop_back();
    return is_commit(*found) ? std::optional(*found) : std::nullopt;
  }

  // Fetches a tag, branch or commit; returns its commit.
  [[nodiscard]] Result<std::string> fetch(const std::string& revision) const {
    const std::string ref =
        fmt::format("refs/bpfmatrix/{}", base::sha256_hex(revision).substr(0, 16));
    auto done = fetch_refs("1", {fmt::format("+{}:{}", revision, ref)});
    if (done) {
      if (auto found = commit(ref)) return *found;
      return fail(ErrorKind::unavailable, "{} of {} is not a commit", revision, repository_);
    }
    // A shortened commit is no name that can be asked for: it is looked for in the whole history.
    if (is_hex(revision) && revision.size() >= 7 && !is_commit(revision)) {
      BPFM_CHECK(fetch_refs(kAllHistory, {"+refs/heads/*:refs/bpfmatrix/heads/*",
                                          "+refs/tags/*:refs/bpfmatrix/tags/*"}));
      if (auto found = commit(revision)) return *found;
    }
    return done.error().in(fmt::format("fetch {} from {}", revision, repository_));
  }

  [[nodiscard]] Status archive(const std::string& commit, const fs::path& file) const {
    BPFM_CHECK(git({"archive", "--format=tar", "--prefix=libbpf/", "--output=" + file.string(),
                    commit, "src", "include"}));
    return {};
  }

 private:
  Mirror(fs::path folder, std::string repository)
      : folder_(std::move(folder)), repository_(std::move(repository)) {}

  [[nodiscard]] Result<std::string> git(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "--git-dir=" + folder_.string());
    return run_git(std::move(arguments), kFetchTimeout);
  }
  [[nodiscard]] Status fetch_refs(const std::string& depth, std::vector<std::string> refs) const {
    std::vector<std::string> arguments = {"fetch",     "--quiet",
                                          "--no-tags", "--no-recurse-submodules",
                                          "--depth",   depth,
                                          "--",        repository_};
    arguments.insert(arguments.end(), refs.begin(), refs.end());
    BPFM_CHECK(git(std::move(arguments)));
    return {};
  }

  fs::path folder_;
  std::string repository_;
};

// "refs/tags/v1.2.2" behind an object id, a line each (git-ls-remote(1)).
std::vector<std::string> tags_in(const std::string& listing) {
  std::vector<std::string> tags;
  for (size_t at = 0; at < listing.size();) {
    const size_t end = std::min(listing.find('\n', at), listing.size());
    const std::string line = listing.substr(at, end - at);
    const size_t tab = line.find('\t');
    if (tab != std::string::npos && line.compare(tab + 1, kTagPrefix.size(), kTagPrefix) == 0) {
      std::string tag = line.substr(tab + 1 + kTagPrefix.size());
      if (spec::is_revision(tag)) tags.push_back(std::move(tag));
    }
    at = end + 1;
  }
  return tags;
}

Result<std::string> list_refs(const std::string& repository) {
  BPFM_CHECK(check_repository(repository));
  return run_git({"ls-remote", "--tags", "--refs", "--", repository}, kListTimeout)
      .in(fmt::format("list the tags of {}", repository));
}

}  // namespace

Result<std::vector<std::string>> list_git_tags(const std::string& repository) {
  BPFM_TRY(const std::string listing, list_refs(repository));
  return tags_in(listing);
}

spec::TagLister make_tag_lister(const Workspace& workspace, bool offline) {
  return [mirrors = workspace.git(), offline](
             const std::string& repository) -> Result<std::vector<std::string>> {
    const fs::path kept = folder_of(mirrors, repository).string() + ".tags";
    Result<std::string> listing = fail(ErrorKind::unavailable, "the tags of {} were never listed",
                                       repository);
    if (!offline) listing = list_refs(repository);
    if (listing) {
      // What cannot be kept is listed again next time.
      (void)base::write_file(kept, *listing);
      return tags_in(*listing);
    }
    if (auto before = base::read_file(kept)) return tags_in(*before);
    return listing.error();
  };
}

Result<LibbpfSource> fetch_git_source(const fs::path& mirrors, const spec::GitLibbpf& where,
                                      const std::optional<std::string>& locked_commit,
                                      const fs::path& scratch) {
  BPFM_CHECK(check_repository(where.repository));
  if (where.revision.empty()) {
    BPFM_TRY(const auto tags, list_git_tags(where.repository));
    return fail(ErrorKind::unavailable,
                "the tags of {} could not be listed when the run was planned, now they can "
                "({}): run again",
                where.repository, tags.size());
  }
  if (!spec::is_revision(where.revision))
    return fail(ErrorKind::invalid_input, "{} is no tag, branch or commit",
                base::printable(where.revision));
  BPFM_TRY(const Mirror mirror,
           Mirror::open(folder_of(mirrors, where.repository), where.repository));
  std::optional<std::string> commit;
  if (locked_commit) {
    commit = mirror.commit(*locked_commit);
    if (auto fetched = commit ? Result<std::string>(*commit) : mirror.fetch(*locked_commit))
      commit = *fetched;
  }
  if (!commit) {
    BPFM_TRY(commit, mirror.fetch(where.revision));
  }
  LibbpfSource source;
  source.name = fmt::format("git {} {} {}", where.repository, where.revision, *commit);
  std::error_code ec;
  fs::create_directories(scratch, ec);
  const fs::path tarball = scratch / "source.tar";
  if (auto written = mirror.archive(*commit, tarball); !written)
    return fail(ErrorKind::invalid_input, "{} is not the source of libbpf: {}", source.name,
                written.error().message);
  BPFM_TRY(source.files, read_source_archive(tarball).in(source.name));
  source.sha256 = digest_of(source.files);
  return source;
}

std::optional<std::string> commit_in_name(const std::string& name, const spec::GitLibbpf& where) {
  const std::string prefix = fmt::format("git {} {} ", where.repository, where.revision);
  if (!name.starts_with(prefix) || !is_commit(name.substr(prefix.size()))) return std::nullopt;
  return name.substr(prefix.size());
}

}  // namespace bpfmatrix::image
