/*
 * Flow control (pure): how many attempts a destination may have under way, and how many a time it
 * may have at all.
 *
 * A window opens by one with each success and closes to its half with each failure, so that a
 * well relay is soon used to its share and an unwell one by a single attempt, which is the probe
 * that finds it well again. A bucket holds what may go at once and refills at the rate (the
 * generic cell rate algorithm: one time stamp, no timer).
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_FIRST = 4 };

struct window {
    size_t size;       /* attempts at a time; 0 = not yet used, counts as WINDOW_FIRST */
    uint32_t failures; /* one after another */
};

void window_succeeded(struct window *w, size_t most);
void window_failed(struct window *w);

/* How many attempts fit: never 0, at most `most`. */
size_t window_size(const struct window *w, size_t most);

/* So many in a time, and so many of them at once. */
struct rate {
    int64_t count; /* 0 = no limit */
    int64_t period_ms;
    int64_t burst; /* at least 1 */
};

struct bucket {
    int64_t full_us; /* steady time from which on it is full again */
};

/* How many may go now; SIZE_MAX without a limit. */
size_t bucket_room(const struct bucket *b, const struct rate *rate, int64_t now_ms);

/* The steady time, not before now_ms, at which the next one may go. */
int64_t bucket_next_ms(const struct bucket *b, const struct rate *rate, int64_t now_ms);

/* One goes at that time, whether there was room or not. */
void bucket_take(struct bucket *b, const struct rate *rate, int64_t at_ms);

#endif
