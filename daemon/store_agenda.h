/*
 * What meetings talk about (table agenda): block A names cases by code, block B none. A row waits
 * (session_seq 0) until a session's agenda is closed, and then belongs to that session.
 */
#ifndef STORE_AGENDA_H
#define STORE_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct store;

/* The numbers are in the store: new ones come last. */
enum agenda_state {
    AGENDA_WAITING,   /* for the next session that is not closed */
    AGENDA_FROZEN,    /* on the agenda of its session */
    AGENDA_COUNTED,   /* an extension without a change: "ohne Vorstellung" (UL5) */
    AGENDA_DISCUSSED, /* ticked off afterwards */
    AGENDA_DROPPED,   /* its case is over or protected, or the meeting is */
    AGENDA_STATE_COUNT
};

enum agenda_block { BLOCK_A, BLOCK_B };

struct agenda_item {
    int64_t seq;
    int64_t item_seq;    /* the meeting */
    int64_t session_seq; /* 0: the next that is not closed */
    enum agenda_block block;
    int64_t about_seq;           /* item of the case, by which people name it; 0 = none known */
    int64_t case_key;            /* keyed hash of the case_ref; 0 = no case */
    char case_ref[CASE_REF_MAX]; /* the case was meant, whatever becomes of about_seq; "" = that
                                  * item, and nothing when it is over */
    char reason[ID_MAX];
    char change[ID_MAX * 2]; /* codes with commas between them */
    char basis[ID_MAX];      /* on which others may be told of the case; "" = as its item says */
    bool consent;            /* a consent's reference came with it */
    int64_t minutes;
    char by_unit[ID_MAX];
    char source[ID_MAX]; /* who hears what became of it */
    enum agenda_state state;
    int64_t added_ms;
    int64_t changed_ms;
};

const char *agenda_state_name(enum agenda_state state); /* "waiting" */

/* Adds with the next number, which it puts into row->seq. */
void store_agenda_add(struct store *s, struct agenda_item *row);
/* Everything but seq, item_seq, block and added_ms. */
void store_agenda_update(struct store *s, const struct agenda_item *row);
bool store_agenda_get(struct store *s, int64_t seq, struct agenda_item *row);
void store_agenda_drop(struct store *s, int64_t seq);

/* The rows of a session, with session_seq 0 those that wait: block A first, each block in the order
 * in which they came; stops at false. */
void store_agenda_each(struct store *s, int64_t item_seq, int64_t session_seq, void *context,
                       bool (*each)(void *context, const struct agenda_item *row));
/* All rows of a case in all meetings, oldest first; case_key is not 0; stops at false. */
void store_agenda_each_of_case(struct store *s, int64_t case_key, void *context,
                               bool (*each)(void *context, const struct agenda_item *row));
/* Rows of a meeting that wait for a session. */
int64_t store_agenda_waiting(struct store *s, int64_t item_seq);

/* The numbers of open handovers that a limit has passed or that were given back a second time, of
 * which that unit is giver or receiver; protected ones left out (DOMAIN R10, R11). Oldest first, at
 * most max; returns how many. */
size_t store_agenda_pressing(struct store *s, const char *unit, int64_t *item_seq, size_t max);

/* Deletes rows that ended before, at most max; returns how many. */
int64_t store_agenda_prune(struct store *s, int64_t before_ms, int64_t max);

#endif
