/*
 * Drills (Probealarme): what was measured (table drill). A row stays as long as the audit trail;
 * its item goes much sooner.
 */
#ifndef STORE_DRILL_H
#define STORE_DRILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct store;
struct ended_item;

/* Wall time in ms, 0 = not yet. */
struct drill {
    int64_t item_seq;
    char unit[ID_MAX];
    int64_t started_ms;
    int64_t sent_ms;          /* the first delivery was accepted */
    int64_t answered_ms;      /* by the first answer, which ended it */
    char answered_by[ID_MAX]; /* unit; "" = nobody yet */
    int64_t rungs;            /* steps of the ladder that ran before that */
};

void store_drill_add(struct store *s, const struct drill *drill);
bool store_drill_get(struct store *s, int64_t item_seq, struct drill *drill);

/* The first delivery only; a later one changes nothing. */
void store_drill_sent(struct store *s, int64_t item_seq, int64_t now_ms);
void store_drill_climbed(struct store *s, int64_t item_seq);
void store_drill_answered(struct store *s, int64_t item_seq, int64_t now_ms, const char *by);

/* The newest first, at most max; or those that are under way. */
void store_drill_each(struct store *s, int64_t max, void *context,
                      void (*each)(void *context, const struct drill *drill));
void store_drill_each_open(struct store *s, void *context,
                           void (*each)(void *context, const struct drill *drill));

/* True while an emergency waits for the unit, or is being worked on there. */
bool store_drill_emergency(struct store *s, const char *unit);

/* Retention: items of drills that ended before then, at most max, as store_retention_items(); and
 * measured rows that began before then, whose items are gone. Returns how many. */
size_t store_drill_over(struct store *s, int64_t before_ms, struct ended_item *items, size_t max);
int64_t store_drill_prune(struct store *s, int64_t before_ms, int64_t max);

#endif
