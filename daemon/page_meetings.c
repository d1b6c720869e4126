/*
 * Control calls about meetings: list, look, call, move, cancel, switch the mode, say what took
 * place, answer for a unit. Times come in as people write them, on the wall in Berlin; what is
 * changed here is told to the members as after an event.
 */
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ical.h"
#include "json.h"
#include "meeting.h"
#include "occupied.h"
#include "page_parts.h"
#include "rsvp.h"
#include "store.h"
#include "util.h"
#include "walltime.h"

enum { DAY_S = 86400, LIST_SHARE = 50, LIST_MAX = 2000 };

/* "2027-01-07T09:00" -> wall seconds; a day alone is its beginning. */
static bool wall_argument(struct http_call *call, const char *name, int64_t *at_s)
{
    int64_t at_ms;
    int second;
    if (!wall_parse(http_argument(call, name), false, &at_ms)) {
        page_error(call, 400, "a time such as 2027-01-07T09:00 is wanted");
        return false;
    }
    int64_t day = wall_day(at_ms, &second);
    *at_s = day * DAY_S + second;
    return true;
}

static void put_wall(struct buf *out, const char *name, int64_t at_s)
{
    struct buf text = BUF_INIT;
    time_local(&text, meeting_moment(at_s));
    json_member_text(out, name, buf_str(&text));
    buf_release(&text);
}

/* The open meeting that the path names; false with an error answered. */
static bool named_meeting(struct stafette *g, struct http_call *call, struct meeting *meeting)
{
    const char *id = strrchr(call->path, '/') + 1;
    struct item item;
    if (store_meeting_find(g->store, id, meeting) &&
        store_item_get(g->store, meeting->item_seq, &item) && !item.closed_ms)
        return true;
    page_error(call, 404, "there is no open meeting of this id; \"meeting list\" shows them");
    return false;
}

/* The session that the argument names, else the next one, else the last. */
static bool named_session(struct stafette *g, struct http_call *call, const struct meeting *meeting,
                          struct session *session)
{
    int64_t at_s, now_s = meeting_wall_now(g);
    if (str_empty(http_argument(call, "session"))) {
        if (store_session_next(g->store, meeting->item_seq, now_s, session) ||
            store_session_last(g->store, meeting->item_seq, now_s, session))
            return true;
    } else if (!wall_argument(call, "session", &at_s)) {
        return false;
    } else if (store_session_find(g->store, meeting->item_seq, at_s, session)) {
        return true;
    }
    page_error(call, 404,
               "there is no such session; give its start as the rule has it, as \"meeting show\" "
               "lists it");
    return false;
}

static void put_done(struct http_call *call, const char *what)
{
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "state", what);
    buf_addc(&call->answer, '}');
}

/* ---- looking */

static void put_meeting(struct stafette *g, struct buf *out, const struct meeting *m,
                        const struct item *item)
{
    char code[ITEM_ID_LEN + 1];
    struct session next;
    code_write(code, item->seq, g->keys.code);
    json_member_text(out, "meeting", m->meeting_id);
    json_member_text(out, "item_id", code);
    json_member_text(out, "kind", m->kind);
    json_member_text(out, "unit", m->unit);
    json_member_text(out, "state", item_state_name(item->state));
    if (store_session_next(g->store, item->seq, meeting_wall_now(g), &next))
        put_wall(out, "next", next.start_s);
    json_member_int(out, "sequence", m->sequence);
}

void page_meetings(struct stafette *g, struct http_call *call, struct known *fresh)
{
    char after[ID_MAX] = "";
    struct item item;
    struct meeting *found = xcalloc(LIST_SHARE, sizeof *found);
    bool all = str_eq(http_argument(call, "state"), "all");
    size_t n, looked = 0;
    (void)fresh;
    page_json(call);
    buf_addc(&call->answer, '[');
    do {
        n = store_meeting_after(g->store, after, -1, found, LIST_SHARE);
        for (size_t i = 0; i < n; i++) {
            str_copy(after, sizeof after, found[i].meeting_id);
            if (!store_item_get(g->store, found[i].item_seq, &item) || (item.closed_ms && !all))
                continue;
            json_comma(&call->answer);
            buf_addc(&call->answer, '{');
            put_meeting(g, &call->answer, &found[i], &item);
            buf_addc(&call->answer, '}');
        }
        looked += n;
    } while (n == LIST_SHARE && looked < LIST_MAX);
    buf_addc(&call->answer, ']');
    free(found);
}

