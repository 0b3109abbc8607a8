#include "guest.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/digest.h"
#include "wire/messages.h"
#include "wire/protocol.h"

namespace bpfmatrix::tests {
namespace {

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) std::_Exit(0);  // the driver is gone: a machine ends with it
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

void put16(std::string& to, uint16_t value) {
  uint8_t raw[2];
  bpfm_put16(raw, value);
  to.append(reinterpret_cast<char*>(raw), sizeof raw);
}

void put32(std::string& to, uint32_t value) {
  uint8_t raw[4];
  bpfm_put32(raw, value);
  to.append(reinterpret_cast<char*>(raw), sizeof raw);
}

// Reads a payload of the driver, which is trusted here: a short one ends the fake with code 70.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(size_t n) {
    if (n > rest_.size()) std::_Exit(70);
    const auto piece = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return piece;
  }
  uint8_t u8() { return static_cast<uint8_t>(take(1)[0]); }
  uint16_t u16() { return bpfm_get16(reinterpret_cast<const uint8_t*>(take(2).data())); }
  uint32_t u32() { return bpfm_get32(reinterpret_cast<const uint8_t*>(take(4).data())); }
  uint64_t u64() { return bpfm_get64(reinterpret_cast<const uint8_t*>(take(8).data())); }
  std::string_view str() { return take(u16()); }
  [[nodiscard]] size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

// Linux 6.12.
constexpr char kWarning[] =
    "[    3.000000] WARNING: CPU: 0 PID: 61 at kernel/bpf/verifier.c:1234 do_check+0x10/0x20\r\n"
    "[    3.000100] RIP: 0010:do_check+0x10/0x20\r\n"
    "[    3.000200] ---[ end trace 0000000000000000 ]---\r\n";
constexpr char kOops[] =
    "[    3.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\r\n"
    "[    3.000100] Oops: 0000 [#1] PREEMPT SMP\r\n"
    "[    3.000200] RIP: 0010:bpf_prog_put+0x10/0x20\r\n"
    "[    3.000300] Kernel panic - not syncing: Fatal exception\r\n";

}  // namespace

// QEMU with a guest that hangs: its monitor answers, and an NMI makes the guest panic, which ends it.
// "deaf": not even that.
void Guest::stay_silent() {
  const bool deaf = plays("hang_deaf_at");
  while (monitor_->answer())
    if (monitor_->interrupted() && !deaf) panic("NMI: Not continuing");
  std::_Exit(0);
}

void Guest::send(std::string_view bytes) {
  if (plays("cut_at")) bytes = bytes.substr(0, arguments_.scenario.cell - sent_);
  write_all(arguments_.agent, bytes);
  sent_ += static_cast<uint32_t>(bytes.size());
  if (plays("cut_at") && sent_ == arguments_.scenario.cell) std::_Exit(0);
}
void Guest::print(std::string_view text) const {
  write_all(arguments_.console, text);
}

int Guest::play() {
  if (plays("exit1") || (plays("kvm_exit") && arguments_.accel == "kvm")) {
    ::write(2, "qemu-system-x86_64: fake failure\n", 33) < 0 ? std::_Exit(70) : void();
    return 1;
  }
  if (plays("mute"))
    for (;;) ::pause();
  const bool restored = arguments_.incoming >= 0;
  monitor_.emplace(arguments_.control, arguments_.scenario.name, restored);
  if (restored && !restore()) {
    ::write(2, "qemu-system-x86_64: load of migration failed\n", 45) < 0 ? std::_Exit(70) : void();
    return 1;
  }
  if (!restored) boot();
  serve();
  if (plays("late_splat"))
    print("[    9.000000] BUG: KASAN: slab-use-after-free in bpf_prog_put+0x10/0x20\n");
  print("[    9.100000] reboot: Power down\n");
  return 0;
}

