/*
 * Workflow, what is special about a step: one function for each effect of the table. A function
 * that returns false leaves the usual end of a step (row, clocks, telling) to the caller.
 */
#include <string.h>

#include "budget.h"
#include "choose.h"
#include "config.h"
#include "directory.h"
#include "phase.h"
#include "store.h"
#include "store_clock.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { FOLLOW_UP_DAYS = 14 };

/* Approved, but there is nobody who may be asked now: the giver must mend it. */
static void hold(struct work *w, enum choice choice)
{
    struct item *item = &w->item;
    struct buf why = BUF_INIT;
    bool rights = choice == CHOICE_NO_CONSENT || choice == CHOICE_NO_BASIS ||
                  choice == CHOICE_NO_PERMISSION || choice == CHOICE_NO_AGREEMENT;
    item->state = STATE_HELD;
    str_copy(item->code, sizeof item->code, choice_name(choice));
    str_copy(item->waiting_unit, sizeof item->waiting_unit, work_unit(w->g, item->from_unit)->id);
    store_item_update(w->g->store, item);
    int64_t due_ms = workflow_set_clock(w->g, item, &w->limits, 0);
    buf_printf(&why, "Der Auftrag ist angehalten. %s %s", choice_german(choice),
               choice_next_german(choice));
    const struct telling telling = {work_unit(w->g, item->from_unit), REASON_SENDER,
                                    "referral.outcome", due_ms, buf_str(&why)};
    tell_unit(w->g, item, &w->limits, &telling);
    if (rights)
        work_fault(w, "E-RECHT", FIELD_NONE);
    tell_status(w->g, item, "referral.held", "missing", choice_missing(choice));
    buf_release(&why);
}

static void offer_to(struct work *w, const struct unit *provider)
{
    struct item *item = &w->item;
    item->state = STATE_OFFERED;
    str_copy(item->to_unit, sizeof item->to_unit, provider->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, provider->id);
    store_item_update(w->g->store, item);
    int64_t due_ms = workflow_set_clock(w->g, item, &w->limits, 0);
    work_tell_waiting(w, "", due_ms);
}

/* DO6: what is approved is committed to its line, in the place of what an earlier approval of the
 * same item committed; the line's lead hears of a threshold. A line that is not kept here is the
 * case system's own business. */
static void commit_budget(struct work *w)
{
    struct item *item = &w->item;
    const char *line = w->ev.text[FIELD_BUDGET_LINE];
    int crossed = 0, given_back;
    if (!w->ev.present[FIELD_BUDGET_LINE])
        return;
    if (!str_empty(item->budget_line) && item->amount_cents)
        budget_commit(w->g, item->budget_line, -item->amount_cents, &given_back);
    str_copy(item->budget_line, sizeof item->budget_line, line);
    if (w->ev.present[FIELD_AMOUNT_CENTS])
        item->amount_cents = w->ev.number[FIELD_AMOUNT_CENTS];
    budget_commit(w->g, line, item->amount_cents, &crossed);
    const struct budget *budget = directory_budget(w->g->config->directory, line);
    const struct task task = {
        .code = "budget", .unit = budget ? budget->lead : NULL, .number = crossed};
    if (crossed)
        work_task(w->g, &task);
}

bool work_offer(struct work *w)
{
    struct choose_result chosen;
    choose_provider(w->g, &w->item, &chosen);
    if (chosen.choice == CHOICE_OFFER)
        offer_to(w, chosen.provider);
    else
        hold(w, chosen.choice);
    return chosen.choice == CHOICE_OFFER;
}

static bool offer(struct work *w, const struct step *step)
{
    commit_budget(w);
    /* The end of an approval before this one is over with it. */
    w->item.due_day = w->ev.present[FIELD_VALID_UNTIL] ? w->ev.number[FIELD_VALID_UNTIL] : 0;
    w->item.flags &= ~(unsigned)ITEM_VOUCHER_TOLD;
    if (work_offer(w))
        tell_status(w->g, &w->item, step->status, "", "");
    return true;
}

/* Told by the task that permit.c makes, which says what is missing. */
static bool held(struct work *w, const struct step *step)
{
    store_item_update(w->g->store, &w->item);
    workflow_set_clock(w->g, &w->item, &w->limits, 0);
    tell_status(w->g, &w->item, step->status, "", "");
    return true;
}

/* F2: the next by rule, unless the client chose this one, or the client said no. */
static bool next(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    const char *code = w->ev.text[FIELD_CODE], *by = w->parties.by ? w->parties.by->id : "";
    struct choose_result chosen;
    choose_provider(w->g, item, &chosen);
    if (chosen.choice != CHOICE_OFFER || item->flags & ITEM_PINNED ||
        str_eq(code, "client_refused"))
        return false;
    tell_status(w->g, item, step->status, "code", code);
    offer_to(w, chosen.provider);
    work_tell_outcome(w,
                      "Der angefragte Träger übernimmt den Auftrag nicht; der nächste Träger ist "
                      "angefragt. Zuständig bleibt die auftraggebende Stelle.",
                      by);
    tell_status(w->g, item, "referral.offered", "provider", chosen.provider->id);
    return true;
}

