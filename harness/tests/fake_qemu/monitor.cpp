#include "monitor.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>

namespace bpfmatrix::tests {
namespace {

void say(int to, std::string_view line) {
  if (::write(to, line.data(), line.size()) < 0) ::_exit(0);
}

// The word after "execute": enough for commands that the driver writes itself.
std::string command_in(std::string_view line) {
  static constexpr std::string_view kBefore = "\"execute\":\"";
  const auto at = line.find(kBefore);
  if (at == line.npos) return {};
  const auto from = at + kBefore.size();
  return std::string(line.substr(from, line.find('"', from) - from));
}

}  // namespace

Monitor::Monitor(int descriptor, std::string scenario, bool paused)
    : descriptor_(descriptor), scenario_(std::move(scenario)), paused_(paused) {
  say(descriptor_, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
}

std::string Monitor::reply(const std::string& command) {
  if (command == "stop") paused_ = true;
  if (command == "cont") paused_ = false;
  if (command == "inject-nmi") interrupted_ = true;
  if (command == "migrate") {
    migration_ = scenario_ == "unsaveable" ? "failed" : "completed";
    if (file_ >= 0 && migration_ == "completed") say(file_, kFakeState);
  }
  if (command == "query-migrate")
    return "{\"return\": {\"status\": \"" + migration_ +
           "\", \"error-desc\": \"no room for the state\"}}\r\n";
  if (command == "query-status")
    return std::string("{\"return\": {\"status\": \"") + (paused_ ? "paused" : "running") +
           "\"}}\r\n";
  static constexpr const char* kKnown[] = {
      "qmp_capabilities", "stop", "cont", "migrate", "getfd", "migrate-set-parameters", "inject-nmi"};
  for (const char* known : kKnown)
    if (command == known)  // an event first: it is nobody's answer
      return "{\"event\": \"FAKE\", \"data\": {}}\r\n{\"return\": {}}\r\n";
  return "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such command\"}}\r\n";
}

bool Monitor::answer() {
  char piece[4096];
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))];
  iovec bytes{piece, sizeof piece};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  const ssize_t n = ::recvmsg(descriptor_, &message, 0);
  if (n <= 0) return false;
  const cmsghdr* rights = CMSG_FIRSTHDR(&message);
  if (rights != nullptr && rights->cmsg_type == SCM_RIGHTS)
    std::memcpy(&file_, CMSG_DATA(rights), sizeof file_);
  received_.append(piece, static_cast<size_t>(n));
  for (size_t end = received_.find('\n'); end != std::string::npos; end = received_.find('\n')) {
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    say(descriptor_, reply(command_in(line)));
  }
  return true;
}

void Monitor::attend(int milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, std::max(0, static_cast<int>(left.count()))) <= 0) return;
    if (!answer()) ::_exit(0);
  }
}

}  // namespace bpfmatrix::tests
