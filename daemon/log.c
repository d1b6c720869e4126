/*
 * The log: see log.h. A line is built in memory and written by one write(2), so that lines of
 * several threads do not mix.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "util.h"

enum log_level log_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (str_eq(name, level_names[i])) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static void write_all(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(STDERR_FILENO, bytes, len);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

void log_line(enum log_level level, const char *what, const char *fields, ...)
{
    if (level > log_level)
        return;
    struct buf line = BUF_INIT;
    buf_puts(&line, "ts=");
    time_utc(&line, util_wall_ms());
    buf_printf(&line, " level=%s msg=\"%s\" ", level_names[level], what);
    va_list ap;
    va_start(ap, fields);
    buf_vprintf(&line, fields, ap);
    va_end(ap);
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.data[i] < ' ')
            line.data[i] = ' ';
    buf_addc(&line, '\n');
    write_all(line.data, line.len);
    buf_release(&line);
}

void fatal(const char *fmt, ...)
{
    /* No struct buf here: memory may be what is missing. */
    char why[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    write_all("level=error msg=\"fatal\" why=\"", 28);
    write_all(why, n < 0 ? 0 : n < (int)sizeof why ? (size_t)n : sizeof why - 1);
    write_all("\"\n", 2);
    exit(EX_SOFTWARE);
}
