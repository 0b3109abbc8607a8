#include "made_files.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <cstring>

namespace bpfmatrix::image::test {
namespace {

la_ssize_t append(archive*, void* into, const void* data, size_t size) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void add_filter(archive* out, const std::string& filter) {
  if (filter == "xz") archive_write_add_filter_xz(out);
  if (filter == "zstd") archive_write_add_filter_zstd(out);
  if (filter == "gzip") archive_write_add_filter_gzip(out);
  if (filter == "lz4") archive_write_add_filter_lz4(out);
}

void write_entry(archive* out, const Entry& entry) {
  archive_entry* header = archive_entry_new();
  archive_entry_set_pathname(header, entry.path.c_str());
  archive_entry_set_perm(header, 0644);
  const bool file = entry.kind == 'f';
  archive_entry_set_filetype(header, file               ? AE_IFREG
                                     : entry.kind == 'd' ? AE_IFDIR
                                     : entry.kind == 'l' ? AE_IFLNK
                                     : entry.kind == 'c' ? AE_IFCHR
                                                         : AE_IFREG);
  if (entry.kind == 'l') archive_entry_set_symlink(header, entry.target.c_str());
  if (entry.kind == 'h') archive_entry_set_hardlink(header, entry.target.c_str());
  if (entry.kind == 'c') archive_entry_set_rdev(header, makedev(1, 3));
  archive_entry_set_size(header, file ? static_cast<la_int64_t>(entry.content.size()) : 0);
  EXPECT_EQ(archive_write_header(out, header), ARCHIVE_OK) << archive_error_string(out);
  if (file) archive_write_data(out, entry.content.data(), entry.content.size());
  archive_entry_free(header);
}

std::string write_archive(int (*format)(archive*), const std::vector<Entry>& entries,
                          const std::string& filter) {
  std::string bytes;
  archive* out = archive_write_new();
  format(out);
  add_filter(out, filter);
  archive_write_set_bytes_in_last_block(out, 1);
  EXPECT_EQ(archive_write_open(out, &bytes, nullptr, &append, nullptr), ARCHIVE_OK)
      << archive_error_string(out);
  for (const auto& entry : entries) write_entry(out, entry);
  EXPECT_EQ(archive_write_close(out), ARCHIVE_OK) << archive_error_string(out);
  archive_write_free(out);
  return bytes;
}

}  // namespace

std::string make_tar(const std::vector<Entry>& entries, const std::string& filter) {
  return write_archive(&archive_write_set_format_pax_restricted, entries, filter);
}

std::string make_deb(const std::vector<Entry>& entries, const std::string& filter) {
  const std::string end = filter == "xz"     ? ".xz"
                          : filter == "zstd" ? ".zst"
                          : filter == "gzip" ? ".gz"
                                             : "";
  return write_archive(&archive_write_set_format_ar_svr4,
                       {{"debian-binary", "2.0\n"},
                        {"control.tar" + end, make_tar({{"./control", "Package: x\n"}}, filter)},
                        {"data.tar" + end, make_tar(entries, filter)}},
                       "none");
}

std::string compress(const std::string& bytes, const std::string& filter) {
  return write_archive(&archive_write_set_format_raw, {{"x", bytes}}, filter);
}

std::string make_module(const std::vector<std::string>& words) {
  std::string modinfo;
  for (const auto& word : words) modinfo += word + '\0';
  const std::string names = std::string("\0.modinfo\0.shstrtab\0", 20);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  Elf64_Shdr sections[3]{};
  sections[1] = {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = sizeof(header),
                 .sh_size = modinfo.size(), .sh_addralign = 1};
  sections[2] = {.sh_name = 10, .sh_type = SHT_STRTAB,
                 .sh_offset = sizeof(header) + modinfo.size(), .sh_size = names.size(),
                 .sh_addralign = 1};
  std::string body = modinfo + names;
  body.resize((body.size() + 7) / 8 * 8);
  header.e_shoff = sizeof(header) + body.size();
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body +
         std::string(reinterpret_cast<const char*>(sections), sizeof(sections));
}

std::string make_module_of(const std::string& release, const std::string& depends) {
  return make_module({"license=GPL", "depends=" + depends,
                      "vermagic=" + release + " SMP preempt mod_unload modversions "});
}

std::string make_bzimage(const std::string& version_text) {
  std::string image(0x4000, '\0');
  const auto put16 = [&](size_t at, unsigned value) {
    image[at] = static_cast<char>(value & 0xff);
    image[at + 1] = static_cast<char>(value >> 8);
  };
  image[0x1f1] = 3;        // setup_sects: four sectors with the boot sector
  put16(0x1fe, 0xaa55);
  image.replace(0x202, 4, "HdrS");
  put16(0x206, 0x20f);     // protocol 2.15
  put16(0x20e, 0x400);     // kernel_version: at 0x600
  put16(0x236, 0x7f);      // XLF_KERNEL_64 and more
  image.replace(0x600, version_text.size(), version_text);
  return image;
}

std::string make_vmlinux(const std::string& text) {
  std::string image("\x7f" "ELF\x02\x01\x01", 7);
  image.resize(64);
  image[16] = 2;   // ET_EXEC
  image[18] = 62;  // EM_X86_64
  return image + text;
}

base::TemporaryFolder make_folder() {
  auto folder = base::TemporaryFolder::make(std::filesystem::temp_directory_path(), "bpfm-test-");
  EXPECT_TRUE(folder) << folder.error().message;
  return std::move(*folder);
}

std::filesystem::path put_file(const std::filesystem::path& path, const std::string& bytes) {
  const auto written = base::write_file(path, bytes);
  EXPECT_TRUE(written) << written.error().message;
  return path;
}

}  // namespace bpfmatrix::image::test
