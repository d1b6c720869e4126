/*
 * Workflow: events that open an item (handover.requested, referral.requested, emergency.reported),
 * and events that are refused. An incomplete request opens its item too, as `returned`: the person
 * behind it is not lost, the sender must complete it, and the clock runs.
 */
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "drill.h"
#include "pool.h"
#include "route.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "tally.h"
#include "tell.h"
#include "template.h"
#include "util.h"
#include "workflow_parts.h"

static const struct directory *directory_of(const struct work *w)
{
    return w->g->config->directory;
}

static void set_unit(char dst[ID_MAX], const struct unit *unit)
{
    str_copy(dst, ID_MAX, unit ? unit->id : "");
}

/* The desk that owns what a source got refused (DESIGN 1.5). */
static const struct unit *technical_desk(const struct work *w)
{
    const struct unit *desk = NULL;
    if (w->parties.source)
        desk = w->parties.source->desk;
    else
        desk = directory_unit(directory_of(w), w->g->config->settings.source_desk);
    return desk ? desk : directory_of(w)->catch_all;
}

void work_new_item(struct work *w, enum item_kind kind)
{
    struct item *item = &w->item;
    const struct event *ev = &w->ev;
    memset(item, 0, sizeof *item);
    item->seq = store_next(w->g->store, SEQ_ITEM);
    item->kind = kind;
    item->event_seq = w->row.seq;
    item->urgency = ev->urgency;
    item->restricted = ev->restricted;
    item->created_ms = item->changed_ms = w->g->now_ms;
    str_copy(item->source, sizeof item->source, ev->topic_source);
}

/* The on-call hears of a refused or incomplete emergency at once, without content. */
static void alarm_on_call(struct work *w)
{
    const struct unit *on_call = directory_of(w)->on_call;
    if (!on_call || strncmp(w->ev.type_name, "emergency.", 10) != 0)
        return;
    const struct telling telling = {on_call, REASON_ON_CALL, "emergency.refused", 0, ""};
    struct limits limits = w->limits;
    limits.sms = true;
    tell_unit(w->g, &w->item, &limits, &telling);
}

static void first_fault_german(const struct work *w, struct buf *out)
{
    for (size_t i = 0; i < w->ev.faults && i < 2; i++) {
        if (i)
            buf_addc(out, ' ');
        event_fault_german(&w->ev.fault[i], out);
    }
}

void work_refuse(struct work *w, bool lost)
{
    w->row.outcome = OUTCOME_REFUSED;
    if (!lost)
        return;
    const struct unit *desk = technical_desk(w);
    struct buf why = BUF_INIT;
    work_new_item(w, ITEM_REFUSAL);
    w->item.state = STATE_OPEN;
    if (strncmp(w->ev.type_name, "emergency.", 10) == 0)
        w->item.urgency = URGENCY_EMERGENCY;
    set_unit(w->item.owner_unit, desk);
    set_unit(w->item.waiting_unit, desk);
    limits_refusal(&w->limits, w->g->config->settings.refusal_answer_ms);
    work_freeze(w);
    store_item_add(w->g->store, &w->item);
    first_fault_german(w, &why);
    int64_t due_ms = workflow_set_clock(w->g, &w->item, &w->limits, 0);
    const struct telling telling = {desk, REASON_TECH_DESK, "refusal.opened", due_ms,
                                    buf_str(&why)};
    tell_unit(w->g, &w->item, &w->limits, &telling);
    alarm_on_call(w);
    buf_release(&why);
}

