/*
 * What only some meetings need: see meeting_special.h.
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

/* UL7: a month without a day: the office is asked, nobody is invited. */
static void month_due(struct stafette *g, struct meeting_view *view, const struct session *session)
{
    static const char *const months[] = {"Januar",    "Februar", "März",     "April",
                                         "Mai",       "Juni",    "Juli",     "August",
                                         "September", "Oktober", "November", "Dezember"};
    struct buf outcome = BUF_INIT;
    int year, month, mday;
    if (!session || session->state != SESSION_MONTH)
        return;
    day_split(session->start_s / DAY_S, &year, &month, &mday);
    buf_printf(&outcome, "Für %s %d ist noch kein Tag festgelegt. Bitte legen Sie ihn fest.",
               months[month - 1], year);
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = session->seq,
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_HOST};
    meeting_tell_unit(g, &view->item, meeting_office(g, view), &news);
    buf_release(&outcome);
}

void meeting_special_reminds(struct stafette *g, const struct clock *clock,
                             struct meeting_view *view, struct session *session)
{
    if (clock->step == REMIND_MONTH)
        month_due(g, view, session);
}
