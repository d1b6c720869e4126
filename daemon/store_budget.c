/*
 * Table budget: see store_budget.h.
 */
#include "store_budget.h"

#include <string.h>

#include "store_sql.h"
#include "util.h"

enum { BUDGET_GET, BUDGET_PUT, BUDGET_EACH };

#define COLUMNS "line, committed_cents, total_cents, frozen, told_percent"

static const char *const sql[] = {
    [BUDGET_GET] = "select " COLUMNS " from budget where line = ?",
    [BUDGET_PUT] = ("insert into budget (" COLUMNS ") values (?, ?, ?, ?, ?)"
                    " on conflict (line) do update set committed_cents = excluded.committed_cents,"
                    " total_cents = excluded.total_cents, frozen = excluded.frozen,"
                    " told_percent = excluded.told_percent"),
    [BUDGET_EACH] = "select " COLUMNS " from budget order by line",
};
const struct store_statements store_budget_statements = {sql, COUNT_OF(sql)};

static void read_row(const struct query *q, struct budget_row *row)
{
    memset(row, 0, sizeof *row);
    query_column_copy(q, 0, row->line, sizeof row->line);
    row->committed_cents = query_column_int(q, 1);
    row->total_cents = query_column_int(q, 2);
    row->frozen = query_column_int(q, 3) != 0;
    row->told_percent = (int)query_column_int(q, 4);
}

bool store_budget_get(struct store *s, const char *line, struct budget_row *row)
{
    struct query q = query_start(s, NOUN_BUDGET, BUDGET_GET);
    query_text(&q, line);
    if (!query_row(&q))
        return false;
    read_row(&q, row);
    query_end(&q);
    return true;
}

void store_budget_put(struct store *s, const struct budget_row *row)
{
    struct query q = query_start(s, NOUN_BUDGET, BUDGET_PUT);
    query_text(&q, row->line);
    query_int(&q, row->committed_cents);
    query_int(&q, row->total_cents);
    query_int(&q, row->frozen);
    query_int(&q, row->told_percent);
    query_run(&q);
}

void store_budget_each(struct store *s, void *context,
                       void (*each)(void *context, const struct budget_row *row))
{
    struct query q = query_start(s, NOUN_BUDGET, BUDGET_EACH);
    while (query_row(&q)) {
        struct budget_row row;
        read_row(&q, &row);
        each(context, &row);
    }
}
