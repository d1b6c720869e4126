/*
 * What the tests of presence share: the town of gateway_rig.h with units that stand in for each
 * other, a desk with an on-duty plan, and absences in short.
 */
#ifndef PRESENCE_RIG_H
#define PRESENCE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/presence.h"
#include "../daemon/store_absence.h"
#include "../daemon/walltime.h"
#include "workflow_rig.h"

/* clang-format off */
#define FM(id, number)                                                                             \
    " { id = \"" id "\"; kind = \"team\"; name = \"Stelle " id "\"; contacts = ("                  \
    " { channel = \"sms\"; address = \"" number "\"; urgent_only = true; },"                       \
    " { channel = \"email\"; address = \"" id "@amt.example\"; } ); },"

static const char more_units[] =
    FM("fm-1", "+4915100000011") FM("fm-2", "+4915100000012") FM("fm-3", "+4915100000013")
    RIG_UNIT("cm-styrum", "team", "lead = \"sb-leitung\"; restricted_ok = true;"
             " deputies = [ \"vert-1\", \"vert-2\" ];") ","
    RIG_UNIT("vert-1", "team", "deputies = [ \"vert-3\", \"cm-styrum\" ];") ","
    RIG_UNIT("vert-2", "team", "restricted_ok = true;") ","
    RIG_UNIT("vert-3", "team", "") ","
    /* two who stand in for each other, below a lead who has a deputy */
    RIG_UNIT("paar-a", "team", "lead = \"paar-chef\"; deputies = [ \"paar-b\" ];") ","
    RIG_UNIT("paar-b", "team", "lead = \"paar-chef\"; deputies = [ \"paar-a\" ];") ","
    RIG_UNIT("paar-chef", "team", "deputies = [ \"paar-a\", \"vert-2\" ]; lead = \"amt\";") ","
    RIG_UNIT("amt", "team", "") ","
    /* one after the other: a asks b asks c asks d asks e */
    RIG_UNIT("reihe-a", "team", "deputies = [ \"reihe-b\" ];") ","
    RIG_UNIT("reihe-b", "team", "deputies = [ \"reihe-c\" ];") ","
    RIG_UNIT("reihe-c", "team", "deputies = [ \"reihe-d\" ];") ","
    RIG_UNIT("reihe-d", "team", "deputies = [ \"reihe-e\" ];") ","
    RIG_UNIT("reihe-e", "team", "") ","
    RIG_UNIT("urlaub", "team", "deputies = [ \"vert-2\" ]; absences = ("
             " { from = \"2026-11-23\"; to = \"2026-11-27\"; deputy = \"vert-1\"; },"
             " { from = \"2026-12-02T12:00\"; to = \"2026-12-02\"; } );") ","
    RIG_UNIT("zeitumstellung", "team", "deputies = [ \"vert-2\" ]; absences = ("
             " { from = \"2027-03-28\"; to = \"2027-03-28\"; },"
             " { from = \"2027-10-31\"; to = \"2027-10-31\"; } );") ","
    RIG_UNIT("dienst", "desk", "roster = \"bereit\"; lead = \"sb-leitung\";") ",";

static const char rosters[] =
    "rosters = ( { roster = \"bereit\"; starts = \"2026-11-01\"; ends = \"2026-12-31\"; shifts = ("
    " { days = \"sat,sun\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"fm-1\", \"fm-2\" ]; },"
    " { days = \"daily\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"fm-2\" ]; } ); } );\n";
/* clang-format on */

static inline int set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, more_units, rosters);
    presence_open(&rig->g);
    return 0;
}

static inline int64_t at(const char *text)
{
    int64_t at_ms = 0;
    if (!wall_parse(text, false, &at_ms))
        fail_msg("no time: %s", text);
    return at_ms;
}

static inline const struct unit *unit(const struct gateway_rig *rig, const char *id)
{
    const struct unit *found = directory_unit(rig->g.config->directory, id);
    if (!found)
        fail_msg("no unit %s", id);
    return found;
}

/* "unit from to [deputy]"; a day as the end is included. */
static inline struct presence_change change_of(const struct gateway_rig *rig, const char *text)
{
    char who[ID_MAX], from[40], to[40], deputy[ID_MAX] = "";
    struct presence_change change = {.by = "test"};
    assert_true(sscanf(text, "%63s %39s %39s %63s", who, from, to, deputy) >= 3);
    change.unit = unit(rig, who);
    change.deputy = str_empty(deputy) ? NULL : unit(rig, deputy);
    assert_true(wall_parse(from, false, &change.from_ms));
    assert_true(wall_parse(to, true, &change.to_ms));
    return change;
}

static inline void report(struct gateway_rig *rig, const char *text)
{
    struct buf err = BUF_INIT;
    struct presence_change change = change_of(rig, text);
    store_begin(rig->g.store);
    if (presence_report(&rig->g, &change, &err) < 0)
        fail_msg("%s: %s", text, buf_str(&err));
    rig_commit(rig);
}

static inline void swap(struct gateway_rig *rig, const char *text)
{
    struct buf err = BUF_INIT;
    struct presence_change change = change_of(rig, text);
    store_begin(rig->g.store);
    if (presence_swap(&rig->g, &change, &err) < 0)
        fail_msg("%s: %s", text, buf_str(&err));
    rig_commit(rig);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

#endif
