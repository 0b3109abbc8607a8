// run_command() and run_checked(): a child with a loop of its own.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <optional>
#include <vector>

#include "base/child_process.h"
#include "base/descriptor.h"
#include "base/run_clock.h"

namespace bpfmatrix::base {
namespace asio = boost::asio;
namespace {

constexpr size_t kOutputLimit = size_t{64} << 20;
constexpr size_t kErrorLimit = size_t{64} << 10;
// Between SIGTERM, on which make and apt end their own children, and SIGKILL.
constexpr std::chrono::seconds kGrace{2};

// Our environment with the variables of `added` in it.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const auto name = entry.substr(0, entry.find('='));
    const bool replaced = std::any_of(added.begin(), added.end(),
                                      [&](const auto& pair) { return pair.first == name; });
    if (!replaced) all.emplace_back(entry);
  }
  for (const auto& [name, value] : added) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

// One run of a command. All coroutines are over before the object goes: run() ends with the loop.
class Run {
 public:
  explicit Run(const CommandOptions& options)
      : options_(options), output_(io_), errors_(io_), timer_(io_) {}

  Result<CommandOutput> run() {
    BPFM_TRY(auto out, make_socket_pair());
    BPFM_TRY(auto err, make_socket_pair());
    ChildOptions child;
    child.argv = options_.argv;
    child.environment = environment_with(options_.environment);
    child.folder = options_.folder;
    child.confinement = options_.confinement;
    child.new_session = true;  // what make and apt have started goes with them, and with us
    child.descriptors = {{1, out.theirs.get()}, {2, err.theirs.get()}};
    BPFM_TRY(auto started, ChildProcess::spawn(io_, child));
    child_.emplace(std::move(started));
    out.theirs.reset();
    err.theirs.reset();
    output_.assign(out.ours.release());
    errors_.assign(err.ours.release());
    open_streams_ = 2;
    asio::co_spawn(io_, drain(output_, result_.standard_output, kOutputLimit, false),
                   asio::detached);
    asio::co_spawn(io_, drain(errors_, result_.standard_error, kErrorLimit, true), asio::detached);
    asio::co_spawn(io_, reap(), asio::detached);
    asio::co_spawn(io_, watch(), asio::detached);
    io_.run();
    if (timed_out_)
      return fail(ErrorKind::timeout, "{}: killed after {} s", options_.argv.front(),
                  options_.timeout.count());
    return std::move(result_);
  }

 private:
  asio::awaitable<void> drain(asio::posix::stream_descriptor& from, std::string& to, size_t limit,
                              bool keep_tail) {
    std::vector<char> piece(65536);
    for (;;) {
      const auto [error, n] =
          co_await from.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
      if (error) break;
      if (keep_tail) {
        to.append(piece.data(), n);
        if (to.size() > limit) to.erase(0, to.size() - limit);
      } else {
        to.append(piece.data(), std::min(n, limit - to.size()));
      }
    }
    --open_streams_;
    end_when_done();
  }

  asio::awaitable<void> reap() {
    result_.status = co_await child_->wait();
    reaped_ = true;
    end_when_done();
  }

  // Ends the command at its deadline. A grandchild that still holds the streams is not waited for.
  asio::awaitable<void> watch() {
    timer_.expires_after(options_.timeout);
    const auto [stopped] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopped) co_return;
    timed_out_ = true;
    child_->signal(SIGTERM);
    timer_.expires_after(kGrace);
    const auto [ended] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!ended) child_->signal(SIGKILL);
    output_.cancel();
    errors_.cancel();
  }

  void end_when_done() {
    if (reaped_ && (open_streams_ == 0 || timed_out_)) timer_.cancel();
  }

  const CommandOptions& options_;
  asio::io_context io_{1};
  asio::posix::stream_descriptor output_, errors_;
  RunTimer timer_;
  std::optional<ChildProcess> child_;
  CommandOutput result_;
  int open_streams_ = 0;
  bool reaped_ = false;
  bool timed_out_ = false;
};

// The last `count` lines, joined by " | ".
std::string last_lines(std::string_view text, int count) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  size_t at = text.size();
  while (count-- > 0 && at != std::string_view::npos && at > 0) at = text.rfind('\n', at - 1);
  std::string lines(at == std::string_view::npos ? text
                                                 : text.substr(text[at] == '\n' ? at + 1 : at));
  for (size_t i = lines.find('\n'); i != std::string::npos; i = lines.find('\n', i))
    lines.replace(i, 1, " | ");
  return lines;
}

}  // namespace

Result<CommandOutput> run_command(const CommandOptions& options) {
  if (options.argv.empty()) return fail(ErrorKind::internal, "run a command: no arguments");
  try {
    return Run(options).run();
  } catch (const std::exception& thrown) {
    return fail(ErrorKind::process, "{}: {}", options.argv.front(), thrown.what());
  }
}

Result<std::string> run_checked(const CommandOptions& options) {
  BPFM_TRY(auto output, run_command(options));
  if (!output.status.success())
    return fail(ErrorKind::process, "{}: {}: {}", options.argv.front(), output.status.text(),
                last_lines(output.standard_error, 5));
  return std::move(output.standard_output);
}

}  // namespace bpfmatrix::base
