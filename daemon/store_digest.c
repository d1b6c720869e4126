/*
 * Overviews: see store_digest.h.
 */
#include "store_digest.h"

#include <assert.h>
#include <string.h>

#include "machine.h"
#include "store_clock.h"
#include "store_meeting.h"
#include "store_sql.h"
#include "util.h"

enum {
    DIGEST_ITEMS_OVERDUE,
    DIGEST_ITEMS_DUE,
    DIGEST_WAITING_LISTS,
    DIGEST_FAILED,
    DIGEST_SESSIONS,
    DIGEST_MINUTES,
    DIGEST_REFERRALS,
    DIGEST_ENDED,
    DIGEST_MISSED
};

static_assert(ITEM_OVERDUE == 1 && ITEM_ANVERTRAUT == 256 && ITEM_REFERRAL == 1 &&
                  ITEM_DRILL == 10 && STATE_WAITLISTED == 24 && DELIVERY_FAILED == 2 &&
                  CLOCK_ACKNOWLEDGE == 0 && CLOCK_COMPLETE == 2 && CLOCK_STATUTE == 6 &&
                  ITEM_HANDOVER == 0 && STATE_ERASED == 34 && CLOCK_ACCEPT == 1 &&
                  (ITEM_LATE | ITEM_TOLD_ABOVE) == 393216 && SESSION_OVER == 3 &&
                  SESSION_HELD == 4 && SESSION_NOT_HELD == 5,
              "as the statements below have it");

#define UNPROTECTED "i.restricted = 0 and i.flags & 256 = 0"

static const char *const sql[] = {
    [DIGEST_ITEMS_OVERDUE] = "select i.item_seq, i.kind, i.waiting_unit, i.created_ms, i.flags,"
                             " i.due_day, 0 from item i"
                             " where i.closed_ms = 0 and i.flags & 1 and " UNPROTECTED
                             " order by i.waiting_unit, i.item_seq limit ?",
    /* From the clocks: what is due within two days is little, what waits may be much. */
    [DIGEST_ITEMS_DUE] = "select i.item_seq, i.kind, i.waiting_unit, i.created_ms, i.flags,"
                         " i.due_day, c.due_ms from clock c cross join item i"
                         " on i.item_seq = c.item_seq"
                         " where c.state = 0 and c.due_ms >= ? and c.due_ms < ?"
                         " and c.kind in (0, 1, 2, 6) and i.waiting_unit = ? and i.closed_ms = 0"
                         " and i.kind <> 10 and " UNPROTECTED " order by c.due_ms limit ?",
    [DIGEST_WAITING_LISTS] = "select i.to_unit, count(*), min(i.created_ms),"
                             " min(case when i.code <> '' then i.code end), max(i.code) from item i"
                             " where i.kind = 1 and i.closed_ms = 0 and i.state = 24"
                             " and " UNPROTECTED " group by i.to_unit",
    [DIGEST_FAILED] = "select channel, count(*) from delivery d where state = 2 and ended_ms >= ?"
                      " and not exists (select 1 from drill r where r.item_seq = d.item_seq)"
                      " group by channel",
    [DIGEST_SESSIONS] = "select m.kind, count(*), sum(s.state = 4) from session s"
                        " cross join meeting m on m.item_seq = s.item_seq"
                        " where s.state in (3, 4, 5) and s.start_s >= ? and s.start_s < ?"
                        " group by m.kind",
    [DIGEST_MINUTES] = "select s.item_seq, m.kind, m.unit, s.start_s from session s"
                       " cross join meeting m on m.item_seq = s.item_seq"
                       " where s.state in (3, 4, 5) and s.state <> 5 and s.minutes_ms = 0"
                       " and s.start_s >= ? and s.start_s < ? order by s.start_s limit ?",
    [DIGEST_REFERRALS] = "select i.item_seq, i.kind, i.from_unit, i.created_ms, i.flags, i.due_day,"
                         " i.restricted from item i where i.kind = 1 and i.created_ms >= ?"
                         " and i.created_ms < ? order by i.created_ms limit ?",
    [DIGEST_ENDED] = "select kind, flags & 393216, count(*) from item where closed_ms >= ?"
                     " and closed_ms < ? and closed_ms > 0 and kind < 2 and state <> 34"
                     " group by 1, 2",
    [DIGEST_MISSED] = "select i.kind, i.flags & 393216, count(distinct i.item_seq)"
                      " from clock c cross join item i on i.item_seq = c.item_seq"
                      " where c.due_ms >= ?1 and c.due_ms < ?2 and c.state = 1 and c.step = 0"
                      " and c.kind < 3 and i.kind < 2 and i.state <> 34"
                      " and (i.closed_ms = 0 or i.closed_ms >= ?2) group by 1, 2",
};
const struct store_statements store_digest_statements = {sql, COUNT_OF(sql)};

