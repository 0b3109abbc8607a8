// Files of a test in a folder of their own, and small catalogues. One test at a time.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "spec/matrix.h"

namespace bpfmatrix::spec {

class Scratch {
 public:
  Scratch();
  // Writes a file and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& text);
  [[nodiscard]] std::filesystem::path path(const std::string& name) const;

 private:
  base::TemporaryFolder folder_;
};

// debian-5.10, debian-6.1, debian-6.12; raw, libbpf-0.3, libbpf-1.1.2.
[[nodiscard]] KernelCatalogue three_kernels();
[[nodiscard]] LoaderCatalogue three_loaders();

// Lines of the Error that parsing gives, the scratch folder cut off; empty when it succeeds.
[[nodiscard]] std::vector<std::string> lines(const base::Error& error, const Scratch& scratch);
// Parses `text` as m.yaml: mistakes.
[[nodiscard]] std::vector<std::string> mistakes(const std::string& text);
// Parses `text` as m.yaml; a failed test where it has mistakes.
[[nodiscard]] Matrix parsed(const std::string& text);
// A matrix that is fine but for `more`: kernels, loaders, programs and modes are given.
[[nodiscard]] std::string with(const std::string& more);

}  // namespace bpfmatrix::spec
