/*
 * The life of a referral: DOMAIN F1-F6, MH6, MH7, R8. Two providers can be offered the same.
 */
#include "life_rig.h"

#include "../daemon/workflow_parts.h"

#define ON(provider, day)                                                                          \
    "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"" provider "\",\"on\":\"" day "\"}"
#define PHASE(name) "{\"case_ref\":\"" RIG_CASE "\",\"phase\":\"" name "\"}"
#define END(code, next)                                                                            \
    "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"" code "\",\"next_step\":\"" next "\"}"

/* Requested and approved: offered to verein. */
static int64_t offered(struct gateway_rig *rig)
{
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "offered owner=asd waiting=verein");
    return item;
}

static int64_t accepted(struct gateway_rig *rig)
{
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    life_is(rig, item, "accepted owner=verein waiting=verein");
    return item;
}

static int64_t running(struct gateway_rig *rig)
{
    int64_t item = accepted(rig);
    event_at(rig, item, "traeger", "referral.contact.held", ON("verein", "2026-11-16"));
    life_is(rig, item, "running owner=verein waiting=verein");
    return item;
}

static void test_refused(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    event_at(rig, item, "jugendamt", "referral.refused", APPROVAL("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_role");
    event_at(rig, item, "jugendamt", "referral.refused", APPROVAL("asd-leitung"));
    life_is(rig, item, "refused owner=asd waiting=");
    assert_int_equal(life_count(rig, item, "\ntold asd outcome"), 1);
    assert_int_equal(life_count(rig, item, "\ntold verein"), 0);
}

/* "voll": the next provider by rule; when there is none, the giver's turn. */
static void test_next_provider(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.declined", DECLINED("verein", "voll"));
    rig_expect_said(rig, "accepted");
    life_is(rig, item, "offered owner=asd waiting=verein-fremd");
    assert_int_equal(life_count(rig, item, "\ntold verein "), 1);
    event_at(rig, item, "traeger", "referral.declined", DECLINED("verein-fremd", "voll"));
    life_is(rig, item, "declined owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "referral.closed", CODED("asd", "noted"));
    life_is(rig, item, "closed owner=asd waiting=");
}

/* The client's choice, or no: not simply the next one. */
static void test_not_simply_the_next(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.declined", DECLINED("verein", "client_refused"));
    life_is(rig, item, "declined owner=asd waiting=asd");
    item = rig_event(rig, "jugendamt", "referral.requested", "",
                     "{\"case_ref\":\"" RIG_CASE "\",\"service\":\"schuldner\",\"place\":\"nord\","
                     "\"from_unit\":\"asd\",\"legal_basis\":\"sgb2_16a\","
                     "\"complexity\":\"complex\",\"offer_check\":\"none\","
                     "\"provider_wish\":\"verein\"}")
               ->item_seq;
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
    event_at(rig, item, "traeger", "referral.declined", DECLINED("verein", "voll"));
    life_is(rig, item, "declined owner=asd waiting=asd");
    /* Asked again without a wish: by rule. */
    event_at(rig, item, "jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a"));
    assert_false(rig_item(rig, item).flags & ITEM_PINNED);
}

/* F2: five staffed days of silence; seen is no answer, and a seen offer is asked after. */
static void test_silence(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.acknowledged", PROVIDER("verein"));
    life_is(rig, item, "acknowledged owner=asd waiting=verein");
    for (int fired = 0; fired < 9 && str_eq(rig_item(rig, item).to_unit, "verein"); fired++) {
        rig->g.now_ms = rig->g.steady_ms = store_clock_next(rig->g.store);
        store_begin(rig->g.store);
        clock_fire_due(&rig->g);
        rig_commit(rig);
    }
    struct buf now = BUF_INIT;
    rig_put_time(&now, rig->g.now_ms);
    assert_string_equal(buf_str(&now), "Mo 23.11. 16:00");
    life_is(rig, item, "offered owner=asd waiting=verein-fremd");
    assert_int_equal(life_count(rig, item, "\nstatus referral.unanswered"), 1);
    buf_release(&now);
}

static void test_waitlist(void **state)
{
    struct gateway_rig *rig = *state;
    static const char listed[] = "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"verein\","
                                 "\"code\":\"voll\",\"expected_week\":\"2027-W03\"}";
    int64_t item = accepted(rig);
    event_at(rig, item, "traeger", "referral.waitlisted", PROVIDER("verein"));
    assert_int_equal(rig->last.outcome, OUTCOME_REFUSED); /* F4: the week must be named */
    event_at(rig, item, "traeger", "referral.waitlisted", listed);
    rig_expect_said(rig, "accepted");
    /* Who only waits for a place is served by nobody: the giver is responsible again. */
    life_is(rig, item, "waitlisted owner=asd waiting=verein");
    assert_string_equal(rig_item(rig, item).code, "2027-W03");
    rig_at(rig, "2026-12-14T09:00:00+01:00"); /* four weeks on */
    fire(rig, 1);
    assert_int_equal(life_count(rig, item, "referral.reminder"), 1);
    event_at(rig, item, "traeger", "referral.waitlisted", listed);
    rig_expect_said(rig, "accepted");
    assert_false(rig_item(rig, item).flags & ITEM_OVERDUE);
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    life_is(rig, item, "accepted owner=verein waiting=verein");
}

/* No first contact in time: the giver is responsible again, the provider is asked again. */
static void test_contact_overdue(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = accepted(rig);
    event_at(rig, item, "traeger", "referral.contact.scheduled", ON("verein", "2026-11-20"));
    life_is(rig, item, "first_contact_scheduled owner=verein waiting=verein");
    life_next(rig, item);
    life_is(rig, item, "offered owner=asd waiting=verein");
    assert_int_equal(life_count(rig, item, "\nstatus referral.reopened"), 1);
    assert_true(rig_item(rig, item).flags & ITEM_LATE);
    assert_int_equal(life_count(rig, item, "\ntold asd outcome"), 2);
}

/* F5: missed, a new date, missed again: that is twice in a row. */
static void test_missed_twice(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = accepted(rig);
    event_at(rig, item, "traeger", "referral.contact.missed", ON("verein", "2026-11-16"));
    assert_int_equal(life_child(rig, item, "contact_missed").seq, 0);
    event_at(rig, item, "traeger", "referral.contact.scheduled", ON("verein", "2026-11-20"));
    event_at(rig, item, "traeger", "referral.contact.missed", ON("verein", "2026-11-20"));
    assert_string_equal(life_child(rig, item, "contact_missed").waiting_unit, "asd");
    assert_string_equal(rig_item(rig, item).owner_unit, "verein");
    item = running(rig);
    event_at(rig, item, "traeger", "referral.contact.missed", ON("verein", "2026-11-17"));
    event_at(rig, item, "traeger", "referral.contact.held", ON("verein", "2026-11-18"));
    event_at(rig, item, "traeger", "referral.contact.missed", ON("verein", "2026-11-19"));
    assert_int_equal(life_child(rig, item, "contact_missed").seq, 0);
    /* A further date while it runs is harmless. */
    event_at(rig, item, "traeger", "referral.contact.scheduled", ON("verein", "2026-11-27"));
    rig_expect_said(rig, "accepted");
}

/* MH6; a source that speaks for its provider alone need not name it, and is not told its own news.
 */
static void test_phases(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = running(rig);
    int told = life_count(rig, item, "\ntold verein ");
    event_at(rig, item, "traeger", "referral.phase.changed", PHASE("verlauf"));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "traeger", "referral.phase.changed", PHASE("abloesung"));
    assert_int_equal(life_count(rig, item, "\ntold verein "), told);
    assert_string_equal(rig_item(rig, item).code, "abloesung");
    struct item task = life_child(rig, item, "next_step");
    assert_int_equal(task.state, STATE_WAITING);
    life_next(rig, task.seq);
    assert_int_equal(rig->g.now_ms - task.created_ms, INT64_C(14) * 86400000);
    assert_int_equal(life_count(rig, task.seq, "\ntold asd task task.opened"), 1);
}

