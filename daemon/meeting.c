/*
 * Meetings: see meeting.h. Opening, moving, cancelling, ending. Each change writes what it did into
 * the audit, bumps SEQUENCE where a calendar must take notice, plans reminders anew and tells the
 * members, all in the caller's transaction.
 */
#include "meeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "answer.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "limits.h"
#include "meeting_parts.h"
#include "meeting_special.h"
#include "permit.h"
#include "poll.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { DAY_S = 86400, SOON_S = 86400 };

void meeting_note(struct stafette *g, int64_t item_seq, const char *what, const char *detail)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s %s config=%s", what, detail, g->config->version);
    store_audit_add(g->store, g->now_ms, item_seq, buf_str(&text));
    buf_release(&text);
}

/* The ledger reads this form as the end of an item. */
void meeting_end(struct stafette *g, struct item *item, enum item_state state)
{
    char detail[2 * ID_MAX];
    item->state = state;
    item->waiting_unit[0] = '\0';
    item->changed_ms = item->closed_ms = g->now_ms;
    store_clock_cancel(g->store, item->seq);
    store_item_update(g->store, item);
    snprintf(detail, sizeof detail, "kind=%s state=%s", item_kind_name(item->kind),
             item_state_name(state));
    meeting_note(g, item->seq, "step", detail);
    agenda_close(g, item);
    tell_status(g, item, state == STATE_CANCELLED ? "meeting.cancelled" : "meeting.closed", "", "");
}

/* ---- opening */

static void fill_item(struct stafette *g, const struct meeting_wish *wish, struct item *item)
{
    const struct item *about = wish->about;
    struct limits limits;
    struct work w;
    memset(item, 0, sizeof *item);
    item->seq = store_next(g->store, SEQ_ITEM);
    item->kind = ITEM_MEETING;
    item->state = wish->meeting.start_s || wish->dates || wish->months ? STATE_OPEN : STATE_WAITING;
    item->event_seq = wish->event_seq;
    item->created_ms = item->changed_ms = g->now_ms;
    str_copy(item->code, sizeof item->code, wish->meeting.kind);
    str_copy(item->source, sizeof item->source, wish->source ? wish->source : "");
    str_copy(item->from_unit, sizeof item->from_unit, wish->meeting.unit);
    str_copy(item->owner_unit, sizeof item->owner_unit, wish->meeting.unit);
    str_copy(item->to_unit, sizeof item->to_unit, wish->meeting.unit);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, wish->meeting.unit);
    if (about) {
        item->parent_seq = about->seq;
        item->case_key = about->case_key;
        item->restricted = about->restricted;
        item->flags = about->flags & ITEM_ANVERTRAUT;
        memcpy(item->case_ref, about->case_ref, sizeof item->case_ref);
        memcpy(item->basis, about->basis, sizeof item->basis);
    }
    work_begin_inner(&w, g, item);
    limits_of(&limits, &g->config->directory->policy[0], item->urgency);
    w.limits = limits;
    work_freeze(&w);
    item->limits_id = w.item.limits_id;
    work_end_inner(&w);
}

/* A provider or another controller comes to a talk about a case only when it may be told of the
 * case (DOMAIN R8, R9). Of a case that the gateway knows by its reference alone the matrix is asked
 * for kind "meeting"; units of the house come. */
static bool may_come(struct stafette *g, const struct meeting_wish *wish, const char *unit_id)
{
    const struct directory *dir = g->config->directory;
    const struct unit *unit = directory_unit(dir, unit_id);
    const struct item *about = wish->about;
    if (!unit || !about)
        return unit != NULL;
    if (!about->seq && unit->kind != UNIT_PROVIDER && !directory_guards(dir, unit))
        return true;
    if (!about->seq) {
        const struct permission *row = directory_permits(
            dir, directory_unit(dir, wish->meeting.unit), unit, ITEM_MEETING, about->basis);
        return row && !row->consent;
    }
    return permit_basis(g, about, unit) == PERMIT_ALLOWED || str_eq(unit_id, about->from_unit) ||
           str_eq(unit_id, about->to_unit);
}

