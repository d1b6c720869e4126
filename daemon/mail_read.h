/*
 * Reading a mail that came in (RFC 5322, MIME): who wrote it, is it automatic, and the calendar it
 * carries. The only part that knows GMime. No clock, no store. Runs on any one thread at a time per
 * mail; mail_read_init() once at start.
 *
 * Nothing of a mail's text is kept: only what the struct holds. Nesting, the number of parts and
 * the size are limited before and while it is read.
 */
#ifndef MAIL_READ_H
#define MAIL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum { MAIL_SIZE_MAX = 256 * 1024, MAIL_DEPTH_MAX = 20, MAIL_PARTS_MAX = 100 };

struct mail {
    char from[256];       /* addr-spec of From, lower case; "" when there is not exactly one */
    char message_id[256]; /* with its <>; "" when missing or longer */
    bool automatic;       /* RFC 3834: Auto-Submitted other than "no", Precedence bulk/junk/list,
                           * X-Auto-Response-Suppress, a null Return-Path, multipart/report */
    struct buf calendar;  /* first text/calendar (or application/ics) part, UTF-8, decoded */
    char method[16];      /* method= of that part's Content-Type, upper case; "" when none */
};

enum mail_verdict {
    MAIL_OK,
    MAIL_TOO_LARGE, /* over MAIL_SIZE_MAX, or nested too deeply, or too many parts */
    MAIL_MALFORMED  /* no header at all */
};

void mail_read_init(void);

/* Always fills *mail (release it by mail_release()). */
enum mail_verdict mail_read(struct mail *mail, const char *bytes, size_t len);
void mail_release(struct mail *mail);

#endif
