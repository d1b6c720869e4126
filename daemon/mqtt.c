/*
 * The MQTT session: see mqtt.h for what is promised to the caller.
 *
 * Each attempt to connect gets a new library object. So nothing of a lost connection survives in
 * the library: neither acknowledgements of uncommitted events (the broker repeats them) nor
 * publishes (the outbox repeats them); both are absorbed by ids.
 *
 * DOWN -> PROBING (own non-blocking connect) -> CONNECTING (library: TCP, TLS, CONNECT, SUBSCRIBE)
 * -> UP -> DOWN. Each of the middle states has a deadline. In external-loop mode every packet is
 * only queued until mosquitto_loop_write(), which is called by mqtt_write() and mqtt_close() alone.
 *
 * A crash leaves the broker's session, which holds all that was not acknowledged.
 */
#include "mqtt.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "mqtt_setup.h"
#include "probe.h"
#include "util.h"

enum {
    PROBE_MS = 5000,
    CONNECT_MS = 15000,
    MISC_MS = 1000, /* loop_misc about once a second */
    FIRST_DELAY_MS = 1000,
    STEADY_MS = 10000,   /* up for so long: the next loss starts with the first delay again */
    FAREWELL_MS = 200,   /* the most that mqtt_close() waits for the broker */
    ATTRIBUTES_MAX = 64, /* user properties of one message that are handed on */
    BUDGET_CHECK = 64    /* messages between two looks at the clock */
};

enum mqtt_state { MQTT_DOWN, MQTT_PROBING, MQTT_CONNECTING, MQTT_UP };

struct mqtt {
    struct mqtt_options o; /* texts and filters owned */
    int filters;
    enum mqtt_state state;
    struct probe probe;
    struct mosquitto *lib; /* in CONNECTING and UP */
    bool accepted;         /* CONNACK came: publishing is possible */
    bool session_present;
    int lost_rc;    /* set inside callbacks, acted on after the library returned */
    int64_t due_ms; /* DOWN: next attempt (0: not planned yet); else the state's deadline */
    int64_t misc_ms;
    int64_t up_since_ms; /* 0: not noted yet */
    int64_t delay_ms;
    unsigned long delivered;
    const char *attribute[2 * ATTRIBUTES_MAX + 1];
    int (*tls_pending)(const void *ssl);
    struct buf trouble;
    struct buf tls_trouble; /* what TLS said of this attempt; "" = nothing */
};

static void set_trouble(struct mqtt *m, const char *what, const char *why)
{
    buf_reset(&m->trouble);
    buf_printf(&m->trouble, "%s: %s", what, why);
}

/* Back to DOWN. Called only outside the library's callbacks. */
static void fall(struct mqtt *m)
{
    bool was_up = m->state == MQTT_UP;
    probe_stop(&m->probe);
    if (m->lib)
        mosquitto_destroy(m->lib);
    m->lib = NULL;
    m->state = MQTT_DOWN;
    m->due_ms = 0;
    m->accepted = false;
    if (was_up && m->o.on_down)
        m->o.on_down(m->o.context);
}

static const char *reason_of(int rc, int error)
{
    switch (rc) {
    case MOSQ_ERR_SUCCESS:
        return "closed by the broker";
    case MOSQ_ERR_ERRNO:
        return strerror(error);
    case MOSQ_ERR_KEEPALIVE: /* the library has no words for it */
        return "it does not answer";
    default:
        return mosquitto_strerror(rc);
    }
}

/* Looks at what a library call left behind; true when the connection is still there. */
static bool check(struct mqtt *m, int rc)
{
    int error = errno;
    if (rc == MOSQ_ERR_SUCCESS && m->lost_rc == 0 && mosquitto_socket(m->lib) >= 0)
        return true;
    if (m->lost_rc == 0 && m->tls_trouble.len)
        set_trouble(m, "cannot connect to the broker by TLS", buf_str(&m->tls_trouble));
    else if (m->lost_rc == 0)
        set_trouble(m, "connection to the broker lost", reason_of(rc, error));
    fall(m);
    return false;
}

