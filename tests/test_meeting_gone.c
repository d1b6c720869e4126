/*
 * Meetings at their end: when retention comes all rows of a meeting go, and when a case is erased
 * so do the meetings that were called for it, with their sessions, members and agendas.
 */
#include <sqlite3.h>

#include "../daemon/erase.h"
#include "../daemon/export.h"
#include "../daemon/retention.h"
#include "meeting_rig.h"

#define TALK_MEETING                                                                               \
    "{\"meeting_id\":\"gespraech-1\",\"kind\":\"hilfeplangespraech\",\"unit\":\"asd\","            \
    "\"case_ref\":\"" RIG_CASE "\",\"start\":\"2026-12-10T10:00:00+01:00\",\"duration\":\"PT1H\"," \
    "\"parties\":\"sozialbuero\"}"

#define TALK_FREE(id)                                                                              \
    "{\"meeting_id\":\"" id "\",\"kind\":\"fortbildung\",\"unit\":\"asd\","                        \
    "\"start\":\"2026-12-10T10:00:00+01:00\",\"duration\":\"PT1H\",\"parties\":\"sozialbuero\"}"

static void count_held(void *context, const struct delivery *delivery)
{
    *(int *)context += delivery->state == DELIVERY_HELD;
}

static int64_t rows(struct gateway_rig *rig, const char *table, int64_t item)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    char sql[120];
    snprintf(sql, sizeof sql, "select count(*) from %s where item_seq = %lld", table,
             (long long)item);
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static const char *const tables[] = {"meeting", "session", "member",   "agenda",
                                     "clock",   "notice",  "delivery", "item"};

static void test_retention(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig,
                       "meetings = ( { id = \"einmal\"; kind = \"fortbildung\"; unit = \"asd\";"
                       " start = \"2026-12-10T10:00\"; duration = \"1h\";"
                       " members = ( \"sozialbuero\", \"jobcenter\" ); } );\n");
    int64_t item = meeting_rig_find(rig, "einmal").item_seq;
    for (size_t i = 0; i < 3; i++)
        assert_true(rows(rig, tables[i], item) > 0);
    meeting_rig_until(rig, "2026-12-30T10:00:00+01:00");
    assert_true(rig_item(rig, item).closed_ms > 0);
    retention_step(&rig->g);
    for (int hour = 0; hour < 24 * 91; hour++) {
        rig->g.now_ms += 3600000;
        rig->g.mono_ms = rig->g.steady_ms = rig->g.now_ms;
        do {
            retention_step(&rig->g);
            rig->g.mono_ms += 10;
        } while (retention_is_busy(&rig->g));
    }
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        assert_int_equal(rows(rig, tables[i], item), 0);
    rig_ledger_green(rig);
    /* What the configuration still has, and was held, is not called once more. */
    meeting_rig_sync(rig);
    struct meeting again;
    bool there = store_meeting_find(rig->g.store, "einmal", &again);
    assert_true(!there || rows(rig, "notice", again.item_seq) == 0);
}

static void test_erase(void **state)
{
    struct gateway_rig *rig = *state;
    struct erase_report report;
    struct erasure entry = {0};
    struct buf err = BUF_INIT;
    if (erase_catch_up(&rig->g, &err) < 0)
        fail_msg("%s", buf_str(&err));
    request(rig);
    rig_event(rig, "jugendamt", "meeting.called", "", TALK_MEETING);
    rig_expect_said(rig, "accepted");
    int64_t item = meeting_rig_find(rig, "gespraech-1").item_seq;
    assert_int_equal(rows(rig, "session", item), 1);
    store_begin(rig->g.store);
    assert_int_equal(erase_case(&rig->g, RIG_CASE, true, &entry, &report, &err), ERASE_DONE);
    rig_commit(rig);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rows(rig, tables[i], item), 0);
    assert_int_equal(rig_item(rig, item).state, STATE_ERASED);
    assert_string_equal(rig_item(rig, item).case_ref, "");
    /* The desk, the host and who was invited hear that it does not take place. */
    assert_int_equal(rows(rig, "notice", item), 3);
    assert_int_equal(rows(rig, "delivery", item), 3);
    rig_ledger_green(rig);
    assert_true(store_audit_verify(rig->g.store, &err) > 0);
    erasures_close(&rig->g.erasures);
}

/* What is told about a case names the talk that was called for it, and who was invited. */
static void test_export(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT, json = BUF_INIT;
    request(rig);
    rig_event(rig, "jugendamt", "meeting.called", "", TALK_MEETING);
    rig_expect_said(rig, "accepted");
    const struct export_from from = {.store = rig->g.store,
                                     .keys = &rig->g.keys,
                                     .directory = rig->g.config->directory,
                                     .now_ms = rig->g.now_ms};
    assert_true(export_case(&from, RIG_CASE, &text, &json) >= 2);
    assert_non_null(strstr(buf_str(&text), "(Termin)"));
    assert_non_null(strstr(buf_str(&text), "Stelle sozialbuero"));
    assert_non_null(strstr(buf_str(&json), "\"meeting.invited\""));
    buf_release(&text);
    buf_release(&json);
}

/* A restored store: what is older than the backup waits for the release, invitations too; what is
 * called afterwards goes out. */
static void test_restored(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.held_since_ms = rig->g.now_ms;
    rig_event(rig, "jugendamt", "meeting.called", "", TALK_FREE("alt"));
    rig_expect_said(rig, "accepted");
    int64_t old = meeting_rig_find(rig, "alt").item_seq;
    rig->g.now_ms += 60000;
    rig_event(rig, "jugendamt", "meeting.called", "", TALK_FREE("neu"));
    rig_expect_said(rig, "accepted");
    int64_t new = meeting_rig_find(rig, "neu").item_seq;
    int held = 0, ready = 0;
    store_delivery_each(rig->g.store, old, &held, count_held);
    store_delivery_each(rig->g.store, new, &ready, count_held);
    assert_int_equal(held, 2);
    assert_int_equal(ready, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LIFE(test_retention), LIFE(test_erase), LIFE(test_export),
                                       LIFE(test_restored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
