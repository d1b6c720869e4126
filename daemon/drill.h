/*
 * Drills (Probealarm): does an emergency, or a handover, really reach somebody who answers? A drill
 * is an item of its own kind that goes the real way: to who is on duty or present now, over the
 * urgent lanes, by SMS and mail with answer link and number, up the real ladder. Each text begins
 * with "PROBEALARM". It ends with the first answer, or when nobody is left to be asked; then the
 * coordinator reads how it went.
 *
 * It is measured (table drill) and excluded from every figure: it is never overdue, belongs to no
 * source and no case, and overviews and the oldest open item pass it over. The ledger counts it
 * apart, as a kind of its own.
 *
 * Without `whole_chain` it asks the unit, its deputies and its lead: not the head, not the
 * coordinator, not who is on duty for others. It is refused while the unit has a real emergency,
 * and ends at once, without a word to anybody but the coordinator, when one is reported.
 */
#ifndef DRILL_H
#define DRILL_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "stafette.h"

struct buf;
struct drill;
struct item;
struct stafette;
struct unit;

struct drill_order {
    const struct unit *unit;
    enum item_kind like; /* ITEM_EMERGENCY or ITEM_HANDOVER: urgency and policy of that */
    bool any_hour;       /* also in quiet hours */
    bool whole_chain;
    const char *by; /* for the audit: "control", "schedule" */
};

/* Begins a drill in the open transaction. Returns its item, or -1 with a sentence in err: the unit
 * has an open emergency or drill, has quiet hours, or nobody who could be asked is there. */
int64_t drill_start(struct stafette *g, const struct drill_order *order, struct buf *err);

/* False when this reader of a rung is not to be asked in the drill. */
bool drill_may_tell(const struct stafette *g, const struct item *item, enum rung rung,
                    const struct unit *reader);

/* A delivery of the drill was accepted; one more rung was told. */
void drill_sent(struct stafette *g, const struct item *item);
void drill_climbs(struct stafette *g, const struct item *item);

/* An emergency was reported for that unit: drills that ask it, or the people who are asked for it
 * now, end. */
void drill_gives_way(struct stafette *g, const struct unit *asked);

enum drill_end { DRILL_ANSWERED_END, DRILL_SILENT_END, DRILL_STOPPED_END };

/* What the coordinator reads: "Der Probealarm um 14:02 für „Bereitschaft“ wurde nach 3 Minuten von
 * „Bereitschaft, erste Linie“ bestätigt." */
void drill_report(const struct stafette *g, struct buf *out, const struct drill *drill,
                  enum drill_end end);

/* The schedule (drill.each, drill.at), part of the daily work: see daily.c. A store that knows no
 * drill yet begins with the next time. */
void drill_open(struct stafette *g);
bool drill_due(const struct stafette *g);
void drill_run(struct stafette *g);
void drill_done(struct stafette *g);

#endif
