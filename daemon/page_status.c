/*
 * Pages about the gateway itself: metrics, health, status, release, test clock.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balance.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ingest.h"
#include "json.h"
#include "known.h"
#include "ledger_run.h"
#include "log.h"
#include "outbox.h"
#include "outbox_ops.h"
#include "page_parts.h"
#include "report.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_out.h"
#include "turn.h"
#include "util.h"

enum { ROSTER_NOTICE_MS = 7 * DAY_MS };

void page_metrics(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    call->status = 200;
    call->type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    metrics_write(g, &call->answer);
}

static void trouble(struct buf *out, bool bad, const char *what, const char *why)
{
    if (!bad)
        return;
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "what", what);
    json_member_text(out, "why", why);
    buf_addc(out, '}');
}

static void transport_troubles(const struct stafette *g, struct buf *list)
{
    for (size_t i = 0; i < g->incidents.count; i++) {
        const struct incident *incident = &g->incidents.incident[i];
        struct buf what = BUF_INIT, why = BUF_INIT;
        buf_printf(&what, "transport %s", incident->transport);
        buf_printf(&why, "%llu attempts failed for %lld s, the last with class %s; see the log",
                   (unsigned long long)incident->failures,
                   (long long)(g->steady_ms - incident->since_ms) / 1000,
                   error_class_name(incident->class));
        trouble(list, incident->open, buf_str(&what), buf_str(&why));
        buf_release(&what);
        buf_release(&why);
    }
}

/* One trouble for each hold: it is somebody's intention, and easily forgotten. */
static void hold_troubles(const struct stafette *g, struct buf *list)
{
    const struct lane_holds *holds = outbox_holds(g);
    for (size_t i = 0; i < holds->count; i++) {
        struct buf what = BUF_INIT, why = BUF_INIT;
        buf_printf(&what, "destination %s", holds->hold[i].lane);
        buf_puts(&why, "an operator holds it since ");
        time_german(&why, holds->hold[i].since_ms);
        buf_puts(&why, "; stafettectl outbox release lets it go");
        trouble(list, true, buf_str(&what), buf_str(&why));
        buf_release(&what);
        buf_release(&why);
    }
}

/* A plan that is over leaves its desk to deputies and lead; whoever keeps the plan has a week. */
static void roster_troubles(const struct stafette *g, struct buf *list)
{
    const struct directory *dir = g->config->directory;
    for (size_t i = 0; i < dir->rosters; i++) {
        const struct roster *roster = &dir->roster[i];
        bool covered = roster_on_duty(roster, g->now_ms).count > 0;
        struct buf what = BUF_INIT;
        buf_printf(&what, "on-duty plan %s", roster->id);
        trouble(list, !covered, buf_str(&what), "nobody is on duty; see stafettectl roster");
        trouble(list, covered && roster->ends_ms - g->now_ms < ROSTER_NOTICE_MS, buf_str(&what),
                "it ends within a week; continue it in the configuration");
        buf_release(&what);
    }
}

void page_health(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    struct buf list = BUF_INIT, full = BUF_INIT;
    buf_addc(&list, '[');
    trouble(&list, !ingest_is_up(g->ingest), "broker", ingest_trouble(g->ingest));
    trouble(&list, turn_retry_ms(g->turn) != 0, "store", store_trouble(g->store));
    trouble(&list, !g->balanced, "ledger", "an open item has no clock; run stafettectl status");
    ledger_run_trouble(g, &full);
    trouble(&list, full.len, "full ledger", buf_str(&full));
    trouble(&list, g->held_since_ms != 0, "held",
            "restored from a backup; run stafettectl release when the sources have replayed");
    trouble(&list, g->metrics.wal_bytes > g->config->settings.store_max_bytes, "log size",
            "the write-ahead log is not shrinking; a long backup or another reader holds it");
    transport_troubles(g, &list);
    hold_troubles(g, &list);
    roster_troubles(g, &list);
    buf_addc(&list, ']');
    page_json(call);
    bool well = list.len == 2;
    call->status = well ? 200 : 503;
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "status", well ? "ok" : "trouble");
    json_put_name(&call->answer, "troubles");
    buf_puts(&call->answer, buf_str(&list));
    buf_addc(&call->answer, '}');
    buf_release(&list);
    buf_release(&full);
}

