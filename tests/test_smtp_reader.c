/*
 * smtp_reader.c: replies as bytes, whole and in pieces, good and hostile; what EHLO offers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../adapters/smtp_reader.h"
#include "../daemon/buf.h"
#include "../daemon/util.h"

/* Reads everything, `piece` bytes at a time, and writes down what came: "250 ok|354 go|", with
 * "BROKEN" at the end of what is no SMTP and "..." where more is wanted. */
static void read_all(struct buf *out, const char *bytes, size_t len, size_t piece)
{
    struct smtp_reader r;
    struct smtp_reply reply;
    enum smtp_read is = SMTP_READ_MORE;
    smtp_reader_init(&r);
    while (is != SMTP_READ_BROKEN) {
        while ((is = smtp_reader_next(&r, &reply)) == SMTP_READ_REPLY)
            buf_printf(out, "%s|", reply.text);
        if (is == SMTP_READ_BROKEN || !len)
            break;
        size_t room, n = len < piece ? len : piece;
        char *into = smtp_reader_room(&r, &room);
        assert_true(room > 0);
        n = n < room ? n : room;
        memcpy(into, bytes, n);
        smtp_reader_added(&r, n);
        bytes += n;
        len -= n;
    }
    if (is == SMTP_READ_BROKEN) {
        buf_puts(out, "BROKEN");
        assert_int_equal(smtp_reader_next(&r, &reply), SMTP_READ_BROKEN);
        assert_false(smtp_reader_empty(&r));
    } else if (!smtp_reader_empty(&r)) {
        buf_puts(out, "...");
    }
}

static void expect(const char *label, const char *bytes, size_t len, const char *want)
{
    for (size_t piece = 1; piece < 4000; piece = piece * 3 + 1) {
        struct buf got = BUF_INIT;
        read_all(&got, bytes, len, piece);
        if (!str_eq(buf_str(&got), want))
            fail_msg("%s, %zu at a time: \"%s\"; wanted \"%s\"", label, piece, buf_str(&got), want);
        buf_release(&got);
    }
}

