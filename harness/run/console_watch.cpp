#include "run/console_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"

namespace bpfmatrix::run {
namespace {

using console::Finding;
using console::Kind;
using console::Weight;

bool applies_to(const spec::AllowedReport& entry, const std::string& kernel) {
  return entry.kernels.empty() ||
         std::any_of(entry.kernels.begin(), entry.kernels.end(),
                     [&](const auto& glob) { return base::glob_matches(glob, kernel); });
}

// Dates of this form sort as they follow each other.
bool expired(const spec::AllowedReport& entry, const std::string& today) {
  return entry.expires < today;
}

}  // namespace

ConsoleRules console_rules(const spec::ConsoleLists& lists, const std::string& kernel,
                           const std::string& today) {
  ConsoleRules rules;
  for (const auto& line : lists.deny) rules.denied.push_back(line.text);
  for (const auto& entry : lists.allow)
    if (!expired(entry, today) && applies_to(entry, kernel)) rules.allowed.push_back(entry.title);
  return rules;
}

std::vector<std::string> expired_entries(const spec::ConsoleLists& lists,
                                         const std::string& today) {
  std::vector<std::string> texts;
  for (const auto& entry : lists.allow)
    if (expired(entry, today))
      texts.push_back(fmt::format("{}: \"{}\" is no longer allowed: that expired on {} ({})",
                                  spec::to_text(entry.place), entry.title, entry.expires,
                                  entry.reason));
  return texts;
}

std::string today() {
  const auto days =
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day day(days);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

bool ConsoleWatch::allowed(const Finding& finding) const {
  return std::any_of(
      rules_.allowed.begin(), rules_.allowed.end(),
      [&](const auto& glob) { return base::glob_matches(glob, finding.title); });
}

std::optional<Finding> ConsoleWatch::trouble() const {
  const auto& all = monitor_.findings();
  for (size_t i = seen_; i < all.size(); ++i) {
    const auto weight = console::weight(all[i].kind);
    if (weight == Weight::reboot || (weight == Weight::splat && !allowed(all[i]))) return all[i];
  }
  return std::nullopt;
}

bool ConsoleWatch::panicked() const {
  const auto& all = monitor_.findings();
  return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(std::min(seen_, all.size())),
                     all.end(), [](const auto& one) { return one.kind == Kind::panic; });
}

std::optional<std::string> ConsoleWatch::out_of_memory() const {
  const auto& all = monitor_.findings();
  for (size_t i = seen_; i < all.size(); ++i)
    if (console::weight(all[i].kind) == Weight::memory) return all[i].title;
  return std::nullopt;
}

std::optional<std::string> ConsoleWatch::stalled() const {
  const auto& all = monitor_.findings();
  for (size_t i = all.size(); i > seen_; --i)
    if (console::weight(all[i - 1].kind) == Weight::stall) return all[i - 1].title;
  return std::nullopt;
}

void ConsoleWatch::settle_as_machines_own() {
  const auto& all = monitor_.findings();
  for (size_t i = seen_; i < all.size(); ++i)
    if (console::weight(all[i].kind) == Weight::splat && !allowed(all[i])) own_.push_back(i);
  settle();
}

// Callers that only a shutdown has: kernel/reboot.c, drivers/base/core.c.
bool ConsoleWatch::of_the_shutdown() const {
  const auto found = trouble();
  if (!found) return false;
  for (const std::string_view caller : {"__do_sys_reboot", "kernel_restart", "device_shutdown"})
    if (found->report.find(caller) != std::string::npos) return true;
  return false;
}

std::vector<std::string> ConsoleWatch::passed_over() const {
  std::vector<std::string> texts;
  const auto add = [&](std::string text) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  };
  for (const auto& finding : monitor_.findings()) {
    if (console::weight(finding.kind) == Weight::stall)
      add(fmt::format("the guest stalled, as it does when its host is busy: {}", finding.title));
    else if (console::weight(finding.kind) == Weight::splat && allowed(finding))
      add(fmt::format("allowed: {}", finding.title));
  }
  for (const size_t i : own_)
    add(fmt::format("the kernel complained while no cell ran: {}", monitor_.findings()[i].title));
  return texts;
}

}  // namespace bpfmatrix::run
