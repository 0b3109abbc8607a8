// A descriptor in the event loop, and waiting for it with a deadline. For this folder's .cpp files.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/run_clock.h"

namespace bpfmatrix::vm {

using Stream = boost::asio::posix::stream_descriptor;

enum class Ready { yes, deadline, closed };

// Waits until `stream` can be read or written. It only waits: a read raced against a timer could
// lose what it had read when both come at once.
boost::asio::awaitable<Ready> wait_ready(Stream& stream, Stream::wait_type what,
                                         base::RunClock::time_point deadline);

// What read() and send() say when the other end is gone.
[[nodiscard]] bool peer_gone(int error);

}  // namespace bpfmatrix::vm
