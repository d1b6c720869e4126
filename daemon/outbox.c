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
#include "digest.h"
#include "directory.h"
#include "gateway.h"
#include "incident.h"
#include "lane.h"
#include "mail_domain.h"
#include "outbox_ops.h"
#include "outbox_parts.h"
#include "permit.h"
#include "protect.h"
#include "render.h"
#include "store.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "template.h"
#include "testpoint.h"
#include "transfer.h"
#include "util.h"

enum { LANES_STEP = 256, FROZEN_MAX = 256, READY_MAX = 16 };

static struct lane *find_lane(struct outbox *o, int64_t id)
{
    if ((size_t)id < o->lane_ids && o->lane_by_id[id])
        return &o->lane[o->lane_by_id[id] - 1];
    if ((size_t)id >= o->lane_ids) {
        size_t ids = (size_t)id + LANES_STEP;
        o->lane_by_id = xrealloc(o->lane_by_id, ids * sizeof *o->lane_by_id);
        memset(o->lane_by_id + o->lane_ids, 0, (ids - o->lane_ids) * sizeof *o->lane_by_id);
        o->lane_ids = ids;
    }
    o->lane = grow(o->lane, o->lanes, &o->lane_cap, sizeof *o->lane);
    o->lane[o->lanes] = (struct lane){.id = id, .hastened = -1};
    o->lane_by_id[id] = ++o->lanes;
    return &o->lane[o->lanes - 1];
}

void outbox_wake(struct stafette *g, int64_t lane_id)
{
    struct lane *lane = find_lane(g->outbox, lane_id);
    char road[ID_MAX];
    /* After a rollback the number may stand for another name. */
    if (lane->urgent != lane_is_urgent(g, lane_id))
        outbox_stuck(g, lane, false);
    lane->urgent = lane_is_urgent(g, lane_id);
    lane->has_domain = lane_has_domain(g, lane_id);
    lane_road(g, lane_id, road, sizeof road);
    lane->road = road_find(g->outbox, road);
    lane->wake_ms = 0;
}

void outbox_wake_all(struct stafette *g)
{
    int64_t id = 0;
    while ((id = store_delivery_lane_after(g->store, id)))
        outbox_wake(g, id);
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
    o->carriers = carriers_open((size_t)g->config->settings.carriers);
    job_list_init(&o->finished);
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        job_list_init(&o->ready[i].list);
    o->ops = outbox_ops_open(g);
    mend_plans(g);
    g->outbox = o;
    outbox_wake_all(g);
    return o;
}

/* Work that is no delivery. */
struct errand {
    void (*run)(void *context);
    void (*done)(struct stafette *g, void *context);
    void *context;
    struct errand *next;
};

void outbox_close(struct outbox *o, int wait_ms)
{
    if (!o)
        return;
    carriers_close(o->carriers, wait_ms);
    jobs_free(o->finished.first);
    for (size_t i = 0; i < o->flights; i++) {
        config_drop(o->flight[i].config);
        free(o->flight[i].mate);
    }
    outbox_paces_free(o);
    for (size_t i = 0; i < o->frozens; i++)
        template_free(o->frozen[i].text);
    outbox_ops_close(o->ops);
    free(o->frozen);
    free(o->flight);
    while (o->errands) {
        struct errand *next = o->errands->next;
        free(o->errands);
        o->errands = next;
    }
    free(o->lane);
    free(o->lane_by_id);
    free(o->road);
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

static bool is_aboard(const struct flight *flight, int64_t delivery_id)
{
    bool found = flight->delivery_id == delivery_id;
    for (size_t i = 0; i < flight->mates && !found; i++)
        found = flight->mate[i] == delivery_id;
    return found;
}

struct flight *outbox_flight(struct outbox *o, int64_t delivery_id)
{
    for (size_t i = 0; i < o->flights; i++)
        if (is_aboard(&o->flight[i], delivery_id))
            return &o->flight[i];
    return NULL;
}

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
    *errand = (struct errand){run, done, context, o->errands};
    o->errands = errand;
    job->run = run_errand;
    job->context = errand;
    carriers_submit(o->carriers, job);
}

static void end_errand(struct stafette *g, struct errand *errand)
{
    struct errand **p = &g->outbox->errands;
    while (*p != errand)
        p = &(*p)->next;
    *p = errand->next;
    errand->done(g, errand->context);
    free(errand);
}

