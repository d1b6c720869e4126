/* daemon/flow.h: windows and buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/flow.h"
#include "../daemon/util.h"

/* Each letter is an attempt: s = succeeded, f = failed. */
static const struct {
    const char *label, *ends;
    size_t most, want;
} windows[] = {
    {"a new destination begins with a few", "", 8, 4},
    {"never more than its share", "", 2, 2},
    {"a share of nothing still leaves one", "", 0, 1},
    {"opens by one with each success", "ss", 8, 6},
    {"up to its share", "sssssssss", 8, 8},
    {"closes to its half", "ssssf", 8, 4},
    {"down to a single probe", "ffff", 8, 1},
    {"a probe that succeeds opens it again", "ffffs", 8, 2},
    {"a share that shrank counts at once", "ssss", 3, 3},
};

static void window_follows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        struct window w = {0};
        for (const char *p = windows[i].ends; *p; p++) {
            if (*p == 's')
                window_succeeded(&w, windows[i].most);
            else
                window_failed(&w);
        }
        size_t got = window_size(&w, windows[i].most);
        if (got != windows[i].want)
            fail_msg("%s: %zu, wanted %zu", windows[i].label, got, windows[i].want);
    }
}

enum { NOW = 1000000 };

static void bucket_limits(void **state)
{
    (void)state;
    const struct rate rate = {.count = 10, .period_ms = 1000, .burst = 3};
    struct bucket b = {0};
    assert_int_equal(bucket_room(&b, &rate, NOW), 3);
    for (int i = 0; i < 3; i++)
        bucket_take(&b, &rate, NOW);
    assert_int_equal(bucket_room(&b, &rate, NOW), 0);
    assert_int_equal(bucket_next_ms(&b, &rate, NOW), NOW + 100);
    assert_int_equal(bucket_room(&b, &rate, NOW + 99), 0);
    assert_int_equal(bucket_room(&b, &rate, NOW + 100), 1);
    assert_int_equal(bucket_room(&b, &rate, NOW + 5000), 3);
}

/* Whatever the moments, no period holds more than its count and one burst. */
static void bucket_holds_the_rate(void **state)
{
    (void)state;
    const struct rate rate = {.count = 7, .period_ms = 1000, .burst = 2};
    struct bucket b = {0};
    int64_t sent[4000];
    size_t n = 0;
    for (int64_t at = NOW; at < NOW + 60000 && n < COUNT_OF(sent); at += 13)
        if (bucket_room(&b, &rate, at)) {
            bucket_take(&b, &rate, at);
            sent[n++] = at;
        }
    assert_in_range(n, 7 * 59, 7 * 60 + 2);
    for (size_t i = 9; i < n; i++)
        assert_true(sent[i] - sent[i - 9] > 1000);
}

static void no_limit(void **state)
{
    (void)state;
    const struct rate none = {.count = 0, .period_ms = 1000, .burst = 1};
    struct bucket b = {0};
    bucket_take(&b, &none, NOW);
    assert_true(bucket_room(&b, &none, NOW) == SIZE_MAX);
    assert_int_equal(bucket_next_ms(&b, &none, NOW), NOW);
}

/* What may not wait goes over the limit, and what comes after waits for it. */
static void overdrawn(void **state)
{
    (void)state;
    const struct rate rate = {.count = 60, .period_ms = 60000, .burst = 1};
    struct bucket b = {0};
    for (int i = 0; i < 5; i++)
        bucket_take(&b, &rate, NOW);
    assert_int_equal(bucket_next_ms(&b, &rate, NOW), NOW + 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(window_follows),
                                       cmocka_unit_test(bucket_limits),
                                       cmocka_unit_test(bucket_holds_the_rate),
                                       cmocka_unit_test(no_limit), cmocka_unit_test(overdrawn)};
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
