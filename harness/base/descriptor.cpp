#include "base/descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace bpfmatrix::base {

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<SocketPair> make_socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return io_error(errno, "socketpair");
  SocketPair pair{Descriptor(fds[0]), Descriptor(fds[1])};
  if (::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK) != 0) return io_error(errno, "set O_NONBLOCK");
  return pair;
}

}  // namespace bpfmatrix::base
