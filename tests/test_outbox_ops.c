/*
 * outbox_ops.c: what an operator holds does not start, what is free does; retry in bounded steps;
 * who cancels the last hope makes the next contact or step run; a copy says that it may be one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/outbox_ops.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/store_outbox.h"
#include "workflow_rig.h"

#define LANE "post/amt.example"

/* A team with a second mailbox. */
#define TWO_BOXES                                                                                  \
    " { id = \"zwei\"; kind = \"team\"; name = \"Stelle zwei\"; contacts ="                        \
    " ( { channel = \"email\"; address = \"zwei@amt.example\"; },"                                 \
    " { channel = \"email\"; address = \"zwei-vertretung@amt.example\"; },"                        \
    " { channel = \"sms\"; address = \"+4915100000003\"; urgent_only = true; } ); },"

struct found {
    struct delivery d[16];
    size_t count;
};

static void find_one(void *context, const struct delivery *d)
{
    struct found *found = context;
    assert_true(found->count < COUNT_OF(found->d));
    found->d[found->count++] = *d;
}

static struct found deliveries(const struct gateway_rig *rig, int64_t item)
{
    struct found found = {.count = 0};
    store_delivery_each(rig->g.store, item, &found, find_one);
    assert_true(found.count > 0);
    return found;
}

static struct delivery delivery(const struct gateway_rig *rig, int64_t seq)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, seq, &d));
    return d;
}

static void set_state(struct gateway_rig *rig, int64_t seq, enum delivery_state state)
{
    struct delivery d = delivery(rig, seq);
    d.state = state;
    d.ended_ms = rig->g.now_ms;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
}

static void set_hold(struct gateway_rig *rig, const char *name, bool hold, enum op_end want)
{
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    assert_int_equal(outbox_hold(&rig->g, name, hold, &err), want);
    assert_int_equal(err.len > 0, want != OP_DONE);
    rig_commit(rig);
    if (want == OP_DONE)
        outbox_hold_changed(&rig->g);
    buf_release(&err);
}

static void reopen_outbox(struct gateway_rig *rig)
{
    outbox_close(rig->g.outbox, 1000);
    rig->g.outbox = outbox_open(&rig->g);
}

/* ---- hold, release */

static void test_held_does_not_start(void **state)
{
    struct gateway_rig *rig = *state;
    set_hold(rig, LANE, true, OP_DONE);
    request(rig);
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 0);
    assert_int_equal(outbox_next_ms(rig->g.outbox), 0);
    /* A restart changes nothing. */
    reopen_outbox(rig);
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 0);
    set_hold(rig, LANE, false, OP_DONE);
    outbox_start(&rig->g);
    assert_true(outbox_in_flight(rig->g.outbox) > 0);
}

/* What is urgent starts although its transport is held, unless it was named. */
static void test_urgent_is_not_held(void **state)
{
    static const struct {
        const char *hold;
        bool starts;
    } cases[] = {{"post", true}, {"*", true}, {"post (urgent)", false}, {"* (urgent)", false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gateway_rig *rig = *state;
        print_message("# %s\n", cases[i].hold);
        set_hold(rig, cases[i].hold, true, OP_DONE);
        reopen_outbox(rig);
        int64_t item =
            rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"urgent\",", TO_SB)
                ->item_seq;
        assert_true(deliveries(rig, item).d[0].urgent);
        outbox_start(&rig->g);
        assert_int_equal(outbox_in_flight(rig->g.outbox) > 0, cases[i].starts);
        rig_tear_down(state);
        rig_set_up(state);
    }
}

/* Nothing fails over to a transport that is held, but to one of which only a lane is. */
static void test_held_transport(void **state)
{
    static const struct {
        const char *hold;
        bool routine, urgent;
    } cases[] = {{"post", true, false},
                 {"*", true, false},
                 {LANE, false, false},
                 {"post (urgent)", false, true},
                 {"funk", false, false}};
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("# %s\n", cases[i].hold);
        set_hold(rig, cases[i].hold, true, OP_DONE);
        assert_int_equal(outbox_transport_held(&rig->g, "post", false), cases[i].routine);
        assert_int_equal(outbox_transport_held(&rig->g, "post", true), cases[i].urgent);
        set_hold(rig, "", false, OP_DONE);
    }
}

