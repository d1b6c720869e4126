/*
 * workflow*.c: what is refused and how a refusal ends; the same event again; which item is meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/store_event.h"
#include "workflow_rig.h"

/* ---- refusals */

static const char *const nobodys = "{\"case_ref\":\"" RIG_CASE "\",\"to_unit\":\"sozialbuero\"}";

static const char *const wrong_field = "{" REQUEST ",\"to_unit\":\"sozialbuero\","
                                       "\"diagnosis\":\"x\"}";

static void test_refusal(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_expect_said(rig, "refused E-FELD data.diagnosis");
    rig_expect(rig, item,
               "refusal open owner=technik waiting=technik to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "email technik/1 pending\n"
               "clock ack_due 0 Di 17.11. 09:00");
    struct buf data = BUF_INIT;
    store_event_data(rig->g.store, rig->last.event_seq, &data);
    assert_string_equal(buf_str(&data), "");
    buf_release(&data);
}

static void count_content(void *context, const struct audit_row *row)
{
    *(int *)context += strstr(row->content, "corrected") != NULL;
}

static void test_corrected(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "",
                  "{\"corrects\":\"jugendamt-1\"," REQUEST ",\"to_unit\":\"sozialbuero\"}")
            ->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_not_equal(item, refusal);
    rig_expect(rig, refusal,
               "refusal corrected owner=technik waiting= to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "told technik outcome refusal.outcome\n"
               "email technik/1 cancelled\n"
               "email technik/1 pending\n"
               "status refusal.corrected to jugendamt/status");
    int rows = 0;
    store_audit_each(rig->g.store, refusal, &rows, count_content);
    assert_int_equal(rows, 1);
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
}

/* A correction that is readable but incomplete ends the refusal: the new item carries the person.
 */
static void test_corrected_but_incomplete(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"corrects\":\"jugendamt-1\",\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
    assert_int_equal(rig_item(rig, rig->last.item_seq).state, STATE_RETURNED);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
}

static void test_wrong_corrections(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"corrects\":\"jugendamt-77\"," REQUEST ",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-VORGANG data.corrects");
    assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    rig_event(rig, "jobcenter", "handover.requested", "",
              "{\"corrects\":\"jugendamt-1\",\"case_ref\":\"" RIG_CASE
              "\",\"from_unit\":\"jobcenter\",\"to_unit\":\"sozialbuero\",\"reason\":\"umzug\","
              "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
              "\"next_deadline\":\"2026-12-04\"}");
    rig_expect_said(rig, "refused E-VORGANG data.corrects");
    assert_int_equal(rig_item(rig, refusal).state, STATE_OPEN);
    /* A second correction of what is corrected already opens nothing twice. */
    for (int i = 0; i < 2; i++)
        rig_event(rig, "jugendamt", "handover.requested", "",
                  "{\"corrects\":\"jugendamt-1\"," REQUEST ",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
}

/* An incomplete request that does not say whose it is waits at the technical desk; nobody could
 * withdraw it. */
static void test_nobodys_closed_by_hand(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", nobodys)->item_seq;
    assert_int_equal(rig_item(rig, item).state, STATE_RETURNED);
    assert_string_equal(rig_item(rig, item).from_unit, "");
    store_begin(rig->g.store);
    assert_int_equal(workflow_close(&rig->g, item, "irrlaeufer", &err), 0);
    rig_commit(rig);
    buf_release(&err);
    assert_int_equal(rig_item(rig, item).state, STATE_CLOSED);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

static void test_closed_by_hand(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    int64_t item = request(rig);
    store_begin(rig->g.store);
    assert_int_equal(workflow_close(&rig->g, refusal, "Kein Code!", &err), -1);
    assert_int_equal(workflow_close(&rig->g, refusal, "", &err), -1);
    assert_int_equal(workflow_close(&rig->g, 4711, "erledigt", &err), -1);
    assert_int_equal(workflow_close(&rig->g, item, "erledigt", &err), -1);
    assert_int_equal(workflow_close(&rig->g, refusal, "testmeldung", &err), 0);
    assert_int_equal(workflow_close(&rig->g, refusal, "testmeldung", &err), -1);
    rig_commit(rig);
    buf_release(&err);
    assert_int_equal(rig_item(rig, refusal).state, STATE_CLOSED);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

static void test_refused_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "", "{\"name\":\"x\"}")->item_seq;
    rig_expect(rig, item,
               "refusal open owner=technik waiting=technik to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "told bereitschaft on_call emergency.refused\n"
               "email technik/1 pending\n"
               "sms bereitschaft/1 pending\n"
               "email bereitschaft/2 pending\n"
               "clock ack_due 0 Di 17.11. 09:00");
}

/* ---- the same event again */

