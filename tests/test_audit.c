/*
 * store_audit.c: the chain holds, and breaks at the first row that somebody touched: changed,
 * left out, put in, or moved. Erased content leaves it whole (DOMAIN R18, R19).
 */
#include <sqlite3.h>
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/store.h"
#include "../daemon/store_audit.h"
#include "rig_dir.h"

enum { ROWS = 6 };

static char *dir;
static char path[512];

static struct store *open_it(void)
{
    struct buf err = BUF_INIT;
    struct store *s = store_open(path, &err);
    if (!s)
        fail_msg("%s", buf_str(&err));
    return s;
}

static int set_up(void **state)
{
    (void)state;
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/store.db", dir);
    struct store *s = open_it();
    for (int i = 1; i <= ROWS; i++) {
        store_begin(s);
        assert_int_equal(store_audit_add(s, 1000 + i, i % 2, "event=1 outcome=accepted"), i);
        assert_int_equal(store_commit(s), STORE_DONE);
    }
    store_close(s);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

static void change(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_changes(db), 1);
    sqlite3_close(db);
}

/* want: the number of rows, or minus the row that is named broken. */
static void verify(int64_t want)
{
    char name[64];
    struct buf err = BUF_INIT;
    struct store *s = open_it();
    int64_t rows = store_audit_verify(s, &err);
    assert_int_equal(rows, want > 0 ? want : -1);
    snprintf(name, sizeof name, "audit row %lld ", (long long)-want);
    if (want < 0 && strncmp(buf_str(&err), name, strlen(name)) != 0)
        fail_msg("not \"%s\": %s", name, buf_str(&err));
    store_close(s);
    buf_release(&err);
}

static void test_whole(void **state)
{
    (void)state;
    verify(ROWS);
}

static void test_erased(void **state)
{
    (void)state;
    change("update audit set salt = x'', content = '' where audit_seq = 3");
    verify(ROWS);
}

static void test_touched(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int64_t want;
    } cases[] = {
        {"update audit set content = 'event=2 outcome=accepted' where audit_seq = 3", -3},
        {"update audit set salt = zeroblob(16) where audit_seq = 3", -3},
        {"update audit set at_ms = at_ms + 1 where audit_seq = 4", -4},
        {"update audit set item_seq = 7 where audit_seq = 1", -1},
        {"update audit set commitment = zeroblob(32) where audit_seq = 2", -2},
        {"update audit set link = zeroblob(32) where audit_seq = 6", -6},
        {"update audit set link = x'00' where audit_seq = 5", -5},
        {"delete from audit where audit_seq = 1", -2},
        {"delete from audit where audit_seq = 3", -4},
        {"update audit set audit_seq = 33 where audit_seq = 6", -33},
        {"insert into audit select audit_seq + 10, at_ms, item_seq, salt, content, commitment,"
         " link from audit where audit_seq = 6",
         -16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].sql);
        change(cases[i].sql);
        verify(cases[i].want);
        tear_down(state);
        set_up(state);
    }
}

/* What was rolled back has no part in the chain. */
static void test_rolled_back(void **state)
{
    (void)state;
    struct store *s = open_it();
    store_begin(s);
    store_audit_add(s, 1, 1, "gone");
    store_audit_add(s, 2, 1, "gone too");
    store_rollback(s);
    store_begin(s);
    assert_int_equal(store_audit_add(s, 3, 1, "stays"), ROWS + 1);
    assert_int_equal(store_audit_add(s, 4, 1, "stays too"), ROWS + 2);
    assert_int_equal(store_commit(s), STORE_DONE);
    store_close(s);
    verify(ROWS + 2);
}

static void put_row(void *context, const struct audit_row *row)
{
    buf_printf(context, "%lld@%lld ", (long long)row->seq, (long long)row->at_ms);
}

static void test_of_item(void **state)
{
    (void)state;
    struct buf got = BUF_INIT;
    struct store *s = open_it();
    store_audit_each(s, 1, &got, put_row);
    assert_string_equal(buf_str(&got), "1@1001 3@1003 5@1005 ");
    store_close(s);
    buf_release(&got);
}

/* Two rows that say the same do not look the same, or erased ones could be guessed. */
static void test_salted(void **state)
{
    (void)state;
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "select count(distinct commitment), count(distinct salt)"
                                        " from audit",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), ROWS);
    assert_int_equal(sqlite3_column_int(stmt, 1), ROWS);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole),       TEST(test_erased),  TEST(test_touched),
        TEST(test_rolled_back), TEST(test_of_item), TEST(test_salted),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