static void put_sessions(struct buf *out, const struct meeting_view *view)
{
    json_put_name(out, "sessions");
    buf_addc(out, '[');
    for (size_t i = 0; i < view->sessions; i++) {
        const struct session *s = &view->session[i];
        json_comma(out);
        buf_addc(out, '{');
        put_wall(out, "session", s->original_s);
        put_wall(out, "start", s->start_s);
        json_member_int(out, "minutes", s->duration_s / 60);
        json_member_text(out, "state", session_state_name(s->state));
        json_member_int(out, "sequence", s->sequence);
        json_member_text(out, "mode", meeting_mode_name(s->mode));
        json_member_text(out, "why", s->why);
        json_member_bool(out, "frozen", s->frozen_ms != 0);
        json_member_bool(out, "minutes_filed", s->minutes_ms != 0);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

/* A meeting without a rule is answered date by date: shown is the answer to the next one. */
static int64_t answered_session(struct stafette *g, const struct meeting *meeting)
{
    struct session next;
    bool by_date = str_empty(meeting->rule) &&
                   store_session_next(g->store, meeting->item_seq, meeting_wall_now(g), &next);
    return by_date ? next.seq : 0;
}

static void put_members(struct stafette *g, struct buf *out, const struct meeting_view *view)
{
    int64_t session_seq = answered_session(g, &view->meeting);
    json_put_name(out, "members");
    buf_addc(out, '[');
    for (size_t i = 0; i < view->members; i++) {
        const struct member *m = &view->member[i];
        struct member now = *m;
        store_member_for(g->store, view->item.seq, m->unit, session_seq, &now);
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "unit", m->unit);
        json_member_text(out, "role", member_role_name(m->role));
        json_member_text(out, "class", member_class_name(m->class));
        json_member_text(out, "answer", member_status_name(now.status));
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

void page_meeting(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct meeting_view view;
    (void)fresh;
    if (!store_meeting_find(g->store, strrchr(call->path, '/') + 1, &meeting) ||
        !meeting_view(g, meeting.item_seq, &view)) {
        page_error(call, 404, "there is no meeting of this id");
        return;
    }
    page_json(call);
    buf_addc(&call->answer, '{');
    put_meeting(g, &call->answer, &view.meeting, &view.item);
    json_member_text(&call->answer, "rule", view.meeting.rule);
    json_member_text(&call->answer, "room", view.meeting.room);
    json_member_text(&call->answer, "link", view.meeting.link);
    put_sessions(&call->answer, &view);
    put_members(g, &call->answer, &view);
    buf_addc(&call->answer, '}');
    meeting_view_release(&view);
}

/* ---- calling */

/* "a,b" -> members; false with an error when one is not in the directory. */
static bool parties(struct stafette *g, struct http_call *call, struct member *member,
                    size_t *count)
{
    char id[ID_MAX];
    const char *p = http_argument(call, "parties");
    for (*count = 0; *p && *count < MEETING_MEMBERS_MAX; p += *p == ',') {
        size_t n = strcspn(p, ",");
        str_copy(id, n + 1 < sizeof id ? n + 1 : sizeof id, p);
        p += n;
        const struct unit *unit = directory_unit(g->config->directory, id);
        if (!unit) {
            page_error(call, 404, "a party is not in the directory");
            return false;
        }
        str_copy(member[*count].unit, ID_MAX, unit->id);
        member[(*count)++].class = unit->kind == UNIT_PROVIDER ? CLASS_PROVIDER : CLASS_STAFF;
    }
    return true;
}

/* False with an error answered. */
static bool wanted_meeting(struct stafette *g, struct http_call *call, struct meeting *m)
{
    struct meeting known;
    struct item item;
    int64_t minutes = 60;
    const char *id = strrchr(call->path, '/') + 1, *length = http_argument(call, "minutes");
    const struct unit *unit = directory_unit(g->config->directory, http_argument(call, "unit"));
    m->origin = ORIGIN_CONTROL;
    str_copy(m->meeting_id, sizeof m->meeting_id, id);
    str_copy(m->kind, sizeof m->kind, http_argument(call, "kind"));
    str_copy(m->room, sizeof m->room, http_argument(call, "room"));
    str_copy(m->link, sizeof m->link, http_argument(call, "link"));
    m->mode = str_empty(m->link) ? MODE_ROOM : str_empty(m->room) ? MODE_ONLINE : MODE_BOTH;
    if (!unit || !meeting_kind_find(m->kind) || str_empty(id) || strlen(id) >= ID_MAX) {
        page_error(call, 400, "an id, a kind of meeting and a unit of the directory are wanted");
        return false;
    }
    str_copy(m->unit, sizeof m->unit, unit->id);
    if (!str_empty(length) && !int_parse(length, 5, 14 * 24 * 60, &minutes)) {
        page_error(call, 400, "--minutes is a number from 5 on");
        return false;
    }
    m->duration_s = minutes * 60;
    if (store_meeting_find(g->store, id, &known) &&
        store_item_get(g->store, known.item_seq, &item) && !item.closed_ms) {
        page_error(call, 409, "there is an open meeting of this id already; choose another");
        return false;
    }
    return wall_argument(call, "start", &m->start_s);
}

struct collisions {
    struct stafette *g;
    const struct unit *unit;
    struct buf *text;
};

static void put_collision(void *context, const struct occupied *occupied)
{
    struct collisions *c = context;
    buf_printf(c->text, "%s%s: ", c->text->len ? "; " : "", c->unit->id);
    occupied_german(c->g, c->unit, occupied, c->text);
}

/* What keeps a party from coming is shown before anything is booked. */
static bool collides(struct stafette *g, struct http_call *call, const struct meeting_wish *wish)
{
    const int64_t from_s = wish->meeting.start_s;
    const struct occupied_span span = {meeting_moment(from_s),
                                       meeting_moment(from_s + wish->meeting.duration_s), 0};
    struct buf text = BUF_INIT, why = BUF_INIT;
    struct collisions c = {.g = g, .text = &text};
    for (size_t i = 0; i < wish->members; i++) {
        c.unit = directory_unit(g->config->directory, wish->member[i].unit);
        if (c.unit)
            occupied_collisions(g, c.unit, &span, &c, put_collision);
    }
    if (text.len) {
        buf_printf(&why, "not booked, somebody cannot come: %s; --force books all the same",
                   buf_str(&text));
        page_error(call, 409, buf_str(&why));
    }
    bool found = text.len > 0;
    buf_release(&text);
    buf_release(&why);
    return found;
}

void page_meeting_call(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting_wish wish = {0};
    struct member *member = xcalloc(MEETING_MEMBERS_MAX, sizeof *member);
    (void)fresh;
    if (wanted_meeting(g, call, &wish.meeting) && parties(g, call, member, &wish.members)) {
        wish.member = member;
        if (!wish.members)
            wish.members =
                meeting_members_of(directory_unit(g->config->directory, wish.meeting.unit), NULL,
                                   member, MEETING_MEMBERS_MAX);
        if (wish.meeting.start_s <= meeting_wall_now(g)) {
            page_error(call, 400, "the meeting would begin in the past; give a later start");
        } else if (!str_empty(http_argument(call, "force")) || !collides(g, call, &wish)) {
            meeting_open(g, &wish);
            put_done(call, "called");
        }
    }
    free(member);
}

/* ---- changing */

void page_meeting_move(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct session session;
    struct item item;
    int64_t start_s;
    (void)fresh;
    if (!named_meeting(g, call, &meeting) || !wall_argument(call, "start", &start_s))
        return;
    if (store_item_get(g->store, meeting.item_seq, &item) && item.state == STATE_WAITING) {
        meeting_set_date(g, meeting.item_seq, start_s);
        put_done(call, "dated");
        return;
    }
    if (!named_session(g, call, &meeting, &session))
        return;
    session.start_s = start_s;
    session.state = SESSION_PLANNED;
    put_done(call, meeting_change_session(g, &session) ? "moved" : "unchanged");
}

void page_meeting_cancel(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct session session = {0};
    (void)fresh;
    if (!named_meeting(g, call, &meeting))
        return;
    if (!str_empty(http_argument(call, "session")) && !named_session(g, call, &meeting, &session))
        return;
    meeting_cancel(g, meeting.item_seq, session.seq, http_argument(call, "code"));
    put_done(call, "cancelled");
}

/* Of one meeting, or of all of a kind, or of all (KI7). */
void page_meeting_mode(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting_switch wanted = {.link = http_argument(call, "link"),
                                    .room = http_argument(call, "room")};
    size_t n, changed = 0;
    char after[ID_MAX] = "";
    const char *kind = http_argument(call, "kind"), *only = http_argument(call, "meeting");
    (void)fresh;
    if (!meeting_mode_parse(strrchr(call->path, '/') + 1, &wanted.mode)) {
        page_error(call, 400, "a mode is one of room, online, both, phone");
        return;
    }
    if (!str_empty(http_argument(call, "from")) && !wall_argument(call, "from", &wanted.from_s))
        return;
    struct meeting *found = xcalloc(LIST_SHARE, sizeof *found);
    do {
        n = store_meeting_after(g->store, after, -1, found, LIST_SHARE);
        for (size_t i = 0; i < n; i++) {
            str_copy(after, sizeof after, found[i].meeting_id);
            if ((str_empty(kind) || str_eq(kind, found[i].kind)) &&
                (str_empty(only) || str_eq(only, found[i].meeting_id)))
                changed += meeting_switch_mode(g, found[i].item_seq, &wanted);
        }
    } while (n == LIST_SHARE);
    free(found);
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_int(&call->answer, "changed", (int64_t)changed);
    buf_addc(&call->answer, '}');
}

void page_meeting_held(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct session session;
    bool held = str_empty(http_argument(call, "not"));
    (void)fresh;
    if (!named_meeting(g, call, &meeting) || !named_session(g, call, &meeting, &session))
        return;
    meeting_session_held(g, &session, held);
    put_done(call, held ? "held" : "not_held");
}

void page_meeting_minutes(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct meeting meeting;
    struct session session;
    (void)fresh;
    if (!named_meeting(g, call, &meeting))
        return;
    if (str_empty(http_argument(call, "session")) &&
        !store_session_last(g->store, meeting.item_seq, meeting_wall_now(g), &session)) {
        page_error(call, 409, "no session of this meeting has taken place yet");
        return;
    }
    if (!str_empty(http_argument(call, "session")) && !named_session(g, call, &meeting, &session))
        return;
    meeting_minutes_filed(g, &session);
    put_done(call, "minutes_filed");
}

void page_meeting_answer(struct stafette *g, struct http_call *call, struct known *fresh)
{
    static const int status_of[] = {
        [RSVP_TAKEN] = 200,       [RSVP_KNOWN] = 200, [RSVP_OUTDATED] = 409,
        [RSVP_NOT_INVITED] = 404, [RSVP_OVER] = 409,  [RSVP_UNKNOWN] = 404,
    };
    struct meeting meeting;
    struct session session = {0};
    struct buf said = BUF_INIT;
    struct rsvp rsvp = {.sequence = -1, .stamp_ms = g->now_ms, .via = VIA_CONTROL};
    (void)fresh;
    if (!named_meeting(g, call, &meeting))
        return;
    if (!str_empty(http_argument(call, "session")) && !named_session(g, call, &meeting, &session))
        return;
    rsvp.item_seq = meeting.item_seq;
    rsvp.session_seq = session.seq ? session.seq : answered_session(g, &meeting);
    rsvp.unit = directory_unit(g->config->directory, http_argument(call, "unit"));
    if (!rsvp.unit || !member_status_parse(http_argument(call, "answer"), &rsvp.status)) {
        page_error(call, 400,
                   "a unit of the directory and accepted, declined, tentative or deputy "
                   "are wanted");
        return;
    }
    enum rsvp_end end = rsvp_take(g, &rsvp, &said);
    if (status_of[end] != 200) {
        page_error(call, status_of[end], buf_str(&said));
    } else {
        page_json(call);
        buf_addc(&call->answer, '{');
        json_member_text(&call->answer, "said", buf_str(&said));
        buf_addc(&call->answer, '}');
    }
    buf_release(&said);
}
