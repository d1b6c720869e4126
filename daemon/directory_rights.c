/*
 * Who may report for whom, and who may be told what: sources, agreements, permissions. Budgets are
 * in directory_budgets.c.
 *
 * A permission row with a name that does not exist is left out, never widened to "any". Deny by
 * default (DOMAIN R9): kinds and bases must be written out, "*" included. Agreements are read
 * first, because a referral that a permission allows still needs one (DOMAIN DO10).
 */
#include <stdlib.h>

#include "conf.h"
#include "directory_load.h"
#include "util.h"

/* By address, for the binary search of source_speaks_for(). */
static int compare_units(const void *a, const void *b)
{
    const struct unit *x = *(const struct unit *const *)a, *y = *(const struct unit *const *)b;
    return (x > y) - (x < y);
}

void directory_load_sources(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {"id", "name", "desk", "units", NULL};
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "sources");
    size_t n = list ? list->children : 0;
    struct noun units = loader_units(l);
    dir->source = arena_get(&l->memory->arena, n, sizeof(*dir->source));
    for (size_t i = 0; i < n; i++) {
        struct conf_node *group = list->child[i];
        struct source *source = &dir->source[dir->sources];
        source->id = loader_id(l, list, group, &l->memory->source, source);
        if (!source->id)
            continue;
        source->name = loader_name(l, group, "name");
        source->desk = loader_ref(l, group, "desk", &units);
        if (!conf_get(group, "desk"))
            conf_fault(l->faults, group,
                       "source \"%s\" has no \"desk\"; name the unit that mends refused messages",
                       source->id);
        source->unit = (const struct unit **)loader_refs(l, group, "units", &units, &source->units);
        qsort(source->unit, source->units, sizeof(struct unit *), compare_units);
        conf_check_unused(group, known, l->faults);
        dir->sources++;
    }
}

/* Makes one chain per unit out of rows; the chain `units` is for rows about any unit. */
static void chain_rows(struct loader *l, size_t rows, const size_t *about, size_t **first,
                       size_t **next)
{
    *first = arena_get(&l->memory->arena, l->dir->units + 1, sizeof(size_t));
    *next = arena_get(&l->memory->arena, rows, sizeof(size_t));
    for (size_t row = rows; row > 0; row--) {
        (*next)[row - 1] = (*first)[about[row - 1]];
        (*first)[about[row - 1]] = row;
    }
}

static size_t unit_index(const struct loader *l, const struct unit *unit)
{
    return unit ? (size_t)(unit - l->dir->unit) : l->dir->units;
}

/* One row per service, or a single one for all services. */
static void add_agreement(struct loader *l, struct conf_node *group, struct agreement row)
{
    struct directory *dir = l->dir;
    struct noun services = loader_services(l);
    size_t n;
    const struct service **service =
        (const struct service **)loader_refs(l, group, "services", &services, &n);
    if (!conf_get(group, "services"))
        dir->agreement[dir->agreements++] = row;
    for (size_t i = 0; i < n; i++) {
        row.service = service[i];
        dir->agreement[dir->agreements++] = row;
    }
}

static void load_agreement(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"provider", "services", "from", "to", NULL};
    struct noun units = loader_units(l);
    struct agreement row = {.provider = loader_ref(l, group, "provider", &units)};
    bool dated = loader_date(l, group, "from", &row.from_day);
    dated = loader_date(l, group, "to", &row.to_day) && dated;
    if (!conf_get(group, "provider"))
        conf_fault(l->faults, group, "an agreement needs its \"provider\"");
    if (row.provider && row.provider->kind != UNIT_PROVIDER)
        conf_fault(l->faults, group,
                   "\"%s\" is no provider; agreements are made with units of "
                   "kind \"provider\"",
                   row.provider->id);
    if (dated && row.from_day > row.to_day)
        conf_fault(l->faults, group, "the agreement ends before it begins; exchange the dates");
    if (row.provider)
        add_agreement(l, group, row);
    conf_check_unused(group, known, l->faults);
}

static void load_agreements(struct loader *l, struct conf_node *root)
{
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "agreements");
    size_t rows = 0;
    for (size_t i = 0; list && i < list->children; i++) {
        struct conf_node *services = conf_get(list->child[i], "services");
        rows += 1 + (services ? services->children : 0);
    }
    dir->agreement = arena_get(&l->memory->arena, rows, sizeof(*dir->agreement));
    for (size_t i = 0; list && i < list->children; i++)
        load_agreement(l, list->child[i]);
    size_t *about = arena_get(&l->memory->arena, dir->agreements, sizeof(*about));
    for (size_t i = 0; i < dir->agreements; i++)
        about[i] = unit_index(l, dir->agreement[i].provider);
    chain_rows(l, dir->agreements, about, &l->memory->agreement_first, &l->memory->agreement_next);
}

