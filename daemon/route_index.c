/*
 * The index of the routing tree: finds the first matching rule among siblings without walking them.
 *
 * Each rule is filed under its parent, the set of its conditions (mask) and their values. A query
 * is looked up once for each mask that occurs among the siblings, and, where the mask has a place,
 * for each place up the tree; what is found there matches by construction. So ten thousand rules by
 * place and service cost as much as ten. Versions of one rule (same conditions, other dates) are a
 * chain in order.
 *
 * Pure; built once at load time and only read afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "route_tree.h"
#include "util.h"

struct slot {
    uint64_t hash;
    struct rule *rule; /* the first of its chain; NULL: free */
};

static uint64_t hash_of(const struct rule *parent, unsigned mask, const uintptr_t *value)
{
    uint64_t h = ((uint64_t)parent->number << 8) + mask;
    for (unsigned left = mask; left; left &= left - 1) {
        h = (h ^ value[__builtin_ctz(left)]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}

static bool same_key(const struct rule *rule, const struct rule *parent, unsigned mask,
                     const uintptr_t *value)
{
    if (rule->parent != parent || rule->mask != mask)
        return false;
    for (unsigned left = mask; left; left &= left - 1)
        if (rule->value[__builtin_ctz(left)] != value[__builtin_ctz(left)])
            return false;
    return true;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *find_slot(const struct routing *routing, const struct rule *parent,
                              unsigned mask, const uintptr_t *value)
{
    uint64_t hash = hash_of(parent, mask, value);
    for (size_t i = hash & (routing->slots - 1);; i = (i + 1) & (routing->slots - 1)) {
        struct slot *slot = &routing->slot[i];
        if (!slot->rule || (slot->hash == hash && same_key(slot->rule, parent, mask, value)))
            return slot;
    }
}

static void file_rule(struct routing *routing, struct rule *rule)
{
    struct slot *slot = find_slot(routing, rule->parent, rule->mask, rule->value);
    if (!slot->rule) {
        slot->hash = hash_of(rule->parent, rule->mask, rule->value);
        slot->rule = rule;
        return;
    }
    struct rule *last = slot->rule;
    while (last->same)
        last = last->same;
    last->same = rule;
}

static void list_masks(struct routing *routing, struct rule *parent)
{
    bool seen[1u << COND_COUNT] = {false};
    size_t n = 0;
    for (size_t i = 0; i < parent->children; i++) {
        n += !seen[parent->child[i]->mask];
        seen[parent->child[i]->mask] = true;
    }
    parent->masks = arena_get(&routing->arena, n, sizeof *parent->masks);
    for (unsigned mask = 0; mask < COUNT_OF(seen); mask++)
        if (seen[mask])
            parent->masks[parent->mask_count++] = mask;
}

static void file_children(struct routing *routing, struct rule *parent)
{
    list_masks(routing, parent);
    for (size_t i = 0; i < parent->children; i++) {
        file_rule(routing, parent->child[i]);
        if (parent->child[i]->children > 0)
            file_children(routing, parent->child[i]);
    }
}

void route_index_build(struct routing *routing)
{
    routing->slots = 16;
    while (routing->slots < 2 * routing->rules)
        routing->slots *= 2;
    routing->slot = xcalloc(routing->slots, sizeof *routing->slot);
    file_children(routing, routing->root);
}

void route_index_free(struct routing *routing)
{
    free(routing->slot);
}

/* A code that no rule demands fits no rule, as one that is not given. */
static uintptr_t code_number(const struct routing *routing, const char *code)
{
    return code ? (uintptr_t)idtable_find(&routing->codes, code) : 0;
}

void facts_set(struct facts *facts, const struct routing *routing, const struct route_query *query)
{
    memset(facts, 0, sizeof *facts);
    facts->place = query->place;
    facts->at_ms = query->at_ms;
    facts->count = query->count;
    facts->value[COND_PLACE] = (uintptr_t)query->place;
    facts->value[COND_AREA] = (uintptr_t)query->area;
    facts->value[COND_SERVICE] = (uintptr_t)query->service;
    facts->value[COND_KIND] = (uintptr_t)query->kind + 1;
    facts->value[COND_URGENCY] = (uintptr_t)query->urgency + 1;
    facts->value[COND_COMPLEXITY] = complexity_number(query->complexity ? query->complexity : "");
    facts->value[COND_FROM] = (uintptr_t)query->from;
    facts->value[COND_CODE] = code_number(routing, query->code);
    for (unsigned c = 0; c < COND_COUNT; c++)
        if (facts->value[c])
            facts->given |= 1u << c;
}

bool rule_in_force(const struct rule *rule, const struct facts *facts)
{
    return rule->from_ms <= facts->at_ms && facts->at_ms < rule->to_ms &&
           rule->min_count <= facts->count;
}

static const struct rule *first_after(const struct rule *rule, int64_t after,
                                      const struct facts *facts)
{
    while (rule && (rule->order <= after || !rule_in_force(rule, facts)))
        rule = rule->same;
    return rule;
}

const struct rule *route_index_next(const struct routing *routing, const struct rule *parent,
                                    const struct facts *facts, int64_t after)
{
    const struct rule *best = NULL;
    uintptr_t value[COND_COUNT];
    memcpy(value, facts->value, sizeof value);
    for (uint32_t m = 0; m < parent->mask_count; m++) {
        unsigned mask = parent->masks[m];
        if (mask & ~facts->given)
            continue;
        const struct place *place = mask & (1u << COND_PLACE) ? facts->place : NULL;
        do {
            value[COND_PLACE] = (uintptr_t)place;
            const struct rule *rule = find_slot(routing, parent, mask, value)->rule;
            rule = first_after(rule, after, facts);
            if (rule && (!best || rule->order < best->order))
                best = rule;
            place = place ? place->parent : NULL;
        } while (place);
    }
    return best;
}

/* Whatever matches when only this rule's own conditions are given matches whenever this rule does:
 * so the index itself answers which earlier sibling is wider. */
const struct rule *route_index_hides(const struct routing *routing, const struct rule *rule)
{
    struct facts facts = {.given = rule->mask, .at_ms = rule->from_ms, .count = rule->min_count};
    memcpy(facts.value, rule->value, sizeof facts.value);
    facts.place = (const struct place *)rule->value[COND_PLACE];
    const struct rule *other = route_index_next(routing, rule->parent, &facts, -1);
    while (other && other->order < rule->order && (other->onward || other->to_ms < rule->to_ms))
        other = route_index_next(routing, rule->parent, &facts, other->order);
    return other && other->order < rule->order ? other : NULL;
}

enum cond rule_fails(const struct rule *rule, const struct facts *facts)
{
    for (unsigned c = 0; c < COND_COUNT; c++) {
        uintptr_t want = rule->value[c], got = facts->value[c];
        bool inside = c == COND_PLACE && got && want &&
                      place_within(facts->place, (const struct place *)want);
        if (want && want != got && !inside)
            return (enum cond)c;
    }
    return COND_COUNT;
}
