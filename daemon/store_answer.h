/*
 * Answer links that were used (table answer_use): one row for each delivery and purpose, so that
 * "seen" does not use up "accepted", and a second click is harmless.
 */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include <stdint.h>

struct store;

enum {
    ANSWER_USE_RESENT = 60 /* purpose beside enum answer_verb: a new link was sent */
};

struct answer_use {
    int64_t delivery_seq;
    int purpose; /* enum answer_verb, or ANSWER_USE_RESENT */
    int64_t item_seq;
    int64_t used_ms; /* wall time */
};

/* Notes a use; a later one takes the place of the one before. */
void store_answer_use(struct store *s, const struct answer_use *use);

/* When the link was used, 0 = not yet. */
int64_t store_answer_used(struct store *s, int64_t delivery_seq, int purpose);

#endif
