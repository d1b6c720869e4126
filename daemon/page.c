/*
 * Pages and control calls: see page.h.
 */
#include "page.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "gateway.h"
#include "ingest.h"
#include "json.h"
#include "ledger_run.h"
#include "outbox.h"
#include "outbox_ops.h"
#include "page_html.h"
#include "page_parts.h"
#include "store.h"
#include "turn.h"
#include "util.h"

enum page_when {
    FROM_MEMORY, /* never needs the store */
    IN_TURN,     /* runs in the transaction */
    BY_LINK,     /* the same, when page_link_admit() lets it in */
    BY_FEED,     /* the same, when page_feed_admit() does */
    BY_STEPS,    /* checked at once, done step by step and answered then (outbox_ops.h) */
    WHEN_IDLE    /* acts at once, is answered when nothing is due or in flight */
};

static const struct page {
    int doors;
    const char *method;
    const char *path; /* ends in '/' when more follows */
    enum page_when when;
    void (*serve)(struct stafette *g, struct http_call *call, struct known *fresh);
    void (*committed)(struct stafette *g, const struct http_call *call);
} pages[] = {
    {DOOR_INTERNAL | DOOR_CONTROL, "GET", "/metrics", FROM_MEMORY, page_metrics, NULL},
    {DOOR_INTERNAL | DOOR_CONTROL, "GET", "/healthz", FROM_MEMORY, page_health, NULL},
    {DOOR_INTERNAL | DOOR_CONTROL, "GET", "/control/status", IN_TURN, page_status, NULL},
    {DOOR_CONTROL, "GET", "/control/outbox", FROM_MEMORY, page_outbox, NULL},
    {DOOR_CONTROL, "POST", "/control/outbox/hold", IN_TURN, page_hold, page_hold_committed},
    {DOOR_CONTROL, "POST", "/control/outbox/release", IN_TURN, page_unhold, page_hold_committed},
    {DOOR_CONTROL, "POST", "/control/outbox/retry", BY_STEPS, page_retry, NULL},
    {DOOR_CONTROL, "POST", "/control/outbox/cancel/", IN_TURN, page_cancel, NULL},
    {DOOR_CONTROL, "POST", "/control/outbox/resend/", IN_TURN, page_resend, NULL},
    {DOOR_CONTROL, "GET", "/control/items", IN_TURN, page_items, NULL},
    {DOOR_CONTROL, "GET", "/control/item/", IN_TURN, page_item, NULL},
    {DOOR_CONTROL, "POST", "/control/close/", IN_TURN, page_close, NULL},
    {DOOR_CONTROL, "POST", "/control/answer/", IN_TURN, page_answer, NULL},
    {DOOR_CONTROL, "POST", "/control/send", IN_TURN, page_send, page_send_committed},
    {DOOR_CONTROL, "POST", "/control/mail-in", IN_TURN, page_mail_in, page_mail_in_committed},
    {DOOR_CONTROL, "POST", "/control/explain", IN_TURN, page_explain, NULL},
    {DOOR_CONTROL, "POST", "/control/sms", FROM_MEMORY, page_sms, NULL},
    {DOOR_CONTROL, "GET", "/control/who", IN_TURN, page_who, NULL},
    {DOOR_CONTROL, "GET", "/control/budgets", IN_TURN, page_budgets, NULL},
    {DOOR_CONTROL, "POST", "/control/budget/freeze/", IN_TURN, page_budget_freeze, NULL},
    {DOOR_CONTROL, "POST", "/control/budget/thaw/", IN_TURN, page_budget_thaw, NULL},
    {DOOR_CONTROL, "GET", "/control/counts", IN_TURN, page_counts, NULL},
    {DOOR_CONTROL, "GET", "/control/meetings", IN_TURN, page_meetings, NULL},
    {DOOR_CONTROL, "GET", "/control/meeting/", IN_TURN, page_meeting, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/call/", IN_TURN, page_meeting_call, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/move/", IN_TURN, page_meeting_move, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/cancel/", IN_TURN, page_meeting_cancel, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/mode/", IN_TURN, page_meeting_mode, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/held/", IN_TURN, page_meeting_held, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/minutes/", IN_TURN, page_meeting_minutes, NULL},
    {DOOR_CONTROL, "POST", "/control/meeting/answer/", IN_TURN, page_meeting_answer, NULL},
    {DOOR_CONTROL, "GET", "/control/figures", IN_TURN, page_caseloads, NULL},
    {DOOR_CONTROL, "GET", "/control/digest/", IN_TURN, page_digest, NULL},
    {DOOR_CONTROL, "GET", "/control/reach", IN_TURN, page_reach, NULL},
    {DOOR_CONTROL, "GET", "/control/drills", IN_TURN, page_drills, NULL},
    {DOOR_CONTROL, "POST", "/control/drill", IN_TURN, page_drill, NULL},
    {DOOR_CONTROL, "GET", "/control/absences", IN_TURN, page_absences, NULL},
    {DOOR_CONTROL, "POST", "/control/absence", IN_TURN, page_absence, NULL},
    {DOOR_CONTROL, "POST", "/control/absence/end/", IN_TURN, page_absence_end, NULL},
    {DOOR_CONTROL, "GET", "/control/roster", IN_TURN, page_roster, NULL},
    {DOOR_CONTROL, "GET", "/control/agenda", IN_TURN, page_agenda, NULL},
    {DOOR_CONTROL, "GET", "/control/contacts", IN_TURN, page_contacts, NULL},
    {DOOR_CONTROL, "GET", "/control/certificates", IN_TURN, page_certificates, NULL},
    {DOOR_CONTROL, "GET", "/control/polls", IN_TURN, page_polls, NULL},
    {DOOR_CONTROL, "GET", "/control/poll/", IN_TURN, page_poll, NULL},
    {DOOR_CONTROL, "POST", "/control/poll/close/", IN_TURN, page_poll_close, NULL},
    {DOOR_CONTROL, "POST", "/control/poll/vote/", IN_TURN, page_poll_vote, NULL},
    {DOOR_CONTROL, "GET", "/control/collisions", IN_TURN, page_collisions, NULL},
    {DOOR_CONTROL, "POST", "/control/release", IN_TURN, page_release, page_release_committed},
    {DOOR_CONTROL, "POST", "/control/erase", IN_TURN, page_erase, page_erase_committed},
    {DOOR_CONTROL, "POST", "/control/clock", WHEN_IDLE, page_clock, NULL},
    {DOOR_PUBLIC, "GET", "/a/", BY_LINK, page_link, NULL},
    {DOOR_PUBLIC, "POST", "/a/", BY_LINK, page_link_post, NULL},
    {DOOR_PUBLIC, "GET", "/f/", BY_FEED, page_feed, NULL},
    {DOOR_CONTROL, "POST", "/control/feed/", IN_TURN, page_feed_address, NULL},
    {DOOR_PUBLIC, "GET", "/sms/in/", IN_TURN, page_sms_in, page_sms_in_committed},
    {DOOR_PUBLIC, "POST", "/sms/in/", IN_TURN, page_sms_in, page_sms_in_committed},
    {DOOR_PUBLIC, "GET", "/sms/report/", IN_TURN, page_report, page_report_committed},
    {DOOR_PUBLIC, "POST", "/sms/report/", IN_TURN, page_report, page_report_committed},
};

