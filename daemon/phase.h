/*
 * Phases of a running referral (DOMAIN MH6): how they are called. A pure table; the days that a
 * referral spent in each are in store_phase.h, what follows from a change in workflow_phase.c.
 */
#ifndef PHASE_H
#define PHASE_H

#include <stdint.h>

struct buf;

enum { PHASE_COUNT = 3 };

/* As events and the store write it: "start", "verlauf", "abloesung"; in the order of a referral. */
const char *phase_code(int phase);

/* What a referral is in from its first contact on, until somebody says otherwise. */
const char *phase_first(void);

/* "Startphase"; the code itself when it is none of the three. */
const char *phase_german(const char *code);

/* The sentence for those who hear that it has begun; "" when the code is none of the three. */
const char *phase_news(const char *code);

/* "1 Tag", "42 Tage". */
void phase_days(struct buf *out, int64_t days);

#endif
