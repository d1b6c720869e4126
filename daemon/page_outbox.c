/*
 * Control calls about the outbox: what only the running daemon knows of it, and what an operator
 * orders (outbox_ops.h). The table of what waits is read by stafettectl itself, because a million
 * rows would hold up the deciding thread.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway.h"
#include "json.h"
#include "lane.h"
#include "outbox.h"
#include "outbox_ops.h"
#include "page_parts.h"
#include "store.h"
#include "util.h"

static void put_incidents(const struct stafette *g, struct buf *out)
{
    json_put_name(out, "incidents");
    buf_addc(out, '[');
    for (size_t i = 0; i < g->incidents.count; i++) {
        const struct incident *incident = &g->incidents.incident[i];
        if (!incident->open)
            continue;
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "transport", incident->transport);
        json_member_text(out, "class", error_class_name(incident->class));
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

void page_outbox(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf *out = &call->answer;
    (void)fresh;
    page_json(call);
    buf_addc(out, '{');
    json_member_time(out, "now", g->now_ms);
    json_member_time(out, "attempts_now", g->steady_ms);
    json_member_time(out, "next_at", outbox_next_ms(g->outbox));
    json_member_int(out, "in_flight", (int64_t)outbox_in_flight(g->outbox));
    put_incidents(g, out);
    buf_addc(out, '}');
}

/* Answers OP_DONE with nothing yet: the caller adds members. */
static bool refused(struct http_call *call, enum op_end end, const struct buf *err)
{
    if (end == OP_DONE) {
        page_json(call);
        buf_addc(&call->answer, '{');
        return false;
    }
    page_error(call, end == OP_UNKNOWN ? 404 : 409, buf_str(err));
    return true;
}

static bool is_set(const struct http_call *call, const char *argument)
{
    return !str_empty(http_argument(call, argument));
}

/* The destination that the call names, or all; false with an error answered. */
static bool read_name(struct stafette *g, struct http_call *call, struct buf *name)
{
    struct buf err = BUF_INIT;
    const char *lane = http_argument(call, "lane");
    enum op_end end = OP_DONE;
    if (is_set(call, "all") == !str_empty(lane)) {
        page_error(call, 400, "a destination or --all is needed, and not both");
        return false;
    }
    end = outbox_name(g, lane, is_set(call, "urgent"), name, &err);
    if (end != OP_DONE)
        refused(call, end, &err);
    buf_release(&err);
    return end == OP_DONE;
}

static void set_hold(struct stafette *g, struct http_call *call, bool hold)
{
    struct buf name = BUF_INIT, err = BUF_INIT;
    if (read_name(g, call, &name)) {
        size_t before = outbox_holds(g)->count;
        bool all_off = !hold && is_set(call, "all");
        enum op_end end = outbox_hold(g, all_off ? "" : buf_str(&name), hold, &err);
        if (!refused(call, end, &err)) {
            json_member_text(&call->answer, hold ? "held" : "released",
                             all_off ? LANE_ALL : buf_str(&name));
            if (!hold)
                json_member_int(&call->answer, "count", all_off ? (int64_t)before : 1);
            buf_addc(&call->answer, '}');
        }
    }
    buf_release(&name);
    buf_release(&err);
}

void page_hold(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    set_hold(g, call, true);
}

void page_unhold(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    set_hold(g, call, false);
}

void page_hold_committed(struct stafette *g, const struct http_call *call)
{
    if (call->status == 200)
        outbox_hold_changed(g);
}

static void retry_done(struct stafette *g, void *context, int64_t count, bool is_good)
{
    struct http_call *call = context;
    page_json(call);
    call->status = is_good ? 200 : 503;
    buf_addc(&call->answer, '{');
    if (!is_good)
        json_member_text(&call->answer, "error", store_trouble(g->store));
    json_member_int(&call->answer, "retried", count);
    buf_addc(&call->answer, '}');
    http_answer(g->http, call);
}

/* A number is a delivery; a transport that is called by digits only is named by its lanes. */
void page_retry(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct retry_order order = {call, retry_done};
    struct buf name = BUF_INIT, err = BUF_INIT;
    int64_t seq;
    enum op_end end = OP_DONE;
    (void)fresh;
    page_json(call);
    if (!is_set(call, "all") && int_parse(http_argument(call, "lane"), 1, INT64_MAX, &seq))
        end = outbox_retry_one(g, &order, seq, &err);
    else if (read_name(g, call, &name))
        end = outbox_retry(g, &order, buf_str(&name), &err);
    if (end != OP_DONE)
        refused(call, end, &err);
    buf_release(&name);
    buf_release(&err);
}

/* The delivery that the last part of the path names; false with an error answered. */
static bool delivery_of_path(struct http_call *call, int64_t *seq)
{
    if (int_parse(strrchr(call->path, '/') + 1, 1, INT64_MAX, seq))
        return true;
    page_error(call, 400, "the number of a delivery is wanted; stafettectl outbox list shows them");
    return false;
}

void page_cancel(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf err = BUF_INIT;
    const char *then = "";
    int64_t seq;
    (void)fresh;
    if (!delivery_of_path(call, &seq))
        return;
    if (!refused(call, outbox_cancel(g, seq, http_argument(call, "code"), &then, &err), &err)) {
        json_member_int(&call->answer, "cancelled", seq);
        json_member_text(&call->answer, "then", then);
        buf_addc(&call->answer, '}');
    }
    buf_release(&err);
}

void page_resend(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf err = BUF_INIT;
    int64_t seq, copy = 0;
    (void)fresh;
    if (!delivery_of_path(call, &seq))
        return;
    if (!refused(call, outbox_resend(g, seq, http_argument(call, "to"), &copy, &err), &err)) {
        json_member_int(&call->answer, "delivery", copy);
        json_member_int(&call->answer, "copy_of", seq);
        buf_addc(&call->answer, '}');
    }
    buf_release(&err);
}
