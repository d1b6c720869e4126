/*
 * Pages about items: list, show, close.
 */
#include <string.h>

#include "answer.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "known.h"
#include "page_parts.h"
#include "phase.h"
#include "report.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "store_phase.h"
#include "util.h"
#include "workflow.h"

enum { ITEMS_MAX = 500 };

struct listing {
    struct stafette *g;
    struct buf *out;
    int left;
};

static void put_item(struct stafette *g, struct buf *out, const struct item *item)
{
    char code[ITEM_ID_LEN + 1];
    struct clock clock;
    code_write(code, item->seq, g->keys.code);
    json_member_text(out, "item_id", code);
    json_member_text(out, "kind", item_kind_name(item->kind));
    json_member_text(out, "state", item_state_name(item->state));
    json_member_text(out, "urgency", urgency_name(item->urgency));
    json_member_text(out, "responsible", item->owner_unit);
    json_member_text(out, "waiting_for", item->waiting_unit);
    if (store_clock_of(g->store, item->seq, &clock)) {
        json_member_text(out, "next_clock", clock_kind_name(clock.kind));
        json_member_time(out, "due_at", clock.due_ms);
    }
    json_member_time(out, "created_at", item->created_ms);
    json_member_time(out, "closed_at", item->closed_ms);
}

static bool list_item(void *context, const struct item *item)
{
    struct listing *list = context;
    json_comma(list->out);
    buf_addc(list->out, '{');
    put_item(list->g, list->out, item);
    buf_addc(list->out, '}');
    return --list->left > 0;
}

void page_items(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct listing list = {g, &call->answer, ITEMS_MAX};
    int64_t from = 0;
    (void)fresh;
    const char *after = http_argument(call, "after");
    if (!str_empty(after) && !code_read(after, &from, g->keys.code)) {
        page_error(call, 400, "after: an item code such as K7F3-92QX is wanted");
        return;
    }
    page_json(call);
    buf_addc(&call->answer, '[');
    store_item_each(g->store, str_eq(http_argument(call, "state"), "all"), from + 1, &list,
                    list_item);
    buf_addc(&call->answer, ']');
}

/* The item that the last part of the path names; false with an error answered. */
static bool item_of_path(struct stafette *g, struct http_call *call, struct item *item)
{
    int64_t seq;
    const char *code = strrchr(call->path, '/') + 1;
    if (!code_read(code, &seq, g->keys.code)) {
        page_error(call, 400, "an item code such as K7F3-92QX is wanted");
        return false;
    }
    if (!store_item_get(g->store, seq, item)) {
        page_error(call, 404, "there is no item with that code");
        return false;
    }
    return true;
}

static void put_notice(void *context, const struct notice *notice)
{
    struct buf *out = context;
    json_comma(out);
    buf_addc(out, '{');
    json_member_int(out, "notice", notice->seq);
    json_member_text(out, "unit", notice->unit);
    json_member_text(out, "what", notice->template_name);
    json_member_text(out, "reason", reason_name(notice->reason));
    json_member_text(out, "instead_of", notice->instead_of);
    json_member_time(out, "deadline", notice->deadline_ms);
    json_member_time(out, "at", notice->created_ms);
    buf_addc(out, '}');
}

static void put_delivery(void *context, const struct delivery *d)
{
    struct listing *list = context;
    struct buf *out = list->out;
    const char *report = report_word(list->g, d);
    json_comma(out);
    buf_addc(out, '{');
    json_member_int(out, "delivery", d->seq);
    json_member_int(out, "notice", d->notice_seq);
    json_member_text(out, "contact", d->contact);
    json_member_text(out, "channel", channel_name(d->channel));
    json_member_text(out, "state", delivery_state_name(d->state));
    json_member_int(out, "attempts", d->attempts);
    json_member_text(out, "class", error_class_name(d->class));
    if (d->state == DELIVERY_PENDING)
        json_member_time(out, "next_at", d->next_ms);
    json_member_time(out, "ended_at", d->ended_ms);
    if (!str_empty(report))
        json_member_text(out, "report", report);
    if (d->reported_ms)
        json_member_time(out, "reported_at", d->reported_ms);
    buf_addc(out, '}');
}

static void put_audit(void *context, const struct audit_row *row)
{
    struct buf *out = context;
    json_comma(out);
    buf_addc(out, '{');
    json_member_time(out, "at", row->at_ms);
    json_member_text(out, "what", row->content);
    buf_addc(out, '}');
}

static void put_flags(struct buf *out, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {{ITEM_OVERDUE, "overdue"},
                 {ITEM_ESCALATED, "escalated"},
                 {ITEM_HILFEPLAN, "hilfeplan"},
                 {ITEM_CONVERSED, "conversed"},
                 {ITEM_PINNED, "pinned"},
                 {ITEM_VOICE, "voice"},
                 {ITEM_OUT_OF_ORDER, "out_of_order"},
                 {ITEM_ANVERTRAUT, "anvertraut"},
                 {ITEM_PING_PONG, "ping_pong"},
                 {ITEM_REHA, "reha"}};
    json_put_name(out, "flags");
    buf_addc(out, '[');
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (flags & names[i].flag) {
            json_comma(out);
            json_put_text(out, names[i].name);
        }
    buf_addc(out, ']');
}

