/*
 * Table audit: see store_audit.h. The head of the chain is read from the last row within the same
 * transaction, so a rollback can never leave a wrong head in memory.
 */
#include "store_audit.h"

#include <string.h>

#include "buf.h"
#include "digest.h"
#include "store_sql.h"
#include "util.h"

enum { SALT = 16 };
enum { AUDIT_ADD, AUDIT_HEAD, AUDIT_EACH, AUDIT_ALL };

static const char *const sql[] = {
    [AUDIT_ADD] = "insert into audit (audit_seq, at_ms, item_seq, salt, content, commitment, link)"
                  " values (?, ?, ?, ?, ?, ?, ?)",
    [AUDIT_HEAD] = "select link from audit order by audit_seq desc limit 1",
    [AUDIT_EACH] = "select audit_seq, at_ms, item_seq, content from audit where item_seq = ?"
                   " order by audit_seq",
    [AUDIT_ALL] = "select audit_seq, at_ms, item_seq, content, salt, length(salt), commitment,"
                  " link from audit order by audit_seq",
};
const struct store_statements store_audit_statements = {sql, COUNT_OF(sql)};

struct chain {
    unsigned char previous[DIGEST_FULL];
    int64_t seq, at_ms, item_seq;
    unsigned char commitment[DIGEST_FULL];
};

static void commitment_of(unsigned char out[DIGEST_FULL], const unsigned char salt[SALT],
                          const char *content)
{
    struct buf text = BUF_INIT;
    buf_add(&text, salt, SALT);
    buf_puts(&text, content);
    digest_sha256(out, text.data, text.len);
    buf_release(&text);
}

static void link_of(unsigned char out[DIGEST_FULL], const struct chain *c)
{
    unsigned char text[2 * DIGEST_FULL + 3 * 8];
    unsigned char *p = text;
    memcpy(p, c->previous, DIGEST_FULL);
    p += DIGEST_FULL;
    const int64_t numbers[] = {c->seq, c->at_ms, c->item_seq};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        for (int shift = 56; shift >= 0; shift -= 8)
            *p++ = (unsigned char)((uint64_t)numbers[i] >> shift);
    memcpy(p, c->commitment, DIGEST_FULL);
    digest_sha256(out, text, sizeof text);
}

int64_t store_audit_add(struct store *s, int64_t at_ms, int64_t item_seq, const char *content)
{
    struct chain c = {.seq = store_next(s, SEQ_AUDIT), .at_ms = at_ms, .item_seq = item_seq};
    unsigned char salt[SALT], link[DIGEST_FULL];
    struct query head = query_start(s, NOUN_AUDIT, AUDIT_HEAD);
    if (query_row(&head))
        query_column_bytes(&head, 0, c.previous, sizeof c.previous);
    query_end(&head);
    digest_random(salt, sizeof salt);
    commitment_of(c.commitment, salt, content);
    link_of(link, &c);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_ADD);
    query_int(&q, c.seq);
    query_int(&q, at_ms);
    query_int(&q, item_seq);
    query_blob(&q, salt, sizeof salt);
    query_text(&q, content);
    query_blob(&q, c.commitment, sizeof c.commitment);
    query_blob(&q, link, sizeof link);
    query_run(&q);
    return c.seq;
}

void store_audit_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const struct audit_row *row))
{
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_EACH);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        struct audit_row row = {query_column_int(&q, 0), query_column_int(&q, 1),
                                query_column_int(&q, 2), query_column_text(&q, 3)};
        each(context, &row);
    }
}

/* True when the row's link follows from the one before and, unless erased, its content is what was
 * committed to. */
static bool row_holds(const struct query *q, struct chain *c)
{
    unsigned char salt[SALT], again[DIGEST_FULL], link[DIGEST_FULL], expected[DIGEST_FULL];
    c->seq = query_column_int(q, 0);
    c->at_ms = query_column_int(q, 1);
    c->item_seq = query_column_int(q, 2);
    query_column_bytes(q, 6, c->commitment, sizeof c->commitment);
    query_column_bytes(q, 7, link, sizeof link);
    link_of(expected, c);
    memcpy(c->previous, link, sizeof link);
    if (memcmp(expected, link, sizeof link) != 0)
        return false;
    if (query_column_int(q, 5) == 0)
        return true; /* erased */
    query_column_bytes(q, 4, salt, sizeof salt);
    commitment_of(again, salt, query_column_text(q, 3));
    return memcmp(again, c->commitment, sizeof again) == 0;
}

int64_t store_audit_verify(struct store *s, struct buf *err)
{
    struct chain c;
    int64_t rows = 0;
    memset(&c, 0, sizeof c);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_ALL);
    while (query_row(&q)) {
        if (!row_holds(&q, &c)) {
            buf_printf(err, "audit row %lld does not follow from the row before", (long long)c.seq);
            query_end(&q);
            return -1;
        }
        rows++;
    }
    return rows;
}
