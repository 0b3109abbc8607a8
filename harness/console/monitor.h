// Reads a console as it comes and finds what the kernel has to say of itself.
//
// It takes any bytes in pieces of any size: what it finds depends on the stream alone, never on how
// it was cut. Each line is looked at once, when it is whole. Memory is bounded whatever comes. No
// finding means that the kernel is not at fault as far as can be seen. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "console/finding.h"
#include "console/patterns.h"

namespace bpfmatrix::console {

class Monitor {
 public:
  // Lines that hold one of `denied` are findings too.
  explicit Monitor(std::vector<std::string> denied = {}) : denied_(std::move(denied)) {}

  void feed(std::string_view bytes);
  // Nothing more will come: looks at a last line without an end.
  void finish();
  // The kernel is up: from now on every beginning of a boot is a reboot, before it the second one.
  void set_running() { running_ = true; }

  // In the order of the stream. The last one may still change: its report goes on. Of stalls at
  // most 16 are kept, of all at most 64; more are counted.
  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] uint64_t left_out() const { return left_out_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  void take_line(std::string_view line, uint64_t offset, bool whole);
  void begin(Match match, uint64_t offset, bool damaged);
  bool belongs_to_open(Kind kind) const;
  void follow(std::string_view line, std::string_view text);
  void name_place(std::string_view function);

  std::vector<std::string> denied_;
  std::vector<Finding> findings_;
  bool open_ = false;            // the last finding's report goes on
  bool needs_function_ = false;  // and has not named its place
  bool in_trace_ = false;        // and is at its call trace
  bool running_ = false;
  std::array<bool, 3> booted_{};
  std::string part_;          // of a line whose end has not come, <= kLineLimit
  bool part_is_cut_ = false;  // more of it came than is kept
  uint64_t part_offset_ = 0;
  uint64_t bytes_ = 0, left_out_ = 0;
  size_t stalls_ = 0;
};

// All at once: what a monitor finds in `console`.
[[nodiscard]] std::vector<Finding> find_all(std::string_view console,
                                            std::vector<std::string> denied = {});

}  // namespace bpfmatrix::console
