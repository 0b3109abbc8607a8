/* One cell: the buffer is resolved, the load is issued once, its log is looked at. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "loader.h"

struct writer {
  uint8_t* at;
};
static void put8(struct writer* w, uint8_t v) {
  *w->at++ = v;
}
static void put16(struct writer* w, uint16_t v) {
  bpfm_put16(w->at, v);
  w->at += 2;
}
static void put32(struct writer* w, uint32_t v) {
  bpfm_put32(w->at, v);
  w->at += 4;
}
static void put64(struct writer* w, uint64_t v) {
  bpfm_put64(w->at, v);
  w->at += 8;
}
static void put_text(struct writer* w, const char* text, size_t size) {
  put16(w, (uint16_t)size);
  memcpy(w->at, text, size);
  w->at += size;
}

/* Everything that is told of one cell. */
struct outcome {
  struct answer answer;
  uint8_t decided_by, kept, flags;
  uint64_t true_size, buffer_size, duration_ns;
  uint32_t btf_kinds;
  uint8_t digest[32];
  /* last: long, and empty most of the time */
  char note[BPFM_MAX_NOTE + 1];
  char messages[BPFM_MAX_MESSAGES + 1];
};

/* For each cell: not all of a struct that is mostly room for texts. */
static void clear(struct outcome* out) {
  memset(out, 0, offsetof(struct outcome, note));
  out->note[0] = out->messages[0] = '\0';
}

/* Cut to `room` with its NUL. What snprintf() does, without its code: under emulation each piece of
 * code that a cell runs through costs. */
static void copy_text(char* to, size_t room, const char* from) {
  const size_t size = strnlen(from, room - 1);
  memcpy(to, from, size);
  to[size] = '\0';
}

static bool fail(struct outcome* out, uint8_t state, const char* note) {
  out->answer.state = state;
  copy_text(out->note, sizeof out->note, note);
  return false;
}

/* A relative buffer without a true size: because this loader takes no buffer at all, or because the
 * size cannot be found. */
static bool no_true_size(struct load* load, struct outcome* out) {
  struct load plain = *load;
  struct answer answer = {0};
  plain.buffer = arena_buffer(4096);
  plain.size = 4096;
  record_begin(NULL);
  api_load(&plain, &answer);
  if (answer.state == BPFM_NOT_EXPRESSIBLE) return fail(out, answer.state, answer.note);
  return fail(out, BPFM_NOT_MEASURABLE, "TRUE_SIZE: no load tells it and none can be searched for");
}

/* Where the buffer lies and how large it is said to be. False with a state when it cannot be had.
 */
static bool resolve_buffer(const struct cell* cell, struct load* load, struct outcome* out) {
  int64_t size = cell->buffer_value;
  switch (cell->buffer_kind) {
    case BPFM_BUF_NONE:
      load->own_buffer = cell->interface == BPFM_OBJECT_LOAD;
      return true;
    case BPFM_BUF_NULL:
      load->size = (uint64_t)size;
      out->buffer_size = load->size;
      return true;
    case BPFM_BUF_RELATIVE:
      out->true_size = true_size_of(load);
      if (out->true_size == 0) return no_true_size(load, out);
      size += (int64_t)out->true_size;
      if (size < 0) size = 0;
      break;
    default:
      break;
  }
  const bool unmapped = (cell->extras.given & EXTRA_BUFFER) != 0;
  load->buffer = unmapped ? UNMAPPED_BUFFER : arena_buffer((uint64_t)size);
  load->size = (uint64_t)size;
  out->buffer_size = load->size;
  if (!load->buffer)
    return fail(out, BPFM_NOT_MEASURABLE, "BUFFER: this loader maps at most 1 GiB for the log");
  return true;
}

static bool expressible(const struct cell* cell, struct outcome* out) {
  const uint32_t others = cell->extras.given & ~api_extras();
  if (!cell->unknown_extra[0] && !others) return true;
  snprintf(out->note, sizeof out->note, "EXTRA: this loader cannot vary %.100s",
           cell->unknown_extra[0] ? cell->unknown_extra : extra_name(others));
  out->answer.state = BPFM_NOT_EXPRESSIBLE;
  return false;
}

