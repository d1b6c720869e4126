/*
 * The count-only check: see balance.h.
 */
#include "balance.h"

#include "gateway.h"
#include "ledger_run.h"
#include "log.h"
#include "report.h"
#include "store.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_out.h"
#include "turn.h"
#include "util.h"

enum { EVERY_MS = MINUTE_MS };

void balance_check(struct stafette *g)
{
    struct metrics *m = &g->metrics;
    if (g->checked_ms && g->mono_ms - g->checked_mono_ms < EVERY_MS)
        return;
    bool before = g->balanced;
    int64_t clocks = store_clock_count_open(g->store);
    m->open_items = store_item_count_open(g->store);
    m->oldest_open_ms = store_item_oldest_open(g->store);
    m->queue_depth = store_delivery_count(g->store, DELIVERY_PENDING);
    m->reports_unknown = report_count_unknown(g);
    m->out_waiting = store_out_count(g->store);
    /* What could not be counted is no balance. */
    g->balanced = clocks == m->open_items && !store_failed(g->store);
    if (before && !g->balanced)
        log_error("ledger", "state=red open_items=%lld open_clocks=%lld", (long long)m->open_items,
                  (long long)clocks);
    g->checked_ms = g->now_ms;
    g->checked_mono_ms = g->mono_ms;
}

bool balance_green(const struct stafette *g)
{
    return g->balanced && ledger_run_green(g) && !g->held_since_ms &&
           !(g->turn && turn_retry_ms(g->turn));
}
