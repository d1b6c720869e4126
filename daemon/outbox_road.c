/*
 * The outbox, roads: what one transport may have under way, and which one a lane takes while its
 * own is dead. All of it is memory: after a restart each road begins with a small window, and what
 * was dead is found dead again.
 */
#include <string.h>

#include "../adapters/adapter.h"
#include "config.h"
#include "gateway.h"
#include "incident.h"
#include "lane.h"
#include "mail_domain.h"
#include "outbox_ops.h"
#include "outbox_parts.h"
#include "util.h"

/* An alarm opens an incident at once; that the road is dead is believed after so many failures. */
enum { DEAD_AFTER = 3 };

size_t road_find(struct outbox *o, const char *name)
{
    for (size_t i = 0; i < o->roads; i++)
        if (str_eq(o->road[i].name, name))
            return i;
    o->road = grow(o->road, o->roads, &o->road_cap, sizeof *o->road);
    struct road *road = &o->road[o->roads];
    memset(road, 0, sizeof *road);
    str_copy(road->name, sizeof road->name, name);
    return o->roads++;
}

const struct transport *road_transport(const struct stafette *g, struct road *road)
{
    if (road->known != g->config) {
        road->known = g->config;
        road->transport = transports_find(g->config->transports, road->name);
    }
    return road->transport;
}

bool road_has_rival(const struct stafette *g, const struct transport *t)
{
    return t && lane_next(g, t, NULL) != t;
}

bool road_is_dead(const struct stafette *g, const struct road *road)
{
    return road->window.failures >= DEAD_AFTER && incident_open(g, road->name);
}

/* A lane may be older than the policy of its domain; then its own road is none. */
static size_t road_of_policy(struct stafette *g, const struct mail_domain *domain)
{
    for (size_t i = 0; i < domain->transports; i++)
        if (!incident_open(g, domain->transport[i]->name))
            return road_find(g->outbox, domain->transport[i]->name);
    return road_find(g->outbox, domain->transport[0]->name);
}

/* One at a time. With what is urgent only when nothing else has tried it for a while: a gateway of
 * alarms alone would be dead for ever. */
static bool may_probe(const struct stafette *g, const struct road *road, bool urgent)
{
    return !road->in_flight && road->probe_ms <= g->steady_ms &&
           !(urgent && incident_avoid(g, road->name));
}

/* The next one after `usual` that is well and not held; NULL: there is none. */
static const struct transport *live_other(const struct stafette *g, const struct lane *lane,
                                          const struct transport *usual)
{
    const struct mail_domain *domain = lane_policy(g, lane->id);
    for (const struct transport *t = lane_next(g, usual, domain); t != usual;
         t = lane_next(g, t, domain))
        if (!incident_open(g, t->name) && !outbox_transport_held(g, t->name, lane->urgent))
            return t;
    return NULL;
}

size_t road_choose(struct stafette *g, const struct lane *lane)
{
    struct road *own = &g->outbox->road[lane->road];
    const struct transport *usual = road_transport(g, own);
    const struct mail_domain *domain = lane_policy(g, lane->id);
    if (usual && !mail_domain_allows(domain, usual))
        return road_of_policy(g, domain);
    if (!usual || !road_is_dead(g, own))
        return lane->road;
    if (may_probe(g, own, lane->urgent))
        return lane->road;
    const struct transport *other = live_other(g, lane, usual);
    return other ? road_find(g->outbox, other->name) : lane->road;
}

bool road_was_probed(struct stafette *g, const struct flight *flight)
{
    const struct lane *lane = &g->outbox->lane[flight->lane];
    struct road *own = &g->outbox->road[lane->road];
    const struct transport *usual = road_transport(g, own);
    return flight->asked && flight->road == lane->road && usual && road_is_dead(g, own) &&
           live_other(g, lane, usual);
}

static size_t road_share(const struct stafette *g, struct road *road)
{
    const struct transport *t = road_transport(g, road);
    return (size_t)g->config->settings.in_flight_max / (road_has_rival(g, t) ? 2 : 1);
}

static struct rate road_rate(const struct stafette *g, struct road *road)
{
    const struct transport *t = road_transport(g, road);
    int64_t per_s = t ? t->rate_per_s : 0;
    return (struct rate){.count = per_s, .period_ms = 1000, .burst = per_s};
}

size_t road_room(const struct stafette *g, struct road *road, bool urgent, int64_t *wake_ms)
{
    struct rate rate = road_rate(g, road);
    size_t size = window_size(&road->window, road_share(g, road));
    /* An urgent one is not held up by the probe of a routine one. */
    if (urgent && size == 1)
        size = 2;
    size_t room = road->in_flight < size ? size - road->in_flight : 0;
    if (!room)
        return 0;
    if (!urgent && road->wait_ms > g->steady_ms) {
        *wake_ms = road->wait_ms;
        return 0;
    }
    size_t tokens = bucket_room(&road->bucket, &rate, g->steady_ms);
    if (!tokens)
        *wake_ms = bucket_next_ms(&road->bucket, &rate, g->steady_ms);
    return tokens < room ? tokens : room;
}

bool road_is_shut(const struct stafette *g, const struct road *road)
{
    return road_is_dead(g, road) && road->probe_ms > g->steady_ms;
}

void road_started(const struct stafette *g, struct road *road)
{
    struct rate rate = road_rate(g, road);
    bucket_take(&road->bucket, &rate, g->steady_ms);
    road->probe_ms = g->steady_ms + g->config->settings.retry_first_ms;
    road->in_flight++;
}

/* Who asks for a day is asked again all the same: a road of which nothing is tried is not found
 * well when it is. */
static int64_t wait_asked(const struct stafette *g, int64_t retry_after_s)
{
    int64_t most_ms = g->config->settings.retry_max_ms;
    return retry_after_s < most_ms / 1000 ? retry_after_s * 1000 : most_ms;
}

void road_ended(const struct stafette *g, struct road *road, const struct result *result)
{
    road->in_flight--;
    if (incident_blames(result->class))
        window_failed(&road->window);
    else
        window_succeeded(&road->window, road_share(g, road));
    /* The probe itself may have taken long. */
    if (road_is_dead(g, road))
        road->probe_ms = g->steady_ms + g->config->settings.retry_first_ms;
    if (result->class == CLASS_THROTTLED && result->retry_after_s > 0)
        road->wait_ms = g->steady_ms + wait_asked(g, result->retry_after_s);
}

void road_recovered(struct outbox *o, size_t road)
{
    o->road[road].died = false;
    for (size_t i = 0; i < o->lanes; i++)
        if (o->lane[i].road == road && !o->lane[i].hasten) {
            o->lane[i].hasten = true;
            o->hastening++;
        }
}
