/*
 * Tables notice and template: see store_notice.h.
 */
#include "store_notice.h"

#include <string.h>

#include "buf.h"
#include "store_sql.h"
#include "util.h"

enum {
    NOTICE_ADD,
    NOTICE_GET,
    NOTICE_DOUBT,
    NOTICE_EACH,
    NOTICE_UNITS,
    NOTICE_TALLY,
    TEMPLATE_FIND,
    TEMPLATE_ADD,
    TEMPLATE_GET
};

#define COLUMNS                                                                                    \
    "notice_seq, unit, reason, template_name, deadline_ms, outcome, doubtful, created_ms,"         \
    " instead_of, session_seq"

static const char *const sql[] = {
    [NOTICE_ADD] = "insert into notice (notice_seq, item_seq, unit, reason, template_name,"
                   " deadline_ms, outcome, doubtful, created_ms, instead_of, session_seq)"
                   " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [NOTICE_GET] = "select " COLUMNS ", item_seq from notice where notice_seq = ?",
    [NOTICE_DOUBT] = "update notice set doubtful = 1 where notice_seq = ?",
    [NOTICE_EACH] = "select " COLUMNS " from notice where item_seq = ? order by notice_seq",
    [NOTICE_UNITS] =
        "select unit from notice where item_seq = ?1"
        " and (?2 = 0 or session_seq in (0, ?2)) group by unit order by min(notice_seq)",
    [NOTICE_TALLY] = "select count(*) from notice",
    [TEMPLATE_FIND] = "select template_id from template where hash = ?",
    [TEMPLATE_ADD] = "insert into template (template_id, hash, name, text)"
                     " values ((select coalesce(max(template_id), 0) + 1 from template), ?, ?, ?)",
    [TEMPLATE_GET] = "select name, text from template where template_id = ?",
};
const struct store_statements store_notice_statements = {sql, COUNT_OF(sql)};

/* Copies as many whole UTF-8 characters as fit. */
static void copy_cut(char dst[OUTCOME_MAX], const char *text)
{
    size_t n = strlen(text);
    if (n >= OUTCOME_MAX)
        for (n = OUTCOME_MAX - 1; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    memcpy(dst, text, n);
    dst[n] = '\0';
}

void store_notice_add(struct store *s, const struct notice *notice)
{
    char outcome[OUTCOME_MAX];
    copy_cut(outcome, notice->outcome);
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_ADD);
    query_int(&q, notice->seq);
    query_int(&q, notice->item_seq);
    query_text(&q, notice->unit);
    query_int(&q, notice->reason);
    query_text(&q, notice->template_name);
    query_int(&q, notice->deadline_ms);
    query_text(&q, outcome);
    query_int(&q, notice->doubtful);
    query_int(&q, notice->created_ms);
    query_text(&q, notice->instead_of);
    query_int(&q, notice->session_seq);
    query_run(&q);
}

/* The outcome is the query's text, valid until its next row. */
static void read_notice(const struct query *q, struct notice *n)
{
    memset(n, 0, sizeof *n);
    n->seq = query_column_int(q, 0);
    query_column_copy(q, 1, n->unit, sizeof n->unit);
    n->reason = (enum reason)query_column_int(q, 2);
    query_column_copy(q, 3, n->template_name, sizeof n->template_name);
    n->deadline_ms = query_column_int(q, 4);
    n->outcome = query_column_text(q, 5);
    n->doubtful = query_column_int(q, 6) != 0;
    n->created_ms = query_column_int(q, 7);
    query_column_copy(q, 8, n->instead_of, sizeof n->instead_of);
    n->session_seq = query_column_int(q, 9);
}

bool store_notice_get(struct store *s, int64_t seq, struct notice *notice)
{
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_GET);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    read_notice(&q, notice);
    notice->item_seq = query_column_int(&q, 10);
    notice->outcome = "";
    query_end(&q);
    return true;
}

void store_notice_doubt(struct store *s, int64_t seq)
{
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_DOUBT);
    query_int(&q, seq);
    query_run(&q);
}

void store_notice_each(struct store *s, int64_t item_seq, void *context,
                       void (*each)(void *context, const struct notice *notice))
{
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_EACH);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        struct notice notice;
        read_notice(&q, &notice);
        notice.item_seq = item_seq;
        each(context, &notice);
    }
}

size_t store_notice_units(struct store *s, int64_t item_seq, int64_t session_seq,
                          char (*units)[ID_MAX], size_t max)
{
    size_t n = 0;
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_UNITS);
    query_int(&q, item_seq);
    query_int(&q, session_seq);
    while (n < max && query_row(&q))
        query_column_copy(&q, 0, units[n++], ID_MAX);
    query_end(&q);
    return n;
}

int64_t store_template_keep(struct store *s, const char *hash, const char *name, const char *text)
{
    struct query find = query_start(s, NOUN_NOTICE, TEMPLATE_FIND);
    query_text(&find, hash);
    int64_t id = query_single(&find);
    if (id)
        return id;
    struct query add = query_start(s, NOUN_NOTICE, TEMPLATE_ADD);
    query_text(&add, hash);
    query_text(&add, name);
    query_text(&add, text);
    query_run(&add);
    struct query again = query_start(s, NOUN_NOTICE, TEMPLATE_FIND);
    query_text(&again, hash);
    return query_single(&again);
}

bool store_template_get(struct store *s, int64_t id, char name[2 * ID_MAX], struct buf *text)
{
    struct query q = query_start(s, NOUN_NOTICE, TEMPLATE_GET);
    query_int(&q, id);
    if (!query_row(&q))
        return false;
    query_column_copy(&q, 0, name, 2 * ID_MAX);
    buf_puts(text, query_column_text(&q, 1));
    query_end(&q);
    return true;
}

int64_t store_notice_count(struct store *s)
{
    struct query q = query_start(s, NOUN_NOTICE, NOTICE_TALLY);
    return query_single(&q);
}
