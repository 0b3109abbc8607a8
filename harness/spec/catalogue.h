// The catalogues: which kernels (images/kernels.yaml) and which libbpf versions
// (images/libbpf.yaml) exist and where they come from. Pure data; nothing is fetched here.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "spec/diagnostics.h"

namespace bpfmatrix::spec {

// A kernel of a Debian suite: the newest version of the series in that suite.
struct DebianKernel {
  std::string suite;    // "bookworm-security"
  std::string series;   // "6.1"
  std::string flavour;  // "cloud-amd64"
};
// A bzImage or vmlinux on this machine, with an optional folder of its modules
// (the one that holds kernel/ and modules.order, i.e. lib/modules/<release>).
struct FileKernel {
  std::filesystem::path image;
  std::filesystem::path modules;  // empty: none
};

struct KernelEntry {
  std::string id;      // "debian-6.1"; ^[a-z0-9][a-z0-9._-]{0,63}$
  std::string vendor;  // "debian", "local"
  std::string series;  // "6.1": for display and sorting
  std::string arch = "x86_64";
  std::variant<DebianKernel, FileKernel> source;
  Place place;
};

struct RawLoader {};
// Debian's source package `libbpf` in a suite.
struct DebianLibbpf {
  std::string suite;  // "bookworm"
};
// The crate libbpf-sys, which carries libbpf's source.
struct CrateLibbpf {
  std::string crate_version;  // "1.2.1+v1.2.0"
};
// A checkout of libbpf (the folder that holds src/) on this machine.
struct CheckoutLibbpf {
  std::filesystem::path folder;
};

// A revision of libbpf in a git repository.
struct GitLibbpf {
  std::string repository;  // an absolute path or a URL
  std::string revision;    // tag, branch or commit; "": stands for a family that was not listed
  std::string tags;        // the glob of the family that it is of; "": named by itself
};

struct LoaderEntry {
  std::string id;       // "raw", "libbpf-1.1.2"
  std::string kind;     // "raw", "libbpf"
  std::string version;  // "1.1.2"; "" for raw, and for git: it is read from the source
  std::variant<RawLoader, DebianLibbpf, CrateLibbpf, CheckoutLibbpf, GitLibbpf> source;
  Place place;
};

struct SuiteEntry {
  std::string name;       // "bookworm-security"
  std::string archive;    // "debian" or "debian-security": which of the host's mirrors
};

struct KernelCatalogue {
  std::vector<SuiteEntry> suites;
  std::vector<KernelEntry> kernels;  // oldest series first
};
struct LoaderCatalogue {
  std::vector<LoaderEntry> loaders;  // raw first, then by version, oldest first
  bool partial = false;              // a family could not be listed: its ids are not known
};

// Lists the tags of a repository (git_loaders.h). An Error when they cannot be had now.
using TagLister =
    std::function<base::Result<std::vector<std::string>>(const std::string& repository)>;

// Reads a catalogue; all mistakes at once in one invalid_input Error.
base::Result<KernelCatalogue> read_kernel_catalogue(const std::filesystem::path& file);
base::Result<LoaderCatalogue> read_loader_catalogue(const std::filesystem::path& file,
                                                    const TagLister& list_tags = {});

// Compares "5.10" < "6.1" < "6.12", "0.3" < "1.1.2": number by number; -1, 0, 1.
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

}  // namespace bpfmatrix::spec
