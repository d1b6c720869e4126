/*
 * Rules of recurrence: see ical.h.
 *
 * Reckoned by ourselves and not by libical: 3.0.16 leaves out days (FREQ=YEARLY;BYMONTHDAY=15 only
 * in one month, a negative BYMONTHDAY of a DAILY rule), chooses others by BYSETPOS, searches half a
 * second for a day that never comes, and drifts by an hour after the spring change when it is given
 * a zone. python-dateutil agrees with what is here (tests/ical_check.py).
 *
 * Promises: a rule is judged by one table of its parts; expansion goes through the periods of the
 * window that is asked for, so its work is bounded by the window and not by the rule. Refuses what
 * RFC 5545 3.3.10 forbids, and what has no use for meetings. No clock, no I/O; a crash leaves
 * nothing.
 */
#include "ical.h"

#include <string.h>

#include "buf.h"
#include "ical_parts.h"
#include "util.h"
#include "walltime.h"

enum {
    DAY_S = 86400,
    COUNT_MAX = 5000,
    INTERVAL_MAX = 999,
    LIST_MAX = 31, /* values of one part */
    TOKEN_MAX = 20,
    DAY_MIN = -25567, /* 1900-01-01: what lies outside is no meeting */
    DAY_MAX = 84006   /* 2200-01-01 */
};

enum freq { FREQ_DAILY = 1, FREQ_WEEKLY = 2, FREQ_MONTHLY = 4, FREQ_YEARLY = 8 };
enum { FREQ_ALL = 15, FREQ_LONG = FREQ_MONTHLY | FREQ_YEARLY };

enum part {
    PART_FREQ,
    PART_UNTIL,
    PART_COUNT,
    PART_INTERVAL,
    PART_BYDAY,
    PART_BYMONTHDAY,
    PART_BYYEARDAY,
    PART_BYWEEKNO,
    PART_BYMONTH,
    PART_BYSETPOS,
    PART_WKST,
    PARTS
};

static const struct {
    const char *name;
    unsigned freqs; /* that it may stand with */
    int max;        /* numbers 1 ... max; 0: no numbers */
    bool negative;  /* and -max ... -1 */
    bool list;
} parts[PARTS] = {
    [PART_FREQ] = {"FREQ", FREQ_ALL, 0, false, false},
    [PART_UNTIL] = {"UNTIL", FREQ_ALL, 0, false, false},
    [PART_COUNT] = {"COUNT", FREQ_ALL, COUNT_MAX, false, false},
    [PART_INTERVAL] = {"INTERVAL", FREQ_ALL, INTERVAL_MAX, false, false},
    [PART_BYDAY] = {"BYDAY", FREQ_ALL, 0, false, true},
    [PART_BYMONTHDAY] = {"BYMONTHDAY", FREQ_ALL & ~FREQ_WEEKLY, 31, true, true},
    [PART_BYYEARDAY] = {"BYYEARDAY", FREQ_YEARLY, 366, true, true},
    [PART_BYWEEKNO] = {"BYWEEKNO", FREQ_YEARLY, 53, true, true},
    [PART_BYMONTH] = {"BYMONTH", FREQ_ALL, 12, false, true},
    [PART_BYSETPOS] = {"BYSETPOS", FREQ_LONG, 366, true, true},
    [PART_WKST] = {"WKST", FREQ_ALL, 0, false, false},
};

static const struct {
    const char *name;
    enum freq freq;
    int longest; /* days of a period */
} freqs[] = {
    {"DAILY", FREQ_DAILY, 1},
    {"WEEKLY", FREQ_WEEKLY, 7},
    {"MONTHLY", FREQ_MONTHLY, 31},
    {"YEARLY", FREQ_YEARLY, 366},
};

struct values {
    short value[LIST_MAX]; /* of BYDAY and WKST: ordinal * 7 + weekday, Monday = 0; ordinal 0 = each
                            */
    size_t n;
};

struct rule {
    enum freq freq;
    int longest;
    unsigned seen; /* a bit for each part */
    struct values values[PARTS];
    int64_t until_s;
};

static void add_value(struct rule *rule, enum part part, int64_t value)
{
    struct values *values = &rule->values[part];
    if (values->n < LIST_MAX)
        values->value[values->n++] = (short)value;
    rule->seen |= 1u << part;
}

