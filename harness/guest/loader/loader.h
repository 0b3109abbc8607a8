/* The loader: one process that holds one library version and measures cells with it.
 *
 *   main.c      RUN in, BEGIN and RESULT out
 *   program.c   the files of a program, mapped once
 *   measure.c   one cell: resolve the buffer, load, look at the log
 *   reference.c what a truncated log is held against: true sizes and whole texts
 *   strategy.c  several loads, each with what the one before it taught
 *   apart.c     a cell in a process of its own, with other rights or another view of /sys
 *   extra.c     what a cell varies beside its log mode
 *   btf_kinds.c which kinds some BTF has
 *   recorder.c  every bpf() call, seen through -Wl,--wrap=syscall
 *   api_raw.c, api_libbpf.c   the one difference between loaders: how a load is issued
 *
 * Single-threaded. Plain C11, because it is compiled against the headers of every libbpf version.
 */
#ifndef BPFMATRIX_GUEST_LOADER_H
#define BPFMATRIX_GUEST_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/protocol.h"

#define MAX_NAME 256

/* The files of a program. For prog_load and btf_load a parts file, for object_load the object. */
struct program {
  char file[MAX_NAME];
  const uint8_t* bytes;
  size_t size;
  /* from a parts file; zero for an object */
  uint32_t prog_type, expected_attach_type, instruction_count, btf_size;
  const char* license;
  const char* name;
  const uint64_t* instructions;
  const uint8_t* btf;
};
/* The program of that file, read on first use; NULL and errno when it cannot be read. */
const struct program* program_open(const char* file, bool is_object);

/* --- extra.c ---------------------------------------------------------------------------------- */

enum extra_key {
  EXTRA_ATTR_SIZE = 1 << 0,
  EXTRA_TAIL_BYTE = 1 << 1,
  EXTRA_TRUE_SIZE_IN = 1 << 2,
  EXTRA_BUFFER = 1 << 3, /* =unmapped */
  EXTRA_INSN_CNT = 1 << 4,
  EXTRA_COMMON = 1 << 5,
  EXTRA_MAP_TYPE = 1 << 6,
  EXTRA_MAP_EXTRA = 1 << 7,
  EXTRA_STRATEGY = 1 << 8,
  /* about the process, so that every loader can vary them */
  EXTRA_UID = 1 << 9,
  EXTRA_CAPS = 1 << 10,
  EXTRA_KERNEL_BTF = 1 << 11, /* =hidden */
  EXTRA_PROCESS = 1 << 12,    /* =fresh */
};
#define EXTRAS_OF_PROCESS (EXTRA_UID | EXTRA_CAPS | EXTRA_KERNEL_BTF | EXTRA_PROCESS)

/* Where the log is asked for: struct bpf_common_attr is 7.2's, for every command. */
enum common { COMMON_ONLY, COMMON_SAME, COMMON_DIFFERENT, COMMON_NULL, COMMON_SIZE0, COMMON_PAD };
enum strategy { STRATEGY_DOUBLE, STRATEGY_EXACT, STRATEGY_FIXED_FIRST, STRATEGY_QUERY };

/* What a cell varies beside its log mode. Without holes: compared as bytes. */
struct extras {
  uint64_t map_extra, caps; /* caps: bit = number of the capability */
  uint32_t given;           /* enum extra_key, those that are set */
  uint32_t attr_size, tail_byte, true_size_in, insn_cnt, uid, map_type;
  uint8_t common, strategy, zero[2];
};
/* Takes one key; false for a key or value that is not known. */
bool extra_set(struct extras* extras, const char* key, const char* value);
/* The name of the first key among `keys`. */
const char* extra_name(uint32_t keys);

/* One load as it is to be issued. */
struct load {
  uint8_t interface; /* enum bpfm_interface */
  uint32_t level;
  void* buffer; /* passed as it is; NULL with any size is legal here */
  uint64_t size;
  bool own_buffer;    /* object_load: leave the log buffer to the library */
  struct extras extras;
  const struct program* program;
  const char* function;
  uint32_t instruction_count; /* of the function as it is in the object */
};

#define TRUE_SIZE_BEFORE 77 /* harness/result/observation.h */

/* What the loader's API answered. */
struct answer {
  uint8_t state;        /* enum bpfm_state */
  int32_t api_errno;    /* 0: success; positive; libbpf's own codes from 4000 */
  int64_t return_value; /* as the API gave it */
  const char* note;     /* why it is not expressible or what failed; static text */
  bool btf_unreadable;  /* it failed, and the library cannot read this kernel's BTF */
  bool has_true_size;   /* the library has an option log_true_size; it held TRUE_SIZE_BEFORE */
  uint32_t true_size;   /* what it holds after the call */
  bool no_call_needed;  /* what was asked for makes no bpf() call */
  uint32_t btf_kinds;   /* of BTF that was read; 0: none, or not known */
};

/* The loader's API: issues one load and undoes it. Defined once per loader. */
void api_load(const struct load* load, struct answer* answer);
/* The keys of `extra` that it can vary: enum extra_key. */
uint32_t api_extras(void);
/* It makes its calls itself: each of the measured command is the measured one. */
bool api_is_direct(void);
/* The last of what the library printed during the last api_load(). */
const char* api_messages(void);

