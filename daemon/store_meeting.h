/*
 * Meetings, their sessions and members (tables meeting, session, member). A meeting is an item of
 * kind ITEM_MEETING; its notices, clocks and audit rows are the item's. Wall seconds (_s) as in
 * ical.h.
 */
#ifndef STORE_MEETING_H
#define STORE_MEETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meeting_kind.h"
#include "series.h"
#include "stafette.h"

struct store;

enum { MEETING_RULE_MAX = 256, MEETING_ROOM_MAX = 128, MEETING_LINK_MAX = 256 };

enum meeting_origin { ORIGIN_CONFIG, ORIGIN_EVENT, ORIGIN_CONTROL, ORIGIN_HANDOVER };

struct meeting {
    int64_t item_seq;
    char meeting_id[ID_MAX];
    char kind[ID_MAX];
    char unit[ID_MAX]; /* host */
    enum meeting_origin origin;
    int64_t start_s; /* first session, or where the rule begins; 0: a date is sought */
    int64_t duration_s;
    char rule[MEETING_RULE_MAX]; /* "" = single, or a list of dates (its sessions) */
    int64_t until_day;           /* last day of the rule; 0 = none */
    enum holiday_rule holiday;
    bool skip_school_holidays;
    enum meeting_mode mode;
    char room[MEETING_ROOM_MAX];
    char link[MEETING_LINK_MAX];
    char dial_in[32];
    int64_t rain_day;    /* 0 = none */
    int64_t sequence;    /* SEQUENCE of the master */
    int64_t planned_s;   /* sessions are planned up to here */
    char setup_hash[20]; /* of its definition in the configuration; "" when it has none there */
};

enum session_state {
    SESSION_PLANNED,
    SESSION_LEFT_OUT,  /* by its holiday rule: never took a place in a calendar */
    SESSION_CANCELLED, /* by somebody */
    SESSION_OVER,      /* its time has passed */
    SESSION_HELD,      /* and it took place */
    SESSION_NOT_HELD,
    SESSION_MONTH, /* a placeholder: some day in the month of start_s (UL7) */
    SESSION_STATE_COUNT
};
const char *session_state_name(enum session_state state);

struct session {
    int64_t seq;
    int64_t item_seq;
    int64_t original_s;
    int64_t start_s;
    int64_t duration_s;
    enum session_state state;
    int64_t sequence; /* of its own exception; 0: it is as the master says */
    enum meeting_mode mode;
    char room[MEETING_ROOM_MAX];
    char link[MEETING_LINK_MAX];
    char why[ID_MAX]; /* German: the holiday that moved it or left it out; "" = as ruled */
    int64_t frozen_ms;
    int64_t minutes_ms;
};

struct member {
    int64_t item_seq;
    char unit[ID_MAX];
    int64_t session_seq; /* 0: for the whole meeting; else an answer about that session only */
    enum member_role role;
    enum member_class class;
    int64_t sessions_max; /* invited to so many sessions only (BI9); 0 = all */
    enum member_status status;
    int64_t sequence; /* that the answer was about */
    int64_t stamp_ms; /* DTSTAMP, or when it was given */
    int64_t via;      /* enum answer_via */
    int64_t invited_ms;
};

void store_meeting_add(struct store *s, const struct meeting *meeting);
void store_meeting_update(struct store *s, const struct meeting *meeting);
bool store_meeting_get(struct store *s, int64_t item_seq, struct meeting *meeting);
/* The newest of that id, open or over. */
bool store_meeting_find(struct store *s, const char *meeting_id, struct meeting *meeting);
/* How many sessions of that kind a unit hosts that start in [from_s, to_s) and are in that state:
 * for quotas. */
int64_t store_session_count(struct store *s, const char *unit, const char *kind, int64_t from_s,
                            int64_t to_s, enum session_state state);

/* Adds with the next number, which it puts into session->seq. */
void store_session_add(struct store *s, struct session *session);
void store_session_update(struct store *s, const struct session *session);
bool store_session_get(struct store *s, int64_t seq, struct session *session);
/* By its name; false when there is none. */
bool store_session_find(struct store *s, int64_t item_seq, int64_t original_s,
                        struct session *session);
/* The first planned session of a meeting that ends after at_s; false when there is none. */
bool store_session_next(struct store *s, int64_t item_seq, int64_t at_s, struct session *session);
/* The last session that began before at_s and took place or may have; false when none. */
bool store_session_last(struct store *s, int64_t item_seq, int64_t at_s, struct session *session);
/* All sessions of a meeting with original_s >= from_s, by original_s; stops at false. */
void store_session_each(struct store *s, int64_t item_seq, int64_t from_s, void *context,
                        bool (*each)(void *context, const struct session *session));
/* Planned sessions of all meetings of which the unit is a member (or host) and that overlap
 * [from_s, to_s): collisions. */
void store_session_of_unit(struct store *s, const char *unit, int64_t from_s, int64_t to_s,
                           void *context,
                           bool (*each)(void *context, const struct session *session));

/* The same with those that are over and took place or may have; the unit is a member now. */
void store_session_of_feed(struct store *s, const char *unit, int64_t from_s, int64_t to_s,
                           void *context,
                           bool (*each)(void *context, const struct session *session));

/* The highest SEQUENCE of a meeting's sessions, cancelled ones included; 0 when it has none. */
int64_t store_session_sequence(struct store *s, int64_t item_seq);

/* How many sessions of a meeting before from_s were not left out or cancelled. */
int64_t store_session_before(struct store *s, int64_t item_seq, int64_t from_s);

/* Deletes one that never began, with the answers about it; what was on its agenda waits for the
 * next session. */
void store_session_drop(struct store *s, int64_t item_seq, int64_t seq);

/* Whoever accepted or declined is asked again, because the time has changed; about one session,
 * also where the answer was for the whole series, or with 0 about everything. */
void store_member_ask_again(struct store *s, int64_t item_seq, int64_t session_seq);

/* Drops what only said that a session is to be answered again: the whole was answered since. */
void store_member_answered(struct store *s, int64_t item_seq, const char *unit);

/* Meetings after this id, by id, open ones and others; of an origin, or -1 for all. */
size_t store_meeting_after(struct store *s, const char *after, int origin, struct meeting *meeting,
                           size_t max);

/* Adds or replaces. */
void store_member_put(struct store *s, const struct member *member);
bool store_member_get(struct store *s, int64_t item_seq, const char *unit, int64_t session_seq,
                      struct member *member);
/* What holds for a session: its own answer, else that for the whole. False when no member. */
bool store_member_for(struct store *s, int64_t item_seq, const char *unit, int64_t session_seq,
                      struct member *member);
/* Who has that role in one session only; false when nobody has. */
bool store_member_of_role(struct store *s, int64_t item_seq, int64_t session_seq,
                          enum member_role role, struct member *member);
void store_member_drop(struct store *s, int64_t item_seq, const char *unit);
/* The members of the whole meeting, in the order of their units. */
void store_member_each(struct store *s, int64_t item_seq, void *context,
                       bool (*each)(void *context, const struct member *member));

#endif