static void add_member(struct stafette *g, int64_t item_seq, struct member member)
{
    struct member before;
    if (store_member_get(g->store, item_seq, member.unit, 0, &before))
        return;
    member.item_seq = item_seq;
    member.session_seq = 0;
    member.invited_ms = g->now_ms;
    store_member_put(g->store, &member);
}

static void add_members(struct stafette *g, const struct meeting_wish *wish,
                        const struct item *item)
{
    struct member host = {.role = MEMBER_MEMBER};
    for (size_t i = 0; i < wish->members; i++)
        if (may_come(g, wish, wish->member[i].unit)) {
            add_member(g, item->seq, wish->member[i]);
        } else {
            const struct task task = {.code = "permission",
                                      .parent = wish->about,
                                      .unit = work_unit(g, wish->meeting.unit)};
            meeting_note(g, item->seq, "meeting not invited", wish->member[i].unit);
            work_task(g, &task);
        }
    str_copy(host.unit, sizeof host.unit, wish->meeting.unit);
    add_member(g, item->seq, host);
}

/* Dates that an irregular series names, and months of which the day is still open. */
static void add_dates(struct stafette *g, const struct meeting *meeting,
                      const struct meeting_wish *wish)
{
    int64_t now_s = meeting_wall_now(g);
    for (size_t i = 0; i < wish->dates; i++)
        if (wish->date[i] > now_s) {
            const struct planned planned = {wish->date[i], wish->date[i], PLAN_AS_RULED, ""};
            meeting_add_session(g, meeting, &planned);
        }
    for (size_t i = 0; i < wish->months; i++)
        meeting_add_month(g, meeting, wish->month[i]);
}

struct invite {
    struct stafette *g;
    const struct meeting *meeting;
    int64_t *session;
    int64_t *deadline;
    size_t count, cap, deadline_cap;
    int64_t now_s;
};

static bool collect_session(void *context, const struct session *session)
{
    struct invite *v = context;
    if (session->state != SESSION_PLANNED || session->start_s <= v->now_s)
        return true;
    v->session = grow(v->session, v->count, &v->cap, sizeof *v->session);
    v->deadline = grow(v->deadline, v->count, &v->deadline_cap, sizeof *v->deadline);
    v->session[v->count] = session->seq;
    v->deadline[v->count++] = meeting_answer_until(v->g, v->meeting, session);
    return true;
}

/* A series by rule is one calendar entry and one mail; dates of a list are entries of their own,
 * because an iTIP message holds one UID only (RFC 5546 3.2.2). */
size_t meeting_tell_all(struct stafette *g, const struct meeting *meeting, const struct item *item,
                        const struct meeting_news *news)
{
    struct invite v = {.g = g, .meeting = meeting, .now_s = meeting_wall_now(g)};
    struct meeting_news one = *news;
    bool ruled = !str_empty(meeting->rule);
    store_session_each(g->store, item->seq, 0, &v, collect_session);
    for (size_t i = 0; i < v.count && (i == 0 || !ruled); i++) {
        one.session_seq = ruled ? 0 : v.session[i];
        one.deadline_ms = v.deadline[i];
        meeting_tell(g, item, &one);
    }
    free(v.session);
    free(v.deadline);
    return v.count;
}

void meeting_tell_plan(struct stafette *g, const struct meeting *meeting, const struct item *item,
                       const char *what)
{
    const struct meeting_news news = {.what = what, .reason = REASON_MEMBER};
    meeting_tell_all(g, meeting, item, &news);
}

