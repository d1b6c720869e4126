/*
 * Tables meeting, session and member: see store_meeting.h.
 */
#include "store_meeting.h"

#include <assert.h>
#include <string.h>

#include "store_sql.h"
#include "util.h"

enum {
    MEETING_ADD,
    MEETING_UPDATE,
    MEETING_GET,
    MEETING_FIND,
    SESSION_TALLY,
    SESSION_ADD,
    SESSION_UPDATE,
    SESSION_GET,
    SESSION_FIND,
    SESSION_NEXT,
    SESSION_LAST,
    SESSION_EACH,
    SESSION_OF_UNIT,
    SESSION_OF_FEED,
    SESSION_SEQUENCE,
    SESSION_BEFORE,
    SESSION_DROP,
    SESSION_DROP_ANSWERS,
    SESSION_DROP_AGENDA,
    MEMBER_PUT,
    MEMBER_GET,
    MEMBER_OF_ROLE,
    MEMBER_DROP,
    MEMBER_EACH,
    MEMBER_ASK_AGAIN,
    MEMBER_ASK_ALL,
    MEMBER_ANSWERED,
    MEETING_AFTER
};

static_assert(SESSION_PLANNED == 0 && SESSION_LEFT_OUT == 1 && SESSION_CANCELLED == 2 &&
                  SESSION_OVER == 3 && SESSION_HELD == 4 && SESSION_MONTH == 6,
              "as the texts of SESSION_NEXT, SESSION_LAST, SESSION_BEFORE, SESSION_OF_UNIT and "
              "_FEED have it");

#define MEETING_COLUMNS                                                                            \
    "item_seq, meeting_id, kind, unit, origin, start_s, duration_s, rule, until_day, holiday,"     \
    " school, mode, room, link, dial_in, rain_day, sequence, planned_s, setup_hash"
#define SESSION_COLUMNS                                                                            \
    "s.session_seq, s.item_seq, s.original_s, s.start_s, s.duration_s, s.state, s.sequence,"       \
    " s.mode, s.room, s.link, s.why, s.frozen_ms, s.minutes_ms"
#define MEMBER_COLUMNS                                                                             \
    "item_seq, unit, session_seq, role, class, sessions_max, status, sequence, stamp_ms, via,"     \
    " invited_ms"

