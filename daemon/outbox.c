/*
 * The outbox, starting: see outbox.h. A small active set in memory; the store is the truth. Each
 * lane reads its due rows from its own part of the index, so a lane that cannot move costs nothing
 * to the others.
 */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "carrier.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lane.h"
#include "outbox_parts.h"
#include "permit.h"
#include "render.h"
#include "store.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "template.h"
#include "testpoint.h"
#include "transfer.h"
#include "util.h"

enum { LANES_AT_START = 4096, FROZEN_MAX = 256 };

static struct lane *find_lane(struct stafette *g, struct outbox *o, int64_t id)
{
    for (size_t i = 0; i < o->lanes; i++)
        if (o->lane[i].id == id)
            return &o->lane[i];
    o->lane = grow(o->lane, o->lanes, &o->lane_cap, sizeof *o->lane);
    o->lane[o->lanes] = (struct lane){.id = id, .urgent = lane_is_urgent(g, id)};
    return &o->lane[o->lanes++];
}

void outbox_wake(struct stafette *g, int64_t lane_id)
{
    struct lane *lane = find_lane(g, g->outbox, lane_id);
    /* After a rollback the number may stand for another name. */
    lane->urgent = lane_is_urgent(g, lane_id);
    lane->wake_ms = 0;
}

/* The steady time begins anew with the process, and may begin before attempts that were planned
 * while the wall clock was ahead. Without room for the change they merely stay late. */
static void mend_plans(struct stafette *g)
{
    store_begin(g->store);
    store_delivery_pull(g->store, g->steady_ms + g->config->settings.retry_max_ms, g->steady_ms);
    store_commit(g->store);
}

struct outbox *outbox_open(struct stafette *g)
{
    struct outbox *o = xcalloc(1, sizeof *o);
    int64_t *ids = xcalloc(LANES_AT_START, sizeof *ids);
    o->carriers = carriers_open((size_t)g->config->settings.carriers);
    o->finished_tail = &o->finished;
    mend_plans(g);
    size_t n = store_delivery_lanes(g->store, ids, LANES_AT_START);
    for (size_t i = 0; i < n; i++)
        find_lane(g, o, ids[i]);
    free(ids);
    return o;
}

static void free_jobs(struct job *list)
{
    while (list) {
        struct job *next = list->next;
        job_free(list);
        list = next;
    }
}

void outbox_close(struct outbox *o, int wait_ms)
{
    if (!o)
        return;
    carriers_close(o->carriers, wait_ms);
    free_jobs(o->finished);
    for (size_t i = 0; i < o->flights; i++)
        config_drop(o->flight[i].config);
    for (size_t i = 0; i < o->frozens; i++)
        template_free(o->frozen[i].text);
    free(o->frozen);
    free(o->flight);
    free(o->lane);
    free(o);
}

int outbox_fd(const struct outbox *o)
{
    return carriers_fd(o->carriers);
}

size_t outbox_in_flight(const struct outbox *o)
{
    return o->flights;
}

struct flight *outbox_flight(struct outbox *o, int64_t delivery_id)
{
    for (size_t i = 0; i < o->flights; i++)
        if (o->flight[i].delivery_id == delivery_id)
            return &o->flight[i];
    return NULL;
}

/* Work that is no delivery. */
struct errand {
    void (*run)(void *context);
    void (*done)(struct stafette *g, void *context);
    void *context;
};

static void run_errand(struct job *job, CURL *easy)
{
    struct errand *errand = job->context;
    (void)easy;
    errand->run(errand->context);
}

void outbox_run(struct outbox *o, void (*run)(void *context), void *context,
                void (*done)(struct stafette *g, void *context))
{
    struct job *job = job_new();
    struct errand *errand = xmalloc(sizeof *errand);
    *errand = (struct errand){run, done, context};
    job->run = run_errand;
    job->context = errand;
    carriers_submit(o->carriers, job);
}