int64_t meeting_open(struct stafette *g, const struct meeting_wish *wish)
{
    struct item item;
    struct meeting meeting = wish->meeting;
    fill_item(g, wish, &item);
    meeting.item_seq = item.seq;
    meeting.planned_s = 0;
    store_item_add(g->store, &item);
    store_meeting_add(g->store, &meeting);
    meeting_note(g, item.seq, "meeting opened", meeting.kind);
    add_members(g, wish, &item);
    if (item.state == STATE_WAITING) {
        meeting_clock_at(g, &item, g->now_ms + (int64_t)MEETING_WAIT_DAYS * DAY_S * 1000);
        return item.seq;
    }
    meeting_plan(g, &meeting);
    add_dates(g, &meeting, wish);
    meeting_set_clock(g, &meeting, &item);
    meeting_tell_plan(g, &meeting, &item, "meeting.invited");
    tell_status(g, &item, "meeting.planned", "meeting_id", meeting.meeting_id);
    return item.seq;
}

void meeting_set_date(struct stafette *g, int64_t item_seq, int64_t start_s)
{
    struct item item;
    struct meeting meeting;
    if (!store_item_get(g->store, item_seq, &item) || item.closed_ms ||
        !store_meeting_get(g->store, item_seq, &meeting) || item.state != STATE_WAITING)
        return;
    meeting.start_s = start_s;
    meeting.planned_s = 0;
    item.state = STATE_OPEN;
    item.changed_ms = g->now_ms;
    store_item_update(g->store, &item);
    meeting_plan(g, &meeting);
    store_meeting_update(g->store, &meeting);
    meeting_set_clock(g, &meeting, &item);
    meeting_note(g, item.seq, "meeting dated", meeting.kind);
    poll_end_of(g, item.seq, false);
    meeting_tell_plan(g, &meeting, &item, "meeting.invited");
    tell_status(g, &item, "meeting.planned", "meeting_id", meeting.meeting_id);
}

/* ---- changing */

static bool is_soon(const struct stafette *g, int64_t start_s)
{
    return start_s - meeting_wall_now(g) < SOON_S;
}

static bool is_single(const struct meeting *meeting)
{
    return str_empty(meeting->rule) && meeting->start_s;
}

bool meeting_change_session(struct stafette *g, const struct session *wanted)
{
    struct session session;
    struct meeting meeting;
    struct item item;
    struct buf outcome = BUF_INIT;
    if (!store_session_get(g->store, wanted->seq, &session) ||
        !store_meeting_get(g->store, session.item_seq, &meeting) ||
        !store_item_get(g->store, session.item_seq, &item) || item.closed_ms)
        return false;
    bool moved = session.start_s != wanted->start_s || session.duration_s != wanted->duration_s;
    if (!moved && session.mode == wanted->mode && str_eq(session.room, wanted->room) &&
        str_eq(session.link, wanted->link) && session.state == wanted->state)
        return false;
    buf_puts(&outcome, moved ? "Der Termin war bisher: " : "Ort oder Art des Termins ist anders.");
    if (moved)
        meeting_when(&outcome, session.start_s, session.duration_s);
    int64_t sequence = larger(session.sequence, meeting.sequence) + 1;
    session = *wanted;
    session.sequence = sequence;
    store_session_update(g->store, &session);
    if (moved)
        store_member_ask_again(g->store, item.seq, is_single(&meeting) ? 0 : session.seq);
    meeting_plan_reminders(g, &meeting, &session);
    meeting_set_clock(g, &meeting, &item);
    meeting_note(g, item.seq, "meeting changed", moved ? "time" : "place");
    const struct meeting_news news = {.what = "meeting.changed",
                                      .session_seq = session.seq,
                                      .deadline_ms = meeting_answer_until(g, &meeting, &session),
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_MEMBER,
                                      .sms = is_soon(g, session.start_s)};
    meeting_tell(g, &item, &news);
    if (moved)
        meeting_chain_moved(g, &meeting);
    tell_status(g, &item, "meeting.changed", "meeting_id", meeting.meeting_id);
    buf_release(&outcome);
    return true;
}

