// One run that all tests of the report share: 4 kernels x 4 loaders, 3 programs, some of everything
// that can happen, and hostile text wherever a guest can write.
#pragma once

#include <vector>

#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::report {

[[nodiscard]] result::RunRecord fixture_run();

// The same with a few telling cells only: for formats that are long.
[[nodiscard]] result::RunRecord short_fixture_run();

// Laws for it: a feature (the log rotates), one that holds, one that is broken by libbpf 0.3 and
// 1.1.2, one that is excepted there, one that is undecided.
[[nodiscard]] std::vector<spec::Law> fixture_laws();

// What a hostile guest writes: escape sequences, markup of every format, broken UTF-8.
extern const char* const kHostile;

}  // namespace bpfmatrix::report
