/*
 * store.c and store_*.c on real files: what is committed stays and what is not goes, the sticky
 * failure, row numbers, the lock, the log.
 */
#include "store_rig.h"

#include "../daemon/store_mover.h"

/* ---- transactions */

static void test_commit_and_rollback(void **state)
{
    (void)state;
    assert_true(store_is_new(s));
    store_begin(s);
    assert_false(store_changed(s));
    store_meta_set(s, "a", "1");
    store_meta_set_int(s, "b", -7);
    assert_true(store_changed(s));
    commit();
    store_begin(s);
    store_meta_set(s, "a", "2");
    store_rollback(s);
    assert_string_equal(store_meta_text(s, "a"), "1");
    reopen();
    assert_false(store_is_new(s));
    assert_string_equal(store_meta_text(s, "a"), "1");
    assert_int_equal(store_meta_int(s, "b"), -7);
    assert_string_equal(store_meta_text(s, "none"), "");
    assert_int_equal(store_meta_int(s, "none"), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 1);
    commit();
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 2);
    store_rollback(s);
    assert_int_equal(store_last(s, SEQ_ITEM), 1);
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 2);
    commit();
    reopen();
    assert_int_equal(store_next(s, SEQ_ITEM), 3);
}

/* Out-events are deleted when settled; their numbers are ids on the wire and never come again. */
static void test_out_numbers(void **state)
{
    (void)state;
    store_begin(s);
    struct out_event out = {store_next(s, SEQ_OUT), 0, "t", "p"};
    store_out_add(s, &out);
    commit();
    store_begin(s);
    store_out_settle(s, out.seq);
    commit();
    assert_int_equal(store_out_count(s), 0);
    reopen();
    assert_int_equal(store_next(s, SEQ_OUT), out.seq + 1);
}

/* What breaks a rule of the schema is a bug of ours; the rest of the transaction goes with it. */
static void test_bug(void **state)
{
    (void)state;
    store_begin(s);
    struct item item = new_item("x", 1);
    store_item_add(s, &item);
    assert_true(store_failed(s));
    assert_int_equal(store_item_count_open(s), 0); /* sticky: answers nothing */
    assert_int_equal(store_intern(s, "lane"), 1);
    assert_int_equal(store_commit(s), STORE_BUG);
    assert_non_null(strstr(store_trouble(s), "UNIQUE"));
    assert_false(store_failed(s));
    assert_int_equal(store_item_count_open(s), 0);
    assert_string_equal(store_intern_text(s, 1), "");
    store_begin(s);
    add_notice(4711, "asd", 0, "");
    assert_int_equal(store_commit(s), STORE_BUG); /* foreign key, checked */
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_string_equal(store_trouble(s), "");
}

static void test_full_disk(void **state)
{
    (void)state;
    store_begin(s);
    new_item("x", 1);
    store_fault.write_code = SQLITE_FULL;
    assert_int_equal(store_commit(s), STORE_TROUBLE);
    assert_non_null(strstr(store_trouble(s), "full"));
    store_fault.write_code = SQLITE_OK;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 1);
    commit();
    assert_int_equal(store_item_count_open(s), 1);
}

/* A disk that does not even answer while we roll back must not make numbers start at 1 again. */
static void test_numbers_survive_read_errors(void **state)
{
    (void)state;
    store_begin(s);
    for (int i = 0; i < 5; i++)
        new_item("x", 1);
    commit();
    assert_true(store_fault_void_cache(path));
    store_fault.read_code = SQLITE_IOERR_READ;
    store_begin(s);
    store_item_count_open(s);
    assert_true(store_failed(s));
    assert_int_equal(store_commit(s), STORE_TROUBLE);
    store_fault.read_code = SQLITE_OK;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 6);
    commit();
}

/* A town's lanes: each is found again, and what was rolled back is forgotten among them. */
static void test_intern_many(void **state)
{
    enum { KEPT = 1500, ALL = 2000 };
    (void)state;
    char name[32];
    int64_t id[ALL];
    for (int i = 0; i < ALL; i++) {
        if (i == 0 || i == KEPT)
            store_begin(s);
        snprintf(name, sizeof name, "post/amt%d.example", i);
        id[i] = store_intern(s, name);
        if (i == KEPT - 1)
            commit();
    }
    store_rollback(s);
    store_begin(s);
    for (int i = 0; i < KEPT; i++) {
        snprintf(name, sizeof name, "post/amt%d.example", i);
        assert_int_equal(store_intern(s, name), id[i]);
        assert_string_equal(store_intern_text(s, id[i]), name);
    }
    assert_string_equal(store_intern_text(s, id[KEPT]), "");
    assert_int_equal(store_intern(s, "post/amt1999.example"), id[KEPT]);
    commit();
}

