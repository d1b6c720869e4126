/*
 * Planning meetings: from rules to sessions, from sessions to reminders, see meeting.h. A session
 * and its reminders are made, moved and cancelled in one transaction, so a crash leaves either the
 * old plan or the new one.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "meeting.h"
#include "meeting_parts.h"
#include "meeting_special.h"
#include "series.h"
#include "store.h"
#include "store_clock.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

enum {
    DAY_S = 86400,
    LEADS_OF_MEETING = 4,
    FREEZE_DAYS = 3,
    ASK_AGAIN_DAYS = 5,
    HAS_MORE_DAYS = 5 * 366,
    MONTH_LEAD_DAYS = 28
};

int64_t meeting_wall_now(const struct stafette *g)
{
    int second;
    int64_t day = wall_day(g->now_ms, &second);
    return day * DAY_S + second;
}

int64_t meeting_moment(int64_t wall_s)
{
    return wall_ms(wall_s / DAY_S, (int)(wall_s % DAY_S));
}

const char *reminder_name(enum reminder reminder)
{
    static const char *const names[REMINDER_COUNT] = {
        [REMIND_LEAD_1] = "meeting_before", [REMIND_LEAD_2] = "meeting_before",
        [REMIND_LEAD_3] = "meeting_before", [REMIND_LEAD_4] = "meeting_before",
        [REMIND_RSVP] = "rsvp_due",         [REMIND_FREEZE] = "agenda_freeze",
        [REMIND_MINUTES] = "minutes_due",   [REMIND_MINUTES_AGAIN] = "minutes_due",
        [REMIND_TICK] = "agenda_tick",      [REMIND_HELD] = "meeting_held",
        [REMIND_MONTH] = "month",           [REMIND_STAND_IN] = "presence_cancelled",
        [REMIND_CALL] = "contributions",    [REMIND_PAPER] = "document_due",
    };
    return reminder >= 0 && reminder < REMINDER_COUNT ? names[reminder] : "?";
}

/* ---- reminders */

void meeting_add_reminder(struct stafette *g, const struct session *session, enum reminder reminder,
                          int64_t due_ms)
{
    const struct clock clock = {.seq = store_next(g->store, SEQ_CLOCK),
                                .item_seq = session->item_seq,
                                .kind = CLOCK_REMINDER,
                                .step = (int)reminder,
                                .due_ms = due_ms > g->now_ms ? due_ms : g->now_ms,
                                .session_seq = session->seq};
    store_clock_add(g->store, &clock);
}

/* "7 days, 1 working day, 1 hour"; what cannot be read was refused when it was loaded. */
static size_t read_leads(const char *text, struct lead lead[LEADS_OF_MEETING])
{
    size_t n = 0;
    char part[64];
    while (*text && n < LEADS_OF_MEETING) {
        text += strspn(text, " ,");
        size_t len = strcspn(text, ",");
        if (len && len < sizeof part) {
            memcpy(part, text, len);
            part[len] = '\0';
            n += lead_parse(part, &lead[n]);
        }
        text += len;
    }
    return n;
}

static const struct meeting_setup *setup_of(const struct stafette *g, const struct meeting *meeting)
{
    return directory_meeting(g->config->directory, meeting->meeting_id);
}

static int64_t working_days_before(const struct unit *host, int64_t days, int64_t start_ms)
{
    const struct lead lead = {LEAD_WORKING_DAYS, days};
    return lead_due_ms(&lead, &host->hours, start_ms);
}

int64_t meeting_answer_until(const struct stafette *g, const struct meeting *meeting,
                             const struct session *session)
{
    const struct unit *host = work_unit(g, meeting->unit);
    int64_t start_ms = meeting_moment(session->start_s);
    int64_t until_ms = working_days_before(host, FREEZE_DAYS, start_ms);
    if (until_ms <= g->now_ms)
        until_ms = start_ms;
    return until_ms > g->now_ms ? until_ms : 0;
}

