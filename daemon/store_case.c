/*
 * Table milestone: see store_case.h.
 */
#include "store_case.h"

#include "store_sql.h"
#include "util.h"

enum { MILESTONE_ADD, MILESTONE_HAS };

static const char *const sql[] = {
    [MILESTONE_ADD] = "insert or ignore into milestone (case_key, step, at_ms) values (?, ?, ?)",
    [MILESTONE_HAS] = "select count(*) from milestone where case_key = ? and step = ?",
};
const struct store_statements store_case_statements = {sql, COUNT_OF(sql)};

void store_milestone_add(struct store *s, int64_t case_key, int step, int64_t at_ms)
{
    struct query q = query_start(s, NOUN_CASE, MILESTONE_ADD);
    query_int(&q, case_key);
    query_int(&q, step);
    query_int(&q, at_ms);
    query_run(&q);
}

bool store_milestone_has(struct store *s, int64_t case_key, int step)
{
    struct query q = query_start(s, NOUN_CASE, MILESTONE_HAS);
    query_int(&q, case_key);
    query_int(&q, step);
    return query_single(&q) > 0;
}
