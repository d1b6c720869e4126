/*
 * For meeting*.c only: what the parts of meetings share, beside meeting.h.
 */
#ifndef MEETING_PARTS_H
#define MEETING_PARTS_H

#include "meeting.h"

static inline int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Sessions that may still change: planned, left out, or a month without a day. */
struct sessions {
    struct session *session; /* owned */
    size_t count, cap;
};

/* All of them, by original_s. The caller frees `all->session`. */
void meeting_sessions(struct stafette *g, int64_t item_seq, struct sessions *all);

/* A SEQUENCE above that of the meeting and of every session of it: what went out before is older,
 * whatever a plan that has gone since made of it (RFC 5546 2.1.5). */
int64_t meeting_next_sequence(struct stafette *g, const struct meeting *meeting);

void meeting_note(struct stafette *g, int64_t item_seq, const char *what, const char *detail);

/* The whole plan to who `news` wants: a series by rule in one mail, dates of a list one by one; its
 * session and deadline are filled in. Returns how many sessions are ahead. */
size_t meeting_tell_all(struct stafette *g, const struct meeting *meeting, const struct item *item,
                        const struct meeting_news *news);

/* Cancels one session and its reminders; the caller tells. */
void meeting_cancel_session(struct stafette *g, const struct meeting *meeting,
                            struct session *session);

/* Tells members, and who was one, that a session (0: the whole) does not take place. What waits to
 * be sent about it is dropped. */
void meeting_tell_cancelled(struct stafette *g, const struct item *item, int64_t session_seq,
                            bool soon);

/* What follows a session that is over: is it asked for, what is owed. */
void meeting_ask_after(struct stafette *g, const struct meeting_view *view,
                       struct session *session);

/* What the plan has from_s on, at most max; and whether the rest of the horizon is in it. */
size_t meeting_expand(const struct stafette *g, const struct meeting *meeting, int64_t from_s,
                      int64_t to_s, struct planned *planned, size_t max);

#endif
