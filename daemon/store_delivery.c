/*
 * Table delivery: see store_delivery.h. The index delivery_due holds pending rows only, so that
 * finding the next one costs the same whether a thousand or a million rows lie in the table.
 */
#include "store_delivery.h"

#include <assert.h>
#include <string.h>

#include "store_sql.h"
#include "util.h"

enum {
    DELIVERY_ADD,
    DELIVERY_GET,
    DELIVERY_WITH_NOTICE,
    DELIVERY_SETTLE,
    DELIVERY_REPORT,
    DELIVERY_BY_PROVIDER,
    DELIVERY_UNREPORTED,
    DELIVERY_BUNDLED,
    DELIVERY_DUE,
    DELIVERY_MATES,
    DELIVERY_NEXT,
    DELIVERY_PULL,
    DELIVERY_HASTEN,
    DELIVERY_LANE_AFTER,
    DELIVERY_CANCEL,
    DELIVERY_CANCEL_SESSION,
    DELIVERY_SUPERSEDE,
    DELIVERY_REPLACE,
    DELIVERY_HOPEFUL,
    DELIVERY_EACH,
    DELIVERY_TALLY,
    DELIVERY_TALLY_PENDING,
    DELIVERY_TALLY_HELD,
    DELIVERY_HOLD,
    DELIVERY_RELEASE,
    DELIVERY_DOUBT,
    DELIVERY_EACH_HELD,
    DELIVERY_PERMIT
};

#define COLUMNS                                                                                    \
    "d.delivery_seq, d.notice_seq, d.item_seq, d.contact, d.channel, d.lane_id, d.template_id,"    \
    " d.urgent, d.state, d.attempts, d.next_ms, d.expires_ms, d.created_ms, d.ended_ms, d.class,"  \
    " d.code, d.provider_id, d.report, d.reported_ms, d.bundle_seq, d.warned_ms"

/* What read_due() reads behind them. */
#define NOTICE_COLUMNS                                                                             \
    ", n.unit, n.reason, n.template_name, n.deadline_ms, n.outcome, n.doubtful, n.created_ms,"     \
    " n.instead_of, n.session_seq"
#define JOINED " from delivery d join notice n on n.notice_seq = d.notice_seq"

static_assert(REASON_ON_CALL == 5, "as the text of DELIVERY_HOPEFUL has it");
static_assert(CLASS_FORBIDDEN == 11, "as the texts about held deliveries have it");
static_assert(CLASS_CONNECT == 1 && CLASS_AMBIGUOUS == 5 && CLASS_LOCAL == 8 && CLASS_CREDIT == 14,
              "as the text of DELIVERY_HASTEN has them");
static_assert(DELIVERY_SENT == 1 && REPORT_DELIVERED == 3,
              "as the text of DELIVERY_UNREPORTED has");
static_assert(CHANNEL_SMS == 1 && URGENCY_EMERGENCY == 3, "as the text of DELIVERY_PULL has it");

