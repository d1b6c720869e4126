/*
 * Tables absence and duty: see store_absence.h. Both are small: what was reported within the last
 * half year.
 */
#include "store_absence.h"

#include <string.h>

#include "store_sql.h"
#include "util.h"

enum {
    ABSENCE_ADD,
    ABSENCE_GET,
    ABSENCE_END,
    ABSENCE_AT,
    ABSENCE_KNOWN,
    ABSENCE_TALLY,
    ABSENCE_LAST_END,
    ABSENCE_NEXT_BEGIN,
    ABSENCE_EACH,
    DUTY_ADD,
    DUTY_AT,
    DUTY_NEXT,
    DUTY_TALLY,
    DUTY_LAST_END
};

#define COLUMNS "absence_seq, unit, from_ms, to_ms, deputy"

static const char *const sql[] = {
    [ABSENCE_ADD] = "insert into absence (unit, from_ms, to_ms, deputy) values (?, ?, ?, ?)",
    [ABSENCE_GET] = "select " COLUMNS " from absence where absence_seq = ?",
    [ABSENCE_END] = "update absence set to_ms = ? where absence_seq = ?",
    [ABSENCE_AT] = "select " COLUMNS " from absence where unit = ?1 and to_ms > ?2"
                   " and from_ms <= ?2 order by absence_seq desc limit 1",
    [ABSENCE_KNOWN] = "select 1 from absence where unit = ? and from_ms = ? and to_ms = ?"
                      " and deputy = ?",
    [ABSENCE_TALLY] = "select count(*) from absence where unit = ? and to_ms > ?",
    [ABSENCE_LAST_END] = "select coalesce(max(to_ms), 0) from absence",
    [ABSENCE_NEXT_BEGIN] = "select coalesce(min(from_ms), 0) from absence where from_ms > ?"
                           " and to_ms > from_ms",
    [ABSENCE_EACH] = "select " COLUMNS " from absence where to_ms > ? and to_ms > from_ms"
                     " order by from_ms, absence_seq",
    [DUTY_ADD] = "insert into duty (roster, from_ms, to_ms, unit) values (?, ?, ?, ?)",
    [DUTY_AT] = "select roster, from_ms, to_ms, unit from duty where roster = ?1 and to_ms > ?2"
                " and from_ms <= ?2 order by duty_seq desc limit 1",
    [DUTY_NEXT] = "select coalesce(min(iif(from_ms > ?2, from_ms, to_ms)), 0) from duty"
                  " where roster = ?1 and to_ms > ?2",
    [DUTY_TALLY] = "select count(*) from duty where roster = ? and to_ms > ?",
    [DUTY_LAST_END] = "select coalesce(max(to_ms), 0) from duty",
};
const struct store_statements store_absence_statements = {sql, COUNT_OF(sql)};

void store_absence_add(struct store *s, const struct absence_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_ADD);
    query_text(&q, row->unit);
    query_int(&q, row->from_ms);
    query_int(&q, row->to_ms);
    query_text(&q, row->deputy);
    query_run(&q);
}

static void read_absence(const struct query *q, struct absence_row *row)
{
    row->seq = query_column_int(q, 0);
    query_column_copy(q, 1, row->unit, sizeof row->unit);
    row->from_ms = query_column_int(q, 2);
    row->to_ms = query_column_int(q, 3);
    query_column_copy(q, 4, row->deputy, sizeof row->deputy);
}

/* Reads the only row; false when there is none. */
static bool one_absence(struct query *q, struct absence_row *row)
{
    memset(row, 0, sizeof *row);
    if (!query_row(q))
        return false;
    read_absence(q, row);
    query_end(q);
    return true;
}

bool store_absence_get(struct store *s, int64_t seq, struct absence_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_GET);
    query_int(&q, seq);
    return one_absence(&q, row);
}

void store_absence_end(struct store *s, int64_t seq, int64_t to_ms)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_END);
    query_int(&q, to_ms);
    query_int(&q, seq);
    query_run(&q);
}

bool store_absence_at(struct store *s, const char *unit, int64_t at_ms, struct absence_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_AT);
    query_text(&q, unit);
    query_int(&q, at_ms);
    return one_absence(&q, row);
}

bool store_absence_known(struct store *s, const struct absence_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_KNOWN);
    query_text(&q, row->unit);
    query_int(&q, row->from_ms);
    query_int(&q, row->to_ms);
    query_text(&q, row->deputy);
    return query_single(&q) != 0;
}

int64_t store_absence_count(struct store *s, const char *unit, int64_t at_ms)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_TALLY);
    query_text(&q, unit);
    query_int(&q, at_ms);
    return query_single(&q);
}

int64_t store_absence_last_end(struct store *s)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_LAST_END);
    return query_single(&q);
}

int64_t store_absence_next_begin(struct store *s, int64_t after_ms)
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_NEXT_BEGIN);
    query_int(&q, after_ms);
    return query_single(&q);
}

void store_absence_each(struct store *s, int64_t at_ms, void *context,
                        void (*each)(void *context, const struct absence_row *row))
{
    struct query q = query_start(s, NOUN_ABSENCE, ABSENCE_EACH);
    query_int(&q, at_ms);
    while (query_row(&q)) {
        struct absence_row row;
        read_absence(&q, &row);
        each(context, &row);
    }
}

void store_duty_add(struct store *s, const struct duty_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, DUTY_ADD);
    query_text(&q, row->roster);
    query_int(&q, row->from_ms);
    query_int(&q, row->to_ms);
    query_text(&q, row->unit);
    query_run(&q);
}

bool store_duty_at(struct store *s, const char *roster, int64_t at_ms, struct duty_row *row)
{
    struct query q = query_start(s, NOUN_ABSENCE, DUTY_AT);
    query_text(&q, roster);
    query_int(&q, at_ms);
    if (!query_row(&q))
        return false;
    query_column_copy(&q, 0, row->roster, sizeof row->roster);
    row->from_ms = query_column_int(&q, 1);
    row->to_ms = query_column_int(&q, 2);
    query_column_copy(&q, 3, row->unit, sizeof row->unit);
    query_end(&q);
    return true;
}

int64_t store_duty_next_change(struct store *s, const char *roster, int64_t at_ms)
{
    struct query q = query_start(s, NOUN_ABSENCE, DUTY_NEXT);
    query_text(&q, roster);
    query_int(&q, at_ms);
    return query_single(&q);
}

int64_t store_duty_count(struct store *s, const char *roster, int64_t at_ms)
{
    struct query q = query_start(s, NOUN_ABSENCE, DUTY_TALLY);
    query_text(&q, roster);
    query_int(&q, at_ms);
    return query_single(&q);
}

int64_t store_duty_last_end(struct store *s)
{
    struct query q = query_start(s, NOUN_ABSENCE, DUTY_LAST_END);
    return query_single(&q);
}
