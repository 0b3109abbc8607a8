#include "image/workspace.h"

#include <system_error>

namespace bpfmatrix::image {
namespace fs = std::filesystem;

base::Result<DataFolder> data_folder_beside(const fs::path& executable) {
  std::error_code ec;
  const fs::path root =
      fs::weakly_canonical(executable.parent_path() / ".." / "share" / "bpfmatrix", ec);
  if (ec) return base::io_error(ec.value(), fmt::format("resolve {}", executable.string()));
  DataFolder data{root};
  if (!fs::is_regular_file(data.kernel_catalogue(), ec)) {
    return base::fail(base::ErrorKind::unavailable,
                      "{} is not there: the program looks for its data in ../share/bpfmatrix "
                      "beside its own folder; build or install it whole",
                      data.kernel_catalogue().string());
  }
  return data;
}

base::Result<DataFolder> find_data_folder() {
  std::error_code ec;
  const fs::path self = fs::read_symlink("/proc/self/exe", ec);
  if (ec) return base::io_error(ec.value(), "read /proc/self/exe");
  return data_folder_beside(self);
}

}  // namespace bpfmatrix::image
