// XML read by libxml2, which shares no code with what wrote it.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct _xmlDoc;
struct _xmlNode;

namespace bpfmatrix::report {

struct XmlElement {
  _xmlNode* node = nullptr;

  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string attribute(const char* name) const;  // empty: not there
  [[nodiscard]] std::string text() const;                       // of all below it
  [[nodiscard]] std::vector<XmlElement> children(const std::string& name = {}) const;
};

class XmlDocument {
 public:
  // What is wrong with it is in mistakes().
  explicit XmlDocument(const std::string& text);
  [[nodiscard]] const std::vector<std::string>& mistakes() const { return mistakes_; }
  [[nodiscard]] XmlElement root() const;
  // Against a schema of W3C XML Schema: one sentence for each mistake.
  [[nodiscard]] std::vector<std::string> mistakes_against(const std::string& schema_file) const;

 private:
  std::shared_ptr<_xmlDoc> document_;
  std::vector<std::string> mistakes_;
};

}  // namespace bpfmatrix::report
