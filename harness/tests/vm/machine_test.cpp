// Machine against a QEMU that plays scenarios.
#include "vm/machine.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <cerrno>

#include "../process/open_descriptors.h"
#include "base/lifeline.h"
#include "fake_machine.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace bpfmatrix::vm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using tests::FakeKernel;
using tests::in;
using tests::run;

// Speaks the driver's side of the wire to one machine.
class Dialogue {
 public:
  Dialogue(boost::asio::io_context& io, Machine& machine) : io_(io), machine_(machine) {}

  // The next frame; nothing at the end of the channel, at a broken frame or after 10 s.
  std::optional<wire::Frame> next() {
    for (;;) {
      auto frame = reader_.next();
      if (!frame) return std::nullopt;
      if (*frame) return std::move(**frame);
      auto bytes = run(io_, machine_.read_agent(in(10s)));
      if (!bytes || bytes->empty()) return std::nullopt;
      reader_.feed(*bytes);
    }
  }
  // The types of the frames up to one of `last` (or the end), as numbers.
  std::vector<int> types_until(int last) {
    std::vector<int> types;
    while (auto frame = next()) {
      types.push_back(frame->type);
      if (frame->type == last) break;
    }
    return types;
  }
  // The type of the next frame; -1 when there is none.
  int next_type() {
    const auto frame = next();
    return frame ? frame->type : -1;
  }
  void send(uint8_t type, std::string_view payload) {
    EXPECT_TRUE(run(io_, machine_.write_agent(writer_.frame(type, payload), in(10s))));
  }
  void send_run(uint32_t number, std::vector<uint32_t> cells) {
    std::string bytes;
    for (const uint32_t cell : cells)
      bytes += wire::encode(wire::RunCell{.cell = cell,
                                          .buffer_kind = BPFM_BUF_FIXED,
                                          .buffer_value = 4096,
                                          .level = 2,
                                          .file = "f",
                                          .function = "g",
                                          .extra = {{"attr_size", "120"}}});
    send(BPFM_RUN, wire::encode_run(number, BPFM_RUN_ANNOUNCE, "raw",
                                    static_cast<uint32_t>(cells.size()), bytes));
  }

 private:
  boost::asio::io_context& io_;
  Machine& machine_;
  wire::FrameReader reader_;
  wire::FrameWriter writer_;
};

struct MachineTest : ::testing::Test {
  // Starts the fake with a scenario; the machine goes before the kernel and the loop.
  Machine& start(const std::string& scenario) {
    kernel_.emplace(scenario);
    return restart();
  }
  Machine& restart() {
    auto started = Machine::start(io_, kernel_->config());
    EXPECT_TRUE(started);
    machine_.emplace(std::move(*started));
    return *machine_;
  }
  Ending finish(std::chrono::milliseconds limit = 10s) {
    return run(io_, machine_->finish(in(limit)));
  }
  boost::asio::io_context io_;
  std::optional<FakeKernel> kernel_;
  std::optional<Machine> machine_;
};

TEST_F(MachineTest, a_whole_conversation_ends_with_exit_code_0) {
  Dialogue agent(io_, start("ok"));
  const auto first = agent.next();
  ASSERT_TRUE(first);
  const auto hello = wire::decode_hello(first->payload);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->nonce[0], 0x00);
  EXPECT_EQ(hello->nonce[15], 0xff);
  agent.send(BPFM_FILE, wire::encode_file("prog.o", false, 5, 0, "12345"));
  const auto stored = agent.next();
  ASSERT_TRUE(stored);
  EXPECT_EQ(wire::decode_file_done(stored->payload)->name, "prog.o");
  agent.send_run(1, {7, 8});
  EXPECT_THAT(agent.types_until(BPFM_RUN_DONE),
              ElementsAre(BPFM_BEGIN, BPFM_RESULT, BPFM_BEGIN, BPFM_RESULT, BPFM_RUN_DONE));
  agent.send(BPFM_SHUTDOWN, "");
  const auto ending = finish();
  EXPECT_TRUE(ending.status.success());
  EXPECT_FALSE(ending.killed_by_us);
  EXPECT_THAT(machine_->console(), StartsWith("[    0.100000] fake kernel is up\n"));
  EXPECT_THAT(machine_->console(), HasSubstr("Power down"));
  EXPECT_EQ(machine_->console_bytes(), machine_->console().size());
}

TEST_F(MachineTest, a_megabyte_in_both_directions_arrives_whole) {
  Dialogue agent(io_, start("ok"));
  ASSERT_TRUE(agent.next());
  const std::string piece(60 << 10, 'p');
  constexpr uint64_t kPieces = 20;
  for (uint64_t i = 0; i < kPieces; ++i)
    agent.send(BPFM_FILE,
               wire::encode_file("big", true, kPieces * piece.size(), i * piece.size(), piece));
  EXPECT_THAT(agent.types_until(BPFM_FILE_DONE), ElementsAre(BPFM_FILE_DONE));
}

