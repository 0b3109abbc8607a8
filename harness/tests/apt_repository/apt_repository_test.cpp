// A mirror that lies, through apt itself: each lie is refused, and the reason is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../image_kernels/made_files.h"
#include "base/child_process.h"
#include "image/apt_release.h"
#include "image/lock.h"
#include "made_archive.h"

namespace bpfmatrix::image {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Mirror : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"apt-get", "gpg", "gpgv"})
      ASSERT_NE(base::find_program(tool), "") << tool << " is not installed";
  }
  // A root of its own for each asking, as after a new checkout; `kept` stays.
  AptRoot fresh() { return root("root-" + std::to_string(++roots_)); }
  AptRoot kept() { return root("kept"); }
  AptRoot root(const std::string& name) {
    return AptRoot(archive_.scratch() / name, {{"trixie", "debian"}}, archive_.host());
  }
  // What is refused when the suite is asked for; "" when it is taken.
  static std::string refusal(AptRoot apt) {
    const auto found = apt.find("trixie", "linux-*");
    if (found) return found->size() == 1 ? "" : "no package";
    EXPECT_EQ(found.error().kind, ErrorKind::unavailable);
    return found.error().message;
  }
  test::MadeArchive archive_;
  int roots_ = 0;
};

TEST_F(Mirror, whose_suite_is_signed_by_a_trusted_key_is_taken) {
  archive_.publish();
  AptRoot apt = fresh();
  const auto found = apt.find("trixie", "linux-*");
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  const auto deb = apt.download(found->front(), archive_.scratch() / "debs");
  ASSERT_TRUE(deb) << deb.error().message;
  EXPECT_EQ(*base::read_file(*deb), "a package of the test");
  ASSERT_EQ(apt.releases().size(), 1U);
  EXPECT_EQ(apt.releases().at("trixie").date, "Sat, 01 Aug 2026 10:00:00 UTC");
}

TEST_F(Mirror, whose_suite_is_signed_by_a_stranger_is_refused_for_the_unknown_key) {
  archive_.publish({.signer = "stranger"});
  EXPECT_THAT(refusal(fresh()), HasSubstr("NO_PUBKEY"));
}

TEST_F(Mirror, whose_suite_is_signed_by_an_expired_key_is_refused_for_that) {
  archive_.publish({.signer = "expired"});
  EXPECT_THAT(refusal(fresh()), HasSubstr("EXPKEYSIG"));
}

TEST_F(Mirror, whose_release_was_changed_after_signing_is_refused_for_its_signature) {
  archive_.publish();
  std::string text = *base::read_file(archive_.in_release());
  text.replace(text.find("Origin: Debian"), 14, "Origin: Debixn");
  test::put_file(archive_.in_release(), text);
  EXPECT_THAT(refusal(fresh()), HasSubstr("BADSIG"));
}

TEST_F(Mirror, that_does_not_sign_is_refused) {
  archive_.publish({.signer = ""});
  EXPECT_THAT(refusal(fresh()), HasSubstr("not signed"));
  const auto written = archive_.scratch() / ("root-" + std::to_string(roots_)) / "apt.conf";
  EXPECT_THAT(*base::read_file(written), HasSubstr("AllowInsecureRepositories \"false\""))
      << "whatever the host allows";
}

TEST_F(Mirror, with_text_in_front_of_the_signed_part_is_refused) {
  archive_.publish();
  test::put_file(archive_.in_release(),
                 "Date: Sat, 01 Aug 2099 10:00:00 UTC\n" + *base::read_file(archive_.in_release()));
  EXPECT_NE(refusal(fresh()), "");
}

TEST_F(Mirror, whose_list_is_not_the_signed_one_is_refused_for_its_hash) {
  archive_.publish();
  std::string list = *base::read_file(archive_.packages());
  list.replace(list.find("6.1.1-1"), 7, "6.1.9-9");
  test::put_file(archive_.packages(), list);
  EXPECT_THAT(refusal(fresh()), HasSubstr("Hash Sum mismatch"));
}

TEST_F(Mirror, whose_list_is_longer_than_the_signed_one_is_refused_for_its_size) {
  archive_.publish();
  test::put_file(archive_.packages(), *base::read_file(archive_.packages()) + "Package: more\n");
  EXPECT_THAT(refusal(fresh()),
              AnyOf(HasSubstr("unexpected size"), HasSubstr("Hash Sum mismatch")));
}