static const char *const sql[] = {
    [MEETING_ADD] = "insert into meeting (" MEETING_COLUMNS ") values (?, ?, ?, ?, ?, ?, ?, ?, ?,"
                    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MEETING_UPDATE] = "update meeting set unit = ?, start_s = ?, duration_s = ?, rule = ?,"
                       " until_day = ?, holiday = ?, school = ?, mode = ?, room = ?, link = ?,"
                       " dial_in = ?, rain_day = ?, sequence = ?, planned_s = ?, setup_hash = ?"
                       " where item_seq = ?",
    [MEETING_GET] = "select " MEETING_COLUMNS " from meeting where item_seq = ?",
    [MEETING_FIND] = "select " MEETING_COLUMNS " from meeting where meeting_id = ?"
                     " order by item_seq desc limit 1",
    [SESSION_TALLY] = "select count(*) from meeting m join session s on s.item_seq = m.item_seq"
                      " where m.unit = ? and m.kind = ? and s.start_s >= ? and s.start_s < ?"
                      " and s.state = ?",
    [SESSION_ADD] = "insert into session (item_seq, original_s, start_s, duration_s, state,"
                    " sequence, mode, room, link, why, frozen_ms, minutes_ms)"
                    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning session_seq",
    [SESSION_UPDATE] = "update session set start_s = ?, duration_s = ?, state = ?, sequence = ?,"
                       " mode = ?, room = ?, link = ?, why = ?, frozen_ms = ?, minutes_ms = ?"
                       " where session_seq = ?",
    [SESSION_GET] = "select " SESSION_COLUMNS " from session s where s.session_seq = ?",
    [SESSION_FIND] = "select " SESSION_COLUMNS " from session s"
                     " where s.item_seq = ? and s.original_s = ?",
    [SESSION_NEXT] = "select " SESSION_COLUMNS " from session s where s.item_seq = ?"
                     " and s.state = 0 and s.start_s + s.duration_s > ?"
                     " order by s.start_s limit 1",
    [SESSION_LAST] = "select " SESSION_COLUMNS " from session s where s.item_seq = ?"
                     " and s.state in (0, 3, 4) and s.start_s < ? order by s.start_s desc limit 1",
    [SESSION_EACH] = "select " SESSION_COLUMNS " from session s where s.item_seq = ?"
                     " and s.original_s >= ? order by s.original_s",
    [SESSION_OF_UNIT] = "select distinct " SESSION_COLUMNS " from member m"
                        " join session s on s.item_seq = m.item_seq"
                        " where m.unit = ? and s.state = 0 and s.start_s < ?"
                        " and s.start_s + s.duration_s > ? order by s.start_s",
    [SESSION_OF_FEED] = "select " SESSION_COLUMNS " from member m"
                        " join session s on s.item_seq = m.item_seq"
                        " where m.unit = ? and m.session_seq = 0 and s.state in (0, 3, 4)"
                        " and s.start_s < ? and s.start_s + s.duration_s > ? order by s.start_s",
    [SESSION_SEQUENCE] = "select coalesce(max(sequence), 0) from session where item_seq = ?",
    [SESSION_BEFORE] = "select count(*) from session where item_seq = ? and original_s < ?"
                       " and state not in (1, 2, 6)",
    [SESSION_DROP] = "delete from session where session_seq = ?2 and item_seq = ?1",
    [SESSION_DROP_ANSWERS] = "delete from member where item_seq = ?1 and session_seq = ?2",
    [SESSION_DROP_AGENDA] = "update agenda set session_seq = 0, state = 0"
                            " where item_seq = ?1 and session_seq = ?2 and state in (0, 1)",
    [MEMBER_PUT] = "insert or replace into member (" MEMBER_COLUMNS
                   ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MEMBER_GET] = "select " MEMBER_COLUMNS " from member"
                   " where item_seq = ? and unit = ? and session_seq = ?",
    [MEMBER_OF_ROLE] = "select " MEMBER_COLUMNS " from member"
                       " where item_seq = ? and session_seq = ? and role = ?",
    [MEMBER_DROP] = "delete from member where item_seq = ? and unit = ?",
    [MEMBER_EACH] = "select " MEMBER_COLUMNS " from member"
                    " where item_seq = ? and session_seq = 0 order by unit",
    [MEMBER_ASK_AGAIN] = "insert into member (" MEMBER_COLUMNS ")"
                         " select item_seq, unit, ?2, role, class, sessions_max, 0, sequence,"
                         " stamp_ms, via, invited_ms from member"
                         " where item_seq = ?1 and session_seq = 0"
                         " on conflict do update set status = 0",
    [MEMBER_ASK_ALL] = "update member set status = 0 where item_seq = ?",
    [MEMBER_ANSWERED] = "delete from member where item_seq = ? and unit = ? and session_seq > 0"
                        " and status = 0",
    [MEETING_AFTER] = "select " MEETING_COLUMNS " from meeting where meeting_id > ?"
                      " and (?2 < 0 or origin = ?2) order by meeting_id limit ?3",
};
const struct store_statements store_meeting_statements = {sql, COUNT_OF(sql)};

const char *session_state_name(enum session_state state)
{
    static const char *const names[SESSION_STATE_COUNT] = {
        [SESSION_PLANNED] = "planned",     [SESSION_LEFT_OUT] = "left_out",
        [SESSION_CANCELLED] = "cancelled", [SESSION_OVER] = "over",
        [SESSION_HELD] = "held",           [SESSION_NOT_HELD] = "not_held",
        [SESSION_MONTH] = "month",
    };
    return names[state];
}

/* ---- meetings */

