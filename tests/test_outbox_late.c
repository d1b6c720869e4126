/*
 * outbox_late.c: what is due and does not leave, because an operator holds it or a rate is used up,
 * is told and goes another way before its deadline, and is not given up; a look is bounded,
 * survives a rollback, and leaves alone what is under way or can leave.
 */
#include "../daemon/undelivered.h"
#include "../daemon/verdict.h"
#include "outbox_rig.h"

enum { MANY = 600, STEPS_MAX = 100000 };

/* clang-format off */
static const char late_units[] =
    " { id = \"viele\"; kind = \"team\"; name = \"Stelle viele\"; contacts = ("
    " { channel = \"email\"; address = \"eins@amt.example\"; },"
    " { channel = \"sms\"; address = \"+4915100000022\"; } ); },";
/* clang-format on */

static int set_up_late(void **state)
{
    set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "units = (", late_units);
    rig_reload(rig);
    rig_at(rig, RIG_MONDAY);
    rig->g.config->settings.bundle_ms = 0;
    rig->g.config->settings.contact_per_hour = 0;
    return 0;
}

static void hold(struct gateway_rig *rig, const char *name, bool hold)
{
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    assert_int_equal(outbox_hold(&rig->g, name, hold, &err), OP_DONE);
    rig_commit(rig);
    outbox_hold_changed(&rig->g);
    buf_release(&err);
}

/* To be answered within so many minutes (0: no answer), given up after `expire_min`. */
static int64_t ask(struct gateway_rig *rig, int64_t answer_min, int64_t expire_min)
{
    struct limits limits;
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), URGENCY_ROUTINE);
    limits.expire_ms = expire_min * MINUTE;
    rig_request(rig, "viele", URGENCY_ROUTINE, &limits,
                answer_min ? rig->g.now_ms + answer_min * MINUTE : RIG_NO_ANSWER);
    return store_last(rig->g.store, SEQ_DELIVERY);
}

static void look(struct gateway_rig *rig)
{
    store_begin(rig->g.store);
    outbox_look_late(&rig->g);
    rig_commit(rig);
    outbox_settled(&rig->g);
}

/* A whole round; how many steps it took. */
static int look_round(struct gateway_rig *rig)
{
    int steps = 0;
    for (int64_t at_ms; (at_ms = outbox_late_ms(&rig->g)); steps++) {
        if (steps == STEPS_MAX)
            fail_msg("the round does not end");
        if (rig->g.mono_ms < at_ms)
            rig->g.mono_ms = at_ms;
        look(rig);
    }
    return steps;
}

/* After so many minutes; what can leave has left. */
static void minutes_later(struct gateway_rig *rig, int64_t minutes)
{
    pass(rig, minutes * MINUTE);
    work(rig);
    look_round(rig);
    work(rig);
}

struct told {
    const char *type, *with;
    int count;
};

static bool take_status(void *context, const struct out_event *out)
{
    struct told *told = context;
    told->count += strstr(out->payload, told->type) && strstr(out->payload, told->with);
    return true;
}

static int told(const struct gateway_rig *rig, const char *type, const char *with)
{
    struct told told = {type, with, 0};
    store_out_each(rig->g.store, 0, &told, take_status);
    return told.count;
}

/* To be answered within an hour: warned once at half of it, another way in the last quarter. */
static void test_held(void **state)
{
    static const struct {
        const char *label;
        int64_t minutes; /* after the step before */
        int warned;
        const char *want;
    } steps[] = {
        {"just before half", 29, 0, "pending "},
        {"half is gone", 1, 1, "pending "},
        {"once", 10, 1, "pending "},
        {"the last quarter: the other channel", 5, 1, "pending sent "},
        {"one other way is enough", 10, 1, "pending sent "},
        {"no deadline is left", 60, 1, "pending sent "},
        {"a hold outlasts the expiry", 60, 1, "pending sent "},
    };
    struct gateway_rig *rig = *state;
    hold(rig, "post", true);
    int64_t first = ask(rig, 60, 120);
    work(rig);
    const int64_t due_ms = delivery(rig, first).next_ms;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        minutes_later(rig, steps[i].minutes);
        expect_states(rig, steps[i].label, first, steps[i].want);
        if (told(rig, "notice.delayed", "\"class\":\"local\"") != steps[i].warned)
            fail_msg("%s: not told %d times", steps[i].label, steps[i].warned);
    }
    assert_int_equal(told(rig, "notice.delayed", "next_attempt"), 0);
    assert_int_equal(delivery(rig, first).next_ms, due_ms);
    assert_int_equal(delivery(rig, first).attempts, 0);
    hold(rig, "post", false);
    work(rig);
    expect_states(rig, "released", first, "sent sent ");
    assert_int_equal(outbox_late_ms(&rig->g), 0);
}

