/* outbox_pace(): when a new delivery may leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway_rig.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

/* Minutes that a notice to the contact waits. */
struct told {
    const char *label;
    enum urgency urgency;
    enum item_kind kind;
    enum reason reason;
    bool restricted;
    int64_t deadline_in_ms; /* 0: none */
    int64_t want_ms;
};

static const struct contact office = {
    .id = "sozialbuero/1", .channel = CHANNEL_EMAIL, .address = "a@amt.example"};
static const struct contact phone = {
    .id = "sozialbuero/2", .channel = CHANNEL_SMS, .address = "+4915100000001"};
static const struct contact reader = {
    .id = "verein/1", .channel = CHANNEL_EMAIL, .address = "b@amt.example", .digest = true};

static int64_t wait_of(struct gateway_rig *rig, const struct contact *contact,
                       const struct told *told)
{
    const struct item item = {
        .kind = told->kind, .urgency = told->urgency, .restricted = told->restricted};
    const struct notice notice = {
        .reason = told->reason,
        .deadline_ms = told->deadline_in_ms ? rig->g.now_ms + told->deadline_in_ms : 0};
    return outbox_pace(&rig->g, &item, &notice, contact, rig->g.steady_ms) - rig->g.steady_ms;
}

static const struct told cases[] = {
    {"routine waits for company", URGENCY_ROUTINE, ITEM_HANDOVER, REASON_ROUTE, false, 0,
     5 * MINUTE},
    {"urgent does not", URGENCY_URGENT, ITEM_HANDOVER, REASON_ROUTE, false, 0, 0},
    {"an emergency does not", URGENCY_EMERGENCY, ITEM_EMERGENCY, REASON_ON_CALL, false, 0, 0},
    {"a new link is waited for", URGENCY_ROUTINE, ITEM_HANDOVER, REASON_LINK, false, 0, 0},
    {"an invitation goes alone", URGENCY_ROUTINE, ITEM_MEETING, REASON_MEMBER, false, 0, 0},
    {"so does an overview", URGENCY_ROUTINE, ITEM_DIGEST, REASON_DIGEST, false, 0, 0},
    {"and what few may read", URGENCY_ROUTINE, ITEM_HANDOVER, REASON_ROUTE, true, 0, 0},
    {"a deadline far away is no haste", URGENCY_ROUTINE, ITEM_HANDOVER, REASON_ROUTE, false, HOUR,
     5 * MINUTE},
    {"a near one is", URGENCY_ROUTINE, ITEM_HANDOVER, REASON_ROUTE, false, 19 * MINUTE, 0},
};

static void bundles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gateway_rig rig_of_case, *rig = &rig_of_case;
        rig_open(rig);
        rig->g.config->settings.bundle_ms = 5 * MINUTE;
        int64_t got = wait_of(rig, &office, &cases[i]);
        if (got != cases[i].want_ms)
            fail_msg("%s: %lld ms", cases[i].label, (long long)got);
        assert_int_equal(wait_of(rig, &phone, &cases[i]), 0);
        rig_close(rig);
    }
}

/* All of one window leave at its end, what comes later opens the next one. */
static void window_has_one_end(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.config->settings.bundle_ms = 5 * MINUTE;
    assert_int_equal(wait_of(rig, &office, &cases[0]), 5 * MINUTE);
    rig->g.steady_ms += 2 * MINUTE;
    assert_int_equal(wait_of(rig, &office, &cases[0]), 3 * MINUTE);
    rig->g.steady_ms += 3 * MINUTE + 1;
    assert_int_equal(wait_of(rig, &office, &cases[0]), 5 * MINUTE);
}

/* The rig's Monday is 09:00 in Berlin, the morning's hour 07:30. */
static void digest_waits_for_its_hour(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t want = 22 * HOUR + 30 * MINUTE;
    assert_int_equal(wait_of(rig, &reader, &cases[0]), want);
    rig->g.steady_ms += HOUR;
    rig->g.now_ms += HOUR;
    assert_int_equal(wait_of(rig, &reader, &cases[0]), want - HOUR);
    assert_int_equal(wait_of(rig, &reader, &cases[1]), 0);
    assert_int_equal(wait_of(rig, &reader, &cases[7]), 0);
}

/* So many in an hour for one contact; nobody else waits for it, and nothing urgent. */
static void one_person_has_a_limit(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.config->settings.contact_per_hour = 4;
    assert_int_equal(wait_of(rig, &phone, &cases[0]), 0);
    assert_int_equal(wait_of(rig, &phone, &cases[0]), 15 * MINUTE);
    assert_int_equal(wait_of(rig, &phone, &cases[0]), 30 * MINUTE);
    assert_int_equal(wait_of(rig, &phone, &cases[1]), 0);
    assert_int_equal(wait_of(rig, &office, &cases[0]), 0);
}

/* A turn that is tried again and again uses up no more than one. */
static void rollback_gives_back(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.config->settings.contact_per_hour = 4;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(wait_of(rig, &phone, &cases[0]), 0);
        assert_int_equal(wait_of(rig, &phone, &cases[0]), 15 * MINUTE);
        outbox_rolled_back(&rig->g);
    }
    assert_int_equal(wait_of(rig, &phone, &cases[0]), 0);
    outbox_settled(&rig->g);
    outbox_rolled_back(&rig->g);
    assert_int_equal(wait_of(rig, &phone, &cases[0]), 15 * MINUTE);
}

/* What waits for the morning holds up nothing that goes alone; and a wall clock that drifts from
 * the steady one makes no second mail of it. */
static void digest_blocks_nothing(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.config->settings.contact_per_hour = 60;
    int64_t morning = rig->g.steady_ms + wait_of(rig, &reader, &cases[0]);
    assert_int_equal(wait_of(rig, &reader, &cases[4]), 0);
    rig->g.steady_ms += HOUR;
    rig->g.now_ms += HOUR + 1800;
    assert_int_equal(rig->g.steady_ms + wait_of(rig, &reader, &cases[0]), morning);
}

#define PACE(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles),    PACE(window_has_one_end),  PACE(digest_waits_for_its_hour),
        PACE(one_person_has_a_limit), PACE(rollback_gives_back), PACE(digest_blocks_nothing)};
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
