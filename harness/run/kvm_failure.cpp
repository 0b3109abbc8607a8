#include "run/kvm_failure.h"

#include <fmt/format.h>

namespace bpfmatrix::run {

void RunAcceleration::scale(std::deque<Job>& jobs) const {
  const double factor = now_.slowdown / planned_slowdown_;
  if (factor == 1) return;
  for (auto& job : jobs)
    job.request.limit_ms = static_cast<uint32_t>(static_cast<double>(job.request.limit_ms) * factor);
}

boost::asio::awaitable<RunAcceleration::Verdict> RunAcceleration::judge(
    boost::asio::io_context& io, const vm::MachineConfig& machine, const BootReport& report) {
  Verdict verdict;
  verdict.state = report.given_up.value_or(result::AttemptState::boot_fail);
  verdict.text = report.problem;
  if (machine.accel != vm::Accel::kvm) co_return verdict;
  // Another kernel's boot may have found it out meanwhile.
  verdict.again = now_.accel != vm::Accel::kvm;
  if (verdict.again) co_return verdict;
  // Named: g++ 12 destroys temporaries of a co_await expression twice.
  const vm::CanaryLimits limits;
  const auto tried = co_await vm::try_without_kvm(io, machine, report.problem, memory_, limits);
  if (!tried || !tried->measured) co_return verdict;  // the kernel's own fault
  if (choice_ == vm::AccelChoice::kvm) {
    verdict.state = result::AttemptState::accel_broken;
    verdict.text = fmt::format("KVM was demanded, and this kernel comes up under TCG only: {}",
                               report.problem);
    co_return verdict;
  }
  verdict.again = true;
  if (now_.accel == vm::Accel::kvm) note_(tried->sentence + " for the rest of this run");
  now_ = *tried;
  co_return verdict;
}

}  // namespace bpfmatrix::run
