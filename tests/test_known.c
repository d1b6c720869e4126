/*
 * known.c: ids found again among many, forgotten after 35 days and not a day earlier, whatever the
 * wall clock does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/known.h"
#include "../daemon/util.h"

enum { MANY = 50000, DAY = 20000 };

static const unsigned char key[DIGEST_KEY] = {7};

static void id_of(unsigned char hash[DIGEST_ID], int64_t n)
{
    digest_keyed(hash, DIGEST_ID, key, &n, sizeof n);
}

static void add(struct known *k, int64_t n, int64_t day)
{
    unsigned char hash[DIGEST_ID];
    id_of(hash, n);
    known_add(k, hash, n, day);
}

static int64_t find(const struct known *k, int64_t n)
{
    unsigned char hash[DIGEST_ID];
    id_of(hash, n);
    return known_find(k, hash);
}

static void test_empty(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    assert_int_equal(find(&k, 1), 0);
    assert_int_equal(known_count(&k), 0);
    known_release(&k);
    assert_int_equal(known_bytes(&k), 0);
}

static void test_many(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    for (int64_t n = 1; n <= MANY; n++)
        add(&k, n, DAY + n % 3);
    assert_int_equal(known_count(&k), MANY);
    for (int64_t n = 1; n <= MANY; n++)
        assert_int_equal(find(&k, n), n);
    for (int64_t n = MANY + 1; n <= 2 * MANY; n++)
        assert_int_equal(find(&k, n), 0);
    assert_true(known_bytes(&k) <= (size_t)40 * MANY);
    known_release(&k);
}

/* Two ids whose first halves are the same are two ids. */
static void test_half_alike(void **state)
{
    (void)state;
    unsigned char a[DIGEST_ID] = {1}, b[DIGEST_ID] = {1};
    struct known k;
    known_init(&k);
    b[15] = 1;
    known_add(&k, a, 5, DAY);
    assert_int_equal(known_find(&k, b), 0);
    known_add(&k, b, 6, DAY);
    assert_int_equal(known_find(&k, a), 5);
    assert_int_equal(known_find(&k, b), 6);
    /* The last slots: probing goes round the end. */
    memset(a, 0xff, 8);
    for (int64_t n = 0; n < 40; n++) {
        a[12] = (unsigned char)n;
        known_add(&k, a, 100 + n, DAY);
        assert_int_equal(known_find(&k, a), 100 + n);
    }
    known_release(&k);
}

static void test_forgotten(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    for (int64_t day = 0; day <= 100; day++) {
        add(&k, day + 1, DAY + day);
        for (int64_t past = 0; past <= day; past++)
            assert_int_equal(find(&k, past + 1), day - past <= ID_MEMORY_DAYS ? past + 1 : 0);
    }
    known_release(&k);
}

/* Back, forth, and days before 1970: nothing breaks, and what was just added is known. */
static void test_jumping_clock(void **state)
{
    (void)state;
    struct known k;
    known_init(&k);
    for (int64_t n = 1; n <= 500; n++) {
        int64_t day = (n * 7919) % 90 - 45;
        add(&k, n, n % 2 ? DAY + day : day);
        assert_int_equal(find(&k, n), n);
        assert_true(k.days <= COUNT_OF(k.day));
    }
    known_release(&k);
}

static int start(void **state)
{
    (void)state;
    digest_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_many),
        cmocka_unit_test(test_half_alike),    cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_jumping_clock),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
