/*
 * The iCalendar part of invitations: see meeting.h. What a member gets is what it is invited to: a
 * role that leaves after some sessions gets a rule that ends there (BI9), a citizen its own
 * beginning (BI4). The texts name a kind, a place and a code, nothing of a case (DOMAIN R4).
 *
 * A series by rule is a master with its exceptions; dates of a list are entries of their own. Made
 * when an attempt starts, from the rows as they are then: a repeat after a move tells the new time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ical.h"
#include "meeting.h"
#include "util.h"

enum { DAY_S = 86400, TAG_BYTES = 4 };

static const int64_t COUNT_S = INT64_C(60) * 366 * DAY_S; /* no COUNT is followed for longer */

/* ---- UIDs */

/* "m17" or "m17-4": the number of the item, and of the session of a list. */
static void put_name(struct buf *out, int64_t item_seq, int64_t session_seq)
{
    buf_printf(out, "m%lld", (long long)item_seq);
    if (session_seq)
        buf_printf(out, "-%lld", (long long)session_seq);
}

/* The tag keeps others from making up entries that we would believe. */
static void put_tag(const struct stafette *g, const char *name, struct buf *out)
{
    unsigned char mac[DIGEST_FULL];
    digest_hmac(mac, g->keys.token, name, strlen(name));
    digest_hex(out, mac, TAG_BYTES);
}

void meeting_uid(const struct stafette *g, const struct meeting_view *view,
                 const struct session *session, struct buf *out)
{
    struct buf name = BUF_INIT;
    bool own = str_empty(view->meeting.rule) && session;
    put_name(&name, view->item.seq, own ? session->seq : 0);
    buf_printf(out, "%s.", buf_str(&name));
    put_tag(g, buf_str(&name), out);
    buf_printf(out, "@%s", g->config->settings.mail_id_domain);
    buf_release(&name);
}

static bool read_number(const char **at, int64_t *number)
{
    char digits[20];
    size_t n = strspn(*at, "0123456789");
    if (!n || n >= sizeof digits)
        return false;
    memcpy(digits, *at, n);
    digits[n] = '\0';
    *at += n;
    return int_parse(digits, 1, INT64_MAX, number);
}

bool meeting_uid_read(const struct stafette *g, const char *uid, int64_t *item_seq,
                      int64_t *session_seq)
{
    const char *at = uid + 1;
    struct buf name = BUF_INIT, want = BUF_INIT;
    *session_seq = 0;
    if (*uid != 'm' || !read_number(&at, item_seq))
        return false;
    if (*at == '-' && (at++, !read_number(&at, session_seq)))
        return false;
    put_name(&name, *item_seq, *session_seq);
    buf_printf(&want, "%s.", buf_str(&name));
    put_tag(g, buf_str(&name), &want);
    buf_addc(&want, '@');
    bool ours = str_starts(uid, buf_str(&want));
    buf_release(&name);
    buf_release(&want);
    return ours;
}

/* ---- what a member is invited to */

struct making {
    struct stafette *g;
    const struct meeting_view *view;
    const struct unit *unit;
    const struct member *member; /* NULL: was one */
    const char *organizer;
    bool cancel;
    struct ical_attendee attendee;
    struct session first; /* where the master stands: the events point into it */
    struct ical_event *event;
    struct buf *text; /* two an event: location, description */
    struct buf *uid;
    struct buf rule;
    int64_t *except;
    size_t events, excepts;
};

static void describe(struct making *m, const struct session *session, struct buf *out)
{
    char code[ITEM_ID_LEN + 1];
    int64_t seq = m->view->kind->cases == CASES_ONE && m->view->item.parent_seq
                      ? m->view->item.parent_seq
                      : m->view->item.seq;
    code_write(code, seq, m->g->keys.code);
    buf_printf(out, "Kennung: %s\nVorbereitet von: %s\n", code, m->view->host->name);
    if (session && session->mode != MODE_ROOM && !str_empty(session->link))
        buf_printf(out, "Online: %s\n", session->link);
    if (!str_empty(m->view->meeting.dial_in))
        buf_printf(out, "Einwahl per Telefon: %s\n", m->view->meeting.dial_in);
    buf_puts(out, "Diese Einladung enthält absichtlich keine Angaben zu Personen.\n");
}

static const char *url_of(const struct session *session)
{
    return session->mode != MODE_ROOM ? session->link : "";
}

static const char *role_of(const struct making *m)
{
    return member_role_ical(m->member ? m->member->role : MEMBER_MEMBER);
}

