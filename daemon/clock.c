/*
 * Clocks: see clock.h. The ladder is the one frozen on the item; who fills a rung is asked now
 * (DESIGN 6). A rung that leads to nobody new is skipped at once, above the last one stands the
 * coordinator, again and again. A crash before the commit leaves the clock open; it fires at the
 * next start.
 */
#include "clock.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "drill.h"
#include "gateway.h"
#include "meeting.h"
#include "presence.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "tell.h"
#include "testpoint.h"
#include "undelivered.h"
#include "util.h"
#include "workflow_parts.h"

/* Who fills a rung now; NULL: nobody, or nobody who may have it: what is restricted goes to no
 * further role but one that may have it (DOMAIN R11). */
static const struct unit *rung_unit(const struct stafette *g, const struct item *item,
                                    enum rung rung)
{
    const struct unit *waiting = directory_unit(g->config->directory, item->waiting_unit);
    const struct unit *unit = waiting ? waiting->lead : NULL;
    switch (rung) {
    case RUNG_UNIT:
        return waiting;
    case RUNG_DEPUTY:
        return waiting ? presence_deputy_for(g, waiting, g->now_ms, item->restricted) : NULL;
    case RUNG_LEAD:
        break;
    case RUNG_HEAD:
        unit = unit ? unit->lead : NULL;
        break;
    case RUNG_COORDINATOR:
        unit = g->config->directory->catch_all;
        break;
    case RUNG_COUNT:
        return NULL;
    }
    return unit && item->restricted && !unit->restricted_ok ? NULL : unit;
}

/* Who reads what is told to the rung; NULL as above. */
static const struct unit *rung_reader(const struct stafette *g, const struct item *item,
                                      enum rung rung)
{
    const struct unit *unit = rung_unit(g, item, rung);
    return unit ? presence_for_item(g, item, unit).unit : NULL;
}

/* A rung is passed over when who would read it was asked below it. */
static bool is_new(const struct stafette *g, const struct item *item, const struct limits *limits,
                   size_t place)
{
    const struct unit *reader = rung_reader(g, item, limits->rung[place]);
    if (!reader ||
        (item->kind == ITEM_DRILL && !drill_may_tell(g, item, limits->rung[place], reader)))
        return false;
    if (limits->rung[place] == RUNG_UNIT)
        return true;
    if (reader == rung_reader(g, item, RUNG_UNIT))
        return false;
    for (size_t i = 0; i < place; i++)
        if (limits->rung[i] != RUNG_UNIT && reader == rung_reader(g, item, limits->rung[i]))
            return false;
    return true;
}

struct person {
    const struct unit *unit;
    enum reason reason;
    int rung; /* its place on the ladder; limits.rungs: above it */
};

/* The first rung from `step` on that leads to somebody new. */
static struct person next_person(const struct stafette *g, const struct item *item,
                                 const struct limits *limits, int step)
{
    for (size_t i = (size_t)step; i < limits->rungs; i++) {
        enum rung rung = limits->rung[i];
        if (!is_new(g, item, limits, i))
            continue;
        const struct unit *unit = rung_unit(g, item, rung);
        enum reason reason = unit == g->config->directory->catch_all ? REASON_CATCH_ALL
                             : rung == RUNG_UNIT                     ? REASON_ROUTE
                             : rung == RUNG_DEPUTY                   ? REASON_DEPUTY
                                                                     : REASON_LEAD;
        return (struct person){unit, reason, (int)i};
    }
    return (struct person){g->config->directory->catch_all, REASON_CATCH_ALL, (int)limits->rungs};
}

static int64_t audit_fire(struct stafette *g, const struct clock *clock, const struct unit *unit)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "clock=%lld kind=%s step=%d told=%s config=%s", (long long)clock->seq,
               clock_kind_name(clock->kind), clock->step, unit ? unit->id : "-",
               g->config->version);
    int64_t seq = store_audit_add(g->store, g->now_ms, clock->item_seq, buf_str(&text));
    buf_release(&text);
    return seq;
}

static void remind(struct stafette *g, const struct item *item, const struct limits *limits,
                   const struct telling *telling)
{
    /* What fell due in an outage is one reminder when it ends, not one for each clock. */
    store_delivery_supersede(g->store, item->seq, telling->unit->id, g->now_ms);
    tell_unit(g, item, limits, telling);
}

/* DO4: a conflict that is not decided goes to the leads of both sides. */
static void remind_other_lead(struct stafette *g, const struct item *item,
                              const struct limits *limits, const struct telling *telling)
{
    const struct unit *to = directory_unit(g->config->directory, item->to_unit);
    if (!to || !to->lead || to->lead == telling->unit)
        return;
    struct telling other = *telling;
    other.unit = to->lead;
    other.reason = REASON_LEAD;
    remind(g, item, limits, &other);
}

static void mark(struct stafette *g, struct item *item, const struct person *person)
{
    /* What is overdue is counted, and a drill is not. */
    if (item->kind == ITEM_DRILL) {
        drill_climbs(g, item);
        return;
    }
    item->flags |= ITEM_OVERDUE | ITEM_LATE;
    if (person->reason == REASON_LEAD || person->reason == REASON_CATCH_ALL)
        item->flags |= ITEM_TOLD_ABOVE;
    if (!str_eq(person->unit->id, item->waiting_unit))
        item->flags |= ITEM_ESCALATED;
    /* An emergency that reached a lead needs a voice, not one more message (DO1). */
    if (item->kind == ITEM_EMERGENCY && person->reason != REASON_DEPUTY &&
        item->state == STATE_REPORTED)
        item->flags |= ITEM_VOICE;
    store_item_mark(g->store, item);
}

