/*
 * On-duty plans: see roster.h.
 *
 * A moment is covered by a shift when it lies between the moments of its beginning and its end; a
 * shift over midnight of the day before counts as well. Promises: no clock, no memory. Refuses
 * nothing: a plan with a gap is a fault of the configuration, which directory_presence.c reports.
 */
#include "roster.h"

#include <string.h>

#include "buf.h"
#include "util.h"
#include "walltime.h"

enum { DAYS = 7, DAY_MINUTES = 1440, WEEK_MINUTES = DAYS * DAY_MINUTES, LOOK_AHEAD_DAYS = 8 };

static const char *const day_words[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* The day whose word stands at text; -1 when none does. */
static int day_at(const char *text)
{
    for (int i = 0; i < DAYS; i++)
        if (strncmp(text, day_words[i], 3) == 0)
            return i;
    return -1;
}

/* Reads "mon" or "mon-fri" at *text into days; moves behind it. */
static bool take_days(const char **text, unsigned *days)
{
    int first = day_at(*text), last = first;
    if (first < 0)
        return false;
    *text += 3;
    if (**text == '-') {
        last = day_at(*text + 1);
        if (last < 0)
            return false;
        *text += 4;
    }
    for (int day = first;; day = (day + 1) % DAYS) {
        *days |= 1u << day;
        if (day == last)
            return true;
    }
}

unsigned roster_days_parse(const char *text)
{
    unsigned days = 0;
    if (str_eq(text, "daily"))
        return ROSTER_DAILY;
    while (take_days(&text, &days)) {
        if (*text == '\0')
            return days;
        if (*text++ != ',')
            return 0;
        text += *text == ' ';
    }
    return 0;
}

static bool begins_on(const struct shift *shift, int64_t day)
{
    return shift->days >> day_weekday(day) & 1u;
}

static int64_t shift_begin(const struct shift *shift, int64_t day)
{
    return wall_ms(day, shift->from_s);
}

static int64_t shift_end(const struct shift *shift, int64_t day)
{
    return wall_ms(shift->to_s <= shift->from_s ? day + 1 : day, shift->to_s);
}

static bool covers(const struct shift *shift, int64_t at_ms)
{
    int64_t today = wall_day(at_ms, NULL);
    for (int64_t day = today - 1; day <= today; day++)
        if (begins_on(shift, day) && at_ms >= shift_begin(shift, day) &&
            at_ms < shift_end(shift, day))
            return true;
    return false;
}

struct duty_lines roster_on_duty(const struct roster *roster, int64_t at_ms)
{
    if (at_ms < roster->starts_ms || at_ms >= roster->ends_ms)
        return (struct duty_lines){.count = 0};
    for (size_t i = 0; i < roster->overrides; i++)
        if (at_ms >= roster->override[i].from_ms && at_ms < roster->override[i].to_ms)
            return roster->override[i].lines;
    for (size_t i = 0; i < roster->shifts; i++)
        if (covers(&roster->shift[i], at_ms))
            return roster->shift[i].lines;
    return (struct duty_lines){.count = 0};
}

static void note_change(int64_t change_ms, int64_t at_ms, int64_t *next_ms)
{
    if (change_ms > at_ms && change_ms < *next_ms)
        *next_ms = change_ms;
}

int64_t roster_next_change(const struct roster *roster, int64_t at_ms)
{
    int64_t today = wall_day(at_ms, NULL);
    int64_t next_ms = wall_ms(today + LOOK_AHEAD_DAYS, 0);
    note_change(roster->starts_ms, at_ms, &next_ms);
    note_change(roster->ends_ms, at_ms, &next_ms);
    for (size_t i = 0; i < roster->overrides; i++) {
        note_change(roster->override[i].from_ms, at_ms, &next_ms);
        note_change(roster->override[i].to_ms, at_ms, &next_ms);
    }
    for (size_t i = 0; i < roster->shifts; i++)
        for (int64_t day = today - 1; day < today + LOOK_AHEAD_DAYS; day++) {
            if (!begins_on(&roster->shift[i], day))
                continue;
            note_change(shift_begin(&roster->shift[i], day), at_ms, &next_ms);
            note_change(shift_end(&roster->shift[i], day), at_ms, &next_ms);
        }
    return next_ms;
}

/* Marks the minutes of the week that a shift covers. */
static void mark(const struct shift *shift, bool *covered)
{
    int from = shift->from_s / 60, to = shift->to_s / 60;
    if (to <= from)
        to += DAY_MINUTES;
    for (int day = 0; day < DAYS; day++)
        for (int minute = from; shift->days >> day & 1u && minute < to; minute++)
            covered[(day * DAY_MINUTES + minute) % WEEK_MINUTES] = true;
}

static void put_gap(struct buf *out, int from, int to)
{
    static const char *const german[DAYS] = {"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"};
    int day = from / DAY_MINUTES, minute = from % DAY_MINUTES;
    int last_day = (to - 1) / DAY_MINUTES % DAYS;
    int last_minute = (to - 1) % DAY_MINUTES + 1; /* midnight is 24:00 of the day that ends */
    buf_printf(out, "%s %02d:%02d-", german[day], minute / 60, minute % 60);
    if (last_day != day || to - from > DAY_MINUTES)
        buf_printf(out, "%s ", german[last_day]);
    buf_printf(out, "%02d:%02d", last_minute / 60, last_minute % 60);
}

bool roster_gap(const struct roster *roster, struct buf *out)
{
    bool covered[WEEK_MINUTES] = {false};
    int from = 0, to;
    for (size_t i = 0; i < roster->shifts; i++)
        mark(&roster->shift[i], covered);
    /* A gap over Sunday night begins on Sunday. */
    while (from < WEEK_MINUTES &&
           (covered[from] || !covered[(from + WEEK_MINUTES - 1) % WEEK_MINUTES]))
        from++;
    if (from == WEEK_MINUTES && covered[0])
        return false;
    from %= WEEK_MINUTES;
    for (to = from + 1; to < WEEK_MINUTES + from && !covered[to % WEEK_MINUTES];)
        to++;
    put_gap(out, from, to);
    return true;
}

bool duty_lines_equal(const struct duty_lines *a, const struct duty_lines *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->unit[i] != b->unit[i])
            return false;
    return true;
}