/* One a minute, to be answered within twelve: whose turn comes too late is told, and by SMS before
 * the end. Those leave at once, the limit is one of mail domains. */
static void test_rate(void **state)
{
    enum { ALL = 12, HALF = 6, LAST_QUARTER = 9 };
    struct gateway_rig *rig = *state;
    rig->g.config->settings.domain_per_minute = 1;
    int64_t first = ask(rig, ALL, 2 * ALL);
    for (int i = 1; i < ALL; i++)
        ask(rig, ALL, 2 * ALL);
    work(rig);
    for (int minute = 1; minute < HALF; minute++)
        minutes_later(rig, 1);
    assert_int_equal(told(rig, "notice.delayed", ""), 0);
    minutes_later(rig, 1);
    assert_int_equal(told(rig, "notice.delayed", "\"class\":\"throttled\""), ALL - HALF - 1);
    for (int minute = HALF + 1; minute < LAST_QUARTER; minute++)
        minutes_later(rig, 1);
    assert_int_equal(store_last(rig->g.store, SEQ_DELIVERY), first + ALL - 1);
    minutes_later(rig, 1);
    expect_states(rig, "the last quarter", first,
                  "sent sent sent sent sent sent sent sent sent sent pending pending sent sent ");
    const struct delivery last = delivery(rig, first + ALL - 1);
    assert_int_equal(last.class, CLASS_NONE);
    assert_int_equal(last.attempts, 0);
    minutes_later(rig, 1);
    minutes_later(rig, 1);
    assert_int_equal(delivery(rig, last.seq).state, DELIVERY_SENT);
    minutes_later(rig, 1);
    assert_int_equal(rig->g.outbox->stuck[false], 0);
}

/* What was held for longer than its expiry is sent, also what finds no room in the first minutes
 * after the release. */
static void test_released_late(void **state)
{
    enum { ALL = 10 };
    struct gateway_rig *rig = *state;
    rig->g.config->settings.domain_per_minute = 1;
    hold(rig, "post", true);
    int64_t first = ask(rig, 0, 30);
    for (int i = 1; i < ALL; i++)
        ask(rig, 0, 30);
    work(rig);
    minutes_later(rig, 120);
    assert_int_equal(told(rig, "notice.delayed", "\"class\":\"local\""), ALL);
    hold(rig, "post", false);
    for (int minute = 0; minute < ALL; minute++)
        minutes_later(rig, 1);
    expect_states(rig, "all", first, "sent sent sent sent sent sent sent sent sent sent ");
}

/* Class and words for the sender and the coordinator: before an attempt whoever makes it wait. */
static void test_reason(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf said = BUF_INIT;
    rig->g.config->settings.domain_per_minute = 1;
    ask(rig, 0, 30);
    int64_t late = ask(rig, 60, 120);
    const struct item item = rig_item(rig, delivery(rig, late).item_seq);
    work(rig);
    kill_road(rig, "post");
    kill_road(rig, "post2");
    road(rig, "post")->probe_ms = road(rig, "post2")->probe_ms = 0;
    hold(rig, "post", true);
    minutes_later(rig, 31);
    assert_int_equal(told(rig, "notice.delayed", "\"class\":\"local\""), 1);
    undelivered_sentence(&rig->g, &said, &item);
    assert_non_null(strstr(buf_str(&said), verdict_of(CLASS_LOCAL)->sender));
    buf_reset(&said);
    hold(rig, "post", false);
    undelivered_sentence(&rig->g, &said, &item);
    assert_non_null(strstr(buf_str(&said), verdict_of(CLASS_AUTH)->sender));
    buf_release(&said);
}

