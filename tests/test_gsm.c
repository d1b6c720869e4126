/*
 * GSM 03.38: what fits into an SMS and how long it is. Expected lengths are counted by hand from
 * 3GPP TS 23.038; the table as a whole is pinned by its number of characters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/gsm.h"
#include "../daemon/util.h"

static const struct {
    const char *label, *in;
    long want;
    size_t bad; /* looked at when want is -1 */
} lengths[] = {
    {"empty", "", 0, 0},
    {"ascii", "Neue Meldung", 12, 0},
    {"umlauts are in the base table", "äöüÄÖÜß", 7, 0},
    {"paragraph sign", "§", 1, 0},
    {"euro counts two", "€", 2, 0},
    {"brackets count two", "[{}]~^|\\", 16, 0},
    {"line feed", "a\nb", 3, 0},
    {"greek capitals", "ΔΦΓΛΩΠΨΣΘΞ", 10, 0},
    {"tab is not there", "a\tb", -1, 1},
    {"backtick is not there", "ab`", -1, 2},
    {"german opening quote", "ä„x", -1, 2},
    {"small c cedilla is not there", "ç", -1, 0},
    {"capital sharp s", "STRAẞE", -1, 4},
    {"emoji", "x😀", -1, 1},
    {"cut character", "x\xc3", -1, 1},
    {"overlong form of slash", "\xe0\x80\xaf", -1, 0},
    {"lone continuation byte", "a\x80", -1, 1},
    {"noncharacter U+FFFF is not the escape", "\xef\xbf\xbf", -1, 0},
};

static void test_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        size_t bad = 999;
        long got = gsm_septets(lengths[i].in, &bad);
        if (got != lengths[i].want || (got < 0 && bad != lengths[i].bad))
            fail_msg("%s: got %ld at %zu, want %ld at %zu", lengths[i].label, got, bad,
                     lengths[i].want, lengths[i].bad);
        assert_int_equal(gsm_septets(lengths[i].in, NULL), lengths[i].want);
    }
}

/* 127 characters of the base table and 10 of the extension, over all two-byte code points and the
 * euro sign. */
static void test_whole_alphabet(void **state)
{
    (void)state;
    int one = 0, two = 0;
    for (unsigned c = 1; c < 0x800; c++) {
        char text[3] = {0};
        if (c < 0x80) {
            text[0] = (char)c;
        } else {
            text[0] = (char)(0xc0 | c >> 6);
            text[1] = (char)(0x80 | (c & 0x3f));
        }
        long n = gsm_septets(text, NULL);
        one += n == 1;
        two += n == 2;
    }
    assert_int_equal(one, 127);
    assert_int_equal(two, 9);
}

static const struct {
    const char *label, *in, *want;
} replaced[] = {
    {"nothing to do", "Grüße an alle", "Grüße an alle"},
    {"quotes", "„Gut“ ‚so‘ ’n”", "\"Gut\" 'so' 'n\""},
    {"dashes and dots", "a – b — c …", "a - b - c ..."},
    {"hard spaces", "14\u00a0Uhr, z.\u202fB.", "14 Uhr, z. B."},
    {"hard hyphen", "E\u2011Mail", "E-Mail"},
    {"capital sharp s", "STRAẞE", "STRASSE"},
    {"what it does not know stays", "ç 😀", "ç 😀"},
    {"empty", "", ""},
};

static void test_transliterate(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(replaced); i++) {
        struct buf out = BUF_INIT;
        gsm_transliterate(&out, replaced[i].in);
        if (!str_eq(buf_str(&out), replaced[i].want))
            fail_msg("%s: got '%s'", replaced[i].label, buf_str(&out));
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_whole_alphabet),
        cmocka_unit_test(test_transliterate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
