/*
 * Permission at send time: see permit.h. Decides from what the store and the directory say now;
 * keeps nothing in memory. A crash between a verdict and its row means that it is asked again.
 */
#include "permit.h"

#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "outbox.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_meeting.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow.h"
#include "workflow_parts.h"

/* The task is a row of the table in workflow_task.c. */
static const struct {
    const char *name, *task;
} words[PERMIT_VERDICT_COUNT] = {
    [PERMIT_ALLOWED] = {"", ""},
    [PERMIT_NO_ROW] = {"permission", "permission"},
    [PERMIT_NO_BASIS] = {"basis", "basis"},
    [PERMIT_NO_CONSENT] = {"consent", "consent"},
    [PERMIT_NO_AGREEMENT] = {"agreement", "agreement_over"},
    [PERMIT_ENTRUSTED] = {"entrusted", "circle"},
    [PERMIT_RESTRICTED] = {"restricted", "circle"},
    [PERMIT_TOO_MANY] = {"recipients", "circle"},
};

const char *permit_verdict_name(enum permit_verdict verdict)
{
    return verdict < PERMIT_VERDICT_COUNT ? words[verdict].name : "";
}

/* Brings an item to somebody. An outcome, a refusal and the alarm of the on-call say nothing that
 * its reader was not told before, or nothing at all. */
static bool is_content(const char *template_name)
{
    static const char *const parts[] = {".requested", ".offered",   ".reported", ".reminder",
                                        ".opened",    ".announced", ".notice"};
    if (str_starts(template_name, "refusal."))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_ends(template_name, parts[i]))
            return true;
    return false;
}

static bool leads(const struct unit *lead, const struct unit *unit)
{
    for (int i = 0; unit && i < TREE_DEPTH_MAX; i++, unit = unit->lead)
        if (unit->lead == lead)
            return true;
    return false;
}

static bool deputises(const struct unit *deputy, const struct unit *unit)
{
    for (size_t i = 0; i < unit->deputies; i++)
        if (unit->deputy[i] == deputy)
            return true;
    return false;
}

static bool is_desk(const struct stafette *g, const struct unit *unit)
{
    const struct directory *dir = g->config->directory;
    if (unit == dir->catch_all || unit == dir->on_call ||
        unit == directory_unit(dir, g->config->settings.source_desk))
        return true;
    for (size_t i = 0; i < dir->sources; i++)
        if (dir->source[i].desk == unit)
            return true;
    return false;
}

static bool is_side(const struct unit *unit, const struct unit *side)
{
    return side && (unit == side || leads(unit, side) || deputises(unit, side));
}

/* The giver, those above it, and whoever approves for it know the case or must. */
static bool is_givers(const struct stafette *g, const struct item *item, const struct unit *unit)
{
    const struct directory *dir = g->config->directory;
    return is_side(unit, directory_unit(dir, item->from_unit)) ||
           (item->state == STATE_APPROVAL_PENDING &&
            is_side(unit, directory_unit(dir, item->waiting_unit)));
}

static enum permit_verdict ask_row(const struct stafette *g, const struct item *item,
                                   const struct unit *to)
{
    const struct directory *dir = g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    bool consent = (item->flags & ITEM_CONSENT) != 0;
    const struct permission *row = directory_permits(dir, from, to, item->kind, item->basis);
    if (!row)
        return PERMIT_NO_ROW;
    if (!consent && (row->consent || str_eq(item->basis, "consent")))
        return PERMIT_NO_CONSENT;
    return PERMIT_ALLOWED;
}

enum permit_verdict permit_basis(struct stafette *g, const struct item *item, const struct unit *to)
{
    bool provider = to->kind == UNIT_PROVIDER;
    if (provider && item->kind == ITEM_REFERRAL && str_empty(item->basis))
        return PERMIT_NO_BASIS;
    if (!provider && !directory_guards(g->config->directory, to))
        return PERMIT_ALLOWED;
    return ask_row(g, item, to);
}

/* Tasks and statutory deadlines carry no basis of their own; the matrix holds for them where it
 * speaks of tasks. */
static bool is_covered(const struct stafette *g, const struct item *item, const struct unit *to)
{
    const struct directory *dir = g->config->directory;
    if (to->kind == UNIT_PROVIDER)
        return true;
    if (item->kind == ITEM_HANDOVER || item->kind == ITEM_REFERRAL)
        return directory_guards(dir, to);
    return false;
}

/* Whoever stands above or in for the addressed unit is as entitled as it is. */
static const struct unit *entitled_as(const struct stafette *g, const struct item *item,
                                      const struct unit *to)
{
    const struct directory *dir = g->config->directory;
    const char *const ids[] = {item->to_unit, item->waiting_unit};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        const struct unit *unit = directory_unit(dir, ids[i]);
        if (unit && unit != to && (leads(to, unit) || deputises(to, unit)))
            return unit;
    }
    return to;
}

