/*
 * Workflow: an event and the state of things -> new state, notices, clocks, audit and receipt, in
 * the open transaction. Everything an event causes commits together (DESIGN 1.2).
 */
#ifndef WORKFLOW_H
#define WORKFLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"
#include "event.h"
#include "store_event.h"

struct stafette;
struct known;
struct item;
struct limits;

/* What became of one message. */
struct decision {
    enum outcome outcome;
    bool repeated;     /* known before: nothing was changed */
    int64_t event_seq; /* to be remembered under id_hash after the commit; 0 = not */
    int64_t item_seq;  /* 0 = none */
    unsigned char id_hash[DIGEST_ID];
    char source[ID_MAX]; /* who gets the receipt; "" = nobody can */
    struct buf receipt;  /* CloudEvents JSON; owned by the holder of the decision */
};

/* Decides one message. `fresh` holds the ids decided earlier in this turn, which are not committed
 * yet. The decision must be empty (zeroed, or reset by decision_reset). Failures of the store
 * stick there (store.h). */
void workflow_event(struct stafette *g, const struct event_input *input, const struct known *fresh,
                    struct decision *decision);

/* The same for a message whose handling broke a rule of the schema before: it is refused with
 * E-INTERN and becomes an open item of its source, so that nothing is lost by a fault of ours. */
void workflow_poisoned(struct stafette *g, const struct event_input *input,
                       const struct known *fresh, struct decision *decision);

/* Ends by hand what no answer can end: a refusal, or an incomplete request that names no giver. The
 * code is [a-z_]{1,32}. Returns 0, or -1 with a sentence in err. */
int workflow_close(struct stafette *g, int64_t item_seq, const char *code, struct buf *err);

/* Relay or gateway took a notice of the item: a requested handover is now delivered (DESIGN 1.3).
 */
void workflow_delivered(struct stafette *g, struct item *item);

/* The next rung of the item's ladder is told now, unless only the coordinator is left. */
void workflow_next_rung(struct stafette *g, const struct item *item);

void decision_reset(struct decision *decision);
void decision_release(struct decision *decision);

/* Sets the clocks of the item's state, none of which may be open; with step > 0 only the ladder's
 * next one. Returns when the answer is due. */
int64_t workflow_set_clock(struct stafette *g, const struct item *item, const struct limits *limits,
                           int step);

#endif
