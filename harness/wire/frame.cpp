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

base::Result<std::optional<Frame>> FrameReader::next() {
  if (broken_) return *broken_;
  if (pending() < BPFM_HEADER_SIZE) return std::optional<Frame>{};
  const auto* header = reinterpret_cast<const uint8_t*>(buffer_.data() + at_);
  const uint32_t magic = bpfm_get32(header);
  const uint32_t seq = bpfm_get32(header + 8);
  const uint32_t length = bpfm_get32(header + 12);
  if (magic != BPFM_MAGIC) {
    broken_ = fail(ErrorKind::protocol, "bad magic {:#010x}", magic);
  } else if (header[4] != BPFM_VERSION) {
    broken_ = fail(ErrorKind::protocol, "version {}, expected {}", header[4], BPFM_VERSION);
  } else if (bpfm_get16(header + 6) != 0) {
    broken_ = fail(ErrorKind::protocol, "unknown flags {:#x}", bpfm_get16(header + 6));
  } else if (seq != seq_) {
    broken_ = fail(ErrorKind::protocol, "frame {} where {} was due", seq, seq_);
  } else if (length > BPFM_MAX_PAYLOAD) {
    broken_ = fail(ErrorKind::protocol, "payload of {} bytes, at most {} are allowed", length,
                   BPFM_MAX_PAYLOAD);
  }
  if (broken_) return *broken_;
  if (pending() < BPFM_HEADER_SIZE + length) return std::optional<Frame>{};
  Frame frame{header[5], buffer_.substr(at_ + BPFM_HEADER_SIZE, length)};
  if (checksum(frame.payload) != bpfm_get32(header + 16)) {
    broken_ = fail(ErrorKind::protocol, "wrong checksum in frame {}", seq);
    return *broken_;
  }
  at_ += BPFM_HEADER_SIZE + length;
  ++seq_;
  return std::optional<Frame>{std::move(frame)};
}

std::string FrameWriter::frame(uint8_t type, std::string_view payload) {
  std::string bytes(BPFM_HEADER_SIZE, '\0');
  bpfm_put_header(reinterpret_cast<uint8_t*>(bytes.data()), type, seq_++,
                  static_cast<uint32_t>(payload.size()), checksum(payload));
  bytes += payload;
  return bytes;
}

}  // namespace bpfmatrix::wire
