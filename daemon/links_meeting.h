/*
 * Links of mails about meetings and polls: what each asks for, and how long it holds.
 *
 * Unlike answers about cases (R15: once, at most 72 hours), whether somebody comes may be said
 * until the meeting begins, and changed as often: such a link holds until the end of its session,
 * for a series as long as sessions are planned ahead. A poll's link holds until the poll ends, the
 * question whether a session took place or has minutes until its deadline. What touches a case
 * keeps answer.link_hours: meetings called for one case (CASES_ONE), their polls, the tick list.
 * All that is asked after a session works once.
 */
#ifndef LINKS_MEETING_H
#define LINKS_MEETING_H

#include <stdint.h>

#include "meeting_seat.h"

struct buf;
struct due;

/* Purposes of tokens (token.h) beside enum answer_verb; below ANSWER_USE_RESENT. The numbers are in
 * mails that people keep: new ones come last. */
enum meeting_purpose {
    PURPOSE_ACCEPT = 40, /* "Zusage" */
    PURPOSE_DECLINE,     /* "Absage" */
    PURPOSE_TENTATIVE,   /* "Unter Vorbehalt" */
    PURPOSE_DEPUTY,      /* "Vertretung kommt" */
    PURPOSE_HELD,        /* "Hat stattgefunden" */
    PURPOSE_NOT_HELD,    /* "Hat nicht stattgefunden" */
    PURPOSE_MINUTES,     /* "Protokoll liegt vor" */
    PURPOSE_TICK,        /* the tick list of a session */
    PURPOSE_POLL         /* the choices of a poll */
};

/* What a token of that purpose asks; ASKS_NOTHING when it is no purpose of a meeting or poll. */
enum meeting_question links_meeting_question(int purpose);

/* The answer that a link was made for, and what its button says. */
enum member_status links_meeting_status(int purpose);
const char *links_meeting_label(int purpose);
const char *links_meeting_answer(enum member_status status);

/* Appends the lines as links_put() does, of a notice about a meeting or a poll. */
void links_meeting_put(struct stafette *g, const struct due *due, const struct item *item,
                       struct buf *out);

#endif
