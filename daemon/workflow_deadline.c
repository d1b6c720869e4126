/*
 * Workflow, statutory clocks (DOMAIN C1-C25): deadline.set makes an item of its own, which warns at
 * three quarters, two Arbeitstage before, on the last day, and after it: then the lead hears of it,
 * and the coordinator again and again until it is met or cancelled. What is due is the law's
 * (statute.h); nothing in the configuration moves it.
 *
 * The item's code is "C3/expert@SH": clock, variant, calendar of the authority's seat; its number
 * is the day on which the clock began.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "holiday.h"
#include "statute.h"
#include "store.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

/* The calendar of the authority's seat: that of the unit so named, or a key as it is. */
static bool seat_calendar(const struct work *w, char calendar[ID_MAX])
{
    const char *seat = w->ev.text[FIELD_AUTHORITY_SEAT];
    const struct unit *unit = directory_unit(w->g->config->directory, seat);
    if (unit) {
        str_copy(calendar, ID_MAX, unit->hours.calendar);
        return holiday_key_valid(calendar);
    }
    str_copy(calendar, ID_MAX, seat);
    for (char *p = calendar; *p && *p != '+'; p++)
        *p = (char)toupper((unsigned char)*p);
    return holiday_key_valid(calendar);
}

/* "C3" with the variant that the event gives as reason, where the clock has such a one. */
static void clock_name(const struct work *w, char name[ID_MAX])
{
    const char *reason = w->ev.text[FIELD_REASON];
    snprintf(name, ID_MAX, "%s/%s", w->ev.text[FIELD_CLOCK], reason);
    if (str_empty(reason) || !statute_find(name))
        str_copy(name, ID_MAX, w->ev.text[FIELD_CLOCK]);
}

static bool run_of(const struct item *item, char name[ID_MAX], struct statute_run *run)
{
    str_copy(name, ID_MAX, item->code);
    char *at = strchr(name, '@');
    if (!at)
        return false;
    *at = '\0';
    *run = (struct statute_run){.row = statute_find(name),
                                .start_ms = day_start_ms(item->amount_cents),
                                .calendar = at + 1,
                                .local = ""};
    return run->row != NULL;
}

/* When it is due and when to warn; false when the law's calculus does not reach there. */
static bool plan(const struct stafette *g, const struct item *item, struct period_end *end,
                 struct statute_warnings *warnings)
{
    char name[ID_MAX];
    struct statute_run run;
    struct buf err = BUF_INIT;
    const struct unit *unit = directory_unit(g->config->directory, item->waiting_unit);
    bool known = run_of(item, name, &run) && statute_due(&run, end, &err) == 0;
    if (known)
        statute_warn(end, run.calendar, unit ? &unit->hours : NULL, warnings);
    buf_release(&err);
    return known;
}

/* The next warning from `step` on that is still to come. Of a clock that begins late the last one
 * that has passed is given at once; later on, who is warned late is not warned twice. Above them,
 * the coordinator's day. */
static void set_next(struct stafette *g, const struct item *item, const struct limits *limits,
                     int step)
{
    struct period_end end;
    struct statute_warnings warn;
    const struct unit *unit = work_unit(g, item->waiting_unit);
    if (step < WARN_COUNT && plan(g, item, &end, &warn)) {
        int late = WARN_COUNT;
        for (int i = step; i < WARN_COUNT; i++) {
            int64_t at_ms = warn.at_ms[i] ? worktime_next_open(&unit->hours, warn.at_ms[i]) : 0;
            if (!warn.day[i] || (at_ms <= g->now_ms && i < WARN_OVERDUE)) {
                late = warn.day[i] && step == WARN_THREE_QUARTERS ? i : late;
                continue;
            }
            if (late < WARN_COUNT && at_ms > g->now_ms) {
                work_add_clock(g, item, CLOCK_STATUTE, late, g->now_ms);
                return;
            }
            if (i == WARN_LAST_DAY && at_ms > end.end_ms)
                at_ms = warn.at_ms[i];
            work_add_clock(g, item, CLOCK_STATUTE, i, at_ms > g->now_ms ? at_ms : g->now_ms);
            return;
        }
    }
    const struct worktime *desk = &g->config->directory->catch_all->hours;
    work_add_clock(g, item, CLOCK_STATUTE, WARN_COUNT,
                   worktime_end(desk, &limits->span[LIMIT_REPEAT], g->now_ms));
}

static void sentence_of(const struct stafette *g, const struct item *item, int step,
                        struct buf *out)
{
    struct period_end end;
    struct statute_warnings warn;
    char clock[ID_MAX];
    str_copy(clock, sizeof clock, item->code);
    clock[strcspn(clock, "/@")] = '\0';
    if (!plan(g, item, &end, &warn))
        return;
    const struct unit *unit = work_unit(g, item->waiting_unit);
    buf_printf(out, "Die gesetzliche Frist %s ", clock);
    buf_puts(out, step >= WARN_OVERDUE ? "ist abgelaufen am " : "endet am ");
    day_german(out, end.end_day);
    buf_addc(out, '.');
    int64_t staffed = statute_last_staffed(&unit->hours, end.end_day);
    if (step < WARN_OVERDUE && staffed != end.end_day) {
        buf_puts(out, " Letzter besetzter Tag davor: ");
        day_german(out, staffed);
        buf_addc(out, '.');
    }
    if (step >= WARN_OVERDUE && str_eq(clock, "C1"))
        buf_puts(out, " Ohne Weiterleitung in der Frist ist Ihre Stelle leistender Träger.");
}