static void report_up(struct mqtt *m)
{
    if (m->state == MQTT_UP)
        return;
    mosquitto_log_callback_set(m->lib, NULL); /* it would cost a line for each packet */
    m->state = MQTT_UP;
    m->up_since_ms = 0;
    buf_reset(&m->trouble);
    if (m->o.on_up)
        m->o.on_up(m->o.context, m->session_present);
}

/* Always subscribes again: cheap when the session has it, and a changed filter takes effect. */
static void subscribe(struct mqtt *m)
{
    int options = m->o.v5 ? MQTT_SUB_OPT_SEND_RETAIN_NEW : 0;
    if (m->o.v5 && m->o.retain_flag)
        options |= MQTT_SUB_OPT_RETAIN_AS_PUBLISHED;
    int rc = mosquitto_subscribe_multiple(m->lib, NULL, m->filters, (char *const *)m->o.subscribe,
                                          1, options, NULL);
    if (rc == MOSQ_ERR_SUCCESS)
        return;
    set_trouble(m, "cannot subscribe", mosquitto_strerror(rc));
    m->lost_rc = rc;
}

static void handle_connack(struct mosquitto *lib, void *context, int code, int flags,
                           const mosquitto_property *properties)
{
    struct mqtt *m = context;
    (void)lib;
    (void)properties;
    if (code != 0) {
        set_trouble(m, "the broker refuses us",
                    m->o.v5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code));
        m->lost_rc = MOSQ_ERR_CONN_REFUSED;
        return;
    }
    m->accepted = true;
    m->session_present = flags & 1;
    if (m->filters)
        subscribe(m);
    if (!m->filters || m->session_present)
        report_up(m);
}

static void handle_suback(struct mosquitto *lib, void *context, int mid, int count,
                          const int *granted, const mosquitto_property *properties)
{
    struct mqtt *m = context;
    (void)lib;
    (void)mid;
    (void)properties;
    for (int i = 0; i < count; i++) {
        if (granted[i] < 0x80)
            continue;
        set_trouble(m, "the broker refuses the subscription (see its access list)",
                    i < m->filters ? m->o.subscribe[i] : "");
        m->lost_rc = MOSQ_ERR_ACL_DENIED;
        return;
    }
    report_up(m);
}

static void handle_puback(struct mosquitto *lib, void *context, int mid, int code,
                          const mosquitto_property *properties)
{
    struct mqtt *m = context;
    (void)lib;
    (void)code;
    (void)properties;
    if (m->o.on_settled)
        m->o.on_settled(m->o.context, mid);
}

static size_t read_attributes(struct mqtt *m, const mosquitto_property *properties)
{
    size_t n = 0;
    const mosquitto_property *at = properties;
    for (bool first = true; n < 2 * ATTRIBUTES_MAX; first = false, n += 2) {
        char *name = NULL, *value = NULL;
        at =
            mosquitto_property_read_string_pair(at, MQTT_PROP_USER_PROPERTY, &name, &value, !first);
        if (!at)
            break;
        m->attribute[n] = name;
        m->attribute[n + 1] = value;
    }
    m->attribute[n] = NULL;
    return n;
}

static void handle_message(struct mosquitto *lib, void *context, const struct mosquitto_message *in,
                           const mosquitto_property *properties)
{
    struct mqtt *m = context;
    char *content_type = NULL;
    (void)lib;
    size_t n = properties ? read_attributes(m, properties) : 0;
    m->attribute[n] = NULL;
    if (properties)
        mosquitto_property_read_string(properties, MQTT_PROP_CONTENT_TYPE, &content_type, false);
    struct mqtt_message message = {
        .topic = in->topic,
        .payload = in->payload ? in->payload : "",
        .payload_len = (size_t)in->payloadlen,
        .content_type = content_type ? content_type : "",
        .attribute = m->attribute,
        .retained = in->retain,
    };
    m->delivered++;
    m->o.on_message(m->o.context, &message);
    free(content_type);
    for (size_t i = 0; i < n; i++)
        free((void *)m->attribute[i]);
}

