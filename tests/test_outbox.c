/*
 * The outbox, roads and lanes: transports that die and come back, what is hastened then, and what
 * must never sleep.
 */
#include "outbox_rig.h"

/* ---- roads */

static void test_routine_fails_over(void **state)
{
    struct gateway_rig *rig = *state;
    block(rig, "mail", "aside");
    int64_t first = notify(rig, "sozialbuero", URGENCY_ROUTINE);
    notify(rig, "asd-leitung", URGENCY_ROUTINE);
    notify(rig, "jobcenter", URGENCY_ROUTINE);
    work(rig);
    expect_states(rig, "the relay dies", first, "pending pending pending ");
    assert_true(road_is_dead(&rig->g, road(rig, "post")));
    notify(rig, "asd", URGENCY_ROUTINE);
    work(rig);
    expect_states(rig, "the next takes the other", first, "pending pending pending sent ");
    assert_int_equal(files(rig, "mail2/new"), 1);
    unblock(rig, "mail", "aside");
    pass(rig, rig->g.config->settings.retry_first_ms);
    notify(rig, "koordination", URGENCY_ROUTINE); /* the probe */
    work(rig);
    assert_false(road_is_dead(&rig->g, road(rig, "post")));
    expect_states(rig, "what waited is hastened", first, "sent sent sent sent sent ");
}

/* A hanging probe is no reason to wait for it. */
static void test_one_probe_at_a_time(void **state)
{
    struct gateway_rig *rig = *state;
    kill_road(rig, "post");
    pass(rig, HOUR);
    road(rig, "post")->in_flight = 1;
    int64_t seq = notify(rig, "asd", URGENCY_ROUTINE);
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 1);
    await_results(rig);
    settle(rig);
    road(rig, "post")->in_flight = 0;
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
    assert_int_equal(files(rig, "mail2/new"), 1);
}

/* A flight of somebody else, begun at that monotonic time. */
static void add_other(struct outbox *o, int64_t started_ms)
{
    o->flight = grow(o->flight, o->flights, &o->flight_cap, sizeof *o->flight);
    o->flight[o->flights++] = (struct flight){.delivery_id = -1, .started_ms = started_ms};
}

/* Results wait a moment for those of many attempts that have just begun: not for a few, not for
 * those at a relay that hangs. */
static void test_company(void **state)
{
    struct gateway_rig *rig = *state;
    struct outbox *o = rig->g.outbox;
    int64_t seq = notify(rig, "asd", URGENCY_ROUTINE);
    outbox_start(&rig->g);
    await_results(rig);
    for (int i = 0; i < OUTBOX_COMPANY; i++)
        add_other(o, rig->g.mono_ms - OUTBOX_YOUNG_MS);
    while (o->flights < 2 * OUTBOX_COMPANY) {
        assert_true(outbox_collect(&rig->g));
        add_other(o, rig->g.mono_ms);
    }
    assert_false(outbox_collect(&rig->g));
    o->flights = 1;
    settle(rig);
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
}

/* Nothing but what is urgent goes over it: it is found well all the same. */
static void test_urgent_fails_back(void **state)
{
    struct gateway_rig *rig = *state;
    kill_road(rig, "post");
    int64_t first = notify(rig, "asd", URGENCY_URGENT);
    work(rig);
    assert_int_equal(files(rig, "mail2/new"), 1);
    pass(rig, INCIDENT_PROBE_MS);
    notify(rig, "asd", URGENCY_URGENT);
    work(rig);
    expect_states(rig, "both", first, "sent sent ");
    assert_int_equal(files(rig, "mail/new"), 1);
    assert_false(road_is_dead(&rig->g, road(rig, "post")));
    assert_null(incident_open(&rig->g, "post"));
}

/* Begun with the second because of an incident of the first: that is tried before any waiting. */
static void test_urgent_tries_all(void **state)
{
    struct gateway_rig *rig = *state;
    const struct result result = {.class = CLASS_AUTH};
    incident_note(&rig->g, "post", &result);
    int64_t seq = notify(rig, "asd", URGENCY_URGENT);
    block(rig, "mail2", "aside2");
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
    assert_int_equal(delivery(rig, seq).attempts, 2);
    assert_int_equal(files(rig, "mail/new"), 1);
}

/* When all have failed it waits: no turn after turn. */
static void test_urgent_waits_at_last(void **state)
{
    struct gateway_rig *rig = *state;
    block(rig, "mail", "aside");
    block(rig, "mail2", "aside2");
    int64_t seq = notify(rig, "asd", URGENCY_URGENT);
    work(rig);
    assert_int_equal(delivery(rig, seq).attempts, 2);
    assert_true(delivery(rig, seq).next_ms > rig->g.steady_ms);
}

/* A report is looked for at the transport that sent it. */
static void test_lane_says_who_sent_it(void **state)
{
    struct gateway_rig *rig = *state;
    char name[ID_MAX];
    kill_road(rig, "funk");
    int64_t seq = notify(rig, "nacht", URGENCY_ROUTINE);
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
    lane_road(&rig->g, delivery(rig, seq).lane_id, name, sizeof name);
    assert_string_equal(name, "funk2");
}

static void note_count(struct stafette *g, void *context, int64_t count, bool is_good)
{
    (void)g;
    assert_true(is_good);
    *(int64_t *)context = count;
}

/* The relay is mended, and the operator does not wait for the next probe. */
static void test_operator_probes(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t count = 0, seq = notify(rig, "asd", URGENCY_ROUTINE);
    const struct retry_order order = {.done = note_count, .context = &count};
    kill_road(rig, "post");
    kill_road(rig, "post2");
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_PENDING);
    assert_int_equal(outbox_retry(&rig->g, &order, "post", &err), OP_DONE);
    while (outbox_ops_busy(&rig->g))
        assert_true(outbox_ops_step(&rig->g));
    assert_int_equal(count, 1);
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
}

