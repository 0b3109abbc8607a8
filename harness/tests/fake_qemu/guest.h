// The guest that fake_qemu plays: an agent that answers, and the ways in which it may not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "monitor.h"
#include "wire/frame.h"

namespace bpfmatrix::tests {

class Guest {
 public:
  explicit Guest(Arguments arguments) : arguments_(std::move(arguments)) {}
  // Plays to its end and returns QEMU's exit code.
  int play();

 private:
  struct Cell {
    uint32_t id = 0;
    uint8_t interface = 0;
    int64_t buffer_value = 0;
    uint8_t buffer_kind = 0;
    uint32_t level = 0;
  };
  static std::vector<Cell> cells_of(std::string_view run_payload, uint32_t* run);

  [[nodiscard]] bool plays(std::string_view scenario) const {
    return arguments_.scenario.name == scenario;
  }
  void boot();
  void flood() const;
  // Reads the saved state; false when it is none.
  bool restore();
  void serve();
  // One frame of the driver; false at SHUTDOWN.
  bool take(const wire::Frame& frame);
  void take_file(std::string_view payload);
  static bool announces(std::string_view run_payload);
  void run_cells(std::string_view payload);
  // What happens in cell `id`, before which `held` was held back; false when the rest of the RUN is
  // not to come.
  bool fate(uint32_t run, uint32_t id, bool announced, const std::string& held);
  void panic(const char* why);
  [[noreturn]] void stay_silent();
  // What splat_at, oom_*, chatter_at, reboot_at and reset_at do in their cell.
  void disturb();
  // What oops_after and oops_before do with the result of their cell, the last one in `held`.
  void die_beside_result(const std::string& held);
  std::string loader_gone(uint32_t run, uint32_t id, uint32_t signal);
  static void die();
  std::string hello();
  std::string begin(uint32_t run, uint32_t cell);
  std::string result(uint32_t run, const Cell& cell);
  void send(std::string_view bytes);
  // Sends `frame` as sent again, for ever.
  [[noreturn]] void repeat(std::string frame);
  void print(std::string_view text) const;

  Arguments arguments_;
  wire::FrameWriter writer_;
  std::optional<Monitor> monitor_;
  uint32_t files_ = 0;  // stored or refused so far
  uint32_t sent_ = 0;   // bytes to the agent channel
};

}  // namespace bpfmatrix::tests
