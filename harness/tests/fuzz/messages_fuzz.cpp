// Every decoder of a guest's messages. What was decoded is encoded to the same bytes where there is
// an encoder, so nothing is dropped, invented or read beyond its end.
#include "input.h"
#include "result/from_wire.h"
#include "wire/messages.h"

namespace {

using namespace bpfmatrix;

void take_hello(std::string_view payload) {
  const auto decoded = wire::decode_hello(payload);
  if (!decoded) return;
  const auto again = wire::decode_hello(wire::encode(*decoded));
  fuzz::require(again.has_value() && again->release == decoded->release &&
                    again->module_errors == decoded->module_errors &&
                    again->nonce == decoded->nonce,
                "a hello does not survive being encoded");
}

void take_result(std::string_view payload) {
  const auto decoded = wire::decode_result(payload);
  if (!decoded) return;
  const auto& seen = decoded->observation;
  fuzz::require(seen.calls.size() <= BPFM_MAX_CALLS, "more calls than allowed");
  fuzz::require(payload.size() <= 8 + BPFM_MAX_OBSERVATION, "a result above its largest size");
  const auto encoded = wire::encode(*decoded);
  const auto again = wire::decode_result(encoded);
  fuzz::require(
      again.has_value() && wire::encode(*again) == encoded && encoded.size() == payload.size(),
      "a result does not survive being encoded");
  (void)result::from_wire(seen);
}

}  // namespace

// The first byte chooses the message.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t which = input.u8() % 6;
  const auto payload = input.rest();
  if (which == 0) take_hello(payload);
  if (which == 1) take_result(payload);
  if (which == 2) {
    const auto done = wire::decode_file_done(payload);
    fuzz::require(!done || done->name.size() + 6 == payload.size(), "file done: bytes left over");
  }
  if (which == 3)
    fuzz::require(wire::decode_begin(payload).has_value() == (payload.size() == 8), "begin");
  if (which == 4)
    fuzz::require(wire::decode_run_done(payload).has_value() == (payload.size() == 4), "run done");
  if (which == 5) {
    const auto gone = wire::decode_loader_gone(payload);
    fuzz::require(!gone || (payload.size() == 13 && gone->reason <= BPFM_GONE_NO_START),
                  "loader gone");
  }
  return 0;
}
