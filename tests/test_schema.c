/*
 * schema.c: a new store is made, an old one brought up, a newer or foreign one refused; every table
 * names its retention class (DOMAIN R19); no column holds what must not be kept.
 */
#include <ctype.h>
#include <sqlite3.h>
#include <string.h>

#include "../daemon/schema.h"
#include "rig_dir.h"

static sqlite3 *db;
static struct buf err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&err);
    return sqlite3_open(":memory:", &db);
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&err);
    return sqlite3_close(db);
}

/* The rows of a query, each ended with a line feed; columns are parted by blanks. */
static void rows(const char *sql, struct buf *out)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            buf_printf(out, "%s%s", (const char *)sqlite3_column_text(stmt, i),
                       i + 1 < sqlite3_column_count(stmt) ? " " : "\n");
    sqlite3_finalize(stmt);
}

static void test_new(void **state)
{
    (void)state;
    int created = -1;
    struct buf got = BUF_INIT;
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    assert_int_equal(created, 1);
    rows("select user_version from pragma_user_version", &got);
    assert_int_equal(strtol(buf_str(&got), NULL, 10), schema_version());
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    assert_int_equal(created, 0);
    assert_string_equal(buf_str(&err), "");
    buf_release(&got);
}

static void test_newer(void **state)
{
    (void)state;
    int created;
    assert_int_equal(sqlite3_exec(db, "pragma user_version = 9999", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_migrate(db, &created, &err), -1);
    assert_non_null(strstr(buf_str(&err), "newer program"));
}

/* Version 5 makes indexes only, version 6 the tables of meetings: a store of version 4 gets them.
 */
static void test_from_4(void **state)
{
    (void)state;
    int created = -1;
    struct buf want = BUF_INIT, got = BUF_INIT;
    static const char list[] = "select name, coalesce(sql, '') from sqlite_schema"
                               " where type = 'index' order by name";
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    rows(list, &want);
    assert_int_equal(sqlite3_exec(db,
                                  "drop index delivery_bundle; drop index delivery_provider;"
                                  "drop index delivery_unreported;"
                                  "drop table lane_hold; drop table drill;"
                                  "drop table phase; drop index clock_missed;"
                                  "drop index event_item; drop index clock_item;"
                                  "create index clock_item on clock (item_seq) where state = 0;"
                                  "drop index delivery_notice; drop index item_closed;"
                                  "drop index item_referred; drop index clock_person; drop index "
                                  "item_overdue; drop index delivery_failed;"
                                  "drop index item_pressed_from; drop index item_pressed_to;"
                                  "drop table meeting; drop table session; drop table member;"
                                  "drop table agenda; drop table choice; drop table vote;"
                                  "drop table poll;"
                                  "alter table delivery drop column report;"
                                  "alter table delivery drop column reported_ms;"
                                  "alter table delivery drop column bundle_seq;"
                                  "alter table delivery drop column warned_ms;"
                                  "alter table notice drop column session_seq;"
                                  "alter table clock drop column session_seq;"
                                  "pragma user_version = 4",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    assert_int_equal(created, 0);
    rows(list, &got);
    assert_string_equal(buf_str(&got), buf_str(&want));
    buf_release(&want);
    buf_release(&got);
}

/* An item of version 7 with one limit that passed, and a notice about it to a lead. */
static void old_item(int seq, int kind, int step, int reason)
{
    char sql[1200];
    snprintf(sql, sizeof sql,
             "insert into item (item_seq, kind, state, case_key, case_ref, source, event_seq,"
             " from_unit, to_unit, owner_unit, waiting_unit, place, area, service, basis, rule,"
             " urgency, restricted, limits_id, created_ms, changed_ms, closed_ms, flags)"
             " values (%1$d, %2$d, 1, 0, '', '', 0, '', '', '', '', '', '', '', '', '', 0, 0, 0,"
             " 1, 1, 0, 4);"
             "insert into clock (clock_seq, item_seq, kind, step, due_ms, state, fired_ms,"
             " effect_seq) values (%1$d, %1$d, 0, %3$d, 2, 1, 2, 1);"
             "insert into notice (notice_seq, item_seq, unit, reason, template_name, deadline_ms,"
             " outcome, doubtful, created_ms) values (%1$d, %1$d, 'u', %4$d, 'handover.reminder',"
             " 0, '', 0, 2)",
             seq, kind, step, reason);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* What was late before version 8 is known to have been. */
static void test_from_7(void **state)
{
    (void)state;
    int created;
    struct buf got = BUF_INIT;
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    old_item(1, 0, 0, 2); /* handover, told to a lead */
    old_item(2, 1, 0, 0); /* referral, told to the unit again */
    old_item(3, 0, 1, 2); /* no limit of its own passed */
    old_item(4, 4, 0, 2); /* a task */
    assert_int_equal(sqlite3_exec(db,
                                  "drop table phase; drop index clock_missed;"
                                  "pragma user_version = 7",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    rows("select item_seq, flags from item order by item_seq", &got);
    assert_string_equal(buf_str(&got), "1 393220\n2 131076\n3 4\n4 4\n");
    buf_release(&got);
}

/* Another program's file stays as it was. */
static void test_foreign(void **state)
{
    (void)state;
    int created;
    struct buf got = BUF_INIT;
    assert_int_equal(sqlite3_exec(db, "create table item (x)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(schema_migrate(db, &created, &err), -1);
    assert_non_null(strstr(buf_str(&err), "version 1"));
    rows("select name from sqlite_schema where type = 'table'", &got);
    assert_string_equal(buf_str(&got), "item\n");
    assert_true(sqlite3_get_autocommit(db));
    buf_release(&got);
}

static void test_strict(void **state)
{
    (void)state;
    int created;
    struct buf loose = BUF_INIT, nullable = BUF_INIT;
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    rows("select name from pragma_table_list where schema = 'main' and strict = 0"
         " and name not like 'sqlite_%'",
         &loose);
    assert_string_equal(buf_str(&loose), "");
    rows("select t.name, c.name from pragma_table_list t, pragma_table_info(t.name) c"
         " where t.schema = 'main' and t.name not like 'sqlite_%' and c.\"notnull\" = 0"
         " and c.pk = 0",
         &nullable);
    assert_string_equal(buf_str(&nullable), "");
    buf_release(&loose);
    buf_release(&nullable);
}

/* DOMAIN R1, R24: the store keeps references, never where somebody can be reached, nor texts. */
static void test_no_forbidden_columns(void **state)
{
    (void)state;
    int created;
    struct buf got = BUF_INIT;
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    rows("select t.name, c.name from pragma_table_list t, pragma_table_info(t.name) c"
         " where t.schema = 'main' and (c.name like '%address%' or c.name like '%phone%'"
         " or c.name like '%body%' or c.name like '%subject%' or c.name like '%birth%')",
         &got);
    assert_string_equal(buf_str(&got), "");
    buf_release(&got);
}

static const char *const classes[] = {"keep", "memory", "roster", "audit", "closed+90d"};

static bool is_class(const char *text)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        size_t n = strlen(classes[i]);
        if (strncmp(text, classes[i], n) == 0 && strchr(" ;*", text[n]))
            return true;
    }
    return false;
}

/* The class stands behind the table's name, on the same line of schema.c. */
static void test_retention(void **state)
{
    (void)state;
    int created, tables = 0;
    struct buf source = BUF_INIT, got = BUF_INIT;
    assert_int_equal(buf_read_file(&source, "daemon/schema.c", 1 << 20, &err), 0);
    assert_int_equal(schema_migrate(db, &created, &err), 0);
    rows("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'", &got);
    for (char *name = strtok(got.data, "\n"); name; name = strtok(NULL, "\n")) {
        char start[80];
        snprintf(start, sizeof start, "create table %s (", name);
        const char *at = strstr(buf_str(&source), start);
        if (!at)
            fail_msg("table %s is not in daemon/schema.c", name);
        size_t line = strcspn(at, "\n");
        const char *mark = memmem(at, line, "/* retention: ", 14);
        if (!mark || !is_class(mark + 14))
            fail_msg("table %s names no retention class that is known", name);
        tables++;
    }
    assert_in_range(tables, 10, 100);
    buf_release(&source);
    buf_release(&got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new),
        TEST(test_newer),
        TEST(test_foreign),
        TEST(test_from_4),
        TEST(test_from_7),
        TEST(test_strict),
        TEST(test_no_forbidden_columns),
        TEST(test_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
