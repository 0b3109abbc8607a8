// The host's mirrors, from its own apt sources: both formats of sources.list(5).
//
// Only the mirror is taken; the host's suites, options and keys are not. Third parties' archives
// are told apart by their suites, components and paths. Parsing is pure.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::image {

struct AptSource {
  std::string uri, suite;
  std::vector<std::string> components;
};

// "deb [options] uri suite component…", a line each; deb-src lines and comments are left out.
[[nodiscard]] std::vector<AptSource> parse_sources_list(std::string_view text);
// Paragraphs with Types, URIs, Suites, Components; those with "Enabled: no" are left out.
[[nodiscard]] std::vector<AptSource> parse_deb822_sources(std::string_view text);

struct Mirrors {
  std::string debian, security;  // both empty: the host names no mirror of Debian
};
// The http(s) or file archives of Debian itself among `sources`, the best-looking first. Where only
// one of the two is named, the other is taken to lie beside it (".../debian",
// ".../debian-security").
[[nodiscard]] Mirrors choose_mirrors(std::span<const AptSource> sources);

// Those of the host whose apt folder is `etc_apt`; files that cannot be read are passed over.
[[nodiscard]] Mirrors host_mirrors(const std::filesystem::path& etc_apt = "/etc/apt");

}  // namespace bpfmatrix::image
