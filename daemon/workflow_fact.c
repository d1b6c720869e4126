/*
 * Workflow, facts: events that neither open nor answer an item (early warnings, new cases,
 * milestones). One row of the table for each type; what a fact asks of a person becomes a task.
 * A fact that asks for nothing is kept in the event's row and the audit.
 */
#include <stdio.h>
#include <string.h>

#include "agenda.h"
#include "budget.h"
#include "config.h"
#include "directory.h"
#include "meeting.h"
#include "meeting_special.h"
#include "poll.h"
#include "presence.h"
#include "store.h"
#include "store_case.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

/* The newest item of the case, for a fact that does not say where it belongs; and that one of them
 * is restricted, which holds for the case (DOMAIN R11). */
static bool take_newest(void *context, const struct item *item)
{
    struct item *about = context;
    if (!str_eq(item->case_ref, about->case_ref))
        return true;
    about->restricted = about->restricted || item->restricted;
    about->flags |= item->flags & ITEM_ANVERTRAUT;
    if (item->kind == ITEM_TASK || !str_empty(about->from_unit))
        return true;
    memcpy(about->place, item->place, sizeof about->place);
    memcpy(about->area, item->area, sizeof about->area);
    memcpy(about->service, item->service, sizeof about->service);
    memcpy(about->from_unit, item->owner_unit, sizeof about->from_unit);
    return true;
}

void work_describe(const struct work *w, struct item *about)
{
    const struct parties *p = &w->parties;
    memset(about, 0, sizeof *about);
    about->event_seq = w->row.seq;
    about->restricted = w->ev.restricted;
    about->flags = w->ev.number[FIELD_ANVERTRAUT] ? ITEM_ANVERTRAUT : 0;
    str_copy(about->source, sizeof about->source, w->ev.topic_source);
    str_copy(about->case_ref, sizeof about->case_ref, w->ev.text[FIELD_CASE_REF]);
    about->case_key =
        (int64_t)digest_short(w->g->keys.case_ref, about->case_ref, strlen(about->case_ref));
    struct item newest = *about;
    store_item_each_of_case(w->g->store, about->case_key, &newest, take_newest);
    about->restricted = newest.restricted;
    about->flags = newest.flags;
    if (!p->place)
        *about = newest;
    if (p->place)
        str_copy(about->place, sizeof about->place, p->place->id);
    if (p->area)
        str_copy(about->area, sizeof about->area, p->area->id);
    if (p->service)
        str_copy(about->service, sizeof about->service, p->service->id);
    if (p->from)
        str_copy(about->from_unit, sizeof about->from_unit, p->from->id);
}

void work_names_task(struct work *w, int64_t task_seq)
{
    if (task_seq)
        store_item_get(w->g->store, task_seq, &w->item);
}

/* BI7, DO12: to whom the rules say, else to the coordinator. A first missed appointment is none
 * yet. */
static void early_warning(struct work *w)
{
    struct item about;
    const char *code = w->ev.text[FIELD_CODE];
    if (str_eq(code, "missed_appt") && w->ev.number[FIELD_COUNT_OF] < 2)
        return;
    work_describe(w, &about);
    const struct task task = {.code = code,
                              .parent = &about,
                              .urgency = w->ev.urgency,
                              .number = w->ev.number[FIELD_COUNT_OF]};
    int64_t seq = work_routed_task(w->g, &task);
    work_names_task(w, seq ? seq : work_task(w->g, &task));
}

/* UL4: where the rules name an intake desk, a new case has an owner the same day. */
static void case_opened(struct work *w)
{
    struct item about;
    work_describe(w, &about);
    const struct task task = {.code = "intake", .parent = &about, .urgency = w->ev.urgency};
    work_names_task(w, work_routed_task(w->g, &task));
}

static void recorded(struct work *w)
{
    (void)w;
}

/* BI1: Gesamthilfebedarf, Hilfeplanung, Leistungsabsprache, then the Bescheid. */
enum { STEP_AGREED = 3 };

static void milestone(struct work *w)
{
    static const char *const order[] = {"gesamthilfebedarf", "hilfeplanung", "leistungsabsprache"};
    struct item about;
    work_describe(w, &about);
    for (int i = 0; i < STEP_AGREED; i++)
        if (str_eq(w->ev.text[FIELD_CODE], order[i]))
            store_milestone_add(w->g->store, about.case_key, i + 1, w->ev.number[FIELD_AT]);
}

/* A Bescheid without the agreement is a fact all the same; the lead is asked to look at it. */
static void bescheid(struct work *w)
{
    struct item about;
    work_describe(w, &about);
    if (store_milestone_has(w->g->store, about.case_key, STEP_AGREED))
        return;
    about.flags |= ITEM_OUT_OF_ORDER;
    const struct unit *by = w->parties.by;
    const struct task task = {.code = "out_of_order",
                              .parent = &about,
                              .unit = by && by->lead ? by->lead : by,
                              .urgency = w->ev.urgency};
    work_names_task(w, work_task(w->g, &task));
    tell_status(w->g, &w->item, "case.out_of_order", "code", "bescheid");
}

