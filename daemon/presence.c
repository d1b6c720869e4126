/*
 * Who is there now: see presence.h. The recording of absences and the walk through open items that
 * follows are in presence_report.c.
 *
 * Promises: an answer is never an absent unit, unless it is the catch-all desk, at which everything
 * ends; no chain of deputies or leads runs in a circle or longer than its bound; a unit that the
 * store names and the directory no longer has is nobody. Costs nothing while nobody is absent. A
 * crash leaves nothing: what holds is in the store and in the configuration.
 */
#include "presence.h"

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store_absence.h"
#include "store_item.h"
#include "util.h"

/* A unit has at most DEPUTIES deputies and one that its absence names; three levels of all that
 * would be 84, but who has not found somebody among sixteen asks the lead. */
enum { CHAIN_MAX = 16, CHAIN_LEVELS = 3 };

struct away {
    int64_t until_ms;
    const struct unit *deputy; /* NULL: as the directory says */
};

static bool away_by_config(const struct unit *unit, int64_t at_ms, struct away *away)
{
    for (size_t i = 0; i < unit->absences; i++) {
        const struct absence *a = &unit->absence[i];
        if (at_ms < a->from_ms || at_ms >= a->to_ms)
            continue;
        *away = (struct away){a->to_ms, a->deputy};
        return true;
    }
    return false;
}

/* A reported absence goes before one of the configuration, because it is newer. */
static bool find_away(const struct stafette *g, const struct unit *unit, int64_t at_ms,
                      struct away *away)
{
    struct absence_row row;
    struct away configured = {0, NULL};
    bool by_config = away_by_config(unit, at_ms, &configured);
    *away = configured;
    if (at_ms >= g->presence.absences_end_ms || !store_absence_at(g->store, unit->id, at_ms, &row))
        return by_config;
    away->until_ms = row.to_ms > configured.until_ms ? row.to_ms : configured.until_ms;
    if (!str_empty(row.deputy))
        away->deputy = directory_unit(g->config->directory, row.deputy);
    return true;
}

bool presence_absent(const struct stafette *g, const struct unit *unit, int64_t at_ms)
{
    struct away away;
    return find_away(g, unit, at_ms, &away);
}

int64_t presence_until(const struct stafette *g, const struct unit *unit, int64_t at_ms)
{
    struct away away;
    return find_away(g, unit, at_ms, &away) ? away.until_ms : 0;
}

int64_t presence_next_change(const struct stafette *g, const struct roster *roster, int64_t at_ms)
{
    int64_t planned_ms = roster_next_change(roster, at_ms);
    int64_t changed_ms = store_duty_next_change(g->store, roster->id, at_ms);
    return changed_ms && changed_ms < planned_ms ? changed_ms : planned_ms;
}

struct duty_lines presence_on_duty(const struct stafette *g, const struct roster *roster,
                                   int64_t at_ms)
{
    struct duty_row row;
    struct duty_lines planned = roster_on_duty(roster, at_ms);
    if (at_ms >= g->presence.duties_end_ms || !store_duty_at(g->store, roster->id, at_ms, &row))
        return planned;
    const struct unit *first = directory_unit(g->config->directory, row.unit);
    if (!first)
        return planned;
    struct duty_lines lines = {.unit = {first}, .count = 1};
    for (size_t i = 1; i < planned.count; i++)
        if (planned.unit[i] != first)
            lines.unit[lines.count++] = planned.unit[i];
    return lines;
}

/* The n-th (from 0) who is on duty and there. Who is on duty is the desk: what the desk may have,
 * it may have. */
static const struct unit *nth_on_duty(const struct stafette *g, const struct unit *desk,
                                      int64_t at_ms, size_t n)
{
    struct duty_lines lines = presence_on_duty(g, desk->roster, at_ms);
    for (size_t i = 0; i < lines.count; i++)
        if (!presence_absent(g, lines.unit[i], at_ms) && n-- == 0)
            return lines.unit[i];
    return NULL;
}

struct chain {
    const struct unit *unit[CHAIN_MAX]; /* the first is the one that is stood in for */
    int level[CHAIN_MAX];
    size_t count;
};

static void chain_add(struct chain *chain, const struct unit *unit, int level)
{
    if (!unit || level > CHAIN_LEVELS || chain->count == CHAIN_MAX)
        return;
    for (size_t i = 0; i < chain->count; i++)
        if (chain->unit[i] == unit)
            return;
    chain->unit[chain->count] = unit;
    chain->level[chain->count++] = level;
}

static bool may_have(const struct unit *unit, bool restricted)
{
    return unit->restricted_ok || !restricted;
}