/* DO4: both contact roles are told together, in the item's one thread. */
static bool conflict(struct work *w, const struct step *step)
{
    const struct unit *other = work_contact_role(w->g, w->item.to_unit);
    w->told_apart = other;
    work_finish_step(w, step);
    w->told_apart = NULL;
    if (str_eq(other->id, w->item.waiting_unit))
        return true;
    struct clock clock = {0};
    store_clock_of(w->g->store, w->item.seq, &clock);
    const struct telling telling = {other, REASON_CONFLICT, "handover.outcome", clock.due_ms,
                                    step->outcome};
    tell_unit(w->g, &w->item, &w->limits, &telling);
    return true;
}

static bool reassign(struct work *w, const struct step *step)
{
    str_copy(w->item.to_unit, sizeof w->item.to_unit, w->parties.to->id);
    str_copy(w->item.waiting_unit, sizeof w->item.waiting_unit, w->parties.to->id);
    /* Its conversation was with another unit (§ 86c(2) SGB VIII). */
    w->item.flags &= ~(unsigned)ITEM_CONVERSED;
    (void)step;
    return false;
}

static const struct {
    const char *code, *german;
} missing_words[] = {
    {"open_tasks", "die Zahl der offenen Aufgaben"},
    {"next_deadline", "die nächste Frist"},
    {"hilfeplan", "die Angabe zum Hilfeplan"},
    {"plan", "der Plan"},
    {"legal_basis", "die Rechtsgrundlage"},
    {"consent_ref", "die Einwilligung"},
    {"reason", "der Anlass"},
    {"contact", "die Ansprechstelle"},
    {"documents", "die Unterlagen in der Akte"},
};

/* "open_tasks,consent_ref" -> "die Zahl der offenen Aufgaben, die Einwilligung". */
static void put_missing(struct buf *out, const char *codes)
{
    bool others = false;
    size_t said = 0;
    for (const char *p = codes; *p; p += strspn(p, ",")) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < COUNT_OF(missing_words) &&
               (strlen(missing_words[i].code) != n || strncmp(missing_words[i].code, p, n) != 0))
            i++;
        others = others || i == COUNT_OF(missing_words);
        if (i < COUNT_OF(missing_words))
            buf_printf(out, "%s%s", said++ ? ", " : "", missing_words[i].german);
        p += n;
    }
    if (others)
        buf_printf(out, "%sweitere Angaben (siehe Fachverfahren)", said ? ", " : "");
}

static bool missing(struct work *w, const struct step *step)
{
    struct step with_list = *step;
    struct buf text = BUF_INIT;
    buf_puts(&text, step->outcome);
    if (!str_empty(w->ev.text[FIELD_MISSING])) {
        buf_puts(&text, " Es fehlt: ");
        put_missing(&text, w->ev.text[FIELD_MISSING]);
        buf_addc(&text, '.');
    }
    with_list.outcome = buf_str(&text);
    work_finish_step(w, &with_list);
    buf_release(&text);
    return true;
}

static bool conversed(struct work *w, const struct step *step)
{
    (void)step;
    w->item.flags |= ITEM_CONVERSED;
    return false;
}

/* The first contact lapses a staffed day after the day it was planned for. A new date does not make
 * good the one that was missed; a contact does. */
static bool contact(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    if (item->state == STATE_RUNNING)
        item->flags &= ~(unsigned)ITEM_MISSED_ONCE;
    work_finish_step(w, step);
    if (item->state == STATE_CONTACT_SCHEDULED && w->ev.present[FIELD_ON]) {
        const struct span grace = {SPAN_STAFFED, 1};
        const struct unit *unit = work_unit(w->g, item->waiting_unit);
        store_clock_move(w->g->store, item->seq, CLOCK_ACCEPT,
                         worktime_end(&unit->hours, &grace, day_end_ms(w->ev.number[FIELD_ON])));
    }
    return true;
}

/* F5: the second in a row warns the giver; it is no text for a sanction. */
static bool missed(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    bool second = item->flags & ITEM_MISSED_ONCE || w->ev.number[FIELD_COUNT_OF] >= 2;
    item->flags |= ITEM_MISSED_ONCE;
    work_finish_step(w, step);
    const struct task task = {.code = "contact_missed",
                              .parent = item,
                              .unit = work_unit(w->g, item->from_unit),
                              .urgency = item->urgency};
    if (second)
        work_task(w->g, &task);
    return true;
}

/* MH6: the case management hears of each phase and how long those before it took, and is asked in
 * time what comes after it. */
