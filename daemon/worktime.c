/*
 * Office hours and the end of limits.
 *
 * Everything rests on one question: the window of a day, that is from when to when the office is
 * open, after holidays and closures. Windows are turned into moments one by one, so the days when
 * the clocks change need no care of their own.
 *
 * Promises: no clock, no memory, and loops of at most two years of days; a limit that would need
 * more ends early by real time, because a deadline that never comes loses a person. Statutory
 * periods are not counted here: local closures must never lengthen them (DOMAIN 6).
 */
#include "worktime.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "holiday.h"
#include "util.h"

enum {
    HORIZON_DAYS = 731,
    DAY_S = 86400,
    SATURDAY = 5,
    SUNDAY = 6,
    OFFICE_HOURS_MAX = 2000,
    STAFFED_DAYS_MAX = 366
};

struct window {
    int open_s, close_s; /* empty when open_s >= close_s */
};

static const struct {
    const char *words;
    enum span_unit unit;
    int64_t worth, max;
} span_words[] = {
    {"office hours", SPAN_OFFICE, HOUR_MS, OFFICE_HOURS_MAX},
    {"office hour", SPAN_OFFICE, HOUR_MS, OFFICE_HOURS_MAX},
    {"office minutes", SPAN_OFFICE, MINUTE_MS, OFFICE_HOURS_MAX * 60},
    {"office minute", SPAN_OFFICE, MINUTE_MS, OFFICE_HOURS_MAX * 60},
    {"staffed days", SPAN_STAFFED, 1, STAFFED_DAYS_MAX},
    {"staffed day", SPAN_STAFFED, 1, STAFFED_DAYS_MAX},
};

bool span_parse(const char *text, struct span *span)
{
    char number[8];
    int64_t n;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits >= sizeof(number))
        return false;
    span->unit = SPAN_REAL;
    if (text[digits] != ' ')
        return duration_parse(text, &span->amount);
    memcpy(number, text, digits);
    number[digits] = '\0';
    for (size_t i = 0; i < COUNT_OF(span_words); i++) {
        if (!str_eq(text + digits + 1, span_words[i].words))
            continue;
        if (!int_parse(number, 0, span_words[i].max, &n))
            return false;
        span->unit = span_words[i].unit;
        span->amount = n * span_words[i].worth;
        return true;
    }
    return duration_parse(text, &span->amount);
}

/* The largest unit that leaves no rest, so that what is written reads like what was configured. */
static void write_real(struct buf *out, int64_t ms)
{
    static const struct {
        const char *name;
        int64_t worth;
    } units[] = {{"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", 1000}, {"ms", 1}};
    size_t i = 0;
    while (ms % units[i].worth)
        i++;
    if (ms == 0)
        buf_puts(out, "0");
    else
        buf_printf(out, "%lld%s", (long long)(ms / units[i].worth), units[i].name);
}

void span_write(struct buf *out, const struct span *span)
{
    int64_t n = span->amount;
    switch (span->unit) {
    case SPAN_REAL:
        write_real(out, n);
        return;
    case SPAN_OFFICE:
        if (n % HOUR_MS == 0)
            buf_printf(out, "%lld office hour%s", (long long)(n / HOUR_MS),
                       n == HOUR_MS ? "" : "s");
        else
            buf_printf(out, "%lld office minute%s", (long long)(n / MINUTE_MS),
                       n == MINUTE_MS ? "" : "s");
        return;
    case SPAN_STAFFED:
        buf_printf(out, "%lld staffed day%s", (long long)n, n == 1 ? "" : "s");
        return;
    }
}

