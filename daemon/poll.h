/*
 * Polls: several dates (E23), or several things to take part in (UL6), answered by link; who has
 * not answered is reminded, nobody else; closes at the quorum or at its deadline, with a list of
 * "keine Antwort" to the office. A poll is an item of kind ITEM_POLL; a date poll's parent is the
 * meeting that waits for its date. In the open transaction.
 */
#ifndef POLL_H
#define POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "stafette.h"

struct buf;
struct item;
struct stafette;
struct unit;
struct work;

enum { POLL_CHOICES_MAX = 20, POLL_SLOTS = 3, POLL_SLOTS_MAX = 5 };

struct poll_choice {
    int64_t number;      /* from 1 */
    int64_t start_s;     /* wall seconds; 0: no date */
    char option[ID_MAX]; /* unit or meeting; "" for a date */
};

struct poll_wish {
    int64_t meeting_seq; /* item of the meeting that waits for a date; 0: none */
    const char *meeting_id;
    const struct unit *host; /* hears the result */
    const struct poll_choice *choice;
    size_t choices;
    const struct unit *const *party;
    size_t parties;
    int64_t due_ms; /* closes then */
    int64_t quorum; /* closes when so many have answered; 0 = all */
    const char *source;
    int64_t event_seq;
};

/* Opens it and asks the parties. Returns its item. */
int64_t poll_open(struct stafette *g, const struct poll_wish *wish);

/* A party's answer: the numbers it chose, none = "keiner passt"; a later answer replaces an earlier
 * one while the poll is open. False with a sentence in said when it may not answer. */
bool poll_vote(struct stafette *g, int64_t item_seq, const struct unit *unit, const int64_t *number,
               size_t numbers, struct buf *said);
bool poll_has_voted(struct stafette *g, int64_t item_seq, const struct unit *unit);
size_t poll_choices(struct stafette *g, int64_t item_seq, struct poll_choice *choice, size_t max);
/* What the unit has chosen of it. */
bool poll_chose(struct stafette *g, int64_t item_seq, const struct unit *unit, int64_t number);

/* The poll's one clock (CLOCK_MEETING): the reminder three working days before the end, the end. */
void poll_fires(struct stafette *g, struct item *item);

/* Closes it now: the date with most votes (the earliest of equal ones) becomes the meeting's; the
 * office gets the list. */
void poll_close(struct stafette *g, struct item *item);

/* meeting.called without a start, and a handover that needs its conversation: the first common
 * slots of the parties are booked (the first one) or offered in a poll. When there is none within
 * the time, the host gets a task. */
void poll_find_date(struct stafette *g, int64_t meeting_seq, int64_t within_days, bool poll);

void work_poll_opened(struct work *w);
void work_poll_closed(struct work *w);

#endif
