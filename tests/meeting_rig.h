/*
 * What the tests of meetings share, beside life_rig.h: a town with a body and a series; looking at
 * sessions and members as one line each; letting time pass.
 */
#ifndef MEETING_RIG_H
#define MEETING_RIG_H

#include "../adapters/adapter.h"
#include "../daemon/clock.h"
#include "../daemon/ledger.h"
#include "../daemon/meeting.h"
#include "../daemon/render.h"
#include "../daemon/template.h"
#include "life_rig.h"

#define MEETING_TEAM                                                                               \
    "meetings = ( { id = \"team-nord\"; kind = \"sozialraumteam\"; unit = \"asd\";"                \
    " start = \"2027-01-07T09:00\"; duration = \"2h\"; rule = \"FREQ=MONTHLY;BYDAY=1TH\";"         \
    " until = \"2027-12-31\"; holiday = \"plus_week\"; room = \"Raum 1\";"                         \
    " members = ( \"sozialbuero\", { unit = \"asd-leitung\"; role = \"chair\"; },"                 \
    " { unit = \"sb-leitung\"; role = \"deputy_chair\"; },"                                        \
    " { unit = \"koordination\"; role = \"secretariat\"; } ); } );\n"

/* Compares the configuration with the store, as the daemon does after a reload. */
static inline void meeting_rig_sync(struct gateway_rig *rig)
{
    daily_reloaded(&rig->g);
    for (int i = 0; i < 100 && rig->g.daily.meetings_from; i++) {
        store_begin(rig->g.store);
        daily_run(&rig->g);
        rig_commit(rig);
        daily_done(&rig->g);
    }
    assert_int_equal(rig->g.daily.meetings_from, 0);
}

static inline void meeting_rig_config(struct gateway_rig *rig, const char *meetings)
{
    rig_insert(rig, "mqtt = { port = 9; };\n", meetings);
    rig_reload(rig);
    meeting_rig_sync(rig);
}

static inline struct meeting meeting_rig_find(const struct gateway_rig *rig, const char *id)
{
    struct meeting meeting;
    if (!store_meeting_find(rig->g.store, id, &meeting))
        fail_msg("no meeting %s", id);
    return meeting;
}

/* Fires what is due, moving the clock to `when` in the order of what falls due, as a running daemon
 * would. */
static inline void meeting_rig_until(struct gateway_rig *rig, const char *when)
{
    int64_t to_ms, next_ms;
    assert_true(time_parse(when, &to_ms));
    while ((next_ms = store_clock_next(rig->g.store)) && next_ms <= to_ms) {
        if (next_ms > rig->g.now_ms)
            rig->g.now_ms = rig->g.steady_ms = next_ms;
        store_begin(rig->g.store);
        assert_true(clock_fire_due(&rig->g) > 0);
        rig_commit(rig);
    }
    rig->g.now_ms = rig->g.steady_ms = to_ms;
}

/* Nobody is lost. */
static inline void rig_ledger_green(const struct gateway_rig *rig)
{
    struct ledger_task task;
    struct ledger_result result;
    struct buf err = BUF_INIT, text = BUF_INIT;
    ledger_task_init(&task, rig->g.config->directory);
    task.store = rig->g.config->settings.store;
    task.now_ms = rig->g.now_ms;
    task.grace_ms = 300000;
    if (ledger_check(&task, &result, &err) < 0)
        fail_msg("%s", buf_str(&err));
    ledger_report(&text, &result, rig->g.keys.code);
    if (!ledger_green(&result))
        fail_msg("%s", buf_str(&text));
    ledger_task_release(&task);
    buf_release(&err);
    buf_release(&text);
}

#endif
