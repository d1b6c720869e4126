/*
 * Lead times of reminders: see lead.h.
 *
 * Promises: no clock, no memory; the same answer for the same question, so that a reminder can be
 * made again after a move without knowing the old one. Never an answer behind the start. Refuses
 * leads without a unit, because "2" before a meeting is two of what? A crash leaves nothing.
 */
#include "lead.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "period.h"
#include "util.h"
#include "walltime.h"
#include "worktime.h"

enum { HORIZON_DAYS = 366, EXACT_DAYS_MAX = 30 };

static const struct wording {
    const char *word;
    enum lead_unit unit;
    int64_t factor;
    bool one; /* written so for 1 */
} wordings[] = {
    {"minute", LEAD_EXACT, MINUTE_MS, true},
    {"minutes", LEAD_EXACT, MINUTE_MS, false},
    {"hour", LEAD_EXACT, HOUR_MS, true},
    {"hours", LEAD_EXACT, HOUR_MS, false},
    {"day", LEAD_DAYS, 1, true},
    {"days", LEAD_DAYS, 1, false},
    {"week", LEAD_DAYS, 7, true},
    {"weeks", LEAD_DAYS, 7, false},
    {"working day", LEAD_WORKING_DAYS, 1, true},
    {"working days", LEAD_WORKING_DAYS, 1, false},
};

static const struct wording *wording_of(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(wordings); i++)
        if (str_eq(wordings[i].word, word))
            return &wordings[i];
    return NULL;
}

bool lead_parse(const char *text, struct lead *lead)
{
    char number[5];
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits >= sizeof number || text[digits] != ' ')
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    const struct wording *wording = wording_of(text + digits + 1);
    int64_t n;
    if (!wording || !int_parse(number, 0, 9999, &n) || wording->one != (n == 1))
        return false;
    *lead = (struct lead){wording->unit, n * wording->factor};
    return lead->amount <= (wording->unit == LEAD_EXACT ? EXACT_DAYS_MAX * DAY_MS : LEAD_DAYS_MAX);
}

void lead_write(struct buf *out, const struct lead *lead)
{
    int64_t n = lead->amount;
    const char *word = lead->unit == LEAD_DAYS ? "day" : "working day";
    if (lead->unit == LEAD_EXACT) {
        bool hours = n > 0 && n % HOUR_MS == 0;
        n /= hours ? HOUR_MS : MINUTE_MS;
        word = hours ? "hour" : "minute";
    }
    buf_printf(out, "%lld %s%s", (long long)n, word, n == 1 ? "" : "s");
}

/* The opening of the office on that day; -1 when nobody is there, or not before start_ms. */
static int64_t opening_ms(const struct worktime *w, int64_t day, int64_t start_ms)
{
    if (!worktime_is_staffed(w, day))
        return -1;
    int64_t open_ms = wall_ms(day, w->open_s[day_weekday(day)]);
    return open_ms <= start_ms ? open_ms : -1;
}

int64_t lead_due_ms(const struct lead *lead, const struct worktime *recipient_hours,
                    int64_t start_ms)
{
    if (lead->unit == LEAD_EXACT)
        return start_ms - lead->amount;
    int second;
    int64_t start_day = wall_day(start_ms, &second), left = lead->amount, day = start_day;
    if (lead->unit == LEAD_DAYS) {
        day -= left;
        left = 0;
    } else if (left > 0) {
        day--;
        left--;
    }
    for (int64_t last = day - HORIZON_DAYS - 2 * left; day > last; day--) {
        int64_t open_ms = opening_ms(recipient_hours, day, start_ms);
        if (open_ms >= 0 && left-- == 0)
            return open_ms;
    }
    return wall_ms(start_day - lead->amount, second);
}

/* Is a to be made rather than b, when both are due at one moment or have both passed? */
static bool nearer(const struct lead_due *a, const struct lead_due *b, const struct lead *lead)
{
    if (a->due_ms != b->due_ms)
        return a->due_ms > b->due_ms;
    bool a_exact = lead[a->lead].unit == LEAD_EXACT, b_exact = lead[b->lead].unit == LEAD_EXACT;
    return a_exact != b_exact ? a_exact : lead[a->lead].amount < lead[b->lead].amount;
}

/* Puts a reminder into the rising list, or in the place of one due at the same moment. */
static size_t insert(struct lead_due *due, size_t n, struct lead_due one, const struct lead *lead)
{
    size_t at = n;
    while (at > 0 && due[at - 1].due_ms > one.due_ms)
        at--;
    if (at > 0 && due[at - 1].due_ms == one.due_ms) {
        if (nearer(&one, &due[at - 1], lead))
            due[at - 1] = one;
        return n;
    }
    memmove(&due[at + 1], &due[at], (n - at) * sizeof *due);
    due[at] = one;
    return n + 1;
}

size_t lead_plan(const struct lead *lead, size_t leads, const struct lead_session *session,
                 struct lead_due *due)
{
    struct lead_due passed = {0};
    bool any_passed = false;
    size_t n = 0;
    assert(leads <= LEADS_MAX);
    if (session->start_ms <= session->now_ms)
        return 0;
    for (size_t i = 0; i < leads; i++) {
        struct lead_due one = {
            i, lead_due_ms(&lead[i], session->recipient_hours, session->start_ms), false};
        if (one.due_ms > session->now_ms) {
            n = insert(due, n, one, lead);
        } else if (!any_passed || nearer(&one, &passed, lead)) {
            passed = one;
            any_passed = true;
        }
    }
    if (!any_passed)
        return n;
    memmove(&due[1], &due[0], n * sizeof *due);
    due[0] = (struct lead_due){passed.lead, session->now_ms, passed.due_ms < session->now_ms};
    return n + 1;
}

size_t lead_chain(int64_t start_day, int interval_months, size_t count, int64_t day[])
{
    if (interval_months < 1 || interval_months > LEAD_CHAIN_MAX)
        return 0;
    if (count > LEAD_CHAIN_MAX)
        count = LEAD_CHAIN_MAX;
    for (size_t i = 0; i < count; i++)
        day[i] = period_add_months(start_day, interval_months * (int)(i + 1));
    return count;
}
