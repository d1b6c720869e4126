/*
 * mail_read.c: replies in the forms that mail programs write, automatic mails, and hostile ones.
 *
 * tests/mails/README says what each file is modelled on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/ical.h"
#include "../daemon/mail_read.h"
#include "../daemon/util.h"

enum { FOLDERS = 1000, MANY_PARTS = 10000 };

static void load(struct buf *out, const char *name)
{
    struct buf path = BUF_INIT, err = BUF_INIT;
    buf_printf(&path, "tests/mails/%s.eml", name);
    assert_int_equal(buf_read_file(out, buf_str(&path), 1 << 20, &err), 0);
    buf_release(&path);
    buf_release(&err);
}

static const struct {
    const char *file, *from, *method, *address, *status;
} replies[] = {
    {"reply-outlook-desktop", "team@traeger.example", "REPLY", "team@traeger.example", "ACCEPTED"},
    {"reply-exchange", "leitung@traeger.example", "REPLY", "leitung@traeger.example", "DECLINED"},
    {"reply-google", "quartier@verein.example", "REPLY", "quartier@verein.example", "TENTATIVE"},
    {"reply-apple", "kita@traeger.example", "REPLY", "kita@traeger.example", "ACCEPTED"},
    {"reply-thunderbird", "jugendhaus@verein.example", "REPLY", "jugendhaus@verein.example",
     "ACCEPTED"},
    {"reply-nextcloud", "wolke@wiblingen.example", "REPLY", "buero@wiblingen.example", "DECLINED"},
    {"reply-sabre", "buero@wiblingen.example", "REPLY", "buero@wiblingen.example", "DECLINED"},
    {"reply-second", "buero@wiblingen.example", "REPLY", "buero@wiblingen.example", "DECLINED"},
};

static void test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        struct ical_reply reply[4];
        size_t count = 0;
        char method[16];
        print_message("%s\n", replies[i].file);
        load(&text, replies[i].file);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_string_equal(mail.from, replies[i].from);
        assert_string_equal(mail.method, replies[i].method);
        assert_true(mail.message_id[0] == '<');
        assert_true(!mail.automatic || mail.generated);
        assert_true(utf8_valid(buf_str(&mail.calendar), mail.calendar.len));
        assert_int_equal(ical_read(buf_str(&mail.calendar), mail.calendar.len, reply,
                                   COUNT_OF(reply), &count, method),
                         ICAL_REPLY);
        assert_int_equal(count, 1);
        assert_string_equal(reply[0].uid, "m7f3-92qx-20261203@stafette.ulm.example");
        assert_string_equal(reply[0].address, replies[i].address);
        assert_string_equal(reply[0].status, replies[i].status);
        mail_release(&mail);
        buf_release(&text);
    }
}

static const struct {
    const char *file;
    bool automatic, generated;
    size_t calendar; /* at least so many bytes; 0 = none */
} others[] = {
    {"auto-exchange", true, false, 0},   {"auto-vacation", true, false, 0},
    {"auto-precedence", true, false, 0}, {"bounce-postfix", true, false, 0},
    {"person-plain", false, false, 0},   {"forward-invitation", false, false, 0},
    {"reply-google", true, true, 100},   {"reply-apple", false, false, 100},
};

static void test_automatic(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        print_message("%s\n", others[i].file);
        load(&text, others[i].file);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_int_equal(mail.automatic, others[i].automatic);
        assert_int_equal(mail.generated, others[i].generated);
        assert_true(others[i].calendar ? mail.calendar.len >= others[i].calendar
                                       : mail.calendar.len == 0);
        mail_release(&mail);
        buf_release(&text);
    }
}

/* The mail of a header line and nothing else. */
static const struct {
    const char *label, *header;
    bool automatic, generated;
} signs[] = {
    {"none", "Subject: x", false, false},
    {"by hand", "Auto-Submitted: no", false, false},
    {"by hand, with a comment", "Auto-Submitted: No (manual)", false, false},
    {"generated", "Auto-Submitted: auto-generated", true, true},
    {"generated, with a parameter", "auto-submitted: AUTO-generated; owner=x", true, true},
    {"replied", "Auto-Submitted: auto-replied", true, false},
    {"notified", "Auto-Submitted: auto-notified; owner-email=x", true, false},
    {"folded", "Auto-Submitted:\r\n auto-replied", true, false},
    {"empty", "Auto-Submitted:", true, false},
    {"suppress", "X-Auto-Response-Suppress: OOF, AutoReply", true, true},
    {"suppress nothing", "X-Auto-Response-Suppress: None", false, false},
    {"bulk", "Precedence: bulk", true, false},
    {"list", "Precedence: LIST", true, false},
    {"first class", "Precedence: first-class", false, false},
    {"null sender", "Return-Path: <>", true, false},
    {"a sender", "Return-Path: <a@b.example>", false, false},
    {"the stronger counts", "Auto-Submitted: auto-generated\r\nPrecedence: junk", true, false},
    {"twice", "Auto-Submitted: no\r\nAuto-Submitted: auto-replied", true, false},
    {"report", "Content-Type: multipart/report; boundary=x", true, false},
};

