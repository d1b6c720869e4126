/*
 * token.c: a token says what it was made for and nothing else reads; keys that follow each other;
 * the field of the form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/keys.h"
#include "../daemon/token.h"
#include "../daemon/util.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Keys that follow each other: n and n - 1. */
static struct keys keys_number(unsigned char n)
{
    struct keys keys;
    memset(&keys, 0, sizeof keys);
    keys.link_id = n;
    memset(keys.link[0], 'a' + n, DIGEST_KEY);
    memset(keys.link[1], 'a' + n - 1, DIGEST_KEY);
    return keys;
}

static const struct {
    const char *label;
    struct token in;
    int64_t want_ms;
} written[] = {
    {"smallest", {1, 0, 0}, 0},
    {"an hour of 2026", {4711, 3, 1795166640000}, 1795166640000},
    {"rounded down to the minute", {4711, 3, 1795166699999}, 1795166640000},
    {"largest delivery", {((int64_t)1 << 40) - 1, TOKEN_PAGE, 60000}, 60000},
    {"a far year", {7, 14, (int64_t)UINT32_MAX * 60000}, (int64_t)UINT32_MAX * 60000},
};

static void test_read_back(void **state)
{
    (void)state;
    const struct keys keys = keys_number(3);
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        char text[TOKEN_LEN + 1], again[TOKEN_LEN + 1];
        struct token got;
        token_write(text, &keys, &written[i].in);
        token_write(again, &keys, &written[i].in);
        assert_string_equal(text, again); /* a repeat carries the same link */
        if (strlen(text) != TOKEN_LEN || strspn(text, alphabet) != TOKEN_LEN ||
            !token_read(&got, &keys, text) || got.delivery != written[i].in.delivery ||
            got.purpose != written[i].in.purpose || got.expires_ms != written[i].want_ms)
            fail_msg("%s: %s", written[i].label, text);
    }
}

/* Mail programs leave a trailing sign out of the link. */
static void test_ends_in_letter_or_digit(void **state)
{
    (void)state;
    const struct keys keys = keys_number(0);
    for (int purpose = 0; purpose <= TOKEN_PURPOSE_MAX; purpose++) {
        char text[TOKEN_LEN + 1];
        const struct token token = {99, purpose, 1795166640000};
        token_write(text, &keys, &token);
        assert_null(strchr("-_", text[TOKEN_LEN - 1]));
    }
}

/* Every single changed character, and every shorter or longer text, is none of ours. */
static void test_forged(void **state)
{
    (void)state;
    const struct keys keys = keys_number(1);
    const struct token token = {4711, 1, 1795166640000};
    char text[TOKEN_LEN + 1], bad[2 * TOKEN_LEN];
    struct token got;
    token_write(text, &keys, &token);
    for (size_t i = 0; i < TOKEN_LEN; i++)
        for (const char *c = alphabet; *c; c++) {
            memcpy(bad, text, sizeof text);
            bad[i] = *c;
            if (token_read(&got, &keys, bad) != (*c == text[i]))
                fail_msg("place %zu: %s", i, bad);
        }
    for (size_t len = 0; len < TOKEN_LEN; len++) {
        memcpy(bad, text, len);
        bad[len] = '\0';
        assert_false(token_read(&got, &keys, bad));
    }
}

static const struct {
    const char *label, *before, *behind;
} odd[] = {
    {"padded", "", "="},  {"a blank behind", "", " "}, {"a blank before", " ", ""},
    {"a slash", "", "/"}, {"twice", "AAAA", ""},       {"umlaut", "", "\xc3\xbc"},
};

static void test_odd(void **state)
{
    (void)state;
    const struct keys keys = keys_number(1);
    const struct token token = {4711, 1, 1795166640000};
    char text[TOKEN_LEN + 1], bad[2 * TOKEN_LEN];
    struct token got;
    token_write(text, &keys, &token);
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        strcpy(bad, odd[i].before);
        strcat(bad, text);
        strcat(bad, odd[i].behind);
        if (token_read(&got, &keys, bad))
            fail_msg("%s", odd[i].label);
    }
    char *huge = xmalloc(1 << 20);
    memset(huge, 'A', 1 << 20);
    huge[(1 << 20) - 1] = '\0';
    assert_false(token_read(&got, &keys, huge));
    free(huge);
}

static void test_keys_follow(void **state)
{
    (void)state;
    static const struct {
        unsigned char written_by, read_by;
        bool want;
    } cases[] = {
        {0, 0, true}, {0, 1, true}, {1, 1, true}, {0, 2, false}, {1, 0, false}, {2, 0, false},
    };
    const struct token token = {17, 2, 60000};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct keys writer = keys_number(cases[i].written_by);
        const struct keys reader = keys_number(cases[i].read_by);
        char text[TOKEN_LEN + 1], field[TOKEN_FIELD_LEN + 1];
        struct token got;
        token_write(text, &writer, &token);
        assert_int_equal(token_read(&got, &reader, text), cases[i].want);
        token_field(field, &writer, text);
        if (cases[i].want)
            assert_true(token_field_fits(&reader, text, field));
    }
    /* Another key of the same number. */
    struct keys writer = keys_number(1), reader = writer;
    char text[TOKEN_LEN + 1];
    struct token got;
    reader.link[0][31] ^= 1;
    token_write(text, &writer, &token);
    assert_false(token_read(&got, &reader, text));
}

static void test_field(void **state)
{
    (void)state;
    const struct keys keys = keys_number(1);
    const struct token seen = {17, 0, 60000}, accept = {17, 1, 60000};
    char one[TOKEN_LEN + 1], other[TOKEN_LEN + 1], field[TOKEN_FIELD_LEN + 1];
    token_write(one, &keys, &seen);
    token_write(other, &keys, &accept);
    token_field(field, &keys, one);
    assert_int_equal(strlen(field), TOKEN_FIELD_LEN);
    assert_true(token_field_fits(&keys, one, field));
    assert_false(token_field_fits(&keys, other, field));
    assert_false(token_field_fits(&keys, one, ""));
    assert_false(token_field_fits(&keys, one, one));
    field[3] = field[3] == 'A' ? 'B' : 'A';
    assert_false(token_field_fits(&keys, one, field));
}

int main(void)
{
    digest_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_back),   cmocka_unit_test(test_ends_in_letter_or_digit),
        cmocka_unit_test(test_forged),      cmocka_unit_test(test_odd),
        cmocka_unit_test(test_keys_follow), cmocka_unit_test(test_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