static void plan_leads(struct stafette *g, const struct meeting *meeting,
                       const struct session *session, const struct unit *host)
{
    const struct meeting_setup *setup = setup_of(g, meeting);
    const char *text = setup && !str_empty(setup->reminders)
                           ? setup->reminders
                           : g->config->settings.meeting_reminders;
    struct lead lead[LEADS_OF_MEETING];
    struct lead_due due[LEADS_MAX];
    const struct lead_session about = {&host->hours, meeting_moment(session->start_s), g->now_ms};
    size_t n = lead_plan(lead, read_leads(text, lead), &about, due);
    /* An invitation made now tells the time by itself: a lead that has passed would repeat it. */
    for (size_t i = 0; i < n; i++)
        if (!due[i].late && due[i].due_ms > g->now_ms)
            meeting_add_reminder(g, session, REMIND_LEAD_1 + (enum reminder)due[i].lead,
                                 due[i].due_ms);
}

static void plan_agenda(struct stafette *g, const struct meeting *meeting,
                        const struct session *session, const struct unit *host)
{
    const struct meeting_kind *kind = meeting_kind_find(meeting->kind);
    const struct meeting_setup *setup = setup_of(g, meeting);
    int64_t days = setup ? setup->freeze_days : FREEZE_DAYS;
    if (!kind || kind->cases == CASES_ONE || !days || session->frozen_ms)
        return;
    if (kind->cases == CASES_BLOCK_A || setup)
        meeting_add_reminder(g, session, REMIND_FREEZE,
                             working_days_before(host, days, meeting_moment(session->start_s)));
}

void meeting_plan_reminders(struct stafette *g, const struct meeting *meeting,
                            const struct session *session)
{
    const struct unit *host = work_unit(g, meeting->unit);
    int64_t start_ms = meeting_moment(session->start_s), ask_ms;
    store_clock_cancel_session(g->store, session->item_seq, session->seq);
    if (session->state != SESSION_PLANNED || start_ms <= g->now_ms)
        return;
    plan_leads(g, meeting, session, host);
    plan_agenda(g, meeting, session, host);
    ask_ms = working_days_before(host, ASK_AGAIN_DAYS, start_ms);
    if (str_empty(meeting->rule) && ask_ms > g->now_ms)
        meeting_add_reminder(g, session, REMIND_RSVP, ask_ms);
    meeting_special_plan(g, meeting, session);
}

/* ---- sessions */

static void fill_session(const struct meeting *meeting, const struct planned *planned,
                         struct session *session)
{
    memset(session, 0, sizeof *session);
    session->item_seq = meeting->item_seq;
    session->original_s = planned->original_s;
    session->start_s = planned->start_s;
    session->duration_s = meeting->duration_s;
    session->state = planned->verdict == PLAN_LEFT_OUT ? SESSION_LEFT_OUT : SESSION_PLANNED;
    session->sequence = planned->verdict == PLAN_MOVED ? meeting->sequence + 1 : 0;
    session->mode = meeting->mode;
    memcpy(session->room, meeting->room, sizeof session->room);
    memcpy(session->link, meeting->link, sizeof session->link);
    str_copy(session->why, sizeof session->why, planned->why ? planned->why : "");
}

void meeting_add_session(struct stafette *g, const struct meeting *meeting,
                         const struct planned *planned)
{
    struct session session;
    if (store_session_find(g->store, meeting->item_seq, planned->original_s, &session))
        return;
    fill_session(meeting, planned, &session);
    store_session_add(g->store, &session);
    meeting_plan_reminders(g, meeting, &session);
}

void meeting_add_month(struct stafette *g, const struct meeting *meeting, int64_t month_s)
{
    struct session session;
    const struct lead lead = {LEAD_DAYS, MONTH_LEAD_DAYS};
    const struct planned planned = {month_s, month_s, PLAN_AS_RULED, ""};
    if (store_session_find(g->store, meeting->item_seq, month_s, &session) ||
        month_s + (int64_t)28 * DAY_S <= meeting_wall_now(g))
        return;
    fill_session(meeting, &planned, &session);
    session.state = SESSION_MONTH;
    store_session_add(g->store, &session);
    meeting_add_reminder(
        g, &session, REMIND_MONTH,
        lead_due_ms(&lead, &work_unit(g, meeting->unit)->hours, meeting_moment(month_s)));
}

