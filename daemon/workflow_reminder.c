/*
 * Workflow, reminders around cases that are no meetings: plan reviews (MH8), after-care (UL12),
 * calls after a letter (BI5), vouchers that end. Each is a task in waiting, so it has an owner and
 * a clock like every item; it begins on a day on which its unit is there, and its ladder begins
 * after the day it reminds of.
 *
 * Promises: nobody is told twice of one date; another date moves what is open; the days of a chain
 * count from its start, so they do not drift; after an outage a chain goes on with its next day,
 * not with each it missed. Refuses days that are more than ten years ahead: a mistyped year would
 * be a reminder that never comes. A crash leaves all or nothing of an event, as everywhere.
 */
#include "workflow_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "period.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "tell.h"
#include "util.h"

enum {
    AHEAD_DAYS_MAX = 3653,
    CALLS_MAX = 3,
    LINKS_MAX = 4096, /* of a chain that are looked at: every month for ten years and more */
    ENDED_MAX = 100
};

static int64_t days_of(int64_t ms)
{
    return (ms + DAY_MS - 1) / DAY_MS;
}

/* ---- one reminder */

static bool is_of(const struct reminder_search *search, const struct item *item)
{
    if (item->kind != ITEM_TASK || !str_eq(item->code, search->code) ||
        !str_eq(item->case_ref, search->case_ref))
        return false;
    return search->unit ? str_eq(item->to_unit, search->unit->id)
                        : str_eq(item->source, search->source);
}

static bool look_at(void *context, const struct item *item)
{
    struct reminder_search *search = context;
    struct item *found = item->closed_ms ? &search->ended : &search->open;
    if (is_of(search, item) && !found->seq)
        *found = *item;
    return true;
}

void work_reminder_find(struct stafette *g, int64_t case_key, struct reminder_search *search)
{
    memset(&search->open, 0, sizeof search->open);
    memset(&search->ended, 0, sizeof search->ended);
    store_item_each_of_case(g->store, case_key, search, look_at);
}

static void tell_moved(struct stafette *g, const struct item *item)
{
    struct limits limits;
    struct buf text = BUF_INIT;
    work_limits(g, item, &limits);
    buf_puts(&text, "Der Tag hat sich geändert, neu: ");
    day_german(&text, item->due_day);
    buf_puts(&text, item->state == STATE_WAITING ? ". Sie werden rechtzeitig erinnert." : ".");
    const struct telling telling = {work_unit(g, item->waiting_unit), REASON_OUTCOME,
                                    "task.outcome", 0, buf_str(&text)};
    tell_unit(g, item, &limits, &telling);
    buf_release(&text);
}

/* To another day. Who knows of the old one hears of the new one, and is reminded of it again only
 * where that is still to come. */
