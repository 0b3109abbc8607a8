// A benchmark (label bench): what ten thousand cells cost the driver. Prints, and asserts only that the
// work was done.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "driver_fixture.h"

namespace bpfmatrix::tests {
namespace {

class Load : public DriverTest {
 protected:
  // Runs to the end; processor seconds of the driver alone, its wall time, and its largest memory.
  struct Cost {
    double processor = 0, wall = 0, mebibytes = 0;
  };
  Cost measure(const std::vector<std::string>& words) {
    const auto begin = std::chrono::steady_clock::now();
    const pid_t driver = start(words);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(driver), &info, WEXITED | WNOWAIT);
    Cost cost;
    cost.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::ifstream file(fmt::format("/proc/{}/stat", driver));
    std::string line;
    std::getline(file, line);
    long user = 0, system = 0;
    std::sscanf(line.c_str() + line.rfind(')') + 2,
                "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
    cost.processor = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    int status = 0;
    rusage used{};
    ::wait4(driver, &status, 0, &used);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cost.mebibytes = static_cast<double>(used.ru_maxrss) / 1024;
    return cost;
  }
};

TEST_F(Load, ten_thousand_cells_and_a_resume_of_them) {
  make_matrix({"ok", "ok", "ok", "ok"}, 5, 500);
  const auto whole = measure(run_words());
  const auto cells = record().cells.size();
  EXPECT_EQ(cells, 10'000u);
  std::printf("run: %.2f s wall, %.2f s processor = %.3f ms a cell, %.0f MiB at most\n", whole.wall,
              whole.processor, 1000 * whole.processor / static_cast<double>(cells),
              whole.mebibytes);
  // As if it had been killed before it could write its end.
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((workspace_ / "results.sqlite").c_str(), &database), SQLITE_OK);
  sqlite3_exec(database, "UPDATE runs SET finished='', digest=''", nullptr, nullptr, nullptr);
  sqlite3_close(database);
  const auto scan = measure(resume_words());
  EXPECT_NE(record().header.finished, "");
  std::printf("resume, nothing left to run: %.2f s wall, %.2f s processor, %.0f MiB; the table is "
              "part of it\n",
              scan.wall, scan.processor, scan.mebibytes);
}

}  // namespace
}  // namespace bpfmatrix::tests
