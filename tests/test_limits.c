/*
 * limits.c: what is frozen on an item comes back the same, and nothing else is believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/directory.h"
#include "../daemon/limits.h"
#include "../daemon/util.h"

static void there_and_back(const struct limits *l, const char *want)
{
    struct buf text = BUF_INIT, again = BUF_INIT;
    struct limits read;
    limits_write(&text, l);
    assert_string_equal(buf_str(&text), want);
    assert_true(limits_read(&read, buf_str(&text)));
    limits_write(&again, &read);
    assert_string_equal(buf_str(&again), want);
    buf_release(&text);
    buf_release(&again);
}

/* The lengths whatever the urgency, in the order of enum limit. */
#define LENGTHS(repeat, other)                                                                     \
    "repeat=" repeat ";conversation=" other ";accept=" other ";conflict=" other ";confirm=" other  \
    ";offer=" other ";contact=" other ";waitlist=" other ";running=" other ";feedback=" other      \
    ";hazard=" other ";"

static void test_policy(void **state)
{
    (void)state;
    struct limits l;
    struct policy policy;
    memset(&policy, 0, sizeof policy);
    policy.id = "standard";
    policy.ack[URGENCY_PROMPT] = (struct span){SPAN_STAFFED, 1};
    policy.escalate[URGENCY_PROMPT] = (struct span){SPAN_OFFICE, 7200000};
    policy.span[LIMIT_REPEAT] = (struct span){SPAN_REAL, 600000};
    for (int i = LIMIT_REPEAT + 1; i < LIMIT_COUNT; i++)
        policy.span[i] = (struct span){SPAN_STAFFED, 15};
    policy.rung[0] = RUNG_UNIT;
    policy.rung[1] = RUNG_DEPUTY;
    policy.rung[2] = RUNG_COORDINATOR;
    policy.rungs = 3;
    policy.expire_ms[URGENCY_PROMPT] = 172800000;
    policy.sms[URGENCY_PROMPT] = true;
    limits_of(&l, &policy, URGENCY_PROMPT);
    there_and_back(&l, "policy=standard;ladder=udc;ack=2:1;escalate=1:7200000;" LENGTHS(
                           "0:600000", "2:15") "expire=172800000;sms=1;");
    limits_of(&l, &policy, URGENCY_ROUTINE);
    there_and_back(&l, "policy=standard;ladder=udc;ack=0:0;escalate=0:0;" LENGTHS(
                           "0:600000", "2:15") "expire=0;sms=0;");
}

static void test_refusal(void **state)
{
    (void)state;
    struct limits l;
    limits_refusal(&l, 86400000);
    there_and_back(&l, "policy=-;ladder=lc;ack=0:86400000;escalate=0:86400000;" LENGTHS(
                           "0:86400000", "0:86400000") "expire=259200000;sms=0;");
}

#define HEAD "policy=a;ladder=dlhc;"
#define GOOD HEAD "ack=2:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"

static void test_malformed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        (HEAD "ack=2:1;"),
        ("policy=a;ladder=dx;ack=2:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        ("policy=a;ladder=dddddddl;ack=2:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        (HEAD "ack=3:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        (HEAD "ack=-1:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        (HEAD "ack=2:;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        (HEAD "ack=2:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=;sms=1;"),
        (HEAD "ack=2:1;escalate=1:2;" LENGTHS("0:3", "2:15") "expire=4;sms=1"),
        (HEAD "escalate=1:2;ack=2:1;" LENGTHS("0:3", "2:15") "expire=4;sms=1;"),
        "ack=2:1;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1;",
        (GOOD "x"),
        (" " GOOD),
    };
    struct limits l;
    assert_true(limits_read(&l, GOOD));
    assert_true(l.sms);
    assert_int_equal(l.expire_ms, 4);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (limits_read(&l, wrong[i]))
            fail_msg("believed: \"%s\"", wrong[i]);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < RUNG_COUNT; i++) {
        enum rung rung = RUNG_COUNT;
        assert_true(rung_parse(rung_name((enum rung)i), &rung));
        assert_int_equal(rung, i);
    }
    struct span span;
    for (int i = 0; i < LIMIT_COUNT; i++)
        assert_true(span_parse(limit_default((enum limit)i), &span));
    enum rung unknown;
    assert_false(rung_parse("", &unknown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
