/*
 * Clocks: what is due now becomes a reminder or an escalation, in the open transaction. Silence
 * never means yes: each clock ends in a person, and leaves the next clock behind (DESIGN 1.4).
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>

struct item;
struct stafette;
struct unit;

/* Fires what is due, earliest first, at most TURN_CLOCKS_MAX, and fewer when they tell many
 * (TURN_NOTICES_MAX: reminders of large meetings); returns how many. A clock that fell
 * due long ago fires once, and its successor counts from now, so an outage collapses to one
 * reminder per item. */
size_t clock_fire_due(struct stafette *g);

/* Who is told when nobody answers in time, as the directory has it now; NULL when nothing is due.
 */
const struct unit *clock_next_told(const struct stafette *g, const struct item *item);

#endif
