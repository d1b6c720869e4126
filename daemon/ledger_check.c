/*
 * The ledger's walk: see ledger.h. Each table is read once from its beginning to its end, and sets
 * of numbers (seqset.h) stand for the joins; so the walk takes as long as reading the file, and its
 * memory is a bit for each row and set.
 *
 * Promises: reads only, sees one moment (one read transaction), uses no statement of store_*.c: a
 * fault there cannot hide itself here. Refuses a store of another version. A crash leaves nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ledger_parts.h"
#include "schema.h"
#include "store_clock.h"
#include "store_event.h"
#include "util.h"

enum { BUSY_MS = 5000 };

enum clock_state { CLOCK_IS_OPEN, CLOCK_HAS_FIRED, CLOCK_IS_CANCELLED };

int ledger_rows(struct ledger_walk *w, const char *sql,
                void (*row)(struct ledger_walk *w, sqlite3_stmt *q))
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(w->db, sql, -1, &q, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(q);
        if (rc == SQLITE_ROW)
            row(w, q);
    }
    sqlite3_finalize(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

int64_t ledger_meta(struct ledger_walk *w, const char *name)
{
    sqlite3_stmt *q = NULL;
    int64_t value = 0;
    if (sqlite3_prepare_v2(w->db, "select value from meta where name = ?", -1, &q, NULL) !=
        SQLITE_OK)
        return 0;
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW)
        value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return value;
}

static int64_t number(sqlite3_stmt *q, int column)
{
    return sqlite3_column_int64(q, column);
}

static const char *text(sqlite3_stmt *q, int column)
{
    const char *value = (const char *)sqlite3_column_text(q, column);
    return value ? value : "";
}

/* ---- events: the left side */

static void take_event(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), item = number(q, 2);
    bool taken = number(q, 4) == OUTCOME_ACCEPTED || number(q, 4) == OUTCOME_RETURNED;
    seqset_add(&w->events, seq);
    if (item && taken && ledger_requests(text(q, 3)))
        seqset_add(&w->asked, item);
    if (seqset_has(&w->audited, seq) || ledger_before_audit(w, number(q, 1)))
        return;
    if (item ? seqset_has(&w->erased, item) : w->erased_loose-- > 0)
        return;
    ledger_find(w->result, LEDGER_UNAUDITED, item, seq);
}

static void find_no_event(void *context, int64_t seq)
{
    const struct ledger_walk *w = context;
    ledger_find(w->result, LEDGER_NO_EVENT, 0, seq);
}

/* ---- items: the right side */

static int compare_unit(const void *key, const void *unit)
{
    return strcmp(key, *(const char *const *)unit);
}

static bool knows_unit(struct ledger_walk *w, const char *id)
{
    const struct ledger_task *t = w->task;
    if (w->known_unit && str_eq(*w->known_unit, id))
        return true;
    const char *const *found = bsearch(id, t->unit, t->units, sizeof *t->unit, compare_unit);
    if (found)
        w->known_unit = found;
    return found != NULL;
}

/* An item without its event is the same trouble as an audited event without its row. */
static void check_request(struct ledger_walk *w, int64_t item, int64_t event, int64_t created_ms)
{
    if (seqset_has(&w->recent, event) && !seqset_has(&w->events, event)) {
        struct ledger_finding *f = &w->result->finding[LEDGER_NO_EVENT];
        if (f->items < LEDGER_EXAMPLES)
            f->item[f->items++] = item;
    }
    if (event && !seqset_has(&w->audited, event) && !seqset_has(&w->erased, item) &&
        !ledger_before_audit(w, created_ms))
        ledger_find(w->result, LEDGER_UNASKED, item, 0);
}

/* In exactly one class: open or over, as its kind and state say. An accepted handover may be
 * either: a second function's part may still be open. */
static bool has_class(int64_t kind, int64_t state, bool open)
{
    if (kind < 0 || kind >= ITEM_KIND_COUNT || state <= STATE_NONE || state >= ITEM_STATE_COUNT)
        return false;
    bool either = kind == ITEM_HANDOVER && state == STATE_ACCEPTED;
    return either || item_state_is_final((enum item_kind)kind, (enum item_state)state) != open;
}

