/*
 * Workflow, meetings: the events of the catalogue that define, call, move, cancel and end meetings,
 * and answers to invitations by a case system. Each names its meeting by meeting_id; a source
 * speaks for a meeting when it speaks for its host.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ical.h"
#include "meeting.h"
#include "poll.h"
#include "quota_check.h"
#include "rsvp.h"
#include "store.h"
#include "tell.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

enum { DAY_S = 86400 };

static void refuse(struct work *w, const char *code, enum field field)
{
    work_fault(w, code, field);
    work_refuse(w, false);
}

static int64_t wall_of(int64_t at_ms)
{
    int second;
    int64_t day = wall_day(at_ms, &second);
    return day * DAY_S + second;
}

bool work_named_meeting(struct work *w, struct meeting *meeting)
{
    struct item item;
    const char *kind = w->ev.text[FIELD_KIND];
    if (!store_meeting_find(w->g->store, w->ev.text[FIELD_MEETING_ID], meeting) ||
        !store_item_get(w->g->store, meeting->item_seq, &item) || item.closed_ms) {
        refuse(w, "E-TERMIN", FIELD_MEETING_ID);
        return false;
    }
    if (!str_empty(kind) && !str_eq(kind, meeting->kind)) {
        refuse(w, "E-WERT", FIELD_KIND);
        return false;
    }
    w->item = item;
    return true;
}

/* The same, when only the host's own source may say it. */
static bool host_meeting(struct work *w, struct meeting *meeting)
{
    if (!work_named_meeting(w, meeting))
        return false;
    const struct unit *host = directory_unit(w->g->config->directory, meeting->unit);
    if (host && w->parties.source && source_speaks_for(w->parties.source, host))
        return true;
    refuse(w, "E-QUELLE", FIELD_MEETING_ID);
    return false;
}

/* The session that `session` names, else the next, else the last one. */
static bool named_session(struct work *w, const struct meeting *meeting, struct session *session)
{
    struct store *store = w->g->store;
    int64_t now_s = meeting_wall_now(w->g);
    if (w->ev.present[FIELD_SESSION]) {
        if (store_session_find(store, meeting->item_seq, wall_of(w->ev.number[FIELD_SESSION]),
                               session))
            return true;
        refuse(w, "E-TERMIN", FIELD_SESSION);
        return false;
    }
    return store_session_next(store, meeting->item_seq, now_s, session) ||
           store_session_last(store, meeting->item_seq, now_s, session);
}

/* ---- defining and calling */

static size_t add_parties(struct work *w, struct member *member, size_t count, bool *known)
{
    char id[ID_MAX];
    const char *p = w->ev.text[FIELD_PARTIES];
    *known = true;
    while (*p && count < MEETING_MEMBERS_MAX) {
        size_t n = strcspn(p, ",");
        memcpy(id, p, n);
        id[n] = '\0';
        const struct unit *unit = directory_unit(w->g->config->directory, id);
        *known = *known && unit;
        if (unit) {
            memset(&member[count], 0, sizeof member[count]);
            str_copy(member[count].unit, ID_MAX, id);
            member[count++].class = unit->kind == UNIT_PROVIDER ? CLASS_PROVIDER : CLASS_STAFF;
        }
        p += n + (p[n] == ',');
    }
    return count;
}

static size_t read_dates(const char *text, int64_t second, bool months, int64_t *at_s, size_t max)
{
    size_t count = 0;
    while (*text && count < max) {
        char day[16] = "";
        int64_t days;
        size_t n = strcspn(text, ",");
        bool month = n == strlen("2099-12");
        memcpy(day, text, n);
        memcpy(day + n, month ? "-01" : "", month ? 4 : 1);
        if (month == months && date_parse(day, &days))
            at_s[count++] = days * DAY_S + (month ? 0 : second);
        text += n + (text[n] == ',');
    }
    return count;
}

static void fill_place(const struct work *w, struct meeting *m)
{
    const char *mode = w->ev.text[FIELD_MODE];
    if (w->ev.present[FIELD_ROOM])
        str_copy(m->room, sizeof m->room, w->ev.text[FIELD_ROOM]);
    if (w->ev.present[FIELD_LINK])
        str_copy(m->link, sizeof m->link, w->ev.text[FIELD_LINK]);
    if (str_eq(mode, "video"))
        m->mode = MODE_ONLINE;
    else if (str_eq(mode, "phone"))
        m->mode = MODE_PHONE;
    else if (str_eq(mode, "person"))
        m->mode = MODE_ROOM;
    else if (w->ev.present[FIELD_LINK])
        m->mode = str_empty(m->room) ? MODE_ONLINE : MODE_BOTH;
}

