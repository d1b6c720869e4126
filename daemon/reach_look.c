/*
 * Reachability, looking: see reach_look.h. The coming week is looked at where it matters: now, and
 * each morning when the unit opens; a plan at each of its changes.
 */
#include "reach_look.h"

#include <string.h>

#include "../adapters/adapter.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "incident.h"
#include "lane.h"
#include "mail_domain.h"
#include "presence.h"
#include "protect.h"
#include "store_contact.h"
#include "util.h"
#include "worktime.h"

enum { GAP_STEPS_MAX = 500 };

bool reach_counts(const struct unit *unit)
{
    return unit->kind != UNIT_BODY;
}

/* All that could carry to the contact, one after the other, are out of order. */
static bool all_have_incidents(const struct stafette *g, const struct contact *contact,
                               const struct transport *first)
{
    const struct mail_domain *domain = mail_domain_of(g->config->mail_domains, contact);
    const struct transport *t = first;
    do {
        if (!incident_open(g, t->name))
            return false;
        t = lane_next(g, t, domain);
    } while (t != first);
    return true;
}

struct flag_search {
    struct reach_look *look;
    const struct unit *unit;
};

static void take_flag(void *context, const struct contact_flag *flag)
{
    struct flag_search *search = context;
    for (size_t i = 0; i < search->look->c.ways; i++)
        if (str_eq(search->unit->contact[i].id, flag->contact)) {
            search->look->way[i].failures = flag->failures;
            search->look->way[i].since_ms = flag->since_ms;
        }
}

static size_t first_same(const struct unit *unit, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (unit->contact[i].channel == unit->contact[at].channel &&
            str_eq(unit->contact[i].address, unit->contact[at].address))
            return i;
    return at;
}

static void look_ways(struct stafette *g, const struct unit *unit, struct reach_look *look)
{
    struct flag_search search = {look, unit};
    memset(look, 0, sizeof *look);
    look->unit = unit;
    look->c.way = look->way;
    look->c.on_plan = unit->roster != NULL;
    look->c.ways = unit->contacts < REACH_WAYS_MAX ? unit->contacts : REACH_WAYS_MAX;
    for (size_t i = 0; i < look->c.ways; i++) {
        const struct contact *contact = &unit->contact[i];
        const struct transport *first = lane_default(g, contact);
        const struct smime_certificate *key;
        look->way[i] = (struct reach_way){
            .channel = contact->channel,
            .same_as = first_same(unit, i),
            .carried = first != NULL,
            .incident = first && all_have_incidents(g, contact, first),
            .key_over = protect_ask(g->config, contact, g->now_ms, &key) == PROTECT_EXPIRED};
    }
    if (g->presence.contacts_flagged)
        store_contact_each(g->store, &search, take_flag);
}

void reach_look_ways(struct stafette *g, const struct unit *unit, struct reach_look *look)
{
    look_ways(g, unit, look);
    reach_judge(&look->c, &look->r);
}

/* ---- the coming week */

static void look_at(struct stafette *g, struct reach_look *look, int64_t at_ms)
{
    const struct unit *unit = look->unit, *catch_all = g->config->directory->catch_all;
    struct reach_case *c = &look->c;
    if (presence_absent(g, unit, at_ms)) {
        if (!c->nobody_ms && presence_who(g, unit, at_ms).reason == REASON_CATCH_ALL)
            c->nobody_ms = at_ms;
    } else if (!c->deputy_away_ms && c->has_deputy && unit != catch_all &&
               !presence_deputy(g, unit, at_ms)) {
        c->deputy_away_ms = at_ms;
    }
}

static void look_week(struct stafette *g, struct reach_look *look)
{
    const int64_t end_ms = g->now_ms + REACH_DAYS * DAY_MS;
    int64_t at_ms = g->now_ms;
    for (int day = 0; day <= REACH_DAYS && at_ms < end_ms; day++) {
        look_at(g, look, at_ms);
        int64_t midnight_ms = berlin_to_ms(berlin_day(at_ms) + 1, 0);
        at_ms = worktime_next_open(&look->unit->hours, midnight_ms);
    }
}

/* The first gap of the plan; it is told up to the end of the week. */
static void look_plan(struct stafette *g, const struct roster *roster, struct reach_case *c)
{
    const int64_t end_ms = g->now_ms + REACH_DAYS * DAY_MS;
    int64_t at_ms = g->now_ms;
    for (int steps = 0; at_ms < end_ms && steps < GAP_STEPS_MAX; steps++) {
        bool covered = presence_on_duty(g, roster, at_ms).count > 0;
        if (!covered && !c->gap_from_ms)
            c->gap_from_ms = at_ms;
        if (covered && c->gap_from_ms)
            break;
        at_ms = presence_next_change(g, roster, at_ms);
    }
    c->gap_to_ms = at_ms < end_ms ? at_ms : end_ms;
}

static bool has_line(const struct duty_lines *lines, const struct unit *unit)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lines->unit[i] == unit)
            return true;
    return false;
}

/* Who is on a plan has its other lines. */
static bool is_on_a_plan(const struct directory *dir, const struct unit *unit)
{
    for (size_t i = 0; i < dir->rosters; i++) {
        const struct roster *roster = &dir->roster[i];
        for (size_t n = 0; n < roster->shifts; n++)
            if (has_line(&roster->shift[n].lines, unit))
                return true;
        for (size_t n = 0; n < roster->overrides; n++)
            if (has_line(&roster->override[n].lines, unit))
                return true;
    }
    return false;
}

void reach_look(struct stafette *g, const struct unit *unit, struct reach_look *look)
{
    look_ways(g, unit, look);
    look->c.wants_deputy = (unit->kind == UNIT_TEAM || unit->kind == UNIT_DESK) &&
                           !is_on_a_plan(g->config->directory, unit);
    look->c.has_deputy = unit->deputies > 0;
    if (unit->roster)
        look_plan(g, unit->roster, &look->c);
    else
        look_week(g, look);
    reach_judge(&look->c, &look->r);
}

/* ---- a contact has failed */

const char *reach_bounced(struct stafette *g, const struct unit *unit, int64_t failures)
{
    struct reach_look look;
    reach_look_ways(g, unit, &look);
    bool lost = look.r.faults >> REACH_NO_WAY & 1;
    if (failures == 1)
        return lost ? "unreachable" : NULL;
    if (failures != 2 || lost)
        return NULL; /* of what is lost the coordinator knows since the first failure */
    return look.r.faults >> REACH_ONE_WAY & 1 ? "bounced_last" : "bounced";
}
