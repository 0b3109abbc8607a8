// The worked example of harness/docs/protocol.md, and its numbers, held against the code.
#include <gtest/gtest.h>

#include <sstream>

#include "base/files.h"
#include "run/session.h"

namespace bpfmatrix::run {
namespace {

std::string page() {
  const auto text = base::read_file(BPFM_SOURCE "/harness/docs/protocol.md");
  EXPECT_TRUE(text.has_value());
  return text.value_or("");
}

// The bytes of the block behind `heading`: two hexadecimal digits each, lines with # left out.
std::string block_behind(const std::string& text, const std::string& heading) {
  const size_t from = text.find("```\n", text.find(heading)) + 4;
  std::istringstream lines(text.substr(from, text.find("\n```", from) - from));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) bytes += static_cast<char>(std::stoi(word, nullptr, 16));
  }
  return bytes;
}

TEST(ProtocolPage, the_worked_example_of_the_page_is_what_is_said) {
  const std::string text = page();
  const std::string guest = block_behind(text, "From the guest:");
  const std::string driver = block_behind(text, "From the driver:");
  ASSERT_GT(guest.size(), 300U);
  const std::string loader = "ELF", parts = "parts";
  const FileSet files = {{"raw", {&loader, true}}, {"p.parts", {&parts, false}}};
  Job job;
  job.cell = 7;
  job.loader = "raw";
  job.announce = true;
  job.request.buffer_kind = BPFM_BUF_FIXED;
  job.request.buffer_value = 64;
  job.request.level = 2;
  job.request.limit_ms = 1000;
  job.request.file = "p.parts";
  job.request.instruction_count = 2;
  std::array<uint8_t, 16> nonce{};
  for (uint8_t i = 0; i < nonce.size(); ++i) nonce[i] = i;
  Session session(nonce, files, {job});
  std::string said;
  for (const char byte : guest) {
    const auto status = session.take({&byte, 1});
    ASSERT_TRUE(status.has_value()) << status.error().message;
    said += session.to_send();
  }
  EXPECT_TRUE(session.done());
  EXPECT_EQ(said, driver);
  const auto finished = session.take_finished();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].cell, 7U);
  EXPECT_EQ(finished[0].attempt.observation.log_head, "ok\n");
  EXPECT_EQ(finished[0].attempt.observation.calls.size(), 1U);
}

TEST(ProtocolPage, names_the_version_the_types_and_the_limits_of_the_code) {
  const std::string text = page();
  const auto says = [&](const std::string& words) {
    EXPECT_NE(text.find(words), std::string::npos) << words;
  };
  says("Version " + std::to_string(BPFM_VERSION));
  says("at most 65,536");
  static_assert(BPFM_MAX_PAYLOAD == 65'536 && BPFM_MAX_GUEST_FRAME == 32'768);
  static_assert(BPFM_MAX_OBSERVATION == 10'742 && BPFM_MAX_CALLS == 128);
  static_assert(BPFM_MAX_LOG_HEAD == 2048 && BPFM_MAX_LOG_TAIL == 4096);
  static_assert(BPFM_MAX_MESSAGES == 1024 && BPFM_MAX_NOTE == 256);
  says("118 to 10,742 bytes");
  const std::pair<int, const char*> types[] = {
      {BPFM_FILE, "FILE"},         {BPFM_RUN, "RUN"},
      {BPFM_SHUTDOWN, "SHUTDOWN"}, {BPFM_WAKE, "WAKE"},
      {BPFM_HELLO, "HELLO"},       {BPFM_FILE_DONE, "FILE_DONE"},
      {BPFM_BEGIN, "BEGIN"},       {BPFM_RESULT, "RESULT"},
      {BPFM_RUN_DONE, "RUN_DONE"}, {BPFM_LOADER_GONE, "LOADER_GONE"}};
  for (const auto& [type, name] : types) says("| " + std::to_string(type) + " " + name + " |");
}

}  // namespace
}  // namespace bpfmatrix::run
