/*
 * night.c: one line a day at its local time, over clock changes, restarts, outages and wall clocks
 * that were wrong; green or red; of lines that have not left the newest only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/ledger_run.h"
#include "../daemon/night.h"
#include "gateway_rig.h"

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int want; /* seconds of the day; -1: refused */
    } cases[] = {
        {"06:30", 23400}, {"00:00", 0},  {"23:59", 86340}, {"24:00", -1}, {"6:30", -1},
        {"06:60", -1},    {"0630", -1},  {"06:3", -1},     {"", -1},      {"-6:30", -1},
        {"06-30", -1},    {"ab:cd", -1}, {"06:300", -1},   {"+6:30", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int s = -1;
        if (time_of_day_parse(cases[i].text, &s) != (cases[i].want >= 0) || s != cases[i].want)
            fail_msg("\"%s\": %d", cases[i].text, s);
    }
}

static void test_moment(void **state)
{
    static const struct {
        const char *day, *at, *want;
    } cases[] = {
        {"2026-11-21", "06:30", "2026-11-21T06:30:00+01:00"},
        {"2027-07-01", "06:30", "2027-07-01T06:30:00+02:00"},
        {"2027-03-28", "06:30", "2027-03-28T06:30:00+02:00"}, /* clocks go forward */
        {"2027-03-28", "02:30", "2027-03-28T03:30:00+02:00"}, /* there is no 02:30 */
        {"2026-10-25", "06:30", "2026-10-25T06:30:00+01:00"}, /* and back */
        {"2026-10-25", "02:30", "2026-10-25T02:30:00+02:00"}, /* the first of two */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        int64_t day;
        int s = -1;
        assert_true(date_parse(cases[i].day, &day) && time_of_day_parse(cases[i].at, &s));
        time_local(&got, night_moment(day, s));
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

/* One turn: a look that is asked for has no child here, so it fails at once; or none is open. */
static void turn(struct gateway_rig *rig)
{
    struct stafette *g = &rig->g;
    ledger_run_step(g);
    night_step(g);
    if (!night_ready(g))
        return;
    store_begin(g->store);
    night_write(g);
    rig_commit(rig);
    night_written(g);
}

static void turns_at(struct gateway_rig *rig, const char *when)
{
    rig_at(rig, when);
    for (int i = 0; i < 5; i++)
        turn(rig);
}

static void put_count(void *context, const struct delivery *d)
{
    int *count = context;
    count[d->state]++;
}

/* Lines that were made, and of these cancelled, among the first `items` items. */
static int lines(const struct gateway_rig *rig, int *cancelled)
{
    int count[DELIVERY_STATE_COUNT] = {0}, sum = 0;
    for (int64_t seq = 1; seq <= 40; seq++)
        store_delivery_each(rig->g.store, seq, count, put_count);
    for (int i = 0; i < DELIVERY_STATE_COUNT; i++)
        sum += count[i];
    *cancelled = count[DELIVERY_CANCELLED];
    return sum;
}

static void expect_lines(const struct gateway_rig *rig, const char *when, int want)
{
    int cancelled, n = lines(rig, &cancelled);
    if (n != want || cancelled != (want ? want - 1 : 0))
        fail_msg("%s: %d lines, %d cancelled", when, n, cancelled);
}

static const struct {
    const char *at;
    int lines; /* made by then; all but the newest replaced */
} nights[] = {
    {"2026-11-16T09:00:00+01:00", 0}, /* a new store: not for a night it has not seen */
    {"2026-11-17T06:29:59+01:00", 0},
    {"2026-11-17T06:30:00+01:00", 1},
    {"2026-11-17T06:30:01+01:00", 1},
    {"2026-11-17T23:59:59+01:00", 1},
    {"2026-11-18T00:00:01+01:00", 1},
    {"2026-11-18T06:30:00+01:00", 2},
    {"2026-11-18T05:30:00+01:00", 2}, /* a step back */
    {"2026-11-18T06:30:00+01:00", 2},
    {"2026-11-21T12:00:00+01:00", 3}, /* one for three nights */
    {"2027-03-27T07:00:00+01:00", 4},
    {"2027-03-28T06:29:00+02:00", 4},
    {"2027-03-28T06:31:00+02:00", 5},
    {"2027-03-29T06:31:00+02:00", 6},
    {"2029-01-01T12:00:00+01:00", 7}, /* a wall clock far ahead */
    {"2027-03-30T06:00:00+02:00", 7},
    {"2027-03-30T06:31:00+02:00", 8}, /* is no reason for silence */
    {"2027-03-31T06:31:00+02:00", 9},
};

static void reopen(struct gateway_rig *rig)
{
    outbox_close(rig->g.outbox, 0);
    store_close(rig->g.store);
    ledger_run_close(rig->g.ledger);
    rig_open_store(rig);
    rig->g.ledger = ledger_run_open("/nowhere/stafetted");
    memset(&rig->g.night, 0, sizeof rig->g.night);
    tell_forget(&rig->g);
}

static void walk(struct gateway_rig *rig, bool restarts)
{
    rig->g.ledger = ledger_run_open("/nowhere/stafetted");
    for (size_t i = 0; i < COUNT_OF(nights); i++) {
        if (restarts)
            reopen(rig);
        turns_at(rig, nights[i].at);
        expect_lines(rig, nights[i].at, nights[i].lines);
    }
    ledger_run_close(rig->g.ledger);
}

static void test_nights(void **state)
{
    walk(*state, false);
}

static void test_restarts(void **state)
{
    walk(*state, true);
}

static void take_notice(void *context, const struct notice *n)
{
    struct buf *out = context;
    buf_printf(out, "%s %s %s\n%s", n->unit, reason_name(n->reason), n->template_name, n->outcome);
}

/* A look that could not be made is told as one; the item is over from the start. */
static void test_failed(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    rig->g.ledger = ledger_run_open("/nowhere/stafetted");
    turns_at(rig, "2026-11-16T09:00:00+01:00");
    turns_at(rig, "2026-11-17T07:00:00+01:00");
    store_notice_each(rig->g.store, 1, &text, take_notice);
    assert_true(str_starts(buf_str(&text), "koordination ledger ledger.alarm\n"
                                           "Stafette-Nachtprüfung: nicht durchgeführt."));
    struct item item = rig_item(rig, 1);
    assert_int_equal(item.kind, ITEM_LEDGER);
    assert_int_equal(item.closed_ms, rig->g.now_ms);
    assert_string_equal(item.owner_unit, "koordination");
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    assert_false(ledger_run_green(&rig->g));
    ledger_run_close(rig->g.ledger);
    buf_release(&text);
}

/* Rolled back, the line is written again by the next turn, and once. */
static void test_rolled_back(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    g->ledger = ledger_run_open("/nowhere/stafetted");
    turns_at(rig, "2026-11-16T09:00:00+01:00");
    rig_at(rig, "2026-11-17T07:00:00+01:00");
    for (int i = 0; i < 5 && !night_ready(g); i++) {
        ledger_run_step(g);
        night_step(g);
    }
    assert_true(night_ready(g));
    store_begin(g->store);
    night_write(g);
    store_rollback(g->store);
    tell_forget(g);
    expect_lines(rig, "rolled back", 0);
    assert_true(night_busy(g));
    for (int i = 0; i < 5; i++)
        turn(rig);
    expect_lines(rig, "again", 1);
    assert_false(night_busy(g));
    ledger_run_close(g->ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_moment),
        TEST(test_nights),
        TEST(test_restarts),
        TEST(test_failed),
        TEST(test_rolled_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
