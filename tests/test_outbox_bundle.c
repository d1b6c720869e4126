/*
 * The outbox, bundles: one mail of several notices that is cancelled in part, deferred, sent once
 * more or bounced; and what a rollback repeats.
 */
#include "outbox_rig.h"

/* ---- bundles */

static int64_t three(struct gateway_rig *rig)
{
    rig->g.config->settings.bundle_ms = 5 * MINUTE;
    int64_t first = notify(rig, "sozialbuero", URGENCY_ROUTINE);
    notify(rig, "sozialbuero", URGENCY_ROUTINE);
    notify(rig, "sozialbuero", URGENCY_ROUTINE);
    pass(rig, 5 * MINUTE);
    return first;
}

static void test_bundle_goes_once(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = three(rig);
    work(rig);
    expect_states(rig, "one mail", first, "sent sent sent ");
    assert_int_equal(files(rig, "mail/new"), 1);
    assert_int_equal(delivery(rig, first).bundle_seq, 0);
    assert_int_equal(delivery(rig, first + 2).bundle_seq, first);
}

/* A mail that comes back is one failure of its mailbox, whatever was in it. */
static void test_bundle_comes_back(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = three(rig);
    work(rig);
    store_begin(rig->g.store);
    assert_true(outbox_returned(&rig->g, first, CLASS_ADDRESS, 550));
    assert_false(outbox_returned(&rig->g, first, CLASS_ADDRESS, 550));
    rig_commit(rig);
    for (int64_t i = first; i < first + 3; i++)
        assert_int_equal(delivery(rig, i).state, DELIVERY_FAILED);
    assert_int_equal(store_contact_failures(rig->g.store, "sozialbuero/1"), 1);
}

/* What an operator sends once more waits for no company. */
static void test_resent_at_once(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t fresh, first = three(rig);
    work(rig);
    store_begin(rig->g.store);
    assert_int_equal(outbox_resend(&rig->g, first, "", &fresh, &err), OP_DONE);
    rig_commit(rig);
    work(rig);
    assert_int_equal(delivery(rig, fresh).state, DELIVERY_SENT);
}

static void test_bundle_before_it_leaves(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = three(rig);
    cancel(rig, first);
    work(rig);
    expect_states(rig, "the first is cancelled", first, "cancelled sent sent ");
    assert_int_equal(delivery(rig, first + 2).bundle_seq, first + 1);
    assert_int_equal(files(rig, "mail/new"), 1);
}

static void test_bundle_in_flight(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = three(rig);
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 1);
    assert_true(outbox_is_under_way(&rig->g, first + 1));
    cancel(rig, first + 1);
    await_results(rig);
    settle(rig);
    expect_states(rig, "it has left all the same", first, "sent sent sent ");
    work(rig);
    assert_int_equal(files(rig, "mail/new"), 1);
}

/* Deferred together, planned together; who was cancelled meanwhile stays out. */
static void test_bundle_is_deferred(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = three(rig);
    block(rig, "mail", "aside");
    block(rig, "mail2", "aside2");
    outbox_start(&rig->g);
    cancel(rig, first);
    await_results(rig);
    settle(rig);
    expect_states(rig, "deferred", first, "cancelled pending pending ");
    struct delivery a = delivery(rig, first + 1), b = delivery(rig, first + 2);
    assert_true(a.next_ms > rig->g.steady_ms);
    assert_int_equal(a.next_ms, b.next_ms);
    assert_int_equal(a.attempts, 1);
    unblock(rig, "mail", "aside");
    pass(rig, a.next_ms - rig->g.steady_ms);
    work(rig);
    expect_states(rig, "then sent", first, "cancelled sent sent ");
    assert_int_equal(files(rig, "mail/new"), 1);
    assert_int_equal(delivery(rig, first + 2).bundle_seq, first + 1);
}

/* ---- a rollback */

static void count_row(void *context, const struct audit_row *row)
{
    *(int *)context += strstr(row->content, "result=sent") != NULL;
}

static void test_settled_once(void **state)
{
    struct gateway_rig *rig = *state;
    int sent = 0;
    int64_t first = three(rig);
    outbox_start(&rig->g);
    await_results(rig);
    for (int i = 0; i < 3; i++) {
        store_begin(rig->g.store);
        outbox_settle(&rig->g);
        store_rollback(rig->g.store);
        outbox_rolled_back(&rig->g);
        assert_int_equal(outbox_in_flight(rig->g.outbox), 1);
    }
    settle(rig);
    work(rig);
    expect_states(rig, "once", first, "sent sent sent ");
    assert_int_equal(delivery(rig, first + 2).attempts, 1);
    for (int64_t i = first; i < first + 3; i++)
        store_audit_each(rig->g.store, delivery(rig, i).item_seq, &sent, count_row);
    assert_int_equal(sent, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX(test_bundle_goes_once),
        OUTBOX(test_bundle_comes_back),
        OUTBOX(test_bundle_before_it_leaves),
        OUTBOX(test_resent_at_once),
        OUTBOX(test_bundle_in_flight),
        OUTBOX(test_bundle_is_deferred),
        OUTBOX(test_settled_once),
    };
    return cmocka_run_group_tests_name("outbox bundles", tests, NULL, NULL);
}
