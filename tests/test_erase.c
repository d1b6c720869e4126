/*
 * erase.c and subject.c: what belongs to a case and goes with it (its items, their tasks, the
 * refusals that it corrected, milestones), what does not, who is told, and that a turn which has to
 * be run again lists an erasure once.
 */
#include "../daemon/erase.h"
#include "../daemon/subject.h"
#include "store_fault.h"
#include "workflow_rig.h"

static int set_up(void **state)
{
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    struct buf err = BUF_INIT;
    rig_open(rig);
    if (erase_catch_up(&rig->g, &err) < 0)
        fail_msg("%s", buf_str(&err));
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct gateway_rig *rig = *state;
    erasures_close(&rig->g.erasures);
    return rig_tear_down(state);
}

static enum erase_end erase(struct gateway_rig *rig, const char *ref, bool force,
                            struct erase_report *report)
{
    struct erasure entry = {0};
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    enum erase_end end = erase_case(&rig->g, ref, force, &entry, report, &err);
    assert_int_equal(end == ERASE_DONE, err.len == 0);
    rig_commit(rig);
    buf_release(&err);
    return end;
}

static int64_t referral(struct gateway_rig *rig)
{
    return rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
        ->item_seq;
}

static void test_open(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    int64_t item = request(rig);
    assert_int_equal(erase(rig, RIG_CASE, false, &report), ERASE_OPEN);
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
    assert_int_equal(rig->g.erasures.count, 0);
    assert_int_equal(erase(rig, RIG_CASE_2, true, &report), ERASE_NOTHING);
    assert_int_equal(rig->g.erasures.count, 0);
}

/* The unit that waits and the desk are told; what was to leave before is gone. */
static void test_forced(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    int64_t item = request(rig);
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    assert_int_equal(report.rows.items, 1);
    assert_int_equal(report.open, 1);
    rig_expect(rig, item,
               "handover erased owner=koordination waiting= to="
               "\ntold koordination outcome handover.outcome"
               "\ntold sozialbuero outcome handover.outcome"
               "\nemail koordination/1 pending"
               "\nemail sozialbuero/1 pending"
               "\nstatus handover.erased to jugendamt/status");
    struct item after = rig_item(rig, item);
    assert_string_equal(after.case_ref, "");
    assert_int_equal(after.case_key, 0);
    assert_string_equal(after.basis, "");
    assert_string_equal(after.from_unit, "");
}

static void test_ended(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    assert_true(rig_item(rig, item).closed_ms > 0);
    assert_int_equal(erase(rig, RIG_CASE, false, &report), ERASE_DONE);
    rig_expect(rig, item,
               "handover erased owner= waiting= to=\nstatus handover.erased to jugendamt/status");
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_NOTHING);
}

/* All items of the case, no other's; the chain holds. */
static void test_whole_case(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    struct buf err = BUF_INIT;
    int64_t one = request(rig), two = referral(rig);
    int64_t other =
        rig_event(rig, "hotline", "emergency.reported", "",
                  "{\"case_ref\":\"" RIG_CASE_2 "\",\"place\":\"nord\",\"channel\":\"hotline\"}")
            ->item_seq;
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    assert_int_equal(report.rows.items, 2);
    assert_int_equal(report.rows.events, 2);
    assert_int_equal(rig_item(rig, one).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, two).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, other).state, STATE_REPORTED);
    assert_string_equal(rig_item(rig, other).case_ref, RIG_CASE_2);
    assert_true(store_audit_verify(rig->g.store, &err) > 4);
    assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
}

/* The refusal that an event of the case corrected, by the refused event's id. */
static void test_corrected_refusal(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    int64_t refusal =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"name\":\"x\"}")->item_seq;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "",
                  "{\"corrects\":\"jugendamt-1\"," REQUEST ",\"to_unit\":\"sozialbuero\"}")
            ->item_seq;
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
    int64_t stays =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"name\":\"y\"}")->item_seq;
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    assert_int_equal(rig_item(rig, item).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, refusal).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, stays).state, STATE_OPEN);
}

