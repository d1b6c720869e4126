/*
 * Moving the log in time: see checkpoint.h. A log of 4 MB takes 20 ms to move, and at a city's
 * usual load every mail of that moment would wait for it: then a carrier moves it, and only its
 * last pages are moved here. Under a backlog nobody waits for the single mail, and a carrier would
 * only compete for the disk while the log grows: the deciding thread moves it. A crash loses
 * nothing: the log is part of the store.
 */
#include "checkpoint.h"

#include <stdlib.h>

#include "config.h"
#include "gateway.h"
#include "outbox.h"
#include "store.h"
#include "store_mover.h"
#include "util.h"

/* From MOVE_PAGES on it is worth the two fsyncs, in a busy turn a little later. At LATE_PAGES (64
 * MB) the carrier has not come to it. */
enum { MOVE_PAGES = 1000, BUSY_PAGES = 4000, LATE_PAGES = 16000 };

struct checkpoint {
    struct store_mover *mover;
    bool is_handed; /* to a carrier */
    bool is_moved;  /* but for what came meanwhile */
};

struct checkpoint *checkpoint_open(const struct stafette *g, struct buf *err)
{
    struct checkpoint *c = xcalloc(1, sizeof *c);
    c->mover = store_mover_open(g->config->settings.store, err);
    if (c->mover)
        return c;
    free(c);
    return NULL;
}

void checkpoint_close(struct checkpoint *c)
{
    if (!c)
        return;
    store_mover_close(c->mover);
    free(c);
}

static void move(void *context)
{
    const struct checkpoint *c = context;
    store_mover_run(c->mover);
}

static void moved(struct stafette *g, void *context)
{
    struct checkpoint *c = context;
    (void)g;
    c->is_handed = false;
    c->is_moved = true;
}

void checkpoint_step(struct stafette *g, bool idle)
{
    struct checkpoint *c = g->checkpoint;
    int64_t pages = store_log_pages(g->store);
    bool is_backlog = outbox_young(g) >= OUTBOX_COMPANY;
    bool is_due = pages >= (idle ? MOVE_PAGES : BUSY_PAGES) && !c->is_handed;
    if (c->is_moved || pages >= LATE_PAGES || (is_due && (is_backlog || !idle))) {
        store_checkpoint(g->store);
        c->is_moved = false;
    } else if (is_due) {
        c->is_handed = true;
        outbox_run(g->outbox, move, c, moved);
    }
    g->metrics.wal_bytes = store_log_pages(g->store) * STORE_PAGE_BYTES;
}
