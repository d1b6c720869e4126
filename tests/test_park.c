/*
 * workflow_park.c: each cell of the matrix that parks is parked, applied when what must come before
 * it has come, and becomes the coordinator's task after 24 hours otherwise.
 */
#include "life_rig.h"

#define ON(provider)                                                                               \
    "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"" provider "\",\"on\":\"2026-11-17\"}"
#define ANNOUNCED                                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\","            \
    "\"expected_on\":\"2026-11-30\",\"reason\":\"umzug\"}"
#define END "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"done\",\"next_step\":\"none\"}"
#define PHASE "{\"case_ref\":\"" RIG_CASE "\",\"phase\":\"start\"}"
#define CLEARED "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-16T09:00:00+01:00\"}"
#define AT(unit)                                                                                   \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"at\":\"2026-11-16T09:00:00+01:"     \
    "00\"}"

static int64_t announced(struct gateway_rig *rig)
{
    return rig_event(rig, "jugendamt", "handover.announced", "", ANNOUNCED)->item_seq;
}

static int64_t returned(struct gateway_rig *rig)
{
    int64_t item = request(rig);
    event_at(rig, item, "sozialamt", "handover.returned", CODED("sozialbuero", "documents"));
    return item;
}

static int64_t rejected(struct gateway_rig *rig)
{
    int64_t item = request(rig);
    event_at(rig, item, "sozialamt", "handover.rejected", CODED("sozialbuero", "no_capacity"));
    return item;
}

static int64_t offered(struct gateway_rig *rig)
{
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
    return item;
}

static int64_t taken(struct gateway_rig *rig)
{
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    return item;
}

static int64_t reported(struct gateway_rig *rig)
{
    return rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
}

struct said {
    const char *source, *type, *data;
};

/* How the item comes to be, what comes too early, what should have come before it. */
static const struct {
    const char *label;
    int64_t (*make)(struct gateway_rig *rig);
    struct said early, before;
    const char *want;
} cells[] = {
    {"seen before it is asked",
     announced,
     {"sozialamt", "handover.acknowledged", ANSWER("sozialbuero")},
     {"jugendamt", "handover.requested", TO_SB},
     "acknowledged"},
    {"talk planned before it is asked",
     announced,
     {"jugendamt", "handover.conversation.planned", TALK("asd")},
     {"jugendamt", "handover.requested", TO_SB},
     "requested"},
    {"talk held before it is asked",
     announced,
     {"jugendamt", "handover.conversation.held", TALK("asd")},
     {"jugendamt", "handover.requested", TO_SB},
     "conversation_held"},
    {"accepted before it is asked",
     announced,
     {"sozialamt", "handover.accepted", TALK("sozialbuero")},
     {"jugendamt", "handover.requested", TO_SB},
     "accepted"},
    {"returned before it is asked",
     announced,
     {"sozialamt", "handover.returned", CODED("sozialbuero", "documents")},
     {"jugendamt", "handover.requested", TO_SB},
     "returned"},
    {"rejected before it is asked",
     announced,
     {"sozialamt", "handover.rejected", CODED("sozialbuero", "no_capacity")},
     {"jugendamt", "handover.requested", TO_SB},
     "rejected"},
    {"talk planned before it is seen",
     request,
     {"jugendamt", "handover.conversation.planned", TALK("asd")},
     {"sozialamt", "handover.acknowledged", ANSWER("sozialbuero")},
     "conversation_planned"},
    {"accepted before it is completed",
     returned,
     {"sozialamt", "handover.accepted", TALK("sozialbuero")},
     {"jugendamt", "handover.requested", TO_SB},
     "accepted"},
    {"talk held while rejected",
     rejected,
     {"jugendamt", "handover.conversation.held", TALK("asd")},
     {"jugendamt", "handover.requested", TO_SB},
     "conversation_held"},
    {"date before it is accepted",
     offered,
     {"traeger", "referral.contact.scheduled", ON("verein")},
     {"traeger", "referral.accepted", PROVIDER("verein")},
     "first_contact_scheduled"},
    {"contact before it is accepted",
     offered,
     {"traeger", "referral.contact.held", ON("verein")},
     {"traeger", "referral.accepted", PROVIDER("verein")},
     "running"},
    {"completed before it is accepted",
     offered,
     {"traeger", "referral.completed", END},
     {"traeger", "referral.accepted", PROVIDER("verein")},
     "feedback_due"},
    {"phase before the contact",
     taken,
     {"traeger", "referral.phase.changed", PHASE},
     {"traeger", "referral.contact.held", ON("verein")},
     "running"},
    {"closed before it is cleared",
     reported,
     {"hotline", "emergency.closed", CODED("bereitschaft", "no_handover")},
     {"hotline", "hazard.cleared", CLEARED},
     "closed"},
};

