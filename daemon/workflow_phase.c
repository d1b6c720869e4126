/*
 * Workflow, phases of a referral (MH6): a running referral is in one phase at a time, the first
 * from its first contact on. The day of a change is the day that the event speaks of, never before
 * the one before it nor after today. What lasted no whole day was no phase: the next one takes its
 * place.
 *
 * Promise: while a referral runs it has one phase without an end, afterwards none. A referral that
 * ran before this was kept has none until its next change. All in the open transaction.
 */
#include "buf.h"
#include "config.h"
#include "directory.h"
#include "period.h"
#include "phase.h"
#include "store_phase.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

/* The day that the event speaks of. */
static int64_t day_of_change(const struct work *w, int64_t from_day)
{
    int64_t today = berlin_day(w->g->now_ms), day = today;
    if (w->ev.type == EVENT_CONTACT_HELD && w->ev.present[FIELD_ON])
        day = w->ev.number[FIELD_ON];
    else if (w->ev.effective_ms)
        day = berlin_day(w->ev.effective_ms);
    if (day < from_day)
        day = from_day;
    return day > today ? today : day;
}

/* MH9: it was asked for because something will not change for a long time. When that is over,
 * whoever asked looks at it again; workflow_task.c forgets it when the referral ended before. */
static void look_again(struct work *w, int64_t from_day)
{
    const struct item *item = &w->item;
    const struct service *service = directory_service(w->g->config->directory, item->service);
    int months = service ? service->horizon_m : 0;
    int64_t day = period_add_months(from_day, months);
    const struct task task = {.code = "horizon",
                              .parent = item,
                              .unit = work_unit(w->g, item->from_unit),
                              .urgency = item->urgency,
                              .number = months,
                              .due_day = day,
                              .begin_day = day};
    if (months)
        work_task(w->g, &task);
}

void work_phase_follow(struct work *w, enum item_state before)
{
    struct phase current;
    const struct item *item = &w->item;
    bool ran = before == STATE_RUNNING, runs = item->state == STATE_RUNNING;
    if (item->kind != ITEM_REFERRAL || ran == runs)
        return;
    bool is_in_one = store_phase_current(w->g->store, item->seq, &current);
    if (runs && !is_in_one) {
        int64_t day = day_of_change(w, berlin_day(item->created_ms));
        store_phase_begin(w->g->store, item->seq, phase_first(), day);
        look_again(w, day);
    } else if (ran && is_in_one)
        store_phase_end(w->g->store, item->seq, day_of_change(w, current.begin_day));
}

void work_phase_change(struct work *w, const char *phase)
{
    struct phase current;
    struct store *s = w->g->store;
    const struct item *item = &w->item;
    int64_t from_day = berlin_day(item->created_ms);
    bool is_in_one = store_phase_current(s, item->seq, &current);
    if (is_in_one && str_eq(current.phase, phase))
        return;
    int64_t day = day_of_change(w, is_in_one ? current.begin_day : from_day);
    if (is_in_one && day == current.begin_day) {
        store_phase_rename(s, item->seq, phase);
        return;
    }
    store_phase_end(s, item->seq, day);
    store_phase_begin(s, item->seq, phase, day);
}

struct sentence {
    struct buf *out;
    const char *begins;
    int said;
};

static void put_ended(void *context, const struct phase *phase)
{
    struct sentence *s = context;
    if (!phase->end_day)
        return;
    buf_printf(s->out, "%s%s ", s->said++ ? ", " : s->begins, phase_german(phase->phase));
    phase_days(s->out, phase->end_day - phase->begin_day);
}

void work_phase_sentence(struct work *w, const char *begins, struct buf *out)
{
    struct sentence sentence = {out, begins, 0};
    store_phase_each(w->g->store, w->item.seq, &sentence, put_ended);
    if (sentence.said)
        buf_addc(out, '.');
}
