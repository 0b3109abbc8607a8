// A JSON object appended to a text member by member: a document of all cells as values would take
// several times its text in memory, and as much time. Not for more than one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bpfmatrix::report {

// Guest text may be no UTF-8; what is not becomes U+FFFD. All but ASCII is escaped, so that no
// control character of Unicode reaches a terminal that shows the document.
[[nodiscard]] inline std::string dump(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

// Its end is the end of its scope. Names need no escaping.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  void add(const char* name, const nlohmann::ordered_json& value) { add_text(name, dump(value)); }
  void add_text(const char* name, const std::string& json) { begin(name) += json; }
  // For a value that whoever calls appends at once: JsonObject inner(outer.begin("inner")).
  std::string& begin(const char* name) {
    out_ += first_ ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    first_ = false;
    return out_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace bpfmatrix::report