static void add_finished(struct stafette *g, struct job *job)
{
    struct outbox *o = g->outbox;
    if (!o->finished_count++)
        o->finished_since_ms = g->mono_ms;
    job_list_put(&o->finished, job);
}

static void take_list(struct stafette *g, struct job *list)
{
    while (list) {
        struct job *job = list;
        list = job->next;
        job->next = NULL;
        if (job->run) {
            end_errand(g, job->context);
            job_free(job);
            continue;
        }
        add_finished(g, job);
    }
}

bool outbox_unsettled(const struct outbox *o)
{
    return o->finished.first || o->hastening;
}

size_t outbox_young(const struct stafette *g)
{
    const struct outbox *o = g->outbox;
    size_t young = 0;
    for (size_t i = 0; i < o->flights; i++)
        young += g->mono_ms - o->flight[i].started_ms < OUTBOX_YOUNG_MS;
    return young;
}

/* Whether further results are to be expected in a moment, and so many that one commit for all is
 * worth the wait: a few are settled as they come. */
static bool expects_company(const struct stafette *g)
{
    size_t young = outbox_young(g);
    return young > g->outbox->finished_count && young >= OUTBOX_COMPANY;
}

bool outbox_collect(struct stafette *g)
{
    struct outbox *o = g->outbox;
    take_list(g, carriers_take(o->carriers));
    take_list(g, transfer_take(g->transfer));
    return o->hastening ||
           (o->finished.first && (o->finished_count >= OUTBOX_SETTLE_COUNT || !expects_company(g) ||
                                  g->mono_ms - o->finished_since_ms >= OUTBOX_SETTLE_MS));
}

const struct template *outbox_template(struct stafette *g, int64_t id)
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

/* Nothing is known of the address or the message: the transport is silent (outbox_parts.h). */
static void put_off(struct stafette *g, const struct road *road, struct job *job)
{
    const struct incident *incident = incident_open(g, road->name);
    job_end(job, ATTEMPT_DEFERRED, incident ? incident->class : CLASS_CONNECT, 0);
    job_peer_text(job, "not tried: the transport does not answer, a probe is under way");
}

static void take_back(struct stafette *g, struct road *road, struct job *list)
{
    struct outbox *o = g->outbox;
    while (list) {
        struct job *job = list;
        struct flight *flight = outbox_flight(o, job->delivery_id);
        list = job->next;
        flight->asked = false;
        road->in_flight--;
        job->transport = NULL;
        put_off(g, road, job);
        add_finished(g, job);
    }
}

void outbox_take_back(struct stafette *g)
{
    for (size_t i = 0; i < g->outbox->roads; i++) {
        struct road *road = &g->outbox->road[i];
        if (road->died) {
            take_back(g, road, carriers_recall(g->outbox->carriers, road->name));
            take_back(g, road, transfer_recall(g->transfer, road->name));
        }
        road->died = false;
    }
}

/* The transport that carries it; NULL when the job ended here, without one being asked. */
static const struct transport *prepare_job(struct stafette *g, const struct due *due,
                                           struct road *road, struct job *job)
{
    struct item item;
    bool known = store_item_get(g->store, due->delivery.item_seq, &item);
    const struct contact *contact = render_contact(g, due);
    const struct template *text = outbox_template(g, due->delivery.template_id);
    const struct transport *transport = road_transport(g, road);
    job->delivery_id = due->delivery.seq;
    job->urgent = due->delivery.urgent;
    if (known && !may_leave(g, due, &item, job))
        return NULL;
    if (!contact) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        return NULL;
    }
    if (!transport || transport->adapter->channel != contact->channel ||
        !mail_domain_allows(mail_domain_of(g->config->mail_domains, contact), transport))
        transport = lane_default(g, contact);
    if (!text || !transport || !known) {
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
        return NULL;
    }
    text = protect_text(g, contact, text, &job->message, &job->withheld);
    job->message.from = xstrdup(sender_of(g, transport));
    if (!render_message(g, due, &item, text, &job->message)) {
        job_end(job, ATTEMPT_FAILED, CLASS_PERMANENT, 0);
        return NULL;
    }
    if (!str_empty(job->withheld))
        protect_strip(&job->message);
    return transport;
}

/* Where a round stands: the lane whose due deliveries are read, and the road they take. */
struct claim {
    struct stafette *g;
    size_t lane, road;
    size_t room;
    int64_t wake_ms; /* when another road has room again, that one of them takes; 0: not known */
    bool shut;       /* they are put off without an attempt */
};