void work_statute_fires(struct stafette *g, const struct clock *clock, struct item *item,
                        int64_t effect_seq)
{
    struct limits limits;
    struct buf sentence = BUF_INIT;
    const struct unit *unit = work_unit(g, item->waiting_unit);
    const struct unit *told = clock->step < WARN_OVERDUE    ? unit
                              : clock->step == WARN_OVERDUE ? (unit->lead ? unit->lead : unit)
                                                            : g->config->directory->catch_all;
    work_limits(g, item, &limits);
    store_clock_fire(g->store, clock->seq, g->now_ms, effect_seq);
    if (clock->step >= WARN_OVERDUE) {
        item->flags |= ITEM_OVERDUE | (told == unit ? 0u : (unsigned)ITEM_ESCALATED);
        store_item_update(g->store, item);
    }
    set_next(g, item, &limits, clock->step < WARN_COUNT ? clock->step + 1 : WARN_COUNT);
    sentence_of(g, item, clock->step, &sentence);
    struct telling telling = {told, told == unit ? REASON_TASK : REASON_LEAD, "deadline.reminder",
                              day_end_ms(item->due_day), buf_str(&sentence)};
    store_delivery_supersede(g->store, item->seq, told->id, g->now_ms);
    tell_unit(g, item, &limits, &telling);
    if (clock->step == WARN_OVERDUE && told != unit) {
        telling.unit = unit;
        telling.reason = REASON_TASK;
        tell_unit(g, item, &limits, &telling);
    }
    tell_status(g, item, clock->step >= WARN_OVERDUE ? "deadline.overdue" : "deadline.warning",
                "clock", item->code);
    buf_release(&sentence);
}

static const struct unit *responsible(const struct work *w, const struct item *parent)
{
    if (w->parties.by)
        return w->parties.by;
    if (parent && parent->seq)
        return work_unit(w->g, parent->from_unit);
    const struct unit *seat =
        directory_unit(w->g->config->directory, w->ev.text[FIELD_AUTHORITY_SEAT]);
    return seat ? seat : w->g->config->directory->catch_all;
}

static void open_clock(struct work *w, const struct item *parent, const char *code,
                       int64_t start_day)
{
    struct item *item = &w->item;
    struct period_end end;
    struct statute_warnings warn;
    const struct unit *unit = responsible(w, parent);
    work_new_item(w, ITEM_DEADLINE);
    item->state = STATE_TICKING;
    str_copy(item->code, sizeof item->code, code);
    item->amount_cents = start_day;
    if (parent) {
        item->parent_seq = parent->seq;
        item->case_key = parent->case_key;
        item->restricted = item->restricted || parent->restricted;
        item->flags = parent->flags & ITEM_ANVERTRAUT;
        memcpy(item->case_ref, parent->case_ref, sizeof item->case_ref);
        memcpy(item->source, parent->source, sizeof item->source);
        item->event_seq = parent->event_seq;
    }
    str_copy(item->owner_unit, sizeof item->owner_unit, unit->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, unit->id);
    str_copy(item->from_unit, sizeof item->from_unit, unit->id);
    item->due_day = plan(w->g, item, &end, &warn) ? end.end_day : start_day;
    limits_of(&w->limits, &w->g->config->directory->policy[0], item->urgency);
    work_freeze(w);
    store_item_add(w->g->store, item);
    set_next(w->g, item, &w->limits, WARN_THREE_QUARTERS);
    tell_status(w->g, item, "deadline.set", "clock", code);
}

void work_statute(struct work *w)
{
    char name[ID_MAX], calendar[ID_MAX], code[ID_MAX];
    struct item about = {0};
    const char *ref = w->ev.text[FIELD_CASE_REF];
    if (!seat_calendar(w, calendar)) {
        work_fault(w, "E-WERT", FIELD_AUTHORITY_SEAT);
        work_refuse(w, false);
        return;
    }
    clock_name(w, name);
    snprintf(code, sizeof code, "%.40s@%.20s", name, calendar);
    str_copy(about.source, sizeof about.source, w->ev.topic_source);
    str_copy(about.case_ref, sizeof about.case_ref, ref);
    about.case_key = (int64_t)digest_short(w->g->keys.case_ref, ref, strlen(ref));
    about.event_seq = w->row.seq;
    open_clock(w, &about, code, w->ev.number[FIELD_START_ON]);
}

void work_statute_of(struct stafette *g, const struct item *parent, const char *clock,
                     int64_t start_day)
{
    struct work w;
    char code[ID_MAX];
    const struct unit *unit = work_unit(g, parent->from_unit);
    if (!holiday_key_valid(unit->hours.calendar))
        return;
    snprintf(code, sizeof code, "%.40s@%.20s", clock, unit->hours.calendar);
    work_begin_inner(&w, g, parent);
    open_clock(&w, parent, code, start_day);
    work_end_inner(&w);
}

bool work_statute_moves(struct work *w, const struct step *step)
{
    struct item *item = &w->item;
    struct period_end end;
    struct statute_warnings warn;
    item->amount_cents = w->ev.number[FIELD_START_ON];
    if (plan(w->g, item, &end, &warn))
        item->due_day = end.end_day;
    store_item_update(w->g->store, item);
    set_next(w->g, item, &w->limits, WARN_THREE_QUARTERS);
    tell_status(w->g, item, step->status, "clock", item->code);
    return true;
}