/* False with a fault when the rule or a party cannot be. */
static bool fill_meeting(struct work *w, struct meeting *m)
{
    struct buf err = BUF_INIT;
    const struct event *ev = &w->ev;
    memset(m, 0, sizeof *m);
    m->origin = ORIGIN_EVENT;
    str_copy(m->meeting_id, sizeof m->meeting_id, ev->text[FIELD_MEETING_ID]);
    str_copy(m->kind, sizeof m->kind, ev->text[FIELD_KIND]);
    str_copy(m->unit, sizeof m->unit, ev->text[FIELD_UNIT]);
    str_copy(m->rule, sizeof m->rule, ev->text[FIELD_RULE]);
    m->start_s = ev->present[FIELD_START] ? wall_of(ev->number[FIELD_START]) : 0;
    m->duration_s = ev->number[FIELD_DURATION] / 1000;
    m->rain_day = ev->number[FIELD_RAIN_ON];
    if (ev->present[FIELD_HOLIDAY])
        holiday_rule_parse(ev->text[FIELD_HOLIDAY], &m->holiday);
    fill_place(w, m);
    bool good = str_empty(m->rule) || ical_rule_check(m->rule, &err) == 0;
    buf_release(&err);
    if (!good)
        refuse(w, "E-WERT", FIELD_RULE);
    return good;
}

struct wish_memory {
    struct member member[MEETING_MEMBERS_MAX];
    int64_t date[64], month[64];
};

/* Members: the parties that the event names, else those of the host's body. */
static bool fill_wish(struct work *w, const struct meeting *meeting, struct wish_memory *memory,
                      struct meeting_wish *wish)
{
    bool known;
    const char *dates = w->ev.text[FIELD_DATES];
    memset(wish, 0, sizeof *wish);
    wish->meeting = *meeting;
    wish->members = add_parties(w, memory->member, 0, &known);
    if (!known) {
        refuse(w, "E-STELLE", FIELD_PARTIES);
        return false;
    }
    if (!wish->members)
        wish->members =
            meeting_members_of(w->parties.by, NULL, memory->member, MEETING_MEMBERS_MAX);
    wish->member = memory->member;
    wish->date = memory->date;
    wish->dates = read_dates(dates, meeting->start_s % DAY_S, false, memory->date, 64);
    wish->month = memory->month;
    wish->months = read_dates(dates, 0, true, memory->month, 64);
    wish->source = w->ev.topic_source;
    wish->event_seq = w->row.seq;
    return true;
}

static void open_meeting(struct work *w, const struct meeting_wish *wish)
{
    int64_t seq = meeting_open(w->g, wish);
    store_item_get(w->g->store, seq, &w->item);
}

void work_series_defined(struct work *w)
{
    struct meeting meeting, known;
    struct meeting_wish wish;
    struct item item;
    if (!fill_meeting(w, &meeting))
        return;
    if (str_empty(meeting.rule) && !w->ev.present[FIELD_DATES]) {
        refuse(w, "E-PFLICHT", FIELD_RULE);
        return;
    }
    bool there = store_meeting_find(w->g->store, meeting.meeting_id, &known) &&
                 store_item_get(w->g->store, known.item_seq, &item) && !item.closed_ms;
    if (there && (!host_meeting(w, &known) || known.origin != ORIGIN_EVENT)) {
        if (!w->ev.faults)
            refuse(w, "E-TERMIN", FIELD_MEETING_ID);
        return;
    }
    /* A rule is one entry in calendars, a list is many: the one does not become the other. */
    bool other_kind = there && str_empty(known.rule) != str_empty(meeting.rule);
    struct wish_memory *memory = xcalloc(1, sizeof *memory);
    if (!fill_wish(w, &meeting, memory, &wish)) {
        free(memory);
        return;
    }
    if (other_kind)
        meeting_cancel(w->g, known.item_seq, 0, "other");
    wish.meeting.item_seq = known.item_seq;
    if (there && !other_kind)
        meeting_change_dates(w->g, &wish);
    else
        open_meeting(w, &wish);
    free(memory);
}

static bool take_newest_open(void *context, const struct item *item)
{
    struct item *about = context;
    bool is_case =
        item->kind == ITEM_HANDOVER || item->kind == ITEM_REFERRAL || item->kind == ITEM_EMERGENCY;
    if (!is_case || item->closed_ms || !str_eq(item->case_ref, about->case_ref))
        return true;
    *about = *item;
    return false;
}

/* What the meeting is about: the item that the event names, else the newest open one of the case. A
 * case of which nothing is open is named by its reference alone. False with a fault when the named
 * item does not exist. */
static bool about_case(struct work *w, struct item *about)
{
    if (work_names_item(w)) {
        bool found = work_named_item(w, about);
        if (!found)
            work_refuse(w, false);
        return found;
    }
    if (!w->ev.present[FIELD_CASE_REF])
        return true;
    const char *ref = w->ev.text[FIELD_CASE_REF];
    about->restricted = w->ev.restricted;
    about->case_key = (int64_t)digest_short(w->g->keys.case_ref, ref, strlen(ref));
    str_copy(about->case_ref, sizeof about->case_ref, ref);
    str_copy(about->from_unit, sizeof about->from_unit, w->parties.by->id);
    store_item_each_of_case(w->g->store, about->case_key, about, take_newest_open);
    return true;
}