TEST_F(MachineTest, a_silent_agent_is_a_timeout_and_the_machine_can_still_be_killed) {
  auto& machine = start("silent");
  const auto begin = std::chrono::steady_clock::now();
  const auto bytes = run(io_, machine.read_agent(in(200ms)));
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, base::ErrorKind::timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  const auto ending = finish(100ms);
  EXPECT_TRUE(ending.killed_by_us);
  EXPECT_TRUE(ending.status.by_signal);
  EXPECT_EQ(ending.status.code, SIGKILL);
  EXPECT_TRUE(tests::no_children());
}

TEST_F(MachineTest, kill_ends_a_machine_that_would_go_on) {
  auto& machine = start("ok");
  machine.kill();
  const auto ending = finish();
  EXPECT_TRUE(ending.killed_by_us);
  machine.kill();  // after its end: nothing
  EXPECT_EQ(run(io_, machine.read_agent(in(1s))).value_or("error").size(), 0u);
}

TEST_F(MachineTest, the_reason_of_a_qemu_that_fails_at_once_is_kept) {
  auto& machine = start("exit1");
  const auto bytes = run(io_, machine.read_agent(in(10s)));
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->empty());
  const auto ending = finish();
  EXPECT_EQ(ending.status.code, 1);
  EXPECT_FALSE(ending.status.by_signal);
  EXPECT_FALSE(ending.killed_by_us);
  EXPECT_EQ(ending.standard_error, "qemu-system-x86_64: fake failure\n");
}

TEST_F(MachineTest, a_kernel_that_is_not_there_is_qemus_own_complaint) {
  FakeKernel kernel("ok");
  auto config = kernel.config();
  config.kernel += ".missing";
  auto machine = Machine::start(io_, config);
  ASSERT_TRUE(machine);
  const auto ending = run(io_, machine->finish(in(10s)));
  EXPECT_EQ(ending.status.code, 1);
  EXPECT_THAT(ending.standard_error, HasSubstr("could not open kernel file"));
}

TEST_F(MachineTest, garbage_is_handed_on_as_it_came) {
  auto& machine = start("garbage");
  const auto bytes = run(io_, machine.read_agent(in(10s)));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, std::string(64, '\xaa'));
}

TEST_F(MachineTest, a_hello_of_another_machine_carries_another_nonce) {
  Dialogue agent(io_, start("wrong_nonce"));
  const auto frame = agent.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(wire::decode_hello(frame->payload)->nonce[0], 0xff);
}

TEST_F(MachineTest, a_panic_comes_after_its_begin_and_with_its_console) {
  Dialogue agent(io_, start("panic_at 8"));
  ASSERT_TRUE(agent.next());
  agent.send_run(1, {7, 8, 9});
  EXPECT_THAT(agent.types_until(BPFM_RUN_DONE), ElementsAre(BPFM_BEGIN, BPFM_RESULT, BPFM_BEGIN));
  const auto ending = finish();
  EXPECT_TRUE(ending.status.success());
  EXPECT_FALSE(ending.killed_by_us);
  EXPECT_THAT(machine_->console(), HasSubstr("Kernel panic - not syncing"));
  EXPECT_THAT(machine_->console(), EndsWith("Kernel Offset: disabled\r\n"));
}

TEST_F(MachineTest, once_means_the_second_start_is_a_good_one) {
  for (const bool first : {true, false}) {
    Dialogue agent(io_, first ? start("die_at 7 once") : restart());
    ASSERT_TRUE(agent.next());
    agent.send_run(1, {7});
    const auto types = agent.types_until(BPFM_RUN_DONE);
    if (first) {
      EXPECT_THAT(types, ElementsAre(BPFM_BEGIN));
      const auto ending = finish();
      EXPECT_TRUE(ending.status.by_signal);
      EXPECT_EQ(ending.status.code, SIGSEGV);
      EXPECT_FALSE(ending.killed_by_us);
    } else {
      EXPECT_THAT(types, ElementsAre(BPFM_BEGIN, BPFM_RESULT, BPFM_RUN_DONE));
    }
  }
}

TEST_F(MachineTest, a_hang_leaves_the_begin_and_nothing_after_it) {
  Dialogue agent(io_, start("hang_at 7"));
  ASSERT_TRUE(agent.next());
  agent.send_run(1, {7});
  const auto frame = agent.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(wire::decode_begin(frame->payload)->cell, 7u);
  EXPECT_EQ(run(io_, machine_->read_agent(in(100ms))).error().kind, base::ErrorKind::timeout);
}

TEST_F(MachineTest, a_lost_loader_ends_its_run_and_not_the_machine) {
  Dialogue agent(io_, start("loader_gone_at 7"));
  ASSERT_TRUE(agent.next());
  agent.send_run(1, {7, 8});
  ASSERT_EQ(agent.next_type(), BPFM_BEGIN);
  const auto gone = agent.next();
  ASSERT_TRUE(gone);
  const auto told = wire::decode_loader_gone(gone->payload);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->cell, 7u);
  EXPECT_EQ(told->reason, BPFM_GONE_SIGNAL);
  EXPECT_EQ(told->number, SIGSEGV);
  agent.send_run(2, {8});
  EXPECT_THAT(agent.types_until(BPFM_RUN_DONE),
              ElementsAre(BPFM_BEGIN, BPFM_RESULT, BPFM_RUN_DONE));
}

