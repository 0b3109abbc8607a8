// Bits that flip in what a workspace keeps: 1000 of them, in every kind of file.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <functional>
#include <random>

#include "base/digest.h"
#include "driver_fixture.h"
#include "image/boot_image.h"
#include "image/content_store.h"
#include "image/lock.h"
#include "result/store.h"
#include "vm/acceleration.h"
#include "vm/saved_states.h"

namespace bpfmatrix::tests {
namespace {

using ::testing::HasSubstr;

class Flips : public DriverTest {
 protected:
  static std::string read(const fs::path& path) { return *base::read_file(path); }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  // Flips `count` bits of the file, one at a time, and asks each time whether that was noticed: the
  // damaged content was refused, or not used, or it means the same.
  void flip(const fs::path& path, int count, const std::function<bool()>& noticed) {
    const std::string whole = read(path);
    ASSERT_FALSE(whole.empty()) << path;
    for (int i = 0; i < count; ++i) {
      const size_t bit = std::uniform_int_distribution<size_t>(0, whole.size() * 8 - 1)(random_);
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      write(path, damaged);
      EXPECT_TRUE(noticed()) << path << ": bit " << bit;
      write(path, whole);
    }
    flips_ += count;
  }
  // One of the files below a folder of the workspace.
  fs::path file_below(const fs::path& folder, const std::function<bool(const fs::path&)>& which) {
    for (const auto& entry : fs::recursive_directory_iterator(workspace_ / folder))
      if (entry.is_regular_file() && which(entry.path())) return entry.path();
    ADD_FAILURE() << "no such file below " << folder;
    return {};
  }
  fs::path kernel_blob() {
    return file_below("store", [](const fs::path& path) {
      return base::is_sha256_hex(path.filename().string()) &&
             path.parent_path().filename() != "boot" && fs::file_size(path) == 0x4000;
    });
  }

