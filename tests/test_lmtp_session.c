/*
 * lmtp_session.c: dialogues as mail servers hold them, and as nobody should. Each is fed whole, and
 * again byte by byte: how the bytes arrive must make no difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/lmtp_session.h"
#include "../daemon/util.h"

enum { MAIL_MAX = 200 };

static enum lmtp_recipient judge(void *context, const char *address)
{
    int *asked = context;
    ++*asked;
    if (str_starts(address, "bounce+forged"))
        return LMTP_RECIPIENT_FORGED;
    return str_ends(address, "@gw.example") ? LMTP_RECIPIENT_OURS : LMTP_RECIPIENT_UNKNOWN;
}

/* The first digits of each answer, the mails as "[sender>recipients:text]". */
struct play {
    struct lmtp_session s;
    struct buf told;
};

static void put_codes(struct play *p)
{
    const char *text = buf_str(&p->s.out);
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        buf_printf(&p->told, "%.4s", line);
    buf_reset(&p->s.out);
}

static void decide(struct play *p)
{
    const char *answer[LMTP_RECIPIENTS_MAX];
    while (p->s.state == LMTP_DECIDE) {
        put_codes(p);
        buf_printf(&p->told, "[%s>", p->s.sender);
        for (size_t i = 0; i < p->s.recipients; i++) {
            buf_printf(&p->told, "%s%s", i ? "," : "", p->s.recipient[i]);
            answer[i] = p->s.too_large ? "552 5.3.4 no" : "250 2.0.0 yes";
        }
        buf_printf(&p->told, ":%s]", p->s.too_large ? "much" : buf_str(&p->s.mail));
        lmtp_session_answer(&p->s, answer);
    }
    put_codes(p);
}

static void feed(struct play *p, const char *bytes, size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step) {
        lmtp_session_feed(&p->s, bytes + at, len - at < step ? len - at : step);
        decide(p);
    }
}

#define HELLO "LHLO mx.example\r\n"
#define HELLO_SAID "220 250-250-250-250-250 "
#define FROM "MAIL FROM:<>\r\n"
#define TO "RCPT TO:<bounce+d1.ab@gw.example>\r\n"
#define TO_SAID "250 250 "
#define START HELLO FROM TO "DATA\r\n"
#define START_SAID HELLO_SAID "250 250 354 "
#define MAIL(text) "[<>>bounce+d1.ab@gw.example:" text "]250 "

