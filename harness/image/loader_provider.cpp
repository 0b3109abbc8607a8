#include "image/loader_provider.h"

#include <utility>

#include "base/files.h"
#include "image/git_source.h"
#include "image/loader_build.h"
#include "spec/git_loaders.h"

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;
using base::Result;
namespace fs = std::filesystem;

namespace {

// The entry's version, or the source's own. Before 0.8.1 a source of 0.6.1 says 0.6 only: then the
// tag that it was asked for by tells the patch level.
Result<LibbpfVersion> version_for(const spec::LoaderEntry& entry, const LibbpfSource& source) {
  if (!entry.version.empty()) return parse_libbpf_version(entry.version);
  BPFM_TRY(LibbpfVersion version, version_of(source.files));
  const auto* git = std::get_if<spec::GitLibbpf>(&entry.source);
  const auto tag = git != nullptr ? spec::version_in_tag(git->revision) : std::nullopt;
  if (version.patch || !tag) return version;
  BPFM_TRY(const LibbpfVersion named, parse_libbpf_version(*tag));
  if (named.major == version.major && named.minor == version.minor) version.patch = named.patch;
  return version;
}

}  // namespace

LoaderProvider::LoaderProvider(const Workspace& workspace, const DataFolder& data, AptRoot& apt,
                               Lock& lock, Options options)
    : workspace_(workspace),
      data_(data),
      store_(workspace.store()),
      apt_(apt),
      lock_(lock),
      options_(options) {}

Result<Loader> LoaderProvider::provide(const spec::LoaderEntry& entry) {
  const bool raw = std::holds_alternative<spec::RawLoader>(entry.source);
  return (raw ? provide_raw(entry) : provide_libbpf(entry)).in(fmt::format("loader {}", entry.id));
}

Result<Loader> LoaderProvider::provide_raw(const spec::LoaderEntry& entry) {
  std::error_code ec;
  if (!fs::exists(data_.raw_loader(), ec))
    return fail(ErrorKind::unavailable, "there is no {}; build or install the program again",
                data_.raw_loader().string());
  BPFM_TRY(const std::string bytes, base::read_file(data_.raw_loader()));
  Loader loader{entry.id, entry.kind, entry.version, "built with bpfmatrix", "", ""};
  BPFM_TRY(loader.sha256, store_.put(bytes, /*executable=*/true));
  BPFM_TRY(const auto path, store_.verified_path(loader.sha256));
  if (!path) return fail(ErrorKind::io, "the store lost {} at once", loader.sha256);
  loader.binary = *path;
  return loader;
}

base::Status LoaderProvider::read_ingredients() {
  if (!toolchain_.empty()) return {};
  BPFM_TRY(loader_sources_, read_loader_sources(data_));
  BPFM_TRY(toolchain_, identify_toolchain());
  return {};
}

Result<std::optional<Loader>> LoaderProvider::locked_loader(const spec::LoaderEntry& entry,
                                                            const std::string& source_sha256,
                                                            const LibbpfVersion& version) {
  const auto locked = lock_.loaders.find(entry.id);
  if (locked == lock_.loaders.end() ||
      locked->second.recipe_sha256 !=
          recipe_digest(source_sha256, version, loader_sources_, toolchain_))
    return std::optional<Loader>();
  BPFM_TRY(const auto path, store_.verified_path(locked->second.binary_sha256));
  if (!path) return std::optional<Loader>();
  return std::optional(Loader{entry.id, entry.kind,
                              entry.version.empty() ? version.text() : entry.version,
                              locked->second.source, locked->second.binary_sha256, *path});
}