static bool prepare(const struct cell* cell, struct load* load, struct outcome* out) {
  load->interface = cell->interface;
  load->level = cell->level;
  load->function = cell->function;
  load->instruction_count = cell->instruction_count;
  load->extras = cell->extras;
  /* Of the process, not of the call: the same for every load in here. */
  load->extras.given &= ~(uint32_t)EXTRAS_OF_PROCESS;
  if (!expressible(cell, out)) return false;
  /* A map and the kernel's BTF owe nothing to the program. */
  static const struct program none;
  load->program = &none;
  if (cell->interface == BPFM_MAP_CREATE || cell->interface == BPFM_KERNEL_BTF) return true;
  load->program = program_open(cell->file, cell->interface == BPFM_OBJECT_LOAD);
  if (!load->program) {
    snprintf(out->note, sizeof out->note, "%.100s: %s", cell->file, strerror(errno));
    out->answer.state = BPFM_LOADER_ERROR;
    return false;
  }
  return true;
}

static void copy_record(struct record* to, const struct record* from) {
  memcpy(to, from, offsetof(struct record, calls) + from->count * sizeof from->calls[0]);
}

/* What the record of the load amounts to. Makes reference loads where the text must be placed. */
static void look(const struct load* load, struct outcome* out) {
  out->decided_by = record.measured ? BPFM_BY_KERNEL : BPFM_BY_LIBRARY;
  const bool failed = record.measured && record.kernel_errno != 0;
  const bool has_text = record.touched && record.log.length > 0;
  if (record.log_true_size) out->flags |= BPFM_TRUE_SIZE_TOLD;
  if (record.touched) out->flags |= BPFM_TOUCHED;
  if (out->answer.btf_unreadable) out->flags |= BPFM_BTF_UNREADABLE;
  if (out->answer.has_true_size) out->flags |= BPFM_API_TRUE_SIZE;
  if (out->answer.no_call_needed) out->flags |= BPFM_NO_CALL_NEEDED;
  out->btf_kinds = record.btf_kinds ? record.btf_kinds : out->answer.btf_kinds;
  if (record.dropped)
    snprintf(out->note, sizeof out->note, "%u further calls were made than are kept",
             record.dropped);

  bool verified = record.measured && (!failed || has_text || record.log_true_size != 0);
  /* The copy must outlive the reference loads below, which make records of their own. */
  static struct record own;
  copy_record(&own, &record);
  record.log.text = NULL;
  /* With a buffer or a size, level 0 is refused for its log attributes. */
  if (own.measured && failed && !verified && own.level == 0 && own.size == 0 && !own.had_buffer)
    verified = reaches_verification(load, own.kernel_errno);
  /* The log of a map tells of its attributes: nothing is verified. */
  if (verified && load->interface != BPFM_MAP_CREATE) out->flags |= BPFM_VERIFIED;
  /* Without the measured call there is no whole text that a part could be of. */
  if (has_text && own.log.text && !own.measured)
    text_digest(own.log.text, own.log.complete ? own.log.length : 32u << 20, out->digest);
  else if (has_text && own.log.text) {
    const uint64_t copied = own.log.complete ? own.log.length : 32u << 20;
    /* A full buffer may hide a cut as well: invalid BTF before 6.4 keeps its own error. */
    const bool cut = (failed && own.kernel_errno == ENOSPC) || own.log.length + 1 >= own.size;
    out->kept = cut ? kept_part(load, own.log.text, copied) : BPFM_KEPT_ALL;
    if (out->kept == BPFM_KEPT_NONE)
      snprintf(out->note, sizeof out->note,
               "the text that was kept could not be placed in the whole");
    text_digest(own.log.text, copied, out->digest);
  }
  record_begin(NULL);
  copy_record(&record, &own);
}