static void take_item(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), kind = number(q, 1), state = number(q, 2);
    bool open = number(q, 7) == 0;
    seqset_add(&w->items, seq);
    if (!has_class(kind, state, open))
        ledger_find(w->result, LEDGER_NO_CLASS, seq, 0);
    else if (open)
        w->result->open[kind]++;
    else
        w->result->ended++;
    check_request(w, seq, number(q, 3), number(q, 6));
    if (!open)
        return;
    seqset_add(&w->open, seq);
    if (!knows_unit(w, text(q, 4)))
        ledger_find(w->result, LEDGER_OWNER, seq, 0);
    if (!knows_unit(w, text(q, 5)))
        ledger_find(w->result, LEDGER_WAITING, seq, 0);
}

/* Asked for, and not there: erased, removed long after its end, or lost. */
static void find_missing(void *context, int64_t item)
{
    struct ledger_walk *w = context;
    if (seqset_has(&w->erased, item))
        w->result->erased++;
    else if (w->removed_by_rule && seqset_has(&w->over, item))
        w->result->removed++;
    else
        ledger_find(w->result, LEDGER_LOST, item, 0);
}

/* ---- clocks */

static bool has_effect(const struct ledger_walk *w, int64_t clock, int64_t item, int64_t effect)
{
    bool pruned = w->pruned_seq && effect > 0 && effect <= w->pruned_seq;
    return seqset_has(&w->told, clock) || pruned || seqset_has(&w->erased, item);
}

static void take_open_clock(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), item = number(q, 1), kind = number(q, 2);
    size_t slot = (size_t)(kind < 0 || kind >= LEDGER_CLOCK_KINDS ? LEDGER_CLOCK_KINDS - 1 : kind);
    if (!seqset_has(&w->open, item))
        ledger_find(w->result, LEDGER_STRAY_CLOCK, item, seq);
    else if (!seqset_add(&w->clock_of[slot], item) && kind != CLOCK_REMINDER)
        ledger_find(w->result, LEDGER_TWO_CLOCKS, item, seq);
    seqset_add(&w->clocked, item);
    if (number(q, 3) < w->task->now_ms - w->task->grace_ms)
        ledger_find(w->result, LEDGER_LATE_CLOCK, item, seq);
}

static void take_clock(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), item = number(q, 1), state = number(q, 4);
    if (state == CLOCK_IS_OPEN)
        take_open_clock(w, q);
    else if (state == CLOCK_HAS_FIRED && !has_effect(w, seq, item, number(q, 5)))
        ledger_find(w->result, LEDGER_NO_EFFECT, item, seq);
    else if (state != CLOCK_HAS_FIRED && state != CLOCK_IS_CANCELLED)
        ledger_find(w->result, LEDGER_NO_CLASS, item, seq);
}

static void find_no_clock(void *context, int64_t item)
{
    const struct ledger_walk *w = context;
    ledger_find(w->result, LEDGER_NO_CLOCK, item, 0);
}

/* ---- notices and deliveries */

static void take_notice(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), item = number(q, 1);
    seqset_add(&w->notices, seq);
    if (!seqset_has(&w->items, item))
        ledger_find(w->result, LEDGER_STRAY_NOTICE, item, seq);
}

static void take_delivery(struct ledger_walk *w, sqlite3_stmt *q)
{
    int64_t seq = number(q, 0), notice = number(q, 1), item = number(q, 2), state = number(q, 3);
    bool waits = state == DELIVERY_PENDING || state == DELIVERY_HELD;
    seqset_add(&w->delivered, notice);
    if (!seqset_has(&w->notices, notice) || !seqset_has(&w->items, item))
        ledger_find(w->result, LEDGER_STRAY_NOTICE, item, seq);
    if (state < 0 || state >= DELIVERY_STATE_COUNT || number(q, waits ? 4 : 5) <= 0)
        ledger_find(w->result, LEDGER_NO_ENDING, item, seq);
}

/* Not one query for each notice: only for the examples that are shown. */
static int64_t item_of_notice(struct ledger_walk *w, int64_t notice)
{
    static const char sql[] = "select item_seq from notice where notice_seq = ?";
    sqlite3_stmt *q = NULL;
    int64_t item = 0;
    if (w->result->finding[LEDGER_NO_DELIVERY].count >= LEDGER_EXAMPLES ||
        sqlite3_prepare_v2(w->db, sql, -1, &q, NULL) != SQLITE_OK)
        return 0;
    sqlite3_bind_int64(q, 1, notice);
    if (sqlite3_step(q) == SQLITE_ROW)
        item = number(q, 0);
    sqlite3_finalize(q);
    return item;
}

