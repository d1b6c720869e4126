/*
 * The operator's hand on the outbox: see outbox_ops.h.
 */
#include "outbox_ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lane.h"
#include "log.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "store_outbox.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum {
    STEP_MS = 8,     /* of a turn's 50: the commit needs some, too */
    STEP_ROWS = 200, /* each may lie in a page of its own, which the commit writes */
    CODE_MAX = 32,
    NAME_MAX_LEN = 300 /* a transport's name and a domain */
};

/* An order to try again, until it is answered. */
struct retry_run {
    struct retry_order order; /* without done(): none is under way */
    char *wanted;             /* "" = the one delivery */
    int64_t delivery_seq;
    int64_t lane;                /* where it stands; 0 = before the first */
    int64_t after_ms, after_seq; /* among the SMS of that lane */
    int64_t count;
};

struct outbox_ops {
    struct lane_holds holds;
    struct retry_run run;
};

static void take_hold(void *context, const char *lane, int64_t since_ms)
{
    lane_holds_add(context, lane, since_ms);
}

struct outbox_ops *outbox_ops_open(struct stafette *g)
{
    struct outbox_ops *ops = xcalloc(1, sizeof *ops);
    store_outbox_each_hold(g->store, &ops->holds, take_hold);
    for (size_t i = 0; i < ops->holds.count; i++)
        log_warn("destination", "name=\"%s\" state=held", ops->holds.hold[i].lane);
    return ops;
}

void outbox_ops_close(struct outbox_ops *ops)
{
    lane_holds_release(&ops->holds);
    free(ops->run.wanted);
    free(ops);
}

const struct lane_holds *outbox_holds(const struct stafette *g)
{
    return &g->outbox->ops->holds;
}

bool outbox_lane_held(const struct stafette *g, int64_t lane_id)
{
    const struct lane_holds *holds = outbox_holds(g);
    return holds->count && lane_holds_cover(holds, store_intern_text(g->store, lane_id));
}

bool outbox_transport_held(const struct stafette *g, const char *name, bool urgent)
{
    struct buf all = BUF_INIT;
    if (!outbox_holds(g)->count)
        return false;
    buf_printf(&all, "%s%s", name, urgent ? LANE_URGENT_MARK : "");
    bool is_held = lane_holds_cover(outbox_holds(g), buf_str(&all)) != NULL;
    buf_release(&all);
    return is_held;
}

/* ---- hold and release */

static bool has_transport(const struct stafette *g, const char *name, size_t len)
{
    const struct transports *all = g->config->transports;
    for (size_t i = 0; i < all->count; i++)
        if (strlen(all->transport[i]->name) == len &&
            strncmp(all->transport[i]->name, name, len) == 0)
            return true;
    return false;
}

/* A lane that was ever used, of a transport that is there or with something that waits; it may be
 * the urgent one of a pair of which only the other was used yet. */
static bool has_lane(struct stafette *g, const char *base)
{
    struct buf urgent = BUF_INIT;
    buf_printf(&urgent, "%s" LANE_URGENT_MARK, base);
    const int64_t lane[] = {store_outbox_lane(g->store, base),
                            store_outbox_lane(g->store, buf_str(&urgent))};
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(lane) && !found; i++)
        found = lane[i] && (has_transport(g, base, strcspn(base, "/")) ||
                            store_outbox_lane_waits(g->store, lane[i]));
    buf_release(&urgent);
    return found;
}

enum op_end outbox_name(struct stafette *g, const char *lane, bool urgent, struct buf *name,
                        struct buf *err)
{
    struct buf base = BUF_INIT;
    size_t len = strlen(lane);
    bool marked = lane_name_is_urgent(lane);
    bool fits = len <= NAME_MAX_LEN;
    buf_add(&base, lane, len - (marked ? strlen(LANE_URGENT_MARK) : 0));
    bool is_all = str_empty(lane) || str_eq(buf_str(&base), LANE_ALL);
    bool known =
        is_all ||
        (fits && (has_transport(g, buf_str(&base), base.len) || has_lane(g, buf_str(&base))));
    if (known)
        buf_printf(name, "%s%s", is_all ? LANE_ALL : buf_str(&base),
                   marked || urgent ? LANE_URGENT_MARK : "");
    else
        buf_puts(err, "there is no such destination; stafettectl outbox lists those where "
                      "something waits, and a transport's name means all of its own");
    buf_release(&base);
    return known ? OP_DONE : OP_UNKNOWN;
}