static size_t encode(const struct outcome* out, uint8_t* at) {
  struct writer w = {at};
  const struct captured_log* log = &record.log;
  const bool measured = out->answer.state == BPFM_MEASURED;
  put8(&w, out->answer.state);
  put8(&w, out->decided_by);
  put8(&w, out->kept);
  put8(&w, out->flags);
  put32(&w, (uint32_t)out->answer.api_errno);
  put64(&w, (uint64_t)out->answer.return_value);
  put32(&w, measured && record.measured ? (uint32_t)record.kernel_errno : 0);
  put64(&w, measured ? record.log_true_size : 0);
  put64(&w, out->true_size);
  put64(&w, out->answer.true_size);
  put64(&w, measured && record.measured && !out->buffer_size ? record.size : out->buffer_size);
  put64(&w, measured ? log->length : 0);
  put32(&w, measured ? record.overrun : 0);
  put64(&w, out->duration_ns);
  memcpy(w.at, out->digest, 32);
  w.at += 32;
  put32(&w, measured ? out->btf_kinds : 0);
  put16(&w, measured ? (uint16_t)record.count : 0);
  for (uint32_t i = 0; measured && i < record.count; ++i) {
    const struct recorded_call* call = &record.calls[i];
    put32(&w, call->cmd);
    put32(&w, call->level);
    put32(&w, call->size);
    put32(&w, call->attr_size);
    put32(&w, (uint32_t)call->error);
    put32(&w, call->length);
    put8(&w, call->flags);
  }
  const uint64_t have = measured && log->text ? (log->complete ? log->length : 32u << 20) : 0;
  const size_t head = have < BPFM_MAX_LOG_HEAD ? have : BPFM_MAX_LOG_HEAD;
  const size_t tail = have < BPFM_MAX_LOG_TAIL ? have : BPFM_MAX_LOG_TAIL;
  put_text(&w, head ? log->text : "", head);
  put_text(&w, tail ? log->text + have - tail : "", tail);
  put_text(&w, out->messages, strlen(out->messages));
  put_text(&w, out->note, strlen(out->note));
  return (size_t)(w.at - at);
}

size_t measure_here(const struct cell* cell, uint8_t* at) {
  struct outcome out;
  struct load load = {0};
  clear(&out);
  record_begin(NULL);
  if (!prepare(cell, &load, &out) || !resolve_buffer(cell, &load, &out)) return encode(&out, at);
  record_begin(&load);
  /* The buffer of an object is the user's, whoever writes to it: BTF has its log there too. */
  const bool users = cell->interface == BPFM_OBJECT_LOAD && load.buffer;
  if (users) record_arm(&load);
  const uint64_t began = now_ns();
  if (load.extras.given & EXTRA_STRATEGY) {
    strategy_load(&load, &out.answer);
    out.buffer_size = load.size;
  } else {
    api_load(&load, &out.answer);
  }
  const uint64_t took = now_ns() - began;
  record_end();
  out.duration_ns = took > record.overhead_ns ? took - record.overhead_ns : 0;
  copy_text(out.messages, sizeof out.messages, api_messages());
  if (out.answer.note) copy_text(out.note, sizeof out.note, out.answer.note);
  if (users && !record.measured) record_look(&load);
  if (out.answer.state == BPFM_MEASURED) look(&load, &out);
  arena_release(load.buffer ? load.size : 0);
  return encode(&out, at);
}

size_t measure_failed(const char* step, int error, uint8_t* at) {
  struct outcome out;
  clear(&out);
  record_begin(NULL);
  snprintf(out.note, sizeof out.note, "%.200s: %s", step, strerror(error));
  out.answer.state = BPFM_LOADER_ERROR;
  return encode(&out, at);
}

size_t measure(const struct cell* cell, uint8_t* at) {
  if (!(cell->extras.given & EXTRAS_OF_PROCESS)) return measure_here(cell, at);
  struct outcome out;
  clear(&out);
  record_begin(NULL);
  return expressible(cell, &out) ? measure_apart(cell, at) : encode(&out, at);
}
