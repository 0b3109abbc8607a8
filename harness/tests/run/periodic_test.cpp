#include "run/periodic.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace bpfmatrix::run {
namespace {

using namespace std::chrono_literals;

TEST(Periodic, calls_until_it_is_ended_from_within) {
  boost::asio::io_context io;
  Periodic periodic(io, 1ms);
  int calls = 0;
  periodic.start([&] {
    if (++calls == 3) periodic.end();
  });
  io.run();
  EXPECT_EQ(calls, 3);
}

TEST(Periodic, one_that_had_expired_when_it_was_ended_does_not_go_on) {
  boost::asio::io_context io;
  Periodic periodic(io, 2ms);
  int calls = 0;
  base::RunTimer ends_it(io, 1ms);
  ends_it.async_wait([&](const boost::system::error_code&) { periodic.end(); });
  periodic.start([&] { ++calls; });
  // Both are over before the loop looks: it queues both handlers in one turn.
  const auto both = base::RunClock::now() + 3ms;
  while (base::RunClock::now() < both) {
  }
  io.run_for(10s);
  EXPECT_TRUE(io.stopped());
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace bpfmatrix::run
