/*
 * Chains of bodies (Beratungsfolgen, BI10): group `chains` of the configuration. Every fault is
 * reported with its place. Refuses a body that is no gremium, that meets more than once, or that
 * stands in two chains: which of its dates a paper must reach would be a guess. Dates that are not
 * in the order of the chain are a warning, because they may be what was decided.
 */
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "directory_load.h"
#include "util.h"
#include "walltime.h"

enum { BODIES_MAX = 20 };

static struct noun meetings(const struct loader *l)
{
    return (struct noun){"meeting", "meetings", &l->memory->meeting};
}

/* The only date of a meeting in wall seconds; 0 when it has several, or none. */
static int64_t only_date(const struct meeting_setup *m)
{
    if (!str_empty(m->rule) || m->months || m->dates + (m->start_s != 0) != 1)
        return 0;
    return m->dates ? m->date[0] : m->start_s;
}

static bool is_body(struct loader *l, const struct conf_node *at, const struct chain_setup *chain,
                    const struct meeting_setup *body)
{
    size_t place;
    bool known = directory_chain_of(l->dir, body->id, &place) != NULL;
    for (size_t i = 0; i < chain->bodies; i++)
        known = known || chain->body[i] == body;
    if (!body->kind || !str_eq(body->kind->id, "gremium"))
        conf_fault(l->faults, at, "meeting \"%s\" is no gremium; a chain goes through bodies only",
                   body->id);
    else if (!only_date(body))
        conf_fault(
            l->faults, at,
            "meeting \"%s\" has not exactly one date; give each sitting a meeting of its own",
            body->id);
    else if (known)
        conf_fault(l->faults, at, "meeting \"%s\" stands in a chain already; remove it from one",
                   body->id);
    else
        return true;
    return false;
}

static void load_body(struct loader *l, struct conf_node *node, struct chain_setup *chain)
{
    static const char *const known[] = {"meeting", NULL};
    const struct noun noun = meetings(l);
    if (node->type != CONF_GROUP) {
        conf_fault(l->faults, node, "a body is a group: { meeting = \"...\"; }");
        return;
    }
    const struct meeting_setup *body = loader_ref(l, node, "meeting", &noun);
    if (!conf_get(node, "meeting"))
        conf_fault(l->faults, node, "\"meeting\" is missing; name one of \"meetings\"");
    conf_check_unused(node, known, l->faults);
    if (!body || !is_body(l, node, chain, body))
        return;
    if (chain->bodies && only_date(body) < only_date(chain->body[chain->bodies - 1]))
        conf_warning(l->faults, node,
                     "meeting \"%s\" takes place before the body that comes before it in the chain",
                     body->id);
    chain->body[chain->bodies++] = body;
}

static void load_bodies(struct loader *l, struct conf_node *group, struct chain_setup *chain)
{
    struct conf_node *list = loader_list(l, group, "bodies");
    size_t n = list ? list->children : 0;
    const size_t errors = l->faults->errors;
    if (n > BODIES_MAX) {
        conf_fault(l->faults, list, "more than %d bodies; divide the chain", BODIES_MAX);
        n = BODIES_MAX;
    }
    chain->body = arena_get(&l->memory->arena, n + 1, sizeof *chain->body);
    for (size_t i = 0; i < n; i++)
        load_body(l, list->child[i], chain);
    if (chain->bodies < 2 && l->faults->errors == errors)
        conf_fault(l->faults, group, "a chain has at least two \"bodies\"");
}

static void load_chain(struct loader *l, struct conf_node *list, struct conf_node *group,
                       struct chain_setup *chain)
{
    static const char *const known[] = {"id", "author", "lead", "bodies", NULL};
    const struct noun units = loader_units(l);
    chain->id = loader_id(l, list, group, &l->memory->chain, chain);
    if (group->type != CONF_GROUP)
        return;
    chain->author = loader_ref(l, group, "author", &units);
    if (!conf_get(group, "author"))
        conf_fault(l->faults, group, "\"author\" is missing: the unit that hands the paper in");
    const char *lead = conf_text(group, "lead", "14 days", l->faults);
    if (!lead_parse(lead, &chain->lead) || chain->lead.unit == LEAD_EXACT || !chain->lead.amount)
        conf_fault(l->faults, group, "lead must be days before a body: \"14 days\"");
    load_bodies(l, group, chain);
    conf_check_unused(group, known, l->faults);
}

void directory_load_chains(struct loader *l, struct conf_node *root)
{
    struct conf_node *list = loader_list(l, root, "chains");
    if (!list)
        return;
    l->dir->chain = arena_get(&l->memory->arena, list->children + 1, sizeof *l->dir->chain);
    for (size_t i = 0; i < list->children; i++) {
        load_chain(l, list, list->child[i], &l->dir->chain[i]);
        l->dir->chains++;
    }
}

const struct chain_setup *directory_chain_of(const struct directory *dir, const char *meeting_id,
                                             size_t *at)
{
    for (size_t i = 0; i < dir->chains; i++)
        for (*at = 0; *at < dir->chain[i].bodies; ++*at)
            if (str_eq(dir->chain[i].body[*at]->id, meeting_id))
                return &dir->chain[i];
    *at = 0;
    return NULL;
}
