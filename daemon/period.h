/*
 * Statutory periods: from a length and a start to the day on which they end, and why. Pure.
 *
 * The calculus is §§ 187 to 189 BGB with § 26 SGB X: the day of the event does not count; weeks
 * and months end on the same weekday or date, or on the last day of the month; an end on a
 * Saturday, a Sunday or a holiday moves to the next Arbeitstag; hours run through and never move.
 * Holidays are those of the authority's seat (holiday.h). Closures of an office have no say here:
 * they pause internal limits (worktime.h), never the law.
 */
#ifndef PERIOD_H
#define PERIOD_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum period_unit {
    PERIOD_HOURS,       /* real hours, § 26(6) SGB X */
    PERIOD_DAYS,        /* days of the calendar */
    PERIOD_WERKTAGE,    /* Monday to Saturday without statutory holidays */
    PERIOD_ARBEITSTAGE, /* Monday to Friday without statutory holidays */
    PERIOD_WEEKS,
    PERIOD_MONTHS,
    PERIOD_YEARS,
};

struct period {
    enum period_unit unit;
    int amount; /* at least 1 */
};

/* A period that was worked out. Days are days since 1970-01-01 in Europe/Berlin. */
struct period_end {
    struct period period;
    bool back; /* counted back from the start: see period_before() */
    int64_t start_ms, start_day;
    int64_t raw_day; /* the end before it was moved */
    int64_t end_day;
    int64_t end_ms; /* the moment when it is over: the end of end_day, or of the last hour */
};

/* "2 weeks", "2 Wochen", "7 Werktage", "3 Arbeitstage", "14 days", "1 Kalendermonat", "1 Jahr",
 * "1 Halbjahr", "72 hours", "72 h"; case does not matter. Half-years and quarters of a year are 6
 * and 3 months (§ 189(1) BGB). "working days" is refused: it could mean Werktage or Arbeitstage.
 * False when malformed, 0, or longer than 50 years. */
bool period_parse(const char *text, struct period *period);

/* Appends the length in German, "2 Wochen", "1 Werktag"; period_parse() reads it again. */
void period_write(struct buf *out, const struct period *period);

/* When a period ends that an event at start_ms began (a day alone: its first moment). Returns 0,
 * or -1 with a sentence in err: the calendar key is none, or the start or the end lies outside the
 * years whose holidays are known. */
int period_end(const struct period *period, int64_t start_ms, const char *calendar,
               struct period_end *end, struct buf *err);

/* The last good day before a date: a period counted back from the day of start_ms, and pulled to
 * the Arbeitstag before when it meets none, so that nothing is due too late. Never in hours. Errors
 * as in period_end(). */
int period_before(const struct period *period, int64_t start_ms, const char *calendar,
                  struct period_end *end, struct buf *err);

/* The same date so many months on, or the last day of a month that does not have it (§ 188(2), (3)
 * BGB). Days since 1970. */
int64_t period_add_months(int64_t day, int months);

/* Appends how the end was found, in German, one sentence a line, each ended by "\n". The calendar
 * must be the one that it was worked out with. */
void period_why(struct buf *out, const struct period_end *end, const char *calendar);

#endif
