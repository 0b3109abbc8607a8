/* The bytes between driver and guest, for C and C++: harness/docs/protocol.md says the same in
 * prose.
 *
 * Everything is little-endian and unaligned. A stream is a sequence of frames:
 *   magic u32 | version u8 | type u8 | flags u16 | seq u32 | length u32 | crc32 u32 | payload
 * seq counts the frames of one direction from 0; crc32 (zlib's) is that of the payload. There is no
 * resynchronisation: a frame that is not as written here ends the machine.
 */
#ifndef BPFMATRIX_WIRE_PROTOCOL_H
#define BPFMATRIX_WIRE_PROTOCOL_H

#include <stdint.h>
#include <string.h>

#define BPFM_MAGIC 0x4d465042u /* "BPFM" */
#define BPFM_VERSION 3
#define BPFM_HEADER_SIZE 20
#define BPFM_MAX_PAYLOAD 65536
/* A write of a guest to its port is atomic up to this size (Linux drivers/char/virtio_console.c,
 * port_fops_write() takes 32 KiB at most). */
#define BPFM_MAX_GUEST_FRAME 32768

enum bpfm_frame_type {
  /* driver to guest */
  BPFM_FILE = 1,     /* str name, u8 executable, u64 total, u64 offset, data to the end */
  BPFM_RUN = 2,      /* u32 run, u32 flags, str loader, u32 count, count x cell (below) */
  BPFM_SHUTDOWN = 3, /* empty */
  BPFM_WAKE = 4,     /* bytes16 nonce, u64 ns since 1970 UTC, bytes32 random: to a restored machine,
                        before all else. The agent sets its clock, stirs the random into the kernel's
                        pool, counts its frames from 0 again and says HELLO with that nonce */
  /* guest to driver */
  BPFM_HELLO = 16,       /* bytes16 nonce, str release, str kernel version, str machine, u32 cpus,
                            u64 memory bytes, u64 uptime ms, u8 kernel_btf, str module errors */
  BPFM_FILE_DONE = 17,   /* str name, s32 errno (0: stored) */
  BPFM_BEGIN = 18,       /* u32 run, u32 cell */
  BPFM_RESULT = 19,      /* u32 run, u32 cell, observation (below) */
  BPFM_RUN_DONE = 20,    /* u32 run */
  BPFM_LOADER_GONE = 21, /* u32 run, u32 cell in flight (BPFM_NO_CELL: none), u8 reason,
                            s32 exit code or signal */
};
#define BPFM_NO_CELL 0xffffffffu

/* flags of a frame */
enum bpfm_frame_flag {
  /* A dead loader may have sent it already: who has had its seq drops it. */
  BPFM_FRAME_AGAIN = 1,
};

/* flags of RUN */
enum bpfm_run_flag {
  /* Every BEGIN leaves the guest before its cell is measured, so that the death of the machine has
   * exactly one cell to blame. Without it only the first of the RUN does, which tells that cells
   * are under way, and other frames are held back (below). */
  BPFM_RUN_ANNOUNCE = 1,
};

enum bpfm_gone_reason {
  BPFM_GONE_EXIT = 0,     /* exited; the number is its code */
  BPFM_GONE_SIGNAL = 1,   /* ended by a signal; the number is the signal */
  BPFM_GONE_TIMEOUT = 2,  /* its cell took longer than its limit, so the agent killed it */
  BPFM_GONE_NO_START = 3, /* could not be executed; the number is the errno */
};

/* A cell of RUN:
 *   u32 cell, u8 interface, u8 buffer kind, s64 buffer value, u32 level, u32 limit ms,
 *   str file, str function, u32 instruction_count, u8 n, n x (str key, str value)
 * str is u16 length and bytes. `file` is the name under which FILE stored it. */
enum bpfm_interface {
  BPFM_PROG_LOAD = 0,
  BPFM_OBJECT_LOAD = 1,
  BPFM_BTF_LOAD = 2,
  BPFM_MAP_CREATE = 3, /* of an array map that owes nothing to `file` but its name */
  BPFM_KERNEL_BTF = 4, /* the running kernel's own BTF is read; no bpf() call belongs to it */
};
enum bpfm_buffer {
  BPFM_BUF_NONE = 0,
  BPFM_BUF_NULL = 1,
  BPFM_BUF_FIXED = 2,
  BPFM_BUF_RELATIVE = 3
};

/* An observation of RESULT:
 *   u8 state, u8 decided_by, u8 kept, u8 flags, s32 api_errno (0: success; positive, libbpf's own
 *   from 4000), s64 return_value, s32 kernel_errno (0: success), u64 log_true_size (as the kernel
 *   told it), u64 true_size (used for a relative buffer; 0: not measured), u64 api_true_size
 * (what the library left in its own option of that name), u64 buffer_size
 * (passed), u64 log_length (without NUL), u32 overrun (bytes written past the buffer), u64
 * duration_ns, bytes32 log_sha256 (zero when the log is empty), u32 btf_kinds (bit n: BTF of kind n
 * was there; 0: not known), u16 n, n x call, str log_head, str log_tail, str messages (of the
 * library), str note (why not expressible, ...)
 * A call: u32 cmd, u32 level, u32 size, u32 attr_size, s32 errno (0: success), u32 length (bytes of
 * log text after it, without NUL; 0 for calls that are not measured), u8 flags. */
