/*
 * Absences and changes of on-duty plans, recorded; and the walk through the open items when
 * somebody is not there any more: see presence.h.
 *
 * The walk needs no rows of its own: an item is told when the unit it waits for has an unanswered
 * notice and who stands in has none, so a walk that is run again, after a rollback or a restart,
 * tells nobody twice. It goes through at most PRESENCE_ITEMS_MAX items a turn and tells at most
 * PRESENCE_TELL_MAX, so that an absence of a busy unit is no flood.
 */
#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "limits.h"
#include "meeting_special.h"
#include "presence.h"
#include "store.h"
#include "store_absence.h"
#include "store_audit.h"
#include "store_contact.h"
#include "store_item.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

void presence_open(struct stafette *g)
{
    struct presence *p = &g->presence;
    int64_t absences_ms = store_absence_last_end(g->store);
    int64_t duties_ms = store_duty_last_end(g->store);
    /* A store that does not answer just now must not make us forget. */
    if (absences_ms > p->absences_end_ms)
        p->absences_end_ms = absences_ms;
    if (duties_ms > p->duties_end_ms)
        p->duties_end_ms = duties_ms;
    p->contacts_flagged = p->contacts_flagged || store_contact_count(g->store) > 0;
    p->asked = true;
}

static void audit_change(struct stafette *g, const char *what, const struct presence_change *change)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s unit=%s from=", what, change->unit->id);
    time_utc(&text, change->from_ms);
    buf_puts(&text, " to=");
    time_utc(&text, change->to_ms);
    buf_printf(&text, " deputy=%s by=%s", change->deputy ? change->deputy->id : "-", change->by);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
}

static int check_times(const struct stafette *g, const struct presence_change *change,
                       struct buf *err)
{
    const char *why = NULL;
    if (change->to_ms <= change->from_ms)
        why = "the end does not lie after the beginning";
    else if (change->to_ms <= g->now_ms)
        why = "it lies in the past";
    else if (change->to_ms - change->from_ms > ABSENCE_DAYS_MAX * DAY_MS)
        why = "it lasts over 400 days; change the directory instead";
    else if (change->from_ms > g->now_ms + ABSENCE_DAYS_MAX * DAY_MS)
        why = "it begins in over 400 days";
    else if (change->deputy == change->unit)
        why = "a unit cannot stand in for itself";
    if (why)
        buf_puts(err, why);
    return why ? -1 : 0;
}

int presence_report(struct stafette *g, const struct presence_change *change, struct buf *err)
{
    struct presence *p = &g->presence;
    struct absence_row row = {.from_ms = change->from_ms, .to_ms = change->to_ms};
    if (check_times(g, change, err) < 0)
        return -1;
    str_copy(row.unit, sizeof row.unit, change->unit->id);
    str_copy(row.deputy, sizeof row.deputy, change->deputy ? change->deputy->id : "");
    if (store_absence_known(g->store, &row))
        return 0;
    if (store_absence_count(g->store, row.unit, g->now_ms) >= ABSENCES_OPEN_MAX) {
        buf_printf(err, "unit %s has %d absences already that have not ended", row.unit,
                   ABSENCES_OPEN_MAX);
        return -1;
    }
    store_absence_add(g->store, &row);
    audit_change(g, "absence", change);
    if (p->absences_end_ms < row.to_ms)
        p->absences_end_ms = row.to_ms;
    p->asked = true;
    meeting_absence(g, change->unit, row.from_ms, row.to_ms);
    return 0;
}

static bool has_number(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_SMS)
            return true;
    return false;
}

static int check_swap(struct stafette *g, const struct presence_change *change, struct buf *err)
{
    const struct unit *desk = change->unit, *first = change->deputy;
    if (check_times(g, change, err) < 0)
        return -1;
    if (!desk->roster)
        buf_printf(err, "unit %s has no on-duty plan", desk->id);
    else if (!first)
        buf_puts(err, "nobody is named for the first line");
    else if (first->roster || !has_number(first))
        buf_printf(err,
                   "unit %s cannot be on duty: it has no number for an SMS, or a plan of its "
                   "own",
                   first->id);
    else if (store_duty_count(g->store, desk->roster->id, g->now_ms) >= SWAPS_OPEN_MAX)
        buf_printf(err, "on-duty plan %s has %d changes already that have not ended",
                   desk->roster->id, SWAPS_OPEN_MAX);
    else
        return 0;
    return -1;
}

int presence_swap(struct stafette *g, const struct presence_change *change, struct buf *err)
{
    struct presence *p = &g->presence;
    struct duty_row row = {.from_ms = change->from_ms, .to_ms = change->to_ms};
    if (check_swap(g, change, err) < 0)
        return -1;
    str_copy(row.roster, sizeof row.roster, change->unit->roster->id);
    str_copy(row.unit, sizeof row.unit, change->deputy->id);
    store_duty_add(g->store, &row);
    audit_change(g, "duty", change);
    if (p->duties_end_ms < row.to_ms)
        p->duties_end_ms = row.to_ms;
    p->asked = true;
    return 0;
}

