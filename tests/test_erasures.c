/*
 * erasures.c: what is a line of the list and what is not, the newest erasure of a case, appending
 * after a crash, and a file that nobody may write.
 */
#include <fcntl.h>
#include <string.h>

#include "../daemon/erasures.h"
#include "rig_dir.h"

#define KEY "00112233445566ff"
#define HASH "00112233445566778899aabbccddeeff"
#define LINE "1 2026-11-20T08:00:00.000Z " KEY " " HASH "\n"

static char *dir;
static char path[512];

static int set_up(void **state)
{
    (void)state;
    digest_start();
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/list", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *label, *text;
        long want; /* entries, or minus the line that is refused */
    } cases[] = {
        {"empty", "", 0},
        {"a comment", "# 1 2 3\n", 0},
        {"an empty line", "\n", 0},
        {"one", LINE, 1},
        {"two", LINE "7 2026-11-21T08:00:00.000Z " KEY " " HASH "\n", 2},
        {"cut short", "1 2026-11-20T08:00:00.000Z 0011", 0},
        {"whole but for its end", "1 2026-11-20T08:00:00.000Z " KEY " " HASH, 0},
        {"number not above", LINE LINE, -2},
        {"number 0", "0 2026-11-20T08:00:00.000Z " KEY " " HASH "\n", -1},
        {"number too large", "99999999999999999999 2026-11-20T08:00:00Z " KEY " " HASH "\n", -1},
        {"no time", "1 soon " KEY " " HASH "\n", -1},
        {"short key", "1 2026-11-20T08:00:00.000Z 0011 " HASH "\n", -1},
        {"capitals", "1 2026-11-20T08:00:00.000Z 00112233445566FF " HASH "\n", -1},
        {"short hash", "1 2026-11-20T08:00:00.000Z " KEY " 00\n", -1},
        {"a word more", "1 2026-11-20T08:00:00.000Z " KEY " " HASH " x\n", -1},
        {"a word less", "1 2026-11-20T08:00:00.000Z " KEY "\n", -1},
        {"another file", "SQLite format 3\n", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct erasures list = {0};
        struct buf err = BUF_INIT;
        char line[32];
        print_message("# %s\n", cases[i].label);
        int rc = erasures_read(&list, cases[i].text, strlen(cases[i].text), &err);
        snprintf(line, sizeof line, "line %ld ", -cases[i].want);
        assert_int_equal(rc, cases[i].want < 0 ? -1 : 0);
        if (rc < 0)
            assert_memory_equal(buf_str(&err), line, strlen(line));
        else
            assert_int_equal(list.count, cases[i].want);
        erasures_close(&list);
        buf_release(&err);
    }
}

/* A line that is too long, and one with a NUL in it, are no erasures either. */
static void test_hostile_bytes(void **state)
{
    (void)state;
    struct erasures list = {0};
    struct buf text = BUF_INIT, err = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_addc(&text, '1');
    buf_addc(&text, '\n');
    assert_int_equal(erasures_read(&list, text.data, text.len, &err), -1);
    assert_int_equal(erasures_read(&list, "# x\0y\n", 6, &err), -1);
    erasures_close(&list);
    buf_release(&text);
    buf_release(&err);
}

static struct erasure of(const char *case_ref, int64_t at_ms)
{
    static const unsigned char key[DIGEST_KEY] = "key";
    struct erasure e = {.at_ms = at_ms};
    erasure_of(&e, key, case_ref);
    return e;
}

static void add(struct erasures *list, const char *case_ref, int64_t at_ms, int64_t floor)
{
    struct buf err = BUF_INIT;
    struct erasure e = of(case_ref, at_ms);
    if (erasures_add(list, &e, floor, &err) < 0)
        fail_msg("%s", buf_str(&err));
}

static void reopen(struct erasures *list)
{
    struct buf err = BUF_INIT;
    erasures_close(list);
    if (erasures_open(list, path, &err) < 0)
        fail_msg("%s", buf_str(&err));
}

static void test_found_again(void **state)
{
    (void)state;
    struct erasures list = {0};
    reopen(&list);
    assert_int_equal(list.count, 0);
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "cr-a1a1a1a%d", i % 25);
        add(&list, name, 1000 + i, 0);
    }
    for (int again = 0; again < 2; again++, reopen(&list)) {
        const struct erasure like = of("cr-a1a1a1a7", 0), none = of("cr-a1a1a1a77", 0);
        const struct erasure *found = erasures_find(&list, &like);
        assert_non_null(found);
        assert_int_equal(found->at_ms, 1032);
        assert_int_equal(found->number, 33);
        assert_null(erasures_find(&list, &none));
        assert_int_equal(list.count, 50);
    }
    erasures_close(&list);
}

/* The store has seen higher numbers than a new list: they are not used again. */
static void test_floor(void **state)
{
    (void)state;
    struct erasures list = {0};
    reopen(&list);
    add(&list, "cr-a1a1a1a1", 5, 17);
    assert_int_equal(list.entry[0].number, 18);
    add(&list, "cr-a1a1a1a2", 6, 3);
    assert_int_equal(list.entry[1].number, 19);
    erasures_close(&list);
}

static void test_after_a_crash(void **state)
{
    (void)state;
    struct erasures list = {0};
    struct buf text;
    rig_write(dir, "list", "# for people\n" LINE "2 2026-11-2");
    reopen(&list);
    assert_int_equal(list.count, 1);
    add(&list, "cr-a1a1a1a1", 0, 0);
    reopen(&list);
    assert_int_equal(list.count, 2);
    text = rig_read(dir, "list");
    assert_null(strstr(buf_str(&text), "2026-11-22"));
    assert_non_null(strstr(buf_str(&text), "# for people\n" LINE "2 1970-01-01T"));
    buf_release(&text);
    erasures_close(&list);
}

/* What cannot be written is not remembered, and leaves the file as it was. */
static void test_not_writable(void **state)
{
    (void)state;
    struct erasures list = {0};
    struct buf err = BUF_INIT;
    struct erasure e = of("cr-a1a1a1a1", 5);
    reopen(&list);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(erasures_add(&list, &e, 0, &err), -1);
    assert_non_null(strstr(buf_str(&err), "cannot be written"));
    assert_int_equal(list.count, 0);
    assert_null(erasures_find(&list, &e));
    erasures_close(&list);
    buf_reset(&err);
    assert_int_equal(erasures_open(&list, path, &err), -1);
    erasures_close(&list);
    buf_release(&err);
}

static void test_private(void **state)
{
    (void)state;
    struct stat st;
    struct erasures list = {0};
    reopen(&list);
    add(&list, "cr-a1a1a1a1", 5, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct buf text = rig_read(dir, "list");
    assert_null(strstr(buf_str(&text), "cr-a1"));
    assert_int_equal(buf_str(&text)[0], '#');
    buf_release(&text);
    erasures_close(&list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines),   TEST(test_hostile_bytes), TEST(test_found_again),
        TEST(test_floor),   TEST(test_after_a_crash), TEST(test_not_writable),
        TEST(test_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
