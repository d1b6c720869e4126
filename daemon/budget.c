/*
 * Budgets: see budget.h. A line begins with the configuration's figures; the first change writes
 * its row, and from then on the row holds. A crash before the commit leaves the line as it was.
 */
#include "budget.h"

#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store_audit.h"
#include "util.h"

enum { PERCENT_MAX = 9999 };

bool budget_look(struct stafette *g, const char *line, struct budget_row *row)
{
    if (store_budget_get(g->store, line, row))
        return true;
    const struct budget *budget = directory_budget(g->config->directory, line);
    memset(row, 0, sizeof *row);
    if (!budget)
        return false;
    str_copy(row->line, sizeof row->line, line);
    row->committed_cents = budget->committed_cents;
    row->total_cents = budget->total_cents;
    return true;
}

/* True when `percent` of the total or more are committed. */
static bool reaches(const struct budget_row *row, int percent)
{
    if (row->total_cents <= 0)
        return row->committed_cents > 0;
    return row->committed_cents * 100 >= row->total_cents * percent;
}

int budget_percent(const struct budget_row *row)
{
    if (row->total_cents <= 0)
        return row->committed_cents > 0 ? 100 : 0;
    if (row->committed_cents <= 0)
        return 0;
    int64_t percent = row->committed_cents * 100 / row->total_cents;
    return percent < PERCENT_MAX ? (int)percent : PERCENT_MAX;
}

/* The highest threshold that is reached; 0 = none. */
static int highest(struct stafette *g, const struct budget_row *row)
{
    const struct budget *budget = directory_budget(g->config->directory, row->line);
    int found = 0;
    for (size_t i = 0; budget && i < budget->thresholds; i++)
        if (reaches(row, budget->threshold[i]))
            found = budget->threshold[i];
    return found;
}

static void audit(struct stafette *g, const struct budget_row *row, const char *what)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "budget=%s %s committed=%lld total=%lld frozen=%d told=%d config=%s",
               row->line, what, (long long)row->committed_cents, (long long)row->total_cents,
               row->frozen, row->told_percent, g->config->version);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
}

/* Writes a line with other amounts. */
static enum budget_verdict change(struct stafette *g, struct budget_row *row, const char *what,
                                  int *crossed)
{
    int reached = highest(g, row);
    if (reached > row->told_percent)
        *crossed = row->told_percent = reached;
    store_budget_put(g->store, row);
    audit(g, row, what);
    return row->committed_cents > row->total_cents ? BUDGET_OVERDRAWN : BUDGET_DONE;
}

enum budget_verdict budget_commit(struct stafette *g, const char *line, int64_t cents, int *crossed)
{
    struct budget_row row;
    *crossed = 0;
    if (!budget_look(g, line, &row))
        return BUDGET_UNKNOWN;
    if (row.frozen && cents > 0)
        return BUDGET_FROZEN;
    row.committed_cents += cents;
    if (row.committed_cents < 0)
        row.committed_cents = 0;
    return change(g, &row, cents < 0 ? "given back" : "committed", crossed);
}

enum budget_verdict budget_set(struct stafette *g, const char *line, int64_t committed_cents,
                               int64_t total_cents, int *crossed)
{
    struct budget_row row;
    *crossed = 0;
    if (!budget_look(g, line, &row))
        return BUDGET_UNKNOWN;
    row.committed_cents = committed_cents > 0 ? committed_cents : 0;
    row.total_cents = total_cents > 0 ? total_cents : 0;
    int reached = highest(g, &row);
    if (row.told_percent > reached)
        row.told_percent = reached; /* a new year: its thresholds are told of again */
    return change(g, &row, "set", crossed);
}

enum budget_verdict budget_freeze(struct stafette *g, const char *line, bool frozen)
{
    struct budget_row row;
    if (!budget_look(g, line, &row))
        return BUDGET_UNKNOWN;
    if (row.frozen == frozen)
        return BUDGET_DONE;
    row.frozen = frozen;
    store_budget_put(g->store, &row);
    audit(g, &row, frozen ? "frozen by hand" : "thawed by hand");
    return BUDGET_DONE;
}

struct walk {
    struct stafette *g;
    void *context;
    void (*each)(void *context, const struct budget_row *row);
};

static void only_stored(void *context, const struct budget_row *row)
{
    struct walk *walk = context;
    if (!directory_budget(walk->g->config->directory, row->line))
        walk->each(walk->context, row);
}

void budget_each(struct stafette *g, void *context,
                 void (*each)(void *context, const struct budget_row *row))
{
    const struct directory *dir = g->config->directory;
    struct walk walk = {g, context, each};
    for (size_t i = 0; i < dir->budgets; i++) {
        struct budget_row row;
        if (budget_look(g, dir->budget[i].line, &row))
            each(context, &row);
    }
    store_budget_each(g->store, &walk, only_stored);
}