void page_json(struct http_call *call)
{
    call->status = 200;
    call->type = "application/json; charset=utf-8";
    buf_reset(&call->answer);
}

void page_error(struct http_call *call, int status, const char *why)
{
    if (call->door == DOOR_PUBLIC) {
        html_nothing(call, status);
        return;
    }
    page_json(call);
    call->status = status;
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "error", why);
    buf_addc(&call->answer, '}');
}

const char *page_caller(const struct stafette *g, const struct http_call *call)
{
    const char *proxy = g->config->settings.http_proxy;
    if (str_empty(proxy) || !str_eq(call->peer, proxy))
        return call->peer;
    const char *list = http_header(call, "X-Forwarded-For");
    const char *comma = strrchr(list, ',');
    const char *last = comma ? comma + 1 : list;
    while (*last == ' ')
        last++;
    return str_empty(last) ? call->peer : last;
}

static bool path_fits(const struct page *page, const char *path)
{
    return str_ends(page->path, "/") ? str_starts(path, page->path) : str_eq(path, page->path);
}

/* The page of a call; NULL with the fitting error status when there is none. */
static const struct page *find_page(const struct http_call *call, int *status)
{
    *status = 404;
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        if (!(pages[i].doors & (int)call->door) || !path_fits(&pages[i], call->path))
            continue;
        bool head = str_eq(call->method, "HEAD") && str_eq(pages[i].method, "GET");
        if (str_eq(call->method, pages[i].method) || head)
            return &pages[i];
        *status = 405;
    }
    return NULL;
}

static bool in_turn(const struct page *page)
{
    return page->when == IN_TURN || page->when == BY_LINK || page->when == BY_FEED;
}

/* False when the call is answered already: its link is none of ours. */
static bool admit(struct stafette *g, const struct page *page, struct http_call *call)
{
    if (page->when == BY_LINK)
        return page_link_admit(g, call);
    return page->when != BY_FEED || page_feed_admit(g, call);
}

void page_receive(struct stafette *g, struct http_call *call)
{
    int status;
    const struct page *page = find_page(call, &status);
    if (!page) {
        page_error(call, status, status == 405 ? "method not allowed here" : "no such page");
    } else if (!admit(g, page, call)) {
        http_answer(g->http, call);
        return;
    } else if (in_turn(page) && !turn_retry_ms(g->turn)) {
        turn_add_call(g->turn, call);
        return;
    } else if (in_turn(page) || (page->when == BY_STEPS && turn_retry_ms(g->turn))) {
        page_error(call, 503, store_trouble(g->store));
    } else {
        page->serve(g, call, NULL);
        if (page->when == BY_STEPS && call->status == 200)
            return;
        if (page->when == WHEN_IDLE && call->status == 200) {
            call->next = g->idle_calls;
            g->idle_calls = call;
            return;
        }
    }
    http_answer(g->http, call);
}

void page_serve(struct stafette *g, struct http_call *call, struct known *fresh)
{
    int status;
    const struct page *page = find_page(call, &status);
    page->serve(g, call, fresh);
}

void page_committed(struct stafette *g, const struct http_call *call)
{
    int status;
    const struct page *page = find_page(call, &status);
    if (page->committed)
        page->committed(g, call);
}

static bool is_idle(const struct stafette *g)
{
    int64_t clock_ms = turn_next_clock_ms(g->turn);
    int64_t attempt_ms = outbox_next_ms(g->outbox);
    return !turn_waiting(g->turn) && !outbox_in_flight(g->outbox) && !outbox_ops_busy(g) &&
           !outbox_late_ms(g) && !ingest_in_flight(g->ingest) && !ledger_run_busy(g) &&
           !night_busy(g) && !retention_is_busy(g) && !(clock_ms && clock_ms <= g->now_ms) &&
           !daily_due(g) && !digest_busy(g) && !(attempt_ms && attempt_ms <= g->steady_ms);
}

void page_idle(struct stafette *g)
{
    while (g->idle_calls && is_idle(g)) {
        struct http_call *call = g->idle_calls;
        g->idle_calls = call->next;
        http_answer(g->http, call);
    }
}
