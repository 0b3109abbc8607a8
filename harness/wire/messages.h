// Payloads as structs. Decoders take bytes of an untrusted guest: every length is checked, whatever
// is left over at the end is an error. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "wire/protocol.h"

namespace bpfmatrix::wire {

struct RunCell {
  uint32_t cell = 0;
  uint8_t interface = 0;    // enum bpfm_interface
  uint8_t buffer_kind = 0;  // enum bpfm_buffer
  int64_t buffer_value = 0;
  uint32_t level = 0;
  uint32_t limit_ms = 0;
  std::string file;  // under which the program was sent
  std::string function;
  uint32_t instruction_count = 0;
  std::vector<std::pair<std::string, std::string>> extra;
};
// What a restored machine must hear first. `time`: nanoseconds since 1970, UTC.
struct Wake {
  std::array<uint8_t, 16> nonce{};
  uint64_t time = 0;
  std::array<uint8_t, 32> random{};
};
[[nodiscard]] std::string encode(const Wake& wake);
// One cell's bytes inside RUN.
[[nodiscard]] std::string encode(const RunCell& cell);
// A whole RUN payload from cells already encoded. `flags`: enum bpfm_run_flag.
[[nodiscard]] std::string encode_run(uint32_t run, uint32_t flags, std::string_view loader,
                                     uint32_t count, std::string_view cells);
// FILE payload; `data` is a piece of at most 60 KiB.
[[nodiscard]] std::string encode_file(std::string_view name, bool executable, uint64_t total,
                                      uint64_t offset, std::string_view data);

struct Hello {
  std::array<uint8_t, 16> nonce{};
  std::string release, version, machine;
  uint32_t cpus = 0;
  uint64_t memory = 0;  // bytes
  uint64_t uptime_ms = 0;
  bool kernel_btf = false;
  std::string module_errors;  // empty: all were loaded
};
struct FileDone {
  std::string name;
  int32_t error = 0;
};
struct Begin {
  uint32_t run = 0, cell = 0;
};
struct Call {
  uint32_t cmd = 0, level = 0, size = 0, attr_size = 0;
  int32_t error = 0;
  bool probe = false, measured = false;
  uint32_t length = 0;
};
struct Observation {
  uint8_t state = 0, decided_by = 0, kept = 0, flags = 0;
  int32_t api_errno = 0;
  int64_t return_value = 0;
  int32_t kernel_errno = 0;
  uint64_t log_true_size = 0, true_size = 0, api_true_size = 0, buffer_size = 0, log_length = 0;
  uint32_t overrun = 0;
  uint64_t duration_ns = 0;
  std::array<uint8_t, 32> log_sha256{};
  uint32_t btf_kinds = 0;
  std::vector<Call> calls;
  std::string log_head, log_tail, messages, note;
};
struct CellDone {
  uint32_t run = 0, cell = 0;
  Observation observation;
};
struct LoaderGone {
  uint32_t run = 0, cell = BPFM_NO_CELL;
  uint8_t reason = 0;
  int32_t number = 0;
};

base::Result<Hello> decode_hello(std::string_view payload);
base::Result<FileDone> decode_file_done(std::string_view payload);
base::Result<Begin> decode_begin(std::string_view payload);
base::Result<CellDone> decode_result(std::string_view payload);
base::Result<uint32_t> decode_run_done(std::string_view payload);
base::Result<LoaderGone> decode_loader_gone(std::string_view payload);

// The guest's side of two messages, for the fake machine of the tests.
[[nodiscard]] std::string encode(const Hello& hello);
[[nodiscard]] std::string encode(const CellDone& done);

}  // namespace bpfmatrix::wire
