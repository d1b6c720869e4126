/*
 * The routing tree inside: shared by route*.c only.
 *
 * A condition of a rule and the fact of a query are both one number, so that comparing and hashing
 * are the same loop for all of them: the address of the directory's thing for places, areas,
 * services and units, that of the text for codes that some rule demands, the enum plus one for the
 * others, and 0 for "no condition" or "not given".
 */
#ifndef ROUTE_TREE_H
#define ROUTE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "idtable.h"
#include "route.h"

enum cond {
    COND_PLACE,
    COND_AREA,
    COND_SERVICE,
    COND_KIND,
    COND_URGENCY,
    COND_COMPLEXITY,
    COND_FROM,
    COND_CODE,
    COND_COUNT
};

/* What a decision reads stands first, so that it touches few cache lines of a large tree. */
struct rule {
    uintptr_t value[COND_COUNT];
    unsigned mask;  /* bits of the conditions it has */
    uint32_t order; /* among its siblings, from 0 */
    const struct rule *parent;
    struct rule *same;      /* the next sibling with the same conditions (versions of a rule) */
    int64_t from_ms, to_ms; /* in force from, and no longer from, these moments on */
    int64_t min_count;      /* holds when it happened at least so often */
    uint32_t mask_count;
    bool onward; /* `continue` */
    bool needs_approval;
    enum route_choice choice;
    const struct rule *to_rule; /* where the recipients are written: itself or an ancestor */
    const struct unit **to, **copy, **task, **count_copy;
    size_t tos, copies, tasks, count_copies;
    const struct policy *policy;

    unsigned *masks; /* the different masks of its children */
    struct rule **child;
    size_t children;
    uint32_t number; /* in the tree; the root is 0 */
    int line;
    const char *name, *file;
};

struct slot;

struct routing {
    struct rule *root;
    size_t rules;
    struct arena arena;
    struct slot *slot;    /* children by (parent, mask, values) */
    size_t slots;         /* a power of two */
    struct idtable codes; /* every code that a rule demands: the text itself */
    bool complete;        /* gaps are faults */
    char version[17];
};

/* A query as numbers. */
struct facts {
    uintptr_t value[COND_COUNT];
    unsigned given; /* bits of what is not 0 */
    const struct place *place;
    int64_t at_ms, count;
};

/* Name of a condition in the configuration: "place", "from_unit" ... */
const char *cond_name(enum cond cond);

/* The number of a complexity; 0 when it is none of DOMAIN 5. */
uintptr_t complexity_number(const char *name);

void facts_set(struct facts *facts, const struct routing *routing, const struct route_query *query);

/* Files all children of all rules; once, after loading. */
void route_index_build(struct routing *routing);
void route_index_free(struct routing *routing);

/* The first child in order that matches and comes after `after` (-1: from the first one on); NULL
 * when none does. The cost depends on how many different combinations of conditions the children
 * have, not on how many children there are. */
const struct rule *route_index_next(const struct routing *routing, const struct rule *parent,
                                    const struct facts *facts, int64_t after);

/* An earlier sibling that takes all that this rule could match, at any time, or NULL. */
const struct rule *route_index_hides(const struct routing *routing, const struct rule *rule);

/* The same question for one rule, asked directly: COND_COUNT when it matches, else the first
 * condition that fails. Dates and counts are not looked at. */
enum cond rule_fails(const struct rule *rule, const struct facts *facts);
/* Whether its dates hold, and it happened often enough. */
bool rule_in_force(const struct rule *rule, const struct facts *facts);

#endif
