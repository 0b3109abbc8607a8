#include "wire/messages.h"

namespace bpfmatrix::wire {
namespace {

using base::ErrorKind;
using base::fail;

// Appends little-endian fields.
class Writer {
 public:
  Writer& u8(uint8_t v) { return bytes(std::string_view(reinterpret_cast<const char*>(&v), 1)); }
  Writer& u16(uint16_t v) {
    uint8_t raw[2];
    bpfm_put16(raw, v);
    return bytes({reinterpret_cast<char*>(raw), sizeof raw});
  }
  Writer& u32(uint32_t v) {
    uint8_t raw[4];
    bpfm_put32(raw, v);
    return bytes({reinterpret_cast<char*>(raw), sizeof raw});
  }
  Writer& u64(uint64_t v) {
    uint8_t raw[8];
    bpfm_put64(raw, v);
    return bytes({reinterpret_cast<char*>(raw), sizeof raw});
  }
  Writer& text(std::string_view v) { return u16(static_cast<uint16_t>(v.size())).bytes(v); }
  Writer& bytes(std::string_view v) {
    out_ += v;
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// Takes fields from the front. After the first that is not there all reads give zero, and end()
// tells the error.
class Reader {
 public:
  explicit Reader(std::string_view payload) : rest_(payload) {}
  uint8_t u8() { return take(1) ? static_cast<uint8_t>(taken_[0]) : 0; }
  uint16_t u16() { return take(2) ? bpfm_get16(raw()) : 0; }
  uint32_t u32() { return take(4) ? bpfm_get32(raw()) : 0; }
  uint64_t u64() { return take(8) ? bpfm_get64(raw()) : 0; }
  int32_t s32() { return static_cast<int32_t>(u32()); }
  std::string text(size_t limit) {
    const size_t size = u16();
    if (size > limit) short_ = true;
    return !short_ && take(size) ? std::string(taken_) : std::string();
  }
  template <size_t N>
  std::array<uint8_t, N> array() {
    std::array<uint8_t, N> out{};
    if (take(N)) std::memcpy(out.data(), taken_.data(), N);
    return out;
  }
  [[nodiscard]] base::Status end(std::string_view what) const {
    if (short_)
      return fail(ErrorKind::protocol, "{}: shorter than its fields, or a text too long", what);
    if (!rest_.empty())
      return fail(ErrorKind::protocol, "{}: {} bytes too many", what, rest_.size());
    return {};
  }
  [[nodiscard]] bool failed() const { return short_; }

 private:
  bool take(size_t size) {
    if (short_ || rest_.size() < size) {
      short_ = true;
      return false;
    }
    taken_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  [[nodiscard]] const uint8_t* raw() const {
    return reinterpret_cast<const uint8_t*>(taken_.data());
  }
  std::string_view rest_, taken_;
  bool short_ = false;
};

constexpr size_t kMaxName = 256;

Observation read_observation(Reader& in) {
  Observation out;
  out.state = in.u8();
  out.decided_by = in.u8();
  out.kept = in.u8();
  out.flags = in.u8();
  out.api_errno = in.s32();
  out.return_value = static_cast<int64_t>(in.u64());
  out.kernel_errno = in.s32();
  out.log_true_size = in.u64();
  out.true_size = in.u64();
  out.api_true_size = in.u64();
  out.buffer_size = in.u64();
  out.log_length = in.u64();
  out.overrun = in.u32();
  out.duration_ns = in.u64();
  out.log_sha256 = in.array<32>();
  out.btf_kinds = in.u32();
  const uint16_t calls = in.u16();
  for (uint16_t i = 0; i < calls && i < BPFM_MAX_CALLS && !in.failed(); ++i) {
    Call call;
    call.cmd = in.u32();
    call.level = in.u32();
    call.size = in.u32();
    call.attr_size = in.u32();
    call.error = in.s32();
    call.length = in.u32();
    const uint8_t flags = in.u8();
    call.probe = (flags & BPFM_CALL_PROBE) != 0;
    call.measured = (flags & BPFM_CALL_MEASURED) != 0;
    out.calls.push_back(call);
  }
  out.log_head = in.text(BPFM_MAX_LOG_HEAD);
  out.log_tail = in.text(BPFM_MAX_LOG_TAIL);
  out.messages = in.text(BPFM_MAX_MESSAGES);
  out.note = in.text(BPFM_MAX_NOTE);
  return out;
}

base::Status check_ranges(const Observation& o) {
  if (o.state > BPFM_LOADER_ERROR || o.decided_by > BPFM_BY_KERNEL || o.kept > BPFM_KEPT_ALL)
    return fail(ErrorKind::protocol, "result: state {}, decided by {}, kept {}: out of range",
                o.state, o.decided_by, o.kept);
  if (o.api_errno < 0 || o.kernel_errno < 0)
    return fail(ErrorKind::protocol, "result: negative errno {} or {}", o.api_errno,
                o.kernel_errno);
  return {};
}

}  // namespace

std::string encode(const Wake& wake) {
  Writer out;
  out.bytes({reinterpret_cast<const char*>(wake.nonce.data()), wake.nonce.size()}).u64(wake.time);
  out.bytes({reinterpret_cast<const char*>(wake.random.data()), wake.random.size()});
  return out.take();
}

std::string encode(const RunCell& cell) {
  Writer out;
  out.u32(cell.cell).u8(cell.interface).u8(cell.buffer_kind);
  out.u64(static_cast<uint64_t>(cell.buffer_value)).u32(cell.level).u32(cell.limit_ms);
  out.text(cell.file).text(cell.function).u32(cell.instruction_count);
  out.u8(static_cast<uint8_t>(cell.extra.size()));
  for (const auto& [key, value] : cell.extra) out.text(key).text(value);
  return out.take();
}

std::string encode_run(uint32_t run, uint32_t flags, std::string_view loader, uint32_t count,
                       std::string_view cells) {
  return Writer().u32(run).u32(flags).text(loader).u32(count).bytes(cells).take();
}

std::string encode_file(std::string_view name, bool executable, uint64_t total, uint64_t offset,
                        std::string_view data) {
  return Writer().text(name).u8(executable ? 1 : 0).u64(total).u64(offset).bytes(data).take();
}

std::string encode(const Hello& hello) {
  Writer out;
  out.bytes({reinterpret_cast<const char*>(hello.nonce.data()), hello.nonce.size()});
  out.text(hello.release).text(hello.version).text(hello.machine).u32(hello.cpus);
  out.u64(hello.memory).u64(hello.uptime_ms).u8(hello.kernel_btf ? 1 : 0).text(hello.module_errors);
  return out.take();
}

std::string encode(const CellDone& done) {
  const Observation& o = done.observation;
  Writer out;
  out.u32(done.run).u32(done.cell);
  out.u8(o.state).u8(o.decided_by).u8(o.kept).u8(o.flags);
  out.u32(static_cast<uint32_t>(o.api_errno)).u64(static_cast<uint64_t>(o.return_value));
  out.u32(static_cast<uint32_t>(o.kernel_errno)).u64(o.log_true_size).u64(o.true_size);
  out.u64(o.api_true_size).u64(o.buffer_size).u64(o.log_length).u32(o.overrun).u64(o.duration_ns);
  out.bytes({reinterpret_cast<const char*>(o.log_sha256.data()), o.log_sha256.size()});
  out.u32(o.btf_kinds).u16(static_cast<uint16_t>(o.calls.size()));
  for (const auto& call : o.calls) {
    out.u32(call.cmd).u32(call.level).u32(call.size).u32(call.attr_size);
    out.u32(static_cast<uint32_t>(call.error)).u32(call.length);
    out.u8(static_cast<uint8_t>((call.probe ? BPFM_CALL_PROBE : 0) |
                                (call.measured ? BPFM_CALL_MEASURED : 0)));
  }
  return out.text(o.log_head).text(o.log_tail).text(o.messages).text(o.note).take();
}

base::Result<Hello> decode_hello(std::string_view payload) {
  Reader in(payload);
  Hello out;
  out.nonce = in.array<16>();
  out.release = in.text(kMaxName);
  out.version = in.text(kMaxName);
  out.machine = in.text(kMaxName);
  out.cpus = in.u32();
  out.memory = in.u64();
  out.uptime_ms = in.u64();
  out.kernel_btf = in.u8() != 0;
  out.module_errors = in.text(1024);
  BPFM_CHECK(in.end("hello"));
  return out;
}

base::Result<FileDone> decode_file_done(std::string_view payload) {
  Reader in(payload);
  FileDone out;
  out.name = in.text(kMaxName);
  out.error = in.s32();
  BPFM_CHECK(in.end("file done"));
  return out;
}

base::Result<Begin> decode_begin(std::string_view payload) {
  Reader in(payload);
  const Begin out{in.u32(), in.u32()};
  BPFM_CHECK(in.end("begin"));
  return out;
}

base::Result<CellDone> decode_result(std::string_view payload) {
  Reader in(payload);
  CellDone out;
  out.run = in.u32();
  out.cell = in.u32();
  out.observation = read_observation(in);
  BPFM_CHECK(in.end("result"));
  BPFM_CHECK(check_ranges(out.observation));
  return out;
}

base::Result<uint32_t> decode_run_done(std::string_view payload) {
  Reader in(payload);
  const uint32_t run = in.u32();
  BPFM_CHECK(in.end("run done"));
  return run;
}

base::Result<LoaderGone> decode_loader_gone(std::string_view payload) {
  Reader in(payload);
  LoaderGone out;
  out.run = in.u32();
  out.cell = in.u32();
  out.reason = in.u8();
  out.number = in.s32();
  BPFM_CHECK(in.end("loader gone"));
  if (out.reason > BPFM_GONE_NO_START)
    return fail(ErrorKind::protocol, "loader gone: unknown reason {}", out.reason);
  return out;
}

}  // namespace bpfmatrix::wire
