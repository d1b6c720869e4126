/*
 * Delivery reports of SMS gateways: see report.h.
 *
 * Tied to a delivery by our own reference, whose tag nobody else can make, or by the gateway's id
 * together with the transport that sent it: two gateways may give the same. A report of another
 * transport than the one that sent it last (the first was given up as doubtful, the next took over)
 * can only bring the good news. Refuses to guess: what names no delivery is counted, nothing else.
 * A crash leaves the whole report or nothing; the gateway repeats what was not answered.
 */
#include "report.h"

#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/callback.h"
#include "config.h"
#include "gateway.h"
#include "lane.h"
#include "log.h"
#include "outbox.h"
#include "render.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_item.h"
#include "tell.h"
#include "util.h"

enum { WEEK_MS = 7 * DAY_MS };

const char *report_end_name(enum report_end end)
{
    switch (end) {
    case REPORT_TAKEN:
        return "taken";
    case REPORT_KNOWN:
        return "known";
    case REPORT_NO_ID:
        return "no_delivery";
    case REPORT_ODD:
        return "odd_word";
    case REPORT_UNREADABLE:
        return "unreadable";
    case REPORT_REFUSED:
        return "refused";
    case REPORT_END_COUNT:
        break;
    }
    return "?";
}

/* The transport by which it was sent last, or will be tried next; NULL when there is none now. */
static const struct transport *transport_of(const struct stafette *g, const struct delivery *d)
{
    char road[ID_MAX];
    if (d->channel != CHANNEL_SMS)
        return NULL;
    lane_road(g, d->lane_id, road, sizeof road);
    const struct transport *t = transports_find(g->config->transports, road);
    return t && t->adapter->channel == CHANNEL_SMS ? t : NULL;
}

/* ---- which delivery */

/* "d17.8c3f01aa" is 17, when the tag is ours; else 0. */
static int64_t number_of(const struct stafette *g, const char *reference)
{
    char digits[24] = "";
    int64_t seq = 0;
    struct buf ours = BUF_INIT;
    size_t len = reference[0] == 'd' ? strspn(reference + 1, "0123456789") : 0;
    if (len == 0 || len >= sizeof digits)
        return 0;
    memcpy(digits, reference + 1, len);
    if (!int_parse(digits, 1, INT64_MAX, &seq))
        return 0;
    render_reference(&ours, g, seq);
    if (!str_eq(buf_str(&ours), reference))
        seq = 0;
    buf_release(&ours);
    return seq;
}

struct search {
    const struct stafette *g;
    const struct transport *from;
    struct delivery *found;
    bool ok;
};

static bool is_it(void *context, const struct delivery *d)
{
    struct search *search = context;
    if (transport_of(search->g, d) != search->from)
        return true;
    *search->found = *d;
    search->ok = true;
    return false;
}

static bool find(const struct stafette *g, const struct transport *from,
                 const struct report *report, struct delivery *d)
{
    struct search search = {g, from, d, false};
    int64_t seq = number_of(g, report->reference);
    if (seq)
        return store_delivery_get(g->store, seq, d) && d->channel == CHANNEL_SMS;
    if (!str_empty(report->provider_id))
        store_delivery_each_by_provider(g->store, report->provider_id, &search, is_it);
    return search.ok;
}

/* ---- what follows */

static void note(struct stafette *g, struct delivery *d, enum report_status status)
{
    d->report = status;
    d->reported_ms = g->now_ms;
    store_delivery_report(g->store, d);
}

/* It is on the handset, whatever we thought of it before. */
static void take_delivered(struct stafette *g, struct delivery *d)
{
    struct item item;
    char notice[32];
    struct buf text = BUF_INIT;
    if (d->state == DELIVERY_PENDING)
        outbox_arrived(g, d);
    note(g, d, REPORT_DELIVERED);
    buf_printf(&text, "delivery=%lld notice=%lld report=delivered", (long long)d->seq,
               (long long)d->notice_seq);
    store_audit_add(g->store, g->now_ms, d->item_seq, buf_str(&text));
    buf_release(&text);
    buf_printf(&text, "%lld", (long long)d->notice_seq);
    str_copy(notice, sizeof notice, buf_str(&text));
    buf_release(&text);
    if (store_item_get(g->store, d->item_seq, &item))
        tell_status(g, &item, "notice.delivered", "notice_id", notice);
}

/* While an attempt is under way its own result comes first: it finds the report in the row. */
static enum report_end take_failed(struct stafette *g, struct delivery *d,
                                   const struct report *report)
{
    if (d->state == DELIVERY_SENT)
        outbox_returned(g, d->seq, report->class, 0);
    else if (d->state == DELIVERY_PENDING && outbox_is_under_way(g, d->seq))
        note(g, d, REPORT_FAILED);
    else
        return REPORT_KNOWN;
    return REPORT_TAKEN;
}

enum report_end report_take(struct stafette *g, const struct transport *from,
                            const struct report *report)
{
    struct delivery d = {.seq = 0};
    enum report_end end = REPORT_TAKEN;
    if (!find(g, from, report, &d))
        return REPORT_NO_ID;
    if (report->status == REPORT_UNKNOWN)
        return REPORT_ODD;
    bool other = transport_of(g, &d) != from && report->status != REPORT_DELIVERED;
    if (other || !report_advances(d.report, report->status))
        return REPORT_KNOWN;
    if (report->status == REPORT_FAILED)
        end = take_failed(g, &d, report);
    else if (report->status == REPORT_DELIVERED)
        take_delivered(g, &d);
    else
        note(g, &d, report->status);
    if (end == REPORT_TAKEN)
        log_info("delivery report", "delivery=%lld transport=%s report=%s class=%s",
                 (long long)d.seq, from->name, report_status_name(report->status),
                 error_class_name(report->class));
    return end;
}

/* ---- what is known */

const char *report_word(const struct stafette *g, const struct delivery *d)
{
    const struct transport *t = transport_of(g, d);
    bool final = d->report == REPORT_DELIVERED || d->report == REPORT_FAILED;
    if (final || d->state != DELIVERY_SENT)
        return d->report ? report_status_name(d->report) : "";
    if (!t || !t->reports)
        return d->report ? report_status_name(d->report) : "";
    if (g->now_ms - d->ended_ms >= g->config->settings.report_within_ms)
        return "unknown";
    return d->report ? report_status_name(d->report) : "awaited";
}

struct count {
    const struct stafette *g;
    int64_t n;
};

static void add_lane(void *context, int64_t lane_id, int64_t n)
{
    struct count *count = context;
    const struct delivery d = {.channel = CHANNEL_SMS, .lane_id = lane_id};
    const struct transport *t = transport_of(count->g, &d);
    if (t && t->reports)
        count->n += n;
}

int64_t report_count_unknown(const struct stafette *g)
{
    struct count count = {g, 0};
    int64_t until_ms = g->now_ms - g->config->settings.report_within_ms;
    store_delivery_each_unreported(g->store, g->now_ms - WEEK_MS, until_ms, &count, add_lane);
    return count.n;
}
