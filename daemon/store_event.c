/*
 * Table event: see store_event.h. There is no unique index on the ids: random keys would make each
 * insert a disk seek once the table is large; known.c keeps the set in memory and rebuilds it at
 * start from this table.
 */
#include "store_event.h"

#include <string.h>

#include "store_sql.h"
#include "util.h"

enum { EVENT_ADD, EVENT_GET, EVENT_IDS, EVENT_DATA, EVENT_TALLY };

static const char *const sql[] = {
    [EVENT_ADD] = "insert into event (event_seq, id_hash, envelope_hash, received_ms, source,"
                  " event_id, type, outcome, item_seq, data, faults)"
                  " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [EVENT_GET] = "select id_hash, envelope_hash, received_ms, source, event_id, type, outcome,"
                  " item_seq, faults from event where event_seq = ?",
    [EVENT_IDS] = "select event_seq, id_hash, received_ms from event where received_ms >= ?"
                  " order by event_seq",
    [EVENT_DATA] = "select data from event where event_seq = ?",
    [EVENT_TALLY] = "select count(*) from event where outcome = ?",
};
const struct store_statements store_event_statements = {sql, COUNT_OF(sql)};

void store_event_add(struct store *s, const struct event_row *row)
{
    struct query q = query_start(s, NOUN_EVENT, EVENT_ADD);
    query_int(&q, row->seq);
    query_blob(&q, row->id_hash, sizeof row->id_hash);
    query_blob(&q, row->envelope_hash, sizeof row->envelope_hash);
    query_int(&q, row->received_ms);
    query_text(&q, row->source);
    query_text(&q, row->id);
    query_text(&q, row->type);
    query_int(&q, row->outcome);
    query_int(&q, row->item_seq);
    query_text(&q, row->data);
    query_text(&q, row->faults);
    query_run(&q);
}

bool store_event_get(struct store *s, int64_t seq, struct event_row *row, struct buf *faults)
{
    memset(row, 0, sizeof *row);
    row->data = row->faults = "";
    struct query q = query_start(s, NOUN_EVENT, EVENT_GET);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    row->seq = seq;
    query_column_bytes(&q, 0, row->id_hash, sizeof row->id_hash);
    query_column_bytes(&q, 1, row->envelope_hash, sizeof row->envelope_hash);
    row->received_ms = query_column_int(&q, 2);
    query_column_copy(&q, 3, row->source, sizeof row->source);
    query_column_copy(&q, 4, row->id, sizeof row->id);
    query_column_copy(&q, 5, row->type, sizeof row->type);
    row->outcome = (enum outcome)query_column_int(&q, 6);
    row->item_seq = query_column_int(&q, 7);
    if (faults)
        buf_puts(faults, query_column_text(&q, 8));
    query_end(&q);
    return true;
}

void store_event_each_id(struct store *s, int64_t since_ms, void *context,
                         void (*each)(void *context, const unsigned char id_hash[DIGEST_ID],
                                      int64_t seq, int64_t received_ms))
{
    struct query q = query_start(s, NOUN_EVENT, EVENT_IDS);
    query_int(&q, since_ms);
    while (query_row(&q)) {
        unsigned char hash[DIGEST_ID];
        query_column_bytes(&q, 1, hash, sizeof hash);
        each(context, hash, query_column_int(&q, 0), query_column_int(&q, 2));
    }
}

void store_event_data(struct store *s, int64_t seq, struct buf *data)
{
    struct query q = query_start(s, NOUN_EVENT, EVENT_DATA);
    query_int(&q, seq);
    if (query_row(&q))
        buf_puts(data, query_column_text(&q, 0));
    query_end(&q);
}

int64_t store_event_count(struct store *s, enum outcome outcome)
{
    struct query q = query_start(s, NOUN_EVENT, EVENT_TALLY);
    query_int(&q, outcome);
    return query_single(&q);
}
