#include "image/apt_sources.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/files.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;

namespace {

// First words of Debian's suites. Ubuntu's and third parties' own names are no mirror of Debian.
constexpr std::array<std::string_view, 14> kSuites = {
    "buster", "bullseye", "bookworm",  "trixie",       "forky",    "duke",         "sid",
    "stable", "testing",  "oldstable", "oldoldstable", "unstable", "experimental", "rc-buggy"};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  constexpr std::string_view kSpace = " \t\r";
  while (true) {
    const size_t begin = text.find_first_not_of(kSpace);
    if (begin == text.npos) return found;
    text.remove_prefix(begin);
    const size_t end = std::min(text.find_first_of(kSpace), text.size());
    found.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void add_paragraph(std::map<std::string, std::string>& fields, std::vector<AptSource>& into) {
  // What apt takes for "no" (StringToBool, apt-pkg/contrib/strutl.cc).
  static const std::set<std::string> kNo = {"no", "false", "without", "off", "disable", "0"};
  const auto enabled = words(lower(fields["enabled"]));
  if ((enabled.empty() || !kNo.contains(enabled[0])) && contains(words(fields["types"]), "deb")) {
    for (const auto& uri : words(fields["uris"]))
      for (const auto& suite : words(fields["suites"]))
        into.push_back({uri, suite, words(fields["components"])});
  }
  fields.clear();
}

bool debian_suite(std::string_view suite) {
  const std::string_view first = suite.substr(0, suite.find_first_of("-/"));
  const std::string_view rest = suite.substr(first.size());
  static const std::set<std::string_view> kRests = {
      "",          "-updates", "-backports",       "-backports-sloppy",
      "-security", "/updates", "-proposed-updates"};
  return std::find(kSuites.begin(), kSuites.end(), first) != kSuites.end() && kRests.contains(rest);
}

// How much a URI looks like a mirror of `name` ("debian", "debian-security"): a mirror is named so
// by its last folder, a snapshot has a date behind it, a proxy repository has the word somewhere.
int likeness(std::string_view uri, std::string_view name) {
  while (uri.ends_with('/')) uri.remove_suffix(1);
  std::string_view last = uri.substr(uri.rfind('/') + 1);
  if (!last.empty() && last.find_first_not_of("0123456789TZ") == last.npos) {
    uri.remove_suffix(last.size() + 1);
    last = uri.substr(uri.rfind('/') + 1);
  }
  if (last == name) return 3;
  return uri.find("debian") != uri.npos ? 2 : 1;
}

bool usable_uri(std::string_view uri) {
  for (std::string_view scheme : {"http://", "https://", "file:"})
    if (uri.starts_with(scheme)) return uri.find_first_of("\"[]\\ ") == uri.npos;
  return false;
}

}  // namespace

std::vector<AptSource> parse_sources_list(std::string_view text) {
  std::vector<AptSource> found;
  for (std::string_view line : lines(text)) {
    line = line.substr(0, line.find('#'));
    std::string plain(line);
    // Options may hold spaces: [ arch=amd64 signed-by=… ].
    if (const size_t open = plain.find('['); open != plain.npos) {
      const size_t close = plain.find(']', open);
      if (close == plain.npos) continue;
      plain.replace(open, close - open + 1, " ");
    }
    auto word = words(plain);
    if (word.size() < 3 || word[0] != "deb") continue;
    found.push_back({word[1], word[2], {word.begin() + 3, word.end()}});
  }
  return found;
}

std::vector<AptSource> parse_deb822_sources(std::string_view text) {
  std::vector<AptSource> found;
  std::map<std::string, std::string> fields;
  std::string last;
  for (std::string_view line : lines(text)) {
    if (line.starts_with('#')) continue;  // also in the middle of a paragraph
    if (words(line).empty()) {
      add_paragraph(fields, found);
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      fields[last] += line;
    } else if (const size_t colon = line.find(':'); colon != line.npos) {
      last = lower(line.substr(0, colon));
      fields[last] = line.substr(colon + 1);
    }
  }
  add_paragraph(fields, found);
  return found;
}

Mirrors choose_mirrors(std::span<const AptSource> sources) {
  Mirrors mirrors;
  int best_debian = 0, best_security = 0;
  for (const auto& [uri, suite, components] : sources) {
    if (!usable_uri(uri) || !debian_suite(suite) || !contains(components, "main")) continue;
    const bool security = suite.ends_with("-security") || suite.ends_with("/updates") ||
                          uri.find("security") != uri.npos;
    const int here = likeness(uri, security ? "debian-security" : "debian");
    int& best = security ? best_security : best_debian;
    if (here <= best) continue;
    best = here;
    (security ? mirrors.security : mirrors.debian) = uri;
  }
  constexpr std::string_view kSuffix = "-security";
  if (mirrors.security.empty() && !mirrors.debian.empty())
    mirrors.security =
        mirrors.debian.substr(0, mirrors.debian.find_last_not_of('/') + 1) + std::string(kSuffix);
  if (mirrors.debian.empty() && mirrors.security.ends_with(kSuffix))
    mirrors.debian = mirrors.security.substr(0, mirrors.security.size() - kSuffix.size());
  return mirrors;
}

Mirrors host_mirrors(const fs::path& etc_apt) {
  std::vector<AptSource> sources;
  const auto add = [&](const fs::path& file) {
    const auto text = base::read_file(file, 1 << 20);
    if (!text) return;
    const auto found =
        file.extension() == ".sources" ? parse_deb822_sources(*text) : parse_sources_list(*text);
    sources.insert(sources.end(), found.begin(), found.end());
  };
  add(etc_apt / "sources.list");
  std::set<fs::path> parts;  // apt reads them in the order of their names
  std::error_code ec;
  for (fs::directory_iterator at(etc_apt / "sources.list.d", ec), end; !ec && at != end;
       at.increment(ec)) {
    const fs::path extension = at->path().extension();
    if (extension == ".list" || extension == ".sources") parts.insert(at->path());
  }
  for (const auto& part : parts) add(part);
  return choose_mirrors(sources);
}

}  // namespace bpfmatrix::image
