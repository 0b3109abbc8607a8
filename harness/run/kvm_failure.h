// A kernel that gets nowhere under KVM although KVM was chosen: is it the kernel, or KVM?
//
// Asked by a boot under TCG. The rest of a run goes on there, or, where KVM was demanded, is told as
// not run for want of it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>

#include "run/boot.h"
#include "run/session.h"
#include "vm/acceleration.h"

namespace bpfmatrix::run {

// The accelerator of a run, which may change once while it goes on: from KVM to TCG.
class RunAcceleration {
 public:
  RunAcceleration(vm::Acceleration found, vm::AccelChoice choice, std::filesystem::path memory,
                  std::function<void(const std::string&)> note)
      : now_(std::move(found)),
        planned_slowdown_(now_.slowdown),
        choice_(choice),
        memory_(std::move(memory)),
        note_(std::move(note)) {}

  [[nodiscard]] const vm::Acceleration& now() const { return now_; }
  // Time limits that were scaled when the run was planned, for the accelerator of now.
  void scale(std::deque<Job>& jobs) const;

  // What becomes of the cells that a boot of `machine` gave up.
  struct Verdict {
    bool again = false;  // they are to be run, under TCG
    result::AttemptState state = result::AttemptState::boot_fail;  // else
    std::string text;
  };
  boost::asio::awaitable<Verdict> judge(boost::asio::io_context& io,
                                        const vm::MachineConfig& machine,
                                        const BootReport& report);

 private:
  vm::Acceleration now_;
  double planned_slowdown_;
  vm::AccelChoice choice_;
  std::filesystem::path memory_;
  std::function<void(const std::string&)> note_;
};

}  // namespace bpfmatrix::run
