// What a process test counts before and after: open descriptors and unreaped children.
#pragma once

#include <dirent.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <set>

namespace bpfmatrix::tests {

inline std::set<int> open_descriptors() {
  std::set<int> all;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder))
    if (entry->d_name[0] != '.') all.insert(std::atoi(entry->d_name));
  all.erase(::dirfd(folder));
  ::closedir(folder);
  return all;
}

// No child is left, dead or alive.
inline bool no_children() {
  return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

}  // namespace bpfmatrix::tests