static bool is_agreed(const struct stafette *g, const struct item *item, const struct unit *to)
{
    const struct directory *dir = g->config->directory;
    int64_t day = berlin_day(g->now_ms);
    /* Who has accepted keeps what it has; the end of its agreement is another event. */
    if (to->kind != UNIT_PROVIDER || item->kind != ITEM_REFERRAL ||
        str_eq(item->owner_unit, to->id))
        return true;
    return directory_agreement(dir, to, directory_service(dir, item->service), day) != NULL;
}

/* A stand-in or a lead may know what the addressed unit may know, even where no row names it, and
 * no more, unless a row allows it to itself. */
static enum permit_verdict ask_matrix(struct stafette *g, const struct item *item,
                                      const struct unit *to, const struct unit *as)
{
    enum permit_verdict verdict = PERMIT_ALLOWED;
    bool itself = as == to || (is_covered(g, item, to) && permit_basis(g, item, to) == verdict);
    const struct unit *asked = itself ? to : as;
    if (is_covered(g, item, asked))
        verdict = permit_basis(g, item, asked);
    if (verdict == PERMIT_ALLOWED && !is_agreed(g, item, as))
        verdict = PERMIT_NO_AGREEMENT;
    return verdict;
}

/* R10, R11: who may know at all of an item that few may know of. */
static enum permit_verdict ask_circle(const struct item *item, const struct unit *to)
{
    bool addressed = str_eq(to->id, item->to_unit) || str_eq(to->id, item->waiting_unit) ||
                     str_eq(to->id, item->owner_unit);
    if (addressed)
        return PERMIT_ALLOWED;
    if (item->flags & ITEM_ANVERTRAUT)
        return PERMIT_ENTRUSTED;
    return item->restricted && !to->restricted_ok ? PERMIT_RESTRICTED : PERMIT_ALLOWED;
}

/* Who comes to a talk about a case was looked at when it was called. */
static bool is_member(struct stafette *g, const struct item *item, const struct unit *to)
{
    struct member member;
    return item->kind == ITEM_MEETING && store_member_get(g->store, item->seq, to->id, 0, &member);
}

/* `role`: the unit that `to` stands in for, or NULL. */
static enum permit_verdict ask(struct stafette *g, const struct item *item, const struct unit *to,
                               const struct unit *role, const char *template_name)
{
    bool few = item->restricted || (item->flags & ITEM_ANVERTRAUT);
    if (is_desk(g, to) || is_givers(g, item, to) || str_starts(template_name, "refusal."))
        return PERMIT_ALLOWED;
    if (few && !is_member(g, item, to)) {
        enum permit_verdict verdict = ask_circle(item, to);
        if (verdict != PERMIT_ALLOWED)
            return verdict;
    }
    /* An invitation names a time and a place; what of cases a member may see, agenda.c asks. */
    if (item->kind >= ITEM_LEDGER || !is_content(template_name) ||
        (role && is_givers(g, item, role)))
        return PERMIT_ALLOWED;
    return ask_matrix(g, item, to, role ? role : entitled_as(g, item, to));
}

enum permit_verdict permit_notice(struct stafette *g, const struct item *item,
                                  const struct unit *to, const char *template_name)
{
    return ask(g, item, to, NULL, template_name);
}

const char *permit_template(const struct item *item, const char *wanted)
{
    return (item->flags & ITEM_ANVERTRAUT) && is_content(wanted) ? "entrusted.notice" : wanted;
}

/* The units that the same event brought the item to. */
struct company {
    const struct notice *notice;
    size_t before;
};

static void count_company(void *context, const struct notice *other)
{
    struct company *company = context;
    const struct notice *notice = company->notice;
    company->before += other->seq < notice->seq && other->created_ms == notice->created_ms &&
                       str_eq(other->template_name, notice->template_name) &&
                       !str_eq(other->unit, notice->unit);
}

enum permit_verdict permit_start(struct stafette *g, const struct item *item,
                                 const struct notice *notice)
{
    const struct unit *to = directory_unit(g->config->directory, notice->unit);
    if (!to)
        return PERMIT_ALLOWED; /* no address either: the outbox ends it */
    const struct unit *role = directory_unit(g->config->directory, notice->instead_of);
    enum permit_verdict verdict = ask(g, item, to, role, notice->template_name);
    /* A meeting has as many members as it has. */
    if (verdict != PERMIT_ALLOWED || is_desk(g, to) || !is_content(notice->template_name) ||
        notice->reason == REASON_OUTCOME || item->kind >= ITEM_LEDGER)
        return verdict;
    struct company company = {notice, 0};
    store_notice_each(g->store, item->seq, &company, count_company);
    return company.before >= RECIPIENTS_MAX ? PERMIT_TOO_MANY : PERMIT_ALLOWED;
}

