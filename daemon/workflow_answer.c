/*
 * Workflow: events that answer an item. Which item, may this unit say so, does the state allow it,
 * and what follows. The first answer wins; one that says again what is recorded is harmless.
 */
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "route.h"
#include "store.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_event.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { TOLD_MAX = 16, CANDIDATES_MAX = 5 };

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

/* True when the unit is on the item's receiving side: asked before, or standing in. Never the
 * giver, whom a rejected item waits for; and of a referral only the provider's side, for its
 * approver was asked as well. */
static bool is_receiver(const struct work *w, const struct item *item, const struct unit *by)
{
    const struct unit *to = directory_unit(w->g->config->directory, item->to_unit);
    if (str_eq(by->id, item->to_unit))
        return true;
    if (str_eq(by->id, item->from_unit))
        return false;
    for (size_t i = 0; to && i < to->deputies; i++)
        if (to->deputy[i] == by)
            return true;
    if (to && to->lead == by)
        return true;
    return item->kind != ITEM_REFERRAL &&
           (str_eq(by->id, item->waiting_unit) || store_item_asked(w->g->store, item->seq, by->id));
}

static bool may_say(const struct work *w, const struct item *item, enum actor actor)
{
    const struct unit *by = w->parties.by;
    const struct directory *dir = w->g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    const struct unit *waiting = directory_unit(dir, item->waiting_unit);
    switch (actor) {
    case ACTOR_GIVER:
        return by && str_eq(by->id, item->from_unit);
    case ACTOR_RECEIVER:
        return by && is_receiver(w, item, by);
    case ACTOR_APPROVER:
        /* Four eyes (DOMAIN DO5): also while a held request waits for its giver. */
        return by && !str_eq(by->id, item->from_unit) &&
               (str_eq(by->id, item->waiting_unit) || (from && from->lead == by) ||
                by == dir->catch_all);
    case ACTOR_REPORTER:
        return str_eq(w->parties.source->id, item->source) ||
               (waiting && source_speaks_for(w->parties.source, waiting));
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
    if (item->kind != machine_kind(w->ev.type) ||
        !str_eq(item->case_ref, w->ev.text[FIELD_CASE_REF]))
        return true;
    if (machine_next(item->kind, item->state, w->ev.type, &step) != STEP_APPLY ||
        !may_say(w, item, step->actor)) {
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
    else if (!item->seq)
        work_fault(w, "E-VORGANG", FIELD_CASE_REF);
    return search.matches <= 1 && item->seq;
}

void work_tell_outcome(struct work *w, const char *outcome, const char *except)
{
    char units[TOLD_MAX][ID_MAX], what[ID_MAX];
    const struct directory *dir = w->g->config->directory;
    size_t n = store_notice_units(w->g->store, w->item.seq, units, TOLD_MAX);
    work_template(what, w->item.kind, "outcome");
    bool giver_told = false;
    for (size_t i = 0; i <= n; i++) {
        const char *id = i < n ? units[i] : w->item.from_unit;
        const struct unit *unit = directory_unit(dir, id);
        bool is_giver = str_eq(id, w->item.from_unit);
        if (!unit || str_eq(id, except) || str_eq(id, w->item.waiting_unit) ||
            (is_giver && giver_told))
            continue;
        giver_told = giver_told || is_giver;
        const struct telling telling = {unit, REASON_OUTCOME, what, 0, outcome};
        tell_unit(w->g, &w->item, &w->limits, &telling);
    }
}

/* Why a provider may not be told although it is approved; "" = it may (DOMAIN R8, R9, DO10). */
static const char *offer_obstacle(const struct work *w, const struct unit *provider)
{
    const struct item *item = &w->item;
    const struct directory *dir = w->g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    if (str_empty(item->basis))
        return "basis";
    if (provider->kind != UNIT_PROVIDER)
        return "";
    if (!directory_permits(dir, from, provider, ITEM_REFERRAL, item->basis))
        return "permission";
    int64_t day = (w->g->now_ms + (int64_t)berlin_offset_s(w->g->now_ms) * 1000) / 86400000;
    if (!directory_agreement(dir, provider, directory_service(dir, item->service), day))
        return "agreement";
    return "";
}

static const struct unit *provider_for(const struct work *w)
{
    const struct directory *dir = w->g->config->directory;
    const struct item *item = &w->item;
    struct route_result route;
    const struct route_query query = {
        .kind = ITEM_REFERRAL,
        .urgency = item->urgency,
        .place = directory_place(dir, item->place),
        .area = directory_area(dir, item->area),
        .service = directory_service(dir, item->service),
        .complexity = "",
        .from = directory_unit(dir, item->from_unit),
        .to = directory_unit(dir, item->to_unit),
        .restricted = item->restricted,
        .at_ms = w->g->now_ms,
    };
    route_decide(w->g->config->routing, dir, &query, &route);
    return route.target[0].unit;
}

/* Approved: offer it, or hold it and say why. */
static void approve(struct work *w)
{
    struct item *item = &w->item;
    const struct unit *provider = provider_for(w);
    const struct directory *dir = w->g->config->directory;
    const char *obstacle = offer_obstacle(w, provider);
    bool held = !str_empty(obstacle);
    const struct unit *from = directory_unit(dir, item->from_unit);
    const struct unit *asked = held ? (from ? from : dir->catch_all) : provider;
    item->state = held ? STATE_HELD : STATE_OFFERED;
    if (!held)
        str_copy(item->to_unit, sizeof item->to_unit, provider->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, asked->id);
    store_item_update(w->g->store, item);
    store_delivery_cancel(w->g->store, item->seq, store_last(w->g->store, SEQ_NOTICE) + 1,
                          w->g->now_ms);
    int64_t due_ms = workflow_set_clock(w->g, item, &w->limits, 0);
    const struct telling telling = {
        asked, held ? REASON_SENDER : REASON_ROUTE, held ? "referral.outcome" : "referral.offered",
        due_ms,
        held ? "Die Freigabe liegt vor, der Auftrag ist aber angehalten: Rechtsgrundlage, "
               "Vereinbarung oder Berechtigung für diesen Träger fehlt."
             : ""};
    tell_unit(w->g, item, &w->limits, &telling);
    if (held) {
        work_fault(w, "E-RECHT", FIELD_NONE);
        tell_status(w->g, item, "referral.held", "missing", obstacle);
    } else {
        tell_status(w->g, item, "referral.approved", "", "");
    }
}

static const char *waiting_after(const struct work *w, const struct step *step)
{
    switch (step->waits) {
    case WAITS_NOBODY:
        return "";
    case WAITS_GIVER:
        return w->item.from_unit;
    case WAITS_RECEIVER:
        return w->item.to_unit;
    case WAITS_APPROVER:
    case WAITS_SAME:
        break;
    }
    return w->item.waiting_unit;
}

/* The giver must act: it gets its own notice with the new deadline. */
static void tell_giver_turn(struct work *w, const struct step *step, int64_t due_ms)
{
    const struct directory *dir = w->g->config->directory;
    const struct unit *giver = directory_unit(dir, w->item.waiting_unit);
    char what[ID_MAX];
    work_template(what, w->item.kind, step->to == STATE_RETURNED ? "returned" : "outcome");
    const struct telling telling = {giver ? giver : dir->catch_all, REASON_SENDER, what, due_ms,
                                    step->outcome};
    tell_unit(w->g, &w->item, &w->limits, &telling);
}

static void apply(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    const char *by = w->parties.by ? w->parties.by->id : "";
    work_limits(w->g, item, &w->limits);
    store_clock_cancel(w->g->store, item->seq);
    item->changed_ms = w->g->now_ms;
    if (step->to == STATE_OFFERED) {
        approve(w);
        return;
    }
    item->state = step->to;
    if (step->moves_owner && !str_empty(by)) {
        str_copy(item->owner_unit, sizeof item->owner_unit, by);
        str_copy(item->to_unit, sizeof item->to_unit, by);
    }
    char waiting[ID_MAX];
    str_copy(waiting, sizeof waiting, waiting_after(w, step));
    memcpy(item->waiting_unit, waiting, sizeof waiting);
    if (item_state_is_final(step->to))
        item->closed_ms = w->g->now_ms;
    store_item_update(w->g->store, item);
    if (step->waits != WAITS_SAME)
        store_delivery_cancel(w->g->store, item->seq, store_last(w->g->store, SEQ_NOTICE) + 1,
                              w->g->now_ms);
    int64_t due_ms = item->closed_ms ? 0 : workflow_set_clock(w->g, item, &w->limits, 0);
    tell_status(w->g, item, step->status, "code", w->ev.text[FIELD_CODE]);
    if (!str_empty(step->outcome))
        work_tell_outcome(w, step->outcome, by);
    if (step->waits == WAITS_GIVER)
        tell_giver_turn(w, step, due_ms);
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
    if (!may_say(w, &w->item, step->actor)) {
        work_fault(w, "E-STELLE", speaker(w));
        work_refuse(w, false);
    } else if (step->moves_owner && !str_eq(w->parties.by->id, w->item.owner_unit)) {
        work_fault(w, "E-ZUSTAND", FIELD_NONE);
        work_refuse(w, false);
    }
}

void work_answer(struct work *w)
{
    const struct step *step;
    bool found = work_names_item(w) ? work_named_item(w, &w->item) : item_of_case(w, &w->item);
    if (!found || w->item.kind != machine_kind(w->ev.type)) {
        if (found)
            work_fault(w, "E-VORGANG", FIELD_NONE);
        memset(&w->item, 0, sizeof w->item);
        work_refuse(w, true);
        return;
    }
    w->row.outcome = OUTCOME_ACCEPTED;
    enum step_verdict verdict = machine_next(w->item.kind, w->item.state, w->ev.type, &step);
    if (verdict == STEP_NO_EFFECT) {
        say_again(w, step);
    } else if (verdict == STEP_REFUSE) {
        work_fault(w, "E-ZUSTAND", FIELD_NONE);
        work_refuse(w, false);
    } else if (!may_say(w, &w->item, step->actor)) {
        work_fault(w, "E-STELLE", speaker(w));
        work_refuse(w, false);
    } else {
        apply(w, step);
    }
}
