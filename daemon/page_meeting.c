/*
 * Links of meetings: what a link in an invitation, reminder or question does. GET shows and changes
 * nothing, POST acts, as on the pages of answers (page_answer.c), and with their form field, guard
 * and "neuer Link".
 *
 * Whether somebody comes may be said anew until the session begins: plans change, and a page that
 * refuses a change of mind would make people not say so at all. So such a link is not used up, and
 * the page of each offers the other answers too; what it was made for stands first. All of them lie
 * in the same mail to the same mailbox. Of a series one answers for the whole, or ticks single
 * sessions; what was not changed on the page is not touched, so that a page that stood open for a
 * day does not undo what came in between.
 *
 * Whether it took place, whether the minutes are there, and the tick list are asked once: used, or
 * said by another way, the page tells what is recorded. Refuses whoever is no member any more, and
 * what is cancelled or over. No content of a case is shown: kind, time, place, roles, codes (R4).
 */
#include "page_meeting.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "links_meeting.h"
#include "meeting.h"
#include "page_html.h"
#include "rsvp.h"
#include "util.h"

/* ---- fields */

const char *meeting_field(char name[32], char letter, int64_t seq)
{
    snprintf(name, 32, "%c%lld", letter, (long long)seq);
    return name;
}

bool meeting_field_set(const struct visit *visit, char letter, int64_t seq)
{
    char name[32];
    return str_eq(http_argument(visit->call, meeting_field(name, letter, seq)), "1");
}

void meeting_say_nothing_done(struct visit *visit)
{
    buf_puts(&visit->said, "Mit diesem Klick wurde nichts geändert. Es gilt der folgende Stand.");
}

/* ---- what the visit finds */

/* Of a whole meeting: the sessions to come that this member is invited to (BI9). */
static void find_next(struct meeting_visit *m)
{
    struct meeting_view view = {0};
    int64_t now_s = meeting_wall_now(m->visit->g);
    bool found = meeting_view(m->visit->g, m->seat.item.seq, &view);
    const struct member *member = found ? meeting_member(&view, m->seat.unit) : NULL;
    for (size_t i = 0; member && i < view.sessions && m->nexts < PAGE_SESSIONS; i++) {
        const struct session *s = &view.session[i];
        if (s->state == SESSION_PLANNED && s->start_s > now_s &&
            meeting_is_invited(&view, s, member))
            m->next[m->nexts++] = *s;
    }
    meeting_view_release(&view);
}

/* Reads what is so now; once more after something was changed. */
static void look(struct meeting_visit *m)
{
    struct visit *v = m->visit;
    const struct directory *dir = v->g->config->directory;
    bool poll = v->item.kind == ITEM_POLL;
    m->unit = v->by;
    m->nexts = 0;
    m->asks = links_meeting_question(v->token.purpose);
    if (poll != (m->asks == ASKS_POLL))
        m->asks = ASKS_NOTHING;
    if (poll || !seat_load(v->g, &v->item, &v->due.notice, &m->seat))
        return;
    m->unit = directory_unit(dir, m->seat.unit);
    if (!m->seat.has_session)
        find_next(m);
}

enum member_status meeting_visit_status(const struct meeting_visit *m, int64_t session_seq)
{
    struct member member;
    bool found =
        store_member_for(m->visit->g->store, m->seat.item.seq, m->seat.unit, session_seq, &member);
    return found ? member.status : STATUS_NEEDS_ACTION;
}

bool meeting_visit_open(const struct meeting_visit *m)
{
    const struct visit *v = m->visit;
    if (v->expired || !m->unit || v->item.closed_ms)
        return false;
    if (m->asks == ASKS_POLL)
        return poll_link_open(m);
    if (m->asks != ASKS_RSVP && visit_used(v, v->token.purpose))
        return false;
    return seat_offers(v->g, &m->seat, m->asks);
}

/* ---- does it come? */

static void answer_for(struct meeting_visit *m, int64_t session_seq, enum member_status status,
                       struct buf *said)
{
    const struct rsvp rsvp = {.item_seq = m->seat.item.seq,
                              .unit = m->unit,
                              .session_seq = session_seq,
                              .status = status,
                              .sequence = -1,
                              .stamp_ms = m->visit->g->now_ms,
                              .via = VIA_LINK};
    enum rsvp_end end = rsvp_take(m->visit->g, &rsvp, said);
    m->visit->acted = m->visit->acted || end == RSVP_TAKEN || end == RSVP_KNOWN;
}

