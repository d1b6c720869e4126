/*
 * Lookups in a loaded directory: by id through hash tables, permissions and agreements through
 * chains by unit, because every event asks for them.
 *
 * Promises: no clock, no I/O, no allocation; a directory never changes after directory_load(), so
 * any thread may read it. Refuses nothing: what is unknown is NULL, and what NULL means (dead
 * letter, catch-all, refusal) is for the caller to say. Nothing here outlives the process.
 */
#include "directory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "directory_load.h"
#include "util.h"

struct directory_memory *directory_memory(const struct directory *dir)
{
    return dir->memory;
}

void directory_free(struct directory *dir)
{
    if (!dir)
        return;
    struct directory_memory *memory = dir->memory;
    struct idtable *tables[] = {&memory->place,  &memory->area,    &memory->service,
                                &memory->unit,   &memory->source,  &memory->policy,
                                &memory->roster, &memory->meeting, &memory->chain};
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        idtable_release(tables[i]);
    arena_release(&memory->arena);
    free(memory);
    free(dir);
}

const struct place *directory_place(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->place, id);
}

const struct area *directory_area(const struct directory *dir, const char *id_or_code)
{
    return idtable_find(&directory_memory(dir)->area, id_or_code);
}

const struct service *directory_service(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->service, id);
}

const struct unit *directory_unit(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->unit, id);
}

const struct source *directory_source(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->source, id);
}

const struct policy *directory_policy(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->policy, id);
}

const struct roster *directory_roster(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->roster, id);
}

const struct contact *directory_contact(const struct directory *dir, const char *id)
{
    char unit_id[ID_MAX];
    const char *slash = strchr(id, '/');
    size_t len = slash ? (size_t)(slash - id) : sizeof(unit_id);
    if (len >= sizeof(unit_id))
        return NULL;
    memcpy(unit_id, id, len);
    unit_id[len] = '\0';
    const struct unit *unit = directory_unit(dir, unit_id);
    for (size_t i = 0; unit && i < unit->contacts; i++)
        if (str_eq(unit->contact[i].id, id))
            return &unit->contact[i];
    return NULL;
}

bool place_within(const struct place *place, const struct place *inside)
{
    while (place && place != inside)
        place = place->parent;
    return place != NULL;
}

bool source_speaks_for(const struct source *source, const struct unit *unit)
{
    size_t low = 0, high = source->units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (source->unit[middle] == unit)
            return true;
        if (source->unit[middle] < unit)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool row_permits(const struct permission *row, const struct unit *from, enum item_kind kind,
                        const char *basis, bool consent)
{
    return row->kind == kind && row->consent == consent && (!row->from || row->from == from) &&
           (str_eq(row->basis, "*") || str_eq(row->basis, basis));
}

/* The first fitting row of a chain, of those without consent before those with it; 0 when there is
 * none, else row + 1. */
static size_t first_permitting(const struct directory *dir, size_t first, const struct unit *from,
                               enum item_kind kind, const char *basis)
{
    const size_t *next = directory_memory(dir)->permission_next;
    size_t row = first;
    while (row && !row_permits(&dir->permission[row - 1], from, kind, basis, false))
        row = next[row - 1];
    if (row)
        return row;
    for (row = first; row && !row_permits(&dir->permission[row - 1], from, kind, basis, true);)
        row = next[row - 1];
    return row;
}

const struct permission *directory_permits(const struct directory *dir, const struct unit *from,
                                           const struct unit *to, enum item_kind kind,
                                           const char *basis)
{
    const size_t *first = directory_memory(dir)->permission_first;
    assert(to >= dir->unit && to < dir->unit + dir->units);
    size_t named = first_permitting(dir, first[to - dir->unit], from, kind, basis);
    size_t any = first_permitting(dir, first[dir->units], from, kind, basis);
    size_t row = named && (!any || named < any) ? named : any;
    if (named && any && dir->permission[named - 1].consent != dir->permission[any - 1].consent)
        row = dir->permission[named - 1].consent ? any : named;
    return row ? &dir->permission[row - 1] : NULL;
}

bool directory_guards(const struct directory *dir, const struct unit *unit)
{
    assert(unit >= dir->unit && unit < dir->unit + dir->units);
    return directory_memory(dir)->permission_first[unit - dir->unit] != 0;
}

const struct budget *directory_budget(const struct directory *dir, const char *line)
{
    for (size_t i = 0; i < dir->budgets; i++)
        if (str_eq(dir->budget[i].line, line))
            return &dir->budget[i];
    return NULL;
}

const struct agreement *directory_agreement(const struct directory *dir,
                                            const struct unit *provider,
                                            const struct service *service, int64_t day)
{
    const struct directory_memory *memory = directory_memory(dir);
    assert(provider >= dir->unit && provider < dir->unit + dir->units);
    size_t row = memory->agreement_first[provider - dir->unit];
    for (; row; row = memory->agreement_next[row - 1]) {
        const struct agreement *a = &dir->agreement[row - 1];
        bool serves = !service || !a->service || a->service == service;
        if (serves && day >= a->from_day && day <= a->to_day)
            return a;
    }
    return NULL;
}

static bool unit_serves(const struct unit *unit, const struct area *area,
                        const struct service *service)
{
    bool has_area = !area, has_service = !service;
    for (size_t i = 0; i < unit->areas && !has_area; i++)
        has_area = unit->area[i] == area;
    for (size_t i = 0; i < unit->services && !has_service; i++)
        has_service = unit->service[i] == service;
    return has_area && has_service;
}

/* How near a unit's places come to the asked one: the depth of the nearest, -1 for not at all. */
static int unit_nearness(const struct unit *unit, const struct place *place)
{
    int nearest = -1;
    for (size_t i = 0; i < unit->places; i++)
        if (unit->place[i]->depth > nearest && place_within(place, unit->place[i]))
            nearest = unit->place[i]->depth;
    return nearest;
}

size_t directory_who(const struct directory *dir, const struct place *place,
                     const struct area *area, const struct service *service,
                     const struct unit **found, size_t max)
{
    size_t n = 0;
    for (int depth = place->depth; depth >= 0; depth--)
        for (size_t i = 0; i < dir->units && n < max; i++) {
            const struct unit *unit = &dir->unit[i];
            if (unit_serves(unit, area, service) && unit_nearness(unit, place) == depth)
                found[n++] = unit;
        }
    return n;
}