static void test_intern(void **state)
{
    (void)state;
    store_begin(s);
    int64_t a = store_intern(s, "post/amt.example"), b = store_intern(s, "funk");
    assert_int_not_equal(a, b);
    assert_int_equal(store_intern(s, "post/amt.example"), a);
    commit();
    store_begin(s);
    int64_t gone = store_intern(s, "weg");
    store_rollback(s);
    assert_string_equal(store_intern_text(s, gone), "");
    store_begin(s);
    assert_int_equal(store_intern(s, "anders"), gone);
    commit();
    reopen();
    assert_string_equal(store_intern_text(s, a), "post/amt.example");
    assert_string_equal(store_intern_text(s, gone), "anders");
    assert_string_equal(store_intern_text(s, 4711), "");
    assert_int_equal(store_intern(s, "funk"), b);
}

static void test_second_daemon(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    assert_null(store_open(path, &err));
    assert_non_null(strstr(buf_str(&err), "in use"));
    buf_reset(&err);
    struct store *reader = store_open_reader(path, &err);
    assert_non_null(reader);
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_int_equal(store_item_count_open(reader), 1);
    store_close(reader);
    buf_release(&err);
}

static void test_no_store(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    char other[600];
    snprintf(other, sizeof other, "%s/nowhere/store.db", dir);
    assert_null(store_open(other, &err));
    assert_true(err.len > 0);
    buf_reset(&err);
    snprintf(other, sizeof other, "%s/none.db", dir);
    assert_null(store_open_reader(other, &err));
    assert_true(err.len > 0);
    buf_reset(&err);
    rig_write(dir, "text.db", "this is no database, but long enough to be looked at");
    snprintf(other, sizeof other, "%s/text.db", dir);
    assert_null(store_open(other, &err));
    assert_non_null(strstr(buf_str(&err), "text.db"));
    buf_release(&err);
}

static void test_checkpoint(void **state)
{
    (void)state;
    enum { ROWS = 9000 };
    store_begin(s);
    for (int i = 0; i < ROWS; i++)
        new_item("cr-0123456789012345678901234567890123456789", i);
    commit();
    int64_t pages = store_log_pages(s);
    assert_true(pages > 100);
    store_checkpoint(s);
    assert_int_equal(store_log_pages(s), 0);
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_true(store_log_pages(s) > 0 && store_log_pages(s) < pages); /* the log began anew */
    assert_true(store_size(s) > ROWS * 50);
}

/* What the mover moves, the store need not move again but for what came meanwhile; while somebody
 * reads the old state, it waits for nobody. */
static void test_mover(void **state)
{
    (void)state;
    enum { ROWS = 9000 };
    struct buf err = BUF_INIT;
    struct store_mover *m = store_mover_open(path, &err);
    assert_non_null(m);
    store_begin(s);
    for (int i = 0; i < ROWS; i++)
        new_item("cr-0123456789012345678901234567890123456789", i);
    commit();
    int64_t pages = store_log_pages(s);
    assert_true(store_mover_run(m));
    store_begin(s);
    new_item("x", 1);
    commit();
    store_checkpoint(s);
    assert_int_equal(store_log_pages(s), 0);
    store_begin(s);
    new_item("y", 1);
    assert_true(store_mover_run(m)); /* in the middle of a transaction */
    commit();
    assert_true(store_log_pages(s) < pages);
    store_mover_close(m);
    assert_null(store_mover_open("/nowhere/store.db", &err));
    assert_true(err.len > 0);
    buf_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit_and_rollback),
        TEST(test_numbers),
        TEST(test_out_numbers),
        TEST(test_bug),
        TEST(test_full_disk),
        TEST(test_numbers_survive_read_errors),
        TEST(test_intern),
        TEST(test_intern_many),
        TEST(test_second_daemon),
        TEST(test_no_store),
        TEST(test_checkpoint),
        TEST(test_mover),
    };
    digest_start();
    store_fault_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