/* A unit, or NULL for "*". False with a fault when neither. */
static bool load_side(struct loader *l, struct conf_node *group, const char *member,
                      const struct unit **unit)
{
    struct noun units = loader_units(l);
    *unit = NULL;
    if (!conf_get(group, member)) {
        conf_fault(l->faults, group, "a permission needs \"%s\": a unit, or \"*\" for any", member);
        return false;
    }
    if (str_eq(conf_text(group, member, "", l->faults), "*"))
        return true;
    *unit = loader_ref(l, group, member, &units);
    return *unit != NULL;
}

static struct conf_node *load_choice(struct loader *l, struct conf_node *group, const char *member,
                                     const char *example)
{
    struct conf_node *list = loader_list(l, group, member);
    if (!list || list->children == 0) {
        conf_fault(l->faults, group, "a permission needs \"%s\", such as [ %s ]", member, example);
        return NULL;
    }
    return list;
}

/* Codes of the law as events write them ("sgb9_113"); "*" for any. */
static void add_bases(struct loader *l, struct conf_node *bases, struct permission row)
{
    for (size_t i = 0; i < bases->children; i++) {
        struct conf_node *node = bases->child[i];
        if (!loader_is_text(l, node, "bases"))
            continue;
        if (!str_eq(node->text, "*") && !loader_code_valid(node->text)) {
            conf_fault(l->faults, node, "a basis is a code like \"sgb9_113\", or \"*\" for any");
            continue;
        }
        row.basis = arena_text(&l->memory->arena, node->text);
        l->dir->permission[l->dir->permissions++] = row;
    }
}

static void check_agreement(struct loader *l, const struct conf_node *at,
                            const struct permission *row)
{
    if (row->kind != ITEM_REFERRAL || !row->to || row->to->kind != UNIT_PROVIDER)
        return;
    if (l->memory->agreement_first[unit_index(l, row->to)] == 0)
        conf_warning(l->faults, at,
                     "provider \"%s\" may get referrals but has no agreement, so none will be "
                     "sent; add one to \"agreements\"",
                     row->to->id);
}

static void load_permission(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"from", "to", "kinds", "bases", "consent", NULL};
    struct permission row = {.consent = conf_bool(group, "consent", false, l->faults),
                             .file = arena_text(&l->memory->arena, group->file),
                             .line = group->line};
    bool sides = load_side(l, group, "from", &row.from);
    sides = load_side(l, group, "to", &row.to) && sides;
    struct conf_node *kinds = load_choice(l, group, "kinds", "\"handover\", \"referral\"");
    struct conf_node *bases = load_choice(l, group, "bases", "\"sgb9_113\"");
    for (size_t i = 0; kinds && i < kinds->children; i++) {
        struct conf_node *node = kinds->child[i];
        if (!loader_is_text(l, node, "kinds"))
            continue;
        if (!item_kind_parse(node->text, &row.kind)) {
            conf_fault(l->faults, node,
                       "there is no kind \"%.80s\"; write \"handover\", "
                       "\"referral\", \"emergency\", \"task\" or \"meeting\"",
                       node->text);
            continue;
        }
        if (sides && bases)
            add_bases(l, bases, row);
        check_agreement(l, group, &row);
    }
    conf_check_unused(group, known, l->faults);
}

static void load_permissions(struct loader *l, struct conf_node *root)
{
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "permissions");
    size_t rows = 0;
    for (size_t i = 0; list && i < list->children; i++) {
        struct conf_node *kinds = conf_get(list->child[i], "kinds");
        struct conf_node *bases = conf_get(list->child[i], "bases");
        rows += (kinds ? kinds->children : 0) * (bases ? bases->children : 0);
    }
    dir->permission = arena_get(&l->memory->arena, rows, sizeof(*dir->permission));
    for (size_t i = 0; list && i < list->children; i++)
        load_permission(l, list->child[i]);
    size_t *about = arena_get(&l->memory->arena, dir->permissions, sizeof(*about));
    for (size_t i = 0; i < dir->permissions; i++)
        about[i] = unit_index(l, dir->permission[i].to);
    chain_rows(l, dir->permissions, about, &l->memory->permission_first,
               &l->memory->permission_next);
}

void directory_load_rights(struct loader *l, struct conf_node *root)
{
    load_agreements(l, root);
    load_permissions(l, root);
    directory_load_budgets(l, root);
}
