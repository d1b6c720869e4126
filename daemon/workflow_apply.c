/*
 * Workflow: taking a step of the table. State, flags, owner, whom the item waits for, clocks,
 * notices and the status event, all in the open transaction; what is special about a step is its
 * effect (workflow_effect.c).
 *
 * Promise: after a step the item is over, or it waits for a unit and has a clock.
 */
#include <string.h>

#include "config.h"
#include "directory.h"
#include "drill.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "talk.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { TOLD_MAX = 16 };

const struct unit *work_unit(const struct stafette *g, const char *id)
{
    const struct unit *unit = directory_unit(g->config->directory, id);
    return unit ? unit : g->config->directory->catch_all;
}

const struct unit *work_contact_role(const struct stafette *g, const char *id)
{
    const struct unit *unit = directory_unit(g->config->directory, id);
    if (unit && unit->contact_role)
        return unit->contact_role;
    return unit && unit->lead ? unit->lead : g->config->directory->catch_all;
}

void work_tell_outcome(struct work *w, const char *outcome, const char *except)
{
    char units[TOLD_MAX][ID_MAX], what[ID_MAX];
    const struct directory *dir = w->g->config->directory;
    size_t n = store_notice_units(w->g->store, w->item.seq, 0, units, TOLD_MAX);
    work_template(what, w->item.kind, "outcome");
    bool giver_told = false;
    for (size_t i = 0; i <= n; i++) {
        const char *id = i < n ? units[i] : w->item.from_unit;
        const struct unit *unit = directory_unit(dir, id);
        bool is_giver = str_eq(id, w->item.from_unit);
        if (!unit || unit == w->told_apart || str_eq(id, except) ||
            str_eq(id, w->item.waiting_unit) || (is_giver && giver_told))
            continue;
        giver_told = giver_told || is_giver;
        const struct telling telling = {unit, REASON_OUTCOME, what, 0, outcome};
        tell_unit(w->g, &w->item, &w->limits, &telling);
    }
}

/* What a unit is told when it must act now. A request where it is asked to answer, else how things
 * stand, with its deadline. */
static const char *what_to_tell(const struct item *item)
{
    switch (item->state) {
    case STATE_REQUESTED:
    case STATE_REASSIGNED:
    case STATE_CONFIRMED:
    case STATE_APPROVAL_PENDING:
        return "requested";
    case STATE_OFFERED:
        return "offered";
    case STATE_RETURNED:
        return "returned";
    default:
        return item->kind == ITEM_TASK ? "opened" : "outcome";
    }
}

static enum reason reason_of(const struct item *item)
{
    if (str_eq(item->waiting_unit, item->from_unit))
        return REASON_SENDER;
    if (item->state == STATE_APPROVAL_PENDING)
        return REASON_LEAD;
    return item->kind == ITEM_EMERGENCY ? REASON_ON_CALL : REASON_ROUTE;
}

void work_tell_waiting(struct work *w, const char *outcome, int64_t due_ms)
{
    char what[ID_MAX];
    work_template(what, w->item.kind, what_to_tell(&w->item));
    const struct telling telling = {work_unit(w->g, w->item.waiting_unit), reason_of(&w->item),
                                    what, due_ms, outcome};
    tell_unit(w->g, &w->item, &w->limits, &telling);
}

static const char *approver_of(const struct work *w)
{
    const struct unit *from = directory_unit(w->g->config->directory, w->item.from_unit);
    return from && from->lead ? from->lead->id : w->g->config->directory->catch_all->id;
}

static const char *waiting_after(const struct work *w, const struct step *step)
{
    switch (step->waits) {
    case WAITS_NOBODY:
        return "";
    case WAITS_GIVER:
        return w->item.from_unit;
    case WAITS_RECEIVER:
        /* An emergency that came incomplete was never routed: the on-call is awake. */
        if (w->item.kind == ITEM_EMERGENCY && str_empty(w->item.to_unit) &&
            w->g->config->directory->on_call)
            return w->g->config->directory->on_call->id;
        return w->item.to_unit;
    case WAITS_APPROVER:
        return approver_of(w);
    case WAITS_ARBITER:
        return work_contact_role(w->g, w->item.from_unit)->id;
    case WAITS_SAME:
        break;
    }
    return w->item.waiting_unit;
}

/* Given back once more than once: somebody above both must look at it. */
static void count_returns(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    if (item->kind != ITEM_HANDOVER || step->actor != ACTOR_RECEIVER ||
        (step->to != STATE_RETURNED && step->to != STATE_REJECTED && step->to != STATE_CONFLICT))
        return;
    item->returns++;
    if (item->returns < 2 || item->flags & ITEM_PING_PONG)
        return;
    item->flags |= ITEM_PING_PONG;
    const struct task task = {
        .code = "ping_pong", .parent = item, .urgency = item->urgency, .number = item->returns};
    work_task(w->g, &task);
}

