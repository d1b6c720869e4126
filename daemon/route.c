/*
 * Routing decisions: see route.h. The walk goes down the tree from the root, at each level to the
 * first matching child (route_index.c), and collects where it ends.
 *
 * Promises: the same query on the same tree gives the same result; never an empty one, because the
 * root has recipients and no condition; no unit twice; at most RECIPIENTS_MAX (DOMAIN R12); one for
 * a restricted item (R11). Pure. What is missing in a table is found by route_gaps.c.
 */
#include "route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "route_tree.h"
#include "util.h"

/* What the walk has collected. */
struct walk {
    const struct routing *routing;
    const struct route_query *query;
    struct facts facts;
    struct route_target to[PROVIDERS_MAX], copy[RECIPIENTS_MAX], task[RECIPIENTS_MAX],
        count[RECIPIENTS_MAX];
    size_t tos, copies, tasks, counts;
    size_t tos_max;
    const struct rule *rule; /* which named the owner of the answer */
};

static bool has_unit(const struct route_target *list, size_t n, const struct unit *unit)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].unit == unit)
            return true;
    return false;
}

static void add(struct route_target *list, size_t *n, size_t max, struct route_target target)
{
    if (*n < max && !has_unit(list, *n, target.unit))
        list[(*n)++] = target;
}

static void add_units(struct route_target *list, size_t *n, const struct unit *const *unit,
                      size_t units, const struct rule *rule)
{
    for (size_t i = 0; i < units; i++)
        add(list, n, RECIPIENTS_MAX, (struct route_target){unit[i], REASON_ROUTE, rule});
}

static void collect(struct walk *walk, const struct rule *rule)
{
    bool root = rule->to_rule == walk->routing->root;
    struct route_target target = {NULL, root ? REASON_CATCH_ALL : REASON_ROUTE, rule};
    if (rule->tos > 0 && !walk->rule)
        walk->rule = rule;
    for (size_t i = 0; i < rule->tos; i++) {
        target.unit = rule->to[i];
        add(walk->to, &walk->tos, walk->tos_max, target);
    }
    add_units(walk->copy, &walk->copies, rule->copy, rule->copies, rule);
    add_units(walk->task, &walk->tasks, rule->task, rule->tasks, rule);
    add_units(walk->count, &walk->counts, rule->count_copy, rule->count_copies, rule);
}

/* Once no recipient can be added, going on could only cost time. */
static bool is_full(const struct walk *walk)
{
    return walk->tos == walk->tos_max && !walk->query->to;
}

static void visit(struct walk *walk, const struct rule *rule)
{
    const struct rule *child = route_index_next(walk->routing, rule, &walk->facts, -1);
    while (child) {
        visit(walk, child);
        if (!child->onward || is_full(walk))
            return;
        child = route_index_next(walk->routing, rule, &walk->facts, child->order);
    }
    collect(walk, rule);
}

/* Whom the answer is asked of: the named unit, the first provider, all recipients of a handover. */
static void put_targets(struct route_result *result, const struct walk *walk)
{
    const struct route_query *query = walk->query;
    size_t n = query->kind == ITEM_REFERRAL ? 1 : walk->tos, best = 0;
    if (query->to) {
        result->target[0] = (struct route_target){query->to, REASON_NAMED, walk->rule};
        result->targets = 1;
        return;
    }
    if (query->restricted) {
        while (best < walk->tos && !walk->to[best].unit->restricted_ok)
            best++;
        best = best < walk->tos ? best : 0;
        n = 1;
    }
    for (size_t i = 0; i < n; i++)
        result->target[result->targets++] = walk->to[best + i];
}

/* Who else: those with a task of their own, and then copies as far as there is room. One unit is
 * told once, as the most it is. What is restricted has neither. */
static void put_others(struct route_result *result, const struct walk *walk)
{
    size_t asked = result->targets;
    for (size_t i = 0; i < walk->tasks; i++)
        if (!has_unit(result->target, asked, walk->task[i].unit))
            result->task[result->tasks++] = walk->task[i].unit;
    for (size_t i = 0; i < walk->copies && result->targets < RECIPIENTS_MAX; i++)
        if (!has_unit(walk->task, walk->tasks, walk->copy[i].unit))
            add(result->target, &result->targets, RECIPIENTS_MAX, walk->copy[i]);
    result->copies = result->targets - asked;
    for (size_t i = 0; i < walk->counts; i++)
        result->count_copy[result->count_copies++] = walk->count[i].unit;
}

void route_decide(const struct routing *routing, const struct directory *dir,
                  const struct route_query *query, struct route_result *result)
{
    struct walk walk = {.routing = routing, .query = query};
    (void)dir;
    walk.tos_max = query->kind == ITEM_REFERRAL ? PROVIDERS_MAX : RECIPIENTS_MAX;
    facts_set(&walk.facts, routing, query);
    visit(&walk, routing->root);
    assert(walk.rule);
    memset(result, 0, sizeof *result);
    result->rule = walk.rule;
    result->policy = walk.rule->policy;
    result->choice = walk.rule->choice;
    result->needs_approval = walk.rule->needs_approval;
    if (query->kind == ITEM_REFERRAL)
        for (size_t i = 0; i < walk.tos; i++)
            result->candidate[result->candidates++] = walk.to[i].unit;
    put_targets(result, &walk);
    if (!query->restricted)
        put_others(result, &walk);
}

void routing_free(struct routing *routing)
{
    if (!routing)
        return;
    route_index_free(routing);
    idtable_release(&routing->codes);
    arena_release(&routing->arena);
    free(routing);
}

const char *rule_name(const struct rule *rule)
{
    return rule->name;
}

const char *routing_version(const struct routing *routing)
{
    return routing->version;
}

size_t routing_rules(const struct routing *routing)
{
    return routing->rules;
}

bool rule_says_kind(const struct rule *rule, enum item_kind kind)
{
    for (; rule; rule = rule->parent)
        if (rule->value[COND_KIND] == (uintptr_t)kind + 1)
            return true;
    return false;
}
