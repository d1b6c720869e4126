/*
 * The life of a statutory clock on the gateway's own clock: DOMAIN KI9, C1-C25, H6; and the tasks
 * that belong to items.
 */
#include "../daemon/workflow_parts.h"
#include "life_rig.h"

#define SET(clock, day)                                                                            \
    "{\"case_ref\":\"" RIG_CASE "\",\"clock\":\"" clock "\",\"start_on\":\"" day                   \
    "\",\"authority_seat\":\"nw\",\"unit\":\"asd\"}"
#define WARNING(code)                                                                              \
    "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"" code "\",\"place\":\"nord\",\"from_unit\":"       \
    "\"asd\"}"

static struct item last_item(const struct gateway_rig *rig)
{
    return rig_item(rig, store_last(rig->g.store, SEQ_ITEM));
}

static int64_t set_clock(struct gateway_rig *rig, const char *data)
{
    rig_event(rig, "jugendamt", "deadline.set", "", data);
    rig_expect_said(rig, "accepted");
    struct item item = last_item(rig);
    assert_int_equal(item.kind, ITEM_DEADLINE);
    return item.seq;
}

static void expect_due(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct clock clock;
    struct buf text = BUF_INIT;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    buf_printf(&text, "%d ", clock.step);
    rig_put_time(&text, clock.due_ms);
    assert_string_equal(buf_str(&text), want);
    buf_release(&text);
}

/* KI9: set We 09.12.2026, 14 days: warned Fr 18.12. and Mo 21.12., ends We 23.12.; then the lead,
 * then the coordinator each working day, until somebody says that it is met. */
