/*
 * Answers by SMS against a real store: numbers, who may answer what, what is recorded, what is
 * replied, what never leaves a trace. Telephone numbers are those reserved for fiction or made up.
 */
#include "workflow_rig.h"

#include "../adapters/inbound.h"
#include "../daemon/sms_inbound.h"
#include "../daemon/sms_number.h"
#include "../daemon/store_sms.h"

#define ON_CALL "+4915100000001"
#define ONLY_SMS "+4915100000002"
#define TO_SMS "{" REQUEST ",\"to_unit\":\"nur-funk\"}"

static enum sms_end say(struct gateway_rig *rig, const char *from, const char *text)
{
    struct inbound sms = {.id = ""};
    str_copy(sms.from, sizeof sms.from, from);
    str_copy(sms.text, sizeof sms.text, text);
    store_begin(rig->g.store);
    enum sms_end end = sms_inbound_take(&rig->g, &sms);
    rig_commit(rig);
    return end;
}

static void expect_end(struct gateway_rig *rig, const char *from, const char *text,
                       const char *want)
{
    const char *got = sms_end_name(say(rig, from, text));
    if (!str_eq(got, want))
        fail_msg("\"%s\": want %s, got %s", text, want, got);
}

static int64_t request_sms(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", TO_SMS)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

static int64_t emergency(struct gateway_rig *rig)
{
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "\"urgency\":\"emergency\",", EMERGENCY)
            ->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

static void keep_reply(void *context, const struct notice *notice)
{
    struct buf *out = context;
    if (notice->reason != REASON_ANSWERED)
        return;
    assert_string_equal(notice->template_name, "sms.reply");
    buf_reset(out);
    buf_puts(out, notice->outcome);
}

/* The words of the last reply about an item; "" when there is none. */
static void expect_reply(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct buf got = BUF_INIT;
    store_notice_each(rig->g.store, item, &got, keep_reply);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static int replies(const struct gateway_rig *rig, int64_t item)
{
    struct buf text = BUF_INIT;
    int n = 0;
    rig_tell(rig, item, &text);
    for (const char *at = buf_str(&text); (at = strstr(at, " sms.reply")); at++)
        n++;
    buf_release(&text);
    return n;
}

/* ---- numbers */

static void test_numbers_go_round(void **state)
{
    struct gateway_rig *rig = *state;
    struct store *s = rig->g.store;
    int64_t first = request_sms(rig), second = request_sms(rig);
    assert_int_equal(store_sms_number(s, "nur-funk/1", first), 10);
    assert_int_equal(store_sms_number(s, "nur-funk/1", second), 11);
    assert_int_equal(store_sms_number(s, "bereitschaft/1", first), 0);
    assert_int_equal(store_sms_item(s, "nur-funk/1", 11), second);
    assert_int_equal(store_sms_item(s, "nur-funk/1", 12), 0);
    store_begin(s);
    assert_int_equal(store_sms_give(s, "nur-funk/1", first, rig->g.now_ms + 1), 10);
    rig_commit(rig);
}

/* 90 of two digits, then three; a number rests 30 days after its item has ended. */
static void test_numbers_rest(void **state)
{
    struct gateway_rig *rig = *state;
    struct store *s = rig->g.store;
    struct item item = rig_item(rig, request_sms(rig));
    int64_t first = item.seq;
    store_begin(s);
    for (int n = 11; n <= 101; n++) {
        item.seq = store_next(s, SEQ_ITEM);
        store_item_add(s, &item);
        int given = store_sms_give(s, "nur-funk/1", item.seq, rig->g.now_ms + n);
        if (given != n)
            fail_msg("want %d, got %d", n, given);
    }
    struct item over = rig_item(rig, first);
    over.closed_ms = rig->g.now_ms;
    store_item_update(s, &over);
    item.seq = store_next(s, SEQ_ITEM);
    store_item_add(s, &item);
    assert_int_equal(store_sms_give(s, "nur-funk/1", item.seq, rig->g.now_ms + 30 * DAY_MS - 1),
                     102);
    item.seq = store_next(s, SEQ_ITEM);
    store_item_add(s, &item);
    assert_int_equal(store_sms_give(s, "nur-funk/1", item.seq, rig->g.now_ms + 30 * DAY_MS), 10);
    rig_commit(rig);
    assert_int_equal(store_sms_number(s, "nur-funk/1", first), 0);
}

/* ---- answers */

static void test_handover(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    expect_end(rig, ONLY_SMS, "OK 10", "applied");
    assert_int_equal(rig_item(rig, item).state, STATE_ACKNOWLEDGED);
    assert_string_equal(rig_item(rig, item).owner_unit, "asd");
    expect_reply(rig, item, "Vermerkt: gesehen.");
    expect_end(rig, ONLY_SMS, "ok 10", "applied");
    expect_reply(rig, item, "War schon vermerkt: gesehen.");
    expect_end(rig, ONLY_SMS, "JA 10", "applied");
    assert_int_equal(rig_item(rig, item).state, STATE_ACCEPTED);
    assert_string_equal(rig_item(rig, item).owner_unit, "nur-funk");
    expect_reply(rig, item, "Vermerkt: Übernahme bestätigt.");
}

static void test_rejected(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    expect_end(rig, ONLY_SMS, "nicht zuständig 10", "applied");
    assert_string_equal(rig_item(rig, item).owner_unit, "asd");
    expect_reply(rig, item, "Vermerkt: nicht zuständig.");
}

static void test_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = emergency(rig);
    expect_end(rig, ON_CALL, "OK 10", "applied");
    expect_reply(rig, item, "Vermerkt: quittiert.");
    expect_end(rig, ON_CALL, "NEIN 10", "applied");
    expect_reply(rig, item, "Nicht vermerkt, das ist jetzt nicht möglich.");
}

/* The code does as well as the number; neither is needed for the one open question. */
static void test_by_code_and_alone(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    int64_t first = request_sms(rig);
    expect_end(rig, ONLY_SMS, "ok", "applied");
    expect_reply(rig, first, "Vermerkt: gesehen.");
    int64_t second = request_sms(rig);
    expect_end(rig, ONLY_SMS, "ok", "asked");
    expect_reply(rig, second,
                 "Mehrere Meldungen sind offen. Bitte mit Nummer antworten, z. B. OK 11.");
    buf_printf(&text, "JA %s", rig_code(rig, first));
    expect_end(rig, ONLY_SMS, buf_str(&text), "applied");
    assert_int_equal(rig_item(rig, first).state, STATE_ACCEPTED);
    assert_int_equal(rig_item(rig, second).state, STATE_REQUESTED);
    /* Number and code that do not fit together. */
    buf_reset(&text);
    buf_printf(&text, "JA 11 %s", rig_code(rig, first));
    expect_end(rig, ONLY_SMS, buf_str(&text), "asked");
    /* NEIN needs the number, also with one open question. */
    expect_end(rig, ONLY_SMS, "nein", "asked");
    assert_int_equal(rig_item(rig, second).state, STATE_REQUESTED);
    buf_release(&text);
}

static void test_not_understood(void **state)
{
    static const struct {
        const char *text, *end;
    } cases[] = {
        {"10", "asked"},          {"OK 11", "asked"},        {"OK 10 11", "asked"},
        {"nicht ok 10", "asked"}, {"OK K7F3-92QX", "asked"},
    };
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_end(rig, ONLY_SMS, cases[i].text, cases[i].end);
    expect_reply(rig, item, "Nicht verstanden. Bitte mit Nummer antworten, z. B. OK 10.");
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
    assert_int_equal(replies(rig, item), 5);
}

/* A number is worth something only on the phone that it was sent to. */
static void test_other_phones(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    expect_end(rig, "+4915199999999", "OK 10", "unknown");
    expect_end(rig, ON_CALL, "OK 10", "unknown");
    int64_t other = emergency(rig);
    expect_end(rig, ON_CALL, "OK 10", "applied");
    struct buf text = BUF_INIT;
    buf_printf(&text, "OK %s", rig_code(rig, item));
    expect_end(rig, ON_CALL, buf_str(&text), "asked");
    buf_release(&text);
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
    assert_int_equal(replies(rig, item), 0);
    assert_int_equal(replies(rig, other), 2);
}

static void test_machines(void **state)
{
    static const char *const texts[] = {
        "Automatische Antwort: Ich bin abwesend. OK 10",
        "Vorgang: Vermerkt: Übernahme bestätigt.",
        "Nicht verstanden. Bitte mit Nummer antworten, z. B. OK 10.",
        "Neuer Stand zu Vorgang, bitte im Fachverfahren nachsehen. ok 10",
        "OK 10 gesehen, JA 10 wir übernehmen, NEIN 10 nicht zuständig",
    };
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        expect_end(rig, ONLY_SMS, texts[i], "ignored");
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
    assert_int_equal(replies(rig, item), 0);
}

static void test_help_once(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    expect_end(rig, ONLY_SMS, "Hilfe", "explained");
    expect_reply(rig, item,
                 "Antworten Sie mit OK, JA, NEIN oder VOLL und der Nummer, z. B. OK 10.");
    expect_end(rig, ONLY_SMS, "STOP", "ignored");
    assert_int_equal(replies(rig, item), 1);
    rig->g.steady_ms += SMS_GUARD_SPAN_MS;
    expect_end(rig, ONLY_SMS, "STOP", "explained");
    assert_int_equal(replies(rig, item), 2);
}

/* Five replies an hour; the sixth answer is taken, and not replied to. */
static void test_limit(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request_sms(rig);
    for (int i = 0; i < 5; i++)
        expect_end(rig, ONLY_SMS, "was soll ich tun", "asked");
    assert_int_equal(replies(rig, item), 5);
    expect_end(rig, ONLY_SMS, "JA 10", "applied");
    assert_int_equal(rig_item(rig, item).state, STATE_ACCEPTED);
    assert_int_equal(replies(rig, item), 5);
    assert_int_equal(rig->g.metrics.sms_withheld, 1);
    rig->g.steady_ms += SMS_GUARD_SPAN_MS;
    expect_end(rig, ONLY_SMS, "JA 10", "applied");
    assert_int_equal(replies(rig, item), 6);
}

static void no_trace(void *context, const struct audit_row *row)
{
    (void)context;
    assert_null(strstr(row->content, "15100000002"));
    assert_null(strstr(row->content, "geheimwort"));
}

static void put_rows(void *context, const struct audit_row *row)
{
    buf_printf(context, "%s\n", row->content);
}

static void test_audit(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    int64_t item = request_sms(rig);
    expect_end(rig, ONLY_SMS, "OK 10 geheimwort", "applied");
    store_audit_each(rig->g.store, item, NULL, no_trace);
    store_audit_each(rig->g.store, item, &text, put_rows);
    assert_non_null(strstr(buf_str(&text), "answer=seen via=sms by=nur-funk result=recorded"));
    buf_release(&text);
}

static void test_guard(void **state)
{
    struct sms_guard guard = {.next_id = 0};
    (void)state;
    for (int64_t i = 0; i < 3; i++)
        assert_true(sms_guard_reply(&guard, 7, 1000 + i, 3));
    assert_false(sms_guard_reply(&guard, 7, 2000, 3));
    assert_true(sms_guard_reply(&guard, 8, 2000, 3));
    assert_false(sms_guard_reply(&guard, 9, 2000, 0));
    assert_true(sms_guard_reply(&guard, 7, 1000 + SMS_GUARD_SPAN_MS, 3));
    for (uint64_t who = 100; who < 100 + 2 * SMS_GUARD_SENDERS; who++)
        assert_true(sms_guard_reply(&guard, who, 5000000, 1));
    assert_false(sms_guard_reply(&guard, 99 + 2 * SMS_GUARD_SENDERS, 5000001, 1));
    assert_false(sms_guard_knows(&guard, 0));
    assert_false(sms_guard_knows(&guard, 1));
    for (uint64_t id = 1; id <= SMS_GUARD_IDS + 1; id++)
        sms_guard_note(&guard, id);
    assert_false(sms_guard_knows(&guard, 1));
    assert_true(sms_guard_knows(&guard, 2));
    assert_true(sms_guard_knows(&guard, SMS_GUARD_IDS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_go_round),  TEST(test_numbers_rest), TEST(test_handover),
        TEST(test_rejected),          TEST(test_emergency),    TEST(test_by_code_and_alone),
        TEST(test_not_understood),    TEST(test_other_phones), TEST(test_machines),
        TEST(test_help_once),         TEST(test_limit),        TEST(test_audit),
        cmocka_unit_test(test_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
