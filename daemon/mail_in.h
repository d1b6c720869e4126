/*
 * What a mail that came in means: an answer to an invitation (iTIP REPLY), or a mail server's word
 * on a mail of ours (bounce_take.h). Everything else is counted and forgotten.
 */
#ifndef MAIL_IN_H
#define MAIL_IN_H

struct buf;
struct mail;
struct stafette;

/* What became of a mail; what /metrics counts. */
enum mail_in_end {
    MAIL_IN_ANSWER,   /* an answer to an invitation, taken or known already */
    MAIL_IN_OUTDATED, /* an answer, but a newer one is known, or the meeting has changed or ended */
    MAIL_IN_UNKNOWN,  /* an answer to no invitation of ours, or of somebody not invited */
    MAIL_IN_PROPOSAL, /* iTIP that is no REPLY: COUNTER, REFRESH, somebody's own REQUEST */
    MAIL_IN_AUTOMATIC,  /* out of office, bounce, list: no answer (DOMAIN E14) */
    MAIL_IN_OTHER,      /* written by a person, without a calendar: not kept */
    MAIL_IN_UNREADABLE, /* no mail, or its calendar cannot be understood */
    MAIL_IN_TOO_LARGE,
    MAIL_IN_BOUNCE, /* a delivery came back, and its next step runs */
    MAIL_IN_REPORT, /* a mail server's word that ends nothing: delayed, delivered, known already */
    MAIL_IN_FORGED, /* names a delivery by a tag that we have not made: nothing happens */
    MAIL_IN_OUTLIVED, /* of a delivery that is unknown, not a mail, or too long ago */
    MAIL_IN_LATER,    /* of a delivery that is being handed over just now: to come again */
    MAIL_IN_END_COUNT
};

const char *mail_in_end_name(enum mail_in_end end);

/* What is known of the envelope; "" = not known. */
struct mail_envelope {
    const char *recipient;
    const char *sender; /* "<>" or "MAILER-DAEMON": none (RFC 5321 4.5.5, Postfix's pipe(8)) */
};

/* Takes one mail in the open transaction; repeating it is harmless. Appends to `said` a
 * German sentence, which holds nothing of the mail. After MAIL_IN_LATER it must come again. */
enum mail_in_end mail_in_take(struct stafette *g, const struct mail *mail,
                              const struct mail_envelope *envelope, struct buf *said);

#endif
