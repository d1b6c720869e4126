/*
 * Answer links: what a link in a mail does (DESIGN 9, DOMAIN R15, E13).
 *
 * GET shows a page and changes nothing, because mail scanners follow links; so does HEAD, and a
 * POST without the field that only the page's form has. POST gives the answer: by the unit of the
 * delivery's notice, through answer_apply() like every other way. Each answer of a delivery is used
 * once; a second click finds what is recorded. A link that is used up or has expired offers a new
 * one to the same mailbox, at most every ten minutes.
 *
 * Refuses every text that is no token of ours before the turn, without looking at the store, with
 * the same page for all. No content of the case is shown: code, kind, deadline, role names (R4).
 * The answer and the row of its use commit together; a crash before leaves both out, and the link
 * works again.
 */
#include "page_answer.h"

#include <string.h>

#include "gateway.h"
#include "http.h"
#include "links.h"
#include "page_meeting.h"
#include "page_parts.h"
#include "util.h"

bool visit_offers(const struct visit *v, enum answer_verb verb)
{
    return (v->token.purpose == TOKEN_PAGE || v->token.purpose == (int)verb) && v->by &&
           !v->expired && !v->item.closed_ms && !visit_used(v, (int)verb) &&
           links_offer(v->g, &v->item, v->by, verb);
}

/* The reason that was chosen; NULL when one is needed and none of the list was. */
static const char *chosen_code(const struct visit *v, enum answer_verb verb)
{
    const char *const *codes = answer_codes(verb, v->item.kind, v->item.code);
    const char *code = http_argument(v->call, "code");
    if (!codes)
        return "";
    for (; *codes; codes++)
        if (str_eq(*codes, code))
            return *codes;
    return NULL;
}

/* What is used up: the answer that was recorded, which an early acceptance is not yet. */
static void give_answer(struct visit *v, enum answer_verb verb, const char *code)
{
    const struct answer answer = {
        .item_seq = v->item.seq, .by = v->by, .verb = verb, .code = code, .via = VIA_LINK};
    enum answer_end end = answer_apply(v->g, &answer, &v->said);
    v->acted = end != ANSWER_IMPOSSIBLE;
    if (v->acted)
        visit_note_use(v, end == ANSWER_AS_SEEN ? (int)ANSWER_SEEN : (int)verb);
    store_item_get(v->g->store, v->item.seq, &v->item);
}

static void act(struct visit *v)
{
    enum answer_verb verb;
    const char *wish = http_argument(v->call, "answer");
    if (!visit_is_pressed(v))
        return;
    if (str_eq(wish, "link")) {
        visit_send_again(v);
        return;
    }
    if (!answer_verb_parse(wish, &verb) || !visit_offers(v, verb)) {
        buf_puts(&v->said, "Mit diesem Klick wurde nichts geändert. Es gilt der folgende Stand.");
        return;
    }
    const char *code = chosen_code(v, verb);
    if (code)
        give_answer(v, verb, code);
    else
        buf_puts(&v->said, "Es wurde noch nichts gespeichert. Bitte wählen Sie einen Grund.");
}

/* Shows the page; first gives the answer that was pressed, if any. */
static void visit_page(struct stafette *g, struct http_call *call, bool pressed)
{
    struct visit v;
    if (visit_load(&v, g, call)) {
        if (visit_is_meeting(&v)) {
            page_meeting_visit(&v, pressed);
        } else {
            if (pressed)
                act(&v);
            visit_show(&v);
        }
    }
    visit_release(&v);
}

void page_link(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    visit_page(g, call, false);
}

void page_link_post(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    visit_page(g, call, true);
}