static struct ical_event *add_event(struct making *m, const struct session *session)
{
    struct ical_event *e = &m->event[m->events];
    struct buf *where = &m->text[2 * m->events], *what = where + 1, *uid = &m->uid[m->events];
    int64_t start_s = session->start_s, duration_s = session->duration_s;
    m->events++;
    memset(e, 0, sizeof *e);
    meeting_times_for(m->view, session, m->member, &start_s, &duration_s);
    meeting_where(where, &m->view->meeting, session);
    describe(m, session, what);
    meeting_uid(m->g, m->view, session, uid);
    e->uid = buf_str(uid);
    e->dtstamp_ms = m->g->now_ms;
    e->start_s = start_s;
    e->end_s = start_s + duration_s;
    e->cancelled = m->cancel || session->state == SESSION_CANCELLED;
    e->summary = m->view->kind->name;
    e->description = buf_str(what);
    e->location = buf_str(where);
    e->url = url_of(session);
    e->organizer_address = m->organizer;
    e->organizer_name = m->view->host->name;
    e->attendee = &m->attendee;
    e->attendees = 1;
    e->sequence = session->sequence > m->view->meeting.sequence ? session->sequence
                                                                : m->view->meeting.sequence;
    return e;
}

/* How the session's start as the rule has it looks to this member. */
static int64_t original_for(const struct making *m, const struct session *session)
{
    struct session as_ruled = *session;
    int64_t start_s, duration_s;
    as_ruled.start_s = session->original_s;
    as_ruled.duration_s = m->view->meeting.duration_s;
    meeting_times_for(m->view, &as_ruled, m->member, &start_s, &duration_s);
    return start_s;
}

static void add_exception(struct making *m, const struct session *session)
{
    struct ical_event *e = add_event(m, session);
    e->recurrence_s = original_for(m, session);
}

/* True when the master's rule shows it wrongly. */
static bool is_odd(const struct making *m, const struct session *session)
{
    const struct meeting *meeting = &m->view->meeting;
    return session->start_s != session->original_s || session->duration_s != meeting->duration_s ||
           session->mode != meeting->mode || !str_eq(session->room, meeting->room) ||
           !str_eq(session->link, meeting->link);
}

static bool is_out(const struct session *session)
{
    return session->state == SESSION_LEFT_OUT || session->state == SESSION_CANCELLED ||
           session->state == SESSION_NOT_HELD;
}

/* Where the rule as it is now stands in a calendar: at its first date that is a session of ours.
 * Sessions before an older rule was given up are none of it. */
struct anchor {
    struct session first;
    int64_t last_s; /* end of its last day, by its COUNT; 0 = it has none */
    bool counts_on; /* the COUNT began before `first` */
};

static void find_anchor(const struct meeting_view *view, struct anchor *anchor)
{
    const struct meeting *m = &view->meeting;
    const struct session *last = &view->session[view->sessions - 1];
    bool counted = strstr(m->rule, "COUNT=") != NULL;
    int64_t *start = xcalloc(SERIES_STARTS_MAX, sizeof *start);
    int64_t from_s = counted ? m->start_s : view->session[0].original_s;
    int64_t to_s = counted ? m->start_s + COUNT_S : last->original_s + 1;
    size_t n = ical_expand(m->rule, m->start_s, from_s, to_s, start, SERIES_STARTS_MAX), at = 0;
    anchor->first = view->session[0];
    anchor->last_s = 0;
    anchor->counts_on = false;
    for (size_t i = 0; i < view->sessions; i++) {
        int64_t original_s = view->session[i].original_s;
        while (at < n && start[at] < original_s)
            at++;
        if (at < n && start[at] == original_s) {
            anchor->first = view->session[i];
            break;
        }
    }
    if (counted && n) {
        anchor->last_s = start[n - 1] - start[n - 1] % DAY_S + DAY_S - 1;
        anchor->counts_on = at > 0;
    }
    free(start);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a; /* 0: none */
}

/* The last start this member is invited to, when the text of the rule does not say it; 0: it
 * does. */
static int64_t ends_for(const struct making *m, const struct anchor *anchor)
{
    const struct meeting_view *view = m->view;
    int64_t until_day = view->meeting.until_day;
    int64_t last_s = until_day ? (until_day + 1) * DAY_S - 1 : 0;
    for (size_t i = 0; m->member && m->member->sessions_max && i < view->sessions; i++)
        if (!meeting_is_invited(view, &view->session[i], m->member)) {
            last_s = earlier(last_s, view->session[i].original_s - 1);
            break;
        }
    return last_s || anchor->counts_on ? earlier(last_s, anchor->last_s) : 0;
}

