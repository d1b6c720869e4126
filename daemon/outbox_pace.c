/*
 * The outbox, pace: when a new delivery may leave. What is urgent, or what somebody waits for,
 * leaves now. The rest waits a few minutes for company, so that a mailbox gets one mail instead of
 * ten (outbox_bundle.c), for the hour of its digest, and for its turn under the limit of one
 * person. Nothing is dropped, and nothing waits that would come close to its deadline.
 *
 * What is known of a contact is memory: after a restart its window and its limit begin anew. What a
 * transaction changed is taken back when it is rolled back, or a full disk would use up the limits.
 */
#include <stdlib.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "store_item.h"
#include "store_notice.h"
#include "util.h"
#include "walltime.h"

enum { DEADLINE_SHARE = 4, DRIFT_MS = MINUTE_MS };

struct pace_state {
    int64_t window_ms; /* steady time at which what waits for company leaves */
    struct bucket bucket;
};

struct pace {
    char id[2 * ID_MAX];
    struct pace_state now, before; /* before: as it was when the transaction began */
    struct pace *next_changed;
    bool changed;
};

static struct pace *pace_of(struct outbox *o, const char *contact)
{
    struct pace *known = (struct pace *)idtable_find(&o->paces, contact);
    if (known)
        return known;
    struct pace *fresh = xcalloc(1, sizeof *fresh);
    str_copy(fresh->id, sizeof fresh->id, contact);
    idtable_put(&o->paces, fresh->id, fresh);
    o->pace = grow(o->pace, o->pace_count, &o->pace_cap, sizeof *o->pace);
    o->pace[o->pace_count++] = fresh;
    return fresh;
}

static struct pace_state *change(struct outbox *o, const char *contact)
{
    struct pace *pace = pace_of(o, contact);
    if (!pace->changed) {
        pace->changed = true;
        pace->before = pace->now;
        pace->next_changed = o->changed_pace;
        o->changed_pace = pace;
    }
    return &pace->now;
}

void outbox_paces_end(struct outbox *o, bool committed)
{
    while (o->changed_pace) {
        struct pace *pace = o->changed_pace;
        o->changed_pace = pace->next_changed;
        pace->changed = false;
        if (!committed)
            pace->now = pace->before;
    }
}

void outbox_paces_free(struct outbox *o)
{
    for (size_t i = 0; i < o->pace_count; i++)
        free(o->pace[i]);
    free(o->pace);
    idtable_release(&o->paces);
}

/* The next time of the morning digest, as a pause from now. */
static int64_t until_digest(const struct stafette *g)
{
    int second = wall_time_of_day(g->config->settings.digest_morning);
    if (second < 0)
        return 0;
    int64_t day = berlin_day(g->now_ms);
    int64_t at_ms = wall_ms(day, second);
    return (at_ms > g->now_ms ? at_ms : wall_ms(day + 1, second)) - g->now_ms;
}

static bool is_waited_for(const struct item *item, const struct notice *notice)
{
    return item->urgency >= URGENCY_URGENT || notice->reason == REASON_ANSWERED ||
           notice->reason == REASON_LINK || notice->reason == REASON_ON_CALL;
}

bool outbox_bundles(const struct item *item)
{
    return item->urgency < URGENCY_URGENT && !item->restricted && item->kind != ITEM_MEETING &&
           item->kind != ITEM_DIGEST && item->kind != ITEM_LEDGER;
}

/* How long it waits for company; *daily when that is until the hour of the digest. */
static int64_t company_ms(const struct stafette *g, const struct item *item,
                          const struct contact *contact, bool *daily)
{
    if (contact->channel != CHANNEL_EMAIL || !outbox_bundles(item))
        return 0;
    int64_t digest = contact->digest ? until_digest(g) : 0;
    *daily = digest > g->config->settings.bundle_ms;
    return *daily ? digest : g->config->settings.bundle_ms;
}

int64_t outbox_pace(struct stafette *g, const struct item *item, const struct notice *notice,
                    const struct contact *contact, int64_t next_ms)
{
    int64_t per_hour = g->config->settings.contact_per_hour;
    const struct rate rate = {per_hour, HOUR_MS, (per_hour + 3) / 4};
    struct pace_state *pace = change(g->outbox, contact->id);
    bool daily = false;
    int64_t company = company_ms(g, item, contact, &daily), at_ms = next_ms + company;
    if (is_waited_for(item, notice)) {
        bucket_take(&pace->bucket, &rate, next_ms);
        return next_ms;
    }
    /* The hour of the digest is on the wall, which drifts from the steady time. */
    bool joins = company > 0 && pace->window_ms >= next_ms && pace->window_ms <= at_ms + DRIFT_MS;
    if (joins)
        at_ms = pace->window_ms;
    else if (!daily)
        at_ms = bucket_next_ms(&pace->bucket, &rate, at_ms);
    if (notice->deadline_ms && (at_ms - next_ms) * DEADLINE_SHARE > notice->deadline_ms - g->now_ms)
        at_ms = next_ms;
    else if (company > 0)
        pace->window_ms = at_ms;
    /* One mail at its hour is no matter of the limit, and would block what is sent before it. */
    if (at_ms == next_ms || !(joins || daily))
        bucket_take(&pace->bucket, &rate, at_ms);
    return at_ms;
}
