/*
 * activate.c: a routing table that becomes active re-addresses open items once (MH4), in bounded
 * shares, across restarts. daily.c: agreements are told of before their end (DO10).
 */
#include "../daemon/activate.h"
#include "../daemon/daily.h"
#include "../daemon/route.h"
#include "workflow_rig.h"

#include "routing_rig.h"

/* v7 and v8 of the table, as in Mülheim: nord goes to sozialbuero, from 1 April 2027 on to
 * jobcenter. */
static const struct routing_more versions = {
    .rules = " { rule = \"nord\"; kind = \"handover\"; place = \"nord\"; rules = ("
             " { rule = \"v7\"; valid_to = \"2027-04-01\"; to = [ \"sozialbuero\" ]; },"
             " { rule = \"v8\"; valid_from = \"2027-04-01\"; to = [ \"jobcenter\" ]; } ); },"};

#define BEFORE "2027-03-30T09:00:00+02:00"
#define EVE "2027-03-31T23:59:59+02:00"
#define MIDNIGHT "2027-04-01T00:00:00+02:00"
#define AFTER "2027-04-01T00:00:05+02:00"
#define IN_NORD "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\",\"service\":\"hlu\"}"
#define NAMED "{" REQUEST ",\"place\":\"nord\",\"to_unit\":\"sozialbuero\"}"

static void open_table(struct gateway_rig *rig)
{
    rig_at(rig, BEFORE);
    routing_config(rig, &versions);
    daily_reloaded(&rig->g);
}

/* Runs shares until nothing is due; returns how many committed. */
static int run_daily(struct gateway_rig *rig)
{
    int shares = 0;
    for (; daily_due(&rig->g); shares++) {
        assert_true(shares < 100);
        store_begin(rig->g.store);
        daily_run(&rig->g);
        rig_commit(rig);
        daily_done(&rig->g);
    }
    return shares;
}

static int64_t ask(struct gateway_rig *rig, const char *data)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", data)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

struct audit_count {
    const char *what;
    size_t n;
};

static void count_audit(void *context, const struct audit_row *row)
{
    struct audit_count *count = context;
    count->n += strstr(row->content, count->what) != NULL;
}

static size_t audits(struct gateway_rig *rig, int64_t item, const char *what)
{
    struct audit_count count = {what, 0};
    store_audit_each(rig->g.store, item, &count, count_audit);
    return count.n;
}

static void test_mh4(void **state)
{
    struct gateway_rig *rig = *state;
    open_table(rig);
    run_daily(rig);
    int64_t routed = ask(rig, IN_NORD), named = ask(rig, NAMED), seen = ask(rig, IN_NORD);
    event_at(rig, seen, "sozialamt", "handover.acknowledged",
             "{\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}");
    int64_t back = ask(rig, IN_NORD);
    event_at(rig, back, "sozialamt", "handover.returned",
             "{\"by_unit\":\"sozialbuero\",\"code\":\"incomplete\"}");
    struct item before = rig_item(rig, routed);
    assert_string_equal(before.rule, "root/nord/v7");

    rig_at(rig, EVE);
    run_daily(rig);
    assert_string_equal(rig_item(rig, routed).to_unit, "sozialbuero");
    rig_at(rig, MIDNIGHT);
    run_daily(rig);
    rig_expect(rig, routed,
               "handover requested owner=asd waiting=jobcenter to=jobcenter"
               "\ntold sozialbuero route handover.requested bis Fr 02.04. 12:00"
               "\ntold jobcenter route handover.requested bis Di 06.04. 16:00"
               "\ntold sozialbuero outcome handover.outcome"
               "\nemail sozialbuero/1 cancelled"
               "\nemail jobcenter/1 pending"
               "\nemail sozialbuero/1 pending"
               "\nstatus handover.readdressed to jugendamt/status"
               "\nclock ack_due 0 Di 06.04. 16:00");
    struct item after = rig_item(rig, routed);
    assert_string_equal(after.rule, "root/nord/v8");
    assert_int_equal(after.limits_id, before.limits_id);
    assert_int_equal(audits(rig, routed, "readdressed from=sozialbuero to=jobcenter"), 1);
    /* Who has seen it is asked no more, and the new unit has not seen it yet. */
    assert_int_equal(rig_item(rig, seen).state, STATE_REQUESTED);
    assert_string_equal(rig_item(rig, seen).waiting_unit, "jobcenter");
    /* By name it stays, and so does what waits for its giver. */
    assert_string_equal(rig_item(rig, named).to_unit, "sozialbuero");
    assert_string_equal(rig_item(rig, back).waiting_unit, "asd");
    assert_int_equal(audits(rig, named, "readdressed") + audits(rig, back, "readdressed"), 0);
}

