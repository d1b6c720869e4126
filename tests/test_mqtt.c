/*
 * mqtt.c against a raw broker (a socket that answers with bytes written out here) and against a
 * real mosquitto. The one property that everything rests on is pinned twice: no acknowledgement
 * leaves before mqtt_write().
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/mqtt.h"
#include "../daemon/util.h"
#include "broker.h"

enum { PATIENCE_MS = 8000 };

struct seen {
    int messages, ups, downs, settled;
    bool session_present;
    struct buf last, attributes, content_type;
};

static void on_message(void *context, const struct mqtt_message *message)
{
    struct seen *s = context;
    s->messages++;
    buf_reset(&s->last);
    buf_add(&s->last, message->payload, message->payload_len);
    buf_reset(&s->content_type);
    buf_puts(&s->content_type, message->content_type);
    buf_reset(&s->attributes);
    for (const char *const *a = message->attribute; *a; a += 2)
        buf_printf(&s->attributes, "%s=%s;", a[0], a[1]);
}

static void on_up(void *context, bool session_present)
{
    struct seen *s = context;
    s->ups++;
    s->session_present = session_present;
}

static void on_down(void *context)
{
    ((struct seen *)context)->downs++;
}

static void on_settled(void *context, int mid)
{
    assert_true(mid > 0);
    ((struct seen *)context)->settled++;
}

static void seen_release(struct seen *s)
{
    buf_release(&s->last);
    buf_release(&s->attributes);
    buf_release(&s->content_type);
}

static const char *const filters[] = {"in/#", NULL};

static struct mqtt_options options_for(int port, struct seen *seen)
{
    return (struct mqtt_options){
        .host = "127.0.0.1",
        .port = port,
        .v5 = true,
        .client_id = "test-gateway",
        .keepalive_s = 30,
        .session_expiry_s = 3600,
        .receive_max = 1000,
        .packet_max = 65536,
        .reconnect_max_ms = 2000,
        .subscribe = filters,
        .on_message = on_message,
        .on_up = on_up,
        .on_down = on_down,
        .on_settled = on_settled,
        .context = seen,
    };
}

static struct mqtt *open_or_fail(const struct mqtt_options *options)
{
    struct buf err = BUF_INIT;
    struct mqtt *m = mqtt_open(options, &err);
    if (!m)
        fail_msg("%s", buf_str(&err));
    buf_release(&err);
    return m;
}

/* Waits for the socket at most `ms`, then steps and reads; writes only when told to. */
static void turn(struct mqtt *m, bool write, int ms)
{
    struct pollfd at = {.fd = mqtt_fd(m), .events = POLLIN};
    if (write && mqtt_wants_write(m))
        at.events |= POLLOUT;
    int wish_ms = mqtt_step(m, util_monotonic_ms());
    at.fd = mqtt_fd(m);
    poll(&at, 1, wish_ms < ms ? wish_ms : ms);
    mqtt_read(m, 1000, 5);
    if (write)
        mqtt_write(m);
}

/* Turns until *value reaches `want`, or fails after PATIENCE_MS. */
static void until(struct mqtt *m, const int *value, int want)
{
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    while (*value < want) {
        if (util_monotonic_ms() > end_ms)
            fail_msg("waited in vain (%d of %d): %s", *value, want, mqtt_trouble(m));
        turn(m, true, 20);
    }
}

/* Bytes that came from the client, as hex; "" when nothing came within `ms`. */
static const char *heard(int fd, int ms, struct buf *out)
{
    unsigned char bytes[4096];
    struct pollfd at = {.fd = fd, .events = POLLIN};
    buf_reset(out);
    ssize_t n = poll(&at, 1, ms) > 0 ? recv(fd, bytes, sizeof bytes, 0) : 0;
    if (n > 0)
        digest_hex(out, bytes, (size_t)n);
    return buf_str(out);
}