static void put_events(const struct stafette *g, struct buf *out)
{
    static const char *const name[] = {"accepted", "returned", "refused", "parked", "repeated"};
    json_put_name(out, "events_since_start");
    buf_addc(out, '{');
    for (int i = 0; i < EVENT_ENDS; i++)
        json_member_int(out, name[i], (int64_t)g->metrics.events[i]);
    buf_addc(out, '}');
}

static void put_ledger(const struct stafette *g, struct buf *out)
{
    const struct ledger_result *last = ledger_run_last(g->ledger);
    struct buf why = BUF_INIT;
    ledger_run_trouble(g, &why);
    json_member_time(out, "ledger_at", ledger_run_checked_ms(g->ledger));
    if (last)
        json_member_int(out, "findings", ledger_findings(last));
    if (why.len)
        json_member_text(out, "ledger_trouble", buf_str(&why));
    buf_release(&why);
}

static void put_holds(const struct stafette *g, struct buf *out)
{
    const struct lane_holds *holds = outbox_holds(g);
    json_put_name(out, "held_destinations");
    buf_addc(out, '[');
    for (size_t i = 0; i < holds->count; i++) {
        json_comma(out);
        json_put_text(out, holds->hold[i].lane);
    }
    buf_addc(out, ']');
}

void page_status(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf *out = &call->answer;
    (void)fresh;
    page_json(call);
    buf_addc(out, '{');
    json_member_text(out, "instance", g->config->settings.instance);
    json_member_text(out, "version", STAFETTE_VERSION);
    json_member_text(out, "config", g->config->version);
    json_member_time(out, "now", g->now_ms);
    json_member_time(out, "started_at", g->started_ms);
    json_member_text(out, "broker", ingest_is_up(g->ingest) ? "up" : ingest_trouble(g->ingest));
    json_member_bool(out, "green", balance_green(g));
    json_member_time(out, "checked_at", g->checked_ms);
    put_ledger(g, out);
    json_member_time(out, "held_since", g->held_since_ms);
    json_member_int(out, "open_items", store_item_count_open(g->store));
    json_member_int(out, "open_clocks", store_clock_count_open(g->store));
    json_member_int(out, "pending", store_delivery_count(g->store, DELIVERY_PENDING));
    json_member_int(out, "held", store_delivery_count(g->store, DELIVERY_HELD));
    put_holds(g, out);
    json_member_int(out, "sms_unknown", report_count_unknown(g));
    json_member_int(out, "in_flight", (int64_t)outbox_in_flight(g->outbox));
    json_member_int(out, "status_events_waiting", store_out_count(g->store));
    json_member_int(out, "store_bytes", store_size(g->store));
    put_events(g, out);
    retention_status(g, out);
    json_member_bool(out, "erased_in_log", g->unflushed);
    buf_addc(out, '}');
}

void page_release(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    if (!store_meta_int(g->store, "held_since_ms")) {
        page_error(call, 409, "this store is not held; there is nothing to release");
        return;
    }
    int64_t held = store_delivery_count(g->store, DELIVERY_HELD);
    store_delivery_release_all(g->store, g->steady_ms);
    store_meta_set_int(g->store, "held_since_ms", 0);
    store_audit_add(g->store, g->now_ms, 0, "release of a restored store");
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_int(&call->answer, "released", held);
    buf_addc(&call->answer, '}');
}

void page_release_committed(struct stafette *g, const struct http_call *call)
{
    if (call->status != 200)
        return;
    g->held_since_ms = 0;
    outbox_wake_all(g);
}

void page_clock(struct stafette *g, struct http_call *call, struct known *fresh)
{
    int64_t by_ms;
    (void)fresh;
    if (!g->test_clock.len) {
        page_error(call, 409, "the daemon runs on the real clock (no --test-clock)");
        return;
    }
    if (!duration_parse(http_argument(call, "advance"), &by_ms)) {
        page_error(call, 400, "advance: a duration such as 15m, 2h or 3d is wanted");
        return;
    }
    struct buf text = BUF_INIT;
    time_utc(&text, g->now_ms + by_ms);
    int fd = open(buf_str(&g->test_clock), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len) {
        page_error(call, 500, "the clock file cannot be written");
    } else {
        page_json(call);
        buf_addc(&call->answer, '{');
        json_member_time(&call->answer, "now", g->now_ms + by_ms);
        buf_addc(&call->answer, '}');
        /* Both, or what has become due to be tried again would not keep the caller waiting. */
        g->now_ms += by_ms;
        if (g->now_ms > g->steady_ms)
            g->steady_ms = g->now_ms;
    }
    if (fd >= 0)
        close(fd);
    buf_release(&text);
}