/* The line's own system says what is committed and how much there is (DO6). */
static void budget_changed(struct work *w)
{
    const char *line = w->ev.text[FIELD_BUDGET_LINE];
    int crossed;
    if (budget_set(w->g, line, w->ev.number[FIELD_COMMITTED], w->ev.number[FIELD_TOTAL],
                   &crossed) == BUDGET_UNKNOWN) {
        work_fault(w, "E-WERT", FIELD_BUDGET_LINE);
        work_refuse(w, false);
        return;
    }
    const struct budget *budget = directory_budget(w->g->config->directory, line);
    const struct task task = {
        .code = "budget", .unit = budget ? budget->lead : NULL, .number = crossed};
    if (crossed)
        work_names_task(w, work_task(w->g, &task));
}

/* Who is absent, and who has the first line of an on-duty plan instead. A fact that cannot be
 * (reversed, past, nobody's plan) is refused, so that its sender does not rely on it. */
static void presence_change(struct work *w,
                            int (*take)(struct stafette *g, const struct presence_change *change,
                                        struct buf *err))
{
    char by[32];
    struct buf err = BUF_INIT;
    snprintf(by, sizeof by, "event=%lld", (long long)w->row.seq);
    const struct presence_change change = {.unit = w->parties.by,
                                           .from_ms = w->ev.number[FIELD_FROM],
                                           .to_ms = w->ev.number[FIELD_TO],
                                           .deputy = w->parties.to,
                                           .by = by};
    if (take(w->g, &change, &err) < 0) {
        work_fault(w, "E-ZEITRAUM", FIELD_TO);
        work_refuse(w, false);
    }
    buf_release(&err);
}

static void absence_reported(struct work *w)
{
    presence_change(w, presence_report);
}

static void roster_changed(struct work *w)
{
    presence_change(w, presence_swap);
}

static const struct {
    int type;
    void (*take)(struct work *w);
} facts[] = {
    {EVENT_DEADLINE_SET, work_statute},
    {EVENT_EARLYWARNING_RAISED, early_warning},
    {EVENT_CASE_OPENED, case_opened},
    {EVENT_CASE_CONVERTED, recorded},
    {EVENT_CASE_CLOSED, work_case_closed},
    {EVENT_MILESTONE_REACHED, milestone},
    {EVENT_BESCHEID_ISSUED, bescheid},
    {EVENT_ABSENCE_REPORTED, absence_reported},
    {EVENT_ROSTER_CHANGED, roster_changed},
    {EVENT_BUDGET_CHANGED, budget_changed},
    {EVENT_SERIES_DEFINED, work_series_defined},
    {EVENT_MEETING_CALLED, work_meeting_called},
    {EVENT_MEETING_CHANGED, work_meeting_changed},
    {EVENT_MEETING_CANCELLED, work_meeting_cancelled},
    {EVENT_MEETING_HELD, work_meeting_held},
    {EVENT_MINUTES_FILED, work_minutes_filed},
    {EVENT_RSVP_RECEIVED, work_rsvp_received},
    {EVENT_AGENDA_ADDED, work_agenda_added},
    {EVENT_REVIEW_DUE, work_review},
    {EVENT_AFTERCARE_AGREED, work_aftercare},
    {EVENT_LETTER_SENT, work_letter},
    {EVENT_FOLLOWUP_CALL, work_call},
    {EVENT_VISIT_DUE, work_visit},
    {EVENT_VISIT_JOINT, work_visit_joint},
    {EVENT_POLL_OPENED, work_poll_opened},
    {EVENT_POLL_CLOSED, work_poll_closed},
    {EVENT_DOCUMENT_FILED, work_document_filed},
};

static bool take(struct work *w)
{
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        if (facts[i].type == w->ev.type) {
            facts[i].take(w);
            return true;
        }
    return false;
}

/* A fact may correct one that was refused, and ends the refusal when it is taken. */
void work_fact(struct work *w)
{
    struct item refusal = {0};
    w->row.outcome = OUTCOME_ACCEPTED;
    if (w->ev.present[FIELD_CORRECTS] && !work_named_item(w, &refusal)) {
        work_refuse(w, true);
        return;
    }
    if (!take(w)) {
        work_fault(w, "E-NOCH-NICHT", FIELD_NONE);
        work_refuse(w, false);
    } else if (w->row.outcome == OUTCOME_ACCEPTED && refusal.kind == ITEM_REFUSAL && refusal.seq &&
               !refusal.closed_ms) {
        work_corrected(w, &refusal);
    }
}
