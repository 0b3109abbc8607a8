#include "vm/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace bpfmatrix::vm {

namespace asio = boost::asio;

asio::awaitable<Ready> wait_ready(Stream& stream, Stream::wait_type what,
                                  base::RunClock::time_point deadline) {
  using asio::experimental::awaitable_operators::operator||;
  const auto tuple = asio::as_tuple(asio::use_awaitable);
  base::RunTimer timer(stream.get_executor(), deadline);
  const auto first = co_await (stream.async_wait(what, tuple) || timer.async_wait(tuple));
  if (first.index() == 1) co_return Ready::deadline;
  co_return std::get<0>(std::get<0>(first)) ? Ready::closed : Ready::yes;
}

bool peer_gone(int error) {
  return error == ECONNRESET || error == EPIPE;
}

}  // namespace bpfmatrix::vm
