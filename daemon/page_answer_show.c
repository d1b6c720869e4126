/*
 * The page of an answer link: what is recorded, who is responsible now and until when, what is
 * asked, and one form for each answer that this link may give now. Pure writing: reads the store,
 * changes nothing. Shows no content of a case: code, kind, deadline and role names only (R4).
 */
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "page_answer.h"
#include "page_html.h"
#include "render.h"
#include "store_clock.h"
#include "util.h"

/* What follows an answer: whom the item waits for now, and until when. */
static void put_next(const struct visit *v, struct buf *out)
{
    struct clock clock;
    const struct unit *next = directory_unit(v->g->config->directory, v->item.waiting_unit);
    struct buf until = BUF_INIT;
    if (store_clock_of(v->g->store, v->item.seq, &clock)) {
        buf_puts(&until, "bis ");
        time_german(&until, clock.due_ms);
    }
    visit_put_fact(out, "Als Nächstes ist gefragt", next ? next->name : "", buf_str(&until));
    buf_release(&until);
}

static void put_question(const struct visit *v, struct buf *out)
{
    int64_t deadline_ms = v->item.closed_ms ? 0 : v->due.notice.deadline_ms;
    struct buf deadline = BUF_INIT;
    if (deadline_ms)
        time_german(&deadline, deadline_ms);
    visit_put_fact(out, "Antwort erbeten bis", buf_str(&deadline),
                   v->g->now_ms > deadline_ms ? "die Frist ist vorbei" : "");
    visit_put_fact(out, "Gefragt ist", v->by ? v->by->name : "", "");
    visit_put_fact(out, "Warum Sie gefragt sind", render_why(v->due.notice.reason), "");
    buf_release(&deadline);
}

static void put_facts(const struct visit *v, struct buf *out)
{
    const struct item *item = &v->item;
    const struct unit *owner = directory_unit(v->g->config->directory, item->owner_unit);
    buf_puts(out, "<dl>\n");
    visit_put_fact(out, "Stand", item_state_german(item->state), "");
    visit_put_fact(out, "Zuständig ist jetzt", owner ? owner->name : "", render_until(item));
    if (v->acted)
        put_next(v, out);
    else
        put_question(v, out);
    buf_puts(out, "</dl>\n");
}

static void put_reasons(struct buf *out, const char *question, bool is_done,
                        const char *const *codes)
{
    buf_puts(out, "<fieldset>\n<legend>");
    html_text(out, question);
    buf_puts(out, is_done ? ": mit welchem Ergebnis?" : ": aus welchem Grund?");
    buf_puts(out, "</legend>\n");
    for (; *codes; codes++) {
        buf_puts(out, "<label><input type=\"radio\" name=\"code\" required value=\"");
        html_text(out, *codes);
        buf_puts(out, "\">");
        html_text(out, answer_code_german(*codes));
        buf_puts(out, "</label>\n");
    }
    buf_puts(out, "</fieldset>\n");
}

static void put_answer(const struct visit *v, struct buf *out, enum answer_verb verb, bool first)
{
    const char *label = answer_verb_german(verb, v->item.kind);
    const char *const *codes = answer_codes(verb, v->item.kind, v->item.code);
    visit_begin_form(v, out);
    if (codes && codes[0] && codes[1])
        put_reasons(out, label, verb == ANSWER_DONE, codes);
    else if (codes && codes[0])
        buf_printf(out, "<input type=\"hidden\" name=\"code\" value=\"%s\">\n", codes[0]);
    buf_printf(out, "<button%s name=\"answer\" value=\"%s\">", first ? "" : " class=\"other\"",
               answer_verb_name(verb));
    html_text(out, label);
    buf_puts(out, "</button>\n</form>\n");
}

/* Returns how many answers were offered. */
static size_t put_answers(const struct visit *v, struct buf *out)
{
    size_t n = 0;
    for (int verb = 0; verb < ANSWER_VERB_COUNT; verb++) {
        if (!visit_offers(v, (enum answer_verb)verb))
            continue;
        if (n == 0)
            buf_printf(out, "<h2>%s</h2>\n", v->acted ? "Weitere Antwort" : "Ihre Antwort");
        put_answer(v, out, (enum answer_verb)verb, n++ == 0 && !v->acted);
    }
    return n;
}

/* Nothing can be answered by this link now: why, and how else. */
static void put_dead_end(const struct visit *v, struct buf *out)
{
    bool one = v->token.purpose < ANSWER_VERB_COUNT;
    if (v->item.closed_ms)
        buf_puts(out, "<p>Der Vorgang ist beendet. Es ist nichts mehr zu tun.</p>\n");
    else if (!v->by)
        buf_puts(out, "<p>Ihre Stelle ist hier nicht mehr eingetragen. Bitte antworten Sie im "
                      "Fachverfahren oder telefonisch.</p>\n");
    else if (v->acted)
        buf_puts(out, "<p>Mehr ist hier nicht zu tun. Andere Antworten geben Sie mit den anderen "
                      "Links der E-Mail.</p>\n");
    else if (v->expired)
        visit_put_new_link(v, out, "Dieser Link gilt nicht mehr: Seine Zeit ist abgelaufen.");
    else if (one && visit_used(v, v->token.purpose))
        visit_put_new_link(v, out, "Dieser Link wurde schon benutzt; die Antwort ist gespeichert.");
    else
        visit_put_new_link(
            v, out,
            "Diese Antwort ist beim jetzigen Stand nicht möglich. Ein neuer Link zeigt, "
            "was jetzt möglich ist.");
}

void visit_show(const struct visit *v)
{
    struct buf *out = &v->call->answer;
    visit_begin_page(v);
    put_facts(v, out);
    if (put_answers(v, out) == 0)
        put_dead_end(v, out);
    visit_end_page(v);
}
