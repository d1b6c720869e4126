/*
 * Calls for contributions: see meeting_special.h. A session that is planned too late for its call
 * calls at once, as long as there is time to answer; nobody is reminded of the call.
 */
#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "meeting.h"
#include "meeting_special.h"
#include "store.h"
#include "util.h"
#include "workflow_parts.h"

static const struct meeting_setup *calling(const struct stafette *g, const struct meeting *meeting)
{
    const struct meeting_setup *setup =
        directory_meeting(g->config->directory, meeting->meeting_id);
    return setup && setup->call.amount ? setup : NULL;
}

static int64_t before_ms(const struct stafette *g, const struct meeting *meeting,
                         const struct session *session, const struct lead *lead)
{
    return lead_due_ms(lead, &work_unit(g, meeting->unit)->hours, meeting_moment(session->start_s));
}

void meeting_call_plan(struct stafette *g, const struct meeting *meeting,
                       const struct session *session)
{
    const struct meeting_setup *setup = calling(g, meeting);
    if (setup)
        meeting_add_reminder(g, session, REMIND_CALL, before_ms(g, meeting, session, &setup->call));
}

void meeting_call_due(struct stafette *g, struct meeting_view *view, struct session *session)
{
    const struct meeting_setup *setup = calling(g, &view->meeting);
    struct buf outcome = BUF_INIT;
    if (!setup || session->state != SESSION_PLANNED)
        return;
    const struct lead half = {setup->call.unit, setup->call.amount / 2};
    int64_t until_ms = before_ms(g, &view->meeting, session, &half);
    if (until_ms <= g->now_ms)
        return;
    buf_printf(&outcome, "Wozu möchten Sie beitragen? Bitte melden Sie Ihren Beitrag an bei: %s.",
               meeting_office(g, view)->name);
    const struct meeting_news news = {.what = "meeting.asked",
                                      .session_seq = session->seq,
                                      .deadline_ms = until_ms,
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_MEMBER};
    meeting_tell(g, &view->item, &news);
    buf_release(&outcome);
}