static bool has_value(const struct rule *rule, enum part part, int value)
{
    const struct values *values = &rule->values[part];
    for (size_t i = 0; i < values->n; i++)
        if (values->value[i] == value)
            return true;
    return false;
}

static bool seen(const struct rule *rule, enum part part)
{
    return rule->seen >> part & 1;
}

bool ical_time_parse(const char *text, int64_t *seconds, enum ical_form *form)
{
    size_t n = strlen(text);
    int64_t at_ms;
    if ((n != 8 && n != 15 && n != 16) || strspn(text, "0123456789") != 8)
        return false;
    if (n > 8 && (text[8] != 'T' || strspn(text + 9, "0123456789") != 6))
        return false;
    if (n == 16 && text[15] != 'Z')
        return false;
    struct buf iso = BUF_INIT;
    const char *time = n > 8 ? text + 9 : "000000";
    buf_printf(&iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4, text + 6, time, time + 2,
               time + 4);
    bool ok = time_parse(buf_str(&iso), &at_ms);
    buf_release(&iso);
    *seconds = ok ? at_ms / 1000 : 0;
    *form = n == 8 ? ICAL_FORM_DATE : n == 15 ? ICAL_FORM_WALL : ICAL_FORM_UTC;
    return ok;
}

int64_t ical_wall_s(int64_t utc_s)
{
    int second;
    int64_t day = wall_day(utc_s * 1000, &second);
    return day * DAY_S + second;
}

int64_t ical_utc_s(int64_t wall_s)
{
    int64_t second = (wall_s % DAY_S + DAY_S) % DAY_S;
    return wall_ms((wall_s - second) / DAY_S, (int)second) / 1000;
}

bool ical_until_parse(const char *text, int64_t *until_s)
{
    enum ical_form form;
    if (!ical_time_parse(text, until_s, &form))
        return false;
    if (form == ICAL_FORM_DATE)
        *until_s += DAY_S - 1;
    else if (form == ICAL_FORM_UTC)
        *until_s = ical_wall_s(*until_s);
    return true;
}

/* A number with a sign before it where one may stand; 0 when it is none. */
static int64_t number_of(const char *text, int64_t max, bool negative)
{
    int64_t number;
    size_t sign = negative ? strspn(text, "+-") : 0;
    if (sign > 1 || text[sign] < '0' || text[sign] > '9' ||
        !int_parse(text + sign, 1, max, &number))
        return 0;
    return text[0] == '-' ? -number : number;
}

/* "TH", "1TH", "-1FR", "+2MO" */
static bool add_weekday(const char *text, enum part part, struct rule *rule)
{
    static const char names[] = "MO TU WE TH FR SA SU";
    size_t n = strlen(text);
    const char *at = n < 2 ? NULL : strstr(names, text + n - 2);
    char digits[TOKEN_MAX] = "";
    if (!at || (at - names) % 3)
        return false;
    memcpy(digits, text, n - 2);
    int64_t ordinal = n == 2 ? 0 : number_of(digits, 53, true);
    if (n > 2 && (!ordinal || part == PART_WKST))
        return false;
    add_value(rule, part, ordinal * 7 + (at - names) / 3);
    return true;
}

static bool add_freq(const char *text, struct rule *rule)
{
    for (size_t i = 0; i < COUNT_OF(freqs); i++)
        if (str_eq(text, freqs[i].name)) {
            rule->freq = freqs[i].freq;
            rule->longest = freqs[i].longest;
            add_value(rule, PART_FREQ, rule->freq);
        }
    return seen(rule, PART_FREQ);
}

static bool add_token(const char *text, enum part part, struct rule *rule)
{
    if (part == PART_FREQ)
        return add_freq(text, rule);
    if (part == PART_BYDAY || part == PART_WKST)
        return add_weekday(text, part, rule);
    if (part == PART_UNTIL) {
        add_value(rule, part, 1);
        return ical_until_parse(text, &rule->until_s);
    }
    int64_t number = number_of(text, parts[part].max, parts[part].negative);
    add_value(rule, part, number);
    return number != 0;
}

