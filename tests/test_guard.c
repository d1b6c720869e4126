/*
 * guard.c: so many bad attempts of an address in a minute, then no more until the minute is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "../daemon/guard.h"
#include "../daemon/util.h"

static void test_limit(void **state)
{
    (void)state;
    struct guard *guard = xcalloc(1, sizeof *guard);
    for (int i = 0; i < GUARD_BAD_MAX; i++)
        assert_int_equal(guard_bad(guard, 7, 1000 + i), GUARD_FINE);
    assert_int_equal(guard_bad(guard, 7, 2000), GUARD_FIRST);
    assert_int_equal(guard_bad(guard, 7, 2000), GUARD_TOO_MANY);
    assert_int_equal(guard_bad(guard, 8, 2000), GUARD_FINE);
    assert_int_equal(guard_bad(guard, 7, 1000 + GUARD_SPAN_MS - 1), GUARD_TOO_MANY);
    assert_int_equal(guard_bad(guard, 7, 1000 + GUARD_SPAN_MS), GUARD_FINE);
    free(guard);
}

/* A million attempts cost a counter, and the log one line. */
static void test_flood(void **state)
{
    (void)state;
    struct guard *guard = xcalloc(1, sizeof *guard);
    int first = 0;
    for (int i = 0; i < 1000000; i++)
        first += guard_bad(guard, UINT64_MAX, 5) == GUARD_FIRST;
    assert_int_equal(first, 1);
    free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
