/*
 * Meetings: series and single ones, from the configuration, from events, by stafettectl and by
 * handovers that need a conversation. A meeting is an item of kind ITEM_MEETING (its owner is the
 * host) with rows of its own: sessions and members (store_meeting.h). Everything here runs in the
 * open transaction; what people hear of it leaves after the commit, as of any item.
 *
 * A session's name is its start as the rule had it; it keeps that when it moves. The members hear
 * of a change once, however many sessions it touches, and nobody hears of what is over.
 */
#ifndef MEETING_H
#define MEETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "series.h"
#include "store_clock.h"
#include "store_item.h"
#include "store_meeting.h"

struct buf;
struct directory;
struct meeting_setup;
struct stafette;
struct unit;
struct work;

enum {
    MEETING_MEMBERS_MAX = 200,
    MEETING_SESSIONS_MAX = 1000,
    MEETING_AHEAD_DAYS = 400, /* sessions are planned so far ahead */
    MEETING_SYNC_SHARE = 5,   /* of the configuration, compared in a turn */
    MEETING_WAIT_DAYS = 14    /* until somebody who owes something is asked again */
};

/* Reminders of a meeting: the `step` of CLOCK_REMINDER. The numbers are in the store: new ones come
 * last, but the lead times stay first. One row of the table in meeting_remind.c each. */
enum reminder {
    REMIND_LEAD_1, /* before a session: 7 days ... */
    REMIND_LEAD_2, /* 1 working day ... */
    REMIND_LEAD_3, /* 1 hour, or what the meeting says */
    REMIND_LEAD_4,
    REMIND_RSVP,          /* who has not answered, before the first lead time */
    REMIND_FREEZE,        /* the agenda is closed and goes out */
    REMIND_MINUTES,       /* 3 working days after a session, to who keeps them (E21) */
    REMIND_MINUTES_AGAIN, /* 7 */
    REMIND_TICK,          /* after a session: which cases were discussed */
    REMIND_HELD,          /* after a session: did it take place? */
    REMIND_MONTH,         /* a placeholder becomes due: the coordinator is asked for a day (UL7) */
    REMIND_STAND_IN,      /* a presence: is its worker absent? has who was asked answered? (KI5) */
    REMIND_CALL,          /* call for contributions to a yearly workshop (BI12) */
    REMIND_PAPER,         /* a document for a body must be handed in (BI10) */
    REMINDER_COUNT
};
const char *reminder_name(enum reminder reminder);

/* ---- meeting.c: opening, moving, cancelling */

/* What a new meeting is to be; all borrowed. meeting.item_seq is ignored. */
struct meeting_wish {
    struct meeting meeting;
    const struct member *member; /* the host is added when it is not among them */
    size_t members;
    const int64_t *date; /* further sessions of a date list, wall seconds (meeting.rule is "") */
    size_t dates;
    const int64_t *month; /* placeholders: wall seconds of the month's first day */
    size_t months;
    const struct item *about; /* the case's item that it is called for; NULL = none */
    const char *source;       /* whose event called it; "" = nobody's: no status events */
    int64_t event_seq;        /* 0 = none */
};

/* Opens it: item, rows, sessions up to the horizon, reminders, invitations. With start_s = 0 and no
 * dates it waits for a date (STATE_WAITING), and nobody is invited. Returns the item's number. */
int64_t meeting_open(struct stafette *g, const struct meeting_wish *wish);

/* A date was found for a meeting that waited for one: it is planned, members are invited. */
void meeting_set_date(struct stafette *g, int64_t item_seq, int64_t start_s);

/* Another time or place of one session (SEQUENCE+1, RECURRENCE-ID); its reminders are cancelled and
 * made anew in this transaction, its answers are asked for again when the time has changed. Mode,
 * room and link as `session` has them. Returns false when nothing differs. */
bool meeting_change_session(struct stafette *g, const struct session *session);

/* The rule, time, place or mode of the whole meeting: future sessions are planned anew, past ones
 * stay; one update to each member. A session that the old and the new plan have in common stays
 * itself: its answers, its agenda, and unless the times change where it was moved to. `meeting`
 * holds what shall be. False when nothing differs for members. (meeting_change.c) */
bool meeting_change(struct stafette *g, const struct meeting *meeting);

/* The same with the dates and months of a list as `wish` has them: further ones are added and their
 * members invited, those that are gone are cancelled. Members of `wish` are ignored. */
