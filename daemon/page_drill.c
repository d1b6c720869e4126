/*
 * Pages of drills: begin one, and what the last ones came to. Who may call is a matter of the
 * control door; who may be drilled is drill.c's.
 */
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "drill.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "store_drill.h"
#include "store_item.h"
#include "util.h"

enum { DRILLS_SHOWN = 50 };

static bool kind_argument(struct http_call *call, enum item_kind *like)
{
    const char *said = http_argument(call, "kind");
    *like = ITEM_EMERGENCY;
    if (str_empty(said))
        return true;
    if (item_kind_parse(said, like) && (*like == ITEM_EMERGENCY || *like == ITEM_HANDOVER))
        return true;
    page_error(call, 400, "a drill is of kind emergency or handover");
    return false;
}

static void put_begun(struct stafette *g, struct buf *out, const struct unit *unit, int64_t seq,
                      const char *why)
{
    char code[ITEM_ID_LEN + 1] = "";
    if (seq > 0)
        code_write(code, seq, g->keys.code);
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "unit", unit->id);
    json_member_text(out, "drill", code);
    json_member_text(out, "refused", why);
    buf_addc(out, '}');
}

static void begin_one(struct stafette *g, struct http_call *call, const struct drill_order *order)
{
    struct buf err = BUF_INIT;
    int64_t seq = drill_start(g, order, &err);
    if (seq < 0) {
        page_error(call, 409, buf_str(&err));
    } else {
        page_json(call);
        buf_addc(&call->answer, '[');
        put_begun(g, &call->answer, order->unit, seq, "");
        buf_addc(&call->answer, ']');
    }
    buf_release(&err);
}

static void begin_all(struct stafette *g, struct http_call *call, struct drill_order *order)
{
    const struct directory *dir = g->config->directory;
    page_json(call);
    buf_addc(&call->answer, '[');
    for (size_t i = 0; i < dir->units; i++) {
        struct buf err = BUF_INIT;
        if (!dir->unit[i].roster)
            continue;
        order->unit = &dir->unit[i];
        int64_t seq = drill_start(g, order, &err);
        put_begun(g, &call->answer, order->unit, seq, buf_str(&err));
        buf_release(&err);
    }
    buf_addc(&call->answer, ']');
}

void page_drill(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const char *id = http_argument(call, "unit");
    bool all = !str_empty(http_argument(call, "all"));
    struct drill_order order = {.unit = directory_unit(g->config->directory, id),
                                .any_hour = !str_empty(http_argument(call, "urgent")),
                                .whole_chain = !str_empty(http_argument(call, "whole")),
                                .by = "control"};
    (void)fresh;
    if (all == !str_empty(id)) {
        page_error(call, 400, "name a unit, or say --all-on-call");
        return;
    }
    if (!all && !order.unit) {
        page_error(call, 404, "this unit is not in the directory");
        return;
    }
    if (!kind_argument(call, &order.like))
        return;
    if (all)
        begin_all(g, call, &order);
    else
        begin_one(g, call, &order);
}

static const char *state_of(struct stafette *g, const struct drill *drill)
{
    struct item item;
    if (drill->answered_ms)
        return "answered";
    return store_item_get(g->store, drill->item_seq, &item) && !item.closed_ms ? "open"
                                                                               : "unanswered";
}

/* Whole seconds since the start; -1: it did not happen. */
static int64_t seconds(const struct drill *drill, int64_t at_ms)
{
    return at_ms ? (at_ms - drill->started_ms) / 1000 : -1;
}

static void put_drill(void *context, const struct drill *drill)
{
    struct http_call *call = context;
    struct stafette *g = call->state;
    char code[ITEM_ID_LEN + 1];
    code_write(code, drill->item_seq, g->keys.code);
    json_comma(&call->answer);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "drill", code);
    json_member_text(&call->answer, "unit", drill->unit);
    json_member_time(&call->answer, "started", drill->started_ms);
    json_member_text(&call->answer, "state", state_of(g, drill));
    json_member_int(&call->answer, "sent_s", seconds(drill, drill->sent_ms));
    json_member_int(&call->answer, "answered_s", seconds(drill, drill->answered_ms));
    json_member_text(&call->answer, "answered_by", drill->answered_by);
    json_member_int(&call->answer, "rungs", drill->rungs);
    buf_addc(&call->answer, '}');
}

void page_drills(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    page_json(call);
    call->state = g;
    buf_addc(&call->answer, '[');
    store_drill_each(g->store, DRILLS_SHOWN, call, put_drill);
    buf_addc(&call->answer, ']');
    call->state = NULL;
}