/* Values between commas. */
static int add_values(const char *text, size_t len, enum part part, struct rule *rule)
{
    size_t values = 0;
    for (size_t at = 0; at <= len;) {
        char token[TOKEN_MAX];
        size_t n = 0;
        while (at + n < len && text[at + n] != ',')
            n++;
        if (n >= sizeof token || ++values > (parts[part].list ? LIST_MAX : 1))
            return -1;
        memcpy(token, text + at, n);
        token[n] = '\0';
        if (!add_token(token, part, rule))
            return -1;
        at += n + 1;
    }
    return 0;
}

static enum part part_named(const char *text, size_t len)
{
    enum part part = 0;
    while (part < PARTS &&
           (strlen(parts[part].name) != len || memcmp(parts[part].name, text, len) != 0))
        part++;
    return part;
}

static int part_parse(const char *text, size_t len, struct rule *rule, struct buf *err)
{
    const char *equals = memchr(text, '=', len);
    enum part part = equals ? part_named(text, (size_t)(equals - text)) : PARTS;
    if (part == PARTS) {
        buf_puts(err, "a rule is made of FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, "
                      "BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS and WKST, divided by ';'");
        return -1;
    }
    if (seen(rule, part)) {
        buf_printf(err, "%s stands twice in the rule", parts[part].name);
        return -1;
    }
    if (add_values(equals + 1, (size_t)(text + len - equals - 1), part, rule) != 0) {
        buf_printf(err, "%s has a value that it cannot have", parts[part].name);
        return -1;
    }
    return 0;
}

static int weekday_of(int value)
{
    return (value % 7 + 7) % 7;
}

static int ordinal_of(int value)
{
    return (value - weekday_of(value)) / 7;
}

/* What RFC 5545 3.3.10 says about parts that stand together. */
static const char *together(const struct rule *rule)
{
    const unsigned by = 1u << PART_BYDAY | 1u << PART_BYMONTHDAY | 1u << PART_BYYEARDAY |
                        1u << PART_BYWEEKNO | 1u << PART_BYMONTH;
    if (!seen(rule, PART_FREQ))
        return "a rule needs FREQ";
    bool ordinal = false, sixth = false;
    for (size_t i = 0; i < rule->values[PART_BYDAY].n; i++) {
        int nth = ordinal_of(rule->values[PART_BYDAY].value[i]);
        ordinal = ordinal || nth;
        sixth = sixth || nth > 5 || nth < -5;
    }
    if (seen(rule, PART_COUNT) && seen(rule, PART_UNTIL))
        return "COUNT and UNTIL exclude each other";
    if (ordinal && (!(rule->freq & FREQ_LONG) || seen(rule, PART_BYWEEKNO)))
        return "the n-th weekday in BYDAY needs FREQ=MONTHLY or YEARLY, without BYWEEKNO";
    if (sixth && (rule->freq == FREQ_MONTHLY || seen(rule, PART_BYMONTH)))
        return "no month has more than five of a weekday";
    if (seen(rule, PART_BYSETPOS) && !(rule->seen & by))
        return "BYSETPOS chooses among the days of another BY... part";
    return NULL;
}

static int rule_parse(const char *text, struct rule *rule, struct buf *err)
{
    *rule = (struct rule){0};
    if (strlen(text) > ICAL_RULE_MAX) {
        buf_printf(err, "a rule has at most %d bytes", ICAL_RULE_MAX);
        return -1;
    }
    for (const char *p = text;;) {
        size_t n = strcspn(p, ";");
        if (part_parse(p, n, rule, err) != 0)
            return -1;
        if (p[n] == '\0')
            break;
        p += n + 1;
    }
    for (enum part part = 0; part < PARTS; part++)
        if (seen(rule, part) && rule->freq && !(parts[part].freqs & rule->freq)) {
            buf_printf(err, "%s cannot stand with this FREQ", parts[part].name);
            return -1;
        }
    const char *wrong = together(rule);
    if (wrong)
        buf_puts(err, wrong);
    return wrong ? -1 : 0;
}

int ical_rule_check(const char *rule, struct buf *err)
{
    struct rule parsed;
    return rule_parse(rule, &parsed, err);
}

/* A day of the calendar with all that rules ask of it. */
struct date {
    int64_t day;
    int year, month, mday, yday; /* yday from 0 */
    int weekday, month_days, year_days;
};

