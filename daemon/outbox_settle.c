/*
 * The outbox, settling: what an attempt came to becomes the delivery's row, a status event, an
 * audit row, and after the commit one log line. Runs again unchanged when the transaction had to
 * be rolled back: nothing in memory changes before outbox_settled().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "clock.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "incident.h"
#include "lane.h"
#include "log.h"
#include "mail_domain.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "permit.h"
#include "reach_look.h"
#include "retry.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_contact.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_outbox.h"
#include "tell.h"
#include "testpoint.h"
#include "undelivered.h"
#include "util.h"
#include "verdict.h"
#include "workflow_parts.h"

enum { HASTEN_MAX = 500 };

static void plan_next(const struct stafette *g, const struct job *job, struct delivery *d)
{
    const struct retry_case c = {
        .class = job->result.class,
        .attempts = (int)d->attempts,
        .now_ms = g->steady_ms,
        .expires_ms = d->expires_ms,
        .retry_after_s = job->result.retry_after_s,
        .first_ms = g->config->settings.retry_first_ms,
        .max_ms = g->config->settings.retry_max_ms,
        .random = job->chance,
    };
    enum retry_outcome plan = retry_plan(&c, &d->next_ms);
    if (plan == RETRY_AT)
        return;
    d->state = DELIVERY_FAILED;
    d->ended_ms = g->now_ms;
}

/* What is urgent does not wait for a relay or gateway that is dead, silent or says "later": the
 * next one of the same channel is tried at once, at the risk of a copy. When all have been tried,
 * the first waits for the planned time (DESIGN 1.4). */
static void change_transport(struct stafette *g, const struct job *job, struct delivery *d)
{
    if (!d->urgent || d->state != DELIVERY_PENDING || !job->transport)
        return;
    const struct directory *dir = g->config->directory;
    const struct contact *contact = directory_contact(dir, d->contact);
    if (!contact)
        return;
    const struct mail_domain *domain = mail_domain_of(g->config->mail_domains, contact);
    const struct transport *next = lane_next(g, job->transport, domain);
    if (str_eq(next->name, job->transport->name))
        return;
    d->lane_id = lane_of(g, next, contact, d->urgent);
    /* It may have begun with any of them: a round is over after as many attempts. */
    if (d->attempts % lane_ways(g, next, domain) != 0)
        d->next_ms = g->steady_ms;
    outbox_wake(g, d->lane_id);
}

/* While probes are due more often than it is repeated, it would be the probe each time. */
static void leave_dead_road(struct stafette *g, const struct job *job, struct delivery *d)
{
    const struct flight *flight = outbox_flight(g->outbox, job->delivery_id);
    if (!d->urgent && d->state == DELIVERY_PENDING && incident_blames(job->result.class) &&
        flight && road_was_probed(g, flight))
        d->next_ms = g->steady_ms;
}

/* No attempt falls into quiet hours, a repeated one neither. */
static void keep_quiet(const struct stafette *g, struct delivery *d)
{
    struct item item;
    const struct contact *contact = directory_contact(g->config->directory, d->contact);
    if (d->channel == CHANNEL_SMS && d->state == DELIVERY_PENDING && contact &&
        store_item_get(g->store, d->item_seq, &item))
        d->next_ms = tell_awake_ms(g, &item, contact, d->next_ms);
}

/* How a delivery ended, besides what its row says. */
struct ending {
    bool asked; /* a transport was: what ended without says nothing of the contact */
    const unsigned char *bytes; /* hash of what was handed over; NULL: nothing was */
    const char *withheld;       /* why it was the content-free form (protect.h); "" or NULL: no */
};

static void audit_end(struct stafette *g, const struct ending *ending, const struct delivery *d)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "delivery=%lld notice=%lld channel=%s result=%s class=%s code=%d attempts=%d",
               (long long)d->seq, (long long)d->notice_seq, channel_name(d->channel),
               delivery_state_name(d->state), error_class_name(d->class), (int)d->code,
               (int)d->attempts);
    if (ending->bytes) {
        buf_puts(&text, " bytes=");
        digest_hex(&text, ending->bytes, DIGEST_FULL);
    }
    if (ending->bytes && !str_empty(ending->withheld))
        buf_printf(&text, " form=content-free certificate=%s", ending->withheld);
    store_audit_add(g->store, g->now_ms, d->item_seq, buf_str(&text));
    buf_release(&text);
}