/* The broker says why it ends the session (MQTT 5): somebody else took our client id, say. */
static void handle_disconnect(struct mosquitto *lib, void *context, int code,
                              const mosquitto_property *properties)
{
    struct mqtt *m = context;
    (void)lib;
    (void)properties;
    if (code < 0x80 || m->lost_rc)
        return;
    set_trouble(m, "the broker ended the session", mosquitto_reason_string(code));
    m->lost_rc = MOSQ_ERR_CONN_LOST;
}

/* The library says why a handshake failed only to its log: "OpenSSL Error[0]: error:0A000086:SSL
 * routines::certificate verify failed". The first line of an attempt is the cause. */
static void handle_log(struct mosquitto *lib, void *context, int level, const char *text)
{
    struct mqtt *m = context;
    const char *last = strrchr(text, ':');
    (void)lib;
    if (level == MOSQ_LOG_ERR && str_starts(text, "OpenSSL Error") && last && !m->tls_trouble.len)
        buf_puts(&m->tls_trouble, last + 1);
}

static void set_callbacks(struct mosquitto *lib)
{
    mosquitto_log_callback_set(lib, handle_log);
    mosquitto_connect_v5_callback_set(lib, handle_connack);
    mosquitto_disconnect_v5_callback_set(lib, handle_disconnect);
    mosquitto_subscribe_v5_callback_set(lib, handle_suback);
    mosquitto_publish_v5_callback_set(lib, handle_puback);
    mosquitto_message_v5_callback_set(lib, handle_message);
}

/* PROBING -> CONNECTING. The address that answered is used, unless TLS must check the name. */
static void begin_connect(struct mqtt *m, int64_t now_ms)
{
    probe_stop(&m->probe);
    buf_reset(&m->tls_trouble);
    m->lost_rc = 0;
    m->accepted = false;
    int rc = mqtt_setup_object(&m->lib, &m->o, m);
    if (!rc)
        rc = mqtt_setup_properties(m->lib, &m->o);
    if (!rc) {
        set_callbacks(m->lib);
        rc = mosquitto_connect_bind_async(m->lib, m->o.tls ? m->o.host : m->probe.address,
                                          m->o.port, m->o.keepalive_s, NULL);
    }
    if (rc) {
        set_trouble(m, "cannot connect to the broker", reason_of(rc, errno));
        fall(m);
        return;
    }
    m->state = MQTT_CONNECTING;
    m->due_ms = now_ms + CONNECT_MS;
    m->misc_ms = now_ms + MISC_MS;
}

static void begin_probe(struct mqtt *m, int64_t now_ms)
{
    struct buf err = BUF_INIT;
    m->state = MQTT_PROBING;
    m->due_ms = now_ms + PROBE_MS;
    if (probe_start(&m->probe, m->o.host, m->o.port, &err) < 0) {
        set_trouble(m, "cannot connect to the broker", buf_str(&err));
        fall(m);
    }
    buf_release(&err);
}

static void step_probing(struct mqtt *m, int64_t now_ms)
{
    enum probe_state state = probe_check(&m->probe);
    if (state == PROBE_REACHED) {
        begin_connect(m, now_ms);
    } else if (state == PROBE_FAILED || now_ms >= m->due_ms) {
        set_trouble(m, "cannot connect to the broker",
                    strerror(state == PROBE_FAILED ? m->probe.last_error : ETIMEDOUT));
        fall(m);
    }
}