void work_close(struct stafette *g, struct item *item, enum item_state state, const char *outcome)
{
    char name[ID_MAX];
    struct limits limits;
    const struct unit *desk = directory_unit(g->config->directory, item->waiting_unit);
    item->state = state;
    item->changed_ms = item->closed_ms = g->now_ms;
    item->waiting_unit[0] = '\0';
    store_clock_cancel(g->store, item->seq);
    store_delivery_cancel(g->store, item->seq, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    store_item_update(g->store, item);
    work_end_tasks(g, item);
    if (item->kind == ITEM_TASK)
        work_task_ended(g, item);
    work_limits(g, item, &limits);
    work_template(name, item->kind, "outcome");
    const struct telling telling = {desk ? desk : g->config->directory->catch_all, REASON_OUTCOME,
                                    name, 0, outcome};
    tell_unit(g, item, &limits, &telling);
    work_template(name, item->kind, item_state_name(state));
    tell_status(g, item, name, "", "");
}

/* What the request says of itself, as the machine and the permission matrix ask for it. */
static void fill_flags(struct work *w)
{
    static const struct {
        enum field field;
        unsigned flag;
    } said[] = {{FIELD_HILFEPLAN, ITEM_HILFEPLAN},
                {FIELD_AGREED, ITEM_AGREED},
                {FIELD_ANVERTRAUT, ITEM_ANVERTRAUT},
                {FIELD_SHARE, ITEM_SHARE}};
    for (size_t i = 0; i < COUNT_OF(said); i++)
        if (w->ev.present[said[i].field] && w->ev.number[said[i].field])
            w->item.flags |= said[i].flag;
    if (w->ev.present[FIELD_CONSENT_REF])
        w->item.flags |= ITEM_CONSENT;
    if (w->ev.present[FIELD_APPLICATION_RECEIVED_ON] && w->parties.from)
        w->item.flags |= ITEM_REHA;
    /* A later request may wish for another provider, or for none. */
    w->item.flags &= ~(unsigned)ITEM_PINNED;
    if (w->ev.present[FIELD_PROVIDER_WISH] && w->parties.to)
        w->item.flags |= ITEM_PINNED;
}

static void fill_item(struct work *w)
{
    struct item *item = &w->item;
    const struct event *ev = &w->ev;
    const struct parties *p = &w->parties;
    if (ev->present[FIELD_CASE_REF])
        str_copy(item->case_ref, sizeof item->case_ref, ev->text[FIELD_CASE_REF]);
    if (!str_empty(item->case_ref))
        item->case_key =
            (int64_t)digest_short(w->g->keys.case_ref, item->case_ref, strlen(item->case_ref));
    if (p->from)
        set_unit(item->from_unit, p->from);
    str_copy(item->place, sizeof item->place, p->place ? p->place->id : "");
    str_copy(item->area, sizeof item->area, p->area ? p->area->id : "");
    str_copy(item->service, sizeof item->service, p->service ? p->service->id : "");
    str_copy(item->basis, sizeof item->basis, ev->text[FIELD_LEGAL_BASIS]);
    str_copy(item->complexity, sizeof item->complexity, ev->text[FIELD_COMPLEXITY]);
    fill_flags(w);
    if (ev->present[FIELD_EXPECTED_ON])
        item->due_day = ev->number[FIELD_EXPECTED_ON];
    /* Neither is silently lowered by a completion (DOMAIN E9, R11). */
    if (item->urgency < ev->urgency)
        item->urgency = ev->urgency;
    item->restricted = item->restricted || ev->restricted;
}

static void find_route(const struct work *w, struct route_result *route)
{
    struct route_query query;
    admit_query(&query, &w->ev, &w->parties, w->g->now_ms);
    route_decide(w->g->config->routing, directory_of(w), &query, route);
    /* An emergency that no rule knows goes to the on-call, which is awake. */
    const struct unit *on_call = directory_of(w)->on_call;
    if (w->item.kind == ITEM_EMERGENCY && on_call && route->targets == 1 &&
        route->target[0].reason == REASON_CATCH_ALL)
        route->target[0] = (struct route_target){on_call, REASON_ON_CALL, route->rule};
}

/* Who must act gets the request; who is only informed gets a line to that effect, no deadline. */
static void tell_targets(struct work *w, const struct route_result *route, const char *what,
                         int64_t due_ms)
{
    char outcome[ID_MAX];
    work_template(outcome, w->item.kind, "outcome");
    for (size_t i = 0; i < route->targets; i++) {
        struct telling telling = {route->target[i].unit, route->target[i].reason, what, due_ms, ""};
        if (i >= route->targets - route->copies) {
            telling.what = outcome;
            telling.deadline_ms = 0;
            telling.outcome = "Nur zur Kenntnis: Der Vorgang liegt bei einer anderen Stelle; Sie "
                              "müssen nichts tun.";
        }
        tell_unit(w->g, &w->item, &w->limits, &telling);
    }
}

/* A new item is added. One that is taken up is written again; what was due for it until now, its
 * clock and the notices that have not left, is over. */
static void put_item(struct work *w, bool is_new)
{
    struct store *s = w->g->store;
    if (is_new) {
        store_item_add(s, &w->item);
        return;
    }
    store_clock_cancel(s, w->item.seq);
    store_delivery_cancel(s, w->item.seq, store_last(s, SEQ_NOTICE) + 1, w->g->now_ms);
    store_item_update(s, &w->item);
}

/* Waits for the giver: what is missing stands in the receipt, and its unit hears that it is its
 * turn. */
static void open_returned(struct work *w, bool is_new)
{
    const struct unit *known = directory_unit(directory_of(w), w->item.from_unit);
    const struct unit *giver = w->parties.from ? w->parties.from
                               : known         ? known
                                               : technical_desk(w);
    struct buf why = BUF_INIT;
    char what[ID_MAX];
    work_template(what, w->item.kind, "returned");
    w->item.state = STATE_RETURNED;
    w->row.outcome = OUTCOME_RETURNED;
    set_unit(w->item.owner_unit, giver);
    set_unit(w->item.waiting_unit, giver);
    put_item(w, is_new);
    first_fault_german(w, &why);
    int64_t due_ms = workflow_set_clock(w->g, &w->item, &w->limits, 0);
    const struct telling telling = {giver, REASON_SENDER, what, due_ms, buf_str(&why)};
    tell_unit(w->g, &w->item, &w->limits, &telling);
    alarm_on_call(w);
    buf_release(&why);
}

/* Who must act first: the receiver of a handover, the giver of one that is only announced, the
 * approver of a referral, the on-call. */
static const struct unit *first_asked(const struct work *w, const struct route_result *route)
{
    if (w->item.state == STATE_ANNOUNCED)
        return w->parties.from;
    if (w->item.kind != ITEM_REFERRAL)
        return route->target[0].unit;
    return w->parties.from && w->parties.from->lead ? w->parties.from->lead
                                                    : directory_of(w)->catch_all;
}

static void ask(struct work *w, const struct route_result *route, bool is_new)
{
    struct item *item = &w->item;
    char what[ID_MAX];
    item->state = machine_begins(w->ev.type);
    const struct unit *asked = first_asked(w, route);
    /* A conversation with another receiver is none with this one (§ 86c(2) SGB VIII). */
    if (item->kind == ITEM_HANDOVER && !str_eq(item->to_unit, route->target[0].unit->id))
        item->flags &= ~(unsigned)ITEM_CONVERSED;
    work_template(what, item->kind, item->kind == ITEM_EMERGENCY ? "reported" : "requested");
    set_unit(item->to_unit, item->kind == ITEM_REFERRAL ? w->parties.to : route->target[0].unit);
    set_unit(item->owner_unit, w->parties.from ? w->parties.from : asked);
    set_unit(item->waiting_unit, asked);
    put_item(w, is_new);
    if (item->kind == ITEM_EMERGENCY)
        drill_gives_way(w->g, asked);
    if (item->kind == ITEM_REFERRAL && !route->needs_approval) {
        if (work_offer(w))
            tell_status(w->g, item, "referral.offered", "provider", item->to_unit);
        return;
    }
    int64_t due_ms = workflow_set_clock(w->g, item, &w->limits, 0);
    if (item->kind == ITEM_REFERRAL) {
        const struct telling telling = {asked, REASON_LEAD, what, due_ms, ""};
        tell_unit(w->g, item, &w->limits, &telling);
    } else if (item->state == STATE_ANNOUNCED) {
        const struct telling telling = {
            route->target[0].unit, route->target[0].reason, "handover.outcome", 0,
            "Eine Übergabe ist angekündigt. Sie müssen noch nichts tun; zuständig bleibt die "
            "abgebende Stelle."};
        tell_unit(w->g, item, &w->limits, &telling);
    } else {
        tell_targets(w, route, what, due_ms);
    }
}

/* What the case's other items say about a new handover. */
struct case_view {
    const struct work *w;
    bool hazard_open;      /* an emergency that is not cleared (H3, DO2) */
    bool was_forwarded;    /* handed over before by a request for rehabilitation (C2) */
    struct item announced; /* the handover that this request was announced as; seq 0 = none */
    struct item cleared;   /* the emergency that this handover ends; seq 0 = none */
};

static bool view_item(void *context, const struct item *item)
{
    struct case_view *view = context;
    const struct work *w = view->w;
    if (!str_eq(item->case_ref, w->ev.text[FIELD_CASE_REF]) || item->seq == w->item.seq)
        return true;
    if (item->kind == ITEM_EMERGENCY && item->state == STATE_CLEARED)
        view->cleared = *item;
    else if (item->kind == ITEM_EMERGENCY && !item->closed_ms)
        view->hazard_open = true;
    bool taken = item->state == STATE_ACCEPTED ||
                 (item->state == STATE_CLOSED && !str_eq(item->owner_unit, item->from_unit));
    if (item->kind == ITEM_HANDOVER && item->flags & ITEM_REHA && taken)
        view->was_forwarded = true;
    if (item->kind == ITEM_HANDOVER && item->state == STATE_ANNOUNCED && w->parties.from &&
        str_eq(item->from_unit, w->parties.from->id))
        view->announced = *item;
    return true;
}

static void view_case(const struct work *w, struct case_view *view)
{
    const char *ref = w->ev.text[FIELD_CASE_REF];
    memset(view, 0, sizeof *view);
    view->w = w;
    if (w->ev.type == EVENT_HANDOVER_REQUESTED && !str_empty(ref))
        store_item_each_of_case(w->g->store,
                                (int64_t)digest_short(w->g->keys.case_ref, ref, strlen(ref)), view,
                                view_item);
}

/* DOMAIN R8, R9: a provider is told only what a permission row allows. */
static bool provider_forbidden(const struct work *w, const struct route_result *route)
{
    if (w->item.kind == ITEM_REFERRAL)
        return false; /* checked when it is approved */
    for (size_t i = 0; i < route->targets; i++)
        if (route->target[i].unit->kind == UNIT_PROVIDER &&
            !directory_permits(directory_of(w), w->parties.from, route->target[i].unit,
                               w->item.kind, w->item.basis))
            return true;
    return false;
}

/* Only who asked may ask again; where no unit is named, the same source. */
static bool is_giver(const struct work *w, const struct item *named)
{
    if (!w->parties.from || str_empty(named->from_unit))
        return str_eq(named->source, w->ev.topic_source);
    return str_eq(named->from_unit, w->parties.from->id);
}

/* A request that names an item takes it up when the item waits for that. A complete one applies the
 * step; one that still lacks something can only be returned once more. */
static bool takes_up_item(struct work *w, const struct item *named, bool complete)
{
    const struct step *step;
    const struct occasion occasion = {named->kind, named->state, named->flags, w->ev.type, ""};
    if (named->kind != machine_kind(w->ev.type) || machine_next(&occasion, &step) != STEP_APPLY ||
        (!complete && named->state != STATE_RETURNED && named->state != STATE_ANNOUNCED) ||
        !is_giver(w, named))
        return false;
    w->item = *named;
    w->item.changed_ms = w->g->now_ms;
    w->item.flags &= ~(unsigned)(ITEM_OVERDUE | ITEM_ESCALATED | ITEM_VOICE);
    return true;
}

/* The item that a request is about: the one it names, the one it was announced as, or a new one.
 * False when the request was refused. A `corrects` that names an open refusal opens a new item and
 * ends the refusal. */
static bool find_item(struct work *w, bool complete, const struct case_view *view,
                      struct item *refusal)
{
    struct item named = {0};
    if (work_names_item(w)) {
        if (!work_named_item(w, &named)) {
            work_refuse(w, true);
            return false;
        }
        if (named.kind == ITEM_REFUSAL && !named.closed_ms) {
            *refusal = named;
        } else if (!takes_up_item(w, &named, complete)) {
            work_fault(w, "E-ZUSTAND", FIELD_NONE);
            work_refuse(w, false);
            return false;
        }
    } else if (view->announced.seq) {
        takes_up_item(w, &view->announced, complete);
    }
    return true;
}

static void audit_correction(struct work *w, int64_t refusal_seq)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "corrected by event=%lld item=%lld", (long long)w->row.seq,
               (long long)w->item.seq);
    store_audit_add(w->g->store, w->g->now_ms, refusal_seq, buf_str(&text));
    buf_release(&text);
}

