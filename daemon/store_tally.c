/*
 * Table tally: see store_tally.h.
 */
#include "store_tally.h"

#include "store_sql.h"
#include "util.h"

enum { TALLY_ADD, TALLY_EACH };

static const char *const sql[] = {
    [TALLY_ADD] = ("insert into tally (unit, week, items) values (?, ?, 1)"
                   " on conflict (unit, week) do update set items = items + 1"),
    [TALLY_EACH] = "select unit, week, items from tally where week >= ? order by unit, week",
};
const struct store_statements store_tally_statements = {sql, COUNT_OF(sql)};

void store_tally_add(struct store *s, const char *unit, int64_t week)
{
    struct query q = query_start(s, NOUN_TALLY, TALLY_ADD);
    query_text(&q, unit);
    query_int(&q, week);
    query_run(&q);
}

void store_tally_each(struct store *s, int64_t from_week, void *context,
                      void (*each)(void *context, const char *unit, int64_t week, int64_t items))
{
    struct query q = query_start(s, NOUN_TALLY, TALLY_EACH);
    query_int(&q, from_week);
    while (query_row(&q))
        each(context, query_column_text(&q, 0), query_column_int(&q, 1), query_column_int(&q, 2));
}
