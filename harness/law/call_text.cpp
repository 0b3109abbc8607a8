#include "law/call_text.h"

#include <fmt/core.h>

#include "base/text.h"

namespace bpfmatrix::law {
namespace {

// include/uapi/linux/bpf.h: enum bpf_cmd; BPF_COMMON_ATTRS is a bit beside the command (7.2+).
constexpr uint32_t kMapCreate = 0, kProgLoad = 5, kBtfLoad = 18, kTokenCreate = 36;
constexpr uint32_t kCommonAttrs = 1U << 16;

std::string command_text(uint32_t cmd) {
  switch (cmd) {
    case kProgLoad:
      return "P";
    case kBtfLoad:
      return "B";
    case kMapCreate:
      return "M";
    case kTokenCreate:
      return "T";
    default:
      return fmt::format("{}", cmd);
  }
}

}  // namespace

std::string call_text(const result::Call& call) {
  return fmt::format("{}{}({},{})={}", command_text(call.cmd & ~kCommonAttrs),
                     (call.cmd & kCommonAttrs) != 0 ? "+" : "", call.level, call.size,
                     base::errno_name(call.error));
}

std::vector<std::string> call_texts(const result::Observation& seen, bool probes) {
  std::vector<std::string> texts;
  for (const auto& call : seen.calls)
    if (call.probe == probes) texts.push_back(call_text(call));
  return texts;
}

}  // namespace bpfmatrix::law
