// A machine whose QEMU is the fake one, and what runs coroutines in a test.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/files.h"
#include "base/run_clock.h"
#include "vm/machine.h"

namespace bpfmatrix::tests {

// Runs `io` until the coroutine has ended, and no further; throws when it never does.
template <typename T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
  std::optional<T> value;
  std::exception_ptr thrown;
  bool over = false;
  boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T v) {
    thrown = e;
    value.emplace(std::move(v));
    over = true;
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  io.restart();
  while (!over && std::chrono::steady_clock::now() < end)
    if (io.run_one_until(end) == 0) break;
  if (thrown) std::rethrow_exception(thrown);
  if (!over) throw std::runtime_error("the coroutine did not end");
  return std::move(*value);
}

inline base::RunClock::time_point in(std::chrono::milliseconds time) {
  return base::RunClock::now() + time;
}

// A folder with a "kernel" that holds a scenario.
class FakeKernel {
 public:
  explicit FakeKernel(const std::string& scenario) {
    EXPECT_TRUE(base::write_file(kernel(), "FAKE " + scenario + "\n"));
    EXPECT_TRUE(base::write_file(folder_.path() / "initramfs", "none"));
  }
  [[nodiscard]] vm::MachineConfig config() const {
    return {.qemu = BPFM_BUILD "/tests/fake_qemu",
            .kernel = kernel(),
            .initramfs = (folder_.path() / "initramfs").string(),
            .nonce = "00112233445566778899aabbccddeeff"};
  }
  [[nodiscard]] std::string kernel() const { return (folder_.path() / "kernel").string(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  base::TemporaryFolder folder_ = *base::TemporaryFolder::make("/tmp", "bpfm-fake-");
};

}  // namespace bpfmatrix::tests
