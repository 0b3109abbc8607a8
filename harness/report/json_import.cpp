#include "report/json_import.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.h"
#include "result/json_fields.h"

namespace bpfmatrix::report {
namespace {

using base::ErrorKind;
using base::fail;
using nlohmann::json;
using result::RunRecord;

// A member that is there and is of the type, or the library's exception.
template <typename T>
T get(const json& object, const char* name) {
  return object.at(name).get<T>();
}

// Numbers as they were written: the library would turn -1 into 4294967295 without a word.
template <typename T>
base::Result<T> number(const json& object, const char* name) {
  const auto& value = object.at(name);
  const bool fits =
      value.is_number_unsigned()
          ? value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<T>::max())
          : value.is_number_integer() && std::is_signed_v<T> &&
                value.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<T>::min());
  if (!fits) return fail(ErrorKind::invalid_input, "\"{}\" is no number that it can be", name);
  return value.get<T>();
}

base::Result<std::optional<uint64_t>> optional_number(const json& object, const char* name) {
  if (object.at(name).is_null()) return std::optional<uint64_t>();
  BPFM_TRY(const auto value, number<uint64_t>(object, name));
  return std::optional<uint64_t>(value);
}

std::optional<uint32_t> digits(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

base::Result<int> error_number(const json& object, const char* name) {
  const auto text = get<std::string>(object, name);
  if (const auto known = base::errno_number(text)) return *known;
  const auto value = digits(text);
  if (!value || *value > static_cast<uint32_t>(std::numeric_limits<int>::max()))
    return fail(ErrorKind::invalid_input, "\"{}\" is no errno", name);
  return static_cast<int>(*value);
}

// A word of a fixed list.
template <typename Parse>
auto word(const json& object, const char* name, Parse parse)
    -> base::Result<typename decltype(parse(std::string_view()))::value_type> {
  const auto text = get<std::string>(object, name);
  const auto value = parse(text);
  if (!value) return fail(ErrorKind::invalid_input, "\"{}\" has a word that is not known", name);
  return *value;
}

// The inverse of result::command_name(), which has names for the first commands, with and without
// the bit of the common attributes.
base::Result<uint32_t> command_number(const std::string& text) {
  static const auto numbers = [] {
    std::map<std::string, uint32_t> known;
    for (const uint32_t bits : {0u, 1u << 16})
      for (uint32_t cmd = 0; cmd < 64; ++cmd)
        known.emplace(result::command_name(cmd | bits), cmd | bits);
    return known;
  }();
  if (const auto at = numbers.find(text); at != numbers.end()) return at->second;
  if (const auto value = digits(text)) return *value;
  return fail(ErrorKind::invalid_input, "\"cmd\" is no bpf() command");
}

// The inverse of result::btf_kind_names().
base::Result<uint32_t> kinds_mask(const json& value) {
  uint32_t mask = 0;
  if (value.is_null()) return mask;
  for (const auto& one : value) {
    const auto text = one.get<std::string>();
    uint32_t kind = 0;
    while (kind < 32 && result::btf_kind_names(1u << kind).front() != text) ++kind;
    if (kind == 32) return fail(ErrorKind::invalid_input, "\"btf_kinds\" has an unknown kind");
    mask |= 1u << kind;
  }
  return mask;
}

base::Result<result::Call> call_from(const json& value) {
  result::Call call;
  BPFM_TRY(call.cmd, command_number(get<std::string>(value, "cmd")));
  BPFM_TRY(call.level, number<uint32_t>(value, "level"));
  BPFM_TRY(call.size, number<uint32_t>(value, "size"));
  BPFM_TRY(call.attr_size, number<uint32_t>(value, "attr_size"));
  BPFM_TRY(call.error, error_number(value, "errno"));
  call.probe = get<bool>(value, "probe");
  call.measured = get<bool>(value, "measured");
  BPFM_TRY(call.length, number<uint32_t>(value, "length"));
  return call;
}

base::Result<result::Observation> observation_from(const json& value) {
  result::Observation seen;
  BPFM_TRY(seen.error, error_number(value, "errno"));
  if (!value.at("kernel_errno").is_null()) {
    BPFM_TRY(seen.kernel_errno, error_number(value, "kernel_errno"));
  }
  BPFM_TRY(seen.decided_by, word(value, "decided_by", result::parse_decided_by));
  BPFM_TRY(seen.return_value, number<int64_t>(value, "return_value"));
  BPFM_TRY(seen.log_true_size, optional_number(value, "log_true_size"));
  BPFM_TRY(seen.true_size, optional_number(value, "true_size"));
  BPFM_TRY(seen.api_true_size, optional_number(value, "api_true_size"));
  BPFM_TRY(seen.log_length, number<uint64_t>(value, "log_length"));
  BPFM_TRY(seen.kept, word(value, "kept", result::parse_kept));
  BPFM_TRY(seen.overrun, number<uint32_t>(value, "overrun"));
  seen.touched = get<bool>(value, "touched");
  seen.verified = get<bool>(value, "verified");
  seen.btf_unreadable = get<bool>(value, "btf_unreadable");
  BPFM_TRY(seen.btf_kinds, kinds_mask(value.at("btf_kinds")));
  seen.needs_call = get<bool>(value, "needs_call");
  seen.log_head = get<std::string>(value, "log_head");
  seen.log_tail = get<std::string>(value, "log_tail");
  seen.log_sha256 = get<std::string>(value, "log_sha256");
  seen.messages = get<std::string>(value, "messages");
  for (const auto& one : value.at("calls")) {
    BPFM_TRY(auto call, call_from(one));
    seen.calls.push_back(call);
  }
  return seen;
}

base::Result<spec::LogMode> mode_from(const json& value) {
  spec::LogMode mode;
  BPFM_TRY(mode.interface, word(value, "interface", spec::parse_interface));
  BPFM_TRY(mode.level, number<uint32_t>(value, "level"));
  BPFM_TRY(mode.buffer, word(value, "buffer", spec::parse_buffer));
  mode.extra = get<std::map<std::string, std::string>>(value, "extra");
  return mode;
}

result::KernelRecord kernel_from(const json& value) {
  return {.id = get<std::string>(value, "id"),
          .release = get<std::string>(value, "release"),
          .vendor = get<std::string>(value, "vendor"),
          .series = get<std::string>(value, "series"),
          .arch = get<std::string>(value, "arch"),
          .backend = get<std::string>(value, "backend"),
          .accel = get<std::string>(value, "accel"),
          .source = get<std::string>(value, "source"),
          .sha256 = get<std::string>(value, "sha256"),
          .problem = get<std::string>(value, "problem"),
          .upstream = get<std::string>(value, "upstream"),
          .isolation = value.contains("isolation") ? get<std::string>(value, "isolation") : ""};
}

result::LoaderRecord loader_from(const json& value) {
  return {.id = get<std::string>(value, "id"),
          .kind = get<std::string>(value, "kind"),
          .version = get<std::string>(value, "version"),
          .sha256 = get<std::string>(value, "sha256"),
          .source = get<std::string>(value, "source"),
          .problem = get<std::string>(value, "problem")};
}

result::ProgramRecord program_from(const json& value) {
  return {.id = get<std::string>(value, "id"),
          .object_sha256 = get<std::string>(value, "object_sha256"),
          .function = get<std::string>(value, "function"),
          .section = get<std::string>(value, "section")};
}

result::RunHeader header_from(const json& value) {
  const auto& finished = value.at("finished");
  return {.id = get<std::string>(value, "id"),
          .matrix = get<std::string>(value, "matrix"),
          .started = get<std::string>(value, "started"),
          .finished = finished.is_null() ? std::string() : finished.get<std::string>(),
          .program_version = get<std::string>(value, "program_version"),
          .qemu_version = get<std::string>(value, "qemu_version"),
          .accel = get<std::string>(value, "accel"),
          .host = get<std::string>(value, "host"),
          .notes = get<std::vector<std::string>>(value, "notes"),
          .matrix_file = get<std::string>(value, "matrix_file"),
          .selection = get<std::string>(value, "selection")};
}

using Places = std::map<std::string, uint32_t>;

// Places of an axis's entries by their ids; a second entry of an id has no cell to be its own.
template <typename Records>
base::Result<Places> places_of(const Records& records, const char* axis) {
  Places places;
  for (uint32_t i = 0; i < records.size(); ++i)
    if (!places.emplace(records[i].id, i).second)
      return fail(ErrorKind::invalid_input, "two {} of one id", axis);
  return places;
}

base::Result<uint32_t> place_of(const json& cell, const char* axis, const Places& places) {
  const auto at = places.find(get<std::string>(cell.at(axis), "id"));
  if (at == places.end())
    return fail(ErrorKind::invalid_input, "a cell's {} is not one of the run's", axis);
  return at->second;
}

// A document of ours needs eight; writing a value out again goes as deep as it is nested.
constexpr int kMaxDepth = 32;
// The run's line names every kernel, loader, program and expectation; a cell's is some kilobytes.
constexpr size_t kMaxLine = size_t{64} << 20;

bool nested_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

struct JsonImport::State {
  enum class At { start, members, cells, other_list, end } at = At::start;
  std::string rest;  // of a line that is not complete
  size_t line = 0;
  bool has_run = false, has_cells = false;
  RunRecord run;
  Places kernels, loaders, programs;

  // Splits `bytes` into lines; what is behind the last line end is kept.
  base::Status add(std::string_view bytes) {
    while (true) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) break;
      rest += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      BPFM_CHECK(read_line(std::exchange(rest, {})));
    }
    rest += bytes;
    if (rest.size() > kMaxLine)
      return fail(ErrorKind::invalid_input, "line {}: longer than {}", line + 1,
                  base::format_bytes(kMaxLine));
    return {};
  }

  base::Status read_line(std::string_view text) {
    ++line;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (nested_too_deep(text))
      return fail(ErrorKind::invalid_input, "line {}: nested deeper than {}", line, kMaxDepth);
    try {
      return read(text).in(fmt::format("line {}", line));
    } catch (const json::exception& error) {
      return fail(ErrorKind::invalid_input, "line {}: {}", line, base::printable(error.what()));
    }
  }

  base::Status read(std::string_view text) {
    switch (at) {
      case At::start:
        if (!text.starts_with("{\"schema_version\":")) break;
        at = At::members;
        return read_member(text.substr(1));
      case At::members:
        if (text == "}") return at = At::end, base::Status();
        if (!text.starts_with('"')) break;
        return read_member(text);
      case At::cells:
      case At::other_list:
        if (text == "]}") return at = At::end, base::Status();
        if (text == "]," || text == "]") return at = At::members, base::Status();
        if (at == At::other_list) return {};
        return read_cell(json::parse(without_comma(text)));
      case At::end:
        if (text.empty()) return {};
        return fail(ErrorKind::invalid_input, "something stands behind the document's end");
    }
    return fail(ErrorKind::invalid_input,
                "this is not what bpfmatrix export writes, one cell a line");
  }

  static std::string_view without_comma(std::string_view text) {
    if (text.ends_with(',')) text.remove_suffix(1);
    return text;
  }

  // `"name":value,`; a value of "[" goes on in the lines that follow.
  base::Status read_member(std::string_view text) {
    const auto colon = text.find("\":");
    if (colon == std::string_view::npos || colon == 0)
      return fail(ErrorKind::invalid_input, "a member without a name");
    const auto name = text.substr(1, colon - 1);
    const auto value = without_comma(text.substr(colon + 2));
    if (value == "[") {
      if (name != "cells") return at = At::other_list, base::Status();
      if (!has_run) return fail(ErrorKind::invalid_input, "cells stand before the run");
      if (std::exchange(has_cells, true)) return fail(ErrorKind::invalid_input, "cells stand twice");
      return at = At::cells, base::Status();
    }
    const auto parsed = json::parse(value);
    if (name == "schema_version") return check_version(parsed.get<std::string>());
    return name == "run" ? read_run(parsed) : base::Status();
  }

  static base::Status check_version(const std::string& version) {
    if (version.starts_with("1.")) return {};
    return fail(ErrorKind::invalid_input, "schema version {}: this program reads 1",
                base::printable(version));
  }

  base::Status read_run(const json& value) {
    if (std::exchange(has_run, true)) return fail(ErrorKind::invalid_input, "two runs");
    run.header = header_from(value);
    for (const auto& one : value.at("kernels")) run.kernels.push_back(kernel_from(one));
    for (const auto& one : value.at("loaders")) run.loaders.push_back(loader_from(one));
    for (const auto& one : value.at("programs")) run.programs.push_back(program_from(one));
    BPFM_TRY(run.expectations, result::expectations_from_json(value.at("expectations").dump()));
    run.required_kernels = get<std::vector<std::string>>(value, "required_kernels");
    run.laws = get<std::vector<std::string>>(value, "laws");
    BPFM_TRY(kernels, places_of(run.kernels, "kernels"));
    BPFM_TRY(loaders, places_of(run.loaders, "loaders"));
    BPFM_TRY(programs, places_of(run.programs, "programs"));
    return {};
  }

  base::Status read_cell(const json& value) {
    result::CellRecord cell;
    cell.id = get<std::string>(value, "id");
    cell.key = get<std::string>(value, "key");
    BPFM_TRY(cell.kernel, place_of(value, "kernel", kernels));
    BPFM_TRY(cell.loader, place_of(value, "loader", loaders));
    BPFM_TRY(cell.program, place_of(value, "program", programs));
    BPFM_TRY(cell.mode, mode_from(value.at("mode")));
    auto& attempt = cell.attempt;
    BPFM_TRY(attempt.state, word(value, "state", result::parse_attempt_state));
    attempt.note = get<std::string>(value, "note");
    if (attempt.state == result::AttemptState::measured) {
      BPFM_TRY(attempt.observation, observation_from(value.at("observed")));
      BPFM_TRY(attempt.observation.buffer_size,
               number<uint64_t>(value.at("mode"), "buffer_size"));
      // Written as thousandths of a millisecond.
      const auto duration = get<double>(value, "duration_ms");
      if (!(duration >= 0 && duration < 1e12))
        return fail(ErrorKind::invalid_input, "\"duration_ms\" is no duration");
      attempt.observation.duration = std::chrono::microseconds(std::llround(duration * 1000));
    } else if (value.contains("console")) {
      attempt.observation.messages = get<std::string>(value, "console");
    }
    cell.flaky = get<bool>(value, "flaky");
    cell.cached = get<bool>(value, "cached");
    BPFM_TRY(cell.attempts, number<uint32_t>(value, "attempts"));
    run.cells.push_back(std::move(cell));
    return {};
  }
};

JsonImport::JsonImport() : state_(std::make_unique<State>()) {}
JsonImport::~JsonImport() = default;

base::Status JsonImport::add(std::string_view bytes) {
  return state_->add(bytes);
}

base::Result<RunRecord> JsonImport::finish() {
  if (!state_->rest.empty()) BPFM_CHECK(state_->read_line(std::exchange(state_->rest, {})));
  if (state_->at != State::At::end)
    return fail(ErrorKind::invalid_input, "line {}: the document ends too early", state_->line);
  if (!state_->has_run || !state_->has_cells)
    return fail(ErrorKind::invalid_input, "line {}: a run and its cells are missing",
                state_->line);
  return std::move(state_->run);
}

base::Result<RunRecord> import_json(std::string_view document) {
  JsonImport import;
  BPFM_CHECK(import.add(document));
  return import.finish();
}

}  // namespace bpfmatrix::report
