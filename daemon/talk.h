/*
 * The conversation that a handover needs (Übergabegespräch, § 86c(2) SGB VIII, H2): a handover that
 * was seen and needs it calls the meeting by itself, with giver and receiver; its date is found
 * from both calendars (poll_find.c). What is reported from outside dates or ends it. That it took
 * place goes the other way in meeting.c: the giver says so by one tap, and the handover has it on
 * record.
 */
#ifndef TALK_H
#define TALK_H

struct item;
struct stafette;
struct work;

/* After a step of w->item: opens its meeting, moves it to the planned moment, or ends it. In the
 * open transaction. */
void talk_follow(struct work *w);

/* The handover is over without a step. */
void talk_end(struct stafette *g, const struct item *handover);

#endif