static void date_set(struct date *date, int64_t day)
{
    date->day = day;
    day_split(day, &date->year, &date->month, &date->mday);
    int64_t first = day_of(date->year, 1, 1), next_month = date->month == 12;
    date->yday = (int)(day - first);
    date->weekday = day_weekday(day);
    date->year_days = (int)(day_of(date->year + 1, 1, 1) - first);
    date->month_days =
        (int)(day_of(date->year + (int)next_month, date->month % 12 + 1, 1) - day) + date->mday - 1;
}

static void date_next(struct date *date)
{
    if (date->mday == date->month_days) {
        date_set(date, date->day + 1);
        return;
    }
    date->day++;
    date->mday++;
    date->yday++;
    date->weekday = (date->weekday + 1) % 7;
}

/* Is it the n-th, or the n-th from the end, of `of` days? `index` from 0, in steps of `step`. */
static bool is_nth(int n, int index, int of, int step)
{
    return n == index / step + 1 || n == -((of - 1 - index) / step + 1);
}

static bool any_nth(const struct rule *rule, enum part part, int index, int of)
{
    const struct values *values = &rule->values[part];
    for (size_t i = 0; i < values->n; i++)
        if (is_nth(values->value[i], index, of, 1))
            return true;
    return false;
}

/* An ordinal counts in the month, of a yearly rule without BYMONTH in the year. */
static bool weekday_fits(const struct rule *rule, const struct date *date)
{
    const struct values *values = &rule->values[PART_BYDAY];
    bool in_year = rule->freq == FREQ_YEARLY && !seen(rule, PART_BYMONTH);
    int index = in_year ? date->yday : date->mday - 1;
    int of = in_year ? date->year_days : date->month_days;
    for (size_t i = 0; i < values->n; i++) {
        int nth = ordinal_of(values->value[i]);
        if (weekday_of(values->value[i]) == date->weekday && (!nth || is_nth(nth, index, of, 7)))
            return true;
    }
    return false;
}

/* Weeks of a year whose 1 January is the n-th day (from 0) of its week, by ISO 8601. */
static int weeks_of(int first, int year_days)
{
    return first == 3 || (first == 2 && year_days == 366) ? 53 : 52;
}

static bool week_fits(const struct rule *rule, const struct date *date)
{
    int starts = rule->values[PART_WKST].n ? rule->values[PART_WKST].value[0] : 0;
    int in_week = (date->weekday - starts + 7) % 7;
    int first = ((in_week - date->yday) % 7 + 7) % 7;
    int weeks = weeks_of(first, date->year_days);
    int week = (date->yday + first) / 7 + (first <= 3 ? 1 : 0);
    if (week == 0) {
        int before = (int)(day_of(date->year, 1, 1) - day_of(date->year - 1, 1, 1));
        weeks = week = weeks_of(((first - before) % 7 + 7) % 7, before);
    } else if (week > weeks) {
        week = 1;
        weeks = 53; /* of the next year; only a negative number asks for it, and 52 or 53 */
    }
    return any_nth(rule, PART_BYWEEKNO, week - 1, weeks);
}

static bool fits(const struct rule *rule, const struct date *date)
{
    if (seen(rule, PART_BYMONTH) && !has_value(rule, PART_BYMONTH, date->month))
        return false;
    if (seen(rule, PART_BYDAY) && !weekday_fits(rule, date))
        return false;
    if (seen(rule, PART_BYMONTHDAY) &&
        !any_nth(rule, PART_BYMONTHDAY, date->mday - 1, date->month_days))
        return false;
    if (seen(rule, PART_BYYEARDAY) && !any_nth(rule, PART_BYYEARDAY, date->yday, date->year_days))
        return false;
    return !seen(rule, PART_BYWEEKNO) || week_fits(rule, date);
}

/* A rule that names no day means the day on which it begins. */
static void add_start(struct rule *rule, int64_t start_day)
{
    const unsigned by =
        1u << PART_BYDAY | 1u << PART_BYMONTHDAY | 1u << PART_BYYEARDAY | 1u << PART_BYWEEKNO;
    struct date start;
    if (rule->seen & by)
        return;
    date_set(&start, start_day);
    if (rule->freq == FREQ_YEARLY && !seen(rule, PART_BYMONTH))
        add_value(rule, PART_BYMONTH, start.month);
    if (rule->freq & FREQ_LONG)
        add_value(rule, PART_BYMONTHDAY, start.mday);
    else if (rule->freq == FREQ_WEEKLY)
        add_value(rule, PART_BYDAY, start.weekday);
}

