/* The ways in which loaders look for a log buffer that fits: several loads, each with what the one
 * before it taught. All of them are measured calls of one record.
 */
#include <errno.h>

#include "loader.h"

#define FIXED 8u                 /* BPF_LOG_FIXED, 6.4 */
#define MOST ((1ull << 30) - 1)  /* UINT_MAX >> 2, 5.2 and later */
#define MOST_BEFORE_5_2 0xffffffull /* UINT_MAX >> 8 */
#define EXACT_TRIES 5            /* the STATS level prints a time, so that sizes differ */

static void once(struct load* load, struct answer* answer) {
  load->buffer = load->size ? arena_buffer(load->size) : NULL;
  *answer = (struct answer){0};
  api_load(load, answer);
}

static bool did_not_fit(const struct answer* answer) {
  return answer->api_errno == ENOSPC;
}

/* EINVAL for what was asked of the log, not for the program: the verifier leaves a text or a size
 * behind. */
static bool refused(const struct answer* answer) {
  return answer->api_errno == EINVAL && !record.touched && record.log_true_size == 0;
}

static void double_it(struct load* load, struct answer* answer) {
  once(load, answer);
  while (did_not_fit(answer) && load->size < MOST) {
    const uint64_t before = load->size;
    load->size = before * 2 < MOST ? before * 2 : MOST;
    once(load, answer);
    if (!refused(answer)) continue;
    if (before >= MOST_BEFORE_5_2) return;
    load->size = MOST_BEFORE_5_2;
    once(load, answer);
    return;
  }
}

static void exactly(struct load* load, struct answer* answer) {
  once(load, answer);
  for (int i = 0; i < EXACT_TRIES && did_not_fit(answer); ++i) {
    if (record.log_true_size == 0) {
      load->size = load->size * 2 < MOST ? load->size * 2 : MOST;
      double_it(load, answer);
      return;
    }
    load->size = record.log_true_size;
    once(load, answer);
  }
}

static void fixed_first(struct load* load, struct answer* answer) {
  const uint32_t level = load->level & ~FIXED;
  load->level = level | FIXED;
  once(load, answer);
  if (!refused(answer)) return;
  load->level = level;
  once(load, answer);
}

static void query(struct load* load, struct answer* answer) {
  const uint64_t size = load->size;
  load->size = 0;
  once(load, answer);
  if (refused(answer)) { /* before 6.4 */
    load->size = size;
    double_it(load, answer);
  } else if (record.log_true_size) {
    load->size = record.log_true_size;
    once(load, answer);
  }
}

void strategy_load(struct load* load, struct answer* answer) {
  switch (load->extras.strategy) {
    case STRATEGY_DOUBLE:
      double_it(load, answer);
      break;
    case STRATEGY_EXACT:
      exactly(load, answer);
      break;
    case STRATEGY_FIXED_FIRST:
      fixed_first(load, answer);
      break;
    default:
      query(load, answer);
  }
}