static void audit(struct stafette *g, int64_t item_seq, const char *text)
{
    store_audit_add(g->store, g->now_ms, item_seq, text);
}

static void audit_lane(struct stafette *g, const char *what, const char *name)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "outbox %s lane=\"%s\" by=operator", what, name);
    audit(g, 0, buf_str(&text));
    buf_release(&text);
}

static enum op_end release(struct stafette *g, const char *name, struct buf *err)
{
    const struct lane_holds *holds = outbox_holds(g);
    if (str_empty(name)) {
        for (size_t i = 0; i < holds->count; i++) {
            store_outbox_release(g->store, holds->hold[i].lane);
            audit_lane(g, "release", holds->hold[i].lane);
        }
        return OP_DONE;
    }
    if (lane_holds_find(holds, name)) {
        store_outbox_release(g->store, name);
        audit_lane(g, "release", name);
        return OP_DONE;
    }
    const struct lane_hold *wider = lane_holds_cover(holds, name);
    if (!wider) {
        buf_puts(err, "this destination is not held; stafettectl outbox says which are");
        return OP_REFUSED;
    }
    bool is_all = str_starts(wider->lane, LANE_ALL);
    buf_printf(err, "it is held by the hold on %s; stafettectl outbox release %s%s%s",
               is_all ? "all destinations" : wider->lane, is_all ? "" : "\"",
               is_all ? "--all" : wider->lane, is_all ? "" : "\"");
    return OP_REFUSED;
}

enum op_end outbox_hold(struct stafette *g, const char *name, bool hold, struct buf *err)
{
    if (!hold)
        return release(g, name, err);
    if (lane_holds_find(outbox_holds(g), name)) {
        buf_puts(err, "it is held already; stafettectl outbox release lets it go");
        return OP_REFUSED;
    }
    store_outbox_hold(g->store, name, g->now_ms);
    audit_lane(g, "hold", name);
    return OP_DONE;
}

static void log_changes(const struct lane_holds *from, const struct lane_holds *than,
                        const char *state)
{
    for (size_t i = 0; i < from->count; i++)
        if (!lane_holds_find(than, from->hold[i].lane))
            log_warn("destination", "name=\"%s\" state=%s", from->hold[i].lane, state);
}

void outbox_hold_changed(struct stafette *g)
{
    struct outbox *o = g->outbox;
    struct lane_holds old = o->ops->holds;
    o->ops->holds = (struct lane_holds){0};
    store_outbox_each_hold(g->store, &o->ops->holds, take_hold);
    log_changes(&o->ops->holds, &old, "held");
    log_changes(&old, &o->ops->holds, "released");
    for (size_t i = 0; i < o->lanes; i++)
        if (lane_holds_cover(&old, store_intern_text(g->store, o->lane[i].id)))
            o->lane[i].wake_ms = 0;
    lane_holds_release(&old);
}

/* ---- cancel */

static bool is_code(const char *code)
{
    size_t len = strlen(code);
    return len > 0 && len <= CODE_MAX && strspn(code, "abcdefghijklmnopqrstuvwxyz_") == len;
}

static bool waits(const struct delivery *d)
{
    return d->state == DELIVERY_PENDING || d->state == DELIVERY_HELD;
}

/* What hung on the delivery goes on at once, unless another one of the notice carries it. */
static const char *go_on(struct stafette *g, const struct delivery *d)
{
    struct item item;
    char notice[32];
    if (!store_item_get(g->store, d->item_seq, &item) || item.closed_ms ||
        store_delivery_hopeful(g->store, d->notice_seq))
        return "nothing";
    snprintf(notice, sizeof notice, "%lld", (long long)d->notice_seq);
    tell_status(g, &item, "notice.failed", "notice_id", notice);
    if (tell_next_contact(g, &item, d, false))
        return "next_contact";
    workflow_next_rung(g, &item);
    return "next_step";
}