/* Nothing in memory changes before the commit. */
static void test_rolled_back(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    assert_int_equal(outbox_hold(&rig->g, "post", true, &err), OP_DONE);
    store_rollback(rig->g.store);
    outbox_hold_changed(&rig->g);
    assert_int_equal(outbox_holds(&rig->g)->count, 0);
    buf_release(&err);
}

static void test_hold_and_release(void **state)
{
    struct gateway_rig *rig = *state;
    set_hold(rig, "post", true, OP_DONE);
    set_hold(rig, "post", true, OP_REFUSED);
    set_hold(rig, "funk", false, OP_REFUSED);
    set_hold(rig, LANE, false, OP_REFUSED); /* held by a wider hold */
    set_hold(rig, "*", true, OP_DONE);
    set_hold(rig, LANE, true, OP_DONE);
    set_hold(rig, LANE, false, OP_DONE);
    assert_int_equal(outbox_holds(&rig->g)->count, 2);
    set_hold(rig, "", false, OP_DONE);
    assert_int_equal(outbox_holds(&rig->g)->count, 0);
}

static void test_names(void **state)
{
    static const struct {
        const char *label, *lane;
        bool urgent;
        enum op_end want;
        const char *name;
    } cases[] = {
        {"a transport", "post", false, OP_DONE, "post"},
        {"a transport, urgent", "post", true, OP_DONE, "post (urgent)"},
        {"urgent twice", "post (urgent)", true, OP_DONE, "post (urgent)"},
        {"a lane in use", LANE, false, OP_DONE, LANE},
        {"its urgent sibling, not used yet", LANE, true, OP_DONE, LANE " (urgent)"},
        {"all", "", false, OP_DONE, "*"},
        {"all that is urgent", "", true, OP_DONE, "* (urgent)"},
        {"the star itself", "*", false, OP_DONE, "*"},
        {"a lane that never was", "post/sonst.example", false, OP_UNKNOWN, ""},
        {"an unknown transport", "fax", false, OP_UNKNOWN, ""},
        {"a quote", "post\"; drop table lane_hold; --", false, OP_UNKNOWN, ""},
        {"an apostrophe", "post' or '1'='1", false, OP_UNKNOWN, ""},
        {"a line end", "post\nlevel=error", false, OP_UNKNOWN, ""},
        {"only the mark", " (urgent)", false, OP_UNKNOWN, ""},
        {"a blank", " ", false, OP_UNKNOWN, ""},
        {"a text of the store that is no lane", "", false, OP_DONE, "*"},
    };
    struct gateway_rig *rig = *state;
    request(rig);
    for (size_t i = 0; i < COUNT_OF(cases) - 1; i++) {
        struct buf name = BUF_INIT, err = BUF_INIT;
        print_message("# %s\n", cases[i].label);
        assert_int_equal(outbox_name(&rig->g, cases[i].lane, cases[i].urgent, &name, &err),
                         cases[i].want);
        assert_string_equal(buf_str(&name), cases[i].name);
        assert_int_equal(err.len > 0, cases[i].want != OP_DONE);
        buf_release(&name);
        buf_release(&err);
    }
    struct buf name = BUF_INIT, err = BUF_INIT;
    const struct item item = rig_item(rig, 1);
    const char *limits = store_intern_text(rig->g.store, item.limits_id);
    print_message("# %s: %s\n", cases[COUNT_OF(cases) - 1].label, limits);
    assert_int_equal(outbox_name(&rig->g, limits, false, &name, &err), OP_UNKNOWN);
    buf_release(&name);
    buf_release(&err);
}

/* ---- cancel */