static struct flight *add_flight(const struct claim *claim, const struct due *due)
{
    struct stafette *g = claim->g;
    struct outbox *o = g->outbox;
    o->flight = grow(o->flight, o->flights, &o->flight_cap, sizeof *o->flight);
    o->flight[o->flights++] = (struct flight){.delivery_id = due->delivery.seq,
                                              .lane = claim->lane,
                                              .road = claim->road,
                                              .channel = due->delivery.channel,
                                              .urgent = due->delivery.urgent,
                                              .started_ms = g->mono_ms,
                                              .config = g->config};
    config_hold(g->config);
    o->lane[claim->lane].in_flight++;
    o->urgent_flights += due->delivery.urgent;
    return &o->flight[o->flights - 1];
}

/* Some at a time: each hand-over costs a lock and may wake somebody. */
static void hand_ready(struct stafette *g, enum adapter_engine engine)
{
    struct ready *ready = &g->outbox->ready[engine];
    struct job *list = job_list_take(&ready->list);
    ready->count = 0;
    if (list && engine == ENGINE_MULTI)
        transfer_submit_list(g->transfer, list, (size_t)g->config->settings.sms_in_flight_max);
    else if (list)
        carriers_submit_list(g->outbox->carriers, list);
}

static void add_ready(struct stafette *g, enum adapter_engine engine, struct job *job)
{
    struct ready *ready = &g->outbox->ready[engine];
    job_list_put(&ready->list, job);
    if (++ready->count == READY_MAX)
        hand_ready(g, engine);
}

static void hand_all(struct stafette *g)
{
    for (enum adapter_engine engine = 0; engine < ENGINE_COUNT; engine++)
        hand_ready(g, engine);
}

static struct rate domain_rate(const struct stafette *g, const struct lane *lane)
{
    int64_t per_minute = lane->has_domain ? g->config->settings.domain_per_minute : 0;
    return (struct rate){per_minute, MINUTE_MS, per_minute < 10 ? per_minute : 10};
}

static void hand_over(const struct claim *claim, const struct due *due, struct job *job)
{
    struct stafette *g = claim->g;
    struct outbox *o = g->outbox;
    struct rate rate = domain_rate(g, &o->lane[claim->lane]);
    enum adapter_engine engine = job->transport->adapter->engine;
    job->lane = o->lane[claim->lane].id;
    job->has_rival = road_has_rival(g, job->transport);
    size_t mates = 0;
    int64_t *mate = g->config->settings.bundle_ms ? outbox_bundle(g, due, job, &mates) : NULL;
    road_started(g, &o->road[claim->road]);
    bucket_take(&o->lane[claim->lane].bucket, &rate, g->steady_ms);
    struct flight *flight = add_flight(claim, due);
    flight->asked = true;
    flight->mate = mate;
    flight->mates = mates;
    add_ready(g, engine, job);
}

/* The job takes another road than its lane's, whose transport is not there any more or is not the
 * contact's. False: that one has no room now. */
static bool change_road(struct claim *claim, struct job *job)
{
    struct stafette *g = claim->g;
    const size_t at = road_find(g->outbox, job->transport->name);
    struct road *road = &g->outbox->road[at];
    if (at == claim->road)
        return true;
    claim->road = at;
    if (!job->urgent && road_is_shut(g, road)) {
        job->transport = NULL;
        put_off(g, road, job);
        return true;
    }
    return road_room(g, road, job->urgent, &claim->wake_ms) > 0;
}

/* False when it was not started and stays due. */
static bool start_one(struct claim *lane_claim, const struct due *due)
{
    struct claim claim = *lane_claim;
    struct stafette *g = claim.g;
    struct road *road = &g->outbox->road[claim.road];
    struct job *job = job_new();
    digest_random_from(&g->outbox->random, &job->chance, sizeof job->chance);
    test_point("before-start");
    if (claim.shut)
        put_off(g, road, job);
    else
        job->transport = prepare_job(g, due, road, job);
    if (job->transport && !change_road(&claim, job)) {
        job_free(job);
        lane_claim->wake_ms = claim.wake_ms;
        return false;
    }
    if (job->transport) {
        hand_over(&claim, due, job);
        return true;
    }
    job->delivery_id = due->delivery.seq;
    add_flight(&claim, due);
    add_finished(g, job);
    return true;
}