static void move(struct work *w, struct item *item, const struct task *task)
{
    struct stafette *g = w->g;
    struct limits limits;
    bool told = item->state != STATE_WAITING;
    int64_t begins_ms = work_task_begin_ms(g, task, work_unit(g, item->waiting_unit));
    store_clock_cancel(g->store, item->seq);
    store_delivery_cancel(g->store, item->seq, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    item->due_day = task->due_day;
    item->amount_cents = task->number;
    item->changed_ms = g->now_ms;
    item->flags &= ~(unsigned)(ITEM_OVERDUE | ITEM_ESCALATED | ITEM_CONSENT);
    item->flags |= task->flags;
    str_copy(item->complexity, sizeof item->complexity, task->plan ? task->plan : "");
    if (!told || begins_ms > g->now_ms)
        item->state = STATE_WAITING;
    store_item_update(g->store, item);
    work_limits(g, item, &limits);
    if (item->state == STATE_WAITING)
        work_add_clock(g, item, CLOCK_BEGIN, 0, begins_ms);
    else
        workflow_set_clock(g, item, &limits, 0);
    if (told)
        tell_moved(g, item);
    tell_status(g, item, "task.moved", "code", item->code);
}

static bool is_same(const struct item *item, const struct task *task)
{
    return item->due_day == task->due_day && str_eq(item->complexity, task->plan ? task->plan : "");
}

/* Consent can come, or be withdrawn, without the day changing. */
static void take_flags(struct work *w, struct item *item, const struct task *task)
{
    unsigned flags = (item->flags & ~(unsigned)ITEM_CONSENT) | task->flags;
    if (flags == item->flags)
        return;
    item->flags = flags;
    store_item_mark(w->g->store, item);
}

static int64_t open_reminder(struct work *w, const struct task *task, struct item *about)
{
    struct task full = *task;
    full.parent = about;
    full.urgency = w->ev.urgency;
    int64_t seq = full.unit ? work_task(w->g, &full) : work_routed_task(w->g, &full);
    return seq ? seq : work_task(w->g, &full);
}

void work_remind(struct work *w, const struct task *task)
{
    struct item about;
    work_describe(w, &about);
    struct reminder_search search = {
        .code = task->code, .case_ref = about.case_ref, .source = about.source, .unit = task->unit};
    work_reminder_find(w->g, about.case_key, &search);
    struct item *open = &search.open;
    int64_t seq = open->seq;
    if (!seq && search.ended.state == STATE_DONE && is_same(&search.ended, task))
        seq = search.ended.seq;
    else if (!seq)
        seq = open_reminder(w, task, &about);
    else if (is_same(open, task))
        take_flags(w, open, task);
    else
        move(w, open, task);
    work_names_task(w, seq);
}

bool work_day_near(struct work *w, enum field field)
{
    if (w->ev.number[field] <= berlin_day(w->g->now_ms) + AHEAD_DAYS_MAX)
        return true;
    work_fault(w, "E-WERT", field);
    work_refuse(w, false);
    return false;
}

void work_review(struct work *w)
{
    int64_t due_day = w->ev.number[FIELD_DUE_ON];
    const struct task task = {.code = "plan_review",
                              .unit = w->parties.by,
                              .due_day = due_day,
                              .begin_day =
                                  due_day - days_of(w->g->config->settings.review_lead_ms)};
    if (work_day_near(w, FIELD_DUE_ON))
        work_remind(w, &task);
}

/* ---- calls after a letter (BI5) */

static void call_on(struct work *w, int64_t day)
{
    const struct task task = {.code = "followup_call",
                              .unit = w->parties.by,
                              .number = 1,
                              .due_day = day,
                              .begin_day = day,
                              .not_before = true};
    work_remind(w, &task);
}

void work_letter(struct work *w)
{
    if (work_day_near(w, FIELD_ON))
        call_on(w, w->ev.number[FIELD_ON] + days_of(w->g->config->settings.followup_call_ms));
}

void work_call(struct work *w)
{
    if (work_day_near(w, FIELD_DUE_ON))
        call_on(w, w->ev.number[FIELD_DUE_ON]);
}

static void give_up(struct stafette *g, const struct item *call)
{
    char count[24];
    struct buf text = BUF_INIT;
    snprintf(count, sizeof count, "%lld", (long long)call->amount_cents);
    buf_printf(&text, "followup closed misses=%s", count);
    store_audit_add(g->store, g->now_ms, call->seq, buf_str(&text));
    tell_status(g, call, "followup.closed", "misses", count);
    buf_release(&text);
}

void work_reminder_done(struct work *w)
{
    const struct item *call = &w->item;
    struct item about = *call;
    if (!str_eq(call->code, "followup_call") || !str_eq(w->ev.text[FIELD_CODE], "nicht_erreicht"))
        return;
    if (call->amount_cents >= CALLS_MAX) {
        give_up(w->g, call);
        return;
    }
    about.seq = about.event_seq = 0;
    int64_t day = berlin_day(w->g->now_ms) + days_of(w->g->config->settings.followup_again_ms);
    const struct task task = {.code = call->code,
                              .parent = &about,
                              .unit = work_unit(w->g, call->to_unit),
                              .urgency = call->urgency,
                              .number = call->amount_cents + 1,
                              .due_day = day,
                              .begin_day = day,
                              .not_before = true};
    work_task(w->g, &task);
}

/* ---- after-care (UL12): a chain of tasks; each one's beginning makes the next */

/* A link keeps the first day as its number and its plan as "3/8/2": every 3 months, 8 times (0: no
 * end), this is the second. */
struct chain {
    int interval_m, count, link;
    int64_t start_day;
};

static void chain_write(const struct chain *chain, char plan[ID_MAX])
{
    snprintf(plan, ID_MAX, "%d/%d/%d", chain->interval_m, chain->count, chain->link);
}

static bool chain_read(const struct item *item, struct chain *chain)
{
    chain->start_day = item->amount_cents;
    return str_eq(item->code, "aftercare") &&
           sscanf(item->complexity, "%d/%d/%d", &chain->interval_m, &chain->count, &chain->link) ==
               3;
}

static int64_t chain_due(const struct chain *chain)
{
    return period_add_months(chain->start_day, chain->interval_m * chain->link);
}

/* The next link whose day is not over; false when the chain is. */
static bool chain_next(struct chain *chain, int64_t today)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        chain->link++;
        if (chain->count && chain->link > chain->count)
            return false;
        if (chain_due(chain) >= today)
            return true;
    }
    return false;
}