static void fill_series(const struct stafette *g, const struct meeting *meeting,
                        struct series *series)
{
    const struct meeting_setup *setup = setup_of(g, meeting);
    memset(series, 0, sizeof *series);
    series->rule = meeting->rule;
    series->start_s = meeting->start_s;
    series->until_day = meeting->until_day;
    series->holiday = meeting->holiday;
    series->skip_school_holidays = meeting->skip_school_holidays;
    series->hours = &work_unit(g, meeting->unit)->hours;
    series->school = g->config->school;
    if (setup) {
        series->except = setup->except;
        series->excepts = setup->excepts;
    }
}

size_t meeting_expand(const struct stafette *g, const struct meeting *meeting, int64_t from_s,
                      int64_t to_s, struct planned *planned, size_t max)
{
    struct series series;
    if (!meeting->start_s)
        return 0;
    fill_series(g, meeting, &series);
    return series_expand(&series, from_s, to_s, planned, max);
}

bool meeting_plan(struct stafette *g, struct meeting *meeting)
{
    int64_t today_s = meeting_wall_now(g) / DAY_S * DAY_S;
    int64_t from_s = meeting->planned_s > today_s ? meeting->planned_s : today_s;
    int64_t to_s = today_s + (int64_t)MEETING_AHEAD_DAYS * DAY_S;
    bool first = meeting->planned_s == 0, odd = false;
    if (!meeting->start_s || from_s >= to_s)
        return false;
    struct planned *planned = xcalloc(MEETING_SESSIONS_MAX, sizeof *planned);
    size_t n = meeting_expand(g, meeting, from_s, to_s, planned, MEETING_SESSIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        meeting_add_session(g, meeting, &planned[i]);
        odd = odd || planned[i].verdict != PLAN_AS_RULED;
    }
    meeting->planned_s = n == MEETING_SESSIONS_MAX ? planned[n - 1].original_s + 1 : to_s;
    free(planned);
    store_meeting_update(g->store, meeting);
    return odd && !first;
}

/* A rule that pauses for years is none that meets. */
bool meeting_has_more(const struct stafette *g, const struct meeting *meeting)
{
    struct planned next;
    int64_t from_s = meeting->planned_s, years_s = (int64_t)HAS_MORE_DAYS * DAY_S;
    if (!meeting->start_s)
        return false;
    if (meeting->start_s > from_s)
        return true;
    return meeting_expand(g, meeting, from_s, from_s + years_s, &next, 1) > 0;
}

/* ---- the meeting's one clock */

/* The planning goes on a month before it must. */
static int64_t plan_again_ms(const struct meeting *meeting)
{
    return meeting_moment(meeting->planned_s - (int64_t)(MEETING_AHEAD_DAYS - 30) * DAY_S);
}

void meeting_clock_at(struct stafette *g, const struct item *item, int64_t due_ms)
{
    struct clock clock;
    if (store_clock_of(g->store, item->seq, &clock) && clock.kind == CLOCK_MEETING)
        store_clock_move(g->store, item->seq, CLOCK_MEETING, due_ms);
    else
        work_add_clock(g, item, CLOCK_MEETING, 0, due_ms);
}

void meeting_set_clock(struct stafette *g, const struct meeting *meeting, const struct item *item)
{
    struct session next;
    int64_t due_ms = 0;
    /* Also one that has passed while nobody looked: it is due at once. */
    if (store_session_next(g->store, item->seq, 0, &next))
        due_ms = meeting_moment(next.start_s + next.duration_s);
    if (meeting_has_more(g, meeting)) {
        int64_t again_ms = plan_again_ms(meeting);
        if (again_ms > g->now_ms && (!due_ms || again_ms < due_ms))
            due_ms = again_ms;
    }
    /* Nothing ahead: somebody still owes an answer, minutes or a date. */
    if (!due_ms)
        due_ms = g->now_ms + (int64_t)MEETING_WAIT_DAYS * DAY_S * 1000;
    meeting_clock_at(g, item, due_ms);
}
