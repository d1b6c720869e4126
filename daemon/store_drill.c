/*
 * Table drill: see store_drill.h. It holds a few rows a month, so that it is read without an index
 * of its own.
 */
#include "store_drill.h"

#include <assert.h>

#include "store_retention.h"
#include "store_sql.h"
#include "util.h"

enum {
    DRILL_ADD,
    DRILL_GET,
    DRILL_SENT,
    DRILL_CLIMBED,
    DRILL_ANSWERED,
    DRILL_EACH,
    DRILL_EACH_OPEN,
    DRILL_EMERGENCY,
    DRILL_OVER,
    DRILL_PRUNE
};

static_assert(ITEM_EMERGENCY == 2, "as the text of DRILL_EMERGENCY has it");

#define COLUMNS "d.item_seq, d.unit, d.started_ms, d.sent_ms, d.answered_ms, d.answered_by, d.rungs"

static const char *const sql[] = {
    [DRILL_ADD] = ("insert into drill"
                   " (item_seq, unit, started_ms, sent_ms, answered_ms, answered_by, rungs)"
                   " values (?, ?, ?, 0, 0, '', 0)"),
    [DRILL_GET] = "select " COLUMNS " from drill d where d.item_seq = ?",
    [DRILL_SENT] = "update drill set sent_ms = ? where item_seq = ? and sent_ms = 0",
    [DRILL_CLIMBED] = "update drill set rungs = rungs + 1 where item_seq = ?",
    [DRILL_ANSWERED] = "update drill set answered_ms = ?, answered_by = ?"
                       " where item_seq = ? and answered_ms = 0",
    [DRILL_EACH] = "select " COLUMNS " from drill d order by d.item_seq desc limit ?",
    [DRILL_EACH_OPEN] = "select " COLUMNS " from drill d cross join item i"
                        " on i.item_seq = d.item_seq where i.closed_ms = 0 order by d.item_seq",
    [DRILL_EMERGENCY] = "select exists (select 1 from item where closed_ms = 0 and kind = 2"
                        " and ? in (waiting_unit, to_unit))",
    [DRILL_OVER] = "select i.item_seq, i.kind, i.case_key from drill d cross join item i"
                   " on i.item_seq = d.item_seq where i.closed_ms > 0 and i.closed_ms < ?"
                   " order by i.item_seq limit ?",
    [DRILL_PRUNE] = "delete from drill where item_seq in (select d.item_seq from drill d"
                    " where d.started_ms < ? and not exists"
                    " (select 1 from item i where i.item_seq = d.item_seq) limit ?)",
};
const struct store_statements store_drill_statements = {sql, COUNT_OF(sql)};

void store_drill_add(struct store *s, const struct drill *drill)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_ADD);
    query_int(&q, drill->item_seq);
    query_text(&q, drill->unit);
    query_int(&q, drill->started_ms);
    query_run(&q);
}

static void read_row(const struct query *q, struct drill *drill)
{
    *drill = (struct drill){
        .item_seq = query_column_int(q, 0),
        .started_ms = query_column_int(q, 2),
        .sent_ms = query_column_int(q, 3),
        .answered_ms = query_column_int(q, 4),
        .rungs = query_column_int(q, 6),
    };
    query_column_copy(q, 1, drill->unit, sizeof drill->unit);
    query_column_copy(q, 5, drill->answered_by, sizeof drill->answered_by);
}

bool store_drill_get(struct store *s, int64_t item_seq, struct drill *drill)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_GET);
    query_int(&q, item_seq);
    if (!query_row(&q))
        return false;
    read_row(&q, drill);
    query_end(&q);
    return true;
}

void store_drill_sent(struct store *s, int64_t item_seq, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_SENT);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_run(&q);
}

void store_drill_climbed(struct store *s, int64_t item_seq)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_CLIMBED);
    query_int(&q, item_seq);
    query_run(&q);
}

void store_drill_answered(struct store *s, int64_t item_seq, int64_t now_ms, const char *by)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_ANSWERED);
    query_int(&q, now_ms);
    query_text(&q, by);
    query_int(&q, item_seq);
    query_run(&q);
}

static void each_row(struct query *q, void *context,
                     void (*each)(void *context, const struct drill *drill))
{
    struct drill drill;
    while (query_row(q)) {
        read_row(q, &drill);
        each(context, &drill);
    }
}

void store_drill_each(struct store *s, int64_t max, void *context,
                      void (*each)(void *context, const struct drill *drill))
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_EACH);
    query_int(&q, max);
    each_row(&q, context, each);
}

void store_drill_each_open(struct store *s, void *context,
                           void (*each)(void *context, const struct drill *drill))
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_EACH_OPEN);
    each_row(&q, context, each);
}

bool store_drill_emergency(struct store *s, const char *unit)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_EMERGENCY);
    query_text(&q, unit);
    return query_single(&q) != 0;
}

size_t store_drill_over(struct store *s, int64_t before_ms, struct ended_item *items, size_t max)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_OVER);
    query_int(&q, before_ms);
    query_int(&q, (int64_t)max);
    return query_ended(&q, items);
}

int64_t store_drill_prune(struct store *s, int64_t before_ms, int64_t max)
{
    struct query q = query_start(s, NOUN_DRILL, DRILL_PRUNE);
    query_int(&q, before_ms);
    query_int(&q, max);
    return query_run_counted(&q);
}
