/*
 * For outbox*.c only: what is in flight, and the lanes.
 */
#ifndef OUTBOX_PARTS_H
#define OUTBOX_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct carriers;
struct config;
struct job;
struct template;

/* A destination, e.g. "relay/jobcenter.example". */
struct lane {
    int64_t id;
    bool urgent;
    size_t in_flight;
    int64_t wake_ms; /* steady time of its next due delivery; 0 = look now; -1 = nothing waits */
};

/* An attempt from its start until its result is committed. */
struct flight {
    int64_t delivery_id;
    size_t lane;
    enum channel channel;
    bool on_multi;
    struct config *config; /* held: the job points into it */
};

/* A frozen template text, compiled. */
struct frozen {
    int64_t id;
    struct template *text;
};

struct outbox {
    struct carriers *carriers;
    struct lane *lane;
    size_t lanes, lane_cap;
    size_t first_lane; /* where the next round begins */
    struct flight *flight;
    size_t flights, flight_cap;
    size_t multi_flights;
    struct job *finished; /* by job->next; results not yet committed */
    struct job **finished_tail;
    size_t finished_count;
    int64_t finished_since_ms; /* monotonic time of the first of them */
    struct frozen *frozen;
    size_t frozens, frozen_cap;
};

/* The flight of a finished job; NULL for work that is no delivery. */
struct flight *outbox_flight(struct outbox *o, int64_t delivery_id);

#endif
