/*
 * Projects that the city funds (DOMAIN KI12): who reports, when, and how long before the provider
 * is reminded; and the caseloads of which `stafettectl figures` shows cases per staff. Neither
 * knows any case.
 *
 * Refuses a project without provider or day, a day that does not exist, a lead of more than half a
 * year, and a caseload without staff, which nothing could be divided by.
 */
#include "conf.h"
#include "directory_load.h"
#include "util.h"

enum { PROJECT_LEAD_MAX = 180, PROJECT_LEAD = 14, COUNT_MAX = 10000000 };

const struct project *directory_project(const struct directory *dir, const char *id)
{
    for (size_t i = 0; i < dir->projects; i++)
        if (str_eq(dir->project[i].id, id))
            return &dir->project[i];
    return NULL;
}

static const char *load_id(struct loader *l, struct conf_node *group)
{
    const char *id = loader_text(l, group, "id");
    if (!loader_code_valid(id))
        conf_fault(l->faults, group,
                   "\"id\" must have 1 to %d of the characters a-z 0-9 _ and -; it is \"%.80s\"",
                   ID_MAX - 1, id);
    else if (directory_project(l->dir, id))
        conf_fault(l->faults, group, "project \"%s\" stands here twice", id);
    return id;
}

static int64_t load_lead(struct loader *l, struct conf_node *group)
{
    int64_t lead_ms = conf_duration_ms(group, "lead", PROJECT_LEAD * DAY_MS, l->faults);
    if (lead_ms >= DAY_MS && lead_ms <= PROJECT_LEAD_MAX * DAY_MS && lead_ms % DAY_MS == 0)
        return lead_ms / DAY_MS;
    conf_fault(l->faults, conf_get(group, "lead"), "\"lead\" must be whole days from 1d to %dd",
               PROJECT_LEAD_MAX);
    return PROJECT_LEAD;
}

static void load_project(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"id", "name", "unit", "report_due", "lead", NULL};
    struct noun units = loader_units(l);
    struct project project = {.id = load_id(l, group), .name = loader_name(l, group, "name")};
    project.unit = loader_ref(l, group, "unit", &units);
    if (!conf_get(group, "unit"))
        conf_fault(l->faults, group, "a project needs its \"unit\": the provider that reports");
    if (!closure_parse(conf_text(group, "report_due", "", l->faults), "", &project.report_on))
        conf_fault(l->faults, group,
                   "\"report_due\" must be a date like \"2027-03-31\", or \"03-31\" for every "
                   "year");
    project.lead_days = load_lead(l, group);
    conf_check_unused(group, known, l->faults);
    l->dir->project[l->dir->projects++] = project;
}

static void load_caseload(struct loader *l, struct conf_node *group)
{
    static const char *const known[] = {"name", "cases", "staff", NULL};
    struct caseload load = {.name = loader_name(l, group, "name")};
    load.cases = conf_int(group, "cases", 0, 0, COUNT_MAX, l->faults);
    load.staff = conf_int(group, "staff", 1, 1, COUNT_MAX, l->faults);
    if (!conf_get(group, "cases") || !conf_get(group, "staff"))
        conf_fault(l->faults, group, "a caseload needs its \"cases\" and its \"staff\"");
    conf_check_unused(group, known, l->faults);
    l->dir->caseload[l->dir->caseloads++] = load;
}

static void load_groups(struct loader *l, struct conf_node *list,
                        void (*load)(struct loader *l, struct conf_node *group))
{
    for (size_t i = 0; list && i < list->children; i++)
        if (list->child[i]->type == CONF_GROUP)
            load(l, list->child[i]);
        else
            conf_fault(l->faults, list->child[i],
                       "each entry of \"%s\" must be a group: { name = \"...\"; ... }", list->name);
}

void directory_load_projects(struct loader *l, struct conf_node *root)
{
    struct directory *dir = l->dir;
    struct conf_node *projects = loader_list(l, root, "projects");
    struct conf_node *caseload = loader_list(l, root, "caseload");
    dir->project =
        arena_get(&l->memory->arena, projects ? projects->children : 0, sizeof *dir->project);
    dir->caseload =
        arena_get(&l->memory->arena, caseload ? caseload->children : 0, sizeof *dir->caseload);
    load_groups(l, projects, load_project);
    load_groups(l, caseload, load_caseload);
}
