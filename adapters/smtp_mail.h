/*
 * One mail on an open session: MAIL, RCPT, DATA, the message, and what came of it (RFC 5321 3.3).
 * Where the server offers PIPELINING (RFC 2920) the three commands are one write and the message
 * with its final dot is another; the message never leaves before the 354.
 */
#ifndef SMTP_MAIL_H
#define SMTP_MAIL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "smtp_reader.h"
#include "smtp_reply.h"

struct buf;
struct smtp_session;

struct smtp_mail {
    const char *from, *to;  /* addr-specs that were checked: nothing in them ends a command */
    const struct buf *wire; /* by smtp_wire() */
    size_t size;            /* of the message, for SIZE= */
};

struct smtp_ending {
    CURLcode code; /* CURLE_OK: accepted; as libcurl words it otherwise, for smtp_class() */
    enum smtp_stage stage;
    struct smtp_reply reply; /* what was refused or accepted; code 0: nothing was said to it */
    bool heard;              /* the server has answered something of this mail */
    bool in_step;            /* the session can carry another mail */
};

/* Sends it and says how it ended. A refusal leaves the session in step: what DATA may have begun
 * for nobody is ended by a lone dot (RFC 2920 3.1), and RSET clears the rest, also after a refused
 * final dot. */
void smtp_mail_send(struct smtp_session *s, const struct smtp_mail *mail, struct smtp_ending *end);

/* Appends the message as it goes over the wire: dots doubled at line starts (RFC 5321 4.5.2), the
 * final dot at the end. Returns -1, appending nothing, for a bare CR or LF or a NUL: servers differ
 * in what they take for a line end, and a mail could be smuggled in by it. */
int smtp_wire(struct buf *wire, const struct buf *message);

#endif