void worktime_default(struct worktime *w)
{
    memset(w, 0, sizeof(*w));
    for (int weekday = 0; weekday < SATURDAY; weekday++) {
        w->open_s[weekday] = 8 * 3600;
        w->close_s[weekday] = (weekday == SATURDAY - 1 ? 12 : 16) * 3600;
    }
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HH:MM" at text, whatever follows; -1 when it is none. 24:00 is the end of the day. */
static int time_of_day(const char *text)
{
    if (!digit(text[0]) || !digit(text[1]) || text[2] != ':' || !digit(text[3]) || !digit(text[4]))
        return -1;
    int h = (text[0] - '0') * 10 + text[1] - '0', m = (text[3] - '0') * 10 + text[4] - '0';
    if (m > 59 || h > 24 || (h == 24 && m))
        return -1;
    return h * 3600 + m * 60;
}

bool worktime_hours_parse(const char *text, int *open_s, int *close_s)
{
    *open_s = *close_s = 0;
    if (str_empty(text) || str_eq(text, "closed"))
        return true;
    if (strlen(text) != strlen("08:00-16:00") || text[5] != '-')
        return false;
    int from_s = time_of_day(text), to_s = time_of_day(text + 6);
    if (from_s < 0 || to_s <= from_s)
        return false;
    *open_s = from_s;
    *close_s = to_s;
    return true;
}

bool closure_parse(const char *date, const char *from, struct closure *closure)
{
    char full[] = "2024-MM-DD"; /* a leap year, so that 29 February is a date */
    int year, month, mday;
    bool yearly = strlen(date) == strlen("MM-DD");
    memset(closure, 0, sizeof(*closure));
    if (yearly)
        memcpy(full + 5, date, 5);
    if (!date_parse(yearly ? full : date, &closure->day))
        return false;
    if (yearly) {
        day_split(closure->day, &year, &month, &mday);
        closure->month = month;
        closure->day = mday;
    }
    if (str_empty(from))
        return true;
    closure->from_s = strlen(from) == strlen("HH:MM") ? time_of_day(from) : -1;
    return closure->from_s > 0 && closure->from_s < DAY_S;
}

bool worktime_is_werktag(const char *calendar, int64_t day)
{
    return day_weekday(day) != SUNDAY && !holiday_name(calendar, day);
}

bool worktime_is_arbeitstag(const char *calendar, int64_t day)
{
    return day_weekday(day) < SATURDAY && !holiday_name(calendar, day);
}

static bool closure_on(const struct closure *closure, int64_t day)
{
    int year, month, mday;
    if (!closure->month)
        return closure->day == day;
    day_split(day, &year, &month, &mday);
    return closure->month == month && closure->day == mday;
}

static struct window window_of(const struct worktime *w, int64_t day)
{
    int weekday = day_weekday(day);
    struct window win = {w->open_s[weekday], w->close_s[weekday]};
    if (win.open_s >= win.close_s)
        return win;
    for (size_t i = 0; i < w->closures; i++)
        if (w->closure[i].from_s < win.close_s && closure_on(&w->closure[i], day))
            win.close_s = w->closure[i].from_s;
    if (win.open_s < win.close_s && holiday_name(w->calendar, day))
        win.close_s = win.open_s;
    return win;
}

bool worktime_is_staffed(const struct worktime *w, int64_t day)
{
    struct window win = window_of(w, day);
    return day_weekday(day) < SATURDAY && win.open_s < win.close_s;
}

bool worktime_window(const struct worktime *w, int64_t day, int *open_s, int *close_s)
{
    struct window win = window_of(w, day);
    *open_s = win.open_s;
    *close_s = win.close_s;
    return win.open_s < win.close_s;
}

bool worktime_is_closed(const struct worktime *w, int64_t day, int second_of_day)
{
    for (size_t i = 0; i < w->closures; i++)
        if (w->closure[i].from_s <= second_of_day && closure_on(&w->closure[i], day))
            return true;
    return false;
}

int64_t worktime_staffed_before(const struct worktime *w, int64_t day)
{
    for (int64_t at = day; at > day - HORIZON_DAYS; at--)
        if (worktime_is_staffed(w, at))
            return at;
    return day;
}

int64_t worktime_staffed_from(const struct worktime *w, int64_t day)
{
    for (int64_t at = day; at < day + HORIZON_DAYS; at++)
        if (worktime_is_staffed(w, at))
            return at;
    return day;
}

bool worktime_is_open(const struct worktime *w, int64_t at_ms)
{
    int64_t day = berlin_day(at_ms);
    struct window win = window_of(w, day);
    return win.open_s < win.close_s && at_ms >= berlin_to_ms(day, win.open_s) &&
           at_ms < berlin_to_ms(day, win.close_s);
}

int64_t worktime_next_open(const struct worktime *w, int64_t at_ms)
{
    int64_t first = berlin_day(at_ms);
    for (int64_t day = first; day < first + HORIZON_DAYS; day++) {
        struct window win = window_of(w, day);
        if (win.open_s >= win.close_s || berlin_to_ms(day, win.close_s) <= at_ms)
            continue;
        int64_t open_ms = berlin_to_ms(day, win.open_s);
        return open_ms > at_ms ? open_ms : at_ms;
    }
    return at_ms;
}

static int64_t end_office(const struct worktime *w, int64_t left_ms, int64_t from_ms)
{
    int64_t first = berlin_day(from_ms), whole_ms = left_ms;
    for (int64_t day = first; day < first + HORIZON_DAYS; day++) {
        struct window win = window_of(w, day);
        if (win.open_s >= win.close_s)
            continue;
        int64_t open_ms = berlin_to_ms(day, win.open_s), close_ms = berlin_to_ms(day, win.close_s);
        if (open_ms < from_ms)
            open_ms = from_ms;
        if (open_ms >= close_ms)
            continue;
        if (left_ms <= close_ms - open_ms)
            return open_ms + left_ms;
        left_ms -= close_ms - open_ms;
    }
    return from_ms + whole_ms;
}

static int64_t end_staffed(const struct worktime *w, int64_t days, int64_t from_ms)
{
    int64_t first = berlin_day(from_ms), left = days;
    for (int64_t day = first + 1; day < first + HORIZON_DAYS; day++) {
        if (!worktime_is_staffed(w, day))
            continue;
        if (--left == 0)
            return berlin_to_ms(day, window_of(w, day).close_s);
    }
    return from_ms + days * DAY_MS;
}

int64_t worktime_end(const struct worktime *w, const struct span *span, int64_t from_ms)
{
    assert(span->amount >= 0);
    if (span->amount == 0)
        return from_ms;
    switch (span->unit) {
    case SPAN_REAL:
        break;
    case SPAN_OFFICE:
        return end_office(w, span->amount, from_ms);
    case SPAN_STAFFED:
        return end_staffed(w, span->amount, from_ms);
    }
    return from_ms + span->amount;
}