void work_meeting_called(struct work *w)
{
    struct meeting meeting, known;
    struct meeting_wish wish;
    struct item item, about = {0};
    if (!fill_meeting(w, &meeting) || !about_case(w, &about))
        return;
    if (store_meeting_find(w->g->store, meeting.meeting_id, &known) &&
        store_item_get(w->g->store, known.item_seq, &item) && !item.closed_ms) {
        refuse(w, "E-TERMIN", FIELD_MEETING_ID);
        return;
    }
    if (!w->ev.present[FIELD_REASON] &&
        !quota_allows(w->g, w->parties.by, meeting.kind,
                      meeting.start_s ? meeting.start_s : meeting_wall_now(w->g))) {
        refuse(w, "E-QUOTE", FIELD_REASON);
        return;
    }
    struct wish_memory *memory = xcalloc(1, sizeof *memory);
    if (fill_wish(w, &meeting, memory, &wish)) {
        wish.about = about.seq || about.case_key ? &about : NULL;
        open_meeting(w, &wish);
        if (!meeting.start_s)
            poll_find_date(w->g, w->item.seq, w->ev.number[FIELD_WITHIN_D],
                           w->ev.number[FIELD_POLL] != 0);
    }
    free(memory);
}

/* ---- changing, cancelling, ending */

void work_meeting_changed(struct work *w)
{
    struct meeting meeting;
    struct session session;
    if (!host_meeting(w, &meeting))
        return;
    if (!str_empty(w->ev.text[FIELD_RULE])) {
        refuse(w, "E-WERT", FIELD_RULE); /* a new rule is meeting.series.defined */
        return;
    }
    int64_t start_s = wall_of(w->ev.number[FIELD_START]);
    if (w->item.state == STATE_WAITING) {
        meeting_set_date(w->g, meeting.item_seq, start_s);
        return;
    }
    if (!named_session(w, &meeting, &session))
        return;
    if (!str_empty(meeting.rule) && !w->ev.present[FIELD_SESSION]) {
        refuse(w, "E-PFLICHT", FIELD_SESSION);
        return;
    }
    struct meeting place = meeting;
    memcpy(place.room, session.room, sizeof place.room);
    memcpy(place.link, session.link, sizeof place.link);
    place.mode = session.mode;
    fill_place(w, &place);
    session.start_s = start_s;
    session.duration_s = w->ev.number[FIELD_DURATION] / 1000;
    session.mode = place.mode;
    session.state = SESSION_PLANNED;
    memcpy(session.room, place.room, sizeof session.room);
    memcpy(session.link, place.link, sizeof session.link);
    meeting_change_session(w->g, &session);
}

void work_meeting_cancelled(struct work *w)
{
    struct meeting meeting;
    struct session session = {0};
    if (!host_meeting(w, &meeting))
        return;
    if (w->ev.present[FIELD_SESSION] && !named_session(w, &meeting, &session))
        return;
    meeting_cancel(w->g, meeting.item_seq, session.seq, w->ev.text[FIELD_CODE]);
}

/* What has not begun was not held, whatever is said of it. */
static bool has_begun(struct work *w, const struct session *session)
{
    bool begun = session->start_s <= meeting_wall_now(w->g);
    if (!begun)
        refuse(w, "E-TERMIN", FIELD_SESSION);
    return begun;
}

void work_meeting_held(struct work *w)
{
    struct meeting meeting;
    struct session session;
    if (!host_meeting(w, &meeting) || !named_session(w, &meeting, &session))
        return;
    if (has_begun(w, &session))
        meeting_session_held(w->g, &session, true);
}

void work_minutes_filed(struct work *w)
{
    struct meeting meeting;
    struct session session;
    if (!work_named_meeting(w, &meeting))
        return;
    if (!w->ev.present[FIELD_SESSION]) {
        if (store_session_last(w->g->store, meeting.item_seq, meeting_wall_now(w->g), &session))
            meeting_minutes_filed(w->g, &session);
    } else if (named_session(w, &meeting, &session) && has_begun(w, &session)) {
        meeting_minutes_filed(w->g, &session);
    }
}

void work_rsvp_received(struct work *w)
{
    struct meeting meeting;
    struct session session = {0};
    struct buf said = BUF_INIT;
    struct rsvp rsvp = {
        .unit = w->parties.by, .sequence = -1, .stamp_ms = w->ev.effective_ms, .via = VIA_EVENT};
    if (!work_named_meeting(w, &meeting) ||
        (w->ev.present[FIELD_SESSION] && !named_session(w, &meeting, &session)))
        return;
    rsvp.item_seq = meeting.item_seq;
    rsvp.session_seq = session.seq;
    member_status_parse(w->ev.text[FIELD_CODE], &rsvp.status);
    enum rsvp_end end = rsvp_take(w->g, &rsvp, &said);
    if (end == RSVP_NOT_INVITED)
        refuse(w, "E-STELLE", FIELD_UNIT);
    else if (end == RSVP_OVER)
        refuse(w, "E-TERMIN", FIELD_MEETING_ID);
    buf_release(&said);
}
