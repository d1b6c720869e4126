/*
 * Reachability, looking: collects what reach.h judges, from the directory, the flags of contacts,
 * incidents, absences and on-duty plans, for now and the coming week. Reads only; a look at a unit
 * costs some 30 short queries at most, and only where absences or flags are known at all.
 */
#ifndef REACH_LOOK_H
#define REACH_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "reach.h"

struct buf;
struct stafette;
struct unit;

enum { REACH_WAYS_MAX = 12 /* contacts of a unit that are looked at */, REACH_DAYS = 7 };

struct reach_look {
    const struct unit *unit;
    struct reach_way way[REACH_WAYS_MAX];
    struct reach_case c; /* points to `way`: not to be copied */
    struct reach_result r;
};

/* True when the unit gets notices itself: teams, providers and desks, not bodies (their members
 * are told). */
bool reach_counts(const struct unit *unit);

void reach_look(struct stafette *g, const struct unit *unit, struct reach_look *look);

/* The same of its contacts only: judges REACH_NO_WAY, REACH_ONE_WAY and REACH_BROKEN. */
void reach_look_ways(struct stafette *g, const struct unit *unit, struct reach_look *look);

/* The code of the task that tells the coordinator that a contact of the unit has failed for the
 * `failures`-th time since its last success, NULL when nobody need be told: at once when nothing
 * reaches the unit any more, else with the second failure. */
const char *reach_bounced(struct stafette *g, const struct unit *unit, int64_t failures);

#endif