/* The second time for good: somebody has to mend the directory (DOMAIN KI6). The first may be a
 * full mailbox, unless it leaves no way to the unit at all; of a third the coordinator knows. */
static void tell_bounced(struct stafette *g, const char *id, enum error_class class)
{
    char unit[ID_MAX] = "";
    size_t len = strcspn(id, "/");
    if (len >= sizeof unit)
        return;
    memcpy(unit, id, len);
    struct task task = {.number = class, .about = directory_unit(g->config->directory, unit)};
    if (task.about)
        task.code = reach_bounced(g, task.about, store_contact_failures(g->store, id));
    if (task.code)
        work_task(g, &task);
}

static void flag_contact(struct stafette *g, const struct ending *ending, const struct delivery *d)
{
    if (d->state == DELIVERY_SENT && g->presence.contacts_flagged)
        store_contact_reached(g->store, d->contact);
    if (d->state != DELIVERY_FAILED || !ending->asked || !verdict_of(d->class)->blames)
        return;
    store_contact_failed(g->store, d->contact, d->class, g->now_ms);
    g->presence.contacts_flagged = true;
    tell_bounced(g, d->contact, d->class);
}

/* The next contact of the unit is asked, by the other channel first when the carrier is to blame. A
 * text that must not leave must not leave to anybody. */
static bool try_next_contact(struct stafette *g, const struct ending *ending,
                             const struct delivery *d, const struct item *item)
{
    bool blocked = !ending->asked && d->class == CLASS_PERMANENT;
    return !blocked && tell_next_contact(g, item, d, !verdict_of(d->class)->blames);
}

/* An address that cannot be reached is a failed step, and the next step runs now (DESIGN 1.4). The
 * catch-all desk's own failures wait for its next reminder, or they would chase each other. */
static void run_next_step(struct stafette *g, const struct delivery *d, const struct item *item)
{
    if (!item->closed_ms && !store_delivery_hopeful(g->store, d->notice_seq))
        workflow_next_rung(g, item);
}

static void end_delivery(struct stafette *g, const struct ending *ending, struct delivery *d)
{
    struct item item;
    char notice[32];
    audit_end(g, ending, d);
    /* Ten notices in one mail are one failure of the mailbox, not ten. */
    if (!d->bundle_seq)
        flag_contact(g, ending, d);
    if (!store_item_get(g->store, d->item_seq, &item))
        return;
    snprintf(notice, sizeof notice, "%lld", (long long)d->notice_seq);
    if (d->state == DELIVERY_SENT) {
        workflow_delivered(g, &item);
        tell_status(g, &item, "notice.sent", "notice_id", notice);
        return;
    }
    undelivered_failed(g, &item, d, ending->asked);
    if (!try_next_contact(g, ending, d, &item))
        run_next_step(g, d, &item);
}

/* A gateway's report has overtaken its answer to the attempt that just ended. Of an attempt in
 * doubt it is the answer; a failed one that will be repeated is forgotten. */
static void take_early_report(struct stafette *g, struct delivery *d)
{
    if (d->report == REPORT_DELIVERED)
        outbox_arrived(g, d);
    if (d->report != REPORT_FAILED)
        return;
    if (d->state == DELIVERY_SENT) {
        outbox_returned(g, d->seq, CLASS_PERMANENT, 0);
    } else if (d->state == DELIVERY_PENDING) {
        d->report = REPORT_UNKNOWN;
        d->reported_ms = 0;
        store_delivery_report(g->store, d);
    }
}

/* A report comes from the transport that sent it, which may not be its lane's usual one. */
static void note_way(struct stafette *g, const struct job *job, struct delivery *d)
{
    char road[ID_MAX];
    const struct contact *contact = directory_contact(g->config->directory, d->contact);
    lane_road(g, d->lane_id, road, sizeof road);
    if (job->transport && contact && !str_eq(road, job->transport->name))
        d->lane_id = lane_of(g, job->transport, contact, d->urgent);
}

