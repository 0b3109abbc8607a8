#include "scratch.h"

#include <sstream>

namespace bpfmatrix::spec {
namespace {

base::TemporaryFolder folder() {
  auto made = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "bpfm-spec-");
  return std::move(made.value());
}

}  // namespace

Scratch::Scratch() : folder_(folder()) {}

std::filesystem::path Scratch::path(const std::string& name) const {
  return folder_.path() / name;
}

std::filesystem::path Scratch::write(const std::string& name, const std::string& text) {
  const auto status = base::write_file(path(name), text);
  EXPECT_TRUE(status.has_value());
  return path(name);
}

KernelCatalogue three_kernels() {
  KernelCatalogue catalogue;
  for (const std::string series : {"5.10", "6.1", "6.12"})
    catalogue.kernels.push_back({.id = "debian-" + series,
                                 .vendor = "debian",
                                 .series = series,
                                 .source = DebianKernel{"suite", series, "cloud-amd64"}});
  return catalogue;
}

LoaderCatalogue three_loaders() {
  LoaderCatalogue catalogue;
  catalogue.loaders.push_back({.id = "raw", .kind = "raw", .version = "", .source = RawLoader{}});
  for (const std::string version : {"0.3", "1.1.2"})
    catalogue.loaders.push_back({.id = "libbpf-" + version,
                                 .kind = "libbpf",
                                 .version = version,
                                 .source = DebianLibbpf{"suite"}});
  return catalogue;
}

std::vector<std::string> lines(const base::Error& error, const Scratch& scratch) {
  EXPECT_EQ(error.kind, base::ErrorKind::invalid_input);
  const std::string prefix = scratch.path("").string();
  std::vector<std::string> lines;
  std::istringstream in(error.message);
  for (std::string line; std::getline(in, line);) {
    for (size_t at = line.find(prefix); at != std::string::npos; at = line.find(prefix))
      line.erase(at, prefix.size());
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> mistakes(const std::string& text) {
  Scratch scratch;
  const auto matrix =
      parse_matrix(scratch.write("m.yaml", text), three_kernels(), three_loaders(), {});
  if (matrix) return {};
  return lines(matrix.error(), scratch);
}

Matrix parsed(const std::string& text) {
  Scratch scratch;
  auto matrix = parse_matrix(scratch.write("m.yaml", text), three_kernels(), three_loaders(), {});
  if (!matrix) {
    ADD_FAILURE() << matrix.error().message;
    return {};
  }
  return std::move(*matrix);
}

std::string with(const std::string& more) {
  return "kernels: [debian-6.1]\nloaders: [raw]\nprograms: [trivial]\n"
         "modes: [{level: 0, buffer: none}]\n" +
         more;
}

}  // namespace bpfmatrix::spec
