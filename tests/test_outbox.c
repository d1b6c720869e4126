/*
 * The outbox as a whole, without a network: roads that die and come back, bundles of which one
 * diverges, what a rollback repeats, what must never sleep. The transports write files; one is made
 * to fail by a file where its directory should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <poll.h>

#include "../adapters/adapter.h"
#include "../daemon/incident.h"
#include "../daemon/lane.h"
#include "../daemon/mail_domain.h"
#include "../daemon/outbox_ops.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/store_contact.h"
#include "life_rig.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, ROUNDS = 400, WAIT_MS = 10000, MAX = 16 };

/* clang-format off */
static const char more_units[] =
    " { id = \"nacht\"; kind = \"team\"; name = \"Stelle nacht\"; quiet = \"20:00-07:00\";"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000033\"; } ); },";
static const char more_transports[] =
    ", { name = \"post2\"; adapter = \"email_file\"; path = \"mail2\";"
    " from = \"stafette@amt.example\"; },"
    " { name = \"funk2\"; adapter = \"sms_file\"; path = \"sms2\"; }";
/* clang-format on */

static int set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "adapter = \"sms_file\"; path = \"sms\"; }", more_transports);
    rig_insert(rig, "units = (", more_units);
    rig_reload(rig);
    return 0;
}

/* ---- what the gateway does */

static void in_dir(const struct gateway_rig *rig, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", rig->dir, name);
}

/* A file where the transport's directory should be: every attempt fails as our own fault. */
static void block(struct gateway_rig *rig, const char *dir, const char *aside)
{
    char path[512], away[512];
    in_dir(rig, dir, path);
    in_dir(rig, aside, away);
    rename(path, away);
    rig_write(rig->dir, dir, "blocked\n");
}

static void unblock(struct gateway_rig *rig, const char *dir, const char *aside)
{
    char path[512], away[512];
    in_dir(rig, dir, path);
    in_dir(rig, aside, away);
    assert_int_equal(unlink(path), 0);
    rename(away, path);
}

static size_t files(const struct gateway_rig *rig, const char *dir)
{
    char path[512];
    size_t n = 0;
    in_dir(rig, dir, path);
    DIR *d = opendir(path);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void settle(struct gateway_rig *rig)
{
    store_begin(rig->g.store);
    outbox_settle(&rig->g);
    rig_commit(rig);
    outbox_settled(&rig->g);
}

/* Waits until all that was started has come back; nothing of it is settled. */
static void await_results(struct gateway_rig *rig)
{
    struct outbox *o = rig->g.outbox;
    struct pollfd fd = {.fd = outbox_fd(o), .events = POLLIN};
    outbox_collect(&rig->g);
    while (o->finished_count < o->flights) {
        if (poll(&fd, 1, WAIT_MS) != 1)
            fail_msg("no result came");
        outbox_collect(&rig->g);
    }
}

/* No flight is left anywhere. */
static void expect_nothing_counted(const struct gateway_rig *rig)
{
    const struct outbox *o = rig->g.outbox;
    assert_int_equal(o->flights + o->urgent_flights + o->multi_flights + o->hastening, 0);
    for (size_t i = 0; i < o->lanes; i++)
        assert_int_equal(o->lane[i].in_flight, 0);
    for (size_t i = 0; i < o->roads; i++)
        assert_int_equal(o->road[i].in_flight, 0);
}

/* Turns until nothing is due. */
static void work(struct gateway_rig *rig)
{
    int rounds = 0;
    for (outbox_start(&rig->g); outbox_in_flight(rig->g.outbox) || outbox_unsettled(rig->g.outbox);
         outbox_start(&rig->g)) {
        await_results(rig);
        settle(rig);
        if (++rounds > ROUNDS)
            fail_msg("it never comes to rest");
    }
    expect_nothing_counted(rig);
}

static void pass(struct gateway_rig *rig, int64_t ms)
{
    rig->g.now_ms += ms;
    rig->g.steady_ms += ms;
    rig->g.mono_ms += ms;
}

/* ---- what is sent */

static int64_t notify(struct gateway_rig *rig, const char *unit, enum urgency urgency)
{
    struct item item;
    struct buf text = BUF_INIT;
    struct limits limits;
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), urgency);
    memset(&item, 0, sizeof item);
    limits_write(&text, &limits);
    store_begin(rig->g.store);
    item.seq = store_next(rig->g.store, SEQ_ITEM);
    item.state = STATE_REQUESTED;
    item.urgency = urgency;
    item.created_ms = item.changed_ms = rig->g.now_ms;
    item.limits_id = store_intern(rig->g.store, buf_str(&text));
    str_copy(item.source, sizeof item.source, "jugendamt");
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    str_copy(item.waiting_unit, sizeof item.waiting_unit, unit);
    store_item_add(rig->g.store, &item);
    workflow_set_clock(&rig->g, &item, &limits, 0);
    const struct telling telling = {directory_unit(rig->g.config->directory, unit), REASON_ROUTE,
                                    "handover.requested", 0, ""};
    tell_unit(&rig->g, &item, &limits, &telling);
    rig_commit(rig);
    buf_release(&text);
    return store_last(rig->g.store, SEQ_DELIVERY);
}

