/*
 * Workflow: events that answer an item. Which item, may this unit say so, does the state allow it,
 * and what follows. The first answer wins; one that says again what is recorded is harmless.
 */
#include <string.h>

#include "answer.h"
#include "budget.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "presence.h"
#include "route.h"
#include "store.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_event.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { CANDIDATES_MAX = 5 };

bool work_names_item(const struct work *w)
{
    return w->ev.present[FIELD_ITEM_ID] || w->ev.present[FIELD_IN_REPLY_TO] ||
           w->ev.present[FIELD_CORRECTS];
}

static bool item_of_event(struct work *w, const char *source, const char *id, struct item *item)
{
    struct event_row row;
    int64_t seq = work_find_event(w, source, id);
    return seq && store_event_get(w->g->store, seq, &row, NULL) && row.item_seq &&
           store_item_get(w->g->store, row.item_seq, item);
}

/* The id in in_reply_to was given by the asking source, which need not be the answering one. */
static bool item_replied_to(struct work *w, const char *id, struct item *item)
{
    const struct directory *dir = w->g->config->directory;
    if (item_of_event(w, w->ev.topic_source, id, item))
        return true;
    for (size_t i = 0; i < dir->sources; i++)
        if (item_of_event(w, dir->source[i].id, id, item))
            return true;
    return false;
}

static bool item_of_code(const struct work *w, const char *code, struct item *item)
{
    int64_t seq;
    return code_read(code, &seq, w->g->keys.code) && store_item_get(w->g->store, seq, item);
}

bool work_named_item(struct work *w, struct item *item)
{
    const struct event *ev = &w->ev;
    enum field field = FIELD_NONE;
    bool found = false;
    if (ev->present[FIELD_ITEM_ID]) {
        field = FIELD_ITEM_ID;
        found = item_of_code(w, ev->text[FIELD_ITEM_ID], item);
    } else if (ev->present[FIELD_CORRECTS]) {
        /* The refused event's id, or the refusal's code, for an event whose id was unreadable. */
        field = FIELD_CORRECTS;
        found = item_of_event(w, ev->topic_source, ev->text[FIELD_CORRECTS], item) ||
                item_of_code(w, ev->text[FIELD_CORRECTS], item);
    } else {
        field = FIELD_IN_REPLY_TO;
        found = item_replied_to(w, ev->text[FIELD_IN_REPLY_TO], item);
    }
    if (found && item->case_key && ev->present[FIELD_CASE_REF] &&
        !str_eq(item->case_ref, ev->text[FIELD_CASE_REF]))
        found = false;
    /* A refusal belongs to the source that was refused; no other can end it. */
    if (found && item->kind == ITEM_REFUSAL && !str_eq(item->source, ev->topic_source))
        found = false;
    if (!found)
        work_fault(w, "E-VORGANG", field);
    return found;
}

/* The unit's deputies, whoever stands in for it now, and its lead. */
static bool stands_for(const struct work *w, const struct unit *unit, const struct unit *by)
{
    for (size_t i = 0; unit && i < unit->deputies; i++)
        if (unit->deputy[i] == by)
            return true;
    return unit && (unit->lead == by || presence_who(w->g, unit, w->g->now_ms).unit == by);
}

/* An event about a statutory clock names which; a case may have several. */
static bool other_clock(const struct work *w, const struct item *item)
{
    const char *clock = w->ev.text[FIELD_CLOCK];
    size_t n = strlen(clock);
    return item->kind == ITEM_DEADLINE && n &&
           (strncmp(item->code, clock, n) != 0 || !strchr("/@", item->code[n]));
}

/* True when the unit is on the item's receiving side: asked before, or standing in. Never the
 * giver, whom a rejected item waits for, nor who was reminded in its place; and of a referral only
 * the provider's side, for its approver was asked as well. */
static bool is_receiver(const struct work *w, const struct item *item, const struct unit *by)
{
    const struct unit *to = directory_unit(w->g->config->directory, item->to_unit);
    if (str_eq(by->id, item->to_unit))
        return true;
    if (str_eq(by->id, item->from_unit))
        return false;
    if (stands_for(w, to, by))
        return true;
    const struct directory *dir = w->g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    if (from && by != dir->catch_all &&
        (stands_for(w, from, by) || by == work_contact_role(w->g, item->from_unit)))
        return false;
    return item->state != STATE_CONFLICT && item->kind != ITEM_REFERRAL &&
           (str_eq(by->id, item->waiting_unit) || store_item_asked(w->g->store, item->seq, by->id));
}

