/*
 * store_*.c: no statement on the way of an event, an answer or a clock walks a whole table. A walk
 * is a fault that no small test notices: each event gets slower with each open item.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/schema.h"
#include "../daemon/store_sql.h"
#include "../daemon/util.h"

/* Beginnings of statements that may walk: counts, lists and checks that run seldom, at start, in
 * idle turns, or because a person asked. */
static const char *const may_walk[] = {
    "select intern_id, text from intern order by intern_id",
    "select page_count * page_size from pragma_page_count(), pragma_page_size()",
    "select event_seq, id_hash, received_ms from event where received_ms >= ? order by ev",
    "select count(*) from event where outcome = ?",
    "select count(*) from item where closed_ms = 0",
    "select created_ms from item where closed_ms = 0 and kind < 6 order by item_seq limit 1",
    "select unit, count(*) from (select owner_unit as unit from item where closed_ms = 0",
    "select count(*) from notice",
    "update delivery set next_ms = ?1 where state = 0 and next_ms > ?2 and not (channel =",
    "select i.text, d.channel, sum(d.state = 0), sum(d.state = 4), min(d.created_ms), min",
    "select count(*) from delivery where state = ?",
    "update delivery set state = 4 where state = 0",
    "update delivery set state = 0, next_ms = ? where state = 4 and class <> 11",
    "update notice set doubtful = 1 where notice_seq in (select notice_seq from delivery",
    "select due_ms from clock where state = 0 order by due_ms limit 1",
    "select count(*) from clock where state = 0 and kind not in (3, 4, 8)",
    "select count(*) from out_event",
    "select link from audit order by audit_seq desc limit 1",
    "select audit_seq, at_ms, item_seq, content, salt, length(salt), commitment, link fro",
    "select audit_seq, at_ms, link from audit order by audit_seq limit ?",
    "select i.item_seq, i.kind, i.waiting_unit, i.created_ms, i.flags, i.due_day, 0 from",
    "select i.to_unit, count(*), min(i.created_ms), min(case when i.code <> '' then i.cod",
    "select line, committed_cents, total_cents, frozen, told_percent from budget order by",
    "select unit, week, items from tally where week >= ? order by unit, week",
    "select absence_seq, unit, from_ms, to_ms, deputy from absence where to_ms > ? and to",
    "select count(*) from contact_flag",
    "select contact, class, failures, since_ms from contact_flag order by since_ms, conta",
    /* the newest rows only */
    "select contact, max(ended_ms) from (select contact, ended_ms, state from delivery order",
    /* a few drills a month */
    "select d.item_seq, d.unit, d.started_ms, d.sent_ms, d.answered_ms, d.answered_by, d.",
    "select i.item_seq, i.kind, i.case_key from drill d cross join item i on",
    "delete from drill where item_seq in (select d.item_seq from drill d where d.started_",
    /* the partial indexes of what waits and what is held */
    "select count(*) from delivery where state = 0",
    "select count(*) from delivery where state = 4",
    /* the open items, when a drill begins */
    "select exists (select 1 from item where closed_ms = 0 and kind = 2 and ? in (waiting",
    "delete from out_event where item_seq = ?",
    "select event_seq, received_ms, exists (select 1 from item i where i.item_seq = e.ite",
    "delete from absence where absence_seq in (select absence_seq from absence where to_m",
    "delete from duty where duty_seq in (select duty_seq from duty where to_ms < ? limit",
    "select exists (select 1 from absence where to_ms < ?1) or exists (select 1 from duty",
};

/* Not store_outbox: the control tool reads it on a connection of its own. */
static const struct store_statements *const nouns[] = {
    &store_meta_statements,      &store_event_statements,    &store_item_statements,
    &store_notice_statements,    &store_delivery_statements, &store_clock_statements,
    &store_out_statements,       &store_audit_statements,    &store_case_statements,
    &store_answer_statements,    &store_budget_statements,   &store_tally_statements,
    &store_absence_statements,   &store_contact_statements,  &store_erase_statements,
    &store_retention_statements, &store_export_statements,   &store_sms_statements,
    &store_meeting_statements,   &store_digest_statements,   &store_agenda_statements,
    &store_poll_statements,      &store_drill_statements,    &store_phase_statements,
};

static bool is_allowed(const char *sql)
{
    for (size_t i = 0; i < COUNT_OF(may_walk); i++)
        if (str_starts(sql, may_walk[i]))
            return true;
    return false;
}

/* True when a step of the plan reads every row of a table or of a whole index. */
static bool walks(sqlite3 *db, const char *sql)
{
    struct buf text = BUF_INIT;
    sqlite3_stmt *plan;
    bool found = false;
    buf_printf(&text, "explain query plan %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, buf_str(&text), -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        found = found || (str_starts(detail, "SCAN ") && !strstr(detail, "CONSTANT ROW"));
    }
    sqlite3_finalize(plan);
    buf_release(&text);
    return found;
}

static void test_plans(void **state)
{
    (void)state;
    sqlite3 *db;
    int created, faults = 0;
    struct buf err = BUF_INIT;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    for (size_t n = 0; n < COUNT_OF(nouns); n++)
        for (size_t i = 0; i < nouns[n]->count; i++)
            if (walks(db, nouns[n]->sql[i]) && !is_allowed(nouns[n]->sql[i])) {
                print_error("walks a whole table: %s\n", nouns[n]->sql[i]);
                faults++;
            }
    sqlite3_close(db);
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
