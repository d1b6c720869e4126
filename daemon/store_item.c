/*
 * Table item: see store_item.h.
 */
#include "store_item.h"

#include <string.h>

#include "store_sql.h"
#include "util.h"

enum {
    ITEM_ADD,
    ITEM_UPDATE,
    ITEM_MARK,
    ITEM_SET_STATE,
    ITEM_GET,
    ITEM_BY_CASE,
    ITEM_EACH,
    ITEM_EACH_OPEN,
    ITEM_OPEN,
    ITEM_OLDEST,
    ITEM_UNITS,
    ITEM_CHILDREN,
    ITEM_LOAD,
    ITEM_POOL,
    ITEM_ASKED
};

#define COLUMNS                                                                                    \
    "item_seq, kind, state, case_key, case_ref, source, event_seq, from_unit, to_unit,"            \
    " owner_unit, waiting_unit, place, area, service, basis, rule, urgency, restricted,"           \
    " limits_id, created_ms, changed_ms, closed_ms, parent_seq, flags, returns, code,"             \
    " complexity, budget_line, amount_cents, due_day"

static const char *const sql[] = {
    [ITEM_ADD] = "insert into item (" COLUMNS ")"
                 " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                 " ?, ?, ?, ?, ?, ?)",
    [ITEM_UPDATE] = "update item set state = ?, case_key = ?, case_ref = ?, from_unit = ?,"
                    " to_unit = ?, owner_unit = ?, waiting_unit = ?, place = ?, area = ?,"
                    " service = ?, basis = ?, rule = ?, urgency = ?, restricted = ?,"
                    " limits_id = ?, changed_ms = ?, closed_ms = ?, parent_seq = ?, flags = ?,"
                    " returns = ?, code = ?, complexity = ?, budget_line = ?, amount_cents = ?,"
                    " due_day = ? where item_seq = ?",
    [ITEM_MARK] = "update item set state = ?, flags = ? where item_seq = ?",
    /* No index holds a state: nothing of this but the row is written. */
    [ITEM_SET_STATE] = "update item set state = ? where item_seq = ?",
    [ITEM_GET] = "select " COLUMNS " from item where item_seq = ?",
    [ITEM_BY_CASE] = "select " COLUMNS " from item where case_key = ? order by item_seq desc",
    [ITEM_EACH] = "select " COLUMNS " from item where item_seq >= ? order by item_seq",
    [ITEM_EACH_OPEN] = "select " COLUMNS " from item where item_seq >= ? and closed_ms = 0"
                       " order by item_seq",
    [ITEM_OPEN] = "select count(*) from item where closed_ms = 0",
    [ITEM_OLDEST] = "select created_ms from item where closed_ms = 0 and kind < 6"
                    " order by item_seq limit 1",
    [ITEM_UNITS] = "select unit, count(*) from"
                   " (select owner_unit as unit from item where closed_ms = 0"
                   " union all select waiting_unit from item where closed_ms = 0)"
                   " group by unit",
    /* "> 0" lets the partial index be used, which a parameter alone does not. */
    [ITEM_CHILDREN] = "select " COLUMNS " from item where parent_seq = ? and parent_seq > 0"
                      " and closed_ms = 0 order by item_seq",
    [ITEM_LOAD] = "select count(*) from item where to_unit = ? and kind = 1 and closed_ms = 0",
    [ITEM_POOL] = "select count(*) from item where kind = 1 and closed_ms = 0"
                  " and service = ? and place = ? and created_ms > ? and restricted = 0"
                  " and flags & 256 = 0",
    [ITEM_ASKED] = ("select 1 from notice where item_seq = ? and unit = ?"
                    " and deadline_ms > 0 limit 1"),
};
const struct store_statements store_item_statements = {sql, COUNT_OF(sql)};

/* The columns from_unit to limits_id, which stand in the same order wherever they are written. */
static void put_duty(struct query *q, const struct item *item)
{
    query_text(q, item->from_unit);
    query_text(q, item->to_unit);
    query_text(q, item->owner_unit);
    query_text(q, item->waiting_unit);
    query_text(q, item->place);
    query_text(q, item->area);
    query_text(q, item->service);
    query_text(q, item->basis);
    query_text(q, item->rule);
    query_int(q, item->urgency);
    query_int(q, item->restricted);
    query_int(q, item->limits_id);
}

static void put_more(struct query *q, const struct item *item)
{
    query_int(q, item->changed_ms);
    query_int(q, item->closed_ms);
    query_int(q, item->parent_seq);
    query_int(q, item->flags);
    query_int(q, item->returns);
    query_text(q, item->code);
    query_text(q, item->complexity);
    query_text(q, item->budget_line);
    query_int(q, item->amount_cents);
    query_int(q, item->due_day);
}

void store_item_add(struct store *s, const struct item *item)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_ADD);
    query_int(&q, item->seq);
    query_int(&q, item->kind);
    query_int(&q, item->state);
    query_int(&q, item->case_key);
    query_text(&q, item->case_ref);
    query_text(&q, item->source);
    query_int(&q, item->event_seq);
    put_duty(&q, item);
    query_int(&q, item->created_ms);
    put_more(&q, item);
    query_run(&q);
}

