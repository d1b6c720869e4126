/*
 * Budgets of counselling (DOMAIN DO6): what approvals commit, when the line's lead hears of it, and
 * lines that take no new approval. All in the open transaction.
 *
 * A line over 100 percent still takes approvals: a person in need is not turned away by a sum; its
 * lead is told, and freezes the line when that is wanted. A frozen line refuses new approvals only;
 * what was approved goes on.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

#include "store_budget.h"

struct stafette;

enum budget_verdict {
    BUDGET_DONE,      /* the amount is committed */
    BUDGET_OVERDRAWN, /* committed as well, and now more than the total */
    BUDGET_FROZEN,    /* nothing was committed */
    BUDGET_UNKNOWN,   /* no such line; nothing was committed */
    BUDGET_VERDICT_COUNT
};

/* Commits an amount of cents to a line; a negative one gives back what was not used. *crossed
 * (never NULL) is the highest threshold in percent that is reached now and of which the lead has
 * not been told, else 0; it counts as told, also when amounts go back and forth around it. */
enum budget_verdict budget_commit(struct stafette *g, const char *line, int64_t cents,
                                  int *crossed);

/* Event budget.changed: both figures are replaced. *crossed as above; a line that has fallen below
 * a threshold will be told of again. A line that neither configuration nor store knows is
 * BUDGET_UNKNOWN. */
enum budget_verdict budget_set(struct stafette *g, const char *line, int64_t committed_cents,
                               int64_t total_cents, int *crossed);

/* Whether a line takes new approvals. BUDGET_DONE, or BUDGET_UNKNOWN; doing it twice is harmless.
 */
enum budget_verdict budget_freeze(struct stafette *g, const char *line, bool frozen);

/* The line as it stands now; false when there is no such line. */
bool budget_look(struct stafette *g, const char *line, struct budget_row *row);

/* Every line of the configuration, then those that only the store knows. */
void budget_each(struct stafette *g, void *context,
                 void (*each)(void *context, const struct budget_row *row));

/* Percent of the total that is committed, rounded down; 100 for something of nothing. */
int budget_percent(const struct budget_row *row);

#endif
