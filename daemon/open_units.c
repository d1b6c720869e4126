/*
 * Units that open items need: see open_units.h.
 */
#include "open_units.h"

#include "buf.h"
#include "directory.h"
#include "store_item.h"
#include "util.h"

struct search {
    const struct directory *dir;
    struct buf *report;
    size_t lost;
};

static void look_at(void *context, const char *unit, int64_t items)
{
    struct search *search = context;
    if (str_empty(unit) || directory_unit(search->dir, unit))
        return;
    buf_printf(search->report, "unit %s: %lld open items name it; keep it until they are closed\n",
               unit, (long long)items);
    search->lost++;
}

size_t open_units_lost(struct store *s, const struct directory *dir, struct buf *report)
{
    struct search search = {dir, report, 0};
    store_item_each_unit(s, &search, look_at);
    return search.lost;
}