static const char *cancel(struct gateway_rig *rig, int64_t seq, const char *code, enum op_end want)
{
    struct buf err = BUF_INIT;
    const char *then = "";
    store_begin(rig->g.store);
    assert_int_equal(outbox_cancel(&rig->g, seq, code, &then, &err), want);
    assert_int_equal(err.len > 0, want != OP_DONE);
    rig_commit(rig);
    buf_release(&err);
    return then;
}

static void test_cancel_refusals(void **state)
{
    static const char *const bad[] = {
        "", "With Capitals", "0815", "a b", "a=b", "straße", "abcdefghijklmnopqrstuvwxyzabcdefg"};
    struct gateway_rig *rig = *state;
    int64_t seq = deliveries(rig, request(rig)).d[0].seq;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        cancel(rig, seq, bad[i], OP_REFUSED);
    cancel(rig, 4711, "told_by_phone", OP_UNKNOWN);
    cancel(rig, -1, "told_by_phone", OP_UNKNOWN);
    outbox_start(&rig->g);
    cancel(rig, seq, "told_by_phone", OP_REFUSED); /* it is under way */
    assert_int_equal(delivery(rig, seq).state, DELIVERY_PENDING);
    set_state(rig, seq, DELIVERY_SENT);
    cancel(rig, seq, "told_by_phone", OP_REFUSED);
}

struct seen {
    const char *want;
    bool found;
};

static void see_audit(void *context, const struct audit_row *row)
{
    struct seen *seen = context;
    seen->found = seen->found || strstr(row->content, seen->want);
}

static void expect_audit(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct seen seen = {want, false};
    store_audit_each(rig->g.store, item, &seen, see_audit);
    if (!seen.found)
        fail_msg("no audit row with %s", want);
}

/* One mailbox: the ladder goes on at once. */
static void test_cancel_runs_next_step(void **state)
{
    struct gateway_rig *rig = *state;
    struct clock clock;
    int64_t item = request(rig), seq = deliveries(rig, item).d[0].seq;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_true(clock.due_ms > rig->g.now_ms);
    assert_string_equal(cancel(rig, seq, "told_by_phone", OP_DONE), "next_step");
    assert_int_equal(delivery(rig, seq).state, DELIVERY_CANCELLED);
    assert_true(delivery(rig, seq).ended_ms == rig->g.now_ms);
    expect_audit(rig, item, "result=cancelled by=operator code=told_by_phone");
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_true(clock.due_ms == rig->g.now_ms);
    fire(rig, 1);
}

static int64_t ask_two(struct gateway_rig *rig, enum urgency urgency)
{
    struct item item = rig_item(rig, request(rig));
    const struct limits limits = {.expire_ms = 3600000, .sms = false};
    const struct telling telling = {directory_unit(rig->g.config->directory, "zwei"), REASON_ROUTE,
                                    "handover.requested", rig->g.now_ms + 1000, ""};
    item.urgency = urgency;
    store_begin(rig->g.store);
    int64_t seq = store_last(rig->g.store, SEQ_DELIVERY) + 1;
    tell_unit(&rig->g, &item, &limits, &telling);
    rig_commit(rig);
    assert_string_equal(delivery(rig, seq).contact, "zwei/1");
    return seq;
}

/* Two mailboxes: the other one is asked, and after it the ladder goes on. */
static void test_cancel_asks_next_contact(void **state)
{
    struct gateway_rig *rig = *state;
    rig_add_units(rig, TWO_BOXES, "");
    int64_t seq = ask_two(rig, URGENCY_ROUTINE);
    assert_string_equal(cancel(rig, seq, "box_is_closed", OP_DONE), "next_contact");
    struct delivery next = delivery(rig, store_last(rig->g.store, SEQ_DELIVERY));
    assert_string_equal(next.contact, "zwei/2");
    assert_int_equal(next.notice_seq, delivery(rig, seq).notice_seq);
    assert_int_equal(next.state, DELIVERY_PENDING);
    assert_string_equal(cancel(rig, next.seq, "box_is_closed", OP_DONE), "next_step");
}

