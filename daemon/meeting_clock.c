/*
 * What a meeting needs next: see meeting.h. Its one clock fires when a session has ended, when the
 * plan must go on, and when somebody still owes a date, an answer or minutes; so an open meeting
 * always ends in a person. Fired late, it does all that has become due at once, each once.
 */
#include <stdlib.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "meeting.h"
#include "meeting_parts.h"
#include "meeting_special.h"
#include "poll.h"
#include "store.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"
#include "worktime.h"

enum { MINUTES_DAYS = 3, MINUTES_AGAIN_DAYS = 7, MONTH_S = 31 * 86400 };

static int64_t working_days_after(const struct stafette *g, const struct unit *unit, int64_t days)
{
    const struct span span = {SPAN_STAFFED, days};
    return worktime_next_open(&unit->hours, worktime_end(&unit->hours, &span, g->now_ms) - HOUR_MS);
}

/* Did it take place, which cases were discussed, where are the minutes? */
void meeting_ask_after(struct stafette *g, const struct meeting_view *view, struct session *session)
{
    const struct meeting_kind *kind = view->kind;
    const struct unit *keeper = meeting_role(g, view, MEMBER_KEEPER, 0);
    if (!keeper)
        keeper = meeting_office(g, view);
    store_clock_cancel_session(g->store, session->item_seq, session->seq);
    session->state = kind->is_asked ? SESSION_OVER : SESSION_HELD;
    store_session_update(g->store, session);
    if (kind->is_asked)
        meeting_add_reminder(g, session, REMIND_HELD, g->now_ms);
    if (kind->cases == CASES_BLOCK_A && session->frozen_ms)
        meeting_add_reminder(g, session, REMIND_TICK, g->now_ms);
    if (kind->has_minutes && !session->minutes_ms) {
        meeting_add_reminder(g, session, REMIND_MINUTES,
                             working_days_after(g, keeper, MINUTES_DAYS));
        meeting_add_reminder(g, session, REMIND_MINUTES_AGAIN,
                             working_days_after(g, keeper, MINUTES_AGAIN_DAYS));
    }
}

static void end_sessions(struct stafette *g, struct meeting_view *view)
{
    int64_t now_s = meeting_wall_now(g);
    for (size_t i = 0; i < view->sessions; i++) {
        struct session *s = &view->session[i];
        if (s->state == SESSION_PLANNED && s->start_s + s->duration_s <= now_s)
            meeting_ask_after(g, view, s);
        else if (s->state == SESSION_MONTH && s->start_s + MONTH_S <= now_s)
            meeting_month_passed(g, view, s);
    }
}

/* What is still open of sessions that are over. */
struct owed {
    bool ahead;   /* a session or month is still to come */
    bool answer;  /* nobody said whether it took place */
    bool minutes; /* they are missing */
    int64_t last_s;
};

static struct owed look(const struct meeting_view *view)
{
    struct owed owed = {0};
    for (size_t i = 0; i < view->sessions; i++) {
        const struct session *s = &view->session[i];
        bool took_place = s->state == SESSION_HELD || s->state == SESSION_OVER;
        owed.ahead = owed.ahead || s->state == SESSION_PLANNED || s->state == SESSION_MONTH;
        owed.answer = owed.answer || s->state == SESSION_OVER;
        owed.minutes = owed.minutes || (took_place && view->kind->has_minutes && !s->minutes_ms);
        if (took_place && s->start_s + s->duration_s > owed.last_s)
            owed.last_s = s->start_s + s->duration_s;
    }
    return owed;
}

/* After two weeks what is owed becomes a task, and the meeting itself is over. */
static void finish(struct stafette *g, struct meeting_view *view, const struct owed *owed)
{
    int64_t wait_ms = MEETING_WAIT_DAYS * DAY_MS;
    bool owes = owed->answer || owed->minutes;
    if (owes && meeting_moment(owed->last_s) + wait_ms > g->now_ms) {
        meeting_clock_at(g, &view->item, meeting_moment(owed->last_s) + wait_ms);
        return;
    }
    if (owes) {
        const struct task task = {.code = owed->answer ? "meeting_held" : "meeting_minutes",
                                  .parent = &view->item,
                                  .unit = meeting_office(g, view)};
        work_task(g, &task);
    }
    meeting_end(g, &view->item, STATE_CLOSED);
}

/* No date was found in two weeks: the host is asked for one, again and again. */
static void no_date(struct stafette *g, const struct meeting_view *view)
{
    const struct meeting_news news = {
        .what = "meeting.note",
        .outcome = "Für diesen Termin gibt es noch keinen Tag. Bitte legen Sie einen fest.",
        .reason = REASON_HOST};
    meeting_tell_unit(g, &view->item, meeting_office(g, view), &news);
    meeting_clock_at(g, &view->item, g->now_ms + MEETING_WAIT_DAYS * DAY_MS);
}

static void go_on(struct stafette *g, struct meeting_view *view)
{
    end_sessions(g, view);
    bool is_first = view->sessions == 0;
    bool odd = meeting_plan(g, &view->meeting);
    int64_t item_seq = view->item.seq;
    meeting_view_release(view);
    meeting_view(g, item_seq, view);
    struct owed owed = look(view);
    owed.ahead = owed.ahead || meeting_has_more(g, &view->meeting);
    if (!owed.ahead) {
        finish(g, view, &owed);
        return;
    }
    meeting_set_clock(g, &view->meeting, &view->item);
    if (is_first && view->sessions)
        meeting_tell_plan(g, &view->meeting, &view->item, "meeting.invited");
    else if (odd)
        meeting_tell_plan(g, &view->meeting, &view->item, "meeting.changed");
}

void meeting_fires(struct stafette *g, struct item *item)
{
    struct meeting_view view;
    if (item->kind == ITEM_POLL) {
        poll_fires(g, item);
        return;
    }
    if (meeting_view(g, item->seq, &view)) {
        if (view.item.state == STATE_WAITING)
            no_date(g, &view);
        else
            go_on(g, &view);
    }
    meeting_view_release(&view);
}
