#include "result/call_blob.h"

#include "wire/protocol.h"

namespace bpfmatrix::result {
namespace {

constexpr size_t kCallSize = 28;
constexpr size_t kCallSizeFormat1 = 24;
constexpr uint32_t kProbe = 1;
constexpr uint32_t kMeasured = 2;

}  // namespace

std::string encode_calls(std::span<const Call> calls) {
  std::string blob(calls.size() * kCallSize, '\0');
  auto* at = reinterpret_cast<uint8_t*>(blob.data());
  for (const auto& call : calls) {
    bpfm_put32(at, call.cmd);
    bpfm_put32(at + 4, call.level);
    bpfm_put32(at + 8, call.size);
    bpfm_put32(at + 12, call.attr_size);
    bpfm_put32(at + 16, static_cast<uint32_t>(call.error));
    bpfm_put32(at + 20, (call.probe ? kProbe : 0) | (call.measured ? kMeasured : 0));
    bpfm_put32(at + 24, call.length);
    at += kCallSize;
  }
  return blob;
}

base::Result<std::vector<Call>> decode_calls(std::string_view blob) {
  if (blob.size() % kCallSize != 0)
    return base::fail(base::ErrorKind::invalid_input,
                      "list of calls: {} bytes, not a multiple of {}", blob.size(), kCallSize);
  std::vector<Call> calls(blob.size() / kCallSize);
  const auto* at = reinterpret_cast<const uint8_t*>(blob.data());
  for (auto& call : calls) {
    const uint32_t flags = bpfm_get32(at + 20);
    if ((flags & ~(kProbe | kMeasured)) != 0)
      return base::fail(base::ErrorKind::invalid_input, "list of calls: unknown flags {:#x}",
                        flags);
    call = Call{.cmd = bpfm_get32(at),
                .level = bpfm_get32(at + 4),
                .size = bpfm_get32(at + 8),
                .attr_size = bpfm_get32(at + 12),
                .error = static_cast<int>(bpfm_get32(at + 16)),
                .probe = (flags & kProbe) != 0,
                .measured = (flags & kMeasured) != 0,
                .length = bpfm_get32(at + 24)};
    at += kCallSize;
  }
  return calls;
}

base::Result<std::string> calls_from_format_1(std::string_view blob) {
  if (blob.size() % kCallSizeFormat1 != 0)
    return base::fail(base::ErrorKind::invalid_input,
                      "list of calls: {} bytes, not a multiple of {}", blob.size(),
                      kCallSizeFormat1);
  std::string out;
  for (; !blob.empty(); blob.remove_prefix(kCallSizeFormat1)) {
    out += blob.substr(0, kCallSizeFormat1);
    out.append(kCallSize - kCallSizeFormat1, '\0');
  }
  return out;
}

}  // namespace bpfmatrix::result