/* While another delivery of the notice carries it, nothing else happens. */
static void test_cancel_of_one_of_two(void **state)
{
    struct gateway_rig *rig = *state;
    rig_add_units(rig, TWO_BOXES, "");
    int64_t seq = ask_two(rig, URGENCY_ROUTINE), copy = 0;
    struct buf err = BUF_INIT;
    set_state(rig, seq, DELIVERY_SENT);
    store_begin(rig->g.store);
    assert_int_equal(outbox_resend(&rig->g, seq, "zwei/2", &copy, &err), OP_DONE);
    rig_commit(rig);
    int64_t last = store_last(rig->g.store, SEQ_DELIVERY);
    assert_string_equal(cancel(rig, copy, "sent_before", OP_DONE), "nothing");
    assert_int_equal(store_last(rig->g.store, SEQ_DELIVERY), last);
    buf_release(&err);
}

/* ---- resend */

static void test_resend(void **state)
{
    static const struct {
        const char *label;
        enum delivery_state from;
        enum urgency urgency;
        const char *to;
        enum op_end want;
        const char *contact;
    } cases[] = {
        {"sent", DELIVERY_SENT, URGENCY_ROUTINE, "", OP_DONE, "zwei/1"},
        {"failed", DELIVERY_FAILED, URGENCY_ROUTINE, "", OP_DONE, "zwei/1"},
        {"cancelled, to the other box", DELIVERY_CANCELLED, URGENCY_ROUTINE, "zwei/2", OP_DONE,
         "zwei/2"},
        {"still waiting", DELIVERY_PENDING, URGENCY_ROUTINE, "", OP_REFUSED, ""},
        {"held", DELIVERY_HELD, URGENCY_ROUTINE, "", OP_REFUSED, ""},
        {"to another unit", DELIVERY_SENT, URGENCY_ROUTINE, "asd/1", OP_REFUSED, ""},
        {"to no contact", DELIVERY_SENT, URGENCY_ROUTINE, "zwei/9", OP_REFUSED, ""},
        {"to no unit", DELIVERY_SENT, URGENCY_ROUTINE, "../zwei", OP_REFUSED, ""},
        {"to an address", DELIVERY_SENT, URGENCY_ROUTINE, "a@b.example", OP_REFUSED, ""},
        {"to a number for urgent things", DELIVERY_SENT, URGENCY_ROUTINE, "zwei/3", OP_REFUSED, ""},
    };
    struct gateway_rig *rig = *state;
    rig_add_units(rig, TWO_BOXES, "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf err = BUF_INIT;
        struct notice notice;
        int64_t seq = ask_two(rig, cases[i].urgency), copy = 0;
        print_message("# %s\n", cases[i].label);
        set_state(rig, seq, cases[i].from);
        store_begin(rig->g.store);
        assert_int_equal(outbox_resend(&rig->g, seq, cases[i].to, &copy, &err), cases[i].want);
        rig_commit(rig);
        assert_true(store_notice_get(rig->g.store, delivery(rig, seq).notice_seq, &notice));
        assert_int_equal(notice.doubtful, cases[i].want == OP_DONE);
        assert_int_equal(delivery(rig, seq).state, cases[i].from);
        if (cases[i].want == OP_DONE) {
            struct delivery d = delivery(rig, copy);
            assert_string_equal(d.contact, cases[i].contact);
            assert_int_equal(d.notice_seq, notice.seq);
            assert_int_equal(d.state, DELIVERY_PENDING);
            expect_audit(rig, d.item_seq, "resend delivery=");
        } else {
            assert_true(err.len > 0);
            assert_null(strchr(buf_str(&err), '@'));
        }
        buf_release(&err);
    }
}

/* Nobody is asked about an item that has ended. */
static void test_resend_of_an_ended_item(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t item = request(rig), seq = deliveries(rig, item).d[0].seq, copy = 0;
    set_state(rig, seq, DELIVERY_SENT);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    assert_true(rig_item(rig, item).closed_ms != 0);
    store_begin(rig->g.store);
    assert_int_equal(outbox_resend(&rig->g, seq, "", &copy, &err), OP_REFUSED);
    assert_int_equal(outbox_resend(&rig->g, 4711, "", &copy, &err), OP_UNKNOWN);
    store_rollback(rig->g.store);
    buf_release(&err);
}

