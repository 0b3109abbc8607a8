#include "result/observation.h"

#include <fmt/core.h>

#include <array>

namespace bpfmatrix::result {
namespace {

constexpr std::array<std::string_view, 3> kDecidedBy = {"unknown", "library", "kernel"};
constexpr std::array<std::string_view, 4> kKept = {"none", "head", "tail", "all"};
constexpr std::array<std::string_view, 22> kAttemptStates = {
    "measured",     "not_expressible",    "not_measurable", "filtered",     "kernel_crash",
    "kernel_splat", "agent_crash",        "timeout",        "hang",         "guest_oom",
    "reboot",       "protocol",           "boot_fail",      "qemu_crash",   "accel_broken",
    "no_space",     "image_unavailable",  "bad_image",      "loader_unavailable",
    "loader_build", "loader_error",       "not_reached"};
static_assert(static_cast<size_t>(AttemptState::not_reached) + 1 == kAttemptStates.size());

// include/uapi/linux/bpf.h, enum bpf_cmd (6.9).
constexpr std::array<std::string_view, 37> kCommands = {
    "MAP_CREATE",        "MAP_LOOKUP_ELEM",
    "MAP_UPDATE_ELEM",   "MAP_DELETE_ELEM",
    "MAP_GET_NEXT_KEY",  "PROG_LOAD",
    "OBJ_PIN",           "OBJ_GET",
    "PROG_ATTACH",       "PROG_DETACH",
    "PROG_TEST_RUN",     "PROG_GET_NEXT_ID",
    "MAP_GET_NEXT_ID",   "PROG_GET_FD_BY_ID",
    "MAP_GET_FD_BY_ID",  "OBJ_GET_INFO_BY_FD",
    "PROG_QUERY",        "RAW_TRACEPOINT_OPEN",
    "BTF_LOAD",          "BTF_GET_FD_BY_ID",
    "TASK_FD_QUERY",     "MAP_LOOKUP_AND_DELETE_ELEM",
    "MAP_FREEZE",        "BTF_GET_NEXT_ID",
    "MAP_LOOKUP_BATCH",  "MAP_LOOKUP_AND_DELETE_BATCH",
    "MAP_UPDATE_BATCH",  "MAP_DELETE_BATCH",
    "LINK_CREATE",       "LINK_UPDATE",
    "LINK_GET_FD_BY_ID", "LINK_GET_NEXT_ID",
    "ENABLE_STATS",      "ITER_CREATE",
    "LINK_DETACH",       "PROG_BIND_MAP",
    "TOKEN_CREATE"};
// include/uapi/linux/btf.h, BTF_KIND_*, without the prefix (6.0).
constexpr std::array<std::string_view, 20> kBtfKinds = {
    "UNKN",     "INT",     "PTR",      "ARRAY", "STRUCT",     "UNION", "ENUM",
    "FWD",      "TYPEDEF", "VOLATILE", "CONST", "RESTRICT",   "FUNC",  "FUNC_PROTO",
    "VAR",      "DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG", "ENUM64"};
// BPF_COMMON_ATTRS, a bit beside the command from 7.2 on.
constexpr uint32_t kCommonAttrs = 1u << 16;

template <typename Enum, size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view name(DecidedBy who) {
  return kDecidedBy.at(static_cast<size_t>(who));
}
std::string_view name(Kept kept) {
  return kKept.at(static_cast<size_t>(kept));
}
std::string_view name(AttemptState state) {
  return kAttemptStates.at(static_cast<size_t>(state));
}

std::optional<DecidedBy> parse_decided_by(std::string_view text) {
  return parse<DecidedBy>(kDecidedBy, text);
}
std::optional<Kept> parse_kept(std::string_view text) {
  return parse<Kept>(kKept, text);
}
std::optional<AttemptState> parse_attempt_state(std::string_view text) {
  return parse<AttemptState>(kAttemptStates, text);
}

std::vector<std::string> btf_kind_names(uint32_t kinds) {
  std::vector<std::string> names;
  for (size_t kind = 0; kind < 32; ++kind) {
    if ((kinds >> kind & 1) == 0) continue;
    names.push_back(kind < kBtfKinds.size() ? std::string(kBtfKinds[kind])
                                            : fmt::format("{}", kind));
  }
  return names;
}

std::string command_name(uint32_t cmd) {
  if ((cmd & kCommonAttrs) != 0) return command_name(cmd & ~kCommonAttrs) + "|COMMON_ATTRS";
  return cmd < kCommands.size() ? std::string(kCommands[cmd]) : fmt::format("{}", cmd);
}

}  // namespace bpfmatrix::result
