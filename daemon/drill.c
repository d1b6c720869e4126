/*
 * Drills: see drill.h. All in the open transaction, like everything that an item causes; a crash
 * leaves either the whole drill or none, and a scheduled one is begun by the next start. The step
 * table (machine.c) has its three endings, clock.c climbs its ladder.
 */
#include "drill.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "presence.h"
#include "route.h"
#include "store.h"
#include "store_audit.h"
#include "store_drill.h"
#include "tell.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

enum { OPEN_MAX = 32, DAYS_OF_WEEK = 7 };

static const char day_name[] = "drill_day";

/* ---- who may be asked */

static bool has_contact(const struct unit *unit, enum urgency urgency)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (!unit->contact[i].urgent_only || urgency >= URGENCY_URGENT)
            return true;
    return false;
}

static bool is_on_duty(const struct stafette *g, const struct roster *roster,
                       const struct unit *unit)
{
    const struct duty_lines lines = presence_on_duty(g, roster, g->now_ms);
    for (size_t i = 0; i < lines.count; i++)
        if (lines.unit[i] == unit)
            return true;
    return false;
}

/* On call for somebody else now, and not for the drilled unit. */
static bool is_on_call_elsewhere(const struct stafette *g, const struct unit *drilled,
                                 const struct unit *reader)
{
    const struct directory *dir = g->config->directory;
    if (reader == drilled || (drilled->roster && is_on_duty(g, drilled->roster, reader)))
        return false;
    if (reader == dir->on_call)
        return true;
    for (size_t i = 0; i < dir->rosters; i++)
        if (is_on_duty(g, &dir->roster[i], reader))
            return true;
    return false;
}

bool drill_may_tell(const struct stafette *g, const struct item *item, enum rung rung,
                    const struct unit *reader)
{
    const struct unit *unit = directory_unit(g->config->directory, item->waiting_unit);
    if (!unit || !has_contact(reader, item->urgency))
        return false;
    if (item->flags & ITEM_WHOLE_CHAIN)
        return true;
    bool is_coordinator = reader == g->config->directory->catch_all && reader != unit;
    return rung <= RUNG_LEAD && !is_coordinator && !is_on_call_elsewhere(g, unit, reader);
}

/* ---- the beginning */

struct open_drills {
    int64_t seq[OPEN_MAX];
    char unit[OPEN_MAX][ID_MAX];
    size_t n;
};

static void take_open(void *context, const struct drill *drill)
{
    struct open_drills *all = context;
    if (all->n == OPEN_MAX)
        return;
    all->seq[all->n] = drill->item_seq;
    memcpy(all->unit[all->n++], drill->unit, ID_MAX);
}

static bool has_open_drill(struct stafette *g, const struct unit *unit)
{
    struct open_drills all = {.n = 0};
    store_drill_each_open(g->store, &all, take_open);
    bool found = all.n == OPEN_MAX;
    for (size_t i = 0; i < all.n; i++)
        found = found || str_eq(all.unit[i], unit->id);
    return found;
}

/* An emergency of the unit, or of a desk for which it is on duty now. */
static bool has_emergency(struct stafette *g, const struct unit *unit)
{
    const struct directory *dir = g->config->directory;
    if (store_drill_emergency(g->store, unit->id))
        return true;
    for (size_t i = 0; dir->rosters && i < dir->units; i++) {
        const struct unit *desk = &dir->unit[i];
        if (desk->roster && is_on_duty(g, desk->roster, unit) &&
            store_drill_emergency(g->store, desk->id))
            return true;
    }
    return false;
}

/* Whether the drill may begin now, with who would read it first. */
static bool may_begin(struct stafette *g, const struct drill_order *order, enum urgency urgency,
                      struct buf *err)
{
    const struct unit *unit = order->unit, *reader = presence_who(g, unit, g->now_ms).unit;
    struct item asked = {.urgency = urgency, .flags = order->whole_chain ? ITEM_WHOLE_CHAIN : 0};
    str_copy(asked.waiting_unit, sizeof asked.waiting_unit, unit->id);
    if (has_emergency(g, unit)) {
        buf_printf(err, "%s has an open emergency; drill it when that has ended", unit->id);
        return false;
    }
    if (has_open_drill(g, unit)) {
        buf_printf(err, "a drill of %s is under way already", unit->id);
        return false;
    }
    if (!drill_may_tell(g, &asked, RUNG_UNIT, reader)) {
        buf_printf(err,
                   "nobody of %s who may be asked in a drill is there now; see "
                   "\"stafettectl reach %s\"",
                   unit->id, unit->id);
        return false;
    }
    if (urgency == URGENCY_EMERGENCY && !order->any_hour &&
        quiet_end(&reader->quiet, g->now_ms) != g->now_ms) {
        buf_printf(err, "%s has quiet hours now; drill it later, or say --urgent", reader->id);
        return false;
    }
    return true;
}

