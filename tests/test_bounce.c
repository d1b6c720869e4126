/*
 * bounce.c: what mail servers write, in the forms that they write it, and what only looks like it.
 * tests/mails/README says what each file is modelled on. The class is the one that the table of
 * SMTP replies gives for the status and code found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../adapters/smtp_reply.h"
#include "bounce_rig.h"

enum { MANY = 2000 };

static void judge(struct bounce *b, const struct buf *text, bool null_sender)
{
    struct mail mail;
    assert_int_equal(mail_read(&mail, text->data, text->len), MAIL_OK);
    bounce_read(b, &mail, null_sender);
    mail_release(&mail);
}

static void expect(const struct bounce *b, enum bounce_kind kind, const char *status, int code)
{
    assert_string_equal(bounce_kind_name(b->kind), bounce_kind_name(kind));
    assert_string_equal(b->status, status);
    assert_int_equal(b->code, code);
    if (kind != BOUNCE_FAILED)
        assert_int_equal(b->class, CLASS_NONE);
    else if (code != 554)
        assert_int_equal(b->class, smtp_class(CURLE_SEND_ERROR, SMTP_RCPT, code, status));
    else
        assert_int_equal(b->class, CLASS_PERMANENT);
}

static const struct {
    const char *file;
    enum bounce_kind kind;
    const char *status;
    int code;
} files[] = {
    {"bounce-postfix", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-qmail", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-exim", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-exim-full", BOUNCE_FAILED, "5.2.2", 550},
    {"bounce-exim-warning", BOUNCE_DELAYED, "", 0},
    {"bounce-exchange-online", BOUNCE_FAILED, "5.1.10", 550},
    {"bounce-exchange-text", BOUNCE_FAILED, "5.2.2", 550},
    {"bounce-gmx", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-webde", BOUNCE_FAILED, "5.2.2", 550},
    {"bounce-tonline", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-domino", BOUNCE_FAILED, "5.1.1", 550},
    {"bounce-bare", BOUNCE_FAILED, "5.1.1", 550},
    {"report-full", BOUNCE_FAILED, "5.2.2", 552},
    {"report-policy", BOUNCE_FAILED, "5.7.1", 550},
    {"report-expired", BOUNCE_FAILED, "4.4.1", 450},
    {"report-vague", BOUNCE_FAILED, "5.1.1", 550},
    {"report-delayed", BOUNCE_DELAYED, "", 0},
    {"report-delivered", BOUNCE_DELIVERED, "", 0},
    {"report-relayed", BOUNCE_RELAYED, "", 0},
    {"auto-verp", BOUNCE_AUTO_REPLY, "", 0},
    {"auto-exchange", BOUNCE_AUTO_REPLY, "", 0},
    {"auto-vacation", BOUNCE_AUTO_REPLY, "", 0},
    {"auto-precedence", BOUNCE_AUTO_REPLY, "", 0},
    {"person-plain", BOUNCE_NONE, "", 0},
    {"reply-apple", BOUNCE_NONE, "", 0},
    {"forward-invitation", BOUNCE_NONE, "", 0},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf text = BUF_INIT;
        struct bounce b;
        print_message("%s\n", files[i].file);
        bounce_load(&text, files[i].file, "d17.8c3f01aa5e77d210");
        judge(&b, &text, false);
        expect(&b, files[i].kind, files[i].status, files[i].code);
        buf_release(&text);
    }
}

/* The Message-ID of the mail that came back, wherever it stands. */
static void test_returned_id(void **state)
{
    static const char *const names[] = {"bounce-qmail",  "bounce-exim",  "bounce-exchange-online",
                                        "bounce-gmx",    "bounce-webde", "bounce-tonline",
                                        "bounce-domino", "bounce-bare",  "report-full",
                                        "report-delayed"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct buf text = BUF_INIT;
        struct mail mail;
        print_message("%s\n", names[i]);
        bounce_load(&text, names[i], "d17.8c3f01aa5e77d210");
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_string_equal(mail.returned_id, "<d17.8c3f01aa5e77d210@amt.example>");
        assert_true(
            str_starts(buf_str(&mail.recipients), "bounce+d17.8c3f01aa5e77d210@amt.example\n"));
        mail_release(&mail);
        buf_release(&text);
    }
}

#define DAEMON "From: MAILER-DAEMON@mx.example\r\nSubject: "
#define FAILED DAEMON "Undelivered Mail Returned to Sender\r\n\r\n"

