// The folder that docs are written to. Blocking.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "compat/pages.h"

namespace bpfmatrix::cli {

// Writes the pages, and removes those of an earlier time that are not among them; how many were
// removed. Touches no file that it did not make: invalid_input, before anything is written, when one
// is in the way, or when `folder` holds something else than pages of an earlier time and the results
// they are made of (results.json*). Pages without a README.md live beside what is there: then only
// the pages themselves count.
base::Result<size_t> write_pages(const std::filesystem::path& folder,
                                 const std::vector<compat::Page>& pages);

}  // namespace bpfmatrix::cli
