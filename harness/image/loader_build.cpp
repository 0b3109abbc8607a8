#include "image/loader_build.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/child_process.h"
#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::image {
namespace {
using base::ErrorKind;
using base::fail;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

constexpr uint64_t kLargestSource = uint64_t{4} << 20;
constexpr size_t kTailLines = 20;

// Old versions are not free of warnings under newer compilers: -w, and no -Werror of their own.
const std::vector<std::string> kLibbpfFlags = {"-O2", "-g0", "-w"};
const std::vector<std::string> kLoaderFlags = {"-O2", "-g0", "-w", "-std=gnu11", "-static", "-s"};
// --wrap=syscall: the recorder sees every bpf() call of the library (guest/loader/recorder.c).
const std::vector<std::string> kLinkFlags = {"-lelf", "-lz", "-lnettle", "-Wl,--wrap=syscall",
                                             "-Wl,--build-id=none"};

struct StaticLibrary {
  const char* file;
  const char* package;
};
constexpr StaticLibrary kStaticLibraries[] = {{"libc.a", "libc6-dev"},
                                              {"libelf.a", "libelf-dev"},
                                              {"libz.a", "zlib1g-dev"},
                                              {"libnettle.a", "nettle-dev"}};

std::vector<std::string> version_flags(const LibbpfVersion& version) {
  return {fmt::format("-DBPFM_LIBBPF_MAJOR={}", version.major),
          fmt::format("-DBPFM_LIBBPF_MINOR={}", version.minor),
          fmt::format("-DBPFM_LIBBPF_PATCH={}", version.patch.value_or(0))};
}

void append(std::vector<std::string>* to, const std::vector<std::string>& more) {
  to->insert(to->end(), more.begin(), more.end());
}

std::string last_lines(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  size_t at = text.size();
  for (size_t lines = 0; lines < kTailLines && at != std::string_view::npos; ++lines)
    at = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

Status run_step(const char* what, const fs::path& folder, std::vector<std::string> argv) {
  base::CommandOptions command;
  command.argv = std::move(argv);
  command.folder = folder.string();
  // A make that started us must not hand down its flags or job server; messages in English.
  command.environment = {{"MAKEFLAGS", ""}, {"MFLAGS", ""}, {"LC_ALL", "C"}};
  BPFM_TRY(const base::CommandOutput out, base::run_command(command).in(what));
  if (out.status.success()) return {};
  const std::string& text = out.standard_error.empty() ? out.standard_output : out.standard_error;
  return fail(ErrorKind::process, "{}: {}; its last lines:\n{}", what, out.status.text(),
              last_lines(text));
}

Status write_tree(const SourceTree& files, const fs::path& folder) {
  for (const auto& [path, content] : files) BPFM_CHECK(base::write_file(folder / path, content));
  return {};
}

Status build_libbpf(const fs::path& work) {
  std::string flags;
  for (const auto& flag : kLibbpfFlags) flags += flag + " ";
  // No path should enter the objects; should a version compile by full path, it is mapped away.
  flags += fmt::format("-ffile-prefix-map={}=.", work.string());
  const std::vector<std::string> make = {"make",
                                         "-C",
                                         "libbpf/src",
                                         "BUILD_STATIC_ONLY=1",
                                         "NO_PKG_CONFIG=1",
                                         fmt::format("OBJDIR={}", (work / "objects").string()),
                                         fmt::format("DESTDIR={}", (work / "prefix").string()),
                                         "PREFIX=/usr",
                                         "LIBDIR=/usr/lib",
                                         "CFLAGS=" + flags};
  std::vector<std::string> compile = make, install = make;
  compile.insert(compile.begin() + 1, "-j2");
  append(&install, {"install", "install_uapi_headers"});
  // The Makefile writes the pkg-config file there before it has made the folder (-j2, seen with 0.4
  // to 1.4).
  std::error_code ec;
  fs::create_directory(work / "objects", ec);
  if (ec) return base::io_error(ec.value(), "make folder objects");
  BPFM_CHECK(run_step("make libbpf", work, compile));
  // In a call of its own, one job: in one parallel call the pkg-config file races (0.3 to 1.7).
  return run_step("install libbpf", work, install);
}

Status build_binary(const SourceTree& loader_sources, const LibbpfVersion& version,
                    const fs::path& work) {
  std::vector<std::string> compile = {"cc"};
  append(&compile, kLoaderFlags);
  append(&compile, version_flags(version));
  append(&compile, {"-Iguest", "-Iprefix/usr/include", "-o", "loader"});
  compile.push_back(fmt::format("-ffile-prefix-map={}=.", work.string()));
  for (const auto& [path, content] : loader_sources)
    if (path.ends_with(".c")) compile.push_back("guest/" + path);
  compile.emplace_back("prefix/usr/lib/libbpf.a");
  append(&compile, kLinkFlags);
  return run_step("compile the loader", work, compile);
}

Result<std::string> ask_compiler(const std::string& question) {
  base::CommandOptions command;
  command.argv = {"cc", question};
  command.environment = {{"LC_ALL", "C"}};
  BPFM_TRY(std::string answer, base::run_checked(command));
  while (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

}  // namespace

base::Result<SourceTree> read_loader_sources(const DataFolder& data) {
  SourceTree sources;
  const fs::path guest = data.loader_sources().parent_path();
  const auto incomplete = [&](const fs::path& missing) {
    return fail(ErrorKind::unavailable,
                "the data folder is incomplete: there is no {}; build or install the program again",
                missing.string());
  };
  for (const fs::path& folder : {data.loader_sources(), guest / "wire"}) {
    std::error_code ec;
    fs::directory_iterator at(folder, ec);
    if (ec) return incomplete(folder);
    for (const fs::directory_iterator end; !ec && at != end; at.increment(ec)) {
      const fs::path name = at->path().filename();
      if ((name.extension() != ".c" && name.extension() != ".h") || name == "api_raw.c") continue;
      const std::string path = (folder.filename() / name).generic_string();
      BPFM_TRY(sources[path], base::read_file(at->path(), kLargestSource));
    }
    if (ec) return base::io_error(ec.value(), fmt::format("read folder {}", folder.string()));
  }
  for (const char* needed : {"loader/main.c", "wire/protocol.h"})
    if (!sources.contains(needed)) return incomplete(guest / needed);
  return sources;
}

base::Result<std::string> identify_toolchain() {
  for (const char* tool : {"cc", "make", "ar"}) {
    if (base::find_program(tool).empty())
      return fail(ErrorKind::unavailable, "{} is not installed: apt-get install gcc make", tool);
  }
  BPFM_TRY(const std::string version, ask_compiler("-dumpfullversion"));
  BPFM_TRY(const std::string target, ask_compiler("-dumpmachine"));
  std::string identity = fmt::format("cc {} {}\n", version, target);
  for (const auto& library : kStaticLibraries) {
    BPFM_TRY(const std::string path,
             ask_compiler(fmt::format("-print-file-name={}", library.file)));
    // A compiler that finds nothing answers with the bare name.
    if (!fs::path(path).is_absolute())
      return fail(ErrorKind::unavailable, "{} is not installed: apt-get install {}", library.file,
                  library.package);
    BPFM_TRY(const std::string sha256, base::sha256_file(path));
    identity += fmt::format("{} {}\n", library.file, sha256);
  }
  return identity;
}

std::string recipe_digest(const std::string& source_sha256, const LibbpfVersion& version,
                          const SourceTree& loader_sources, const std::string& toolchain) {
  std::string recipe = fmt::format("loader 1\nsource {}\nloader sources {}\n{}", source_sha256,
                                   digest_of(loader_sources), toolchain);
  for (const auto& flags : {kLibbpfFlags, kLoaderFlags, version_flags(version), kLinkFlags}) {
    for (const auto& flag : flags) recipe += flag + " ";
    recipe += '\n';
  }
  return base::sha256_hex(recipe);
}

base::Result<std::string> build_loader(const SourceTree& libbpf, const LibbpfVersion& version,
                                       const SourceTree& loader_sources, const fs::path& scratch) {
  BPFM_TRY(const auto folder, base::TemporaryFolder::make(scratch, "loader-"));
  std::error_code ec;
  const fs::path work = fs::canonical(folder.path(), ec);
  if (ec) return base::io_error(ec.value(), folder.path().string());
  if (work.string().find(' ') != std::string::npos)
    return fail(
        ErrorKind::invalid_input,
        "'{}' has a space in its path, which make cannot build in: choose another workspace",
        work.string());
  BPFM_CHECK(write_tree(libbpf, work / "libbpf"));
  BPFM_CHECK(write_tree(loader_sources, work / "guest"));
  BPFM_CHECK(build_libbpf(work));
  BPFM_CHECK(build_binary(loader_sources, version, work));
  return base::read_file(work / "loader");
}

}  // namespace bpfmatrix::image
