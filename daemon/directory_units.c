/*
 * The units: teams, providers, desks, bodies; who leads them and who stands in for them. When
 * somebody is there is in directory_presence.c.
 *
 * All ids are registered first, so that units may name each other in any order. Refuses leads that
 * run in a circle (an escalation would never end), more than three deputies, and a unit as its own
 * deputy or lead. Two units may be each other's deputies: who follows the list from deputy to
 * deputy (presence.c) must not run in circles.
 */
#include "address.h"
#include "buf.h"
#include "conf.h"
#include "directory_load.h"
#include "util.h"

static void register_units(struct loader *l, struct conf_node *root)
{
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "units");
    size_t n = list ? list->children : 0;
    dir->unit = arena_get(&l->memory->arena, n, sizeof(*dir->unit));
    l->unit_node = arena_get(&l->memory->arena, n, sizeof(struct conf_node *));
    for (size_t i = 0; i < n; i++) {
        struct unit *unit = &dir->unit[dir->units];
        unit->id = loader_id(l, list, list->child[i], &l->memory->unit, unit);
        if (unit->id)
            l->unit_node[dir->units++] = list->child[i];
    }
    if (n == 0)
        conf_fault(l->faults, list ? list : root, "\"units\" is empty; define at least one");
}

static void load_kind(struct loader *l, struct conf_node *group, struct unit *unit)
{
    if (!unit_kind_parse(conf_text(group, "kind", "", l->faults), &unit->kind))
        conf_fault(l->faults, group,
                   "\"kind\" must be \"team\", \"provider\", \"desk\" or \"body\"");
}

/* Checked like any number, but kept as written: people read it. */
static void load_phone(struct loader *l, struct conf_node *group, struct unit *unit)
{
    struct buf number = BUF_INIT, why = BUF_INIT;
    unit->phone = loader_text(l, group, "phone");
    if (!str_empty(unit->phone) && address_phone(&number, unit->phone, &why))
        conf_fault(l->faults, group, "\"phone\" is not usable: %s", buf_str(&why));
    buf_release(&number);
    buf_release(&why);
}

static void load_functions(struct loader *l, struct conf_node *group, struct unit *unit)
{
    struct conf_node *list = loader_list(l, group, "functions");
    size_t n = list ? list->children : 0;
    unit->function = arena_get(&l->memory->arena, n, sizeof(*unit->function));
    for (size_t i = 0; i < n; i++)
        if (loader_is_text(l, list->child[i], "functions"))
            unit->function[unit->functions++] = arena_text(&l->memory->arena, list->child[i]->text);
}

static void load_deputies(struct loader *l, struct conf_node *group, struct unit *unit)
{
    struct noun units = loader_units(l);
    unit->deputy = (const struct unit **)loader_refs(l, group, "deputies", &units, &unit->deputies);
    if (unit->deputies > DEPUTIES_MAX)
        conf_fault(l->faults, group, "unit \"%s\" has %zu deputies; at most %d are asked", unit->id,
                   unit->deputies, DEPUTIES_MAX);
    for (size_t i = 0; i < unit->deputies; i++)
        if (unit->deputy[i] == unit)
            conf_fault(l->faults, group, "unit \"%s\" is its own deputy; name another unit",
                       unit->id);
}

/* Approval has four eyes (DOMAIN DO5): nobody approves for itself. */
static const struct unit *load_approver(struct loader *l, struct conf_node *group,
                                        const struct unit *unit)
{
    struct noun units = loader_units(l);
    const struct unit *other = loader_ref(l, group, "approver_deputy", &units);
    if (!other || other != unit)
        return other;
    conf_fault(l->faults, conf_get(group, "approver_deputy"),
               "unit \"%s\" cannot approve for itself; name another unit", unit->id);
    return NULL;
}

/* Its figure comes by mail only, and is never urgent. */
static void load_oversight(struct loader *l, struct conf_node *group, struct unit *unit)
{
    unit->quality_oversight = conf_bool(group, "quality_oversight", false, l->faults);
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_EMAIL && !unit->contact[i].urgent_only)
            return;
    if (unit->quality_oversight)
        conf_fault(l->faults, conf_get(group, "quality_oversight"),
                   "unit \"%s\" gets its figure by e-mail; add an e-mail contact that is not "
                   "urgent_only",
                   unit->id);
}

