/*
 * Reading a mail that came in (RFC 5322, MIME): who wrote it, is it automatic, the calendar it
 * carries, and what a mail server reports in it. The only part that knows GMime. No clock, no
 * store. Runs on any one thread at a time per mail; mail_read_init() once at start.
 *
 * Nothing of a mail's text is kept: only what the struct holds. Nesting, the number of parts and
 * the size are limited before and while it is read.
 */
#ifndef MAIL_READ_H
#define MAIL_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum {
    MAIL_SIZE_MAX = 256 * 1024,
    MAIL_DEPTH_MAX = 20,
    MAIL_PARTS_MAX = 100,
    MAIL_WORDS_MAX = 16 * 1024, /* bytes kept of a report, and of a mail server's words */
    MAIL_ADDRESSES_MAX = 20     /* recipients that the headers may name */
};

struct mail {
    char from[256];       /* addr-spec of From in the form of address.h, wholly lower case; "" when
                           * there is not exactly one From with exactly one such address */
    char message_id[256]; /* with its <>; "" when missing or longer */
    bool automatic;       /* RFC 3834: Auto-Submitted other than "no", Precedence bulk/junk/list,
                           * X-Auto-Response-Suppress, a null Return-Path, multipart/report */
    bool generated;       /* automatic, but nothing says more than "auto-generated" or asks for
                           * silence: calendar servers mark so the reply that a person clicked */
    struct buf calendar;  /* of the text/calendar or application/ics parts the first that says
                           * method=REPLY, else the first; decoded, UTF-8, no NUL, no BOM */
    char method[16];      /* method= of that part's Content-Type, upper case; "" when none */

    /* What only reports and automatic mails have (bounce.h judges them). */
    bool daemon;            /* From is a mail system: mailer-daemon, postmaster ... */
    bool failed_recipients; /* X-Failed-Recipients (Exim) is there */
    char subject[200];      /* of an automatic mail or a daemon's, UTF-8; else "" */
    char returned_id[256];  /* Message-ID of the mail that came back with it, with its <>; or "" */
    struct buf report;     /* the message/delivery-status parts (RFC 3464), an empty line between */
    struct buf words;      /* a daemon's first text, UTF-8 without NUL; else empty */
    struct buf recipients; /* addr-specs of Delivered-To and the like, then of To: one a line, in
                            * lower case */
    struct buf references; /* of an automatic mail: In-Reply-To and References, as they came */
};

enum mail_verdict {
    MAIL_OK,
    MAIL_TOO_LARGE, /* over MAIL_SIZE_MAX, or nested too deeply, or too many parts */
    MAIL_MALFORMED  /* no header at all */
};

void mail_read_init(void);

/* Always fills *mail (release it by mail_release()). Embedded mails (message/rfc822: forwards,
 * bounces) are not looked into but for their Message-ID: what stands there was not said by this
 * sender. */
enum mail_verdict mail_read(struct mail *mail, const char *bytes, size_t len);
void mail_release(struct mail *mail);

#endif