void work_corrected(struct work *w, struct item *refusal)
{
    audit_correction(w, refusal->seq);
    work_close(w->g, refusal, STATE_CORRECTED, "Eine berichtigte Meldung ist angekommen.");
}

/* What stands against a request that is complete in itself; the fault is added. */
static bool must_wait(struct work *w, const struct route_result *route,
                      const struct case_view *view)
{
    if (provider_forbidden(w, route)) {
        work_fault(w, "E-RECHT", FIELD_TO_UNIT);
        return true;
    }
    if (view->was_forwarded && w->item.flags & ITEM_REHA && !(w->item.flags & ITEM_AGREED)) {
        work_fault(w, "E-TURBO", FIELD_AGREED);
        return true;
    }
    return false;
}

/* A new item: those with a part of their own (KI2), those that learn a number (UL3), and the hint
 * that several requests could be served together (KI8), which names none of them. */
static void open_beside(struct work *w, const struct route_result *route)
{
    struct item *item = &w->item;
    for (size_t i = 0; i < route->tasks && item->kind == ITEM_HANDOVER; i++) {
        const struct task part = {.code = "second_function",
                                  .parent = item,
                                  .unit = route->task[i],
                                  .urgency = item->urgency};
        work_task(w->g, &part);
    }
    tally_item(w->g, item, route);
    const struct task hint = {.code = "pool_hint",
                              .unit = w->parties.from ? w->parties.from->lead : NULL,
                              .number = pool_check(w->g, item)};
    if (hint.number)
        work_task(w->g, &hint);
}