/* ---- retry */

struct answer {
    int64_t count;
    int answers;
    bool is_good;
};

static void take_answer(struct stafette *g, void *context, int64_t count, bool is_good)
{
    struct answer *answer = context;
    (void)g;
    *answer = (struct answer){count, answer->answers + 1, is_good};
}

/* A later attempt, tried five times. */
static void put_off(struct gateway_rig *rig, int64_t seq, int64_t by_ms)
{
    struct delivery d = delivery(rig, seq);
    d.next_ms = rig->g.steady_ms + by_ms;
    d.attempts = 5;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
}

static int64_t run_retry(struct gateway_rig *rig, const char *name, enum op_end want)
{
    struct answer answer = {.answers = 0};
    const struct retry_order order = {&answer, take_answer};
    struct buf err = BUF_INIT;
    assert_int_equal(outbox_retry(&rig->g, &order, name, &err), want);
    assert_int_equal(err.len > 0, want != OP_DONE);
    buf_release(&err);
    while (outbox_ops_step(&rig->g))
        ;
    assert_int_equal(answer.answers, want == OP_DONE);
    assert_int_equal(answer.is_good, want == OP_DONE);
    return answer.count;
}

static void test_retry(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = deliveries(rig, request(rig)).d[0].seq;
    put_off(rig, seq, 1000);
    assert_int_equal(run_retry(rig, "funk", OP_DONE), 0);
    assert_true(delivery(rig, seq).next_ms > rig->g.steady_ms);
    assert_int_equal(run_retry(rig, "post", OP_DONE), 1);
    assert_true(delivery(rig, seq).next_ms == rig->g.steady_ms);
    assert_int_equal(delivery(rig, seq).attempts, 5);
    /* What is due already stays as it is. */
    assert_int_equal(run_retry(rig, "*", OP_DONE), 0);
    put_off(rig, seq, 1000);
    set_hold(rig, LANE, true, OP_DONE);
    run_retry(rig, LANE, OP_REFUSED);
    assert_int_equal(run_retry(rig, "*", OP_DONE), 0);
    set_hold(rig, LANE, false, OP_DONE);
    assert_int_equal(run_retry(rig, "*", OP_DONE), 1);
    outbox_start(&rig->g);
    assert_true(outbox_in_flight(rig->g.outbox) > 0);
}

static void test_retry_one(void **state)
{
    static const struct {
        const char *label;
        enum delivery_state state;
        enum op_end want;
    } cases[] = {{"pending", DELIVERY_PENDING, OP_DONE},
                 {"sent", DELIVERY_SENT, OP_REFUSED},
                 {"failed", DELIVERY_FAILED, OP_REFUSED},
                 {"cancelled", DELIVERY_CANCELLED, OP_REFUSED},
                 {"held", DELIVERY_HELD, OP_REFUSED}};
    struct gateway_rig *rig = *state;
    struct answer answer = {.answers = 0};
    const struct retry_order order = {&answer, take_answer};
    struct buf err = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t seq = deliveries(rig, request(rig)).d[0].seq;
        print_message("# %s\n", cases[i].label);
        put_off(rig, seq, 1000);
        set_state(rig, seq, cases[i].state);
        assert_int_equal(outbox_retry_one(&rig->g, &order, seq, &err), cases[i].want);
        outbox_ops_step(&rig->g);
        assert_false(outbox_ops_busy(&rig->g));
        assert_int_equal(delivery(rig, seq).next_ms == rig->g.steady_ms, cases[i].want == OP_DONE);
    }
    assert_int_equal(answer.answers, 1);
    assert_int_equal(outbox_retry_one(&rig->g, &order, 4711, &err), OP_UNKNOWN);
    buf_release(&err);
}

