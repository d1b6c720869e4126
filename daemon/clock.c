/*
 * Clocks: see clock.h. The ladder: the unit that was asked, its lead, the catch-all desk, and then
 * the catch-all desk again and again. A crash before the commit leaves the clock open; it fires at
 * the next start.
 */
#include "clock.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

static const struct unit *next_person(const struct stafette *g, const struct item *item, int step)
{
    const struct directory *dir = g->config->directory;
    const struct unit *waiting = directory_unit(dir, item->waiting_unit);
    /* What is restricted goes to no further role but one that may have it (DOMAIN R11). */
    if (step > 0 || !waiting || !waiting->lead ||
        (item->restricted && !waiting->lead->restricted_ok))
        return dir->catch_all;
    return waiting->lead;
}

static int64_t audit_fire(struct stafette *g, const struct clock *clock, const struct unit *unit)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "clock=%lld kind=%s step=%d told=%s config=%s", (long long)clock->seq,
               clock_kind_name(clock->kind), clock->step, unit ? unit->id : "-",
               g->config->version);
    int64_t seq = store_audit_add(g->store, g->now_ms, clock->item_seq, buf_str(&text));
    buf_release(&text);
    return seq;
}

static void escalate(struct stafette *g, const struct clock *clock, const struct item *item)
{
    char what[ID_MAX], status[ID_MAX];
    struct limits limits;
    const struct unit *unit = next_person(g, item, clock->step);
    work_limits(g, item, &limits);
    store_clock_fire(g->store, clock->seq, g->now_ms, audit_fire(g, clock, unit));
    int64_t due_ms = workflow_set_clock(g, item, &limits, clock->step + 1);
    work_template(what, item->kind, "reminder");
    work_template(status, item->kind, clock->step == 0 ? "overdue" : "escalated");
    const struct telling telling = {
        unit, unit == g->config->directory->catch_all ? REASON_CATCH_ALL : REASON_LEAD, what,
        due_ms, ""};
    /* What fell due in an outage is one reminder when it ends, not one for each clock. */
    store_delivery_supersede(g->store, item->seq, unit->id, g->now_ms);
    tell_unit(g, item, &limits, &telling);
    tell_status(g, item, status, "told", unit->id);
}

size_t clock_fire_due(struct stafette *g)
{
    struct clock due[TURN_CLOCKS_MAX];
    size_t n = store_clock_due(g->store, g->now_ms, due, TURN_CLOCKS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct item item;
        if (store_item_get(g->store, due[i].item_seq, &item) && !item.closed_ms)
            escalate(g, &due[i], &item);
        else
            store_clock_fire(g->store, due[i].seq, g->now_ms, audit_fire(g, &due[i], NULL));
    }
    return n;
}
