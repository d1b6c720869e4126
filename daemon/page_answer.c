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

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "links.h"
#include "log.h"
#include "page_html.h"
#include "page_parts.h"
#include "render.h"
#include "store_answer.h"
#include "store_audit.h"
#include "store_clock.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { RESEND_PAUSE_MS = 10 * 60000 };

static const char *token_of_path(const struct http_call *call)
{
    return call->path + strlen("/a/");
}

bool page_link_admit(struct stafette *g, struct http_call *call)
{
    struct token token;
    if (token_read(&token, &g->keys, token_of_path(call)))
        return true;
    const char *who = page_caller(g, call);
    uint64_t hash = digest_short(g->keys.id, who, strlen(who));
    enum guard_verdict verdict = guard_bad(&g->guard, hash, g->mono_ms);
    /* The address itself is nobody's business here (R24): the proxy's log has it. */
    if (verdict == GUARD_FIRST)
        log_warn("answer links", "state=searched more_than=%d in_s=%d", GUARD_BAD_MAX,
                 GUARD_SPAN_MS / 1000);
    html_nothing(call, verdict == GUARD_FINE ? 404 : 429);
    return false;
}

/* False, with the page of a token that is none, when nothing is known of its delivery any more. */
static bool visit_load(struct visit *v, struct stafette *g, struct http_call *call)
{
    memset(v, 0, sizeof *v);
    v->g = g;
    v->call = call;
    v->text = token_of_path(call);
    if (!token_read(&v->token, &g->keys, v->text) ||
        !store_delivery_with_notice(g->store, v->token.delivery, &v->due) ||
        !store_item_get(g->store, v->due.delivery.item_seq, &v->item)) {
        html_nothing(call, 404);
        return false;
    }
    v->by = directory_unit(g->config->directory, v->due.notice.unit);
    v->expired = g->now_ms >= v->token.expires_ms;
    return true;
}

bool visit_used(const struct visit *v, enum answer_verb verb)
{
    return store_answer_used(v->g->store, v->token.delivery, (int)verb) != 0;
}

bool visit_offers(const struct visit *v, enum answer_verb verb)
{
    return (v->token.purpose == TOKEN_PAGE || v->token.purpose == (int)verb) && v->by &&
           !v->expired && !v->item.closed_ms && !visit_used(v, verb) &&
           links_offer(v->g, &v->item, v->by, verb);
}

static void note_use(const struct visit *v, int purpose)
{
    const struct answer_use use = {v->token.delivery, purpose, v->item.seq, v->g->now_ms};
    store_answer_use(v->g->store, &use);
}

/* The new notice has the deadline of the item's clock when that waits for the unit. */
static void send_again(struct visit *v)
{
    struct stafette *g = v->g;
    struct limits limits;
    struct clock clock;
    int64_t since_ms =
        g->now_ms - store_answer_used(g->store, v->token.delivery, ANSWER_USE_RESENT);
    if (v->item.closed_ms)
        return;
    if (since_ms >= 0 && since_ms < RESEND_PAUSE_MS) {
        buf_puts(&v->said,
                 "Ein neuer Link wurde vor weniger als zehn Minuten gesendet. Bitte sehen "
                 "Sie in das Postfach Ihrer Stelle.");
        return;
    }
    int64_t deadline_ms = v->due.notice.deadline_ms;
    if (str_eq(v->item.waiting_unit, v->due.notice.unit) &&
        store_clock_of(g->store, v->item.seq, &clock))
        deadline_ms = clock.due_ms;
    work_limits(g, &v->item, &limits);
    if (!tell_again(g, &v->item, &limits, &v->due, deadline_ms)) {
        buf_puts(&v->said, "Dieses Postfach ist nicht mehr eingetragen. Bitte antworten Sie im "
                           "Fachverfahren oder telefonisch.");
        return;
    }
    note_use(v, ANSWER_USE_RESENT);
    store_audit_add(g->store, g->now_ms, v->item.seq, "answer link sent again");
    buf_puts(&v->said, "Ein neuer Link ist unterwegs an dasselbe Postfach wie diese E-Mail.");
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
        note_use(v, end == ANSWER_AS_SEEN ? (int)ANSWER_SEEN : (int)verb);
    store_item_get(v->g->store, v->item.seq, &v->item);
}

static void act(struct visit *v)
{
    enum answer_verb verb;
    const char *wish = http_argument(v->call, "answer");
    if (!token_field_fits(&v->g->keys, v->text, http_argument(v->call, "form"))) {
        buf_puts(&v->said,
                 "Es wurde noch nichts gespeichert. Bitte antworten Sie mit einem Knopf.");
        return;
    }
    if (str_eq(wish, "link")) {
        send_again(v);
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

void page_link(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct visit v;
    (void)fresh;
    if (visit_load(&v, g, call))
        visit_show(&v);
}

void page_link_post(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct visit v;
    (void)fresh;
    if (!visit_load(&v, g, call))
        return;
    act(&v);
    visit_show(&v);
    buf_release(&v.said);
}
