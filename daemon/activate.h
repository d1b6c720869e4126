/*
 * Routing tables with an effective date (DOMAIN MH4): when a date passes on which rules begin or
 * end (valid_from, valid_to), open items of the old table go to the unit that the new one names,
 * once.
 *
 * An item is re-addressed when it waits for the unit that the old table names and the new one names
 * another. The new unit is asked anew, with a clock of its own; the old one hears that it has
 * nothing more to do; the giver stays responsible; statutory clocks run on, for they are items of
 * their own. What was sent to a unit by name (to_unit), what waits for somebody else, and what a
 * person has moved stays where it is.
 *
 * Only dates do this. A configuration whose rules differ without one changes where new items go,
 * and nothing else. A table that is loaded after its date has passed is activated then. An event
 * whose effectiveat lies before the date is routed by the old table, also when it arrives later.
 *
 * How far the tables are activated stands in the store (meta routes_activated_ms), so a restart
 * neither forgets nor repeats it.
 */
#ifndef ACTIVATE_H
#define ACTIVATE_H

#include <stddef.h>
#include <stdint.h>

struct stafette;

/* Items looked at, and re-addressed, at most, in one turn. */
enum { ACTIVATE_LOOK_MAX = 2000, ACTIVATE_CHANGE_MAX = 200 };

/* The moment of the next activation; g->now_ms or earlier when one is due or under way, 0 when no
 * table waits for its date. */
int64_t activate_next_ms(struct stafette *g);

/* In the transaction: does what is due, at most one turn's share. Returns how many items were
 * re-addressed. */
size_t activate_run(struct stafette *g);

#endif
