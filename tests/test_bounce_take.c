/*
 * bounce_take.c: what a mail server's word does to a delivery, and what a forged, repeated, late or
 * wrong one does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/bounce_take.h"
#include "../daemon/mail_in.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/store_contact.h"
#include "../daemon/verp.h"
#include "bounce_rig.h"
#include "gateway_rig.h"

/* A request whose first delivery was accepted by the relay. */
static int64_t sent_delivery(struct gateway_rig *rig)
{
    struct delivery d;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","
              "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
              "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}");
    assert_true(store_delivery_get(rig->g.store, 1, &d));
    d.state = DELIVERY_SENT;
    d.ended_ms = rig->g.now_ms;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
    return d.seq;
}

static struct delivery delivery(struct gateway_rig *rig, int64_t seq)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, seq, &d));
    return d;
}

static void put_tag(const struct gateway_rig *rig, int64_t seq, char tag[80])
{
    struct buf text = BUF_INIT;
    verp_put(&text, &rig->g.keys, VERP_DELIVERY, seq);
    str_copy(tag, 80, buf_str(&text));
    buf_release(&text);
}

static enum mail_in_end take_text(struct gateway_rig *rig, const struct buf *text,
                                  const struct mail_envelope *envelope)
{
    struct buf said = BUF_INIT;
    struct mail mail;
    assert_int_equal(mail_read(&mail, text->data, text->len), MAIL_OK);
    store_begin(rig->g.store);
    enum mail_in_end end = mail_in_take(&rig->g, &mail, envelope, &said);
    rig_commit(rig);
    assert_true(str_ends(buf_str(&said), "."));
    mail_release(&mail);
    buf_release(&said);
    return end;
}

/* A file of tests/mails with that tag. */
static enum mail_in_end take(struct gateway_rig *rig, const char *file, const char *tag)
{
    static const struct mail_envelope unknown = {"", ""};
    struct buf text = BUF_INIT;
    bounce_load(&text, file, tag);
    enum mail_in_end end = take_text(rig, &text, &unknown);
    buf_release(&text);
    return end;
}

static void count_row(void *context, const struct audit_row *row)
{
    *(int *)context += strstr(row->content, " mail=") != NULL;
}

/* Rows of the audit trail about mails that came in. */
static int audited(const struct gateway_rig *rig)
{
    int n = 0;
    store_audit_each(rig->g.store, 1, &n, count_row);
    return n;
}

/* E15: the delivery has failed, the contact is flagged, the next step is due at once. */
static void test_failure(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80];
    put_tag(rig, seq, tag);
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_BOUNCE);
    struct delivery d = delivery(rig, seq);
    assert_int_equal(d.state, DELIVERY_FAILED);
    assert_int_equal(d.class, CLASS_ADDRESS);
    assert_int_equal(d.code, 550);
    assert_int_equal(d.report, REPORT_FAILED);
    assert_true(store_contact_flagged(rig->g.store, d.contact));
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, d.item_seq, &clock));
    assert_int_equal(clock.due_ms, rig->g.now_ms); /* the next step runs now */
    assert_int_equal(audited(rig), 1);
    /* The same again changes nothing. */
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_REPORT);
    assert_int_equal(store_contact_failures(rig->g.store, d.contact), 1);
    assert_int_equal(audited(rig), 1);
    /* It was the unit's only mailbox: the coordinator is asked to mend the directory, once. */
    assert_true(store_delivery_get(rig->g.store, seq + 1, &d));
    assert_true(str_starts(d.contact, "koordination/"));
    assert_false(store_delivery_get(rig->g.store, seq + 2, &d));
}

/* Texts without a report do the same. */
static void test_every_text(void **state)
{
    static const char *const names[] = {"bounce-qmail",  "bounce-exim", "bounce-exchange-online",
                                        "bounce-gmx",    "bounce-bare", "bounce-domino",
                                        "bounce-tonline"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct gateway_rig rig;
        char tag[80];
        print_message("%s\n", names[i]);
        rig_open(&rig);
        int64_t seq = sent_delivery(&rig);
        put_tag(&rig, seq, tag);
        assert_int_equal(take(&rig, names[i], tag), MAIL_IN_BOUNCE);
        assert_int_equal(delivery(&rig, seq).state, DELIVERY_FAILED);
        assert_int_equal(delivery(&rig, seq).class, CLASS_ADDRESS);
        rig_close(&rig);
    }
}