/* The n-th (from 0) who is there of those that stand in for a unit, nearest first. A desk with an
 * on-duty plan stands in for nobody, because its people have a duty of their own. */
static const struct unit *nth_deputy(const struct stafette *g, const struct unit *unit,
                                     int64_t at_ms, bool restricted, size_t n)
{
    struct chain chain = {.unit = {unit}, .count = 1};
    for (size_t i = 0; i < chain.count; i++) {
        const struct unit *at = chain.unit[i];
        struct away away;
        bool absent = find_away(g, at, at_ms, &away);
        if (i > 0 && !absent && !at->roster && may_have(at, restricted) && n-- == 0)
            return at;
        if (i > 0 && !absent)
            continue;
        chain_add(&chain, away.deputy, chain.level[i] + 1);
        for (size_t d = 0; d < at->deputies; d++)
            chain_add(&chain, at->deputy[d], chain.level[i] + 1);
    }
    return NULL;
}

/* The nearest lead who is there, or who stands in for it; never `except`. */
static const struct unit *find_lead(const struct stafette *g, const struct unit *unit,
                                    int64_t at_ms, bool restricted, const struct unit *except)
{
    size_t levels = 0;
    for (const struct unit *up = unit->lead; up && levels++ < TREE_DEPTH_MAX; up = up->lead) {
        if (up != except && may_have(up, restricted) && !presence_absent(g, up, at_ms))
            return up;
        for (size_t n = 0; n < CHAIN_MAX; n++) {
            const struct unit *deputy = nth_deputy(g, up, at_ms, restricted, n);
            if (!deputy)
                break;
            if (deputy != except)
                return deputy;
        }
    }
    return NULL;
}

struct stand_in presence_who_for(const struct stafette *g, const struct unit *unit, int64_t at_ms,
                                 bool restricted)
{
    const struct unit *catch_all = g->config->directory->catch_all, *found = NULL;
    if (unit->roster)
        found = nth_on_duty(g, unit, at_ms, 0);
    else if (!presence_absent(g, unit, at_ms))
        return (struct stand_in){unit, REASON_ROUTE};
    if (found)
        return (struct stand_in){found, REASON_ON_CALL};
    found = nth_deputy(g, unit, at_ms, restricted, 0);
    if (!found)
        found = find_lead(g, unit, at_ms, restricted, unit);
    if (found)
        return (struct stand_in){found, REASON_DEPUTY};
    return (struct stand_in){catch_all, unit == catch_all ? REASON_ROUTE : REASON_CATCH_ALL};
}

struct stand_in presence_who(const struct stafette *g, const struct unit *unit, int64_t at_ms)
{
    return presence_who_for(g, unit, at_ms, false);
}

struct stand_in presence_for_item(const struct stafette *g, const struct item *item,
                                  const struct unit *unit)
{
    struct stand_in who = presence_who_for(g, unit, g->now_ms, item->restricted);
    if (who.unit == unit || item->state != STATE_APPROVAL_PENDING ||
        !str_eq(item->waiting_unit, unit->id))
        return who;
    const struct unit *from = directory_unit(g->config->directory, item->from_unit);
    const struct unit *approver = presence_approver(g, from, g->now_ms);
    return approver ? (struct stand_in){approver, REASON_DEPUTY} : who;
}

const struct unit *presence_deputy_for(const struct stafette *g, const struct unit *unit,
                                       int64_t at_ms, bool restricted)
{
    const struct unit *who = presence_who_for(g, unit, at_ms, restricted).unit, *next = NULL;
    if (unit->roster)
        next = nth_on_duty(g, unit, at_ms, 1);
    for (size_t n = 0; !next && n <= CHAIN_MAX; n++) {
        next = nth_deputy(g, unit, at_ms, restricted, n);
        if (!next)
            return NULL;
        if (next == who)
            next = NULL;
    }
    return next;
}

const struct unit *presence_deputy(const struct stafette *g, const struct unit *unit, int64_t at_ms)
{
    return presence_deputy_for(g, unit, at_ms, false);
}

const struct unit *presence_approver(const struct stafette *g, const struct unit *from,
                                     int64_t at_ms)
{
    const struct unit *catch_all = g->config->directory->catch_all;
    const struct unit *lead = from ? from->lead : NULL;
    if (!from)
        return catch_all;
    const struct unit *deputy = from->approver_deputy;
    if (lead && !presence_absent(g, lead, at_ms))
        return lead;
    if (deputy && deputy != from && !presence_absent(g, deputy, at_ms))
        return deputy;
    const struct unit *found = find_lead(g, from, at_ms, false, from);
    if (found)
        return found;
    return catch_all != from ? catch_all : NULL;
}