static void say(int fd, const char *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Lets the client connect to a raw broker: the probe first, then the session. Returns its socket;
 * *connect is the CONNECT packet in hex. */
static int raw_session(struct mqtt *m, int listener, struct buf *connect, struct seen *seen)
{
    struct pollfd at = {.fd = listener, .events = POLLIN};
    struct buf packet = BUF_INIT;
    int fd = -1;
    for (int i = 0; i < 100 && fd < 0; i++) {
        turn(m, true, 20);
        if (poll(&at, 1, 0) <= 0)
            continue;
        fd = accept(listener, NULL, NULL);
        turn(m, true, 20);
        turn(m, true, 20);
        if (!str_starts(heard(fd, 100, connect), "10")) {
            close(fd);
            fd = -1;
        }
    }
    assert_true(fd >= 0);
    say(fd, "\x20\x03\0\0\0", 5);
    turn(m, true, 200);
    assert_true(str_starts(heard(fd, 1000, &packet), "82"));
    say(fd, "\x90\x04\0\1\0\1", 6);
    until(m, &seen->ups, 1);
    buf_release(&packet);
    return fd;
}

/* PUBLISH QoS 1 to "in/a", payload "x", MQTT 5 without properties. */
static const char publish7[] = "\x32\x0a\0\4in/a\0\7\0x";

static void test_no_ack_before_write(void **state)
{
    (void)state;
    int port;
    struct seen seen = {0};
    struct buf bytes = BUF_INIT;
    int listener = broker_listen(&port);
    struct mqtt_options options = options_for(port, &seen);
    struct mqtt *m = open_or_fail(&options);
    int fd = raw_session(m, listener, &bytes, &seen);

    say(fd, publish7, sizeof publish7 - 1);
    for (int i = 0; i < 100 && seen.messages == 0; i++)
        turn(m, false, 50);
    assert_int_equal(seen.messages, 1);
    /* All that may queue: publish, keepalive (by a clock a minute ahead), further reads. */
    assert_true(mqtt_publish(m, "out/a", "y", 1, "", false) > 0);
    mqtt_step(m, util_monotonic_ms() + 60000);
    mqtt_read(m, 1000, 5);
    assert_string_equal(heard(fd, 100, &bytes), "");
    assert_true(mqtt_wants_write(m));
    mqtt_write(m);
    struct buf all = BUF_INIT;
    for (int i = 0; i < 20 && !strstr(buf_str(&all), "40020007"); i++)
        buf_puts(&all, heard(fd, 50, &bytes));
    assert_non_null(strstr(buf_str(&all), "40020007"));
    assert_false(mqtt_wants_write(m));

    mqtt_close(m);
    assert_string_equal(heard(fd, 1000, &bytes), "e000");
    close(fd);
    close(listener);
    buf_release(&all);
    buf_release(&bytes);
    seen_release(&seen);
}

/* CONNECT: clean start off, and the three properties, which reach the wire by a detour. */
static void test_connect_properties(void **state)
{
    (void)state;
    int port;
    struct seen seen = {0};
    struct buf bytes = BUF_INIT;
    int listener = broker_listen(&port);
    struct mqtt_options options = options_for(port, &seen);
    options.will_topic = "gateway/a";
    options.will_payload = "offline";
    struct mqtt *m = open_or_fail(&options);
    int fd = raw_session(m, listener, &bytes, &seen);
    assert_true(str_starts(buf_str(&bytes) + 4, "00044d515454052c001e"));
    assert_non_null(strstr(buf_str(&bytes), "2103e8"));
    assert_non_null(strstr(buf_str(&bytes), "2700010000"));
    assert_non_null(strstr(buf_str(&bytes), "1100000e10"));
    mqtt_close(m);
    close(fd);
    close(listener);
    buf_release(&bytes);
    seen_release(&seen);
}

/* A broker that takes connections and never answers: no call may take long. */
static void test_silent_broker(void **state)
{
    (void)state;
    int port;
    int64_t longest_ms = 0;
    struct seen seen = {0};
    int listener = broker_listen(&port);
    struct mqtt_options options = options_for(port, &seen);
    struct mqtt *m = open_or_fail(&options);
    int64_t fake_ms = 1000;
    bool named = false;
    for (int i = 0; i < 200; i++) {
        int64_t start_ms = util_monotonic_ms();
        mqtt_step(m, fake_ms);
        mqtt_read(m, 1000, 5);
        mqtt_write(m);
        int64_t took_ms = util_monotonic_ms() - start_ms;
        longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
        fake_ms += 500;
        named = named || strstr(mqtt_trouble(m), "does not answer");
    }
    assert_false(mqtt_is_up(m));
    assert_true(named);
    assert_true(longest_ms < 50);
    mqtt_close(m);
    close(listener);
    seen_release(&seen);
}

/* Its queue of connections is full, so that a connect gets no answer at all: a black hole. */
static void test_black_hole(void **state)
{
    (void)state;
    struct seen seen = {0};
    int filler[2];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 0), 0);
    getsockname(listener, (struct sockaddr *)&at, &size);
    for (int i = 0; i < 2; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(filler[i], (struct sockaddr *)&at, size);
    }
    struct mqtt_options options = options_for(ntohs(at.sin_port), &seen);
    struct mqtt *m = open_or_fail(&options);
    int64_t start_ms = util_monotonic_ms();
    for (int64_t fake_ms = 1000; fake_ms < 100000; fake_ms += 500)
        mqtt_step(m, fake_ms);
    assert_true(util_monotonic_ms() - start_ms < 500);
    assert_non_null(strstr(mqtt_trouble(m), strerror(ETIMEDOUT)));
    mqtt_close(m);
    close(filler[0]);
    close(filler[1]);
    close(listener);
    seen_release(&seen);
}

