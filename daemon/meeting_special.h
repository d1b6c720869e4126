/*
 * What only some meetings need: placeholders that become due (UL7), a presence whose worker is
 * absent (KI5), a yearly workshop that calls for contributions (BI12), papers for a chain of bodies
 * (BI10). In the open transaction.
 */
#ifndef MEETING_SPECIAL_H
#define MEETING_SPECIAL_H

struct clock;
struct meeting_view;
struct session;
struct stafette;
struct unit;
struct work;

/* Reminders that are not in the table of meeting_remind.c. session may be NULL. */
void meeting_special_reminds(struct stafette *g, const struct clock *clock,
                             struct meeting_view *view, struct session *session);

#endif
