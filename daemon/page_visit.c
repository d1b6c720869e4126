/*
 * One visit of a link in a mail: see page_visit.h. Whose link it is, what it was made for, whether
 * it was used, a new one instead of it, and the frame of its page.
 *
 * Refuses every text that is no token of ours before the turn, without looking at the store, with
 * the same page for all. What a visit changes commits with the row of its use; a crash before
 * leaves both out, and the link works again.
 */
#include "page_visit.h"

#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "http.h"
#include "log.h"
#include "page_html.h"
#include "page_parts.h"
#include "store_answer.h"
#include "store_audit.h"
#include "store_clock.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { RESEND_PAUSE_MS = 10 * MINUTE_MS };

static const char *token_of_path(const struct http_call *call)
{
    return call->path + strlen("/a/");
}

void page_link_refuse(struct stafette *g, struct http_call *call)
{
    const char *who = page_caller(g, call);
    uint64_t hash = digest_short(g->keys.id, who, strlen(who));
    enum guard_verdict verdict = guard_bad(&g->guard, hash, g->mono_ms);
    /* The address itself is nobody's business here (R24): the proxy's log has it. */
    if (verdict == GUARD_FIRST)
        log_warn("answer links", "state=searched more_than=%d in_s=%d", GUARD_BAD_MAX,
                 GUARD_SPAN_MS / 1000);
    html_nothing(call, verdict == GUARD_FINE ? 404 : 429);
}

bool page_link_admit(struct stafette *g, struct http_call *call)
{
    struct token token;
    if (token_read(&token, &g->keys, token_of_path(call)))
        return true;
    page_link_refuse(g, call);
    return false;
}

bool visit_load(struct visit *v, struct stafette *g, struct http_call *call)
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

void visit_release(struct visit *v)
{
    buf_release(&v->said);
}

bool visit_is_meeting(const struct visit *v)
{
    return v->item.kind == ITEM_MEETING || v->item.kind == ITEM_POLL;
}

bool visit_used(const struct visit *v, int purpose)
{
    return store_answer_used(v->g->store, v->token.delivery, purpose) != 0;
}

void visit_note_use(const struct visit *v, int purpose)
{
    const struct answer_use use = {v->token.delivery, purpose, v->item.seq, v->g->now_ms};
    store_answer_use(v->g->store, &use);
}

bool visit_is_pressed(struct visit *v)
{
    if (token_field_fits(&v->g->keys, v->text, http_argument(v->call, "form")))
        return true;
    buf_puts(&v->said, "Es wurde noch nichts gespeichert. Bitte antworten Sie mit einem Knopf.");
    return false;
}

/* The new notice has the deadline of the item's clock when that waits for the unit. Of a meeting it
 * keeps its own, unless that is over: the answer still counts. */
static int64_t new_deadline(const struct visit *v)
{
    struct clock clock;
    int64_t deadline_ms = v->due.notice.deadline_ms;
    if (visit_is_meeting(v))
        return deadline_ms > v->g->now_ms ? deadline_ms : 0;
    if (str_eq(v->item.waiting_unit, v->due.notice.unit) &&
        store_clock_of(v->g->store, v->item.seq, &clock))
        return clock.due_ms;
    return deadline_ms;
}

void visit_send_again(struct visit *v)
{
    struct stafette *g = v->g;
    struct limits limits;
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
    work_limits(g, &v->item, &limits);
    if (!tell_again(g, &v->item, &limits, &v->due, new_deadline(v))) {
        buf_puts(&v->said, "Dieses Postfach ist nicht mehr eingetragen. Bitte antworten Sie im "
                           "Fachverfahren oder telefonisch.");
        return;
    }
    visit_note_use(v, ANSWER_USE_RESENT);
    store_audit_add(g->store, g->now_ms, v->item.seq, "answer link sent again");
    buf_puts(&v->said, "Ein neuer Link ist unterwegs an dasselbe Postfach wie diese E-Mail.");
}

/* ---- the frame of the page */

void visit_begin_page(const struct visit *v)
{
    struct buf *out = &v->call->answer, heading = BUF_INIT, title = BUF_INIT;
    char code[ITEM_ID_LEN + 1];
    code_write(code, v->item.seq, v->g->keys.code);
    buf_printf(&heading, "%s %s", item_kind_german(v->item.kind), code);
    buf_printf(&title, "%s: %s", v->acted ? "Gespeichert" : "Antworten", buf_str(&heading));
    html_begin(v->call, 200, buf_str(&title), buf_str(&heading));
    if (v->said.len) {
        buf_puts(out, "<p class=\"said\" role=\"status\">");
        html_text(out, buf_str(&v->said));
        buf_puts(out, "</p>\n");
    }
    buf_release(&heading);
    buf_release(&title);
}

void visit_end_page(const struct visit *v)
{
    buf_puts(&v->call->answer,
             "<footer>\n<p>Diese Seite zeigt absichtlich keine Angaben zur Person und keine "
             "Inhalte. Wer den Link hat, kann damit antworten; bitte geben Sie ihn nur an die "
             "Vertretung weiter.</p>\n</footer>\n");
    html_end(v->call);
}

void visit_put_fact(struct buf *out, const char *name, const char *value, const char *more)
{
    if (str_empty(value))
        return;
    buf_printf(out, "<dt>%s</dt>\n<dd>", name);
    html_text(out, value);
    if (!str_empty(more))
        buf_puts(out, ", ");
    html_text(out, more);
    buf_puts(out, "</dd>\n");
}

/* The form goes to the token's own address, whatever was appended to the link. */
void visit_begin_form(const struct visit *v, struct buf *out)
{
    char field[TOKEN_FIELD_LEN + 1];
    token_field(field, &v->g->keys, v->text);
    buf_puts(out, "<form method=\"post\" action=\"");
    html_text(out, v->text);
    buf_printf(out, "\">\n<input type=\"hidden\" name=\"form\" value=\"%s\">\n", field);
}

void visit_put_new_link(const struct visit *v, struct buf *out, const char *why)
{
    buf_printf(out, "<h2>Neuer Link</h2>\n<p>%s</p>\n", why);
    visit_begin_form(v, out);
    buf_puts(out, "<button class=\"other\" name=\"answer\" value=\"link\">Neuen Link an dieses "
                  "Postfach senden</button>\n</form>\n");
}
