/*
 * The statutory clocks C1 to C25 (DOMAIN 2.2): one row each way a clock can run, with its norm, its
 * length and what starts it; the day when it is due; the days when to warn. Pure.
 *
 * A name is the clock, or clock and variant: "C1", "C3/expert". Closures of a unit never move what
 * is due; they only bring warnings forward.
 */
#ifndef STATUTE_H
#define STATUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "period.h"

struct buf;
struct worktime;

enum statute_kind {
    STATUTE_PERIOD, /* a length from an event on */
    STATUTE_BEFORE, /* a length back from a date to come */
    STATUTE_PROMPT, /* "unverzüglich" (§ 121 BGB), without a length: the next Arbeitstag */
    STATUTE_LOCAL,  /* the law sets no length: a local standard, or the next Arbeitstag */
};

struct statute {
    const char *clock, *variant; /* "C3", "expert"; variant "" is the clock's usual way */
    enum statute_kind kind;
    const char *length; /* for period_parse(); "" when there is none */
    const char *title;  /* German, what has to be done */
    const char *norm;
    const char *start; /* German, what starts it, or what it is counted back from */
    const char *note;  /* German sentence for the reader; "" when there is nothing to add */
};

/* The table; its length in *n. */
const struct statute *statute_rows(size_t *n);

/* The row of "C3" or "C3/expert"; NULL when there is none. */
const struct statute *statute_find(const char *name);

/* Appends all names for a reader, or with a clock's id, "C3", the names of that clock; nothing when
 * there is no such clock. */
void statute_names(struct buf *out, const char *clock);

/* A clock that runs. */
struct statute_run {
    const struct statute *row;
    int64_t start_ms;     /* the event, or for STATUTE_BEFORE the date to come */
    const char *calendar; /* of the authority's seat */
    const char *local;    /* local standard of a STATUTE_LOCAL row, for period_parse(); or "" */
};

/* When it is due. Returns 0, or -1 with a sentence in err: unknown calendar, years without known
 * holidays, a local standard that is no length or for a row whose length the law sets. */
int statute_due(const struct statute_run *run, struct period_end *end, struct buf *err);

/* Appends in German what the clock is and what the law says of its length, then period_why(). */
void statute_why(struct buf *out, const struct statute_run *run, const struct period_end *end);

enum statute_warning {
    WARN_THREE_QUARTERS,
    WARN_TWO_DAYS,
    WARN_LAST_DAY,
    WARN_OVERDUE,
    WARN_COUNT
};

/* When to warn: the day, and its first moment; for a clock in hours the very moment. A day of 0 is
 * no warning: it would come before the clock ran, or on the day of the next one. */
struct statute_warnings {
    int64_t day[WARN_COUNT];
    int64_t at_ms[WARN_COUNT];
};

/* The name in stores, logs and JSON: "three_quarters", "two_days", "last_day", "overdue"; and in
 * German for people: "75 % der Frist". */
const char *statute_warning_name(enum statute_warning warning);
const char *statute_warning_german(enum statute_warning warning);

/* 75 % of the period before it was moved, pulled back to an Arbeitstag; two Arbeitstage before the
 * end; the last day; the day after. With a unit's working time (or NULL) the first three are pulled
 * back further to a staffed day, if one lies after the start. Hours: at 75 %, at the last hour, at
 * the end. */
void statute_warn(const struct period_end *end, const char *calendar, const struct worktime *unit,
                  struct statute_warnings *warnings);

/* The last staffed day of a unit at or before the end: the last one on which its people can keep
 * the date. The end itself when none lies within a year. */
int64_t statute_last_staffed(const struct worktime *unit, int64_t end_day);

#endif
