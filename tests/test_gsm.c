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
    {"letters with marks that the alphabet lacks", "Łódź, façade, Şükrü, Œuvre",
     "Lodz, facade, Sükrü, OEuvre"},
    {"letters with marks that it has stay", "é è à ñ å ø æ Ç É", "é è à ñ å ø æ Ç É"},
    {"marks behind their letter are joined", "Gru\u0308ße, cafe\u0301, n\u0303", "Grüße, café, ñ"},
    {"marks that nothing has are left out", "z\u030c a\u0328\u0308", "z ä"},
    {"a mark behind another script stays", "и\u0306", "и\u0306"},
    {"a mark at the beginning stays", "\u0308a", "\u0308a"},
    {"tab, backtick, soft hyphen, zero width", "a\tb`c\u00ad\u200bd", "a b'cd"},
    {"minus, bullet, superscripts", "− • m² ×", "- * m2 x"},
    {"what it does not know stays", "ж 😀 漢", "ж 😀 漢"},
    {"malformed bytes stay", "a\xc3", "a\xc3"},
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

/* Sizes; `fill` characters "a" stand before the text, `then` behind it. */
static const struct {
    const char *label, *text;
    int fill, then;
    struct gsm_size want;
} sizes[] = {
    {"empty", "", 0, 0, {GSM_7BIT, 0, 1, 160}},
    {"160 fit into one", "", 160, 0, {GSM_7BIT, 160, 1, 160}},
    {"161 need two", "", 161, 0, {GSM_7BIT, 161, 2, 153}},
    {"306 need two", "", 306, 0, {GSM_7BIT, 306, 2, 153}},
    {"307 need three", "", 307, 0, {GSM_7BIT, 307, 3, 153}},
    {"an escape as the last two of one", "€", 158, 0, {GSM_7BIT, 160, 1, 160}},
    {"an escape over the edge of the first part moves", "€", 152, 152, {GSM_7BIT, 306, 3, 153}},
    {"an escape before the edge", "€", 151, 153, {GSM_7BIT, 306, 2, 153}},
    {"one cyrillic letter", "ж", 0, 0, {GSM_UCS2, 1, 1, 70}},
    {"70 units", "ж", 69, 0, {GSM_UCS2, 70, 1, 70}},
    {"71 units", "ж", 70, 0, {GSM_UCS2, 71, 2, 67}},
    {"134 units", "ж", 133, 0, {GSM_UCS2, 134, 2, 67}},
    {"135 units", "ж", 134, 0, {GSM_UCS2, 135, 3, 67}},
    {"a pair fills the one part", "😀", 68, 0, {GSM_UCS2, 70, 1, 70}},
    {"a pair over the edge of the first part moves", "😀", 66, 66, {GSM_UCS2, 134, 3, 67}},
    {"a pair before the edge", "😀", 65, 67, {GSM_UCS2, 134, 2, 67}},
    {"in UCS-2 the euro is one", "ж€", 0, 0, {GSM_UCS2, 2, 1, 70}},
    {"malformed bytes count one each", "\xc3\x28\xff", 0, 0, {GSM_UCS2, 3, 1, 70}},
    {"a surrogate in UTF-8 is malformed", "\xed\xa0\x80", 0, 0, {GSM_UCS2, 3, 1, 70}},
};

static void put_filled(struct buf *out, size_t i)
{
    for (int n = 0; n < sizes[i].fill; n++)
        buf_addc(out, 'a');
    buf_puts(out, sizes[i].text);
    for (int n = 0; n < sizes[i].then; n++)
        buf_addc(out, 'b');
}

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct buf text = BUF_INIT;
        struct gsm_size got;
        put_filled(&text, i);
        gsm_measure(&got, buf_str(&text));
        if (got.encoding != sizes[i].want.encoding || got.units != sizes[i].want.units ||
            got.parts != sizes[i].want.parts || got.room != sizes[i].want.room)
            fail_msg("%s: %s, %ld units, %ld parts of %ld", sizes[i].label,
                     gsm_encoding_name(got.encoding), got.units, got.parts, got.room);
        buf_release(&text);
    }
}

/* Whatever comes in, what is forced is GSM-7, and forcing it again changes nothing. */
static void test_force(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"Grüße", "Grüße"}, {"„Ж“ 😀", "\"?\" ?"}, {"漢字", "??"},
        {"a\xc3", "a?"},    {"\u0308", "?"},      {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT, again = BUF_INIT;
        gsm_force(&out, cases[i].in);
        assert_string_equal(buf_str(&out), cases[i].want);
        assert_true(gsm_septets(buf_str(&out), NULL) >= 0);
        gsm_force(&again, buf_str(&out));
        assert_string_equal(buf_str(&again), buf_str(&out));
        buf_release(&out);
        buf_release(&again);
    }
}

/* No character of the tables becomes one that the alphabet does not have. */
static void test_all_replacements(void **state)
{
    (void)state;
    size_t replaced_ones = 0;
    for (unsigned c = 0x80; c < 0x2300; c++) {
        char text[4] = {0};
        struct buf out = BUF_INIT;
        if (c < 0x800) {
            text[0] = (char)(0xc0 | c >> 6);
            text[1] = (char)(0x80 | (c & 0x3f));
        } else {
            text[0] = (char)(0xe0 | c >> 12);
            text[1] = (char)(0x80 | (c >> 6 & 0x3f));
            text[2] = (char)(0x80 | (c & 0x3f));
        }
        gsm_transliterate(&out, text);
        if (!str_eq(buf_str(&out), text)) {
            replaced_ones++;
            if (gsm_septets(buf_str(&out), NULL) < 0 || gsm_septets(text, NULL) >= 0)
                fail_msg("U+%04X became %s", c, buf_str(&out));
        }
        buf_release(&out);
    }
    assert_true(replaced_ones > 150);
}

static void put_foreign(void *context, const char *bytes, size_t len, size_t place)
{
    buf_printf(context, "%zu=%.*s ", place, (int)len, bytes);
}

static void test_foreign(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    gsm_each_foreign("äж€b😀ж", &out, put_foreign);
    assert_string_equal(buf_str(&out), "2=ж 5=😀 6=ж ");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),       cmocka_unit_test(test_whole_alphabet),
        cmocka_unit_test(test_transliterate), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_force),         cmocka_unit_test(test_all_replacements),
        cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
