/*
 * The control call that erases a case. It answers after the commit, when the erasure is on the list
 * outside the store and in the store; the log is emptied before the answer leaves, or, while
 * another process reads the store, in an idle turn soon after.
 */
#include <stdlib.h>

#include "erase.h"
#include "event.h"
#include "gateway.h"
#include "json.h"
#include "log.h"
#include "page_parts.h"
#include "store.h"
#include "util.h"

static void put_report(struct buf *out, const struct stafette *g, const struct erase_report *r)
{
    buf_addc(out, '{');
    json_member_text(out, "ticket", r->ticket);
    json_member_time(out, "at", g->now_ms);
    json_member_int(out, "items", r->rows.items);
    json_member_int(out, "open_items", r->open);
    json_member_int(out, "events", r->rows.events);
    json_member_int(out, "notices", r->rows.notices);
    json_member_int(out, "deliveries", r->rows.deliveries);
    json_member_int(out, "clocks", r->rows.clocks);
    json_member_int(out, "audit_rows", r->rows.audit);
    buf_addc(out, '}');
}

void page_erase(struct stafette *g, struct http_call *call, struct known *fresh)
{
    static const int status[] = {
        [ERASE_DONE] = 200, [ERASE_NOTHING] = 404, [ERASE_OPEN] = 409, [ERASE_FAILED] = 500};
    struct erase_report report;
    struct buf err = BUF_INIT;
    const char *case_ref = http_argument(call, "case_ref");
    (void)fresh;
    if (!event_case_ref_valid(case_ref)) {
        page_error(call, 400, "a case reference such as cr-7f3k92qxm4t8b is wanted");
        return;
    }
    if (!call->state)
        call->state = xcalloc(1, sizeof(struct erasure));
    bool force = !str_empty(http_argument(call, "force"));
    enum erase_end end = erase_case(g, case_ref, force, call->state, &report, &err);
    if (end == ERASE_DONE) {
        page_json(call);
        put_report(&call->answer, g, &report);
    } else {
        page_error(call, status[end], buf_str(&err));
    }
    buf_release(&err);
}

void page_erase_committed(struct stafette *g, const struct http_call *call)
{
    struct erasure *entry = call->state;
    if (call->status == 200) {
        log_info("erased", "number=%lld", (long long)entry->number);
        g->unflushed = true;
        erase_flush(g);
    }
    free(entry);
}