/* The form says of each session how it stood on the page ("w") and how it shall be ("s"): only what
 * differs is answered. */
static void answer_sessions(struct meeting_visit *m)
{
    struct visit *v = m->visit;
    struct buf scratch = BUF_INIT;
    size_t changed = 0;
    for (size_t i = 0; i < m->nexts; i++) {
        const struct session *s = &m->next[i];
        bool was = meeting_field_set(v, 'w', s->seq), absent = meeting_field_set(v, 's', s->seq);
        bool is = meeting_visit_status(m, s->seq) == STATUS_DECLINED;
        if (was == absent || is == absent)
            continue;
        answer_for(m, s->seq, absent ? STATUS_DECLINED : STATUS_ACCEPTED, &scratch);
        buf_puts(&v->said, changed++ ? "; " : "Gespeichert: ");
        buf_puts(&v->said, absent ? "Absage für " : "Zusage für ");
        meeting_when(&v->said, s->start_s, s->duration_s);
    }
    buf_puts(&v->said, changed ? "." : "Es wurde nichts geändert: Ihre Auswahl war schon so.");
    buf_release(&scratch);
}

static void rsvp_act(struct meeting_visit *m, const char *wish)
{
    enum member_status status;
    int64_t session_seq = m->seat.has_session ? m->seat.session.seq : 0;
    if (str_eq(wish, "sessions") && m->nexts > 1)
        answer_sessions(m);
    else if (member_status_parse(wish, &status) && status != STATUS_NEEDS_ACTION)
        answer_for(m, session_seq, status, &m->visit->said);
    else
        meeting_say_nothing_done(m->visit);
}

/* ---- afterwards */

static void held_act(struct meeting_visit *m, const char *wish)
{
    struct visit *v = m->visit;
    bool held = v->token.purpose == PURPOSE_HELD;
    if (!str_eq(wish, held ? "held" : "not_held")) {
        meeting_say_nothing_done(v);
        return;
    }
    meeting_session_held(v->g, &m->seat.session, held);
    visit_note_use(v, v->token.purpose);
    v->acted = true;
    buf_printf(&v->said, "Gespeichert: Der Termin hat %sstattgefunden.", held ? "" : "nicht ");
}

static void minutes_act(struct meeting_visit *m, const char *wish)
{
    struct visit *v = m->visit;
    if (!str_eq(wish, "minutes")) {
        meeting_say_nothing_done(v);
        return;
    }
    meeting_minutes_filed(v->g, &m->seat.session);
    visit_note_use(v, v->token.purpose);
    v->acted = true;
    buf_puts(&v->said, "Gespeichert: Das Protokoll liegt vor.");
}

/* A new link helps only while there is something to answer. */
static bool wants_link(const struct meeting_visit *m)
{
    return m->unit && (m->asks == ASKS_POLL ? !m->visit->item.closed_ms
                                            : seat_offers(m->visit->g, &m->seat, m->asks));
}

static void act(struct meeting_visit *m)
{
    struct visit *v = m->visit;
    const char *wish = http_argument(v->call, "answer");
    if (!visit_is_pressed(v))
        return;
    if (str_eq(wish, "link") && wants_link(m)) {
        visit_send_again(v);
        return;
    }
    if (!meeting_visit_open(m)) {
        meeting_say_nothing_done(v);
        return;
    }
    switch (m->asks) {
    case ASKS_RSVP:
        rsvp_act(m, wish);
        break;
    case ASKS_HELD:
        held_act(m, wish);
        break;
    case ASKS_MINUTES:
        minutes_act(m, wish);
        break;
    case ASKS_TICK:
        tick_act(m, wish);
        break;
    case ASKS_POLL:
        poll_link_act(m, wish);
        break;
    case ASKS_NOTHING:
        break;
    }
}

void page_meeting_visit(struct visit *v, bool pressed)
{
    struct meeting_visit m = {.visit = v};
    look(&m);
    if (v->item.kind == ITEM_MEETING && !m.seat.kind) {
        html_nothing(v->call, 404);
        return;
    }
    if (pressed) {
        act(&m);
        store_item_get(v->g->store, v->item.seq, &v->item);
        look(&m);
    }
    meeting_visit_show(&m);
}
