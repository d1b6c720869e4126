/*
 * Who is there when: absences, quiet hours, on-duty plans.
 *
 * Refuses what would leave somebody without an answer at night: a plan with an uncovered minute
 * (DOMAIN E27), one whose people have no number for an SMS, a desk on duty for another desk, times
 * that run backwards. An on-duty plan that nothing uses is a warning. A day that ends an absence
 * belongs to it.
 */
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "directory_load.h"
#include "util.h"

void directory_load_quiet(struct loader *l, struct conf_node *group, struct quiet *quiet)
{
    const struct conf_node *at = conf_get(group, "quiet");
    if (at && !quiet_parse(conf_text(group, "quiet", "", l->faults), quiet))
        conf_fault(
            l->faults, at,
            "\"quiet\" must be at most 16 hours like \"20:00-07:00\", or \"\" for none; no SMS but "
            "those of an emergency goes out then");
}

/* A moment; `end` as wall_parse() has it. False with a fault. */
static bool load_moment(struct loader *l, struct conf_node *group, const char *member, bool end,
                        int64_t *at_ms)
{
    if (wall_parse(conf_text(group, member, "", l->faults), end, at_ms))
        return true;
    const struct conf_node *at = conf_get(group, member);
    conf_fault(l->faults, at ? at : group,
               "\"%s\" must be a day or a time like \"2026-11-23\" or \"2026-11-23T12:00\"",
               member);
    return false;
}

/* "from" and "to" of an element; a day as "to" is included when `days_included`. */
static bool load_times(struct loader *l, struct conf_node *group, bool days_included,
                       int64_t *from_ms, int64_t *to_ms)
{
    bool from = load_moment(l, group, "from", false, from_ms);
    bool to = load_moment(l, group, "to", days_included, to_ms);
    if (!from || !to)
        return false;
    if (*to_ms > *from_ms)
        return true;
    conf_fault(l->faults, group, "\"to\" lies before \"from\"; correct one of them");
    return false;
}

static bool is_group(struct loader *l, const struct conf_node *node, const char *list)
{
    if (node->type == CONF_GROUP)
        return true;
    conf_fault(l->faults, node, "each entry of \"%s\" must be a group: { from = \"...\"; ... }",
               list);
    return false;
}

void directory_load_absences(struct loader *l, struct conf_node *group, struct unit *unit)
{
    static const char *const known[] = {"from", "to", "deputy", NULL};
    struct conf_node *list = loader_list(l, group, "absences");
    struct noun units = loader_units(l);
    size_t n = list ? list->children : 0;
    if (n > ABSENCES_MAX) {
        conf_fault(l->faults, list,
                   "unit \"%s\" has %zu absences, at most %d; remove those that "
                   "have passed",
                   unit->id, n, ABSENCES_MAX);
        n = ABSENCES_MAX;
    }
    unit->absence = arena_get(&l->memory->arena, n, sizeof *unit->absence);
    for (size_t i = 0; i < n; i++) {
        struct absence *absence = &unit->absence[unit->absences];
        struct conf_node *entry = list->child[i];
        if (!is_group(l, entry, "absences"))
            continue;
        unit->absences += load_times(l, entry, true, &absence->from_ms, &absence->to_ms);
        absence->deputy = loader_ref(l, entry, "deputy", &units);
        if (absence->deputy == unit)
            conf_fault(l->faults, entry, "unit \"%s\" cannot stand in for itself", unit->id);
        conf_check_unused(entry, known, l->faults);
    }
    l->dir->absences += unit->absences;
}

static bool has_number(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_SMS)
            return true;
    return false;
}

static void check_on_duty(struct loader *l, const struct conf_node *at, const struct unit *unit)
{
    size_t index = (size_t)(unit - l->dir->unit);
    if (!has_number(unit))
        conf_fault(l->faults, at,
                   "unit \"%s\" is on duty but has no SMS contact for what is urgent; add one to "
                   "it",
                   unit->id);
    if (conf_get(l->unit_node[index], "roster"))
        conf_fault(l->faults, at,
                   "unit \"%s\" is on duty, but is itself filled by an on-duty plan; name who is "
                   "told",
                   unit->id);
}

static void load_lines(struct loader *l, struct conf_node *group, struct duty_lines *lines)
{
    struct noun units = loader_units(l);
    size_t n;
    const struct unit *const *unit = loader_refs(l, group, "lines", &units, &n);
    const struct conf_node *at = conf_get(group, "lines");
    if (n > ROSTER_LINES_MAX)
        conf_fault(l->faults, at, "\"lines\" has %zu units; at most %d are asked", n,
                   ROSTER_LINES_MAX);
    else if (n == 0)
        conf_fault(l->faults, at ? at : group,
                   "\"lines\" names nobody, so nobody would be on duty; name a unit");
    for (size_t i = 0; i < n && i < ROSTER_LINES_MAX; i++) {
        lines->unit[lines->count++] = unit[i];
        check_on_duty(l, at, unit[i]);
    }
}

