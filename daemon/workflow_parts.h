/*
 * For workflow*.c, clock.c and answer.c only: one event on its way through the decision.
 */
#ifndef WORKFLOW_PARTS_H
#define WORKFLOW_PARTS_H

#include "admit.h"
#include "event.h"
#include "gateway.h"
#include "known.h"
#include "limits.h"
#include "store_clock.h"
#include "store_item.h"
#include "workflow.h"

struct route_result;

struct work {
    struct stafette *g;
    const struct event_input *input; /* NULL: no event, or one that had been parked */
    const struct known *fresh;
    struct decision *out;
    struct event ev; /* an inner event or an answer without one: empty texts */
    struct parties parties;
    struct event_row row;  /* what will be stored of the event */
    struct item item;      /* what it is about; seq 0 = none */
    struct limits limits;  /* of the item */
    struct buf candidates; /* codes, when a case_ref alone does not say which item (E-MEHRDEUTIG) */
    const struct unit *told_apart; /* hears of the step in words of its own, so not the outcome */
    int depth;                     /* parked events that follow from each other */
};

/* ---- workflow.c */

/* A work without an event: what the gateway itself or an answer does to an item. */
void work_begin_inner(struct work *w, struct stafette *g, const struct item *item);
void work_end_inner(struct work *w);

/* The number of the event with that id of that source, or 0. */
int64_t work_find_event(const struct work *w, const char *source, const char *id);

/* Writes w's event: its row, its audit row, and its receipt where somebody waits for one. */
void work_record(struct work *w);

/* Adds a fault at a data field (FIELD_NONE: at none). */
void work_fault(struct work *w, const char *code, enum field field);

/* "handover" + ".reminder" -> template name; the kind's name is "refusal" for refusals. */
void work_template(char name[ID_MAX], enum item_kind kind, const char *what);

/* Reads the frozen limits of an item. */
void work_limits(const struct stafette *g, const struct item *item, struct limits *limits);
/* Keeps w->limits as the item's frozen ones. */
void work_freeze(struct work *w);

/* ---- workflow_answer.c */

/* The item an event names by item_id, in_reply_to or corrects; false with a fault when it names
 * none that exists. */
bool work_named_item(struct work *w, struct item *item);
bool work_names_item(const struct work *w);

/* True when w's unit or source may say what the step wants said. */
bool work_may_say(const struct work *w, const struct item *item, enum actor actor);

/* Applies an answer to its item, parks it or refuses it. */
void work_answer(struct work *w);

/* ---- workflow_open.c */

/* Refuses the event. `lost` opens an item at the source's technical desk (DESIGN 1.5). */
void work_refuse(struct work *w, bool lost);

/* Opens or completes an item from a requesting event; with `complete` false it is `returned`. */
void work_open(struct work *w, bool complete);

/* An empty item of that kind, with the next number. */
void work_new_item(struct work *w, enum item_kind kind);

/* Ends the refusal that w's event corrects (DESIGN 1.5). */
void work_corrected(struct work *w, struct item *refusal);

/* Ends an open item without an answer, because a corrected event came or a person closed it, and
 * tells the unit it waited for. */
void work_close(struct stafette *g, struct item *item, enum item_state state, const char *outcome);

/* ---- workflow_apply.c */

/* Takes a step of the table on w->item: state, flags, owner, clocks, notices, status event, effect;
 * then what had been parked for it. */
void work_apply(struct work *w, const struct step *step);

/* The usual end of a step: row, clocks, status event, outcome, who must act now. */
void work_finish_step(struct work *w, const struct step *step);

/* Takes the step of an inner event when the table has one; false when it has none. */
bool work_inner(struct stafette *g, const struct item *item, int on);

/* Tells everyone who was told of w->item before, but the unit `except`, how it went on. */
void work_tell_outcome(struct work *w, const char *outcome, const char *except);

/* Tells the unit that must act now, with its deadline. */
void work_tell_waiting(struct work *w, const char *outcome, int64_t due_ms);

/* The unit of that id, the catch-all desk when there is none. */
const struct unit *work_unit(const struct stafette *g, const char *id);
/* The role that settles conflicts of competence for a unit (DO4). */
const struct unit *work_contact_role(const struct stafette *g, const char *unit);

/* ---- workflow_effect.c */

/* What a step does besides. True when it has finished the step itself. */
bool work_effect(struct work *w, const struct step *step);
/* Offers a referral to the provider that is chosen now, or holds it and tells the giver why; true
 * when it was offered. */
bool work_offer(struct work *w);

/* ---- workflow_park.c */

/* Keeps the event for what must come before it, 24 h; then it goes to the coordinator. */
void work_park(struct work *w, const char *fault);
/* Applies what was parked for an item that has just changed. */
void work_unpark(struct work *w);

/* ---- workflow_task.c */

struct task {
    const char *code;          /* a row of the table in workflow_task.c */
    const struct item *parent; /* NULL: none */
    const struct unit *unit;   /* who must do it; NULL: the catch-all desk */
    int64_t begins_ms;         /* 0: now */
    enum urgency urgency;
    const struct unit *about; /* of no parent: the unit that it is about; NULL: none */
    int64_t number;           /* put into the sentence where it has a place for one */
    int64_t due_day;          /* what it reminds of; its ladder begins after that day; 0 = none */
    int64_t begin_day; /* of a reminder, in the place of begins_ms: begins when the unit opens on
                        * its last staffed day up to this one, not before now; 0 = no reminder */
    bool not_before;   /* ... on its first staffed day from this one on */
    unsigned flags;    /* enum item_flag, besides those of the parent */
    const char *plan;  /* what the reminder's own part keeps with it; NULL = nothing */
};
/* Opens a task; returns its item number. */
int64_t work_task(struct stafette *g, const struct task *task);
/* The same, for the unit that the routing rules name for the task's code; no rule but the root: no
 * task, and 0. */
