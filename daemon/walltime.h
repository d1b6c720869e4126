/*
 * The wall clock of Europe/Berlin as people write it in plans: times of the day, moments without an
 * offset, quiet hours. Pure.
 */
#ifndef WALLTIME_H
#define WALLTIME_H

#include <stdbool.h>
#include <stdint.h>

/* Hours in which no SMS goes out; from_s == to_s: none. They may run over midnight. */
struct quiet {
    int from_s, to_s; /* seconds of the day */
};

/* "HH:MM" -> seconds of the day, "24:00" is the end of the day; -1 when it is none. */
int wall_time_of_day(const char *text);

/* "Mo 07:00" -> weekday (Monday = 0) and seconds of the day; false when malformed. */
bool weekly_time_parse(const char *text, int *weekday, int *second_of_day);

/* "4w" -> how many weeks, 1 to 52; 0 when malformed. */
int weeks_parse(const char *text);

/* The moment at which the wall clock first shows that time or a later one. A time that the spring
 * change leaves out is the moment of the change, a time that comes twice in autumn the first of the
 * two; so later times never come earlier, and plans that meet on paper meet on those days as well.
 * 86400 is the beginning of the next day. */
int64_t wall_ms(int64_t day, int second_of_day);

/* The local day of a moment, and in *second_of_day what the clock shows (may be NULL). */
int64_t wall_day(int64_t at_ms, int *second_of_day);

/* "2026-11-23", "2026-11-23T12:00", or with an offset as RFC 3339 has it. A day alone is its
 * beginning, as an `end` the beginning of the next day (the day is included). False when malformed
 * or no real date. */
bool wall_parse(const char *text, bool end, int64_t *at_ms);

/* "20:00-07:00", at most 16 hours; "" = none. False when malformed, longer, or of no length. */
bool quiet_parse(const char *text, struct quiet *quiet);

/* When the quiet hours that cover a moment end; the moment itself when none do. */
int64_t quiet_end(const struct quiet *quiet, int64_t at_ms);

#endif