static void step_connected(struct mqtt *m, int64_t now_ms)
{
    if (now_ms >= m->misc_ms) {
        m->misc_ms = now_ms + MISC_MS;
        if (!check(m, mosquitto_loop_misc(m->lib)))
            return;
    }
    if (m->state == MQTT_CONNECTING && now_ms >= m->due_ms) {
        set_trouble(m, "cannot connect to the broker", "it does not answer");
        fall(m);
        return;
    }
    if (m->state != MQTT_UP)
        return;
    if (m->up_since_ms == 0)
        m->up_since_ms = now_ms;
    if (now_ms - m->up_since_ms >= STEADY_MS)
        m->delay_ms = 0;
}

/* Half of the delay is chance, so that gateways do not come back all at once. */
static void plan_attempt(struct mqtt *m, int64_t now_ms)
{
    int64_t delay_ms = m->delay_ms;
    m->due_ms = now_ms + delay_ms / 2 + digest_random_below((uint32_t)(delay_ms / 2) + 1);
    m->delay_ms = delay_ms ? delay_ms * 2 : FIRST_DELAY_MS;
    if (m->delay_ms > m->o.reconnect_max_ms)
        m->delay_ms = m->o.reconnect_max_ms;
}

static int64_t wake_ms(const struct mqtt *m)
{
    if (m->state == MQTT_DOWN || m->state == MQTT_PROBING)
        return m->due_ms;
    return m->state == MQTT_CONNECTING && m->due_ms < m->misc_ms ? m->due_ms : m->misc_ms;
}

int mqtt_step(struct mqtt *m, int64_t now_ms)
{
    if (m->state == MQTT_DOWN && m->due_ms == 0)
        plan_attempt(m, now_ms);
    if (m->state == MQTT_DOWN && now_ms >= m->due_ms)
        begin_probe(m, now_ms);
    if (m->state == MQTT_PROBING)
        step_probing(m, now_ms);
    if (m->state == MQTT_CONNECTING || m->state == MQTT_UP)
        step_connected(m, now_ms);
    if (m->state == MQTT_DOWN && m->due_ms == 0)
        plan_attempt(m, now_ms);
    int64_t wait_ms = wake_ms(m) - now_ms;
    return wait_ms < 0 ? 0 : wait_ms > MISC_MS ? MISC_MS : (int)wait_ms;
}

int mqtt_fd(const struct mqtt *m)
{
    return m->state == MQTT_PROBING ? m->probe.fd : m->lib ? mosquitto_socket(m->lib) : -1;
}

bool mqtt_wants_write(const struct mqtt *m)
{
    return m->state == MQTT_PROBING || (m->lib && mosquitto_want_write(m->lib));
}

bool mqtt_is_up(const struct mqtt *m)
{
    return m->state == MQTT_UP;
}

bool mqtt_pending(const struct mqtt *m)
{
    void *ssl = m->lib && m->tls_pending ? mosquitto_ssl_get(m->lib) : NULL;
    return ssl && m->tls_pending(ssl) > 0;
}

void mqtt_read(struct mqtt *m, size_t max, int budget_ms)
{
    unsigned long first = m->delivered;
    int64_t end_ms = 0;
    while (m->lib && m->delivered - first < max) {
        unsigned long before = m->delivered;
        errno = 0;
        int rc = mosquitto_loop_read(m->lib, 1);
        /* Only a call that delivered nothing tells "drained" by EAGAIN; after a message the
         * library's own wake-up pipe may have left it there. */
        bool drained = errno == EAGAIN && m->delivered == before && !mqtt_pending(m);
        if (!check(m, rc) || drained)
            return;
        if ((m->delivered - first) % BUDGET_CHECK != 1 && m->delivered != before)
            continue;
        int64_t now_ms = util_monotonic_ms();
        if (end_ms == 0)
            end_ms = now_ms + budget_ms;
        if (now_ms >= end_ms)
            return;
    }
}

