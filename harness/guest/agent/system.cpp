#include "agent/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "agent/port.h"

namespace bpfmatrix::guest {
namespace {

void mount_at(const char* type, const char* path) {
  ::mkdir(path, 0755);
  ::mount(type, path, type, 0, nullptr);
}

}  // namespace

void prepare_system() {
  mount_at("devtmpfs", "/dev");
  mount_at("proc", "/proc");
  mount_at("sysfs", "/sys");
  mount_at("tmpfs", "/run");
  mount_at("bpf", "/sys/fs/bpf");
  ::mkdir("/run/files", 0755);
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

std::string load_modules() {
  std::vector<std::string> names;
  if (DIR* folder = ::opendir("/modules")) {
    while (const dirent* entry = ::readdir(folder))
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    ::closedir(folder);
  }
  std::sort(names.begin(), names.end());
  std::string errors;
  for (const auto& name : names) {
    const int file = ::open(("/modules/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    const bool loaded = file >= 0 && ::syscall(SYS_finit_module, file, "", 0) == 0;
    if (!loaded && errno != EEXIST) errors += name + ": " + std::strerror(errno) + "; ";
    if (file >= 0) ::close(file);
  }
  return errors.substr(0, 1000);
}

std::string nonce_of_boot() {
  char line[4096] = "";
  if (FILE* file = std::fopen("/proc/cmdline", "re")) {
    if (std::fgets(line, sizeof line, file) == nullptr) line[0] = '\0';
    std::fclose(file);
  }
  std::string bytes(16, '\0');
  const char* at = std::strstr(line, "bpfmatrix.nonce=");
  if (at == nullptr) return bytes;
  at += std::strlen("bpfmatrix.nonce=");
  for (char& byte : bytes) {
    unsigned value = 0;
    if (std::sscanf(at, "%2x", &value) != 1) break;
    byte = static_cast<char>(value);
    at += 2;
  }
  return bytes;
}

void awake(uint64_t time, const std::string& random) {
  timespec now{};
  now.tv_sec = static_cast<time_t>(time / 1000000000);
  now.tv_nsec = static_cast<long>(time % 1000000000);
  ::clock_settime(CLOCK_REALTIME, &now);
  const int pool = ::open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (pool < 0) return;
  constexpr size_t kMost = 64;
  const size_t size = std::min(random.size(), kMost);
  alignas(rand_pool_info) char space[sizeof(rand_pool_info) + kMost] = {};
  auto* entropy = reinterpret_cast<rand_pool_info*>(space);
  entropy->entropy_count = static_cast<int>(size) * 8;
  entropy->buf_size = static_cast<int>(size);
  std::memcpy(space + sizeof(rand_pool_info), random.data(), size);
  ::ioctl(pool, RNDADDENTROPY, entropy);
  ::ioctl(pool, RNDRESEEDCRNG);
  ::close(pool);
}

std::string hello(const std::string& nonce, const std::string& module_errors) {
  utsname name{};
  ::uname(&name);
  struct sysinfo info {};
  ::sysinfo(&info);
  timespec uptime{};
  ::clock_gettime(CLOCK_BOOTTIME, &uptime);
  std::string out = nonce;
  append_text(&out, name.release);
  append_text(&out, name.version);
  append_text(&out, name.machine);
  append32(&out, static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  append64(&out, static_cast<uint64_t>(info.totalram) * info.mem_unit);
  append64(&out, static_cast<uint64_t>(uptime.tv_sec) * 1000 +
                     static_cast<uint64_t>(uptime.tv_nsec) / 1000000);
  out.push_back(::access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? '\1' : '\0');
  append_text(&out, module_errors);
  return out;
}

void end_machine() {
  ::sync();
  ::reboot(RB_AUTOBOOT);
  for (;;) ::pause();
}

}  // namespace bpfmatrix::guest
