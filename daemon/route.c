/*
 * Routing decisions: see route.h. The walk goes down the tree from the root, at each level to the
 * first matching child (route_index.c), and collects where it ends.
 *
 * Promises: the same query on the same tree gives the same result; never an empty one, because the
 * root has recipients and no condition; no unit twice; at most RECIPIENTS_MAX (DOMAIN R12); one for
 * a restricted item (R11). Pure.
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
    struct route_target to[RECIPIENTS_MAX], copy[RECIPIENTS_MAX];
    size_t tos, copies;
    const struct rule *rule; /* which named the owner of the answer */
};

static bool has_unit(const struct route_target *list, size_t n, const struct unit *unit)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].unit == unit)
            return true;
    return false;
}

static void add(struct route_target *list, size_t *n, struct route_target target)
{
    if (*n < RECIPIENTS_MAX && !has_unit(list, *n, target.unit))
        list[(*n)++] = target;
}

static void collect(struct walk *walk, const struct rule *rule)
{
    bool root = rule->to_rule == walk->routing->root;
    struct route_target target = {NULL, root ? REASON_CATCH_ALL : REASON_ROUTE, rule};
    if (rule->tos > 0 && !walk->rule)
        walk->rule = rule;
    for (size_t i = 0; i < rule->tos && !walk->query->to; i++) {
        target.unit = rule->to[i];
        add(walk->to, &walk->tos, target);
    }
    target.reason = REASON_ROUTE;
    for (size_t i = 0; i < rule->copies; i++) {
        target.unit = rule->copy[i];
        add(walk->copy, &walk->copies, target);
    }
}

/* Once no recipient can be added, going on could only cost time. */
static bool is_full(const struct walk *walk)
{
    return walk->tos == RECIPIENTS_MAX;
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

static void keep_one(struct route_result *result, const struct walk *walk)
{
    size_t best = 0;
    while (best < walk->tos && !walk->to[best].unit->restricted_ok)
        best++;
    result->target[0] = walk->to[best < walk->tos ? best : 0];
    result->targets = 1;
}

void route_decide(const struct routing *routing, const struct directory *dir,
                  const struct route_query *query, struct route_result *result)
{
    struct walk walk = {.routing = routing, .query = query};
    (void)dir;
    facts_set(&walk.facts, query);
    visit(&walk, routing->root);
    assert(walk.rule);
    memset(result, 0, sizeof *result);
    result->rule = walk.rule;
    result->policy = walk.rule->policy;
    if (query->to)
        add(walk.to, &walk.tos, (struct route_target){query->to, REASON_NAMED, walk.rule});
    if (query->restricted) {
        keep_one(result, &walk);
        return;
    }
    for (size_t i = 0; i < walk.tos; i++)
        add(result->target, &result->targets, walk.to[i]);
    size_t tos = result->targets;
    for (size_t i = 0; i < walk.copies; i++)
        add(result->target, &result->targets, walk.copy[i]);
    result->copies = result->targets - tos;
}

void routing_free(struct routing *routing)
{
    if (!routing)
        return;
    route_index_free(routing);
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

static bool is_leaf(const struct directory *dir, const struct place *place)
{
    for (size_t i = 0; i < dir->places; i++)
        if (dir->place[i].parent == place)
            return false;
    return true;
}

static bool only_root(const struct routing *routing, const struct directory *dir,
                      struct route_query query)
{
    static const enum item_kind kinds[] = {ITEM_HANDOVER, ITEM_REFERRAL};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct route_result result;
        query.kind = kinds[i];
        route_decide(routing, dir, &query, &result);
        if (result.rule->to_rule != routing->root)
            return false;
    }
    return true;
}

size_t routing_gaps(const struct routing *routing, const struct directory *dir, int64_t at_ms,
                    struct buf *out)
{
    size_t gaps = 0;
    for (size_t p = 0; p < dir->places; p++) {
        if (!is_leaf(dir, &dir->place[p]))
            continue;
        for (size_t s = 0; s < dir->services; s++) {
            const struct service *service = &dir->service[s];
            struct route_query query = {.place = &dir->place[p],
                                        .service = service,
                                        .area = service->area,
                                        .complexity = "",
                                        .at_ms = at_ms};
            if (!only_root(routing, dir, query))
                continue;
            buf_printf(out, "%s x %s: nur Auffangregel\n", dir->place[p].name, service->name);
            gaps++;
        }
    }
    return gaps;
}
