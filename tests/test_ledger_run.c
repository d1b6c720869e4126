/*
 * ledger_run.c: a child that answers well, one that says nonsense, too much or nothing, one that
 * hangs, none at all; what is green then, and that no process is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

#include "../daemon/balance.h"
#include "../daemon/ledger_run.h"
#include "gateway_rig.h"

/* Answers with the task's own time; LINE: further members. */
#define ANSWERS(green, findings)                                                                   \
    "#!/bin/sh\n"                                                                                  \
    "while read -r name value; do [ \"$name\" = now ] && now=$value; done\n"                       \
    "echo '{\"green\":" green ",\"checked_ms\":'$now',\"took_ms\":1,\"requests\":0,\"asked\":0,"   \
    "\"ended\":0,\"removed\":0,\"erased\":0,\"audit_rows\":3,\"audit_head\":3,"                    \
    "\"audit_link\":\"00ff\",\"findings\":[" findings "]}'\n"

static const struct {
    const char *label, *script;
    bool green;
    const char *trouble; /* how the sentence begins */
} children[] = {
    {"well", ANSWERS("true", ""), true, ""},
    {"a finding", ANSWERS("false", "{\"code\":\"L-08\",\"count\":3,\"items\":[1]}"), false,
     "L-08, 3 times: Ein offener Vorgang hat keine nächste Frist"},
    {"nonsense", "#!/bin/sh\necho green\n", false, "the check ended without a result"},
    {"nothing", "#!/bin/sh\nexit 0\n", false, "the check ended without a result"},
    {"half", "#!/bin/sh\nprintf '{\"green\":true,\"checked_ms\":1'\n", false,
     "the check ended without a result"},
    {"of another time",
     "#!/bin/sh\necho '{\"green\":true,\"checked_ms\":1,\"took_ms\":1,"
     "\"requests\":0,\"asked\":0,\"ended\":0,\"removed\":0,\"erased\":0,"
     "\"audit_rows\":0,\"audit_head\":0,\"audit_link\":\"\",\"findings\":[]}'\n",
     false, "the check ended without a result"},
    {"too much",
     "#!/bin/sh\nwhile echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; do :; done\n", false,
     "the check said too much"},
    {"killed", "#!/bin/sh\nkill -9 $$\n", false, "the check ended without a result"},
};

static char *write_program(const char *dir, const char *script)
{
    char path[512];
    rig_write(dir, "child", script);
    snprintf(path, sizeof path, "%s/child", dir);
    assert_int_equal(chmod(path, 0700), 0);
    return xstrdup(path);
}

/* Steps until one more look has ended; each wait ends when the child says something. */
static void wait_for_look(struct stafette *g, uint64_t looks)
{
    for (int i = 0; ledger_run_count(g->ledger) < looks; i++) {
        struct pollfd at = {ledger_run_fd(g->ledger), POLLIN, 0};
        if (i > 20000)
            fail_msg("the look does not end");
        ledger_run_step(g);
        poll(&at, 1, 10);
    }
}

static bool no_child_left(void)
{
    for (int i = 0; i < 1000; i++) {
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
            return true;
        poll(NULL, 0, 10);
    }
    return false;
}

static void test_children(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    g->balanced = true;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        char *program = write_program(rig->dir, children[i].script);
        struct buf why = BUF_INIT;
        g->ledger = ledger_run_open(program);
        assert_true(balance_green(g));
        wait_for_look(g, 1);
        ledger_run_trouble(g, &why);
        if (balance_green(g) != children[i].green ||
            !str_starts(buf_str(&why), children[i].trouble) || (why.len == 0) != children[i].green)
            fail_msg("%s: \"%s\"", children[i].label, buf_str(&why));
        assert_int_equal(ledger_run_last(g->ledger) != NULL, str_eq(ledger_run_why(g->ledger), ""));
        ledger_run_close(g->ledger);
        assert_true(no_child_left());
        buf_release(&why);
        free(program);
    }
    g->ledger = NULL;
}

static void test_no_program(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    struct buf why = BUF_INIT;
    g->ledger = ledger_run_open("/nowhere/stafetted");
    ledger_run_step(g);
    assert_int_equal(ledger_run_count(g->ledger), 1);
    assert_false(ledger_run_green(g));
    assert_false(ledger_run_busy(g));
    ledger_run_trouble(g, &why);
    assert_string_equal(buf_str(&why), "the check could not be started");
    /* It is tried again after a minute, not at every turn. */
    ledger_run_step(g);
    assert_int_equal(ledger_run_count(g->ledger), 1);
    g->mono_ms += 60000;
    ledger_run_step(g);
    assert_int_equal(ledger_run_count(g->ledger), 2);
    ledger_run_close(g->ledger);
    buf_release(&why);
}

/* A child that hangs is ended at the limit; closing ends one that runs. */
static void test_hangs(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    char *program = write_program(rig->dir, "#!/bin/sh\nexec tail -f /dev/null\n");
    for (int closed = 0; closed < 2; closed++) {
        g->ledger = ledger_run_open(program);
        ledger_run_step(g);
        ledger_run_step(g);
        assert_true(ledger_run_busy(g));
        assert_true(ledger_run_green(g));
        if (!closed) {
            g->mono_ms += g->config->settings.ledger_time_limit_ms + 1;
            ledger_run_step(g);
            assert_false(ledger_run_green(g));
            assert_string_equal(ledger_run_why(g->ledger),
                                "the check was not ready within ledger.time_limit");
        }
        ledger_run_close(g->ledger);
        assert_true(no_child_left());
    }
    free(program);
}

/* Every hour of real time or of a leaping test clock; green for no longer than two misses. */
static void test_every_hour(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    char *program = write_program(rig->dir, ANSWERS("true", ""));
    g->ledger = ledger_run_open(program);
    wait_for_look(g, 1);
    assert_int_equal(ledger_run_checked_ms(g->ledger), g->now_ms);
    g->mono_ms += 3599000;
    assert_false(ledger_run_busy(g));
    g->mono_ms += 1000;
    assert_true(ledger_run_busy(g));
    assert_int_equal(ledger_run_age_s(g), 3600);
    wait_for_look(g, 2);
    assert_int_equal(ledger_run_age_s(g), 0);
    g->now_ms += 3600000;
    g->steady_ms += 3600000;
    assert_true(ledger_run_busy(g));
    wait_for_look(g, 3);
    ledger_run_ask(g);
    wait_for_look(g, 4);
    assert_false(ledger_run_busy(g));
    g->mono_ms += 2 * 3600000 + 600000;
    assert_true(ledger_run_green(g));
    g->mono_ms += 1;
    assert_false(ledger_run_green(g));
    ledger_run_close(g->ledger);
    free(program);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_children),
        TEST(test_no_program),
        TEST(test_hangs),
        TEST(test_every_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