static struct task chain_task(const struct chain *chain, const char *plan)
{
    return (struct task){.code = "aftercare",
                         .number = chain->start_day,
                         .due_day = chain_due(chain),
                         .begin_day = chain_due(chain),
                         .plan = plan};
}

static void open_next(struct stafette *g, const struct item *item)
{
    char plan[ID_MAX];
    struct chain chain;
    struct item about = *item;
    if (!chain_read(item, &chain) || !chain_next(&chain, berlin_day(g->now_ms)))
        return;
    about.seq = about.event_seq = 0;
    chain_write(&chain, plan);
    struct task task = chain_task(&chain, plan);
    task.parent = &about;
    task.unit = work_unit(g, item->to_unit);
    task.urgency = item->urgency;
    work_task(g, &task);
}

static bool is_same_chain(const struct item *item, const struct chain *asked)
{
    struct chain chain;
    return item->seq && chain_read(item, &chain) && chain.start_day == asked->start_day &&
           chain.interval_m == asked->interval_m && chain.count == asked->count;
}

/* The first link of a new plan. Another plan takes the place of what is still to come; what a unit
 * was told of stays its own. */
static int64_t put_chain(struct work *w, struct chain *chain, struct item *open, struct item *about)
{
    char plan[ID_MAX];
    if (!chain_next(chain, berlin_day(w->g->now_ms))) {
        work_fault(w, "E-WERT", FIELD_START_ON);
        work_refuse(w, false);
        return 0;
    }
    chain_write(chain, plan);
    struct task task = chain_task(chain, plan);
    task.unit = w->parties.by;
    if (!open->seq || open->state != STATE_WAITING)
        return open_reminder(w, &task, about);
    move(w, open, &task);
    return open->seq;
}

void work_aftercare(struct work *w)
{
    struct item about;
    struct chain chain = {.interval_m = (int)w->ev.number[FIELD_INTERVAL_M],
                          .count = (int)w->ev.number[FIELD_COUNT_OF],
                          .start_day = w->ev.number[FIELD_START_ON]};
    if (!work_day_near(w, FIELD_START_ON))
        return;
    work_describe(w, &about);
    struct reminder_search search = {.code = "aftercare",
                                     .case_ref = about.case_ref,
                                     .source = about.source,
                                     .unit = w->parties.by};
    work_reminder_find(w->g, about.case_key, &search);
    struct item *open = &search.open, *ended = &search.ended;
    bool runs = is_same_chain(open, &chain);
    bool over = !open->seq && ended->state == STATE_DONE && is_same_chain(ended, &chain);
    work_names_task(w, runs ? open->seq : over ? ended->seq : put_chain(w, &chain, open, &about));
}