static void bind_times(struct query *q, const struct meeting *m)
{
    query_int(q, m->start_s);
    query_int(q, m->duration_s);
    query_text(q, m->rule);
    query_int(q, m->until_day);
    query_int(q, m->holiday);
    query_int(q, m->skip_school_holidays);
    query_int(q, m->mode);
    query_text(q, m->room);
    query_text(q, m->link);
    query_text(q, m->dial_in);
    query_int(q, m->rain_day);
    query_int(q, m->sequence);
    query_int(q, m->planned_s);
    query_text(q, m->setup_hash);
}

void store_meeting_add(struct store *s, const struct meeting *m)
{
    struct query q = query_start(s, NOUN_MEETING, MEETING_ADD);
    query_int(&q, m->item_seq);
    query_text(&q, m->meeting_id);
    query_text(&q, m->kind);
    query_text(&q, m->unit);
    query_int(&q, m->origin);
    bind_times(&q, m);
    query_run(&q);
}

void store_meeting_update(struct store *s, const struct meeting *m)
{
    struct query q = query_start(s, NOUN_MEETING, MEETING_UPDATE);
    query_text(&q, m->unit);
    bind_times(&q, m);
    query_int(&q, m->item_seq);
    query_run(&q);
}

static void read_meeting(const struct query *q, struct meeting *m)
{
    memset(m, 0, sizeof *m);
    m->item_seq = query_column_int(q, 0);
    query_column_copy(q, 1, m->meeting_id, sizeof m->meeting_id);
    query_column_copy(q, 2, m->kind, sizeof m->kind);
    query_column_copy(q, 3, m->unit, sizeof m->unit);
    m->origin = (enum meeting_origin)query_column_int(q, 4);
    m->start_s = query_column_int(q, 5);
    m->duration_s = query_column_int(q, 6);
    query_column_copy(q, 7, m->rule, sizeof m->rule);
    m->until_day = query_column_int(q, 8);
    m->holiday = (enum holiday_rule)query_column_int(q, 9);
    m->skip_school_holidays = query_column_int(q, 10) != 0;
    m->mode = (enum meeting_mode)query_column_int(q, 11);
    query_column_copy(q, 12, m->room, sizeof m->room);
    query_column_copy(q, 13, m->link, sizeof m->link);
    query_column_copy(q, 14, m->dial_in, sizeof m->dial_in);
    m->rain_day = query_column_int(q, 15);
    m->sequence = query_column_int(q, 16);
    m->planned_s = query_column_int(q, 17);
    query_column_copy(q, 18, m->setup_hash, sizeof m->setup_hash);
}

static bool one_meeting(struct query *q, struct meeting *m)
{
    memset(m, 0, sizeof *m);
    if (!query_row(q))
        return false;
    read_meeting(q, m);
    query_end(q);
    return true;
}

size_t store_meeting_after(struct store *s, const char *after, int origin, struct meeting *meeting,
                           size_t max)
{
    size_t n = 0;
    struct query q = query_start(s, NOUN_MEETING, MEETING_AFTER);
    query_text(&q, after);
    query_int(&q, origin);
    query_int(&q, (int64_t)max);
    while (query_row(&q))
        read_meeting(&q, &meeting[n++]);
    return n;
}

bool store_meeting_get(struct store *s, int64_t item_seq, struct meeting *meeting)
{
    struct query q = query_start(s, NOUN_MEETING, MEETING_GET);
    query_int(&q, item_seq);
    return one_meeting(&q, meeting);
}

bool store_meeting_find(struct store *s, const char *meeting_id, struct meeting *meeting)
{
    struct query q = query_start(s, NOUN_MEETING, MEETING_FIND);
    query_text(&q, meeting_id);
    return one_meeting(&q, meeting);
}

/* ---- sessions */

int64_t store_session_count(struct store *s, const char *unit, const char *kind, int64_t from_s,
                            int64_t to_s, enum session_state state)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_TALLY);
    query_text(&q, unit);
    query_text(&q, kind);
    query_int(&q, from_s);
    query_int(&q, to_s);
    query_int(&q, state);
    return query_single(&q);
}

