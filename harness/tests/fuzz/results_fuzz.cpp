// Reading results that somebody exported, and the lists inside a store.
#include "input.h"
#include "report/json_import.h"
#include "result/call_blob.h"
#include "result/json_fields.h"

namespace {

using namespace bpfmatrix;

void import(std::string_view document) {
  report::JsonImport pieces;
  bool broken = false;
  for (size_t at = 0; at < document.size() && !broken; at += 64)
    broken = !pieces.add(document.substr(at, 64)).has_value();
  const auto run = report::import_json(document);
  fuzz::require(run.has_value() == (!broken && pieces.finish().has_value()),
                "pieces are read otherwise than the whole");
  if (!run) return;
  for (const auto& cell : run->cells)
    fuzz::require(cell.kernel < run->kernels.size() && cell.loader < run->loaders.size() &&
                      cell.program < run->programs.size(),
                  "a cell of nothing");
}

void blobs(std::string_view text) {
  if (const auto calls = result::decode_calls(text))
    fuzz::require(result::encode_calls(*calls) == text, "calls do not survive");
  if (const auto upgraded = result::calls_from_format_1(text))
    fuzz::require(upgraded->size() * 24 == text.size() * 28, "a call is lost in the upgrade");
  if (const auto strings = result::strings_from_json(text))
    fuzz::require(*result::strings_from_json(result::strings_to_json(*strings)) == *strings,
                  "strings do not survive");
  if (const auto map = result::map_from_json(text))
    fuzz::require(*result::map_from_json(result::map_to_json(*map)) == *map,
                  "a map does not survive");
  if (const auto expectations = result::expectations_from_json(text))
    fuzz::require(
        result::expectations_from_json(result::expectations_to_json(*expectations)).has_value(),
        "expectations do not survive");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const bool document = size > 0 && data[0] == '{';
  if (document)
    import(input.rest());
  else
    blobs(input.rest());
  return 0;
}