/* The handover ends every emergency of the case that is cleared. */
static void end_emergencies(struct work *w, const struct case_view *view)
{
    struct case_view now = *view;
    while (now.cleared.seq && work_inner(w->g, &now.cleared, ON_HANDED_OVER))
        view_case(w, &now);
}

/* The request has opened its item; what else follows from it. C1 runs from the application, once,
 * whether the request was complete or not (H6). */
static void follow_up(struct work *w, const struct case_view *view, struct item *refusal,
                      bool clock_runs)
{
    if (refusal->seq)
        work_corrected(w, refusal);
    if (!clock_runs && w->item.kind == ITEM_HANDOVER && w->item.flags & ITEM_REHA)
        work_statute_of(w->g, &w->item, "C1", w->ev.number[FIELD_APPLICATION_RECEIVED_ON]);
    if (w->item.state == STATE_REQUESTED)
        end_emergencies(w, view);
    work_unpark(w);
}

void work_open(struct work *w, bool complete)
{
    struct route_result route;
    struct case_view view;
    struct item refusal = {0};
    w->row.outcome = OUTCOME_ACCEPTED;
    view_case(w, &view);
    if (view.hazard_open && !w->ev.present[FIELD_HAZARD_CLEARED_AT]) {
        work_fault(w, "E-GEFAHR", FIELD_HAZARD_CLEARED_AT);
        work_refuse(w, false);
        return;
    }
    if (!find_item(w, complete, &view, &refusal))
        return;
    bool taken = w->item.seq != 0;
    /* Nobody was asked before: it was announced, or incomplete. */
    bool first = !taken || w->item.state == STATE_ANNOUNCED ||
                 (w->item.state == STATE_RETURNED && str_empty(w->item.to_unit));
    if (!taken)
        work_new_item(w, machine_kind(w->ev.type));
    bool clock_runs = w->item.flags & ITEM_REHA;
    fill_item(w);
    find_route(w, &route);
    str_copy(w->item.rule, sizeof w->item.rule, rule_name(route.rule));
    limits_of(&w->limits, route.policy, w->item.urgency);
    work_freeze(w);
    if (complete && !must_wait(w, &route, &view))
        ask(w, &route, !taken);
    else
        open_returned(w, !taken);
    if (first && w->item.state != STATE_RETURNED && w->item.state != STATE_ANNOUNCED)
        open_beside(w, &route);
    follow_up(w, &view, &refusal, clock_runs);
}
