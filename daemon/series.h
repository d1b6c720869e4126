/*
 * Series of meetings: from a rule or a list of dates to planned sessions, by the holidays of the
 * host (DOMAIN MH1, UL7, BI9, E18). Pure. Wall seconds as in ical.h.
 */
#ifndef SERIES_H
#define SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct school;
struct worktime;

enum {
    SERIES_MOVE_DAYS = 28,    /* a session moves at most so far */
    SERIES_STARTS_MAX = 20000 /* of one expansion, those around the window included */
};

/* What becomes of a session that falls on a public holiday or local closure of the host. */
enum holiday_rule {
    HOLIDAY_KEEP,      /* it takes place all the same */
    HOLIDAY_SKIP,      /* it is left out */
    HOLIDAY_PLUS_WEEK, /* the first later week, same weekday and time, that is free: "+1w" */
    HOLIDAY_NEXT_DAY,  /* the next working day of the host */
    HOLIDAY_RULE_COUNT
};
const char *holiday_rule_name(enum holiday_rule rule); /* "keep", "skip", "plus_week", "next_day" */
bool holiday_rule_parse(const char *name, enum holiday_rule *rule);

struct series {
    const char *rule;    /* RRULE; "" = only start_s, or the dates */
    int64_t start_s;     /* first session, or where the rule begins */
    int64_t until_day;   /* last day of the rule, included; 0 = none */
    const int64_t *date; /* list of dates instead of a rule: wall seconds, rising; what is not later
                          * than the one before is passed over */
    size_t dates;
    const int64_t *except; /* days (since 1970) that are left out */
    size_t excepts;
    enum holiday_rule holiday;
    bool skip_school_holidays;
    const struct worktime *hours; /* of the host: calendar key and closures */
    const struct school *school;  /* NULL: unknown */
};

enum plan_verdict {
    PLAN_AS_RULED,
    PLAN_MOVED,   /* start_s differs from original_s */
    PLAN_LEFT_OUT /* by holiday, exception or school holidays */
};

struct planned {
    int64_t original_s; /* as the rule has it: the session's name for ever (RECURRENCE-ID) */
    int64_t start_s;
    enum plan_verdict verdict;
    const char *why; /* German: name of the holiday, "Schließtag", "Schulferien", "Ausnahme"; "" =
                      * as ruled */
};

/* The sessions whose original start lies in [from_s, to_s), rising by it, at most max; returns how
 * many. The answer for one session does not depend on the window it is asked in.
 *
 * A session that was moved may lie behind to_s and behind until_day, because it is still the
 * session of its date. It never lands on a holiday, a closure, an exception, school holidays that
 * are left out, or the day of another session of the series: then it moves on by its rule once
 * more. What finds no place within SERIES_MOVE_DAYS is left out: a weekly session that gives way to
 * the next week is that week's session. */
size_t series_expand(const struct series *series, int64_t from_s, int64_t to_s,
                     struct planned *planned, size_t max);

#endif
