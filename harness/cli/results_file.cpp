#include "cli/results_file.h"

#include <limits>

#include "image/deb_archive.h"
#include "report/json_import.h"

namespace bpfmatrix::cli {

base::Result<result::RunRecord> read_results_file(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored))
    return base::fail(base::ErrorKind::invalid_input, "{}: there is no such file", file.string());
  // Cells repeat themselves: a good file unpacks to more than any package, so only its size counts.
  const image::ArchiveLimits limits{.file = uint64_t{1} << 30,
                                    .ratio = std::numeric_limits<uint64_t>::max()};
  report::JsonImport import;
  base::Status status;
  BPFM_CHECK(image::read_decompressed(
      file,
      [&](std::string_view piece) {
        if (status) status = import.add(piece);
      },
      limits));
  if (!status) return status.error().in(file.string());
  return import.finish().in(file.string());
}

}  // namespace bpfmatrix::cli
