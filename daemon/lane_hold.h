/*
 * Destinations that an operator holds: names, and which lanes each of them means. A held lane
 * starts no attempt; what is due there waits. Kept in table lane_hold, so it survives a restart.
 *
 * A name is a lane ("relay/jobcenter.example", "gateway"), a transport ("relay": all its lanes) or
 * "*" (all). What is urgent has lanes of its own and is held only when named: "relay (urgent)",
 * "* (urgent)". Pure; an unknown name means nothing.
 */
#ifndef LANE_HOLD_H
#define LANE_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANE_ALL "*"
#define LANE_URGENT_MARK " (urgent)"

struct lane_hold {
    char *lane; /* as the operator named it */
    int64_t since_ms;
};

struct lane_holds {
    struct lane_hold *hold;
    size_t count, cap;
};

/* All zero is an empty list, too. */
void lane_holds_release(struct lane_holds *holds);
/* The name is copied. */
void lane_holds_add(struct lane_holds *holds, const char *lane, int64_t since_ms);
/* The hold of exactly this name; NULL when there is none. */
const struct lane_hold *lane_holds_find(const struct lane_holds *holds, const char *name);
/* The hold that means this lane, its own before wider ones; NULL when it is free. */
const struct lane_hold *lane_holds_cover(const struct lane_holds *holds, const char *lane);

/* Does `wanted` mean this lane? `also_urgent`: a name without the mark means urgent lanes, too. */
bool lane_is_meant(const char *wanted, const char *lane, bool also_urgent);

/* True when the name is of what is urgent. */
bool lane_name_is_urgent(const char *name);

#endif
