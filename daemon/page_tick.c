/*
 * The tick list: after a session the office says which cases of block A were discussed, or that the
 * session did not take place. Once for each mail (answers about cases are not changed by a second
 * click); what is not ticked counts as not discussed. Cases stand there by their code and reason
 * only (R4); foreign numbers in the form do nothing.
 */
#include "agenda.h"
#include "buf.h"
#include "links_meeting.h"
#include "meeting.h"
#include "page_meeting.h"
#include "util.h"

struct ticks {
    struct agenda_item item[PAGE_TICKS];
    size_t items;
};

static void read_ticks(const struct meeting_visit *m, struct ticks *ticks)
{
    ticks->items = seat_cases(m->visit->g, &m->seat, ticks->item, COUNT_OF(ticks->item));
}

static void save(struct meeting_visit *m, bool held)
{
    struct visit *v = m->visit;
    struct ticks ticks;
    size_t discussed = 0;
    read_ticks(m, &ticks);
    for (size_t i = 0; i < ticks.items; i++) {
        bool ticked = held && meeting_field_set(v, 'd', ticks.item[i].seq);
        agenda_tick(v->g, ticks.item[i].seq, ticked);
        discussed += ticked;
    }
    meeting_session_held(v->g, &m->seat.session, held);
    visit_note_use(v, PURPOSE_TICK);
    v->acted = true;
    if (held)
        buf_printf(&v->said, "Gespeichert: besprochen %zu von %zu.", discussed, ticks.items);
    else
        buf_puts(&v->said, "Gespeichert: Der Termin hat nicht stattgefunden, nichts wurde "
                           "besprochen.");
}

void tick_act(struct meeting_visit *m, const char *wish)
{
    if (str_eq(wish, "tick") || str_eq(wish, "not_held"))
        save(m, str_eq(wish, "tick"));
    else
        meeting_say_nothing_done(m->visit);
}

void tick_show(const struct meeting_visit *m, struct buf *out)
{
    struct ticks ticks;
    struct buf label = BUF_INIT;
    read_ticks(m, &ticks);
    visit_begin_form(m->visit, out);
    buf_puts(out, "<fieldset>\n<legend>Was wurde besprochen?</legend>\n");
    if (!ticks.items)
        buf_puts(out, "<p>Auf der Tagesordnung standen keine Fälle.</p>\n");
    for (size_t i = 0; i < ticks.items; i++) {
        buf_reset(&label);
        agenda_code(m->visit->g, &ticks.item[i], &label);
        buf_puts(&label, ", ");
        agenda_reason(&ticks.item[i], &label);
        buf_puts(&label, ": besprochen");
        meeting_put_box(out, 'd', ticks.item[i].seq, buf_str(&label),
                        ticks.item[i].state == AGENDA_DISCUSSED);
    }
    buf_puts(out, "</fieldset>\n");
    meeting_put_button(out, "tick", "Auswahl speichern", true);
    meeting_put_button(out, "not_held", "Termin hat nicht stattgefunden", false);
    buf_puts(out, "</form>\n");
    buf_release(&label);
}