static const struct {
    const char *label, *in;
    size_t len; /* 0: strlen */
    const char *want;
} dialogues[] = {
    {"a mail", START "A: b\r\n\r\nc\r\n.\r\nQUIT\r\n", 0,
     START_SAID MAIL("A: b\r\n\r\nc\r\n") "221 "},
    {"two mails", START "a\r\n.\r\n" FROM TO "DATA\r\nb\r\n.\r\n", 0,
     START_SAID MAIL("a\r\n") "250 250 354 " MAIL("b\r\n")},
    {"two recipients, one answer each",
     HELLO "MAIL FROM:<a@b.example>\r\nRCPT TO:<x@gw.example>\r\nRCPT TO:<y@gw.example>\r\n"
           "DATA\r\nc\r\n.\r\n",
     0, HELLO_SAID "250 250 250 354 [a@b.example>x@gw.example,y@gw.example:c\r\n]250 250 "},
    {"one recipient of two is ours", HELLO FROM "RCPT TO:<x@b.example>\r\n" TO "DATA\r\nc\r\n.\r\n",
     0, HELLO_SAID "250 550 250 354 " MAIL("c\r\n")},
    {"no recipient is ours", HELLO FROM "RCPT TO:<x@b.example>\r\nDATA\r\n", 0,
     HELLO_SAID "250 550 503 "},
    {"a forged tag", HELLO FROM "RCPT TO:<bounce+forged@gw.example>\r\n", 0, HELLO_SAID "250 550 "},
    {"commands in small letters", "lhlo x\r\nmail from:<>\r\nrcpt to:<b@gw.example>\r\ndata\r\n", 0,
     HELLO_SAID "250 250 354 "},
    {"a blank before the path", HELLO "MAIL FROM: <>\r\n", 0, HELLO_SAID "250 "},
    {"a source route", HELLO FROM "RCPT TO:<@a.example,@c.example:b@gw.example>\r\nDATA\r\n.\r\n",
     0, HELLO_SAID "250 250 354 [<>>b@gw.example:]250 "},
    {"dots before dots", START "..\r\n...a\r\n.b\r\n.\r\n", 0,
     START_SAID MAIL(".\r\n..a\r\nb\r\n")},
    {"a bare line feed ends nothing", START "a\n.\nMAIL\r\n.\r\n", 0,
     START_SAID MAIL("a\n.\nMAIL\r\n")},
    {"a bare line feed before the end", START "a\n.\r\nMAIL\r\n.\r\n", 0,
     START_SAID MAIL("a\n.\r\nMAIL\r\n")},
    {"a bare carriage return", START "a\r.\r\r\n.\r\n", 0, START_SAID MAIL("a\r.\r\r\n")},
    {"no text at all", START ".\r\n", 0, START_SAID MAIL("")},
    {"too large",
     START "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
           "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
           "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"
           ".\r\nNOOP\r\n",
     0, START_SAID "[<>>bounce+d1.ab@gw.example:much]552 250 "},
    {"too large, as it says itself", HELLO "MAIL FROM:<> SIZE=201\r\n", 0, HELLO_SAID "552 "},
    {"parameters", HELLO "MAIL FROM:<> SIZE=200 BODY=8BITMIME\r\n", 0, HELLO_SAID "250 "},
    {"parameters not offered", HELLO "MAIL FROM:<> SMTPUTF8\r\n", 0, HELLO_SAID "555 "},
    {"parameters that are none", HELLO "MAIL FROM:<> SIZE=x\r\nMAIL FROM:<>x\r\n", 0,
     HELLO_SAID "501 501 "},
    {"a recipient's parameters", HELLO FROM "RCPT TO:<a@gw.example> NOTIFY=NEVER\r\n", 0,
     HELLO_SAID "250 501 "},
    {"no brackets", HELLO "MAIL FROM:a@b.example\r\nMAIL FROM:\r\nMAIL\r\n", 0,
     HELLO_SAID "501 501 501 "},
    {"a control character", HELLO FROM "RCPT TO:<a\x01@gw.example>\r\n", 0, HELLO_SAID "250 501 "},
    {"HELO and EHLO", "HELO x\r\nEHLO x\r\n", 0, "220 500 500 "},
    {"LHLO without a name", "LHLO\r\nLHLO  \r\n", 0, "220 501 501 "},
    {"in the wrong order", "MAIL FROM:<>\r\nRCPT TO:<>\r\nDATA\r\n" HELLO TO "DATA\r\n", 0,
     "220 503 503 503 250-250-250-250-250 503 503 "},
    {"MAIL twice", HELLO FROM FROM, 0, HELLO_SAID "250 503 "},
    {"RSET", HELLO FROM TO "RSET\r\nDATA\r\n" FROM, 0, HELLO_SAID "250 250 250 503 250 "},
    {"RSET before LHLO", "RSET\r\nMAIL FROM:<>\r\n", 0, "220 250 503 "},
    {"LHLO forgets a mail", HELLO FROM TO HELLO "DATA\r\n", 0,
     HELLO_SAID "250 250 250-250-250-250-250 503 "},
    {"words behind DATA", HELLO FROM TO "DATA now\r\n", 0, HELLO_SAID "250 250 501 "},
    {"VRFY and an empty line", "VRFY root\r\n\r\n", 0, "220 252 500 "},
    {"NUL in a command", "NO\0OP\r\nNOOP\r\n", 14, "220 500 250 "},
    {"a line feed in a command", "NOOP\nQUIT\r\nNOOP\r\n", 0, "220 500 250 "},
    {"NUL in a mail", START "a\0b\r\n.\r\n", sizeof START + 7, START_SAID MAIL("a")},
    {"nothing behind QUIT", "QUIT\r\nNOOP\r\n", 0, "220 221 "},
};

