/*
 * "stafettectl deadline": when a statutory period ends, and why. Pure: works without a daemon and
 * without a configuration.
 */
#ifndef CTL_DEADLINE_H
#define CTL_DEADLINE_H

#include <stdbool.h>

struct buf;

struct ctl_deadline {
    const char *start;    /* "2026-12-23", "2026-12-18T16:00" (Europe/Berlin), or RFC 3339 */
    const char *length;   /* "2 weeks", as period_parse() takes it, or a clock, "C3/expert" */
    const char *calendar; /* key of the authority's seat, "BW", "BY+mh" */
    bool json;
};

/* Appends the ISO date (for hours: the moment with its offset) on the first line and the reasons in
 * German below it, or both as one JSON object; for a clock also its warnings. Returns 0, or -1 with
 * a sentence in err that names the argument and what it may be. */
int ctl_deadline(struct buf *out, const struct ctl_deadline *ask, struct buf *err);

#endif