static void with_horizon(struct gateway_rig *rig)
{
    rig_insert(rig, "name = \"Schuldnerberatung\";", " horizon_months = 24;");
    rig_reload(rig);
}

/* MH9: two years after the first contact, to the day. */
static void test_horizon(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf sentence = BUF_INIT;
    with_horizon(rig);
    int64_t item = running(rig);
    struct item task = life_child(rig, item, "horizon");
    assert_int_equal(task.state, STATE_WAITING);
    life_next(rig, task.seq);
    assert_int_equal(berlin_day(rig->g.now_ms), day_of(2028, 11, 16));
    assert_int_equal(life_count(rig, task.seq, "\ntold asd task task.opened"), 1);
    task = rig_item(rig, task.seq);
    work_task_sentence(&rig->g, &sentence, &task);
    assert_int_equal(strncmp(buf_str(&sentence), "Diese Beratung läuft seit 24 Monaten.", 38), 0);
    buf_release(&sentence);
}

/* Of what was to be told while it runs nothing is told after its end; nothing of it stays open. */
static void test_end_forgets(void **state)
{
    struct gateway_rig *rig = *state;
    static const char *const codes[] = {"horizon", "next_step"};
    int64_t seq[COUNT_OF(codes)];
    with_horizon(rig);
    int64_t item = running(rig);
    event_at(rig, item, "traeger", "referral.phase.changed", PHASE("abloesung"));
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        seq[i] = life_child(rig, item, codes[i]).seq;
    event_at(rig, item, "traeger", "referral.completed", END("done", "none"));
    event_at(rig, item, "jugendamt", "referral.closed", CODED("asd", "noted"));
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        assert_true(seq[i] != 0);
        assert_int_equal(rig_item(rig, seq[i]).state, STATE_CLOSED);
        assert_int_equal(life_count(rig, seq[i], "\ntold"), 0);
    }
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* MH7, F6: no end without a next step; it is proposed, and somebody gets it as a task. */
static void test_completed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = running(rig);
    event_at(rig, item, "traeger", "referral.completed",
             "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"done\"}");
    rig_expect_said(rig, "refused E-PFLICHT data.next_step");
    event_at(rig, item, "traeger", "referral.completed", END("done", "p45_sgb3"));
    life_is(rig, item, "feedback_due owner=asd waiting=asd");
    assert_int_equal(life_count(rig, item, "\nstatus followup.proposed"), 1);
    struct item task = life_child(rig, item, "p45_sgb3");
    assert_string_equal(task.waiting_unit, "jobcenter");
    event_at(rig, item, "jugendamt", "referral.closed", CODED("asd", "noted"));
    life_is(rig, item, "closed owner=asd waiting=");
    /* What comes next goes on. */
    assert_int_equal(rig_item(rig, task.seq).closed_ms, 0);
    item = running(rig);
    event_at(rig, item, "traeger", "referral.aborted", END("moved", "none"));
    life_is(rig, item, "feedback_due owner=asd waiting=asd");
    assert_int_equal(life_count(rig, item, "\nstatus followup.proposed"), 0);
}

