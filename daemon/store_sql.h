/*
 * For store_*.c only: prepared statements in use. Values are bound in order, columns read in
 * order; a text column is valid until query_end(). See the sticky failure in store.h.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "digest.h"
#include "store.h"

/* The nouns, each with its table of SQL texts (one prepared statement each). */
enum store_noun {
    NOUN_META,
    NOUN_EVENT,
    NOUN_ITEM,
    NOUN_NOTICE,
    NOUN_DELIVERY,
    NOUN_CLOCK,
    NOUN_OUT,
    NOUN_AUDIT,
    NOUN_CASE,
    NOUN_ANSWER,
    NOUN_BUDGET,
    NOUN_TALLY,
    NOUN_ABSENCE,
    NOUN_CONTACT,
    NOUN_ERASE,
    NOUN_RETENTION,
    NOUN_EXPORT,
    NOUN_SMS,
    NOUN_MEETING,
    NOUN_POLL,
    NOUN_DIGEST,
    NOUN_AGENDA,
    NOUN_OUTBOX,
    NOUN_DRILL,
    NOUN_PHASE,
    NOUN_COUNT
};

struct store_statements {
    const char *const *sql;
    size_t count;
};

extern const struct store_statements store_meta_statements;
extern const struct store_statements store_event_statements;
extern const struct store_statements store_item_statements;
extern const struct store_statements store_notice_statements;
extern const struct store_statements store_delivery_statements;
extern const struct store_statements store_clock_statements;
extern const struct store_statements store_out_statements;
extern const struct store_statements store_audit_statements;
extern const struct store_statements store_case_statements;
extern const struct store_statements store_answer_statements;
extern const struct store_statements store_budget_statements;
extern const struct store_statements store_tally_statements;
extern const struct store_statements store_absence_statements;
extern const struct store_statements store_contact_statements;
extern const struct store_statements store_erase_statements;
extern const struct store_statements store_retention_statements;
extern const struct store_statements store_export_statements;
extern const struct store_statements store_sms_statements;
extern const struct store_statements store_meeting_statements;
extern const struct store_statements store_poll_statements;
extern const struct store_statements store_digest_statements;
extern const struct store_statements store_agenda_statements;
extern const struct store_statements store_outbox_statements;
extern const struct store_statements store_drill_statements;
extern const struct store_statements store_phase_statements;

/* The head of the audit chain as the open transaction has it: unknown at its beginning, so that
 * what was rolled back is forgotten. */
struct audit_head {
    bool known;
    unsigned char link[DIGEST_FULL];
};
struct audit_head *store_audit_head(struct store *s);

/* For salts. */
struct digest_pool *store_random(struct store *s);

struct query {
    struct store *store;
    sqlite3_stmt *stmt; /* NULL once the transaction has failed */
    int at;             /* last bound parameter */
};

struct query query_start(struct store *s, enum store_noun noun, int statement);
void query_int(struct query *q, int64_t value);
void query_text(struct query *q, const char *text);
void query_blob(struct query *q, const void *bytes, size_t len);

/* True when a row is there. After false the query has ended. */
bool query_row(struct query *q);
int64_t query_column_int(const struct query *q, int column);
const char *query_column_text(const struct query *q, int column);
/* Copies into a fixed field; a longer text is a broken store and sticks as a failure. */
void query_column_copy(const struct query *q, int column, char *dst, size_t size);
/* Exactly `len` bytes, or zeros when the column has another length. */
void query_column_bytes(const struct query *q, int column, void *dst, size_t len);
void query_end(struct query *q);

/* Runs a statement that returns no row. */
void query_run(struct query *q);

/* The same; returns how many rows it changed. */
int64_t query_run_counted(struct query *q);

struct ended_item;
/* Reads all rows (item_seq, kind, case_key) into items, which has room for them; how many. */
size_t query_ended(struct query *q, struct ended_item *items);

/* The first column of the first row, 0 when there is none; ends the query. */
int64_t query_single(struct query *q);

#endif