/* The rule as this member has it: it ends where its sessions end. The UNTIL is wall time. */
static void put_rule(struct making *m, const struct anchor *anchor)
{
    const char *rule = m->view->meeting.rule, *until = strstr(rule, "UNTIL="),
               *count = strstr(rule, "COUNT=");
    int64_t last_s = ends_for(m, anchor);
    if (!last_s) {
        buf_puts(&m->rule, rule);
        return;
    }
    const char *end = until ? until : count;
    size_t head = end ? (size_t)(end - rule) : strlen(rule);
    const char *rest = end ? end + strcspn(end, ";") : "";
    while (head && rule[head - 1] == ';')
        head--;
    buf_add(&m->rule, rule, head);
    buf_puts(&m->rule, rest);
    int year, month, mday;
    day_split(last_s / DAY_S, &year, &month, &mday);
    buf_printf(&m->rule, ";UNTIL=%04d%02d%02dT%02d%02d%02d", year, month, mday,
               (int)(last_s % DAY_S / 3600), (int)(last_s % 3600 / 60), (int)(last_s % 60));
}

/* The master stands at the first session of the rule, as the rule has it. */
static void add_master(struct making *m)
{
    const struct meeting_view *view = m->view;
    struct anchor anchor;
    find_anchor(view, &anchor);
    struct session *first = &m->first;
    *first = anchor.first;
    put_rule(m, &anchor);
    first->start_s = first->original_s;
    first->duration_s = view->meeting.duration_s;
    first->mode = view->meeting.mode;
    first->state = SESSION_PLANNED;
    first->sequence = 0;
    memcpy(first->room, view->meeting.room, sizeof first->room);
    memcpy(first->link, view->meeting.link, sizeof first->link);
    struct ical_event *master = add_event(m, first);
    for (size_t i = 0; i < view->sessions; i++) {
        const struct session *s = &view->session[i];
        if (is_out(s) && meeting_is_invited(view, s, m->member))
            m->except[m->excepts++] = original_for(m, s);
    }
    master->rule = buf_str(&m->rule);
    master->except = m->except;
    master->excepts = m->excepts;
}

/* Also what is over: a session that came earlier than ruled must not show up again on its day. */
static void add_series(struct making *m)
{
    add_master(m);
    for (size_t i = 0; i < m->view->sessions && !m->cancel; i++) {
        const struct session *s = &m->view->session[i];
        if (!is_out(s) && s->state != SESSION_MONTH && is_odd(m, s) &&
            meeting_is_invited(m->view, s, m->member))
            add_exception(m, s);
    }
}

static bool carries(const char *what, const char **method)
{
    bool cancels = str_eq(what, "meeting.cancelled") || str_eq(what, "presence.cancelled");
    *method = cancels ? "CANCEL" : "REQUEST";
    return cancels || str_eq(what, "meeting.invited") || str_eq(what, "meeting.changed");
}

static const struct contact *mailbox(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_EMAIL)
            return &unit->contact[i];
    return NULL;
}

static void make(struct making *m, int64_t session_seq)
{
    const struct meeting_view *view = m->view;
    const struct session *session = meeting_session(view, session_seq);
    if (!session && !view->sessions)
        return;
    if (!session && !str_empty(view->meeting.rule))
        add_series(m);
    else if (!session)
        add_event(m, &view->session[0]);
    else if (str_empty(view->meeting.rule))
        add_event(m, session);
    else
        add_exception(m, session);
}

void meeting_calendar(struct stafette *g, const struct meeting_view *view, const struct unit *unit,
                      const char *what, int64_t session_seq, const char *organizer,
                      struct buf *calendar, const char **method)
{
    size_t max = view->sessions + 1;
    const struct contact *contact = mailbox(unit);
    if (!carries(what, method) || !contact) {
        *method = NULL;
        return;
    }
    struct making m = {.g = g,
                       .view = view,
                       .unit = unit,
                       .organizer = organizer,
                       .member = meeting_member(view, unit->id),
                       .cancel = str_eq(*method, "CANCEL"),
                       .rule = BUF_INIT};
    struct member now;
    bool known =
        m.member && store_member_for(g->store, view->item.seq, unit->id, session_seq, &now);
    m.attendee =
        (struct ical_attendee){contact->address, unit->name, role_of(&m),
                               member_status_partstat(known ? now.status : STATUS_NEEDS_ACTION)};
    m.event = xcalloc(max, sizeof *m.event);
    m.text = xcalloc(2 * max, sizeof *m.text);
    m.uid = xcalloc(max, sizeof *m.uid);
    m.except = xcalloc(max, sizeof *m.except);
    make(&m, session_seq);
    if (m.events)
        ical_write(calendar, *method, m.event, m.events);
    else
        *method = NULL;
    for (size_t i = 0; i < 2 * max; i++)
        buf_release(&m.text[i]);
    for (size_t i = 0; i < max; i++)
        buf_release(&m.uid[i]);
    buf_release(&m.rule);
    free(m.event);
    free(m.text);
    free(m.uid);
    free(m.except);
}
