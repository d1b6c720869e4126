/*
 * Reading for the export: see store_export.h. Changes nothing; meant for a reader's connection, so
 * that it never holds up the daemon.
 */
#include "store_export.h"

#include "store_sql.h"
#include "util.h"

enum { EXPORT_EVENTS, EXPORT_CLOCKS, EXPORT_DELIVERIES };

static const char *const sql[] = {
    [EXPORT_EVENTS] = "select event_seq, received_ms, outcome, source, event_id, type, data"
                      " from event where item_seq = ? order by event_seq",
    [EXPORT_CLOCKS] = "select clock_seq, kind, step, due_ms, state, fired_ms from clock"
                      " where item_seq = ? order by clock_seq",
    [EXPORT_DELIVERIES] = "select d.channel, d.state, d.attempts, d.ended_ms, t.name, t.hash"
                          " from delivery d join template t on t.template_id = d.template_id"
                          " where d.item_seq = ? and d.notice_seq = ? order by d.delivery_seq",
};
const struct store_statements store_export_statements = {sql, COUNT_OF(sql)};

void store_export_each_event(struct store *s, int64_t item_seq, void *context,
                             void (*each)(void *context, const struct export_event *event))
{
    struct query q = query_start(s, NOUN_EXPORT, EXPORT_EVENTS);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        const struct export_event e = {query_column_int(&q, 0),  query_column_int(&q, 1),
                                       query_column_int(&q, 2),  query_column_text(&q, 3),
                                       query_column_text(&q, 4), query_column_text(&q, 5),
                                       query_column_text(&q, 6)};
        each(context, &e);
    }
}

void store_export_each_clock(struct store *s, int64_t item_seq, void *context,
                             void (*each)(void *context, const struct export_clock *clock))
{
    struct query q = query_start(s, NOUN_EXPORT, EXPORT_CLOCKS);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        const struct export_clock c = {query_column_int(&q, 0), query_column_int(&q, 1),
                                       query_column_int(&q, 2), query_column_int(&q, 3),
                                       query_column_int(&q, 4), query_column_int(&q, 5)};
        each(context, &c);
    }
}

void store_export_each_delivery(struct store *s, int64_t item_seq, int64_t notice_seq,
                                void *context,
                                void (*each)(void *context, const struct export_delivery *d))
{
    struct query q = query_start(s, NOUN_EXPORT, EXPORT_DELIVERIES);
    query_int(&q, item_seq);
    query_int(&q, notice_seq);
    while (query_row(&q)) {
        const struct export_delivery d = {query_column_int(&q, 0),  query_column_int(&q, 1),
                                          query_column_int(&q, 2),  query_column_int(&q, 3),
                                          query_column_text(&q, 4), query_column_text(&q, 5)};
        each(context, &d);
    }
}
