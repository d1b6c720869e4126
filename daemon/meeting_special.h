/*
 * What only some meetings need: placeholders that become due (UL7), a presence whose worker is
 * absent (KI5), papers for a chain of bodies (BI10), a yearly workshop that calls for contributions
 * (BI12). All of it in the open transaction; what is due lies in the reminders of the sessions, so
 * a crash, a move or a reload loses none of it.
 */
#ifndef MEETING_SPECIAL_H
#define MEETING_SPECIAL_H

#include <stdint.h>

struct clock;
struct item;
struct meeting;
struct meeting_setup;
struct meeting_view;
struct rsvp;
struct session;
struct stafette;
struct unit;
struct work;

/* ---- meeting_special.c */

/* Adds the reminders of a planned session that only its kind, its chain or its setup asks for;
 * meeting_plan_reminders() has cancelled those of before. */
void meeting_special_plan(struct stafette *g, const struct meeting *meeting,
                          const struct session *session);

/* A placeholder whose month is over without a day: left out, and the office hears so. */
void meeting_month_passed(struct stafette *g, const struct meeting_view *view,
                          struct session *session);

/* Reminders that are not in the table of meeting_remind.c. session may be NULL. */
void meeting_special_reminds(struct stafette *g, const struct clock *clock,
                             struct meeting_view *view, struct session *session);

/* ---- meeting_presence.c: a worker of the team sits in a place of somebody else (KI5)
 *
 * A presence is a meeting of kind "presence": the host `unit` is the worker, unless other units are
 * members (role member): then they are; members with role host are the places. When no worker
 * is there at the start of a session, or it has declined, who stands in (presence.h) is asked by
 * mail and SMS. Without a yes in time, or after a no, the session is cancelled and its places hear
 * of it; when somebody takes it, they hear who comes. Sessions further ahead than a week are looked
 * at a week before. */

/* An absence became known, in the transaction that records it. */
void meeting_absence(struct stafette *g, const struct unit *unit, int64_t from_ms, int64_t to_ms);
/* The configuration was loaded: it may hold an absence that nobody reported. Any kind may be
 * given. */
void meeting_presence_look(struct stafette *g, const struct meeting_setup *setup);
void meeting_presence_plan(struct stafette *g, const struct meeting *meeting,
                           const struct session *session);
void meeting_presence_due(struct stafette *g, struct meeting_view *view, struct session *session);
/* An answer was recorded (rsvp.c): that of a stand-in decides about its session. */
void meeting_presence_answered(struct stafette *g, const struct meeting_view *view,
                               const struct rsvp *rsvp);
/* Template by which members hear that a session (0: the whole) is cancelled: that of a presence
 * says "today" when it is today's. */
const char *meeting_cancelled_template(struct stafette *g, const struct item *item,
                                       int64_t session_seq);

/* ---- meeting_chain.c: a paper goes through several bodies (Beratungsfolge, BI10) */

/* Its author is reminded the chain's lead before a body meets, and three working days before, until
 * the paper is filed. */
void meeting_chain_plan(struct stafette *g, const struct meeting *meeting,
                        const struct session *session);
void meeting_chain_due(struct stafette *g, struct meeting_view *view, struct session *session);
/* The date of a body has moved: members of the bodies behind it hear of that once, and author and
 * office when the dates are not in the order of the chain any more. */
void meeting_chain_moved(struct stafette *g, const struct meeting *meeting);
/* document.filed: more than three pages without a summary in front are told to the author at once,
 * and the paper counts as missing still. */
void work_document_filed(struct work *w);

/* ---- meeting_call.c: a call for contributions (BI12) */

/* All members are asked `call` of the setup before a session, to answer until half that time. */
void meeting_call_plan(struct stafette *g, const struct meeting *meeting,
                       const struct session *session);
void meeting_call_due(struct stafette *g, struct meeting_view *view, struct session *session);

#endif