/* --- btf_kinds.c ------------------------------------------------------------------------------ */

/* The kinds in `size` bytes of BTF, bit = number of the kind; 0 when they are malformed or have a
 * kind that is not known here. */
uint32_t btf_kinds(const void* btf, size_t size);

/* --- strategy.c ------------------------------------------------------------------------------- */

/* Loads as load->extras.strategy says. On return `load` is the last one, whose answer it is. */
void strategy_load(struct load* load, struct answer* answer);

/* --- recorder.c ------------------------------------------------------------------------------- */

struct recorded_call {
  uint32_t cmd, level, size, attr_size, length;
  int32_t error;
  uint8_t flags; /* enum bpfm_call_flag */
};

/* The log text after the last measured call: a copy, since libraries free their buffers. */
struct captured_log {
  char* text;      /* not terminated */
  uint64_t length; /* of the kernel's text, without NUL */
  bool complete;   /* `text` holds all of it (it is cut above 32 MiB) */
};

struct record {
  uint32_t count; /* calls kept; more are counted in `dropped` */
  uint32_t dropped;
  bool measured;          /* the measured command was called at least once */
  int32_t kernel_errno;   /* of its last call */
  uint64_t log_true_size; /* as the kernel told it at its last call; 0: not told */
  uint64_t size;          /* log size of its last call */
  uint32_t level;
  bool touched;         /* the kernel wrote into the log buffer at its last call */
  bool had_buffer;      /* its last call passed a log buffer */
  uint32_t prog_type;   /* of its first call, when that was PROG_LOAD */
  uint32_t overrun;     /* bytes found changed behind the buffer, the largest of all calls */
  uint32_t btf_kinds;   /* of the last BTF that was passed and is no probe's */
  uint64_t overhead_ns; /* time spent recording, to be taken off the duration */
  struct captured_log log;
  struct recorded_call calls[BPFM_MAX_CALLS]; /* last: those behind `count` hold anything */
};
extern struct record record;

/* Starts a new record: the calls that follow belong to `load`. */
void record_begin(const struct load* load);
/* Calls are passed through without being recorded until the next record_begin(). */
void record_end(void);
/* For a buffer that no measured call may ever see: marks it before, and looks at it after. */
void record_arm(const struct load* load);
void record_look(const struct load* load);
/* Finds out what the recorder must know of the kernel, while there are rights enough to. */
void recorder_look_at_kernel(void);

/* The one log buffer of this process: 1 GiB of address space, touched only where used. Returns its
 * start; `size` bytes and a guard behind them may be used. NULL when it cannot be mapped. */
void* arena_buffer(uint64_t size);
/* Gives pages back after a large log. */
void arena_release(uint64_t size);

/* An address at which nothing is mapped, ever: below vm.mmap_min_addr. */
#define UNMAPPED_BUFFER ((void*)4096)

uint64_t now_ns(void);

/* --- reference.c ------------------------------------------------------------------------------ */

/* True size of (program, interface, level) as harness/docs/protocol.md defines it: the smallest
 * size that is accepted on kernels with a rotating log, one less before them. 0: cannot be
 * measured. */
uint64_t true_size_of(const struct load* load);
/* Finds out once whether this kernel's log rotates, while there are rights enough to. */
void reference_look_at_kernel(void);

/* Which part of the whole text the captured one is: enum bpfm_kept. `load` is the truncated one. */
uint8_t kept_part(const struct load* load, const char* text, uint64_t length);

/* Whether a load at level 0 that failed with `error` reached verification: the same program at
 * level 1 fails alike and has a text. */
bool reaches_verification(const struct load* load, int32_t error);

/* SHA-256 of a text; whole texts seen before are not hashed again. */
void text_digest(const char* text, uint64_t length, uint8_t digest[32]);

/* --- measure.c -------------------------------------------------------------------------------- */

struct cell {
  uint32_t cell;
  uint8_t interface, buffer_kind;
  int64_t buffer_value;
  uint32_t level, limit_ms;
  char file[MAX_NAME], function[MAX_NAME];
  uint32_t instruction_count;
  struct extras extras;
  char unknown_extra[MAX_NAME]; /* a key or value that this loader does not know */
};
/* Measures `cell` and writes its observation (wire/protocol.h) to `out`; returns its size. `out`
 * has room for BPFM_MAX_OBSERVATION bytes. */
size_t measure(const struct cell* cell, uint8_t* out);
/* Likewise, in this very process. */
size_t measure_here(const struct cell* cell, uint8_t* out);
/* The observation of a cell that failed for a reason of ours. */
size_t measure_failed(const char* step, int error, uint8_t* out);

/* --- apart.c ---------------------------------------------------------------------------------- */

/* Measures `cell` in a process of its own. When that dies, this one dies alike. */
size_t measure_apart(const struct cell* cell, uint8_t* out);
/* That process: argv[1] is APART_ARGUMENT; a cell in on descriptor 0, its observation out on 1. */
#define APART_ARGUMENT "apart"
int apart_main(void);

#endif
