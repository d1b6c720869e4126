/*
 * Daily work: see daily.h. What was told of an agreement stands in the store's meta, by provider,
 * service and end, so it is told of once at 90 and once at 30 days, across restarts too.
 */
#include "daily.h"

#include <string.h>

#include "activate.h"
#include "buf.h"
#include "config.h"
#include "drill.h"
#include "gateway.h"
#include "meeting.h"
#include "permit.h"
#include "project.h"
#include "quota_check.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"
#include "workflow_parts.h"

enum { HELD_SHARE = 100 };

static const char day_name[] = "daily_day";

/* The day whose morning has come. */
static int64_t current_day(const struct stafette *g)
{
    int64_t day = berlin_day(g->now_ms);
    return g->now_ms < berlin_to_ms(day, DAILY_HOUR * 3600) ? day - 1 : day;
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static void plan(struct stafette *g)
{
    int64_t day = store_meta_int(g->store, day_name);
    int64_t morning_ms = day ? berlin_to_ms(day + 1, DAILY_HOUR * 3600) : g->now_ms;
    g->daily.next_ms = earlier(morning_ms, activate_next_ms(g));
    if (g->daily.held_from || g->daily.meetings_from)
        g->daily.next_ms = earlier(g->daily.next_ms, g->now_ms);
}

void daily_reloaded(struct stafette *g)
{
    digest_open(g);
    drill_open(g);
    g->daily.held_from = 1;
    g->daily.meetings_from = 1;
    g->daily.meetings_after[0] = g->daily.meetings_next[0] = '\0';
    plan(g);
}

bool daily_due(const struct stafette *g)
{
    return (g->daily.next_ms && g->daily.next_ms <= g->now_ms) || digest_due(g) || drill_due(g);
}

int64_t daily_agreement_left(const struct directory *dir, const struct agreement *agreement,
                             int64_t day)
{
    int64_t left = agreement->to_day - day;
    if (left < 0 || left > AGREEMENT_FIRST_DAYS || agreement->from_day > day)
        return -1;
    if (directory_agreement(dir, agreement->provider, agreement->service, agreement->to_day + 1))
        return -1;
    return left;
}

/* The provider's lead, who can see to a new one; without a lead the catch-all desk. */
static void tell_agreement(struct stafette *g, const struct agreement *agreement, int64_t left)
{
    const struct directory *dir = g->config->directory;
    const struct unit *lead = agreement->provider->lead;
    struct buf text = BUF_INIT;
    buf_printf(&text, "agreement expiring provider=%s service=%s days=%lld told=%s config=%s",
               agreement->provider->id, agreement->service ? agreement->service->id : "*",
               (long long)left, lead ? lead->id : dir->catch_all->id, g->config->version);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
    const struct task task = {.code = "agreement", .unit = lead, .number = left};
    work_task(g, &task);
}

static void check_agreement(struct stafette *g, const struct agreement *agreement, int64_t day)
{
    struct buf name = BUF_INIT;
    int64_t left = daily_agreement_left(g->config->directory, agreement, day);
    if (left < 0)
        return;
    int64_t stage = left <= AGREEMENT_SECOND_DAYS ? AGREEMENT_SECOND_DAYS : AGREEMENT_FIRST_DAYS;
    buf_printf(&name, "agreement/%s/%s/%lld", agreement->provider->id,
               agreement->service ? agreement->service->id : "*", (long long)agreement->to_day);
    int64_t told = store_meta_int(g->store, buf_str(&name));
    if (!told || told > stage) {
        store_meta_set_int(g->store, buf_str(&name), stage);
        tell_agreement(g, agreement, left);
    }
    buf_release(&name);
}

/* True when a new day was begun. */
static bool begin_day(struct stafette *g)
{
    const struct directory *dir = g->config->directory;
    int64_t day = current_day(g);
    if (store_meta_int(g->store, day_name) >= day)
        return false;
    store_meta_set_int(g->store, day_name, day);
    for (size_t i = 0; i < dir->agreements; i++)
        check_agreement(g, &dir->agreement[i], berlin_day(g->now_ms));
    project_check(g, berlin_day(g->now_ms));
    quota_settle(g);
    return true;
}

void daily_run(struct stafette *g)
{
    int64_t from = g->daily.held_from;
    activate_run(g);
    if (g->daily.meetings_from)
        g->daily.meetings_more = meeting_sync(g);
    if (begin_day(g))
        from = 1;
    if (from)
        permit_release_some(g, &from, HELD_SHARE);
    g->daily.held_next = from;
    digest_run(g);
    drill_run(g);
}

void daily_done(struct stafette *g)
{
    digest_done(g);
    drill_done(g);
    struct daily *d = &g->daily;
    d->held_from = d->held_next;
    if (d->meetings_from)
        d->meetings_from = d->meetings_more ? d->meetings_from + MEETING_SYNC_SHARE : 0;
    memcpy(d->meetings_after, d->meetings_next, sizeof d->meetings_after);
    plan(g);
}
