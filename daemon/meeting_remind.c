/*
 * Reminders of meetings: see meeting.h. One row for each; a further reminder is one row. What falls
 * due in an outage collapses: of several lead times of a session only the nearest is told, and none
 * once the session has begun; the audit says which were passed over.
 */
#include <stdlib.h>

#include "agenda.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "meeting_special.h"
#include "store.h"
#include "store_audit.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

struct due_reminder {
    struct stafette *g;
    const struct clock *clock;
    struct meeting_view *view;
    struct session *session; /* NULL: of the whole meeting */
};

static void pass_over(const struct due_reminder *r, const char *why)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "reminder=%s session=%lld passed over: %s",
               reminder_name((enum reminder)r->clock->step), (long long)r->clock->session_seq, why);
    store_audit_add(r->g->store, r->g->now_ms, r->clock->item_seq, buf_str(&text));
    buf_release(&text);
}

static bool lead_is_due(const struct due_reminder *r)
{
    return store_clock_other_due(r->g->store, r->clock, REMIND_LEAD_1, REMIND_LEAD_4, r->g->now_ms);
}

static bool answer_is_due(const struct due_reminder *r)
{
    return store_clock_other_due(r->g->store, r->clock, REMIND_RSVP, REMIND_RSVP, r->g->now_ms);
}

/* Who comes, or has not said that it does not. */
struct comes {
    const struct due_reminder *r;
    bool silent;   /* who has not answered */
    bool answered; /* who has, and comes */
};

/* A role that stays for a number of sessions only is not invited to the next one (BI9). */
bool meeting_is_invited(const struct meeting_view *view, const struct session *session,
                        const struct member *member)
{
    int64_t n = view->sessions_before;
    if (!member || !member->sessions_max || !session)
        return true;
    for (size_t i = 0; i < view->sessions; i++) {
        const struct session *s = &view->session[i];
        bool counts = s->state != SESSION_LEFT_OUT && s->state != SESSION_CANCELLED &&
                      s->state != SESSION_MONTH;
        n += counts && s->original_s < session->original_s;
    }
    return n < member->sessions_max;
}

static bool wants(void *context, const struct member *member)
{
    const struct comes *comes = context;
    const struct due_reminder *r = comes->r;
    struct member now = *member;
    store_member_for(r->g->store, member->item_seq, member->unit, r->session ? r->session->seq : 0,
                     &now);
    return now.status == STATUS_NEEDS_ACTION ? comes->silent
                                             : comes->answered && now.status != STATUS_DECLINED;
}

/* Who is about to be asked for its answer hears the time with that: one mail, not two. */
static void before_session(const struct due_reminder *r)
{
    struct comes comes = {r, !answer_is_due(r), true};
    const struct meeting_news news = {.what = "meeting.reminder",
                                      .session_seq = r->session->seq,
                                      .reason = REASON_MEMBER,
                                      .wants = wants,
                                      .context = &comes};
    if (meeting_moment(r->session->start_s) <= r->g->now_ms)
        pass_over(r, "the session has begun");
    else if (lead_is_due(r))
        pass_over(r, "a nearer one is due as well");
    else
        meeting_tell(r->g, &r->view->item, &news);
}

static void answer_missing(const struct due_reminder *r)
{
    const struct meeting_news news = {.what = "meeting.reminder",
                                      .session_seq = r->session->seq,
                                      .outcome =
                                          "Ihre Antwort fehlt noch. Bitte sagen Sie zu oder ab.",
                                      .reason = REASON_MEMBER,
                                      .wants = wants,
                                      .context = &(struct comes){r, true, false}};
    if (meeting_moment(r->session->start_s) <= r->g->now_ms)
        pass_over(r, "the session has begun");
    else if (lead_is_due(r))
        pass_over(r, "a reminder of the session is due as well");
    else
        meeting_tell(r->g, &r->view->item, &news);
}

static void close_agenda(const struct due_reminder *r)
{
    agenda_freeze(r->g, &r->view->item, r->session);
}

static int64_t ask_until(const struct due_reminder *r, const struct unit *unit)
{
    const struct span span = {SPAN_STAFFED, 3};
    return worktime_end(&unit->hours, &span, r->g->now_ms);
}

static void ask(const struct due_reminder *r, const struct unit *unit, const char *outcome)
{
    const struct meeting_news news = {.what = "meeting.asked",
                                      .session_seq = r->session->seq,
                                      .deadline_ms = ask_until(r, unit),
                                      .outcome = outcome,
                                      .reason = REASON_HOST};
    meeting_tell_unit(r->g, &r->view->item, unit, &news);
}

static void minutes_missing(const struct due_reminder *r)
{
    const struct unit *keeper = meeting_role(r->g, r->view, MEMBER_KEEPER, r->session->seq);
    if (r->session->minutes_ms)
        return;
    ask(r, keeper ? keeper : meeting_office(r->g, r->view),
        "Das Protokoll fehlt noch. Bitte legen Sie es ab und bestätigen Sie das hier.");
}

/* Who ticks must see all of it: the office, when nothing is withheld from it, else the host. */
static void which_cases(const struct due_reminder *r)
{
    struct agenda_item one;
    struct buf lines = BUF_INIT;
    size_t withheld = 0;
    const struct unit *office = meeting_office(r->g, r->view);
    agenda_lines(r->g, r->view, r->session, office, &lines, &withheld);
    buf_release(&lines);
    if (agenda_list(r->g, r->view->item.seq, r->session->seq, &one, 1))
        ask(r, withheld ? r->view->host : office,
            "Bitte haken Sie ab, welche Punkte der Tagesordnung besprochen sind.");
}

static void took_place(const struct due_reminder *r)
{
    if (r->session->state == SESSION_OVER)
        ask(r, r->view->host, "Hat dieser Termin stattgefunden?");
}

/* ---- the table */

static const struct {
    enum reminder reminder;
    bool of_session;
    void (*fire)(const struct due_reminder *r);
} reminders[] = {
    {REMIND_LEAD_1, true, before_session},   {REMIND_LEAD_2, true, before_session},
    {REMIND_LEAD_3, true, before_session},   {REMIND_LEAD_4, true, before_session},
    {REMIND_RSVP, true, answer_missing},     {REMIND_FREEZE, true, close_agenda},
    {REMIND_MINUTES, true, minutes_missing}, {REMIND_MINUTES_AGAIN, true, minutes_missing},
    {REMIND_TICK, true, which_cases},        {REMIND_HELD, true, took_place},
};

void meeting_reminds(struct stafette *g, const struct clock *clock, struct item *item)
{
    struct meeting_view view;
    struct due_reminder r = {g, clock, &view, NULL};
    /* The many ones look at their own session; what it is to whom, meeting_tell() asks. */
    bool one = clock->step <= REMIND_RSVP;
    if (one ? !meeting_view_one(g, item->seq, clock->session_seq, &view)
            : !meeting_view(g, item->seq, &view))
        return;
    for (size_t i = 0; i < view.sessions; i++)
        if (view.session[i].seq == clock->session_seq)
            r.session = &view.session[i];
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(reminders) && !known; i++) {
        known = reminders[i].reminder == (enum reminder)clock->step;
        if (known && (r.session || !reminders[i].of_session))
            reminders[i].fire(&r);
    }
    if (!known)
        meeting_special_reminds(g, clock, &view, r.session);
    meeting_view_release(&view);
}
