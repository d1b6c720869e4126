/*
 * The ledger's walk over the audit chain: see ledger_parts.h. Computes every link and commitment
 * again (store_audit.h has the formula), beginning at the checkpoint that pruning has left, and
 * remembers who was told what. Each row that does not follow is one finding; the walk goes on from
 * its own link, so that one missing row is not a thousand findings.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ledger_parts.h"
#include "util.h"

static bool blob(sqlite3_stmt *q, int column, unsigned char *dst, int len)
{
    const void *bytes = sqlite3_column_blob(q, column);
    bool fits = bytes && sqlite3_column_bytes(q, column) == len;
    if (fits)
        memcpy(dst, bytes, (size_t)len);
    else
        memset(dst, 0, (size_t)len);
    return fits;
}

static void put_number(unsigned char *dst, int64_t number)
{
    for (int i = 0; i < 8; i++)
        dst[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

/* link = SHA-256(link of the row before, seq, at, item, commitment) */
static bool follows(struct ledger_walk *w, sqlite3_stmt *q)
{
    unsigned char text[2 * DIGEST_FULL + 24], link[DIGEST_FULL], expected[DIGEST_FULL];
    memcpy(text, w->link, DIGEST_FULL);
    for (int i = 0; i < 3; i++)
        put_number(text + DIGEST_FULL + 8 * i, sqlite3_column_int64(q, i));
    bool whole = blob(q, 5, text + DIGEST_FULL + 24, DIGEST_FULL);
    whole = blob(q, 6, link, DIGEST_FULL) && whole;
    digest_sha256(expected, text, sizeof text);
    memcpy(w->link, link, sizeof link);
    return whole && memcmp(expected, link, sizeof link) == 0;
}

/* commitment = SHA-256(salt, content), unless both are erased */
static bool holds(sqlite3_stmt *q)
{
    unsigned char small[512], expected[DIGEST_FULL], commitment[DIGEST_FULL];
    int salt = sqlite3_column_bytes(q, 3);
    const char *content = (const char *)sqlite3_column_text(q, 4);
    size_t len = (size_t)sqlite3_column_bytes(q, 4), all = (size_t)salt + len;
    if (!salt)
        return len == 0;
    if (!blob(q, 5, commitment, DIGEST_FULL))
        return false;
    unsigned char *text = all <= sizeof small ? small : xmalloc(all);
    memcpy(text, sqlite3_column_blob(q, 3), (size_t)salt);
    memcpy(text + salt, content, len);
    digest_sha256(expected, text, all);
    if (text != small)
        free(text);
    return memcmp(expected, commitment, sizeof expected) == 0;
}

static void take_event(struct ledger_walk *w, const struct ledger_fact *fact, int64_t at_ms,
                       int64_t item)
{
    seqset_add(&w->audited, fact->number);
    if (at_ms > w->task->now_ms - (ID_MEMORY_DAYS - 1) * DAY_MS)
        seqset_add(&w->recent, fact->number);
    w->result->requests += fact->requests;
    if (!item)
        return;
    if (fact->opens)
        seqset_add(&w->asked, item);
    if (fact->over)
        seqset_add(&w->over, item);
    else if (fact->has_state)
        seqset_remove(&w->over, item);
}

static void take_fact(struct ledger_walk *w, sqlite3_stmt *q)
{
    struct ledger_fact fact;
    int64_t seq = sqlite3_column_int64(q, 0), item = sqlite3_column_int64(q, 2);
    const char *content = (const char *)sqlite3_column_text(q, 4);
    if (!sqlite3_column_bytes(q, 3)) {
        if (item)
            seqset_add(&w->erased, item);
        else
            w->erased_loose++;
        return;
    }
    ledger_fact_read(&fact, content ? content : "");
    switch (fact.says) {
    case SAYS_OTHER:
        break;
    case SAYS_EVENT:
        take_event(w, &fact, sqlite3_column_int64(q, 1), item);
        break;
    case SAYS_CLOCK:
        if (!seqset_add(&w->told, fact.number))
            ledger_find(w->result, LEDGER_FIRED_TWICE, item, seq);
        break;
    case SAYS_STEP:
        if (fact.over)
            seqset_add(&w->over, item);
        break;
    case SAYS_ENDED:
        seqset_add(&w->over, item);
        break;
    case SAYS_ERASED:
        seqset_add(&w->erased, fact.number);
        break;
    }
}

static void take_row(struct ledger_walk *w, sqlite3_stmt *q)
{
    struct ledger_result *r = w->result;
    int64_t seq = sqlite3_column_int64(q, 0);
    struct buf link = BUF_INIT;
    if (!r->audit_rows++)
        w->first_ms = sqlite3_column_int64(q, 1);
    bool sound = follows(w, q);
    if (!holds(q) || !sound)
        ledger_find(r, LEDGER_CHAIN, sqlite3_column_int64(q, 2), seq);
    r->head_seq = seq;
    if (seq == w->task->head_seq) {
        digest_hex(&link, w->link, sizeof w->link);
        w->head_seen = str_eq(buf_str(&link), w->task->head_link);
    }
    buf_release(&link);
    take_fact(w, q);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

/* Where pruning has left off: the chain goes on from there. */
static void take_checkpoint(struct ledger_walk *w, sqlite3_stmt *q)
{
    const char *hex = (const char *)sqlite3_column_text(q, 0);
    if (!hex || strlen(hex) != LEDGER_LINK)
        return;
    for (size_t i = 0; i < DIGEST_FULL; i++)
        w->link[i] = (unsigned char)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
}

bool ledger_before_audit(const struct ledger_walk *w, int64_t at_ms)
{
    return w->pruned_seq && at_ms <= w->first_ms;
}

int ledger_audit(struct ledger_walk *w)
{
    struct ledger_result *r = w->result;
    struct buf head = BUF_INIT;
    w->pruned_seq = ledger_meta(w, "audit_checkpoint_seq");
    w->removed_by_rule = ledger_meta(w, "ledger_pruned_items");
    if (ledger_rows(w, "select value from meta where name = 'audit_checkpoint_link'",
                    take_checkpoint) < 0 ||
        ledger_rows(w,
                    "select audit_seq, at_ms, item_seq, salt, content, commitment, link from audit"
                    " order by audit_seq",
                    take_row) < 0)
        return -1;
    if (!r->audit_rows)
        r->head_seq = w->pruned_seq;
    if (w->task->head_seq > w->pruned_seq && !w->head_seen)
        ledger_find(r, LEDGER_HEAD, 0, w->task->head_seq);
    digest_hex(&head, w->link, sizeof w->link);
    str_copy(r->head_link, sizeof r->head_link, buf_str(&head));
    buf_release(&head);
    return 0;
}
