/*
 * What a mail server's mail says of one that we sent: a report by RFC 3464, or one of the texts
 * that servers write without it (qmail, Exim, Exchange, Domino, the German providers). Pure but for
 * smtp_class(), whose table is the one that also judges refusals in the dialogue.
 *
 * Which delivery it is about, and whether the mail may be believed at all, is bounce_take.h's
 * question.
 */
#ifndef BOUNCE_H
#define BOUNCE_H

#include <stdbool.h>

#include "stafette.h"

struct mail;

enum bounce_kind {
    BOUNCE_NONE,       /* no word of a mail server */
    BOUNCE_AUTO_REPLY, /* out of office and the like (RFC 3834): nobody answered, nothing failed */
    BOUNCE_DELAYED,    /* still being tried */
    BOUNCE_RELAYED,    /* handed to where no reports come from, or spread over a list */
    BOUNCE_DELIVERED,
    BOUNCE_FAILED,
    BOUNCE_KIND_COUNT
};

const char *bounce_kind_name(enum bounce_kind kind);

struct bounce {
    enum bounce_kind kind;
    char status[12];        /* RFC 3463 "5.1.1"; "" when nothing said one */
    int code;               /* SMTP code, as said or as the status means it: 550; 0 unless failed */
    enum error_class class; /* of BOUNCE_FAILED; else CLASS_NONE */
};

/* Judges a mail; null_sender: its envelope had none (RFC 5321 4.5.5), as far as is known. A mail
 * whose report tells several things of its recipients counts as failed only when it reached nobody:
 * our mails have one recipient, so several stand behind one address. */
void bounce_read(struct bounce *bounce, const struct mail *mail, bool null_sender);

#endif