int64_t work_routed_task(struct stafette *g, const struct task *task);
/* Whom the rules name for the task's code; the catch-all desk when none does. */
const struct unit *work_task_route(struct stafette *g, const struct task *task);
/* Tells a task that begins now. */
void work_task_begins(struct stafette *g, struct item *item);
/* Ends what is open of an item's tasks and clocks and has no sense without it. */
void work_end_tasks(struct stafette *g, const struct item *parent);
/* True while a second function's part of a handover is open (KI2). */
bool work_tasks_open(struct stafette *g, int64_t parent_seq);
/* A task has ended: its handover may be over now. */
void work_task_ended(struct stafette *g, const struct item *task);
/* The German sentence of a task. */
void work_task_sentence(const struct stafette *g, struct buf *out, const struct item *item);
/* When a task with a begin_day begins for that unit; never before now. */
int64_t work_task_begin_ms(const struct stafette *g, const struct task *task,
                           const struct unit *unit);

/* ---- workflow_reminder.c */

/* The facts that people are reminded of: plan.review.due, aftercare.agreed, letter.sent,
 * followup.call.due. */
void work_review(struct work *w);
void work_aftercare(struct work *w);
void work_letter(struct work *w);
void work_call(struct work *w);
/* case.closed: its reminders end, as far as the same source asked for them. */
void work_case_closed(struct work *w);
/* A task's day has come: true when nobody is to be told of it as it is. */
bool work_reminder_begins(struct stafette *g, struct item *item);
/* A task was done: a call that reached nobody is made again. */
void work_reminder_done(struct work *w);
/* A voucher's clock: set with the clocks of the referral; its warning, once (§ 5.5 of DOMAIN). */
void work_voucher_clock(struct stafette *g, const struct item *item);
void work_voucher_warns(struct stafette *g, const struct clock *clock, struct item *item,
                        int64_t effect_seq);
enum { EXPIRY_ENDS, EXPIRY_WARNING }; /* step of a CLOCK_EXPIRY */

/* The reminder of a case, by its code and its unit, or by the asking source when unit is NULL. */
struct reminder_search {
    const char *code, *case_ref, *source;
    const struct unit *unit;
    struct item open, ended; /* the newest of each; seq 0 = none */
};
void work_reminder_find(struct stafette *g, int64_t case_key, struct reminder_search *search);
/* Opens the reminder that w's event asks for, or moves the one that is open; an equal one changes
 * nothing. Nobody is told twice of one date. */
void work_remind(struct work *w, const struct task *task);

/* False, and the event is refused, when that day is more than ten years ahead. */
bool work_day_near(struct work *w, enum field field);

/* ---- workflow_visit.c */

/* visit.due and visit.joint.proposed (BI6). */
void work_visit(struct work *w);
void work_visit_joint(struct work *w);
/* A visit's reminder is due: true when it became a joint proposal, or may not be told. */
bool work_visit_begins(struct stafette *g, struct item *item);
bool work_is_visit(const struct item *item);

/* ---- workflow_deadline.c */

/* A statutory clock: deadline.set opens it, its warnings fire, deadline.extended moves it. */
void work_statute(struct work *w);
/* A clock that runs beside an item, at its giver: C1 beside a forwarded application (H6). */
void work_statute_of(struct stafette *g, const struct item *parent, const char *clock,
                     int64_t start_day);
void work_statute_fires(struct stafette *g, const struct clock *clock, struct item *item,
                        int64_t effect_seq);
bool work_statute_moves(struct work *w, const struct step *step);

/* ---- workflow_fact.c */

/* Events that neither open nor answer an item: early warnings, milestones, duty rosters ... */
void work_fact(struct work *w);
/* What a task of w's fact is about: no item, but its case, place and source. */
void work_describe(const struct work *w, struct item *about);
/* The receipt names the task; 0: none. */
void work_names_task(struct work *w, int64_t task_seq);

/* ---- workflow_phase.c */

/* After each step of w->item that left the state `before`: its first phase begins with its first
 * contact, as does the time after which it is looked at again (MH9), and its last phase ends when
 * it runs no more. */
void work_phase_follow(struct work *w, enum item_state before);
/* w's event says that w->item is in that phase now. */
void work_phase_change(struct work *w, const char *phase);
/* Appends `begins` and the days of each phase that has ended: " Bisher: Startphase 42 Tage."
 * Nothing when none has. */
void work_phase_sentence(struct work *w, const char *begins, struct buf *out);

/* ---- drill.c */

/* A drill is over by an answer, by its last rung or by hand. */
bool work_drill_ends(struct work *w, const struct step *step);

/* ---- workflow_clock.c */

int64_t work_add_clock(struct stafette *g, const struct item *item, enum clock_kind kind, int step,
                       int64_t due_ms);
/* The last millisecond of a day in Berlin. */
int64_t day_end_ms(int64_t day);
/* The first. */
int64_t day_start_ms(int64_t day);

#endif
