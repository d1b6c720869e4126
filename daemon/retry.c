/*
 * Retry: see retry.h. The table is the whole policy; arithmetic is in milliseconds and saturates
 * instead of overflowing, whatever the settings say.
 */
#include "retry.h"

#include <assert.h>

enum { GROWTH = 3, SPREAD_PERCENT = 25, FIRST_MIN_MS = 100 };

/* Credentials and certificates are mended by people, so those are tried less often; a connection
 * that failed once is usually back at once. */
static const struct retry_rule rules[ERROR_CLASS_COUNT] = {
    [CLASS_NONE] = {.again = false, .alarm = false, .first_percent = 0},
    [CLASS_CONNECT] = {.again = true, .alarm = false, .first_percent = 50},
    [CLASS_TIMEOUT] = {.again = true, .alarm = false, .first_percent = 100},
    [CLASS_TEMPORARY] = {.again = true, .alarm = false, .first_percent = 100},
    [CLASS_THROTTLED] = {.again = true, .alarm = false, .first_percent = 200},
    [CLASS_AMBIGUOUS] = {.again = true, .alarm = false, .first_percent = 200},
    [CLASS_AUTH] = {.again = true, .alarm = true, .first_percent = 300},
    [CLASS_TLS] = {.again = true, .alarm = true, .first_percent = 300},
    [CLASS_LOCAL] = {.again = true, .alarm = true, .first_percent = 100},
    [CLASS_ADDRESS] = {.again = false, .alarm = false, .first_percent = 0},
    [CLASS_PERMANENT] = {.again = false, .alarm = false, .first_percent = 0},
    /* Waits for people, not for a time (permit.h). */
    [CLASS_FORBIDDEN] = {.again = false, .alarm = false, .first_percent = 0},
    [CLASS_FULL] = {.again = true, .alarm = false, .first_percent = 300},
    [CLASS_POLICY] = {.again = false, .alarm = true, .first_percent = 0},
    [CLASS_CREDIT] = {.again = true, .alarm = true, .first_percent = 300},
};

const struct retry_rule *retry_rule(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return &rules[class];
}

/* first * percent * GROWTH^(attempts - 1), at most max. */
static int64_t grown(const struct retry_case *c)
{
    int64_t first = c->first_ms > FIRST_MIN_MS ? c->first_ms : FIRST_MIN_MS;
    int64_t max = c->max_ms > first ? c->max_ms : first;
    int64_t delay = first < max / 3 ? first * rules[c->class].first_percent / 100 : max;
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
    if (!retry_rule(c->class)->again)
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
