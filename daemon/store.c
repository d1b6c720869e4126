/*
 * The store: see store.h. Opens one connection, prepares every statement once, and keeps the
 * sticky failure of a transaction.
 *
 * Promises: what store_commit() called STORE_DONE survives a crash of the process, the kernel and
 * the power (WAL with synchronous FULL: the log is fsynced before COMMIT returns). A crash before
 * leaves nothing of the transaction.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "buf.h"
#include "idtable.h"
#include "schema.h"
#include "store_sql.h"
#include "util.h"

enum { BUSY_MS = 10 };

struct interned {
    int64_t id;
    char *text;
};

struct store {
    sqlite3 *db;
    int lock_fd;
    bool is_new;
    bool open_transaction;
    int failure; /* SQLite result code of the first failure in this transaction */
    int changes_at_begin;
    struct buf trouble;
    sqlite3_stmt **stmt[NOUN_COUNT];
    int64_t next[SEQ_COUNT];
    int64_t next_committed[SEQ_COUNT]; /* as the store knows them */
    struct interned **interned;        /* by rising id */
    struct idtable intern_index;       /* the same by text */
    size_t interned_count, interned_cap;
    size_t interned_committed;
    struct buf scratch;
    int wal_pages;
    struct audit_head audit_head;
    struct digest_pool random;
};

static const struct store_statements *const nouns[NOUN_COUNT] = {
    [NOUN_META] = &store_meta_statements,         [NOUN_EVENT] = &store_event_statements,
    [NOUN_ITEM] = &store_item_statements,         [NOUN_NOTICE] = &store_notice_statements,
    [NOUN_DELIVERY] = &store_delivery_statements, [NOUN_CLOCK] = &store_clock_statements,
    [NOUN_OUT] = &store_out_statements,           [NOUN_AUDIT] = &store_audit_statements,
    [NOUN_CASE] = &store_case_statements,         [NOUN_ANSWER] = &store_answer_statements,
    [NOUN_BUDGET] = &store_budget_statements,     [NOUN_TALLY] = &store_tally_statements,
    [NOUN_ABSENCE] = &store_absence_statements,   [NOUN_CONTACT] = &store_contact_statements,
    [NOUN_ERASE] = &store_erase_statements,       [NOUN_RETENTION] = &store_retention_statements,
    [NOUN_EXPORT] = &store_export_statements,     [NOUN_SMS] = &store_sms_statements,
    [NOUN_MEETING] = &store_meeting_statements,   [NOUN_POLL] = &store_poll_statements,
    [NOUN_DIGEST] = &store_digest_statements,     [NOUN_AGENDA] = &store_agenda_statements,
    [NOUN_OUTBOX] = &store_outbox_statements,     [NOUN_DRILL] = &store_drill_statements,
    [NOUN_PHASE] = &store_phase_statements,
};

enum {
    META_GET,
    META_SET,
    META_INTERN_ALL,
    META_INTERN_ADD,
    META_MAX_EVENT,
    META_MAX_ITEM,
    META_MAX_NOTICE,
    META_MAX_DELIVERY,
    META_MAX_CLOCK,
    META_MAX_OUT,
    META_MAX_AUDIT,
    META_SIZE,
};

static const char *const meta_sql[] = {
    [META_GET] = "select value from meta where name = ?",
    [META_SET] = ("insert into meta (name, value) values (?, ?)"
                  " on conflict (name) do update set value = excluded.value"),
    [META_INTERN_ALL] = "select intern_id, text from intern order by intern_id",
    [META_INTERN_ADD] = "insert into intern (intern_id, text) values (?, ?)",
    [META_MAX_EVENT] = "select coalesce(max(event_seq), 0) from event",
    [META_MAX_ITEM] = "select coalesce(max(item_seq), 0) from item",
    [META_MAX_NOTICE] = "select coalesce(max(notice_seq), 0) from notice",
    [META_MAX_DELIVERY] = "select coalesce(max(delivery_seq), 0) from delivery",
    [META_MAX_CLOCK] = "select coalesce(max(clock_seq), 0) from clock",
    [META_MAX_OUT] = "select coalesce(max(out_seq), 0) from out_event",
    [META_MAX_AUDIT] = "select coalesce(max(audit_seq), 0) from audit",
    [META_SIZE] = "select page_count * page_size from pragma_page_count(), pragma_page_size()",
};
const struct store_statements store_meta_statements = {meta_sql, COUNT_OF(meta_sql)};

