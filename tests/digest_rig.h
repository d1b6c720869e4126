/*
 * What the tests of overviews share: teams with and without one, a plan that ends, a budget; the
 * daily share of turns; handovers with a deadline.
 */
#ifndef DIGEST_RIG_H
#define DIGEST_RIG_H

#include "../daemon/daily.h"
#include "../daemon/digest_mail.h"
#include "../daemon/digest_text.h"
#include "../daemon/store_meeting.h"
#include "../daemon/store_tally.h"
#include "../daemon/tally.h"
#include "presence_rig.h"

/* clang-format off */
static const char teams[] =
    RIG_UNIT("team-a", "team", "digest = true; deputies = [ \"team-b\" ];") ","
    RIG_UNIT("team-b", "team", "digest = true; hours = { tue = \"08:00-12:00\";"
             " wed = \"08:00-12:00\"; };") ","
    RIG_UNIT("team-c", "team", "deputies = [ \"team-b\" ];") ","
    RIG_UNIT("dienst", "desk", "roster = \"bereit\";") ",";
static const char more[] =
    "rosters = ( { roster = \"bereit\"; starts = \"2026-11-01\"; ends = \"2026-12-06\"; shifts = ("
    " { days = \"daily\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"bereitschaft\" ]; } ); } );\n"
    "budgets = ( { line = \"bl_16a\"; total_cents = 60000; committed_cents = 45300;"
    " lead = \"asd-leitung\"; } );\n";
/* clang-format on */

static inline int town(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, teams, more);
    daily_reloaded(&rig->g);
    return 0;
}

/* The daemon begins anew on the same store. */
static inline void reopen(struct gateway_rig *rig)
{
    outbox_close(rig->g.outbox, 0);
    store_close(rig->g.store);
    rig_open_store(rig);
    memset(&rig->g.digest, 0, sizeof rig->g.digest);
    tell_forget(&rig->g);
    daily_reloaded(&rig->g);
}

static inline void turns(struct gateway_rig *rig)
{
    struct stafette *g = &rig->g;
    for (int i = 0; daily_due(g); i++) {
        if (i > 200)
            fail_msg("daily work does not end");
        store_begin(g->store);
        daily_run(g);
        rig_commit(rig);
        daily_done(g);
    }
}

static inline void turns_at(struct gateway_rig *rig, const char *when)
{
    rig_at(rig, when);
    turns(rig);
}

static inline int64_t handover(struct gateway_rig *rig, const char *ref, const char *to)
{
    struct buf data = BUF_INIT;
    buf_printf(&data,
               "{\"case_ref\":\"%s\",\"from_unit\":\"asd\",\"reason\":\"umzug\","
               "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
               "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"%s\"}",
               ref, to);
    int64_t seq = rig_event(rig, "jugendamt", "handover.requested", "", buf_str(&data))->item_seq;
    rig_expect_said(rig, "accepted");
    buf_release(&data);
    return seq;
}

static inline void mark(struct gateway_rig *rig, int64_t seq, unsigned flags, bool restricted)
{
    struct item item = rig_item(rig, seq);
    item.flags = flags;
    item.restricted = restricted;
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &item);
    rig_commit(rig);
}

/* With a deadline on Wednesday 18 November at 16:00. */
static inline int64_t ask(struct gateway_rig *rig, const char *ref, const char *unit)
{
    int64_t seq = handover(rig, ref, unit);
    store_begin(rig->g.store);
    store_clock_move(rig->g.store, seq, CLOCK_ACKNOWLEDGE, at("2026-11-18T16:00"));
    rig_commit(rig);
    return seq;
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, town, rig_tear_down)

#endif