/* R8: withdrawn from every state; the provider hears no more than that. */
static void test_withdrawn_from_each_state(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t (*const ways[])(struct gateway_rig *) = {offered, accepted, running};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int64_t item = ways[i](rig);
        event_at(rig, item, "jugendamt", "referral.withdrawn", TALK("asd"));
        rig_expect_said(rig, "accepted");
        assert_int_equal(rig_item(rig, item).state, STATE_WITHDRAWN);
        assert_int_equal(life_count(rig, item, "\ntold verein outcome referral.outcome"), 1);
        assert_int_equal(store_item_count_open(rig->g.store), 0);
    }
}

/* A voucher that ends; a new approval has its own end, or none. */
static void test_expires(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    event_at(rig, item, "jugendamt", "referral.approved",
             "{\"case_ref\":\"" RIG_CASE "\",\"by_role\":\"asd-leitung\","
             "\"budget_line\":\"bl_16a\",\"valid_until\":\"2026-11-17\"}");
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    rig_at(rig, "2026-11-17T08:00:00+01:00");
    fire(rig, 1); /* both sides are told that it ends; once */
    rig_at(rig, "2026-11-18T00:00:00+01:00");
    fire(rig, 1);
    life_is(rig, item, "expired owner=asd waiting=asd");
    event_at(rig, item, "jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a"));
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
    life_is(rig, item, "offered owner=asd waiting=verein");
    fire(rig, 0);
}

/* DO5: the approver's deputy or its lead may approve; never who asked. */
static int with_deputy(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "Stelle asd-leitung\"; phone = \"+49201123456\"; ",
               "deputies = [ \"sb-vertretung\", \"asd\" ]; ");
    rig_reload(rig);
    return 0;
}

static void test_deputy_approves(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    assert_int_equal(life_answer(rig, item, "sb-leitung", ANSWER_APPROVE, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "asd", ANSWER_APPROVE, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "sb-vertretung", ANSWER_APPROVE, ""), ANSWER_RECORDED);
    life_is(rig, item, "offered owner=asd waiting=verein");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_refused),
        LIFE(test_next_provider),
        LIFE(test_not_simply_the_next),
        LIFE(test_silence),
        LIFE(test_waitlist),
        LIFE(test_contact_overdue),
        LIFE(test_missed_twice),
        LIFE(test_phases),
        LIFE(test_horizon),
        LIFE(test_end_forgets),
        LIFE(test_completed),
        LIFE(test_withdrawn_from_each_state),
        LIFE(test_expires),
        cmocka_unit_test_setup_teardown(test_deputy_approves, with_deputy, rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