/* Contact roles of both sides, the leads of both, and the coordinator (DO4). */
static bool is_arbiter(const struct work *w, const struct item *item, const struct unit *by)
{
    const struct directory *dir = w->g->config->directory;
    const char *const sides[] = {item->from_unit, item->to_unit};
    if (by == dir->catch_all || str_eq(by->id, item->waiting_unit))
        return true;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        const struct unit *side = directory_unit(dir, sides[i]);
        const struct unit *role = work_contact_role(w->g, sides[i]);
        if (role == by || presence_who(w->g, role, w->g->now_ms).unit == by ||
            (side && side->lead == by))
            return true;
    }
    return false;
}

/* When the giver must act and does not, those who are reminded in its place may: its deputies, its
 * lead, the coordinator. */
static bool is_giver(const struct work *w, const struct item *item, const struct unit *by)
{
    const struct directory *dir = w->g->config->directory;
    if (str_eq(by->id, item->from_unit))
        return true;
    return str_eq(item->waiting_unit, item->from_unit) && !str_eq(by->id, item->to_unit) &&
           (by == dir->catch_all || stands_for(w, directory_unit(dir, item->from_unit), by));
}

/* Four eyes (DOMAIN DO5), also while a held request waits for its giver: the giver's lead, who
 * stands in for it, the coordinator; never the giver. */
static bool is_approver(const struct work *w, const struct item *item, const struct unit *by)
{
    const struct directory *dir = w->g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    const struct unit *lead = from ? from->lead : NULL;
    if (str_eq(by->id, item->from_unit))
        return false;
    return str_eq(by->id, item->waiting_unit) || by == dir->catch_all ||
           (from && from->approver_deputy == by) ||
           by == presence_approver(w->g, from, w->g->now_ms) ||
           (lead && (by == lead || stands_for(w, lead, by)));
}

static bool speaks_as_reporter(const struct work *w, const struct item *item,
                               const struct unit *waiting)
{
    const struct source *source = w->parties.source;
    const struct unit *by = w->parties.by;
    if (!source)
        return by && (by == waiting || stands_for(w, waiting, by) ||
                      store_item_asked(w->g->store, item->seq, by->id));
    return str_eq(source->id, item->source) || (waiting && source_speaks_for(source, waiting));
}

/* An event that names no unit speaks for the one that was asked, where its source may. */
static bool speaks_for_receiver(const struct work *w, const struct item *item)
{
    const struct unit *to = directory_unit(w->g->config->directory, item->to_unit);
    return to && w->parties.source && source_speaks_for(w->parties.source, to);
}

bool work_may_say(const struct work *w, const struct item *item, enum actor actor)
{
    const struct unit *by = w->parties.by;
    const struct directory *dir = w->g->config->directory;
    const struct unit *waiting = directory_unit(dir, item->waiting_unit);
    switch (actor) {
    case ACTOR_GIVER:
        return by && is_giver(w, item, by);
    case ACTOR_RECEIVER:
        return by ? is_receiver(w, item, by) : speaks_for_receiver(w, item);
    case ACTOR_APPROVER:
        return by && is_approver(w, item, by);
    case ACTOR_REPORTER:
        return speaks_as_reporter(w, item, waiting);
    case ACTOR_PARTY:
        return by && (str_eq(by->id, item->from_unit) || is_receiver(w, item, by));
    case ACTOR_ARBITER:
        return by && is_arbiter(w, item, by);
    case ACTOR_GATEWAY:
        break;
    }
    return false;
}

/* Looks through the items of a case for the one that this event can mean. */
struct case_search {
    struct work *w;
    struct item found;   /* open, and the step applies */
    struct item settled; /* newest that has the fact already, or cannot take it */
    size_t matches;
};

static bool look_at(void *context, const struct item *item)
{
    struct case_search *search = context;
    struct work *w = search->w;
    const struct step *step;
    if (item->kind != machine_kind(w->ev.type) || other_clock(w, item) ||
        !str_eq(item->case_ref, w->ev.text[FIELD_CASE_REF]))
        return true;
    const struct occasion occasion = {item->kind, item->state, item->flags, w->ev.type,
                                      w->ev.text[FIELD_CODE]};
    enum step_verdict verdict = machine_next(&occasion, &step);
    if ((verdict != STEP_APPLY && verdict != STEP_PARK) || !work_may_say(w, item, step->actor)) {
        if (!search->settled.seq)
            search->settled = *item;
        return true;
    }
    search->found = *item;
    if (search->matches < CANDIDATES_MAX) {
        char code[ITEM_ID_LEN + 1];
        code_write(code, item->seq, w->g->keys.code);
        buf_printf(&w->candidates, "%s%s", search->matches ? " " : "", code);
    }
    search->matches++;
    return true;
}

