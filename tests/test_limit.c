/*
 * limit.c: a bucket keeps its rate over any pattern of looking, and never gives more than its
 * burst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/limit.h"
#include "../daemon/util.h"

static int64_t taken(struct limit *l, int64_t from_ms, int64_t until_ms, int64_t step_ms)
{
    int64_t n = 0;
    for (int64_t now = from_ms; now <= until_ms; now += step_ms)
        while (limit_take(l, now) && n < 1000000)
            n++;
    return n;
}

static void rates(void **state)
{
    (void)state;
    const struct {
        const char *label;
        int64_t rate, burst, span_ms, step_ms, want;
    } cases[] = {
        {"one a second, looked at each ms", 1, 1, 10000, 1, 11},
        {"one a second, looked at seldom", 1, 1, 10000, 2500, 5},
        {"burst then rate", 10, 50, 1000, 1, 60},
        {"thousand a second", 1000, 1, 1000, 1, 1001},
        {"more than one a millisecond", 5000, 5, 100, 1, 505},
        {"rate that does not divide 1000", 3, 1, 10000, 7, 30},
        {"burst below one counts as one", 1, 0, 0, 1, 1},
        {"long idle fills only the burst", 100, 7, 1000000000, 1000000000, 14},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct limit l;
        limit_init(&l, cases[i].rate, cases[i].burst, 5000);
        int64_t got = taken(&l, 5000, 5000 + cases[i].span_ms, cases[i].step_ms);
        if (got != cases[i].want)
            fail_msg("%s: %lld taken, wanted %lld", cases[i].label, (long long)got,
                     (long long)cases[i].want);
    }
}

static void waiting_is_exact(void **state)
{
    (void)state;
    struct limit l;
    for (int64_t rate = 1; rate < 2500; rate += 13) {
        limit_init(&l, rate, 1, 0);
        assert_true(limit_take(&l, 0));
        int64_t wait = limit_wait_ms(&l, 0);
        assert_true(wait >= 1);
        assert_false(limit_take(&l, wait - 1));
        assert_true(limit_take(&l, wait));
    }
}

static void no_limit(void **state)
{
    (void)state;
    struct limit l;
    limit_init(&l, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(limit_take(&l, 0));
    assert_int_equal(limit_wait_ms(&l, 0), 0);
}

static void time_back_gives_nothing(void **state)
{
    (void)state;
    struct limit l;
    limit_init(&l, 1000, 1, 5000);
    assert_true(limit_take(&l, 5000));
    assert_false(limit_take(&l, 0));
    assert_false(limit_take(&l, 5000));
    assert_true(limit_take(&l, 5001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(waiting_is_exact),
        cmocka_unit_test(no_limit),
        cmocka_unit_test(time_back_gives_nothing),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
