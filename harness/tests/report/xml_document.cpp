#include "xml_document.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

namespace bpfmatrix::report {
namespace {

std::string taken(xmlChar* text) {
  if (text == nullptr) return {};
  std::string copy(reinterpret_cast<const char*>(text));
  xmlFree(text);
  return copy;
}

// The type of the handler's second parameter changed with libxml2 2.12.
template <typename Error>
void collect(void* mistakes, Error* error) {
  static_cast<std::vector<std::string>*>(mistakes)->push_back(
      "line " + std::to_string(error->line) + ": " +
      (error->message != nullptr ? error->message : "?"));
}

}  // namespace

std::string XmlElement::name() const {
  return reinterpret_cast<const char*>(node->name);
}

std::string XmlElement::attribute(const char* name) const {
  return taken(xmlGetProp(node, reinterpret_cast<const xmlChar*>(name)));
}

std::string XmlElement::text() const {
  return taken(xmlNodeGetContent(node));
}

std::vector<XmlElement> XmlElement::children(const std::string& name) const {
  std::vector<XmlElement> found;
  for (auto* child = node->children; child != nullptr; child = child->next) {
    const XmlElement element{child};
    if (child->type == XML_ELEMENT_NODE && (name.empty() || element.name() == name))
      found.push_back(element);
  }
  return found;
}

XmlDocument::XmlDocument(const std::string& text) {
  xmlSetStructuredErrorFunc(&mistakes_, collect);
  document_.reset(xmlReadMemory(text.data(), static_cast<int>(text.size()), "document", nullptr,
                                XML_PARSE_NONET | XML_PARSE_HUGE),
                  [](xmlDoc* document) { xmlFreeDoc(document); });
  xmlSetStructuredErrorFunc(nullptr, nullptr);
}

XmlElement XmlDocument::root() const {
  return {xmlDocGetRootElement(document_.get())};
}

std::vector<std::string> XmlDocument::mistakes_against(const std::string& schema_file) const {
  std::vector<std::string> mistakes = mistakes_;
  if (!document_) return mistakes;
  xmlSetStructuredErrorFunc(&mistakes, collect);
  const std::unique_ptr<xmlSchemaParserCtxt, decltype(&xmlSchemaFreeParserCtxt)> parser(
      xmlSchemaNewParserCtxt(schema_file.c_str()), xmlSchemaFreeParserCtxt);
  const std::unique_ptr<xmlSchema, decltype(&xmlSchemaFree)> schema(xmlSchemaParse(parser.get()),
                                                                    xmlSchemaFree);
  if (schema) {
    const std::unique_ptr<xmlSchemaValidCtxt, decltype(&xmlSchemaFreeValidCtxt)> validator(
        xmlSchemaNewValidCtxt(schema.get()), xmlSchemaFreeValidCtxt);
    xmlSchemaSetValidStructuredErrors(validator.get(), collect, &mistakes);
    if (xmlSchemaValidateDoc(validator.get(), document_.get()) != 0 && mistakes.empty())
      mistakes.emplace_back("not valid");
  } else {
    mistakes.push_back("no schema in " + schema_file);
  }
  xmlSetStructuredErrorFunc(nullptr, nullptr);
  return mistakes;
}

}  // namespace bpfmatrix::report
