#include "law/condition.h"

#include <fmt/core.h>

#include "spec/catalogue.h"

namespace bpfmatrix::law {
namespace {

using Truth = Reply::Truth;

Reply unknown(std::string why) {
  return {Truth::unknown, kNoCell, std::move(why)};
}

Reply reply_of(const Point& point, const std::string& feature, const std::string& where) {
  switch (point.verdict) {
    case Verdict::holds:
      return {Truth::yes, point.cell, {}};
    case Verdict::broken:
      return {Truth::no, point.cell, {}};
    case Verdict::mixed:
      return {Truth::unknown, point.cell,
              fmt::format("{} is yes in some cells and no in others on {}", feature, where)};
    default:
      return unknown(fmt::format("{} was not measured on {}", feature, where));
  }
}

// The kernel's answer: that of all loaders which have one, if they agree.
Reply ask_kernel(const Result& feature, uint32_t kernel, const result::RunRecord& run) {
  const auto& where = run.kernels[kernel].id;
  const Point* first = nullptr;
  Reply reply = unknown(fmt::format("{} was not measured on {}", feature.law->id, where));
  for (const auto& point : feature.points) {
    if (point.kernel != kernel) continue;
    auto one = reply_of(point, feature.law->id, where);
    if (point.verdict == Verdict::mixed) return one;
    if (one.truth == Truth::unknown) continue;
    if (first != nullptr && one.truth != reply.truth)
      return unknown(fmt::format("{} is another with {} than with {} on {}", feature.law->id,
                                 run.loaders[point.loader].id, run.loaders[first->loader].id,
                                 where));
    if (first == nullptr) reply = std::move(one);
    if (first == nullptr) first = &point;
  }
  return reply;
}

bool holds(spec::Check::Op op, int comparison) {
  using Op = spec::Check::Op;
  switch (op) {
    case Op::less:
      return comparison < 0;
    case Op::less_equal:
      return comparison <= 0;
    case Op::greater:
      return comparison > 0;
    case Op::greater_equal:
      return comparison >= 0;
    case Op::not_equal:
      return comparison != 0;
    default:
      return comparison == 0;
  }
}

}  // namespace

Reply ask_feature(const Result& feature, uint32_t kernel, uint32_t loader,
                  const result::RunRecord& run) {
  if (feature.law->axis == spec::Law::Axis::kernel) return ask_kernel(feature, kernel, run);
  const auto where = fmt::format("{} with {}", run.kernels[kernel].id, run.loaders[loader].id);
  const Point* point = feature.find(kernel, loader);
  if (point == nullptr) return unknown(fmt::format("{} was not measured on {}", feature.law->id, where));
  return reply_of(*point, feature.law->id, where);
}

Reply ask_version(const spec::Requirement& requirement, const result::LoaderRecord& loader) {
  if (loader.kind != requirement.loader_kind) return {Truth::no, kNoCell, {}};
  if (loader.version.empty())
    return unknown(fmt::format("the version of {} is not known", loader.id));
  const int comparison = spec::compare_versions(loader.version, requirement.version);
  return {holds(requirement.op, comparison) ? Truth::yes : Truth::no, kNoCell, {}};
}

}  // namespace bpfmatrix::law
