/*
 * seqset.c: what was added is in it, nothing else is; differences come in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/seqset.h"
#include "../daemon/util.h"

static void put(void *context, int64_t seq)
{
    buf_printf(context, "%lld ", (long long)seq);
}

static void add_all(struct seqset *set, const int64_t *seq)
{
    for (; *seq; seq++)
        seqset_add(set, *seq);
}

static const struct {
    const char *label;
    int64_t in[8], without[8];
    const char *want;
} cases[] = {
    {"empty", {0}, {1, 0}, ""},
    {"all", {3, 1, 2, 0}, {0}, "1 2 3 "},
    {"none left", {3, 1, 0}, {1, 2, 3, 0}, ""},
    {"edges of words and blocks", {63, 64, 4095, 4096, 8192, 0}, {64, 8192, 0}, "63 4095 4096 "},
    {"far apart, out of order",
     {1099511627776, 5, 281474976710656, 0},
     {6, 0},
     "5 1099511627776 281474976710656 "},
    {"negative", {-1, -4097, 7, INT64_MIN, 0}, {-1, 0}, "-9223372036854775808 -4097 7 "},
};

static void test_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct seqset a = {0}, b = {0};
        struct buf got = BUF_INIT;
        add_all(&a, cases[i].in);
        add_all(&b, cases[i].without);
        seqset_without(&a, &b, &got, put);
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&got));
        for (const int64_t *seq = cases[i].in; *seq; seq++)
            assert_true(seqset_has(&a, *seq));
        buf_release(&got);
        seqset_release(&a);
        seqset_release(&b);
    }
}

static void test_many(void **state)
{
    (void)state;
    struct seqset set = {0};
    for (int64_t i = 1; i <= 300000; i++)
        assert_true(seqset_add(&set, i * 3));
    for (int64_t i = 300000; i >= 1; i -= 7)
        assert_false(seqset_add(&set, i * 3));
    assert_int_equal(seqset_count(&set), 300000);
    for (int64_t i = 0; i < 900003; i += 11)
        assert_int_equal(seqset_has(&set, i), i > 0 && i % 3 == 0 && i <= 900000);
    seqset_remove(&set, 9);
    seqset_remove(&set, 10);
    seqset_remove(&set, INT64_MAX);
    assert_false(seqset_has(&set, 9));
    assert_int_equal(seqset_count(&set), 299999);
    seqset_release(&set);
    assert_int_equal(seqset_count(&set), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
