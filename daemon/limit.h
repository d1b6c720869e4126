/*
 * Limit: a token bucket, for the rate of a transport. Pure: the caller's monotonic time, in
 * milliseconds; a time before the last one counts as the last one.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
    int64_t rate_per_s; /* 0: no limit */
    int64_t burst;      /* tokens that may be saved up, at least 1 */
    int64_t milli;      /* thousandths of tokens in the bucket */
    int64_t at_ms;      /* when `milli` was right */
};

/* Fills the bucket. A burst below 1 counts as 1. */
void limit_init(struct limit *l, int64_t rate_per_s, int64_t burst, int64_t now_ms);

/* Takes one token; false, with nothing taken, when there is none. */
bool limit_take(struct limit *l, int64_t now_ms);

/* Milliseconds until limit_take() will succeed; 0 when it would now. */
int64_t limit_wait_ms(struct limit *l, int64_t now_ms);

#endif
