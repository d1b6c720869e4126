/*
 * retention.c: when it looks and when not, that a step is bounded, that a run which was cut off is
 * told whole, that a wall clock that leaps removes nothing, and that a store in trouble is asked
 * again later.
 */
#include "../daemon/retention.h"
#include "../daemon/store_retention.h"
#include "store_fault.h"
#include "workflow_rig.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static void pass(struct gateway_rig *rig, int64_t ms)
{
    rig->g.now_ms += ms;
    rig->g.mono_ms += ms;
    rig->g.steady_ms += ms;
}

static void use_test_clock(struct gateway_rig *rig)
{
    buf_puts(&rig->g.test_clock, "clock");
}

/* A closed item with all that hangs on it. */
static int64_t ended(struct gateway_rig *rig)
{
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    return item;
}

static int64_t last_told(struct gateway_rig *rig)
{
    int64_t n = 0;
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++)
        n += rig->g.retention.last[i];
    return n;
}

static int run_to_end(struct gateway_rig *rig)
{
    int steps = 0;
    do {
        retention_step(&rig->g);
        pass(rig, 10);
        assert_true(++steps < 1000);
    } while (retention_is_busy(&rig->g));
    return steps;
}

static void test_hourly(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item;
    int64_t seq = ended(rig);
    retention_step(&rig->g);
    pass(rig, HOUR);
    retention_step(&rig->g); /* its first look, an hour after the start */
    int64_t days;
    for (days = 0; days < 89; days++)
        for (int h = 0; h < 24; h++) {
            pass(rig, HOUR);
            while (retention_wait_ms(&rig->g, 1000) < 1000) {
                retention_step(&rig->g);
                pass(rig, 1);
            }
            retention_step(&rig->g);
        }
    assert_true(store_item_get(rig->g.store, seq, &item));
    for (int h = 0; h < 48; h++) {
        pass(rig, HOUR);
        retention_step(&rig->g);
    }
    assert_false(store_item_get(rig->g.store, seq, &item));
}

/* Three months in a moment are no three months: nothing goes before an hour has passed. */
static void test_leap(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item;
    int64_t seq = ended(rig);
    retention_step(&rig->g);
    pass(rig, HOUR);
    retention_step(&rig->g);
    rig->g.now_ms += 100 * DAY;
    rig->g.mono_ms += HOUR;
    retention_step(&rig->g);
    assert_true(store_item_get(rig->g.store, seq, &item));
    rig->g.now_ms -= 100 * DAY; /* and put right again */
    rig->g.mono_ms += HOUR;
    retention_step(&rig->g);
    rig->g.mono_ms += HOUR;
    rig->g.now_ms += HOUR;
    retention_step(&rig->g);
    assert_true(store_item_get(rig->g.store, seq, &item));
    assert_int_equal(rig->g.retention.ended_ms, 0);
}

static void test_bounded(void **state)
{
    struct gateway_rig *rig = *state;
    use_test_clock(rig);
    for (int i = 0; i < 250; i++)
        ended(rig);
    pass(rig, 91 * DAY);
    retention_step(&rig->g);
    int64_t left = 0;
    struct ended_item items[300];
    left = (int64_t)store_retention_items(rig->g.store, rig->g.now_ms, items, COUNT_OF(items));
    assert_true(left >= 200);
    assert_true(retention_is_busy(&rig->g));
    assert_true(retention_wait_ms(&rig->g, 1000) < 50);
    pass(rig, 10);
    assert_true(run_to_end(rig) >= 3);
    assert_int_equal(store_retention_items(rig->g.store, rig->g.now_ms, items, 10), 0);
    assert_int_equal(rig->g.retention.last[RETAIN_CLOSED], 250);
    assert_int_equal(store_meta_int(rig->g.store, "ledger_pruned_items"), 250);
    assert_int_equal(store_meta_int(rig->g.store, "ledger_pruned_events"), 250);
    assert_int_equal(retention_wait_ms(&rig->g, 1000), 1000);
    assert_true(rig->g.unflushed);
}

