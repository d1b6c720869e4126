/*
 * For outbox*.c only: what is in flight, the roads (transports) and the lanes on them.
 */
#ifndef OUTBOX_PARTS_H
#define OUTBOX_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../adapters/adapter.h"
#include "digest.h"
#include "flow.h"
#include "idtable.h"
#include "stafette.h"

struct carriers;
struct config;
struct contact;
struct delivery;
struct due;
struct item;
struct job;
struct outbox_ops;
struct pace;
struct result;
struct stafette;
struct template;
struct transport;

/* A transport as the outbox sees it: what is under way over it, from all its lanes. A relay that
 * hangs is one road with many lanes, and holds no more than a road's share. */
struct road {
    char name[ID_MAX];
    const struct transport *transport; /* of the configuration `known`; NULL: it has none */
    const struct config *known;
    size_t in_flight;
    struct window window;
    struct bucket bucket; /* the transport's rate_per_s */
    int64_t wait_ms;      /* the peer asked to be left alone until this steady time */
    bool died;            /* just now: what waits for a carrier is to be taken back */
    int64_t probe_ms;     /* while it is dead: steady time of the next attempt that is made */
};

/* A destination, e.g. "relay/jobcenter.example". */
struct lane {
    int64_t id;
    size_t road; /* the usual one */
    bool urgent;
    bool has_domain; /* a mail's has one, an SMS's none */
    size_t in_flight;
    struct window window;
    struct bucket bucket; /* delivery.domain_per_minute */
    bool hasten;          /* its road is well again: what was put off becomes due */
    int64_t hastened;     /* rows in the open transaction; -1 = it was not its turn */
    bool hasten_more;     /* that was not all of them */
    int64_t wake_ms;  /* steady time of its next due delivery; 0 = look now; -1 = nothing waits */
    int64_t stuck_ms; /* since this steady time something due could not start; 0 = it is not so */
};

/* An attempt from its start until its result is committed. */
struct flight {
    int64_t delivery_id;
    size_t lane;
    size_t road;
    enum channel channel;
    bool asked;         /* a transport was: false when it ended before */
    int64_t started_ms; /* monotonic */
    bool urgent;
    struct config *config; /* held: the job points into it */
    int64_t *mate;         /* deliveries that go along in its mail; owned */
    size_t mates;
};

/* A frozen template text, compiled. */
struct frozen {
    int64_t id;
    struct template *text;
};

/* Where the look at what is late stands (outbox_late.c). */
struct late_look {
    int64_t round_ms; /* steady time of the next round, or of the one under way */
    int64_t step_ms;  /* monotonic time of its next step */
    size_t lane;
    int64_t after_ms, after_seq; /* among the deliveries of that lane */
    size_t warned;               /* in the open transaction */
};

struct outbox {
    struct carriers *carriers;
    struct road *road;
    size_t roads, road_cap;
    struct lane *lane;
    size_t lanes, lane_cap;
    size_t *lane_by_id; /* by interned number: position + 1, 0 = none */
    size_t lane_ids;
    size_t first_lane[2]; /* where the next round begins, routine and urgent */
    struct flight *flight;
    size_t flights, flight_cap, urgent_flights;
    struct digest_pool random; /* for the chance of each job */
    struct ready {             /* by adapter_engine: made in this round, not yet handed over */
        struct job_list list;
        size_t count;
    } ready[ENGINE_COUNT];
    struct errand *errands;   /* handed to a carrier and not yet done */
    struct job_list finished; /* results not yet committed */
    size_t finished_count;
    int64_t finished_since_ms; /* monotonic time of the first of them */
    size_t hastening;          /* lanes with `hasten` */
    struct frozen *frozen;
    size_t frozens, frozen_cap;
    struct idtable paces; /* by contact, the things in pace[] */
    struct pace **pace;
    size_t pace_count, pace_cap;
    struct pace *changed_pace; /* in the open transaction */
    char returned[ID_MAX];     /* transport of a mail that came back in the open transaction, and
                                * that only operators can mend; "" = none */
    struct outbox_ops *ops;    /* what an operator holds or has ordered */
    int64_t start_ms;          /* steady time of the last outbox_start() */
    size_t stuck[2];           /* lanes with `stuck_ms`, routine and urgent */
    struct late_look late[2], late_next[2]; /* the latter is taken after the commit */
};

/* The flight of a delivery, also of one that goes along in another's mail; NULL: none. */
struct flight *outbox_flight(struct outbox *o, int64_t delivery_id);

/* The compiled text of a kept template; NULL when the store does not have it. */
const struct template *outbox_template(struct stafette *g, int64_t id);

/* outbox_bundle.c: adds what may leave in the same mail to the job's message. The numbers of those
 * deliveries are the caller's to free; NULL and 0 mates when there are none. */
int64_t *outbox_bundle(struct stafette *g, const struct due *due, struct job *job, size_t *mates);

/* What waits for a carrier over a road that has died is put off, as what is read after it will be:
 * each would hold a carrier until it has found the same. Outside of transactions. */
void outbox_take_back(struct stafette *g);

/* outbox_pace.c */
bool outbox_bundles(const struct item *item);
void outbox_paces_free(struct outbox *o);
/* What the transaction changed of them stays, or is taken back. */
void outbox_paces_end(struct outbox *o, bool committed);

/* outbox_late.c: whether something due of the lane could not start; after the commit, the look is
 * where the transaction has brought it. */
void outbox_stuck(struct stafette *g, struct lane *lane, bool is_stuck);
void outbox_late_looked(struct stafette *g);

/* outbox_road.c */

/* The position of the road of that name; made when it is new. */
size_t road_find(struct outbox *o, const char *name);

/* Its transport in the loaded configuration; NULL when that has none of the name. */
const struct transport *road_transport(const struct stafette *g, struct road *road);

/* True when the channel has other transports, which are to be protected from this one. */
bool road_has_rival(const struct stafette *g, const struct transport *t);

/* The road that the lane's next attempt takes: its own, or while that is dead the next live one of
 * the channel, which is the fail-over; its own again once a probe found it well, the fail-back. */
size_t road_choose(struct stafette *g, const struct lane *lane);

/* The attempt was a probe of the lane's dead road, and another road is well: who was the probe once
 * need not be it again, and leaves by the other. */
bool road_was_probed(struct stafette *g, const struct flight *flight);

/* How many more attempts may start over it now: its share, its window, its rate, and what the peer
 * asked for. When it is only to wait, *wake_ms becomes the steady time to look again. */
size_t road_room(const struct stafette *g, struct road *road, bool urgent, int64_t *wake_ms);

/* It failed several times and is an open incident. */
bool road_is_dead(const struct stafette *g, const struct road *road);

/* True when it is dead and no probe is due yet: what would go over it is put off without an
 * attempt, so that a thousand mails do not each wait for the same silence. */
bool road_is_shut(const struct stafette *g, const struct road *road);

void road_started(const struct stafette *g, struct road *road);
void road_ended(const struct stafette *g, struct road *road, const struct result *result);

/* The road is well after it was dead: what waits in its lanes will be hastened. */
void road_recovered(struct outbox *o, size_t road);

#endif
