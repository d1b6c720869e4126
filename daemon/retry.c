/*
 * Retry: see retry.h. How a class is treated is in verdict.c; arithmetic is in milliseconds and
 * saturates instead of overflowing, whatever the settings say.
 */
#include "retry.h"

#include "verdict.h"

enum { GROWTH = 3, SPREAD_PERCENT = 25, FIRST_MIN_MS = 100 };

/* first * percent * GROWTH^(attempts - 1), at most max. */
static int64_t grown(const struct retry_case *c)
{
    int64_t first = c->first_ms > FIRST_MIN_MS ? c->first_ms : FIRST_MIN_MS;
    int64_t max = c->max_ms > first ? c->max_ms : first;
    int64_t delay = first < max / 3 ? first * verdict_of(c->class)->first_percent / 100 : max;
    for (int i = 1; i < c->attempts && delay < max; i++)
        delay *= GROWTH;
    return delay < max ? delay : max;
}

static int64_t spread(int64_t delay, uint32_t random)
{
    int64_t width = delay / 100 * SPREAD_PERCENT;
    int64_t step = (int64_t)((double)random / (double)UINT32_MAX * 2.0 * (double)width);
    return delay - width + step;
}

enum retry_outcome retry_plan(const struct retry_case *c, int64_t *at_ms)
{
    *at_ms = 0;
    if (!verdict_of(c->class)->again)
        return RETRY_NEVER;
    int64_t delay = spread(grown(c), c->random);
    int64_t asked =
        c->retry_after_s > 0 && c->retry_after_s < INT32_MAX ? c->retry_after_s * 1000 : 0;
    if (delay < asked)
        delay = asked;
    int64_t at = c->now_ms + delay;
    if (c->expires_ms > 0 && at > c->expires_ms) {
        if (c->expires_ms - c->now_ms < c->first_ms || c->expires_ms - c->now_ms < asked)
            return RETRY_EXPIRED;
        at = c->expires_ms;
    }
    *at_ms = at;
    return RETRY_AT;
}

enum retry_late retry_lateness(const struct retry_wait *w)
{
    int64_t whole_ms = w->until_ms - w->created_ms;
    if (w->until_ms == 0 || w->next_ms < w->created_ms + whole_ms / 2)
        return RETRY_IN_TIME;
    return w->next_ms < w->until_ms - whole_ms / 4 ? RETRY_DELAYED : RETRY_TOO_LATE;
}