/* Nobody who has not seen the mail can fail its delivery. */
static void test_forged(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80], other[80], wrong[80];
    put_tag(rig, seq, tag);
    put_tag(rig, seq + 1, other);
    snprintf(wrong, sizeof wrong, "d%lld%s", (long long)seq, strchr(other, '.'));
    const struct {
        const char *label, *tag;
        enum mail_in_end want;
    } cases[] = {
        {"a made-up tag", "d1.0123456789abcdef", MAIL_IN_FORGED},
        {"the tag of another delivery", wrong, MAIL_IN_FORGED},
        {"no tag", "d1", MAIL_IN_AUTOMATIC},
        {"an old, short tag", "d1.01234567", MAIL_IN_FORGED},
        {"a delivery that is not there", other, MAIL_IN_OUTLIVED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("%s\n", cases[i].label);
        assert_int_equal(take(rig, "report-vague", cases[i].tag), cases[i].want);
        assert_int_equal(take(rig, "bounce-qmail", cases[i].tag), cases[i].want);
    }
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
    assert_int_equal(audited(rig), 0);
    assert_false(store_contact_flagged(rig->g.store, delivery(rig, seq).contact));
}

#define REPORT                                                                                     \
    "From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nSubject: Undelivered\r\n"                         \
    "Content-Type: multipart/report; boundary=b\r\n\r\n"                                           \
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"            \
    "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"              \
    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: %s\r\n\r\n--b--\r\n"

/* Where the delivery is named: by the envelope, a header, the mail that came back. */
static void test_who(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80], other[80], ours[160], theirs[160], id[160], id_of_other[160], loud[160];
    put_tag(rig, seq, tag);
    put_tag(rig, seq + 1, other);
    snprintf(ours, sizeof ours, "bounce+%s@amt.example", tag);
    snprintf(theirs, sizeof theirs, "bounce+%s@amt.example", other);
    snprintf(id, sizeof id, "<%s@amt.example>", tag);
    snprintf(id_of_other, sizeof id_of_other, "<%s@amt.example>", other);
    str_copy(loud, sizeof loud, ours);
    for (char *p = loud; *p; p++)
        *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    const struct {
        const char *label, *recipient, *to, *id;
        enum mail_in_end want;
    } cases[] = {
        {"somebody else's mail", "", "a@b.example", "<x@y.example>", MAIL_IN_AUTOMATIC},
        {"nothing", "", "bounce@amt.example", "", MAIL_IN_AUTOMATIC},
        {"another's header", "", theirs, "", MAIL_IN_OUTLIVED},
        {"another's mail", "", ours, id_of_other, MAIL_IN_FORGED},
        {"another's mail, by the envelope", ours, "bounce@amt.example", id_of_other,
         MAIL_IN_FORGED},
        {"a thread's id", "", "bounce@amt.example", "<v1.0123456789abcdef@amt.example>",
         MAIL_IN_AUTOMATIC},
        {"by its id, wrong", "", "bounce@amt.example", "<d1.0123456789abcdef@amt.example>",
         MAIL_IN_FORGED},
        {"by its id", "", "bounce@amt.example", id, MAIL_IN_BOUNCE},
        {"by a header", "", ours, "", MAIL_IN_REPORT},
        {"by the envelope, in capitals", loud, "bounce@amt.example", "", MAIL_IN_REPORT},
        {"the envelope says more than a header", ours, theirs, id, MAIL_IN_REPORT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        const struct mail_envelope envelope = {cases[i].recipient, "<>"};
        print_message("%s\n", cases[i].label);
        buf_printf(&text, REPORT, cases[i].to, cases[i].id);
        assert_int_equal(take_text(rig, &text, &envelope), cases[i].want);
        buf_release(&text);
    }
}

