/*
 * The store: one SQLite file, WAL, synchronous FULL. This header has opening, transactions and the
 * rules all store_*.h follow; each noun has a file of its own with all its SQL.
 *
 * Rules
 * - One connection, used by the deciding thread only. A lock file beside the store refuses a
 *   second daemon.
 * - Inside a transaction the first failure sticks: every later call does nothing and returns empty
 *   results, and store_commit() says STORE_TROUBLE. Callers need no error checks in between; they
 *   must decide nothing outside the store before the commit.
 * - Row numbers (seq) are given out in memory and start anew after a rollback.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct store;

enum store_seq {
    SEQ_EVENT,
    SEQ_ITEM,
    SEQ_NOTICE,
    SEQ_DELIVERY,
    SEQ_CLOCK,
    SEQ_OUT,
    SEQ_AUDIT,
    SEQ_COUNT
};

enum store_end {
    STORE_DONE,    /* committed: durable */
    STORE_TROUBLE, /* rolled back: disk full, I/O error; run the same work again later */
    STORE_BUG /* rolled back: the work broke a rule of the schema; store_trouble() says which */
};

/* Opens or creates the store, migrates it, takes the lock. NULL with one sentence in err. */
struct store *store_open(const char *path, struct buf *err);

/* For looking only, also beside a running daemon: no lock, no migration. */
struct store *store_open_reader(const char *path, struct buf *err);
void store_close(struct store *s);

/* True when this open found no store and made one. */
bool store_is_new(const struct store *s);

void store_begin(struct store *s);
/* For a reader: everything read until store_rollback() is of one moment. */
void store_begin_reading(struct store *s);
enum store_end store_commit(struct store *s);
void store_rollback(struct store *s);
bool store_failed(const struct store *s);
bool store_changed(const struct store *s); /* rows were written since store_begin() */

/* Why the last transaction failed, e.g. "database or disk is full (13)"; "" when it did not. */
const char *store_trouble(const struct store *s);

/* The next row number of a noun. */
int64_t store_next(struct store *s, enum store_seq seq);
int64_t store_last(const struct store *s, enum store_seq seq);

/* Small facts by name; "" / 0 when absent. The text is valid until the next call. */
const char *store_meta_text(struct store *s, const char *name);
int64_t store_meta_int(struct store *s, const char *name);
void store_meta_set(struct store *s, const char *name, const char *value);
void store_meta_set_int(struct store *s, const char *name, int64_t value);

/* A number for a repeated text (lane, limits), the same at every start. */
int64_t store_intern(struct store *s, const char *text);
/* The text of a number; "" when unknown. Valid until the next call. */
const char *store_intern_text(struct store *s, int64_t id);

/* Moves the write-ahead log into the file, and lets it begin anew when all of it was moved. Outside
 * a transaction. When another thread or process is at it just now, the log stays. */
void store_checkpoint(struct store *s);
/* How much of the log is not moved, as far as this connection knows. */
enum { STORE_PAGE_BYTES = 4096 };
int64_t store_log_pages(const struct store *s);
int64_t store_size(struct store *s);

/* Empties the write-ahead log and cuts it to nothing, so that what was erased stands nowhere any
 * more. Outside a transaction. False when another process reads just now (a backup): try again. */
bool store_truncate(struct store *s);

/* Notes how far the numbers have come, in the open transaction: to be called before the newest rows
 * of a noun may be deleted, for a number that was given out is never given out again. */
void store_keep_numbers(struct store *s);

#endif