static void test_refused(void **state)
{
    (void)state;
    int port;
    struct seen seen = {0};
    close(broker_listen(&port));
    struct mqtt_options options = options_for(port, &seen);
    struct mqtt *m = open_or_fail(&options);
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    while (str_empty(mqtt_trouble(m)) && util_monotonic_ms() < end_ms)
        turn(m, true, 20);
    assert_string_equal(mqtt_trouble(m), "cannot connect to the broker: Connection refused");
    assert_int_equal(mqtt_publish(m, "out/a", "x", 1, "", false), -1);
    mqtt_close(m);
    seen_release(&seen);
}

static void test_bad_options(void **state)
{
    (void)state;
    static const char *const bad_filter[] = {"in/#/x", NULL};
    static const struct {
        const char *label;
        int port, keepalive_s;
        const char *client_id;
        const char *const *subscribe;
        const char *want;
    } cases[] = {
        {"port", 0, 30, "a", filters, "port"},
        {"keepalive", 1883, 1, "a", filters, "keepalive"},
        {"client id", 1883, 30, "", filters, "client id"},
        {"filter", 1883, 30, "a", bad_filter, "filter"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf err = BUF_INIT;
        struct mqtt_options options = options_for(cases[i].port, NULL);
        options.keepalive_s = cases[i].keepalive_s;
        options.client_id = cases[i].client_id;
        options.subscribe = cases[i].subscribe;
        assert_null(mqtt_open(&options, &err));
        if (!strstr(buf_str(&err), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&err));
        buf_release(&err);
    }
}

/* Read without write, connection dropped: the broker must send all again. Then read and write:
 * nothing comes again. Content type and user properties arrive. */
static void test_mosquitto_redelivers(void **state)
{
    struct broker *broker = *state;
    enum { EVENTS = 50 };
    struct seen seen = {0}, sender_seen = {0};
    struct mqtt_options options = options_for(broker->port, &seen);
    struct mqtt *m = open_or_fail(&options);
    until(m, &seen.ups, 1);
    assert_false(seen.session_present);

    struct mqtt_options sender_options = options_for(broker->port, &sender_seen);
    sender_options.client_id = "test-sender";
    sender_options.subscribe = NULL;
    struct mqtt *sender = open_or_fail(&sender_options);
    until(sender, &sender_seen.ups, 1);
    for (int i = 0; i < EVENTS; i++)
        assert_true(mqtt_publish(sender, "in/a", "{}", 2, "application/cloudevents+json", false) >
                    0);
    until(sender, &sender_seen.settled, EVENTS);

    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    while (seen.messages < EVENTS && util_monotonic_ms() < end_ms)
        turn(m, false, 20);
    assert_int_equal(seen.messages, EVENTS);
    assert_string_equal(buf_str(&seen.content_type), "application/cloudevents+json");
    /* As a crash would: the socket is gone with the acknowledgements still queued. */
    shutdown(mqtt_fd(m), SHUT_RDWR);
    until(m, &seen.downs, 1);
    until(m, &seen.messages, 2 * EVENTS);
    assert_true(seen.session_present);
    mqtt_write(m);
    mqtt_close(m);

    seen.messages = 0;
    m = open_or_fail(&options);
    until(m, &seen.ups, 3);
    assert_true(mqtt_publish(sender, "in/a", "last", 4, "", false) > 0);
    mqtt_write(sender);
    until(m, &seen.messages, 1);
    assert_string_equal(buf_str(&seen.last), "last");
    mqtt_close(m);
    mqtt_close(sender);
    seen_release(&seen);
    seen_release(&sender_seen);
}

/* A broker that dies is noticed, and found again when it is back. */
static void test_mosquitto_restarts(void **state)
{
    struct broker *broker = *state;
    struct seen seen = {0};
    struct mqtt_options options = options_for(broker->port, &seen);
    options.v5 = false;
    options.clean = true;
    options.client_id = "test-restarts";
    struct mqtt *m = open_or_fail(&options);
    until(m, &seen.ups, 1);
    broker_kill(broker);
    until(m, &seen.downs, 1);
    assert_non_null(strstr(mqtt_trouble(m), "broker"));
    broker_start(broker);
    until(m, &seen.ups, 2);
    assert_string_equal(mqtt_trouble(m), "");
    mqtt_close(m);
    seen_release(&seen);
}

/* A certificate for 127.0.0.1 beside the broker's other files. */
static void make_certificate(struct broker *b)
{
    const char *tmp = getenv("TMPDIR");
    char line[600];
    snprintf(b->dir, sizeof b->dir, "%s/stafette-broker-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    close(broker_listen(&b->port));
    snprintf(line, sizeof line,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
             "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
             "-keyout %s/key.pem -out %s/ca.pem 2>/dev/null",
             b->dir, b->dir);
    assert_int_equal(system(line), 0);
    snprintf(b->extra, sizeof b->extra, "certfile %s/ca.pem\nkeyfile %s/key.pem\n", b->dir, b->dir);
}

/* Large messages through TLS, some of which wait decrypted inside the library; a certificate that
 * is not trusted is refused. */
static void test_mosquitto_tls(void **state)
{
    (void)state;
    enum { EVENTS = 300, SIZE = 5000 };
    struct broker broker = {0};
    struct seen seen = {0};
    char ca_file[160], payload[SIZE];
    memset(payload, 'x', sizeof payload);
    make_certificate(&broker);
    broker_start(&broker);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", broker.dir);
    struct mqtt_options options = options_for(broker.port, &seen);
    options.tls = true;
    options.ca_file = ca_file;
    struct mqtt *m = open_or_fail(&options);
    until(m, &seen.ups, 1);
    for (int i = 0; i < EVENTS; i++)
        assert_true(mqtt_publish(m, "in/a", payload, sizeof payload, "", false) > 0);
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    while (seen.messages < EVENTS && util_monotonic_ms() < end_ms) {
        struct pollfd at = {.fd = mqtt_fd(m), .events = POLLIN};
        if (mqtt_wants_write(m))
            at.events |= POLLOUT;
        int wish_ms = mqtt_step(m, util_monotonic_ms());
        poll(&at, 1, mqtt_pending(m) ? 0 : wish_ms);
        mqtt_read(m, 1, 5);
        mqtt_write(m);
    }
    assert_int_equal(seen.messages, EVENTS);
    assert_int_equal(seen.last.len, SIZE);
    mqtt_close(m);

    options.ca_file = "";
    m = open_or_fail(&options);
    end_ms = util_monotonic_ms() + PATIENCE_MS;
    while (str_empty(mqtt_trouble(m)) && util_monotonic_ms() < end_ms)
        turn(m, true, 20);
    assert_false(mqtt_is_up(m));
    assert_non_null(strstr(mqtt_trouble(m), "TLS"));
    mqtt_close(m);
    broker_remove(&broker);
    seen_release(&seen);
}

static int start(void **state)
{
    static struct broker broker;
    broker = (struct broker){0};
    broker_start(&broker);
    *state = &broker;
    return 0;
}

static int stop(void **state)
{
    broker_remove(*state);
    return 0;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    digest_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_ack_before_write),
        cmocka_unit_test(test_connect_properties),
        cmocka_unit_test(test_silent_broker),
        cmocka_unit_test(test_black_hole),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test_setup_teardown(test_mosquitto_redelivers, start, stop),
        cmocka_unit_test_setup_teardown(test_mosquitto_restarts, start, stop),
        cmocka_unit_test(test_mosquitto_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