int presence_end(struct stafette *g, int64_t absence_seq, const char *by, struct buf *err)
{
    struct absence_row row;
    if (!store_absence_get(g->store, absence_seq, &row) || row.to_ms <= row.from_ms) {
        buf_puts(err, "there is no absence with that number");
        return -1;
    }
    if (row.to_ms <= g->now_ms) {
        buf_puts(err, "this absence has ended already");
        return -1;
    }
    struct buf text = BUF_INIT;
    store_absence_end(g->store, absence_seq, g->now_ms > row.from_ms ? g->now_ms : row.from_ms);
    buf_printf(&text, "absence end unit=%s by=%s", row.unit, by);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
    return 0;
}

/* ---- the walk through the open items */

int64_t presence_next_ms(const struct stafette *g)
{
    const struct presence *p = &g->presence;
    return p->walking || p->asked ? g->now_ms : p->next_ms;
}

static int64_t next_begin(struct stafette *g)
{
    int64_t next_ms = 0;
    const struct directory *dir = g->config->directory;
    if (g->presence.absences_end_ms > g->now_ms)
        next_ms = store_absence_next_begin(g->store, g->now_ms);
    for (size_t u = 0; dir->absences && u < dir->units; u++)
        for (size_t i = 0; i < dir->unit[u].absences; i++) {
            int64_t from_ms = dir->unit[u].absence[i].from_ms;
            if (from_ms > g->now_ms && (!next_ms || from_ms < next_ms))
                next_ms = from_ms;
        }
    return next_ms;
}

/* False when everybody is where the plans say, so that no item needs to be looked at. */
static bool anybody_away(const struct stafette *g)
{
    return g->config->directory->absences || g->presence.absences_end_ms > g->now_ms ||
           g->presence.duties_end_ms > g->now_ms;
}

/* True when the notices of that unit may lie where nobody reads them. A change of shift is none:
 * who was on duty when it came is still on the item. */
static bool is_away(struct stafette *g, const struct unit *unit)
{
    struct duty_row row;
    if (unit->roster)
        return g->now_ms < g->presence.duties_end_ms &&
               store_duty_at(g->store, unit->roster->id, g->now_ms, &row);
    return presence_absent(g, unit, g->now_ms);
}

struct look {
    struct stafette *g;
    int64_t found[PRESENCE_TELL_MAX];
    size_t count;
    int looked;
    int64_t last_seq;
};

static bool look_at(void *context, const struct item *item)
{
    struct look *look = context;
    struct stafette *g = look->g;
    const struct unit *unit = directory_unit(g->config->directory, item->waiting_unit);
    look->last_seq = item->seq;
    /* Who belongs to a meeting hears of it by its reminders. */
    if (unit && item->kind < ITEM_LEDGER && is_away(g, unit))
        look->found[look->count++] = item->seq;
    return look->count < PRESENCE_TELL_MAX && ++look->looked < PRESENCE_ITEMS_MAX;
}

/* The newest notice that asks the unit, or who stood in for it; and whether `who` has one. */
struct asked {
    const char *unit, *who;
    struct notice last;
    bool told;
};

static void look_at_notice(void *context, const struct notice *notice)
{
    struct asked *asked = context;
    if (!notice->deadline_ms)
        return;
    if (str_eq(notice->unit, asked->unit) || str_eq(notice->instead_of, asked->unit))
        asked->last = *notice;
    asked->told = asked->told || str_eq(notice->unit, asked->who);
}

static void tell_stand_in(struct stafette *g, int64_t item_seq)
{
    struct item item;
    struct limits limits;
    if (!store_item_get(g->store, item_seq, &item))
        return;
    const struct unit *unit = directory_unit(g->config->directory, item.waiting_unit);
    struct stand_in who = presence_for_item(g, &item, unit);
    struct asked asked = {.unit = unit->id, .who = who.unit->id};
    store_notice_each(g->store, item_seq, &asked, look_at_notice);
    /* An item that changed after its notice has been answered: it runs on another clock. */
    if (asked.told || !asked.last.seq || item.changed_ms > asked.last.created_ms)
        return;
    work_limits(g, &item, &limits);
    const struct telling telling = {unit, REASON_ROUTE, asked.last.template_name,
                                    asked.last.deadline_ms, ""};
    tell_unit(g, &item, &limits, &telling);
}

void presence_sweep(struct stafette *g)
{
    struct presence *p = &g->presence;
    struct look look = {.g = g};
    int64_t due_ms = presence_next_ms(g);
    p->turn.ran = due_ms && due_ms <= g->now_ms;
    if (!p->turn.ran)
        return;
    bool goes_on = p->walking && !p->asked;
    look.last_seq = goes_on ? p->done_seq : 0;
    p->turn.over = true;
    if (anybody_away(g)) {
        store_item_each(g->store, false, look.last_seq + 1, &look, look_at);
        p->turn.over = look.count < PRESENCE_TELL_MAX && look.looked < PRESENCE_ITEMS_MAX;
    }
    for (size_t i = 0; i < look.count; i++)
        tell_stand_in(g, look.found[i]);
    p->turn.seq = look.last_seq;
    /* What begins while the walk is under way is due when it is over. */
    p->turn.next_ms = goes_on ? p->next_ms : next_begin(g);
}

void presence_committed(struct stafette *g)
{
    struct presence *p = &g->presence;
    if (!p->turn.ran)
        return;
    p->turn.ran = false;
    p->asked = false;
    p->walking = !p->turn.over;
    p->done_seq = p->turn.seq;
    p->next_ms = p->turn.next_ms;
}
