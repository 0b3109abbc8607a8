#include "made_archive.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "../image_kernels/made_files.h"
#include "base/child_process.h"
#include "base/digest.h"

namespace bpfmatrix::image::test {
namespace fs = std::filesystem;

// gpg's agent listens on a socket in its folder, whose path must be short.
MadeArchive::MadeArchive() : folder_(*base::TemporaryFolder::make("/tmp", "bpfm-apt-")) {
  fs::create_directories(folder_.path() / "gpg");
  fs::permissions(folder_.path() / "gpg", fs::perms::owner_all);
  make_key("good", "0");
  make_key("stranger", "0");
  make_key("expired", "20200110T000000");
  gpg({"--output", (folder_.path() / "keyring.gpg").string(), "--export", "good@test",
       "expired@test"});
  put_file(folder_.path() / "etc/sources.list",
           fmt::format("deb file:{} trixie main\n", root().string()));
}

MadeArchive::~MadeArchive() {
  (void)base::run_command({.argv = {"gpgconf", "--kill", "all"},
                           .environment = {{"GNUPGHOME", (folder_.path() / "gpg").string()}}});
}

std::string MadeArchive::gpg(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"gpg", "--batch", "--yes", "--quiet", "--pinentry-mode",
                                       "loopback", "--passphrase", ""});
  const auto output = base::run_checked(
      {.argv = arguments, .environment = {{"GNUPGHOME", (folder_.path() / "gpg").string()}}});
  if (!output) ADD_FAILURE() << output.error().message;
  return output.value_or("");
}

// All keys are of 2020-01-01, so that one can have expired since.
void MadeArchive::make_key(const std::string& name, const std::string& expires) {
  gpg({"--faked-system-time", "20200101T000000!", "--quick-generate-key", name + "@test", "ed25519",
       "sign", expires});
}

AptHost MadeArchive::host() const {
  return {folder_.path() / "etc", folder_.path() / "keyring.gpg", configuration_};
}

void MadeArchive::publish(const Release& release) {
  const std::string content = "a package of the test";
  put_file(deb(), content);
  put_file(packages(), fmt::format("Package: linux-image-6.1.0-1-cloud-amd64\nVersion: 6.1.1-1\n"
                                   "Architecture: amd64\nFilename: pool/linux-image.deb\nSize: {}\n"
                                   "SHA256: {}\n\n",
                                   content.size(), base::sha256_hex(content)));
  sign(release);
}

void MadeArchive::sign(const Release& release) {
  const auto list = *base::read_file(packages());
  std::string text =
      fmt::format("Origin: Debian\nSuite: trixie\nCodename: trixie\nDate: {}\n", release.date);
  if (!release.valid_until.empty()) text += "Valid-Until: " + release.valid_until + "\n";
  text += fmt::format(
      "Architectures: amd64\nComponents: main\n{}SHA256:\n {} {} main/binary-amd64/Packages\n",
      release.extra, base::sha256_hex(list), list.size());
  const auto plain = put_file(folder_.path() / "Release", text);
  if (release.signer.empty()) {
    fs::remove(in_release());
    put_file(dists() / "Release", text);
    return;
  }
  std::vector<std::string> arguments = {"--local-user", release.signer + "@test",
                                        "--output",     in_release().string(),
                                        "--clearsign",  plain.string()};
  if (release.signer == "expired")
    arguments.insert(arguments.begin(), {"--faked-system-time", "20200102T000000!"});
  gpg(arguments);
}

}  // namespace bpfmatrix::image::test
