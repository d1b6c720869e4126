/*
 * Retry: when an attempt that was not accepted is made again, and whether that is still in time.
 * Pure: the clock and the random number come from the caller, so the same input gives the same
 * plan.
 *
 * Whether to try again at all, and how soon compared with the setting delivery.retry_first, is the
 * class's own (verdict.h). Delays grow threefold with each attempt up to delivery.retry_max and are
 * spread by a quarter either way, so that an outage does not end in a storm.
 */
#ifndef RETRY_H
#define RETRY_H

#include <stdint.h>

#include "stafette.h"

/* What is known about a delivery whose attempt has just ended. */
struct retry_case {
    enum error_class class;
    int attempts;          /* made so far, this one included; from 1 */
    int64_t now_ms;        /* when it ended, wall time */
    int64_t expires_ms;    /* the delivery is given up then; 0: never */
    int64_t retry_after_s; /* what the peer asked for; 0: nothing */
    int64_t first_ms, max_ms;
    uint32_t random; /* uniform over the whole range */
};

enum retry_outcome {
    RETRY_AT,     /* once more at *at_ms */
    RETRY_NEVER,  /* the class rules it out: the delivery has failed */
    RETRY_EXPIRED /* no attempt fits before the expiry: the delivery has failed */
};

/* The plan. An attempt that would come after the expiry is made at the expiry instead, when at
 * least first_ms are left until then and the peer did not ask for more patience. */
enum retry_outcome retry_plan(const struct retry_case *c, int64_t *at_ms);

/* A delivery that waits for its next attempt, all in the same time. */
struct retry_wait {
    int64_t created_ms;
    int64_t next_ms;  /* the next attempt */
    int64_t until_ms; /* it must have arrived by then; 0: it has all the time */
};

/* Half of the time will be gone by the next attempt: the sender is told. When only the last quarter
 * is left then, whoever is told has hardly time to answer: waiting breaks the deadline. */
enum retry_late { RETRY_IN_TIME, RETRY_DELAYED, RETRY_TOO_LATE };
enum retry_late retry_lateness(const struct retry_wait *wait);

#endif
