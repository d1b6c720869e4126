/*
 * Polls: what is offered, who was asked, what they chose (tables poll, choice, vote). A poll is an
 * item of kind ITEM_POLL; its notices, clock and audit rows are the item's.
 */
#ifndef STORE_POLL_H
#define STORE_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct poll {
    int64_t item_seq;
    char meeting_id[ID_MAX]; /* that it is about; "" = none */
    int64_t due_ms;          /* closes then */
    int64_t quorum;          /* closes when so many have answered */
};

struct poll_choice {
    int64_t number;      /* from 1 */
    int64_t start_s;     /* wall seconds (ical.h); 0: no date */
    char option[ID_MAX]; /* unit or meeting; "" for a date */
};

void store_poll_add(struct store *s, const struct poll *poll);
bool store_poll_get(struct store *s, int64_t item_seq, struct poll *poll);
/* The open one about that meeting_id, of several the newest; false when there is none. */
bool store_poll_find(struct store *s, const char *meeting_id, struct poll *poll);

void store_choice_add(struct store *s, int64_t item_seq, const struct poll_choice *choice);
/* All of them by their number, at most max; returns how many. */
size_t store_choices(struct store *s, int64_t item_seq, struct poll_choice *choice, size_t max);

/* A unit is asked; once is enough. */
void store_voter_add(struct store *s, int64_t item_seq, const char *unit);
/* False when it was not asked; *answered_ms is 0 until it answers. */
bool store_voter_get(struct store *s, int64_t item_seq, const char *unit, int64_t *answered_ms);
/* Who was asked, in the order of their units. */
void store_voter_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const char *unit, int64_t answered_ms));
int64_t store_voter_count(struct store *s, int64_t item_seq, bool answered);

/* The unit's whole answer, in the place of an earlier one: these numbers, none = "keiner passt". */
void store_vote_put(struct store *s, int64_t item_seq, const char *unit, const int64_t *number,
                    size_t numbers, int64_t at_ms);
bool store_vote_has(struct store *s, int64_t item_seq, const char *unit, int64_t number);
/* How many chose that number. */
int64_t store_vote_count(struct store *s, int64_t item_seq, int64_t number);

#endif