bool meeting_change_dates(struct stafette *g, const struct meeting_wish *wish);

/* What all sessions of a meeting from a day on are to be (KI7). */
struct meeting_switch {
    enum meeting_mode mode;
    const char *link, *room; /* "" = as it is */
    int64_t from_s;          /* wall seconds */
};
/* One update to each member, however many sessions change. False when nothing differs. */
bool meeting_switch_mode(struct stafette *g, int64_t item_seq, const struct meeting_switch *wanted);

/* Cancels one session, or with session_seq 0 the whole meeting: everyone who was invited hears of
 * it (E22). `code` is of the event meeting.cancelled; "weather" moves to the rain date instead,
 * where there is one. By SMS too for opted-in contacts when it would begin within 24 h (MH11). */
void meeting_cancel(struct stafette *g, int64_t item_seq, int64_t session_seq, const char *code);

/* It took place, or not; ends the questions about it. */
void meeting_session_held(struct stafette *g, const struct session *session, bool held);

/* The minutes of a session are there: their reminders stop. */
void meeting_minutes_filed(struct stafette *g, const struct session *session);

/* Meetings of the configuration: new ones are opened, changed ones changed, removed ones cancelled;
 * after start and after a reload, a bounded number a turn. True when there is more to do. */
bool meeting_sync(struct stafette *g);

/* Ends a meeting or poll: clocks, audit, status. */
void meeting_end(struct stafette *g, struct item *item, enum item_state state);

/* Sends the plan as it is now to all members by that template: an invitation or one update. */
void meeting_tell_plan(struct stafette *g, const struct meeting *meeting, const struct item *item,
                       const char *what);

/* Members of a unit's body or of a setup, as rows. Returns how many. */
size_t meeting_members_of(const struct unit *host, const struct meeting_setup *setup,
                          struct member *member, size_t max);

/* ---- meeting_list.c: reading whole meetings */

struct meeting_view {
    struct item item;
    struct meeting meeting;
    const struct meeting_kind *kind;   /* never NULL */
    const struct meeting_setup *setup; /* of the configuration, NULL when it has none */
    const struct unit *host;           /* never NULL: the catch-all desk when it is gone */
    struct session *session;           /* all, by original_s; owned */
    size_t sessions;
    int64_t sessions_before; /* further back than these: how many took or may take place */
    struct member *member;   /* of the whole meeting; owned */
    size_t members;
};

/* Reads it; false when there is none. Release it whatever the result. Not for hot paths with many
 * sessions. */
bool meeting_view(struct stafette *g, int64_t item_seq, struct meeting_view *view);
/* The same with one of its sessions only, for hot paths; not for meeting_is_invited(). */
bool meeting_view_one(struct stafette *g, int64_t item_seq, int64_t session_seq,
                      struct meeting_view *view);
void meeting_view_release(struct meeting_view *view);
const struct session *meeting_session(const struct meeting_view *view, int64_t session_seq);
const struct member *meeting_member(const struct meeting_view *view, const char *unit);
/* The first member with that role, NULL when none; a chair that declined the session counts not. */
const struct unit *meeting_role(struct stafette *g, const struct meeting_view *view,
                                enum member_role role, int64_t session_seq);
/* False for a role that has left before this session (BI9); session NULL: the whole; member NULL:
 * who was one, and hears of cancellations. */
bool meeting_is_invited(const struct meeting_view *view, const struct session *session,
                        const struct member *member);
/* Who looks after the meeting: secretariat, else the host. */
const struct unit *meeting_office(struct stafette *g, const struct meeting_view *view);

/* ---- meeting_plan.c: sessions and their reminders */

/* The wall in Berlin now, and the moment of a wall time. */
int64_t meeting_wall_now(const struct stafette *g);
int64_t meeting_moment(int64_t wall_s);

/* Plans what the rule brings up to the horizon, that is not planned yet. True when a session was
 * added that a calendar with the plain rule would not have (a holiday): members need an update. */
bool meeting_plan(struct stafette *g, struct meeting *meeting);
/* True when the rule, or a single date, brings a session behind what is planned. */
bool meeting_has_more(const struct stafette *g, const struct meeting *meeting);
/* One session with its reminders, unless there is one of that name. */
void meeting_add_session(struct stafette *g, const struct meeting *meeting,
                         const struct planned *planned);
