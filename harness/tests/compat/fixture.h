// One run that all tests of the compatibility docs share: 3 kernels of two vendors, 4 loaders, a few
// laws and features, cells of every page, and hostile text wherever a guest can write.
#pragma once

#include <memory>

#include "compat/pages.h"

namespace bpfmatrix::compat {

struct Fixture {
  result::RunRecord run;
  result::Judgement judgement;
  std::vector<spec::Law> laws;
  law::Findings findings;
  std::vector<spec::Claim> claims;

  [[nodiscard]] Material material() const { return {run, judgement, laws, findings, claims}; }
  // After a change to run or laws.
  void hold_again();
};
[[nodiscard]] std::unique_ptr<Fixture> make_fixture();

// The page at `path`; "" when there is none.
[[nodiscard]] std::string page(const std::vector<Page>& pages, const std::string& path);

extern const char* const kHostile;

}  // namespace bpfmatrix::compat
