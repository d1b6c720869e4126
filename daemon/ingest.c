/*
 * The session with the broker: see ingest.h.
 */
#include "ingest.h"

#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "json.h"
#include "ledger_run.h"
#include "log.h"
#include "mqtt.h"
#include "store_out.h"
#include "turn.h"
#include "util.h"

/* libmosquitto walks all that is in flight at each acknowledgement. */
enum { OUT_IN_FLIGHT_MAX = 128, READ_BUDGET_MS = 5, SETTLE_COUNT = 200 };

static const char content_type[] = "application/cloudevents+json";

/* A published out-event whose acknowledgement is awaited. */
struct sent {
    int mid;
    int64_t out_seq;
};

struct ingest {
    struct mqtt *mqtt;
    struct stafette *gateway;
    char *topic; /* stafette/gateway/<instance> */
    struct sent sent[OUT_IN_FLIGHT_MAX];
    size_t sent_count;
    int64_t *settled; /* numbers of acknowledged out-events */
    size_t settled_count, settled_cap;
    int64_t settled_since_ms; /* monotonic time of the first of them */
    int64_t published;        /* the highest out-event published since the last connect */
    bool more;                /* the store may hold unpublished ones */
    int64_t next_heartbeat_ms;
    bool read_enough;  /* the turn is full: do not read on */
    struct buf logged; /* the trouble that the log has told of; "" when up */
};

static void on_message(void *context, const struct mqtt_message *message)
{
    struct ingest *in = context;
    /* Not an event, but the end of a retained one, as the remedy of E-RETAIN asks for it. */
    if (message->retained && !message->payload_len)
        return;
    turn_add_message(in->gateway->turn, message);
}

/* Why there is no connection: once for each reason, not for each attempt. */
static void log_trouble(struct ingest *in)
{
    const char *why = mqtt_trouble(in->mqtt);
    if (str_empty(why) || str_eq(why, buf_str(&in->logged)))
        return;
    buf_reset(&in->logged);
    buf_puts(&in->logged, why);
    log_warn("broker", "state=down why=\"%s\"", why);
}

static void on_up(void *context, bool session_present)
{
    struct ingest *in = context;
    buf_reset(&in->logged);
    log_info("broker", "state=up session_present=%d", session_present);
    /* What was published and not acknowledged before may be lost: all of it once more. */
    in->sent_count = 0;
    in->published = 0;
    in->more = true;
    in->next_heartbeat_ms = 0;
}

static void on_down(void *context)
{
    struct ingest *in = context;
    log_trouble(in);
    in->sent_count = 0;
}

static void on_settled(void *context, int mid)
{
    struct ingest *in = context;
    for (size_t i = 0; i < in->sent_count; i++) {
        if (in->sent[i].mid != mid)
            continue;
        if (!in->settled_count)
            in->settled_since_ms = in->gateway->mono_ms;
        in->settled = grow(in->settled, in->settled_count, &in->settled_cap, sizeof *in->settled);
        in->settled[in->settled_count++] = in->sent[i].out_seq;
        in->sent[i] = in->sent[--in->sent_count];
        return;
    }
}

static void offline_payload(const struct stafette *g, struct buf *out)
{
    buf_addc(out, '{');
    json_member_text(out, "instance", g->config->settings.instance);
    json_member_text(out, "state", "offline");
    json_member_text(out, "version", STAFETTE_VERSION);
    buf_addc(out, '}');
}

static int read_password(const struct settings *s, struct buf *password, struct buf *err)
{
    if (str_empty(s->mqtt_password_file))
        return 0;
    if (buf_read_file(password, s->mqtt_password_file, 4096, err) < 0)
        return -1;
    while (password->len && strchr("\r\n", password->data[password->len - 1]))
        password->data[--password->len] = '\0';
    return 0;
}

struct ingest *ingest_open(struct stafette *g, struct buf *err)
{
    static const char *const subscribe[] = {"stafette/in/#", NULL};
    const struct settings *s = &g->config->settings;
    struct ingest *in = xcalloc(1, sizeof *in);
    struct buf topic = BUF_INIT, will = BUF_INIT, password = BUF_INIT;
    in->gateway = g;
    buf_printf(&topic, "stafette/gateway/%s", s->instance);
    in->topic = buf_detach(&topic);
    offline_payload(g, &will);
    struct mqtt_options options = {
        .host = s->mqtt_host,
        .port = (int)s->mqtt_port,
        .v5 = str_eq(s->mqtt_version, "5"),
        .client_id = s->mqtt_client_id,
        .username = s->mqtt_username,
        .tls = s->mqtt_tls,
        .ca_file = s->mqtt_ca_file,
        .cert_file = s->mqtt_cert_file,
        .key_file = s->mqtt_key_file,
        .keepalive_s = (int)(s->mqtt_keepalive_ms / 1000),
        .session_expiry_s = (uint32_t)(s->mqtt_session_expiry_ms / 1000),
        .receive_max = (uint16_t)s->mqtt_receive_max,
        .packet_max = 2 * PAYLOAD_MAX,
        .reconnect_max_ms = s->mqtt_reconnect_max_ms,
        .will_topic = in->topic,
        .will_payload = buf_str(&will),
        .subscribe = subscribe,
        .retain_flag = true,
        .on_message = on_message,
        .on_up = on_up,
        .on_down = on_down,
        .on_settled = on_settled,
        .context = in,
    };
    if (read_password(s, &password, err) == 0) {
        options.password = buf_str(&password);
        in->mqtt = mqtt_open(&options, err);
    }
    buf_wipe(&password);
    buf_release(&will);
    if (in->mqtt)
        return in;
    free(in->topic);
    free(in);
    return NULL;
}