/* What happened before the cut is routed by the old table though it comes after it. */
static void test_late_event(void **state)
{
    struct gateway_rig *rig = *state;
    open_table(rig);
    run_daily(rig);
    rig_at(rig, "2027-04-01T00:03:00+02:00");
    run_daily(rig);
    int64_t late = rig_event(rig, "jugendamt", "handover.requested",
                             "\"effectiveat\":\"2027-03-31T23:58:00+02:00\",", IN_NORD)
                       ->item_seq;
    assert_string_equal(rig_item(rig, late).rule, "root/nord/v7");
    assert_string_equal(rig_item(rig, late).to_unit, "sozialbuero");
    assert_string_equal(rig_item(rig, ask(rig, IN_NORD)).to_unit, "jobcenter");
    run_daily(rig);
    assert_int_equal(audits(rig, late, "readdressed"), 0);
}

/* Once: not again in the next turn, the next day, after a restart, or when the clock steps back. */
static void test_once(void **state)
{
    struct gateway_rig *rig = *state;
    static const char *const later[] = {AFTER, EVE, AFTER, "2027-04-02T09:00:00+02:00",
                                        "2028-01-02T09:00:00+01:00"};
    open_table(rig);
    run_daily(rig);
    int64_t item = ask(rig, IN_NORD);
    rig_at(rig, MIDNIGHT);
    run_daily(rig);
    for (size_t i = 0; i < COUNT_OF(later); i++) {
        outbox_close(rig->g.outbox, 0);
        store_close(rig->g.store);
        rig_open_store(rig);
        rig_at(rig, later[i]);
        daily_reloaded(&rig->g);
        run_daily(rig);
        assert_int_equal(audits(rig, item, "readdressed"), 1);
    }
}

/* A table that comes late is activated then; rules that change without a date move nothing. */
static void test_reload(void **state)
{
    static const struct routing_more undated = {
        .rules = " { rule = \"nord\"; kind = \"handover\"; place = \"nord\";"
                 " to = [ \"sb-leitung\" ]; },"};
    struct gateway_rig *rig = *state;
    rig_at(rig, BEFORE);
    daily_reloaded(&rig->g);
    run_daily(rig);
    int64_t item = ask(rig, IN_NORD);
    assert_string_equal(rig_item(rig, item).to_unit, "sozialbuero");
    routing_config(rig, &undated);
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_string_equal(rig_item(rig, item).to_unit, "sozialbuero");
    rig_at(rig, "2027-04-03T09:00:00+02:00");
    routing_config(rig, &versions);
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_string_equal(rig_item(rig, item).to_unit, "jobcenter");
}

/* A store that is new takes the tables as they are. */
static void test_first_start(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2027-06-01T09:00:00+02:00");
    routing_config(rig, &versions);
    int64_t item = ask(rig, IN_NORD);
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_int_equal(audits(rig, item, "readdressed"), 0);
    assert_int_equal(activate_next_ms(&rig->g), 0);
}

static void add_items(struct gateway_rig *rig, int n)
{
    store_begin(rig->g.store);
    for (int i = 0; i < n; i++) {
        struct item item = routing_item(rig);
        struct limits limits;
        item.kind = ITEM_HANDOVER;
        item.state = STATE_REQUESTED;
        str_copy(item.to_unit, sizeof item.to_unit, "sozialbuero");
        str_copy(item.waiting_unit, sizeof item.waiting_unit, "sozialbuero");
        str_copy(item.service, sizeof item.service, "hlu");
        store_item_add(rig->g.store, &item);
        limits_refusal(&limits, 3600000);
        workflow_set_clock(&rig->g, &item, &limits, 0);
    }
    rig_commit(rig);
}

static void count_moved(void *context, const char *unit, int64_t items)
{
    if (str_eq(unit, "jobcenter"))
        *(int64_t *)context = items;
}

static int64_t moved(struct gateway_rig *rig)
{
    int64_t n = 0;
    store_item_each_unit(rig->g.store, &n, count_moved);
    return n;
}

