/*
 * Incidents: see incident.h.
 */
#include "incident.h"

#include "../adapters/adapter.h"
#include "gateway.h"
#include "log.h"
#include "util.h"
#include "verdict.h"

static struct incident *find(struct incidents *all, const char *transport)
{
    for (size_t i = 0; i < all->count; i++)
        if (str_eq(all->incident[i].transport, transport))
            return &all->incident[i];
    if (all->count == INCIDENTS_MAX)
        return NULL;
    struct incident *fresh = &all->incident[all->count++];
    *fresh = (struct incident){.since_ms = 0};
    str_copy(fresh->transport, sizeof fresh->transport, transport);
    return fresh;
}

static bool alarms(enum error_class class)
{
    return verdict_of(class)->hand == HAND_OPERATOR;
}

bool incident_blames(enum error_class class)
{
    return class == CLASS_CONNECT || class == CLASS_TIMEOUT || class == CLASS_AMBIGUOUS ||
           (alarms(class) && class != CLASS_POLICY);
}

/* A success elsewhere does not show that who refuses us by a rule has changed its mind. */
static bool goes_on(const struct stafette *g, const struct incident *incident)
{
    return incident->open && incident->class == CLASS_POLICY &&
           g->steady_ms - incident->last_ms < INCIDENT_POLICY_MS;
}

static void end_incident(struct incident *incident)
{
    if (incident->open)
        log_info("transport", "name=%s state=well failures=%llu", incident->transport,
                 (unsigned long long)incident->failures);
    incident->open = false;
    incident->since_ms = 0;
    incident->failures = 0;
}

void incident_note(struct stafette *g, const char *transport, const struct result *result)
{
    struct incident *incident = find(&g->incidents, transport);
    if (!incident)
        return;
    if (!incident_blames(result->class) && result->class != CLASS_POLICY) {
        if (!goes_on(g, incident))
            end_incident(incident);
        return;
    }
    /* It was about somebody's rules or about the transport; now it is about the other. */
    if ((incident->class == CLASS_POLICY) != (result->class == CLASS_POLICY))
        end_incident(incident);
    if (!incident->since_ms)
        incident->since_ms = g->steady_ms;
    incident->last_ms = g->steady_ms;
    incident->class = result->class;
    incident->failures++;
    if (incident->open ||
        (!alarms(result->class) && g->steady_ms - incident->since_ms < INCIDENT_AFTER_MS))
        return;
    incident->open = true;
    log_error("transport", "name=%s state=trouble class=%s", transport,
              error_class_name(result->class));
}

void incident_returned(struct stafette *g, const char *transport)
{
    const struct result refused = {.end = ATTEMPT_FAILED, .class = CLASS_POLICY};
    const struct incident *incident = find(&g->incidents, transport);
    if (incident && (!incident->since_ms || incident->class == CLASS_POLICY))
        incident_note(g, transport, &refused);
}

const struct incident *incident_open(const struct stafette *g, const char *transport)
{
    for (size_t i = 0; i < g->incidents.count; i++) {
        const struct incident *incident = &g->incidents.incident[i];
        if (str_eq(incident->transport, transport))
            return incident->open && incident->class != CLASS_POLICY ? incident : NULL;
    }
    return NULL;
}

bool incident_avoid(const struct stafette *g, const char *transport)
{
    const struct incident *incident = incident_open(g, transport);
    return incident && g->steady_ms - incident->last_ms < INCIDENT_PROBE_MS;
}
