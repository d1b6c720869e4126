/*
 * The page behind a link of a meeting or poll: what it is, when and where, what the member has said
 * so far, and the form for what the link asks. Pure writing: reads the store, changes nothing. Each
 * group of boxes has a legend, each box its label; nothing needs a script.
 */
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "links_meeting.h"
#include "meeting.h"
#include "page_html.h"
#include "page_meeting.h"
#include "util.h"

void meeting_put_box(struct buf *out, char letter, int64_t seq, const char *label, bool checked)
{
    char name[32];
    buf_printf(out, "<label><input type=\"checkbox\" name=\"%s\" value=\"1\"%s>",
               meeting_field(name, letter, seq), checked ? " checked" : "");
    html_text(out, label);
    buf_puts(out, "</label>\n");
}

void meeting_put_button(struct buf *out, const char *answer, const char *label, bool first)
{
    buf_printf(out, "<button%s name=\"answer\" value=\"%s\">", first ? "" : " class=\"other\"",
               answer);
    html_text(out, label);
    buf_puts(out, "</button>\n");
}

/* ---- facts */

/* When a member comes: a citizen to part 2 (BI4). */
static void put_when(const struct meeting_visit *m, const struct session *session, struct buf *out)
{
    const struct meeting_view view = {
        .setup = directory_meeting(m->visit->g->config->directory, m->seat.meeting.meeting_id)};
    int64_t start_s, duration_s;
    meeting_times_for(&view, session, m->seat.is_member ? &m->seat.member : NULL, &start_s,
                      &duration_s);
    meeting_when(out, start_s, duration_s);
}

static const char *state_of(const struct meeting_visit *m)
{
    const struct session *s = &m->seat.session;
    if (m->seat.item.state == STATE_CANCELLED ||
        (m->seat.has_session && s->state == SESSION_CANCELLED))
        return "abgesagt";
    if (m->seat.item.closed_ms)
        return "vorbei";
    if (m->seat.has_session && s->state == SESSION_HELD)
        return "hat stattgefunden";
    if (m->seat.has_session && s->state == SESSION_NOT_HELD)
        return "hat nicht stattgefunden";
    return "";
}

static void put_session(const struct meeting_visit *m, struct buf *out)
{
    const struct session *shown = m->seat.has_session ? &m->seat.session
                                  : m->nexts          ? &m->next[0]
                                                      : NULL;
    struct buf when = BUF_INIT, where = BUF_INIT, more = BUF_INIT;
    if (shown)
        put_when(m, shown, &when);
    if (m->nexts > 1)
        buf_printf(&more, "und weitere der Reihe");
    meeting_where(&where, &m->seat.meeting, shown);
    visit_put_fact(out, m->nexts > 1 ? "Nächster Termin" : "Wann", buf_str(&when), buf_str(&more));
    visit_put_fact(out, "Wo", buf_str(&where), "");
    buf_release(&when);
    buf_release(&where);
    buf_release(&more);
}

static void put_meeting_facts(const struct meeting_visit *m, struct buf *out)
{
    const struct directory *dir = m->visit->g->config->directory;
    const struct unit *host = directory_unit(dir, m->seat.meeting.unit);
    visit_put_fact(out, "Termin", m->seat.kind->name, state_of(m));
    put_session(m, out);
    visit_put_fact(out, "Vorbereitet von", host ? host->name : "", "");
    visit_put_fact(out, m->asks == ASKS_RSVP ? "Eingeladen ist" : "Gefragt ist",
                   m->unit ? m->unit->name : "", "");
    if (m->asks == ASKS_RSVP && m->seat.is_member)
        visit_put_fact(out, "Ihre Antwort bisher",
                       member_status_german(
                           meeting_visit_status(m, m->seat.has_session ? m->seat.session.seq : 0)),
                       "");
}

/* ---- forms */

/* What the link was made for stands first. */
static void put_rsvp(const struct meeting_visit *m, struct buf *out)
{
    static const enum member_status order[] = {STATUS_ACCEPTED, STATUS_DECLINED, STATUS_TENTATIVE,
                                               STATUS_DEPUTY};
    enum member_status first = links_meeting_status(m->visit->token.purpose);
    visit_begin_form(m->visit, out);
    meeting_put_button(out, member_status_name(first), links_meeting_answer(first),
                       !m->visit->acted);
    for (size_t i = 0; i < COUNT_OF(order); i++)
        if (order[i] != first)
            meeting_put_button(out, member_status_name(order[i]), links_meeting_answer(order[i]),
                               false);
    buf_puts(out, "</form>\n");
}

