/*
 * presence_report.c and tell.c: open items of a unit that is not there are told to who stands in,
 * once, so many a turn; what a rollback or a restart leaves of that.
 */
#include "presence_rig.h"

static void sweep(struct gateway_rig *rig)
{
    store_begin(rig->g.store);
    presence_sweep(&rig->g);
    rig_commit(rig);
    presence_committed(&rig->g);
}

static bool due(const struct gateway_rig *rig)
{
    int64_t next_ms = presence_next_ms(&rig->g);
    return next_ms && next_ms <= rig->g.now_ms;
}

static void sweep_all(struct gateway_rig *rig)
{
    for (int i = 0; due(rig); i++) {
        assert_true(i < 100);
        sweep(rig);
    }
}

static void test_open_item(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    report(rig, "sozialbuero 2026-11-16 2026-11-20");
    sweep_all(rig);
    report(rig, "sb-leitung 2026-11-16 2026-11-20");
    sweep_all(rig);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told sb-vertretung deputy handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "email sb-vertretung/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
    /* And who stands in may answer. */
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sb-vertretung"));
    rig_expect_said(rig, "accepted");
}

/* A new item goes there at once, and its ladder too. */
static void test_new_item(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "sozialbuero 2026-11-16 2026-11-20 asd-leitung");
    report(rig, "sb-leitung 2026-11-16 2026-11-20");
    int64_t item = request(rig);
    sweep_all(rig);
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    fire(rig, 1);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told asd-leitung deputy handover.requested bis Do 19.11. 16:00\n"
               "told sb-vertretung deputy handover.reminder bis Di 24.11. 16:00\n"
               "email asd-leitung/1 pending\n"
               "email sb-vertretung/1 pending\n"
               "status handover.overdue to jugendamt/status\n"
               "clock ack_due 1 Di 24.11. 16:00");
}

/* Climbs the ladder of an item to its end and says who read it: "unit reason", one after the
 * other. */
static void put_reader(void *context, const struct notice *notice)
{
    struct buf *out = context;
    buf_printf(out, "%s%s %s", out->len ? ", " : "", notice->unit, reason_name(notice->reason));
}

static void expect_ladder(struct gateway_rig *rig, int64_t item, int steps, const char *want)
{
    struct buf got = BUF_INIT;
    for (int i = 0; i < steps; i++) {
        struct clock clock;
        assert_true(store_clock_of(rig->g.store, item, &clock));
        rig->g.now_ms = rig->g.steady_ms = clock.due_ms;
        fire(rig, 1);
    }
    store_notice_each(rig->g.store, item, &got, put_reader);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

/* Nobody is asked twice on the way up: not the deputy who stands in already, nor the lead. */
static void test_ladder(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "sozialbuero 2026-11-16 2026-12-20");
    expect_ladder(rig, request(rig), 3,
                  "sb-vertretung deputy, sb-leitung lead, koordination catch_all, "
                  "koordination catch_all");
}

static void test_ladder_of_a_lead(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "sozialbuero 2026-11-16 2026-12-20");
    report(rig, "sb-vertretung 2026-11-16 2026-12-20");
    expect_ladder(rig, request(rig), 2,
                  "sb-leitung deputy, koordination catch_all, koordination catch_all");
}

/* DO1: the first line, after ten minutes the second, after twenty the lead. */
static void test_ladder_on_duty(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-14T22:40:00+01:00");
    const struct unit *desk = unit(rig, "dienst");
    rig->g.config->directory->on_call = desk;
    int64_t item = rig_event(rig, "hotline", "emergency.reported", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"place\":\"nord\","
                             "\"channel\":\"hotline\",\"on_call_unit\":\"dienst\"}")
                       ->item_seq;
    rig_expect_said(rig, "accepted");
    expect_ladder(rig, item, 3,
                  "fm-1 on_call, fm-2 deputy, sb-leitung lead, koordination catch_all");
    assert_true(rig->g.now_ms == at("2026-11-14T23:10"));
}

/* ---- events */

static void event(struct gateway_rig *rig, const char *source, const char *type, const char *data,
                  const char *want)
{
    rig_event(rig, source, type, "", data);
    rig_expect_said(rig, want);
}

static void test_absence_event(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    event(rig, "sozialamt", "absence.reported",
          "{\"unit\":\"sozialbuero\",\"from\":\"2026-11-16T08:00:00+01:00\","
          "\"to\":\"2026-11-20T16:00:00+01:00\",\"deputy\":\"vert-3\"}",
          "accepted");
    sweep_all(rig);
    assert_true(store_item_asked(rig->g.store, item, "vert-3"));
    assert_true(presence_until(&rig->g, unit(rig, "sozialbuero"), rig->g.now_ms) ==
                at("2026-11-20T16:00"));
    /* Another's unit, a reversed one, one for itself, an unknown deputy. */
    event(rig, "jugendamt", "absence.reported",
          "{\"unit\":\"sozialbuero\",\"from\":\"2026-11-16T08:00:00+01:00\","
          "\"to\":\"2026-11-20T16:00:00+01:00\"}",
          "refused E-STELLE data.unit");
    event(rig, "sozialamt", "absence.reported",
          "{\"unit\":\"sozialbuero\",\"from\":\"2026-11-20T08:00:00+01:00\","
          "\"to\":\"2026-11-16T16:00:00+01:00\"}",
          "refused E-ZEITRAUM data.to");
    event(rig, "sozialamt", "absence.reported",
          "{\"unit\":\"sozialbuero\",\"from\":\"2026-11-16T08:00:00+01:00\","
          "\"to\":\"2026-11-20T16:00:00+01:00\",\"deputy\":\"sozialbuero\"}",
          "refused E-ZEITRAUM data.to");
}

