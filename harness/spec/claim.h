// What others have written about the verifier log, and which laws and features tell whether it is
// so: harness/laws/claims/claims.yaml, whose format is explained in harness/laws/README.md.
//
// A claim says nothing of its own truth: whether it is supported is computed from a run (compat/).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"
#include "spec/law.h"

namespace bpfmatrix::spec {

// The kernels that a claim speaks of, by what they call themselves: "< 6.4".
struct VersionBound {
  enum class Op { less, less_equal, greater, greater_equal, equal } op = Op::less;
  std::string version;

  [[nodiscard]] bool admits(const std::string& of_kernel) const;
};

struct ClaimCheck {
  std::string law;                    // id of a law or feature
  std::vector<std::string> kernels;   // globs over ids; empty: all
  std::vector<std::string> loaders;   // likewise
  std::vector<VersionBound> versions; // of the kernel; all must hold
  std::vector<std::string> supports;  // "yes", "no", "mixed"; of a law "holds", "broken", "excepted"
  std::string text;                   // as written, for pages: "log-rotates is no (kernel < 6.4)"
  Place place;
};

struct Claim {
  std::string id;
  std::string claim;  // in our words
  std::string quote;  // short; may be empty
  std::vector<std::string> sources;  // where it stands
  std::string note;
  std::vector<ClaimCheck> checks;  // empty: nothing here can tell, so it is not measured
  Place place;
};

// All mistakes at once in one invalid_input Error, "file:line:column" each: unknown keys, a law that
// `laws` has not, an answer that it cannot have, two claims of one id.
base::Result<std::vector<Claim>> read_claims(const std::filesystem::path& file,
                                             const std::vector<Law>& laws);

}  // namespace bpfmatrix::spec
