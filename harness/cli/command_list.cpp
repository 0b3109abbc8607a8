#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "image/git_source.h"
#include "image/lock.h"
#include "result/store.h"
#include "run/programs.h"
#include "spec/catalogue.h"
#include "spec/law.h"

namespace bpfmatrix::cli {
namespace {

std::string source_text(const spec::KernelEntry& entry) {
  if (const auto* debian = std::get_if<spec::DebianKernel>(&entry.source))
    return fmt::format("{} {} {}", debian->suite, debian->series, debian->flavour);
  return std::get<spec::FileKernel>(entry.source).image.string();
}

std::string source_text(const spec::LoaderEntry& entry) {
  if (const auto* debian = std::get_if<spec::DebianLibbpf>(&entry.source))
    return fmt::format("Debian source package libbpf in {}", debian->suite);
  if (const auto* crate = std::get_if<spec::CrateLibbpf>(&entry.source))
    return fmt::format("crate libbpf-sys {}", crate->crate_version);
  if (const auto* checkout = std::get_if<spec::CheckoutLibbpf>(&entry.source))
    return checkout->folder.string();
  if (const auto* git = std::get_if<spec::GitLibbpf>(&entry.source))
    return fmt::format("{} {}", git->repository, git->revision);
  return "the bpf(2) system call, no library";
}

base::Status list_kernels(const image::DataFolder& data, const image::Workspace& workspace) {
  BPFM_TRY(const auto catalogue, spec::read_kernel_catalogue(data.kernel_catalogue()));
  BPFM_TRY(const auto lock, image::Lock::read(workspace.lock()));
  for (const auto& kernel : catalogue.kernels) {
    const auto locked = lock.kernels.find(kernel.id);
    const std::string have =
        locked == lock.kernels.end() ? "not fetched yet" : locked->second.package_version;
    fmt::print("{:<16} {:<42} {}\n", kernel.id, source_text(kernel), have);
  }
  return {};
}

base::Status list_loaders(const image::DataFolder& data, const image::Workspace& workspace) {
  BPFM_TRY(const auto catalogue, spec::read_loader_catalogue(data.loader_catalogue(),
                                                             image::make_tag_lister(workspace)));
  BPFM_TRY(const auto lock, image::Lock::read(workspace.lock()));
  for (const auto& loader : catalogue.loaders) {
    const bool ready = loader.kind == "raw" || lock.loaders.contains(loader.id);
    fmt::print("{:<16} {:<52} {}\n", loader.id, source_text(loader),
               ready ? "built" : "not built yet");
  }
  return {};
}

base::Status list_programs(const image::DataFolder& data) {
  BPFM_TRY(const auto set, run::read_programs(data, nullptr));
  for (const auto& program : set.programs) {
    if (program.function == nullptr) continue;
    fmt::print("{:<20} {:>6} instructions  section {:<28}{}{}{}\n", program.id,
               program.function->instruction_count, program.function->section,
               program.function->has_relocations ? " relocations" : "",
               program.object->has_core_relocations ? " CO-RE" : "",
               program.function->needs_attach_target ? " attach target" : "");
  }
  return {};
}

base::Status list_laws(const image::DataFolder& data) {
  BPFM_TRY(const auto laws, spec::read_laws(data.laws()));
  for (const auto& law : laws)
    fmt::print("{:<32} {:<8} {:<14} {}\n", law.id,
               law.kind == spec::Law::Kind::feature ? "feature" : "law", law.group, law.statement);
  return {};
}

base::Status list_runs(const image::Workspace& workspace) {
  if (!std::filesystem::exists(workspace.results())) {
    fmt::print(stderr, "bpfmatrix: no run was made in {} yet\n", workspace.root.string());
    return {};
  }
  BPFM_TRY(auto store, result::Store::open(workspace.results()));
  BPFM_TRY(const auto runs, store.list());
  for (const auto& run : runs)
    fmt::print("{:<32} {} {}  {}{}\n", run.id, run.started, run.accel,
               run.finished.empty() ? "incomplete" : "complete",
               run.selection.empty() ? "" : fmt::format("  part: {}", run.selection));
  return {};
}

void list(Context& context, const std::string& what) {
  const auto data = image::find_data_folder();
  if (!data) return context.fail(data.error());
  const auto workspace = context.open_workspace();
  const auto status = what == "kernels"    ? list_kernels(*data, workspace)
                      : what == "loaders"  ? list_loaders(*data, workspace)
                      : what == "programs" ? list_programs(*data)
                      : what == "laws"     ? list_laws(*data)
                                           : list_runs(workspace);
  if (!status) context.fail(status.error());
}

}  // namespace

void add_list(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("list", "List kernels, loaders, programs, laws or runs");
  command->footer("Example: bpfmatrix list kernels");
  auto what = std::make_shared<std::string>();
  command->add_option("WHAT", *what, "kernels, loaders, programs, laws or runs")
      ->required()
      ->check(CLI::IsMember({"kernels", "loaders", "programs", "laws", "runs"}));
  command->callback([&context, what] { list(context, *what); });
}

}  // namespace bpfmatrix::cli
