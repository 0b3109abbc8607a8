// One owned file descriptor: close-on-exec from birth, closed once. Move-only.
#pragma once

#include <utility>

#include "base/error.h"

namespace bpfmatrix::base {

class Descriptor {
 public:
  Descriptor() = default;
  // Takes over `fd`, which must be open and close-on-exec, or -1.
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  // Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

struct SocketPair {
  Descriptor ours;    // non-blocking: for the event loop
  Descriptor theirs;  // blocking: for the child
};
// A pair of connected AF_UNIX stream sockets, both close-on-exec.
Result<SocketPair> make_socket_pair();

}  // namespace bpfmatrix::base