static bool put_child(void *context, const struct item *item)
{
    struct listing *list = context;
    char code[ITEM_ID_LEN + 1];
    code_write(code, item->seq, list->g->keys.code);
    json_comma(list->out);
    json_put_text(list->out, code);
    return true;
}

/* What else the item knows: flags, phase or kind of task, what belongs to it. */
static void put_more(struct stafette *g, struct buf *out, const struct item *item)
{
    struct listing list = {g, out, 0};
    char code[ITEM_ID_LEN + 1];
    put_flags(out, item->flags);
    json_member_text(out, "code", item->code);
    json_member_int(out, "returns", item->returns);
    if (item->due_day)
        json_member_time(out, "due_day", item->due_day * DAY_MS);
    if (item->parent_seq) {
        code_write(code, item->parent_seq, g->keys.code);
        json_member_text(out, "parent", code);
    }
    json_put_name(out, "tasks");
    buf_addc(out, '[');
    store_item_each_child(g->store, item->seq, &list, put_child);
    buf_addc(out, ']');
}

/* A phase that goes on has its days up to today. */
static void put_phase(void *context, const struct phase *phase)
{
    const struct listing *list = context;
    int64_t to_day = phase->end_day ? phase->end_day : berlin_day(list->g->now_ms);
    struct buf days = BUF_INIT;
    buf_printf(&days, "%s: ", phase_german(phase->phase));
    phase_days(&days, to_day - phase->begin_day);
    json_comma(list->out);
    buf_addc(list->out, '{');
    json_member_text(list->out, "phase", phase->phase);
    json_member_time(list->out, "begins", phase->begin_day * DAY_MS);
    if (phase->end_day)
        json_member_time(list->out, "ends", phase->end_day * DAY_MS);
    json_member_int(list->out, "days", to_day - phase->begin_day);
    json_member_text(list->out, "german", buf_str(&days));
    buf_addc(list->out, '}');
    buf_release(&days);
}

void page_item(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    struct buf *out = &call->answer;
    struct listing list = {g, out, 0};
    (void)fresh;
    if (!item_of_path(g, call, &item))
        return;
    page_json(call);
    buf_addc(out, '{');
    put_item(g, out, &item);
    json_member_text(out, "state_german", item_state_german(item.state));
    json_member_text(out, "case_ref", item.case_ref);
    json_member_text(out, "source", item.source);
    json_member_text(out, "from_unit", item.from_unit);
    json_member_text(out, "to_unit", item.to_unit);
    json_member_text(out, "rule", item.rule);
    put_more(g, out, &item);
    if (item.kind == ITEM_REFERRAL) {
        json_put_name(out, "phases");
        buf_addc(out, '[');
        store_phase_each(g->store, item.seq, &list, put_phase);
        buf_addc(out, ']');
    }
    json_put_name(out, "notices");
    buf_addc(out, '[');
    store_notice_each(g->store, item.seq, out, put_notice);
    buf_addc(out, ']');
    json_put_name(out, "deliveries");
    buf_addc(out, '[');
    store_delivery_each(g->store, item.seq, &list, put_delivery);
    buf_addc(out, ']');
    json_put_name(out, "audit");
    buf_addc(out, '[');
    store_audit_each(g->store, item.seq, out, put_audit);
    buf_puts(out, "]}");
}

void page_close(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    struct buf err = BUF_INIT;
    (void)fresh;
    if (!item_of_path(g, call, &item))
        return;
    if (workflow_close(g, item.seq, http_argument(call, "code"), &err) < 0) {
        page_error(call, 409, buf_str(&err));
    } else {
        page_json(call);
        buf_puts(&call->answer, "{\"state\":\"closed\"}");
    }
    buf_release(&err);
}

void page_answer(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct item item;
    struct answer answer = {.via = VIA_CONTROL, .code = http_argument(call, "code")};
    struct buf said = BUF_INIT;
    (void)fresh;
    if (!item_of_path(g, call, &item))
        return;
    answer.item_seq = item.seq;
    answer.by = directory_unit(g->config->directory, http_argument(call, "unit"));
    if (!answer_verb_parse(http_argument(call, "verb"), &answer.verb)) {
        page_error(call, 400, "verb: one such as seen, accept, reject, return or done is wanted");
        return;
    }
    if (!answer.by) {
        page_error(call, 404, "unit: this unit is not in the directory");
        return;
    }
    enum answer_end end = answer_apply(g, &answer, &said);
    page_json(call);
    if (end == ANSWER_IMPOSSIBLE)
        call->status = 409;
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, end == ANSWER_IMPOSSIBLE ? "error" : "said", buf_str(&said));
    buf_addc(&call->answer, '}');
    buf_release(&said);
}
