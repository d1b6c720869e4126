/*
 * Workflow, visits (BI6): the preventive home visit of the city (phb) and the advisory visit of a
 * care service (§ 37(3) SGB XI, p37_3) are reminded of before their day; where both of one case lie
 * near each other and the person has consented, both sides get one proposal for a joint visit.
 *
 * The memory of the matcher is the two reminders themselves: the one that begins first looks for
 * the other. So a date may still move, and consent may come or go, until somebody is told.
 *
 * Promises: without consent the care service hears nothing through the gateway, not even of its own
 * visit, and the source hears that; a protected case is never proposed to two.
 */
#include "workflow_parts.h"

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "store.h"
#include "store_audit.h"
#include "tell.h"
#include "util.h"

static const char phb[] = "visit_phb", p37_3[] = "visit_p37_3", joint[] = "visit_joint";

bool work_is_visit(const struct item *item)
{
    return str_eq(item->code, phb) || str_eq(item->code, p37_3);
}

static const char *code_of(const struct work *w)
{
    return str_eq(w->ev.text[FIELD_KIND], "phb") ? phb : p37_3;
}

static const char *other_code(const char *code)
{
    return str_eq(code, phb) ? p37_3 : phb;
}

/* ---- looking into the case */

struct look {
    const char *case_ref, *code;
    int64_t day;       /* of a joint visit: one of its two; 0 = any */
    struct item found; /* newest that is open; seq 0 = none */
};

static bool look_at(void *context, const struct item *item)
{
    struct look *look = context;
    if (item->kind == ITEM_TASK && !item->closed_ms && str_eq(item->code, look->code) &&
        str_eq(item->case_ref, look->case_ref) &&
        (!look->day || item->due_day == look->day || item->amount_cents == look->day))
        look->found = *item;
    return !look->found.seq;
}

static struct item find_open(struct stafette *g, int64_t case_key, struct look look)
{
    store_item_each_of_case(g->store, case_key, &look, look_at);
    return look.found;
}

/* ---- the proposal */

struct pair {
    const struct unit *city, *service; /* of the phb and of the p37_3 visit */
    int64_t city_day, service_day;
};

static void tell_service(struct stafette *g, const struct item *item, const struct unit *unit)
{
    struct clock clock = {0};
    struct limits limits;
    struct buf sentence = BUF_INIT;
    if (str_eq(unit->id, item->to_unit))
        return;
    work_limits(g, item, &limits);
    store_clock_of(g->store, item->seq, &clock);
    work_task_sentence(g, &sentence, item);
    const struct telling telling = {unit, REASON_TASK, "task.opened", clock.due_ms,
                                    buf_str(&sentence)};
    tell_unit(g, item, &limits, &telling);
    buf_release(&sentence);
}

/* One item in the city's care, told to both; either may say that it is done. */
static int64_t propose(struct stafette *g, struct item *about, const struct pair *pair)
{
    struct item item;
    bool city_first = pair->city_day <= pair->service_day;
    about->seq = about->event_seq = about->parent_seq = 0;
    str_copy(about->from_unit, sizeof about->from_unit, pair->city->id);
    const struct task task = {.code = joint,
                              .parent = about,
                              .unit = pair->city,
                              .urgency = about->urgency,
                              .due_day = city_first ? pair->city_day : pair->service_day,
                              .number = city_first ? pair->service_day : pair->city_day,
                              .flags = ITEM_CONSENT};
    int64_t seq = work_task(g, &task);
    if (store_item_get(g->store, seq, &item))
        tell_service(g, &item, pair->service);
    return seq;
}

