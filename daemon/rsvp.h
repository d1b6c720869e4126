/*
 * Answers to invitations, however they come: by link, by iTIP REPLY in a mail, by event, by
 * stafettectl; merged by attendee, session, SEQUENCE and DTSTAMP (RFC 5546 2.1.5): the newest for
 * the current sequence holds, a second equal one is harmless. In the open transaction.
 *
 * A reply by mail proves nothing about who wrote it: it says whether somebody comes, and is never
 * an answer to an item of a case.
 */
#ifndef RSVP_H
#define RSVP_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "meeting_kind.h"

struct buf;
struct ical_reply;
struct stafette;
struct unit;

struct rsvp {
    int64_t item_seq;
    const struct unit *unit; /* who was invited */
    int64_t session_seq;     /* 0 = the whole meeting */
    enum member_status status;
    int64_t sequence; /* of the invitation that is answered; -1 = the current one */
    int64_t stamp_ms; /* DTSTAMP, else when it was given */
    enum answer_via via;
};

enum rsvp_end {
    RSVP_TAKEN,
    RSVP_KNOWN,       /* nothing new: harmless */
    RSVP_OUTDATED,    /* of an older invitation, or older than what is recorded: the newer holds */
    RSVP_NOT_INVITED, /* nobody of that address or unit is */
    RSVP_OVER,        /* the meeting or session is over or cancelled */
    RSVP_UNKNOWN      /* no meeting of ours */
};

/* Records it and does what follows: the chair declines, so the deputy takes over and the office is
 * told (UL8); the sender's system hears meeting.answered. Appends one German sentence to said. */
enum rsvp_end rsvp_take(struct stafette *g, const struct rsvp *rsvp, struct buf *said);

/* The same from a REPLY in a mail that came from that address. A forwarded invitation that somebody
 * else answers is recorded in the audit and told to the office, nothing more. */
enum rsvp_end rsvp_reply(struct stafette *g, const char *from, const struct ical_reply *reply,
                         struct buf *said);

#endif
