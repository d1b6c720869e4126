/*
 * The life of an emergency: DOMAIN H3, DO1, DO2. First line, second line, lead; cleared; handed
 * over.
 */
#include "life_rig.h"

#define AT(unit)                                                                                   \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"at\":\"2026-11-16T09:00:00+01:"     \
    "00\"}"
#define CLEARED "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-16T09:00:00+01:00\"}"
#define AFTER_HAZARD                                                                               \
    "{" REQUEST ",\"to_unit\":\"sozialbuero\",\"hazard_cleared_at\":\"2026-11-16T08:00:00+01:"     \
    "00\"}"

/* The on-call's second line is sb-vertretung, its lead asd-leitung. */
static int with_lines(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "kind = \"desk\"; name = \"Bereitschaft\"; ",
               "deputies = [ \"sb-vertretung\" ]; lead = \"asd-leitung\"; ");
    rig_reload(rig);
    return 0;
}
#define LINES(name) cmocka_unit_test_setup_teardown(name, with_lines, rig_tear_down)

static int64_t report(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

/* DO1: the second line takes it; the first, whose turn it still is, hears so. */
static void test_second_line(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = report(rig);
    life_next(rig, item);
    assert_int_equal(rig->g.now_ms - rig_item(rig, item).created_ms, 600000);
    assert_int_equal(life_count(rig, item, "\ntold sb-vertretung deputy"), 1);
    event_at(rig, item, "sozialamt", "emergency.acknowledged", AT("sb-vertretung"));
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "acknowledged owner=bereitschaft waiting=bereitschaft");
    assert_int_equal(life_count(rig, item, "\ntold bereitschaft on_call emergency.outcome"), 1);
    assert_false(rig_item(rig, item).flags & (ITEM_OVERDUE | ITEM_ESCALATED));
    /* It may also say that the hazard is over. */
    assert_int_equal(life_answer(rig, item, "jobcenter", ANSWER_CLEARED, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "sb-vertretung", ANSWER_CLEARED, ""), ANSWER_RECORDED);
    assert_int_equal(rig_item(rig, item).state, STATE_CLEARED);
}

/* Twenty minutes: the lead, and a voice. */
static void test_lead_and_voice(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = report(rig);
    life_next(rig, item);
    assert_false(rig_item(rig, item).flags & ITEM_VOICE);
    life_next(rig, item);
    assert_int_equal(rig->g.now_ms - rig_item(rig, item).created_ms, 1200000);
    assert_int_equal(life_count(rig, item, "\ntold asd-leitung lead"), 1);
    assert_true(rig_item(rig, item).flags & ITEM_VOICE);
}

/* DO2: cleared, then handed over; every cleared emergency of the case ends with it. */
static void test_handed_over(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = report(rig), second = report(rig);
    event_at(rig, first, "hotline", "hazard.cleared", CLEARED);
    rig_event(rig, "jugendamt", "handover.requested", "", TO_SB);
    rig_expect_said(rig, "refused E-GEFAHR data.hazard_cleared_at");
    event_at(rig, second, "hotline", "hazard.cleared", CLEARED);
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", TO_SB)->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, first).state, STATE_CLOSED);
    assert_int_equal(rig_item(rig, second).state, STATE_CLOSED);
    life_is(rig, item, "requested owner=asd waiting=sozialbuero");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
}

/* An incomplete handover does not end the emergency; its completion does. */
static void test_handed_over_incomplete(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t emergency = report(rig);
    event_at(rig, emergency, "hotline", "hazard.cleared", CLEARED);
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    assert_int_equal(rig_item(rig, emergency).state, STATE_CLEARED);
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    assert_int_equal(rig_item(rig, emergency).state, STATE_CLOSED);
}

/* The handover says that the hazard is over before the on-call does: nobody is asked to hand over
 * once more. */
static void test_handed_over_before_cleared(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t emergency = report(rig);
    rig_event(rig, "jugendamt", "handover.requested", "", AFTER_HAZARD);
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, emergency).state, STATE_REPORTED);
    event_at(rig, emergency, "hotline", "hazard.cleared", CLEARED);
    assert_int_equal(rig_item(rig, emergency).state, STATE_CLOSED);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* Closed without a handover: only after the hazard is over, else parked until then. */
static void test_closed_without_handover(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = report(rig);
    event_at(rig, item, "hotline", "emergency.closed", CODED("bereitschaft", "no_handover"));
    rig_expect_said(rig, "parked E-VORHER");
    assert_int_equal(life_child(rig, item, "parked").urgency, URGENCY_EMERGENCY);
    event_at(rig, item, "hotline", "hazard.cleared", CLEARED);
    assert_int_equal(rig_item(rig, item).state, STATE_CLOSED);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* Incomplete and never routed: cleared, it waits for the on-call, not for the desk by day. */
static void test_incomplete_and_cleared(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "", "{\"case_ref\":\"" RIG_CASE "\"}")
            ->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    event_at(rig, item, "hotline", "hazard.cleared", CLEARED);
    rig_expect_said(rig, "accepted");
    assert_string_equal(rig_item(rig, item).waiting_unit, "bereitschaft");
    event_at(rig, item, "hotline", "emergency.closed", CODED("bereitschaft", "no_handover"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* A taken emergency is asked after until it is cleared. */
static void test_taken_is_asked_after(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = report(rig);
    event_at(rig, item, "hotline", "emergency.acknowledged", AT("bereitschaft"));
    assert_int_equal(life_count(rig, item, "\ntold bereitschaft"), 1);
    life_next(rig, item);
    assert_int_equal(rig->g.now_ms - rig_item(rig, item).created_ms, 2 * 3600000);
    assert_int_equal(life_count(rig, item, "emergency.reminder"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINES(test_second_line),
        LINES(test_lead_and_voice),
        LIFE(test_handed_over),
        LIFE(test_handed_over_incomplete),
        LIFE(test_handed_over_before_cleared),
        LIFE(test_closed_without_handover),
        LIFE(test_incomplete_and_cleared),
        LINES(test_taken_is_asked_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