TEST_F(MachineTest, a_foreign_cell_is_told_as_such) {
  Dialogue agent(io_, start("foreign_cell"));
  ASSERT_TRUE(agent.next());
  agent.send_run(1, {7});
  ASSERT_EQ(agent.next_type(), BPFM_BEGIN);
  const auto frame = agent.next();
  ASSERT_TRUE(frame);
  const auto done = wire::decode_result(frame->payload);
  ASSERT_TRUE(done);
  EXPECT_NE(done->cell, 7u);
}

TEST_F(MachineTest, a_flooded_console_keeps_its_ends_and_does_not_block_the_agent) {
  Dialogue agent(io_, start("flood"));
  ASSERT_TRUE(agent.next()) << "the hello comes after a megabyte that must have been read";
  agent.send(BPFM_SHUTDOWN, "");
  EXPECT_TRUE(finish().status.success());
  EXPECT_GT(machine_->console_bytes(), uint64_t{1} << 20);
  const auto console = machine_->console();
  EXPECT_LT(console.size(), (size_t{512} << 10) + 64);
  EXPECT_THAT(console, StartsWith("[    0.100000] fake kernel is up\n"));
  EXPECT_THAT(console, HasSubstr(" bytes cut]\n"));
  EXPECT_THAT(console, EndsWith("reboot: Power down\n"));
}

TEST_F(MachineTest, a_splat_after_the_last_answer_is_on_the_console_when_finish_returns) {
  Dialogue agent(io_, start("late_splat"));
  ASSERT_TRUE(agent.next());
  agent.send(BPFM_SHUTDOWN, "");
  EXPECT_TRUE(finish().status.success());
  EXPECT_THAT(machine_->console(), HasSubstr("BUG: KASAN"));
}

TEST_F(MachineTest, writing_to_a_machine_that_has_ended_is_an_error_and_no_signal) {
  auto& machine = start("exit1");
  finish();
  const auto status = run(io_, machine.write_agent(std::string(1 << 20, 'x'), in(5s)));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, base::ErrorKind::process);
}

TEST_F(MachineTest, writing_to_an_agent_that_reads_nothing_times_out) {
  auto& machine = start("silent");
  const auto status = run(io_, machine.write_agent(std::string(4 << 20, 'x'), in(200ms)));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, base::ErrorKind::timeout);
}

TEST_F(MachineTest, a_missing_qemu_is_unavailable) {
  FakeKernel kernel("ok");
  auto config = kernel.config();
  config.qemu = "/nowhere/qemu-system-x86_64";
  const auto machine = Machine::start(io_, config);
  ASSERT_FALSE(machine);
  EXPECT_EQ(machine.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(machine.error().message, HasSubstr("apt-get install qemu-system-x86"));
}

TEST(MachineLifetime, a_dropped_machine_takes_its_qemu_and_its_descriptors_along) {
  const FakeKernel kernel("silent");
  (void)base::lifeline();  // made with the first machine and kept for all
  const auto before = tests::open_descriptors();
  int pid = 0;
  {
    boost::asio::io_context io;
    auto first = Machine::start(io, kernel.config());
    ASSERT_TRUE(first);
    pid = first->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
    {
      auto second = Machine::start(io, kernel.config());
      ASSERT_TRUE(second);
      *first = std::move(*second);
    }
    EXPECT_EQ(::kill(pid, 0), -1) << "assigned over";
    pid = first->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
  EXPECT_TRUE(tests::no_children());
  EXPECT_EQ(tests::open_descriptors(), before);
}

TEST(MachineLifetime, a_reader_is_let_go_when_its_machine_goes) {
  const FakeKernel kernel("silent");
  boost::asio::io_context io;
  std::optional<base::ErrorKind> kind;
  {
    auto machine = Machine::start(io, kernel.config());
    ASSERT_TRUE(machine);
    boost::asio::co_spawn(io, machine->read_agent(in(60s)),
                          [&](std::exception_ptr, base::Result<std::string> bytes) {
                            if (!bytes) kind = bytes.error().kind;
                          });
    io.run_for(50ms);
    EXPECT_FALSE(kind);
  }
  io.restart();
  io.run_for(5s);
  EXPECT_EQ(kind, base::ErrorKind::process);
}

TEST(QemuVersion, it_is_the_third_word_of_the_answer) {
  EXPECT_EQ(qemu_version(BPFM_BUILD "/tests/fake_qemu").value_or("none"), "7.2.22");
}

TEST(QemuVersion, a_program_that_is_no_qemu_or_not_there_is_unavailable) {
  const auto other = qemu_version("true");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, base::ErrorKind::unavailable);
  const auto missing = qemu_version("/nowhere/qemu-system-x86_64");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::unavailable);
}

}  // namespace
}  // namespace bpfmatrix::vm
