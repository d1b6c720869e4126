/*
 * The outbox, late: what is due and does not leave. An attempt that fails says itself when waiting
 * gets dangerous (outbox_settle.c); what waits for a rate, a window or an operator has no attempt
 * that could, so it is looked at here. A round goes through the lanes that are stuck, in bounded
 * steps with pauses: of a million that wait, each is looked at every quarter of an hour or so, and
 * what can leave is hardly slower for it. What is urgent has rounds of its own.
 *
 * Nothing is given up here. What has waited beyond its expiry is attempted when its turn comes, as
 * Postfix does: if that fails, retry.h ends it.
 */
#include "gateway.h"
#include "log.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "store_delivery.h"
#include "store_outbox.h"
#include "undelivered.h"
#include "util.h"

enum {
    EVERY_MS = MINUTE_MS,
    STUCK_MS = MINUTE_MS,
    STEP_MS = 4, /* of a turn's 50 */
    REST = 20    /* the pause after a step is so many times as long as the step */
};

void outbox_stuck(struct stafette *g, struct lane *lane, bool is_stuck)
{
    if (is_stuck == (lane->stuck_ms != 0))
        return;
    lane->stuck_ms = is_stuck ? g->steady_ms : 0;
    if (is_stuck)
        g->outbox->stuck[lane->urgent]++;
    else
        g->outbox->stuck[lane->urgent]--;
}

static bool is_due(const struct stafette *g, bool urgent)
{
    return g->outbox->stuck[urgent] && g->outbox->late[urgent].round_ms <= g->steady_ms;
}

int64_t outbox_late_ms(const struct stafette *g)
{
    const struct late_look *late = g->outbox->late;
    int64_t at_ms = 0;
    for (int urgent = 0; urgent < 2; urgent++)
        if (is_due(g, urgent) && (!at_ms || late[urgent].step_ms < at_ms))
            at_ms = late[urgent].step_ms > 0 ? late[urgent].step_ms : 1;
    return at_ms;
}

static void look_at(struct stafette *g, struct late_look *look, struct delivery *d)
{
    const int64_t warned_ms = d->warned_ms;
    undelivered_late(g, d);
    if (d->warned_ms == warned_ms)
        return;
    store_delivery_settle(g->store, d);
    look->warned++;
}

/* True when the lane is through. Telling may add lanes, and move them. */
static bool look_at_lane(struct stafette *g, struct late_look *look, int64_t until_ms)
{
    const int64_t lane_id = g->outbox->lane[look->lane].id;
    struct delivery d;
    while (store_outbox_later(g->store, lane_id, look->after_ms, look->after_seq, &d) &&
           d.next_ms <= g->steady_ms) {
        look->after_ms = d.next_ms;
        look->after_seq = d.seq;
        if (!outbox_flight(g->outbox, d.seq))
            look_at(g, look, &d);
        if (util_monotonic_ms() >= until_ms)
            return false;
    }
    return true;
}

/* Stuck for a while, and still so when it was last tried: after a jump of the clock it is given
 * that chance first. */
static bool is_stuck_long(const struct outbox *o, const struct lane *lane)
{
    return lane->stuck_ms && lane->stuck_ms + STUCK_MS <= o->start_ms;
}

static bool look_at_lanes(struct stafette *g, struct late_look *look, bool urgent, int64_t until_ms)
{
    const struct outbox *o = g->outbox;
    for (; look->lane < o->lanes; look->lane++, look->after_ms = look->after_seq = 0) {
        const struct lane *lane = &o->lane[look->lane];
        if (lane->urgent == urgent && is_stuck_long(o, lane) &&
            (!look_at_lane(g, look, until_ms) || util_monotonic_ms() >= until_ms))
            return false;
    }
    return true;
}

static void step(struct stafette *g, struct late_look *look, bool urgent)
{
    const int64_t from_ms = util_monotonic_ms();
    if (look_at_lanes(g, look, urgent, from_ms + STEP_MS)) {
        look->lane = 0;
        look->round_ms = g->steady_ms + EVERY_MS;
        return;
    }
    const int64_t now_ms = util_monotonic_ms(), pause_ms = (now_ms - from_ms + 1) * REST;
    look->step_ms = now_ms + (pause_ms < EVERY_MS ? pause_ms : EVERY_MS);
}

void outbox_look_late(struct stafette *g)
{
    struct outbox *o = g->outbox;
    for (int urgent = 1; urgent >= 0; urgent--) {
        o->late_next[urgent] = o->late[urgent];
        if (is_due(g, urgent) && o->late[urgent].step_ms <= g->mono_ms)
            step(g, &o->late_next[urgent], urgent);
    }
}

void outbox_late_looked(struct stafette *g)
{
    struct outbox *o = g->outbox;
    size_t warned = 0;
    for (int urgent = 0; urgent < 2; urgent++) {
        warned += o->late_next[urgent].warned;
        o->late_next[urgent].warned = 0;
        o->late[urgent] = o->late_next[urgent];
    }
    if (warned)
        log_warn("late", "warned=%zu", warned);
}
