/*
 * Table answer_use: see store_answer.h. The row commits together with the answer, so a crash leaves
 * both or none.
 */
#include "store_answer.h"

#include "store_sql.h"
#include "util.h"

enum { ANSWER_USE, ANSWER_USED };

static const char *const sql[] = {
    [ANSWER_USE] = "insert into answer_use (delivery_seq, purpose, item_seq, used_ms)"
                   " values (?, ?, ?, ?)"
                   " on conflict (delivery_seq, purpose) do update set used_ms = excluded.used_ms",
    [ANSWER_USED] = "select used_ms from answer_use where delivery_seq = ? and purpose = ?",
};
const struct store_statements store_answer_statements = {sql, COUNT_OF(sql)};

void store_answer_use(struct store *s, const struct answer_use *use)
{
    struct query q = query_start(s, NOUN_ANSWER, ANSWER_USE);
    query_int(&q, use->delivery_seq);
    query_int(&q, use->purpose);
    query_int(&q, use->item_seq);
    query_int(&q, use->used_ms);
    query_run(&q);
}

int64_t store_answer_used(struct store *s, int64_t delivery_seq, int purpose)
{
    struct query q = query_start(s, NOUN_ANSWER, ANSWER_USED);
    query_int(&q, delivery_seq);
    query_int(&q, purpose);
    return query_single(&q);
}
