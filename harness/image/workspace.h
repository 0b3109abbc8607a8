// Where everything that a run makes or fetches is kept, and where the program's own data lie.
#pragma once

#include <filesystem>

#include "base/error.h"

namespace bpfmatrix::image {

// Layout of a workspace (default: .bpfmatrix in the current folder).
struct Workspace {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path store() const { return root / "store"; }  // by content
  [[nodiscard]] std::filesystem::path apt() const { return root / "apt"; }      // private apt root
  [[nodiscard]] std::filesystem::path lock() const { return root / "lock.json"; }  // exact versions
  [[nodiscard]] std::filesystem::path sources() const {
    return root / "sources";
  }  // libbpf sources
  [[nodiscard]] std::filesystem::path git() const { return root / "git"; }  // mirrors, tag lists
  [[nodiscard]] std::filesystem::path temporary() const { return root / "tmp"; }
  [[nodiscard]] std::filesystem::path evidence() const { return root / "evidence"; }  // consoles
  [[nodiscard]] std::filesystem::path states() const { return root / "states"; }  // saved machines
  [[nodiscard]] std::filesystem::path results() const { return root / "results.sqlite"; }
  [[nodiscard]] std::filesystem::path acceleration() const { return root / "acceleration.json"; }
};

// The program's own data: <bin>/../share/bpfmatrix.
struct DataFolder {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path kernel_catalogue() const {
    return root / "images/kernels.yaml";
  }
  [[nodiscard]] std::filesystem::path loader_catalogue() const {
    return root / "images/libbpf.yaml";
  }
  [[nodiscard]] std::filesystem::path agent() const { return root / "guest/agent"; }
  [[nodiscard]] std::filesystem::path cell() const { return root / "guest/cell"; }  // of shell
  [[nodiscard]] std::filesystem::path raw_loader() const { return root / "guest/loader-raw"; }
  [[nodiscard]] std::filesystem::path loader_sources() const { return root / "guest/loader"; }
  [[nodiscard]] std::filesystem::path matrices() const { return root / "matrices"; }   // *.yaml
  [[nodiscard]] std::filesystem::path laws() const { return root / "laws"; }           // *.yaml
  [[nodiscard]] std::filesystem::path programs() const { return root / "testprogs"; }  // *.bpf.o
};
// Looks beside the running executable. Error unavailable when the catalogue is not there.
base::Result<DataFolder> find_data_folder();
// The same for an executable at `executable`.
base::Result<DataFolder> data_folder_beside(const std::filesystem::path& executable);

}  // namespace bpfmatrix::image
