#include "vm/acceleration.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/descriptor.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/run_clock.h"
#include "base/text.h"
#include "vm/machine.h"

namespace bpfmatrix::vm {
namespace asio = boost::asio;
using Clock = base::RunClock;
using Seconds = std::chrono::duration<double>;
namespace {

// A guest that answered after `first_byte`, or what happened instead ("no guest came up ...").
struct Canary {
  std::optional<Seconds> first_byte;
  std::string failure;
};

constexpr const char* kDigest = "digest";  // over the rest of the file

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return base::printable(text.substr(text.rfind('\n') + 1));
}

// Boots the canary and waits for any byte of its agent. QEMU is killed when this returns.
asio::awaitable<base::Result<Canary>> boot(asio::io_context& io, MachineConfig config, Accel accel,
                                           std::chrono::milliseconds limit) {
  config.accel = accel;
  config.nonce = std::string(32, '0');  // any answer will do: nothing is believed of it
  const auto start = Clock::now();
  auto machine = Machine::start(io, config);
  if (!machine) co_return machine.error().in("canary boot");
  const auto bytes = co_await machine->read_agent(start + limit);
  const Seconds took = Clock::now() - start;
  if (bytes && !bytes->empty()) co_return Canary{took, {}};
  if (!bytes && bytes.error().kind != base::ErrorKind::timeout) co_return bytes.error();
  if (!bytes)
    co_return Canary{
        {}, fmt::format("no guest came up under it within {:.3g} s", Seconds(limit).count())};
  const auto ending = co_await machine->finish(Clock::now() + std::chrono::seconds(2));
  const auto said = last_line(ending.standard_error);
  co_return Canary{{},
                   fmt::format("QEMU ended before its guest said anything ({}{}{})",
                               ending.status.text(), said.empty() ? "" : ": ", said)};
}

HostState read_host(const std::string& version, bool kvm_opens, const Sandbox& sandbox) {
  HostState host{.boot_id = {},
                 .qemu_version = version,
                 .kvm_opens = kvm_opens,
                 .isolation = sandbox.level(/*kvm=*/true)};
  std::ifstream("/proc/sys/kernel/random/boot_id") >> host.boot_id;
  return host;
}

// Why KVM is out of the question without a boot; empty when the device opens.
std::string kvm_refusal(const std::filesystem::path& device) {
  const base::Descriptor opened(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (opened.open()) return {};
  const int error = errno;
  if (error == ENOENT) return fmt::format("there is no {}", device.string());
  const auto* hint = error == EACCES ? " (add this user to the group kvm)" : "";
  return fmt::format("{} does not open: {}{}", device.string(), std::strerror(error), hint);
}

// TCG for `reason`, its speed measured by a boot of its own.
asio::awaitable<base::Result<Acceleration>> fall_back(asio::io_context& io,
                                                      const MachineConfig& config,
                                                      std::string reason,
                                                      std::chrono::milliseconds limit) {
  auto tried = co_await boot(io, config, Accel::tcg, limit);
  if (!tried) co_return tried.error();
  Acceleration answer;
  answer.sentence = fmt::format("{}; using TCG", reason);
  if (tried->first_byte) {
    answer.slowdown = slowdown_of(*tried->first_byte);
    answer.measured = true;
  } else {
    answer.sentence += fmt::format(", where {}", tried->failure);
  }
  co_return answer;
}

}  // namespace

std::string processor(Accel accel) {
  std::string text = cpu_model(accel);
  if (accel != Accel::kvm) return text;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line) && !line.empty();)
    if (line.starts_with("model name") || line.starts_with("flags")) text += "\n" + line;
  return text;
}

double slowdown_of(Seconds first_byte) {
  const double factor = first_byte.count();
  return std::isfinite(factor) ? std::clamp(factor, 1.0, 10.0) : 10.0;
}

