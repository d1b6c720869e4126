/*
 * The watch on gateways: see watch.h. For each instance it keeps when a live heartbeat was last
 * received, what that said, and what was last told. Payloads are read strictly; one that cannot be
 * read is no sign of life. Keeps nothing on disk: a restarted watch tells a lasting trouble again,
 * which is the safe side.
 */
#include "watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "json.h"
#include "log.h"
#include "mqtt.h"
#include "util.h"

#define TOPIC "stafette/gateway/"

enum {
    INSTANCES_MAX = 1000,
    TELL_AGAIN_MS = 10000, /* after a report that could not be delivered */
    KEEPALIVE_S = 30,
    TURN_MS = 1000 /* the longest wait between two judgements */
};

struct gateway {
    char name[64];
    int64_t alive_ms; /* receipt of the last live heartbeat, or when we began to wait for one */
    bool online;
    bool green;
    enum watch_trouble told;
    int64_t tell_again_ms; /* not before; 0: at once */
};

struct watch {
    struct watch_options o;
    struct gateway *gateway;
    size_t gateways, cap;
};

const char *watch_trouble_name(enum watch_trouble trouble)
{
    switch (trouble) {
    case WATCH_FINE:
        return "recovered";
    case WATCH_SICK:
        return "not_green";
    case WATCH_OFFLINE:
        return "offline";
    case WATCH_SILENT:
        return "silent";
    }
    return "unknown";
}

static bool watches_all(const struct watch *w)
{
    return str_eq(w->o.instance, "all");
}

static struct gateway *add_gateway(struct watch *w, const char *name, int64_t now_ms)
{
    w->gateway = grow(w->gateway, w->gateways, &w->cap, sizeof *w->gateway);
    struct gateway *g = &w->gateway[w->gateways++];
    *g = (struct gateway){.alive_ms = now_ms, .online = true, .green = true};
    str_copy(g->name, sizeof g->name, name);
    return g;
}

/* "all" stands in the list as a gateway that is never heard, until a real one is. */
struct watch *watch_new(const struct watch_options *options, int64_t now_ms)
{
    struct watch *w = xcalloc(1, sizeof *w);
    w->o = *options;
    add_gateway(w, options->instance, now_ms);
    return w;
}

void watch_free(struct watch *w)
{
    free(w->gateway);
    free(w);
}

static struct gateway *find_gateway(struct watch *w, const char *name, int64_t now_ms)
{
    for (size_t i = 0; i < w->gateways; i++)
        if (str_eq(w->gateway[i].name, name))
            return &w->gateway[i];
    if (!watches_all(w) || w->gateways >= INSTANCES_MAX || str_empty(name) ||
        strlen(name) >= sizeof w->gateway->name)
        return NULL;
    return add_gateway(w, name, now_ms);
}

void watch_heard(struct watch *w, const char *topic, const char *payload, size_t len, bool retained,
                 int64_t now_ms)
{
    struct json_place where;
    if (!str_starts(topic, TOPIC) || strchr(topic + strlen(TOPIC), '/'))
        return;
    struct gateway *g = find_gateway(w, topic + strlen(TOPIC), now_ms);
    struct json *root = g ? json_read(payload, len, &where) : NULL;
    const char *state = json_text(json_get(root, "state"));
    if (root && (str_eq(state, "online") || str_eq(state, "offline"))) {
        g->online = str_eq(state, "online");
        g->green = json_bool(json_get(root, "green"));
        if (!retained)
            g->alive_ms = now_ms;
    }
    if (root)
        json_free(root);
}

static enum watch_trouble judge(const struct watch *w, const struct gateway *g, int64_t now_ms)
{
    if (!g->online)
        return WATCH_OFFLINE;
    if (now_ms - g->alive_ms >= w->o.after_ms)
        return WATCH_SILENT;
    return g->green ? WATCH_FINE : WATCH_SICK;
}

/* Offline and silent are one trouble: the gateway is gone, and that was told. */
static bool is_news(enum watch_trouble told, enum watch_trouble now)
{
    if (told == WATCH_OFFLINE || told == WATCH_SILENT)
        return now == WATCH_FINE || now == WATCH_SICK;
    return told != now;
}