static void add_finished(struct stafette *g, struct job *job)
{
    struct outbox *o = g->outbox;
    if (!o->finished_count++)
        o->finished_since_ms = g->mono_ms;
    job->next = NULL;
    *o->finished_tail = job;
    o->finished_tail = &job->next;
}

static void take_list(struct stafette *g, struct job *list)
{
    while (list) {
        struct job *job = list;
        list = job->next;
        job->next = NULL;
        if (job->run) {
            struct errand *errand = job->context;
            errand->done(g, errand->context);
            free(errand);
            job_free(job);
            continue;
        }
        add_finished(g, job);
    }
}

bool outbox_unsettled(const struct outbox *o)
{
    return o->finished != NULL;
}

bool outbox_collect(struct stafette *g)
{
    struct outbox *o = g->outbox;
    take_list(g, carriers_take(o->carriers));
    take_list(g, transfer_take(g->transfer));
    return o->finished &&
           (o->finished_count >= OUTBOX_SETTLE_COUNT || o->finished_count == o->flights ||
            g->mono_ms - o->finished_since_ms >= OUTBOX_SETTLE_MS);
}

/* The compiled text of a kept template; NULL when the store does not have it. */
static const struct template *frozen_template(struct stafette *g, int64_t id)
{
    struct outbox *o = g->outbox;
    for (size_t i = 0; i < o->frozens; i++)
        if (o->frozen[i].id == id)
            return o->frozen[i].text;
    char name[2 * ID_MAX];
    struct buf text = BUF_INIT;
    struct template *t = NULL;
    if (store_template_get(g->store, id, name, &text))
        t = template_compile_kept(name, buf_str(&text), text.len);
    buf_release(&text);
    if (!t)
        return NULL;
    if (o->frozens == FROZEN_MAX)
        template_free(o->frozen[--o->frozens].text);
    o->frozen = grow(o->frozen, o->frozens, &o->frozen_cap, sizeof *o->frozen);
    o->frozen[o->frozens++] = (struct frozen){id, t};
    return t;
}

/* Permission, basis and consent are asked now, not when the notice was made (DOMAIN R8, R9); what
 * may not leave is held by outbox_settle.c. */
static bool may_leave(struct stafette *g, const struct due *due, const struct item *item,
                      struct job *job)
{
    enum permit_verdict verdict = permit_start(g, item, &due->notice);
    if (verdict == PERMIT_ALLOWED)
        return true;
    job_end(job, ATTEMPT_DEFERRED, CLASS_FORBIDDEN, (int)verdict);
    return false;
}

/* The address in the From header: what a calendar must name as its organizer. */
static const char *sender_of(const struct stafette *g, const struct transport *transport)
{
    for (const struct adapter_option *o = transport->adapter->options; o && o->name; o++)
        if (str_eq(o->name, "from"))
            return transport_text(transport, "from");
    return g->config->settings.mail_from;
}

/* Fills the job; false when it ended here, without a transport being asked. */
static bool prepare_job(struct stafette *g, const struct due *due, struct job *job)
{
    struct item item;
    bool known = store_item_get(g->store, due->delivery.item_seq, &item);
    const struct contact *contact = render_contact(g, due);
    const struct template *text = frozen_template(g, due->delivery.template_id);
    job->delivery_id = due->delivery.seq;
    job->urgent = due->delivery.urgent;
    if (known && !may_leave(g, due, &item, job))
        return false;
    if (!contact) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        return false;
    }
    job->transport = lane_transport(g, due->delivery.lane_id, contact);
    if (!job->transport)
        job->transport = lane_default(g, contact);
    if (!text || !job->transport || !known) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        return false;
    }
    job->message.from = xstrdup(sender_of(g, job->transport));
    if (!render_message(g, due, &item, text, &job->message)) {
        job->transport = NULL; /* none was asked: see outbox_settle.c */
        job_end(job, ATTEMPT_FAILED, CLASS_PERMANENT, 0);
        return false;
    }
    return true;
}