static void find_no_delivery(void *context, int64_t notice)
{
    struct ledger_walk *w = context;
    ledger_find(w->result, LEDGER_NO_DELIVERY, item_of_notice(w, notice), notice);
}

/* ---- the walk */

static int walk_tables(struct ledger_walk *w)
{
    struct ledger_result *r = w->result;
    if (ledger_audit(w) < 0 ||
        ledger_rows(
            w,
            "select event_seq, received_ms, item_seq, type, outcome from event order by event_seq",
            take_event) < 0)
        return -1;
    seqset_without(&w->recent, &w->events, w, find_no_event);
    if (ledger_rows(w,
                    "select item_seq, kind, state, event_seq, owner_unit, waiting_unit, created_ms,"
                    " closed_ms from item order by item_seq",
                    take_item) < 0)
        return -1;
    r->asked = seqset_count(&w->asked);
    seqset_without(&w->asked, &w->items, w, find_missing);
    for (int64_t i = w->removed_by_rule; i < r->removed; i++)
        ledger_find(r, LEDGER_TOO_MANY_GONE, 0, 0);
    if (ledger_rows(w,
                    "select clock_seq, item_seq, kind, due_ms, state, effect_seq from clock"
                    " order by clock_seq",
                    take_clock) < 0)
        return -1;
    seqset_without(&w->open, &w->clocked, w, find_no_clock);
    if (ledger_rows(w, "select notice_seq, item_seq from notice order by notice_seq", take_notice) <
            0 ||
        ledger_rows(w,
                    "select delivery_seq, notice_seq, item_seq, state, next_ms, ended_ms"
                    " from delivery order by delivery_seq",
                    take_delivery) < 0)
        return -1;
    seqset_without(&w->notices, &w->delivered, w, find_no_delivery);
    return 0;
}

static void check_version(struct ledger_walk *w, sqlite3_stmt *q)
{
    w->version_fits = number(q, 0) == schema_version();
}

static int open_store(struct ledger_walk *w, struct buf *err)
{
    static const char pragmas[] = "pragma query_only = on; pragma cache_size = -8192; begin";
    int rc =
        sqlite3_open_v2(w->task->store, &w->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        sqlite3_busy_timeout(w->db, BUSY_MS);
    if (rc != SQLITE_OK || sqlite3_exec(w->db, pragmas, NULL, NULL, NULL) != SQLITE_OK ||
        ledger_rows(w, "pragma user_version", check_version) < 0) {
        buf_printf(err, "%s: cannot read: %s", w->task->store, sqlite3_errmsg(w->db));
        return -1;
    }
    if (!w->version_fits) {
        buf_printf(err, "%s: the store has another version than this program, which knows %d",
                   w->task->store, schema_version());
        return -1;
    }
    return 0;
}

static void release(struct ledger_walk *w)
{
    struct seqset *const sets[] = {&w->audited, &w->recent,  &w->asked,   &w->over,
                                   &w->erased,  &w->told,    &w->events,  &w->items,
                                   &w->open,    &w->clocked, &w->notices, &w->delivered};
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        seqset_release(sets[i]);
    for (size_t i = 0; i < COUNT_OF(w->clock_of); i++)
        seqset_release(&w->clock_of[i]);
    sqlite3_close(w->db);
}

int ledger_check(const struct ledger_task *task, struct ledger_result *result, struct buf *err)
{
    int64_t from_ms = util_monotonic_ms();
    struct ledger_walk w;
    memset(&w, 0, sizeof w);
    memset(result, 0, sizeof *result);
    w.task = task;
    w.result = result;
    result->checked_ms = task->now_ms;
    int rc = open_store(&w, err);
    if (rc == 0 && walk_tables(&w) < 0) {
        buf_printf(err, "%s: cannot be read to its end: %s", task->store, sqlite3_errmsg(w.db));
        rc = -1;
    }
    release(&w);
    result->took_ms = util_monotonic_ms() - from_ms;
    return rc;
}