static const char *const sql[] = {
    [DELIVERY_ADD] = "insert into delivery (delivery_seq, notice_seq, item_seq, contact, channel,"
                     " lane_id, template_id, urgent, state, attempts, next_ms, expires_ms,"
                     " created_ms, ended_ms, class, code, provider_id)"
                     " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [DELIVERY_GET] = "select " COLUMNS " from delivery d where d.delivery_seq = ?",
    [DELIVERY_SETTLE] =
        "update delivery set lane_id = ?, state = ?, attempts = ?, next_ms = ?, ended_ms = ?,"
        " class = ?, code = ?, provider_id = ?, bundle_seq = ?, warned_ms = ?"
        " where delivery_seq = ?",
    [DELIVERY_REPORT] =
        "update delivery set state = ?, ended_ms = ?, class = ?, code = ?, report = ?,"
        " reported_ms = ? where delivery_seq = ?",
    [DELIVERY_BY_PROVIDER] = "select " COLUMNS " from delivery d where d.provider_id = ?"
                             " and d.provider_id <> '' and d.channel = 1"
                             " order by d.delivery_seq desc",
    [DELIVERY_UNREPORTED] = "select lane_id, count(*) from delivery where ended_ms >= ?"
                            " and ended_ms < ? and channel = 1 and state = 1 and report < 3"
                            " group by lane_id",
    [DELIVERY_BUNDLED] = "select " COLUMNS " from delivery d where d.bundle_seq = ?"
                         " and d.bundle_seq > 0 order by d.delivery_seq",
    [DELIVERY_WITH_NOTICE] = "select " COLUMNS NOTICE_COLUMNS JOINED " where d.delivery_seq = ?",
    [DELIVERY_DUE] = "select " COLUMNS NOTICE_COLUMNS JOINED
                     " where d.state = 0 and d.lane_id = ? and d.next_ms <= ?"
                     " order by d.next_ms",
    /* Of very many that wait for the same moment, as after a restore, only the first are looked at,
     * or each start would read them all. */
    [DELIVERY_MATES] = "select delivery_seq, contact from delivery where state = 0 and lane_id = ?"
                       " and next_ms = ? order by delivery_seq limit 512",
    [DELIVERY_NEXT] = "select next_ms from delivery where state = 0 and lane_id = ?"
                      " and next_ms > ? order by next_ms limit 1",
    /* What waits for the end of quiet hours is not early: channel 1 is SMS, urgency 3 emergency. */
    [DELIVERY_PULL] =
        "update delivery set next_ms = ?1 where state = 0 and next_ms > ?2"
        " and not (channel = 1 and next_ms <= ?1 + 86400000"
        " and (select urgency from item where item.item_seq = delivery.item_seq) < 3)",
    [DELIVERY_HASTEN] =
        "update delivery set next_ms = ?1 where delivery_seq in (select delivery_seq"
        " from delivery where state = 0 and lane_id = ?2 and next_ms > ?1"
        " and class in (1, 2, 5, 6, 7, 8, 14) order by next_ms limit ?3)",
    [DELIVERY_LANE_AFTER] = "select lane_id from delivery where state = 0 and lane_id > ?"
                            " order by lane_id limit 1",
    [DELIVERY_CANCEL] = "update delivery set state = 3, ended_ms = ? where item_seq = ?"
                        " and state in (0, 4) and notice_seq < ?",
    [DELIVERY_CANCEL_SESSION] = "update delivery set state = 3, ended_ms = ?1 where item_seq = ?2"
                                " and state in (0, 4) and ?3 = (select session_seq from notice n"
                                " where n.notice_seq = delivery.notice_seq)",
    [DELIVERY_SUPERSEDE] = "update delivery set state = 3, ended_ms = ?1 where item_seq = ?2"
                           " and state in (0, 4) and ?3 ="
                           " (select unit from notice n where n.notice_seq = delivery.notice_seq)",
    [DELIVERY_REPLACE] = "update delivery set state = 3, ended_ms = ?1 where item_seq = ?2"
                         " and state in (0, 4) and exists (select 1 from notice n"
                         " where n.notice_seq = delivery.notice_seq and n.unit = ?3"
                         " and n.template_name = ?4 and n.session_seq = ?5)",
    /* reason 5: the alarm of the on-call asks nothing, but somebody must have it. */
    [DELIVERY_HOPEFUL] = "select 1 from notice where notice_seq = ?1"
                         " and ((deadline_ms = 0 and reason <> 5)"
                         " or exists (select 1 from delivery d where d.item_seq = notice.item_seq"
                         " and d.notice_seq = ?1 and d.state in (0, 1, 4)))",
    [DELIVERY_EACH] = "select " COLUMNS " from delivery d where d.item_seq = ?"
                      " order by d.delivery_seq",
    [DELIVERY_TALLY] = "select count(*) from delivery where state = ?",
    /* Counted in the indexes that hold those states only. */
    [DELIVERY_TALLY_PENDING] = "select count(*) from delivery where state = 0",
    [DELIVERY_TALLY_HELD] = "select count(*) from delivery where state = 4",
    [DELIVERY_HOLD] = "update delivery set state = 4 where state = 0",
    [DELIVERY_RELEASE] = "update delivery set state = 0, next_ms = ? where state = 4"
                         " and class <> 11",
    [DELIVERY_DOUBT] = "update notice set doubtful = 1 where notice_seq in"
                       " (select notice_seq from delivery where state = 4 and class <> 11)",
    [DELIVERY_EACH_HELD] = "select " COLUMNS " from delivery d where d.state = 4"
                           " and d.class = 11 and d.delivery_seq >= ? order by d.delivery_seq",
    [DELIVERY_PERMIT] = "update delivery set state = 0, class = 0, code = 0, next_ms = ?1,"
                        " expires_ms = max(expires_ms, ?1 + 86400000)"
                        " where delivery_seq = ?2 and state = 4",
};
const struct store_statements store_delivery_statements = {sql, COUNT_OF(sql)};

void store_delivery_add(struct store *s, const struct delivery *d)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_ADD);
    query_int(&q, d->seq);
    query_int(&q, d->notice_seq);
    query_int(&q, d->item_seq);
    query_text(&q, d->contact);
    query_int(&q, d->channel);
    query_int(&q, d->lane_id);
    query_int(&q, d->template_id);
    query_int(&q, d->urgent);
    query_int(&q, d->state);
    query_int(&q, d->attempts);
    query_int(&q, d->next_ms);
    query_int(&q, d->expires_ms);
    query_int(&q, d->created_ms);
    query_int(&q, d->ended_ms);
    query_int(&q, d->class);
    query_int(&q, d->code);
    query_text(&q, d->provider_id);
    query_run(&q);
}

