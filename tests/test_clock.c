/*
 * clock.c: the ladder of reminders: deputy, lead, coordinator, and the coordinator again and
 * again until somebody has answered; each firing leaves the next clock and an audit row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/clock.h"
#include "gateway_rig.h"

#define REQUEST(to)                                                                                \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                   \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"                           \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"" to "\"}"

static size_t fire(struct gateway_rig *rig)
{
    store_begin(rig->g.store);
    size_t n = clock_fire_due(&rig->g);
    rig_commit(rig);
    return n;
}

/* Moves to where the item's clock is due and fires it. */
static void next_step(struct gateway_rig *rig, int64_t item)
{
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    rig->g.now_ms = rig->g.steady_ms = clock.due_ms - 1;
    assert_int_equal(fire(rig), 0);
    rig->g.now_ms = rig->g.steady_ms = clock.due_ms;
    assert_int_equal(fire(rig), 1);
    assert_int_equal(fire(rig), 0);
}

/* Nothing is sent here, as in an outage of the relay: of the reminders to one unit only the newest
 * waits (DESIGN 1.4), and nobody who was asked is left out. */
static void test_ladder(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"prompt\",",
                             REQUEST("sozialbuero"))
                       ->item_seq;
    for (int i = 0; i < 5; i++)
        next_step(rig, item);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Di 17.11. 16:00\n"
               "told sb-vertretung deputy handover.reminder bis Mi 18.11. 16:00\n"
               "told sb-leitung lead handover.reminder bis Do 19.11. 16:00\n"
               "told koordination catch_all handover.reminder bis Fr 20.11. 12:00\n"
               "told koordination catch_all handover.reminder bis Mo 23.11. 16:00\n"
               "told koordination catch_all handover.reminder bis Di 24.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "email sb-vertretung/1 pending\n"
               "email sb-leitung/1 pending\n"
               "email koordination/1 cancelled\n"
               "email koordination/1 cancelled\n"
               "email koordination/1 pending\n"
               "status handover.overdue to jugendamt/status\n"
               "status handover.escalated to jugendamt/status\n"
               "status handover.escalated to jugendamt/status\n"
               "status handover.escalated to jugendamt/status\n"
               "status handover.escalated to jugendamt/status\n"
               "clock ack_due 5 Di 24.11. 16:00");
    const unsigned stays = ITEM_LATE | ITEM_TOLD_ABOVE;
    assert_int_equal(rig_item(rig, item).flags, ITEM_OVERDUE | ITEM_ESCALATED | stays);
    rig_event(rig, "sozialamt", "handover.acknowledged", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).flags, stays);
}

/* DESIGN 1.4: an outage collapses to one reminder; the next clock counts from now. */
static void test_after_an_outage(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("jobcenter"))->item_seq;
    rig_at(rig, "2026-12-14T10:00:00+01:00");
    assert_int_equal(fire(rig), 1);
    assert_int_equal(fire(rig), 0);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=jobcenter to=jobcenter\n"
               "told jobcenter named handover.requested bis Do 19.11. 16:00\n"
               "told koordination catch_all handover.reminder bis Di 15.12. 16:00\n"
               "email jobcenter/1 pending\n"
               "email koordination/1 pending\n"
               "status handover.overdue to jugendamt/status\n"
               "clock ack_due 4 Di 15.12. 16:00");
}

/* The wall clock steps back: what fired does not fire again, what is open waits. */
static void test_step_back(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("jobcenter"))->item_seq;
    next_step(rig, item);
    rig_at(rig, "2026-11-01T00:00:00+01:00");
    assert_int_equal(fire(rig), 0);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* Acknowledged, but not accepted: the other clock, the same ladder. */
static void test_acceptance(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("sozialbuero"))->item_seq;
    rig_event(rig, "sozialamt", "handover.acknowledged", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}");
    next_step(rig, item);
    rig_tell(rig, item, &text);
    assert_non_null(strstr(buf_str(&text), "told sb-vertretung deputy handover.reminder"));
    assert_non_null(strstr(buf_str(&text), "clock acceptance_due 1"));
    buf_release(&text);
    /* Who was asked on the way may answer. */
    rig_event(rig, "sozialamt", "handover.accepted", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sb-leitung\","
              "\"at\":\"2026-12-08T09:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

/* DO1: an emergency does not wait for office hours; its reminders go by SMS too. */
static void test_emergency_at_night(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    rig_at(rig, "2026-11-14T22:40:00+01:00");
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "",
                  "{\"case_ref\":\"" RIG_CASE "\",\"place\":\"nord\",\"channel\":\"hotline\"}")
            ->item_seq;
    next_step(rig, item);
    rig_tell(rig, item, &text);
    assert_non_null(strstr(buf_str(&text), "emergency.reminder bis"));
    buf_release(&text);
}

static void put_content(void *context, const struct audit_row *row)
{
    buf_printf(context, "%s\n", row->content);
}

static void test_audit(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("sozialbuero"))->item_seq;
    next_step(rig, item);
    store_audit_each(rig->g.store, item, &text, put_content);
    assert_non_null(
        strstr(buf_str(&text), "clock=1 kind=ack_due step=0 told=sb-vertretung config="));
    buf_release(&text);
}

/* A clock that outlived its item ends quietly. */
static void test_closed_item(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = rig_item(
        rig,
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("sozialbuero"))->item_seq);
    store_begin(rig->g.store);
    item.state = STATE_CLOSED;
    item.closed_ms = rig->g.now_ms;
    store_item_update(rig->g.store, &item);
    rig_commit(rig);
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    int64_t notices = store_notice_count(rig->g.store);
    assert_int_equal(fire(rig), 1);
    assert_int_equal(store_notice_count(rig->g.store), notices);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

/* A turn's work is bounded. */
static void test_many(void **state)
{
    struct gateway_rig *rig = *state;
    for (int i = 0; i < TURN_CLOCKS_MAX + 5; i++)
        rig_event(rig, "jugendamt", "handover.requested", "", REQUEST("sozialbuero"));
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    assert_int_equal(fire(rig), TURN_CLOCKS_MAX);
    assert_int_equal(fire(rig), 5);
    assert_int_equal(store_clock_count_open(rig->g.store), TURN_CLOCKS_MAX + 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ladder),
        TEST(test_after_an_outage),
        TEST(test_step_back),
        TEST(test_acceptance),
        TEST(test_emergency_at_night),
        TEST(test_audit),
        TEST(test_closed_item),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
