/*
 * On-duty plans (Bereitschaftsdienst, DOMAIN DO1, E27): a weekly pattern in the wall time of
 * Europe/Berlin, and overrides. Who is on the first, second and third line at a moment, until when,
 * and whether a minute of the week has nobody. Pure; filled by directory_presence.c.
 *
 * Days when the clocks change need no care of the planner: a shift ends when the clock first shows
 * its end, which is when the next one begins (walltime.h).
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct unit;

enum { ROSTER_LINES_MAX = 3, ROSTER_DAILY = 0x7f };

/* Who is asked first, second, third. */
struct duty_lines {
    const struct unit *unit[ROSTER_LINES_MAX];
    size_t count;
};

struct shift {
    unsigned days;    /* on which it begins: bit 0 = Monday */
    int from_s, to_s; /* seconds of the day; to_s <= from_s: ends on the next day */
    struct duty_lines lines;
};

struct roster_override {
    int64_t from_ms, to_ms; /* to_ms excluded */
    struct duty_lines lines;
};

struct roster {
    const char *id;
    int64_t starts_ms, ends_ms; /* ends_ms excluded, INT64_MAX = open */
    struct shift *shift;        /* the first that covers a moment holds */
    size_t shifts;
    struct roster_override *override; /* before all shifts; again the first holds */
    size_t overrides;
};

/* "mon-fri", "sat", "sat,sun", "fri-mon", "daily" -> days; 0 when malformed. */
unsigned roster_days_parse(const char *text);

/* Who is on duty at a moment; a count of 0 when nobody is: an uncovered minute, or before the plan
 * starts or after it has ended. */
struct duty_lines roster_on_duty(const struct roster *roster, int64_t at_ms);

/* The next moment after at_ms when a shift or an override begins or ends, at most eight days
 * later. */
int64_t roster_next_change(const struct roster *roster, int64_t at_ms);

/* True when a minute of the week has nobody on the first line; appends the first such gap, e.g.
 * "Sa 03:00-08:00" or "Fr 20:00-Mo 08:00". */
bool roster_gap(const struct roster *roster, struct buf *out);

bool duty_lines_equal(const struct duty_lines *a, const struct duty_lines *b);

#endif
