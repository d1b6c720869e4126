/*
 * workflow*.c, tell.c: handovers and what they have in common with others: sequences of events
 * through workflow_event() on a real store, and all that the store says of the item afterwards:
 * state, owner, notices, deliveries, status events, clock. The clock is still: Monday 16.11.2026
 * 09:00 unless a test moves it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "workflow_rig.h"

/* ---- handover */

static void test_handover_requested(void **state)
{
    struct gateway_rig *rig = *state;
    rig_expect(rig, request(rig),
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_handover_routed_with_copy(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"prompt\",",
                             "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero route handover.requested bis Di 17.11. 16:00\n"
               "told jobcenter route handover.outcome\n"
               "email sozialbuero/1 pending\n"
               "email jobcenter/1 pending\n"
               "clock ack_due 0 Di 17.11. 16:00");
}

static void test_unknown_place(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"place\":\"neu-ulm\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover requested owner=asd waiting=koordination to=koordination\n"
               "told koordination catch_all handover.requested bis Do 19.11. 16:00\n"
               "email koordination/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_handover_to_the_end(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover acknowledged owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "status handover.acknowledged to jugendamt/status\n"
               "clock acceptance_due 0 Mo 07.12. 16:00");
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect(rig, item,
               "handover accepted owner=sozialbuero waiting= to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told asd outcome handover.outcome\n"
               "email sozialbuero/1 cancelled\n"
               "email asd/1 pending\n"
               "status handover.acknowledged to jugendamt/status\n"
               "status handover.accepted to jugendamt/status");
    assert_true(rig_item(rig, item).closed_ms == rig->g.now_ms);
}

/* E13: the first answer wins, a second one is harmless; but nobody else may believe to have it. */
static void test_second_answers(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    int64_t outs = store_out_count(rig->g.store);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sb-vertretung"));
    rig_expect_said(rig, "refused E-ZUSTAND");
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_string_equal(rig_item(rig, item).owner_unit, "sozialbuero");
    assert_int_equal(store_out_count(rig->g.store), outs);
}