static void put_sessions(const struct meeting_visit *m, struct buf *out)
{
    char name[32];
    struct buf label = BUF_INIT;
    buf_puts(out, "<h2>Nur für einzelne Termine</h2>\n");
    visit_begin_form(m->visit, out);
    buf_puts(out, "<fieldset>\n<legend>An welchen Terminen sind Sie nicht dabei?</legend>\n");
    for (size_t i = 0; i < m->nexts; i++) {
        const struct session *s = &m->next[i];
        bool absent = meeting_visit_status(m, s->seq) == STATUS_DECLINED;
        buf_reset(&label);
        buf_puts(&label, "nicht dabei: ");
        put_when(m, s, &label);
        meeting_put_box(out, 's', s->seq, buf_str(&label), absent);
        if (absent)
            buf_printf(out, "<input type=\"hidden\" name=\"%s\" value=\"1\">\n",
                       meeting_field(name, 'w', s->seq));
    }
    buf_puts(out, "</fieldset>\n");
    meeting_put_button(out, "sessions", "Auswahl speichern", false);
    buf_puts(out, "</form>\n");
    buf_release(&label);
}

/* One button: what the link says. */
static void put_single(const struct meeting_visit *m, struct buf *out, const char *answer)
{
    visit_begin_form(m->visit, out);
    meeting_put_button(out, answer, links_meeting_label(m->visit->token.purpose), true);
    buf_puts(out, "</form>\n");
}

static void put_forms(const struct meeting_visit *m, struct buf *out)
{
    bool series = m->asks == ASKS_RSVP && m->nexts > 1;
    buf_printf(out, "<h2>%s%s</h2>\n", m->visit->acted ? "Antwort ändern" : "Ihre Antwort",
               series ? " für die ganze Reihe" : "");
    switch (m->asks) {
    case ASKS_RSVP:
        put_rsvp(m, out);
        if (series)
            put_sessions(m, out);
        break;
    case ASKS_HELD:
        put_single(m, out, m->visit->token.purpose == PURPOSE_HELD ? "held" : "not_held");
        break;
    case ASKS_MINUTES:
        put_single(m, out, "minutes");
        break;
    case ASKS_TICK:
        tick_show(m, out);
        break;
    case ASKS_POLL:
        poll_link_show(m, out);
        break;
    case ASKS_NOTHING:
        break;
    }
}

/* ---- nothing to answer */

static const char *why_not(const struct meeting_visit *m)
{
    const struct visit *v = m->visit;
    if (m->asks == ASKS_NOTHING)
        return "Dieser Link ist für nichts, was hier zu antworten wäre.";
    if (v->item.state == STATE_CANCELLED)
        return "Der Termin ist abgesagt. Es ist nichts mehr zu tun.";
    if (v->item.closed_ms)
        return "Das ist beendet. Es ist nichts mehr zu tun.";
    if (!m->unit)
        return "Ihre Stelle ist hier nicht mehr eingetragen. Bitte antworten Sie telefonisch.";
    if (m->asks == ASKS_POLL)
        return "Ihre Stelle ist zu dieser Umfrage nicht gefragt.";
    if (m->asks == ASKS_RSVP && !m->seat.is_member)
        return "Ihre Stelle gehört nicht mehr zu diesem Termin. Es ist nichts zu tun.";
    if (m->asks == ASKS_RSVP)
        return "Der Termin hat begonnen, ist vorbei oder abgesagt. Zusagen und Absagen sind nicht "
               "mehr möglich.";
    return "Das ist schon beantwortet. Es gilt, was hier steht.";
}

static void put_dead_end(const struct meeting_visit *m, struct buf *out)
{
    const struct visit *v = m->visit;
    bool answerable =
        m->unit && !v->item.closed_ms &&
        (m->asks == ASKS_POLL ? poll_link_open(m) : seat_offers(v->g, &m->seat, m->asks));
    if (v->acted)
        buf_puts(out, "<p>Mehr ist hier nicht zu tun.</p>\n");
    else if (answerable && v->expired)
        visit_put_new_link(v, out, "Dieser Link gilt nicht mehr: Seine Zeit ist abgelaufen.");
    else if (answerable)
        visit_put_new_link(v, out, "Dieser Link wurde schon benutzt; die Antwort ist gespeichert.");
    else
        buf_printf(out, "<p>%s</p>\n", why_not(m));
}

void meeting_visit_show(const struct meeting_visit *m)
{
    struct buf *out = &m->visit->call->answer;
    visit_begin_page(m->visit);
    buf_puts(out, "<dl>\n");
    if (m->visit->item.kind == ITEM_POLL)
        poll_link_facts(m, out);
    else
        put_meeting_facts(m, out);
    buf_puts(out, "</dl>\n");
    if (meeting_visit_open(m))
        put_forms(m, out);
    else
        put_dead_end(m, out);
    visit_end_page(m->visit);
}
