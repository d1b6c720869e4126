/*
 * Incidents: when a transport counts as unwell, and when it is well again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/gateway.h"
#include "../daemon/util.h"

static const struct {
    const char *label;
    enum error_class class;
    int64_t after_ms; /* since the first failure */
    bool open;
} cases[] = {
    {"refused login: at once", CLASS_AUTH, 0, true},
    {"no trust: at once", CLASS_TLS, 0, true},
    {"disk full: at once", CLASS_LOCAL, 0, true},
    {"refused by rules: at once", CLASS_POLICY, 0, true},
    {"no credit: at once", CLASS_CREDIT, 0, true},
    {"a full mailbox", CLASS_FULL, INCIDENT_AFTER_MS, false},
    {"no connection: not yet", CLASS_CONNECT, INCIDENT_AFTER_MS - 1, false},
    {"no connection for a minute", CLASS_CONNECT, INCIDENT_AFTER_MS, true},
    {"no answer for a minute", CLASS_TIMEOUT, INCIDENT_AFTER_MS, true},
    {"lost answers for a minute", CLASS_AMBIGUOUS, INCIDENT_AFTER_MS, true},
    {"an answer that says later", CLASS_TEMPORARY, INCIDENT_AFTER_MS, false},
    {"one dead address", CLASS_ADDRESS, INCIDENT_AFTER_MS, false},
};

static void note(struct stafette *g, enum error_class class)
{
    const struct result result = {.class = class};
    incident_note(g, "relay", &result);
}

static void test_opening(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stafette g = {.steady_ms = 1000};
        note(&g, cases[i].class);
        g.steady_ms += cases[i].after_ms;
        note(&g, cases[i].class);
        if (g.incidents.incident[0].open != cases[i].open)
            fail_msg("%s", cases[i].label);
    }
}

static void test_success_ends(void **state)
{
    (void)state;
    struct stafette g = {.steady_ms = 1000};
    note(&g, CLASS_TLS);
    assert_true(g.incidents.incident[0].open);
    note(&g, CLASS_NONE);
    assert_false(g.incidents.incident[0].open);
    assert_int_equal(g.incidents.incident[0].failures, 0);
    g.steady_ms += INCIDENT_AFTER_MS;
    note(&g, CLASS_CONNECT);
    assert_false(g.incidents.incident[0].open);
}

static void test_transports_apart(void **state)
{
    (void)state;
    struct stafette g = {.steady_ms = 1000};
    const struct result bad = {.class = CLASS_AUTH}, good = {.class = CLASS_NONE};
    incident_note(&g, "relay-a", &bad);
    incident_note(&g, "relay-b", &good);
    assert_int_equal(g.incidents.count, 2);
    assert_true(g.incidents.incident[0].open);
    assert_false(g.incidents.incident[1].open);
}

/* A mail that came back is shown, and hides no trouble of the transport's own. */
static void test_returned(void **state)
{
    static const struct {
        const char *label;
        enum error_class before, shown;
    } rows[] = {
        {"the transport was well", CLASS_NONE, CLASS_POLICY},
        {"another came back before", CLASS_POLICY, CLASS_POLICY},
        {"our login is refused", CLASS_AUTH, CLASS_AUTH},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stafette g = {.steady_ms = 1000};
        const struct incident *incident = &g.incidents.incident[0];
        note(&g, rows[i].before);
        incident_returned(&g, "relay");
        if (!incident->open || incident->class != rows[i].shown)
            fail_msg("%s", rows[i].label);
        assert_int_equal(incident_open(&g, "relay") != NULL, rows[i].shown != CLASS_POLICY);
    }
}

/* What is urgent goes another way while a transport fails, and tries it again after a while. */
static void test_avoid(void **state)
{
    (void)state;
    struct stafette g = {.steady_ms = 1000};
    assert_false(incident_avoid(&g, "relay"));
    note(&g, CLASS_CONNECT);
    assert_false(incident_avoid(&g, "relay"));
    g.steady_ms += INCIDENT_AFTER_MS;
    note(&g, CLASS_CONNECT);
    assert_true(incident_avoid(&g, "relay"));
    assert_false(incident_avoid(&g, "other"));
    g.steady_ms += INCIDENT_PROBE_MS;
    assert_false(incident_avoid(&g, "relay"));
    note(&g, CLASS_CONNECT);
    assert_true(incident_avoid(&g, "relay"));
    note(&g, CLASS_NONE);
    assert_false(incident_avoid(&g, "relay"));
}

/* Somebody's rules refuse us: shown for a while, whatever the others say, and nobody goes round. */
static void test_policy(void **state)
{
    (void)state;
    struct stafette g = {.steady_ms = 1000};
    note(&g, CLASS_POLICY);
    note(&g, CLASS_NONE);
    assert_true(g.incidents.incident[0].open);
    assert_false(incident_avoid(&g, "relay"));
    g.steady_ms += INCIDENT_POLICY_MS;
    note(&g, CLASS_NONE);
    assert_false(g.incidents.incident[0].open);
    note(&g, CLASS_CREDIT);
    assert_true(incident_avoid(&g, "relay"));
    note(&g, CLASS_NONE);
    assert_false(g.incidents.incident[0].open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_success_ends),
        cmocka_unit_test(test_transports_apart),
        cmocka_unit_test(test_returned),
        cmocka_unit_test(test_avoid),
        cmocka_unit_test(test_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
