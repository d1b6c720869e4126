/*
 * Where and what: the tree of places, the legal areas, the services.
 *
 * A place may name a parent that is defined after it, so parents are read in a second pass. Refuses
 * parents in a circle and trees deeper than TREE_DEPTH_MAX; walks up a tree are therefore short
 * for everybody else.
 */
#include "conf.h"
#include "directory_load.h"
#include "util.h"

enum { HORIZON_MAX = 120, INHABITANTS_MAX = 100000000 };

/* An empty list of a mandatory noun is a fault as well: nothing could be routed. */
static struct conf_node *mandatory_list(struct loader *l, struct conf_node *root,
                                        const char *member)
{
    struct conf_node *list = loader_list(l, root, member);
    if (!list || list->children == 0)
        conf_fault(l->faults, list ? list : root, "\"%s\" is empty; define at least one", member);
    return list;
}

/* Depth of each place; a place in a circle loses its parent so that others may walk safely. */
static void check_tree(struct loader *l, struct conf_node **node)
{
    struct directory *dir = l->dir;
    for (size_t i = 0; i < dir->places; i++) {
        struct place *place = &dir->place[i];
        const struct place *up = place->parent;
        for (place->depth = 0; up && place->depth < TREE_DEPTH_MAX - 1; up = up->parent)
            place->depth++;
        if (!up)
            continue;
        conf_fault(l->faults, node[i],
                   "the parents of place \"%s\" run in a circle or over %d levels; correct "
                   "\"parent\"",
                   place->id, TREE_DEPTH_MAX);
        place->parent = NULL;
        place->depth = 0;
    }
}

/* A district that was forgotten, or hangs at the wrong place, is found by the sum (UL1). */
static void check_sum(struct loader *l, const struct place *whole, const struct conf_node *node)
{
    const struct directory *dir = l->dir;
    int64_t sum = 0;
    if (!whole->inhabitants)
        return;
    for (size_t i = 0; i < dir->places; i++)
        if (dir->place[i].parent == whole)
            sum += dir->place[i].inhabitants;
    if (sum && sum != whole->inhabitants)
        conf_fault(l->faults, node,
                   "place \"%s\" has %lld inhabitants, but its parts together have %lld; look for "
                   "one that is missing or has another \"parent\"",
                   whole->id, (long long)whole->inhabitants, (long long)sum);
}

static void load_tree(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {"id", "name", "parent", "inhabitants", NULL};
    struct directory *dir = l->dir;
    struct conf_node *list = mandatory_list(l, root, "places");
    size_t n = list ? list->children : 0;
    struct conf_node **node = arena_get(&l->memory->arena, n, sizeof(struct conf_node *));
    struct noun places = loader_places(l);
    dir->place = arena_get(&l->memory->arena, n, sizeof(*dir->place));
    for (size_t i = 0; i < n; i++) {
        struct place *place = &dir->place[dir->places];
        place->id = loader_id(l, list, list->child[i], &l->memory->place, place);
        if (!place->id)
            continue;
        place->name = loader_name(l, list->child[i], "name");
        place->inhabitants =
            conf_int(list->child[i], "inhabitants", 0, 0, INHABITANTS_MAX, l->faults);
        place->index = dir->places;
        node[dir->places++] = list->child[i];
    }
    for (size_t i = 0; i < dir->places; i++) {
        dir->place[i].parent = loader_ref(l, node[i], "parent", &places);
        conf_check_unused(node[i], known, l->faults);
    }
    check_tree(l, node);
    for (size_t i = 0; i < dir->places; i++)
        check_sum(l, &dir->place[i], node[i]);
}

/* The code is a second key to the same area, for events write it. */
static void load_code(struct loader *l, struct conf_node *group, struct area *area)
{
    area->code = loader_name(l, group, "code");
    if (str_empty(area->code))
        return;
    const struct area *other = idtable_put(&l->memory->area, area->code, area);
    if (other && other != area)
        conf_fault(l->faults, group,
                   "code \"%s\" already stands for legal area \"%s\"; use another", area->code,
                   other->id);
}

static void load_areas(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {"id", "code", "name", NULL};
    struct directory *dir = l->dir;
    struct conf_node *list = mandatory_list(l, root, "areas");
    size_t n = list ? list->children : 0;
    dir->area = arena_get(&l->memory->arena, n, sizeof(*dir->area));
    for (size_t i = 0; i < n; i++) {
        struct area *area = &dir->area[dir->areas];
        area->id = loader_id(l, list, list->child[i], &l->memory->area, area);
        if (!area->id)
            continue;
        area->name = loader_name(l, list->child[i], "name");
        load_code(l, list->child[i], area);
        conf_check_unused(list->child[i], known, l->faults);
        dir->areas++;
    }
}

static void load_services(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {"id", "name", "area", "horizon_months", NULL};
    struct directory *dir = l->dir;
    struct conf_node *list = mandatory_list(l, root, "services");
    size_t n = list ? list->children : 0;
    struct noun areas = loader_areas(l);
    dir->service = arena_get(&l->memory->arena, n, sizeof(*dir->service));
    for (size_t i = 0; i < n; i++) {
        struct service *service = &dir->service[dir->services];
        service->id = loader_id(l, list, list->child[i], &l->memory->service, service);
        if (!service->id)
            continue;
        service->name = loader_name(l, list->child[i], "name");
        service->area = loader_ref(l, list->child[i], "area", &areas);
        service->horizon_m =
            (int)conf_int(list->child[i], "horizon_months", 0, 0, HORIZON_MAX, l->faults);
        conf_check_unused(list->child[i], known, l->faults);
        dir->services++;
    }
}

void directory_load_places(struct loader *l, struct conf_node *root)
{
    load_tree(l, root);
    load_areas(l, root);
    load_services(l, root);
}