static bool phase(struct work *w, const struct step *step)
{
    struct step with_phase = *step;
    struct buf news = BUF_INIT;
    const char *name = w->ev.text[FIELD_PHASE];
    str_copy(w->item.code, sizeof w->item.code, name);
    work_phase_change(w, name);
    buf_puts(&news, phase_news(name));
    work_phase_sentence(w, " Bisher: ", &news);
    with_phase.outcome = buf_str(&news);
    work_finish_step(w, &with_phase);
    buf_release(&news);
    const struct task task = {.code = "next_step",
                              .parent = &w->item,
                              .unit = work_unit(w->g, w->item.from_unit),
                              .begins_ms = w->g->now_ms + FOLLOW_UP_DAYS * DAY_MS,
                              .urgency = w->item.urgency};
    if (str_eq(name, "abloesung"))
        work_task(w->g, &task);
    return true;
}

/* What was accepted has lapsed or ended: the giver is responsible again, until somebody accepts. */
static void give_back(struct work *w)
{
    str_copy(w->item.owner_unit, sizeof w->item.owner_unit, work_unit(w->g, w->item.from_unit)->id);
}

/* MH7, F6: what comes next is proposed to the desk that arranges it. */
static bool feedback(struct work *w, const struct step *step)
{
    const char *next_step = w->ev.text[FIELD_NEXT_STEP];
    struct step with_days = *step;
    struct buf news = BUF_INIT;
    buf_puts(&news, step->outcome);
    work_phase_sentence(w, " Tage je Phase: ", &news);
    with_days.outcome = buf_str(&news);
    give_back(w);
    work_finish_step(w, &with_days);
    buf_release(&news);
    if (str_empty(next_step) || str_eq(next_step, "none"))
        return true;
    tell_status(w->g, &w->item, "followup.proposed", "next_step", next_step);
    const struct task task = {.code = next_step, .parent = &w->item, .urgency = w->item.urgency};
    work_routed_task(w->g, &task);
    return true;
}

static bool lapse(struct work *w, const struct step *step)
{
    (void)step;
    give_back(w);
    return false;
}

/* Whoever waits for a place is served by nobody yet. */
static bool waitlist(struct work *w, const struct step *step)
{
    (void)step;
    give_back(w);
    str_copy(w->item.code, sizeof w->item.code, w->ev.text[FIELD_EXPECTED_WEEK]);
    return false;
}

/* A request that never reached a receiver ends at once. */
static bool withdraw(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    (void)step;
    if (!str_empty(item->to_unit))
        return false;
    item->state = STATE_CLOSED;
    item->waiting_unit[0] = '\0';
    item->closed_ms = w->g->now_ms;
    return false;
}

struct handed_over {
    const struct item *emergency;
    bool is_so;
};

static bool look_for_handover(void *context, const struct item *item)
{
    struct handed_over *look = context;
    const enum item_state s = item->state;
    look->is_so = item->kind == ITEM_HANDOVER &&
                  str_eq(item->case_ref, look->emergency->case_ref) &&
                  item->created_ms >= look->emergency->created_ms && s != STATE_ANNOUNCED &&
                  s != STATE_RETURNED && s != STATE_WITHDRAWN && s != STATE_CLOSED;
    return !look->is_so;
}

/* The handover may have come before the word that the hazard is over (hazard_cleared_at). */
static bool cleared(struct work *w, const struct step *step)
{
    struct handed_over look = {&w->item, false};
    work_finish_step(w, step);
    if (w->item.case_key)
        store_item_each_of_case(w->g->store, w->item.case_key, &look, look_for_handover);
    if (look.is_so && work_inner(w->g, &w->item, ON_HANDED_OVER))
        store_item_get(w->g->store, w->item.seq, &w->item);
    return true;
}

static bool (*const effects[EFFECT_COUNT])(struct work *, const struct step *) = {
    [EFFECT_OFFER] = offer,           [EFFECT_NEXT] = next,
    [EFFECT_CONFLICT] = conflict,     [EFFECT_REASSIGN] = reassign,
    [EFFECT_MISSING] = missing,       [EFFECT_CONVERSED] = conversed,
    [EFFECT_CONTACT] = contact,       [EFFECT_MISSED] = missed,
    [EFFECT_PHASE] = phase,           [EFFECT_EXTEND] = work_statute_moves,
    [EFFECT_FEEDBACK] = feedback,     [EFFECT_LAPSE] = lapse,
    [EFFECT_WAITLIST] = waitlist,     [EFFECT_HOLD] = held,
    [EFFECT_WITHDRAW] = withdraw,     [EFFECT_CLEARED] = cleared,
    [EFFECT_DRILL] = work_drill_ends,
};

bool work_effect(struct work *w, const struct step *step)
{
    return effects[step->effect] && effects[step->effect](w, step);
}
