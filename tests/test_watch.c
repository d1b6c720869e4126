/*
 * watch.c: the judgement on a clock of the test, and the whole against a real mosquitto with a
 * gateway played by mqtt.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/json.h"
#include "../daemon/log.h"
#include "../daemon/mqtt.h"
#include "../daemon/util.h"
#include "../daemon/watch.h"
#include "broker.h"

enum { AFTER_MS = 300000, PATIENCE_MS = 10000 };

struct told {
    struct buf text;
    bool refuse;
};

static int note(void *context, const struct watch_report *report, struct buf *err)
{
    struct told *told = context;
    if (told->refuse) {
        buf_puts(err, "refused by the test");
        return -1;
    }
    assert_true(strlen(report->reason) > 20);
    buf_printf(&told->text, "%s:%s ", report->instance, watch_trouble_name(report->trouble));
    return 0;
}

static struct watch *watch_for(const char *instance, struct told *told)
{
    const struct watch_options options = {
        .instance = instance, .after_ms = AFTER_MS, .tell = note, .context = told};
    return watch_new(&options, 0);
}

/* What happens at a time: '+' live and green, '-' live and not green, 'x' offline, 'r' retained
 * green, 'o' retained offline, '?' unreadable, '.' nothing. All from gateway "ulm". */
struct step {
    int at_s;
    char what;
};

static void hear(struct watch *w, char what, int64_t now_ms)
{
    static const struct {
        char what;
        bool retained;
        const char *payload;
    } known[] = {
        {'+', false, "{\"instance\":\"ulm\",\"state\":\"online\",\"green\":true}"},
        {'-', false, "{\"instance\":\"ulm\",\"state\":\"online\",\"green\":false}"},
        {'x', false, "{\"instance\":\"ulm\",\"state\":\"offline\"}"},
        {'r', true, "{\"instance\":\"ulm\",\"state\":\"online\",\"green\":true}"},
        {'o', true, "{\"instance\":\"ulm\",\"state\":\"offline\"}"},
        {'?', false, "{\"state\":\"online\",\"green\":true"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].what == what)
            watch_heard(w, "stafette/gateway/ulm", known[i].payload, strlen(known[i].payload),
                        known[i].retained, now_ms);
}

static void test_judgement(void **state)
{
    (void)state;
    static const struct {
        const char *label, *instance;
        struct step step[8];
        const char *want;
    } cases[] = {
        {"well", "ulm", {{10, '+'}, {200, '+'}, {400, '+'}, {600, '.'}}, ""},
        {"never heard", "ulm", {{299, '.'}, {300, '.'}, {900, '.'}}, "ulm:silent "},
        {"frozen and back",
         "ulm",
         {{10, '+'}, {309, '.'}, {310, '.'}, {900, '.'}, {901, '+'}, {902, '+'}},
         "ulm:silent ulm:recovered "},
        {"last will", "ulm", {{10, '+'}, {20, 'x'}, {30, '.'}, {600, '.'}}, "ulm:offline "},
        {"restart",
         "ulm",
         {{10, '+'}, {20, 'x'}, {25, '+'}, {30, '+'}},
         "ulm:offline ulm:recovered "},
        {"not green, once",
         "ulm",
         {{10, '-'}, {70, '-'}, {130, '-'}, {190, '+'}},
         "ulm:not_green ulm:recovered "},
        {"sick, then dead, then sick",
         "ulm",
         {{10, '-'}, {400, '.'}, {410, '-'}, {420, '+'}},
         "ulm:not_green ulm:silent ulm:not_green ulm:recovered "},
        {"retained is no sign of life", "ulm", {{10, 'r'}, {200, 'r'}, {300, '.'}}, "ulm:silent "},
        {"retained offline counts", "ulm", {{10, 'o'}}, "ulm:offline "},
        {"retained cannot end silence", "ulm", {{300, '.'}, {400, 'r'}, {401, '.'}}, "ulm:silent "},
        {"unreadable is no sign of life",
         "ulm",
         {{10, '?'}, {200, '?'}, {300, '.'}},
         "ulm:silent "},
        {"others do not matter", "kiel", {{10, '+'}, {200, 'x'}, {300, '.'}}, "kiel:silent "},
        {"all, none there", "all", {{300, '.'}}, "all:silent "},
        {"all, one there", "all", {{10, '+'}, {200, '+'}, {400, '.'}, {500, '.'}}, "ulm:silent "},
        {"all, one comes late",
         "all",
         {{300, '.'}, {310, '+'}, {320, '.'}},
         "all:silent all:recovered "},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct told told = {.text = BUF_INIT};
        struct watch *w = watch_for(cases[i].instance, &told);
        for (const struct step *s = cases[i].step; s->what; s++) {
            hear(w, s->what, (int64_t)s->at_s * 1000);
            watch_judge(w, "", (int64_t)s->at_s * 1000);
        }
        if (!str_eq(buf_str(&told.text), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&told.text));
        watch_free(w);
        buf_release(&told.text);
    }
}

