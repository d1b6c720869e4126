/*
 * code.c: a permutation (no two items share a code, each comes back), what people may type, and
 * codes that do not count up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/code.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"

static const unsigned char key[DIGEST_KEY] = {1, 2, 3};
static const unsigned char other_key[DIGEST_KEY] = {1, 2, 4};

static const int64_t edges[] = {
    1, 2, 31, 32, 1048575, 1048576, 1048577, 99999999, (INT64_C(1) << 40) - 1};

static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        char code[ITEM_ID_LEN + 1];
        int64_t seq = 0;
        code_write(code, edges[i], key);
        assert_int_equal(strlen(code), ITEM_ID_LEN);
        assert_int_equal(code[4], '-');
        assert_true(code_read(code, &seq, key));
        assert_true(seq == edges[i]);
        code_write(code, edges[i], other_key);
        assert_true(!code_read(code, &seq, key) || seq != edges[i]);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, ITEM_ID_LEN + 1);
}

static void test_no_two_alike(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    char(*code)[ITEM_ID_LEN + 1] = xcalloc(MANY, sizeof *code);
    size_t rising = 0;
    for (int i = 0; i < MANY; i++) {
        code_write(code[i], i + 1, key);
        rising += i && compare(code[i - 1], code[i]) < 0;
    }
    /* Half of the neighbours rise when chance decides; a count would rise throughout. */
    assert_in_range(rising, MANY * 45 / 100, MANY * 55 / 100);
    qsort(code, MANY, sizeof *code, compare);
    for (int i = 1; i < MANY; i++)
        assert_true(compare(code[i - 1], code[i]) < 0);
    free(code);
}

static void test_what_people_type(void **state)
{
    (void)state;
    char code[ITEM_ID_LEN + 1], typed[ITEM_ID_LEN + 1];
    int64_t seq;
    for (int64_t n = 1; n < 200; n++) {
        size_t k = 0;
        code_write(code, n, key);
        for (const char *p = code; *p; p++) {
            char c = *p == '0' ? 'O' : *p == '1' ? (n % 2 ? 'I' : 'l') : *p;
            if (c >= 'A' && c <= 'Z' && n % 3)
                c = (char)(c - 'A' + 'a');
            if (c != '-' || n % 5)
                typed[k++] = c;
        }
        typed[k] = '\0';
        assert_true(code_read(typed, &seq, key));
        assert_true(seq == n);
    }
}

static void test_no_codes(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "K7F3",      "K7F3-92Q",         "K7F3-92QXX",
                                        "K7F3--92QX", "K7F-392QX", "-K7F392QX",        "K7F392QX-",
                                        "K7F3 92QX",  "K7F3-92QU", "K7F3-92Q\xc3\x84", "K7F3-92QX-",
                                        "K7F3-9-2QX", "K7F3-92Q*"};
    int64_t seq;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (code_read(wrong[i], &seq, key))
            fail_msg("taken for a code: \"%s\"", wrong[i]);
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
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_no_two_alike),
        cmocka_unit_test(test_what_people_type),
        cmocka_unit_test(test_no_codes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
