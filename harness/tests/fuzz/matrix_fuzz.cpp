// A matrix, a catalogue, a law or claims that somebody else wrote.
#include <algorithm>

#include "input.h"
#include "plan/plan.h"
#include "spec/catalogue.h"
#include "spec/claim.h"
#include "spec/law.h"
#include "spec/matrix.h"

namespace {

using namespace bpfmatrix;

const spec::KernelCatalogue& kernels() {
  static const spec::KernelCatalogue catalogue = [] {
    spec::KernelCatalogue out;
    for (const char* series : {"5.10", "6.1", "6.12"})
      out.kernels.push_back({.id = std::string("debian-") + series,
                             .vendor = "debian",
                             .series = series,
                             .source = spec::DebianKernel{"stable", series, "cloud-amd64"},
                             .place = {}});
    return out;
  }();
  return catalogue;
}

const spec::LoaderCatalogue& loaders() {
  static const spec::LoaderCatalogue catalogue = [] {
    spec::LoaderCatalogue out;
    out.loaders.push_back({"raw", "raw", "", spec::RawLoader{}, {}});
    out.loaders.push_back({"libbpf-1.1.2", "libbpf", "1.1.2", spec::DebianLibbpf{"stable"}, {}});
    return out;
  }();
  return catalogue;
}

// Every mistake is a line "file:line:column: sentence", printable.
void check_mistakes(const base::Error& error) {
  fuzz::require(error.kind == base::ErrorKind::invalid_input, "not a mistake of the file");
  fuzz::require(!error.message.empty(), "a refusal without a word");
  fuzz::require(fuzz::harmless(error.message), "a mistake with control characters");
}

void matrix(const std::filesystem::path& file) {
  const auto read = spec::parse_matrix(file, kernels(), loaders(), {});
  if (!read) return check_mistakes(read.error());
  static const plan::Function function{.name = "trivial", .section = "socket", .prog_type = 1};
  static const plan::Object object = [] {
    plan::Object one;
    one.stem = "trivial";
    one.functions = {function};
    return one;
  }();
  const plan::Program program{.id = "trivial", .object = &object, .function = &object.functions[0]};
  const auto plan = plan::expand(*read, kernels(), loaders(), {program}, {});
  if (!plan) return;
  fuzz::require(plan->cells.size() <= read->limits.max_cells, "more cells than allowed");
}

}  // namespace

// The first byte chooses the kind of file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t which = input.u8() % 5;
  const fuzz::MemoryFile file(input.rest());
  if (which == 0) matrix(file.path());
  if (which == 1)
    if (const auto read = spec::read_kernel_catalogue(file.path()); !read)
      check_mistakes(read.error());
  if (which == 2)
    if (const auto read = spec::read_loader_catalogue(file.path()); !read)
      check_mistakes(read.error());
  if (which == 3)
    if (const auto read = spec::read_own_laws({file.path()}, {}); !read)
      check_mistakes(read.error());
  if (which == 4)
    if (const auto read = spec::read_claims(file.path(), {}); !read) check_mistakes(read.error());
  return 0;
}