/* A task of an item of the case names no case itself, and goes with it. */
static void test_task(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    sqlite3 *db;
    int64_t item = request(rig);
    int64_t task =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"name\":\"x\"}")->item_seq;
    int64_t below =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"name\":\"y\"}")->item_seq;
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "update item set parent_seq = item_seq - 1"
                                  " where item_seq > 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    assert_int_equal(report.open, 3);
    assert_int_equal(rig_item(rig, item).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, task).state, STATE_ERASED);
    assert_int_equal(rig_item(rig, below).state, STATE_ERASED);
}

/* Two cases of the same short key are told apart by the longer hash. */
static void test_same_key(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    int64_t mine = request(rig);
    struct item other = rig_item(rig, mine);
    store_begin(rig->g.store);
    other.seq = store_next(rig->g.store, SEQ_ITEM);
    other.closed_ms = 1;
    str_copy(other.case_ref, sizeof other.case_ref, RIG_CASE_2);
    store_item_add(rig->g.store, &other);
    rig_commit(rig);
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    assert_int_equal(report.rows.items, 1);
    assert_string_equal(rig_item(rig, other.seq).case_ref, RIG_CASE_2);
}

/* Rolled back and run again: one line, and the erasure holds. */
static void test_run_again(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    struct erasure entry = {0};
    struct buf err = BUF_INIT;
    int64_t item = request(rig);
    for (int i = 0; i < 3; i++) {
        store_begin(rig->g.store);
        assert_int_equal(erase_case(&rig->g, RIG_CASE, true, &entry, &report, &err), ERASE_DONE);
        if (i < 2)
            store_rollback(rig->g.store);
        tell_forget(&rig->g);
    }
    rig_commit(rig);
    assert_int_equal(rig->g.erasures.count, 1);
    assert_int_equal(rig_item(rig, item).state, STATE_ERASED);
    assert_int_equal(store_meta_int(rig->g.store, "erasures_applied"), 1);
}

/* Listed but not committed, as after a crash: the start does it, once. */
static void test_catch_up(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    struct erasure entry = {0};
    struct buf err = BUF_INIT;
    int64_t item = request(rig);
    store_begin(rig->g.store);
    assert_int_equal(erase_case(&rig->g, RIG_CASE, true, &entry, &report, &err), ERASE_DONE);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
    for (int i = 0; i < 2; i++) {
        erasures_close(&rig->g.erasures);
        assert_int_equal(erase_catch_up(&rig->g, &err), 0);
        assert_int_equal(rig_item(rig, item).state, STATE_ERASED);
        assert_false(rig->g.unflushed);
    }
    rig_expect(rig, item,
               "handover erased owner=koordination waiting= to="
               "\ntold koordination outcome handover.outcome"
               "\ntold sozialbuero outcome handover.outcome"
               "\nemail koordination/1 pending"
               "\nemail sozialbuero/1 pending"
               "\nstatus handover.erased to jugendamt/status");
}

/* An event from before the erasure is refused, one from after opens the case anew. */
static void test_late(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    request(rig);
    assert_int_equal(erase(rig, RIG_CASE, true, &report), ERASE_DONE);
    rig_event(rig, "jugendamt", "handover.requested", "", TO_SB);
    rig_expect_said(rig, "refused E-GELOESCHT data.case_ref");
    rig->g.now_ms += 1000;
    int64_t anew = request(rig);
    assert_int_equal(rig_item(rig, anew).state, STATE_REQUESTED);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_open),
        TEST(test_forced),
        TEST(test_ended),
        TEST(test_whole_case),
        TEST(test_corrected_refusal),
        TEST(test_task),
        TEST(test_same_key),
        TEST(test_run_again),
        TEST(test_catch_up),
        TEST(test_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
