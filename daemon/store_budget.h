/*
 * Budget lines as they stand now (table budget). A line that was never touched has no row: then the
 * configuration's figures hold (budget.h).
 */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct budget_row {
    char line[ID_MAX];
    int64_t committed_cents, total_cents;
    bool frozen;
    int told_percent; /* the highest threshold that its lead was told of; 0 = none */
};

/* False when the line has no row. */
bool store_budget_get(struct store *s, const char *line, struct budget_row *row);
/* Adds or replaces. */
void store_budget_put(struct store *s, const struct budget_row *row);
/* By line. */
void store_budget_each(struct store *s, void *context,
                       void (*each)(void *context, const struct budget_row *row));

#endif
