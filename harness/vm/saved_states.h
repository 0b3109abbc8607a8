// Saved machines on disk, by a key over everything that went into them.
//
// Layout: <root>/<key>/state (what QEMU wrote, some 60 MiB) and <root>/<key>/state.json (its SHA-256,
// size and, for people, what it is). A state is there whole or not at all: it is written beside its
// place and renamed. Its digest is checked before a machine is let go on with it, once in the life
// of this object. Using a state touches its folder, so that the oldest can be removed. One thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/descriptor.h"
#include "base/error.h"

namespace bpfmatrix::vm {

// Everything that decides whether a state can be restored, and whether it is the same machine.
struct StateParts {
  std::string kernel;        // sha256 of what is booted
  std::string initramfs;     // sha256: modules and agent
  std::string qemu_version;  // "7.2.22"
  std::string line;          // line_for_key()
  std::string cpu;           // the model; under KVM with the host's processor
  std::string text;          // for people: "debian-6.12 6.12.117+deb12-cloud-amd64"; not in the key
};
[[nodiscard]] std::string state_key(const StateParts& parts);

class SavedStates {
 public:
  explicit SavedStates(std::filesystem::path root) : root_(std::move(root)) {}

  struct Found {
    base::Descriptor file;  // open for reading, at its beginning
    std::string sha256;     // what its digest must be
    uint64_t size = 0;      // bytes
  };
  // The state of `key`; nothing when there is none, or only a part of one.
  std::optional<Found> find(const std::string& key);
  // Whether the file still has its digest. Reads it all the first time, in pieces between which the
  // event loop goes on.
  boost::asio::awaitable<bool> intact(const std::string& key, const std::string& sha256);
  // Removes a state that turned out to be of no use.
  void drop(const std::string& key);

  // A state that is being written: kept by keep(), else gone with the object.
  class Draft {
   public:
    Draft(Draft&& other) noexcept
        : folder_(std::exchange(other.folder_, {})), file_(std::move(other.file_)) {}
    Draft& operator=(Draft&&) = delete;
    ~Draft();
    [[nodiscard]] int file() const { return file_.get(); }

   private:
    friend class SavedStates;
    Draft(std::filesystem::path folder, base::Descriptor file)
        : folder_(std::move(folder)), file_(std::move(file)) {}
    std::filesystem::path folder_;
    base::Descriptor file_;
  };
  base::Result<Draft> begin();
  // Digests what was written and puts it in its place; another process may have been faster.
  boost::asio::awaitable<base::Status> keep(Draft draft, std::string key, StateParts parts);

 private:
  std::filesystem::path root_;
  std::map<std::string, std::string> checked_;  // key -> digest found right
  uint32_t drafts_ = 0;
};

}  // namespace bpfmatrix::vm