static void test_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        print_message("%s\n", signs[i].label);
        buf_printf(&text, "From: a@b.example\r\n%s\r\n\r\nText\r\n", signs[i].header);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_int_equal(mail.automatic, signs[i].automatic);
        assert_int_equal(mail.generated, signs[i].generated);
        mail_release(&mail);
        buf_release(&text);
    }
}

static const struct {
    const char *label, *header, *want;
} senders[] = {
    {"bare", "From: Team@Traeger.EXAMPLE", "team@traeger.example"},
    {"with a name", "From: Team <team@traeger.example>", "team@traeger.example"},
    {"name is an address", "From: \"chef@ulm.example\" <team@traeger.example>",
     "team@traeger.example"},
    {"name is an address, bare", "From: chef@ulm.example <team@traeger.example>",
     "team@traeger.example"},
    {"encoded name", "From: =?utf-8?Q?chef=40ulm.example?= <team@traeger.example>",
     "team@traeger.example"},
    {"encoded name with a comma", "From: =?utf-8?Q?a=40b.example=2C?= <team@traeger.example>",
     "team@traeger.example"},
    {"comment", "From: team@traeger.example (chef@ulm.example)", "team@traeger.example"},
    {"folded", "From: Team\r\n <team@traeger.example>", "team@traeger.example"},
    {"umlauts in the domain", "From: team@tr\xc3\xa4ger.example", "team@xn--trger-hra.example"},
    {"two addresses", "From: team@traeger.example, chef@ulm.example", ""},
    {"two headers", "From: team@traeger.example\r\nFrom: chef@ulm.example", ""},
    {"two headers, one empty", "From: team@traeger.example\r\nfrom:", ""},
    {"a group", "From: Alle: team@traeger.example;", ""},
    {"none", "Sender: team@traeger.example", ""},
    {"empty", "From:", ""},
    {"no address", "From: Team", ""},
    {"no domain", "From: team@", ""},
    {"one label", "From: root@localhost", ""},
    {"quoted local part", "From: \"a b\"@traeger.example", ""},
    {"source route", "From: <@a.example:team@traeger.example>", ""},
    {"8 bit", "From: t\xe4m@traeger.example", ""},
    {"two at", "From: a@b.example@c.example", ""},
    {"two at in brackets", "From: Team <a@b.example@c.example>", ""},
    {"an address behind the brackets", "From: <team@traeger.example> chef@ulm.example", ""},
    {"quotes within quotes", "From: \"a\\\" <x@y.example>\" <team@traeger.example>",
     "team@traeger.example"},
    {"a comment within a comment", "From: (a (b@c.example) <d@e.example>) team@traeger.example",
     "team@traeger.example"},
};

static void test_senders(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(senders); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        print_message("%s\n", senders[i].label);
        buf_printf(&text, "%s\r\nSubject: x\r\n\r\nText\r\n", senders[i].header);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_string_equal(mail.from, senders[i].want);
        mail_release(&mail);
        buf_release(&text);
    }
}

/* Calendars in odd clothes. */
static const struct {
    const char *label, *in;
    size_t len; /* 0: strlen */
    const char *method, *calendar;
} calendars[] = {
    {"line feeds only", "From: a@b.example\nContent-Type: text/calendar; method=reply\n\nBEGIN\n",
     0, "REPLY", "BEGIN\n"},
    {"no method", "Content-Type: text/calendar\r\n\r\nX", 0, "", "X"},
    {"method too long", "Content-Type: text/calendar; method=aaaaaaaaaaaaaaaaaaaa\r\n\r\nX", 0, "",
     "X"},
    {"mbox line first",
     "From a@b.example Fri Nov 20 10:00:00 2026\nContent-Type: text/calendar\n\nX", 0, "", "X"},
    {"byte order mark", "Content-Type: text/calendar\r\n\r\n\xef\xbb\xbfX", 0, "", "X"},
    {"Windows-1252", "Content-Type: text/calendar; charset=utf-8\r\n\r\n\x80 \xfc \x81.", 0, "",
     "\xe2\x82\xac \xc3\xbc ."},
    {"unknown charset", "Content-Type: text/calendar; charset=../../x\r\n\r\n\xe4", 0, "",
     "\xc3\xa4"},
    {"NUL", "Content-Type: text/calendar\r\n\r\na\0b", 34, "", "ab"},
    {"broken base64",
     "Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\nQkVH\xff*SU4=\r\n==",
     0, "", "BEGIN"},
    {"unknown encoding",
     "Content-Type: text/calendar\r\nContent-Transfer-Encoding: x-none\r\n\r\nX", 0, "", "X"},
    {"broken quoted-printable",
     "Content-Type: text/calendar\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nA=4", 0, "",
     "A"},
    {"no boundary", "Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: text/calendar\r\n",
     0, "", ""},
    {"boundary that never comes", "Content-Type: multipart/mixed; boundary=x\r\n\r\nX", 0, "", ""},
    {"boundary that does not end",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\nX",
     0, "", "X"},
    {"header only", "Content-Type: text/calendar", 0, "", ""},
};

