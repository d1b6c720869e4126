/*
 * The count-only check of each minute: every open item has its next clock. The full ledger, with
 * its own SQL, is another matter; this one costs a few milliseconds (DESIGN 1.6).
 */
#ifndef BALANCE_H
#define BALANCE_H

struct stafette;

/* Runs the check when it is due; keeps its result and the gauges in g. Not inside a transaction. */
void balance_check(struct stafette *g);

#endif