void Guest::boot() {
  // kvm_silent: what a host does whose KVM never gets a guest anywhere.
  if (plays("silent") || (plays("kvm_silent") && arguments_.accel == "kvm")) stay_silent();
  print("[    0.100000] fake kernel is up\n");
  if (plays("slow_boot")) monitor_->attend(static_cast<int>(arguments_.scenario.cell));
  if (plays("no_hello")) {
    print("bpfmatrix agent: up\n");
    stay_silent();
  }
  if (plays("splat_idle")) print(kWarning);
  while (plays("reboot_loop")) {
    print("Booting the kernel.\r\n");
    monitor_->attend(50);
  }
  if (plays("flood")) flood();
  if (plays("garbage")) {
    send(std::string(64, '\xaa'));
    stay_silent();
  }
  const std::string said = hello();
  send(said);
  if (plays("flood_again")) repeat(said);
}

void Guest::repeat(std::string frame) {
  bpfm_put16(reinterpret_cast<uint8_t*>(frame.data()) + 6, BPFM_FRAME_AGAIN);
  std::string many;
  while (many.size() < 32768) many += frame;
  monitor_->answer();  // who greets is only heard by a driver that does not choke on what follows
  for (;;) send(many);
}

void Guest::flood() const {
  std::string text;
  for (int i = 0; i < 16384; ++i) text += std::string(63, 'f') + "\n";
  for (uint32_t i = 0; i < std::max(arguments_.scenario.cell, 1U); ++i) print(text);
}

bool Guest::restore() {
  std::string state(64, '\0');
  const ssize_t n = ::read(arguments_.incoming, state.data(), state.size());
  return n > 0 && state.substr(0, static_cast<size_t>(n)) == kFakeState;
}

bool Guest::take(const wire::Frame& frame) {
  if (frame.type == BPFM_WAKE) {
    if (plays("sleeper")) stay_silent();
    for (size_t i = 0; i < arguments_.nonce.size(); ++i)
      arguments_.nonce[i] = static_cast<uint8_t>(frame.payload.at(i));
    send(hello());
  }
  if (frame.type == BPFM_FILE) take_file(frame.payload);
  if (frame.type == BPFM_RUN) run_cells(frame.payload);
  return frame.type != BPFM_SHUTDOWN;
}

