/*
 * What the tests of reminders share, beside life_rig.h: an event and its item, the next clock as
 * one line, the full check of the ledger, and a clock that lets all happen that is due on the way.
 */
#ifndef REMINDER_RIG_H
#define REMINDER_RIG_H

#include "../daemon/ledger.h"
#include "../daemon/workflow_parts.h"
#include "life_rig.h"

#define VISIT(kind, unit, day, more)                                                               \
    "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"" kind "\",\"unit\":\"" unit "\",\"due_on\":\"" day \
    "\"" more "}"
#define CONSENT ",\"consent_ref\":\"c-8841\""

static inline struct item last_item(const struct gateway_rig *rig)
{
    return rig_item(rig, store_last(rig->g.store, SEQ_ITEM));
}

static inline int64_t items(const struct gateway_rig *rig)
{
    return store_last(rig->g.store, SEQ_ITEM);
}

static inline int64_t send(struct gateway_rig *rig, const char *type, const char *data)
{
    rig_event(rig, "jugendamt", type, "", data);
    rig_expect_said(rig, "accepted");
    return rig->last.item_seq;
}

/* "waiting Fr 25.06. 08:00": state and next clock. */
static inline void expect_next(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct clock clock;
    struct buf text = BUF_INIT;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    buf_printf(&text, "%s ", item_state_name(rig_item(rig, item).state));
    rig_put_time(&text, clock.due_ms);
    assert_string_equal(buf_str(&text), want);
    buf_release(&text);
    assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
}

static inline void expect_green(struct gateway_rig *rig)
{
    struct ledger_task task;
    struct ledger_result result;
    struct buf err = BUF_INIT, text = BUF_INIT;
    ledger_task_init(&task, rig->g.config->directory);
    task.store = rig->g.config->settings.store;
    task.now_ms = rig->g.now_ms;
    task.grace_ms = 600000;
    if (ledger_check(&task, &result, &err) < 0)
        fail_msg("%s", buf_str(&err));
    ledger_report(&text, &result, rig->g.keys.code);
    if (!ledger_green(&result))
        fail_msg("%s", buf_str(&text));
    buf_release(&text);
    buf_release(&err);
    ledger_task_release(&task);
}

/* Everything that is due by then happens at its time. */
static inline void go_to(struct gateway_rig *rig, const char *when)
{
    int64_t until_ms, next_ms;
    assert_true(time_parse(when, &until_ms));
    while ((next_ms = store_clock_next(rig->g.store)) && next_ms <= until_ms) {
        if (next_ms > rig->g.now_ms)
            rig->g.now_ms = rig->g.steady_ms = rig->g.mono_ms = next_ms;
        store_begin(rig->g.store);
        assert_true(clock_fire_due(&rig->g) > 0);
        rig_commit(rig);
    }
    rig_at(rig, when);
}

static inline struct buf outcome_of(const struct gateway_rig *rig, int64_t item)
{
    struct buf text = BUF_INIT;
    const struct item it = rig_item(rig, item);
    work_task_sentence(&rig->g, &text, &it);
    return text;
}

#define WITH(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

#endif
