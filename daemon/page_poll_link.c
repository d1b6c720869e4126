/*
 * The page of a poll: its choices as boxes, and "keiner passt" as an answer of its own, so that a
 * form sent empty by mistake is none. May be changed until the poll is closed. Foreign numbers in
 * the form do nothing; who may answer, poll.h says.
 */
#include "buf.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "page_html.h"
#include "page_meeting.h"
#include "poll.h"
#include "util.h"

struct choices {
    struct poll_choice choice[POLL_CHOICES_MAX];
    size_t count;
    bool dates;
};

static void read_choices(const struct meeting_visit *m, struct choices *c)
{
    c->count = poll_choices(m->visit->g, m->visit->item.seq, c->choice, COUNT_OF(c->choice));
    c->dates = c->count > 0 && c->choice[0].start_s;
}

bool poll_link_open(const struct meeting_visit *m)
{
    return m->visit->by && poll_party(m->visit->g, m->visit->item.seq, m->visit->by);
}

void poll_link_act(struct meeting_visit *m, const char *wish)
{
    struct visit *v = m->visit;
    struct choices c;
    int64_t chosen[POLL_CHOICES_MAX];
    size_t n = 0;
    bool none = str_eq(wish, "none");
    read_choices(m, &c);
    for (size_t i = 0; !none && i < c.count; i++)
        if (meeting_field_set(v, 'c', c.choice[i].number))
            chosen[n++] = c.choice[i].number;
    if (!none && !str_eq(wish, "vote"))
        meeting_say_nothing_done(v);
    else if (!none && n == 0)
        buf_printf(&v->said,
                   "Es wurde noch nichts gespeichert. Bitte wählen Sie etwas aus, oder drücken Sie "
                   "„%s“.",
                   c.dates ? "Keiner passt" : "Nichts davon");
    else
        v->acted = poll_vote(v->g, v->item.seq, v->by, chosen, n, &v->said);
}

void poll_link_facts(const struct meeting_visit *m, struct buf *out)
{
    const struct visit *v = m->visit;
    const struct unit *party = v->by ? poll_party(v->g, v->item.seq, v->by) : NULL;
    struct buf until = BUF_INIT;
    if (v->due.notice.deadline_ms)
        time_german(&until, v->due.notice.deadline_ms);
    visit_put_fact(out, "Umfrage zu", poll_about(v->g, &v->item),
                   v->item.closed_ms ? "beendet" : "");
    if (!v->item.closed_ms)
        visit_put_fact(out, "Antwort erbeten bis", buf_str(&until), "");
    visit_put_fact(out, "Gefragt ist", party ? party->name : "", "");
    if (party)
        visit_put_fact(out, "Ihre Antwort bisher",
                       poll_has_voted(v->g, v->item.seq, party) ? "liegt vor" : "fehlt noch", "");
    buf_release(&until);
}

void poll_link_show(const struct meeting_visit *m, struct buf *out)
{
    const struct visit *v = m->visit;
    const struct unit *party = poll_party(v->g, v->item.seq, v->by);
    struct choices c;
    struct buf label = BUF_INIT;
    read_choices(m, &c);
    visit_begin_form(v, out);
    buf_printf(out, "<fieldset>\n<legend>%s</legend>\n",
               c.dates ? "Welche Zeiten passen Ihnen?" : "Was wählen Sie?");
    for (size_t i = 0; i < c.count; i++) {
        buf_reset(&label);
        poll_choice_text(v->g, &v->item, &c.choice[i], &label);
        meeting_put_box(out, 'c', c.choice[i].number, buf_str(&label),
                        party && poll_chose(v->g, v->item.seq, party, c.choice[i].number));
    }
    buf_puts(out, "</fieldset>\n");
    meeting_put_button(out, "vote", "Auswahl senden", true);
    meeting_put_button(out, "none", c.dates ? "Keiner passt" : "Nichts davon", false);
    buf_puts(out, "</form>\n");
    buf_release(&label);
}
