#include "wire/frame.h"

#include <zlib.h>

#include "wire/protocol.h"

namespace bpfmatrix::wire {
namespace {

using base::ErrorKind;
using base::fail;

uint32_t checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  if (broken_) return;
  // What was read is dropped only now and then, so that many small frames cost no moving.
  if (at_ > BPFM_MAX_PAYLOAD) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_ += bytes;
}

// What is wrong with a header; nothing when it is right.
std::optional<base::Error> FrameReader::look_at(const uint8_t* header) const {
  const uint32_t magic = bpfm_get32(header);
  const uint16_t flags = bpfm_get16(header + 6);
  const uint32_t seq = bpfm_get32(header + 8);
  const uint32_t length = bpfm_get32(header + 12);
  const bool again = (flags & BPFM_FRAME_AGAIN) != 0;
  if (magic != BPFM_MAGIC) return fail(ErrorKind::protocol, "bad magic {:#010x}", magic);
  if (header[4] != BPFM_VERSION)
    return fail(ErrorKind::protocol, "version {}, expected {}", header[4], BPFM_VERSION);
  if ((flags & ~BPFM_FRAME_AGAIN) != 0)
    return fail(ErrorKind::protocol, "unknown flags {:#x}", flags);
  if (seq != seq_ && !(again && seq < seq_))
    return fail(ErrorKind::protocol, "frame {} where {} was due", seq, seq_);
  if (length > BPFM_MAX_PAYLOAD)
    return fail(ErrorKind::protocol, "payload of {} bytes, at most {} are allowed", length,
                BPFM_MAX_PAYLOAD);
  return std::nullopt;
}

base::Result<std::optional<Frame>> FrameReader::next() {
  while (!broken_ && pending() >= BPFM_HEADER_SIZE) {
    const auto* header = reinterpret_cast<const uint8_t*>(buffer_.data() + at_);
    broken_ = look_at(header);
    if (broken_) break;
    const uint32_t seq = bpfm_get32(header + 8);
    const uint32_t length = bpfm_get32(header + 12);
    if (pending() < BPFM_HEADER_SIZE + length) break;
    const std::string_view payload(buffer_.data() + at_ + BPFM_HEADER_SIZE, length);
    if (checksum(payload) != bpfm_get32(header + 16)) {
      broken_ = fail(ErrorKind::protocol, "wrong checksum in frame {}", seq);
      break;
    }
    at_ += BPFM_HEADER_SIZE + length;
    if (seq < seq_) {  // sent again for a dead loader
      repeated_ += BPFM_HEADER_SIZE + length;
      if (repeated_ <= BPFM_MAX_GUEST_FRAME) continue;
      broken_ = fail(ErrorKind::protocol, "more than {} bytes sent again", BPFM_MAX_GUEST_FRAME);
      break;
    }
    repeated_ = 0;
    ++seq_;
    return std::optional<Frame>(Frame{header[5], std::string(payload)});
  }
  if (broken_) return *broken_;
  return std::optional<Frame>{};
}

std::string FrameWriter::frame(uint8_t type, std::string_view payload) {
  std::string bytes(BPFM_HEADER_SIZE, '\0');
  bpfm_put_header(reinterpret_cast<uint8_t*>(bytes.data()), type, seq_++,
                  static_cast<uint32_t>(payload.size()), checksum(payload));
  bytes += payload;
  return bytes;
}

}  // namespace bpfmatrix::wire