struct held_before {
    int64_t delivery;
    int64_t code;
    bool found;
};

static void look_held(void *context, const struct delivery *d)
{
    struct held_before *before = context;
    if (d->seq != before->delivery && d->state == DELIVERY_HELD && d->class == CLASS_FORBIDDEN &&
        d->code == before->code)
        before->found = true;
}

void permit_hold(struct stafette *g, struct delivery *d, enum permit_verdict verdict)
{
    struct item item;
    struct buf text = BUF_INIT;
    struct held_before before = {d->seq, verdict, false};
    d->state = DELIVERY_HELD;
    d->class = CLASS_FORBIDDEN;
    d->code = verdict;
    buf_printf(&text, "delivery=%lld notice=%lld held missing=%s config=%s", (long long)d->seq,
               (long long)d->notice_seq, permit_verdict_name(verdict), g->config->version);
    store_audit_add(g->store, g->now_ms, d->item_seq, buf_str(&text));
    buf_release(&text);
    store_delivery_each(g->store, d->item_seq, &before, look_held);
    if (before.found || !store_item_get(g->store, d->item_seq, &item))
        return;
    tell_status(g, &item, "notice.held", "missing", permit_verdict_name(verdict));
    /* Consent and basis are the giver's to bring; a row of the matrix is the coordinator's. */
    bool givers = verdict == PERMIT_NO_CONSENT || verdict == PERMIT_NO_BASIS;
    const struct task task = {.code = words[verdict].task,
                              .parent = &item,
                              .unit = givers ? directory_unit(g->config->directory, item.from_unit)
                                             : NULL,
                              .urgency = item.urgency};
    work_task(g, &task);
    if (givers)
        work_inner(g, &item, ON_HELD);
}

static void let_go(struct stafette *g, const struct delivery *d)
{
    struct buf text = BUF_INIT;
    store_delivery_permit(g->store, d->seq, g->steady_ms);
    buf_printf(&text, "delivery=%lld notice=%lld released config=%s", (long long)d->seq,
               (long long)d->notice_seq, g->config->version);
    store_audit_add(g->store, g->now_ms, d->item_seq, buf_str(&text));
    buf_release(&text);
    outbox_wake(g, d->lane_id);
}

struct notice_search {
    int64_t seq;
    struct notice found;
};

static void look_notice(void *context, const struct notice *notice)
{
    struct notice_search *search = context;
    if (notice->seq == search->seq)
        search->found = *notice;
}

/* True when the held delivery may leave now and was let go. */
static bool try_again(struct stafette *g, const struct delivery *d)
{
    struct item item;
    struct notice_search search = {.seq = d->notice_seq};
    if (!store_item_get(g->store, d->item_seq, &item))
        return false;
    store_notice_each(g->store, d->item_seq, &search, look_notice);
    if (search.found.seq != d->notice_seq ||
        permit_start(g, &item, &search.found) != PERMIT_ALLOWED)
        return false;
    let_go(g, d);
    return true;
}

enum { HELD_MAX = 200 };

struct held_list {
    struct delivery d[HELD_MAX];
    size_t n, max;
};

static bool collect_held(void *context, const struct delivery *d)
{
    struct held_list *list = context;
    list->d[list->n++] = *d;
    return list->n < list->max;
}

static size_t try_list(struct stafette *g, const struct held_list *list, int64_t item_seq)
{
    size_t released = 0;
    for (size_t i = 0; i < list->n; i++)
        if (!item_seq || list->d[i].item_seq == item_seq)
            released += try_again(g, &list->d[i]);
    return released;
}

static void collect_of_item(void *context, const struct delivery *d)
{
    struct held_list *list = context;
    if (d->state == DELIVERY_HELD && d->class == CLASS_FORBIDDEN && list->n < list->max)
        list->d[list->n++] = *d;
}

size_t permit_release(struct stafette *g, int64_t item_seq)
{
    struct held_list list = {.max = HELD_MAX};
    list.n = 0;
    store_delivery_each(g->store, item_seq, &list, collect_of_item);
    return try_list(g, &list, item_seq);
}

size_t permit_release_some(struct stafette *g, int64_t *from, size_t max)
{
    struct held_list list = {.max = max < HELD_MAX ? max : HELD_MAX};
    list.n = 0;
    store_delivery_each_held(g->store, *from, &list, collect_held);
    *from = list.n == list.max ? list.d[list.n - 1].seq + 1 : 0;
    return try_list(g, &list, 0);
}
