#include "arguments.h"

#include <fcntl.h>

#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>

#include "base/files.h"

namespace bpfmatrix::tests {
namespace {

using base::ErrorKind;
using base::fail;

// The number after `fd=` in "socket,id=<id>,fd=<n>"; nothing for another id.
std::optional<int> channel(const std::string& chardev, const std::string& id) {
  const std::string before = "socket,id=" + id + ",fd=";
  if (!chardev.starts_with(before)) return std::nullopt;
  return std::atoi(chardev.c_str() + before.size());
}

std::array<uint8_t, 16> nonce_in(const std::string& command_line) {
  std::array<uint8_t, 16> nonce{};
  static const std::string kWord = "bpfmatrix.nonce=";
  const auto at = command_line.find(kWord);
  if (at == std::string::npos || command_line.size() < at + kWord.size() + 32) return nonce;
  for (size_t i = 0; i < nonce.size(); ++i) {
    const char* digits = command_line.data() + at + kWord.size() + 2 * i;
    std::from_chars(digits, digits + 2, nonce[i], 16);
  }
  return nonce;
}

// How many starts this kernel has had, this one included.
int count_start(const std::string& kernel) {
  const std::string path = kernel + ".count";
  const auto before = base::read_file(path);
  const int count = (before ? std::atoi(before->c_str()) : 0) + 1;
  (void)base::write_file(path, std::to_string(count));
  return count;
}

base::Result<Scenario> read_scenario(const std::string& kernel) {
  const auto text = base::read_file(kernel);
  if (!text) return fail(ErrorKind::io, "could not open kernel file '{}'", kernel);
  std::istringstream line(text->substr(0, text->find('\n')));
  Scenario scenario;
  std::string word;
  line >> word;
  if (word != "FAKE") return fail(ErrorKind::invalid_input, "'{}' is no kernel", kernel);
  line >> scenario.name;
  const int start = count_start(kernel);
  auto* number = &scenario.cell;
  while (line >> word) {
    if (word == "once" || word == "twice") {
      if (start > (word == "once" ? 1 : 2)) scenario.name = "ok";
    } else {
      *number = static_cast<uint32_t>(std::strtoul(word.c_str(), nullptr, 10));
      number = &scenario.delay;
    }
  }
  return scenario;
}

}  // namespace

base::Result<Arguments> parse_arguments(int argc, char** argv) {
  static const std::map<std::string, bool> kKnown = {
      {"-M", true},      {"-accel", true},       {"-cpu", true},     {"-smp", true},
      {"-m", true},      {"-nodefaults", false}, {"-display", true}, {"-no-user-config", false},
      {"-nic", true},    {"-no-reboot", false},  {"-sandbox", true}, {"-chardev", true},
      {"-serial", true}, {"-device", true},      {"-kernel", true},  {"-initrd", true},
      {"-append", true}, {"-mon", true},         {"-incoming", true}};
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto known = kKnown.find(option);
    if (known == kKnown.end() || (known->second && i + 1 == argc))
      return fail(ErrorKind::invalid_input, "{}: invalid option", option);
    const std::string value = known->second ? argv[++i] : "";
    if (option == "-kernel") arguments.kernel = value;
    if (option == "-accel") arguments.accel = value.substr(0, value.find(','));
    if (option == "-incoming") arguments.incoming = std::atoi(value.c_str() + value.find(':') + 1);
    if (option == "-append") arguments.nonce = nonce_in(value);
    if (option != "-chardev") continue;
    if (const auto fd = channel(value, "console")) arguments.console = *fd;
    if (const auto fd = channel(value, "agent")) arguments.agent = *fd;
    if (const auto fd = channel(value, "control")) arguments.control = *fd;
  }
  for (const int fd : {arguments.console, arguments.agent, arguments.control})
    if (fd < 0 || ::fcntl(fd, F_GETFD) < 0)
      return fail(ErrorKind::invalid_input, "file descriptor {} is not open", fd);
  BPFM_TRY(arguments.scenario, read_scenario(arguments.kernel));
  return arguments;
}

}  // namespace bpfmatrix::tests
