// bpf() calls as the laws spell them. Pure.
#pragma once

#include <string>
#include <vector>

#include "result/observation.h"

namespace bpfmatrix::law {

// "P(2,4096)=ENOSPC": command, level, size of the log's buffer, errno by name, "0" for success. P
// PROG_LOAD, B BTF_LOAD, M MAP_CREATE, T TOKEN_CREATE, a number for other commands; "+" behind it
// with common attributes (7.2+).
[[nodiscard]] std::string call_text(const result::Call& call);

// The program's own calls, or the library's feature probes.
[[nodiscard]] std::vector<std::string> call_texts(const result::Observation& seen, bool probes);

}  // namespace bpfmatrix::law