/* Of all places some are kept for what is urgent, and some from it: neither starves. */
static size_t places(const struct stafette *g, bool urgent)
{
    const struct outbox *o = g->outbox;
    size_t total = (size_t)g->config->settings.in_flight_max;
    size_t mine = urgent ? o->urgent_flights : o->flights - o->urgent_flights;
    size_t most = total - (total > 1 ? (total + 7) / 8 : 0);
    if (o->flights >= total || mine >= most)
        return 0;
    return total - o->flights < most - mine ? total - o->flights : most - mine;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What the destination itself bears: half of all at most, its window, its rate. */
static size_t lane_room(const struct stafette *g, const struct lane *lane, int64_t *wake_ms)
{
    struct rate rate = domain_rate(g, lane);
    size_t share = (size_t)g->config->settings.in_flight_max / 2;
    size_t size = window_size(&lane->window, share);
    if (lane->urgent)
        return size > lane->in_flight ? size - lane->in_flight : 0;
    size_t tokens = bucket_room(&lane->bucket, &rate, g->steady_ms);
    if (!tokens)
        *wake_ms = bucket_next_ms(&lane->bucket, &rate, g->steady_ms);
    return size > lane->in_flight ? at_most(size - lane->in_flight, tokens) : 0;
}

static bool claim_one(void *context, const struct due *due)
{
    struct claim *claim = context;
    struct stafette *g = claim->g;
    if (outbox_flight(g->outbox, due->delivery.seq))
        return true;
    if (!claim->room)
        return false;
    claim->room--;
    if (start_one(claim, due))
        return true;
    claim->room = 0; /* the walk ends with something due: the lane is looked at again */
    return false;
}

static size_t claim_room(struct stafette *g, struct claim *claim, struct lane *lane)
{
    struct road *road = &g->outbox->road[claim->road];
    int64_t wake_ms = 0;
    claim->shut = !lane->urgent && road_is_shut(g, road);
    size_t room = places(g, lane->urgent);
    /* A long queue for a dead road leaves the others room in the same turn. */
    if (claim->shut)
        room = (room + 1) / 2;
    if (!claim->shut && room)
        room = at_most(room, road_room(g, road, lane->urgent, &wake_ms));
    if (!claim->shut && room)
        room = at_most(room, lane_room(g, lane, &wake_ms));
    if (wake_ms)
        lane->wake_ms = wake_ms;
    return room;
}

static void start_lane(struct stafette *g, size_t i)
{
    struct outbox *o = g->outbox;
    if (outbox_lane_held(g, o->lane[i].id)) {
        o->lane[i].wake_ms = -1; /* until outbox_ops.c lets it go */
        outbox_stuck(g, &o->lane[i], true);
        return;
    }
    struct claim claim = {.g = g, .lane = i, .road = road_choose(g, &o->lane[i])};
    claim.room = claim_room(g, &claim, &o->lane[i]);
    if (!claim.room) {
        outbox_stuck(g, &o->lane[i], true);
        return;
    }
    int64_t next_ms = store_delivery_due(g->store, o->lane[i].id, g->steady_ms, &claim, claim_one);
    /* The room was used up, or the store did not answer: there may be more, look again. */
    bool is_empty = claim.room && !store_failed(g->store);
    o->lane[i].wake_ms = next_ms ? next_ms : is_empty ? -1 : claim.wake_ms;
    outbox_stuck(g, &o->lane[i], !next_ms && !is_empty);
}

/* Begins where the round before had to stop, so that of many lanes none is always the last. */
static void start_round(struct stafette *g, bool urgent)
{
    struct outbox *o = g->outbox;
    size_t first = o->first_lane[urgent];
    for (size_t n = 0; n < o->lanes && places(g, urgent); n++) {
        size_t i = (first + n) % o->lanes;
        struct lane *lane = &o->lane[i];
        if (lane->urgent == urgent && lane->wake_ms >= 0 && lane->wake_ms <= g->steady_ms) {
            start_lane(g, i);
            o->first_lane[urgent] = (i + 1) % o->lanes;
        }
    }
}

void outbox_start(struct stafette *g)
{
    start_round(g, true);
    hand_all(g);
    start_round(g, false);
    hand_all(g);
    g->outbox->start_ms = g->steady_ms;
}

int64_t outbox_next_ms(const struct outbox *o)
{
    int64_t next_ms = 0;
    for (size_t i = 0; i < o->lanes; i++)
        if (o->lane[i].wake_ms > 0 && (!next_ms || o->lane[i].wake_ms < next_ms))
            next_ms = o->lane[i].wake_ms;
    return next_ms;
}