enum op_end outbox_cancel(struct stafette *g, int64_t delivery_seq, const char *code,
                          const char **then, struct buf *err)
{
    struct delivery d;
    if (!is_code(code)) {
        buf_puts(err, "a reason is needed: --code, 1 to 32 characters of a-z and _, such as "
                      "told_by_phone");
        return OP_REFUSED;
    }
    if (!store_delivery_get(g->store, delivery_seq, &d)) {
        buf_puts(err, "there is no delivery with that number; stafettectl outbox list shows them");
        return OP_UNKNOWN;
    }
    if (!waits(&d)) {
        buf_printf(err, "it has ended (%s); only what waits can be cancelled",
                   delivery_state_name(d.state));
        return OP_REFUSED;
    }
    if (outbox_flight(g->outbox, d.seq)) {
        buf_puts(err, "it is being handed over at this moment; look again in a minute");
        return OP_REFUSED;
    }
    d.state = DELIVERY_CANCELLED;
    d.ended_ms = g->now_ms;
    store_delivery_settle(g->store, &d);
    struct buf text = BUF_INIT;
    buf_printf(&text, "delivery=%lld notice=%lld result=cancelled by=operator code=%s",
               (long long)d.seq, (long long)d.notice_seq, code);
    audit(g, d.item_seq, buf_str(&text));
    buf_release(&text);
    *then = go_on(g, &d);
    return OP_DONE;
}

/* ---- resend */

static void put_contacts(const struct stafette *g, const char *unit_id, struct buf *out)
{
    const struct unit *unit = directory_unit(g->config->directory, unit_id);
    for (size_t i = 0; unit && i < unit->contacts; i++)
        buf_printf(out, "%s%s", i ? ", " : "", unit->contact[i].id);
}

/* The contact that is to get it; NULL with the reason in err. */
static const struct contact *find_recipient(const struct stafette *g, const struct due *due,
                                            const struct item *item, const char *to,
                                            struct buf *err)
{
    const char *id = str_empty(to) ? due->delivery.contact : to;
    const struct contact *contact = directory_contact(g->config->directory, id);
    size_t len = strlen(due->notice.unit);
    bool same_unit = strncmp(id, due->notice.unit, len) == 0 && id[len] == '/';
    if (!contact || !same_unit) {
        buf_printf(err, "%s; the notice is for %s: ",
                   same_unit ? "this contact is no longer in the directory"
                             : "only a contact of the same unit may get it",
                   due->notice.unit);
        put_contacts(g, due->notice.unit, err);
        return NULL;
    }
    if (contact->urgent_only && item->urgency < URGENCY_URGENT) {
        buf_puts(err, "this contact is for urgent items only");
        return NULL;
    }
    return contact;
}

static bool may_resend(struct stafette *g, const struct due *due, struct item *item,
                       struct buf *err)
{
    size_t before = err->len;
    if (waits(&due->delivery))
        buf_printf(err, "it has not left yet; stafettectl outbox retry %lld tries it now",
                   (long long)due->delivery.seq);
    else if (due->notice.reason == REASON_ANSWERED)
        buf_puts(err, "it is the reply to an SMS, which is of that moment");
    else if (!store_item_get(g->store, due->delivery.item_seq, item))
        buf_puts(err, "its item is erased");
    else if (item->closed_ms && due->notice.deadline_ms)
        buf_puts(err, "its item has ended, nobody is asked any more");
    return err->len == before;
}