static int take_lock(struct store *s, const char *path, struct buf *err)
{
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.lock", path);
    s->lock_fd = open(buf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = -1;
    if (s->lock_fd < 0)
        buf_printf(err, "%s: cannot open: %s", buf_str(&name), strerror(errno));
    else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
        buf_printf(err, "%s: the store is in use by another process; stop that one first", path);
    else
        rc = 0;
    buf_release(&name);
    return rc;
}

static int run_pragmas(struct store *s, struct buf *err)
{
    /* A reader may be recovering the log of a crashed daemon: it is waited for, before anything. */
    static const char pragmas[] = "pragma busy_timeout = 2000;"
                                  "pragma journal_mode = wal;"
                                  "pragma synchronous = full;"
                                  "pragma foreign_keys = on;"
                                  "pragma secure_delete = on;"
                                  "pragma wal_autocheckpoint = 0;"
                                  "pragma cache_size = -8192;"
                                  "pragma temp_store = memory;";
    if (sqlite3_exec(s->db, pragmas, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    buf_printf(err, "cannot set up the store: %s", sqlite3_errmsg(s->db));
    return -1;
}

static int prepare_all(struct store *s, struct buf *err)
{
    for (int noun = 0; noun < NOUN_COUNT; noun++) {
        s->stmt[noun] = xcalloc(nouns[noun]->count, sizeof *s->stmt[noun]);
        for (size_t i = 0; i < nouns[noun]->count; i++) {
            const char *sql = nouns[noun]->sql[i];
            if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[noun][i],
                                   NULL) != SQLITE_OK) {
                buf_printf(err, "cannot prepare \"%s\": %s", sql, sqlite3_errmsg(s->db));
                return -1;
            }
        }
    }
    return 0;
}

static int count_wal(void *context, sqlite3 *db, const char *schema, int pages)
{
    (void)db;
    (void)schema;
    ((struct store *)context)->wal_pages = pages;
    return SQLITE_OK;
}

/* Rows are deleted, but their numbers, and so the ids and codes made of them, never come again. */
static const char *const high_names[SEQ_COUNT] = {
    [SEQ_EVENT] = "event_high",       [SEQ_ITEM] = "item_high",   [SEQ_NOTICE] = "notice_high",
    [SEQ_DELIVERY] = "delivery_high", [SEQ_CLOCK] = "clock_high", [SEQ_OUT] = "out_high",
    [SEQ_AUDIT] = "audit_high",
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void read_sequences(struct store *s)
{
    int64_t floor = store_meta_int(s, "seq_floor");
    for (int i = 0; i < SEQ_COUNT; i++) {
        struct query q = query_start(s, NOUN_META, META_MAX_EVENT + i);
        int64_t highest = later(query_single(&q), store_meta_int(s, high_names[i]));
        s->next[i] = later(highest, floor) + 1;
    }
    memcpy(s->next_committed, s->next, sizeof s->next);
}

static struct interned *keep_interned(struct store *s, int64_t id, const char *text)
{
    struct interned *fresh = xmalloc(sizeof *fresh);
    *fresh = (struct interned){id, xstrdup(text)};
    s->interned = grow(s->interned, s->interned_count, &s->interned_cap, sizeof *s->interned);
    s->interned[s->interned_count++] = fresh;
    idtable_put(&s->intern_index, fresh->text, fresh);
    return fresh;
}

/* All from the given place on; the index is made anew, for nothing leaves it. */
static void drop_interned(struct store *s, size_t from)
{
    if (s->interned_count == from)
        return;
    idtable_release(&s->intern_index);
    while (s->interned_count > from) {
        struct interned *last = s->interned[--s->interned_count];
        free(last->text);
        free(last);
    }
    for (size_t i = 0; i < from; i++)
        idtable_put(&s->intern_index, s->interned[i]->text, s->interned[i]);
}

static void read_interned(struct store *s)
{
    struct query q = query_start(s, NOUN_META, META_INTERN_ALL);
    while (query_row(&q))
        keep_interned(s, query_column_int(&q, 0), query_column_text(&q, 1));
    s->interned_committed = s->interned_count;
}

/* One thread uses a connection: locks inside SQLite would only cost time, and so would its count of
 * all memory, which locks too (refused once SQLite runs, which is no harm). */
static int connect_to(struct store *s, const char *path, int flags, struct buf *err)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        return 0;
    buf_printf(err, "%s: cannot open: %s", path, sqlite3_errmsg(s->db));
    return -1;
}

static struct store *give_up(struct store *s, const char *path, struct buf *why, struct buf *err)
{
    if (why->len)
        buf_printf(err, "%s: %s", path, buf_str(why));
    buf_release(why);
    store_close(s);
    return NULL;
}

struct store *store_open(const char *path, struct buf *err)
{
    struct store *s = xcalloc(1, sizeof *s);
    struct buf why = BUF_INIT;
    int created = 0;
    s->lock_fd = -1;
    if (take_lock(s, path, err) < 0 ||
        connect_to(s, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) < 0 ||
        run_pragmas(s, &why) < 0 || schema_migrate(s->db, &created, &why) < 0 ||
        prepare_all(s, &why) < 0)
        return give_up(s, path, &why, err);
    s->is_new = created != 0;
    /* From here on the deciding thread waits for no stranger's lock: the turn is run again. */
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_wal_hook(s->db, count_wal, s);
    read_sequences(s);
    read_interned(s);
    if (s->failure) {
        buf_printf(&why, "cannot read: %s", store_trouble(s));
        return give_up(s, path, &why, err);
    }
    buf_release(&why);
    return s;
}

struct store *store_open_reader(const char *path, struct buf *err)
{
    struct store *s = xcalloc(1, sizeof *s);
    struct buf why = BUF_INIT;
    s->lock_fd = -1;
    if (connect_to(s, path, SQLITE_OPEN_READONLY, err) < 0 || prepare_all(s, &why) < 0)
        return give_up(s, path, &why, err);
    read_interned(s);
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (int noun = 0; noun < NOUN_COUNT; noun++) {
        for (size_t i = 0; s->stmt[noun] && i < nouns[noun]->count; i++)
            sqlite3_finalize(s->stmt[noun][i]);
        free(s->stmt[noun]);
    }
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    drop_interned(s, 0);
    free(s->interned);
    buf_release(&s->trouble);
    buf_release(&s->scratch);
    explicit_bzero(&s->random, sizeof s->random);
    free(s);
}

bool store_is_new(const struct store *s)
{
    return s->is_new;
}

static void stick(struct store *s, int code)
{
    if (s->failure)
        return;
    s->failure = code;
    buf_reset(&s->trouble);
    buf_printf(&s->trouble, "%s (%d)", sqlite3_errmsg(s->db), sqlite3_extended_errcode(s->db));
}

static void run_text(struct store *s, const char *sql)
{
    if (s->failure)
        return;
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        stick(s, rc);
}

void store_begin(struct store *s)
{
    s->failure = 0;
    s->open_transaction = true;
    s->audit_head.known = false;
    s->changes_at_begin = sqlite3_total_changes(s->db);
    run_text(s, "begin immediate");
}

void store_begin_reading(struct store *s)
{
    s->failure = 0;
    s->open_transaction = true;
    run_text(s, "begin");
}

void store_rollback(struct store *s)
{
    for (int noun = 0; noun < NOUN_COUNT; noun++)
        for (size_t i = 0; i < nouns[noun]->count; i++)
            sqlite3_reset(s->stmt[noun][i]);
    /* A full disk may have rolled back already; autocommit tells. */
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "rollback", NULL, NULL, NULL);
    s->failure = 0;
    s->audit_head.known = false;
    s->open_transaction = false;
    drop_interned(s, s->interned_committed);
    /* Not read again: a disk in trouble may not answer, and numbers would begin at 1. */
    memcpy(s->next, s->next_committed, sizeof s->next);
}

