/*
 * Table phase: see store_phase.h.
 */
#include "store_phase.h"

#include "store_sql.h"
#include "util.h"

enum { PHASE_CURRENT, PHASE_BEGIN, PHASE_RENAME, PHASE_END, PHASE_EACH, PHASE_EACH_ENDED };

static const char *const sql[] = {
    [PHASE_CURRENT] = "select phase, begin_day, end_day from phase"
                      " where item_seq = ? and end_day = 0",
    [PHASE_BEGIN] = "insert into phase (item_seq, number, phase, begin_day, end_day)"
                    " values (?1, (select coalesce(max(number), 0) + 1 from phase"
                    " where item_seq = ?1), ?2, ?3, 0)",
    [PHASE_RENAME] = "update phase set phase = ?2 where item_seq = ?1 and end_day = 0",
    [PHASE_END] = "update phase set end_day = ?2 where item_seq = ?1 and end_day = 0",
    [PHASE_EACH] = "select phase, begin_day, end_day from phase where item_seq = ?"
                   " order by number",
    [PHASE_EACH_ENDED] = "select p.phase, p.begin_day, p.end_day, i.from_unit from phase p"
                         " cross join item i on i.item_seq = p.item_seq"
                         " where p.end_day >= ? and p.end_day < ? and p.end_day > 0"
                         " order by p.end_day limit ?",
};
const struct store_statements store_phase_statements = {sql, COUNT_OF(sql)};

static void read_row(const struct query *q, struct phase *phase)
{
    query_column_copy(q, 0, phase->phase, sizeof phase->phase);
    phase->begin_day = query_column_int(q, 1);
    phase->end_day = query_column_int(q, 2);
}

bool store_phase_current(struct store *s, int64_t item_seq, struct phase *phase)
{
    struct query q = query_start(s, NOUN_PHASE, PHASE_CURRENT);
    query_int(&q, item_seq);
    if (!query_row(&q))
        return false;
    read_row(&q, phase);
    query_end(&q);
    return true;
}

void store_phase_begin(struct store *s, int64_t item_seq, const char *phase, int64_t day)
{
    struct query q = query_start(s, NOUN_PHASE, PHASE_BEGIN);
    query_int(&q, item_seq);
    query_text(&q, phase);
    query_int(&q, day);
    query_run(&q);
}

void store_phase_rename(struct store *s, int64_t item_seq, const char *phase)
{
    struct query q = query_start(s, NOUN_PHASE, PHASE_RENAME);
    query_int(&q, item_seq);
    query_text(&q, phase);
    query_run(&q);
}

void store_phase_end(struct store *s, int64_t item_seq, int64_t day)
{
    struct query q = query_start(s, NOUN_PHASE, PHASE_END);
    query_int(&q, item_seq);
    query_int(&q, day);
    query_run(&q);
}

void store_phase_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const struct phase *phase))
{
    struct phase phase;
    struct query q = query_start(s, NOUN_PHASE, PHASE_EACH);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        read_row(&q, &phase);
        each(context, &phase);
    }
}

void store_phase_each_ended(struct store *s, int64_t from_day, int64_t to_day, int64_t max,
                            void *context,
                            void (*each)(void *context, const struct phase *phase,
                                         const char *from_unit))
{
    struct phase phase;
    struct query q = query_start(s, NOUN_PHASE, PHASE_EACH_ENDED);
    query_int(&q, from_day);
    query_int(&q, to_day);
    query_int(&q, max);
    while (query_row(&q)) {
        read_row(&q, &phase);
        each(context, &phase, query_column_text(&q, 3));
    }
}