static void settle_one(struct stafette *g, const struct job *job, int64_t seq)
{
    struct delivery d;
    if (!store_delivery_get(g->store, seq, &d))
        return;
    d.bundle_seq = seq == job->delivery_id ? 0 : job->delivery_id;
    bool cancelled = d.state == DELIVERY_CANCELLED;
    if (job->result.class == CLASS_FORBIDDEN) {
        if (!cancelled)
            permit_hold(g, &d, (enum permit_verdict)job->result.code);
        store_delivery_settle(g->store, &d);
        return;
    }
    d.attempts++;
    d.class = job->result.class;
    d.code = job->result.code;
    str_copy(d.provider_id, sizeof d.provider_id, job->result.provider_id);
    switch (job->result.end) {
    case ATTEMPT_SENT:
        d.state = DELIVERY_SENT;
        d.ended_ms = g->now_ms;
        note_way(g, job, &d);
        break;
    case ATTEMPT_FAILED:
        d.state = cancelled ? DELIVERY_CANCELLED : DELIVERY_FAILED;
        d.ended_ms = g->now_ms;
        break;
    case ATTEMPT_DEFERRED:
    case ATTEMPT_END_COUNT:
        if (!cancelled) {
            plan_next(g, job, &d);
            change_transport(g, job, &d);
            leave_dead_road(g, job, &d);
            keep_quiet(g, &d);
            undelivered_late(g, &d);
        }
        break;
    }
    store_delivery_settle(g->store, &d);
    const struct ending ending = {job->transport != NULL,
                                  d.state == DELIVERY_SENT ? job->result.bytes_hash : NULL,
                                  job->withheld};
    if (d.state == DELIVERY_SENT || d.state == DELIVERY_FAILED)
        end_delivery(g, &ending, &d);
    take_early_report(g, &d);
}

/* Deliveries that came back together, because they had left in one mail. */
struct returned {
    struct delivery *d;
    size_t count, cap;
};

static void add_returned(void *context, const struct delivery *d)
{
    struct returned *all = context;
    if (d->state != DELIVERY_SENT)
        return;
    all->d = grow(all->d, all->count, &all->cap, sizeof *all->d);
    all->d[all->count++] = *d;
}

bool outbox_returned(struct stafette *g, int64_t delivery_seq, enum error_class class, int code)
{
    static const struct ending ending = {.asked = true};
    struct returned all = {0};
    struct delivery first;
    if (store_delivery_get(g->store, delivery_seq, &first))
        add_returned(&all, &first);
    if (all.count)
        store_delivery_each_bundled(g->store, delivery_seq, &all, add_returned);
    if (all.count && verdict_of(class)->hand == HAND_OPERATOR)
        lane_road(g, first.lane_id, g->outbox->returned, sizeof g->outbox->returned);
    for (size_t i = 0; i < all.count; i++) {
        struct delivery *d = &all.d[i];
        d->state = DELIVERY_FAILED;
        d->class = class;
        d->code = code;
        d->report = REPORT_FAILED;
        d->ended_ms = d->reported_ms = g->now_ms;
        store_delivery_report(g->store, d);
        end_delivery(g, &ending, d);
    }
    free(all.d);
    return all.count > 0;
}

static void settle_job(struct stafette *g, const struct job *job)
{
    const struct flight *flight = outbox_flight(g->outbox, job->delivery_id);
    settle_one(g, job, job->delivery_id);
    for (size_t i = 0; flight && i < flight->mates; i++)
        settle_one(g, job, flight->mate[i]);
}

/* Short messages one by one: none of them is hastened into quiet hours. */
static int64_t hasten_sms(struct stafette *g, int64_t lane_id, int64_t room)
{
    struct delivery d = {.seq = INT64_MAX, .next_ms = g->steady_ms};
    int64_t count = 0;
    for (int n = 0; n < HASTEN_MAX && count < room &&
                    store_outbox_later(g->store, lane_id, d.next_ms, d.seq, &d);
         n++) {
        struct delivery early = d;
        early.next_ms = g->steady_ms;
        keep_quiet(g, &early);
        if (incident_blames(d.class) && early.next_ms < d.next_ms)
            count += store_outbox_set_next(g->store, d.seq, early.next_ms);
    }
    return count;
}

/* What is put off again meanwhile is left to its new plan: a lane is gone through once, and not at
 * all when its road has died again. */
static int64_t hasten_lane(struct stafette *g, const struct lane *lane, int64_t room)
{
    if (road_is_dead(g, &g->outbox->road[lane->road]))
        return 0;
    if (!lane->has_domain)
        return hasten_sms(g, lane->id, room);
    return store_delivery_hasten(g->store, lane->id, g->steady_ms, room);
}

