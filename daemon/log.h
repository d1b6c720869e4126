/*
 * The log: one key=value line per fact on standard error, for journald or a file. A line holds
 * ids, codes and counts only: never an address, a name, a message text or a secret (DOMAIN R24).
 *
 *     log_info("delivery end", "delivery=%lld result=sent class=none", id);
 *     -> ts=2026-11-20T08:14:03.120Z level=info msg="delivery end" delivery=17 result=sent ...
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The one global of the program: lines above this level are dropped. */
extern enum log_level log_level;

bool log_level_parse(const char *name, enum log_level *level);

/* `what` is a fixed phrase; `fields` a format giving key=value pairs, or "". */
void log_line(enum log_level level, const char *what, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* A broken world: says why and ends the process with EX_SOFTWARE (70), to be restarted by the
 * supervisor; what was committed stays, what was not is repeated by the broker. */
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
