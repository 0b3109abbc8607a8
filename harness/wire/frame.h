// Frames: bytes to and from {type, payload}. Pure; no exceptions; never allocates more than a
// frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::wire {

struct Frame {
  uint8_t type = 0;  // enum bpfm_frame_type, not checked here
  std::string payload;
};

// Cuts a stream of bytes into frames. After an error it stays in error: there is no resync.
class FrameReader {
 public:
  // Takes any number of bytes, complete frames or not.
  void feed(std::string_view bytes);
  // The next complete frame; nothing when more bytes are needed; an Error of kind protocol for a
  // wrong magic, version, flags, sequence number, length or checksum. A frame that was sent again
  // (BPFM_FRAME_AGAIN) and had come before is left out; more than BPFM_MAX_GUEST_FRAME bytes of such
  // frames in a row, which is all that a loader can leave behind, are an Error as well.
  base::Result<std::optional<Frame>> next();
  // Bytes that wait for the rest of their frame.
  [[nodiscard]] size_t pending() const { return buffer_.size() - at_; }

 private:
  [[nodiscard]] std::optional<base::Error> look_at(const uint8_t* header) const;

  std::string buffer_;
  size_t at_ = 0;
  uint32_t seq_ = 0;
  size_t repeated_ = 0;  // bytes that were sent again since the last new frame
  std::optional<base::Error> broken_;
};

// Makes the bytes of frames, numbering them.
class FrameWriter {
 public:
  // `payload` is at most BPFM_MAX_PAYLOAD bytes.
  [[nodiscard]] std::string frame(uint8_t type, std::string_view payload);

 private:
  uint32_t seq_ = 0;
};

}  // namespace bpfmatrix::wire