static void climb(struct stafette *g, const struct clock *clock, struct item *item)
{
    char what[ID_MAX], status[ID_MAX];
    struct limits limits;
    struct buf sentence = BUF_INIT;
    work_limits(g, item, &limits);
    struct person person = next_person(g, item, &limits, clock->step);
    work_template(what, item->kind, "reminder");
    work_template(status, item->kind, item->flags & ITEM_OVERDUE ? "escalated" : "overdue");
    mark(g, item, &person);
    store_clock_fire(g->store, clock->seq, g->now_ms, audit_fire(g, clock, person.unit));
    int64_t due_ms = workflow_set_clock(g, item, &limits, person.rung + 1);
    if (item->kind == ITEM_TASK)
        work_task_sentence(g, &sentence, item);
    else if (item->kind <= ITEM_EMERGENCY && person.unit == g->config->directory->catch_all)
        undelivered_sentence(g, &sentence, item);
    const struct telling telling = {person.unit, person.reason, what, due_ms, buf_str(&sentence)};
    remind(g, item, &limits, &telling);
    if (item->state == STATE_CONFLICT && person.reason == REASON_LEAD)
        remind_other_lead(g, item, &limits, &telling);
    tell_status(g, item, status, "told", person.unit->id);
    buf_release(&sentence);
}

/* Who is told stands in the notices. */
static void fire_meeting(struct stafette *g, const struct clock *clock)
{
    store_clock_fire(g->store, clock->seq, g->now_ms, audit_fire(g, clock, NULL));
}

/* A clock that changes the state by itself. */
static void turn_over(struct stafette *g, const struct clock *clock, const struct item *item,
                      int on)
{
    store_clock_fire(g->store, clock->seq, g->now_ms, audit_fire(g, clock, NULL));
    work_inner(g, item, on);
}

/* A provider that accepted and lets the first contact pass is not reminded: the giver is
 * responsible again. */
static bool awaits_contact(const struct item *item)
{
    return item->kind == ITEM_REFERRAL &&
           (item->state == STATE_ACCEPTED || item->state == STATE_CONTACT_SCHEDULED);
}

static void lapse(struct stafette *g, const struct clock *clock, struct item *item)
{
    item->flags |= ITEM_LATE;
    turn_over(g, clock, item, ON_CONTACT_OVERDUE);
}

/* Nobody is left to be told of a drill: it does not go to the coordinator over and over. */
static bool is_last_rung(const struct stafette *g, const struct item *item, int step)
{
    struct limits limits;
    if (item->kind != ITEM_DRILL)
        return false;
    work_limits(g, item, &limits);
    return (size_t)next_person(g, item, &limits, step).rung >= limits.rungs;
}

const struct unit *clock_next_told(const struct stafette *g, const struct item *item)
{
    struct clock clock;
    struct limits limits;
    if (!store_clock_of(g->store, item->seq, &clock) || clock.kind > CLOCK_COMPLETE ||
        awaits_contact(item) || is_last_rung(g, item, clock.step))
        return NULL;
    work_limits(g, item, &limits);
    return next_person(g, item, &limits, clock.step).unit;
}

static void fire(struct stafette *g, const struct clock *clock, struct item *item)
{
    switch (clock->kind) {
    case CLOCK_ACKNOWLEDGE:
    case CLOCK_ACCEPT:
    case CLOCK_COMPLETE:
        if (awaits_contact(item))
            lapse(g, clock, item);
        else if (is_last_rung(g, item, clock->step))
            turn_over(g, clock, item, ON_END);
        else
            climb(g, clock, item);
        return;
    case CLOCK_LAPSE:
        turn_over(g, clock, item, ON_NO_ANSWER);
        return;
    case CLOCK_EXPIRY:
        if (clock->step == EXPIRY_WARNING)
            work_voucher_warns(g, clock, item, audit_fire(g, clock, NULL));
        else
            turn_over(g, clock, item, ON_EXPIRED);
        return;
    case CLOCK_BEGIN:
        store_clock_fire(g->store, clock->seq, g->now_ms, audit_fire(g, clock, NULL));
        work_task_begins(g, item);
        return;
    case CLOCK_STATUTE:
        work_statute_fires(g, clock, item, audit_fire(g, clock, NULL));
        return;
    case CLOCK_MEETING:
        fire_meeting(g, clock);
        meeting_fires(g, item);
        return;
    case CLOCK_REMINDER:
        fire_meeting(g, clock);
        meeting_reminds(g, clock, item);
        return;
    case CLOCK_KIND_COUNT:
        break;
    }
}

size_t clock_fire_due(struct stafette *g)
{
    struct clock due[TURN_CLOCKS_MAX];
    size_t n = store_clock_due(g->store, g->now_ms, due, TURN_CLOCKS_MAX);
    int64_t last = store_last(g->store, SEQ_NOTICE) + TURN_NOTICES_MAX;
    for (size_t i = 0; i < n; i++) {
        struct item item;
        if (store_last(g->store, SEQ_NOTICE) >= last)
            return i;
        /* What fired before in this turn may have cancelled it. */
        if (!store_clock_is_open(g->store, due[i].seq))
            continue;
        if (store_item_get(g->store, due[i].item_seq, &item) && !item.closed_ms)
            fire(g, &due[i], &item);
        else
            store_clock_fire(g->store, due[i].seq, g->now_ms, audit_fire(g, &due[i], NULL));
        test_point("clock-fired");
    }
    return n;
}