enum op_end outbox_resend(struct stafette *g, int64_t delivery_seq, const char *to,
                          int64_t *fresh_seq, struct buf *err)
{
    struct due due;
    struct item item;
    if (!store_delivery_with_notice(g->store, delivery_seq, &due)) {
        buf_puts(err, "there is no delivery with that number; stafettectl outbox list shows them");
        return OP_UNKNOWN;
    }
    if (!may_resend(g, &due, &item, err))
        return OP_REFUSED;
    const struct contact *contact = find_recipient(g, &due, &item, to, err);
    if (!contact)
        return OP_REFUSED;
    if (!tell_copy(g, &item, &due.notice, contact)) {
        buf_puts(err, "the configuration has no template or transport for this contact");
        return OP_REFUSED;
    }
    store_notice_doubt(g->store, due.notice.seq);
    *fresh_seq = store_last(g->store, SEQ_DELIVERY);
    struct buf text = BUF_INIT;
    buf_printf(&text, "resend delivery=%lld of=%lld notice=%lld contact=%s by=operator",
               (long long)*fresh_seq, (long long)delivery_seq, (long long)due.notice.seq,
               contact->id);
    audit(g, item.seq, buf_str(&text));
    buf_release(&text);
    return OP_DONE;
}

/* ---- retry */

static enum op_end begin_run(struct stafette *g, const struct retry_order *order,
                             const char *wanted, struct buf *err)
{
    struct retry_run *run = &g->outbox->ops->run;
    if (run->order.done) {
        buf_puts(err, "another retry is under way; it is answered when it is done");
        return OP_REFUSED;
    }
    *run = (struct retry_run){.order = *order, .wanted = xstrdup(wanted)};
    return OP_DONE;
}

enum op_end outbox_retry_one(struct stafette *g, const struct retry_order *order,
                             int64_t delivery_seq, struct buf *err)
{
    struct delivery d;
    if (!store_delivery_get(g->store, delivery_seq, &d)) {
        buf_puts(err, "there is no delivery with that number; stafettectl outbox list shows them");
        return OP_UNKNOWN;
    }
    if (d.state == DELIVERY_HELD)
        buf_puts(err, d.class == CLASS_FORBIDDEN
                          ? "it waits for a permission; it leaves by itself when there is one"
                          : "the store was restored; stafettectl release lets it go");
    else if (d.state != DELIVERY_PENDING)
        buf_printf(err, "it has ended (%s); stafettectl outbox resend %lld sends it once more",
                   delivery_state_name(d.state), (long long)delivery_seq);
    else if (outbox_lane_held(g, d.lane_id))
        buf_puts(err, "its destination is held; stafettectl outbox release comes first");
    if (d.state != DELIVERY_PENDING || outbox_lane_held(g, d.lane_id))
        return OP_REFUSED;
    enum op_end end = begin_run(g, order, "", err);
    if (end == OP_DONE)
        g->outbox->ops->run.delivery_seq = delivery_seq;
    return end;
}

enum op_end outbox_retry(struct stafette *g, const struct retry_order *order, const char *name,
                         struct buf *err)
{
    const struct lane_hold *hold = lane_holds_cover(outbox_holds(g), name);
    if (hold && !str_starts(name, LANE_ALL)) {
        buf_puts(err, "this destination is held; stafettectl outbox release comes first");
        return OP_REFUSED;
    }
    return begin_run(g, order, name, err);
}

/* When it may be tried: an SMS not before the end of quiet hours. */
static int64_t earliest_ms(struct stafette *g, const struct delivery *d)
{
    struct item item;
    const struct contact *contact = directory_contact(g->config->directory, d->contact);
    if (d->channel != CHANNEL_SMS || !contact || !store_item_get(g->store, d->item_seq, &item))
        return g->steady_ms;
    return tell_awake_ms(g, &item, contact, g->steady_ms);
}

static int64_t put_forward(struct stafette *g, const struct delivery *d)
{
    int64_t next_ms = earliest_ms(g, d);
    return next_ms < d->next_ms && store_outbox_set_next(g->store, d->seq, next_ms);
}

static void run_one(struct stafette *g, struct retry_run *run)
{
    struct delivery d;
    if (!store_delivery_get(g->store, run->delivery_seq, &d))
        return;
    struct buf text = BUF_INIT;
    run->lane = d.lane_id;
    run->count = d.state == DELIVERY_PENDING && put_forward(g, &d);
    buf_printf(&text, "outbox retry delivery=%lld count=%lld by=operator",
               (long long)run->delivery_seq, (long long)run->count);
    audit(g, d.item_seq, buf_str(&text));
    buf_release(&text);
}

