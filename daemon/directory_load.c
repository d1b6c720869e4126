/*
 * Loading the directory: the order of the parts, and the readers that they share.
 *
 * Promises that one run reports every fault with file and line, that a name nobody defined comes
 * with the nearest one that exists, and that everything kept is copied, so that the tree can be
 * freed. An entry without a usable id is left out, anything else broken stays as an empty value, so
 * that the faults of others are found too; the caller must not use such a directory. The rest of
 * the work is in directory_places.c, _units.c, _presence.c, _contacts.c, _meetings.c, _chains.c,
 * _rights.c and _policies.c.
 */
#include "directory_load.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "util.h"

struct noun loader_places(const struct loader *l)
{
    return (struct noun){"place", "places", &l->memory->place};
}

struct noun loader_areas(const struct loader *l)
{
    return (struct noun){"legal area", "areas", &l->memory->area};
}

struct noun loader_services(const struct loader *l)
{
    return (struct noun){"service", "services", &l->memory->service};
}

struct noun loader_units(const struct loader *l)
{
    return (struct noun){"unit", "units", &l->memory->unit};
}

struct conf_node *loader_list(struct loader *l, struct conf_node *group, const char *member)
{
    struct conf_node *list = conf_get(group, member);
    if (!list || list->type == CONF_LIST)
        return list;
    conf_fault(l->faults, list, "\"%s\" must be a list; put its entries into ( ) or [ ]", member);
    return NULL;
}

bool loader_code_valid(const char *code)
{
    size_t len = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return len > 0 && len < ID_MAX && code[len] == '\0';
}

/* For the message only: the first entry of the list with this id. */
static const struct conf_node *first_with_id(struct conf_node *list, const char *id)
{
    for (size_t i = 0; i < list->children; i++) {
        const struct conf_node *at = conf_get(list->child[i], "id");
        if (at && str_eq(at->text, id))
            return at;
    }
    return list;
}

const char *loader_id(struct loader *l, struct conf_node *list, struct conf_node *group,
                      struct idtable *table, const void *thing)
{
    if (group->type != CONF_GROUP) {
        conf_fault(l->faults, group, "each entry of \"%s\" must be a group: { id = \"...\"; ... }",
                   list->name);
        return NULL;
    }
    const char *id = conf_text(group, "id", "", l->faults);
    if (!loader_code_valid(id)) {
        conf_fault(l->faults, group,
                   "\"id\" must have 1 to %d of the characters a-z 0-9 _ and -; it is \"%.80s\"",
                   ID_MAX - 1, id);
        return NULL;
    }
    const char *copy = arena_text(&l->memory->arena, id);
    if (idtable_put(table, copy, thing) == NULL)
        return copy;
    const struct conf_node *first = first_with_id(list, id);
    conf_fault(l->faults, group,
               "\"%s\" is already in \"%s\" at %s:%d; give one of them another id", id, list->name,
               first->file, first->line);
    return NULL;
}

const char *loader_text(struct loader *l, struct conf_node *group, const char *member)
{
    return arena_text(&l->memory->arena, conf_text(group, member, "", l->faults));
}

const char *loader_name(struct loader *l, struct conf_node *group, const char *member)
{
    const char *text = conf_text(group, member, "", l->faults);
    bool plain = !str_empty(text) && strlen(text) <= NAME_MAX_BYTES;
    for (const char *p = text; *p; p++)
        plain = plain && (unsigned char)*p >= ' ' && *p != 0x7f;
    if (plain)
        return arena_text(&l->memory->arena, text);
    conf_fault(l->faults, group, "\"%s\" must be one line of 1 to %d bytes, as people read it",
               member, NAME_MAX_BYTES);
    return "";
}

static const void *lookup(struct loader *l, const struct conf_node *at, const char *id,
                          const struct noun *noun)
{
    const void *thing = idtable_find(noun->table, id);
    if (thing)
        return thing;
    const char *nearest = idtable_nearest(noun->table, id);
    if (nearest)
        conf_fault(l->faults, at, "there is no %s \"%.80s\"; did you mean \"%s\"?", noun->name, id,
                   nearest);
    else
        conf_fault(l->faults, at, "there is no %s \"%.80s\"; define it in \"%s\" or correct the id",
                   noun->name, id, noun->list);
    return NULL;
}

