/*
 * Flow control: see flow.h.
 */
#include "flow.h"

size_t window_size(const struct window *w, size_t most)
{
    size_t size = w->size ? w->size : WINDOW_FIRST;
    if (size > most)
        size = most;
    return size ? size : 1;
}

void window_succeeded(struct window *w, size_t most)
{
    w->failures = 0;
    w->size = window_size(w, most);
    if (w->size < most)
        w->size++;
}

void window_failed(struct window *w)
{
    if (w->failures < UINT32_MAX)
        w->failures++;
    w->size = window_size(w, SIZE_MAX) / 2;
    if (!w->size)
        w->size = 1;
}

static int64_t interval_us(const struct rate *rate)
{
    int64_t us = rate->period_ms * 1000 / rate->count;
    return us > 0 ? us : 1;
}

/* The bucket is as full as it may be from full_us on, and empty `burst` intervals before. */
static int64_t spare_us(const struct bucket *b, const struct rate *rate, int64_t now_ms)
{
    int64_t behind = b->full_us - now_ms * 1000;
    return interval_us(rate) * rate->burst - (behind > 0 ? behind : 0);
}

size_t bucket_room(const struct bucket *b, const struct rate *rate, int64_t now_ms)
{
    if (!rate->count)
        return SIZE_MAX;
    int64_t spare = spare_us(b, rate, now_ms);
    return spare > 0 ? (size_t)(spare / interval_us(rate)) : 0;
}

int64_t bucket_next_ms(const struct bucket *b, const struct rate *rate, int64_t now_ms)
{
    if (!rate->count || bucket_room(b, rate, now_ms))
        return now_ms;
    int64_t missing = interval_us(rate) - spare_us(b, rate, now_ms);
    return now_ms + (missing + 999) / 1000;
}

void bucket_take(struct bucket *b, const struct rate *rate, int64_t at_ms)
{
    if (!rate->count)
        return;
    if (b->full_us < at_ms * 1000)
        b->full_us = at_ms * 1000;
    b->full_us += interval_us(rate);
}