static void test_repeats(void **state)
{
    static const char *const text =
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/jugendamt\",\"type\":"
        "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
        "\"data\":" TO_SB "}";
    static const char *const other =
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/jugendamt\",\"type\":"
        "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:01+01:00\","
        "\"data\":" TO_SB "}";
    struct gateway_rig *rig = *state;
    int64_t item = rig_message(rig, "jugendamt", "handover.requested", text)->item_seq;
    int64_t rows = store_last(rig->g.store, SEQ_EVENT);
    for (int i = 0; i < 2; i++) {
        rig_message(rig, "jugendamt", "handover.requested", text);
        rig_expect_said(rig, "accepted repeated");
        assert_int_equal(rig->last.item_seq, item);
        assert_int_equal(rig->last.event_seq, 0);
    }
    assert_int_equal(store_last(rig->g.store, SEQ_EVENT), rows);
    int64_t refusal = rig_message(rig, "jugendamt", "handover.requested", other)->item_seq;
    rig_expect_said(rig, "refused E-DOPPELT id");
    assert_int_equal(rig_item(rig, refusal).kind, ITEM_REFUSAL);
    rig_message(rig, "jugendamt", "handover.requested", other);
    rig_expect_said(rig, "refused repeated E-DOPPELT id");
    assert_int_equal(rig->last.item_seq, refusal);
    rig_message(rig, "jugendamt", "handover.requested", text);
    rig_expect_said(rig, "accepted repeated");
    assert_int_equal(store_item_count_open(rig->g.store), 2);
}

/* The same id from two sources is two events. */
static void test_same_id_elsewhere(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    rig->events = 0;
    int64_t item = rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).kind, ITEM_EMERGENCY);
}

static void test_old_and_far_times(void **state)
{
    static const struct {
        const char *time, *want;
    } cases[] = {
        {"2026-10-12T08:59:59+02:00", "refused E-ALT time"},
        {"2026-10-13T09:00:00+02:00", "accepted"},
        {"2000-01-01T00:00:00Z", "refused E-ALT time"},
        {"1969-12-31T23:00:00Z", "refused E-UMSCHLAG time"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text,
                   "{\"specversion\":\"1.0\",\"id\":\"t-%zu\",\"source\":\"/jugendamt\",\"type\":"
                   "\"de.sozialraum.handover.requested.v1\",\"time\":\"%s\",\"data\":" TO_SB "}",
                   i, cases[i].time);
        rig_message(rig, "jugendamt", "handover.requested", buf_str(&text));
        print_message("# %s\n", cases[i].time);
        rig_expect_said(rig, cases[i].want);
        buf_release(&text);
    }
}

/* ---- which item */

static void test_ambiguous(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = request(rig), second = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect_said(rig, "refused E-MEHRDEUTIG data.case_ref");
    assert_non_null(strstr(buf_str(&rig->last.receipt), rig_code(rig, first)));
    assert_non_null(strstr(buf_str(&rig->last.receipt), rig_code(rig, second)));
    event_at(rig, second, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
    rig_event(rig, "sozialamt", "handover.accepted", "",
              "{\"in_reply_to\":\"jugendamt-1\","
              "\"case_ref\":\"" RIG_CASE
              "\",\"by_unit\":\"sozialbuero\",\"at\":\"2026-11-16T09:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, first);
}

static void test_unknown_items(void **state)
{
    static const char *const data[] = {
        "{\"item_id\":\"AAAA-AAAA\","
        "\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}",
        "{\"in_reply_to\":\"weg-1\","
        "\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}",
    };
    static const char *const want[] = {"refused E-VORGANG data.item_id",
                                       "refused E-VORGANG data.in_reply_to"};
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    for (size_t i = 0; i < COUNT_OF(data); i++) {
        rig_event(rig, "sozialamt", "handover.acknowledged", "", data[i]);
        rig_expect_said(rig, want[i]);
        assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    }
    /* The right item with another case's reference. */
    event_at(rig, item, "sozialamt", "handover.acknowledged",
             "{\"case_ref\":\"" RIG_CASE_2 "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}");
    rig_expect_said(rig, "refused E-VORGANG data.item_id");
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
}

static void test_not_handled(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "unit.changed", "",
              "{\"unit\":\"asd\",\"from\":\"2026-11-16T09:00:00+01:00\"}");
    rig_expect_said(rig, "refused E-NOCH-NICHT type");
    assert_int_equal(rig->last.item_seq, 0);
    assert_true(rig->last.event_seq > 0);
}

static void test_poisoned(void **state)
{
    struct gateway_rig *rig = *state;
    const struct event_input input = {
        .topic = "stafette/in/jugendamt/handover/requested",
        .payload = "{\"specversion\":\"1.0\",\"id\":\"p-1\",\"source\":\"/jugendamt\",\"type\":"
                   "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
                   "\"data\":" TO_SB "}",
        .content_type = ""};
    struct event_input whole = input;
    whole.payload_len = strlen(whole.payload);
    store_begin(rig->g.store);
    workflow_poisoned(&rig->g, &whole, &rig->fresh, &rig->last);
    rig_commit(rig);
    rig_expect_said(rig, "refused E-INTERN");
    assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refusal),
        TEST(test_corrected),
        TEST(test_corrected_but_incomplete),
        TEST(test_wrong_corrections),
        TEST(test_nobodys_closed_by_hand),
        TEST(test_closed_by_hand),
        TEST(test_refused_emergency),
        TEST(test_repeats),
        TEST(test_same_id_elsewhere),
        TEST(test_old_and_far_times),
        TEST(test_ambiguous),
        TEST(test_unknown_items),
        TEST(test_not_handled),
        TEST(test_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