Result<LibbpfSource> LoaderProvider::get_source(const spec::LoaderEntry& entry,
                                                const fs::path& scratch) {
  if (const auto locked = lock_.loaders.find(entry.id);
      locked != lock_.loaders.end() && name_is_of_entry(locked->second.source, entry)) {
    if (auto kept = kept_source(workspace_.sources(), locked->second.source_sha256))
      return LibbpfSource{std::move(*kept), locked->second.source, locked->second.source_sha256};
  }
  const bool at_hand = std::holds_alternative<spec::CheckoutLibbpf>(entry.source);
  if (options_.offline && !at_hand)
    return fail(ErrorKind::unavailable,
                "its source is not in the workspace, and --offline forbids to fetch it");
  Result<LibbpfSource> fetched =
      base::fail(ErrorKind::internal, "loader {} has no source", entry.id);
  if (const auto* git = std::get_if<spec::GitLibbpf>(&entry.source))
    fetched = get_git_source(entry, *git, scratch);
  else
    fetched = fetch_source(apt_, entry, scratch);
  BPFM_TRY(LibbpfSource source, std::move(fetched));
  // A checkout is at hand anyhow, and another one after each edit.
  if (!at_hand)
    BPFM_CHECK(keep_source(workspace_.sources(), source));
  return source;
}

Result<LibbpfSource> LoaderProvider::get_git_source(const spec::LoaderEntry& entry,
                                                    const spec::GitLibbpf& where,
                                                    const fs::path& scratch) {
  const auto locked = lock_.loaders.find(entry.id);
  const auto commit = locked != lock_.loaders.end() ? commit_in_name(locked->second.source, where)
                                                    : std::nullopt;
  BPFM_TRY(LibbpfSource source, fetch_git_source(workspace_.git(), where, commit, scratch));
  const auto now = commit_in_name(source.name, where);
  if (commit && now != commit)
    notes_.push_back(fmt::format("{}: commit {:.12} of {} cannot be had any more, using {:.12}",
                                 entry.id, *commit, where.repository, *now));
  return source;
}

base::Status LoaderProvider::check_locked(const spec::LoaderEntry& entry) const {
  if (!options_.locked || lock_.loaders.contains(entry.id)) return {};
  return fail(ErrorKind::unavailable,
              "the lock does not have it, and --locked forbids to add it (bpfmatrix fetch does)");
}

// A compiler that has changed makes another binary of the same source: that is no move.
base::Status LoaderProvider::check_source(const spec::LoaderEntry& entry,
                                          const LibbpfSource& source) const {
  if (!options_.locked) return {};
  const auto& locked = lock_.loaders.at(entry.id);
  if (locked.source_sha256 == source.sha256) return {};
  return fail(ErrorKind::unavailable,
              "the lock has it from {} with digest {:.12}, now there is {} with {:.12}, and "
              "--locked forbids to move",
              locked.source, locked.source_sha256, source.name, source.sha256);
}

Result<Loader> LoaderProvider::provide_libbpf(const spec::LoaderEntry& entry) {
  BPFM_CHECK(read_ingredients());
  if (const auto locked = lock_.loaders.find(entry.id);
      locked != lock_.loaders.end() && !entry.version.empty() &&
      name_is_of_entry(locked->second.source, entry)) {
    BPFM_TRY(const LibbpfVersion version, parse_libbpf_version(entry.version));
    BPFM_TRY(auto ready, locked_loader(entry, locked->second.source_sha256, version));
    if (ready) return std::move(*ready);
  }
  BPFM_CHECK(check_locked(entry));
  BPFM_TRY(const auto scratch, base::TemporaryFolder::make(workspace_.temporary(), "libbpf-"));
  BPFM_TRY(const LibbpfSource source, get_source(entry, scratch.path()));
  BPFM_TRY(const LibbpfVersion version, version_for(entry, source));
  BPFM_TRY(auto ready, locked_loader(entry, source.sha256, version));
  if (ready) return std::move(*ready);
  if (!options_.build) return fail(ErrorKind::unavailable, "it is not built yet");
  BPFM_CHECK(check_source(entry, source));
  BPFM_TRY(const std::string binary,
           build_loader(source.files, version, loader_sources_, scratch.path()).in(source.name));
  LockedLibbpf locked{source.name, source.sha256, "", ""};
  BPFM_TRY(locked.binary_sha256, store_.put(binary, /*executable=*/true));
  locked.recipe_sha256 = recipe_digest(source.sha256, version, loader_sources_, toolchain_);
  lock_.loaders[entry.id] = locked;
  BPFM_CHECK(lock_.write());
  BPFM_TRY(ready, locked_loader(entry, source.sha256, version));
  if (!ready) return fail(ErrorKind::io, "the store lost {} at once", locked.binary_sha256);
  return std::move(*ready);
}

}  // namespace bpfmatrix::image
