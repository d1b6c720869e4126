/*
 * Reachability (DESIGN 1.4): can a unit be told of something tomorrow, and who reads it when nobody
 * is there? A unit is well when it can be reached in two ways, somebody stands in for it over the
 * coming week, and no address of it bounces; an on-duty plan is well when it is covered. Pure:
 * facts in, faults and German sentences out; who collects the facts is reach_look.h.
 *
 * A way is a channel with an address: two numbers are two ways, the same mailbox written twice is
 * one. A way works unless its contact failed since its last success, nothing carries to it, all
 * that could is out of order, or the certificate that it needs is over.
 */
#ifndef REACH_H
#define REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;

/* The names are in JSON: they stay. */
enum reach_fault {
    REACH_NO_WAY,      /* nothing reaches it */
    REACH_ONE_WAY,     /* one more failure, and nothing does */
    REACH_BROKEN,      /* two ways work, and a further contact does not */
    REACH_NO_DEPUTY,   /* the directory names nobody who stands in */
    REACH_DEPUTY_AWAY, /* all whom it names are away at some time of the coming week */
    REACH_NOBODY,      /* it is away itself, and nobody but the coordinator reads */
    REACH_GAP,         /* an hour of its on-duty plan has nobody */
    REACH_FAULT_COUNT
};

/* One contact of a unit. */
struct reach_way {
    enum channel channel;
    size_t same_as;     /* place of the first contact with this channel and address; its own, too */
    bool carried;       /* a transport of its channel is configured */
    bool incident;      /* none of those is in order */
    bool key_over;      /* what goes there must be encrypted, and the certificate has expired */
    int64_t failures;   /* since the last success */
    int64_t since_ms;   /* wall time of the first of these */
    int64_t reached_ms; /* wall time of the last success that is known; 0 = none */
};

/* What is known of a unit. Moments are wall time, 0 = none in the coming week. */
struct reach_case {
    const struct reach_way *way;
    size_t ways;
    bool on_plan;           /* told is who is on duty: it needs no mailbox and no deputy itself */
    bool wants_deputy;      /* a team or a desk; a provider, or who is on a plan, does not */
    bool has_deputy;        /* the directory names one */
    int64_t nobody_ms;      /* the first moment at which only the coordinator reads */
    int64_t deputy_away_ms; /* the first moment at which no deputy is there */
    int64_t gap_from_ms;    /* the first gap of its plan */
    int64_t gap_to_ms;
};

struct reach_result {
    unsigned faults;   /* set of 1 << enum reach_fault; 0 = all is well */
    size_t works;      /* how many different ways work */
    enum channel left; /* of the one that does, when it is one */
    size_t broken;     /* place of the first contact that does not work; `ways`: none */
};

bool reach_way_works(const struct reach_way *way);

void reach_judge(const struct reach_case *c, struct reach_result *r);

/* "one_way"; never NULL. */
const char *reach_fault_name(enum reach_fault fault);

/* Appends what the coordinator reads of a fault: what is wrong and what to do, one line, with the
 * unit's role name; never an address. */
void reach_sentence(struct buf *out, enum reach_fault fault, const char *unit_name,
                    const struct reach_case *c);

/* "Alle 23 Stellen sind auf zwei Wegen erreichbar." or how many are not. */
void reach_summary(struct buf *out, size_t units, size_t missing);

#endif
