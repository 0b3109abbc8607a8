// `bpfmatrix report` as it is typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/child_process.h"
#include "base/files.h"
#include "formats_fixture.h"
#include "report/json_import.h"

namespace bpfmatrix::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ReportCommand : public ::testing::Test {
 protected:
  ReportCommand() : document_("results.json", FormatFixture(fixture_run()).render("json")) {}

  [[nodiscard]] std::string in_folder(const std::string& name) const {
    return (std::filesystem::path(document_.path()).parent_path() / name).string();
  }

  base::CommandOutput report(const std::vector<std::string>& arguments) {
    base::CommandOptions options;
    options.argv = {BPFM_BUILD "/bin/bpfmatrix",
                    "--workspace",
                    in_folder("workspace"),
                    "report",
                    "--from",
                    document_.path()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.timeout = std::chrono::seconds(60);
    auto output = base::run_command(options);
    EXPECT_TRUE(output) << output.error().message;
    return output.value();
  }

  TemporaryFile document_;
};

TEST_F(ReportCommand, writes_each_format_to_standard_output) {
  // Read back: broken UTF-8 is U+FFFD in the document.
  const FormatFixture fixture(import_json(FormatFixture(fixture_run()).render("json")).value());
  for (const auto& format : all_formats()) {
    const auto output = report({"--format", std::string(format.name)});
    EXPECT_EQ(output.status.code, 0) << output.standard_error;
    EXPECT_EQ(output.standard_output, fixture.render(format.name)) << format.name;
  }
}

TEST_F(ReportCommand, writes_several_formats_to_files_at_once) {
  const auto output = report({"--format", "junit:" + in_folder("new/report.xml"), "--format",
                              "csv:" + in_folder("report.csv"), "--format", "ktap"});
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_THAT(output.standard_output, StartsWith("KTAP version 1\n"));
  EXPECT_THAT(base::read_file(in_folder("new/report.xml")).value(), StartsWith("<?xml"));
  EXPECT_THAT(base::read_file(in_folder("report.csv")).value(), StartsWith("file_name,"));
}

TEST_F(ReportCommand, out_names_the_file_of_the_one_format) {
  const auto output = report({"--format", "kcidb", "--out", in_folder("k.json")});
  EXPECT_EQ(output.status.code, 0) << output.standard_error;
  EXPECT_EQ(output.standard_output, "");
  EXPECT_THAT(base::read_file(in_folder("k.json")).value(), StartsWith("{\"version\""));
}

TEST_F(ReportCommand, a_device_is_written_and_not_replaced) {
  std::filesystem::create_symlink("/dev/null", in_folder("null"));
  EXPECT_EQ(report({"--out", in_folder("null")}).status.code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(in_folder("null")));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  // A device that takes nothing is an error and no silence.
  const auto full = report({"--out", "/dev/full"});
  EXPECT_NE(full.status.code, 0);
  EXPECT_THAT(full.standard_error, HasSubstr("/dev/full"));
}

TEST_F(ReportCommand, what_is_no_format_is_refused_with_what_there_is) {
  const auto output = report({"--format", "junt"});
  EXPECT_EQ(output.status.code, 2);
  EXPECT_THAT(output.standard_error, HasSubstr("there is no format \"junt\", did you mean junit?"));
  EXPECT_THAT(output.standard_error, HasSubstr("github-annotations, csv, kcidb"));
  EXPECT_EQ(output.standard_output, "");
}

TEST_F(ReportCommand, formats_that_would_mix_are_refused) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--format", "junit", "--format", "ktap"},
           {"--format", "junit", "--format", "ktap", "--out", in_folder("x")},
           {"--format", "junit:" + in_folder("x"), "--out", in_folder("y")},
           {"--format", "junit:"}}) {
    const auto output = report(arguments);
    EXPECT_EQ(output.status.code, 2) << arguments[1];
    EXPECT_THAT(output.standard_error, StartsWith("bpfmatrix: --"));
    EXPECT_FALSE(std::filesystem::exists(in_folder("x")));
  }
}

}  // namespace
}  // namespace bpfmatrix::report