/* No share moves more than its bound; one that is rolled back is done again, nothing twice. */
static void test_bounded(void **state)
{
    enum { ITEMS = 2 * ACTIVATE_CHANGE_MAX + 50 };
    struct gateway_rig *rig = *state;
    open_table(rig);
    run_daily(rig);
    add_items(rig, ITEMS);
    rig_at(rig, AFTER);
    store_begin(rig->g.store);
    daily_run(&rig->g);
    assert_int_equal(moved(rig), ACTIVATE_CHANGE_MAX);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    assert_int_equal(moved(rig), 0);
    assert_true(run_daily(rig) >= 3);
    assert_int_equal(moved(rig), ITEMS);
    assert_int_equal(store_notice_count(rig->g.store), 2 * ITEMS);
    assert_int_equal(store_clock_count_open(rig->g.store), ITEMS);
}

/* A restart in the middle of a pass goes on where it was. */
static void test_restart_within(void **state)
{
    enum { ITEMS = ACTIVATE_CHANGE_MAX + 20 };
    struct gateway_rig *rig = *state;
    open_table(rig);
    run_daily(rig);
    add_items(rig, ITEMS);
    rig_at(rig, AFTER);
    store_begin(rig->g.store);
    daily_run(&rig->g);
    rig_commit(rig);
    outbox_close(rig->g.outbox, 0);
    store_close(rig->g.store);
    rig_open_store(rig);
    tell_forget(&rig->g);
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_int_equal(moved(rig), ITEMS);
    assert_int_equal(store_notice_count(rig->g.store), 2 * ITEMS);
}

/* verein's ends 2029-12-31, verein-alt's 2026-10-31. */
static const struct {
    const char *label, *at;
    size_t told; /* so far */
} mornings[] = {
    {"91 days before", "2029-10-01T12:00:00+02:00", 0},
    {"90 days before, too early in the day", "2029-10-02T05:59:00+02:00", 0},
    {"90 days before", "2029-10-02T06:00:00+02:00", 1},
    {"the next day", "2029-10-03T06:00:00+02:00", 1},
    {"31 days before", "2029-11-30T06:00:00+01:00", 1},
    {"30 days before", "2029-12-01T06:00:00+01:00", 2},
    {"the day before", "2029-12-30T06:00:00+01:00", 2},
    {"over", "2030-01-01T06:00:00+01:00", 2},
};

static void test_agreements(void **state)
{
    static const struct routing_more only = {.rest = ""};
    struct gateway_rig *rig = *state;
    routing_config(rig, &only);
    for (size_t i = 0; i < COUNT_OF(mornings); i++) {
        rig_at(rig, mornings[i].at);
        daily_reloaded(&rig->g);
        run_daily(rig);
        size_t got = audits(rig, 0, "agreement expiring provider=verein service=schuldner");
        if (got != mornings[i].told)
            fail_msg("%s: told %zu times", mornings[i].label, got);
    }
    assert_int_equal(
        audits(rig, 0, "provider=verein service=schuldner days=90 told=verein-leitung"), 1);
    assert_int_equal(audits(rig, 0, "provider=verein-alt"), 0);
}

/* A gateway that was off for months tells once what is left. */
static void test_agreement_late(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2029-12-20T09:00:00+01:00");
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_int_equal(audits(rig, 0, "agreement expiring provider=verein service=schuldner"), 1);
}

static void test_agreement_goes_on(void **state)
{
    static const struct routing_more longer = {
        .agreements = " { provider = \"verein\"; from = \"2030-01-01\"; to = \"2031-12-31\"; },"};
    struct gateway_rig *rig = *state;
    rig_at(rig, "2029-12-20T09:00:00+01:00");
    routing_config(rig, &longer);
    daily_reloaded(&rig->g);
    run_daily(rig);
    assert_int_equal(audits(rig, 0, "agreement expiring provider=verein service=schuldner"), 0);
}

/* Every moment of two years, the two changes of the clock among them: it comes to rest each time.
 */
static void test_rest(void **state)
{
    struct gateway_rig *rig = *state;
    open_table(rig);
    for (int hour = 0; hour < 24 * 400; hour += 7) {
        rig->g.now_ms += INT64_C(7) * 3600000;
        assert_true(run_daily(rig) <= 3);
        assert_true(rig->g.daily.next_ms > rig->g.now_ms);
        assert_true(rig->g.daily.next_ms <= rig->g.now_ms + INT64_C(25) * 3600000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mh4),
        TEST(test_late_event),
        TEST(test_once),
        TEST(test_reload),
        TEST(test_first_start),
        TEST(test_bounded),
        TEST(test_restart_within),
        TEST(test_agreements),
        TEST(test_agreement_late),
        TEST(test_agreement_goes_on),
        TEST(test_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
