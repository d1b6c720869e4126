/*
 * mail_in.c: mails that are no answer to an invitation, and that nothing of a mail is said.
 * Bounces: test_bounce_take.c. Answers: tests of rsvp.c and tests/e2e/83-mailbox.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/ical.h"
#include "../daemon/mail_in.h"
#include "../daemon/mail_read.h"
#include "gateway_rig.h"

#define CALENDAR "Content-Type: text/calendar\r\n\r\n"
#define EVENT(method)                                                                              \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//geheim//DE\r\nMETHOD:" method                     \
    "\r\nBEGIN:VEVENT\r\nUID:geheim@b.example\r\nDTSTAMP:20261120T090000Z\r\n"                     \
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:geheim@b.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

static const struct {
    const char *label, *in;
    enum mail_in_end want;
} mails[] = {
    {"a person's words", "\r\ngeheim\r\n", MAIL_IN_OTHER},
    {"no words", "\r\n", MAIL_IN_OTHER},
    {"out of office", "Auto-Submitted: auto-replied\r\n\r\ngeheim\r\n", MAIL_IN_AUTOMATIC},
    {"generated, without a calendar", "Auto-Submitted: auto-generated\r\n\r\ngeheim\r\n",
     MAIL_IN_AUTOMATIC},
    {"a reply of a robot", "Auto-Submitted: auto-replied\r\n" CALENDAR EVENT("REPLY"),
     MAIL_IN_AUTOMATIC},
    {"a reply through a list", "Precedence: list\r\n" CALENDAR EVENT("REPLY"), MAIL_IN_AUTOMATIC},
    {"a reply with a null sender", "Return-Path: <>\r\n" CALENDAR EVENT("REPLY"),
     MAIL_IN_AUTOMATIC},
    {"another time is proposed", CALENDAR EVENT("COUNTER"), MAIL_IN_PROPOSAL},
    {"somebody's own invitation", CALENDAR EVENT("REQUEST"), MAIL_IN_PROPOSAL},
    {"generated proposal", "Auto-Submitted: auto-generated\r\n" CALENDAR EVENT("COUNTER"),
     MAIL_IN_PROPOSAL},
    {"no calendar in it", CALENDAR "geheim", MAIL_IN_UNREADABLE},
};

static const struct mail_envelope unknown = {"", ""};

static void test_ends(void **state)
{
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        struct buf text = BUF_INIT, said = BUF_INIT;
        struct mail mail;
        print_message("%s\n", mails[i].label);
        buf_printf(&text, "From: geheim@b.example\r\n%s", mails[i].in);
        assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
        assert_int_equal(mail_in_take(&rig->g, &mail, &unknown, &said), mails[i].want);
        assert_true(str_ends(buf_str(&said), "."));
        assert_null(strcasestr(buf_str(&said), "geheim"));
        mail_release(&mail);
        buf_release(&text);
        buf_release(&said);
    }
}

static void test_too_large(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT, said = BUF_INIT;
    struct mail mail;
    buf_puts(&text, CALENDAR "BEGIN:VCALENDAR\r\n");
    while (text.len < ICAL_INPUT_MAX + 100)
        buf_puts(&text, "X-A:b\r\n");
    assert_int_equal(mail_read(&mail, text.data, text.len), MAIL_OK);
    assert_int_equal(mail_in_take(&rig->g, &mail, &unknown, &said), MAIL_IN_TOO_LARGE);
    mail_release(&mail);
    buf_release(&text);
    buf_release(&said);
}

static void test_names(void **state)
{
    (void)state;
    for (int a = 0; a < MAIL_IN_END_COUNT; a++)
        for (int b = 0; b <= a; b++)
            assert_int_equal(str_eq(mail_in_end_name((enum mail_in_end)a),
                                    mail_in_end_name((enum mail_in_end)b)),
                             a == b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ends, rig_set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_too_large, rig_set_up, rig_tear_down),
        cmocka_unit_test(test_names),
    };
    mail_read_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
