// The uncompressed kernel inside a bzImage. Pure.
//
// A bzImage unpacks itself, which takes 1 to 2 s under emulation. Its payload can be unpacked here
// and started directly when the kernel has the PVH entry (CONFIG_PVH), an ELF note that QEMU follows
// (Xen's docs/misc/pvh.pandoc; QEMU hw/i386/x86.c, load_elfboot()).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::image {

// The ELF file that `bzimage` carries. invalid_input when the header has no payload (before boot
// protocol 2.08), for a compression that is not known (lzo) and for damaged bytes.
base::Result<std::string> unpack_vmlinux(std::string_view bzimage);

// Has an ELF file of 64-bit x86 the note of a PVH entry (XEN_ELFNOTE_PHYS32_ENTRY)?
[[nodiscard]] bool has_pvh_entry(std::string_view elf);

}  // namespace bpfmatrix::image
