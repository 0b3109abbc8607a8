// The frame decoder: the bytes of a guest, in whatever pieces they come.
#include <vector>

#include "input.h"
#include "wire/frame.h"
#include "wire/protocol.h"

namespace {

using namespace bpfmatrix;

struct Read {
  std::vector<wire::Frame> frames;
  bool broken = false;
};

void take_frames(wire::FrameReader& reader, Read& read) {
  for (;;) {
    auto frame = reader.next();
    read.broken = !frame.has_value();
    if (read.broken) fuzz::require(!reader.next().has_value(), "a broken stream must stay broken");
    if (read.broken || !*frame) return;
    fuzz::require((*frame)->payload.size() <= BPFM_MAX_PAYLOAD, "a payload above the limit");
    read.frames.push_back(std::move(**frame));
  }
}

// Frames that are written come back, in the one way in which they can be sent.
void check_written(const std::vector<wire::Frame>& frames) {
  wire::FrameWriter writer;
  wire::FrameReader reader;
  for (const auto& frame : frames) reader.feed(writer.frame(frame.type, frame.payload));
  Read again;
  take_frames(reader, again);
  fuzz::require(!again.broken && again.frames.size() == frames.size(), "a frame cannot be read back");
  for (size_t i = 0; i < frames.size(); ++i)
    fuzz::require(again.frames[i].type == frames[i].type &&
                      again.frames[i].payload == frames[i].payload,
                  "another frame is read back");
}

}  // namespace

// The first byte says how long the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const size_t piece = size_t{input.u8()} + 1;
  const auto stream = input.rest();
  wire::FrameReader whole_reader;
  whole_reader.feed(stream);
  Read whole;
  take_frames(whole_reader, whole);
  Read pieces;
  wire::FrameReader reader;
  for (size_t at = 0; at < stream.size() && !pieces.broken; at += piece) {
    reader.feed(stream.substr(at, piece));
    take_frames(reader, pieces);
    fuzz::require(pieces.broken || reader.pending() < BPFM_HEADER_SIZE + BPFM_MAX_PAYLOAD,
                  "more is kept than one frame");
  }
  fuzz::require(whole.broken == pieces.broken, "pieces break where the whole does not");
  fuzz::require(whole.frames.size() == pieces.frames.size(), "pieces give other frames");
  for (size_t i = 0; i < whole.frames.size(); ++i)
    fuzz::require(whole.frames[i].type == pieces.frames[i].type &&
                      whole.frames[i].payload == pieces.frames[i].payload,
                  "pieces give another frame");
  check_written(whole.frames);
  return 0;
}
