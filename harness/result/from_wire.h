// From what a guest sent to an attempt. Pure.
#pragma once

#include "result/observation.h"
#include "wire/messages.h"

namespace bpfmatrix::result {

// Total. What the guest may not send (an unknown state, a negative errno, a text that is too long)
// becomes an attempt of state `protocol` whose note says which; such an attempt has no observation.
[[nodiscard]] Attempt from_wire(const wire::Observation& seen);

}  // namespace bpfmatrix::result
