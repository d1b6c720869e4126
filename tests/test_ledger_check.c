/*
 * ledger_check.c, ledger_audit.c: a store that the workflow made is green; each way to corrupt it
 * has its own code; what erasing and pruning leave behind is no fault.
 */
#include <sqlite3.h>

#include "../daemon/ledger.h"
#include "workflow_rig.h"

enum { OPEN = 1, ENDED = 2, REFUSAL = 3 }; /* the items of the town */

/* An open handover whose first clock has fired, one that was accepted, a refusal. */
static void fill(struct gateway_rig *rig)
{
    struct clock clock;
    request(rig);
    request(rig);
    event_at(rig, ENDED, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
    rig_event(rig, "jugendamt", "handover.requested", "", "{\"diagnosis\":\"x\"}");
    assert_int_equal(rig->last.item_seq, REFUSAL);
    assert_true(store_clock_of(rig->g.store, OPEN, &clock));
    rig->g.now_ms = rig->g.steady_ms = clock.due_ms;
    /* The refusal's clocks run in real time: some of them came first. */
    store_begin(rig->g.store);
    assert_true(clock_fire_due(&rig->g) >= 2);
    rig_commit(rig);
}

static void run_sql(const struct gateway_rig *rig, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_true(sqlite3_total_changes(db) > 0);
    sqlite3_close(db);
}

static void look(const struct gateway_rig *rig, struct ledger_task *task, struct ledger_result *r)
{
    struct buf err = BUF_INIT;
    task->store = rig->g.config->settings.store;
    task->now_ms = rig->g.now_ms;
    task->grace_ms = 300000;
    if (ledger_check(task, r, &err) < 0)
        fail_msg("%s", buf_str(&err));
    buf_release(&err);
}

/* "L-01 2 items 1 3": code, count, items. */
static void put_findings(struct buf *out, const struct ledger_result *r)
{
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        const struct ledger_finding *f = &r->finding[i];
        if (!f->count)
            continue;
        buf_printf(out, "%s%s %lld", out->len ? ", " : "", ledger_code((enum ledger_fault)i),
                   (long long)f->count);
        for (size_t n = 0; n < f->items; n++)
            buf_printf(out, "%s%lld", n ? "+" : " of ", (long long)f->item[n]);
    }
}

static void expect(const struct gateway_rig *rig, const char *label, const char *want)
{
    struct ledger_task task;
    struct ledger_result r;
    struct buf got = BUF_INIT;
    ledger_task_init(&task, rig->g.config->directory);
    look(rig, &task, &r);
    put_findings(&got, &r);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", not \"%s\"", label, buf_str(&got), want);
    assert_int_equal(ledger_green(&r), *want == '\0');
    ledger_task_release(&task);
    buf_release(&got);
}