/* First day of the n-th period after the one that `start` lies in, and of the one behind it. */
static void period_of(const struct rule *rule, const struct date *start, int64_t n, int64_t span[2])
{
    int starts = rule->values[PART_WKST].n ? rule->values[PART_WKST].value[0] : 0;
    for (int64_t i = 0; i < 2; i++) {
        int64_t month = start->year * INT64_C(12) + start->month - 1 + n + i;
        switch (rule->freq) {
        case FREQ_DAILY:
            span[i] = start->day + n + i;
            break;
        case FREQ_WEEKLY:
            span[i] = start->day - (start->weekday - starts + 7) % 7 + 7 * (n + i);
            break;
        case FREQ_MONTHLY:
            span[i] = day_of((int)(month / 12), (int)(month % 12) + 1, 1);
            break;
        case FREQ_YEARLY:
            span[i] = day_of(start->year + (int)(n + i), 1, 1);
            break;
        }
    }
}

/* The days of one period, at most 366, rising; returns how many. */
static size_t days_of(const struct rule *rule, const int64_t span[2], int64_t *days)
{
    size_t n = 0, kept = 0;
    struct date date;
    for (date_set(&date, span[0]); date.day < span[1]; date_next(&date))
        if (fits(rule, &date))
            days[n++] = date.day;
    if (!seen(rule, PART_BYSETPOS))
        return n;
    for (size_t i = 0; i < n; i++)
        if (any_nth(rule, PART_BYSETPOS, (int)i, (int)n))
            days[kept++] = days[i];
    return kept;
}

/* What one expansion has come to. */
struct window {
    int64_t start_s, from_s, to_s;
    int64_t left; /* of COUNT */
    int64_t *starts;
    size_t n, max;
};

/* False at the end of the rule, of the window, or of the room. */
static bool add_start_at(struct window *window, int64_t at_s)
{
    if (at_s < window->start_s)
        return true;
    if (at_s >= window->to_s || window->left-- <= 0 || window->n == window->max)
        return false;
    if (at_s >= window->from_s)
        window->starts[window->n++] = at_s;
    return true;
}

static void expand(const struct rule *rule, struct window *window)
{
    int64_t second = (window->start_s % DAY_S + DAY_S) % DAY_S, span[2], days[366];
    int64_t step = rule->values[PART_INTERVAL].n ? rule->values[PART_INTERVAL].value[0] : 1, n = 0;
    struct date start;
    date_set(&start, (window->start_s - second) / DAY_S);
    /* Only COUNT needs those before the window. No period is longer than `longest`. */
    int64_t before = (window->from_s - window->start_s) / DAY_S / (step * rule->longest) - 2;
    if (!seen(rule, PART_COUNT) && before > 0)
        n = before * step;
    for (;; n += step) {
        period_of(rule, &start, n, span);
        if (span[0] * DAY_S >= window->to_s)
            return;
        size_t found = days_of(rule, span, days);
        for (size_t i = 0; i < found; i++)
            if (!add_start_at(window, days[i] * DAY_S + second))
                return;
    }
}

size_t ical_expand(const char *rule, int64_t start_s, int64_t from_s, int64_t to_s, int64_t *starts,
                   size_t max)
{
    const int64_t min_s = (int64_t)DAY_MIN * DAY_S, max_s = (int64_t)DAY_MAX * DAY_S;
    struct rule parsed;
    struct buf err = BUF_INIT;
    bool ok = rule_parse(rule, &parsed, &err) == 0 && start_s >= min_s && start_s < max_s;
    buf_release(&err);
    if (!ok)
        return 0;
    struct window window = {.start_s = start_s,
                            .from_s = from_s > start_s ? from_s : start_s,
                            .to_s = to_s < max_s ? to_s : max_s,
                            .left = INT64_MAX,
                            .starts = starts,
                            .max = max};
    if (seen(&parsed, PART_UNTIL) && parsed.until_s < window.to_s)
        window.to_s = parsed.until_s + 1;
    if (seen(&parsed, PART_COUNT))
        window.left = parsed.values[PART_COUNT].value[0];
    add_start(&parsed, (start_s - (start_s % DAY_S + DAY_S) % DAY_S) / DAY_S);
    if (window.from_s < window.to_s)
        expand(&parsed, &window);
    return window.n;
}