/* A turn's acknowledgements are packets of four bytes; without the cork each would be a segment. */
static void set_cork(int fd, int on)
{
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

void mqtt_write(struct mqtt *m)
{
    if (!m->lib || !mosquitto_want_write(m->lib))
        return;
    set_cork(mosquitto_socket(m->lib), 1);
    int rc = mosquitto_loop_write(m->lib, 1);
    set_cork(mosquitto_socket(m->lib), 0);
    check(m, rc);
}

int mqtt_publish(struct mqtt *m, const char *topic, const char *payload, size_t len,
                 const char *content_type, bool retain)
{
    mosquitto_property *properties = NULL;
    int mid = 0;
    if (!m->accepted || !m->lib || len > INT_MAX)
        return -1;
    if (m->o.v5 && !str_empty(content_type))
        mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, content_type);
    int rc = mosquitto_publish_v5(m->lib, &mid, topic, (int)len, payload, 1, retain, properties);
    mosquitto_property_free_all(&properties);
    return rc == MOSQ_ERR_SUCCESS ? mid : -1;
}

const char *mqtt_trouble(const struct mqtt *m)
{
    return buf_str(&m->trouble);
}

static void free_mqtt(struct mqtt *m)
{
    mqtt_setup_release(&m->o);
    buf_release(&m->trouble);
    buf_release(&m->tls_trouble);
    free(m);
    mosquitto_lib_cleanup();
}

/* Tries all that can fail by the options on an object that is thrown away. */
static int rehearse(struct mqtt *m, struct buf *err)
{
    int rc = mqtt_setup_object(&m->lib, &m->o, m);
    if (!rc)
        rc = mqtt_setup_properties(m->lib, &m->o);
    if (m->lib)
        mosquitto_destroy(m->lib);
    m->lib = NULL;
    if (rc)
        buf_printf(err,
                   "mqtt: the options are refused (files of the TLS settings, will, client "
                   "id): %s",
                   reason_of(rc, errno));
    return rc ? -1 : 0;
}

struct mqtt *mqtt_open(const struct mqtt_options *options, struct buf *err)
{
    if (mqtt_setup_check(options, err) < 0)
        return NULL;
    mosquitto_lib_init();
    struct mqtt *m = xcalloc(1, sizeof *m);
    m->probe.fd = -1;
    m->o = *options;
    mqtt_setup_copy(&m->o);
    while (m->o.subscribe[m->filters])
        m->filters++;
    /* Not linked by us but by libmosquitto, which hands out the SSL object. */
    void *symbol = dlsym(RTLD_DEFAULT, "SSL_pending");
    memcpy(&m->tls_pending, &symbol, sizeof m->tls_pending);
    if (rehearse(m, err) < 0) {
        free_mqtt(m);
        return NULL;
    }
    return m;
}

/* A socket that is closed with bytes unread resets the connection, and the broker would lose the
 * acknowledgements and the DISCONNECT that it has not read yet. So the end of its side is awaited
 * on a copy of the descriptor that the library closes. */
static void linger(int fd)
{
    char bytes[4096];
    struct pollfd at = {.fd = fd, .events = POLLIN};
    int64_t end_ms = util_monotonic_ms() + FAREWELL_MS, left_ms = FAREWELL_MS;
    shutdown(fd, SHUT_WR);
    while (left_ms > 0 && poll(&at, 1, (int)left_ms) > 0 && read(fd, bytes, sizeof bytes) > 0)
        left_ms = end_ms - util_monotonic_ms();
    close(fd);
}

void mqtt_close(struct mqtt *m)
{
    if (!m)
        return;
    m->o.on_down = NULL;
    if (m->accepted && m->lib && mosquitto_disconnect_v5(m->lib, 0, NULL) == MOSQ_ERR_SUCCESS) {
        int fd = fcntl(mosquitto_socket(m->lib), F_DUPFD_CLOEXEC, 0);
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        mosquitto_loop_write(m->lib, 1);
        while (mosquitto_socket(m->lib) >= 0 && mosquitto_want_write(m->lib) &&
               poll(&ready, 1, FAREWELL_MS) > 0)
            if (mosquitto_loop_write(m->lib, 1) != MOSQ_ERR_SUCCESS)
                break;
        linger(fd);
    }
    fall(m);
    free_mqtt(m);
}
