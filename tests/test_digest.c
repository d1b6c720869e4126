/*
 * Hashes that others can check have the values that the standards give (FIPS 180-4), and
 * a pool of random bytes never gives the same ones twice, also where it is filled again.
 *
 * The audit trail is verified by the function that wrote it, so only these tests would notice
 * another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"

static void test_sha256(void **state)
{
    static const struct {
        const char *label, *in, *want;
    } cases[] = {
        {"nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned char hash[DIGEST_FULL];
        struct buf hex = BUF_INIT;
        digest_sha256(hash, cases[i].in, strlen(cases[i].in));
        digest_hex(&hex, hash, sizeof hash);
        if (!str_eq(buf_str(&hex), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&hex));
        buf_release(&hex);
    }
}

/* Draws of 24 bytes do not divide the pool, so some are put together from two fillings. */
static void test_pool(void **state)
{
    enum { DRAWS = 200, SIZE = 24 };
    static unsigned char drawn[DRAWS][SIZE];
    struct digest_pool pool = {.left = 0};
    (void)state;
    for (size_t i = 0; i < DRAWS; i++) {
        digest_random_from(&pool, drawn[i], SIZE);
        for (size_t k = 0; k < i; k++)
            for (size_t half = 0; half < SIZE; half += 8)
                assert_memory_not_equal(drawn[i] + half, drawn[k] + half, 8);
    }
    for (size_t i = pool.left; i < sizeof pool.byte; i++)
        assert_int_equal(pool.byte[i], 0);
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
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_pool),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