static void bind_session(struct query *q, const struct session *n)
{
    query_int(q, n->start_s);
    query_int(q, n->duration_s);
    query_int(q, n->state);
    query_int(q, n->sequence);
    query_int(q, n->mode);
    query_text(q, n->room);
    query_text(q, n->link);
    query_text(q, n->why);
    query_int(q, n->frozen_ms);
    query_int(q, n->minutes_ms);
}

void store_session_add(struct store *s, struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_ADD);
    query_int(&q, session->item_seq);
    query_int(&q, session->original_s);
    bind_session(&q, session);
    session->seq = query_single(&q);
}

void store_session_update(struct store *s, const struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_UPDATE);
    bind_session(&q, session);
    query_int(&q, session->seq);
    query_run(&q);
}

static void read_session(const struct query *q, struct session *n)
{
    memset(n, 0, sizeof *n);
    n->seq = query_column_int(q, 0);
    n->item_seq = query_column_int(q, 1);
    n->original_s = query_column_int(q, 2);
    n->start_s = query_column_int(q, 3);
    n->duration_s = query_column_int(q, 4);
    n->state = (enum session_state)query_column_int(q, 5);
    n->sequence = query_column_int(q, 6);
    n->mode = (enum meeting_mode)query_column_int(q, 7);
    query_column_copy(q, 8, n->room, sizeof n->room);
    query_column_copy(q, 9, n->link, sizeof n->link);
    query_column_copy(q, 10, n->why, sizeof n->why);
    n->frozen_ms = query_column_int(q, 11);
    n->minutes_ms = query_column_int(q, 12);
}

static bool one_session(struct query *q, struct session *session)
{
    memset(session, 0, sizeof *session);
    if (!query_row(q))
        return false;
    read_session(q, session);
    query_end(q);
    return true;
}

static void each_session(struct query *q, void *context,
                         bool (*each)(void *context, const struct session *session))
{
    struct session session;
    while (query_row(q)) {
        read_session(q, &session);
        if (!each(context, &session)) {
            query_end(q);
            return;
        }
    }
}

bool store_session_get(struct store *s, int64_t seq, struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_GET);
    query_int(&q, seq);
    return one_session(&q, session);
}

bool store_session_find(struct store *s, int64_t item_seq, int64_t original_s,
                        struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_FIND);
    query_int(&q, item_seq);
    query_int(&q, original_s);
    return one_session(&q, session);
}

bool store_session_next(struct store *s, int64_t item_seq, int64_t at_s, struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_NEXT);
    query_int(&q, item_seq);
    query_int(&q, at_s);
    return one_session(&q, session);
}

bool store_session_last(struct store *s, int64_t item_seq, int64_t at_s, struct session *session)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_LAST);
    query_int(&q, item_seq);
    query_int(&q, at_s);
    return one_session(&q, session);
}

void store_session_each(struct store *s, int64_t item_seq, int64_t from_s, void *context,
                        bool (*each)(void *context, const struct session *session))
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_EACH);
    query_int(&q, item_seq);
    query_int(&q, from_s);
    each_session(&q, context, each);
}

void store_session_of_unit(struct store *s, const char *unit, int64_t from_s, int64_t to_s,
                           void *context,
                           bool (*each)(void *context, const struct session *session))
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_OF_UNIT);
    query_text(&q, unit);
    query_int(&q, to_s);
    query_int(&q, from_s);
    each_session(&q, context, each);
}

void store_session_of_feed(struct store *s, const char *unit, int64_t from_s, int64_t to_s,
                           void *context,
                           bool (*each)(void *context, const struct session *session))
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_OF_FEED);
    query_text(&q, unit);
    query_int(&q, to_s);
    query_int(&q, from_s);
    each_session(&q, context, each);
}

/* ---- members */

void store_member_put(struct store *s, const struct member *m)
{
    struct query q = query_start(s, NOUN_MEETING, MEMBER_PUT);
    query_int(&q, m->item_seq);
    query_text(&q, m->unit);
    query_int(&q, m->session_seq);
    query_int(&q, m->role);
    query_int(&q, m->class);
    query_int(&q, m->sessions_max);
    query_int(&q, m->status);
    query_int(&q, m->sequence);
    query_int(&q, m->stamp_ms);
    query_int(&q, m->via);
    query_int(&q, m->invited_ms);
    query_run(&q);
}

