/*
 * Routing: from what an event says to who is told, under which policy, and why. Pure.
 *
 * The routing tree: a rule has conditions (all must hold) and may set recipients, policy and
 * copies; what it does not set it inherits from its parent. Among siblings the first match wins,
 * unless it says `continue`. A rule whose `valid_from` lies after the asked moment is not yet
 * there, one whose `valid_to` is at or before it is gone. The root has no condition and names the
 * catch-all desk, so a result is never empty. An event that names its recipient (to_unit) goes to
 * that unit; the tree then only gives policy and copies.
 *
 * A rule's place matches the place and all below it; deeper places are tried as the tree orders
 * them: `place` over `task` is said by the order of rules (KI10).
 *
 * `continue` means "also": such a rule adds the recipients and copies that it (or a rule below it)
 * names itself, nothing inherited from above it, and the search goes on as if it had not matched.
 * The first recipient collected owns the answer, and the rule that named it gives the policy.
 * Copies follow the recipients; what exceeds RECIPIENTS_MAX is left out, last ones first.
 *
 * A referral is offered to one provider at a time, so a rule that says kind = "referral" may name
 * up to PROVIDERS_MAX of them: they are the candidates of choose.h. `tasks` names units that have
 * work of their own beside the recipient (front and back office, KI2); `count_copy` names units
 * that only learn a number in their digest, never that item (UL3).
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct conf_node;
struct conf_faults;
struct buf;
struct directory;
struct place;
struct area;
struct service;
struct unit;
struct policy;
struct routing; /* the tree */
struct rule;

struct route_query {
    enum item_kind kind;
    enum urgency urgency;
    const struct place *place;     /* NULL: not given, or unknown (then place_unknown) */
    bool place_unknown;            /* the event named a place that the directory does not have */
    const struct area *area;       /* NULL: not given */
    const struct service *service; /* NULL: not given */
    const char *complexity;        /* "" not given; "grund", "complex" */
    const char *code;              /* of a task: "hospital_discharge"; NULL or "" not given */
    int64_t count;                 /* how often it happened (early warnings); 0 not given */
    const struct unit *from;       /* NULL: not given */
    const struct unit *to;         /* the recipient that the event names; NULL: the tree decides */
    bool restricted;               /* single recipient, no copies (DOMAIN R11) */
    int64_t at_ms;                 /* the moment whose version of the rules applies */
};

struct route_target {
    const struct unit *unit;
    enum reason reason;
    const struct rule *rule;
};

/* How a referral's provider is found among the candidates. */
enum route_choice {
    CHOOSE_IN_ORDER,    /* the first of the list that may be offered it */
    CHOOSE_LEAST_LOADED /* with capacity left, fewest open referrals first */
};

struct route_result {
    struct route_target target[RECIPIENTS_MAX]; /* the first is the owner of the answer */
    size_t targets;
    size_t copies; /* so many of them, the last ones, are told only and need not answer */
    const struct policy *policy; /* never NULL */
    const struct rule *rule;     /* the rule that decided; never NULL */

    const struct unit *task[RECIPIENTS_MAX]; /* have a task of their own; none is a target */
    size_t tasks;
    const struct unit *count_copy[RECIPIENTS_MAX]; /* learn a number only */
    size_t count_copies;

    const struct unit *candidate[PROVIDERS_MAX]; /* of a referral, in order; whatever query.to is */
    size_t candidates;
    enum route_choice choice;
    bool needs_approval; /* of a referral */
};

/* Reads `routes` and checks it against dir, which must live as long as the result. NULL only when
 * there are errors. */
struct routing *routing_load(struct conf_node *root, const struct directory *dir,
                             struct conf_faults *faults);
void routing_free(struct routing *routing);

/* Decides; never fails and never returns an empty result. A restricted item goes to one unit: the
 * named one, else the first of the recipients that may receive restricted items, else the first. */
void route_decide(const struct routing *routing, const struct directory *dir,
                  const struct route_query *query, struct route_result *result);

/* The same decision, told in German, one fact a line: the path, who is told by which rule (name,
 * file:line), which rules were passed over and the condition that failed. */
void route_explain(const struct routing *routing, const struct directory *dir,
                   const struct route_query *query, struct buf *out);

/* The rule's name, unique in the tree: "root", "root/eselsberg/wjh". */
const char *rule_name(const struct rule *rule);

/* A short hash (16 hex digits) of all rules as loaded: the version that items are marked with. */
const char *routing_version(const struct routing *routing);

size_t routing_rules(const struct routing *routing);

/* True when the rule or one above it is for items of that kind only. */
bool rule_says_kind(const struct rule *rule, enum item_kind kind);

/* Cells of leaf places x services that only the root catches at that moment: one line each,
 * "Eselsberg x Wirtschaftliche Jugendhilfe: nur Auffangregel". Asked for is a handover; for a
 * service that no place takes handovers for, a referral. Returns how many. */
size_t routing_gaps(const struct routing *routing, const struct directory *dir, int64_t at_ms,
                    struct buf *out);

/* The lint of a table that says `complete = true` (UL2): every such cell, at now_ms and at each
 * later date at which a rule begins or ends, as a fault "file:line: ...". Returns how many cells; 0
 * when the table does not say so. Costs rules x places x services: not for the deciding thread. */
size_t routing_incomplete(const struct routing *routing, const struct directory *dir,
                          int64_t now_ms, struct buf *report);

/* The next moment after after_ms at which a rule begins or ends to hold; 0 when there is none. */
int64_t routing_next_change(const struct routing *routing, int64_t after_ms);

#endif
