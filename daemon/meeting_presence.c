/*
 * Presences whose worker is absent, or does not come: see meeting_special.h. Each session has a
 * reminder a week before it; an absence that becomes known later adds one that is due at once. When
 * it fires, the absence is asked for anew, so one that has ended meanwhile asks nobody.
 *
 * Who was asked is a member of that one session, with the moment it was asked: a crash between
 * asking and the answer repeats neither.
 */
#include <stdlib.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "meeting.h"
#include "meeting_special.h"
#include "presence.h"
#include "rsvp.h"
#include "store.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"
#include "worktime.h"

enum { AHEAD_DAYS = 7, DAY_S = 86400, SESSIONS_LOOKED_AT = 100 };

static bool is_presence(const struct meeting *meeting)
{
    return str_eq(meeting->kind, "presence");
}

static bool is_worker(const struct meeting_view *view, const struct member *member)
{
    return member->role == MEMBER_MEMBER && !str_eq(member->unit, view->meeting.unit);
}

/* Absent, or has said that it does not come; not when it has said that it sends somebody. */
static bool is_away(struct stafette *g, const struct session *session, const struct unit *unit,
                    int64_t at_ms)
{
    struct member now = {.status = STATUS_NEEDS_ACTION};
    store_member_for(g->store, session->item_seq, unit->id, session->seq, &now);
    return now.status == STATUS_DECLINED ||
           (now.status != STATUS_DEPUTY && presence_absent(g, unit, at_ms));
}

/* The first worker when none comes to the session, NULL when somebody does. */
static const struct unit *missed(struct stafette *g, const struct meeting_view *view,
                                 const struct session *session, int64_t at_ms)
{
    const struct unit *first = NULL;
    for (size_t i = 0; i < view->members; i++) {
        const struct unit *unit = directory_unit(g->config->directory, view->member[i].unit);
        if (!unit || !is_worker(view, &view->member[i]))
            continue;
        if (!is_away(g, session, unit, at_ms))
            return NULL;
        first = first ? first : unit;
    }
    if (first)
        return first;
    return is_away(g, session, view->host, at_ms) ? view->host : NULL;
}

static int64_t at_of(const struct stafette *g, const struct session *session)
{
    int64_t start_ms = meeting_moment(session->start_s);
    return start_ms > g->now_ms ? start_ms : g->now_ms;
}

/* Who is asked today has minutes; who is asked about a day next week need not be in the office at
 * this hour, and has until the end of its working day, but leaves the place a day's notice. */
static int64_t answer_until(const struct stafette *g, const struct unit *unit, int64_t asked_ms,
                            int64_t start_ms)
{
    const struct span span = {SPAN_STAFFED, 1};
    int64_t soon_ms = asked_ms + g->config->settings.meeting_presence_answer_ms;
    int64_t late_ms = worktime_end(&unit->hours, &span, asked_ms);
    if (late_ms > start_ms - DAY_MS)
        late_ms = start_ms - DAY_MS;
    return late_ms > soon_ms ? late_ms : soon_ms;
}

static bool is_host(void *context, const struct member *member)
{
    (void)context;
    return member->role == MEMBER_HOST;
}

static void ask(struct stafette *g, struct meeting_view *view, struct session *session,
                const struct unit *unit)
{
    int64_t until_ms = answer_until(g, unit, g->now_ms, meeting_moment(session->start_s));
    struct member asked = {.item_seq = view->item.seq,
                           .session_seq = session->seq,
                           .role = MEMBER_STAND_IN,
                           .class = unit->kind == UNIT_PROVIDER ? CLASS_PROVIDER : CLASS_STAFF,
                           .invited_ms = g->now_ms};
    const struct meeting_news news = {
        .what = "meeting.asked",
        .session_seq = session->seq,
        .deadline_ms = until_ms,
        .outcome = "Bei diesem Termin fehlt die Besetzung. Können Sie ihn übernehmen? Bitte sagen "
                   "Sie zu oder ab; ohne Ihre Zusage fällt er aus.",
        .reason = REASON_DEPUTY,
        .sms = true};
    str_copy(asked.unit, sizeof asked.unit, unit->id);
    store_member_put(g->store, &asked);
    meeting_tell_unit(g, &view->item, unit, &news);
    meeting_add_reminder(g, session, REMIND_STAND_IN, until_ms);
}

