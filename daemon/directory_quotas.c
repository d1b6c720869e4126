/*
 * Quotas of meetings (DOMAIN MH2): how many of a kind a unit is to hold in a calendar year.
 *
 * Refuses a kind that nobody knows, an upper bound below the lower one, a quota that asks for
 * nothing, and two for the same unit and kind. Counts are in quota_check.h.
 */
#include "conf.h"
#include "directory_load.h"
#include "util.h"

static bool is_there(const struct directory *dir, const struct quota_rule *rule)
{
    for (size_t i = 0; i < dir->quotas; i++)
        if (dir->quota[i].unit == rule->unit && dir->quota[i].kind == rule->kind)
            return true;
    return false;
}

static void add_rule(struct loader *l, struct conf_node *group, const struct quota_rule *rule)
{
    if (is_there(l->dir, rule))
        conf_fault(l->faults, group, "unit \"%s\" has a quota of \"%s\" already; remove one",
                   rule->unit->id, rule->kind->id);
    else
        l->dir->quota[l->dir->quotas++] = *rule;
}

/* How many units the group names: room for them is made before they are read. */
static size_t named(const struct conf_node *group)
{
    struct conf_node *list =
        group->type == CONF_GROUP ? conf_get((struct conf_node *)group, "units") : NULL;
    return 1 + (list ? list->children : 0);
}

static void load_bounds(struct loader *l, struct conf_node *group, struct quota *quota)
{
    quota->min = conf_int(group, "min", 0, 0, QUOTA_MAX, l->faults);
    quota->max = conf_int(group, "max", 0, 0, QUOTA_MAX, l->faults);
    if (quota->min == 0 && quota->max == 0)
        conf_fault(l->faults, group, "a quota needs \"min\" or \"max\": so many in a year");
    if (quota->max > 0 && quota->max < quota->min)
        conf_fault(l->faults, group, "\"max\" is below \"min\"");
}

static void load_quota(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"kind", "unit", "units",   "name",
                                        "min",  "max",  "trainer", NULL};
    const struct noun units = loader_units(l);
    struct quota_rule rule = {0};
    size_t count;
    const char *kind = conf_text(group, "kind", "", l->faults);
    rule.kind = meeting_kind_find(kind);
    if (!rule.kind)
        conf_fault(l->faults, group,
                   "there is no kind of meeting \"%s\"; the kinds are listed in config/README.md",
                   kind);
    rule.quota.name = conf_get(group, "name") ? loader_name(l, group, "name") : NULL;
    if (!rule.quota.name && rule.kind)
        rule.quota.name = rule.kind->name;
    load_bounds(l, group, &rule.quota);
    rule.trainer = loader_ref(l, group, "trainer", &units);
    const struct unit *one = loader_ref(l, group, "unit", &units);
    const struct unit *const *all = loader_refs(l, group, "units", &units, &count);
    if (!conf_get(group, "unit") && !count)
        conf_fault(l->faults, group, "a quota needs a \"unit\", or a list of \"units\"");
    conf_check_unused(group, known, l->faults);
    for (size_t i = 0; rule.kind && i < count + (one != NULL); i++) {
        rule.unit = i < count ? all[i] : one;
        add_rule(l, group, &rule);
    }
}

void directory_load_quotas(struct loader *l, struct conf_node *root)
{
    struct conf_node *list = loader_list(l, root, "quotas");
    size_t n = list ? list->children : 0, rules = 0;
    for (size_t i = 0; i < n; i++)
        rules += named(list->child[i]);
    l->dir->quota = arena_get(&l->memory->arena, rules, sizeof *l->dir->quota);
    for (size_t i = 0; i < n; i++) {
        if (list->child[i]->type == CONF_GROUP)
            load_quota(l, list->child[i]);
        else
            conf_fault(l->faults, list->child[i],
                       "a quota in braces belongs here: { kind = \"toj\"; unit = \"...\"; ... }");
    }
}