// As it must be from a mirror of a past day.
TEST_F(Mirror, whose_valid_until_has_passed_is_told_where_the_host_takes_it) {
  archive_.publish({.valid_until = "Sun, 02 Aug 2026 10:00:00 UTC"});
  archive_.configure("Acquire::Check-Valid-Until \"false\";\n");
  AptRoot apt = fresh();
  ASSERT_TRUE(apt.find("trixie", "linux-*"));
  const auto& release = apt.releases().at("trixie");
  EXPECT_THAT(age_warning("trixie", release, release.time + std::chrono::days(2)),
              HasSubstr("valid until Sun, 02 Aug 2026"));
}

TEST_F(Mirror, whose_package_is_not_what_the_list_says_is_refused_and_leaves_no_file) {
  archive_.publish();
  AptRoot apt = fresh();
  const auto found = apt.find("trixie", "linux-*");
  ASSERT_TRUE(found) << found.error().message;
  test::put_file(archive_.deb(), "A package of the test");
  const auto folder = archive_.scratch() / "debs";
  const auto deb = apt.download(found->front(), folder);
  ASSERT_FALSE(deb);
  EXPECT_EQ(deb.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(deb.error().message, AnyOf(HasSubstr("Hash Sum mismatch"), HasSubstr("signed list")));
  EXPECT_FALSE(fs::exists(folder / "linux-image.deb"));
  test::put_file(archive_.deb(), "a package of the test, and more");
  EXPECT_FALSE(apt.download(found->front(), folder));
  EXPECT_FALSE(fs::exists(folder / "linux-image.deb"));
}

TEST_F(Mirror, that_goes_back_behind_the_lock_is_refused_though_its_signature_is_good) {
  archive_.publish({.date = "Sat, 01 Aug 2026 10:00:00 UTC"});
  AptRoot apt = fresh();
  apt.refuse_older({{"trixie", *parse_release_date("Sat, 01 Aug 2026 10:00:01 UTC")}});
  const std::string why = refusal(std::move(apt));
  EXPECT_THAT(why, HasSubstr("Sat, 01 Aug 2026 10:00:00 UTC"));
  EXPECT_THAT(why, HasSubstr("older"));
  AptRoot same = fresh();
  same.refuse_older({{"trixie", *parse_release_date("Sat, 01 Aug 2026 10:00:00 UTC")}});
  EXPECT_EQ(refusal(std::move(same)), "");
}

TEST_F(Mirror, that_goes_bad_later_costs_what_is_new_and_not_what_was_verified) {
  archive_.publish();
  ASSERT_EQ(refusal(kept()), "");
  std::string list = *base::read_file(archive_.packages());
  list.replace(list.find("6.1.1-1"), 7, "6.1.9-9");
  test::put_file(archive_.packages(), list);
  archive_.sign({.date = "Sun, 02 Aug 2026 10:00:00 UTC", .signer = "stranger"});
  AptRoot apt = kept();
  ASSERT_TRUE(apt.update(0));
  const auto found = apt.find("trixie", "linux-*");
  if (found && !found->empty()) {
    EXPECT_EQ(found->front().version, "6.1.1-1");
  }
}

TEST(SuiteAge, warns_where_a_suite_that_is_renewed_all_the_time_is_older_than_two_weeks) {
  const auto release = *parse_release(
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\n"
      "Date: Sat, 01 Aug 2026 10:00:00 UTC\nValid-Until: Sat, 29 Aug 2026 10:00:00 UTC\n");
  const auto day = [&](int days) { return release.time + std::chrono::days(days); };
  EXPECT_EQ(age_warning("trixie", release, day(14)), "");
  EXPECT_THAT(age_warning("trixie", release, day(15)), HasSubstr("15 days ago"));
  EXPECT_THAT(age_warning("trixie", release, day(29)), HasSubstr("valid until"));
  auto frozen = release;
  frozen.valid_until.clear();
  EXPECT_EQ(age_warning("trixie", frozen, day(300)), "") << "point releases are months apart";
  EXPECT_FALSE(parse_release("Date: yesterday\n"));
  EXPECT_FALSE(parse_release_date("Sat, 01 Aug 2026 10:00:00 UTC; rm -rf /"));
}

TEST(LockedSuites, are_written_and_read_and_a_lock_from_before_has_none) {
  const auto folder = test::make_folder();
  const auto file = folder.path() / "lock.json";
  auto lock = *Lock::read(file);
  ASSERT_TRUE(lock.write());
  EXPECT_TRUE(Lock::read(file)->suites.empty());
  lock.suites["trixie"] = {"Sat, 01 Aug 2026 10:00:00 UTC", std::string(64, 'a')};
  ASSERT_TRUE(lock.write());
  const auto again = Lock::read(file);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->suites.at("trixie").date, "Sat, 01 Aug 2026 10:00:00 UTC");
}

}  // namespace
}  // namespace bpfmatrix::image
