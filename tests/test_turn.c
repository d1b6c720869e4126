/*
 * turn.c: a turn that fails is run again with the same list and nothing is lost or doubled; one
 * input that breaks the schema is set aside; a disk that does not answer for a while puts no clock,
 * no delivery and no check to sleep. The broker is not there: nothing is read or published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/balance.h"
#include "../daemon/ingest.h"
#include "../daemon/log.h"
#include "../daemon/mqtt.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/store_event.h"
#include "../daemon/turn.h"
#include "gateway_rig.h"
#include "store_fault.h"

#define DATA(ref)                                                                                  \
    "{\"case_ref\":\"" ref "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                        \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"                           \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}"

static int set_up(void **state)
{
    struct buf err = BUF_INIT;
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    log_level = LOG_LEVEL_ERROR;
    rig_open(rig);
    rig->g.turn = turn_open();
    rig->g.ingest = ingest_open(&rig->g, &err);
    if (!rig->g.ingest)
        fail_msg("%s", buf_str(&err));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct gateway_rig *rig = *state;
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    ingest_close(&rig->g);
    turn_close(rig->g.turn);
    rig_close(rig);
    free(rig);
    return 0;
}

static void add(struct gateway_rig *rig, const char *id, const char *data)
{
    struct buf text = BUF_INIT;
    static const char *const none[] = {NULL};
    buf_printf(&text,
               "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/jugendamt\",\"type\":"
               "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
               "\"data\":%s}",
               id, data);
    const struct mqtt_message message = {.topic = "stafette/in/jugendamt/handover/requested",
                                         .payload = buf_str(&text),
                                         .payload_len = text.len,
                                         .content_type = "",
                                         .attribute = none};
    turn_add_message(rig->g.turn, &message);
    buf_release(&text);
}

/* Time passes until a troubled turn may run again. */
static enum turn_end run_again(struct gateway_rig *rig)
{
    if (turn_retry_ms(rig->g.turn) > rig->g.mono_ms)
        rig->g.mono_ms = turn_retry_ms(rig->g.turn);
    return turn_run(&rig->g);
}

static void test_idle(void **state)
{
    struct gateway_rig *rig = *state;
    assert_int_equal(turn_run(&rig->g), TURN_IDLE);
    assert_int_equal(turn_next_clock_ms(rig->g.turn), 0);
}

static void test_a_turn(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "a-1", DATA(RIG_CASE));
    add(rig, "a-2", DATA(RIG_CASE_2));
    add(rig, "a-1", DATA(RIG_CASE)); /* within the same turn */
    assert_int_equal(turn_waiting(rig->g.turn), 3);
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_int_equal(turn_waiting(rig->g.turn), 0);
    assert_int_equal(store_item_count_open(rig->g.store), 2);
    assert_int_equal(known_count(&rig->g.known), 2);
    assert_int_equal(rig->g.metrics.events[0], 2);
    assert_int_equal(rig->g.metrics.events[EVENT_REPEATED], 1);
    add(rig, "a-2", DATA(RIG_CASE_2)); /* in a later one */
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_int_equal(rig->g.metrics.events[EVENT_REPEATED], 2);
    assert_int_equal(store_item_count_open(rig->g.store), 2);
}

/* DESIGN 2, "A turn is replayable". */
static void test_full_disk(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t waited = 0;
    add(rig, "a-1", DATA(RIG_CASE));
    add(rig, "a-2", DATA(RIG_CASE_2));
    store_fault.write_code = SQLITE_FULL;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(run_again(rig), TURN_TROUBLE);
        assert_int_equal(turn_waiting(rig->g.turn), 2);
        assert_int_equal(known_count(&rig->g.known), 0);
        assert_int_equal(rig->g.metrics.events[0], 0);
        int64_t wait = turn_retry_ms(rig->g.turn) - rig->g.mono_ms;
        assert_true(wait >= waited && wait > 0 && wait <= 5000);
        waited = wait;
    }
    assert_int_equal(rig->g.metrics.store_troubles, 10);
    store_fault.write_code = SQLITE_OK;
    add(rig, "a-3", DATA("cr-9h5v2tq8w1x4z"));
    assert_int_equal(run_again(rig), TURN_DONE);
    assert_int_equal(turn_retry_ms(rig->g.turn), 0);
    assert_int_equal(store_item_count_open(rig->g.store), 3);
    assert_int_equal(store_clock_count_open(rig->g.store), 3);
    assert_int_equal(store_notice_count(rig->g.store), 3);
    assert_int_equal(store_last(rig->g.store, SEQ_EVENT), 3);
    assert_int_equal(rig->g.metrics.events[0], 3);
    struct buf err = BUF_INIT;
    assert_int_equal(store_audit_verify(rig->g.store, &err), 3);
}

