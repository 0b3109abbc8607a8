// The folder that a site is written into, and which files of it are the site's own. Blocking.
//
// Its manifest, bpfmatrix-site.json, names every file before it is first written. What is there and
// not named is somebody else's: it is never overwritten and never removed. Every file is written
// whole or not at all (base::write_file). One writer at a time.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace bpfmatrix::cli {

class SiteFolder {
 public:
  // Reads the manifest. Neither folder nor manifest need be there. invalid_input for a manifest
  // that is none.
  static base::Result<SiteFolder> open(std::filesystem::path root);

  // invalid_input when one of them is somebody else's. Names are relative to the folder.
  [[nodiscard]] base::Status may_write(const std::vector<std::string>& names) const;
  // The same, and from now on they are the site's own.
  base::Status claim(const std::vector<std::string>& names);
  // Is it there, whole, and not to be written again?
  [[nodiscard]] bool has_final(const std::string& name) const;
  // `final`: what is in it will not change any more. A file that is the same already is left alone.
  base::Status write(const std::string& name, std::string_view bytes, bool final = false);
  // The last step: removes the pages in `runs/` that were written here and are not among `names`.
  // One that was changed since then is somebody else's now: it stays.
  base::Status keep_pages(const std::vector<std::string>& names);

 private:
  struct File {
    std::string sha256;  // of what was written; empty: it was not written to its end
    bool final = false;
    bool operator==(const File&) const = default;
  };
  explicit SiteFolder(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] base::Status save() const;
  base::Status read(std::string_view manifest);
  // Has it what was written?
  [[nodiscard]] bool is_whole(const std::string& name) const;

  std::filesystem::path root_;
  std::map<std::string, File> files_;
};

inline constexpr std::string_view kSiteManifest = "bpfmatrix-site.json";

}  // namespace bpfmatrix::cli
