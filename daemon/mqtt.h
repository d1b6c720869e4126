/*
 * One MQTT connection on the caller's event loop; the only part that knows libmosquitto. Used by
 * ingest.c (the daemon's session) and watch.c.
 *
 * Acknowledgement after commit: libmosquitto queues the PUBACK before the message callback. With
 * mosquitto_threaded_set(m, true) and the external loop it stays queued until mqtt_write(); so the
 * caller reads, commits, and only then calls mqtt_write(). This is not documented by the library:
 * tests/test_mqtt.c pins it on the wire.
 *
 * Who may write. Only mqtt_write() and mqtt_close() send packets, acknowledgements among them:
 * never call these two while a transaction is open. mqtt_publish(), mqtt_read() and mqtt_step()
 * (SUBSCRIBE, PINGREQ) only queue; mqtt_step() is nevertheless to be called outside a transaction,
 * because it may lose the connection and tell on_down(). Inside a
 * callback only mqtt_publish(), mqtt_is_up() and mqtt_trouble() are allowed.
 *
 * A lost connection takes its queue along: acknowledgements that were not written (the broker
 * repeats the messages) and publishes that were not settled (the caller repeats them after on_up;
 * message ids start again with 1).
 *
 * No call blocks: the broker is probed by a non-blocking connect of our own before the library
 * connects, and the library connects without blocking too. Only the look-up of a host name may
 * wait: configure an address or a name that resolves locally. Without TLS the first address that
 * answers is used; with TLS the certificate must carry the host as configured, and its first
 * address is used. The first attempt is made at once; the next ones after 1 s, doubled up to
 * reconnect_max_ms, half of it by chance.
 */
#ifndef MQTT_H
#define MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct mqtt;

struct mqtt_message {
    const char *topic;
    const char *payload;
    size_t payload_len;
    const char *content_type;     /* "" when none (always with MQTT 3.1.1) */
    const char *const *attribute; /* user properties: name, value, ...; NULL-terminated */
    bool retained;
};

struct mqtt_options {
    const char *host; /* address, or a name that resolves locally */
    int port;
    bool v5; /* false: MQTT 3.1.1 */
    const char *client_id;
    bool clean;                      /* true: no persistent session (watch) */
    const char *username, *password; /* "" = none */
    bool tls;
    const char *ca_file, *cert_file, *key_file; /* "" = system store, none, none */
    int keepalive_s;
    uint32_t session_expiry_s;
    uint16_t receive_max;
    uint32_t packet_max; /* bytes */
    int64_t reconnect_max_ms;
    const char *will_topic, *will_payload; /* retained, QoS 1; "" = none */
    const char *const *subscribe; /* filters at QoS 1, NULL-terminated; renewed at each connect */
    bool retain_flag; /* `retained` is the sender's flag, also of live messages (MQTT 5 only) */

    void (*on_message)(void *context, const struct mqtt_message *message);
    /* Subscribed and usable. With a persistent session messages may come before it. */
    void (*on_up)(void *context, bool session_present);
    void (*on_down)(void *context);
    void (*on_settled)(void *context, int mid); /* PUBACK of one of our publishes */
    void *context;
};

/* Checks the options and prepares; does not connect yet. The options' texts are copied. NULL with
 * one sentence in err. */
struct mqtt *mqtt_open(const struct mqtt_options *options, struct buf *err);

/* Sends what is queued and DISCONNECT when connected (so that the will is not published by the
 * broker), waits up to 200 ms for the broker's side to end, and frees. */
void mqtt_close(struct mqtt *m);

/* Drives connecting, keepalive and reconnecting; call once a turn with monotonic time. Returns in
 * how many ms it wants to be called again. */
int mqtt_step(struct mqtt *m, int64_t now_ms);

/* The fd to wait on, or -1; ask anew each turn. mqtt_wants_write(): wait for writability too. */
int mqtt_fd(const struct mqtt *m);
bool mqtt_wants_write(const struct mqtt *m);
bool mqtt_is_up(const struct mqtt *m);

/* True when decrypted bytes wait inside TLS, so that poll would not wake. */
bool mqtt_pending(const struct mqtt *m);

/* Reads until the socket is drained, `max` messages were delivered or `budget_ms` is used up. The
 * library may deliver some more than max in one step while many publishes of ours are unsettled or
 * TLS holds further ones decrypted. */
void mqtt_read(struct mqtt *m, size_t max, int budget_ms);

/* Writes queued acknowledgements and publishes, as much as the socket takes. */
void mqtt_write(struct mqtt *m);

/* QoS 1 publish. content_type "" = none. Returns the message id (> 0) that on_settled() will name,
 * or -1 when not connected. Only queues: mqtt_write() sends it. With `retain` the broker keeps it.
 */
int mqtt_publish(struct mqtt *m, const char *topic, const char *payload, size_t len,
                 const char *content_type, bool retain);

/* Why the last attempt to connect failed, in words; "" when connected. */
const char *mqtt_trouble(const struct mqtt *m);

#endif
