/*
 * Workflow, time: which clocks run in which state, as one table. An open item has exactly one clock
 * that ends in a person (its ladder, or the beginning or the warnings of what waits by nature), and
 * beside it at most one that changes its state by itself (an offer or an acceptance that lapses, a
 * voucher that ends). Lengths are the frozen ones; the calendar is that of whoever must act.
 */
#include "config.h"
#include "directory.h"
#include "store.h"
#include "store_clock.h"
#include "util.h"
#include "workflow_parts.h"

#define AT(state) (UINT64_C(1) << STATE_##state)
#define BY_URGENCY LIMIT_COUNT /* the policy's "ack", which depends on urgency */

static const struct schedule {
    enum item_kind kind;
    uint64_t states;
    enum clock_kind clock;
    enum limit limit;
} schedules[] = {
    {ITEM_HANDOVER, AT(REQUESTED) | AT(DELIVERED) | AT(REASSIGNED) | AT(CONFIRMED),
     CLOCK_ACKNOWLEDGE, BY_URGENCY},
    {ITEM_HANDOVER, AT(ACKNOWLEDGED) | AT(CONVERSATION_PLANNED), CLOCK_ACCEPT, LIMIT_CONVERSATION},
    {ITEM_HANDOVER, AT(CONVERSATION_HELD), CLOCK_ACCEPT, LIMIT_ACCEPT},
    {ITEM_HANDOVER, AT(ANNOUNCED) | AT(RETURNED) | AT(REJECTED) | AT(HELD), CLOCK_COMPLETE,
     BY_URGENCY},
    {ITEM_HANDOVER, AT(CONFLICT), CLOCK_COMPLETE, LIMIT_CONFLICT},
    {ITEM_HANDOVER, AT(WITHDRAWN), CLOCK_COMPLETE, LIMIT_CONFIRM},
    {ITEM_HANDOVER, AT(ACCEPTED), CLOCK_COMPLETE, LIMIT_ACCEPT}, /* tasks of it are open */

    {ITEM_REFERRAL, AT(APPROVAL_PENDING) | AT(OFFERED), CLOCK_ACKNOWLEDGE, BY_URGENCY},
    {ITEM_REFERRAL, AT(RETURNED) | AT(HELD) | AT(DECLINED) | AT(EXPIRED), CLOCK_COMPLETE,
     BY_URGENCY},
    {ITEM_REFERRAL, AT(ACKNOWLEDGED), CLOCK_ACCEPT, BY_URGENCY},
    {ITEM_REFERRAL, AT(FEEDBACK_DUE), CLOCK_COMPLETE, LIMIT_FEEDBACK},
    {ITEM_REFERRAL, AT(WAITLISTED), CLOCK_ACCEPT, LIMIT_WAITLIST},
    {ITEM_REFERRAL, AT(RUNNING), CLOCK_ACCEPT, LIMIT_RUNNING},
    {ITEM_REFERRAL, AT(OFFERED) | AT(ACKNOWLEDGED), CLOCK_LAPSE, LIMIT_OFFER},
    {ITEM_REFERRAL, AT(ACCEPTED) | AT(CONTACT_SCHEDULED), CLOCK_ACCEPT, LIMIT_CONTACT},

    {ITEM_EMERGENCY, AT(REPORTED), CLOCK_ACKNOWLEDGE, BY_URGENCY},
    {ITEM_EMERGENCY, AT(RETURNED), CLOCK_COMPLETE, BY_URGENCY},
    {ITEM_EMERGENCY, AT(ACKNOWLEDGED), CLOCK_ACCEPT, LIMIT_HAZARD},
    {ITEM_EMERGENCY, AT(CLEARED), CLOCK_COMPLETE, LIMIT_REPEAT},

    {ITEM_REFUSAL, AT(OPEN), CLOCK_ACKNOWLEDGE, BY_URGENCY},
    {ITEM_TASK, AT(OPEN), CLOCK_ACKNOWLEDGE, BY_URGENCY},
    {ITEM_TASK, AT(ACKNOWLEDGED), CLOCK_ACCEPT, LIMIT_ACCEPT},
    {ITEM_DRILL, AT(OPEN), CLOCK_ACKNOWLEDGE, BY_URGENCY},
};