void ingest_close(struct stafette *g)
{
    struct ingest *in = g->ingest;
    if (!in)
        return;
    struct buf payload = BUF_INIT;
    offline_payload(g, &payload);
    if (mqtt_is_up(in->mqtt)) {
        mqtt_publish(in->mqtt, in->topic, payload.data, payload.len, "application/json", true);
        mqtt_write(in->mqtt);
    }
    buf_release(&payload);
    mqtt_close(in->mqtt);
    buf_release(&in->logged);
    free(in->settled);
    free(in->topic);
    free(in);
    g->ingest = NULL;
}

int ingest_fd(const struct ingest *in)
{
    return mqtt_fd(in->mqtt);
}

bool ingest_wants_write(const struct ingest *in)
{
    return mqtt_wants_write(in->mqtt);
}

bool ingest_pending(const struct ingest *in)
{
    return in->read_enough || mqtt_pending(in->mqtt);
}

bool ingest_is_up(const struct ingest *in)
{
    return mqtt_is_up(in->mqtt);
}

const char *ingest_trouble(const struct ingest *in)
{
    return mqtt_trouble(in->mqtt);
}

int ingest_step(struct stafette *g)
{
    struct ingest *in = g->ingest;
    int wait_ms = mqtt_step(in->mqtt, g->mono_ms);
    log_trouble(in);
    size_t before = turn_waiting(g->turn);
    if (before < TURN_EVENTS_MAX)
        mqtt_read(in->mqtt, TURN_EVENTS_MAX - before, READ_BUDGET_MS);
    in->read_enough = turn_waiting(g->turn) >= TURN_EVENTS_MAX;
    return wait_ms;
}

void ingest_acknowledge(struct stafette *g)
{
    mqtt_write(g->ingest->mqtt);
}

void ingest_receipt(struct stafette *g, const char *source, const struct buf *receipt)
{
    struct ingest *in = g->ingest;
    struct buf topic = BUF_INIT;
    if (!mqtt_is_up(in->mqtt))
        return;
    buf_printf(&topic, "stafette/out/%s/receipt", source);
    mqtt_publish(in->mqtt, buf_str(&topic), receipt->data, receipt->len, content_type, false);
    buf_release(&topic);
}

bool ingest_has_settled(const struct ingest *in)
{
    return in->settled_count >= SETTLE_COUNT ||
           (in->settled_count && in->gateway->mono_ms - in->settled_since_ms >= INGEST_SETTLE_MS);
}

bool ingest_unsettled(const struct ingest *in)
{
    return in->settled_count > 0;
}

bool ingest_in_flight(const struct ingest *in)
{
    return mqtt_is_up(in->mqtt) && (in->more || in->sent_count);
}

void ingest_settle(struct stafette *g)
{
    const struct ingest *in = g->ingest;
    for (size_t i = 0; i < in->settled_count; i++)
        store_out_settle(g->store, in->settled[i]);
}

void ingest_settled(struct stafette *g)
{
    g->ingest->settled_count = 0;
    g->ingest->more = true;
}

static bool publish_one(void *context, const struct out_event *out)
{
    struct ingest *in = context;
    if (in->sent_count == OUT_IN_FLIGHT_MAX)
        return false;
    int mid =
        mqtt_publish(in->mqtt, out->topic, out->payload, strlen(out->payload), content_type, false);
    if (mid < 0)
        return false;
    in->sent[in->sent_count++] = (struct sent){mid, out->seq};
    in->published = out->seq;
    return true;
}

void ingest_publish(struct stafette *g)
{
    struct ingest *in = g->ingest;
    if (in->more && mqtt_is_up(in->mqtt)) {
        store_out_each(g->store, in->published, in, publish_one);
        in->more = in->sent_count == OUT_IN_FLIGHT_MAX;
    }
    /* Nothing that was read is undecided here, so whatever the library has queued may leave: the
     * publishes, and while connecting its own packets. */
    if (mqtt_wants_write(in->mqtt))
        mqtt_write(in->mqtt);
}

static void heartbeat_payload(const struct stafette *g, struct buf *out)
{
    const struct metrics *m = &g->metrics;
    const struct ledger_result *last = ledger_run_last(g->ledger);
    buf_addc(out, '{');
    json_member_text(out, "instance", g->config->settings.instance);
    json_member_text(out, "state", "online");
    json_member_text(out, "version", STAFETTE_VERSION);
    json_member_time(out, "at", g->now_ms);
    json_member_int(out, "interval_s", g->config->settings.heartbeat_ms / 1000);
    json_member_int(out, "oldest_open_s",
                    m->oldest_open_ms ? (g->now_ms - m->oldest_open_ms) / 1000 : 0);
    json_member_bool(out, "balance", g->balanced);
    json_member_time(out, "checked_at", g->checked_ms);
    json_member_time(out, "ledger_at", ledger_run_checked_ms(g->ledger));
    if (last)
        json_member_int(out, "findings", ledger_findings(last));
    json_member_bool(out, "green", balance_green(g));
    json_member_bool(out, "held", g->held_since_ms != 0);
    json_member_int(out, "queue", m->queue_depth);
    buf_addc(out, '}');
}

void ingest_heartbeat(struct stafette *g, bool now)
{
    struct ingest *in = g->ingest;
    if (!mqtt_is_up(in->mqtt) || (!now && g->mono_ms < in->next_heartbeat_ms))
        return;
    struct buf payload = BUF_INIT;
    heartbeat_payload(g, &payload);
    mqtt_publish(in->mqtt, in->topic, payload.data, payload.len, "application/json", true);
    in->next_heartbeat_ms = g->mono_ms + g->config->settings.heartbeat_ms;
    buf_release(&payload);
}