static void test_progress(void **state)
{
    static const struct {
        const char *file;
        enum report_status want;
    } steps[] = {
        {"report-delayed", REPORT_QUEUED},      {"report-delayed", REPORT_QUEUED},
        {"report-relayed", REPORT_SENT},        {"report-delayed", REPORT_SENT}, /* only forward */
        {"report-delivered", REPORT_DELIVERED}, {"bounce-exim-warning", REPORT_DELIVERED},
    };
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80];
    put_tag(rig, seq, tag);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_int_equal(take(rig, steps[i].file, tag), MAIL_IN_REPORT);
        assert_int_equal(delivery(rig, seq).report, steps[i].want);
        assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
        assert_true(delivery(rig, seq).warned_ms > 0); /* the sender knows since the first */
    }
    assert_int_equal(audited(rig), 3);
}

/* E14: noted once, and nothing changes; a thousand of them fill nothing. */
static void test_auto_reply(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80];
    put_tag(rig, seq, tag);
    struct item before = rig_item(rig, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(take(rig, "auto-verp", tag), MAIL_IN_AUTOMATIC);
    struct delivery d = delivery(rig, seq);
    assert_int_equal(d.state, DELIVERY_SENT);
    assert_int_equal(d.report, REPORT_UNKNOWN);
    assert_int_equal(rig_item(rig, 1).state, before.state);
    assert_int_equal(audited(rig), 1);
    /* The mail server's word still counts after it. */
    assert_int_equal(take(rig, "report-full", tag), MAIL_IN_BOUNCE);
}

static void test_too_late(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    char tag[80];
    put_tag(rig, seq, tag);
    rig->g.now_ms += BOUNCE_DAYS_MAX * DAY_MS + 1;
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_OUTLIVED);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
    rig->g.now_ms -= 1;
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_BOUNCE);
}

/* Not sent yet, and no attempt is under way: it will be attempted, and bounce, again. */
static void test_pending(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = sent_delivery(rig);
    struct delivery d = delivery(rig, seq);
    char tag[80];
    put_tag(rig, seq, tag);
    d.state = DELIVERY_PENDING;
    d.ended_ms = 0;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_REPORT);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_PENDING);
    /* The report is quicker than the result of its own attempt: it must come again. */
    struct outbox *o = rig->g.outbox;
    o->flight = grow(o->flight, o->flights, &o->flight_cap, sizeof *o->flight);
    memset(&o->flight[o->flights], 0, sizeof *o->flight);
    o->flight[o->flights++].delivery_id = seq;
    assert_int_equal(take(rig, "report-vague", tag), MAIL_IN_LATER);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_PENDING);
    assert_int_equal(audited(rig), 0);
    o->flights--;
}

static void test_recipients(void **state)
{
    struct gateway_rig *rig = *state;
    char tag[80], ours[160];
    put_tag(rig, 17, tag);
    snprintf(ours, sizeof ours, "bounce+%s@amt.example", tag);
    const struct {
        const char *address;
        bool want, forged;
    } cases[] = {
        {ours, true, false},
        {"bounce@amt.example", true, false},
        {"Stafette@Amt.example", true, false},
        {"bounce+d17.0123456789abcdef@amt.example", false, true},
        {"bounce+x@amt.example", false, false},
        {"stafette+x@amt.example", false, false},
        {"postmaster@amt.example", false, false},
        {"a@b.example", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool forged = true;
        print_message("%s\n", cases[i].address);
        assert_int_equal(bounce_recipient_ok(&rig->g, cases[i].address, &forged), cases[i].want);
        assert_int_equal(forged, cases[i].forged);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_failure),    cmocka_unit_test(test_every_text),
        CASE(test_forged),     CASE(test_who),
        CASE(test_progress),   CASE(test_auto_reply),
        CASE(test_too_late),   CASE(test_pending),
        CASE(test_recipients),
    };
    mail_read_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