/* A seen handover that needs no conversation may go straight to acceptance. */
static enum limit limit_of(const struct schedule *s, const struct item *item)
{
    bool no_talk = item->state == STATE_ACKNOWLEDGED &&
                   (!(item->flags & ITEM_HILFEPLAN) || item->flags & ITEM_CONVERSED);
    return s->limit == LIMIT_CONVERSATION && no_talk ? LIMIT_ACCEPT : s->limit;
}

int64_t work_add_clock(struct stafette *g, const struct item *item, enum clock_kind kind, int step,
                       int64_t due_ms)
{
    const struct clock clock = {.seq = store_next(g->store, SEQ_CLOCK),
                                .item_seq = item->seq,
                                .kind = kind,
                                .step = step,
                                .due_ms = due_ms};
    store_clock_add(g->store, &clock);
    return due_ms;
}

int64_t day_end_ms(int64_t day)
{
    int64_t midnight_ms = (day + 1) * DAY_MS;
    return midnight_ms - (int64_t)berlin_offset_s(midnight_ms - HOUR_MS) * 1000 - 1;
}

int64_t day_start_ms(int64_t day)
{
    return day_end_ms(day - 1) + 1;
}

/* Above the ladder the coordinator's hours count, below those of who must act. */
static int64_t end_of(struct stafette *g, const struct item *item, const struct span *span,
                      bool above)
{
    const struct directory *dir = g->config->directory;
    const struct unit *unit = above ? NULL : directory_unit(dir, item->waiting_unit);
    return worktime_end(unit ? &unit->hours : &dir->catch_all->hours, span, g->now_ms);
}

static const struct span *span_of(const struct schedule *s, const struct item *item,
                                  const struct limits *limits, int step)
{
    enum limit limit = limit_of(s, item);
    if (step == 0 || s->clock > CLOCK_COMPLETE)
        return limit == BY_URGENCY ? &limits->ack : &limits->span[limit];
    /* Above its last rung a drill ends; there is nothing to repeat. */
    bool climbs = (size_t)step < limits->rungs || item->kind == ITEM_DRILL;
    return climbs ? &limits->escalate : &limits->span[LIMIT_REPEAT];
}

/* An announced handover and what a task reminds of are asked for when their day has passed. */
static int64_t first_due(const struct item *item, int64_t due_ms)
{
    if ((item->state != STATE_ANNOUNCED && item->kind != ITEM_TASK) || !item->due_day)
        return due_ms;
    int64_t announced_ms = day_end_ms(item->due_day);
    return announced_ms > due_ms ? announced_ms : due_ms;
}

int64_t workflow_set_clock(struct stafette *g, const struct item *item, const struct limits *limits,
                           int step)
{
    int64_t deadline_ms = 0;
    for (size_t i = 0; i < COUNT_OF(schedules); i++) {
        const struct schedule *s = &schedules[i];
        bool ladder = s->clock <= CLOCK_COMPLETE;
        if (s->kind != item->kind || !(s->states >> item->state & 1) || (!ladder && step > 0))
            continue;
        int64_t due_ms = end_of(g, item, span_of(s, item, limits, step),
                                ladder && step > 0 && (size_t)step >= limits->rungs);
        if (ladder && step == 0)
            due_ms = first_due(item, due_ms);
        work_add_clock(g, item, s->clock, step, due_ms);
        if (ladder || !deadline_ms)
            deadline_ms = due_ms;
    }
    const uint64_t can_expire = AT(OFFERED) | AT(ACKNOWLEDGED) | AT(WAITLISTED) | AT(ACCEPTED) |
                                AT(CONTACT_SCHEDULED) | AT(RUNNING);
    if (step == 0 && item->kind == ITEM_REFERRAL && item->due_day && can_expire >> item->state & 1)
        work_voucher_clock(g, item);
    return deadline_ms;
}

void workflow_next_rung(struct stafette *g, const struct item *item)
{
    struct clock clock;
    struct limits limits;
    work_limits(g, item, &limits);
    if (store_clock_of(g->store, item->seq, &clock) && clock.kind <= CLOCK_COMPLETE &&
        (size_t)clock.step < limits.rungs)
        store_clock_pull(g->store, clock.seq, g->now_ms);
}