  std::minstd_rand random_{4711};
  int flips_ = 0;
};

TEST_F(Flips, a_blob_is_never_used_and_goes_to_quarantine) {
  image::ContentStore store(workspace_ / "store");
  for (const size_t size : {200u, 5'000u, 300'000u}) {  // a note, a kernel's module, a loader
    const auto sha256 = *store.put(std::string(size, 'x') + std::to_string(size));
    const fs::path path = **store.verified_path(sha256);
    flip(path, 100, [&] {
      const auto found = store.get(sha256);
      const bool aside = fs::exists(workspace_ / "store" / "quarantine" / sha256);
      fs::remove(workspace_ / "store" / "quarantine" / sha256);
      return found && !*found && aside;
    });
  }
  EXPECT_EQ(flips_, 300);
}

TEST_F(Flips, a_note_of_what_is_booted_is_found_out) {
  image::ContentStore store(workspace_ / "store");
  const auto sha256 = *store.put("no kernel at all");
  const auto before = image::boot_image(store, sha256);
  ASSERT_TRUE(before);
  flip(workspace_ / "store" / "boot" / sha256, 100, [&] {
    const auto now = image::boot_image(store, sha256);
    return now && now->sha256 == before->sha256;
  });
}

TEST_F(Flips, a_lock_is_refused_with_what_to_do) {
  const fs::path path = workspace_ / "lock.json";
  auto lock = *image::Lock::read(path);
  lock.kernels["debian-6.1"] = {"bookworm", "6.1.0-37-cloud-amd64", "6.1.140-1",
                                {{"linux-image", "6.1.140-1", std::string(64, 'a')}},
                                std::string(64, 'b'), std::string(64, 'c'),
                                {{"virtio", std::string(64, 'd')}}};
  lock.loaders["libbpf-1.1.2"] = {"debian bookworm 1.1.2", std::string(64, 'e'),
                                  std::string(64, 'f'), std::string(64, '0')};
  ASSERT_TRUE(lock.write());
  const auto same = [&](const image::Lock& other) {
    const auto& a = lock.kernels.at("debian-6.1");
    const auto at = other.kernels.find("debian-6.1");
    const auto loader = other.loaders.find("libbpf-1.1.2");
    return at != other.kernels.end() && loader != other.loaders.end() &&
           at->second.release == a.release && at->second.package_version == a.package_version &&
           at->second.image_sha256 == a.image_sha256 && at->second.modules == a.modules &&
           loader->second.source == "debian bookworm 1.1.2";
  };
  flip(path, 150, [&] {
    const auto now = image::Lock::read(path);
    return now ? same(*now) : now.error().kind == base::ErrorKind::invalid_input;
  });
}

TEST_F(Flips, the_choice_of_an_accelerator_is_made_anew) {
  const fs::path path = workspace_ / "acceleration.json";
  const vm::HostState host{"boot", "7.2.22", true};
  vm::Acceleration chosen;
  chosen.accel = vm::Accel::tcg;
  chosen.slowdown = 3.25;
  chosen.sentence = "KVM does not work; using TCG";
  ASSERT_TRUE(vm::remember(path, host, chosen));
  ASSERT_TRUE(vm::recall(path, host));
  flip(path, 100, [&] {
    const auto now = vm::recall(path, host);
    return !now || (now->accel == chosen.accel && now->slowdown == chosen.slowdown);
  });
}

TEST_F(Flips, a_saved_machine_is_not_restored) {
  make_matrix({"ok"}, 1, 3);
  ASSERT_EQ(run().code(), 0);
  const fs::path note =
      file_below("states", [](const fs::path& path) { return path.filename() == "state.json"; });
  const fs::path state = note.parent_path() / "state";
  const std::string key = note.parent_path().filename().string();
  const auto restorable = [&] {
    vm::SavedStates states(workspace_ / "states");  // remembers what it has checked
    auto found = states.find(key);
    if (!found) return false;
    boost::asio::io_context io;
    bool intact = false;
    boost::asio::co_spawn(io, states.intact(key, found->sha256),
                          [&](std::exception_ptr, bool answer) { intact = answer; });
    io.run();
    return intact;
  };
  ASSERT_TRUE(restorable());
  flip(state, 100, [&] { return !restorable(); });
  // The note names the digest; the rest of it is for people.
  const std::string text = read(note);
  flip(note, 100, [&] {
    if (!restorable()) return true;
    const auto digest = text.substr(text.find("sha256") + 10, 64);
    return read(note).find(digest) != std::string::npos;
  });
  EXPECT_EQ(flips_, 200);
}

TEST_F(Flips, a_store_is_refused_or_tells_what_was_measured) {
  make_matrix({"ok", "panic_at 43"}, 2, 20);
  ASSERT_EQ(run().code(), 100);
  const auto reference = canonical(record());
  const fs::path file = workspace_ / "results.sqlite";
  int refused = 0;
  flip(file, 150, [&] {
    for (const char* beside : {"-wal", "-shm"}) fs::remove(file.string() + beside);
    auto store = result::Store::open(file, result::Check::whole);
    auto run = store ? store->read("latest") : store.error();
    if (run) return canonical(*run) == reference;
    ++refused;
    return run.error().kind == base::ErrorKind::invalid_input ||
           run.error().kind == base::ErrorKind::io;
  });
  std::printf("%d of %d were refused, the others change nothing that is read\n", refused, flips_);
  EXPECT_GT(refused, 20);
}

// The same through the program: what is damaged is made again, and the run comes to the same.
TEST_F(Flips, a_run_makes_again_what_was_damaged) {
  make_matrix({"ok"}, 1, 3);
  ASSERT_EQ(run().code(), 0);
  const auto reference = canonical(record());
  auto words = run_words();
  words.push_back("--no-cache");
  const auto state = [](const fs::path& path) { return path.filename() == "state"; };
  const auto note = [](const fs::path& path) { return path.parent_path().filename() == "boot"; };
  for (const fs::path& path : {kernel_blob(), file_below("states", state), file_below("store", note)}) {
    std::string bytes = read(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write(path, bytes);
    const auto ended = call(words);
    EXPECT_EQ(ended.code(), 0) << path << ended.err;
    EXPECT_EQ(canonical(record()), reference) << path;
    EXPECT_TRUE(fs::exists(path)) << path;
    EXPECT_NE(read(path), bytes) << path;
  }
  write(workspace_ / "lock.json", R"({"format": 1, "kernels": {}, "loaders": {}, "digest": "0"})");
  const auto refused = call(words);
  EXPECT_EQ(refused.code(), 2);
  EXPECT_THAT(refused.err, HasSubstr("without the line \"digest\" it is taken as it is"));
}

}  // namespace
}  // namespace bpfmatrix::tests
