/*
 * Activation of routing tables: see activate.h. One pass walks the open items by number; where it
 * stands is written in the same transaction as what it did, so a crash repeats nothing.
 */
#include "activate.h"

#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "route.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow.h"
#include "workflow_parts.h"

/* meta: all tables up to here are active; a pass that is under way leads to there, and has done the
 * items below that number. */
static const char done_name[] = "routes_activated_ms";
static const char target_name[] = "routes_activating_ms";
static const char item_name[] = "routes_activating_item";

int64_t activate_next_ms(struct stafette *g)
{
    int64_t done_ms = store_meta_int(g->store, done_name);
    if (!done_ms || store_meta_int(g->store, target_name))
        return g->now_ms;
    return routing_next_change(g->config->routing, done_ms);
}

static void route_at(const struct stafette *g, const struct item *item, int64_t at_ms,
                     struct route_result *result)
{
    const struct directory *dir = g->config->directory;
    const struct route_query query = {
        .kind = item->kind,
        .urgency = item->urgency,
        .place = directory_place(dir, item->place),
        .area = directory_area(dir, item->area),
        .service = directory_service(dir, item->service),
        .complexity = item->complexity,
        .code = item->code,
        .count = item->kind == ITEM_TASK ? item->amount_cents : 0,
        .from = directory_unit(dir, item->from_unit),
        .restricted = item->restricted,
        .at_ms = at_ms,
    };
    route_decide(g->config->routing, dir, &query, result);
}

struct name_search {
    const char *unit;
    bool named;
};

static void look_named(void *context, const struct notice *notice)
{
    struct name_search *search = context;
    search->named =
        search->named || (notice->reason == REASON_NAMED && str_eq(notice->unit, search->unit));
}

static bool was_named(struct stafette *g, const struct item *item)
{
    struct name_search search = {item->to_unit, false};
    store_notice_each(g->store, item->seq, &search, look_named);
    return search.named;
}

#define AT(state) (UINT64_C(1) << STATE_##state)

/* Asked, and nothing is settled by people yet. */
static bool waits_for_receiver(const struct item *item)
{
    static const uint64_t handover = AT(REQUESTED) | AT(DELIVERED) | AT(ACKNOWLEDGED) |
                                     AT(CONVERSATION_PLANNED) | AT(CONVERSATION_HELD);
    static const uint64_t task = AT(OPEN) | AT(ACKNOWLEDGED);
    uint64_t states = item->kind == ITEM_HANDOVER ? handover : item->kind == ITEM_TASK ? task : 0;
    return states >> item->state & 1 && !str_empty(item->to_unit) &&
           str_eq(item->waiting_unit, item->to_unit);
}

static void audit(struct stafette *g, const struct item *item, const char *from)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "readdressed from=%s to=%s rule=%s routes=%s config=%s", from, item->to_unit,
               item->rule, routing_version(g->config->routing), g->config->version);
    store_audit_add(g->store, g->now_ms, item->seq, buf_str(&text));
    buf_release(&text);
}