static void change(const struct gateway_rig *rig, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* One input that a rule of the schema refuses, between two that are well. */
static void test_poisoned(void **state)
{
    struct gateway_rig *rig = *state;
    struct event_row row;
    change(rig, "create trigger refuse before insert on item when new.case_ref = '" RIG_CASE_2
                "' begin select raise(abort, 'a rule'); end");
    add(rig, "a-1", DATA(RIG_CASE));
    add(rig, "a-2", DATA(RIG_CASE_2));
    add(rig, "a-3", DATA("cr-9h5v2tq8w1x4z"));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_int_equal(rig->g.metrics.events[0], 2);
    assert_int_equal(rig->g.metrics.events[2], 1);
    assert_true(store_event_get(rig->g.store, 2, &row, NULL));
    assert_string_equal(row.id, "a-2");
    assert_int_equal(row.outcome, OUTCOME_REFUSED);
    assert_int_equal(rig_item(rig, row.item_seq).kind, ITEM_REFUSAL);
    assert_int_equal(store_item_count_open(rig->g.store), 3);
    /* It is known: the broker's repeat does not poison the next turn. */
    add(rig, "a-2", DATA(RIG_CASE_2));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_int_equal(rig->g.metrics.events[EVENT_REPEATED], 1);
}

/* All are poisoned: each is set aside on its own. */
static void test_all_poisoned(void **state)
{
    struct gateway_rig *rig = *state;
    change(rig, "create trigger refuse before insert on item when new.case_ref <> ''"
                " begin select raise(abort, 'a rule'); end");
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof id, "a-%d", i);
        add(rig, id, DATA(RIG_CASE));
    }
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_int_equal(rig->g.metrics.events[2], 20);
    assert_int_equal(store_item_count_open(rig->g.store), 20);
}

/* A look at the next clock that failed is no proof that there is none. */
static void test_clock_after_read_error(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "a-1", DATA(RIG_CASE));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    assert_true(store_fault_void_cache(rig->g.config->settings.store));
    store_fault.read_code = SQLITE_IOERR_READ;
    for (int i = 0; i < 3; i++)
        run_again(rig);
    assert_int_equal(store_fault.read_code, SQLITE_IOERR_READ);
    store_fault.read_code = SQLITE_OK;
    for (int i = 0; i < 3; i++)
        run_again(rig);
    assert_int_equal(rig->g.metrics.clocks_fired, 1);
    assert_int_equal(turn_run(&rig->g), TURN_IDLE);
    assert_true(turn_next_clock_ms(rig->g.turn) > rig->g.now_ms);
}

/* Nor is a lane empty whose deliveries could not be read. */
static void test_lane_after_read_error(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "a-1", DATA(RIG_CASE));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_true(store_fault_void_cache(rig->g.config->settings.store));
    store_fault.read_code = SQLITE_IOERR_READ;
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 0);
    store_fault.read_code = SQLITE_OK;
    store_begin(rig->g.store);
    store_rollback(rig->g.store);
    rig_at(rig, "2026-11-16T09:00:10+01:00");
    outbox_start(&rig->g);
    assert_int_equal(outbox_in_flight(rig->g.outbox), 1);
}

/* Nor does the balance hold when nothing could be counted. */
static void test_balance_after_read_error(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "a-1", DATA(RIG_CASE));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    balance_check(&rig->g);
    assert_true(rig->g.balanced);
    assert_int_equal(rig->g.metrics.open_items, 1);
    rig_at(rig, "2026-11-16T09:02:00+01:00");
    assert_true(store_fault_void_cache(rig->g.config->settings.store));
    store_fault.read_code = SQLITE_IOERR_READ;
    balance_check(&rig->g);
    assert_false(rig->g.balanced);
}

/* Settles the item's delivery to a contact as failed for its address. */
static void fail_address(struct gateway_rig *rig, int64_t delivery)
{
    struct outbox *o = rig->g.outbox;
    struct job *job = job_new();
    job->delivery_id = delivery;
    job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 550);
    job_list_put(&o->finished, job);
    store_begin(rig->g.store);
    outbox_settle(&rig->g);
    rig_commit(rig);
    jobs_free(job_list_take(&o->finished));
}

/* DESIGN 1.4: an address that fails is a failed step, and the next one runs now. But a unit that
 * was told only, and need not answer, is no step: nobody is reminded because its mailbox is gone.
 */
static void test_failed_address(void **state)
{
    struct gateway_rig *rig = *state;
    struct delivery asked, copy;
    struct clock clock;
    add(rig, "a-1",
        "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","
        "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
        "\"next_deadline\":\"2026-12-04\",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
        "\"service\":\"hlu\"}");
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    assert_true(store_delivery_get(rig->g.store, 1, &asked));
    assert_true(store_delivery_get(rig->g.store, 2, &copy));
    assert_string_equal(copy.contact, "jobcenter/1");
    fail_address(rig, copy.seq);
    assert_true(store_clock_of(rig->g.store, 1, &clock));
    assert_true(clock.due_ms > rig->g.now_ms);
    fail_address(rig, asked.seq);
    assert_true(store_clock_of(rig->g.store, 1, &clock));
    assert_true(clock.due_ms == rig->g.now_ms);
}

static void test_failed_alarm(void **state)
{
    struct gateway_rig *rig = *state;
    struct clock clock;
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "", "{\"name\":\"x\"}")->item_seq;
    fail_address(rig, 2);
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_true(clock.due_ms > rig->g.now_ms); /* the SMS may still reach it */
    fail_address(rig, 3);
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_true(clock.due_ms == rig->g.now_ms);
}

/* An item without a clock is what the check is for. */
static void test_balance(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "a-1", DATA(RIG_CASE));
    assert_int_equal(turn_run(&rig->g), TURN_DONE);
    change(rig, "update clock set state = 2");
    balance_check(&rig->g);
    assert_false(rig->g.balanced);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_idle),
        TEST(test_a_turn),
        TEST(test_full_disk),
        TEST(test_poisoned),
        TEST(test_all_poisoned),
        TEST(test_clock_after_read_error),
        TEST(test_lane_after_read_error),
        TEST(test_balance_after_read_error),
        TEST(test_failed_address),
        TEST(test_failed_alarm),
        TEST(test_balance),
    };
    store_fault_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
