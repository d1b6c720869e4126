/*
 * Quotas of meetings: see quota.h.
 *
 * Promises: no clock, no memory; the same line for the same counts. Refuses nothing: whether a
 * session over the quota is booked is decided by whoever books it. A crash leaves nothing.
 */
#include "quota.h"

#include "buf.h"
#include "util.h"

enum { DIGITS = 1000 };

struct quota_count quota_count(const struct quota_session *session, size_t sessions,
                               const struct quota_session *of, int year)
{
    struct quota_count count = {.year = year};
    int64_t first = day_of(year, 1, 1), last = day_of(year, 12, 31);
    for (size_t i = 0; i < sessions; i++) {
        const struct quota_session *s = &session[i];
        if (s->day < first || s->day > last || !str_eq(s->unit, of->unit) ||
            !str_eq(s->kind, of->kind))
            continue;
        if (s->held)
            count.held++;
        else
            count.planned++;
    }
    return count;
}

enum quota_verdict quota_judge(const struct quota *quota, const struct quota_count *count)
{
    int64_t all = count->held + count->planned;
    if (all < quota->min)
        return QUOTA_GAP;
    return quota->max > 0 && all > quota->max ? QUOTA_OVER : QUOTA_MET;
}

bool quota_full(const struct quota *quota, const struct quota_count *count)
{
    return quota->max > 0 && count->held + count->planned >= quota->max;
}

static void bounds(struct buf *out, const struct quota *quota)
{
    if (quota->max <= 0)
        buf_printf(out, "mindestens %lld", (long long)quota->min);
    else if (quota->min <= 0)
        buf_printf(out, "höchstens %lld", (long long)quota->max);
    else if (quota->min == quota->max)
        buf_printf(out, "%lld", (long long)quota->max);
    else
        buf_printf(out, "%lld-%lld", (long long)quota->min, (long long)quota->max);
}

void quota_line(struct buf *out, const struct quota *quota, const struct quota_count *count)
{
    buf_printf(out, "%s %lld von ", quota->name, (long long)count->held);
    bounds(out, quota);
    if (count->planned > 0)
        buf_printf(out, ", %lld geplant", (long long)count->planned);
    switch (quota_judge(quota, count)) {
    case QUOTA_MET:
        return;
    case QUOTA_GAP:
        buf_puts(out, ", bis 31.12.");
        return;
    case QUOTA_OVER:
        buf_puts(out, ", mehr als vorgesehen");
        return;
    }
}

static int64_t digits(int64_t number, int64_t n)
{
    return number * DIGITS + (n < DIGITS ? n : DIGITS - 1);
}

int64_t quota_mark(const struct quota *quota, const struct quota_count *count)
{
    if (quota_judge(quota, count) == QUOTA_MET)
        return 0;
    int64_t mark = digits(digits(count->year, quota->min), quota->max);
    return digits(digits(mark, count->held), count->planned);
}

bool quota_differs(int64_t mark, int64_t told)
{
    return mark != 0 && mark != told;
}