/* ---- cancelling and ending */

/* Also who was invited once and is no member any more (E22). */
void meeting_tell_cancelled(struct stafette *g, const struct item *item, int64_t session_seq,
                            bool soon)
{
    char(*unit)[ID_MAX] = xcalloc(2 * MEETING_MEMBERS_MAX, sizeof *unit);
    const struct meeting_news news = {.what = meeting_cancelled_template(g, item, session_seq),
                                      .session_seq = session_seq,
                                      .outcome = "Der Termin fällt aus.",
                                      .reason = REASON_MEMBER,
                                      .sms = soon};
    size_t n = store_notice_units(g->store, item->seq, session_seq, unit, 2 * MEETING_MEMBERS_MAX);
    if (session_seq)
        store_delivery_cancel_session(g->store, item->seq, session_seq, g->now_ms);
    meeting_tell(g, item, &news);
    for (size_t i = 0; i < n; i++) {
        struct member member;
        const struct unit *former = directory_unit(g->config->directory, unit[i]);
        if (former && !store_member_get(g->store, item->seq, former->id, 0, &member))
            meeting_tell_unit(g, item, former, &news);
    }
    free(unit);
}

void meeting_cancel_session(struct stafette *g, const struct meeting *meeting,
                            struct session *session)
{
    session->state = SESSION_CANCELLED;
    session->sequence = larger(session->sequence, meeting->sequence) + 1;
    store_session_update(g->store, session);
    store_clock_cancel_session(g->store, session->item_seq, session->seq);
}

/* MH11: bad weather moves it to the rain date, where there is one. */
static bool moves_to_rain_date(struct stafette *g, struct meeting *meeting,
                               const struct session *session, const char *code)
{
    struct session moved = *session;
    if (!str_eq(code, "weather") || !meeting->rain_day)
        return false;
    moved.start_s = meeting->rain_day * DAY_S + session->start_s % DAY_S;
    meeting->rain_day = 0;
    store_meeting_update(g->store, meeting);
    return meeting_change_session(g, &moved);
}

