/*
 * The part of a policy that is frozen on an item when it is made (DESIGN 6): how long each step
 * waits, whether an SMS goes beside the e-mail. Kept in the store as one interned text, so that an
 * item made under an old policy ends under it. Pure.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"
#include "worktime.h"

struct buf;
struct policy;

struct limits {
    struct span ack;      /* the recipient answers within */
    struct span escalate; /* then its lead within */
    struct span repeat;   /* then the catch-all desk, again and again */
    struct span accept;   /* seen, but responsibility not yet accepted */
    int64_t expire_ms;    /* a delivery is given up after */
    bool sms;
};

void limits_of(struct limits *limits, const struct policy *policy, enum urgency urgency);

/* For a refusal at a technical desk: `answer_ms` of real time, then the lead, then the catch-all.
 */
void limits_refusal(struct limits *limits, int64_t answer_ms);

/* One line, "ack=2:3;escalate=..." (unit:amount): for the store; and back. False when malformed. */
void limits_write(struct buf *out, const struct limits *limits);
bool limits_read(struct limits *limits, const char *text);

#endif