static struct item parked_of(struct gateway_rig *rig, int64_t item)
{
    struct item task = life_child(rig, item, "parked");
    assert_true(task.seq > 0);
    assert_int_equal(task.state, STATE_WAITING);
    assert_string_equal(task.owner_unit, "koordination");
    return task;
}

static void test_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cells); i++) {
        void *one;
        life_set_up(&one);
        struct gateway_rig *rig = one;
        print_message("# %s\n", cells[i].label);
        int64_t item = cells[i].make(rig);
        event_at(rig, item, cells[i].early.source, cells[i].early.type, cells[i].early.data);
        rig_expect_said(rig, "parked E-VORHER");
        enum item_state before = rig_item(rig, item).state;
        struct item task = parked_of(rig, item);
        event_at(rig, item, cells[i].before.source, cells[i].before.type, cells[i].before.data);
        rig_expect_said(rig, "accepted");
        assert_string_equal(item_state_name(rig_item(rig, item).state), cells[i].want);
        assert_true(rig_item(rig, item).state != before);
        /* What needs still another one waits on: a planned talk for somebody who has seen it. */
        bool waits = str_eq(cells[i].want, "requested");
        assert_int_equal(rig_item(rig, task.seq).closed_ms == 0, waits);
        assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
        rig_tear_down(&one);
    }
}

/* Several, out of order: each is applied as soon as it can be. */
static void test_in_order(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = offered(rig);
    event_at(rig, item, "traeger", "referral.completed", END);
    event_at(rig, item, "traeger", "referral.phase.changed", PHASE);
    event_at(rig, item, "traeger", "referral.contact.held", ON("verein"));
    rig_expect_said(rig, "parked E-VORHER");
    assert_int_equal(store_item_count_open(rig->g.store), 4);
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    assert_int_equal(rig_item(rig, item).state, STATE_FEEDBACK_DUE);
}

/* The same fact twice: when one has been applied, the other tells nothing more. */
static void test_parked_twice(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = announced(rig);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "parked E-VORHER");
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    assert_int_equal(store_item_count_open(rig->g.store), 4);
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    assert_int_equal(rig_item(rig, item).state, STATE_ACCEPTED);
    rig_at(rig, "2026-11-18T09:00:00+01:00");
    store_begin(rig->g.store);
    clock_fire_due(&rig->g);
    rig_commit(rig);
    /* No false alarm a day later. */
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* By case, before its request; restricted and urgency go with it. */
static void test_before_its_request(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_expect_said(rig, "parked E-VORHER");
    rig_event(rig, "jobcenter", "handover.acknowledged", "", ANSWER("jobcenter"));
    rig_expect_said(rig, "parked E-VORHER");
    int64_t item = request(rig);
    /* Only who was asked has seen it. */
    life_is(rig, item, "acknowledged owner=asd waiting=sozialbuero");
    assert_int_equal(store_item_count_open(rig->g.store), 2);
}

static void test_a_day_later(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested",
                             "\"restricted\":true,\"urgency\":\"urgent\",", TO_SB)
                       ->item_seq;
    event_at(rig, item, "jugendamt", "handover.conversation.planned", TALK("asd"));
    struct item task = parked_of(rig, item);
    assert_true(task.restricted);
    assert_int_equal(task.urgency, URGENCY_URGENT);
    life_next(rig, task.seq);
    assert_int_equal(rig->g.now_ms - task.created_ms, INT64_C(24) * 3600000);
    assert_int_equal(rig_item(rig, task.seq).state, STATE_OPEN);
    assert_int_equal(life_count(rig, task.seq, "\ntold koordination"), 1);
    assert_int_equal(life_count(rig, task.seq, "\nstatus task.opened to jugendamt"), 1);
    assert_int_equal(life_answer(rig, task.seq, "asd", ANSWER_DONE, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, task.seq, "koordination", ANSWER_DONE, ""), ANSWER_RECORDED);
    assert_int_equal(rig_item(rig, task.seq).state, STATE_DONE);
}

/* An answer by link that comes too early is kept with the fields of its own type. */
static void test_parked_answer(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = offered(rig);
    assert_int_equal(life_answer(rig, item, "verein", ANSWER_CONTACTED, ""), ANSWER_PARKED);
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    life_is(rig, item, "running owner=verein waiting=verein");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
}

/* What can never come ends with its item. */
static void test_item_ends_first(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = announced(rig);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    event_at(rig, item, "jugendamt", "handover.withdrawn", AT("asd"));
    assert_int_equal(rig_item(rig, item).state, STATE_CLOSED);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),  LIFE(test_in_order),    LIFE(test_parked_twice),
        LIFE(test_before_its_request), LIFE(test_a_day_later), LIFE(test_parked_answer),
        LIFE(test_item_ends_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