/* A turn's work is bounded: of a long queue behind a road that is well again, some at a time. */
static void hasten(struct stafette *g)
{
    struct outbox *o = g->outbox;
    int64_t room = HASTEN_MAX;
    for (size_t i = 0; i < o->lanes && o->hastening; i++) {
        struct lane *lane = &o->lane[i];
        lane->hastened = -1;
        if (!lane->hasten || room <= 0)
            continue;
        lane->hastened = hasten_lane(g, lane, room);
        lane->hasten_more = lane->hastened == room;
        room -= lane->hastened ? lane->hastened : 1;
    }
}

static void hastened(struct outbox *o)
{
    for (size_t i = 0; i < o->lanes && o->hastening; i++) {
        struct lane *lane = &o->lane[i];
        if (lane->hastened >= 0 && lane->hasten) {
            lane->wake_ms = 0;
            lane->hasten = lane->hasten_more;
            o->hastening -= !lane->hasten;
            lane->hastened = -1;
        }
    }
}

bool outbox_is_under_way(const struct stafette *g, int64_t delivery_seq)
{
    for (const struct job *job = g->outbox->finished.first; job; job = job->next)
        if (job->delivery_id == delivery_seq)
            return false;
    return outbox_flight(g->outbox, delivery_seq) != NULL;
}

bool outbox_arrived(struct stafette *g, struct delivery *d)
{
    static const struct ending ending = {.asked = true};
    if (d->state != DELIVERY_PENDING || outbox_is_under_way(g, d->seq))
        return false;
    d->state = DELIVERY_SENT;
    d->class = CLASS_NONE;
    d->ended_ms = g->now_ms;
    store_delivery_settle(g->store, d);
    end_delivery(g, &ending, d);
    return true;
}

void outbox_settle(struct stafette *g)
{
    if (g->outbox->finished.first)
        test_point("before-settle");
    for (struct job *job = g->outbox->finished.first; job; job = job->next)
        settle_job(g, job);
    hasten(g);
}

static void log_attempt(const struct job *job, const struct flight *flight)
{
    const struct result *r = &job->result;
    log_line(r->end == ATTEMPT_SENT ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "attempt",
             "delivery=%lld channel=%s transport=%s result=%s class=%s code=%d enhanced=%s ms=%lld"
             " peer=\"%s\"",
             (long long)job->delivery_id, channel_name(flight->channel),
             job->transport ? job->transport->name : "-", attempt_end_name(r->end),
             error_class_name(r->class), r->code, str_empty(r->enhanced) ? "-" : r->enhanced,
             (long long)(job->ended_ms - job->started_ms), r->text);
}

/* What one domain says ("too many", "later") closes its lane; what the transport suffers from
 * closes its road. */
static void end_flight(struct stafette *g, struct flight *flight, const struct result *result)
{
    struct outbox *o = g->outbox;
    struct lane *lane = &o->lane[flight->lane];
    struct road *road = &o->road[flight->road];
    if (flight->asked) {
        /* Before a restart it may have been dead: its first success is a recovery, too. */
        bool dead = !road->window.size || road_is_dead(g, road);
        incident_note(g, road->name, result);
        road_ended(g, road, result);
        if (dead && !incident_blames(result->class) && !road_is_dead(g, road))
            road_recovered(o, flight->road);
        else if (!dead && road_is_dead(g, road))
            road->died = true;
    }
    if (result->class == CLASS_TEMPORARY || result->class == CLASS_THROTTLED)
        window_failed(&lane->window);
    else if (result->class == CLASS_NONE)
        window_succeeded(&lane->window, (size_t)g->config->settings.in_flight_max / 2);
    lane->in_flight--;
    lane->wake_ms = 0;
    o->urgent_flights -= flight->urgent;
    config_drop(flight->config);
    free(flight->mate);
    *flight = o->flight[--o->flights];
}

void outbox_rolled_back(struct stafette *g)
{
    outbox_paces_end(g->outbox, false);
}

void outbox_settled(struct stafette *g)
{
    struct outbox *o = g->outbox;
    outbox_paces_end(o, true);
    hastened(o);
    outbox_late_looked(g);
    struct job *next;
    for (struct job *job = job_list_take(&o->finished); job; job = next) {
        struct flight *flight = outbox_flight(o, job->delivery_id);
        next = job->next;
        log_attempt(job, flight);
        g->metrics.attempts[flight->channel][job->result.end]++;
        g->metrics.classes[job->result.class]++;
        end_flight(g, flight, &job->result);
        job_free(job);
    }
    o->finished_count = 0;
    if (!str_empty(o->returned))
        incident_returned(g, o->returned);
    o->returned[0] = '\0';
    outbox_take_back(g);
}
