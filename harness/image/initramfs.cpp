#include "image/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace bpfmatrix::image {
using base::ErrorKind;
using base::fail;

namespace {

constexpr size_t kMostModules = 99;  // two digits in the name

bool plain_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

// One archive in memory. Owner, times and inode numbers are the same in every run.
class Cpio {
 public:
  base::Status open() {
    archive_write_set_format_cpio_newc(archive_.get());
    archive_write_add_filter_none(archive_.get());
    archive_write_set_bytes_per_block(archive_.get(), 0);
    archive_write_set_bytes_in_last_block(archive_.get(), 1);
    if (archive_write_open2(archive_.get(), this, nullptr, &Cpio::append, nullptr, nullptr) !=
        ARCHIVE_OK)
      return broken("open");
    return {};
  }
  base::Status folder(const std::string& name) { return add(name, AE_IFDIR | 0755, {}, 0); }
  base::Status device(const std::string& name, mode_t mode, dev_t number) {
    return add(name, AE_IFCHR | mode, {}, number);
  }
  base::Status file(const std::string& name, mode_t mode, const std::string& content) {
    return add(name, AE_IFREG | mode, content, 0);
  }
  base::Result<std::string> finish() {
    if (archive_write_close(archive_.get()) != ARCHIVE_OK) return broken("close");
    return std::move(bytes_);
  }

 private:
  static la_ssize_t append(archive*, void* self, const void* data, size_t size) {
    static_cast<Cpio*>(self)->bytes_.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }
  base::Status add(const std::string& name, mode_t mode, const std::string& content, dev_t number) {
    std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                        &archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_mode(entry.get(), mode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_mtime(entry.get(), 0, 0);
    archive_entry_set_nlink(entry.get(), 1);
    archive_entry_set_ino64(entry.get(), ++inode_);
    if (number != 0) archive_entry_set_rdev(entry.get(), number);
    if (archive_write_header(archive_.get(), entry.get()) != ARCHIVE_OK) return broken(name);
    if (content.empty()) return {};
    const la_ssize_t written = archive_write_data(archive_.get(), content.data(), content.size());
    if (written != static_cast<la_ssize_t>(content.size())) return broken(name);
    return {};
  }
  base::Error broken(const std::string& where) {
    const char* why = archive_error_string(archive_.get());
    return fail(ErrorKind::internal, "write the initramfs: {}: {}", where,
                why != nullptr ? why : "unknown");
  }

  std::string bytes_;  // before the archive, which still writes when it is freed unfinished
  int inode_ = 0;
  std::unique_ptr<archive, decltype(&archive_write_free)> archive_{archive_write_new(),
                                                                   &archive_write_free};
};

}  // namespace

base::Result<std::string> make_initramfs(
    const std::string& agent, const std::vector<std::pair<std::string, std::string>>& modules) {
  if (agent.empty()) return fail(ErrorKind::invalid_input, "the agent's binary is empty");
  if (modules.size() > kMostModules)
    return fail(ErrorKind::invalid_input, "{} modules, more than {}", modules.size(), kMostModules);
  Cpio cpio;
  BPFM_CHECK(cpio.open());
  for (const char* folder : {"dev", "modules", "proc", "run", "sys"})
    BPFM_CHECK(cpio.folder(folder));
  // Without it init starts with no standard descriptors (init/main.c, console_on_rootfs()).
  BPFM_CHECK(cpio.device("dev/console", 0600, makedev(5, 1)));
  for (size_t i = 0; i < modules.size(); ++i) {
    const auto& [name, content] = modules[i];
    if (!plain_name(name))
      return fail(ErrorKind::invalid_input, "'{}' is not a name of a module", name);
    BPFM_CHECK(cpio.file(fmt::format("modules/{:02}-{}.ko", i, name), 0644, content));
  }
  BPFM_CHECK(cpio.file("init", 0755, agent));
  return cpio.finish();
}

namespace {

// The loader looks for its files in /run/files.
constexpr const char* kShellInit = R"(#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/cell TERM=linux PS1='bpfmatrix \w # '
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
ln -s /cell/files /run/files
for module in /modules/*.ko; do [ -e "$module" ] && insmod "$module"; done
ulimit -l unlimited
. /cell/size
cd /cell
uname -sr
cat /cell/greeting
if [ -e /cell/commands ]; then sh /cell/commands; else setsid cttyhack sh; fi
reboot -f
)";

}  // namespace

base::Result<std::string> make_shell_initramfs(const ShellRoot& root) {
  Cpio cpio;
  BPFM_CHECK(cpio.open());
  for (const char* folder : {"bin", "cell", "cell/files", "dev", "modules", "proc", "run", "sys"})
    BPFM_CHECK(cpio.folder(folder));
  BPFM_CHECK(cpio.device("dev/console", 0600, makedev(5, 1)));
  BPFM_CHECK(cpio.file("bin/busybox", 0755, root.busybox));
  BPFM_CHECK(cpio.file("bin/cell", 0755, root.cell));
  BPFM_CHECK(cpio.file("cell/loader", 0755, root.loader));
  BPFM_CHECK(cpio.file("cell/run", 0644, root.run));
  for (const auto& [name, content] : root.files)
    BPFM_CHECK(cpio.file("cell/files/" + name, 0644, content));
  for (size_t i = 0; i < root.modules.size(); ++i)
    BPFM_CHECK(cpio.file(fmt::format("modules/{:02}-{}.ko", i, root.modules[i].first), 0644,
                         root.modules[i].second));
  BPFM_CHECK(cpio.file("cell/greeting", 0644, root.greeting));
  if (root.commands) BPFM_CHECK(cpio.file("cell/commands", 0644, *root.commands));
  const bool sized = root.rows != 0 && root.columns != 0;
  BPFM_CHECK(cpio.file("cell/size", 0644,
                       sized ? fmt::format("stty rows {} cols {}\n", root.rows, root.columns)
                             : std::string(":\n")));
  BPFM_CHECK(cpio.file("init", 0755, kShellInit));
  return cpio.finish();
}

}  // namespace bpfmatrix::image
