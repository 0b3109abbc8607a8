#include "cli/docs_folder.h"

#include <algorithm>
#include <set>

#include "base/files.h"

namespace bpfmatrix::cli {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

namespace {

base::Result<bool> is_made(const fs::path& file) {
  if (!fs::is_regular_file(file)) return false;
  BPFM_TRY(const auto text, base::read_file(file));
  return compat::is_made_page(text);
}

// Files in the subfolders of the pages, and beside the index.
base::Result<std::vector<fs::path>> earlier_pages(const fs::path& folder,
                                                  const std::set<std::string>& subfolders) {
  std::vector<fs::path> made;
  for (const auto& subfolder : subfolders) {
    if (!fs::is_directory(folder / subfolder)) continue;
    for (const auto& entry : fs::directory_iterator(folder / subfolder)) {
      BPFM_TRY(const bool is_page, is_made(entry.path()));
      if (is_page) made.push_back(entry.path());
    }
  }
  return made;
}

base::Status check_folder(const fs::path& folder, const std::vector<compat::Page>& pages) {
  const bool own_folder = std::ranges::find(pages, "README.md", &compat::Page::path) != pages.end();
  if (own_folder && fs::is_directory(folder) && !fs::exists(folder / "README.md"))
    for (const auto& entry : fs::directory_iterator(folder))
      if (!entry.path().filename().string().starts_with("results.json"))
        return fail(ErrorKind::invalid_input,
                    "{}: is not empty and has no README.md of bpfmatrix docs", folder.string());
  for (const auto& page : pages) {
    const auto file = folder / page.path;
    if (!fs::exists(fs::symlink_status(file))) continue;
    BPFM_TRY(const bool made, is_made(file));
    if (!made)
      return fail(ErrorKind::invalid_input, "{}: was not made by bpfmatrix docs", file.string());
  }
  return {};
}

base::Result<size_t> write(const fs::path& folder, const std::vector<compat::Page>& pages) {
  BPFM_CHECK(check_folder(folder, pages));
  std::set<std::string> subfolders;
  std::set<fs::path> files;
  for (const auto& page : pages) {
    files.insert(folder / page.path);
    if (const auto parent = fs::path(page.path).parent_path(); !parent.empty())
      subfolders.insert(parent.string());
  }
  BPFM_TRY(const auto earlier, earlier_pages(folder, subfolders));
  for (const auto& page : pages) BPFM_CHECK(base::write_file(folder / page.path, page.text));
  size_t removed = 0;
  for (const auto& file : earlier)
    if (!files.contains(file)) removed += fs::remove(file) ? 1 : 0;
  return removed;
}

}  // namespace

base::Result<size_t> write_pages(const fs::path& folder, const std::vector<compat::Page>& pages) {
  try {
    return write(folder, pages);
  } catch (const fs::filesystem_error& error) {
    return fail(ErrorKind::io, "{}", error.what());
  }
}

}  // namespace bpfmatrix::cli