/* A short wait is not looked at, and not at all where nothing waits. */
static void test_only_what_is_stuck(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = ask(rig, 60, 120);
    work(rig);
    pass(rig, HOUR);
    assert_int_equal(outbox_late_ms(&rig->g), 0);
    hold(rig, "post", true);
    int64_t held = ask(rig, 2, 120);
    work(rig);
    pass(rig, MINUTE - 1);
    outbox_start(&rig->g);
    look_round(rig);
    assert_int_equal(told(rig, "notice.delayed", ""), 0);
    /* The round before was less than a minute ago. */
    pass(rig, 1);
    assert_int_equal(outbox_late_ms(&rig->g), 0);
    /* After a jump of the clock lanes are tried first. */
    pass(rig, MINUTE);
    look_round(rig);
    assert_int_equal(told(rig, "notice.delayed", ""), 0);
    outbox_start(&rig->g);
    pass(rig, MINUTE);
    look_round(rig);
    assert_int_equal(told(rig, "notice.delayed", ""), 1);
    assert_int_equal(delivery(rig, first).state, DELIVERY_SENT);
    assert_int_equal(delivery(rig, held).state, DELIVERY_PENDING);
}

/* Its result will say. */
static void test_under_way(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = ask(rig, 60, 120), second;
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 1);
    hold(rig, "post", true);
    second = ask(rig, 60, 120);
    outbox_start(&rig->g);
    pass(rig, 50 * MINUTE);
    outbox_start(&rig->g);
    look_round(rig);
    assert_int_equal(delivery(rig, first).warned_ms, 0);
    assert_true(delivery(rig, second).warned_ms != 0);
    work(rig);
    assert_int_equal(delivery(rig, first).state, DELIVERY_SENT);
}

/* Each of many is warned once, in several steps; what a step decided and the store did not take is
 * decided again. */
static void test_steps(void **state)
{
    struct gateway_rig *rig = *state;
    hold(rig, "post", true);
    for (int i = 0; i < MANY; i++)
        ask(rig, 60, 120);
    work(rig);
    pass(rig, 31 * MINUTE);
    outbox_start(&rig->g);
    store_begin(rig->g.store);
    outbox_look_late(&rig->g);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    outbox_rolled_back(&rig->g);
    assert_int_equal(told(rig, "notice.delayed", ""), 0);
    assert_true(outbox_late_ms(&rig->g) != 0);
    assert_in_range(look_round(rig), 2, STEPS_MAX - 1);
    assert_int_equal(told(rig, "notice.delayed", ""), MANY);
    pass(rig, MINUTE);
    look_round(rig);
    assert_int_equal(told(rig, "notice.delayed", ""), MANY);
}

/* What is urgent has a round of its own: it does not wait for many others to be looked at. */
static void test_urgent_first(void **state)
{
    struct gateway_rig *rig = *state;
    struct limits limits;
    hold(rig, "post", true);
    for (int i = 0; i < MANY; i++)
        ask(rig, 60, 120);
    hold(rig, "post (urgent)", true);
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), URGENCY_URGENT);
    rig_request(rig, "viele", URGENCY_URGENT, &limits, rig->g.now_ms + 60 * MINUTE);
    int64_t urgent = store_last(rig->g.store, SEQ_DELIVERY);
    while (delivery(rig, urgent).channel != CHANNEL_EMAIL)
        urgent--;
    work(rig);
    pass(rig, 31 * MINUTE);
    outbox_start(&rig->g);
    look(rig);
    assert_true(delivery(rig, urgent).warned_ms != 0);
}

/* A rolled-back transaction's number comes to another name: it is counted where it was. */
static void test_reused_number(void **state)
{
    struct gateway_rig *rig = *state;
    struct outbox *o = rig->g.outbox;
    store_begin(rig->g.store);
    int64_t routine = store_intern(rig->g.store, "post/neu.example");
    outbox_wake(&rig->g, routine);
    store_rollback(rig->g.store);
    outbox_stuck(&rig->g, &o->lane[o->lane_by_id[routine] - 1], true);
    assert_int_equal(o->stuck[false], 1);
    store_begin(rig->g.store);
    assert_int_equal(store_intern(rig->g.store, "post/neu.example (urgent)"), routine);
    rig_commit(rig);
    outbox_wake(&rig->g, routine);
    assert_int_equal(o->stuck[false] + o->stuck[true], 0);
}

#define LATE(name) cmocka_unit_test_setup_teardown(name, set_up_late, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LATE(test_held),
        LATE(test_rate),
        LATE(test_released_late),
        LATE(test_reason),
        LATE(test_urgent_first),
        LATE(test_reused_number),
        LATE(test_only_what_is_stuck),
        LATE(test_under_way),
        LATE(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