void store_item_update(struct store *s, const struct item *item)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_UPDATE);
    query_int(&q, item->state);
    query_int(&q, item->case_key);
    query_text(&q, item->case_ref);
    put_duty(&q, item);
    put_more(&q, item);
    query_int(&q, item->seq);
    query_run(&q);
}

void store_item_mark(struct store *s, const struct item *item)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_MARK);
    query_int(&q, item->state);
    query_int(&q, item->flags);
    query_int(&q, item->seq);
    query_run(&q);
}

void store_item_set_state(struct store *s, const struct item *item)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_SET_STATE);
    query_int(&q, item->state);
    query_int(&q, item->seq);
    query_run(&q);
}

static void read_row(const struct query *q, struct item *item)
{
    memset(item, 0, sizeof *item);
    item->seq = query_column_int(q, 0);
    item->kind = (enum item_kind)query_column_int(q, 1);
    item->state = (enum item_state)query_column_int(q, 2);
    item->case_key = query_column_int(q, 3);
    query_column_copy(q, 4, item->case_ref, sizeof item->case_ref);
    query_column_copy(q, 5, item->source, sizeof item->source);
    item->event_seq = query_column_int(q, 6);
    query_column_copy(q, 7, item->from_unit, sizeof item->from_unit);
    query_column_copy(q, 8, item->to_unit, sizeof item->to_unit);
    query_column_copy(q, 9, item->owner_unit, sizeof item->owner_unit);
    query_column_copy(q, 10, item->waiting_unit, sizeof item->waiting_unit);
    query_column_copy(q, 11, item->place, sizeof item->place);
    query_column_copy(q, 12, item->area, sizeof item->area);
    query_column_copy(q, 13, item->service, sizeof item->service);
    query_column_copy(q, 14, item->basis, sizeof item->basis);
    query_column_copy(q, 15, item->rule, sizeof item->rule);
    item->urgency = (enum urgency)query_column_int(q, 16);
    item->restricted = query_column_int(q, 17) != 0;
    item->limits_id = query_column_int(q, 18);
    item->created_ms = query_column_int(q, 19);
    item->changed_ms = query_column_int(q, 20);
    item->closed_ms = query_column_int(q, 21);
    item->parent_seq = query_column_int(q, 22);
    item->flags = (unsigned)query_column_int(q, 23);
    item->returns = (int)query_column_int(q, 24);
    query_column_copy(q, 25, item->code, sizeof item->code);
    query_column_copy(q, 26, item->complexity, sizeof item->complexity);
    query_column_copy(q, 27, item->budget_line, sizeof item->budget_line);
    item->amount_cents = query_column_int(q, 28);
    item->due_day = query_column_int(q, 29);
}

bool store_item_get(struct store *s, int64_t seq, struct item *item)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_GET);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    read_row(&q, item);
    query_end(&q);
    return true;
}

static void walk(struct query *q, void *context,
                 bool (*each)(void *context, const struct item *item))
{
    while (query_row(q)) {
        struct item item;
        read_row(q, &item);
        if (!each(context, &item))
            break;
    }
    query_end(q);
}

void store_item_each_of_case(struct store *s, int64_t case_key, void *context,
                             bool (*each)(void *context, const struct item *item))
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_BY_CASE);
    query_int(&q, case_key);
    walk(&q, context, each);
}

void store_item_each(struct store *s, bool all, int64_t from, void *context,
                     bool (*each)(void *context, const struct item *item))
{
    struct query q = query_start(s, NOUN_ITEM, all ? ITEM_EACH : ITEM_EACH_OPEN);
    query_int(&q, from);
    walk(&q, context, each);
}

void store_item_each_child(struct store *s, int64_t parent_seq, void *context,
                           bool (*each)(void *context, const struct item *item))
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_CHILDREN);
    query_int(&q, parent_seq);
    walk(&q, context, each);
}

int64_t store_item_load(struct store *s, const char *provider)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_LOAD);
    query_text(&q, provider);
    return query_single(&q);
}

int64_t store_item_pool(struct store *s, const char *service, const char *place, int64_t since_ms)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_POOL);
    query_text(&q, service);
    query_text(&q, place);
    query_int(&q, since_ms);
    return query_single(&q);
}

int64_t store_item_count_open(struct store *s)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_OPEN);
    return query_single(&q);
}

int64_t store_item_oldest_open(struct store *s)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_OLDEST);
    return query_single(&q);
}

bool store_item_asked(struct store *s, int64_t seq, const char *unit)
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_ASKED);
    query_int(&q, seq);
    query_text(&q, unit);
    return query_single(&q) != 0;
}

void store_item_each_unit(struct store *s, void *context,
                          void (*each)(void *context, const char *unit, int64_t items))
{
    struct query q = query_start(s, NOUN_ITEM, ITEM_UNITS);
    while (query_row(&q))
        each(context, query_column_text(&q, 0), query_column_int(&q, 1));
}
