#include "wire/messages.h"

#include <gtest/gtest.h>

namespace bpfmatrix::wire {
namespace {

CellDone example() {
  CellDone done;
  done.run = 3;
  done.cell = 77;
  auto& o = done.observation;
  o.decided_by = BPFM_BY_KERNEL;
  o.kept = BPFM_KEPT_TAIL;
  o.flags = BPFM_TOUCHED | BPFM_TRUE_SIZE_TOLD;
  o.api_errno = 28;
  o.kernel_errno = 28;
  o.return_value = -28;
  o.log_true_size = 123456;
  o.api_true_size = 77;
  o.buffer_size = 4096;
  o.log_length = 4095;
  o.duration_ns = 1'000'000;
  o.log_sha256.fill(0xab);
  o.btf_kinds = 1U << 19 | 1U << 1;
  o.calls = {{5, 2, 4096, 144, 28, false, true, 4095}, {18, 0, 0, 32, 0, true, false}};
  o.log_head = "head";
  o.log_tail = std::string(BPFM_MAX_LOG_TAIL, 't');
  o.messages = "libbpf: said so";
  o.note = "a note";
  return done;
}

TEST(Messages, a_result_comes_back_with_every_field) {
  const auto done = decode_result(encode(example()));
  ASSERT_TRUE(done.has_value());
  const auto& o = done->observation;
  EXPECT_EQ(done->run, 3U);
  EXPECT_EQ(done->cell, 77U);
  EXPECT_EQ(o.decided_by, BPFM_BY_KERNEL);
  EXPECT_EQ(o.kept, BPFM_KEPT_TAIL);
  EXPECT_EQ(o.flags, BPFM_TOUCHED | BPFM_TRUE_SIZE_TOLD);
  EXPECT_EQ(o.api_errno, 28);
  EXPECT_EQ(o.return_value, -28);
  EXPECT_EQ(o.log_true_size, 123456U);
  EXPECT_EQ(o.api_true_size, 77U);
  EXPECT_EQ(o.log_length, 4095U);
  ASSERT_EQ(o.calls.size(), 2U);
  EXPECT_TRUE(o.calls[0].measured);
  EXPECT_FALSE(o.calls[0].probe);
  EXPECT_TRUE(o.calls[1].probe);
  EXPECT_EQ(o.calls[0].attr_size, 144U);
  EXPECT_EQ(o.calls[0].length, 4095U);
  EXPECT_EQ(o.calls[1].length, 0U);
  EXPECT_EQ(o.btf_kinds, 1U << 19 | 1U << 1);
  EXPECT_EQ(o.log_tail.size(), static_cast<size_t>(BPFM_MAX_LOG_TAIL));
  EXPECT_EQ(o.messages, "libbpf: said so");
  EXPECT_EQ(o.note, "a note");
}

TEST(Messages, a_result_cut_anywhere_is_refused) {
  const std::string payload = encode(example());
  for (size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(decode_result(payload.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(decode_result(payload + "x").has_value());
}

TEST(Messages, values_out_of_range_are_refused) {
  auto done = example();
  done.observation.kept = BPFM_KEPT_ALL + 1;
  EXPECT_FALSE(decode_result(encode(done)).has_value());
  done = example();
  done.observation.kernel_errno = -1;
  EXPECT_FALSE(decode_result(encode(done)).has_value());
  done = example();
  done.observation.log_tail += "one more";
  EXPECT_FALSE(decode_result(encode(done)).has_value());
}

TEST(Messages, a_hello_comes_back) {
  Hello hello;
  hello.nonce.fill(9);
  hello.release = "6.1.0-50-cloud-amd64";
  hello.kernel_btf = true;
  hello.uptime_ms = 2500;
  hello.module_errors = "virtio.ko: Unknown symbol";
  const auto back = decode_hello(encode(hello));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->nonce, hello.nonce);
  EXPECT_EQ(back->release, hello.release);
  EXPECT_TRUE(back->kernel_btf);
  EXPECT_EQ(back->uptime_ms, 2500U);
  EXPECT_EQ(back->module_errors, hello.module_errors);
}

TEST(Messages, the_small_ones_check_their_length) {
  std::string begin(8, '\0');
  bpfm_put32(reinterpret_cast<uint8_t*>(begin.data()) + 4, 12);
  EXPECT_EQ(decode_begin(begin)->cell, 12U);
  EXPECT_FALSE(decode_begin(begin.substr(1)).has_value());
  EXPECT_FALSE(decode_run_done("abc").has_value());
  EXPECT_FALSE(decode_loader_gone("abc").has_value());
  EXPECT_FALSE(decode_file_done("a").has_value());
  std::string gone(13, '\0');
  EXPECT_TRUE(decode_loader_gone(gone).has_value());
  gone[8] = 9;
  EXPECT_FALSE(decode_loader_gone(gone).has_value());
}

}  // namespace
}  // namespace bpfmatrix::wire