static void cancel(struct stafette *g, const struct session *session)
{
    meeting_cancel(g, session->item_seq, session->seq, "illness");
}

/* NULL: nobody is left to ask. */
static const struct unit *stand_in_of(struct stafette *g, const struct unit *worker, int64_t at_ms)
{
    struct stand_in who = presence_who(g, worker, at_ms);
    if (who.unit == worker)
        return presence_deputy(g, worker, at_ms);
    return who.reason == REASON_CATCH_ALL ? NULL : who.unit;
}

/* Whoever could only be asked too late is not asked: the place must know now. */
static void ask_or_cancel(struct stafette *g, struct meeting_view *view, struct session *session,
                          const struct unit *worker)
{
    int64_t start_ms = meeting_moment(session->start_s);
    const struct unit *unit = stand_in_of(g, worker, at_of(g, session));
    bool late = g->now_ms + g->config->settings.meeting_presence_answer_ms >= start_ms;
    if (late || !unit)
        cancel(g, session);
    else
        ask(g, view, session, unit);
}

/* Silence never means yes. */
static void asked_before(struct stafette *g, const struct member *asked,
                         const struct session *session)
{
    const struct unit *unit = work_unit(g, asked->unit);
    int64_t until_ms = answer_until(g, unit, asked->invited_ms, meeting_moment(session->start_s));
    if (asked->status == STATUS_ACCEPTED || asked->status == STATUS_DEPUTY)
        return;
    if (until_ms > g->now_ms)
        meeting_add_reminder(g, session, REMIND_STAND_IN, until_ms);
    else
        cancel(g, session);
}

void meeting_presence_due(struct stafette *g, struct meeting_view *view, struct session *session)
{
    struct member asked;
    int64_t end_s = session->start_s + session->duration_s;
    if (session->state != SESSION_PLANNED || end_s <= meeting_wall_now(g))
        return;
    const struct unit *worker = missed(g, view, session, at_of(g, session));
    if (!worker)
        return;
    if (store_member_of_role(g->store, view->item.seq, session->seq, MEMBER_STAND_IN, &asked))
        asked_before(g, &asked, session);
    else
        ask_or_cancel(g, view, session, worker);
}

void meeting_presence_plan(struct stafette *g, const struct meeting *meeting,
                           const struct session *session)
{
    const struct lead lead = {LEAD_DAYS, AHEAD_DAYS};
    if (is_presence(meeting))
        meeting_add_reminder(g, session, REMIND_STAND_IN,
                             lead_due_ms(&lead, &work_unit(g, meeting->unit)->hours,
                                         meeting_moment(session->start_s)));
}

/* ---- absences that become known */

struct found {
    struct session session[SESSIONS_LOOKED_AT];
    size_t count;
};

static bool keep(void *context, const struct session *session)
{
    struct found *found = context;
    found->session[found->count++] = *session;
    return found->count < SESSIONS_LOOKED_AT;
}

static int64_t wall_of(int64_t at_ms)
{
    int second;
    int64_t day = wall_day(at_ms, &second);
    return day * DAY_S + second;
}