static const struct {
    const char *label, *sql, *want;
} cases[] = {
    {"an open item is deleted", "delete from item where item_seq = 1",
     "L-01 1 of 1, L-11 1 of 1, L-15 4 of 1"},
    {"an ended item is deleted", "delete from item where item_seq = 2", "L-01 1 of 2, L-15 4 of 2"},
    {"an item and all that is its own",
     "delete from item where item_seq = 1; delete from clock where item_seq = 1;"
     "delete from notice where item_seq = 1; delete from delivery where item_seq = 1",
     "L-01 1 of 1"},
    {"an item and its traces in the audit",
     "delete from item where item_seq = 1; delete from clock where item_seq = 1;"
     "delete from notice where item_seq = 1; delete from delivery where item_seq = 1;"
     "delete from audit where content like 'event=1 %'",
     "L-01 1 of 1, L-03 1 of 1, L-05 1 of 2"},
    {"an item that nothing asked for",
     "insert into item select 99, kind, state, case_key, case_ref, source, 98, from_unit, to_unit,"
     " owner_unit, waiting_unit, place, area, service, basis, rule, urgency, restricted, limits_id,"
     " created_ms, changed_ms, closed_ms, parent_seq, flags, returns, code, complexity,"
     " budget_line, amount_cents, due_day from item where item_seq = 2",
     "L-02 1 of 99"},
    {"an event is deleted", "delete from event where event_seq = 1", "L-04 1 of 1"},
    {"an audit row is deleted", "delete from audit where content like 'event=3 %'",
     "L-03 1 of 2, L-05 1 of 3"},
    {"the last audit row is deleted",
     "delete from audit where audit_seq = (select max(audit_seq) from audit)", "L-12 1 of 1"},
    {"the first audit row is deleted", "delete from audit where audit_seq = 1",
     "L-02 1 of 1, L-03 1 of 1, L-05 1 of 2"},
    {"the content of an audit row is changed",
     "update audit set content = replace(content, 'owner=asd', 'owner=verein')"
     " where content like 'event=1 %'",
     "L-05 1 of 1"},
    {"its time", "update audit set at_ms = at_ms + 1 where audit_seq = 2", "L-05 1 of 2"},
    {"its salt", "update audit set salt = x'00' where audit_seq = 2", "L-05 1 of 2"},
    {"its link", "update audit set link = zeroblob(32) where audit_seq = 2", "L-05 2 of 2"},
    {"a blob of another length", "update audit set link = x'00' where audit_seq = 2",
     "L-05 2 of 2"},
    {"an owner who is not in the directory",
     "update item set owner_unit = 'aufgeloest' where item_seq = 1", "L-06 1 of 1"},
    {"no owner at all", "update item set owner_unit = '' where item_seq = 3", "L-06 1 of 3"},
    {"nobody must answer", "update item set waiting_unit = '' where item_seq = 1", "L-07 1 of 1"},
    {"the owner of an ended item", "update item set owner_unit = 'x' where item_seq = 2", ""},
    {"an open clock is deleted", "delete from clock where item_seq = 1 and state = 0",
     "L-08 1 of 1"},
    {"an open clock is cancelled", "update clock set state = 2 where item_seq = 3 and state = 0",
     "L-08 1 of 3"},
    {"a clock is doubled",
     "insert into clock select 99, item_seq, kind, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = 1 and state = 0",
     "L-09 1 of 1"},
    {"a clock of another kind beside it",
     "insert into clock select 99, item_seq, kind + 1, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = 1 and state = 0",
     ""},
    {"a clock of a kind far away, twice",
     "insert into clock select 98, item_seq, 1000000, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = 1 and state = 0;"
     "insert into clock select 99, item_seq, -5, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = 1 and state = 0 limit 1",
     "L-09 1 of 1"},
    {"a clock that should have fired",
     "update clock set due_ms = due_ms - 864000000 where item_seq = 1 and state = 0",
     "L-10 1 of 1"},
    {"the clock of an ended item",
     "insert into clock select 99, 2, kind, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = 1 and state = 0",
     "L-11 1 of 2"},
    {"a fired clock without effect",
     "insert into clock select 99, 1, kind, step, due_ms, 1, due_ms, 0, 0 from clock"
     " where item_seq = 1 and state = 1",
     "L-12 1 of 1"},
    {"a clock in no state", "update clock set state = 7 where item_seq = 1 and state = 1",
     "L-17 1 of 1"},
    {"a notice without delivery",
     "insert into notice select 99, item_seq, unit, reason, template_name, deadline_ms, outcome,"
     " doubtful, created_ms, instead_of, 0 from notice where notice_seq = 1",
     "L-14 1 of 1"},
    {"a delivery is deleted", "delete from delivery where delivery_seq = 1", "L-14 1 of 1"},
    {"a delivery of no notice", "update delivery set notice_seq = 98 where delivery_seq = 1",
     "L-14 1 of 1, L-15 1 of 1"},
    {"a delivery of no item", "update delivery set item_seq = 98 where delivery_seq = 1",
     "L-15 1 of 98"},
    {"a delivery without next attempt", "update delivery set next_ms = 0 where delivery_seq = 1",
     "L-16 1 of 1"},
    {"one without ending", "update delivery set state = 1, ended_ms = 0 where delivery_seq = 1",
     "L-16 1 of 1"},
    {"one in no state", "update delivery set state = 9 where delivery_seq = 1", "L-16 1 of 1"},
    {"closed, but in an open state", "update item set closed_ms = 5 where item_seq = 1",
     "L-11 1 of 1, L-17 1 of 1"},
    {"open, but in a final state", "update item set closed_ms = 0, state = 16 where item_seq = 2",
     "L-07 1 of 2, L-08 1 of 2, L-17 1 of 2"},
    {"a state nobody knows", "update item set state = 99 where item_seq = 1", "L-17 1 of 1"},
    {"a negative kind", "update item set kind = -1 where item_seq = 1", "L-17 1 of 1"},
};

static void test_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gateway_rig rig;
        rig_open(&rig);
        fill(&rig);
        expect(&rig, "untouched", "");
        run_sql(&rig, cases[i].sql);
        expect(&rig, cases[i].label, cases[i].want);
        rig_close(&rig);
    }
}

static void test_counts(void **state)
{
    struct gateway_rig *rig = *state;
    struct ledger_task task;
    struct ledger_result r;
    ledger_task_init(&task, rig->g.config->directory);
    look(rig, &task, &r);
    assert_int_equal(ledger_open(&r) + r.audit_rows + r.head_seq + r.asked, 0);
    assert_true(ledger_green(&r));
    fill(rig);
    look(rig, &task, &r);
    assert_int_equal(r.requests, 2);
    assert_int_equal(r.asked, 3);
    assert_int_equal(r.open[ITEM_HANDOVER], 1);
    assert_int_equal(r.open[ITEM_REFUSAL], 1);
    assert_int_equal(r.ended, 1);
    assert_int_equal(r.head_seq, r.audit_rows);
    assert_int_equal(r.checked_ms, rig->g.now_ms);
    ledger_task_release(&task);
}

/* What the ledger saw last time must still be there: a chain that is written anew holds in itself.
 */
