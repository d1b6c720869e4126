/*
 * Limit: see limit.h. Whole numbers only: one millisecond at one token a second is a thousandth of
 * a token, so nothing is ever lost to rounding, however often the bucket is looked at.
 */
#include "limit.h"

enum { TOKEN = 1000 };

void limit_init(struct limit *l, int64_t rate_per_s, int64_t burst, int64_t now_ms)
{
    l->rate_per_s = rate_per_s > 0 ? rate_per_s : 0;
    l->burst = burst > 1 ? burst : 1;
    l->milli = l->burst * TOKEN;
    l->at_ms = now_ms;
}

static void refill(struct limit *l, int64_t now_ms)
{
    int64_t full = l->burst * TOKEN, passed = now_ms - l->at_ms;
    if (passed <= 0)
        return;
    l->at_ms = now_ms;
    if (passed > (full - l->milli) / l->rate_per_s)
        l->milli = full;
    else
        l->milli += passed * l->rate_per_s;
}

bool limit_take(struct limit *l, int64_t now_ms)
{
    if (l->rate_per_s == 0)
        return true;
    refill(l, now_ms);
    if (l->milli < TOKEN)
        return false;
    l->milli -= TOKEN;
    return true;
}

int64_t limit_wait_ms(struct limit *l, int64_t now_ms)
{
    if (l->rate_per_s == 0)
        return 0;
    refill(l, now_ms);
    if (l->milli >= TOKEN)
        return 0;
    return (TOKEN - l->milli + l->rate_per_s - 1) / l->rate_per_s;
}