static void test_ki9(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-12-09T10:00:00+01:00");
    int64_t item = set_clock(rig, SET("C1", "2026-12-09"));
    expect_due(rig, item, "0 Fr 18.12. 08:00");
    life_next(rig, item);
    expect_due(rig, item, "1 Mo 21.12. 08:00");
    assert_int_equal(life_count(rig, item, "\ntold asd task deadline.reminder bis Mi 23.12. 23:59"),
                     1);
    life_next(rig, item);
    expect_due(rig, item, "2 Mi 23.12. 08:00");
    life_next(rig, item);
    expect_due(rig, item, "3 Do 24.12. 08:00");
    assert_int_equal(life_count(rig, item, "\ntold asd-leitung"), 0);
    life_next(rig, item);
    assert_int_equal(life_count(rig, item, "\ntold asd-leitung lead"), 1);
    assert_true(rig_item(rig, item).flags & ITEM_OVERDUE);
    life_next(rig, item);
    assert_int_equal(life_count(rig, item, "\ntold koordination"), 1);
    life_next(rig, item);
    assert_int_equal(life_count(rig, item, "\ntold koordination"), 2);
    /* The lead, who was told, may say that it is done; a stranger may not. */
    assert_int_equal(life_answer(rig, item, "jobcenter", ANSWER_DONE, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "asd-leitung", ANSWER_DONE, ""), ANSWER_RECORDED);
    assert_int_equal(rig_item(rig, item).state, STATE_MET);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

/* Set late: not silent until the last day. The last warning that has passed is given at once, and
 * only that one. */
static void test_set_late(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-12-22T10:00:00+01:00");
    int64_t item = set_clock(rig, SET("C1", "2026-12-09"));
    expect_due(rig, item, "1 Di 22.12. 10:00");
    fire(rig, 1);
    expect_due(rig, item, "2 Mi 23.12. 08:00");
    assert_int_equal(life_count(rig, item, "\ntold asd task deadline.reminder"), 1);
    rig_at(rig, "2026-12-23T10:00:00+01:00");
    item = set_clock(rig, SET("C1", "2026-12-09"));
    expect_due(rig, item, "2 Mi 23.12. 10:00");
}

/* After an outage one catch-up, not one for each warning that fell due. */
static void test_outage(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-12-09T10:00:00+01:00");
    int64_t item = set_clock(rig, SET("C1", "2026-12-09"));
    rig_at(rig, "2026-12-22T10:00:00+01:00");
    fire(rig, 1);
    fire(rig, 0);
    assert_int_equal(life_count(rig, item, "\ntold asd task deadline.reminder"), 1);
    expect_due(rig, item, "2 Mi 23.12. 08:00");
}

static void test_extended(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-12-09T10:00:00+01:00");
    int64_t item = set_clock(rig, SET("C1", "2026-12-09"));
    life_next(rig, item);
    event_at(rig, item, "sozialamt", "deadline.extended",
             "{\"case_ref\":\"" RIG_CASE "\",\"clock\":\"C1\",\"start_on\":\"2026-12-17\","
             "\"authority_seat\":\"nw\"}");
    rig_expect_said(rig, "refused E-STELLE");
    event_at(rig, item, "jugendamt", "deadline.extended", SET("C1", "2026-12-17"));
    rig_expect_said(rig, "accepted");
    struct buf day = BUF_INIT;
    day_german(&day, rig_item(rig, item).due_day);
    assert_non_null(strstr(buf_str(&day), "31.12.2026"));
    buf_release(&day);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
    event_at(rig, item, "jugendamt", "deadline.cancelled", SET("C1", "2026-12-17"));
    assert_int_equal(rig_item(rig, item).state, STATE_CANCELLED);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

/* A case has several clocks: the event says which one is met. */
static void test_which_clock(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t c1 = set_clock(rig, SET("C1", "2026-11-16"));
    int64_t c3 = set_clock(rig, SET("C3", "2026-11-16"));
    int64_t c10 = set_clock(rig, SET("C10", "2028-11-16"));
    rig_event(rig, "jugendamt", "deadline.met", "", SET("C3", "2026-11-16"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, c3).state, STATE_MET);
    event_at(rig, c10, "jugendamt", "deadline.met", SET("C1", "2026-11-16"));
    assert_int_equal(rig->last.outcome, OUTCOME_REFUSED);
    assert_int_equal(rig_item(rig, c10).state, STATE_TICKING);
    rig_event(rig, "jugendamt", "deadline.met", "", SET("C1", "2026-11-16"));
    assert_int_equal(rig_item(rig, c1).state, STATE_MET);
    assert_int_equal(rig_item(rig, c10).state, STATE_TICKING);
}

static void test_seat(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "deadline.set", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"clock\":\"C1\",\"start_on\":\"2026-11-16\","
              "\"authority_seat\":\"nirgends\"}");
    rig_expect_said(rig, "refused E-WERT data.authority_seat");
}

/* ---- tasks */

static int64_t warn(struct gateway_rig *rig, const char *more)
{
    rig_event(rig, "jugendamt", "earlywarning.raised", more, WARNING("rent_arrears"));
    rig_expect_said(rig, "accepted");
    struct item item = last_item(rig);
    assert_int_equal(item.kind, ITEM_TASK);
    return item.seq;
}

static void test_task(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t task = warn(rig, "");
    life_is(rig, task, "open owner=jobcenter waiting=jobcenter");
    event_at(rig, task, "sozialamt", "task.done", CODED("sozialbuero", "done"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    event_at(rig, task, "jobcenter", "task.acknowledged", CODED("jobcenter", "seen"));
    life_is(rig, task, "acknowledged owner=jobcenter waiting=jobcenter");
    event_at(rig, task, "jobcenter", "task.done", CODED("jobcenter", "done"));
    life_is(rig, task, "done owner=jobcenter waiting=");
    event_at(rig, task, "jobcenter", "task.acknowledged", CODED("jobcenter", "seen"));
    rig_expect_said(rig, "accepted");
}

/* A task that nobody does climbs like everything else. */
static void test_task_escalates(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t task = warn(rig, "");
    life_next(rig, task);
    assert_int_equal(life_count(rig, task, "\ntold koordination"), 1);
    assert_int_equal(life_count(rig, task, "\nstatus task.overdue"), 1);
    assert_int_equal(life_answer(rig, task, "koordination", ANSWER_DONE, ""), ANSWER_RECORDED);
}

/* KI2: the handover is over when both parts are, also when the second is closed by hand. */
static void test_second_function(void **state)
{
    struct gateway_rig *rig = *state;
    static const bool by_hand[] = {false, true};
    for (size_t i = 0; i < COUNT_OF(by_hand); i++) {
        int64_t item = request(rig);
        struct item parent = rig_item(rig, item);
        const struct task task = {.code = "second_function",
                                  .parent = &parent,
                                  .unit = directory_unit(rig->g.config->directory, "jobcenter")};
        struct buf err = BUF_INIT;
        store_begin(rig->g.store);
        int64_t second = work_task(&rig->g, &task);
        rig_commit(rig);
        event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
        life_is(rig, item, "accepted owner=sozialbuero waiting=sozialbuero");
        if (by_hand[i]) {
            store_begin(rig->g.store);
            assert_int_equal(workflow_close(&rig->g, second, "erledigt", &err), 0);
            rig_commit(rig);
        } else {
            event_at(rig, second, "jobcenter", "task.done", CODED("jobcenter", "done"));
        }
        life_is(rig, item, "closed owner=sozialbuero waiting=");
        assert_int_equal(store_item_count_open(rig->g.store), 0);
    }
}

/* A warning about a restricted case is restricted, whatever the warning says. */
static void test_fact_inherits(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t plain = warn(rig, "");
    assert_false(rig_item(rig, plain).restricted);
    rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,", TO_SB);
    int64_t task = warn(rig, "");
    assert_true(rig_item(rig, task).restricted);
}

/* DO12: the first missed appointment is no warning yet. BI1: a Bescheid out of order is a fact. */
static void test_facts(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "earlywarning.raised", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"missed_appt\",\"count\":1}");
    assert_int_equal(rig->last.item_seq, 0);
    rig_event(rig, "jugendamt", "earlywarning.raised", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"missed_appt\",\"count\":2}");
    assert_string_equal(last_item(rig).waiting_unit, "koordination");
    rig_event(rig, "jugendamt", "bescheid.issued", "", TALK("asd"));
    rig_expect_said(rig, "accepted");
    assert_string_equal(last_item(rig).code, "out_of_order");
    assert_string_equal(last_item(rig).waiting_unit, "asd-leitung");
    int64_t items = store_last(rig->g.store, SEQ_ITEM);
    rig_event(rig, "jugendamt", "milestone.reached", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"asd\",\"code\":\"leistungsabsprache\","
              "\"at\":\"2026-11-16T09:00:00+01:00\"}");
    rig_event(rig, "jugendamt", "bescheid.issued", "", TALK("asd"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(store_last(rig->g.store, SEQ_ITEM), items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_ki9),           LIFE(test_set_late),       LIFE(test_outage),
        LIFE(test_extended),      LIFE(test_which_clock),    LIFE(test_seat),
        LIFE(test_task),          LIFE(test_task_escalates), LIFE(test_second_function),
        LIFE(test_fact_inherits), LIFE(test_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