static void add_flight(struct stafette *g, const struct due *due, size_t lane, bool on_multi)
{
    struct outbox *o = g->outbox;
    o->flight = grow(o->flight, o->flights, &o->flight_cap, sizeof *o->flight);
    o->flight[o->flights++] = (struct flight){.delivery_id = due->delivery.seq,
                                              .lane = lane,
                                              .channel = due->delivery.channel,
                                              .on_multi = on_multi,
                                              .config = g->config};
    config_hold(g->config);
    o->lane[lane].in_flight++;
    o->multi_flights += on_multi;
}

static void start_one(struct stafette *g, const struct due *due, size_t lane)
{
    struct outbox *o = g->outbox;
    struct job *job = job_new();
    test_point("before-start");
    if (!prepare_job(g, due, job)) {
        add_flight(g, due, lane, false);
        add_finished(g, job);
        return;
    }
    bool on_multi = job->transport->adapter->engine == ENGINE_MULTI;
    add_flight(g, due, lane, on_multi);
    if (on_multi)
        transfer_submit(g->transfer, job);
    else
        carriers_submit(o->carriers, job);
}

/* How many attempts one lane may have under way, so that a destination that hangs never holds all
 * carriers; nor, with its routine and its urgent lane together, all that go by the multi handle. */
static size_t lane_share(const struct stafette *g, const struct lane *lane)
{
    const struct settings *s = &g->config->settings;
    size_t all = (size_t)s->carriers, share;
    if (lane_on_multi(g, lane->id))
        all = (size_t)s->sms_in_flight_max / (lane->urgent ? 1 : 2);
    share = all / 2;
    return share ? share : 1;
}

static size_t lane_room(const struct stafette *g, const struct lane *lane)
{
    const struct settings *s = &g->config->settings;
    const struct outbox *o = g->outbox;
    size_t share = lane_share(g, lane);
    size_t total = (size_t)s->in_flight_max;
    /* The last places are kept for what is urgent. */
    if (!lane->urgent && total > 1)
        total -= (total + 7) / 8;
    if (o->flights >= total || lane->in_flight >= share)
        return 0;
    return total - o->flights < share - lane->in_flight ? total - o->flights
                                                        : share - lane->in_flight;
}

/* SMS gateways are asked from the multi handle, which no carrier limits. */
static bool sms_full(const struct stafette *g)
{
    return g->outbox->multi_flights >= (size_t)g->config->settings.sms_in_flight_max;
}

struct claim {
    struct stafette *g;
    size_t lane;
    size_t room;
};

static bool claim_one(void *context, const struct due *due)
{
    struct claim *claim = context;
    struct stafette *g = claim->g;
    if (outbox_flight(g->outbox, due->delivery.seq))
        return true;
    if (!claim->room || (due->delivery.channel == CHANNEL_SMS && sms_full(g)))
        return false;
    claim->room--;
    start_one(g, due, claim->lane);
    return true;
}

static void start_lane(struct stafette *g, size_t i)
{
    struct outbox *o = g->outbox;
    struct claim claim = {g, i, lane_room(g, &o->lane[i])};
    if (!claim.room)
        return;
    int64_t next_ms = store_delivery_due(g->store, o->lane[i].id, g->steady_ms, &claim, claim_one);
    /* The room was used up, or the store did not answer: there may be more, look again. */
    bool is_empty = claim.room && !store_failed(g->store);
    o->lane[i].wake_ms = next_ms ? next_ms : is_empty ? -1 : 0;
}

void outbox_start(struct stafette *g)
{
    struct outbox *o = g->outbox;
    for (size_t n = 0; n < o->lanes; n++) {
        size_t i = (o->first_lane + n) % o->lanes;
        if (o->lane[i].wake_ms >= 0 && o->lane[i].wake_ms <= g->steady_ms)
            start_lane(g, i);
    }
    if (o->lanes)
        o->first_lane = (o->first_lane + 1) % o->lanes;
}

int64_t outbox_next_ms(const struct outbox *o)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < o->lanes; i++)
        if (o->lane[i].wake_ms > 0 && (!next_ms || o->lane[i].wake_ms < next_ms))
            next_ms = o->lane[i].wake_ms;
    return next_ms;
}
