/*
 * A mail as bytes (RFC 5322, 2045-2047): text/plain in UTF-8, lines with CRLF, headers encoded and
 * folded, one recipient. Pure: same input, same bytes.
 */
#ifndef MIME_H
#define MIME_H

struct buf;
struct message;

struct mime_sender {
    const char *from_name; /* UTF-8 */
    const char *from;      /* addr-spec */
};

/* Appends the message: Date (local time of Europe/Berlin), From, To, Subject, Message-ID,
 * In-Reply-To and References (the thread's root), Auto-Submitted: auto-generated (RFC 3834),
 * X-Auto-Response-Suppress, MIME-Version, Content-Type; body quoted-printable when it is not plain
 * ASCII of short lines. Control characters in header values become spaces, so no header can be
 * smuggled in. A text that is NULL counts as "". */
void mime_build(struct buf *out, const struct message *message, const struct mime_sender *sender);

#endif
