/*
 * Rules of recurrence: see ical.h.
 *
 * Promises: a rule is judged by one table of its parts before libical sees it, so what libical
 * would take silently (doubled parts, HOURLY, a day beyond the month) is refused with a sentence;
 * expansion knows no zone, because libical drifts by an hour after a start that the spring change
 * leaves out; its work is bounded by the window that is asked for, not by the rule. Refuses what
 * RFC 5545 3.3.10 forbids, and what has no use for meetings. No clock, no I/O; a crash leaves
 * nothing.
 */
#include "ical.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "util.h"
#include "walltime.h"

enum {
    DAY_S = 86400,
    COUNT_MAX = 5000,
    INTERVAL_MAX = 999,
    LIST_MAX = 31, /* values of one part */
    TOKEN_MAX = 20,
    STEPS_MAX = 100000 /* starts before the window that are passed over */
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
} freqs[] = {
    {"DAILY", FREQ_DAILY},
    {"WEEKLY", FREQ_WEEKLY},
    {"MONTHLY", FREQ_MONTHLY},
    {"YEARLY", FREQ_YEARLY},
};

struct rule {
    unsigned freq;
    unsigned seen; /* a bit for each part */
    bool ordinals; /* "1TH" in BYDAY */
    bool fifth;    /* an ordinal over 5 */
    int64_t until_s;
};

static bool seen(const struct rule *rule, enum part part)
{
    return rule->seen >> part & 1;
}

/* "20271231", "20271231T225959" or "20271231T225959Z" -> wall seconds. A day alone is meant to its
 * end. */
static bool until_parse(const char *text, int64_t *until_s)
{
    size_t n = strlen(text);
    char iso[24];
    int64_t day, at_ms;
    int second = DAY_S - 1;
    if ((n != 8 && n != 15 && n != 16) || strspn(text, "0123456789") != 8)
        return false;
    if (n > 8 && (text[8] != 'T' || strspn(text + 9, "0123456789") != 6))
        return false;
    if (n == 16 && text[15] != 'Z')
        return false;
    struct buf all = BUF_INIT;
    buf_printf(&all, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4, text + 6,
               n > 8 ? text + 9 : "23", n > 8 ? text + 11 : "59", n > 8 ? text + 13 : "59");
    bool ok = str_copy(iso, sizeof iso, buf_str(&all)) && time_parse(iso, &at_ms);
    buf_release(&all);
    if (!ok)
        return false;
    *until_s = at_ms / 1000;
    if (n < 16)
        return true;
    day = wall_day(at_ms, &second);
    *until_s = day * DAY_S + second;
    return true;
}

/* "TH", "1TH", "-1FR", "+2MO" */
static bool weekday_parse(const char *text, struct rule *rule)
{
    static const char names[] = "MO TU WE TH FR SA SU";
    size_t n = strlen(text);
    const char *at = n < 2 ? NULL : strstr(names, text + n - 2);
    if (!at || (at - names) % 3)
        return false;
    if (n == 2)
        return true;
    char digits[8];
    int64_t number;
    if (n - 2 >= sizeof digits)
        return false;
    memcpy(digits, text, n - 2);
    digits[n - 2] = '\0';
    size_t sign = strspn(digits, "+-");
    if (sign > 1 || strspn(digits + sign, "0123456789") != n - 2 - sign ||
        !int_parse(digits + sign, 1, 53, &number))
        return false;
    rule->ordinals = true;
    rule->fifth = rule->fifth || number > 5;
    return true;
}

static bool number_parse(const char *text, enum part part)
{
    int64_t number;
    size_t sign = parts[part].negative ? strspn(text, "+-") : 0;
    return sign <= 1 && text[sign] >= '0' && text[sign] <= '9' &&
           int_parse(text + sign, 1, parts[part].max, &number);
}

static bool value_parse(const char *text, enum part part, struct rule *rule)
{
    switch (part) {
    case PART_FREQ:
        for (size_t i = 0; i < COUNT_OF(freqs); i++)
            if (str_eq(text, freqs[i].name))
                rule->freq = freqs[i].freq;
        return rule->freq != 0;
    case PART_UNTIL:
        return until_parse(text, &rule->until_s);
    case PART_BYDAY:
        return weekday_parse(text, rule);
    case PART_WKST:
        return strlen(text) == 2 && weekday_parse(text, rule);
    default:
        return number_parse(text, part);
    }
}

/* Values between commas. */
static int values_parse(const char *text, size_t len, enum part part, struct rule *rule)
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
        if (!value_parse(token, part, rule))
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
    rule->seen |= 1u << part;
    if (values_parse(equals + 1, (size_t)(text + len - equals - 1), part, rule) != 0) {
        buf_printf(err, "%s has a value that it cannot have", parts[part].name);
        return -1;
    }
    return 0;
}

/* What RFC 5545 3.3.10 says about parts that stand together. */
static const char *together(const struct rule *rule)
{
    const unsigned by = 1u << PART_BYDAY | 1u << PART_BYMONTHDAY | 1u << PART_BYYEARDAY |
                        1u << PART_BYWEEKNO | 1u << PART_BYMONTH;
    if (!seen(rule, PART_FREQ))
        return "a rule needs FREQ";
    if (seen(rule, PART_COUNT) && seen(rule, PART_UNTIL))
        return "COUNT and UNTIL exclude each other";
    if (rule->ordinals && (!(rule->freq & FREQ_LONG) || seen(rule, PART_BYWEEKNO)))
        return "the n-th weekday in BYDAY needs FREQ=MONTHLY or YEARLY, without BYWEEKNO";
    if (rule->fifth && (rule->freq == FREQ_MONTHLY || seen(rule, PART_BYMONTH)))
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

/* Floating: no zone, so that nothing is shifted. */
static struct icaltimetype floating(int64_t wall_s)
{
    return icaltime_from_timet_with_zone((time_t)wall_s, 0, NULL);
}

/* For libical, with an end that bounds its search: where the window ends, at the latest. COUNT goes
 * unbounded because libical takes no UNTIL beside it; it ends by itself. */
static struct icalrecurrencetype recurrence(const char *text, const struct rule *rule, int64_t to_s)
{
    struct icalrecurrencetype recur = icalrecurrencetype_from_string(text);
    int64_t end_s = to_s - 1;
    if (seen(rule, PART_UNTIL) && rule->until_s < end_s)
        end_s = rule->until_s;
    if (!seen(rule, PART_COUNT))
        recur.until = floating(end_s);
    return recur;
}

size_t ical_expand(const char *rule, int64_t start_s, int64_t from_s, int64_t to_s, int64_t *starts,
                   size_t max)
{
    struct rule parsed;
    struct buf err = BUF_INIT;
    size_t n = 0;
    bool ok = rule_parse(rule, &parsed, &err) == 0;
    buf_release(&err);
    if (!ok || to_s <= start_s || to_s <= from_s)
        return 0;
    struct icalrecurrencetype recur = recurrence(rule, &parsed, to_s);
    icalrecur_iterator *it = icalrecur_iterator_new(recur, floating(start_s));
    for (int step = 0; it && n < max && step < STEPS_MAX; step++) {
        struct icaltimetype at = icalrecur_iterator_next(it);
        int64_t at_s = (int64_t)icaltime_as_timet(at);
        if (icaltime_is_null_time(at) || at_s >= to_s)
            break;
        if (at_s >= from_s)
            starts[n++] = at_s;
    }
    if (it)
        icalrecur_iterator_free(it);
    free(recur.rscale);
    return n;
}