/* A report that was not delivered is tried again, not forgotten, and not at every turn. */
static void test_tell_again(void **state)
{
    (void)state;
    struct told told = {.text = BUF_INIT, .refuse = true};
    struct watch *w = watch_for("ulm", &told);
    watch_judge(w, "", AFTER_MS);
    told.refuse = false;
    watch_judge(w, "", AFTER_MS + 9999);
    assert_string_equal(buf_str(&told.text), "");
    watch_judge(w, "", AFTER_MS + 10000);
    assert_string_equal(buf_str(&told.text), "ulm:silent ");
    watch_free(w);
    buf_release(&told.text);
}

static int write_pipe(void *context, const struct watch_report *report, struct buf *err)
{
    (void)err;
    dprintf(*(int *)context, "%s:%s ", report->instance, watch_trouble_name(report->trouble));
    return 0;
}

/* The watch in a process of its own; what it tells comes on the pipe. */
static pid_t start_watch(const struct broker *broker, int *out)
{
    int fds[2], stop[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct buf err = BUF_INIT;
        assert_int_equal(pipe(stop), 0);
        const struct watch_options options = {
            .host = "127.0.0.1",
            .port = broker->port,
            .username = "",
            .password = "",
            .ca_file = "",
            .instance = "ulm",
            .after_ms = 1500,
            .stop_fd = stop[0],
            .tell = write_pipe,
            .context = &fds[1],
        };
        broker_die_with_parent();
        _exit(watch_run(&options, &err) == 0 ? 0 : 1);
    }
    close(fds[1]);
    *out = fds[0];
    return pid;
}

static const char green[] = "{\"instance\":\"ulm\",\"state\":\"online\",\"green\":true}";

/* Sends a heartbeat every 300 ms while `beating`, until the watch has told `want`. */
static void expect(struct mqtt *m, int in, bool beating, struct buf *heard, const char *want)
{
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS, beat_ms = 0;
    while (!strstr(buf_str(heard), want)) {
        int64_t now_ms = util_monotonic_ms();
        if (now_ms > end_ms)
            fail_msg("waited in vain for \"%s\"; heard \"%s\"", want, buf_str(heard));
        mqtt_step(m, now_ms);
        if (beating && mqtt_is_up(m) && now_ms >= beat_ms) {
            mqtt_publish(m, "stafette/gateway/ulm", green, sizeof green - 1, "", true);
            beat_ms = now_ms + 300;
        }
        mqtt_read(m, 10, 5);
        mqtt_write(m);
        struct pollfd at = {.fd = in, .events = POLLIN};
        char bytes[200];
        if (poll(&at, 1, 20) > 0) {
            ssize_t n = read(in, bytes, sizeof bytes);
            assert_true(n > 0);
            buf_add(heard, bytes, (size_t)n);
        }
    }
    buf_reset(heard);
}

static void ignore(void *context, const struct mqtt_message *message)
{
    (void)context;
    (void)message;
}

/* Nobody there: silent. Beats: recovered. Frozen (connected, not a word): silent, although the
 * broker still holds the session. Beats again: recovered. Dies: the last will says offline. */
static void test_with_broker(void **state)
{
    (void)state;
    struct broker broker = {0};
    struct buf heard = BUF_INIT, err = BUF_INIT;
    int in;
    broker_start(&broker);
    pid_t pid = start_watch(&broker, &in);
    const struct mqtt_options options = {
        .host = "127.0.0.1",
        .port = broker.port,
        .v5 = true,
        .clean = true,
        .client_id = "played-gateway",
        .keepalive_s = 60,
        .receive_max = 10,
        .packet_max = 1000,
        .reconnect_max_ms = 1000,
        .will_topic = "stafette/gateway/ulm",
        .will_payload = "{\"instance\":\"ulm\",\"state\":\"offline\"}",
        .on_message = ignore,
    };
    struct mqtt *m = mqtt_open(&options, &err);
    assert_non_null(m);
    expect(m, in, false, &heard, "ulm:silent ");
    expect(m, in, true, &heard, "ulm:recovered ");
    expect(m, in, false, &heard, "ulm:silent ");
    assert_true(mqtt_is_up(m));
    expect(m, in, true, &heard, "ulm:recovered ");
    shutdown(mqtt_fd(m), SHUT_RDWR);
    expect(m, in, false, &heard, "ulm:offline ");
    mqtt_close(m);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(in);
    broker_remove(&broker);
    buf_release(&heard);
    buf_release(&err);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    log_level = LOG_LEVEL_ERROR;
    digest_start();
    json_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_tell_again),
        cmocka_unit_test(test_with_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
