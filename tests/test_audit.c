/*
 * store_audit.c: the chain holds, and breaks at the first row that somebody touched: changed,
 * left out, put in, or moved. Erased content leaves it whole (DOMAIN R18, R19).
 */
#include <sqlite3.h>
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/store.h"
#include "../daemon/store_audit.h"
#include "../daemon/store_erase.h"
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

/* Pruned rows leave a checkpoint; what was touched behind it is still found. */
static void test_pruned(void **state)
{
    (void)state;
    struct audit_chain chain;
    struct store *s = open_it();
    store_audit_follow(s, &chain);
    assert_int_equal(chain.checkpoint_seq, 0);
    assert_int_equal(chain.first_seq, 1);
    assert_int_equal(chain.head_seq, ROWS);
    assert_int_equal(chain.head_ms, 1000 + ROWS);
    unsigned char head[sizeof chain.head];
    memcpy(head, chain.head, sizeof head);
    static const struct {
        int64_t before_ms, max, want, rows;
    } steps[] = {{1001, 9, 0, ROWS},
                 {1003, 9, 2, ROWS - 2},
                 {9999, 1, 1, ROWS - 3},
                 {9999, 9, 2, 1},
                 {9999, 9, 0, 1}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        store_begin(s);
        assert_int_equal(store_audit_prune(s, steps[i].before_ms, steps[i].max), steps[i].want);
        assert_int_equal(store_commit(s), STORE_DONE);
        store_audit_follow(s, &chain);
        assert_int_equal(chain.broken_seq, 0);
        assert_int_equal(chain.rows, steps[i].rows);
        assert_int_equal(chain.checkpoint_seq, ROWS - steps[i].rows);
        assert_memory_equal(chain.head, head, sizeof head);
    }
    store_begin(s);
    assert_int_equal(store_audit_add(s, 5000, 1, "after"), ROWS + 1);
    assert_int_equal(store_commit(s), STORE_DONE);
    store_close(s);
    verify(2);
    change("update meta set value = '' where name = 'audit_checkpoint_link'");
    verify(-ROWS);
}

/* Content goes, the link stays, and only of that item. */
static void test_item_erased(void **state)
{
    (void)state;
    struct audit_chain chain;
    struct store *s = open_it();
    store_begin(s);
    assert_int_equal(store_erase_audit(s, 1), 3);
    assert_int_equal(store_erase_audit(s, 1), 0);
    assert_int_equal(store_commit(s), STORE_DONE);
    store_audit_follow(s, &chain);
    assert_int_equal(chain.erased, 3);
    assert_int_equal(chain.rows, ROWS);
    assert_int_equal(chain.broken_seq, 0);
    store_close(s);
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
        TEST(test_whole),   TEST(test_erased), TEST(test_touched), TEST(test_rolled_back),
        TEST(test_of_item), TEST(test_salted), TEST(test_pruned),  TEST(test_item_erased),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
