/*
 * A mail as bytes (RFC 5322, 2045-2047): text/plain in UTF-8, lines with CRLF, headers encoded and
 * folded, one recipient; with a calendar (RFC 6047) a multipart. Pure: same input, same bytes.
 */
#ifndef MIME_H
#define MIME_H

#include <stdbool.h>

#include <stddef.h>

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

/* The two halves of it. Headers up to MIME-Version, with this subject; then the entity: its own
 * Content- headers, an empty line, the body. Between them stands what smime.h puts there. */
void mime_headers(struct buf *out, const struct message *message, const struct mime_sender *sender,
                  const char *subject);
void mime_entity(struct buf *out, const struct message *message, const struct mime_sender *sender);

/* Appends bytes in base64, lines of at most 76 with CRLF (RFC 2045 6.8). */
void mime_base64(struct buf *out, const void *bytes, size_t len);

#endif
