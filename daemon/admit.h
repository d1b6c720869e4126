/*
 * Admission: does what a valid event says fit the directory, and may this source say it? Pure.
 */
#ifndef ADMIT_H
#define ADMIT_H

#include <stdbool.h>

#include "event.h"

struct directory;
struct source;
struct unit;
struct place;
struct area;
struct service;

/* What the ids of an event stand for; NULL where the event does not say. */
struct parties {
    const struct source *source;
    const struct unit *from; /* from_unit */
    const struct unit *to;   /* to_unit, provider_wish or on_call_unit */
    const struct unit *by;   /* who answers: by_unit, by_role or provider */
    const struct place *place;
    bool place_unknown; /* named, but not in the directory: goes to the catch-all desk */
    const struct area *area;
    const struct service *service;
};

/* Resolves the event's ids, adding a fault for each that does not fit. Returns the worse of
 * `verdict` and what was found: a source that speaks for a unit it does not have is forbidden, a
 * name the directory does not know makes the event incomplete. Call it for every event that was
 * readable; it also finds the source and what it can of a forbidden one. */
enum event_verdict admit(const struct directory *dir, struct event *ev, enum event_verdict verdict,
                         struct parties *parties);

/* What routing is asked for an event of that kind; `now_ms` when the event names no moment. */
struct route_query;
void admit_query(struct route_query *query, const struct event *ev, const struct parties *parties,
                 int64_t now_ms);

#endif
