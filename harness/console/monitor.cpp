#include "console/monitor.h"

#include <algorithm>
#include <utility>

#include "console/title.h"

namespace bpfmatrix::console {
namespace {

constexpr size_t kLineLimit = 1024;  // of a line that is looked at; printk() itself cuts there
constexpr size_t kReportLimit = size_t{8} << 10;
constexpr size_t kMostFindings = 64, kMostStalls = 16;

// Kinds that tell of one and the same fault one after the other: "kernel BUG at", then "invalid
// opcode: 0000 [#1]"; "BUG: unable to handle page fault", then "Oops: 0000 [#1]".
bool is_fault(Kind kind) {
  return kind == Kind::oops || kind == Kind::bug;
}

// A line that was cut: what it would have been is open, and a stall is no bug.
bool may_be_a_stall(const Match& match) {
  static constexpr std::string_view kSoft = "BUG: soft lockup", kQueue = "BUG: workqueue lockup";
  return match.kind == Kind::bug &&
         (kSoft.starts_with(match.title) || kQueue.starts_with(match.title));
}

bool has_odd_bytes(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) {
    return (c < ' ' && c != '\t' && c != '\r') || c > '~';
  });
}

}  // namespace

void Monitor::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (part_.empty() && !part_is_cut_) part_offset_ = bytes_;
    bytes_ += piece.size() + (end == bytes.npos ? 0 : 1);
    if (end != bytes.npos && part_.empty() && !part_is_cut_) {
      take_line(piece.substr(0, kLineLimit), part_offset_, piece.size() <= kLineLimit);
    } else {
      const size_t room = kLineLimit - part_.size();
      part_is_cut_ |= piece.size() > room;
      part_.append(piece.substr(0, room));
      if (end != bytes.npos) {
        take_line(part_, part_offset_, !part_is_cut_);
        part_.clear();
        part_is_cut_ = false;
      }
    }
    if (end == bytes.npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void Monitor::finish() {
  if (!part_.empty()) take_line(part_, part_offset_, false);
  part_.clear();
  part_is_cut_ = false;
  open_ = false;
}

void Monitor::take_line(std::string_view line, uint64_t offset, bool whole) {
  const auto text = text_of(line);
  if (text.empty()) return;
  if (const auto mark = boot_mark(text); mark != BootMark::none) {
    const bool again = std::exchange(booted_[static_cast<size_t>(mark)], true);
    open_ = false;
    // The decompressor and the kernel behind it are one boot.
    if (again || running_)
      if (findings_.empty() || findings_.back().kind != Kind::reboot)
        begin({Kind::reboot, "a second boot", false}, offset, !whole);
    return;
  }
  if (auto match = match_report(text); match && (whole || !may_be_a_stall(*match))) {
    if (!belongs_to_open(match->kind))
      begin(std::move(*match), offset, !whole || has_odd_bytes(line));
  } else if (!open_) {
    for (const auto& denied : denied_)
      if (line.find(denied) != line.npos) {
        begin({Kind::denied, normalize(text), false}, offset, !whole);
        break;
      }
  }
  if (open_) follow(line, text);
}

bool Monitor::belongs_to_open(Kind kind) const {
  if (!open_) return false;
  const Kind open = findings_.back().kind;
  return (is_fault(open) && is_fault(kind)) || (open == kind && weight(kind) != Weight::splat);
}

void Monitor::begin(Match match, uint64_t offset, bool damaged) {
  open_ = false;
  const bool stall = weight(match.kind) == Weight::stall;
  stalls_ += stall ? 1 : 0;
  if (findings_.size() >= kMostFindings || (stall && stalls_ > kMostStalls)) {
    ++left_out_;
    return;
  }
  Finding finding;
  finding.kind = match.kind;
  finding.title = std::move(match.title);
  finding.offset = offset;
  // Until it names its place, it is not whole.
  finding.corrupted = damaged || match.needs_function;
  needs_function_ = match.needs_function && !damaged;
  in_trace_ = false;
  findings_.push_back(std::move(finding));
  open_ = true;
}

void Monitor::follow(std::string_view line, std::string_view text) {
  Finding& finding = findings_.back();
  if (finding.report.size() + line.size() + 1 > kReportLimit) {
    open_ = false;
    return;
  }
  finding.report.append(line);
  finding.report += '\n';
  if (needs_function_) {
    name_place(place_in(text));
    // A jump to nowhere has no place of its own: the first caller is it.
    if (in_trace_) name_place(function_at_start(text));
    in_trace_ |= text.starts_with("Call Trace:") || text.starts_with("Call trace:");
  }
  if (ends_report(text)) open_ = false;
}

void Monitor::name_place(std::string_view function) {
  if (function.empty() || !needs_function_) return;
  Finding& finding = findings_.back();
  finding.title = (finding.title + " in ").append(function).substr(0, kTitleLimit);
  finding.corrupted = false;
  needs_function_ = false;
}

std::vector<Finding> find_all(std::string_view console, std::vector<std::string> denied) {
  Monitor monitor(std::move(denied));
  monitor.feed(console);
  monitor.finish();
  return monitor.findings();
}

}  // namespace bpfmatrix::console
