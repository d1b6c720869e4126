/*
 * Working time: office hours, day kinds, and the end of a limit. Pure. All zones are
 * Europe/Berlin; holidays come from holiday.h by calendar key ("NW", "BW", "SH", "BY+mh").
 *
 * Three day kinds (DOMAIN 6): Werktag = Mon-Sat without statutory holiday; Arbeitstag = Mon-Fri
 * without statutory holiday; staffed day = Arbeitstag with office hours of that unit and no local
 * closure (24 and 31 December, Betriebsausflug ...).
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
 * False when malformed or negative. */
bool span_parse(const char *text, struct span *span);
void span_write(struct buf *out, const struct span *span);

bool worktime_is_werktag(const char *calendar, int64_t day);
bool worktime_is_arbeitstag(const char *calendar, int64_t day);
bool worktime_is_staffed(const struct worktime *w, int64_t day);
bool worktime_is_open(const struct worktime *w, int64_t at_ms);

/* The next moment at or after at_ms when the office is open; at_ms itself when there is none
 * within two years. */
int64_t worktime_next_open(const struct worktime *w, int64_t at_ms);

/* When a limit that starts at from_ms ends. Day of the event is not counted for STAFFED (§ 187(1)
 * BGB analogue). With office hours 08-16: 4 office hours from 15:00 end next staffed day 11:00.
 * A unit without any staffed day within two years falls back to real time (days as 24 h). */
int64_t worktime_end(const struct worktime *w, const struct span *span, int64_t from_ms);

#endif
