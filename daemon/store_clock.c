/*
 * Table clock: see store_clock.h.
 */
#include "store_clock.h"

#include <assert.h>

#include "store_sql.h"
#include "util.h"

enum {
    CLOCK_ADD,
    CLOCK_CANCEL,
    CLOCK_CANCEL_SESSION,
    CLOCK_OTHER,
    CLOCK_FIRE,
    CLOCK_MOVE,
    CLOCK_PULL,
    CLOCK_IS_OPEN,
    CLOCK_DUE,
    CLOCK_NEXT,
    CLOCK_OF,
    CLOCK_TALLY
};

static_assert(CLOCK_LAPSE == 3 && CLOCK_EXPIRY == 4 && CLOCK_REMINDER == 8,
              "as the texts of CLOCK_TALLY and CLOCK_CANCEL_SESSION have it");

#define COLUMNS "clock_seq, item_seq, kind, step, due_ms, session_seq"

static const char *const sql[] = {
    [CLOCK_ADD] = "insert into clock (clock_seq, item_seq, kind, step, due_ms, state, fired_ms,"
                  " effect_seq, session_seq) values (?, ?, ?, ?, ?, 0, 0, 0, ?)",
    [CLOCK_CANCEL] = "update clock set state = 2 where item_seq = ? and state = 0",
    [CLOCK_CANCEL_SESSION] = "update clock set state = 2 where item_seq = ? and session_seq = ?"
                             " and kind = 8 and state = 0",
    [CLOCK_OTHER] = "select count(*) from clock where item_seq = ? and session_seq = ?"
                    " and kind = 8 and state = 0 and step >= ? and step <= ? and due_ms <= ?"
                    " and clock_seq <> ?",
    [CLOCK_FIRE] = "update clock set state = 1, fired_ms = ?, effect_seq = ?"
                   " where clock_seq = ? and state = 0",
    [CLOCK_MOVE] = "update clock set due_ms = ? where item_seq = ? and kind = ? and state = 0",
    [CLOCK_PULL] = "update clock set due_ms = min(due_ms, ?) where clock_seq = ? and state = 0",
    [CLOCK_IS_OPEN] = "select count(*) from clock where clock_seq = ? and state = 0",
    [CLOCK_DUE] = "select " COLUMNS " from clock"
                  " where state = 0 and due_ms <= ? order by due_ms, clock_seq",
    [CLOCK_NEXT] = "select due_ms from clock where state = 0 order by due_ms limit 1",
    [CLOCK_OF] = "select " COLUMNS " from clock"
                 " where item_seq = ? and state = 0",
    [CLOCK_TALLY] = "select count(*) from clock where state = 0 and kind not in (3, 4, 8)",
};
const struct store_statements store_clock_statements = {sql, COUNT_OF(sql)};

const char *clock_kind_name(enum clock_kind kind)
{
    switch (kind) {
    case CLOCK_ACKNOWLEDGE:
        return "ack_due";
    case CLOCK_ACCEPT:
        return "acceptance_due";
    case CLOCK_COMPLETE:
        return "completion_due";
    case CLOCK_LAPSE:
        return "lapse";
    case CLOCK_EXPIRY:
        return "expiry";
    case CLOCK_BEGIN:
        return "begin";
    case CLOCK_STATUTE:
        return "statutory";
    case CLOCK_MEETING:
        return "meeting";
    case CLOCK_REMINDER:
        return "reminder";
    case CLOCK_KIND_COUNT:
        break;
    }
    return "?";
}

void store_clock_add(struct store *s, const struct clock *clock)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_ADD);
    query_int(&q, clock->seq);
    query_int(&q, clock->item_seq);
    query_int(&q, clock->kind);
    query_int(&q, clock->step);
    query_int(&q, clock->due_ms);
    query_int(&q, clock->session_seq);
    query_run(&q);
}

void store_clock_cancel(struct store *s, int64_t item_seq)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_CANCEL);
    query_int(&q, item_seq);
    query_run(&q);
}

void store_clock_cancel_session(struct store *s, int64_t item_seq, int64_t session_seq)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_CANCEL_SESSION);
    query_int(&q, item_seq);
    query_int(&q, session_seq);
    query_run(&q);
}

bool store_clock_other_due(struct store *s, const struct clock *clock, int min_step, int max_step,
                           int64_t now_ms)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_OTHER);
    query_int(&q, clock->item_seq);
    query_int(&q, clock->session_seq);
    query_int(&q, min_step);
    query_int(&q, max_step);
    query_int(&q, now_ms);
    query_int(&q, clock->seq);
    return query_single(&q) > 0;
}

void store_clock_fire(struct store *s, int64_t clock_seq, int64_t now_ms, int64_t effect_seq)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_FIRE);
    query_int(&q, now_ms);
    query_int(&q, effect_seq);
    query_int(&q, clock_seq);
    query_run(&q);
}

void store_clock_move(struct store *s, int64_t item_seq, enum clock_kind kind, int64_t due_ms)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_MOVE);
    query_int(&q, due_ms);
    query_int(&q, item_seq);
    query_int(&q, kind);
    query_run(&q);
}

void store_clock_pull(struct store *s, int64_t clock_seq, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_PULL);
    query_int(&q, now_ms);
    query_int(&q, clock_seq);
    query_run(&q);
}

static void read_row(const struct query *q, struct clock *clock)
{
    clock->seq = query_column_int(q, 0);
    clock->item_seq = query_column_int(q, 1);
    clock->kind = (enum clock_kind)query_column_int(q, 2);
    clock->step = (int)query_column_int(q, 3);
    clock->due_ms = query_column_int(q, 4);
    clock->session_seq = query_column_int(q, 5);
}

bool store_clock_is_open(struct store *s, int64_t clock_seq)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_IS_OPEN);
    query_int(&q, clock_seq);
    return query_single(&q) > 0;
}

size_t store_clock_due(struct store *s, int64_t now_ms, struct clock *clocks, size_t max)
{
    size_t n = 0;
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_DUE);
    query_int(&q, now_ms);
    while (n < max && query_row(&q))
        read_row(&q, &clocks[n++]);
    query_end(&q);
    return n;
}

int64_t store_clock_next(struct store *s)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_NEXT);
    return query_single(&q);
}

bool store_clock_of(struct store *s, int64_t item_seq, struct clock *clock)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_OF);
    struct clock other;
    bool found = false;
    query_int(&q, item_seq);
    /* An item has few; to sort them would cost more than to look at each. */
    for (; query_row(&q); found = true) {
        read_row(&q, &other);
        if (!found || other.kind < clock->kind)
            *clock = other;
    }
    return found;
}

int64_t store_clock_count_open(struct store *s)
{
    struct query q = query_start(s, NOUN_CLOCK, CLOCK_TALLY);
    return query_single(&q);
}