void meeting_absence(struct stafette *g, const struct unit *unit, int64_t from_ms, int64_t to_ms)
{
    struct found *found = xcalloc(1, sizeof *found);
    int64_t near_ms = g->now_ms + AHEAD_DAYS * DAY_MS;
    if (from_ms < g->now_ms)
        from_ms = g->now_ms;
    if (from_ms < near_ms)
        store_session_of_unit(g->store, unit->id, wall_of(from_ms),
                              wall_of(to_ms < near_ms ? to_ms : near_ms), found, keep);
    for (size_t i = 0; i < found->count; i++) {
        struct meeting meeting;
        if (store_meeting_get(g->store, found->session[i].item_seq, &meeting) &&
            is_presence(&meeting))
            meeting_add_reminder(g, &found->session[i], REMIND_STAND_IN, g->now_ms);
    }
    free(found);
}

/* In the next days, and nobody was asked. */
static bool wants_a_look(struct stafette *g, const struct meeting_view *view,
                         const struct session *session)
{
    struct member asked;
    int64_t now_s = meeting_wall_now(g);
    return session->state == SESSION_PLANNED && session->start_s > now_s &&
           session->start_s < now_s + AHEAD_DAYS * DAY_S &&
           missed(g, view, session, meeting_moment(session->start_s)) &&
           !store_member_of_role(g->store, view->item.seq, session->seq, MEMBER_STAND_IN, &asked);
}

static void look_ahead(struct stafette *g, const struct meeting_view *view)
{
    for (size_t i = 0; i < view->sessions; i++)
        if (wants_a_look(g, view, &view->session[i]))
            meeting_add_reminder(g, &view->session[i], REMIND_STAND_IN, g->now_ms);
}

void meeting_presence_look(struct stafette *g, const struct meeting_setup *setup)
{
    struct meeting meeting;
    struct meeting_view view = {0};
    if (!str_eq(setup->kind->id, "presence") || !store_meeting_find(g->store, setup->id, &meeting))
        return;
    if (meeting_view(g, meeting.item_seq, &view) && !view.item.closed_ms)
        look_ahead(g, &view);
    meeting_view_release(&view);
}

/* ---- answers */

/* The places hear who comes, by its role. */
static void taken(struct stafette *g, const struct meeting_view *view,
                  const struct session *session, const char *name)
{
    struct buf outcome = BUF_INIT;
    buf_printf(&outcome, "Der Termin findet statt. Als Vertretung kommt: %s.", name);
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = session->seq,
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_MEMBER,
                                      .wants = is_host};
    meeting_tell(g, &view->item, &news);
    buf_release(&outcome);
}

static void stand_in_answered(struct stafette *g, const struct meeting_view *view,
                              const struct session *session, const struct rsvp *rsvp)
{
    if (rsvp->status == STATUS_DECLINED)
        cancel(g, session);
    else if (rsvp->status == STATUS_ACCEPTED || rsvp->status == STATUS_DEPUTY)
        taken(g, view, session, rsvp->unit->name);
}

void meeting_presence_answered(struct stafette *g, const struct meeting_view *view,
                               const struct rsvp *rsvp)
{
    struct member asked;
    const struct session *session = meeting_session(view, rsvp->session_seq);
    const struct member *member = meeting_member(view, rsvp->unit->id);
    if (!is_presence(&view->meeting))
        return;
    if (session &&
        store_member_of_role(g->store, view->item.seq, session->seq, MEMBER_STAND_IN, &asked) &&
        str_eq(asked.unit, rsvp->unit->id))
        stand_in_answered(g, view, session, rsvp);
    else if (member && member->role == MEMBER_MEMBER && rsvp->status == STATUS_DECLINED)
        look_ahead(g, view);
    else if (session && member && member->role == MEMBER_MEMBER && rsvp->status == STATUS_DEPUTY)
        taken(g, view, session, "eine Vertretung der angekündigten Stelle");
}

const char *meeting_cancelled_template(struct stafette *g, const struct item *item,
                                       int64_t session_seq)
{
    struct session session;
    bool today = str_eq(item->code, "presence") &&
                 store_session_get(g->store, session_seq, &session) &&
                 session.start_s / DAY_S == meeting_wall_now(g) / DAY_S;
    return today ? "presence.cancelled" : "meeting.cancelled";
}
