/*
 * Removing what is over its time (DOMAIN R19, DIN 66398), class by class as schema.c names them:
 * ended items with their notices, deliveries, clocks and the data of their events; events beyond
 * the memory of known ids, together with that memory; the oldest audit rows; absences. A bounded
 * piece in each idle turn, in a transaction of its own, never over 50 ms; an audit row with counts
 * at the end of each run, and totals in table meta, so that the ledger still balances:
 *
 *     ledger_pruned_items    items removed that an event had opened (no tasks, no deadlines)
 *     ledger_pruned_events   events removed that had opened one of these
 *
 * On the real clock a run begins an hour after the start and every hour, and not in the hour after
 * a leap of the wall clock: a clock that is wrong for a moment must not remove what is young.
 */
#ifndef RETENTION_H
#define RETENTION_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct stafette;

enum retention_class {
    RETAIN_MEMORY,
    RETAIN_CLOSED,
    RETAIN_DRILL,
    RETAIN_AUDIT,
    RETAIN_ROSTER,
    RETAIN_CLASS_COUNT
};

struct retention {
    bool open;                         /* the totals were read */
    bool busy;                         /* a run is under way */
    int64_t looked_ms;                 /* wall time of the last look; 0 = none yet */
    int64_t next_mono_ms;              /* no look before */
    int64_t ended_ms;                  /* wall time when the last run ended; 0 = never */
    int64_t total[RETAIN_CLASS_COUNT]; /* rows removed since the store was made */
    int64_t told[RETAIN_CLASS_COUNT];  /* of these, told in audit rows */
    int64_t last[RETAIN_CLASS_COUNT];  /* by the last run that ended */
};

const char *retention_class_name(enum retention_class class);

/* One piece of work, when it is time; for idle turns. Failures of the store are logged and tried
 * again. */
void retention_step(struct stafette *g);

/* How long the loop may wait for its next call; at most wait_ms. */
int64_t retention_wait_ms(const struct stafette *g, int64_t wait_ms);

/* True while a run is under way, or due on a test clock. */
bool retention_is_busy(const struct stafette *g);

/* The member "retention" of the status: when the last run ended and what it removed. */
void retention_status(const struct stafette *g, struct buf *out);

#endif
