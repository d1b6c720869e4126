/*
 * The server's side of one LMTP dialogue (RFC 2033, with the commands of RFC 5321, PIPELINING RFC
 * 2920, SIZE RFC 1870, 8BITMIME RFC 6152, enhanced codes RFC 2034): bytes in, bytes out. Pure: no
 * socket, no clock, no store; whether a recipient is ours is asked of the caller.
 *
 *     feed -> commands are answered into `out` -> a mail is complete: feeding stops
 *          -> the caller decides, says an answer for each recipient -> the rest of the input goes
 * on
 *
 * A mail ends at CRLF.CRLF and nowhere else: a bare line feed ends no line, so nothing that follows
 * "\n.\n" is taken for a command (smuggling). Commands and their number, recipients and the mail
 * are limited; what is over a limit is refused by its code, or ends the dialogue.
 */
#ifndef LMTP_SESSION_H
#define LMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum {
    LMTP_LINE_MAX = 2048,      /* bytes of a command with its line end; RFC 5321 wants 512 */
    LMTP_RECIPIENTS_MAX = 100, /* RFC 5321 4.5.3.1.8 wants 100 */
    LMTP_FAULTS_MAX = 20,      /* commands refused, after which the dialogue ends */
    LMTP_PATH_MAX = 256
};

enum lmtp_recipient { LMTP_RECIPIENT_OURS, LMTP_RECIPIENT_UNKNOWN, LMTP_RECIPIENT_FORGED };

struct lmtp_rules {
    const char *name; /* of this server, in its greeting */
    size_t mail_max;  /* bytes */
    enum lmtp_recipient (*recipient)(void *context, const char *address);
    void *context;
};

enum lmtp_state {
    LMTP_OPEN,    /* before LHLO */
    LMTP_READY,   /* no mail has begun */
    LMTP_MAIL,    /* MAIL was taken */
    LMTP_RCPT,    /* a recipient was taken */
    LMTP_DATA,    /* the mail is coming */
    LMTP_DECIDE,  /* it is complete: lmtp_session_answer() is awaited */
    LMTP_CLOSING, /* nothing is read any more; close when `out` is written */
    LMTP_STATE_COUNT
};

struct lmtp_session {
    const struct lmtp_rules *rules;
    enum lmtp_state state;
    struct buf in;  /* not yet understood */
    struct buf out; /* to be written; the caller removes what it has written */
    int faults;
    char sender[LMTP_PATH_MAX]; /* "<>" = none */
    char (*recipient)[LMTP_PATH_MAX];
    size_t recipients;
    struct buf mail; /* without the dots that were put before dots */
    bool too_large;  /* it is longer than mail_max: `mail` is not whole */
    bool mid_line;   /* DATA: what comes continues a line */
};

/* Begins with the greeting in `out`. `rules` must outlive the session. */
void lmtp_session_init(struct lmtp_session *s, const struct lmtp_rules *rules);
void lmtp_session_release(struct lmtp_session *s);

/* Takes bytes and goes on as far as they reach. In LMTP_DECIDE they only wait; in LMTP_CLOSING they
 * are dropped. */
void lmtp_session_feed(struct lmtp_session *s, const char *bytes, size_t len);

/* LMTP_DECIDE: one answer line ("250 2.0.0 taken", without line end) for each recipient, in their
 * order; then the mail is forgotten and what was fed meanwhile goes on. */
void lmtp_session_answer(struct lmtp_session *s, const char *const *answers);

#endif