/* Short messages one by one, mails as many as the index gives. False when the lane is through. */
static bool run_rows(struct stafette *g, struct retry_run *run, bool by_mail)
{
    struct delivery d;
    if (by_mail) {
        int64_t n = store_outbox_pull(g->store, run->lane, g->steady_ms, STEP_ROWS);
        run->count += n;
        return n == STEP_ROWS;
    }
    for (int i = 0; i < STEP_ROWS; i++) {
        if (!store_outbox_later(g->store, run->lane, run->after_ms, run->after_seq, &d))
            return false;
        run->after_ms = d.next_ms;
        run->after_seq = d.seq;
        run->count += put_forward(g, &d);
    }
    return true;
}

static bool next_lane(struct stafette *g, struct retry_run *run)
{
    for (int i = 0; i < STEP_ROWS; i++) {
        run->lane = store_delivery_lane_after(g->store, run->lane);
        run->after_ms = g->steady_ms;
        run->after_seq = INT64_MAX;
        if (!run->lane ||
            (lane_is_meant(run->wanted, store_intern_text(g->store, run->lane), true) &&
             !outbox_lane_held(g, run->lane)))
            break;
    }
    return run->lane != 0;
}

/* One step in the open transaction, changing a copy of the run; true when it is through. */
static bool run_some(struct stafette *g, struct retry_run *run)
{
    const int64_t until_ms = util_monotonic_ms() + STEP_MS, enough = run->count + STEP_ROWS;
    if (str_empty(run->wanted)) {
        run_one(g, run);
        return true;
    }
    while (!store_failed(g->store) && run->count < enough && util_monotonic_ms() < until_ms) {
        const char *name = store_intern_text(g->store, run->lane);
        bool meant =
            run->lane && lane_is_meant(run->wanted, name, true) && !outbox_lane_held(g, run->lane);
        if (meant && run_rows(g, run, lane_has_domain(g, run->lane)))
            continue;
        if (!next_lane(g, run)) {
            struct buf text = BUF_INIT;
            buf_printf(&text, "outbox retry lane=\"%s\" count=%lld by=operator", run->wanted,
                       (long long)run->count);
            audit(g, 0, buf_str(&text));
            buf_release(&text);
            return true;
        }
    }
    return false;
}

/* Lanes are walked in the order of their numbers. One that is not through is not woken yet, or what
 * fails again at once would be put forward twice. A dead road is probed at once: the operator may
 * have mended it. */
static void wake_between(struct stafette *g, const struct retry_run *run, int64_t from)
{
    struct outbox *o = g->outbox;
    for (size_t i = 0; i < o->lanes; i++) {
        int64_t id = o->lane[i].id;
        bool passed = id >= from && (!run->lane || id < run->lane);
        if (str_empty(run->wanted)
                ? id == run->lane
                : passed && lane_is_meant(run->wanted, store_intern_text(g->store, id), true)) {
            o->lane[i].wake_ms = 0;
            o->road[o->lane[i].road].probe_ms = 0;
        }
    }
}

static void end_run(struct stafette *g, bool is_good)
{
    const struct retry_run run = g->outbox->ops->run;
    g->outbox->ops->run = (struct retry_run){0};
    free(run.wanted);
    run.order.done(g, run.order.context, run.count, is_good);
}

bool outbox_ops_busy(const struct stafette *g)
{
    return g->outbox->ops->run.order.done != NULL;
}

bool outbox_ops_step(struct stafette *g)
{
    struct retry_run *run = &g->outbox->ops->run;
    if (!run->order.done)
        return false;
    struct retry_run next = *run;
    store_begin(g->store);
    bool through = run_some(g, &next);
    if (store_commit(g->store) != STORE_DONE) {
        end_run(g, false);
        return true;
    }
    wake_between(g, &next, run->lane);
    *run = next;
    if (through)
        end_run(g, true);
    return true;
}