static void load_shift(struct loader *l, struct conf_node *group, struct shift *shift)
{
    static const char *const known[] = {"days", "from", "to", "lines", NULL};
    shift->days = roster_days_parse(conf_text(group, "days", "", l->faults));
    shift->from_s = wall_time_of_day(conf_text(group, "from", "", l->faults));
    shift->to_s = wall_time_of_day(conf_text(group, "to", "", l->faults));
    if (!shift->days)
        conf_fault(l->faults, group,
                   "\"days\" must be like \"mon-fri\", \"sat,sun\" or \"daily\": when the shift "
                   "begins");
    if (shift->from_s < 0 || shift->to_s < 0 || shift->from_s == 86400)
        conf_fault(l->faults, group,
                   "\"from\" and \"to\" must be times like \"16:00\" and \"08:00\"");
    load_lines(l, group, &shift->lines);
    conf_check_unused(group, known, l->faults);
}

static void load_override(struct loader *l, struct conf_node *group,
                          struct roster_override *override)
{
    static const char *const known[] = {"from", "to", "lines", NULL};
    load_times(l, group, false, &override->from_ms, &override->to_ms);
    load_lines(l, group, &override->lines);
    conf_check_unused(group, known, l->faults);
}

static void load_shifts(struct loader *l, struct conf_node *group, struct roster *roster)
{
    struct conf_node *shifts = loader_list(l, group, "shifts");
    struct conf_node *overrides = loader_list(l, group, "overrides");
    size_t n = shifts ? shifts->children : 0, m = overrides ? overrides->children : 0;
    roster->shift = arena_get(&l->memory->arena, n, sizeof *roster->shift);
    roster->override = arena_get(&l->memory->arena, m, sizeof *roster->override);
    for (size_t i = 0; i < n; i++)
        if (is_group(l, shifts->child[i], "shifts"))
            load_shift(l, shifts->child[i], &roster->shift[roster->shifts++]);
    for (size_t i = 0; i < m; i++)
        if (is_group(l, overrides->child[i], "overrides"))
            load_override(l, overrides->child[i], &roster->override[roster->overrides++]);
}

/* A plan that could not be read has gaps of its own; those are not reported. */
static void check_coverage(struct loader *l, const struct conf_node *group,
                           const struct roster *roster, size_t errors_before)
{
    struct buf gap = BUF_INIT;
    if (l->faults->errors == errors_before && roster_gap(roster, &gap))
        conf_fault(l->faults, group,
                   "on-duty plan \"%s\": %s is uncovered; somebody must be on the first line at "
                   "every minute of the week",
                   roster->id, buf_str(&gap));
    buf_release(&gap);
}

static void load_roster(struct loader *l, struct conf_node *group, struct roster *roster)
{
    static const char *const known[] = {"roster", "starts", "ends", "shifts", "overrides", NULL};
    size_t errors_before = l->faults->errors;
    load_moment(l, group, "starts", false, &roster->starts_ms);
    roster->ends_ms = INT64_MAX;
    if (conf_get(group, "ends") && load_moment(l, group, "ends", true, &roster->ends_ms) &&
        roster->ends_ms <= roster->starts_ms)
        conf_fault(l->faults, group, "\"ends\" lies before \"starts\"; correct one of them");
    load_shifts(l, group, roster);
    conf_check_unused(group, known, l->faults);
    check_coverage(l, group, roster, errors_before);
}

/* The name of a plan; NULL with a fault. */
static const char *roster_id(struct loader *l, struct conf_node *group, const struct roster *roster)
{
    if (!is_group(l, group, "rosters"))
        return NULL;
    const char *id = conf_text(group, "roster", "", l->faults);
    if (!loader_code_valid(id)) {
        conf_fault(l->faults, group,
                   "\"roster\" must have 1 to %d of the characters a-z 0-9 _ and "
                   "-; it is \"%.80s\"",
                   ID_MAX - 1, id);
        return NULL;
    }
    const char *copy = arena_text(&l->memory->arena, id);
    if (!idtable_put(&l->memory->roster, copy, roster))
        return copy;
    conf_fault(l->faults, group, "on-duty plan \"%s\" is there twice; give one another name", id);
    return NULL;
}

/* Gives the desks their plans. */
static void link_desks(struct loader *l, struct conf_node *list)
{
    struct noun rosters = {"on-duty plan", "rosters", &l->memory->roster};
    for (size_t i = 0; i < l->dir->units; i++)
        l->dir->unit[i].roster = loader_ref(l, l->unit_node[i], "roster", &rosters);
    for (size_t r = 0; r < l->dir->rosters; r++) {
        const struct roster *roster = &l->dir->roster[r];
        bool used = false;
        for (size_t i = 0; i < l->dir->units && !used; i++)
            used = l->dir->unit[i].roster == roster;
        if (!used)
            conf_warning(l->faults, list,
                         "no unit is filled by on-duty plan \"%s\"; set roster = \"%s\" at its "
                         "desk",
                         roster->id, roster->id);
    }
}

void directory_load_rosters(struct loader *l, struct conf_node *root)
{
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "rosters");
    size_t n = list ? list->children : 0;
    dir->roster = arena_get(&l->memory->arena, n, sizeof *dir->roster);
    for (size_t i = 0; i < n; i++) {
        struct roster *roster = &dir->roster[dir->rosters];
        roster->id = roster_id(l, list->child[i], roster);
        if (!roster->id)
            continue;
        load_roster(l, list->child[i], roster);
        dir->rosters++;
    }
    link_desks(l, list);
}