static void load_unit(struct loader *l, struct conf_node *group, struct unit *unit)
{
    static const char *const known[] = {
        "id",       "name",      "kind",     "phone",   "areas",        "places",
        "services", "functions", "contacts", "lead",    "deputies",     "restricted_ok",
        "hours",    "calendar",  "closures", "quiet",   "contact_role", "approver_deputy",
        "capacity", "absences",  "roster",   "members", "digest",       "quality_oversight",
        NULL};
    enum { CAPACITY_MAX = 100000 };
    struct noun places = loader_places(l), areas = loader_areas(l), services = loader_services(l);
    struct noun units = loader_units(l);
    unit->name = loader_name(l, group, "name");
    load_kind(l, group, unit);
    load_phone(l, group, unit);
    unit->area = (const struct area **)loader_refs(l, group, "areas", &areas, &unit->areas);
    unit->place = (const struct place **)loader_refs(l, group, "places", &places, &unit->places);
    unit->service =
        (const struct service **)loader_refs(l, group, "services", &services, &unit->services);
    load_functions(l, group, unit);
    directory_load_contacts(l, group, unit);
    unit->hours = l->hours;
    directory_load_hours(l, group, &unit->hours);
    unit->lead = loader_ref(l, group, "lead", &units);
    load_deputies(l, group, unit);
    unit->contact_role = loader_ref(l, group, "contact_role", &units);
    unit->approver_deputy = load_approver(l, group, unit);
    unit->capacity = (int)conf_int(group, "capacity", 0, 0, CAPACITY_MAX, l->faults);
    unit->quiet = l->quiet;
    directory_load_quiet(l, group, &unit->quiet);
    directory_load_absences(l, group, unit);
    conf_get(group, "roster");  /* read when the plans are there */
    conf_get(group, "members"); /* read when all units are there */
    unit->digest = conf_bool(group, "digest", false, l->faults);
    unit->restricted_ok = conf_bool(group, "restricted_ok", false, l->faults);
    load_oversight(l, group, unit);
    conf_check_unused(group, known, l->faults);
}

/* Each unit of a circle is reported and loses its lead, so that no walk up runs for ever. */
static void check_leads(struct loader *l)
{
    struct directory *dir = l->dir;
    for (size_t i = 0; i < dir->units; i++) {
        const struct unit *up = dir->unit[i].lead;
        size_t steps = 0;
        while (up && steps++ < TREE_DEPTH_MAX)
            up = up->lead;
        if (!up)
            continue;
        conf_fault(l->faults, l->unit_node[i],
                   "the leads above unit \"%s\" run in a circle or over %d levels; correct "
                   "\"lead\"",
                   dir->unit[i].id, TREE_DEPTH_MAX);
        dir->unit[i].lead = NULL;
    }
}

/* What a unit leaves out it has from its lead; who approves for an absent lead is its first deputy
 * then, unless that is the unit itself. The leads run in no circle here. */
static void inherit_roles(struct loader *l)
{
    for (size_t i = 0; i < l->dir->units; i++) {
        struct unit *unit = &l->dir->unit[i];
        const struct unit *lead = unit->lead;
        for (const struct unit *up = lead; up && !unit->contact_role; up = up->lead)
            unit->contact_role = up->contact_role;
        for (size_t n = 0; lead && n < lead->deputies && !unit->approver_deputy; n++)
            if (lead->deputy[n] != unit)
                unit->approver_deputy = lead->deputy[n];
    }
}

static void load_defaults(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {"calendar", "hours", "closures", "quiet", NULL};
    struct conf_node *group = conf_get(root, "unit_defaults");
    worktime_default(&l->hours);
    if (!group)
        return;
    directory_load_hours(l, group, &l->hours);
    directory_load_quiet(l, group, &l->quiet);
    conf_check_unused(group, known, l->faults);
}

/* Without a calendar a limit would run over Christmas; nobody notices until it has. */
static void check_calendars(struct loader *l, struct conf_node *root)
{
    for (size_t i = 0; i < l->dir->units; i++) {
        if (conf_get(l->unit_node[i], "calendar") || !str_empty(l->hours.calendar))
            continue;
        conf_warning(l->faults, root,
                     "unit \"%s\" and unit_defaults name no calendar, so public holidays count as "
                     "working days; set unit_defaults.calendar to the Land, such as \"BW\"",
                     l->dir->unit[i].id);
        return;
    }
}

void directory_load_units(struct loader *l, struct conf_node *root)
{
    load_defaults(l, root);
    register_units(l, root);
    for (size_t i = 0; i < l->dir->units; i++)
        load_unit(l, l->unit_node[i], &l->dir->unit[i]);
    check_leads(l);
    inherit_roles(l);
    check_calendars(l, root);
}