static void take_limits(struct work *w, const struct drill_order *order)
{
    struct route_result route;
    const struct unit *unit = order->unit;
    const struct route_query query = {
        .kind = order->like,
        .urgency = w->item.urgency,
        .place = unit->places ? unit->place[0] : NULL,
        .area = unit->areas ? unit->area[0] : NULL,
        .complexity = "",
        .code = "",
        .to = unit,
        .at_ms = w->g->now_ms,
    };
    route_decide(w->g->config->routing, w->g->config->directory, &query, &route);
    limits_of(&w->limits, route.policy, w->item.urgency);
    work_freeze(w);
}

static void fill(struct work *w, const struct drill_order *order)
{
    struct item *item = &w->item;
    item->state = STATE_OPEN;
    item->urgency = order->like == ITEM_EMERGENCY ? URGENCY_EMERGENCY : URGENCY_PROMPT;
    item->flags = (order->any_hour ? (unsigned)ITEM_ANY_HOUR : 0) |
                  (order->whole_chain ? (unsigned)ITEM_WHOLE_CHAIN : 0);
    str_copy(item->code, sizeof item->code, item_kind_name(order->like));
    str_copy(item->owner_unit, sizeof item->owner_unit, order->unit->id);
    str_copy(item->to_unit, sizeof item->to_unit, order->unit->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, order->unit->id);
}

static void audit_start(struct stafette *g, const struct item *item, const char *by)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "drill unit=%s like=%s whole_chain=%s any_hour=%s by=%s config=%s",
               item->to_unit, item->code, item->flags & ITEM_WHOLE_CHAIN ? "yes" : "no",
               item->flags & ITEM_ANY_HOUR ? "yes" : "no", by, g->config->version);
    store_audit_add(g->store, g->now_ms, item->seq, buf_str(&text));
    buf_release(&text);
}

int64_t drill_start(struct stafette *g, const struct drill_order *order, struct buf *err)
{
    struct work w;
    const struct item nothing = {0};
    struct drill drill = {.started_ms = g->now_ms};
    bool emergency = order->like == ITEM_EMERGENCY;
    if (!may_begin(g, order, emergency ? URGENCY_EMERGENCY : URGENCY_PROMPT, err))
        return -1;
    work_begin_inner(&w, g, &nothing);
    work_new_item(&w, ITEM_DRILL);
    fill(&w, order);
    take_limits(&w, order);
    store_item_add(g->store, &w.item);
    audit_start(g, &w.item, order->by);
    drill.item_seq = w.item.seq;
    str_copy(drill.unit, sizeof drill.unit, order->unit->id);
    store_drill_add(g->store, &drill);
    int64_t due_ms = workflow_set_clock(g, &w.item, &w.limits, 0);
    const struct telling telling = {order->unit, REASON_DRILL, "drill.opened", due_ms, ""};
    tell_unit(g, &w.item, &w.limits, &telling);
    work_end_inner(&w);
    return drill.item_seq;
}

/* ---- on its way */

void drill_sent(struct stafette *g, const struct item *item)
{
    if (!item->closed_ms) /* what leaves later tells of its end */
        store_drill_sent(g->store, item->seq, g->now_ms);
}

void drill_climbs(struct stafette *g, const struct item *item)
{
    store_drill_climbed(g->store, item->seq);
}

void drill_gives_way(struct stafette *g, const struct unit *asked)
{
    struct open_drills all = {.n = 0};
    const struct unit *reader = presence_who(g, asked, g->now_ms).unit;
    store_drill_each_open(g->store, &all, take_open);
    for (size_t i = 0; i < all.n; i++) {
        struct item item;
        const struct unit *unit = directory_unit(g->config->directory, all.unit[i]);
        bool same = unit && (unit == asked || presence_who(g, unit, g->now_ms).unit == reader);
        if (same && store_item_get(g->store, all.seq[i], &item))
            work_inner(g, &item, ON_CLOSED_BY_HAND);
    }
}

/* ---- the end */

static void put_name(const struct stafette *g, struct buf *out, const char *id)
{
    const struct unit *unit = directory_unit(g->config->directory, id);
    buf_printf(out, "„%s“", unit ? unit->name : id);
}

static void put_length(struct buf *out, int64_t length_ms)
{
    if (length_ms < MINUTE_MS)
        buf_puts(out, "nach weniger als einer Minute");
    else if (length_ms < 2 * MINUTE_MS)
        buf_puts(out, "nach einer Minute");
    else if (length_ms < 2 * HOUR_MS)
        buf_printf(out, "nach %lld Minuten", (long long)(length_ms / MINUTE_MS));
    else
        buf_printf(out, "nach %lld Stunden", (long long)(length_ms / HOUR_MS));
}

static void put_beginning(const struct stafette *g, struct buf *out, const struct drill *drill)
{
    struct buf when = BUF_INIT;
    time_german(&when, drill->started_ms);
    buf_puts(out, "Der Probealarm ");
    if (berlin_day(drill->started_ms) != berlin_day(g->now_ms)) {
        buf_puts(out, "am ");
        day_german(out, berlin_day(drill->started_ms));
        buf_addc(out, ' ');
    }
    buf_printf(out, "um %s für ", buf_str(&when) + when.len - strlen("14:02"));
    put_name(g, out, drill->unit);
    buf_release(&when);
}