/* What the world may do to us, as against what our own statements may do wrong. */
static bool is_world(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return true;
    default:
        return false;
    }
}

enum store_end store_commit(struct store *s)
{
    if (s->next[SEQ_OUT] != s->next_committed[SEQ_OUT])
        store_meta_set_int(s, "out_high", s->next[SEQ_OUT] - 1);
    run_text(s, "commit");
    if (!s->failure) {
        s->open_transaction = false;
        s->interned_committed = s->interned_count;
        memcpy(s->next_committed, s->next, sizeof s->next);
        buf_reset(&s->trouble);
        return STORE_DONE;
    }
    int code = s->failure;
    store_rollback(s);
    return is_world(code) ? STORE_TROUBLE : STORE_BUG;
}

bool store_failed(const struct store *s)
{
    return s->failure != 0;
}

bool store_changed(const struct store *s)
{
    return sqlite3_total_changes(s->db) != s->changes_at_begin;
}

const char *store_trouble(const struct store *s)
{
    return buf_str(&s->trouble);
}

struct audit_head *store_audit_head(struct store *s)
{
    return &s->audit_head;
}

struct digest_pool *store_random(struct store *s)
{
    return &s->random;
}

int64_t store_next(struct store *s, enum store_seq seq)
{
    return s->next[seq]++;
}

int64_t store_last(const struct store *s, enum store_seq seq)
{
    return s->next[seq] - 1;
}