static void read_member(const struct query *q, struct member *m)
{
    memset(m, 0, sizeof *m);
    m->item_seq = query_column_int(q, 0);
    query_column_copy(q, 1, m->unit, sizeof m->unit);
    m->session_seq = query_column_int(q, 2);
    m->role = (enum member_role)query_column_int(q, 3);
    m->class = (enum member_class)query_column_int(q, 4);
    m->sessions_max = query_column_int(q, 5);
    m->status = (enum member_status)query_column_int(q, 6);
    m->sequence = query_column_int(q, 7);
    m->stamp_ms = query_column_int(q, 8);
    m->via = query_column_int(q, 9);
    m->invited_ms = query_column_int(q, 10);
}

bool store_member_get(struct store *s, int64_t item_seq, const char *unit, int64_t session_seq,
                      struct member *member)
{
    memset(member, 0, sizeof *member);
    struct query q = query_start(s, NOUN_MEETING, MEMBER_GET);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_int(&q, session_seq);
    if (!query_row(&q))
        return false;
    read_member(&q, member);
    query_end(&q);
    return true;
}

bool store_member_of_role(struct store *s, int64_t item_seq, int64_t session_seq,
                          enum member_role role, struct member *member)
{
    memset(member, 0, sizeof *member);
    struct query q = query_start(s, NOUN_MEETING, MEMBER_OF_ROLE);
    query_int(&q, item_seq);
    query_int(&q, session_seq);
    query_int(&q, role);
    if (!query_row(&q))
        return false;
    read_member(&q, member);
    query_end(&q);
    return true;
}

bool store_member_for(struct store *s, int64_t item_seq, const char *unit, int64_t session_seq,
                      struct member *member)
{
    return (session_seq && store_member_get(s, item_seq, unit, session_seq, member)) ||
           store_member_get(s, item_seq, unit, 0, member);
}

int64_t store_session_sequence(struct store *s, int64_t item_seq)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_SEQUENCE);
    query_int(&q, item_seq);
    return query_single(&q);
}

int64_t store_session_before(struct store *s, int64_t item_seq, int64_t from_s)
{
    struct query q = query_start(s, NOUN_MEETING, SESSION_BEFORE);
    query_int(&q, item_seq);
    query_int(&q, from_s);
    return query_single(&q);
}

void store_session_drop(struct store *s, int64_t item_seq, int64_t seq)
{
    static const int statements[] = {SESSION_DROP_ANSWERS, SESSION_DROP_AGENDA, SESSION_DROP};
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        struct query q = query_start(s, NOUN_MEETING, statements[i]);
        query_int(&q, item_seq);
        query_int(&q, seq);
        query_run(&q);
    }
}

void store_member_ask_again(struct store *s, int64_t item_seq, int64_t session_seq)
{
    struct query q = query_start(s, NOUN_MEETING, session_seq ? MEMBER_ASK_AGAIN : MEMBER_ASK_ALL);
    query_int(&q, item_seq);
    if (session_seq)
        query_int(&q, session_seq);
    query_run(&q);
}

void store_member_answered(struct store *s, int64_t item_seq, const char *unit)
{
    struct query q = query_start(s, NOUN_MEETING, MEMBER_ANSWERED);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
}

void store_member_drop(struct store *s, int64_t item_seq, const char *unit)
{
    struct query q = query_start(s, NOUN_MEETING, MEMBER_DROP);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
}

void store_member_each(struct store *s, int64_t item_seq, void *context,
                       bool (*each)(void *context, const struct member *member))
{
    struct query q = query_start(s, NOUN_MEETING, MEMBER_EACH);
    struct member member;
    query_int(&q, item_seq);
    while (query_row(&q)) {
        read_member(&q, &member);
        if (!each(context, &member)) {
            query_end(&q);
            return;
        }
    }
}
