/*
 * Finding and deleting what is over its time: see store_retention.h. Each statement stops after a
 * number of rows and goes by an index or by the row numbers, which grow with time, so that its cost
 * does not depend on how much is kept.
 */
#include "store_retention.h"

#include <assert.h>

#include "store_sql.h"
#include "util.h"

enum { OVER_ITEMS, OVER_EVENTS, OVER_DROP_EVENTS, OVER_ABSENCES, OVER_DUTIES, OVER_DUE };

static_assert(ITEM_TASK == 4, "as the text of OVER_EVENTS has it");

static const char *const sql[] = {
    [OVER_ITEMS] = "select item_seq, kind, case_key from item i"
                   " where closed_ms > 0 and closed_ms < ?"
                   " and not exists (select 1 from item t where t.parent_seq = i.item_seq"
                   " and t.parent_seq > 0 and t.closed_ms = 0)"
                   " order by closed_ms limit ?",
    [OVER_EVENTS] = "select event_seq, received_ms, exists (select 1 from item i"
                    " where i.item_seq = e.item_seq and i.event_seq = e.event_seq and i.kind < 4)"
                    " from event e order by event_seq limit ?",
    [OVER_DROP_EVENTS] = "delete from event where event_seq <= ?",
    [OVER_ABSENCES] = "delete from absence where absence_seq in"
                      " (select absence_seq from absence where to_ms < ? limit ?)",
    [OVER_DUTIES] = "delete from duty where duty_seq in"
                    " (select duty_seq from duty where to_ms < ? limit ?)",
    [OVER_DUE] = "select exists (select 1 from absence where to_ms < ?1)"
                 " or exists (select 1 from duty where to_ms < ?1)",
};
const struct store_statements store_retention_statements = {sql, COUNT_OF(sql)};

size_t query_ended(struct query *q, struct ended_item *items)
{
    size_t n = 0;
    while (query_row(q)) {
        items[n].seq = query_column_int(q, 0);
        items[n].kind = query_column_int(q, 1);
        items[n++].case_key = query_column_int(q, 2);
    }
    return n;
}

size_t store_retention_items(struct store *s, int64_t before_ms, struct ended_item *items,
                             size_t max)
{
    struct query q = query_start(s, NOUN_RETENTION, OVER_ITEMS);
    query_int(&q, before_ms);
    query_int(&q, (int64_t)max);
    return query_ended(&q, items);
}

void store_retention_each_event(struct store *s, int64_t before_ms, size_t max, void *context,
                                void (*each)(void *context, int64_t event_seq, bool opened))
{
    struct query q = query_start(s, NOUN_RETENTION, OVER_EVENTS);
    query_int(&q, (int64_t)max);
    while (query_row(&q)) {
        if (query_column_int(&q, 1) >= before_ms)
            break;
        each(context, query_column_int(&q, 0), query_column_int(&q, 2) != 0);
    }
    query_end(&q);
}

void store_retention_delete_events(struct store *s, int64_t last_seq)
{
    struct query q = query_start(s, NOUN_RETENTION, OVER_DROP_EVENTS);
    query_int(&q, last_seq);
    query_run(&q);
}

static int64_t drop(struct store *s, int statement, int64_t before_ms, int64_t max)
{
    struct query q = query_start(s, NOUN_RETENTION, statement);
    query_int(&q, before_ms);
    query_int(&q, max);
    return query_run_counted(&q);
}

int64_t store_retention_rosters(struct store *s, int64_t before_ms, int64_t max)
{
    return drop(s, OVER_ABSENCES, before_ms, max) + drop(s, OVER_DUTIES, before_ms, max);
}

bool store_retention_rosters_due(struct store *s, int64_t before_ms)
{
    struct query q = query_start(s, NOUN_RETENTION, OVER_DUE);
    query_int(&q, before_ms);
    return query_single(&q) != 0;
}
