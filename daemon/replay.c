/*
 * After a restore: see replay.h.
 */
#include "replay.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "log.h"
#include "out_event.h"
#include "store.h"
#include "store_audit.h"
#include "store_out.h"

static void ask_source(struct stafette *g, const char *source)
{
    struct buf text = BUF_INIT;
    struct out_event out = {.seq = store_next(g->store, SEQ_OUT)};
    out_event_start(&text, g, "", out.seq, "gateway.replay");
    json_member_time(&text, "since", g->held_since_ms);
    out_event_end(&text);
    out_event_post(g, &out, source, "replay", &text);
}

int replay_ask(struct stafette *g, struct buf *err)
{
    const struct directory *dir = g->config->directory;
    if (!g->held_since_ms)
        return 0;
    log_warn("held", "why=\"restored from a backup; stafettectl release ends it\"");
    if (store_meta_int(g->store, "replay_asked"))
        return 0;
    store_begin(g->store);
    for (size_t i = 0; i < dir->sources; i++)
        ask_source(g, dir->source[i].id);
    store_meta_set_int(g->store, "replay_asked", 1);
    store_audit_add(g->store, g->now_ms, 0, "replay asked of all sources after a restore");
    if (store_commit(g->store) == STORE_DONE)
        return 0;
    buf_printf(err, "cannot ask for the replay: %s", store_trouble(g->store));
    return -1;
}