static void read_row(const struct query *q, struct delivery *d)
{
    memset(d, 0, sizeof *d);
    d->seq = query_column_int(q, 0);
    d->notice_seq = query_column_int(q, 1);
    d->item_seq = query_column_int(q, 2);
    query_column_copy(q, 3, d->contact, sizeof d->contact);
    d->channel = (enum channel)query_column_int(q, 4);
    d->lane_id = query_column_int(q, 5);
    d->template_id = query_column_int(q, 6);
    d->urgent = query_column_int(q, 7) != 0;
    d->state = (enum delivery_state)query_column_int(q, 8);
    d->attempts = query_column_int(q, 9);
    d->next_ms = query_column_int(q, 10);
    d->expires_ms = query_column_int(q, 11);
    d->created_ms = query_column_int(q, 12);
    d->ended_ms = query_column_int(q, 13);
    d->class = (enum error_class)query_column_int(q, 14);
    d->code = query_column_int(q, 15);
    query_column_copy(q, 16, d->provider_id, sizeof d->provider_id);
    d->report = (enum report_status)query_column_int(q, 17);
    d->reported_ms = query_column_int(q, 18);
    d->bundle_seq = query_column_int(q, 19);
    d->warned_ms = query_column_int(q, 20);
}

bool store_delivery_get(struct store *s, int64_t seq, struct delivery *d)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_GET);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    read_row(&q, d);
    query_end(&q);
    return true;
}

void store_delivery_settle(struct store *s, const struct delivery *d)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_SETTLE);
    query_int(&q, d->lane_id);
    query_int(&q, d->state);
    query_int(&q, d->attempts);
    query_int(&q, d->next_ms);
    query_int(&q, d->ended_ms);
    query_int(&q, d->class);
    query_int(&q, d->code);
    query_text(&q, d->provider_id);
    query_int(&q, d->bundle_seq);
    query_int(&q, d->warned_ms);
    query_int(&q, d->seq);
    query_run(&q);
}

void store_delivery_report(struct store *s, const struct delivery *d)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_REPORT);
    query_int(&q, d->state);
    query_int(&q, d->ended_ms);
    query_int(&q, d->class);
    query_int(&q, d->code);
    query_int(&q, d->report);
    query_int(&q, d->reported_ms);
    query_int(&q, d->seq);
    query_run(&q);
}

void store_delivery_each_by_provider(struct store *s, const char *provider_id, void *context,
                                     bool (*each)(void *context, const struct delivery *delivery))
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_BY_PROVIDER);
    bool more = true;
    query_text(&q, provider_id);
    while (more && query_row(&q)) {
        struct delivery d;
        read_row(&q, &d);
        more = each(context, &d);
    }
    if (!more)
        query_end(&q);
}

void store_delivery_each_unreported(struct store *s, int64_t from_ms, int64_t to_ms, void *context,
                                    void (*each)(void *context, int64_t lane_id, int64_t n))
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_UNREPORTED);
    query_int(&q, from_ms);
    query_int(&q, to_ms);
    while (query_row(&q))
        each(context, query_column_int(&q, 0), query_column_int(&q, 1));
}

void store_delivery_each_bundled(struct store *s, int64_t seq, void *context,
                                 void (*each)(void *context, const struct delivery *delivery))
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_BUNDLED);
    query_int(&q, seq);
    while (query_row(&q)) {
        struct delivery d;
        read_row(&q, &d);
        each(context, &d);
    }
}

static void read_due(const struct query *q, struct due *due)
{
    read_row(q, &due->delivery);
    struct notice *n = &due->notice;
    memset(n, 0, sizeof *n);
    n->seq = due->delivery.notice_seq;
    n->item_seq = due->delivery.item_seq;
    query_column_copy(q, 21, n->unit, sizeof n->unit);
    n->reason = (enum reason)query_column_int(q, 22);
    query_column_copy(q, 23, n->template_name, sizeof n->template_name);
    n->deadline_ms = query_column_int(q, 24);
    query_column_copy(q, 25, due->outcome_text, sizeof due->outcome_text);
    n->outcome = due->outcome_text;
    n->doubtful = query_column_int(q, 26) != 0;
    n->created_ms = query_column_int(q, 27);
    query_column_copy(q, 28, n->instead_of, sizeof n->instead_of);
    n->session_seq = query_column_int(q, 29);
}