// Answers frames until SHUTDOWN or the end of the channel; the agent's only while not paused.
void Guest::serve() {
  wire::FrameReader reader;
  std::string piece(65536, '\0');
  for (;;) {
    pollfd waiting[2] = {{arguments_.control, POLLIN, 0},
                         {monitor_->paused() ? -1 : arguments_.agent, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0 && !monitor_->answer()) return;
    if (waiting[1].revents == 0 || monitor_->paused()) continue;
    const ssize_t n = ::read(arguments_.agent, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    reader.feed({piece.data(), static_cast<size_t>(n)});
    for (;;) {
      const auto frame = reader.next();
      if (!frame) std::_Exit(71);
      if (!*frame) break;
      if (!take(**frame)) return;
    }
  }
}

std::string Guest::hello() {
  wire::Hello hello;
  hello.nonce = arguments_.nonce;
  if (plays("wrong_nonce")) hello.nonce[0] ^= 0xff;
  hello.release = "6.99.0-fake";
  hello.version = "#1 SMP fake";
  hello.machine = "x86_64";
  hello.cpus = 1;
  hello.memory = uint64_t{256} << 20;
  hello.uptime_ms = 1500;
  hello.kernel_btf = true;
  return writer_.frame(BPFM_HELLO, wire::encode(hello));
}

std::string Guest::begin(uint32_t run, uint32_t cell) {
  std::string payload;
  put32(payload, run);
  put32(payload, cell);
  return writer_.frame(BPFM_BEGIN, payload);
}

// Every load succeeds, decided by the kernel in one call.
std::string Guest::result(uint32_t run, const Cell& cell) {
  wire::CellDone done;
  done.run = run;
  done.cell = plays("foreign_cell") ? cell.id + 1'000'000 : cell.id;
  auto& seen = done.observation;
  seen.state = BPFM_MEASURED;
  seen.decided_by = BPFM_BY_KERNEL;
  seen.return_value = 3;
  seen.duration_ns = 1'300'000;
  seen.flags = BPFM_VERIFIED;
  if (cell.buffer_kind == BPFM_BUF_FIXED)
    seen.buffer_size = static_cast<uint64_t>(cell.buffer_value);
  if (cell.level != 0 && seen.buffer_size > 64) {
    seen.log_head = "processed 2 insns (limit 1000000) max_states_per_insn 0\n";
    seen.log_tail = seen.log_head;
    seen.log_length = seen.log_head.size();
    seen.kept = BPFM_KEPT_ALL;
    seen.flags |= BPFM_TOUCHED | BPFM_TRUE_SIZE_TOLD;
    seen.log_true_size = seen.log_length + 1;
    const auto digest = base::sha256_hex(seen.log_head);
    for (size_t i = 0; i < seen.log_sha256.size(); ++i)
      seen.log_sha256[i] =
          static_cast<uint8_t>(std::strtoul(digest.substr(2 * i, 2).c_str(), nullptr, 16));
  }
  // enum bpf_cmd, include/uapi/linux/bpf.h
  const uint32_t cmd = cell.interface == BPFM_BTF_LOAD ? 18 : 5;
  seen.calls = {{.cmd = cmd,
                 .level = cell.level,
                 .size = static_cast<uint32_t>(seen.buffer_size),
                 .attr_size = 148,
                 .error = 0,
                 .probe = false,
                 .measured = true,
                 .length = static_cast<uint32_t>(seen.log_length)}};
  if (plays("flood_logs")) {
    seen.log_head.assign(BPFM_MAX_LOG_HEAD, 'h');
    seen.log_tail.assign(BPFM_MAX_LOG_TAIL, 't');
    seen.messages.assign(BPFM_MAX_MESSAGES, 'm');
    seen.calls.resize(BPFM_MAX_CALLS);
  }
  return writer_.frame(BPFM_RESULT, wire::encode(done));
}

void Guest::take_file(std::string_view payload) {
  Cursor cursor(payload);
  const auto name = cursor.str();
  cursor.u8();
  const uint64_t total = cursor.u64();
  const uint64_t offset = cursor.u64();
  if (offset + cursor.left() != total) return;  // more pieces follow
  std::string answer;
  put16(answer, static_cast<uint16_t>(name.size()));
  answer += name;
  put32(answer, plays("no_space") && ++files_ == 2 ? ENOSPC : 0);
  send(writer_.frame(BPFM_FILE_DONE, answer));
}

std::vector<Guest::Cell> Guest::cells_of(std::string_view run_payload, uint32_t* run) {
  Cursor cursor(run_payload);
  *run = cursor.u32();
  cursor.u32();  // flags
  cursor.str();  // loader
  std::vector<Cell> cells(cursor.u32());
  for (auto& cell : cells) {
    cell.id = cursor.u32();
    cell.interface = cursor.u8();
    cell.buffer_kind = cursor.u8();
    cell.buffer_value = static_cast<int64_t>(cursor.u64());
    cell.level = cursor.u32();
    cursor.u32();  // limit
    cursor.str();  // file
    cursor.str();  // function
    cursor.u32();  // instruction count
    for (uint8_t extra = cursor.u8(); extra > 0; --extra) {
      cursor.str();
      cursor.str();
    }
  }
  return cells;
}

bool Guest::announces(std::string_view run_payload) {
  Cursor cursor(run_payload);
  cursor.u32();
  return (cursor.u32() & BPFM_RUN_ANNOUNCE) != 0;
}

// As a loader does it: a result and the next announcement leave in one write, or all together.
void Guest::run_cells(std::string_view payload) {
  uint32_t run = 0;
  const auto cells = cells_of(payload, &run);
  const bool announced = announces(payload);
  if (plays("die_at_run")) die();
  std::string held;
  for (const auto& cell : cells) {
    held += begin(run, cell.id);
    if (announced || cell.id == cells.front().id) send(std::exchange(held, {}));
    if (!fate(run, cell.id, announced, held)) return;
    held += result(run, cell);
    if (cell.id == arguments_.scenario.cell) die_beside_result(held);
    if (plays("slow")) {
      send(std::exchange(held, {}));
      ::usleep(1000 * arguments_.scenario.cell);
    }
  }
  std::string done;
  put32(done, run);
  send(held + writer_.frame(BPFM_RUN_DONE, done));
}

bool Guest::fate(uint32_t run, uint32_t id, bool announced, const std::string& held) {
  if (plays("panic_each") || (plays("panic_dense") && !announced)) panic("sysrq triggered crash");
  if (id != arguments_.scenario.cell) return true;
  if (plays("panic_at")) panic("sysrq triggered crash");
  if (plays("hang_at") || plays("hang_deaf_at")) stay_silent();
  if (plays("stop_at")) ::raise(SIGSTOP);
  if (plays("die_at")) die();
  disturb();
  if (!plays("loader_gone_at") && !plays("oom_at")) return true;
  send(held + loader_gone(run, id, plays("oom_at") ? SIGKILL : SIGSEGV));
  return false;
}

std::string Guest::loader_gone(uint32_t run, uint32_t id, uint32_t signal) {
  std::string gone;
  put32(gone, run);
  put32(gone, id);
  gone += static_cast<char>(BPFM_GONE_SIGNAL);
  put32(gone, signal);
  return writer_.frame(BPFM_LOADER_GONE, gone);
}

void Guest::die_beside_result(const std::string& held) {
  const bool after = plays("oops_after");
  if (!after && !plays("oops_before")) return;
  if (after) send(held);
  if (!after) print(kOops);
  ::usleep(arguments_.scenario.delay);
  if (after) print(kOops);
  if (!after) send(held);
  std::_Exit(0);
}

void Guest::disturb() {
  if (plays("splat_at")) print(kWarning);
  if (plays("oom_at"))
    print("[    3.100000] Out of memory: Killed process 61 (loader) total-vm:1048576kB\r\n");
  if (plays("oom_panic_at")) {
    print("[    3.1] Kernel panic - not syncing: System is deadlocked on memory\r\n");
    std::_Exit(0);
  }
  if (plays("reboot_at")) {
    print("Booting the kernel.\r\n[    0.000000] Linux version 6.99.0-fake\r\n");
    stay_silent();
  }
  if (plays("reset_at")) std::_Exit(0);
  while (plays("chatter_at")) {
    print("[    4.000000] random: still here\r\n");
    monitor_->attend(20);
  }
}

void Guest::die() {
  ::signal(SIGSEGV, SIG_DFL);
  ::raise(SIGSEGV);
}

// Console text of Linux 7.3 after `echo c > /proc/sysrq-trigger`; panic=-1 and -no-reboot make QEMU
// exit with code 0.
void Guest::panic(const char* why) {
  print(std::string("[    2.948512] Kernel panic - not syncing: ") + why + "\r\n");
  print(
      "[    2.948600] CPU: 0 UID: 0 PID: 61 Comm: loader Not tainted 7.3.4 #1 PREEMPT(lazy)\r\n"
      "[    2.948700] Call Trace:\r\n"
      "[    2.948800]  <TASK>\r\n"
      "[    2.948900]  panic+0x6b/0x70\r\n"
      "[    2.949000]  do_check+0x1234/0x2e60\r\n"
      "[    2.949100]  </TASK>\r\n"
      "[    2.949200] Kernel Offset: disabled\r\n");
  std::_Exit(0);
}

}  // namespace bpfmatrix::tests
