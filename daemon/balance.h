/*
 * The count-only check of each minute: every open item has its next clock. The full ledger, with
 * its own SQL, is another matter; this one costs a few milliseconds (DESIGN 1.6).
 */
#ifndef BALANCE_H
#define BALANCE_H

#include <stdbool.h>

struct stafette;

/* Runs the check when it is due; keeps its result and the gauges in g. Not inside a transaction. */
void balance_check(struct stafette *g);

/* What the heartbeat says as `green`: this count, the last full ledger (ledger_run.h) and the store
 * are well, and nothing is held back. */
bool balance_green(const struct stafette *g);

#endif