static void put_reason(struct buf *out, const struct gateway *g, enum watch_trouble trouble,
                       const char *broker_trouble, int64_t now_ms)
{
    long long silent_s = (long long)(now_ms - g->alive_ms) / 1000;
    switch (trouble) {
    case WATCH_FINE:
        buf_puts(out, "Die Stafette meldet sich wieder und ist in Ordnung.");
        break;
    case WATCH_SICK:
        buf_puts(out,
                 "Die Stafette läuft, meldet aber selbst eine Störung: Abgleich, Speicher oder "
                 "Versand prüfen (stafettectl status).");
        break;
    case WATCH_OFFLINE:
        buf_puts(out, "Die Stafette ist nicht am Broker angemeldet. Es wird nichts zugestellt und "
                      "nichts erinnert.");
        break;
    case WATCH_SILENT:
        buf_printf(out, "Seit %lld Sekunden kein Lebenszeichen der Stafette.", silent_s);
        if (!str_empty(broker_trouble))
            buf_printf(out, " Der Broker ist von hier nicht erreichbar (%s).", broker_trouble);
        break;
    }
}

static void tell(struct watch *w, struct gateway *g, enum watch_trouble trouble,
                 const char *broker_trouble, int64_t now_ms)
{
    struct buf reason = BUF_INIT, err = BUF_INIT;
    put_reason(&reason, g, trouble, broker_trouble, now_ms);
    const struct watch_report report = {g->name, trouble, buf_str(&reason)};
    if (w->o.tell(w->o.context, &report, &err) == 0) {
        log_info("watch told", "instance=%s trouble=%s", g->name, watch_trouble_name(trouble));
        g->told = trouble;
        g->tell_again_ms = 0;
    } else {
        log_error("watch cannot tell", "instance=%s trouble=%s why=\"%s\"", g->name,
                  watch_trouble_name(trouble), buf_str(&err));
        g->tell_again_ms = now_ms + TELL_AGAIN_MS;
    }
    buf_release(&reason);
    buf_release(&err);
}

void watch_judge(struct watch *w, const char *broker_trouble, int64_t now_ms)
{
    /* As soon as one gateway is known, "all" means the known ones. */
    if (watches_all(w) && w->gateways > 1)
        w->gateway[0].alive_ms = now_ms;
    for (size_t i = 0; i < w->gateways; i++) {
        struct gateway *g = &w->gateway[i];
        enum watch_trouble trouble = judge(w, g, now_ms);
        if (is_news(g->told, trouble) && now_ms >= g->tell_again_ms)
            tell(w, g, trouble, broker_trouble, now_ms);
    }
}

static void on_message(void *context, const struct mqtt_message *message)
{
    watch_heard(context, message->topic, message->payload, message->payload_len, message->retained,
                util_monotonic_ms());
}

static struct mqtt *open_session(const struct watch_options *o, struct watch *w, struct buf *err)
{
    static const char *const all[] = {TOPIC "+", NULL};
    unsigned char tail[8];
    struct buf id = BUF_INIT;
    digest_random(tail, sizeof tail);
    buf_puts(&id, "stafette-watch-");
    digest_hex(&id, tail, sizeof tail);
    const struct mqtt_options options = {
        .host = o->host,
        .port = o->port,
        .client_id = buf_str(&id),
        .clean = true,
        .username = o->username,
        .password = o->password,
        .tls = o->tls,
        .ca_file = o->ca_file,
        .keepalive_s = KEEPALIVE_S,
        .receive_max = 100,
        .packet_max = 64 * 1024,
        .reconnect_max_ms = 30000,
        .subscribe = all,
        .on_message = on_message,
        .context = w,
    };
    struct mqtt *m = mqtt_open(&options, err);
    buf_release(&id);
    return m;
}

/* One wait; false when the watch shall end. */
static bool turn(struct mqtt *m, int stop_fd)
{
    int wait_ms = mqtt_step(m, util_monotonic_ms());
    struct pollfd at[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = mqtt_fd(m), .events = POLLIN}};
    if (mqtt_wants_write(m))
        at[1].events |= POLLOUT;
    if (mqtt_pending(m))
        wait_ms = 0;
    poll(at, 2, wait_ms < TURN_MS ? wait_ms : TURN_MS);
    mqtt_read(m, 100, 10);
    mqtt_write(m);
    return at[0].revents == 0;
}

int watch_run(const struct watch_options *options, struct buf *err)
{
    struct watch *w = watch_new(options, util_monotonic_ms());
    struct mqtt *m = open_session(options, w, err);
    bool up = false, first = true;
    while (m && turn(m, options->stop_fd)) {
        if (mqtt_is_up(m) != up || (first && !str_empty(mqtt_trouble(m)))) {
            up = mqtt_is_up(m);
            first = false;
            log_info(up ? "watch connected" : "watch not connected", "why=\"%s\"", mqtt_trouble(m));
        }
        watch_judge(w, mqtt_trouble(m), util_monotonic_ms());
    }
    bool opened = m != NULL;
    mqtt_close(m);
    watch_free(w);
    return opened ? 0 : -1;
}
