#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace bpfmatrix::base {

Error io_error(int saved_errno, std::string_view what) {
  const bool full = saved_errno == ENOSPC || saved_errno == EDQUOT;
  return Error{full ? ErrorKind::no_space : ErrorKind::io,
               fmt::format("{}: {}", what, std::strerror(saved_errno))};
}

}  // namespace bpfmatrix::base