/* A placeholder for "some day in that month", with its reminder to the office (UL7). */
void meeting_add_month(struct stafette *g, const struct meeting *meeting, int64_t month_s);
/* Until when a session's invitation asks for an answer; 0: it has begun. */
int64_t meeting_answer_until(const struct stafette *g, const struct meeting *meeting,
                             const struct session *session);
/* One reminder of a session; now when its time has passed. */
void meeting_add_reminder(struct stafette *g, const struct session *session, enum reminder reminder,
                          int64_t due_ms);
/* Makes the reminders of a session, cancelling what is open of it. */
void meeting_plan_reminders(struct stafette *g, const struct meeting *meeting,
                            const struct session *session);
/* The item's one CLOCK_MEETING: when something is to be done with it next; or at a certain time. */
void meeting_clock_at(struct stafette *g, const struct item *item, int64_t due_ms);
void meeting_set_clock(struct stafette *g, const struct meeting *meeting, const struct item *item);

/* ---- meeting_clock.c, meeting_remind.c: what is due (clock.c) */

void meeting_fires(struct stafette *g, struct item *item);
void meeting_reminds(struct stafette *g, const struct clock *clock, struct item *item);

/* ---- meeting_tell.c */

struct meeting_news {
    const char *what;    /* template: "meeting.invited" */
    int64_t session_seq; /* 0 = the whole meeting */
    int64_t deadline_ms; /* answer until; 0 = none */
    const char *outcome; /* German sentence; "" = none */
    enum reason reason;
    bool (*wants)(void *context, const struct member *member); /* NULL: all members */
    void *context;
    bool sms; /* beside the mail, to contacts that may get SMS */
};

/* Tells each member that `wants` it, each mailbox once, however many units share it (KI6); what of
 * the same template and session still waits is replaced. Returns how many units were told. */
size_t meeting_tell(struct stafette *g, const struct item *item, const struct meeting_news *news);
/* Tells one unit, member or not. */
void meeting_tell_unit(struct stafette *g, const struct item *item, const struct unit *unit,
                       const struct meeting_news *news);

/* ---- meeting_text.c: what mails and pages say */

/* "Do 06.05.2027, 09:00 bis 11:00 Uhr" */
void meeting_when(struct buf *out, int64_t start_s, int64_t duration_s);
/* "Stadtteilbüro, Raum 2; online: https://...; Einwahl +49..." */
void meeting_where(struct buf *out, const struct meeting *meeting, const struct session *session);
/* What a notice to that unit says: the time, the place, and where its template has them the lines
 * of the agenda. */
struct notice;
void meeting_texts(struct stafette *g, const struct meeting_view *view, const struct unit *unit,
                   const struct notice *notice, struct buf *when, struct buf *where,
                   struct buf *lines);
/* The start and length that hold for a member: a citizen comes to part 2 (BI4). */
void meeting_times_for(const struct meeting_view *view, const struct session *session,
                       const struct member *member, int64_t *start_s, int64_t *duration_s);

/* ---- meeting_calendar.c: the iCalendar part of an invitation, and feeds */

/* Fills calendar and method for a notice of `what` to that unit; leaves them empty when the
 * template carries none. `organizer` is the address the mail comes from. */
void meeting_calendar(struct stafette *g, const struct meeting_view *view, const struct unit *unit,
                      const char *what, int64_t session_seq, const char *organizer,
                      struct buf *calendar, const char **method);
/* "m17.8c3f01aa@domain": the UID of a meeting; of a session of a date list "m17-4.8c3f01aa@..". */
void meeting_uid(const struct stafette *g, const struct meeting_view *view,
                 const struct session *session, struct buf *out);
/* Back: false when it is none of ours. session_seq is 0 but for a date list. */
bool meeting_uid_read(const struct stafette *g, const char *uid, int64_t *item_seq,
                      int64_t *session_seq);

/* ---- workflow_meeting.c: the events */

void work_series_defined(struct work *w);
void work_meeting_called(struct work *w);
void work_meeting_changed(struct work *w);
void work_meeting_cancelled(struct work *w);
void work_meeting_held(struct work *w);
void work_minutes_filed(struct work *w);
void work_rsvp_received(struct work *w);
/* The meeting that an event names, open and fit for its kind; false with a fault when there is
 * none, or the source may not speak for its host. */
bool work_named_meeting(struct work *w, struct meeting *meeting);

#endif
