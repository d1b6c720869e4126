/*
 * A seat at a meeting: see meeting_seat.h.
 */
#include "meeting_seat.h"

#include <string.h>

#include "agenda_parts.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "store_notice.h"
#include "util.h"

static bool sits(struct stafette *g, struct meeting_seat *seat, int64_t session_seq)
{
    return !str_empty(seat->unit) &&
           store_member_for(g->store, seat->item.seq, seat->unit, session_seq, &seat->member);
}

bool seat_load(struct stafette *g, const struct item *item, const struct notice *notice,
               struct meeting_seat *seat)
{
    int64_t session_seq = notice->session_seq;
    memset(seat, 0, sizeof *seat);
    seat->item = *item;
    if (item->kind != ITEM_MEETING || !store_meeting_get(g->store, item->seq, &seat->meeting))
        return false;
    seat->kind = meeting_kind_find(seat->meeting.kind);
    if (!seat->kind)
        seat->kind = meeting_kind_at(0);
    seat->unit = notice->instead_of;
    seat->is_member = sits(g, seat, session_seq);
    if (!seat->is_member) {
        seat->unit = notice->unit;
        seat->is_member = sits(g, seat, session_seq);
    }
    seat->has_session = session_seq && store_session_get(g->store, session_seq, &seat->session) &&
                        seat->session.item_seq == item->seq;
    return true;
}

struct ahead {
    int64_t now_s;
    bool found;
};

static bool is_ahead(void *context, const struct session *session)
{
    struct ahead *ahead = context;
    ahead->found = session->state == SESSION_PLANNED && session->start_s > ahead->now_s;
    return !ahead->found;
}

static bool may_still_come(struct stafette *g, const struct meeting_seat *seat)
{
    struct ahead ahead = {meeting_wall_now(g), false};
    if (seat->has_session)
        is_ahead(&ahead, &seat->session);
    else
        store_session_each(g->store, seat->item.seq, 0, &ahead, is_ahead);
    return ahead.found;
}

size_t seat_cases(struct stafette *g, const struct meeting_seat *seat, struct agenda_item *item,
                  size_t max)
{
    struct meeting_view view = {0};
    struct agenda_sheet sheet = {0};
    const struct unit *unit = directory_unit(g->config->directory, seat->unit);
    size_t n = 0;
    if (!unit || !seat->has_session || seat->kind->cases != CASES_BLOCK_A)
        return 0;
    if (meeting_view(g, seat->item.seq, &view)) {
        const struct agenda_reader reader = agenda_reader(&view, unit);
        agenda_sheet_read(g, &seat->session, &sheet);
        for (size_t i = 0; i < sheet.lines && n < max; i++)
            if (sheet.line[i].row.block == BLOCK_A && sheet.line[i].number &&
                agenda_sees(g, &reader, &sheet.line[i]))
                item[n++] = sheet.line[i].row;
        agenda_sheet_release(&sheet);
    }
    meeting_view_release(&view);
    return n;
}

static bool offers(struct stafette *g, const struct meeting_seat *seat,
                   enum meeting_question question)
{
    const struct session *s = &seat->session;
    struct agenda_item one;
    bool office = str_eq(seat->unit, seat->meeting.unit) ||
                  (seat->is_member && seat->member.role == MEMBER_SECRETARIAT);
    bool keeper = seat->is_member && seat->member.role == MEMBER_KEEPER;
    bool unsaid = s->state == SESSION_PLANNED || s->state == SESSION_OVER;
    bool begun = seat->has_session && s->start_s <= meeting_wall_now(g) &&
                 (unsaid || s->state == SESSION_HELD);
    switch (question) {
    case ASKS_RSVP:
        return seat->is_member && may_still_come(g, seat);
    case ASKS_HELD:
        return begun && unsaid && office && seat->kind->is_asked;
    case ASKS_TICK:
        return begun && office && seat_cases(g, seat, &one, 1) > 0;
    case ASKS_MINUTES:
        return begun && (office || keeper) && seat->kind->has_minutes && !s->minutes_ms;
    case ASKS_POLL:
    case ASKS_NOTHING:
        break;
    }
    return false;
}

bool seat_offers(struct stafette *g, const struct meeting_seat *seat,
                 enum meeting_question question)
{
    return seat->kind && !seat->item.closed_ms && offers(g, seat, question);
}
