#include "image/lock.h"

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/digest.h"
#include "base/files.h"

namespace bpfmatrix::image {
namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;
using nlohmann::json;

namespace {

constexpr int kFormat = 1;
constexpr uint64_t kLargest = uint64_t{16} << 20;

// Reads typed members of one object; remembers the first that is wrong.
class Reader {
 public:
  Reader(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object_.is_object()) wrong("is not an object");
  }

  std::string text(const char* name) {
    const json* value = member(name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    wrong(fmt::format("'{}' is not a text", name));
    return {};
  }
  // A digest; "" is taken where `optional`.
  std::string digest(const char* name, bool optional = false) {
    std::string value = text(name);
    if (!base::is_sha256_hex(value) && !(optional && value.empty()))
      wrong(fmt::format("'{}' is not a SHA-256 digest", name));
    return value;
  }
  // Calls `each(Reader&)` for the objects of a list.
  template <typename Each>
  void list(const char* name, Each each) {
    const json* value = member(name);
    if (value == nullptr) return;
    if (!value->is_array()) return wrong(fmt::format("'{}' is not a list", name));
    for (size_t i = 0; i < value->size(); ++i) {
      Reader item((*value)[i], fmt::format("{}: {}[{}]", place_, name, i));
      if (item.wrong_.empty()) each(item);
      if (wrong_.empty()) wrong_ = item.wrong_;
    }
  }
  [[nodiscard]] const std::string& mistake() const { return wrong_; }

 private:
  const json* member(const char* name) {
    if (!wrong_.empty()) return nullptr;
    const auto at = object_.find(name);
    if (at != object_.end()) return &*at;
    wrong(fmt::format("'{}' is missing", name));
    return nullptr;
  }
  void wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = fmt::format("{}: {}", place_, what);
  }
  const json& object_;
  std::string place_;
  std::string wrong_;
};

LockedKernel read_kernel(Reader& in) {
  LockedKernel kernel;
  kernel.suite = in.text("suite");
  kernel.release = in.text("release");
  kernel.package_version = in.text("package_version");
  in.list("packages", [&](Reader& item) {
    kernel.packages.push_back({item.text("name"), item.text("version"), item.digest("sha256")});
  });
  kernel.image_sha256 = in.digest("image_sha256");
  kernel.config_sha256 = in.digest("config_sha256", true);
  in.list("modules", [&](Reader& item) {
    kernel.modules.emplace_back(item.text("name"), item.digest("sha256"));
  });
  return kernel;
}

LockedLibbpf read_libbpf(Reader& in) {
  LockedLibbpf libbpf;
  libbpf.source = in.text("source");
  libbpf.source_sha256 = in.digest("source_sha256", true);
  libbpf.binary_sha256 = in.digest("binary_sha256");
  libbpf.recipe_sha256 = in.digest("recipe_sha256", true);
  return libbpf;
}

LockedSuite read_suite(Reader& in) {
  LockedSuite suite;
  suite.date = in.text("date");
  suite.sha256 = in.digest("sha256");
  return suite;
}

json to_json(const LockedKernel& kernel) {
  json packages = json::array(), modules = json::array();
  for (const auto& [name, version, sha256] : kernel.packages)
    packages.push_back({{"name", name}, {"version", version}, {"sha256", sha256}});
  for (const auto& [name, sha256] : kernel.modules)
    modules.push_back({{"name", name}, {"sha256", sha256}});
  return {{"suite", kernel.suite},
          {"release", kernel.release},
          {"package_version", kernel.package_version},
          {"packages", std::move(packages)},
          {"image_sha256", kernel.image_sha256},
          {"config_sha256", kernel.config_sha256},
          {"modules", std::move(modules)}};
}

json to_json(const LockedLibbpf& libbpf) {
  return {{"source", libbpf.source},
          {"source_sha256", libbpf.source_sha256},
          {"binary_sha256", libbpf.binary_sha256},
          {"recipe_sha256", libbpf.recipe_sha256}};
}

base::Error broken(const fs::path& file, std::string_view why) {
  return fail(ErrorKind::invalid_input,
              "{} is not a lock that this program wrote: {}; mend it, or remove it to start from "
              "the newest versions",
              file.string(), why);
}

// Reads the objects of `document[name]` into `into` by `read`; the first mistake or "".
template <typename T>
std::string read_section(const json& document, const char* name, std::map<std::string, T>& into,
                         T (*read)(Reader&)) {
  const auto section = document.find(name);
  if (section == document.end() || !section->is_object())
    return fmt::format("'{}' is not an object", name);
  for (const auto& [id, value] : section->items()) {
    Reader reader(value, fmt::format("{}: {}", name, id));
    if (reader.mistake().empty()) into.emplace(id, read(reader));
    if (!reader.mistake().empty()) return reader.mistake();
  }
  return {};
}

constexpr const char* kDigest = "digest";

// Over all but itself, however it is laid out.
std::string digest_of(json document) {
  document.erase(kDigest);
  return base::sha256_hex(document.dump(-1, ' ', false, json::error_handler_t::replace));
}

// Why the document is not what was written, or "". A lock without a digest is taken at its word.
std::string check_digest(const json& document) {
  const auto told = document.find(kDigest);
  if (told == document.end() || *told == digest_of(document)) return {};
  return "its digest is of another text: it was damaged, or changed by hand (without the line "
         "\"digest\" it is taken as it is)";
}

}  // namespace

base::Result<Lock> Lock::read(const fs::path& file) {
  Lock lock;
  lock.file_ = file;
  std::error_code ec;
  if (!fs::exists(file, ec)) return lock;
  BPFM_TRY(const std::string text, base::read_file(file, kLargest));
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return broken(file, "not JSON");
  if (!document.is_object()) return broken(file, "not an object");
  const auto format = document.find("format");
  if (format == document.end() || !format->is_number_integer() || *format != kFormat)
    return broken(file, fmt::format("'format' is not {}", kFormat));
  if (const auto wrong = check_digest(document); !wrong.empty()) return broken(file, wrong);
  std::string mistake = read_section(document, "kernels", lock.kernels, read_kernel);
  if (mistake.empty()) mistake = read_section(document, "loaders", lock.loaders, read_libbpf);
  if (mistake.empty() && document.contains("suites"))
    mistake = read_section(document, "suites", lock.suites, read_suite);
  if (!mistake.empty()) return broken(file, mistake);
  return lock;
}

base::Status Lock::write() const {
  json document = {{"format", kFormat}, {"kernels", json::object()}, {"loaders", json::object()}};
  for (const auto& [id, kernel] : kernels) document["kernels"][id] = to_json(kernel);
  for (const auto& [id, libbpf] : loaders) document["loaders"][id] = to_json(libbpf);
  if (!suites.empty()) document["suites"] = json::object();
  for (const auto& [name, suite] : suites)
    document["suites"][name] = {{"date", suite.date}, {"sha256", suite.sha256}};
  document[kDigest] = digest_of(document);
  const std::string text = document.dump(2, ' ', false, json::error_handler_t::replace);
  return base::write_file(file_, text + "\n").in("write the lock");
}

}  // namespace bpfmatrix::image