bool store_delivery_with_notice(struct store *s, int64_t seq, struct due *due)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_WITH_NOTICE);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    read_due(&q, due);
    query_end(&q);
    return true;
}

int64_t store_delivery_due(struct store *s, int64_t lane_id, int64_t now_ms, void *context,
                           bool (*each)(void *context, const struct due *due))
{
    struct due due;
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_DUE);
    query_int(&q, lane_id);
    query_int(&q, now_ms);
    while (query_row(&q)) {
        read_due(&q, &due);
        if (!each(context, &due)) {
            query_end(&q);
            return 0;
        }
    }
    struct query next = query_start(s, NOUN_DELIVERY, DELIVERY_NEXT);
    query_int(&next, lane_id);
    query_int(&next, now_ms);
    return query_single(&next);
}

void store_delivery_mates(struct store *s, const struct delivery *leader, void *context,
                          bool (*each)(void *context, const struct due *due))
{
    struct due due;
    char contact[sizeof leader->contact];
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_MATES);
    query_int(&q, leader->lane_id);
    query_int(&q, leader->next_ms);
    while (query_row(&q)) {
        int64_t seq = query_column_int(&q, 0);
        query_column_copy(&q, 1, contact, sizeof contact);
        if (seq == leader->seq || !str_eq(contact, leader->contact) ||
            !store_delivery_with_notice(s, seq, &due))
            continue;
        if (!each(context, &due)) {
            query_end(&q);
            return;
        }
    }
}

void store_delivery_pull(struct store *s, int64_t latest_ms, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_PULL);
    query_int(&q, now_ms);
    query_int(&q, latest_ms);
    query_run(&q);
}

int64_t store_delivery_hasten(struct store *s, int64_t lane_id, int64_t now_ms, int64_t max)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_HASTEN);
    query_int(&q, now_ms);
    query_int(&q, lane_id);
    query_int(&q, max);
    return query_run_counted(&q);
}

int64_t store_delivery_lane_after(struct store *s, int64_t lane_id)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_LANE_AFTER);
    query_int(&q, lane_id);
    return query_single(&q);
}

void store_delivery_cancel(struct store *s, int64_t item_seq, int64_t before_notice_seq,
                           int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_CANCEL);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_int(&q, before_notice_seq);
    query_run(&q);
}

void store_delivery_cancel_session(struct store *s, int64_t item_seq, int64_t session_seq,
                                   int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_CANCEL_SESSION);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_int(&q, session_seq);
    query_run(&q);
}

void store_delivery_supersede(struct store *s, int64_t item_seq, const char *unit, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_SUPERSEDE);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
}

void store_delivery_replace(struct store *s, int64_t item_seq, const char *unit,
                            const char *template_name, int64_t session_seq, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_REPLACE);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_text(&q, template_name);
    query_int(&q, session_seq);
    query_run(&q);
}

bool store_delivery_hopeful(struct store *s, int64_t notice_seq)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_HOPEFUL);
    query_int(&q, notice_seq);
    return query_single(&q) != 0;
}

void store_delivery_each(struct store *s, int64_t item_seq, void *context,
                         void (*each)(void *context, const struct delivery *delivery))
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_EACH);
    query_int(&q, item_seq);
    while (query_row(&q)) {
        struct delivery d;
        read_row(&q, &d);
        each(context, &d);
    }
}

int64_t store_delivery_count(struct store *s, enum delivery_state state)
{
    bool pending = state == DELIVERY_PENDING, held = state == DELIVERY_HELD;
    struct query q = query_start(s, NOUN_DELIVERY,
                                 pending ? DELIVERY_TALLY_PENDING
                                 : held  ? DELIVERY_TALLY_HELD
                                         : DELIVERY_TALLY);
    if (!pending && !held)
        query_int(&q, state);
    return query_single(&q);
}

void store_delivery_hold_all(struct store *s)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_HOLD);
    query_run(&q);
}

void store_delivery_release_all(struct store *s, int64_t now_ms)
{
    struct query doubt = query_start(s, NOUN_DELIVERY, DELIVERY_DOUBT);
    query_run(&doubt);
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_RELEASE);
    query_int(&q, now_ms);
    query_run(&q);
}

void store_delivery_each_held(struct store *s, int64_t from, void *context,
                              bool (*each)(void *context, const struct delivery *delivery))
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_EACH_HELD);
    query_int(&q, from);
    while (query_row(&q)) {
        struct delivery d;
        read_row(&q, &d);
        if (!each(context, &d))
            break;
    }
    query_end(&q);
}

void store_delivery_permit(struct store *s, int64_t seq, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_DELIVERY, DELIVERY_PERMIT);
    query_int(&q, now_ms);
    query_int(&q, seq);
    query_run(&q);
}
