/*
 * Workflow, parked events: valid, but what must come before them is missing (DESIGN 5 "Order"). A
 * parked event is a task in waiting, with the coordinator as its owner and a clock of 24 hours: so
 * it is an item like all others, and the ledger counts it. When its item changes, it is tried
 * again; when the day has passed, the coordinator is told and asks the sender.
 */
#include <string.h>

#include "admit.h"
#include "config.h"
#include "directory.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_event.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { PARK_MS = DAY_MS, DEPTH_MAX = 8, PARKED_MAX = 16 };

void work_park(struct work *w, const char *fault)
{
    const struct item item = w->item;
    struct item *task = &w->item;
    work_fault(w, fault, FIELD_NONE);
    w->row.outcome = OUTCOME_PARKED;
    work_new_item(w, ITEM_TASK);
    task->state = STATE_WAITING;
    task->parent_seq = item.seq;
    str_copy(task->code, sizeof task->code, "parked");
    const char *ref = item.seq ? item.case_ref : w->ev.text[FIELD_CASE_REF];
    str_copy(task->case_ref, sizeof task->case_ref, ref);
    if (!str_empty(ref))
        task->case_key = (int64_t)digest_short(w->g->keys.case_ref, ref, strlen(ref));
    /* What it belongs to says who may see it and how soon (DOMAIN R10, R11). */
    task->restricted = task->restricted || item.restricted;
    task->flags = item.flags & ITEM_ANVERTRAUT;
    if (task->urgency < item.urgency)
        task->urgency = item.urgency;
    const struct unit *desk = w->g->config->directory->catch_all;
    str_copy(task->owner_unit, sizeof task->owner_unit, desk->id);
    str_copy(task->waiting_unit, sizeof task->waiting_unit, desk->id);
    str_copy(task->to_unit, sizeof task->to_unit, desk->id);
    limits_of(&w->limits, &w->g->config->directory->policy[0], task->urgency);
    work_freeze(w);
    store_item_add(w->g->store, task);
    work_add_clock(w->g, task, CLOCK_BEGIN, 0, w->g->now_ms + PARK_MS);
    if (item.seq) {
        struct buf text = BUF_INIT;
        buf_printf(&text, "parked event=%lld type=%s", (long long)w->row.seq, w->ev.type_name);
        store_audit_add(w->g->store, w->g->now_ms, item.seq, buf_str(&text));
        buf_release(&text);
        *task = item;
    }
}

struct parked {
    const struct item *item;
    struct item task[PARKED_MAX];
    size_t n;
};

static bool is_parked(const struct item *task)
{
    return task->kind == ITEM_TASK && task->state == STATE_WAITING &&
           str_eq(task->code, "parked") && !task->closed_ms;
}

static bool keep_child(void *context, const struct item *task)
{
    struct parked *parked = context;
    if (is_parked(task))
        parked->task[parked->n++] = *task;
    return parked->n < PARKED_MAX;
}

/* Parked before its item existed: only the case is known. */
static bool keep_of_case(void *context, const struct item *task)
{
    struct parked *parked = context;
    if (is_parked(task) && !task->parent_seq && str_eq(task->case_ref, parked->item->case_ref))
        parked->task[parked->n++] = *task;
    return parked->n < PARKED_MAX;
}

/* The event as it was, from its row; false when that is gone. */
static bool recall(struct work *again, const struct item *task)
{
    struct event_row row;
    struct buf data = BUF_INIT;
    bool found = store_event_get(again->g->store, task->event_seq, &row, NULL);
    if (found) {
        store_event_data(again->g->store, task->event_seq, &data);
        found = event_recall(&again->ev, row.type, buf_str(&data));
        str_copy(again->ev.topic_source, sizeof again->ev.topic_source, row.source);
        again->row = row;
    }
    buf_release(&data);
    return found;
}

/* Who said it, where no case system did. */
static const struct unit *answered_by(const struct work *again)
{
    static const enum field fields[] = {FIELD_BY_UNIT, FIELD_BY_ROLE, FIELD_PROVIDER};
    const struct unit *unit = NULL;
    for (size_t i = 0; i < COUNT_OF(fields) && !unit; i++)
        unit = directory_unit(again->g->config->directory, again->ev.text[fields[i]]);
    return unit;
}

/* Tries one parked event on the item; true when it was applied. One that says what another has said
 * meanwhile is over. */
static bool try_again(struct work *w, const struct item *task)
{
    struct work again;
    const struct step *step;
    bool applied = false;
    work_begin_inner(&again, w->g, &w->item);
    again.depth = w->depth + 1;
    if (recall(&again, task)) {
        if (str_empty(again.ev.topic_source)) /* an answer without a case system */
            again.parties.by = answered_by(&again);
        else
            admit(w->g->config->directory, &again.ev, EVENT_OK, &again.parties);
        const struct occasion occasion = {w->item.kind, w->item.state, w->item.flags, again.ev.type,
                                          again.ev.text[FIELD_CODE]};
        enum step_verdict verdict = w->item.kind == machine_kind(again.ev.type)
                                        ? machine_next(&occasion, &step)
                                        : STEP_REFUSE;
        bool over = verdict == STEP_APPLY || verdict == STEP_NO_EFFECT;
        if (over && work_may_say(&again, &w->item, step->actor)) {
            work_inner(w->g, task, ON_END);
            applied = verdict == STEP_APPLY;
            if (applied)
                work_apply(&again, step);
            w->item = again.item;
        }
    }
    work_end_inner(&again);
    return applied;
}

void work_unpark(struct work *w)
{
    struct parked parked = {.item = &w->item};
    if (w->depth >= DEPTH_MAX || w->item.kind == ITEM_TASK)
        return;
    store_item_each_child(w->g->store, w->item.seq, &parked, keep_child);
    if (w->item.case_key && parked.n < PARKED_MAX)
        store_item_each_of_case(w->g->store, w->item.case_key, &parked, keep_of_case);
    for (size_t i = 0; i < parked.n; i++)
        if (try_again(w, &parked.task[i]))
            return; /* what it changed has tried the rest */
}
