/*
 * Table out_event: see store_out.h.
 */
#include "store_out.h"

#include "store_sql.h"
#include "util.h"

enum { OUT_ADD, OUT_SETTLE, OUT_EACH, OUT_TALLY };

static const char *const sql[] = {
    [OUT_ADD] = "insert into out_event (out_seq, item_seq, topic, payload) values (?, ?, ?, ?)",
    [OUT_SETTLE] = "delete from out_event where out_seq = ?",
    [OUT_EACH] = ("select out_seq, item_seq, topic, payload from out_event where out_seq > ?"
                  " order by out_seq"),
    [OUT_TALLY] = "select count(*) from out_event",
};
const struct store_statements store_out_statements = {sql, COUNT_OF(sql)};

void store_out_add(struct store *s, const struct out_event *out)
{
    struct query q = query_start(s, NOUN_OUT, OUT_ADD);
    query_int(&q, out->seq);
    query_int(&q, out->item_seq);
    query_text(&q, out->topic);
    query_text(&q, out->payload);
    query_run(&q);
}

void store_out_settle(struct store *s, int64_t out_seq)
{
    struct query q = query_start(s, NOUN_OUT, OUT_SETTLE);
    query_int(&q, out_seq);
    query_run(&q);
}

void store_out_each(struct store *s, int64_t after, void *context,
                    bool (*each)(void *context, const struct out_event *out))
{
    struct query q = query_start(s, NOUN_OUT, OUT_EACH);
    query_int(&q, after);
    while (query_row(&q)) {
        struct out_event out = {query_column_int(&q, 0), query_column_int(&q, 1),
                                query_column_text(&q, 2), query_column_text(&q, 3)};
        if (!each(context, &out))
            break;
    }
    query_end(&q);
}

int64_t store_out_count(struct store *s)
{
    struct query q = query_start(s, NOUN_OUT, OUT_TALLY);
    return query_single(&q);
}
