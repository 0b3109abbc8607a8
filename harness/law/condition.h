// The conditions of a law: what a feature or a version says of one (kernel, loader). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "law/evaluate.h"
#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::law {

struct Reply {
  enum class Truth { no, yes, unknown } truth = Truth::unknown;
  uint32_t cell = kNoCell;  // of the feature: the evidence
  std::string text;         // unknown: why
};

// A feature of axis kernel is asked of the kernel, with whatever loader it was measured; any other
// of the loader on that kernel. Mixed is unknown.
[[nodiscard]] Reply ask_feature(const Result& feature, uint32_t kernel, uint32_t loader,
                                  const result::RunRecord& run);

// A loader of another kind is no; one of the kind without a version is unknown.
[[nodiscard]] Reply ask_version(const spec::Requirement& requirement,
                                  const result::LoaderRecord& loader);

}  // namespace bpfmatrix::law
