/*
 * What mails and pages say of a meeting: see meeting.h.
 */
#include <string.h>

#include "agenda.h"
#include "buf.h"
#include "directory.h"
#include "meeting.h"
#include "store_notice.h"
#include "util.h"
#include "walltime.h"

enum { DAY_S = 86400 };

static void put_time(struct buf *out, int64_t at_s)
{
    buf_printf(out, "%02d:%02d", (int)(at_s % DAY_S / 3600), (int)(at_s % 3600 / 60));
}

static void put_day(struct buf *out, int64_t day)
{
    static const char days[][3] = {"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"};
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    buf_printf(out, "%s %02d.%02d.%04d", days[day_weekday(day)], mday, month, year);
}

void meeting_when(struct buf *out, int64_t start_s, int64_t duration_s)
{
    int64_t end_s = start_s + duration_s;
    put_day(out, start_s / DAY_S);
    buf_puts(out, ", ");
    put_time(out, start_s);
    buf_puts(out, " bis ");
    if (end_s / DAY_S != start_s / DAY_S) {
        put_day(out, end_s / DAY_S);
        buf_puts(out, ", ");
    }
    put_time(out, end_s);
    buf_puts(out, " Uhr");
}

static void put_part(struct buf *out, size_t begin, const char *head, const char *text)
{
    if (str_empty(text))
        return;
    if (out->len > begin)
        buf_puts(out, "; ");
    buf_puts(out, head);
    buf_puts(out, text);
}

void meeting_where(struct buf *out, const struct meeting *meeting, const struct session *session)
{
    size_t begin = out->len;
    enum meeting_mode mode = session ? session->mode : meeting->mode;
    const char *room = session ? session->room : meeting->room;
    const char *link = session ? session->link : meeting->link;
    if (mode != MODE_ONLINE && mode != MODE_PHONE)
        put_part(out, begin, "", room);
    if (mode != MODE_ROOM && mode != MODE_PHONE)
        put_part(out, begin, "online: ", link);
    if (mode != MODE_ROOM || str_empty(room))
        put_part(out, begin, "Einwahl per Telefon: ", meeting->dial_in);
    if (mode == MODE_PHONE && str_empty(meeting->dial_in))
        put_part(out, begin, "", "am Telefon");
}

void meeting_times_for(const struct meeting_view *view, const struct session *session,
                       const struct member *member, int64_t *start_s, int64_t *duration_s)
{
    bool late = member && member->class == CLASS_CITIZEN && view->setup && view->setup->part2_s &&
                view->setup->part2_s < session->duration_s;
    *start_s = session->start_s + (late ? view->setup->part2_s : 0);
    *duration_s = session->duration_s - (late ? view->setup->part2_s : 0);
}

/* The session a notice is about: its own, else the next, else the first. */
static const struct session *session_of(const struct stafette *g, const struct meeting_view *view,
                                        int64_t session_seq)
{
    const struct session *session = meeting_session(view, session_seq);
    int64_t now_s = meeting_wall_now(g);
    for (size_t i = 0; !session && i < view->sessions; i++)
        if (view->session[i].state == SESSION_PLANNED && view->session[i].start_s > now_s)
            session = &view->session[i];
    return session || !view->sessions ? session : &view->session[0];
}

void meeting_texts(struct stafette *g, const struct meeting_view *view, const struct unit *unit,
                   const struct notice *notice, struct buf *when, struct buf *where,
                   struct buf *lines)
{
    size_t withheld;
    int64_t start_s, duration_s;
    const struct session *session = session_of(g, view, notice->session_seq);
    if (!session || session->state == SESSION_MONTH)
        return;
    meeting_times_for(view, session, meeting_member(view, unit->id), &start_s, &duration_s);
    meeting_when(when, start_s, duration_s);
    if (!notice->session_seq && !str_empty(view->meeting.rule))
        buf_puts(when, " und die weiteren Termine dieser Reihe");
    meeting_where(where, &view->meeting, session);
    if (str_eq(notice->template_name, "meeting.agenda") ||
        str_eq(notice->template_name, "meeting.reminder"))
        agenda_lines(g, view, session, unit, lines, &withheld);
}