const void *loader_ref(struct loader *l, struct conf_node *group, const char *member,
                       const struct noun *noun)
{
    const char *id = conf_text(group, member, "", l->faults);
    const struct conf_node *at = conf_get(group, member);
    if (!at || at->type != CONF_TEXT)
        return NULL;
    if (!str_empty(id))
        return lookup(l, at, id, noun);
    conf_fault(l->faults, at, "\"%s\" is empty; name a %s or leave it out", member, noun->name);
    return NULL;
}

bool loader_is_text(struct loader *l, const struct conf_node *node, const char *list)
{
    if (node->type == CONF_TEXT)
        return true;
    conf_fault(l->faults, node, "\"%s\" must hold texts in quotes only", list);
    return false;
}

static bool contains(const void *const *things, size_t n, const void *thing)
{
    for (size_t i = 0; i < n; i++)
        if (things[i] == thing)
            return true;
    return false;
}

const void *loader_refs(struct loader *l, struct conf_node *group, const char *member,
                        const struct noun *noun, size_t *count)
{
    struct conf_node *list = loader_list(l, group, member);
    const void **things = arena_get(&l->memory->arena, list ? list->children : 0, sizeof(*things));
    *count = 0;
    for (size_t i = 0; list && i < list->children; i++) {
        const struct conf_node *node = list->child[i];
        const void *thing =
            loader_is_text(l, node, member) ? lookup(l, node, node->text, noun) : NULL;
        if (thing && contains(things, *count, thing))
            conf_fault(l->faults, node, "\"%s\" names \"%s\" twice; remove one", member,
                       node->text);
        else if (thing)
            things[(*count)++] = thing;
    }
    return things;
}

bool loader_date(struct loader *l, struct conf_node *group, const char *member, int64_t *day)
{
    if (date_parse(conf_text(group, member, "", l->faults), day))
        return true;
    conf_fault(l->faults, group, "\"%s\" must be a date like \"2027-12-31\"", member);
    return false;
}

/* The desks that everything ends at: a unit with a mailbox that takes all urgencies. */
static const struct unit *load_desk(struct loader *l, struct conf_node *root, const char *member)
{
    struct noun units = loader_units(l);
    const struct unit *unit = loader_ref(l, root, member, &units);
    struct conf_node *at = conf_get(root, member);
    if (!unit) {
        if (!at)
            conf_fault(l->faults, root,
                       "\"%s\" is missing; name the unit, for nothing may go "
                       "nowhere",
                       member);
        return NULL;
    }
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_EMAIL && !unit->contact[i].urgent_only)
            return unit;
    conf_fault(l->faults, at,
               "\"%s\" needs an e-mail contact that is not urgent_only; add one to unit \"%s\"",
               member, unit->id);
    return unit;
}

static struct directory *directory_new(void)
{
    struct directory *dir = xcalloc(1, sizeof(*dir));
    struct directory_memory *memory = xcalloc(1, sizeof(*memory));
    arena_init(&memory->arena);
    struct idtable *tables[] = {&memory->place,  &memory->area,    &memory->service,
                                &memory->unit,   &memory->source,  &memory->policy,
                                &memory->roster, &memory->meeting, &memory->chain};
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        idtable_init(tables[i]);
    dir->memory = memory;
    return dir;
}

struct directory *directory_load(struct conf_node *root, struct conf_faults *faults)
{
    struct directory *dir = directory_new();
    struct loader l = {.dir = dir, .memory = directory_memory(dir), .faults = faults};
    directory_load_places(&l, root);
    directory_load_units(&l, root);
    directory_load_rosters(&l, root);
    dir->catch_all = load_desk(&l, root, "catch_all");
    dir->on_call = load_desk(&l, root, "on_call");
    directory_load_sources(&l, root);
    directory_load_meetings(&l, root);
    directory_load_quotas(&l, root);
    directory_load_chains(&l, root);
    directory_load_rights(&l, root);
    directory_load_policies(&l, root);
    directory_load_projects(&l, root);
    if (dir->catch_all && dir->on_call)
        return dir;
    directory_free(dir);
    return NULL;
}
