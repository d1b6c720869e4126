/*
 * The clock: see timekeeper.h.
 */
#include "timekeeper.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gateway.h"
#include "log.h"
#include "util.h"

enum { STEP_NOTED_MS = 5000 };

/* False when the file does not hold a time; it may just be written. */
static bool read_file_time(const char *path, int64_t *at_ms)
{
    char text[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return time_parse(text, at_ms);
}

int timekeeper_use_file(struct stafette *g, const char *path, struct buf *err)
{
    int64_t at_ms;
    if (!read_file_time(path, &at_ms)) {
        buf_printf(err, "--test-clock %s: holds no time such as 2026-11-20T09:00:00+01:00", path);
        return -1;
    }
    buf_puts(&g->test_clock, path);
    return 0;
}

void timekeeper_read(struct stafette *g)
{
    int64_t wall_ms = g->now_ms, mono_ms = util_monotonic_ms();
    if (!g->test_clock.len)
        wall_ms = util_wall_ms();
    else
        read_file_time(buf_str(&g->test_clock), &wall_ms);
    if (g->now_ms && wall_ms < g->now_ms - STEP_NOTED_MS)
        log_warn("clock", "step=back by_s=%lld", (long long)(g->now_ms - wall_ms) / 1000);
    int64_t passed_ms = g->mono_ms ? mono_ms - g->mono_ms : 0;
    int64_t steady_ms = g->steady_ms + (g->test_clock.len ? 0 : passed_ms);
    g->steady_ms = wall_ms > steady_ms ? wall_ms : steady_ms;
    g->now_ms = wall_ms;
    g->mono_ms = mono_ms;
}
