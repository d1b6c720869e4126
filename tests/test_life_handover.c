/*
 * The life of a handover from its announcement to its end, by each way: DOMAIN H1-H8, DO3, DO4.
 */
#include "life_rig.h"

#define ANNOUNCED                                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\","            \
    "\"expected_on\":\"2026-11-30\",\"reason\":\"umzug\"}"
#define WITH_PLAN                                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                   \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":true,\"open_tasks\":2,"                            \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}"
#define REHA(day)                                                                                  \
    "{" REQUEST ",\"to_unit\":\"sozialbuero\",\"application_received_on\":\"" day "\"}"
#define DECIDED(unit, code, more)                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"code\":\"" code "\"" more "}"

static void test_announced_to_accepted(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.announced", "", ANNOUNCED)->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover announced owner=asd waiting=asd to=sozialbuero\n"
               "told sozialbuero named handover.outcome\n"
               "email sozialbuero/1 pending\n"
               "clock completion_due 0 Mo 30.11. 23:59");
    assert_int_equal(request(rig), item);
    life_is(rig, item, "requested owner=asd waiting=sozialbuero");
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_event(rig, "jugendamt", "handover.conversation.planned", "", TALK("asd"));
    life_is(rig, item, "conversation_planned owner=asd waiting=sozialbuero");
    rig_event(rig, "jugendamt", "handover.conversation.held", "", TALK("asd"));
    life_is(rig, item, "conversation_held owner=asd waiting=sozialbuero");
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    life_is(rig, item, "accepted owner=sozialbuero waiting=");
}

/* The giver says that the talk took place: the receiver, whose turn it is, hears it; the giver does
 * not hear its own words. */
static void test_conversation_told_to_the_other(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    event_at(rig, item, "jugendamt", "handover.conversation.held", TALK("asd"));
    assert_int_equal(life_count(rig, item, "\ntold sozialbuero route handover.outcome"), 1);
    assert_int_equal(life_count(rig, item, "\ntold asd"), 0);
    item = rig_event(rig, "jugendamt", "handover.requested", "", TO_SB)->item_seq;
    event_at(rig, item, "sozialamt", "handover.conversation.held", TALK("sozialbuero"));
    assert_int_equal(life_count(rig, item, "\ntold sozialbuero"), 1);
    assert_int_equal(life_count(rig, item, "\ntold asd outcome"), 1);
}

/* An announced handover whose request lacks something is the same item, and so is its completion.
 */
static void test_announced_then_incomplete(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.announced", "", ANNOUNCED)->item_seq;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_int_equal(rig->last.item_seq, item);
    life_is(rig, item, "returned owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    life_is(rig, item, "requested owner=asd waiting=sozialbuero");
}

/* An incomplete announcement may be completed as one; without a giver's name the item stays with
 * the unit that is known. */
static void test_incomplete_announcement(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.announced", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    life_is(rig, item, "returned owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "handover.requested", "{\"case_ref\":\"" RIG_CASE "\"}");
    life_is(rig, item, "returned owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "handover.announced", ANNOUNCED);
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "announced owner=asd waiting=asd");
}

/* DO3: what is missing is said in words; a second return goes to the coordinator (ping-pong). */
static void test_returned_with_list(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.returned", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"incomplete\","
              "\"missing\":\"open_tasks,consent_ref\"}");
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "returned owner=asd waiting=asd");
    assert_int_equal(life_child(rig, item, "ping_pong").seq, 0);
    /* Late, but harmless: who gave it back has seen it. */
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "returned owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    event_at(rig, item, "sozialamt", "handover.returned", CODED("sozialbuero", "incomplete"));
    assert_int_equal(rig_item(rig, item).returns, 2);
    struct item task = life_child(rig, item, "ping_pong");
    assert_string_equal(task.waiting_unit, "koordination");
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    /* The coordinator hears that there is nothing left to settle. */
    assert_true(rig_item(rig, task.seq).closed_ms > 0);
    assert_int_equal(life_count(rig, task.seq, "\ntold koordination outcome task.outcome"), 1);
    assert_int_equal(life_count(rig, task.seq, "\nstatus task.closed"), 1);
}

/* A new question begins a new ladder: what was overdue before is not. */
static void test_asked_again_after_overdue(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "no_capacity"));
    life_next(rig, item);
    assert_true(rig_item(rig, item).flags & ITEM_OVERDUE);
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    assert_false(rig_item(rig, item).flags & (ITEM_OVERDUE | ITEM_ESCALATED));
}

