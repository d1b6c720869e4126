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

static void test_policy(void **state)
{
    (void)state;
    struct limits l;
    struct policy policy;
    memset(&policy, 0, sizeof policy);
    policy.ack[URGENCY_PROMPT] = (struct span){SPAN_STAFFED, 1};
    policy.escalate[URGENCY_PROMPT] = (struct span){SPAN_OFFICE, 7200000};
    policy.repeat = (struct span){SPAN_REAL, 600000};
    policy.expire_ms[URGENCY_PROMPT] = 172800000;
    policy.sms[URGENCY_PROMPT] = true;
    limits_of(&l, &policy, URGENCY_PROMPT);
    there_and_back(&l, "ack=2:1;escalate=1:7200000;repeat=0:600000;accept=2:15;"
                       "expire=172800000;sms=1;");
    limits_of(&l, &policy, URGENCY_ROUTINE);
    there_and_back(&l, "ack=0:0;escalate=0:0;repeat=0:600000;accept=2:15;expire=0;sms=0;");
}

static void test_refusal(void **state)
{
    (void)state;
    struct limits l;
    limits_refusal(&l, 86400000);
    there_and_back(&l, "ack=0:86400000;escalate=0:86400000;repeat=0:86400000;"
                       "accept=0:86400000;expire=259200000;sms=0;");
}

#define GOOD "ack=2:1;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1;"

static void test_malformed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "ack=2:1;",
        "ack=3:1;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1;",
        "ack=-1:1;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1;",
        "ack=2:;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1;",
        "ack=2:1;escalate=1:2;repeat=0:3;accept=2:15;expire=;sms=1;",
        "ack=2:1;escalate=1:2;repeat=0:3;accept=2:15;expire=4;sms=1",
        "escalate=1:2;ack=2:1;repeat=0:3;accept=2:15;expire=4;sms=1;",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