void drill_report(const struct stafette *g, struct buf *out, const struct drill *drill,
                  enum drill_end end)
{
    put_beginning(g, out, drill);
    if (end == DRILL_STOPPED_END) {
        buf_puts(out, " wurde abgebrochen.");
        return;
    }
    if (end == DRILL_ANSWERED_END) {
        buf_puts(out, " wurde ");
        put_length(out, drill->answered_ms - drill->started_ms);
        buf_puts(out, " von ");
        put_name(g, out, drill->answered_by);
        buf_puts(out, " bestätigt.");
    } else {
        buf_puts(out, ": Niemand hat geantwortet.");
    }
    if (!drill->sent_ms)
        buf_puts(out, " Keine Nachricht ist hinausgegangen; bitte verständigen Sie die Technik.");
    if (drill->rungs)
        buf_printf(out, " Es wurde %lld-mal erinnert oder weitergefragt.", (long long)drill->rungs);
    if (end == DRILL_SILENT_END)
        buf_puts(out, " Im Ernstfall hätten Sie anrufen müssen. Bitte klären Sie mit der Stelle, "
                      "woran es lag.");
}

/* By mail, in its own time: the drill is over. */
static void tell_report(struct work *w, enum drill_end end)
{
    struct drill drill;
    struct limits limits;
    struct buf text = BUF_INIT;
    struct item item = w->item;
    if (!store_drill_get(w->g->store, item.seq, &drill))
        return;
    item.urgency = URGENCY_ROUTINE;
    limits_refusal(&limits, DAY_MS);
    drill_report(w->g, &text, &drill, end);
    const struct telling telling = {w->g->config->directory->catch_all, REASON_DRILL,
                                    "drill.report", 0, buf_str(&text)};
    tell_unit(w->g, &item, &limits, &telling);
    buf_release(&text);
}

bool work_drill_ends(struct work *w, const struct step *step)
{
    const char *by = w->parties.by ? w->parties.by->id : w->item.to_unit;
    enum drill_end end = step->actor == ACTOR_RECEIVER ? DRILL_ANSWERED_END
                         : step->on == ON_END          ? DRILL_SILENT_END
                                                       : DRILL_STOPPED_END;
    if (end == DRILL_ANSWERED_END)
        store_drill_answered(w->g->store, w->item.seq, w->g->now_ms, by);
    w->told_apart = w->g->config->directory->catch_all;
    work_finish_step(w, step);
    tell_report(w, end);
    return true;
}

/* ---- the schedule */

/* Local day of the last time at which one could have been due; 0 when it is switched off. */
static int64_t last_day(const struct stafette *g)
{
    int weekday, second_of_day;
    const struct settings *s = &g->config->settings;
    if (!weeks_parse(s->drill_each) || !weekly_time_parse(s->drill_at, &weekday, &second_of_day))
        return 0;
    int64_t today = berlin_day(g->now_ms);
    int64_t day = g->now_ms >= wall_ms(today, second_of_day) ? today : today - 1;
    return day - (day_weekday(day) - weekday + DAYS_OF_WEEK) % DAYS_OF_WEEK;
}

void drill_open(struct stafette *g)
{
    g->daily.drill_day = store_meta_int(g->store, day_name);
}

bool drill_due(const struct stafette *g)
{
    int64_t day = last_day(g), before = g->daily.drill_day;
    int64_t period = (int64_t)DAYS_OF_WEEK * weeks_parse(g->config->settings.drill_each);
    return day && (!before || before > day || day >= before + period);
}

static void begin_scheduled(struct stafette *g, const struct unit *unit)
{
    struct buf err = BUF_INIT, text = BUF_INIT;
    const struct drill_order order = {.unit = unit, .like = ITEM_EMERGENCY, .by = "schedule"};
    if (drill_start(g, &order, &err) < 0) {
        buf_printf(&text, "drill unit=%s by=schedule not begun: %s", unit->id, buf_str(&err));
        store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    }
    buf_release(&err);
    buf_release(&text);
}

void drill_run(struct stafette *g)
{
    const struct directory *dir = g->config->directory;
    int64_t day = last_day(g), before = g->daily.drill_day;
    g->daily.drill_next_day = before;
    if (!drill_due(g))
        return;
    /* A new store, and one whose clock was ahead, begins with the next time; and a drill is not
     * made up for hours later. */
    bool is_now = before && before <= day && berlin_day(g->now_ms) == day;
    for (size_t i = 0; is_now && i < dir->units; i++)
        if (dir->unit[i].roster)
            begin_scheduled(g, &dir->unit[i]);
    store_meta_set_int(g->store, day_name, day);
    g->daily.drill_next_day = day;
}

void drill_done(struct stafette *g)
{
    g->daily.drill_day = g->daily.drill_next_day;
}
