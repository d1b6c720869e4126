/*
 * Inside of the directory: what directory_load.c and its companions share while they fill it, and
 * the memory that directory.c looks things up in. For daemon/directory*.c only.
 */
#ifndef DIRECTORY_LOAD_H
#define DIRECTORY_LOAD_H

#include "arena.h"
#include "directory.h"
#include "idtable.h"

struct conf_node;
struct conf_faults;

enum { DEPUTIES_MAX = 3, NAME_MAX_BYTES = 120, ABSENCES_MAX = 100 };

/* directory->memory. */
struct directory_memory {
    struct arena arena;
    struct idtable place, area, service, unit, source, policy, roster, meeting, chain;

    /* Rows chained by the unit they are about, in the order of the configuration: row + 1 of the
     * first row by unit index (the last element: rows for any unit), and of the next row by row.
     * 0 ends a chain. */
    size_t *permission_first, *permission_next;
    size_t *agreement_first, *agreement_next;
};

struct directory_memory *directory_memory(const struct directory *dir);

struct loader {
    struct directory *dir;
    struct directory_memory *memory;
    struct conf_faults *faults;
    struct conf_node **unit_node; /* where each unit stands, by unit index */
    struct worktime hours;        /* of `unit_defaults` */
    struct quiet quiet;           /* likewise */
};

/* A noun that others refer to by id, for messages and lookups. */
struct noun {
    const char *name; /* "unit" */
    const char *list; /* the setting that defines it: "units" */
    const struct idtable *table;
};

struct noun loader_places(const struct loader *l);
struct noun loader_areas(const struct loader *l);
struct noun loader_services(const struct loader *l);
struct noun loader_units(const struct loader *l);

/* The member when it is a list of groups or texts; a fault when it is something else. NULL when
 * absent. */
struct conf_node *loader_list(struct loader *l, struct conf_node *group, const char *member);

/* Reads `id` of an element of `list`, checks its syntax and registers `thing` under it. Returns the
 * directory's copy, or NULL with a fault: malformed, missing, or used twice. */
const char *loader_id(struct loader *l, struct conf_node *list, struct conf_node *group,
                      struct idtable *table, const void *thing);

/* A text for people, required: one line of 1 to 120 bytes. "" with a fault when it is not. */
const char *loader_name(struct loader *l, struct conf_node *group, const char *member);

/* Copies of texts; "" when absent. */
const char *loader_text(struct loader *l, struct conf_node *group, const char *member);

/* What the member names, or NULL: absent, or unknown with a fault. */
const void *loader_ref(struct loader *l, struct conf_node *group, const char *member,
                       const struct noun *noun);

/* All that a list of ids names, without the unknown and the repeated ones, which are faults. */
const void *loader_refs(struct loader *l, struct conf_node *group, const char *member,
                        const struct noun *noun, size_t *count);

/* True when the node, an element of the named list, is a text; a fault otherwise. */
bool loader_is_text(struct loader *l, const struct conf_node *node, const char *list);

/* True for a code as events write it: 1 to 63 of a-z 0-9 _ and -, the characters of ids. */
bool loader_code_valid(const char *code);

/* A date member "YYYY-MM-DD", required; false with a fault. */
bool loader_date(struct loader *l, struct conf_node *group, const char *member, int64_t *day);

/* The parts, in the order in which they must run. */
void directory_load_places(struct loader *l, struct conf_node *root);
void directory_load_units(struct loader *l, struct conf_node *root);
void directory_load_rosters(struct loader *l, struct conf_node *root);
void directory_load_sources(struct loader *l, struct conf_node *root);
void directory_load_rights(struct loader *l, struct conf_node *root);
void directory_load_policies(struct loader *l, struct conf_node *root);

/* Bodies and meetings; after the units. */
void directory_load_meetings(struct loader *l, struct conf_node *root);
/* After the meetings. */
void directory_load_chains(struct loader *l, struct conf_node *root);

/* How many meetings of a kind a year; after the units. */
void directory_load_quotas(struct loader *l, struct conf_node *root);

/* Part of the rights: budget lines. */
void directory_load_budgets(struct loader *l, struct conf_node *root);

/* Projects and caseloads. */
void directory_load_projects(struct loader *l, struct conf_node *root);

/* Changes `hours` by what the group says of calendar, hours and closures. Its own hours replace the
 * inherited week; its own closures are added to the inherited ones, an empty list ends them. */
void directory_load_hours(struct loader *l, struct conf_node *group, struct worktime *hours);

/* Changes `quiet` by what the group says of its quiet hours; "" ends inherited ones. */
void directory_load_quiet(struct loader *l, struct conf_node *group, struct quiet *quiet);

/* Fills the absences of a unit that has its id. */
void directory_load_absences(struct loader *l, struct conf_node *group, struct unit *unit);

/* Fills the contacts of a unit that has its id. */
void directory_load_contacts(struct loader *l, struct conf_node *group, struct unit *unit);

#endif
