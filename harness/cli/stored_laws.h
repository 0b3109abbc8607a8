// The laws that a stored run names, read anew: an edited law shows at once, as an edited expectation
// does.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "image/workspace.h"
#include "law/evaluate.h"
#include "spec/law.h"

namespace bpfmatrix::cli {

struct StoredLaws {
  std::vector<spec::Law> laws;
  std::vector<law::Finding> lost;  // names that stand for no law any more, files that are gone
};

// `names`: as RunRecord::laws. An Error only where the shipped laws cannot be read. `foreign`: the run
// comes from a file, whose writer must not choose which files of this machine are read; the run's own
// laws are lost then.
base::Result<StoredLaws> read_stored_laws(const std::vector<std::string>& names,
                                          const image::DataFolder& data, bool foreign);

}  // namespace bpfmatrix::cli