enum bpfm_state {
  BPFM_MEASURED = 0,
  BPFM_NOT_EXPRESSIBLE = 1, /* this loader has no way to say it */
  BPFM_NOT_MEASURABLE = 2,  /* the true size could not be found */
  BPFM_LOADER_ERROR = 3,    /* the loader itself failed: missing file, no memory */
};
enum bpfm_decided { BPFM_BY_UNKNOWN = 0, BPFM_BY_LIBRARY = 1, BPFM_BY_KERNEL = 2 };
enum bpfm_kept { BPFM_KEPT_NONE = 0, BPFM_KEPT_HEAD = 1, BPFM_KEPT_TAIL = 2, BPFM_KEPT_ALL = 3 };
enum bpfm_observation_flag {
  BPFM_TRUE_SIZE_TOLD = 1, /* log_true_size is the kernel's own */
  BPFM_API_TRUE_SIZE = 32, /* the library has such an option, and was called */
  BPFM_TOUCHED = 2,        /* the kernel wrote into the log buffer */
  BPFM_BTF_UNREADABLE = 8, /* the library refused, and it cannot read this kernel's BTF */
  BPFM_VERIFIED = 4,       /* there is evidence that verification was reached */
  BPFM_NO_CALL_NEEDED = 16, /* what was measured makes no bpf() call: none is missing */
};
enum bpfm_call_flag { BPFM_CALL_PROBE = 1, BPFM_CALL_MEASURED = 2 };

#define BPFM_MAX_CALLS 128
#define BPFM_MAX_LOG_HEAD 2048
#define BPFM_MAX_LOG_TAIL 4096
#define BPFM_MAX_MESSAGES 1024
#define BPFM_MAX_NOTE 256

/* A parts file: what a low-level load needs of a program.
 *   u32 magic, u32 prog_type, u32 expected_attach_type, str license, str name,
 *   u32 instruction count, 8 bytes each, u32 BTF length, BTF bytes */
#define BPFM_PARTS_MAGIC 0x50465042u /* "BPFP" */

/* The largest observation, in bytes. */
#define BPFM_MAX_OBSERVATION                                                          \
  (110 + 25 * BPFM_MAX_CALLS + 8 + BPFM_MAX_LOG_HEAD + BPFM_MAX_LOG_TAIL + BPFM_MAX_MESSAGES + \
   BPFM_MAX_NOTE)

/* A loader that need not announce writes to the port once so many bytes are full, or so much time
 * has passed since its last write. What can come on top of the bytes (a result and two small frames)
 * still fits into one write: a part of a write is never sent. */
#define BPFM_HOLD_BYTES 20480
#define BPFM_HOLD_NS 20000000ull

/* Shared between agent and loader (an inherited descriptor): who writes which frame next, what is
 * in flight, and the frames that the loader has not written yet, so that nothing of this is lost
 * with the loader. The loader appends a frame to `out` and then moves `out_size`; it moves `cell`
 * after the frame that says so and before it writes. So the last frame in `out` tells what is in
 * flight, and where there is none, `cell` does. */
struct bpfm_shared {
  uint32_t next_seq; /* of the guest's next frame; behind that of the last frame in `out` */
  uint32_t run;      /* of the cell in flight */
  uint32_t cell;     /* in flight, or BPFM_NO_CELL */
  uint32_t limit_ms; /* of the cell in flight */
  uint64_t began_ns; /* CLOCK_MONOTONIC */
  uint32_t idle;     /* 1: the loader waits for a RUN */
  uint32_t out_size; /* bytes in `out`, whole frames */
  uint8_t out[BPFM_MAX_GUEST_FRAME];
};
/* Descriptors of a loader process: cells come in on 0 (payloads of RUN, u32 length in front), its
 * frames go out on 3 (the port), what is shared is 4. */
enum bpfm_loader_descriptor { BPFM_FD_CELLS = 0, BPFM_FD_PORT = 3, BPFM_FD_SHARED = 4 };

static inline void bpfm_put16(uint8_t* at, uint16_t v) {
  at[0] = (uint8_t)v;
  at[1] = (uint8_t)(v >> 8);
}
static inline void bpfm_put32(uint8_t* at, uint32_t v) {
  bpfm_put16(at, (uint16_t)v);
  bpfm_put16(at + 2, (uint16_t)(v >> 16));
}
static inline void bpfm_put64(uint8_t* at, uint64_t v) {
  bpfm_put32(at, (uint32_t)v);
  bpfm_put32(at + 4, (uint32_t)(v >> 32));
}
static inline uint16_t bpfm_get16(const uint8_t* at) {
  return (uint16_t)(at[0] | at[1] << 8);
}
static inline uint32_t bpfm_get32(const uint8_t* at) {
  return (uint32_t)bpfm_get16(at) | (uint32_t)bpfm_get16(at + 2) << 16;
}
static inline uint64_t bpfm_get64(const uint8_t* at) {
  return (uint64_t)bpfm_get32(at) | (uint64_t)bpfm_get32(at + 4) << 32;
}

/* Writes a header for `length` bytes of payload whose crc32 is `crc`. */
static inline void bpfm_put_header(uint8_t* at, uint8_t type, uint32_t seq, uint32_t length,
                                   uint32_t crc) {
  bpfm_put32(at, BPFM_MAGIC);
  at[4] = BPFM_VERSION;
  at[5] = type;
  bpfm_put16(at + 6, 0);
  bpfm_put32(at + 8, seq);
  bpfm_put32(at + 12, length);
  bpfm_put32(at + 16, crc);
}

#endif
