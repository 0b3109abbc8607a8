#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/lock.h"
#include "made_files.h"

namespace bpfmatrix::image {
namespace {

using testing::HasSubstr;

const std::string kA(64, 'a'), kB(64, 'b'), kC(64, 'c');

Lock read_text(const base::TemporaryFolder& folder, const std::string& text, std::string* error) {
  auto lock = Lock::read(test::put_file(folder.path() / "lock.json", text));
  *error = lock ? "" : lock.error().message;
  if (lock) return *lock;
  EXPECT_EQ(lock.error().kind, base::ErrorKind::invalid_input);
  return {};
}

TEST(Lock, an_absent_file_is_an_empty_lock) {
  const auto folder = test::make_folder();
  const auto lock = Lock::read(folder.path() / "lock.json");
  ASSERT_TRUE(lock);
  EXPECT_TRUE(lock->kernels.empty());
  EXPECT_TRUE(lock->loaders.empty());
}

TEST(Lock, what_was_written_is_read_back) {
  const auto folder = test::make_folder();
  auto lock = Lock::read(folder.path() / "new" / "lock.json");
  ASSERT_TRUE(lock);
  lock->kernels["debian-6.1"] = {"bookworm-security", "6.1.0-50-cloud-amd64", "6.1.176-1",
                                 {{"linux-image-6.1.0-50-cloud-amd64", "6.1.176-1", kA}},
                                 kB, kC, {{"virtio_ring", kA}, {"virtio", kB}}};
  lock->kernels["debian-7.0"] = {"trixie-backports", "7.0", "7.0-1", {}, kB, "", {}};
  lock->loaders["libbpf-1.1.2"] = {"debian bookworm 1.1.2-0+deb12u1", kA, kB, kC};
  const auto written = lock->write();
  ASSERT_TRUE(written) << written.error().message;
  const auto again = Lock::read(folder.path() / "new" / "lock.json");
  ASSERT_TRUE(again) << again.error().message;
  const LockedKernel& kernel = again->kernels.at("debian-6.1");
  EXPECT_EQ(kernel.suite, "bookworm-security");
  EXPECT_EQ(kernel.release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(kernel.package_version, "6.1.176-1");
  ASSERT_EQ(kernel.packages.size(), 1u);
  EXPECT_EQ(kernel.packages[0].name, "linux-image-6.1.0-50-cloud-amd64");
  EXPECT_EQ(kernel.packages[0].sha256, kA);
  EXPECT_EQ(kernel.image_sha256, kB);
  EXPECT_EQ(kernel.config_sha256, kC);
  ASSERT_EQ(kernel.modules.size(), 2u);
  EXPECT_EQ(kernel.modules[0].first, "virtio_ring");
  EXPECT_EQ(kernel.modules[1].second, kB);
  EXPECT_EQ(again->kernels.at("debian-7.0").config_sha256, "");
  const LockedLibbpf& libbpf = again->loaders.at("libbpf-1.1.2");
  EXPECT_EQ(libbpf.source, "debian bookworm 1.1.2-0+deb12u1");
  EXPECT_EQ(libbpf.source_sha256, kA);
  EXPECT_EQ(libbpf.binary_sha256, kB);
  EXPECT_EQ(libbpf.recipe_sha256, kC);
}

TEST(Lock, a_broken_file_is_refused_with_its_place_and_what_to_do) {
  const auto folder = test::make_folder();
  std::string error;
  const std::string head = R"({"format": 1, "loaders": {}, "kernels": )";
  const std::string kernel = R"({"debian-6.1": {"suite": "s", "release": "r",
      "package_version": "1", "packages": [], "image_sha256": ")" + kA +
      R"(", "config_sha256": "", "modules": []}}})";
  read_text(folder, head + kernel, &error);
  EXPECT_EQ(error, "");
  read_text(folder, "{", &error);
  EXPECT_THAT(error, HasSubstr("not JSON"));
  EXPECT_THAT(error, HasSubstr("remove it"));
  read_text(folder, "[1]", &error);
  EXPECT_THAT(error, HasSubstr("not an object"));
  read_text(folder, R"({"format": 2, "loaders": {}, "kernels": {}})", &error);
  EXPECT_THAT(error, HasSubstr("'format' is not 1"));
  read_text(folder, head + "[]}", &error);
  EXPECT_THAT(error, HasSubstr("'kernels' is not an object"));
  read_text(folder, head + R"({"debian-6.1": 7}})", &error);
  EXPECT_THAT(error, HasSubstr("kernels: debian-6.1: is not an object"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = head + kernel;
    text.replace(text.find(from), from.size(), to);
    read_text(folder, text, &error);
    return error;
  };
  EXPECT_THAT(with(R"("suite": "s")", R"("suite": 1)"), HasSubstr("'suite' is not a text"));
  EXPECT_THAT(with(R"("suite")", R"("sweet")"), HasSubstr("'suite' is missing"));
  EXPECT_THAT(with(kA, "../../etc/passwd"), HasSubstr("'image_sha256' is not a SHA-256 digest"));
  EXPECT_THAT(with(R"("packages": [])", R"("packages": [{"name": "x"}])"),
              HasSubstr("packages[0]: 'version' is missing"));
  EXPECT_THAT(with(R"("modules": [])", R"("modules": [3])"),
              HasSubstr("modules[0]: is not an object"));
}

}  // namespace
}  // namespace bpfmatrix::image
