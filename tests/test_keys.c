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

/* Two keys of 32 bytes behind the master's: only the links change, one by one. */
static void test_link_keys(void **state)
{
    (void)state;
    static const char blocks[] = "0123456789abcdef0123456789abcdef"
                                 "fedcba9876543210fedcba9876543210"
                                 "0011223344556677889900aabbccddee";
    struct keys keys[3];
    struct buf err = BUF_INIT;
    for (int i = 0; i < 3; i++) {
        char text[sizeof blocks];
        snprintf(text, sizeof text, "%.*s", 32 * (i + 1), blocks);
        rig_write(dir, "keys", text);
        chmod(path, 0600);
        assert_int_equal(keys_load(&keys[i], path, &err), 0);
        assert_int_equal(keys[i].link_id, i);
        assert_memory_equal(keys[i].code, keys[0].code, DIGEST_KEY);
        assert_memory_equal(keys[i].token, keys[0].token, DIGEST_KEY);
        if (i > 0) {
            assert_memory_equal(keys[i].link[1], keys[i - 1].link[0], DIGEST_KEY);
            assert_memory_not_equal(keys[i].link[0], keys[i].link[1], DIGEST_KEY);
        }
    }
    assert_memory_not_equal(keys[0].link[0], keys[0].token, DIGEST_KEY);
    assert_string_equal(buf_str(&err), "");
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
        cmocka_unit_test_setup_teardown(test_link_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
