/*
 * Notices that do not arrive: see undelivered.h. Runs in the settling transaction and may run again
 * after a rollback: everything it decides is read from the store and the delivery at hand.
 */
#include "undelivered.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "incident.h"
#include "lane.h"
#include "outbox_ops.h"
#include "retry.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "verdict.h"

/* Why it waits. Without an attempt: an operator holds it, its transport is in trouble, or the other
 * side takes no more at a time. */
static enum error_class class_of_wait(const struct stafette *g, const struct delivery *d)
{
    char road[ID_MAX];
    if (d->attempts && d->class != CLASS_NONE)
        return d->class;
    if (outbox_lane_held(g, d->lane_id))
        return CLASS_LOCAL;
    lane_road(g, d->lane_id, road, sizeof road);
    const struct incident *incident = incident_open(g, road);
    return incident ? incident->class : CLASS_THROTTLED;
}

/* Attempts are planned on the steady clock, deadlines are on the wall. */
static int64_t to_wall(const struct stafette *g, int64_t steady_ms)
{
    return steady_ms - g->steady_ms + g->now_ms;
}

void undelivered_failed(struct stafette *g, const struct item *item, const struct delivery *d,
                        bool asked)
{
    char notice[32];
    const bool ours = !asked && d->class == CLASS_PERMANENT;
    snprintf(notice, sizeof notice, "%lld", (long long)d->notice_seq);
    const struct status_detail details[] = {
        {.name = "notice_id", .text = notice},
        {.name = "channel", .text = channel_name(d->channel)},
        {.name = "class", .text = error_class_name(d->class)},
        {.name = "reason", .text = verdict_of(ours ? CLASS_LOCAL : d->class)->sender},
        {.name = ""},
    };
    tell_status_of(g, item, "notice.failed", details);
}

static void warn(struct stafette *g, const struct item *item, const struct delivery *d,
                 int64_t deadline_ms)
{
    const enum error_class class = class_of_wait(g, d);
    char notice[32];
    snprintf(notice, sizeof notice, "%lld", (long long)d->notice_seq);
    const struct status_detail details[] = {
        {.name = "notice_id", .text = notice},
        {.name = "channel", .text = channel_name(d->channel)},
        {.name = "class", .text = error_class_name(class)},
        {.name = "reason", .text = verdict_of(class)->sender},
        {.name = "next_attempt", .at_ms = d->next_ms < g->steady_ms ? 0 : to_wall(g, d->next_ms)},
        {.name = "deadline", .at_ms = deadline_ms},
        {.name = ""},
    };
    tell_status_of(g, item, "notice.delayed", details);
}

void undelivered_delayed(struct stafette *g, struct delivery *d)
{
    char notice[32];
    struct item item;
    if (d->warned_ms || !store_item_get(g->store, d->item_seq, &item))
        return;
    d->warned_ms = g->now_ms;
    snprintf(notice, sizeof notice, "%lld", (long long)d->notice_seq);
    const struct status_detail details[] = {
        {.name = "notice_id", .text = notice},
        {.name = "channel", .text = channel_name(d->channel)},
        {.name = "class", .text = error_class_name(CLASS_TEMPORARY)},
        {.name = "reason", .text = verdict_of(CLASS_TEMPORARY)->sender},
        {.name = ""},
    };
    tell_status_of(g, &item, "notice.delayed", details);
}

struct later_way {
    const struct delivery *d;
    int64_t notice_ms;
    bool found;
};

static void look_later(void *context, const struct delivery *d)
{
    struct later_way *look = context;
    if (d->notice_seq == look->d->notice_seq && d->seq > look->d->seq &&
        d->created_ms > look->notice_ms)
        look->found = true;
}

/* What the notice was made with does not count; a way that was added after this one does. */
static bool has_later_way(struct stafette *g, const struct delivery *d, int64_t notice_ms)
{
    struct later_way look = {d, notice_ms, false};
    store_delivery_each(g->store, d->item_seq, &look, look_later);
    return look.found;
}

/* What is due and waits may leave now at the earliest. */
static enum retry_late lateness(const struct stafette *g, const struct delivery *d,
                                int64_t until_ms)
{
    const int64_t next_ms = d->next_ms < g->steady_ms ? g->steady_ms : d->next_ms;
    const struct retry_wait wait = {d->created_ms, to_wall(g, next_ms), until_ms};
    return retry_lateness(&wait);
}

/* 0 is no end. */
static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return b_ms && (!a_ms || b_ms < a_ms) ? b_ms : a_ms;
}

void undelivered_late(struct stafette *g, struct delivery *d)
{
    struct notice notice;
    struct item item;
    const struct verdict *verdict = verdict_of(class_of_wait(g, d));
    if (d->state != DELIVERY_PENDING || verdict->next == NEXT_NEVER ||
        !store_notice_get(g->store, d->notice_seq, &notice))
        return;
    int64_t expires_ms = d->expires_ms ? to_wall(g, d->expires_ms) : 0;
    bool warns =
        !d->warned_ms && lateness(g, d, sooner(notice.deadline_ms, expires_ms)) != RETRY_IN_TIME;
    bool leaves = lateness(g, d, notice.deadline_ms) == RETRY_TOO_LATE &&
                  !has_later_way(g, d, notice.created_ms);
    if ((!warns && !leaves) || !store_item_get(g->store, d->item_seq, &item))
        return;
    if (warns) {
        d->warned_ms = g->now_ms;
        warn(g, &item, d, notice.deadline_ms);
    }
    if (leaves)
        tell_next_contact(g, &item, d, !verdict->blames);
}

/* The newest notice of an item, and how it fares. */
struct last_notice {
    const struct stafette *g;
    int64_t seq;
    char contact[2 * ID_MAX];
    enum error_class class;
    bool arrived, troubled, waits;
};

static void look_at(void *context, const struct delivery *d)
{
    struct last_notice *last = context;
    if (d->notice_seq > last->seq)
        *last = (struct last_notice){.g = last->g, .seq = d->notice_seq};
    if (d->notice_seq < last->seq)
        return;
    bool waits = d->state == DELIVERY_PENDING;
    last->arrived |= d->state == DELIVERY_SENT;
    if (d->state != DELIVERY_FAILED && !(waits && (d->class != CLASS_NONE || d->warned_ms)))
        return;
    last->troubled = true;
    last->waits |= waits;
    last->class = waits ? class_of_wait(last->g, d) : d->class;
    str_copy(last->contact, sizeof last->contact, d->contact);
}

void undelivered_sentence(const struct stafette *g, struct buf *out, const struct item *item)
{
    struct last_notice last = {.g = g};
    store_delivery_each(g->store, item->seq, &last, look_at);
    if (!last.troubled || last.arrived)
        return;
    last.contact[strcspn(last.contact, "/")] = '\0';
    const struct unit *unit = directory_unit(g->config->directory, last.contact);
    buf_printf(out, "Die Nachricht an %s ist %s angekommen. %s %s",
               unit ? unit->name : "die zuständige Stelle", last.waits ? "noch nicht" : "nicht",
               verdict_of(last.class)->sender, verdict_of(last.class)->coordinator);
}