static void take_owner(struct work *w, const struct step *step, const char *by)
{
    struct item *item = &w->item;
    if (!step_moves_owner(step) || str_empty(by))
        return;
    str_copy(item->owner_unit, sizeof item->owner_unit, by);
    str_copy(item->to_unit, sizeof item->to_unit, by);
}

static void set_state(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    char waiting[ID_MAX];
    item->state = step->to;
    item->changed_ms = w->g->now_ms;
    str_copy(waiting, sizeof waiting, waiting_after(w, step));
    bool over = item_state_is_final(item->kind, item->state);
    /* A second function's task holds the handover open (KI2). */
    if (over && item->state == STATE_ACCEPTED && work_tasks_open(w->g, item->seq)) {
        str_copy(waiting, sizeof waiting, item->owner_unit);
        over = false;
    }
    if (!over && str_empty(waiting))
        str_copy(waiting, sizeof waiting, w->g->config->directory->catch_all->id);
    memcpy(item->waiting_unit, waiting, sizeof waiting);
    item->closed_ms = over ? w->g->now_ms : 0;
    /* Whoever answers stops the ladder; a new question begins a new one. */
    item->flags &= ~(unsigned)(ITEM_OVERDUE | ITEM_ESCALATED | ITEM_VOICE);
}

static void audit_step(struct work *w, const struct step *step)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "step kind=%s state=%s owner=%s waiting=%s by=%s on=%s",
               item_kind_name(w->item.kind), item_state_name(step->to), w->item.owner_unit,
               w->item.waiting_unit, w->parties.by ? w->parties.by->id : "gateway",
               step->on >= ON_DELIVERED ? inner_event_name(step->on) : event_type_name(step->on));
    store_audit_add(w->g->store, w->g->now_ms, w->item.seq, buf_str(&text));
    buf_release(&text);
}

static bool waits_anew(const struct step *step)
{
    return step->waits != WAITS_SAME && step->waits != WAITS_NOBODY;
}

/* The unit that has just spoken, which needs no notice of its own words; "" = none. An event that
 * names no unit speaks for the one that was asked. */
static const char *speaker(const struct work *w, const struct step *step)
{
    if (w->parties.by)
        return w->parties.by->id;
    return step->actor == ACTOR_RECEIVER && w->parties.source ? w->item.to_unit : "";
}

/* The usual end of a step: the row is written, its clocks are set, and it is told: to the source,
 * to all who were told before, to who is next. Who goes on waiting hears it too, when somebody else
 * has said it. */
void work_finish_step(struct work *w, const struct step *step)
{
    const char *by = speaker(w, step);
    struct item *item = &w->item;
    store_item_update(w->g->store, item);
    int64_t due_ms = item->closed_ms ? 0 : workflow_set_clock(w->g, item, &w->limits, 0);
    if (!str_empty(step->status))
        tell_status(w->g, item, step->status, "code", w->ev.text[FIELD_CODE]);
    if (!str_empty(step->outcome))
        work_tell_outcome(w, step->outcome, by);
    bool news = waits_anew(step) || !str_empty(step->outcome);
    if (news && !item->closed_ms && !str_eq(item->waiting_unit, by))
        work_tell_waiting(w, step->outcome, due_ms);
}

void work_apply(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    const char *by = w->parties.by ? w->parties.by->id : "";
    enum item_state before = item->state;
    work_limits(w->g, item, &w->limits);
    store_clock_cancel(w->g->store, item->seq);
    take_owner(w, step, by);
    set_state(w, step);
    work_phase_follow(w, before);
    if (waits_anew(step) || item->closed_ms)
        store_delivery_cancel(w->g->store, item->seq, store_last(w->g->store, SEQ_NOTICE) + 1,
                              w->g->now_ms);
    if (!w->input)
        audit_step(w, step);
    count_returns(w, step);
    if (!work_effect(w, step))
        work_finish_step(w, step);
    if (step->on == EVENT_TASK_DONE)
        work_reminder_done(w);
    if (item->closed_ms && item->kind == ITEM_TASK)
        work_task_ended(w->g, item);
    else if (item->closed_ms || item->state == STATE_ACCEPTED)
        work_end_tasks(w->g, item);
    talk_follow(w);
    work_unpark(w);
}

void workflow_delivered(struct stafette *g, struct item *item)
{
    if (item->kind == ITEM_DRILL)
        drill_sent(g, item);
    if (item->kind != ITEM_HANDOVER || item->state != STATE_REQUESTED)
        return;
    item->state = STATE_DELIVERED;
    store_item_set_state(g->store, item);
}

bool work_inner(struct stafette *g, const struct item *item, int on)
{
    const struct step *step;
    const struct occasion occasion = {item->kind, item->state, item->flags, on, ""};
    if (machine_next(&occasion, &step) != STEP_APPLY)
        return false;
    struct work w;
    work_begin_inner(&w, g, item);
    work_apply(&w, step);
    work_end_inner(&w);
    return true;
}