bool work_reminder_begins(struct stafette *g, struct item *item)
{
    if (work_is_visit(item))
        return work_visit_begins(g, item);
    open_next(g, item);
    return false;
}

/* ---- the end of a case */

struct case_end {
    const struct work *w;
    int64_t key;
    struct item item[ENDED_MAX];
    size_t items;
};

static bool is_reminder(const struct item *item)
{
    static const char *const codes[] = {"plan_review", "aftercare",   "followup_call",
                                        "visit_phb",   "visit_p37_3", "visit_joint"};
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (item->kind == ITEM_TASK && str_eq(item->code, codes[i]))
            return true;
    return false;
}

static bool keep_reminder(void *context, const struct item *item)
{
    struct case_end *end = context;
    if (!item->closed_ms && is_reminder(item) &&
        str_eq(item->case_ref, end->w->ev.text[FIELD_CASE_REF]) &&
        str_eq(item->source, end->w->ev.topic_source))
        end->item[end->items++] = *item;
    return end->items < ENDED_MAX;
}

void work_case_closed(struct work *w)
{
    struct item about;
    struct case_end *end = xcalloc(1, sizeof *end);
    work_describe(w, &about);
    end->w = w;
    store_item_each_of_case(w->g->store, about.case_key, end, keep_reminder);
    for (size_t i = 0; i < end->items; i++) {
        struct item *item = &end->item[i];
        if (item->state == STATE_WAITING)
            work_inner(w->g, item, ON_END);
        else
            work_close(w->g, item, STATE_CLOSED,
                       "Der Fall ist abgeschlossen; die Erinnerung hat sich damit erledigt.");
    }
    free(end);
}

/* ---- vouchers */

/* The warning, in the morning of a day on which who is asked is there; of a voucher that is
 * approved within its last days the next such morning, as far as it is still valid then. */
static int64_t warning_ms(const struct stafette *g, const struct item *item)
{
    const struct worktime *hours = &work_unit(g, item->waiting_unit)->hours;
    int64_t first = item->due_day - days_of(g->config->settings.voucher_lead_ms);
    int64_t at_ms = worktime_next_open(hours, day_start_ms(worktime_staffed_before(hours, first)));
    if (at_ms > g->now_ms)
        return at_ms;
    at_ms = worktime_next_open(hours, day_start_ms(berlin_day(g->now_ms) + 1));
    return at_ms < day_end_ms(item->due_day) ? at_ms : g->now_ms;
}

void work_voucher_clock(struct stafette *g, const struct item *item)
{
    int64_t end_ms = day_end_ms(item->due_day);
    if (item->flags & ITEM_VOUCHER_TOLD || end_ms <= g->now_ms)
        work_add_clock(g, item, CLOCK_EXPIRY, EXPIRY_ENDS, end_ms);
    else
        work_add_clock(g, item, CLOCK_EXPIRY, EXPIRY_WARNING, warning_ms(g, item));
}

void work_voucher_warns(struct stafette *g, const struct clock *clock, struct item *item,
                        int64_t effect_seq)
{
    struct limits limits;
    struct buf text = BUF_INIT;
    const char *const sides[] = {item->to_unit, item->from_unit};
    store_clock_fire(g->store, clock->seq, g->now_ms, effect_seq);
    item->flags |= ITEM_VOUCHER_TOLD;
    store_item_mark(g->store, item);
    work_voucher_clock(g, item);
    work_limits(g, item, &limits);
    buf_puts(&text, "Die Bewilligung endet am ");
    day_german(&text, item->due_day);
    buf_puts(&text, ". Bitte klären Sie rechtzeitig, wie es danach weitergeht.");
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        const struct unit *unit = directory_unit(g->config->directory, sides[i]);
        const struct telling telling = {unit, REASON_OUTCOME, "referral.outcome", 0,
                                        buf_str(&text)};
        if (unit)
            tell_unit(g, item, &limits, &telling);
    }
    tell_status(g, item, "referral.expiring", "", "");
    buf_release(&text);
}
