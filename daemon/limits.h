/*
 * The part of a policy that is frozen on an item when it is made (DESIGN 6): how long each step
 * waits, who is told when a limit passes (the ladder's step kinds, never who fills them), whether
 * an SMS goes beside the e-mail. Kept in the store as one interned text, so that an item made under
 * an old policy ends under it. Pure.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"
#include "worktime.h"

struct buf;
struct policy;

/* Lengths that do not depend on urgency. */
enum limit {
    LIMIT_REPEAT,       /* above the ladder: the coordinator again and again */
    LIMIT_CONVERSATION, /* seen, and the handover needs a conversation */
    LIMIT_ACCEPT,       /* seen, but responsibility not yet accepted */
    LIMIT_CONFLICT,     /* contact roles decide who is competent */
    LIMIT_CONFIRM,      /* a withdrawal is confirmed */
    LIMIT_OFFER,        /* a provider that stays silent is passed over (F2) */
    LIMIT_CONTACT,      /* first contact after a provider accepted */
    LIMIT_WAITLIST,     /* a place on a waiting list is confirmed again (F4) */
    LIMIT_RUNNING,      /* a running referral is asked after */
    LIMIT_FEEDBACK,     /* the giver takes note of a referral's end */
    LIMIT_HAZARD,       /* a taken emergency is asked after */
    LIMIT_COUNT
};

/* Who is told when a limit passes. */
enum rung {
    RUNG_UNIT,        /* the asked unit once more */
    RUNG_DEPUTY,      /* its deputy; the second line of an on-duty plan */
    RUNG_LEAD,        /* its lead */
    RUNG_HEAD,        /* the lead's lead: Führung des Fachdienstes */
    RUNG_COORDINATOR, /* the catch-all desk */
    RUNG_COUNT
};
enum { RUNGS_MAX = 6 };

struct limits {
    struct span ack;      /* the recipient answers within */
    struct span escalate; /* between two rungs */
    struct span span[LIMIT_COUNT];
    enum rung rung[RUNGS_MAX];
    size_t rungs;
    int64_t expire_ms; /* a delivery is given up after */
    bool sms;
    char policy[ID_MAX];
};

void limits_of(struct limits *limits, const struct policy *policy, enum urgency urgency);

/* For a refusal at a technical desk: `answer_ms` of real time, then the lead, then the catch-all.
 */
void limits_refusal(struct limits *limits, int64_t answer_ms);

/* One line, "policy=standard;ladder=dlhc;ack=2:3;..." (unit:amount): for the store; and back. False
 * when malformed. */
void limits_write(struct buf *out, const struct limits *limits);
bool limits_read(struct limits *limits, const char *text);

/* "conversation", "deputy": as policies write them. */
const char *limit_name(enum limit limit);
const char *limit_default(enum limit limit); /* "10 staffed days" (DOMAIN 5, SLA defaults) */
const char *rung_name(enum rung rung);
bool rung_parse(const char *name, enum rung *rung);

#endif