static void test_rejected_by_each_code(void **state)
{
    static const struct {
        const char *code, *want;
    } codes[] = {
        {"not_competent", "conflict owner=asd waiting=asd-leitung"},
        {"wrong_place", "conflict owner=asd waiting=asd-leitung"},
        {"wrong_area", "conflict owner=asd waiting=asd-leitung"},
        {"wrong_unit", "conflict owner=asd waiting=asd-leitung"},
        {"no_capacity", "rejected owner=asd waiting=asd"},
        {"known_already", "rejected owner=asd waiting=asd"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        struct buf data = BUF_INIT;
        int64_t item = request(rig);
        buf_printf(&data,
                   "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"%s\"}",
                   codes[i].code);
        event_at(rig, item, "sozialamt", "handover.rejected", buf_str(&data));
        life_is(rig, item, codes[i].want);
        buf_release(&data);
    }
}

/* DO4: both contact roles at once; after three Arbeitstage the leads; the giver stays responsible.
 */
static int64_t dispute(struct gateway_rig *rig)
{
    int64_t item = request(rig);
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "not_competent"));
    life_is(rig, item, "conflict owner=asd waiting=asd-leitung");
    assert_int_equal(life_count(rig, item, "\ntold asd-leitung"), 1);
    assert_int_equal(life_count(rig, item, "\ntold sb-leitung conflict"), 1);
    return item;
}

static void test_conflict_decisions(void **state)
{
    static const struct {
        const char *data, *want;
    } decisions[] = {
        {DECIDED("asd-leitung", "confirmed", ""), "confirmed owner=asd waiting=sozialbuero"},
        {DECIDED("asd-leitung", "giver_keeps", ""), "closed owner=asd waiting="},
        {DECIDED("koordination", "reassigned", ",\"to_unit\":\"jobcenter\""),
         "reassigned owner=asd waiting=jobcenter"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(decisions); i++) {
        int64_t item = dispute(rig);
        event_at(rig, item, "jugendamt", "handover.conflict.decided",
                 DECIDED("asd", "giver_keeps", ""));
        rig_expect_said(rig, "refused E-STELLE data.by_unit");
        event_at(rig, item, "jugendamt", "handover.conflict.decided", decisions[i].data);
        rig_expect_said(rig, "accepted");
        life_is(rig, item, decisions[i].want);
    }
}

/* Who was reminded before is told of the dispute once, as the one who settles it. */
static void test_conflict_after_reminder(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    for (int rung = 0; !life_count(rig, item, "\ntold sb-leitung") && rung < 3; rung++)
        life_next(rig, item);
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "not_competent"));
    assert_int_equal(life_count(rig, item, "\ntold sb-leitung conflict"), 1);
    assert_int_equal(life_count(rig, item, "\ntold sb-leitung outcome"), 0);
}

static void test_conflict_undecided(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = dispute(rig);
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    struct buf due = BUF_INIT;
    rig_put_time(&due, clock.due_ms);
    assert_string_equal(buf_str(&due), "Do 19.11. 16:00");
    buf_release(&due);
    life_next(rig, item);
    assert_true(rig_item(rig, item).flags & ITEM_OVERDUE);
    assert_string_equal(rig_item(rig, item).owner_unit, "asd");
    event_at(rig, item, "jugendamt", "handover.conflict.decided",
             DECIDED("koordination", "reassigned", ""));
    rig_expect_said(rig, "refused E-PFLICHT data.to_unit");
}

