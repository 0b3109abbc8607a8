// An archive of Debian made in a folder: one suite, one package, signed by keys of its own.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"
#include "image/apt_root.h"

namespace bpfmatrix::image::test {

struct Release {
  std::string date = "Sat, 01 Aug 2026 10:00:00 UTC";
  std::string valid_until;      // empty: no such field
  std::string signer = "good";  // "" signs nothing
  std::string extra;            // lines in the Release behind the hashes' head
};

class MadeArchive {
 public:
  // Makes the keys "good" (in the keyring that is trusted), "stranger" and "expired" (in the keyring
  // as well). Throws nothing; fails the test when gpg does not work.
  MadeArchive();
  ~MadeArchive();
  MadeArchive(const MadeArchive&) = delete;
  MadeArchive& operator=(const MadeArchive&) = delete;

  // Writes pool, Packages and InRelease anew.
  void publish(const Release& release = {});
  // Writes InRelease for what lies in dists/ now.
  void sign(const Release& release);
  [[nodiscard]] std::filesystem::path packages() const { return dists() / "main/binary-amd64/Packages"; }
  [[nodiscard]] std::filesystem::path in_release() const { return dists() / "InRelease"; }
  [[nodiscard]] std::filesystem::path deb() const { return root() / "pool/linux-image.deb"; }
  // For an AptRoot: this archive's mirror and keyring.
  [[nodiscard]] AptHost host() const;
  // Lines of apt.conf(5) for hosts made from now on.
  void configure(std::string lines) { configuration_ = std::move(lines); }
  [[nodiscard]] std::filesystem::path scratch() const { return folder_.path() / "scratch"; }

 private:
  void make_key(const std::string& name, const std::string& more);
  std::string gpg(std::vector<std::string> arguments) const;
  [[nodiscard]] std::filesystem::path root() const { return folder_.path() / "debian"; }
  [[nodiscard]] std::filesystem::path dists() const { return root() / "dists/trixie"; }

  base::TemporaryFolder folder_;
  std::string configuration_;
};

}  // namespace bpfmatrix::image::test
