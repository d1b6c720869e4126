/*
 * Events as received: one row each, accepted or not (table event). The row is what makes a repeat
 * recognisable and its receipt computable again.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"
#include "stafette.h"

struct store;

/* The numbers are in the store: new ones come last. */
enum outcome {
    OUTCOME_ACCEPTED,
    OUTCOME_RETURNED, /* incomplete: the sender must complete it, the clock runs */
    OUTCOME_REFUSED,
    OUTCOME_PARKED, /* kept 24 h for what must come before it */
    OUTCOME_COUNT
};

struct event_row {
    int64_t seq;
    unsigned char id_hash[DIGEST_ID];
    unsigned char envelope_hash[DIGEST_ID];
    int64_t received_ms;
    enum outcome outcome;
    int64_t item_seq; /* 0: none */
    char source[ID_MAX];
    char id[EVENT_ID_MAX];
    char type[ID_MAX];
    const char *data;   /* borrowed when adding; not read back by store_event_get */
    const char *faults; /* borrowed when adding */
};

void store_event_add(struct store *s, const struct event_row *row);

/* False when there is no such row; faults (may be NULL) gets the JSON list. */
bool store_event_get(struct store *s, int64_t seq, struct event_row *row, struct buf *faults);

/* Calls back for every id received since since_ms, oldest first; for the set in memory. */
void store_event_each_id(struct store *s, int64_t since_ms, void *context,
                         void (*each)(void *context, const unsigned char id_hash[DIGEST_ID],
                                      int64_t seq, int64_t received_ms));

/* The data of an event as JSON; "" when none. */
void store_event_data(struct store *s, int64_t seq, struct buf *data);

int64_t store_event_count(struct store *s, enum outcome outcome);

#endif