/* "Come back tomorrow" holds the road for the longest pause, not for a day. */
static void test_long_retry_after(void **state)
{
    static const struct {
        const char *label;
        int64_t asked_s, want_s;
    } cases[] = {{"as asked", 60, 60}, {"a day", 86400, 1800}, {"endless", INT64_MAX, 1800}};
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct road *funk = road(rig, "funk");
        const struct result result = {.class = CLASS_THROTTLED, .retry_after_s = cases[i].asked_s};
        road_started(&rig->g, funk);
        road_ended(&rig->g, funk, &result);
        if (funk->wait_ms != rig->g.steady_ms + cases[i].want_s * 1000)
            fail_msg("%s: %lld", cases[i].label, (long long)(funk->wait_ms - rig->g.steady_ms));
    }
}

/* ---- hastening */

/* After a restart nothing is known of the relay; its first success is good news for what waits. */
static void test_first_success_hastens(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = notify(rig, "sozialbuero", URGENCY_ROUTINE);
    put_off(rig, first, rig->g.steady_ms + HOUR);
    notify(rig, "jobcenter", URGENCY_ROUTINE);
    work(rig);
    expect_states(rig, "both", first, "sent sent ");
}

/* At 22:30 in Berlin: the gateway is well again, but the night goes on. */
static void test_no_haste_at_night(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-16T22:30:00+01:00");
    int64_t seq = notify(rig, "nacht", URGENCY_ROUTINE), morning = delivery(rig, seq).next_ms;
    assert_int_equal(morning - rig->g.steady_ms, 8 * HOUR + 30 * MINUTE);
    put_off(rig, seq, morning);
    road_recovered(rig->g.outbox, road_find(rig->g.outbox, "funk"));
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_PENDING);
    assert_int_equal(delivery(rig, seq).next_ms, morning);
    pass(rig, 9 * HOUR);
    put_off(rig, seq, rig->g.steady_ms + HOUR);
    road_recovered(rig->g.outbox, road_find(rig->g.outbox, "funk"));
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
}

/* The road dies again: what it puts off is not hastened over and over. */
static void test_haste_ends(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t seq = notify(rig, "sozialbuero", URGENCY_ROUTINE);
    put_off(rig, seq, rig->g.steady_ms + HOUR);
    kill_road(rig, "post");
    kill_road(rig, "post2");
    road_recovered(rig->g.outbox, road_find(rig->g.outbox, "post"));
    work(rig);
    assert_int_equal(delivery(rig, seq).attempts, 1);
    assert_int_equal(delivery(rig, seq).next_ms, rig->g.steady_ms + HOUR);
}

/* Half well: what fails while others are hastened keeps the plan that it got. */
static void test_haste_is_once(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = notify(rig, "sozialbuero", URGENCY_ROUTINE);
    put_off(rig, first, rig->g.steady_ms + HOUR);
    block(rig, "mail", "aside");
    road_recovered(rig->g.outbox, road_find(rig->g.outbox, "post"));
    work(rig);
    assert_int_equal(delivery(rig, first).attempts, 2);
}

/* ---- what must not sleep */

/* A transport of another name was there when it was planned: the default carries it, within what
 * that bears. */
static void test_transport_is_gone(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = notify(rig, "asd", URGENCY_ROUTINE);
    notify(rig, "sozialbuero", URGENCY_ROUTINE);
    for (int64_t i = first; i < first + 2; i++) {
        struct delivery d = delivery(rig, i);
        store_begin(rig->g.store);
        d.lane_id = store_intern(rig->g.store, "alt/amt.example");
        rig_commit(rig);
        change(rig, &d);
    }
    road(rig, "post")->in_flight = 64;
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 0);
    road(rig, "post")->in_flight = 0;
    work(rig);
    expect_states(rig, "by the default", first, "sent sent ");
    assert_int_equal(files(rig, "mail/new"), 2);
}

/* An attempt of the old configuration is followed by the domain's next transport of the new one. */
static void test_next_after_reload(void **state)
{
    struct gateway_rig *rig = *state;
    rig_insert(rig, "catch_all = \"koordination\";\n",
               "mail_domains = ( { domain = \"amt.example\"; tls = \"required\";"
               " transports = [ \"post2\", \"post\" ]; } );\n");
    struct config *before = rig_load(rig->dir);
    rig_reload(rig);
    const struct contact *contact = directory_contact(rig->g.config->directory, "asd/1");
    const struct mail_domain *domain = mail_domain_of(rig->g.config->mail_domains, contact);
    assert_non_null(domain);
    const struct transport *old = transports_find(before->transports, "post2");
    assert_string_equal(lane_next(&rig->g, old, domain)->name, "post");
    const struct transport gone = {.name = "weg", .adapter = old->adapter};
    assert_string_equal(lane_next(&rig->g, &gone, NULL)->name, "post");
    assert_int_equal(lane_ways(&rig->g, lane_next(&rig->g, old, domain), domain), 2);
    config_drop(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX(test_routine_fails_over),
        OUTBOX(test_one_probe_at_a_time),
        OUTBOX(test_company),
        OUTBOX(test_urgent_fails_back),
        OUTBOX(test_urgent_tries_all),
        OUTBOX(test_urgent_waits_at_last),
        OUTBOX(test_lane_says_who_sent_it),
        OUTBOX(test_operator_probes),
        OUTBOX(test_long_retry_after),
        OUTBOX(test_first_success_hastens),
        OUTBOX(test_no_haste_at_night),
        OUTBOX(test_haste_ends),
        OUTBOX(test_haste_is_once),
        OUTBOX(test_transport_is_gone),
        OUTBOX(test_next_after_reload),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