static void test_roster_event(void **state)
{
    struct gateway_rig *rig = *state;
    const char *swap_to = "{\"unit\":\"nur-funk\",\"from\":\"2026-11-21T08:00:00+01:00\","
                          "\"to\":\"2026-11-22T08:00:00+01:00\",\"deputy\":\"fm-3\"}";
    event(rig, "sozialamt", "roster.changed", swap_to, "refused E-ZEITRAUM data.to");
    rig->g.config->directory->unit[unit(rig, "nur-funk") - rig->g.config->directory->unit].roster =
        unit(rig, "dienst")->roster;
    event(rig, "sozialamt", "roster.changed", swap_to, "accepted");
    assert_string_equal(presence_who(&rig->g, unit(rig, "dienst"), at("2026-11-21T09:00")).unit->id,
                        "fm-3");
}

/* DO5: the lead is absent: its deputy is asked and may approve, never who asks. */
static void test_approval(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "asd-leitung 2026-11-16 2026-11-20");
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    rig_expect_said(rig, "accepted");
    assert_true(store_item_asked(rig->g.store, item, "koordination"));
    assert_false(store_item_asked(rig->g.store, item, "asd"));
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_role");
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("koordination"));
    rig_expect_said(rig, "accepted");
}

/* What lies ahead is told when it begins, also when the configuration says it. */
static void test_begins_later(void **state)
{
    struct gateway_rig *rig = *state;
    sweep_all(rig);
    assert_true(presence_next_ms(&rig->g) == at("2026-11-23")); /* "urlaub" */
    report(rig, "sozialbuero 2026-11-18T12:00 2026-11-20");
    int64_t item = request(rig);
    sweep_all(rig);
    assert_true(presence_next_ms(&rig->g) == at("2026-11-18T12:00"));
    assert_int_equal(store_notice_count(rig->g.store), 1);
    rig_at(rig, "2026-11-18T12:00:00+01:00");
    sweep_all(rig);
    assert_int_equal(store_notice_count(rig->g.store), 2);
    assert_true(store_item_asked(rig->g.store, item, "sb-vertretung"));
    assert_true(presence_next_ms(&rig->g) == at("2026-11-23"));
}

/* What was seen already waits on another clock; what is over waits for nobody. */
static void test_answered(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_at(rig, "2026-11-16T10:00:00+01:00");
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    int64_t notices = store_notice_count(rig->g.store);
    report(rig, "sozialbuero 2026-11-16 2026-11-20");
    sweep_all(rig);
    assert_int_equal(store_notice_count(rig->g.store), notices);
}

/* A restart, a reload: the walk begins anew and tells nobody twice. */
static void test_again(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    report(rig, "sozialbuero 2026-11-16 2026-11-20");
    for (int i = 0; i < 3; i++) {
        memset(&rig->g.presence, 0, sizeof rig->g.presence);
        presence_open(&rig->g);
        sweep_all(rig);
        assert_int_equal(store_notice_count(rig->g.store), 2);
    }
}

/* No flood: so many a turn; a turn that is rolled back is run again. */
static void test_bounded(void **state)
{
    enum { ITEMS = 2 * PRESENCE_TELL_MAX + 3 };
    struct gateway_rig *rig = *state;
    for (int i = 0; i < ITEMS; i++)
        request(rig);
    report(rig, "sozialbuero 2026-11-16 2026-11-20");
    sweep(rig);
    assert_int_equal(store_notice_count(rig->g.store), ITEMS + PRESENCE_TELL_MAX);
    store_begin(rig->g.store);
    presence_sweep(&rig->g);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    sweep(rig);
    assert_int_equal(store_notice_count(rig->g.store), ITEMS + 2 * PRESENCE_TELL_MAX);
    sweep_all(rig);
    assert_int_equal(store_notice_count(rig->g.store), 2 * ITEMS);
}

/* A report that was rolled back leaves nothing but a walk that finds nothing. */
static void test_rolled_back(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    struct presence_change change = change_of(rig, "sozialbuero 2026-11-16 2026-11-20");
    request(rig);
    store_begin(rig->g.store);
    assert_int_equal(presence_report(&rig->g, &change, &err), 0);
    presence_sweep(&rig->g);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    sweep_all(rig);
    assert_false(presence_absent(&rig->g, change.unit, rig->g.now_ms));
    assert_int_equal(store_notice_count(rig->g.store), 1);
    buf_release(&err);
}

static void test_restricted_item(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "koordination 2026-11-16 2026-11-20");
    report(rig, "cm-styrum 2026-11-16 2026-11-20");
    struct item item = rig_item(rig, request(rig));
    store_begin(rig->g.store);
    item.restricted = true;
    const struct limits limits = {.expire_ms = 3600000};
    const struct telling telling = {unit(rig, "cm-styrum"), REASON_ROUTE, "handover.requested",
                                    rig->g.now_ms + 1000, ""};
    tell_unit(&rig->g, &item, &limits, &telling);
    rig_commit(rig);
    assert_true(store_item_asked(rig->g.store, item.seq, "vert-2"));
    assert_false(store_item_asked(rig->g.store, item.seq, "vert-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open_item),        TEST(test_new_item),        TEST(test_ladder),
        TEST(test_ladder_of_a_lead), TEST(test_ladder_on_duty),  TEST(test_absence_event),
        TEST(test_roster_event),     TEST(test_approval),        TEST(test_begins_later),
        TEST(test_answered),         TEST(test_again),           TEST(test_bounded),
        TEST(test_rolled_back),      TEST(test_restricted_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