static const struct {
    const char *label, *in;
    enum bounce_kind kind;
    const char *status;
    int code;
} texts[] = {
    {"nothing but the subject", FAILED, BOUNCE_FAILED, "", 554},
    {"a code alone", FAILED "host said: 551 no\r\n", BOUNCE_FAILED, "", 551},
    {"a status alone", FAILED "(#5.2.1)\r\n", BOUNCE_FAILED, "5.2.1", 550},
    {"a status before a code", FAILED "452 4.2.2 full, then 550\r\n", BOUNCE_FAILED, "4.2.2", 452},
    {"a code of the other kind", FAILED "450 then 5.1.1\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"an address is no status", FAILED "[4.4.4.4] 5.1.1.1 x5.1.1\r\n", BOUNCE_FAILED, "", 554},
    {"a version is no status", FAILED "Postfix 2.5.1\r\n", BOUNCE_FAILED, "", 554},
    {"a good status is no failure", FAILED "2.0.0 then user unknown\r\n", BOUNCE_FAILED, "5.1.1",
     550},
    {"at the end of a sentence", FAILED "Grund: 5.1.1.\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"in capitals", FAILED "USER UNKNOWN\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"a blocklist", FAILED "rejected: blocked using bl.example\r\n", BOUNCE_FAILED, "5.7.1", 550},
    {"too large", FAILED "message size exceeds the limit\r\n", BOUNCE_FAILED, "5.3.4", 550},
    {"words of the returned mail do not count",
     FAILED "Gone.\r\n\r\nReceived: from x\r\n\r\nuser unknown 5.1.1\r\n", BOUNCE_FAILED, "", 554},
    {"a warning", DAEMON "Delayed Mail\r\n\r\nThis is a warning message only.\r\n", BOUNCE_DELAYED,
     "", 0},
    {"a postmaster's letter", "From: postmaster@b.example\r\nSubject: Ihre Frage\r\n\r\nspam\r\n",
     BOUNCE_NONE, "", 0},
    {"a postmaster's robot",
     "From: postmaster@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Ihre "
     "Frage\r\n\r\nOur policy ...\r\n",
     BOUNCE_AUTO_REPLY, "", 0},
    {"a person about a bounce", "From: a@b.example\r\nSubject: Undeliverable\r\n\r\n550 5.1.1\r\n",
     BOUNCE_NONE, "", 0},
    {"a person who is away",
     "From: a@b.example\r\nSubject: Automatische Antwort: x\r\n\r\nuser unknown\r\n",
     BOUNCE_AUTO_REPLY, "", 0},
    {"the oldest autoresponder", "From: a@b.example\r\nX-Autoreply: yes\r\n\r\nweg\r\n",
     BOUNCE_AUTO_REPLY, "", 0},
    {"a word in a name", "From: mailer-daemonic@b.example\r\n\r\n550 5.1.1 no\r\n", BOUNCE_NONE, "",
     0},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf text = BUF_INIT;
        struct bounce b;
        print_message("%s\n", texts[i].label);
        buf_puts(&text, texts[i].in);
        judge(&b, &text, false);
        expect(&b, texts[i].kind, texts[i].status, texts[i].code);
        buf_release(&text);
    }
}

#define REPORT                                                                                     \
    "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"         \
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
#define TO "Final-Recipient: rfc822; a@b.example\r\n"
#define SECOND "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; y\r\n\r\n"

