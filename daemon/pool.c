/*
 * Pooling: see pool.h. When it was told stands in the store's meta, by place and service.
 */
#include "pool.h"

#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "store.h"
#include "store_item.h"
#include "util.h"

int64_t pool_check(struct stafette *g, const struct item *item)
{
    const struct settings *s = &g->config->settings;
    int64_t since_ms = g->now_ms - s->pool_days * DAY_MS;
    if (item->kind != ITEM_REFERRAL || item->restricted || (item->flags & ITEM_ANVERTRAUT) ||
        str_empty(item->place) || str_empty(item->service))
        return 0;
    int64_t open = store_item_pool(g->store, item->service, item->place, since_ms);
    if (open < s->pool_threshold)
        return 0;
    struct buf name = BUF_INIT;
    buf_printf(&name, "pool/%s/%s", item->place, item->service);
    bool told = store_meta_int(g->store, buf_str(&name)) > since_ms;
    if (!told)
        store_meta_set_int(g->store, buf_str(&name), g->now_ms);
    buf_release(&name);
    return told ? 0 : open;
}
