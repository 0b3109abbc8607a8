// The HTML page of a stored run. Blocking: reads the page's template and earlier runs.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/stored_run.h"
#include "image/workspace.h"

namespace bpfmatrix::cli {

// With what the last runs of the same matrix came to, as far as the store has them: for a run of
// the store, and not for one of a file. unavailable when this build has no page.
base::Result<std::string> html_report(const image::Workspace& workspace, const RunChoice& choice,
                                      const StoredRun& stored);

// What is to be done where this build has no templates of pages.
[[nodiscard]] base::Error no_page_here();

}  // namespace bpfmatrix::cli
