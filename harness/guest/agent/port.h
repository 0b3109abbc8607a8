// The channel to the driver: frames in, frames out. Blocking writes; the sequence number is shared
// with the loader, which writes to the same port while it runs cells.
#pragma once

#include <string>
#include <vector>

#include "wire/protocol.h"

namespace bpfmatrix::guest {

struct Frame {
  uint8_t type = 0;
  std::string payload;
};

class Port {
 public:
  // Opens the virtio-serial port named "bpfmatrix" and the memory shared with loaders; waits up to
  // five seconds for the device. False when there is none.
  bool open();
  [[nodiscard]] int descriptor() const { return port_; }
  [[nodiscard]] int shared_descriptor() const { return shared_fd_; }
  [[nodiscard]] bpfm_shared* shared() const { return shared_; }

  // Reads what is there and cuts it into frames. False at the end of the channel or when the
  // stream is broken.
  bool read(std::vector<Frame>* frames);
  void send(uint8_t type, const std::string& payload);

  // Sends what a loader that is dead had not written yet, or may just have. Settles in the shared
  // page what is in flight after it: the last frame says more than a process that died between two
  // stores. True when that frame ends the RUN.
  bool send_held();

 private:
  void write(const void* bytes, size_t size) const;

  int port_ = -1;
  int shared_fd_ = -1;
  bpfm_shared* shared_ = nullptr;
  std::string buffer_;
  uint32_t expected_ = 0;
};

// Little-endian appends for payloads.
void append32(std::string* out, uint32_t value);
void append64(std::string* out, uint64_t value);
void append_text(std::string* out, const std::string& text);

}  // namespace bpfmatrix::guest