static void test_rejected_and_asked_again(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.rejected", "", CODED("sozialbuero", "no_capacity"));
    rig_expect(rig, item,
               "handover rejected owner=asd waiting=asd to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told asd sender handover.outcome bis Do 19.11. 16:00\n"
               "email sozialbuero/1 cancelled\n"
               "email asd/1 pending\n"
               "status handover.rejected to jugendamt/status\n"
               "clock completion_due 0 Do 19.11. 16:00");
    event_at(rig, item, "jugendamt", "handover.requested",
             "{" REQUEST ",\"to_unit\":\"jobcenter\"}");
    rig_expect_said(rig, "accepted");
    struct item now = rig_item(rig, item);
    assert_int_equal(now.state, STATE_REQUESTED);
    assert_string_equal(now.waiting_unit, "jobcenter");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* The giver waits for nobody after a rejection but itself: it must not close its own case. */
static void test_giver_cannot_accept(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "jugendamt", "handover.accepted", "", TALK("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    rig_event(rig, "sozialamt", "handover.rejected", "", CODED("sozialbuero", "no_capacity"));
    rig_event(rig, "jugendamt", "handover.accepted", "", TALK("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    assert_int_equal(rig_item(rig, item).state, STATE_REJECTED);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
}

static void test_who_may_answer(void **state)
{
    static const struct {
        const char *label, *source, *type, *data, *want;
    } cases[] = {
        {"stranger accepts", "jobcenter", "handover.accepted", TALK("jobcenter"),
         "refused E-STELLE data.by_unit"},
        {"stranger withdraws", "jobcenter", "handover.withdrawn", TALK("jobcenter"),
         "refused E-STELLE data.by_unit"},
        {"receiver withdraws", "sozialamt", "handover.withdrawn", TALK("sozialbuero"),
         "refused E-STELLE data.by_unit"},
        {"source for a foreign unit", "jobcenter", "handover.accepted", TALK("sozialbuero"),
         "refused E-STELLE data.by_unit"},
        {"unit that is not there", "sozialamt", "handover.accepted", TALK("niemand"),
         "refused E-STELLE data.by_unit"},
        {"deputy sees", "sozialamt", "handover.acknowledged", ANSWER("sb-vertretung"), "accepted"},
        {"lead accepts", "sozialamt", "handover.accepted", TALK("sb-leitung"), "accepted"},
    };
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("# %s\n", cases[i].label);
        event_at(rig, item, cases[i].source, cases[i].type, cases[i].data);
        rig_expect_said(rig, cases[i].want);
    }
    assert_string_equal(rig_item(rig, item).owner_unit, "sb-leitung");
}

static void test_withdrawn(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "jugendamt", "handover.withdrawn", "", TALK("asd"));
    rig_expect(rig, item,
               "handover withdrawn owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told sozialbuero route handover.outcome bis Do 19.11. 16:00\n"
               "email sozialbuero/1 cancelled\n"
               "email sozialbuero/1 pending\n"
               "status handover.withdrawn to jugendamt/status\n"
               "clock completion_due 0 Do 19.11. 16:00");
    event_at(rig, item, "jobcenter", "handover.withdrawn", TALK("jobcenter"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    /* It ends when the receiver has confirmed that it knows. */
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).state, STATE_CLOSED);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

/* ---- incomplete requests */

static void test_returned_and_completed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    rig_expect_said(rig, "returned E-PFLICHT data.to_unit E-PFLICHT data.reason E-PFLICHT "
                         "data.legal_basis E-PFLICHT data.hilfeplan E-PFLICHT data.open_tasks "
                         "E-PFLICHT data.next_deadline");
    rig_expect(rig, item,
               "handover returned owner=asd waiting=asd to=\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "email asd/1 pending\n"
               "clock completion_due 0 Do 19.11. 16:00");
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email asd/1 cancelled\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

/* A second attempt that is still incomplete belongs to the same item. */
static void test_returned_again(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    rig_at(rig, "2026-11-17T09:00:00+01:00");
    event_at(rig, item, "jugendamt", "handover.requested",
             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* What was missing may be the case_ref itself: it must be found by it afterwards. */
static void test_completed_by_case_ref(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"urgent\",",
                             "{\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\"}")
                       ->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"item_id\":\"%s\",%s", rig_code(rig, item), &TO_SB[1]);
    rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,", buf_str(&text));
    buf_release(&text);
    rig_expect_said(rig, "accepted");
    struct item now = rig_item(rig, item);
    assert_string_equal(now.case_ref, RIG_CASE);
    assert_true(now.case_key != 0);
    assert_true(now.restricted);
    assert_int_equal(now.urgency, URGENCY_URGENT); /* E9: not silently lowered */
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
}

/* Completed, but towards a provider that may not be told: returned once more, the same item. */
static void test_completed_towards_provider(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    event_at(rig, item, "jugendamt", "handover.requested", "{" REQUEST ",\"to_unit\":\"verein\"}");
    rig_expect_said(rig, "returned E-RECHT data.to_unit");
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(rig_item(rig, item).state, STATE_RETURNED);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* Another system cannot take over an item whose giver is not known yet. */
static void test_completed_by_stranger(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"case_ref\":\"" RIG_CASE "\"}")
            ->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_string_equal(rig_item(rig, item).owner_unit, "technik");
    event_at(rig, item, "jobcenter", "handover.requested",
             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"jobcenter\",\"reason\":\"umzug\","
             "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
             "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_int_equal(rig_item(rig, item).state, STATE_RETURNED);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* ---- others */

static void test_restricted(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,",
                             "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero route handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
    /* R11: no further role is told but one that may: the lead may not, the desk may. */
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    fire(rig, 1);
    struct buf text = BUF_INIT;
    rig_tell(rig, item, &text);
    assert_null(strstr(buf_str(&text), "told sb-leitung"));
    assert_non_null(strstr(buf_str(&text), "told koordination catch_all handover.reminder"));
    buf_release(&text);
}

/* Without a mailbox the number is used, also where the policy wants no SMS beside the mail. */
static void test_unit_with_number_only(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"to_unit\":\"nur-funk\"}")
                       ->item_seq;
    rig_expect(rig, item,
               "handover requested owner=asd waiting=nur-funk to=nur-funk\n"
               "told nur-funk named handover.requested bis Do 19.11. 16:00\n"
               "sms nur-funk/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_provider_in_handover(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"to_unit\":\"verein\"}")
                       ->item_seq;
    rig_expect_said(rig, "returned E-RECHT data.to_unit");
    rig_expect(rig, item,
               "handover returned owner=asd waiting=asd to=\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "email asd/1 pending\n"
               "clock completion_due 0 Do 19.11. 16:00");
}

/* A unit that is gone from the directory: the desk is asked, nothing is lost. */
static void test_unit_removed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    struct item row = rig_item(rig, item);
    str_copy(row.waiting_unit, sizeof row.waiting_unit, "aufgeloest");
    str_copy(row.to_unit, sizeof row.to_unit, "aufgeloest");
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &row);
    rig_commit(rig);
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    fire(rig, 1);
    struct buf text = BUF_INIT;
    rig_tell(rig, item, &text);
    assert_non_null(strstr(buf_str(&text), "told koordination catch_all handover.reminder"));
    buf_release(&text);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

static void test_unreadable(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_message(rig, "jugendamt", "handover.requested", "{\"id\":")->item_seq;
    assert_int_equal(rig_item(rig, item).kind, ITEM_REFUSAL);
    rig_message(rig, "jugendamt", "handover.requested", "{\"id\":");
    rig_expect_said(rig, "refused repeated E-JSON");
    assert_int_equal(rig->last.item_seq, item);
    /* An unknown source has no desk: the catch-all has it. */
    item = rig_message(rig, "unbekannt", "handover.requested", "{}")->item_seq;
    assert_string_equal(rig_item(rig, item).owner_unit, "koordination");
}

/* Every event, whatever became of it, left an audit row, and the chain holds. */
static void test_audit(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    test_handover_to_the_end(state);
    test_unreadable(state);
    int64_t rows = store_audit_verify(rig->g.store, &err);
    assert_string_equal(buf_str(&err), "");
    assert_int_equal(rows, store_last(rig->g.store, SEQ_EVENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_handover_requested),
        TEST(test_handover_routed_with_copy),
        TEST(test_unknown_place),
        TEST(test_handover_to_the_end),
        TEST(test_second_answers),
        TEST(test_rejected_and_asked_again),
        TEST(test_giver_cannot_accept),
        TEST(test_who_may_answer),
        TEST(test_withdrawn),
        TEST(test_returned_and_completed),
        TEST(test_returned_again),
        TEST(test_completed_by_case_ref),
        TEST(test_completed_towards_provider),
        TEST(test_completed_by_stranger),
        TEST(test_restricted),
        TEST(test_unit_with_number_only),
        TEST(test_provider_in_handover),
        TEST(test_unit_removed),
        TEST(test_unreadable),
        TEST(test_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