/* One order at a time; the second is told so and does not disturb the first. */
static void test_one_retry_at_a_time(void **state)
{
    struct gateway_rig *rig = *state;
    struct answer first = {.answers = 0}, second = {.answers = 0};
    const struct retry_order orders[] = {{&first, take_answer}, {&second, take_answer}};
    struct buf err = BUF_INIT;
    put_off(rig, deliveries(rig, request(rig)).d[0].seq, 1000);
    assert_int_equal(outbox_retry(&rig->g, &orders[0], "*", &err), OP_DONE);
    assert_int_equal(outbox_retry(&rig->g, &orders[1], "*", &err), OP_REFUSED);
    while (outbox_ops_step(&rig->g))
        ;
    assert_int_equal(first.count, 1);
    assert_int_equal(second.answers, 0);
    buf_release(&err);
}

/* An SMS at night waits for the morning, however often it is retried. */
static void test_retry_in_quiet_hours(void **state)
{
    struct gateway_rig *rig = *state;
    rig_add_units(rig,
                  " { id = \"funkstelle\"; kind = \"team\"; name = \"Funkstelle\"; quiet ="
                  " \"20:00-07:00\"; contacts = ( { channel = \"sms\";"
                  " address = \"+4915100000004\"; } ); },",
                  "");
    rig_at(rig, "2026-11-16T23:00:00+01:00");
    struct item item = rig_item(rig, request(rig));
    const struct limits limits = {.expire_ms = 86400000, .sms = true};
    const struct telling telling = {directory_unit(rig->g.config->directory, "funkstelle"),
                                    REASON_ROUTE, "handover.requested", rig->g.now_ms + 1000, ""};
    store_begin(rig->g.store);
    tell_unit(&rig->g, &item, &limits, &telling);
    rig_commit(rig);
    int64_t seq = store_last(rig->g.store, SEQ_DELIVERY), morning_ms;
    assert_true(time_parse("2026-11-17T07:00:00+01:00", &morning_ms));
    assert_true(delivery(rig, seq).next_ms == morning_ms);
    assert_int_equal(run_retry(rig, "funk", OP_DONE), 0);
    assert_true(delivery(rig, seq).next_ms == morning_ms);
    put_off(rig, seq, INT64_C(3) * 86400000);
    assert_int_equal(run_retry(rig, "funk", OP_DONE), 1);
    assert_true(delivery(rig, seq).next_ms == morning_ms);
}

/* Many: several steps, none of which holds the thread for long, and none is forgotten. */
static void test_retry_of_many(void **state)
{
    enum { MANY = 20000 };
    struct gateway_rig *rig = *state;
    struct answer answer = {.answers = 0};
    const struct retry_order order = {&answer, take_answer};
    struct buf err = BUF_INIT;
    struct delivery d = deliveries(rig, request(rig)).d[0];
    store_begin(rig->g.store);
    for (int i = 0; i < MANY; i++) {
        struct delivery more = d;
        more.seq = store_next(rig->g.store, SEQ_DELIVERY);
        more.next_ms = rig->g.steady_ms + 1 + i;
        store_delivery_add(rig->g.store, &more);
    }
    rig_commit(rig);
    assert_int_equal(outbox_retry(&rig->g, &order, "*", &err), OP_DONE);
    int steps = 0;
    while (outbox_ops_step(&rig->g))
        steps++;
    assert_true(steps > 1);
    assert_int_equal(answer.count, MANY);
    assert_int_equal(run_retry(rig, "*", OP_DONE), 0);
    buf_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_held_does_not_start),
        TEST(test_urgent_is_not_held),
        TEST(test_held_transport),
        TEST(test_rolled_back),
        TEST(test_hold_and_release),
        TEST(test_names),
        TEST(test_cancel_refusals),
        TEST(test_cancel_runs_next_step),
        TEST(test_cancel_asks_next_contact),
        TEST(test_cancel_of_one_of_two),
        TEST(test_resend),
        TEST(test_resend_of_an_ended_item),
        TEST(test_retry),
        TEST(test_retry_one),
        TEST(test_one_retry_at_a_time),
        TEST(test_retry_in_quiet_hours),
        TEST(test_retry_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
