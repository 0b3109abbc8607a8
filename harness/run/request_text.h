// How a run was asked for, as the store keeps it, so that it can be continued. Pure, but for making a
// matrix file's path absolute.
#pragma once

#include <string>

#include "base/error.h"
#include "run/driver.h"

namespace bpfmatrix::run {

// Matrix, selection, whether earlier runs may answer, and how often a crash is tried again if that was
// said; empty for a matrix that no file holds.
[[nodiscard]] std::string request_text(const RunRequest& request);

// Puts what request_text() wrote into `request`; the rest of it stays, and so do retries that it asks
// for itself. invalid_input when the run was
// not asked for by a matrix file, or not by this program.
base::Status apply_request(const std::string& text, RunRequest* request);

}  // namespace bpfmatrix::run