/* The new unit begins where the old one began: nobody there has seen it yet. */
static void move(struct stafette *g, struct item *item, const struct route_target *target,
                 const struct rule *rule)
{
    str_copy(item->rule, sizeof item->rule, rule_name(rule));
    str_copy(item->to_unit, sizeof item->to_unit, target->unit->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, target->unit->id);
    if (item->kind == ITEM_TASK)
        str_copy(item->owner_unit, sizeof item->owner_unit, target->unit->id);
    item->state = item->kind == ITEM_HANDOVER ? STATE_REQUESTED : STATE_OPEN;
    item->flags &= ~(unsigned)(ITEM_OVERDUE | ITEM_ESCALATED);
    item->changed_ms = g->now_ms;
    store_item_update(g->store, item);
    store_clock_cancel(g->store, item->seq);
    store_delivery_cancel(g->store, item->seq, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
}

static void tell_both(struct stafette *g, const struct item *item, const struct unit *before,
                      const struct route_target *target)
{
    char asked[ID_MAX], outcome[ID_MAX], status[ID_MAX];
    struct limits limits;
    struct buf sentence = BUF_INIT;
    work_limits(g, item, &limits);
    work_template(asked, item->kind, item->kind == ITEM_HANDOVER ? "requested" : "opened");
    work_template(outcome, item->kind, "outcome");
    work_template(status, item->kind, "readdressed");
    int64_t due_ms = workflow_set_clock(g, item, &limits, 0);
    if (item->kind == ITEM_TASK)
        work_task_sentence(g, &sentence, item);
    const struct telling now = {target->unit, target->reason, asked, due_ms, buf_str(&sentence)};
    tell_unit(g, item, &limits, &now);
    buf_release(&sentence);
    const struct telling over = {before, REASON_OUTCOME, outcome, 0,
                                 "Nach der neuen Verteilung ist jetzt eine andere Stelle an der "
                                 "Reihe. Sie müssen zu diesem Vorgang nichts mehr tun."};
    if (before)
        tell_unit(g, item, &limits, &over);
    tell_status(g, item, status, "told", target->unit->id);
}

/* True when the item went to another unit. */
static bool readdress(struct stafette *g, int64_t seq, int64_t before_ms, int64_t after_ms)
{
    struct item item;
    struct route_result before, after;
    char from[ID_MAX];
    if (!store_item_get(g->store, seq, &item) || !waits_for_receiver(&item))
        return false;
    route_at(g, &item, before_ms, &before);
    route_at(g, &item, after_ms, &after);
    const struct unit *old = before.target[0].unit;
    if (old == after.target[0].unit || !str_eq(item.to_unit, old->id) || was_named(g, &item))
        return false;
    memcpy(from, item.to_unit, sizeof from);
    move(g, &item, &after.target[0], after.rule);
    audit(g, &item, from);
    tell_both(g, &item, old, &after.target[0]);
    return true;
}

struct walk {
    int64_t seq[ACTIVATE_LOOK_MAX];
    size_t n;
};

static bool collect(void *context, const struct item *item)
{
    struct walk *walk = context;
    walk->seq[walk->n++] = item->seq;
    return walk->n < ACTIVATE_LOOK_MAX;
}

/* One turn's share of a pass. True when it has come to the end. */
static bool go_on(struct stafette *g, int64_t before_ms, int64_t after_ms, size_t *changed)
{
    struct walk walk;
    int64_t next = store_meta_int(g->store, item_name);
    walk.n = 0;
    store_item_each(g->store, false, next, &walk, collect);
    for (size_t i = 0; i < walk.n && *changed < ACTIVATE_CHANGE_MAX; i++) {
        next = walk.seq[i] + 1;
        *changed += readdress(g, walk.seq[i], before_ms, after_ms);
    }
    store_meta_set_int(g->store, item_name, next);
    return walk.n < ACTIVATE_LOOK_MAX && (walk.n == 0 || next > walk.seq[walk.n - 1]);
}

static void audit_pass(struct stafette *g, const char *what, int64_t from_ms, int64_t to_ms)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "routes %s from=", what);
    time_utc(&text, from_ms);
    buf_puts(&text, " to=");
    time_utc(&text, to_ms);
    buf_printf(&text, " version=%s config=%s", routing_version(g->config->routing),
               g->config->version);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
}

size_t activate_run(struct stafette *g)
{
    size_t changed = 0;
    int64_t done_ms = store_meta_int(g->store, done_name);
    int64_t target_ms = store_meta_int(g->store, target_name);
    if (!done_ms) {
        store_meta_set_int(g->store, done_name, g->now_ms);
        return 0;
    }
    if (!target_ms) {
        int64_t next_ms = routing_next_change(g->config->routing, done_ms);
        if (!next_ms || next_ms > g->now_ms)
            return 0;
        target_ms = g->now_ms;
        store_meta_set_int(g->store, target_name, target_ms);
        store_meta_set_int(g->store, item_name, 0);
        audit_pass(g, "activating", done_ms, target_ms);
    }
    if (!go_on(g, done_ms, target_ms, &changed))
        return changed;
    store_meta_set_int(g->store, done_name, target_ms);
    store_meta_set_int(g->store, target_name, 0);
    audit_pass(g, "activated", done_ms, target_ms);
    return changed;
}
