/*
 * Loading a new configuration: see reload.h. Settings that belong to an open connection or file
 * (store, broker, listeners, carriers) take effect at the next start; the log says so.
 */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "log.h"
#include "notify.h"
#include "open_units.h"
#include "outbox.h"
#include "protect.h"
#include "route.h"
#include "store.h"
#include "store_delivery.h"
#include "tell.h"
#include "util.h"

struct reload {
    char *path;
    struct config *config;
    struct buf report;
    int64_t now_ms;
};

static void load(void *context)
{
    struct reload *r = context;
    r->config = config_load(r->path, &r->report);
    if (r->config &&
        routing_incomplete(r->config->routing, r->config->directory, r->now_ms, &r->report)) {
        config_drop(r->config);
        r->config = NULL;
    }
    struct conf_faults faults = {.text = &r->report};
    if (r->config)
        protect_check(r->config, r->now_ms, &faults);
}

static void log_report(const struct buf *report)
{
    const char *line = buf_str(report);
    while (*line) {
        size_t n = strcspn(line, "\n");
        char *text = xstrndup(line, n);
        for (char *quote = strchr(text, '"'); quote; quote = strchr(quote, '"'))
            *quote = '\''; /* or the value would end there */
        log_warn("configuration", "at=\"%s\"", text);
        free(text);
        line += n + (line[n] == '\n');
    }
}

static void note_restart_settings(const struct settings *old, const struct settings *new)
{
    if (!str_eq(old->store, new->store) || !str_eq(old->mqtt_host, new->mqtt_host) ||
        old->mqtt_port != new->mqtt_port || !str_eq(old->http_internal, new->http_internal) ||
        !str_eq(old->http_public, new->http_public) ||
        !str_eq(old->lmtp_listen, new->lmtp_listen) ||
        !str_eq(old->control_socket, new->control_socket) || old->carriers != new->carriers ||
        !str_eq(old->instance, new->instance) || !str_eq(old->key_file, new->key_file))
        log_warn("configuration", "note=\"store, broker, listeners, keys, instance and carriers"
                                  " change at the next start\"");
}

static void finish(struct stafette *g, void *context)
{
    struct reload *r = context;
    bool fits = r->config && !open_units_lost(g->store, r->config->directory, &r->report);
    log_report(&r->report);
    g->metrics.reloads[fits ? 0 : 1]++;
    if (fits) {
        struct config *old = g->config;
        note_restart_settings(&old->settings, &r->config->settings);
        g->config = r->config;
        config_drop(old);
        tell_forget(g);
        presence_open(g);
        outbox_wake_all(g); /* the destinations may be other ones now */
        daily_reloaded(g);
        log_info("configuration", "state=loaded version=%s", g->config->version);
    } else {
        if (r->config)
            config_drop(r->config);
        log_error("configuration", "state=refused kept=%s", g->config->version);
    }
    notify_send("READY=1");
    buf_release(&r->report);
    free(r->path);
    free(r);
}

void reload_start(struct stafette *g)
{
    struct reload *r = xcalloc(1, sizeof *r);
    notify_send("RELOADING=1");
    r->path = xstrdup(g->config->path);
    r->now_ms = g->now_ms;
    outbox_run(g->outbox, load, r, finish);
}