/* Who was reminded in the giver's place, or settles the dispute for it, is no receiver. */
static void test_giver_side_cannot_accept(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = dispute(rig);
    event_at(rig, item, "jugendamt", "handover.accepted", TALK("asd-leitung"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    event_at(rig, item, "jugendamt", "handover.conflict.decided",
             DECIDED("asd-leitung", "confirmed", ""));
    event_at(rig, item, "jugendamt", "handover.accepted", TALK("asd-leitung"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    life_is(rig, item, "accepted owner=sozialbuero waiting=");
}

/* Nobody has to confirm the withdrawal of what never reached anybody. */
static void test_withdrawn_before_asked(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    life_is(rig, item, "closed owner=asd waiting=");
    assert_int_equal(life_count(rig, item, "\ntold koordination"), 0);
    assert_int_equal(life_count(rig, item, "\nstatus handover.withdrawn"), 1);
}

/* When the giver does not act, who is reminded in its place may. */
static void test_giver_is_silent(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    assert_int_equal(life_answer(rig, item, "asd-leitung", ANSWER_WITHDRAW, ""), ANSWER_IMPOSSIBLE);
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "known_already"));
    assert_int_equal(life_answer(rig, item, "sb-leitung", ANSWER_WITHDRAW, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "koordination", ANSWER_WITHDRAW, ""), ANSWER_RECORDED);
    life_is(rig, item, "withdrawn owner=asd waiting=sozialbuero");
    assert_int_equal(life_answer(rig, item, "sozialbuero", ANSWER_SEEN, ""), ANSWER_RECORDED);
    life_is(rig, item, "closed owner=asd waiting=");
}

/* H2: acceptance waits for the conversation, whichever way it came. */
static void test_hilfeplan(void **state)
{
    struct gateway_rig *rig = *state;
    static const enum answer_via ways[] = {VIA_EVENT, VIA_LINK, VIA_CONTROL};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", WITH_PLAN)->item_seq;
        if (ways[i] == VIA_EVENT) {
            event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
            rig_expect_said(rig, "parked E-GESPRAECH");
            life_is(rig, item, "requested owner=asd waiting=sozialbuero");
        } else {
            assert_int_equal(life_answer(rig, item, "sozialbuero", ANSWER_ACCEPT, ""),
                             ANSWER_PARKED);
            life_is(rig, item, "acknowledged owner=asd waiting=sozialbuero");
        }
        event_at(rig, item, "jugendamt", "handover.conversation.held", TALK("asd"));
        life_is(rig, item, "accepted owner=sozialbuero waiting=");
        assert_int_equal(store_item_count_open(rig->g.store), 0);
    }
}

/* A talk with the unit that rejected is none with the next one. */
static void test_conversation_with_another(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", WITH_PLAN)->item_seq;
    event_at(rig, item, "jugendamt", "handover.conversation.held", TALK("asd"));
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "not_competent"));
    event_at(rig, item, "jugendamt", "handover.conflict.decided",
             DECIDED("koordination", "reassigned", ",\"to_unit\":\"jobcenter\""));
    event_at(rig, item, "jobcenter", "handover.accepted", TALK("jobcenter"));
    rig_expect_said(rig, "parked E-GESPRAECH");
    event_at(rig, item, "jobcenter", "handover.conversation.held", TALK("jobcenter"));
    life_is(rig, item, "accepted owner=jobcenter waiting=");
}

/* KI2: the second function's part opens when the handover is asked for, completed or announced
 * before, and once. */
static void test_second_function_opens_once(void **state)
{
    struct gateway_rig *rig = *state;
    static const char full[] = "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
                               "\"service\":\"hlu\"}";
    rig_insert(rig, "copy = [ \"jobcenter\" ];", " tasks = [ \"sb-vertretung\" ];");
    rig_reload(rig);
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    assert_int_equal(life_child(rig, item, "second_function").seq, 0);
    event_at(rig, item, "jugendamt", "handover.requested", full);
    rig_expect_said(rig, "accepted");
    assert_string_equal(life_child(rig, item, "second_function").waiting_unit, "sb-vertretung");
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "no_capacity"));
    event_at(rig, item, "jugendamt", "handover.requested", full);
    assert_int_equal(store_item_count_open(rig->g.store), 2);
}

/* H6: C1 runs at the giver, also when the request is incomplete at first, and once. */
static void test_reha_clock(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\","
                             "\"application_received_on\":\"2026-11-16\"}")
                       ->item_seq;
    struct item clock = life_child(rig, item, "C1");
    assert_string_equal(clock.waiting_unit, "asd");
    event_at(rig, item, "jugendamt", "handover.requested", REHA("2026-11-16"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(life_child(rig, item, "C1").seq, clock.seq);
    assert_int_equal(store_item_count_open(rig->g.store), 2);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    assert_int_equal(rig_item(rig, clock.seq).state, STATE_MET);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    /* C2: forwarded once more only by agreement. */
    rig_event(rig, "sozialamt", "handover.requested", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"sozialbuero\",\"reason\":\"umzug\","
              "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
              "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"jobcenter\","
              "\"application_received_on\":\"2026-11-16\"}");
    rig_expect_said(rig, "returned E-TURBO data.agreed");
}

/* A giver that keeps the case keeps its application: nothing pauses the law's clock. */
static void test_reha_clock_outlives_withdrawal(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,",
                             REHA("2026-11-16"))
                       ->item_seq;
    struct item clock = life_child(rig, item, "C1");
    assert_true(clock.restricted);
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    life_is(rig, item, "closed owner=asd waiting=");
    assert_int_equal(rig_item(rig, clock.seq).state, STATE_TICKING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_announced_to_accepted),
        LIFE(test_conversation_told_to_the_other),
        LIFE(test_announced_then_incomplete),
        LIFE(test_incomplete_announcement),
        LIFE(test_returned_with_list),
        LIFE(test_asked_again_after_overdue),
        LIFE(test_rejected_by_each_code),
        LIFE(test_conflict_decisions),
        LIFE(test_conflict_after_reminder),
        LIFE(test_conflict_undecided),
        LIFE(test_giver_side_cannot_accept),
        LIFE(test_withdrawn_before_asked),
        LIFE(test_giver_is_silent),
        LIFE(test_hilfeplan),
        LIFE(test_conversation_with_another),
        LIFE(test_second_function_opens_once),
        LIFE(test_reha_clock),
        LIFE(test_reha_clock_outlives_withdrawal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