static struct delivery delivery(const struct gateway_rig *rig, int64_t seq)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, seq, &d));
    return d;
}

static void change(struct gateway_rig *rig, const struct delivery *d)
{
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, d);
    rig_commit(rig);
    outbox_wake(&rig->g, d->lane_id);
}

static void cancel(struct gateway_rig *rig, int64_t seq)
{
    struct delivery d = delivery(rig, seq);
    d.state = DELIVERY_CANCELLED;
    d.ended_ms = rig->g.now_ms;
    change(rig, &d);
}

/* It failed by its transport and waits until then. */
static void put_off(struct gateway_rig *rig, int64_t seq, int64_t next_ms)
{
    struct delivery d = delivery(rig, seq);
    d.class = CLASS_CONNECT;
    d.attempts = 1;
    d.next_ms = next_ms;
    change(rig, &d);
}

static void expect_states(const struct gateway_rig *rig, const char *label, int64_t first,
                          const char *want)
{
    struct buf got = BUF_INIT;
    for (int64_t i = first; i <= store_last(rig->g.store, SEQ_DELIVERY); i++)
        buf_printf(&got, "%s ", delivery_state_name(delivery(rig, i).state));
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

static struct road *road(struct gateway_rig *rig, const char *name)
{
    size_t at = road_find(rig->g.outbox, name); /* may move them */
    return &rig->g.outbox->road[at];
}

/* Three failures that operators must mend: an incident, and the road counts as dead. */
static void kill_road(struct gateway_rig *rig, const char *name)
{
    const struct result result = {.class = CLASS_AUTH};
    for (int i = 0; i < 3; i++) {
        incident_note(&rig->g, name, &result);
        window_failed(&road(rig, name)->window);
    }
    road(rig, name)->probe_ms = rig->g.steady_ms + MINUTE;
    assert_true(road_is_dead(&rig->g, road(rig, name)));
}

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

/* All places of SMS are taken by others; then they are free. */
static void test_sms_places(void **state)
{
    struct gateway_rig *rig = *state;
    struct outbox *o = rig->g.outbox;
    size_t most = (size_t)rig->g.config->settings.sms_in_flight_max;
    int64_t seq = notify(rig, "nacht", URGENCY_ROUTINE);
    o->multi_flights = most;
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(o), 0);
    o->multi_flights = 0;
    work(rig);
    assert_int_equal(delivery(rig, seq).state, DELIVERY_SENT);
}

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

#define OUTBOX(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

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
        OUTBOX(test_routine_fails_over),
        OUTBOX(test_one_probe_at_a_time),
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
        OUTBOX(test_sms_places),
        OUTBOX(test_transport_is_gone),
        OUTBOX(test_next_after_reload),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
