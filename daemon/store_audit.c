/*
 * Table audit: see store_audit.h. The head of the chain is read from the last row once in each
 * transaction and kept for its further rows only, so a rollback can never leave a wrong head in
 * memory.
 */
#include "store_audit.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "digest.h"
#include "store_sql.h"
#include "util.h"

enum { SALT = 16 };
enum { AUDIT_ADD, AUDIT_HEAD, AUDIT_EACH, AUDIT_ALL, AUDIT_OLDEST, AUDIT_PRUNE };

static const char *const sql[] = {
    [AUDIT_ADD] = "insert into audit (audit_seq, at_ms, item_seq, salt, content, commitment, link)"
                  " values (?, ?, ?, ?, ?, ?, ?)",
    [AUDIT_HEAD] = "select link from audit order by audit_seq desc limit 1",
    [AUDIT_EACH] = "select audit_seq, at_ms, item_seq, content from audit where item_seq = ?"
                   " order by audit_seq",
    [AUDIT_ALL] = "select audit_seq, at_ms, item_seq, content, salt, length(salt), commitment,"
                  " link from audit order by audit_seq",
    [AUDIT_OLDEST] = "select audit_seq, at_ms, link from audit order by audit_seq limit ?",
    [AUDIT_PRUNE] = "delete from audit where audit_seq <= ?",
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
    size_t len = strlen(content);
    buf_reserve(&text, SALT + len);
    buf_add(&text, salt, SALT);
    buf_add(&text, content, len);
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

static void read_head(struct store *s, struct audit_head *head)
{
    if (head->known)
        return;
    memset(head->link, 0, sizeof head->link);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_HEAD);
    if (query_row(&q))
        query_column_bytes(&q, 0, head->link, sizeof head->link);
    query_end(&q);
    head->known = !store_failed(s);
}

int64_t store_audit_add(struct store *s, int64_t at_ms, int64_t item_seq, const char *content)
{
    struct chain c = {.seq = store_next(s, SEQ_AUDIT), .at_ms = at_ms, .item_seq = item_seq};
    struct audit_head *head = store_audit_head(s);
    unsigned char salt[SALT];
    read_head(s, head);
    memcpy(c.previous, head->link, sizeof c.previous);
    digest_random_from(store_random(s), salt, sizeof salt);
    commitment_of(c.commitment, salt, content);
    link_of(head->link, &c);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_ADD);
    query_int(&q, c.seq);
    query_int(&q, at_ms);
    query_int(&q, item_seq);
    query_blob(&q, salt, sizeof salt);
    query_text(&q, content);
    query_blob(&q, c.commitment, sizeof c.commitment);
    query_blob(&q, head->link, sizeof head->link);
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

/* Where pruning stopped; all zero when nothing was pruned. */
static void read_checkpoint(struct store *s, struct audit_chain *chain, struct chain *c)
{
    const char *hex;
    memset(chain, 0, sizeof *chain);
    memset(c, 0, sizeof *c);
    chain->checkpoint_seq = chain->head_seq = store_meta_int(s, "audit_checkpoint_seq");
    hex = store_meta_text(s, "audit_checkpoint_link");
    for (size_t i = 0; i < DIGEST_FULL; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            break;
        c->previous[i] = (unsigned char)byte;
    }
    memcpy(chain->head, c->previous, DIGEST_FULL);
}

void store_audit_follow(struct store *s, struct audit_chain *chain)
{
    struct chain c;
    read_checkpoint(s, chain, &c);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_ALL);
    while (query_row(&q)) {
        if (!row_holds(&q, &c)) {
            chain->broken_seq = c.seq;
            query_end(&q);
            return;
        }
        chain->rows++;
        chain->erased += query_column_int(&q, 5) == 0;
        if (!chain->first_seq)
            chain->first_seq = c.seq;
        chain->head_seq = c.seq;
        chain->head_ms = c.at_ms;
        memcpy(chain->head, c.previous, DIGEST_FULL);
    }
}

int64_t store_audit_verify(struct store *s, struct buf *err)
{
    struct audit_chain chain;
    store_audit_follow(s, &chain);
    if (!chain.broken_seq)
        return chain.rows;
    buf_printf(err, "audit row %lld does not follow from the row before",
               (long long)chain.broken_seq);
    return -1;
}

int64_t store_audit_prune(struct store *s, int64_t before_ms, int64_t max)
{
    unsigned char link[DIGEST_FULL];
    int64_t n = 0, last = 0, head = store_last(s, SEQ_AUDIT);
    struct query q = query_start(s, NOUN_AUDIT, AUDIT_OLDEST);
    query_int(&q, max);
    while (query_row(&q)) {
        int64_t seq = query_column_int(&q, 0);
        if (query_column_int(&q, 1) >= before_ms || seq >= head)
            break;
        query_column_bytes(&q, 2, link, sizeof link);
        last = seq;
        n++;
    }
    query_end(&q);
    if (!n)
        return 0;
    struct buf hex = BUF_INIT;
    digest_hex(&hex, link, sizeof link);
    store_meta_set_int(s, "audit_checkpoint_seq", last);
    store_meta_set(s, "audit_checkpoint_link", buf_str(&hex));
    buf_release(&hex);
    struct query prune = query_start(s, NOUN_AUDIT, AUDIT_PRUNE);
    query_int(&prune, last);
    query_run(&prune);
    return n;
}