static void test_head(void **state)
{
    struct gateway_rig *rig = *state;
    struct ledger_task task;
    struct ledger_result r;
    fill(rig);
    ledger_task_init(&task, rig->g.config->directory);
    look(rig, &task, &r);
    task.head_seq = r.head_seq;
    str_copy(task.head_link, sizeof task.head_link, r.head_link);
    request(rig);
    look(rig, &task, &r);
    assert_true(ledger_green(&r));
    task.head_link[0] ^= 1;
    look(rig, &task, &r);
    assert_int_equal(r.finding[LEDGER_HEAD].count, 1);
    task.head_seq = r.head_seq + 5;
    look(rig, &task, &r);
    assert_int_equal(r.finding[LEDGER_HEAD].count, 1);
    ledger_task_release(&task);
}

/* A second row for the same clock, well chained. */
static void test_fired_twice(void **state)
{
    struct gateway_rig *rig = *state;
    fill(rig);
    store_begin(rig->g.store);
    store_audit_add(rig->g.store, rig->g.now_ms, OPEN, "clock=1 kind=ack_due step=0 told=x");
    rig_commit(rig);
    expect(rig, "fired twice", "L-13 1 of 1");
}

static const char erase[] =
    "update audit set content = '', salt = x'' where item_seq = 1;"
    "delete from clock where item_seq = 1; delete from delivery where item_seq = 1;"
    "delete from notice where item_seq = 1; delete from item where item_seq = 1";

/* A case that was erased on request leaves its links. */
static void test_erased(void **state)
{
    struct gateway_rig *rig = *state;
    fill(rig);
    run_sql(rig, erase);
    expect(rig, "erased", "");
    run_sql(rig, "update audit set content = 'event=1' where item_seq = 1 and audit_seq = 1");
    expect(rig, "content without salt", "L-05 1 of 1");
}

static const char remove_ended[] =
    "delete from clock where item_seq = 2; delete from delivery where item_seq = 2;"
    "delete from notice where item_seq = 2; delete from item where item_seq = 2;";

/* Retention removes ended items, events and the beginning of the audit, and says how many. */
static void test_removed(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf sql = BUF_INIT;
    fill(rig);
    buf_puts(&sql, remove_ended);
    buf_puts(&sql, "insert into meta values ('ledger_pruned_items', '1')");
    run_sql(rig, buf_str(&sql));
    expect(rig, "removed", "");
    run_sql(rig, "update meta set value = '0' where name = 'ledger_pruned_items'");
    expect(rig, "more than was said", "L-01 1 of 2");
    run_sql(rig, "insert into meta select 'audit_checkpoint_link', lower(hex(link)) from audit"
                 " where audit_seq = 4;"
                 "insert into meta values ('audit_checkpoint_seq', '4');"
                 "delete from audit where audit_seq <= 4");
    rig_at(rig, "2027-03-01T09:00:00+01:00");
    run_sql(rig, "update clock set due_ms = due_ms + 31536000000 where state = 0;"
                 "delete from event");
    expect(rig, "pruned", "");
    run_sql(rig, "update meta set value = '3' where name = 'audit_checkpoint_seq';"
                 "update meta set value = 'zz' where name = 'audit_checkpoint_link'");
    expect(rig, "a checkpoint that is none", "L-05 1 of 3");
    buf_release(&sql);
}

/* More gone than retention has said, though each has ended. */
static void test_too_many(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf sql = BUF_INIT;
    fill(rig);
    for (int i = 0; i < 2; i++) {
        int64_t item = request(rig);
        event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
        buf_reset(&sql);
        buf_printf(&sql,
                   "delete from delivery where item_seq = %1$lld;"
                   "delete from clock where item_seq = %1$lld;"
                   "delete from notice where item_seq = %1$lld;"
                   "delete from item where item_seq = %1$lld",
                   (long long)item);
        run_sql(rig, buf_str(&sql));
    }
    run_sql(rig, "insert into meta values ('ledger_pruned_items', '1')");
    expect(rig, "one too many", "L-18 1");
    buf_release(&sql);
}

static void test_unreadable(void **state)
{
    static const struct {
        const char *label, *sql, *want;
    } broken[] = {
        {"another version", "pragma user_version = 99; update meta set value = value",
         "another version"},
        {"a table is gone", "drop table audit; insert into meta values ('a', 'b')",
         "cannot be read to its end"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct gateway_rig rig;
        struct ledger_task task;
        struct ledger_result r;
        struct buf err = BUF_INIT;
        rig_open(&rig);
        fill(&rig);
        run_sql(&rig, "insert into meta values ('x', 'y')");
        run_sql(&rig, broken[i].sql);
        ledger_task_init(&task, rig.g.config->directory);
        task.store = rig.g.config->settings.store;
        assert_int_equal(ledger_check(&task, &r, &err), -1);
        if (!strstr(buf_str(&err), broken[i].want))
            fail_msg("%s: %s", broken[i].label, buf_str(&err));
        buf_reset(&err);
        task.store = "/nowhere/stafette.db";
        assert_int_equal(ledger_check(&task, &r, &err), -1);
        assert_non_null(strstr(buf_str(&err), "cannot read"));
        ledger_task_release(&task);
        buf_release(&err);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corrupt),
        TEST(test_counts),
        TEST(test_head),
        TEST(test_fired_twice),
        TEST(test_erased),
        TEST(test_removed),
        TEST(test_too_many),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
