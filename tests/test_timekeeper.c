/*
 * timekeeper.c: the wall time of a test clock's file; a steady time that follows it forward and
 * never back.
 */
#include <string.h>

#include "../daemon/gateway.h"
#include "../daemon/log.h"
#include "../daemon/timekeeper.h"
#include "rig_dir.h"

static char *dir;
static char path[512];
static struct stafette g;

static int set_up(void **state)
{
    (void)state;
    log_level = LOG_LEVEL_ERROR;
    memset(&g, 0, sizeof g);
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/clock", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&g.test_clock);
    rig_dir_free(dir);
    return 0;
}

static void set(const char *text)
{
    rig_write(dir, "clock", text);
    timekeeper_read(&g);
}

static void test_file(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    int64_t at_ms;
    assert_true(time_parse("2026-11-20T09:00:00+01:00", &at_ms));
    rig_write(dir, "clock", "2026-11-20T09:00:00+01:00\n");
    assert_int_equal(timekeeper_use_file(&g, path, &err), 0);
    timekeeper_read(&g);
    assert_true(g.now_ms == at_ms && g.steady_ms == at_ms);
    assert_true(g.mono_ms > 0);
    int64_t mono_ms = g.mono_ms;
    set("2026-11-20T10:00:00+01:00");
    assert_true(g.now_ms == at_ms + 3600000 && g.steady_ms == g.now_ms);
    set("2026-11-19T10:00:00+01:00\r\n"); /* back: the wall goes, the steady time stays */
    assert_true(g.now_ms < at_ms && g.steady_ms == at_ms + 3600000);
    set("2026-11-20T10:00:01+01:00");
    assert_true(g.steady_ms == at_ms + 3601000);
    set(""); /* just being written: the time of before */
    assert_true(g.now_ms == at_ms + 3601000);
    set("soon");
    assert_true(g.now_ms == at_ms + 3601000);
    unlink(path);
    timekeeper_read(&g);
    assert_true(g.now_ms == at_ms + 3601000 && g.mono_ms >= mono_ms);
}

static void test_no_file(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    assert_int_equal(timekeeper_use_file(&g, path, &err), -1);
    assert_non_null(strstr(buf_str(&err), "holds no time"));
    rig_write(dir, "clock", "yesterday");
    assert_int_equal(timekeeper_use_file(&g, path, &err), -1);
    assert_int_equal(g.test_clock.len, 0);
    buf_release(&err);
}

static void test_real_clock(void **state)
{
    (void)state;
    int64_t before_ms = util_wall_ms();
    timekeeper_read(&g);
    assert_true(g.now_ms >= before_ms && g.now_ms <= util_wall_ms());
    assert_true(g.steady_ms == g.now_ms);
    /* The wall was an hour ahead until now: the steady time goes on from there. */
    g.now_ms += 3600000;
    g.steady_ms += 3600000;
    int64_t steady_ms = g.steady_ms;
    timekeeper_read(&g);
    assert_true(g.now_ms < steady_ms);
    assert_true(g.steady_ms >= steady_ms && g.steady_ms < steady_ms + 60000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_file), TEST(test_no_file), TEST(test_real_clock)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
