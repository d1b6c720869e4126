/*
 * The agenda of a session as one unit would see it: for `stafettectl agenda`, so that a coordinator
 * can look before it goes out, and answer why somebody saw a line or did not.
 */
#include <string.h>

#include "agenda_parts.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "meeting.h"
#include "page_parts.h"
#include "store_meeting.h"
#include "util.h"
#include "walltime.h"

enum { DAY_S = 86400 };

/* The session that begins then, or had that name; without an argument the next one, else the last
 * one. NULL with an error answered. */
static const struct session *session_argument(struct stafette *g, struct http_call *call,
                                              const struct meeting_view *view)
{
    const char *text = http_argument(call, "session");
    int64_t at_ms, now_s = meeting_wall_now(g);
    struct session found = {0};
    int second;
    if (str_empty(text)) {
        if (!store_session_next(g->store, view->item.seq, now_s, &found))
            store_session_last(g->store, view->item.seq, now_s, &found);
    } else if (wall_parse(text, false, &at_ms)) {
        int64_t at_s = wall_day(at_ms, &second) * DAY_S;
        at_s += second;
        for (size_t i = 0; i < view->sessions; i++)
            if (view->session[i].start_s == at_s || view->session[i].original_s == at_s)
                found = view->session[i];
    }
    const struct session *session = found.seq ? meeting_session(view, found.seq) : NULL;
    if (!session)
        page_error(call, 404, "this meeting has no such session; write --session 2027-01-07T09:00");
    return session;
}

static const struct unit *unit_argument(struct stafette *g, struct http_call *call,
                                        const struct meeting_view *view)
{
    const char *id = http_argument(call, "unit");
    const struct unit *unit = directory_unit(g->config->directory, id);
    if (str_empty(id))
        return view->host;
    if (!unit || (unit != view->host && !meeting_member(view, id))) {
        page_error(call, 404, "this unit is no member of the meeting");
        return NULL;
    }
    return unit;
}

static void put_line(struct buf *out, const struct stafette *g, const struct agenda_line *line)
{
    const struct agenda_item *row = &line->row;
    struct buf text = BUF_INIT;
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "block", row->block == BLOCK_A ? "A" : "B");
    json_member_int(out, "number", line->number);
    agenda_code(g, row, &text);
    json_member_text(out, "code", buf_str(&text));
    buf_reset(&text);
    agenda_reason(row, &text);
    json_member_text(out, "reason", buf_str(&text));
    json_member_int(out, "minutes", row->minutes);
    json_member_text(out, "by_unit", row->by_unit);
    json_member_text(out, "state", agenda_state_name(row->state));
    buf_addc(out, '}');
    buf_release(&text);
}

static void put_agenda(struct stafette *g, struct http_call *call, const struct session *session,
                       const struct agenda_reader *reader)
{
    struct buf *out = &call->answer, text = BUF_INIT;
    struct agenda_sheet sheet;
    size_t withheld;
    agenda_sheet_read(g, session, &sheet);
    meeting_when(&text, session->start_s, session->duration_s);
    page_json(call);
    buf_addc(out, '{');
    json_member_text(out, "meeting_id", reader->view->meeting.meeting_id);
    json_member_text(out, "when", buf_str(&text));
    json_member_bool(out, "closed", session->frozen_ms != 0);
    json_member_text(out, "unit", reader->unit->id);
    json_put_name(out, "items");
    buf_addc(out, '[');
    for (size_t i = 0; i < sheet.lines; i++)
        if (sheet.line[i].number && agenda_sees(g, reader, &sheet.line[i]))
            put_line(out, g, &sheet.line[i]);
    buf_addc(out, ']');
    buf_addc(&text, '\n');
    size_t head = text.len;
    agenda_sheet_lines(g, reader, &sheet, &text, &withheld);
    buf_puts(&text, text.len == head ? "Keine Punkte.\n" : "\n");
    if (withheld)
        buf_printf(&text, "Nicht zu sehen für %s: %zu.\n", reader->unit->name, withheld);
    json_member_int(out, "withheld", (int64_t)withheld);
    json_member_text(out, "text", buf_str(&text));
    buf_addc(out, '}');
    agenda_sheet_release(&sheet);
    buf_release(&text);
}

void page_agenda(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct meeting_view view;
    (void)fresh;
    if (!store_meeting_find(g->store, http_argument(call, "meeting"), &meeting)) {
        page_error(call, 404, "there is no such meeting");
        return;
    }
    bool read = meeting_view(g, meeting.item_seq, &view);
    const struct session *session = read ? session_argument(g, call, &view) : NULL;
    const struct unit *unit = session ? unit_argument(g, call, &view) : NULL;
    if (unit) {
        const struct agenda_reader reader = agenda_reader(&view, unit);
        put_agenda(g, call, session, &reader);
    } else if (!read)
        page_error(call, 404, "there is no such meeting");
    meeting_view_release(&view);
}
