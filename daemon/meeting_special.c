/*
 * What only some meetings need: see meeting_special.h. A further need is one row of the table below
 * and, where sessions carry a reminder for it, one line in meeting_special_plan().
 */
#include "meeting_special.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "store.h"
#include "util.h"

enum { DAY_S = 86400 };

static void tell_month(struct stafette *g, const struct meeting_view *view,
                       const struct session *session, const char *words)
{
    static const char *const months[] = {"Januar",    "Februar", "März",     "April",
                                         "Mai",       "Juni",    "Juli",     "August",
                                         "September", "Oktober", "November", "Dezember"};
    struct buf outcome = BUF_INIT;
    int year, month, mday;
    day_split(session->start_s / DAY_S, &year, &month, &mday);
    buf_printf(&outcome, "Für %s %d %s", months[month - 1], year, words);
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = session->seq,
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_HOST};
    meeting_tell_unit(g, &view->item, meeting_office(g, view), &news);
    buf_release(&outcome);
}

/* UL7: a month without a day: the office is asked, nobody is invited. */
static void month_due(struct stafette *g, struct meeting_view *view, struct session *session)
{
    if (session->state == SESSION_MONTH)
        tell_month(g, view, session, "ist noch kein Tag festgelegt. Bitte legen Sie ihn fest.");
}

void meeting_month_passed(struct stafette *g, const struct meeting_view *view,
                          struct session *session)
{
    session->state = SESSION_LEFT_OUT;
    store_session_update(g->store, session);
    tell_month(g, view, session, "wurde kein Tag festgelegt; der Termin ist entfallen.");
}

void meeting_special_plan(struct stafette *g, const struct meeting *meeting,
                          const struct session *session)
{
    meeting_presence_plan(g, meeting, session);
    meeting_chain_plan(g, meeting, session);
    meeting_call_plan(g, meeting, session);
}

/* ---- the table */

static const struct {
    enum reminder reminder;
    void (*fire)(struct stafette *g, struct meeting_view *view, struct session *session);
} reminders[] = {
    {REMIND_MONTH, month_due},
    {REMIND_STAND_IN, meeting_presence_due},
    {REMIND_PAPER, meeting_chain_due},
    {REMIND_CALL, meeting_call_due},
};

void meeting_special_reminds(struct stafette *g, const struct clock *clock,
                             struct meeting_view *view, struct session *session)
{
    for (size_t i = 0; i < COUNT_OF(reminders); i++)
        if (reminders[i].reminder == (enum reminder)clock->step && session)
            reminders[i].fire(g, view, session);
}
