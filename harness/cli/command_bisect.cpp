#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stored_run.h"
#include "image/git_source.h"
#include "law/bisect.h"
#include "run/driver.h"
#include "spec/catalogue.h"

namespace bpfmatrix::cli {
namespace {

using law::Answer;
using spec::Law;

struct Options {
  std::string law;
  std::string axis;  // empty: the law's
  run::RunRequest request;
};

std::string_view word(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "yes";
    case Answer::no:
      return "no";
    case Answer::mixed:
      return "in part";
    case Answer::unknown:
      break;
  }
  return "not measured";
}

// A kernel or a loader, as the catalogue orders them.
struct Entry {
  std::string id;
  std::string line;     // vendor or kind: versions of different lines are not compared
  std::string version;  // measured, where it is known by now
  [[nodiscard]] std::string text() const {
    return version.empty() ? id : fmt::format("{} ({})", id, version);
  }
};

// The matrix of one law: its cells, and those of the features that its conditions ask.
spec::Matrix matrix_of(const std::vector<Law>& laws, const Law& law) {
  spec::Matrix matrix;
  matrix.name = "bisect-" + law.id;
  matrix.kernels = {"*"};
  matrix.loaders = {"*"};
  matrix.laws = spec::select_laws(laws, {law.id});
  matrix.law_names = {law.id};
  return matrix;
}

// Loaders that some law of the matrix looks at, or that its other cells come from.
bool is_needed(const spec::Matrix& matrix, const std::string& loader) {
  return std::ranges::any_of(matrix.laws, [&](const Law& law) {
    return (law.other && law.other->loader == loader) ||
           std::ranges::any_of(law.loaders, [&](const std::string& glob) {
             return base::glob_matches(glob, loader);
           });
  });
}

class Search {
 public:
  Search(const Context& context, const image::DataFolder& data, const Options& options,
         const Law& law, spec::Matrix matrix)
      : workspace_(context.open_workspace()), data_(data), law_(law) {
    request_ = options.request;
    request_.made = std::move(matrix);
  }

  // One boot of each kernel given, with the loaders given. `take` reads the lines of the axis.
  template <typename Take>
  base::Status measure(const std::vector<std::string>& kernels,
                            const std::vector<std::string>& loaders, Take take) {
    request_.selection.kernels = kernels;
    request_.selection.loaders = loaders;
    BPFM_TRY(const auto summary, run::run_matrix(request_, workspace_, data_));
    signal_ = summary.signal;
    if (signal_ != 0)
      return base::fail(base::ErrorKind::process, "the search was interrupted");
    if (summary.run.empty()) return {};
    if (!summary.complete)
      return base::fail(base::ErrorKind::no_space, "the search ended for want of room on the disk");
    BPFM_TRY(const auto stored, read_run(workspace_, summary.run));
    for (const auto& result : stored.findings.results)
      if (result.law->id == law_.id) take(result, stored.run);
    return {};
  }
  // That ended the search; 0: none.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  image::Workspace workspace_;
  const image::DataFolder& data_;
  const Law& law_;
  run::RunRequest request_;
  int signal_ = 0;
};

void tell(const std::string& law, const std::vector<Entry>& entries, const law::Bisection& found,
          const std::string& cost) {
  if (found.change) {
    const auto [below, above] = *found.change;
    std::string between;
    if (above - below > 1)
      between = fmt::format("; {} between them without an answer", above - below - 1);
    fmt::print("{}: {} on {}, {} on {}{}; {}\n", law, word(found.answer(below)),
               entries[below].text(), word(found.answer(above)), entries[above].text(), between,
               cost);
    return;
  }
  std::vector<size_t> clear;
  for (const auto& [point, answer] : found.asked)
    if (answer == Answer::yes || answer == Answer::no) clear.push_back(point);
  std::ranges::sort(clear);
  if (clear.size() < 2)
    fmt::print("{}: fewer than two points have an answer, so there is no change to find; {}\n", law,
               cost);
  else
    fmt::print("{}: {} on both {} and {}: no change between the ends, which does not say that all "
               "between are alike; {}\n",
               law, word(found.answer(clear.front())), entries[clear.front()].text(),
               entries[clear.back()].text(), cost);
}

bool selected(const std::vector<std::string>& globs, const std::string& id) {
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return base::glob_matches(glob, id);
         });
}

// Only one line can be searched: versions of two vendors are not on one scale.
base::Status check_one_line(const std::vector<Entry>& entries, const char* option) {
  for (const auto& entry : entries)
    if (entry.line != entries.front().line)
      return base::fail(base::ErrorKind::invalid_input,
                        "{} and {} cannot be put in one order: select one of them with {}",
                        entries.front().line, entry.line, option);
  return {};
}