std::optional<Acceleration> recall(const std::filesystem::path& memory, const HostState& host) {
  const auto text = base::read_file(memory, uint64_t{1} << 16);
  if (!text || host.boot_id.empty()) return std::nullopt;
  try {
    auto json = nlohmann::ordered_json::parse(*text);
    const std::string digest = json.value(kDigest, std::string());
    json.erase(kDigest);
    if (!digest.empty() && digest != base::sha256_hex(json.dump())) return std::nullopt;
    if (json.at("boot_id") != host.boot_id || json.at("qemu_version") != host.qemu_version ||
        json.at("kvm_opens") != host.kvm_opens || json.at("isolation") != host.isolation)
      return std::nullopt;
    const std::string accel = json.at("accel");
    if (accel != "kvm" && accel != "tcg") return std::nullopt;
    return Acceleration{.accel = accel == "kvm" ? Accel::kvm : Accel::tcg,
                        .slowdown = slowdown_of(Seconds(json.at("slowdown").get<double>())),
                        .sentence = json.at("sentence"),
                        .measured = true,
                        .remembered = true};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

base::Status remember(const std::filesystem::path& memory, const HostState& host,
                      const Acceleration& acceleration) {
  nlohmann::ordered_json json = {
      {"boot_id", host.boot_id},           {"qemu_version", host.qemu_version},
      {"kvm_opens", host.kvm_opens},       {"isolation", host.isolation},
      {"accel", name(acceleration.accel)}, {"slowdown", acceleration.slowdown},
      {"sentence", acceleration.sentence}};
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  json[kDigest] = base::sha256_hex(json.dump(-1, ' ', false, kReplace));
  return base::write_file(memory, json.dump(2, ' ', false, kReplace) + "\n");
}

std::optional<Accel> known_accel(AccelChoice choice, const std::filesystem::path& memory,
                                 const std::string& version, const Sandbox& sandbox,
                                 const CanaryLimits& limits) {
  if (choice == AccelChoice::tcg) return Accel::tcg;
  if (choice == AccelChoice::kvm) return Accel::kvm;
  const auto known =
      recall(memory, read_host(version, kvm_refusal(limits.kvm_device).empty(), sandbox));
  return known ? std::optional(known->accel) : std::nullopt;
}

asio::awaitable<base::Result<Acceleration>> try_without_kvm(asio::io_context& io,
                                                            MachineConfig canary, std::string why,
                                                            std::filesystem::path memory,
                                                            CanaryLimits limits) {
  const std::string reason = fmt::format("KVM gave up ({})", why);
  auto answer = co_await fall_back(io, canary, reason, limits.tcg);
  if (!answer || !answer->measured) co_return answer;
  if (const auto version = qemu_version(canary.qemu))
    (void)remember(
        memory, read_host(*version, kvm_refusal(limits.kvm_device).empty(), canary.sandbox),
        *answer);
  co_return answer;
}

asio::awaitable<base::Result<Acceleration>> choose_acceleration(asio::io_context& io,
                                                                MachineConfig canary,
                                                                AccelChoice choice,
                                                                std::filesystem::path memory,
                                                                CanaryLimits limits) {
  auto version = qemu_version(canary.qemu);
  if (!version) co_return version.error();
  std::string refusal = kvm_refusal(limits.kvm_device);
  const HostState host = read_host(*version, refusal.empty(), canary.sandbox);
  const auto known = recall(memory, host);
  if (choice == AccelChoice::tcg) {
    const double slowdown = known && known->accel == Accel::tcg ? known->slowdown : 10;
    co_return Acceleration{
        .accel = Accel::tcg, .slowdown = slowdown, .sentence = "using TCG, as asked"};
  }
  if (known && (choice == AccelChoice::automatic || known->accel == Accel::kvm)) co_return *known;

  if (refusal.empty()) {
    auto tried = co_await boot(io, canary, Accel::kvm, limits.kvm);
    if (!tried) co_return tried.error();
    if (tried->first_byte) {
      const Acceleration answer{
          .accel = Accel::kvm,
          .slowdown = slowdown_of(*tried->first_byte),
          .sentence =
              fmt::format("using KVM: a guest answered after {:.1f} s", tried->first_byte->count()),
          .measured = true};
      (void)remember(memory, host, answer);  // lost, it costs a second canary
      co_return answer;
    }
    refusal = fmt::format("{} opens, but {}", limits.kvm_device.string(), tried->failure);
  }
  if (choice == AccelChoice::kvm)
    co_return base::fail(base::ErrorKind::unavailable, "KVM was demanded: {}", refusal);
  auto answer = co_await fall_back(io, canary, refusal, limits.tcg);
  // A kernel that comes up under neither says nothing of the machine.
  if (answer && answer->measured) (void)remember(memory, host, *answer);
  co_return answer;
}

}  // namespace bpfmatrix::vm
