#include "driver_fixture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "result/run_digest.h"
#include "result/store.h"
#include "tests/fake_qemu/fake_kernel.h"

namespace bpfmatrix::tests {

using namespace std::chrono_literals;

namespace {

// A disk in memory where there is one: nothing here is about how long a sync takes.
fs::path parent_folder() {
  std::error_code ignored;
  return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path(ignored);
}

std::string content(const fs::path& path) {
  return base::read_file(path).value_or(std::string());
}

void write(const fs::path& path, const std::string& text) {
  ASSERT_TRUE(base::write_file(path, text));
}

}  // namespace

int Ended::code() const {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
bool Ended::killed() const {
  return WIFSIGNALED(status);
}

DriverTest::DriverTest()
    : folder_(*base::TemporaryFolder::make(parent_folder(), "bpfmatrix-driver-")) {
  new_workspace();
}

void DriverTest::make_matrix(const std::vector<std::string>& scenarios, int levels, int buffers,
                             const std::string& limits) {
  std::string text = "kernels:\n";
  for (size_t i = 0; i < scenarios.size(); ++i) {
    write(folder_.path() / fmt::format("kernel-{}", i),
          make_fake_kernel(fmt::format("k{}", i), scenarios[i]));
    text += fmt::format("  - {{id: k{}, file: ./kernel-{}}}\n", i, i);
  }
  text += "loaders: [raw]\nprograms: [trivial]\nmodes:\n";
  std::string all;
  for (int i = 0; i < buffers; ++i) all += fmt::format("{}{}", i == 0 ? "" : ", ", 4096 + 16 * i);
  for (int level = 0; level < levels; ++level)
    text += fmt::format("  - {{level: {}, buffer: [{}]}}\n", level + 1, all);
  text += limits;
  matrix_ = folder_.path() / "made.yaml";
  write(matrix_, text);
}

void DriverTest::new_workspace() {
  std::error_code ignored;
  if (!workspace_.empty()) fs::remove_all(workspace_, ignored);
  workspace_ = folder_.path() / fmt::format("workspace-{}", ++workspaces_);
}

pid_t DriverTest::start(const std::vector<std::string>& words, const Variables& variables) {
  const fs::path output = folder_.path() / fmt::format("output-{}", ++outputs_);
  std::vector<std::string> all = {BPFM_BUILD "/bin/bpfmatrix", "--workspace", workspace_.string()};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (auto& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    for (const int fd : {1, 2}) {
      const std::string path = output.string() + (fd == 1 ? ".out" : ".err");
      ::dup2(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), fd);
    }
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }
  files_[pid] = output;
  return pid;
}

Ended DriverTest::wait(pid_t pid) {
  Ended ended;
  while (::waitpid(pid, &ended.status, 0) < 0 && errno == EINTR) {
  }
  const std::string output = files_.at(pid).string();
  ended.out = content(output + ".out");
  ended.err = content(output + ".err");
  return ended;
}

Ended DriverTest::call(const std::vector<std::string>& words, const Variables& variables) {
  return wait(start(words, variables));
}

std::vector<std::string> DriverTest::run_words() const {
  return {"run",   matrix_.string(), "--qemu",    BPFM_BUILD "/tests/fake_qemu", "--accel", "tcg",
          "-q",    "--offline",      "--min-free", "0",                          "-j",      "2"};
}

std::vector<std::string> DriverTest::resume_words() const {
  auto words = run_words();
  words[0] = "resume";
  words.erase(words.begin() + 1);
  return words;
}

result::RunRecord DriverTest::record(const std::string& run) const {
  auto store = result::Store::open(workspace_ / "results.sqlite");
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return {};
  }
  auto read = store->read(run);
  if (!read) ADD_FAILURE() << read.error().message;
  return read ? std::move(*read) : result::RunRecord{};
}

std::string DriverTest::canonical(result::RunRecord run) {
  auto& header = run.header;
  for (auto* text : {&header.id, &header.started, &header.finished}) text->clear();
  std::string text;
  for (auto& cell : run.cells) {
    cell.cached = false;
    text += fmt::format("{} {} {} {} {}\n", cell.id, cell.key, result::name(cell.attempt.state),
                        cell.attempts, cell.attempt.note);
  }
  for (const auto& kernel : run.kernels)
    text += fmt::format("{} {} {} {} {}\n", kernel.id, kernel.release, kernel.accel,
                        kernel.isolation, kernel.problem);
  for (const auto& note : header.notes) text += note + "\n";
  return text + result::run_digest(run);  // everything else
}

std::vector<pid_t> DriverTest::machines() const {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream file(entry.path() / "cmdline");
    std::string line;
    std::getline(file, line);  // a process that has just ended cannot be read any more
    if (line.find("fake_qemu") != std::string::npos &&
        line.find(folder_.path().string()) != std::string::npos &&
        line.find("bin/bpfmatrix") == std::string::npos)
      found.push_back(pid);
  }
  return found;
}

int DriverTest::machines_left() const {
  for (int i = 0; i < 40 && !machines().empty(); ++i) std::this_thread::sleep_for(50ms);
  return static_cast<int>(machines().size());
}

void DriverTest::wait_for_cells(pid_t driver, size_t cells) const {
  const fs::path file = workspace_ / "results.sqlite";
  for (;;) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(driver), &info, WEXITED | WNOHANG | WNOWAIT);
    if (info.si_pid != 0) return;
    std::this_thread::sleep_for(20ms);
    if (!fs::exists(file)) continue;
    sqlite3* database = nullptr;
    int count = 0;
    if (sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK) {
      sqlite3_busy_timeout(database, 2000);
      const auto take = [](void* to, int, char** values, char**) {
        *static_cast<int*>(to) = std::atoi(values[0]);
        return 0;
      };
      sqlite3_exec(database,
                   "SELECT count(*) FROM attempts WHERE run=(SELECT max(number) FROM runs)", take,
                   &count, nullptr);
    }
    sqlite3_close(database);
    if (static_cast<size_t>(count) >= cells) return;
  }
}

void DriverTest::expect_sound_store() const {
  const fs::path file = workspace_ / "results.sqlite";
  if (!fs::exists(file)) return;
  sqlite3* database = nullptr;
  std::string answer;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  const auto take = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) += values[0];
    return 0;
  };
  sqlite3_exec(database, "PRAGMA quick_check", take, &answer, nullptr);
  sqlite3_close(database);
  EXPECT_EQ(answer, "ok");
}

}  // namespace bpfmatrix::tests
