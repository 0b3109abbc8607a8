#include "plan/key.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/digest.h"
#include "fixture.h"

namespace bpfmatrix::plan {
namespace {

struct Inputs {
  MachineDigests machine{.kernel = "k",
                         .initramfs = "i",
                         .agent = "a",
                         .command_line = "c",
                         .qemu_version = "7.2.22",
                         .cpu_model = "max",
                         .accel = "tcg",
                         .isolation = "boot"};
  std::string loader = "l";
  Object object{.stem = "trivial", .path = "/p/trivial.bpf.o", .sha256 = "o"};
  Function function{.name = "f", .section = "socket"};
  bool has_function = true;
  std::string id = "trivial";
  spec::LogMode mode = prog(2, "4KiB");

  [[nodiscard]] std::string key() const {
    return cell_key(machine, loader, {id, &object, has_function ? &function : nullptr}, mode);
  }
};

std::string key_with(const std::function<void(Inputs&)>& change) {
  Inputs inputs;
  change(inputs);
  return inputs.key();
}

TEST(CellKey, the_same_inputs_give_the_same_digest) {
  EXPECT_EQ(Inputs().key(), Inputs().key());
  EXPECT_TRUE(base::is_sha256_hex(Inputs().key()));
}

TEST(CellKey, every_input_changes_the_key) {
  const std::vector<std::function<void(Inputs&)>> changes = {
      [](Inputs& in) { in.machine.kernel = "x"; },
      [](Inputs& in) { in.machine.initramfs = "x"; },
      [](Inputs& in) { in.machine.agent = "x"; },
      [](Inputs& in) { in.machine.command_line = "x"; },
      [](Inputs& in) { in.machine.qemu_version = "x"; },
      [](Inputs& in) { in.machine.cpu_model = "x"; },
      [](Inputs& in) { in.machine.accel = "x"; },
      [](Inputs& in) { in.machine.isolation = "x"; },
      [](Inputs& in) { in.loader = "x"; },
      [](Inputs& in) { in.object.sha256 = "x"; },
      [](Inputs& in) { in.function.name = "x"; },
      [](Inputs& in) { in.function.name = ""; },
      [](Inputs& in) { in.has_function = false; },
      [](Inputs& in) { in.mode.interface = spec::Interface::object_load; },
      [](Inputs& in) { in.mode.level = 3; },
      [](Inputs& in) { in.mode.buffer.kind = spec::Buffer::Kind::null; },
      [](Inputs& in) { in.mode.buffer.kind = spec::Buffer::Kind::relative; },
      [](Inputs& in) { in.mode.buffer.value = 4097; },
      [](Inputs& in) { in.mode.buffer = {}; },
      [](Inputs& in) { in.mode.extra["attr_size"] = "140"; },
      [](Inputs& in) { in.mode.extra["attr_size"] = "144"; },
      [](Inputs& in) { in.mode.extra["tail_byte"] = "140"; },
      [](Inputs& in) {
        in.mode.extra = {{"attr_size", "140"}, {"uid", "1"}};
      },
  };
  std::set<std::string> keys{Inputs().key()};
  for (size_t i = 0; i < changes.size(); ++i)
    EXPECT_TRUE(keys.insert(key_with(changes[i])).second) << "change " << i;
}

TEST(CellKey, names_and_paths_do_not_change_the_key) {
  EXPECT_EQ(Inputs().key(), key_with([](Inputs& in) { in.id = "other"; }));
  EXPECT_EQ(Inputs().key(), key_with([](Inputs& in) { in.object.path = "/elsewhere.o"; }));
  EXPECT_EQ(Inputs().key(), key_with([](Inputs& in) { in.object.stem = "other"; }));
}

TEST(CellKey, text_cannot_move_from_one_field_to_the_next) {
  const auto moved = [](const std::string& kernel, const std::string& initramfs) {
    return key_with([&](Inputs& in) {
      in.machine.kernel = kernel;
      in.machine.initramfs = initramfs;
    });
  };
  EXPECT_NE(moved("ab", "c"), moved("a", "bc"));
  EXPECT_NE(moved("a;1:b", ""), moved("a", "b"));
  const auto extra = [](std::map<std::string, std::string> values) {
    return key_with([&](Inputs& in) { in.mode.extra = std::move(values); });
  };
  EXPECT_NE(extra({{"a", "1,b=2"}}), extra({{"a", "1"}, {"b", "2"}}));
}

}  // namespace
}  // namespace bpfmatrix::plan