static void cancel_all(struct stafette *g, struct meeting *meeting, struct item *item)
{
    struct sessions all = {0};
    int64_t now_s = meeting_wall_now(g);
    bool soon = false, ahead = item->state == STATE_OPEN;
    meeting_sessions(g, item->seq, &all);
    /* Of a list, what waits may be the cancellation of a date that went before. */
    if (!str_empty(meeting->rule))
        store_delivery_cancel(g->store, item->seq, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    meeting->sequence = meeting_next_sequence(g, meeting);
    store_meeting_update(g->store, meeting);
    for (size_t i = 0; i < all.count; i++)
        if (all.session[i].state == SESSION_PLANNED && all.session[i].start_s > now_s) {
            soon = soon || is_soon(g, all.session[i].start_s);
            meeting_cancel_session(g, meeting, &all.session[i]);
            if (str_empty(meeting->rule))
                meeting_tell_cancelled(g, item, all.session[i].seq,
                                       is_soon(g, all.session[i].start_s));
        }
    if (ahead && !str_empty(meeting->rule))
        meeting_tell_cancelled(g, item, 0, soon);
    free(all.session);
    poll_end_of(g, item->seq, true);
    meeting_end(g, item, STATE_CANCELLED);
}

static bool counts_sessions(void *context, const struct member *member)
{
    (void)context;
    return member->sessions_max > 0;
}

/* Who is invited to a number of sessions is now invited to one that it did not have (BI9). */
static void tell_counting(struct stafette *g, const struct meeting *meeting,
                          const struct item *item)
{
    const struct meeting_news news = {
        .what = "meeting.changed", .reason = REASON_MEMBER, .wants = counts_sessions};
    meeting_tell_all(g, meeting, item, &news);
}

void meeting_cancel(struct stafette *g, int64_t item_seq, int64_t session_seq, const char *code)
{
    struct meeting meeting;
    struct session session;
    struct item item;
    if (!store_meeting_get(g->store, item_seq, &meeting) ||
        !store_item_get(g->store, item_seq, &item) || item.closed_ms)
        return;
    meeting_note(g, item_seq, "meeting cancelled code", str_empty(code) ? "other" : code);
    bool single = str_empty(meeting.rule) && !session_seq;
    if (single && store_session_next(g->store, item_seq, meeting_wall_now(g), &session) &&
        moves_to_rain_date(g, &meeting, &session, code))
        return;
    if (!session_seq) {
        cancel_all(g, &meeting, &item);
        return;
    }
    if (!store_session_get(g->store, session_seq, &session) || session.item_seq != item_seq ||
        session.state != SESSION_PLANNED || moves_to_rain_date(g, &meeting, &session, code))
        return;
    meeting_cancel_session(g, &meeting, &session);
    meeting_tell_cancelled(g, &item, session.seq, is_soon(g, session.start_s));
    tell_counting(g, &meeting, &item);
    meeting_set_clock(g, &meeting, &item);
    tell_status(g, &item, "meeting.changed", "meeting_id", meeting.meeting_id);
}

/* A talk about a handover that took place is on record there (H2). */
static void tell_handover(struct stafette *g, const struct item *item)
{
    struct item about;
    struct buf said = BUF_INIT;
    if (!store_item_get(g->store, item->parent_seq, &about) || about.kind != ITEM_HANDOVER ||
        !str_eq(item->code, "uebergabegespraech"))
        return;
    const struct answer answer = {.item_seq = about.seq,
                                  .by = work_unit(g, about.from_unit),
                                  .verb = ANSWER_CONVERSED,
                                  .code = "",
                                  .via = VIA_LINK};
    answer_apply(g, &answer, &said);
    buf_release(&said);
}

/* Somebody says so before the clock does: what follows a session follows now. */
static void over_before_its_time(struct stafette *g, struct session *session)
{
    struct meeting_view view;
    if (meeting_view(g, session->item_seq, &view))
        meeting_ask_after(g, &view, session);
    meeting_view_release(&view);
}

void meeting_session_held(struct stafette *g, const struct session *was, bool held)
{
    struct session session;
    struct item item;
    if (!store_session_get(g->store, was->seq, &session) ||
        !store_item_get(g->store, session.item_seq, &item) ||
        session.state == (held ? SESSION_HELD : SESSION_NOT_HELD) ||
        session.state == SESSION_CANCELLED)
        return;
    if (session.state == SESSION_PLANNED && !item.closed_ms)
        over_before_its_time(g, &session);
    session.state = held ? SESSION_HELD : SESSION_NOT_HELD;
    store_session_update(g->store, &session);
    meeting_note(g, item.seq, "meeting session", held ? "held" : "not held");
    if (item.closed_ms)
        return;
    if (!held)
        store_clock_cancel_session(g->store, item.seq, session.seq);
    tell_status(g, &item, held ? "meeting.held" : "meeting.not_held", "", "");
    if (held && item.parent_seq)
        tell_handover(g, &item);
    meeting_fires(g, &item);
}

void meeting_minutes_filed(struct stafette *g, const struct session *was)
{
    struct session session;
    struct item item;
    if (!store_session_get(g->store, was->seq, &session) ||
        !store_item_get(g->store, session.item_seq, &item) || session.minutes_ms)
        return;
    session.minutes_ms = g->now_ms;
    if (session.state == SESSION_OVER || session.state == SESSION_PLANNED)
        session.state = SESSION_HELD;
    store_session_update(g->store, &session);
    store_clock_cancel_session(g->store, item.seq, session.seq);
    meeting_note(g, item.seq, "meeting minutes", "filed");
    if (!item.closed_ms)
        meeting_fires(g, &item);
}
