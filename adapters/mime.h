/*
 * A mail as bytes (RFC 5322, 2045-2047): text/plain in UTF-8, lines with CRLF, headers encoded and
 * folded, one recipient; with a calendar (RFC 6047) a multipart. Pure: same input, same bytes.
 */
#ifndef MIME_H
#define MIME_H

#include <stdbool.h>

struct buf;
struct message;

struct mime_sender {
    const char *from_name; /* UTF-8 */
    const char *from;      /* addr-spec */
    bool attach_ics;       /* a calendar is attached as invite.ics as well */
};

/* Appends the message: Date (local time of Europe/Berlin), From, To, Subject, Message-ID,
 * In-Reply-To and References (the thread's root), Auto-Submitted: auto-generated (RFC 3834),
 * X-Auto-Response-Suppress, MIME-Version, Content-Type; body quoted-printable when it is not plain
 * ASCII of short lines. Control characters in header values become spaces, so no header can be
 * smuggled in. A text that is NULL counts as "".
 *
 * With message->calendar and its method the body is multipart/alternative: the text, then
 * text/calendar with that method, which is what clients show as an invitation. With attach_ics it
 * is wrapped in multipart/mixed with the file besides, for clients that take nothing else. The
 * boundaries come from the Message-ID, so that a repeat has the same bytes. A method that is no
 * word of capitals leaves the calendar out. */
void mime_build(struct buf *out, const struct message *message, const struct mime_sender *sender);

#endif