static bool item_of_case(struct work *w, struct item *item)
{
    struct case_search search;
    memset(&search, 0, sizeof search);
    search.w = w;
    const char *ref = w->ev.text[FIELD_CASE_REF];
    int64_t key = (int64_t)digest_short(w->g->keys.case_ref, ref, strlen(ref));
    store_item_each_of_case(w->g->store, key, &search, look_at);
    *item = search.matches ? search.found : search.settled;
    if (search.matches > 1)
        work_fault(w, "E-MEHRDEUTIG", FIELD_CASE_REF);
    return search.matches <= 1 && item->seq;
}

/* The field by which the event says who answers. */
static enum field speaker(const struct work *w)
{
    static const enum field fields[] = {FIELD_BY_UNIT, FIELD_BY_ROLE, FIELD_PROVIDER};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (w->ev.present[fields[i]])
            return fields[i];
    return FIELD_NONE;
}

/* The fact is recorded already (DOMAIN E13): harmless from those who may say it. But who is told
 * "accepted" must not believe to be responsible when somebody else is. */
static void say_again(struct work *w, const struct step *step)
{
    if (!work_may_say(w, &w->item, step->actor)) {
        work_fault(w, "E-STELLE", speaker(w));
        work_refuse(w, false);
    } else if (step_moves_owner(step) && w->parties.by &&
               !str_eq(w->parties.by->id, w->item.owner_unit)) {
        work_fault(w, "E-ZUSTAND", FIELD_NONE);
        work_refuse(w, false);
    }
}

/* An answer to what has not come yet: kept when only its case is named, for then its request may be
 * on the way; an item that is named must exist. */
static void answer_nothing(struct work *w)
{
    bool may_come = !work_names_item(w) && w->item.seq == 0 && w->ev.present[FIELD_CASE_REF];
    memset(&w->item, 0, sizeof w->item);
    if (may_come && w->ev.faults == 0) {
        work_park(w, "E-VORHER");
        return;
    }
    if (w->ev.faults == 0)
        work_fault(w, "E-VORGANG", FIELD_NONE);
    work_refuse(w, true);
}

/* A decision that gives the case to another unit must name it. */
static bool lacks_unit(struct work *w, const struct step *step)
{
    if (step->effect != EFFECT_REASSIGN || w->parties.to)
        return false;
    work_fault(w, "E-PFLICHT", FIELD_TO_UNIT);
    return true;
}

/* DO6: a frozen line takes no new approvals. */
static bool is_frozen(struct work *w, const struct step *step)
{
    struct budget_row row;
    const char *line = w->ev.text[FIELD_BUDGET_LINE];
    if (step->effect != EFFECT_OFFER || !w->ev.present[FIELD_BUDGET_LINE] ||
        !budget_look(w->g, line, &row) || !row.frozen)
        return false;
    work_fault(w, "E-BUDGET", FIELD_BUDGET_LINE);
    return true;
}

/* A call is done only with what came of it (BI5). */
static bool lacks_result(struct work *w, const struct step *step)
{
    if (step->on != EVENT_TASK_DONE ||
        answer_code_fits(ANSWER_DONE, &w->item, w->ev.text[FIELD_CODE]))
        return false;
    work_fault(w, "E-WERT", FIELD_CODE);
    return true;
}

void work_answer(struct work *w)
{
    const struct step *step;
    bool found = work_names_item(w) ? work_named_item(w, &w->item) : item_of_case(w, &w->item);
    if (!found || w->item.kind != machine_kind(w->ev.type) || other_clock(w, &w->item)) {
        answer_nothing(w);
        return;
    }
    w->row.outcome = OUTCOME_ACCEPTED;
    const struct occasion occasion = {w->item.kind, w->item.state, w->item.flags, w->ev.type,
                                      w->ev.text[FIELD_CODE]};
    enum step_verdict verdict = machine_next(&occasion, &step);
    if (verdict == STEP_REFUSE) {
        work_fault(w, "E-ZUSTAND", FIELD_NONE);
        work_refuse(w, false);
    } else if (verdict == STEP_NO_EFFECT) {
        say_again(w, step);
    } else if (!work_may_say(w, &w->item, step->actor)) {
        work_fault(w, "E-STELLE", speaker(w));
        work_refuse(w, false);
    } else if (verdict == STEP_PARK) {
        work_park(w, step->to == STATE_ACCEPTED ? "E-GESPRAECH" : "E-VORHER");
    } else if (lacks_unit(w, step) || is_frozen(w, step) || lacks_result(w, step)) {
        work_refuse(w, false);
    } else {
        work_apply(w, step);
    }
}