static const struct {
    const char *label, *in;
    enum bounce_kind kind;
    const char *status;
    int code;
} reports[] = {
    {"failed", TO "Action: failed\r\nStatus: 5.1.1\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"with a comment", TO "Action: failed (gone)\r\nStatus: 5.1.1 (x)\r\n", BOUNCE_FAILED, "5.1.1",
     550},
    {"names in other letters", TO "ACTION: Failed\r\nsTATUS: 5.1.1\r\n", BOUNCE_FAILED, "5.1.1",
     550},
    {"folded", TO "Action:\r\n failed\r\nStatus:\r\n\t5.1.1\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"no status", TO "Action: failed\r\n", BOUNCE_FAILED, "", 554},
    {"no action", TO "Status: 5.1.1\r\n", BOUNCE_FAILED, "5.1.1", 550},
    {"no action, delayed", TO "Status: 4.1.1\r\n", BOUNCE_AUTO_REPLY, "", 0},
    {"a word unknown", TO "Action: failedish\r\nStatus: 4.0.0\r\n", BOUNCE_AUTO_REPLY, "", 0},
    {"failed, and a good status", TO "Action: failed\r\nStatus: 2.1.5\r\n", BOUNCE_AUTO_REPLY, "",
     0},
    {"spread over a list", TO "Action: expanded\r\nStatus: 2.1.5\r\n", BOUNCE_RELAYED, "", 0},
    {"one of a list bounced",
     TO "Action: delivered\r\nStatus: 2.0.0\r\n\r\n" TO "Action: failed\r\nStatus: 5.1.1\r\n",
     BOUNCE_RELAYED, "", 0},
    {"all of a list bounced",
     TO "Action: failed\r\nStatus: 5.1.1\r\n\r\n" TO "Action: failed\r\nStatus: 5.2.2\r\n",
     BOUNCE_FAILED, "5.1.1", 550},
    {"failed after a delay",
     TO "Action: delayed\r\nStatus: 4.4.1\r\n\r\n" TO "Action: failed\r\nStatus: 5.1.1\r\n",
     BOUNCE_FAILED, "5.1.1", 550},
    {"two reports that differ",
     TO "Action: failed\r\nStatus: 5.1.1\r\n" SECOND TO "Action: delivered\r\nStatus: 2.0.0\r\n",
     BOUNCE_RELAYED, "", 0},
    {"two reports that agree",
     TO "Action: failed\r\nStatus: 5.1.1\r\n" SECOND TO "Action: failed\r\nStatus: 5.1.1\r\n",
     BOUNCE_FAILED, "5.1.1", 550},
    {"nothing", "", BOUNCE_AUTO_REPLY, "", 0},
};

static void test_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        struct buf text = BUF_INIT;
        struct bounce b;
        print_message("%s\n", reports[i].label);
        buf_printf(&text, REPORT "%s\r\n--b--\r\n", reports[i].in);
        judge(&b, &text, false);
        expect(&b, reports[i].kind, reports[i].status, reports[i].code);
        buf_release(&text);
    }
}

/* An envelope without a sender is automatic, whatever the header says. */
static void test_null_sender(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct bounce b;
    buf_puts(&text, "From: a@b.example\r\nSubject: x\r\n\r\nx\r\n");
    judge(&b, &text, false);
    expect(&b, BOUNCE_NONE, "", 0);
    judge(&b, &text, true);
    expect(&b, BOUNCE_AUTO_REPLY, "", 0);
    buf_release(&text);
}

/* NUL bytes, a field and a header of a hundred kilobytes, thousands of recipients. */
static void test_hostile(void **state)
{
    (void)state;
    struct bounce b;
    struct buf text = BUF_INIT;
    buf_add(&text, REPORT TO "Action: \0failed\r\nStatus: 5.1\0.1\r\n\r\n--b--\r\n",
            sizeof REPORT TO "Action: Xfailed\r\nStatus: 5.1X.1\r\n\r\n--b--\r\n" - 1);
    judge(&b, &text, false);
    expect(&b, BOUNCE_FAILED, "5.1.1", 550);
    buf_reset(&text);
    buf_puts(&text, REPORT TO "Action: failed\r\nDiagnostic-Code: smtp; ");
    for (int i = 0; i < 10 * MANY; i++)
        buf_puts(&text, "55555");
    buf_puts(&text, "\r\nStatus: 5.1.1\r\n\r\n--b--\r\n");
    judge(&b, &text, false);
    assert_int_equal(b.kind, BOUNCE_FAILED); /* what stands behind the limit is not read */
    buf_reset(&text);
    buf_puts(&text, "X-Failed-Recipients: ");
    for (int i = 0; i < MANY; i++)
        buf_puts(&text, "a@b.example, ");
    buf_puts(&text, "\r\nTo: ");
    for (int i = 0; i < MANY; i++)
        buf_printf(&text, "bounce+d%d.00@amt.example, ", i + 1);
    buf_puts(&text, "\r\n\r\nuser unknown\r\n");
    judge(&b, &text, false);
    expect(&b, BOUNCE_FAILED, "5.1.1", 550);
    buf_reset(&text);
    buf_puts(&text, REPORT);
    for (int i = 0; i < MANY; i++)
        buf_puts(&text, TO "Action: failed\r\nStatus: 5.1.1\r\n\r\n");
    judge(&b, &text, false);
    expect(&b, BOUNCE_FAILED, "5.1.1", 550);
    buf_release(&text);
}

/* Nothing of a person's mail is kept, not even its subject. */
static void test_person_not_kept(void **state)
{
    (void)state;
    struct mail mail;
    static const char text[] = "From: a@b.example\r\nSubject: geheim\r\n\r\ngeheim\r\n";
    assert_int_equal(mail_read(&mail, text, sizeof text - 1), MAIL_OK);
    assert_string_equal(mail.subject, "");
    assert_int_equal(mail.words.len, 0);
    mail_release(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),           cmocka_unit_test(test_returned_id),
        cmocka_unit_test(test_texts),           cmocka_unit_test(test_reports),
        cmocka_unit_test(test_null_sender),     cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_person_not_kept),
    };
    mail_read_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
