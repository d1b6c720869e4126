/*
 * store_backup.c: a copy is whole, private and never overwrites; what is restored is held, asks for
 * a replay, and gives no number out twice, however often it is restored.
 */
#include <sqlite3.h>
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/schema.h"
#include "../daemon/store.h"
#include "../daemon/store_audit.h"
#include "../daemon/store_backup.h"
#include "../daemon/store_delivery.h"
#include "../daemon/store_item.h"
#include "../daemon/store_notice.h"
#include "../daemon/util.h"
#include "rig_dir.h"

static char *dir;
static char store_path[512], copy_path[512];
static struct buf err;

static struct store *open_it(void)
{
    struct store *s = store_open(store_path, &err);
    if (!s)
        fail_msg("%s", buf_str(&err));
    return s;
}

static int64_t add_item(struct store *s)
{
    struct item item;
    memset(&item, 0, sizeof item);
    store_begin(s);
    item.seq = store_next(s, SEQ_ITEM);
    store_item_add(s, &item);
    struct notice n = {.seq = store_next(s, SEQ_NOTICE), .item_seq = item.seq, .outcome = ""};
    store_notice_add(s, &n);
    struct delivery d = {.seq = store_next(s, SEQ_DELIVERY),
                         .notice_seq = n.seq,
                         .item_seq = item.seq,
                         .lane_id = store_intern(s, "post"),
                         .template_id = store_template_keep(s, "h", "n", "t")};
    store_delivery_add(s, &d);
    store_audit_add(s, 1, item.seq, "x");
    if (store_commit(s) != STORE_DONE)
        fail_msg("%s", store_trouble(s));
    return item.seq;
}

static int set_up(void **state)
{
    (void)state;
    buf_init(&err);
    dir = rig_dir();
    snprintf(store_path, sizeof store_path, "%s/store.db", dir);
    snprintf(copy_path, sizeof copy_path, "%s/copy.db", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&err);
    rig_dir_free(dir);
    return 0;
}

static void test_backup_while_open(void **state)
{
    (void)state;
    struct stat st;
    struct store *s = open_it();
    add_item(s);
    umask(0);
    assert_int_equal(store_backup(store_path, copy_path, &err), 0);
    assert_int_equal(stat(copy_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(store_backup(store_path, copy_path, &err), -1);
    assert_non_null(strstr(buf_str(&err), "cannot create"));
    assert_int_equal(store_restore(copy_path, store_path, &err), -1);
    assert_non_null(strstr(buf_str(&err), "stop stafetted"));
    assert_int_equal(store_item_count_open(s), 1);
    store_close(s);
}

static void test_restored(void **state)
{
    (void)state;
    struct store *s = open_it();
    int64_t before = add_item(s);
    store_begin(s);
    store_meta_set_int(s, "replay_asked", 1);
    assert_int_equal(store_commit(s), STORE_DONE);
    int64_t from_ms = util_wall_ms();
    assert_int_equal(store_backup(store_path, copy_path, &err), 0);
    int64_t lost = add_item(s);
    store_close(s);
    assert_int_equal(store_restore(copy_path, store_path, &err), 0);
    s = open_it();
    assert_true(store_meta_int(s, "held_since_ms") >= from_ms);
    assert_int_equal(store_meta_int(s, "replay_asked"), 0);
    assert_int_equal(store_item_count_open(s), 1);
    assert_int_equal(store_delivery_count(s, DELIVERY_HELD), 1);
    assert_int_equal(store_delivery_count(s, DELIVERY_PENDING), 0);
    int64_t next = add_item(s);
    assert_true(next > lost + 1000000);
    assert_true(next < INT64_C(1) << 40); /* item codes */
    struct item item;
    assert_true(store_item_get(s, before, &item));
    assert_false(store_item_get(s, lost, &item));
    assert_true(store_audit_verify(s, &err) == 2);
    store_close(s);
    char kept[600];
    snprintf(kept, sizeof kept, "%s.before-restore", store_path);
    assert_int_equal(access(kept, F_OK), 0);
}

/* The same backup restored twice: what was numbered in between must not come again. */
static void test_restored_twice(void **state)
{
    (void)state;
    struct store *s = open_it();
    add_item(s);
    assert_int_equal(store_backup(store_path, copy_path, &err), 0);
    store_close(s);
    assert_int_equal(store_restore(copy_path, store_path, &err), 0);
    s = open_it();
    int64_t between = add_item(s);
    store_close(s);
    assert_int_equal(store_restore(copy_path, store_path, &err), 0);
    s = open_it();
    assert_true(add_item(s) > between);
    store_close(s);
}

static void test_no_backups(void **state)
{
    (void)state;
    char other[600];
    struct store *s = open_it();
    add_item(s);
    store_close(s);
    snprintf(other, sizeof other, "%s/none.db", dir);
    assert_int_equal(store_restore(other, store_path, &err), -1);
    assert_non_null(strstr(buf_str(&err), "cannot read"));
    rig_write(dir, "none.db", "no database at all");
    assert_int_equal(store_restore(other, store_path, &err), -1);
    assert_non_null(strstr(buf_str(&err), "not a sound backup"));
    unlink(other);
    /* A store that was copied by other means does not say when. */
    snprintf(other, sizeof other, "cp %s %s/plain.db", store_path, dir);
    assert_int_equal(system(other), 0);
    snprintf(other, sizeof other, "%s/plain.db", dir);
    assert_int_equal(store_restore(other, store_path, &err), -1);
    assert_int_equal(store_backup(other, store_path, &err), -1);
    s = open_it();
    assert_int_equal(store_item_count_open(s), 1);
    store_close(s);
}

static void test_newer_backup(void **state)
{
    (void)state;
    char sql[80];
    sqlite3 *db;
    struct store *s = open_it();
    add_item(s);
    assert_int_equal(store_backup(store_path, copy_path, &err), 0);
    store_close(s);
    snprintf(sql, sizeof sql, "pragma user_version = %d", schema_version() + 1);
    assert_int_equal(sqlite3_open(copy_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(store_restore(copy_path, store_path, &err), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup_while_open), TEST(test_restored),     TEST(test_restored_twice),
        TEST(test_no_backups),        TEST(test_newer_backup),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