static void test_dialogues(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dialogues); i++) {
        static const size_t steps[] = {10000, 1, 7};
        print_message("%s\n", dialogues[i].label);
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            int asked = 0;
            const struct lmtp_rules rules = {"gw.example", MAIL_MAX, judge, &asked};
            struct play p = {.told = BUF_INIT};
            lmtp_session_init(&p.s, &rules);
            size_t len = dialogues[i].len ? dialogues[i].len : strlen(dialogues[i].in);
            feed(&p, dialogues[i].in, len, steps[k]);
            assert_string_equal(buf_str(&p.told), dialogues[i].want);
            lmtp_session_release(&p.s);
            buf_release(&p.told);
        }
    }
}

/* While a mail waits for its answer, nothing behind it is looked at. */
static void test_waits(void **state)
{
    (void)state;
    int asked = 0;
    const struct lmtp_rules rules = {"gw.example", MAIL_MAX, judge, &asked};
    const char *const answer[] = {"451 4.3.0 later"};
    struct lmtp_session s;
    lmtp_session_init(&s, &rules);
    lmtp_session_feed(&s, START ".\r\nQUIT\r\n", strlen(START ".\r\nQUIT\r\n"));
    assert_int_equal(s.state, LMTP_DECIDE);
    assert_true(str_ends(buf_str(&s.out), "354 end with a dot on a line by itself\r\n"));
    lmtp_session_answer(&s, answer);
    assert_int_equal(s.state, LMTP_CLOSING);
    assert_true(str_ends(buf_str(&s.out), "451 4.3.0 later\r\n221 2.0.0 bye\r\n"));
    lmtp_session_release(&s);
}

/* Whatever a peer sends, memory stays within the limits, and the dialogue ends. */
static void test_limits(void **state)
{
    (void)state;
    int asked = 0;
    const struct lmtp_rules rules = {"gw.example", MAIL_MAX, judge, &asked};
    struct lmtp_session s;
    lmtp_session_init(&s, &rules);
    for (int i = 0; i < 4000 && s.state != LMTP_CLOSING; i++)
        lmtp_session_feed(&s, "x", 1);
    assert_int_equal(s.state, LMTP_CLOSING);
    assert_true(s.in.len == 0);
    lmtp_session_release(&s);

    lmtp_session_init(&s, &rules);
    for (int i = 0; i <= LMTP_FAULTS_MAX; i++)
        lmtp_session_feed(&s, "what\r\n", 6);
    assert_int_equal(s.state, LMTP_CLOSING);
    assert_true(str_ends(buf_str(&s.out), "421 4.7.0 too many errors\r\n"));
    lmtp_session_release(&s);

    lmtp_session_init(&s, &rules);
    lmtp_session_feed(&s, HELLO FROM, strlen(HELLO FROM));
    for (int i = 0; i <= LMTP_RECIPIENTS_MAX; i++)
        lmtp_session_feed(&s, TO, strlen(TO));
    assert_int_equal(s.recipients, LMTP_RECIPIENTS_MAX);
    assert_true(str_ends(buf_str(&s.out), "452 4.5.3 too many recipients\r\n"));
    lmtp_session_feed(&s, "DATA\r\n", 6);
    for (int i = 0; i < 100000; i++)
        lmtp_session_feed(&s, "0123456789", 10);
    assert_true(s.too_large && s.mail.len <= MAIL_MAX && s.in.len <= 8192);
    lmtp_session_feed(&s, "\r\n.\r\n", 5);
    assert_int_equal(s.state, LMTP_DECIDE);
    lmtp_session_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialogues),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
