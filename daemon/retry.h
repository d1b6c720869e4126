/*
 * Retry: what follows from an attempt that was not accepted. Pure: the clock and the random number
 * come from the caller, so the same input gives the same plan.
 *
 * One row per error class says whether to try again, how soon compared with the setting
 * delivery.retry_first, and whether an operator must hear of it. Delays grow threefold with each
 * attempt up to delivery.retry_max and are spread by a quarter either way, so that an outage does
 * not end in a storm.
 */
#ifndef RETRY_H
#define RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct retry_rule {
    bool again;        /* a later attempt can succeed */
    bool alarm;        /* operators must act: one incident, not one message a delivery */
    int first_percent; /* first delay, of delivery.retry_first */
};

const struct retry_rule *retry_rule(enum error_class class);

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

#endif
