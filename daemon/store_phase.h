/*
 * Phases of running referrals (table phase): which a referral was in, and from which day to which.
 * Days since 1970 in Berlin; a phase that goes on has the end 0. Rows go with their item, by
 * erasure and by retention, so a figure over them counts what is still kept.
 */
#ifndef STORE_PHASE_H
#define STORE_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct phase {
    char phase[ID_MAX]; /* code of phase.h */
    int64_t begin_day;
    int64_t end_day; /* 0: goes on */
};

/* The phase that goes on; false when there is none. */
bool store_phase_current(struct store *s, int64_t item_seq, struct phase *phase);

/* Begins one behind those that are there; the caller has ended the one before. */
void store_phase_begin(struct store *s, int64_t item_seq, const char *phase, int64_t day);
/* The one that goes on was another from its beginning. */
void store_phase_rename(struct store *s, int64_t item_seq, const char *phase);
/* Ends the one that goes on; harmless when there is none. */
void store_phase_end(struct store *s, int64_t item_seq, int64_t day);

/* All of an item, in their order. */
void store_phase_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const struct phase *phase));

/* Those of all referrals that ended in [from_day, to_day), with the asking unit, the earliest
 * first; at most max. */
void store_phase_each_ended(struct store *s, int64_t from_day, int64_t to_day, int64_t max,
                            void *context,
                            void (*each)(void *context, const struct phase *phase,
                                         const char *from_unit));

#endif