static int64_t gap(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static int64_t window_of(const struct stafette *g, const struct item *a, const struct item *b)
{
    int64_t window = g->config->settings.visit_window_ms / DAY_MS;
    if (a->amount_cents && b->amount_cents)
        return a->amount_cents < b->amount_cents ? a->amount_cents : b->amount_cents;
    if (a->amount_cents || b->amount_cents)
        return a->amount_cents + b->amount_cents;
    return window;
}

static bool may_be_joint(const struct stafette *g, const struct item *a, const struct item *b)
{
    bool few = a->restricted || b->restricted || (a->flags | b->flags) & ITEM_ANVERTRAUT;
    return b->seq && !few && (a->flags | b->flags) & ITEM_CONSENT &&
           gap(a->due_day, b->due_day) <= window_of(g, a, b);
}

static void join(struct stafette *g, const struct item *item, const struct item *other)
{
    bool is_city = str_eq(item->code, phb);
    const struct item *city = is_city ? item : other, *service = is_city ? other : item;
    const struct pair pair = {work_unit(g, city->to_unit), work_unit(g, service->to_unit),
                              city->due_day, service->due_day};
    struct item about = *city;
    work_inner(g, city, ON_END);
    work_inner(g, service, ON_END);
    propose(g, &about, &pair);
}

/* The care service is not told: its source hears why, and may send the visit with consent. */
static void keep_silent(struct stafette *g, struct item *item)
{
    store_audit_add(g->store, g->now_ms, item->seq, "visit untold missing=consent");
    tell_status(g, item, "visit.untold", "missing", "consent");
    work_inner(g, item, ON_END);
}

bool work_visit_begins(struct stafette *g, struct item *item)
{
    const struct look look = {.case_ref = item->case_ref, .code = other_code(item->code)};
    const struct item other = find_open(g, item->case_key, look);
    if (may_be_joint(g, item, &other)) {
        join(g, item, &other);
        return true;
    }
    if (str_eq(item->code, p37_3) && !(item->flags & ITEM_CONSENT)) {
        keep_silent(g, item);
        return true;
    }
    return false;
}

/* ---- events */

static struct task visit_task(const struct work *w)
{
    const struct settings *s = &w->g->config->settings;
    int64_t due_day = w->ev.number[FIELD_DUE_ON];
    return (struct task){.code = code_of(w),
                         .unit = w->parties.by,
                         .number = w->ev.number[FIELD_WINDOW_D],
                         .due_day = due_day,
                         .begin_day = due_day - (s->visit_lead_ms + DAY_MS - 1) / DAY_MS,
                         .flags = w->ev.present[FIELD_CONSENT_REF] ? ITEM_CONSENT : 0};
}

/* The joint proposal that this date is part of already. */
static bool is_proposed(struct work *w)
{
    struct item about;
    work_describe(w, &about);
    const struct look look = {
        .case_ref = about.case_ref, .code = joint, .day = w->ev.number[FIELD_DUE_ON]};
    const struct item open = find_open(w->g, about.case_key, look);
    work_names_task(w, open.seq);
    return open.seq != 0;
}

void work_visit(struct work *w)
{
    const struct task task = visit_task(w);
    if (work_day_near(w, FIELD_DUE_ON) && !is_proposed(w))
        work_remind(w, &task);
}

static const struct unit *routed(const struct work *w, const struct item *about, const char *code)
{
    const struct task task = {.code = code, .parent = about, .urgency = w->ev.urgency};
    return work_task_route(w->g, &task);
}

/* A case system has matched by itself: what was planned apart is over. */
void work_visit_joint(struct work *w)
{
    struct item about;
    const char *code = code_of(w);
    int64_t due_day = w->ev.number[FIELD_DUE_ON];
    if (!work_day_near(w, FIELD_DUE_ON) || is_proposed(w))
        return;
    work_describe(w, &about);
    struct look look = {.case_ref = about.case_ref, .code = code};
    const struct item own = find_open(w->g, about.case_key, look);
    look.code = other_code(code);
    const struct item other = find_open(w->g, about.case_key, look);
    bool near = other.seq && gap(other.due_day, due_day) <= w->ev.number[FIELD_WINDOW_D];
    const struct unit *mine = w->parties.by ? w->parties.by
                              : own.seq     ? work_unit(w->g, own.to_unit)
                                            : routed(w, &about, code);
    const struct unit *theirs =
        near ? work_unit(w->g, other.to_unit) : routed(w, &about, look.code);
    int64_t other_day = near ? other.due_day : due_day;
    const bool is_city = str_eq(code, phb);
    const struct pair pair = {is_city ? mine : theirs, is_city ? theirs : mine,
                              is_city ? due_day : other_day, is_city ? other_day : due_day};
    if (own.seq)
        work_inner(w->g, &own, ON_END);
    if (near)
        work_inner(w->g, &other, ON_END);
    about.urgency = w->ev.urgency;
    work_names_task(w, propose(w->g, &about, &pair));
}
