/*
 * Common free time of several parties: what a called meeting is proposed by (DOMAIN 2.2 "called
 * meeting", DO9). Pure.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct worktime;

enum { SLOT_DAYS_MAX = 400 };

struct busy {
    int64_t from_ms, to_ms; /* to_ms excluded */
};

struct slot_party {
    const struct worktime *hours; /* office hours, calendar, closures */
    const struct busy *busy;      /* absences and other meetings, in any order */
    size_t busy_count;
};

struct slot_wish {
    int64_t from_ms;     /* not before */
    int64_t to_ms;       /* must have ended by then */
    int64_t duration_ms; /* up to a day */
    int64_t step_ms;     /* starts lie on the wall clock's multiples of it; usually 30 minutes */
    size_t per_day; /* at most so many proposals on a day, so that a poll offers several; 0: any */
};

/* The first common slots, rising and not overlapping, at most max; returns how many. A slot lies
 * within one day's office hours of every party, on no holiday or closure of any, and overlaps
 * nothing that is busy; it may begin when something ends. Looks at most SLOT_DAYS_MAX days ahead;
 * 0 without parties or duration. */
size_t slots_find(const struct slot_wish *wish, const struct slot_party *party, size_t parties,
                  struct busy *slot, size_t max);

/* The earliest thing of `party` that overlaps [from_ms, to_ms), or NULL: a collision. */
const struct busy *slots_collision(const struct slot_party *party, int64_t from_ms, int64_t to_ms);

#endif