static void test_calendars(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calendars); i++) {
        struct mail mail;
        size_t len = calendars[i].len ? calendars[i].len : strlen(calendars[i].in);
        print_message("%s\n", calendars[i].label);
        assert_int_equal(mail_read(&mail, calendars[i].in, len), MAIL_OK);
        assert_string_equal(mail.method, calendars[i].method);
        assert_string_equal(buf_str(&mail.calendar), calendars[i].calendar);
        assert_int_equal(strlen(buf_str(&mail.calendar)), mail.calendar.len);
        mail_release(&mail);
    }
}

static enum mail_verdict verdict_of(const struct buf *text)
{
    struct mail mail;
    enum mail_verdict verdict = mail_read(&mail, buf_str(text), text->len);
    mail_release(&mail);
    return verdict;
}

static void nest(struct buf *text, int levels)
{
    for (int i = 0; i < levels; i++)
        buf_printf(text, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    buf_puts(text, "Content-Type: text/calendar\r\n\r\nX\r\n");
}

static void test_nested(void **state)
{
    (void)state;
    const struct {
        int levels;
        enum mail_verdict want;
    } table[] = {{1, MAIL_OK},
                 {19, MAIL_OK},
                 {20, MAIL_TOO_LARGE},
                 {150, MAIL_TOO_LARGE},
                 {FOLDERS, MAIL_TOO_LARGE}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf text = BUF_INIT;
        print_message("%d levels\n", table[i].levels);
        nest(&text, table[i].levels);
        assert_int_equal(verdict_of(&text), table[i].want);
        buf_release(&text);
    }
}

static void test_nested_mails(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < FOLDERS; i++)
        buf_puts(&text, "Content-Type: message/rfc822\r\n\r\n");
    assert_int_equal(verdict_of(&text), MAIL_TOO_LARGE);
    buf_release(&text);
}

static void test_many_parts(void **state)
{
    (void)state;
    const struct {
        int parts;
        enum mail_verdict want;
    } table[] = {
        {99, MAIL_OK}, {100, MAIL_TOO_LARGE}, {1500, MAIL_TOO_LARGE}, {MANY_PARTS, MAIL_TOO_LARGE}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf text = BUF_INIT;
        print_message("%d parts\n", table[i].parts);
        buf_puts(&text, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        for (int n = 0; n < table[i].parts; n++)
            buf_puts(&text, "--b\r\n\r\nx\r\n");
        assert_int_equal(verdict_of(&text), table[i].want);
        buf_release(&text);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    const struct {
        size_t size;
        enum mail_verdict want;
    } table[] = {{MAIL_SIZE_MAX, MAIL_OK}, {MAIL_SIZE_MAX + 1, MAIL_TOO_LARGE}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf text = BUF_INIT;
        buf_puts(&text, "Subject: ");
        while (text.len < table[i].size)
            buf_addc(&text, 'x'); /* one line */
        assert_int_equal(verdict_of(&text), table[i].want);
        buf_release(&text);
    }
}

static void test_no_mail(void **state)
{
    (void)state;
    static const char *const table[] = {"",
                                        "\r\n",
                                        " a: b\r\n",
                                        ":\r\n",
                                        "no header\r\n\r\n",
                                        "From a@b.example\n",
                                        "\xff\xfe: x\r\n",
                                        "From"};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct mail mail;
        print_message("%zu\n", i);
        assert_int_equal(mail_read(&mail, table[i], strlen(table[i])), MAIL_MALFORMED);
        assert_string_equal(mail.from, "");
        mail_release(&mail);
    }
}

static void test_message_id(void **state)
{
    (void)state;
    const struct {
        const char *in, *want;
    } table[] = {
        {"Message-ID: <a@b>", "<a@b>"}, {"message-id:\r\n  <a@b> (x)", "<a@b>"},
        {"Message-ID: a@b", ""},        {"Message-ID: <a b>", ""},
        {"Message-ID: <>", ""},         {"Message-ID: <a@b>\r\nMessage-ID: <c@d>", ""},
        {"Message-ID: <\xe4@b>", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        print_message("%s\n", table[i].in);
        buf_printf(&text, "%s\r\n\r\n", table[i].in);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_string_equal(mail.message_id, table[i].want);
        mail_release(&mail);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies),      cmocka_unit_test(test_automatic),
        cmocka_unit_test(test_signs),        cmocka_unit_test(test_senders),
        cmocka_unit_test(test_calendars),    cmocka_unit_test(test_nested),
        cmocka_unit_test(test_nested_mails), cmocka_unit_test(test_many_parts),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_no_mail),
        cmocka_unit_test(test_message_id),
    };
    mail_read_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