struct query query_start(struct store *s, enum store_noun noun, int statement)
{
    struct query q = {s, s->failure ? NULL : s->stmt[noun][statement], 0};
    return q;
}

void query_int(struct query *q, int64_t value)
{
    if (q->stmt)
        sqlite3_bind_int64(q->stmt, ++q->at, value);
}

void query_text(struct query *q, const char *text)
{
    if (q->stmt)
        sqlite3_bind_text(q->stmt, ++q->at, text, -1, SQLITE_STATIC);
}

void query_blob(struct query *q, const void *bytes, size_t len)
{
    if (q->stmt)
        sqlite3_bind_blob64(q->stmt, ++q->at, bytes, len, SQLITE_STATIC);
}

bool query_row(struct query *q)
{
    if (!q->stmt)
        return false;
    int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW)
        return true;
    if (rc != SQLITE_DONE)
        stick(q->store, rc);
    query_end(q);
    return false;
}

void query_end(struct query *q)
{
    if (q->stmt)
        sqlite3_reset(q->stmt);
    q->stmt = NULL;
}

int64_t query_column_int(const struct query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

const char *query_column_text(const struct query *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q->stmt, column);
    return text ? text : "";
}

void query_column_copy(const struct query *q, int column, char *dst, size_t size)
{
    if (!str_copy(dst, size, query_column_text(q, column)))
        stick(q->store, SQLITE_CORRUPT);
}

void query_column_bytes(const struct query *q, int column, void *dst, size_t len)
{
    const void *bytes = sqlite3_column_blob(q->stmt, column);
    if (bytes && (size_t)sqlite3_column_bytes(q->stmt, column) == len)
        memcpy(dst, bytes, len);
    else
        memset(dst, 0, len);
}

void query_run(struct query *q)
{
    while (query_row(q))
        ;
}

int64_t query_run_counted(struct query *q)
{
    query_run(q);
    return q->store->failure ? 0 : sqlite3_changes64(q->store->db);
}

int64_t query_single(struct query *q)
{
    int64_t value = query_row(q) ? query_column_int(q, 0) : 0;
    query_end(q);
    return value;
}

const char *store_meta_text(struct store *s, const char *name)
{
    struct query q = query_start(s, NOUN_META, META_GET);
    query_text(&q, name);
    buf_reset(&s->scratch);
    if (query_row(&q))
        buf_puts(&s->scratch, query_column_text(&q, 0));
    query_end(&q);
    return buf_str(&s->scratch);
}

int64_t store_meta_int(struct store *s, const char *name)
{
    return strtoll(store_meta_text(s, name), NULL, 10);
}

void store_meta_set(struct store *s, const char *name, const char *value)
{
    struct query q = query_start(s, NOUN_META, META_SET);
    query_text(&q, name);
    query_text(&q, value);
    query_run(&q);
}

void store_meta_set_int(struct store *s, const char *name, int64_t value)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%lld", (long long)value);
    store_meta_set(s, name, buf_str(&text));
    buf_release(&text);
}

int64_t store_intern(struct store *s, const char *text)
{
    const struct interned *known = idtable_find(&s->intern_index, text);
    if (known)
        return known->id;
    int64_t id = s->interned_count ? s->interned[s->interned_count - 1]->id + 1 : 1;
    struct query q = query_start(s, NOUN_META, META_INTERN_ADD);
    query_int(&q, id);
    query_text(&q, text);
    query_run(&q);
    return keep_interned(s, id, text)->id;
}

const char *store_intern_text(struct store *s, int64_t id)
{
    size_t from = 0, to = s->interned_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->interned[middle]->id < id)
            from = middle + 1;
        else
            to = middle;
    }
    bool found = from < s->interned_count && s->interned[from]->id == id;
    return found ? s->interned[from]->text : "";
}

void store_checkpoint(struct store *s)
{
    int in_log = 0, done = 0;
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &done) ==
        SQLITE_OK)
        s->wal_pages = in_log - done;
}

int64_t store_log_pages(const struct store *s)
{
    return s->wal_pages;
}

bool store_truncate(struct store *s)
{
    int in_log = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &in_log, &done);
    if (rc == SQLITE_OK)
        s->wal_pages = 0;
    return rc == SQLITE_OK;
}

void store_keep_numbers(struct store *s)
{
    for (int i = 0; i < SEQ_COUNT; i++)
        store_meta_set_int(s, high_names[i], s->next[i] - 1);
}

int64_t store_size(struct store *s)
{
    struct query q = query_start(s, NOUN_META, META_SIZE);
    return query_single(&q);
}
