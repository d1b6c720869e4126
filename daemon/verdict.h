/*
 * Verdicts: what follows from each class of ending, in one table: is it tried again and how soon,
 * may the notice leave for another contact, who must act, is the contact to blame, and what the
 * sender and the coordinator read. Pure. What is made into a class is adapters/verdict_rules.h.
 *
 * The sentences are German, whole, and the same whether the delivery waits or was given up: they
 * say what is the case and what to do, never what the gateway does next. They hold no word of the
 * wire, no address and nothing of a case.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "stafette.h"

/* When the notice goes to the next contact of its unit (DESIGN 1.4). */
enum next_way {
    NEXT_NEVER,           /* accepted, or waiting for people */
    NEXT_BEFORE_DEADLINE, /* only when waiting would break the notice's own deadline */
    NEXT_AT_ONCE          /* this way is closed for good */
};

/* Who must do something about it. */
enum verdict_hand {
    HAND_NOBODY,   /* it passes by itself */
    HAND_UNIT,     /* the unit that is told: its address or mailbox must be mended */
    HAND_OPERATOR, /* one incident, at once */
    HAND_GIVER,    /* who can permit it (permit.h) */
    HAND_COUNT
};

struct verdict {
    bool again;        /* a later attempt can succeed */
    int first_percent; /* first delay, of delivery.retry_first; 0 when not again */
    bool blames; /* given up with it, the contact is flagged, and the next contact is sought in
                  * the same channel first; else the carrier is to blame, and in the other */
    enum next_way next;
    enum verdict_hand hand;
    const char *sender;      /* German: what is the case */
    const char *coordinator; /* German: what to do */
    const char *operators;   /* German: what they read beside what waits; "" for CLASS_NONE */
};

const struct verdict *verdict_of(enum error_class class);

/* "never", "before_deadline", "at_once"; "nobody", "unit", "operator", "giver". */
const char *next_way_name(enum next_way way);
const char *verdict_hand_name(enum verdict_hand hand);

#endif
