#include "image/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <map>

namespace bpfmatrix::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  std::string content;
  mode_t mode = 0;
  dev_t device = 0;
  time_t time = 0;
};

std::vector<std::pair<std::string, Read>> read_back(const std::string& bytes) {
  std::vector<std::pair<std::string, Read>> entries;
  archive* in = archive_read_new();
  archive_read_support_format_cpio(in);
  EXPECT_EQ(archive_read_open_memory(in, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in, &entry) == ARCHIVE_OK) {
    Read read{std::string(static_cast<size_t>(archive_entry_size(entry)), '\0'),
              archive_entry_mode(entry), archive_entry_rdev(entry), archive_entry_mtime(entry)};
    archive_read_data(in, read.content.data(), read.content.size());
    entries.emplace_back(archive_entry_pathname(entry), std::move(read));
  }
  EXPECT_STREQ(archive_format_name(in), "ASCII cpio (SVR4 with no CRC)");
  archive_read_free(in);
  return entries;
}

TEST(Initramfs, holds_agent_console_folders_and_modules_in_loading_order) {
  const auto bytes = make_initramfs("agent!", {{"virtio_ring", "one"}, {"virtio", "two"}});
  ASSERT_TRUE(bytes) << bytes.error().message;
  std::vector<std::string> names;
  std::map<std::string, Read> by_name;
  for (const auto& [name, read] : read_back(*bytes)) {
    names.push_back(name);
    by_name[name] = read;
    EXPECT_EQ(read.time, 0) << name;
  }
  // A file's folder comes before it: the kernel makes no parents (init/initramfs.c).
  EXPECT_THAT(names, ElementsAre("dev", "modules", "proc", "run", "sys", "dev/console",
                                 "modules/00-virtio_ring.ko", "modules/01-virtio.ko", "init"));
  EXPECT_EQ(by_name["init"].content, "agent!");
  EXPECT_EQ(by_name["init"].mode, static_cast<mode_t>(AE_IFREG | 0755));
  EXPECT_EQ(by_name["modules/01-virtio.ko"].content, "two");
  EXPECT_EQ(by_name["dev/console"].mode, static_cast<mode_t>(AE_IFCHR | 0600));
  EXPECT_EQ(by_name["dev/console"].device, makedev(5, 1));
  EXPECT_EQ(by_name["proc"].mode, static_cast<mode_t>(AE_IFDIR | 0755));
}

TEST(Initramfs, the_same_input_gives_the_same_bytes_and_another_input_others) {
  const std::vector<std::pair<std::string, std::string>> modules = {{"virtio", "x"}};
  const auto bytes = make_initramfs("agent", modules);
  EXPECT_EQ(*bytes, *make_initramfs("agent", modules));
  EXPECT_NE(*bytes, *make_initramfs("agenT", modules));
  EXPECT_NE(*bytes, *make_initramfs("agent", {}));
}

TEST(Initramfs, of_a_shell_has_the_cell_its_files_and_commands_only_when_there_are_some) {
  ShellRoot root{.busybox = "busybox!",
                 .cell = "cell!",
                 .loader = "loader!",
                 .run = "run!",
                 .files = {{"abc.o", "object"}},
                 .modules = {{"virtio", "module"}},
                 .greeting = "hello\n",
                 .commands = {},
                 .rows = 50,
                 .columns = 120};
  const auto content = [&] {
    std::map<std::string, std::string> files;
    for (auto& [name, read] : read_back(make_shell_initramfs(root).value()))
      files[name] = read.content;
    return files;
  };
  auto files = content();
  EXPECT_EQ(files["cell/loader"], "loader!");
  EXPECT_EQ(files["cell/files/abc.o"], "object");
  EXPECT_EQ(files["cell/size"], "stty rows 50 cols 120\n");
  EXPECT_THAT(files["init"], testing::StartsWith("#!/bin/busybox sh\n"));
  EXPECT_FALSE(files.contains("cell/commands"));
  root.commands = "cell\n";
  root.rows = 0;
  files = content();
  EXPECT_EQ(files["cell/commands"], "cell\n");
  EXPECT_EQ(files["cell/size"], ":\n");
}

TEST(Initramfs, a_module_name_that_is_a_path_and_an_empty_agent_are_refused) {
  for (const char* name : {"../init", "a/b", ""}) {
    const auto bytes = make_initramfs("agent", {{name, "x"}});
    ASSERT_FALSE(bytes) << name;
    EXPECT_THAT(bytes.error().message, HasSubstr("not a name of a module"));
  }
  EXPECT_FALSE(make_initramfs("", {}));
  EXPECT_FALSE(make_initramfs("agent", std::vector<std::pair<std::string, std::string>>(
                                           100, {"virtio", "x"})));
}

}  // namespace
}  // namespace bpfmatrix::image
