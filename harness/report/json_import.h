// A run read back from the document that render_json() writes. Pure; a document, an object.
//
// Line by line, as the document is written: one cell a line, so that no more than a line is held
// beside the run. Refuses any other JSON, a document of another major version, one that ends too
// early, and values that no run can have, with the number of the line. What the document says of
// verdicts is not read: judge() comes to the same from what was measured. Exporting the run again
// gives the same bytes.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.h"
#include "result/run_record.h"

namespace bpfmatrix::report {

class JsonImport {
 public:
  JsonImport();
  ~JsonImport();
  JsonImport(const JsonImport&) = delete;
  JsonImport& operator=(const JsonImport&) = delete;

  // The next bytes of the document, cut anywhere. After an error nothing more may be given.
  base::Status add(std::string_view bytes);
  // The run, after the last byte; once.
  base::Result<result::RunRecord> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole document at once.
base::Result<result::RunRecord> import_json(std::string_view document);

}  // namespace bpfmatrix::report
