/*
 * Ends the daemon in the middle of its work: see daemon/testpoint.h. Linked only into
 * build/points/stafetted, for the crash tests.
 *
 * STAFETTE_KILL_AT="before-commit:17" kills the process with SIGKILL at the 17th pass of that
 * point, as a power cut would: nothing is flushed, closed or said. Without the variable nothing
 * happens. A value that cannot be meant ends the process with EX_USAGE and a sentence, for a test
 * that waits for a kill which never comes would prove nothing. All points are passed by the
 * deciding thread, so plain variables do.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "../daemon/testpoint.h"
#include "../daemon/util.h"

static const char *const points[] = {"event-decided", "clock-fired",  "before-commit",
                                     "before-acks",   "before-start", "before-settle",
                                     "erase-listed",  "before-flush", "before-mark"};

static const char *point; /* the one to die at; NULL: none */
static long passes_left;

static bool is_point(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(points); i++)
        if (strlen(points[i]) == len && memcmp(points[i], name, len) == 0)
            return true;
    return false;
}

/* Before main(), so that a wrong value is told at once. */
__attribute__((constructor)) static void read_wish(void)
{
    const char *wish = getenv("STAFETTE_KILL_AT");
    if (!wish || !*wish)
        return;
    const char *colon = strchr(wish, ':');
    char *end = NULL;
    if (colon && is_point(wish, (size_t)(colon - wish)))
        passes_left = strtol(colon + 1, &end, 10);
    if (!end || end == colon + 1 || *end || passes_left < 1) {
        fprintf(stderr, "STAFETTE_KILL_AT=%s: want POINT:PASS, for example before-commit:17\n",
                wish);
        _exit(EX_USAGE);
    }
    point = wish;
}

void test_point(const char *name)
{
    size_t len = strlen(name);
    if (!point || strncmp(point, name, len) != 0 || point[len] != ':' || --passes_left > 0)
        return;
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}
