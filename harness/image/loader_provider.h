// From a catalogue entry to a loader binary for the guest, built on demand and cached by content.
//
// libbpf sources come from Debian's source packages, the crate libbpf-sys (cargo as a fetcher), a
// local checkout (loader_source.h) or a git repository (git_source.h); each is built static with
// its own headers, and linked with the loader sources of the data folder (guest/loader) with
// -Wl,--wrap=syscall (loader_build.h). No build path enters the binary. Blocking; one thread; the
// references must outlive the provider.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/apt_root.h"
#include "image/content_store.h"
#include "image/loader_source.h"
#include "image/lock.h"
#include "image/workspace.h"
#include "spec/catalogue.h"

namespace bpfmatrix::image {

struct Loader {
  std::string id, kind, version;
  std::string source;            // for people
  std::string sha256;            // of the binary
  std::filesystem::path binary;  // verified path
};

class LoaderProvider {
 public:
  struct Options {
    bool locked = false;   // refuse to move from what the lock says, and to add to it
    bool offline = false;  // take only sources that are in the workspace, or lie in a folder
    bool build = true;     // else a loader that the store does not have is unavailable
  };
  LoaderProvider(const Workspace& workspace, const DataFolder& data, AptRoot& apt, Lock& lock,
                 Options options);
  // The loader, built when the store does not have it with this recipe. The lock's source is
  // followed while it can be had; what was built is written to the lock at once. Nothing is fetched
  // when the recipe is the locked one or the locked source was kept.
  // unavailable: the source or a tool cannot be had, or the options forbid it (the reason is the
  // message): SKIP for its cells. process: the build failed; the message has the last lines of its output.
  base::Result<Loader> provide(const spec::LoaderEntry& entry);
  // What a person should be told of those provided so far: a branch whose locked commit is gone.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  base::Result<Loader> provide_raw(const spec::LoaderEntry& entry);
  base::Result<Loader> provide_libbpf(const spec::LoaderEntry& entry);
  // What of the host and of the program enters every loader; read once.
  base::Status read_ingredients();
  // The binary that the lock has for this entry, when recipe and store still agree.
  base::Result<std::optional<Loader>> locked_loader(const spec::LoaderEntry& entry,
                                                    const std::string& source_sha256,
                                                    const LibbpfVersion& version);
  base::Result<LibbpfSource> get_source(const spec::LoaderEntry& entry,
                                        const std::filesystem::path& scratch);
  // What --locked forbids.
  base::Status check_locked(const spec::LoaderEntry& entry) const;
  base::Status check_source(const spec::LoaderEntry& entry, const LibbpfSource& source) const;
  base::Result<LibbpfSource> get_git_source(const spec::LoaderEntry& entry,
                                            const spec::GitLibbpf& where,
                                            const std::filesystem::path& scratch);

  const Workspace& workspace_;
  const DataFolder& data_;
  ContentStore store_;
  AptRoot& apt_;
  Lock& lock_;
  Options options_;
  std::string toolchain_;
  SourceTree loader_sources_;
  std::vector<std::string> notes_;
};

}  // namespace bpfmatrix::image