base::Status bisect_kernels(Search& search, const Options& options, const spec::Matrix& matrix,
                            const spec::KernelCatalogue& kernels,
                            const spec::LoaderCatalogue& loaders) {
  std::vector<Entry> entries;
  for (const auto& kernel : kernels.kernels)
    if (selected(options.request.selection.kernels, kernel.id))
      entries.push_back({kernel.id, kernel.vendor, ""});
  if (entries.empty()) return base::fail(base::ErrorKind::invalid_input, "no kernel matches -k");
  BPFM_CHECK(check_one_line(entries, "-k"));
  std::vector<std::string> used;
  for (const auto& loader : loaders.loaders)
    if (is_needed(matrix, loader.id)) used.push_back(loader.id);
  const auto& wanted = options.request.selection.loaders;
  const auto ask = [&](size_t number) -> base::Result<Answer> {
    Answer answer = Answer::unknown;
    const auto take = [&](const law::Result& result, const result::RunRecord& run) {
      law::Result asked = result;
      std::erase_if(asked.points, [&](const law::Point& point) {
        return !selected(wanted, run.loaders[point.loader].id);
      });
      const auto lines = law::kernel_lines(asked, run);
      if (lines.empty() || lines[0].points.empty()) return;
      entries[number].version = lines[0].points[0].version;
      answer = lines[0].points[0].answer;
    };
    BPFM_CHECK(search.measure({entries[number].id}, used, take));
    fmt::print(stderr, "bpfmatrix: {}: {}\n", entries[number].text(), word(answer));
    return answer;
  };
  BPFM_TRY(const auto found, law::bisect(entries.size(), ask));
  tell(options.law, entries, found,
       fmt::format("{} of {} kernels asked", found.asked.size(), entries.size()));
  return {};
}

// All loaders share a boot, so one is the fewest: everything is measured, then searched.
base::Status bisect_loaders(Search& search, const Options& options, const spec::Matrix& matrix,
                            const spec::KernelCatalogue& kernels,
                            const spec::LoaderCatalogue& loaders) {
  std::vector<std::string> kernel;
  for (const auto& one : kernels.kernels)
    if (selected(options.request.selection.kernels, one.id)) kernel = {one.id};  // the newest
  const auto looks_at = [](const Law& law, const std::string& id) {
    return std::ranges::any_of(law.loaders,
                               [&](const std::string& glob) { return base::glob_matches(glob, id); });
  };
  std::vector<Entry> entries;
  std::vector<std::string> used;
  for (const auto& loader : loaders.loaders) {
    if (is_needed(matrix, loader.id)) used.push_back(loader.id);
    const auto law = std::ranges::find(matrix.laws, options.law, &Law::id);
    if (looks_at(*law, loader.id) && selected(options.request.selection.loaders, loader.id))
      entries.push_back({loader.id, loader.kind, loader.version});
  }
  if (kernel.empty()) return base::fail(base::ErrorKind::invalid_input, "no kernel matches -k");
  if (entries.empty())
    return base::fail(base::ErrorKind::invalid_input, "no loader of the law matches -l");
  BPFM_CHECK(check_one_line(entries, "-l"));
  std::map<std::string, Answer> answers;
  const auto take = [&](const law::Result& result, const result::RunRecord& run) {
    for (const auto& line : law::loader_lines(result, run))
      for (const auto& point : line.points) answers[point.id] = point.answer;
  };
  BPFM_CHECK(search.measure(kernel, used, take));
  BPFM_TRY(const auto found, law::bisect(entries.size(), [&](size_t number) -> base::Result<Answer> {
             return answers[entries[number].id];
           }));
  for (const auto& entry : entries)
    fmt::print(stderr, "bpfmatrix: {}: {}\n", entry.text(), word(answers[entry.id]));
  tell(options.law, entries, found,
       fmt::format("{} asked with {} loaders", kernel.front(), entries.size()));
  return {};
}

base::Status bisect(Context& context, const Options& options) {
  BPFM_TRY(const auto data, image::find_data_folder());
  BPFM_TRY(const auto laws, spec::read_laws(data.laws()));
  BPFM_TRY(const auto kernels, spec::read_kernel_catalogue(data.kernel_catalogue()));
  BPFM_TRY(const auto loaders,
           spec::read_loader_catalogue(data.loader_catalogue(),
                                       image::make_tag_lister(context.open_workspace())));
  const auto law = std::ranges::find(laws, options.law, &Law::id);
  if (law == laws.end())
    return base::fail(base::ErrorKind::invalid_input, "{}: no such law; bpfmatrix list laws",
                      options.law);
  const auto matrix = matrix_of(laws, *law);
  Search search(context, data, options, *law, matrix);
  const bool by_loader =
      options.axis.empty() ? law->axis == Law::Axis::loader : options.axis == "loader";
  const auto status = by_loader ? bisect_loaders(search, options, matrix, kernels, loaders)
                                : bisect_kernels(search, options, matrix, kernels, loaders);
  if (search.signal() == 0) return status;
  context.exit_code = 128 + search.signal();
  return {};
}

}  // namespace

void add_bisect(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "bisect", "Find the kernels, or library versions, between which a law or feature changes");
  command->footer("Example: bpfmatrix bisect log-rotates");
  auto options = std::make_shared<Options>();
  command->add_option("LAW", options->law, "Id of a law or feature")->required();
  command->add_option("--axis", options->axis, "kernel or loader (default: the law's)")
      ->check(CLI::IsMember({"kernel", "loader"}));
  command->add_option("-k,--kernel", options->request.selection.kernels,
                      "Only kernels whose id matches; by loader, the newest of them is booted");
  command->add_option("-l,--loader", options->request.selection.loaders,
                      "Only loaders whose id matches");
  add_sandbox(*command, options->request.sandbox);
  command->add_flag("--offline", options->request.offline, "Fetch nothing: take what the workspace has");
  command->add_flag_callback(
      "--no-cache", [options] { options->request.cache = false; },
      "Run every cell, also those that earlier runs answer");
  command->add_flag("-q,--quiet", options->request.quiet, "Only the answers and what goes wrong");
  command->add_option("--qemu", options->request.qemu, "QEMU to use")->capture_default_str();
  command->callback([&context, options] {
    const auto status = bisect(context, *options);
    if (!status) context.fail(status.error());
  });
}

}  // namespace bpfmatrix::cli
