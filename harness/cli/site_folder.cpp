#include "cli/site_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::string_view kPages = "runs/";
constexpr uint64_t kLargestManifest = uint64_t{16} << 20;

bool plain(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// "index.html" or "runs/x.html": a manifest that came with a folder must not reach out of it.
bool is_name(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return plain(name) && name != kSiteManifest;
  return plain(name.substr(0, slash)) && plain(name.substr(slash + 1));
}

// Of a link too, whatever it points at.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

}  // namespace

base::Result<SiteFolder> SiteFolder::open(fs::path root) {
  SiteFolder folder(std::move(root));
  const auto file = folder.root_ / kSiteManifest;
  if (!is_there(file)) return folder;
  BPFM_TRY(const auto text, base::read_file(file, kLargestManifest));
  BPFM_CHECK(folder.read(text));
  return folder;
}

base::Status SiteFolder::read(std::string_view manifest) {
  const auto none = [&] {
    return base::fail(ErrorKind::invalid_input,
                      "{} was not written by bpfmatrix site: move it away, or give another --out",
                      (root_ / kSiteManifest).string());
  };
  const auto json = nlohmann::json::parse(manifest, nullptr, false);
  if (!json.is_object() || json.value("format", nlohmann::json()) != 1 || !json.contains("files") ||
      !json["files"].is_object())
    return none();
  for (const auto& [name, entry] : json["files"].items()) {
    if (!is_name(name) || !entry.is_object()) return none();
    const auto sha256 = entry.value("sha256", nlohmann::json());
    const auto final = entry.value("final", nlohmann::json());
    if (!sha256.is_string() || !final.is_boolean()) return none();
    files_[name] = {sha256.get<std::string>(), final.get<bool>()};
  }
  return {};
}

base::Status SiteFolder::save() const {
  auto files = nlohmann::ordered_json::object();
  for (const auto& [name, file] : files_)
    files[name] = {{"sha256", file.sha256}, {"final", file.final}};
  const nlohmann::ordered_json json = {{"format", 1}, {"files", std::move(files)}};
  return base::write_file(root_ / kSiteManifest, json.dump(1) + "\n");
}

base::Status SiteFolder::may_write(const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    if (!is_name(name))
      return base::fail(ErrorKind::internal, "\"{}\" is no name for a file of a site", name);
    if (!files_.contains(name) && is_there(root_ / name))
      return base::fail(ErrorKind::invalid_input,
                        "{} was not written by bpfmatrix site: move it away, or give another --out",
                        (root_ / name).string());
  }
  return {};
}

base::Status SiteFolder::claim(const std::vector<std::string>& names) {
  BPFM_CHECK(may_write(names));
  bool added = false;
  for (const auto& name : names) added |= files_.try_emplace(name).second;
  return added ? save() : base::Status();
}

bool SiteFolder::is_whole(const std::string& name) const {
  const auto at = files_.find(name);
  if (at == files_.end() || at->second.sha256.empty()) return false;
  const auto sha256 = base::sha256_file(root_ / name);
  return sha256 && *sha256 == at->second.sha256;
}

bool SiteFolder::has_final(const std::string& name) const {
  const auto at = files_.find(name);
  return at != files_.end() && at->second.final && is_whole(name);
}

base::Status SiteFolder::write(const std::string& name, std::string_view bytes, bool final) {
  BPFM_CHECK(claim({name}));
  auto& file = files_[name];
  const File next{base::sha256_hex(bytes), final};
  if (file == next && is_whole(name)) return {};
  // Were the driver killed in between, the manifest must not tell of another content.
  if (!file.sha256.empty()) {
    file = {};
    BPFM_CHECK(save());
  }
  BPFM_CHECK(base::write_file(root_ / name, bytes));
  file = next;
  // What is not final is written again when a digest is missing: the last step saves it.
  return final ? save() : base::Status();
}

base::Status SiteFolder::keep_pages(const std::vector<std::string>& names) {
  for (auto at = files_.begin(); at != files_.end();) {
    const auto& [name, file] = *at;
    if (!name.starts_with(kPages) || std::ranges::find(names, name) != names.end()) {
      ++at;
      continue;
    }
    const auto path = root_ / name;
    const auto sha256 = base::sha256_file(path);
    if (file.sha256.empty() || (sha256 && *sha256 == file.sha256)) {
      std::error_code error;
      fs::remove(path, error);
      if (error) return base::io_error(error.value(), fmt::format("remove {}", path.string()));
    }
    at = files_.erase(at);
  }
  return save();
}

}  // namespace bpfmatrix::cli
