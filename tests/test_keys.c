/*
 * keys.c: a file is made once and read again, refused when others may read it or when it is not
 * whole, and each purpose has a key of its own.
 */
#include <fcntl.h>
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/keys.h"
#include "rig_dir.h"

static char *dir;
static char path[512];

static int set_up(void **state)
{
    (void)state;
    digest_start();
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/keys", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

static void test_made_and_read_again(void **state)
{
    (void)state;
    struct keys first, again;
    struct buf err = BUF_INIT;
    struct stat st;
    umask(0);
    assert_int_equal(keys_load(&first, path, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, DIGEST_KEY);
    assert_int_equal(keys_load(&again, path, &err), 0);
    assert_memory_equal(&first, &again, sizeof first);
    assert_string_equal(buf_str(&err), "");
    assert_memory_not_equal(first.id, first.case_ref, DIGEST_KEY);
    assert_memory_not_equal(first.id, first.code, DIGEST_KEY);
    assert_memory_not_equal(first.case_ref, first.code, DIGEST_KEY);
    assert_memory_not_equal(first.code, first.token, DIGEST_KEY);
    snprintf(path, sizeof path, "%s/keys2", dir);
    assert_int_equal(keys_load(&again, path, &err), 0);
    assert_memory_not_equal(first.id, again.id, DIGEST_KEY);
}

static void refused(const char *why)
{
    struct keys keys;
    struct buf err = BUF_INIT;
    assert_int_equal(keys_load(&keys, path, &err), -1);
    if (!strstr(buf_str(&err), why))
        fail_msg("\"%s\" does not say \"%s\"", buf_str(&err), why);
    buf_release(&err);
}

static void test_refused(void **state)
{
    (void)state;
    rig_write(dir, "keys", "0123456789abcdef0123456789abcdef");
    struct keys keys;
    struct buf err = BUF_INIT;
    assert_int_equal(keys_load(&keys, path, &err), 0);
    chmod(path, 0640);
    refused("chmod 600");
    chmod(path, 0604);
    refused("chmod 600");
    rig_write(dir, "keys", "0123456789abcdef0123456789abcde");
    refused("not 32 bytes");
    rig_write(dir, "keys", "0123456789abcdef0123456789abcdef0");
    refused("not 32 bytes");
    rig_write(dir, "keys", "");
    refused("not 32 bytes");
    snprintf(path, sizeof path, "%s/nowhere/keys", dir);
    refused("cannot create");
    buf_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_and_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
