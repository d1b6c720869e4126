/*
 * Links of mails about meetings and polls: see links_meeting.h. Which template carries which lines
 * is a table, which of them can be answered now is the seat's. Reads the store, writes nothing; a
 * repeat carries the same links, unless the meeting has moved meanwhile.
 */
#include "links_meeting.h"

#include "buf.h"
#include "gateway.h"
#include "links.h"
#include "meeting.h"
#include "store_delivery.h"
#include "util.h"

static const struct purpose {
    enum meeting_purpose purpose;
    enum meeting_question asks;
    enum member_status status;
    const char *label;
    bool reminded; /* stands in reminders to who has answered, too */
} purposes[] = {
    {PURPOSE_ACCEPT, ASKS_RSVP, STATUS_ACCEPTED, "Zusage", false},
    {PURPOSE_DECLINE, ASKS_RSVP, STATUS_DECLINED, "Absage", true},
    {PURPOSE_TENTATIVE, ASKS_RSVP, STATUS_TENTATIVE, "Unter Vorbehalt", false},
    {PURPOSE_DEPUTY, ASKS_RSVP, STATUS_DEPUTY, "Vertretung kommt", true},
    {PURPOSE_HELD, ASKS_HELD, STATUS_NEEDS_ACTION, "Hat stattgefunden", false},
    {PURPOSE_NOT_HELD, ASKS_HELD, STATUS_NEEDS_ACTION, "Hat nicht stattgefunden", false},
    {PURPOSE_MINUTES, ASKS_MINUTES, STATUS_NEEDS_ACTION, "Protokoll liegt vor", false},
    {PURPOSE_TICK, ASKS_TICK, STATUS_NEEDS_ACTION, "Besprochenes abhaken", false},
    {PURPOSE_POLL, ASKS_POLL, STATUS_NEEDS_ACTION, "Zur Umfrage", false},
};

static const struct purpose *find(int purpose)
{
    for (size_t i = 0; i < COUNT_OF(purposes); i++)
        if ((int)purposes[i].purpose == purpose)
            return &purposes[i];
    return NULL;
}

enum meeting_question links_meeting_question(int purpose)
{
    const struct purpose *p = find(purpose);
    return p ? p->asks : ASKS_NOTHING;
}

enum member_status links_meeting_status(int purpose)
{
    const struct purpose *p = find(purpose);
    return p ? p->status : STATUS_NEEDS_ACTION;
}

const char *links_meeting_label(int purpose)
{
    const struct purpose *p = find(purpose);
    return p ? p->label : "";
}

const char *links_meeting_answer(enum member_status status)
{
    for (size_t i = 0; i < COUNT_OF(purposes); i++)
        if (purposes[i].asks == ASKS_RSVP && purposes[i].status == status)
            return purposes[i].label;
    return "";
}

/* ---- until when */

static bool keep_latest(void *context, const struct session *session)
{
    int64_t *end_s = context;
    if (session->start_s + session->duration_s > *end_s)
        *end_s = session->start_s + session->duration_s;
    return true;
}

/* Of a series as long as is planned ahead, counted from the notice so that its repeat is the same.
 */
static int64_t until_begin_ms(struct stafette *g, const struct due *due,
                              const struct meeting_seat *seat)
{
    int64_t end_s = 0;
    if (seat->has_session)
        keep_latest(&end_s, &seat->session);
    else if (!str_empty(seat->meeting.rule))
        return due->notice.created_ms + MEETING_AHEAD_DAYS * DAY_MS;
    else
        store_session_each(g->store, seat->item.seq, 0, &end_s, keep_latest);
    return meeting_moment(end_s);
}

static int64_t until_ms(struct stafette *g, const struct due *due, const struct meeting_seat *seat,
                        enum meeting_question asks)
{
    int64_t hours_ms = links_expire_ms(g, due->notice.created_ms);
    if (seat->kind->cases == CASES_ONE || asks == ASKS_TICK)
        return hours_ms;
    if (asks == ASKS_RSVP)
        return until_begin_ms(g, due, seat);
    return due->notice.deadline_ms > hours_ms ? due->notice.deadline_ms : hours_ms;
}

/* A date for a talk about one case is an answer about that case. */
static int64_t poll_until_ms(struct stafette *g, const struct due *due, const struct item *item)
{
    struct meeting meeting;
    const struct meeting_kind *kind = NULL;
    if (item->parent_seq && store_meeting_get(g->store, item->parent_seq, &meeting))
        kind = meeting_kind_find(meeting.kind);
    if (!due->notice.deadline_ms || (kind && kind->cases == CASES_ONE))
        return links_expire_ms(g, due->notice.created_ms);
    return due->notice.deadline_ms;
}

/* ---- the lines */

static void put_head(struct buf *out, int64_t at_ms)
{
    buf_puts(out, "Antworten ohne Anmeldung, bis ");
    if (at_ms)
        time_german(out, at_ms);
    else
        buf_puts(out, "der Termin beginnt");
    buf_puts(out, " (es zählt erst der Knopf auf der Seite):");
}

/* Which questions a text asks; "meeting.asked" whatever is open of its session. */
static bool text_asks(const char *what, enum meeting_question asks)
{
    if (str_eq(what, "meeting.asked"))
        return true;
    return asks == ASKS_RSVP &&
           (str_eq(what, "meeting.invited") || str_eq(what, "meeting.changed") ||
            str_eq(what, "meeting.reminder"));
}

static void put_meeting(struct stafette *g, const struct due *due, const struct item *item,
                        struct buf *out)
{
    struct meeting_seat seat;
    struct buf list = BUF_INIT;
    const char *what = due->notice.template_name;
    int64_t first_ms = INT64_MAX;
    if (!seat_load(g, item, &due->notice, &seat))
        return;
    bool answered = str_eq(what, "meeting.reminder") && seat.is_member &&
                    seat.member.status != STATUS_NEEDS_ACTION;
    for (size_t i = 0; i < COUNT_OF(purposes); i++) {
        enum meeting_question asks = purposes[i].asks;
        int64_t end_ms = until_ms(g, due, &seat, asks);
        if (!text_asks(what, asks) || (answered && !purposes[i].reminded) || end_ms <= g->now_ms ||
            !seat_offers(g, &seat, asks))
            continue;
        bool begins = asks == ASKS_RSVP && seat.kind->cases != CASES_ONE;
        first_ms = begins ? 0 : end_ms < first_ms ? end_ms : first_ms;
        links_put_line(g, due, (int)purposes[i].purpose, end_ms, purposes[i].label, &list);
    }
    if (list.len)
        put_head(out, first_ms);
    buf_add(out, buf_str(&list), list.len);
    buf_wipe(&list);
}

void links_meeting_put(struct stafette *g, const struct due *due, const struct item *item,
                       struct buf *out)
{
    if (item->kind == ITEM_MEETING) {
        put_meeting(g, due, item, out);
        return;
    }
    int64_t end_ms = poll_until_ms(g, due, item);
    if (!str_eq(due->notice.template_name, "poll.asked") || end_ms <= g->now_ms)
        return;
    put_head(out, end_ms);
    links_put_line(g, due, PURPOSE_POLL, end_ms, links_meeting_label(PURPOSE_POLL), out);
}