static void each_item(struct query *q, void *context,
                      void (*each)(void *context, const struct digest_item *item))
{
    while (query_row(q)) {
        struct digest_item item = {
            .seq = query_column_int(q, 0),
            .kind = (enum item_kind)query_column_int(q, 1),
            .created_ms = query_column_int(q, 3),
            .flags = (unsigned)query_column_int(q, 4),
            .due_day = query_column_int(q, 5),
            .due_ms = query_column_int(q, 6),
        };
        query_column_copy(q, 2, item.waiting_unit, sizeof item.waiting_unit);
        each(context, &item);
    }
}

void store_digest_referrals(struct store *s, int64_t from_ms, int64_t to_ms, int64_t max,
                            void *context,
                            void (*each)(void *context, const struct digest_item *item))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_REFERRALS);
    query_int(&q, from_ms);
    query_int(&q, to_ms);
    query_int(&q, max);
    each_item(&q, context, each);
}

void store_digest_overdue(struct store *s, int64_t max, void *context,
                          void (*each)(void *context, const struct digest_item *item))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_ITEMS_OVERDUE);
    query_int(&q, max);
    each_item(&q, context, each);
}

void store_digest_due(struct store *s, const char *unit, int64_t from_ms, int64_t to_ms,
                      int64_t max, void *context,
                      void (*each)(void *context, const struct digest_item *item))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_ITEMS_DUE);
    query_int(&q, from_ms);
    query_int(&q, to_ms);
    query_text(&q, unit);
    query_int(&q, max);
    each_item(&q, context, each);
}

void store_digest_waiting(struct store *s, void *context,
                          void (*each)(void *context, const struct digest_waiting *list))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_WAITING_LISTS);
    while (query_row(&q)) {
        struct digest_waiting list = {
            .count = query_column_int(&q, 1),
            .oldest_ms = query_column_int(&q, 2),
        };
        query_column_copy(&q, 0, list.unit, sizeof list.unit);
        query_column_copy(&q, 3, list.from_week, sizeof list.from_week);
        query_column_copy(&q, 4, list.to_week, sizeof list.to_week);
        each(context, &list);
    }
}

void store_digest_failed(struct store *s, int64_t since_ms, void *context,
                         void (*each)(void *context, enum channel channel, int64_t count))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_FAILED);
    query_int(&q, since_ms);
    while (query_row(&q))
        each(context, (enum channel)query_column_int(&q, 0), query_column_int(&q, 1));
}

void store_digest_sessions(struct store *s, int64_t from_s, int64_t to_s, void *context,
                           void (*each)(void *context, const char *kind, int64_t due, int64_t held))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_SESSIONS);
    query_int(&q, from_s);
    query_int(&q, to_s);
    while (query_row(&q))
        each(context, query_column_text(&q, 0), query_column_int(&q, 1), query_column_int(&q, 2));
}

void store_digest_minutes(struct store *s, int64_t from_s, int64_t to_s, int64_t max, void *context,
                          void (*each)(void *context, const struct digest_session *session))
{
    struct query q = query_start(s, NOUN_DIGEST, DIGEST_MINUTES);
    query_int(&q, from_s);
    query_int(&q, to_s);
    query_int(&q, max);
    while (query_row(&q)) {
        struct digest_session session = {
            .item_seq = query_column_int(&q, 0),
            .start_s = query_column_int(&q, 3),
        };
        query_column_copy(&q, 1, session.kind, sizeof session.kind);
        query_column_copy(&q, 2, session.unit, sizeof session.unit);
        each(context, &session);
    }
}

static void each_quality(struct query *q, bool is_ended, void *context,
                         void (*each)(void *context, const struct digest_quality *row))
{
    while (query_row(q)) {
        unsigned flags = (unsigned)query_column_int(q, 1);
        const struct digest_quality row = {
            .kind = (enum item_kind)query_column_int(q, 0),
            .is_ended = is_ended,
            .is_late = !is_ended || flags & ITEM_LATE,
            .is_told = flags & ITEM_TOLD_ABOVE,
            .count = query_column_int(q, 2),
        };
        each(context, &row);
    }
}

void store_digest_quality(struct store *s, int64_t from_ms, int64_t to_ms, void *context,
                          void (*each)(void *context, const struct digest_quality *row))
{
    static const int statements[] = {DIGEST_MISSED, DIGEST_ENDED};
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        struct query q = query_start(s, NOUN_DIGEST, statements[i]);
        query_int(&q, from_ms);
        query_int(&q, to_ms);
        each_quality(&q, statements[i] == DIGEST_ENDED, context, each);
    }
}
