/*
 * Operator's view of table delivery, and table lane_hold: see store_outbox.h. Statements name the
 * state as a number where an index holds that state only.
 */
#include "store_outbox.h"

#include <assert.h>
#include <string.h>

#include "store_delivery.h"
#include "store_sql.h"
#include "util.h"

enum {
    OUTBOX_MARKS,
    OUTBOX_PENDING,
    OUTBOX_FAILED,
    OUTBOX_HELD,
    OUTBOX_OTHERS,
    OUTBOX_LANE,
    OUTBOX_LANE_WAITS,
    OUTBOX_PULL,
    OUTBOX_NEXT,
    OUTBOX_LATER,
    OUTBOX_HOLD,
    OUTBOX_RELEASE,
    OUTBOX_HOLDS
};

static_assert(DELIVERY_PENDING == 0 && DELIVERY_FAILED == 2 && DELIVERY_HELD == 4,
              "as the statements have it");

static const char *const sql[] = {
    [OUTBOX_MARKS] = "select lane_id, channel, state, class, created_ms, next_ms from delivery"
                     " where state in (0, 4)",
    [OUTBOX_PENDING] = "select delivery_seq from delivery where state = 0 and lane_id = ?"
                       " order by next_ms, delivery_seq",
    [OUTBOX_FAILED] = "select delivery_seq from delivery where state = 2 order by ended_ms desc",
    [OUTBOX_HELD] = "select delivery_seq from delivery where state = 4 order by delivery_seq desc",
    [OUTBOX_OTHERS] = "select delivery_seq from delivery where state = ?"
                      " order by delivery_seq desc",
    [OUTBOX_LANE] = "select intern_id from intern where text = ?",
    [OUTBOX_LANE_WAITS] = "select 1 from delivery where state = 0 and lane_id = ? limit 1",
    [OUTBOX_PULL] = "update delivery set next_ms = ?1 where delivery_seq in"
                    " (select delivery_seq from delivery where state = 0 and lane_id = ?2"
                    " and next_ms > ?1 order by next_ms limit ?3)",
    [OUTBOX_NEXT] = "update delivery set next_ms = ? where delivery_seq = ? and state = 0",
    [OUTBOX_LATER] = "select delivery_seq from delivery where state = 0 and lane_id = ?1"
                     " and (next_ms, delivery_seq) > (?2, ?3)"
                     " order by next_ms, delivery_seq limit 1",
    [OUTBOX_HOLD] = "insert into lane_hold (lane, since_ms) values (?, ?)"
                    " on conflict (lane) do nothing",
    [OUTBOX_RELEASE] = "delete from lane_hold where lane = ?",
    [OUTBOX_HOLDS] = "select lane, since_ms from lane_hold order by lane",
};
const struct store_statements store_outbox_statements = {sql, COUNT_OF(sql)};

void store_outbox_marks(struct store *s, void *context,
                        void (*each)(void *context, const struct outbox_mark *mark))
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_MARKS);
    while (query_row(&q)) {
        const struct outbox_mark mark = {
            .lane_id = query_column_int(&q, 0),
            .channel = (enum channel)query_column_int(&q, 1),
            .state = (enum delivery_state)query_column_int(&q, 2),
            .class = (enum error_class)query_column_int(&q, 3),
            .created_ms = query_column_int(&q, 4),
            .next_ms = query_column_int(&q, 5),
        };
        each(context, &mark);
    }
}

/* The walk reads numbers, and each delivery by its number. */
static void walk(struct query *q, void *context,
                 bool (*each)(void *context, const struct delivery *delivery))
{
    struct delivery d;
    while (query_row(q)) {
        if (store_delivery_get(q->store, query_column_int(q, 0), &d) && !each(context, &d)) {
            query_end(q);
            return;
        }
    }
}

void store_outbox_each_pending(struct store *s, int64_t lane_id, void *context,
                               bool (*each)(void *context, const struct delivery *delivery))
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_PENDING);
    query_int(&q, lane_id);
    walk(&q, context, each);
}

void store_outbox_each_of(struct store *s, enum delivery_state state, void *context,
                          bool (*each)(void *context, const struct delivery *delivery))
{
    bool indexed = state == DELIVERY_FAILED || state == DELIVERY_HELD;
    int statement = state == DELIVERY_FAILED ? OUTBOX_FAILED : OUTBOX_HELD;
    struct query q = query_start(s, NOUN_OUTBOX, indexed ? statement : OUTBOX_OTHERS);
    if (!indexed)
        query_int(&q, state);
    walk(&q, context, each);
}

int64_t store_outbox_lane(struct store *s, const char *name)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_LANE);
    query_text(&q, name);
    return query_single(&q);
}

bool store_outbox_lane_waits(struct store *s, int64_t lane_id)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_LANE_WAITS);
    query_int(&q, lane_id);
    return query_single(&q) != 0;
}

int64_t store_outbox_pull(struct store *s, int64_t lane_id, int64_t now_ms, int64_t max)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_PULL);
    query_int(&q, now_ms);
    query_int(&q, lane_id);
    query_int(&q, max);
    return query_run_counted(&q);
}

bool store_outbox_set_next(struct store *s, int64_t delivery_seq, int64_t next_ms)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_NEXT);
    query_int(&q, next_ms);
    query_int(&q, delivery_seq);
    return query_run_counted(&q) > 0;
}

bool store_outbox_later(struct store *s, int64_t lane_id, int64_t after_ms, int64_t after_seq,
                        struct delivery *delivery)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_LATER);
    query_int(&q, lane_id);
    query_int(&q, after_ms);
    query_int(&q, after_seq);
    int64_t seq = query_single(&q);
    return seq && store_delivery_get(s, seq, delivery);
}

void store_outbox_hold(struct store *s, const char *lane, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_HOLD);
    query_text(&q, lane);
    query_int(&q, now_ms);
    query_run(&q);
}

void store_outbox_release(struct store *s, const char *lane)
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_RELEASE);
    query_text(&q, lane);
    query_run(&q);
}

void store_outbox_each_hold(struct store *s, void *context,
                            void (*each)(void *context, const char *lane, int64_t since_ms))
{
    struct query q = query_start(s, NOUN_OUTBOX, OUTBOX_HOLDS);
    while (query_row(&q))
        each(context, query_column_text(&q, 0), query_column_int(&q, 1));
}