/* The process ends in the middle: the next one goes on and tells all of it. */
static void test_cut_off(void **state)
{
    struct gateway_rig *rig = *state;
    use_test_clock(rig);
    for (int i = 0; i < 150; i++)
        ended(rig);
    pass(rig, 91 * DAY);
    retention_step(&rig->g);
    assert_int_equal(last_told(rig), 0);
    memset(&rig->g.retention, 0, sizeof rig->g.retention);
    run_to_end(rig);
    assert_int_equal(rig->g.retention.last[RETAIN_CLOSED], 150);
    assert_int_equal(rig->g.retention.last[RETAIN_MEMORY], 300);
}

/* Nothing to do leaves no row behind, however often it looks. */
static void test_nothing(void **state)
{
    struct gateway_rig *rig = *state;
    use_test_clock(rig);
    request(rig);
    int64_t rows = store_last(rig->g.store, SEQ_AUDIT);
    for (int i = 0; i < 30; i++) {
        pass(rig, DAY);
        run_to_end(rig);
    }
    assert_int_equal(store_last(rig->g.store, SEQ_AUDIT), rows);
    assert_int_equal(rig->g.retention.ended_ms, 0);
    assert_int_equal(known_count(&rig->g.known), 1);
    for (int i = 0; i < 7; i++) {
        pass(rig, DAY);
        run_to_end(rig);
    }
    assert_int_equal(known_count(&rig->g.known), 0);
    assert_int_equal(store_last(rig->g.store, SEQ_AUDIT), rows + 1);
}

static void change(const struct gateway_rig *rig, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_true(sqlite3_changes(db) > 0);
    sqlite3_close(db);
}

/* An ended item stays while a task of it is open. */
static void test_open_task(void **state)
{
    struct gateway_rig *rig = *state;
    struct ended_item items[4];
    ended(rig);
    rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY);
    assert_int_equal(store_retention_items(rig->g.store, INT64_MAX, items, 4), 1);
    change(rig, "update item set parent_seq = 1 where item_seq = 2");
    assert_int_equal(store_retention_items(rig->g.store, INT64_MAX, items, 4), 0);
    change(rig, "update item set closed_ms = 5 where item_seq = 2");
    assert_int_equal(store_retention_items(rig->g.store, INT64_MAX, items, 4), 2);
}

static void test_rosters(void **state)
{
    struct gateway_rig *rig = *state;
    use_test_clock(rig);
    change(rig, "insert into absence (unit, from_ms, to_ms, deputy)"
                " values ('asd', 0, 1000, ''), ('asd', 0, 4000000000000, '')");
    change(rig, "insert into duty (roster, from_ms, to_ms, unit) values ('r', 0, 1000, 'asd')");
    run_to_end(rig);
    assert_int_equal(rig->g.retention.last[RETAIN_ROSTER], 2);
    change(rig, "delete from absence where to_ms = 4000000000000");
}

/* A store in trouble loses nothing and is asked again. */
static void test_trouble(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item;
    use_test_clock(rig);
    int64_t seq = ended(rig);
    pass(rig, 91 * DAY);
    store_fault.write_code = SQLITE_FULL;
    retention_step(&rig->g);
    assert_true(store_item_get(rig->g.store, seq, &item));
    assert_int_equal(rig->g.retention.total[RETAIN_MEMORY], 0);
    assert_false(retention_is_busy(&rig->g));
    store_fault.write_code = SQLITE_OK;
    pass(rig, 6000);
    run_to_end(rig);
    assert_false(store_item_get(rig->g.store, seq, &item));
    assert_int_equal(rig->g.retention.total[RETAIN_MEMORY], 2);
}

static int tear_down_clock(void **state)
{
    struct gateway_rig *rig = *state;
    store_fault.write_code = SQLITE_OK;
    buf_release(&rig->g.test_clock);
    return rig_tear_down(state);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, tear_down_clock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hourly),  TEST(test_leap),      TEST(test_bounded), TEST(test_cut_off),
        TEST(test_nothing), TEST(test_open_task), TEST(test_rosters), TEST(test_trouble),
    };
    store_fault_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