static void replies(void **state)
{
    (void)state;
    const struct {
        const char *label, *in, *want;
        size_t len; /* 0: up to the NUL */
    } cases[] = {
        {"nothing", "", "", 0},
        {"one", "250 2.0.0 Ok\r\n", "250 2.0.0 Ok|", 0},
        {"code alone", "250\r\n", "250|", 0},
        {"code and a space", "354 \r\n", "354 |", 0},
        {"several lines, the last counts", "550-5.1.1 first\r\n550-\r\n550 5.1.1 last\r\n",
         "550 5.1.1 last|", 0},
        {"three in one", "250 a\r\n550 b\r\n354 c\r\n", "250 a|550 b|354 c|", 0},
        {"not yet", "250 Ok", "...", 0},
        {"not yet: more lines", "250-Ok\r\n", "...", 0},
        {"one and a half", "250 Ok\r\n35", "250 Ok|...", 0},
        {"bare LF", "250 Ok\n421 bye\n", "250 Ok|421 bye|", 0},
        {"bare CR is a character", "250 O\rk\r\n", "250 O?k|", 0},
        {"control characters", "550 \x1b[31m\x07\x7f\r\n", "550 ?[31m??|", 0},
        {"UTF-8", "550 unbekannt \xc3\xbc\r\n", "550 unbekannt \xc3\xbc|", 0},
        {"two codes in one", "250-a\r\n550 b\r\n", "BROKEN", 0},
        {"words", "hello\r\n", "BROKEN", 0},
        {"an empty line", "\r\n", "BROKEN", 0},
        {"two digits", "25 Ok\r\n", "BROKEN", 0},
        {"four digits", "2500 Ok\r\n", "BROKEN", 0},
        {"1xx", "150 wait\r\n", "BROKEN", 0},
        {"6xx", "650 no\r\n", "BROKEN", 0},
        {"another separator", "250_Ok\r\n", "BROKEN", 0},
        {"a space before", " 250 Ok\r\n", "BROKEN", 0},
        {"NUL in the text", "250 O\0k\r\n", "BROKEN", 9},
        {"NUL in the code", "25\0 Ok\r\n", "BROKEN", 9},
        {"good, then bad", "250 Ok\r\n\x16\x03\x01\r\n", "250 Ok|BROKEN", 0},
        {"an HTTP server", "HTTP/1.1 400 Bad Request\r\n\r\n", "BROKEN", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(cases[i].label, cases[i].in, cases[i].len ? cases[i].len : strlen(cases[i].in),
               cases[i].want);
}

static void long_ones(void **state)
{
    (void)state;
    const struct {
        const char *label, *before, *after;
        size_t line; /* bytes of one line with its end */
        size_t lines;
        const char *want;
    } cases[] = {
        {"the longest line", "250-", "", SMTP_LINE_MAX, 1, "250 end|"},
        {"a longer line", "250-", "", SMTP_LINE_MAX + 1, 1, "BROKEN"},
        {"a line without end", "250 ", "", 100000, 1, "BROKEN"},
        {"the most lines", "250-", "", 100, SMTP_LINES_MAX - 1, "250 end|"},
        {"one line more", "250-", "", 100, SMTP_LINES_MAX, "BROKEN"},
        {"lines without end", "250-", "", 100, 10000, "BROKEN"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        for (size_t n = 0; n < cases[i].lines; n++) {
            buf_puts(&text, cases[i].before);
            for (size_t c = strlen(cases[i].before); c + 2 < cases[i].line; c++)
                buf_addc(&text, 'x');
            buf_puts(&text, "\r\n");
        }
        buf_puts(&text, "250 end\r\n");
        expect(cases[i].label, text.data, text.len, cases[i].want);
        buf_release(&text);
    }
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct smtp_reader r;
    struct smtp_reply reply;
    size_t room;
    smtp_reader_init(&r);
    char *into = smtp_reader_room(&r, &room);
    memset(into, 'x', 1000);
    memcpy(into, "550 ", 4);
    memcpy(into + 998, "\r\n", 2);
    smtp_reader_added(&r, 1000);
    assert_int_equal(smtp_reader_next(&r, &reply), SMTP_READ_REPLY);
    assert_int_equal(reply.code, 550);
    assert_int_equal(strlen(reply.text), sizeof reply.text - 1);
}

static void offered(void **state)
{
    (void)state;
    const struct {
        const char *label, *lines;
        bool pipelining, size;
        int code;
    } cases[] = {
        {"nothing", "220 relay\n250 relay\n", false, false, 250},
        {"both", "220 relay\n250-relay\n250-PIPELINING\n250 SIZE 1000\n", true, true, 250},
        {"small letters", "250-pipelining\n250 size\n", true, true, 250},
        {"longer words", "250-PIPELININGS\n250 SIZES\n", false, false, 250},
        {"shorter words", "250-PIPE\n250 SIZ\n", false, false, 250},
        {"not as a name", "250 relay PIPELINING\n", false, false, 250},
        {"forgotten by STARTTLS", "250-PIPELINING\n250 STARTTLS\n220 go\n250 SIZE 5\n", false, true,
         250},
        {"refused", "220 relay\n554 5.7.1 no PIPELINING\n", false, false, 554},
        {"after the login", "250 PIPELINING\n334 \n235 2.7.0 in\n", true, false, 235},
        {"no SMTP", "PIPELINING\n", false, false, 0},
        {"code alone", "250\n", false, false, 250},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct smtp_offers offers = {0};
        struct smtp_reply reply = {0};
        const char *end;
        for (const char *p = cases[i].lines; (end = strchr(p, '\n')); p = end + 1)
            smtp_offers_line(&offers, &reply, p, (size_t)(end + 1 - p));
        if (offers.pipelining != cases[i].pipelining || offers.size != cases[i].size ||
            reply.code != cases[i].code)
            fail_msg("%s: pipelining %d, size %d, code %d", cases[i].label, offers.pipelining,
                     offers.size, reply.code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(offered),
    };
    return cmocka_run_group_tests_name("smtp_reader", tests, NULL, NULL);
}
