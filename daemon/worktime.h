/*
 * Working time: office hours, day kinds, and the end of a limit. Pure. All zones are
 * Europe/Berlin; holidays come from holiday.h by calendar key ("NW", "BW", "SH", "BY+mh").
 *
 * Three day kinds (DOMAIN 6): Werktag = Mon-Sat without statutory holiday; Arbeitstag = Mon-Fri
 * without statutory holiday; staffed day = Arbeitstag with office hours of that unit and no local
 * closure (24 and 31 December, Betriebsausflug ...). A closure that begins during the day only
 * shortens it: the day stays staffed as long as some office time is left.
 */
#ifndef WORKTIME_H
#define WORKTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A local closure: the whole day, or from `from_s` (seconds of the day) on. */
struct closure {
    int64_t day; /* days since 1970; or, when yearly, day of month */
    int month;   /* 0: `day` is one certain day; 1-12: every year on day/month */
    int from_s;  /* 0: whole day */
};

struct worktime {
    int open_s[7], close_s[7]; /* Monday first, seconds of the day; open == close: not staffed */
    char calendar[24];         /* calendar key; "" = no holidays known */
    struct closure *closure;   /* borrowed */
    size_t closures;
};

/* How a limit is counted. */
enum span_unit {
    SPAN_REAL,    /* milliseconds that simply pass, nights and holidays included */
    SPAN_OFFICE,  /* milliseconds of office time of the recipient */
    SPAN_STAFFED, /* whole staffed days of the recipient (internal "AT"), ending at closing time */
};

struct span {
    enum span_unit unit;
    int64_t amount; /* ms for REAL and OFFICE, days for STAFFED */
};

/* "15m" (real time), "2 office hours", "90 office minutes", "1 staffed day", "3 staffed days".
 * False when malformed, negative, or over 2000 office hours or 366 staffed days. */
bool span_parse(const char *text, struct span *span);

/* Appends the span so that span_parse() reads the same again. */
void span_write(struct buf *out, const struct span *span);

/* The hours of DOMAIN E6: Monday to Thursday 08-16, Friday 08-12, no calendar, no closures. */
void worktime_default(struct worktime *w);

/* "08:00-16:00" -> seconds of the day, "24:00" allowed as the end; "" or "closed" -> both 0.
 * False when malformed or when the end does not lie after the beginning. */
bool worktime_hours_parse(const char *text, int *open_s, int *close_s);

/* A closure's date, "2027-07-19" for one day or "12-24" for every year, and its beginning,
 * "10:30" or "" for the whole day. False when either is malformed or no real date. */
bool closure_parse(const char *date, const char *from, struct closure *closure);

bool worktime_is_werktag(const char *calendar, int64_t day);
bool worktime_is_arbeitstag(const char *calendar, int64_t day);
bool worktime_is_staffed(const struct worktime *w, int64_t day);

/* The office hours of one day in seconds of the day, shortened by closures that begin during it.
 * False when there are none: not staffed, a holiday, closed. */
bool worktime_window(const struct worktime *w, int64_t day, int *open_s, int *close_s);

/* True when a local closure covers that time of a day, whatever the office hours. */
bool worktime_is_closed(const struct worktime *w, int64_t day, int second_of_day);

/* The last staffed day up to `day` (days since 1970), itself included, and the first one from it
 * on; `day` itself when there is none within two years. */
int64_t worktime_staffed_before(const struct worktime *w, int64_t day);
int64_t worktime_staffed_from(const struct worktime *w, int64_t day);

/* True when the office is open at that moment. Saturday and Sunday hours count when configured
 * (an on-call desk), though such a day is no staffed day. */
bool worktime_is_open(const struct worktime *w, int64_t at_ms);

/* The next moment at or after at_ms when the office is open; at_ms itself when there is none
 * within two years. */
int64_t worktime_next_open(const struct worktime *w, int64_t at_ms);

/* When a limit that starts at from_ms ends; a limit of 0 ends at once. Day of the event is not
 * counted for STAFFED (§ 187(1) BGB analogue). With office hours 08-16: 4 office hours from 15:00
 * end next staffed day 11:00. A limit that does not end within two years, because the unit has no
 * or hardly any office time, falls back to real time (days as 24 h): too early, never lost. */
int64_t worktime_end(const struct worktime *w, const struct span *span, int64_t from_ms);

#endif
