/*
 * What stands in the way of a meeting, shown before it is booked: who of its members is absent, in
 * another meeting or not in the office then. Reads only.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "meeting.h"
#include "occupied.h"
#include "page_parts.h"
#include "util.h"
#include "walltime.h"

enum { ROWS_MAX = 500, SESSIONS_MAX = 60 };

struct rows {
    struct stafette *g;
    struct buf *out;
    const struct unit *unit;
    const struct occupied_span *span;
    int left;
};

static void put_time(struct buf *out, const char *name, int64_t at_ms)
{
    struct buf text = BUF_INIT;
    time_local(&text, at_ms);
    json_member_text(out, name, buf_str(&text));
    buf_release(&text);
}

static void put_row(void *context, const struct occupied *occupied)
{
    struct rows *rows = context;
    struct buf text = BUF_INIT;
    if (rows->left-- <= 0)
        return;
    occupied_german(rows->g, rows->unit, occupied, &text);
    json_comma(rows->out);
    buf_addc(rows->out, '{');
    put_time(rows->out, "session", rows->span->from_ms);
    json_member_text(rows->out, "unit", rows->unit->id);
    json_member_text(rows->out, "kind", occupied_name(occupied->by));
    json_member_text(rows->out, "what", buf_str(&text));
    put_time(rows->out, "from", occupied->from_ms);
    put_time(rows->out, "to", occupied->to_ms);
    buf_addc(rows->out, '}');
    buf_release(&text);
}

static void put_unit(struct rows *rows, const struct unit *unit, const struct occupied_span *span)
{
    rows->unit = unit;
    rows->span = span;
    if (unit && rows->left > 0)
        occupied_collisions(rows->g, unit, span, rows, put_row);
}

static void put_meeting(struct rows *rows, const struct meeting_view *view)
{
    const struct directory *dir = rows->g->config->directory;
    int64_t now_s = meeting_wall_now(rows->g);
    int sessions = 0;
    for (size_t i = 0; i < view->sessions && sessions < SESSIONS_MAX; i++) {
        const struct session *s = &view->session[i];
        if (s->state != SESSION_PLANNED || s->start_s <= now_s)
            continue;
        const struct occupied_span span = {
            meeting_moment(s->start_s), meeting_moment(s->start_s + s->duration_s), view->item.seq};
        for (size_t m = 0; m < view->members; m++)
            if (meeting_is_invited(view, s, &view->member[m]))
                put_unit(rows, directory_unit(dir, view->member[m].unit), &span);
        sessions++;
    }
}

/* A unit that is a body with its members. */
static void put_body(struct rows *rows, const struct unit *unit, const struct occupied_span *span)
{
    bool itself = false;
    for (size_t i = 0; i < unit->members; i++) {
        itself = itself || unit->member[i].unit == unit;
        put_unit(rows, unit->member[i].unit, span);
    }
    if (!itself)
        put_unit(rows, unit, span);
}

static bool read_span(struct http_call *call, struct occupied_span *span)
{
    int64_t length_ms;
    if (!wall_parse(http_argument(call, "start"), false, &span->from_ms)) {
        page_error(call, 400, "start: a time such as 2026-11-23T12:00 is wanted");
        return false;
    }
    if (!duration_parse(http_argument(call, "duration"), &length_ms) || length_ms < MINUTE_MS ||
        length_ms > DAY_MS) {
        page_error(call, 400, "duration: a length such as 30m or 2h is wanted, at most a day");
        return false;
    }
    span->to_ms = span->from_ms + length_ms;
    return true;
}

static void collisions_of_unit(struct rows *rows, struct http_call *call)
{
    struct occupied_span span = {0};
    const struct unit *unit =
        directory_unit(rows->g->config->directory, http_argument(call, "unit"));
    if (!unit) {
        page_error(call, 404, "a meeting, or --unit with a unit of the directory is wanted");
        return;
    }
    if (!read_span(call, &span))
        return;
    page_json(call);
    buf_addc(&call->answer, '[');
    put_body(rows, unit, &span);
    buf_addc(&call->answer, ']');
}

void page_collisions(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct rows rows = {.g = g, .out = &call->answer, .left = ROWS_MAX};
    struct meeting meeting;
    struct meeting_view view;
    const char *id = http_argument(call, "meeting");
    (void)fresh;
    if (str_empty(id)) {
        collisions_of_unit(&rows, call);
        return;
    }
    if (!store_meeting_find(g->store, id, &meeting)) {
        page_error(call, 404, "there is no meeting with that id");
        return;
    }
    page_json(call);
    buf_addc(&call->answer, '[');
    if (meeting_view(g, meeting.item_seq, &view))
        put_meeting(&rows, &view);
    meeting_view_release(&view);
    buf_addc(&call->answer, ']');
}
