// The fields that checks look at, read off a cell. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "result/run_record.h"
#include "spec/law.h"

namespace bpfmatrix::law {

// Nothing: the number is absent, or what decided the text is not known. An empty text is a text;
// one that the cell stores is pointed to, for logs are long.
using Value = std::variant<std::monostate, std::string, int64_t, const std::string*>;
// Null for what is no text.
[[nodiscard]] const std::string* text_of(const Value& value);

// Of a measured cell, which must outlive the value. Yes and no are the texts "yes" and "no"; a
// list of calls is one text, joined by blanks.
[[nodiscard]] Value value_of(const result::CellRecord& cell, spec::Field field);

// The value for messages and pages: "ENOSPC", "4096", "absent"; long texts are cut.
[[nodiscard]] std::string field_text(const result::CellRecord& cell, spec::Field field);

}  // namespace bpfmatrix::law
