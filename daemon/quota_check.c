/*
 * Quotas against the store: see quota_check.h. Sums and what was told stand in meta, by unit, kind
 * and year: they name no case and no person, and stay. A crash before the commit leaves all as it
 * was; the next day's turn goes on from there.
 */
#include "quota_check.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store.h"
#include "store_meeting.h"
#include "util.h"

static const int64_t day_s = 86400;

static void put_name(struct buf *name, const char *what, const struct quota_rule *rule)
{
    buf_printf(name, "quota_%s/%s/%s", what, rule->unit->id, rule->kind->id);
}

static int64_t meta_of(struct stafette *g, const char *what, const struct quota_rule *rule,
                       int year)
{
    struct buf name = BUF_INIT;
    put_name(&name, what, rule);
    if (year)
        buf_printf(&name, "/%d", year);
    int64_t value = store_meta_int(g->store, buf_str(&name));
    buf_release(&name);
    return value;
}

static void set_meta(struct stafette *g, const char *what, const struct quota_rule *rule, int year,
                     int64_t value)
{
    struct buf name = BUF_INIT;
    put_name(&name, what, rule);
    if (year)
        buf_printf(&name, "/%d", year);
    store_meta_set_int(g->store, buf_str(&name), value);
    buf_release(&name);
}

/* Sessions of the rule in a state that begin on the days [from, to). */
static int64_t sessions(struct stafette *g, const struct quota_rule *rule, int64_t from, int64_t to,
                        enum session_state state)
{
    if (from >= to)
        return 0;
    return store_session_count(g->store, rule->unit->id, rule->kind->id, from * day_s, to * day_s,
                               state);
}

/* Those that took place: known to, or never asked about. */
static int64_t held(struct stafette *g, const struct quota_rule *rule, int64_t from, int64_t to)
{
    return sessions(g, rule, from, to, SESSION_HELD) +
           (rule->kind->is_asked ? 0 : sessions(g, rule, from, to, SESSION_OVER));
}

static int64_t planned(struct stafette *g, const struct quota_rule *rule, int64_t from, int64_t to)
{
    return sessions(g, rule, from, to, SESSION_PLANNED) +
           (rule->kind->is_asked ? sessions(g, rule, from, to, SESSION_OVER) : 0);
}

/* The day up to which sessions are in the sums. Not ahead of what may be settled today: a wall
 * clock that was ahead for a while must not hide what comes. */
static int64_t settled_day(struct stafette *g, const struct quota_rule *rule)
{
    int64_t day = meta_of(g, "settled", rule, 0);
    int64_t today = berlin_day(g->now_ms);
    return day <= today ? day : today - QUOTA_SETTLED_DAYS;
}

struct quota_count quota_look(struct stafette *g, const struct quota_rule *rule, int year)
{
    const int64_t first = day_of(year, 1, 1), end = day_of(year + 1, 1, 1);
    int64_t since = settled_day(g, rule);
    if (since < first)
        since = first;
    return (struct quota_count){
        .year = year,
        .held = meta_of(g, "held", rule, year) + held(g, rule, since, end),
        .planned = planned(g, rule, since, end),
    };
}

static void settle_rule(struct stafette *g, const struct quota_rule *rule, int64_t to)
{
    int year, month, mday;
    day_split(to, &year, &month, &mday);
    int64_t from = settled_day(g, rule);
    /* A new quota counts from the beginning of the year on. */
    if (!from)
        from = day_of(year, 1, 1);
    while (from < to) {
        day_split(from, &year, &month, &mday);
        int64_t end = day_of(year + 1, 1, 1);
        int64_t until = end < to ? end : to;
        int64_t more = held(g, rule, from, until);
        if (more)
            set_meta(g, "held", rule, year, meta_of(g, "held", rule, year) + more);
        from = until;
    }
    set_meta(g, "settled", rule, 0, to);
}

void quota_settle(struct stafette *g)
{
    const struct directory *dir = g->config->directory;
    int64_t to = berlin_day(g->now_ms) - QUOTA_SETTLED_DAYS;
    for (size_t i = 0; i < dir->quotas; i++)
        if (settled_day(g, &dir->quota[i]) < to)
            settle_rule(g, &dir->quota[i], to);
}

static const struct quota_rule *find_rule(const struct directory *dir, const struct unit *unit,
                                          const char *kind)
{
    for (size_t i = 0; i < dir->quotas; i++)
        if (dir->quota[i].unit == unit && str_eq(dir->quota[i].kind->id, kind))
            return &dir->quota[i];
    return NULL;
}

bool quota_allows(struct stafette *g, const struct unit *unit, const char *kind, int64_t start_s)
{
    const struct quota_rule *rule = find_rule(g->config->directory, unit, kind);
    int year, month, mday;
    if (!rule)
        return true;
    day_split(start_s / day_s, &year, &month, &mday);
    const struct quota_count count = quota_look(g, rule, year);
    return !quota_full(&rule->quota, &count);
}

bool quota_note(struct stafette *g, int year)
{
    const struct directory *dir = g->config->directory;
    bool differs = false;
    for (size_t i = 0; i < dir->quotas; i++) {
        const struct quota_rule *rule = &dir->quota[i];
        const struct quota_count count = quota_look(g, rule, year);
        int64_t mark = quota_mark(&rule->quota, &count), told = meta_of(g, "told", rule, 0);
        differs = differs || quota_differs(mark, told);
        if (mark != told)
            set_meta(g, "told", rule, 0, mark);
    }
    return differs;
}
