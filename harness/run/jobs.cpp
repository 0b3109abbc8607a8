#include "run/jobs.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "run/preparation.h"

namespace bpfmatrix::run {
namespace {

uint8_t wire_interface(spec::Interface interface) {
  switch (interface) {
    case spec::Interface::object_load:
      return BPFM_OBJECT_LOAD;
    case spec::Interface::btf_load:
      return BPFM_BTF_LOAD;
    case spec::Interface::map_create:
      return BPFM_MAP_CREATE;
    case spec::Interface::kernel_btf:
      return BPFM_KERNEL_BTF;
    case spec::Interface::prog_load:
      break;
  }
  return BPFM_PROG_LOAD;
}

uint8_t wire_buffer(spec::Buffer::Kind kind) {
  switch (kind) {
    case spec::Buffer::Kind::none:
      return BPFM_BUF_NONE;
    case spec::Buffer::Kind::null:
      return BPFM_BUF_NULL;
    case spec::Buffer::Kind::fixed:
      return BPFM_BUF_FIXED;
    default:
      return BPFM_BUF_RELATIVE;
  }
}

Job job_of(const plan::Plan& plan, uint32_t index, double slowdown) {
  const plan::Cell& cell = plan.cells[index];
  const plan::Program& program = plan.programs[cell.program];
  Job job;
  job.cell = index;
  job.loader = plan.loaders[cell.loader].id;
  job.request.interface = wire_interface(cell.mode.interface);
  job.request.buffer_kind = wire_buffer(cell.mode.buffer.kind);
  job.request.buffer_value = cell.mode.buffer.value;
  job.request.level = cell.mode.level;
  job.request.limit_ms = static_cast<uint32_t>(static_cast<double>(cell.limit.count()) * slowdown);
  job.request.file = guest_file(program, cell.mode.interface);
  if (program.function != nullptr) {
    job.request.function = program.function->name;
    job.request.instruction_count = program.function->instruction_count;
  }
  job.request.extra.assign(cell.mode.extra.begin(), cell.mode.extra.end());
  return job;
}

bool is_job(const plan::Plan& plan, const plan::Cell& cell, uint32_t kernel, const FileSet& files) {
  return cell.kernel == kernel && cell.ruling == plan::Cell::Ruling::run &&
         files.contains(plan.loaders[cell.loader].id);
}

}  // namespace

std::deque<Job> jobs_of(const plan::Plan& plan, uint32_t kernel, const FileSet& files,
                        double slowdown, const Tried& tried) {
  std::deque<Job> jobs, last;
  for (uint32_t i = 0; i < plan.cells.size(); ++i) {
    if (!is_job(plan, plan.cells[i], kernel, files)) continue;
    const auto before = tried.find(i);
    auto& job = (before == tried.end() ? jobs : last).emplace_back(job_of(plan, i, slowdown));
    job.announce = before != tried.end();
    job.tried = job.announce ? before->second : 0;
  }
  std::move(last.begin(), last.end(), std::back_inserter(jobs));
  return jobs;
}

bool has_jobs(const plan::Plan& plan, uint32_t kernel, const FileSet& files) {
  return std::ranges::any_of(plan.cells, [&](const plan::Cell& cell) {
    return is_job(plan, cell, kernel, files);
  });
}

}  // namespace bpfmatrix::run
