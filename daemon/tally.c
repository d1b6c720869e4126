/*
 * Counts: see tally.h.
 */
#include "tally.h"

#include "gateway.h"
#include "route.h"
#include "store_item.h"
#include "store_tally.h"
#include "util.h"

int64_t tally_week(int64_t at_ms)
{
    int64_t day = berlin_day(at_ms);
    return day - day_weekday(day);
}

void tally_item(struct stafette *g, const struct item *item, const struct route_result *route)
{
    if (item->restricted || (item->flags & ITEM_ANVERTRAUT))
        return;
    for (size_t i = 0; i < route->count_copies; i++)
        store_tally_add(g->store, route->count_copy[i]->id, tally_week(g->now_ms));
}
