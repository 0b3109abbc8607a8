// A "kernel" that fake_qemu reads its scenario from.
#pragma once

#include <string>

namespace bpfmatrix::tests {

// A bzImage, as far as its setup header goes. `name` makes it another file.
inline std::string make_fake_kernel(const std::string& name, const std::string& scenario) {
  std::string image(0x4000, '\0');
  const std::string line = "FAKE " + scenario + "\n" + name;
  image.replace(0, line.size(), line);
  image[0x1f1] = 3;  // setup_sects
  image.replace(0x1fe, 2, "\x55\xaa");
  image.replace(0x202, 4, "HdrS");
  image.replace(0x206, 2, "\x0f\x02");                // protocol 2.15
  image.replace(0x20e, 2, std::string("\0\x04", 2));  // kernel_version: at 0x600
  image[0x236] = 0x7f;                                // XLF_KERNEL_64 and more
  const std::string version = "6.1.0-" + name + " (builder) #1 SMP";
  image.replace(0x600, version.size(), version);
  return image;
}

}  // namespace bpfmatrix::tests
