/*
 * Overviews at fixed hours: see digest_mail.h. One table says when each is due and how it is made.
 *
 * Nothing is decided in memory before the commit: after a rollback or a crash the days in the store
 * say what is still due, and a team that had its morning has a row of that day.
 */
#include "digest_mail.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "config.h"
#include "daily.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "ledger_run.h"
#include "limits.h"
#include "presence.h"
#include "quota_check.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_item.h"
#include "tell.h"
#include "util.h"
#include "walltime.h"
#include "worktime.h"

enum { OCTOBER = 10 };

/* ---- when: the local day of the last one that is due; 0 when it is switched off */

/* Today, or yesterday before that time. */
static int64_t day_at(const struct stafette *g, int second_of_day)
{
    int64_t today = berlin_day(g->now_ms);
    return g->now_ms >= wall_ms(today, second_of_day) ? today : today - 1;
}

static int64_t last_week_of(const struct stafette *g, const char *time)
{
    int weekday, second_of_day;
    if (!weekly_time_parse(time, &weekday, &second_of_day))
        return 0;
    int64_t day = day_at(g, second_of_day);
    return day - (day_weekday(day) - weekday + 7) % 7;
}

static int64_t last_weekly(const struct stafette *g)
{
    return last_week_of(g, g->config->settings.digest_weekly);
}

static int64_t last_daily(const struct stafette *g, const char *time)
{
    int second_of_day;
    return time_of_day_parse(time, &second_of_day) ? day_at(g, second_of_day) : 0;
}

static int64_t last_morning(const struct stafette *g)
{
    return last_daily(g, g->config->settings.digest_morning);
}

static int64_t last_orphans(const struct stafette *g)
{
    return last_daily(g, g->config->settings.digest_orphans);
}

/* The first of October, November and December. */
static int64_t last_quotas(const struct stafette *g)
{
    int year, month, mday;
    if (!g->config->directory->quotas)
        return 0;
    day_split(day_at(g, DAILY_HOUR * 3600), &year, &month, &mday);
    return month < OCTOBER ? day_of(year - 1, 12, 1) : day_of(year, month, 1);
}

static int64_t last_reach(const struct stafette *g)
{
    return last_week_of(g, g->config->settings.reach_weekly);
}

/* The first day of a quarter. */
static int64_t last_quarter(const struct stafette *g)
{
    int year, month, mday;
    day_split(day_at(g, DAILY_HOUR * 3600), &year, &month, &mday);
    return day_of(year, (month - 1) / 3 * 3 + 1, 1);
}

/* The first day of a month. */
static int64_t last_month(const struct stafette *g)
{
    int year, month, mday;
    day_split(day_at(g, DAILY_HOUR * 3600), &year, &month, &mday);
    return day_of(year, month, 1);
}

/* ---- what */

static void make_weekly(struct stafette *g, int64_t day);
static void make_mornings(struct stafette *g, int64_t day);
static void make_orphans(struct stafette *g, int64_t day);
static void make_quotas(struct stafette *g, int64_t day);
static void make_share(struct stafette *g, int64_t day);
static void make_reach(struct stafette *g, int64_t day);
static void make_quality(struct stafette *g, int64_t day);
static void make_phases(struct stafette *g, int64_t day);

static const struct {
    const char *name, *template, *told; /* the last in table meta */
    int period_days;                    /* at most from one to the next */
    int64_t (*last_day)(const struct stafette *g);
    void (*make)(struct stafette *g, int64_t day);
    int64_t expire_ms; /* nobody wants it later */
} kinds[DIGEST_COUNT] = {
    [DIGEST_WEEKLY] = {"weekly", "digest.weekly", "digest_weekly", 7, last_weekly, make_weekly,
                       3 * DAY_MS},
    [DIGEST_MORNING] = {"morning", "digest.morning", "digest_morning", 1, last_morning,
                        make_mornings, 12 * HOUR_MS},
    [DIGEST_ORPHANS] = {"orphans", "digest.orphans", "digest_orphans", 1, last_orphans,
                        make_orphans, DAY_MS},
    [DIGEST_QUOTAS] = {"quotas", "digest.quotas", "digest_quotas", 305, last_quotas, make_quotas,
                       7 * DAY_MS},
    [DIGEST_SHARE] = {"share", "digest.share", "digest_share", 92, last_quarter, make_share,
                      7 * DAY_MS},
    [DIGEST_REACH] = {"reach", "digest.reach", "digest_reach", 7, last_reach, make_reach,
                      3 * DAY_MS},
    [DIGEST_QUALITY] = {"quality", "digest.quality", "digest_quality", 31, last_month, make_quality,
                        7 * DAY_MS},
    [DIGEST_PHASES] = {"phases", "digest.phases", "digest_phases", 92, last_quarter, make_phases,
                       7 * DAY_MS},
};

const char *digest_kind_name(enum digest_kind kind)
{
    return kinds[kind].name;
}

bool digest_kind_parse(const char *name, enum digest_kind *kind)
{
    for (int i = 0; i < DIGEST_COUNT; i++)
        if (str_eq(kinds[i].name, name)) {
            *kind = (enum digest_kind)i;
            return true;
        }
    return false;
}

bool digest_is_of_unit(enum digest_kind kind)
{
    return kind == DIGEST_MORNING || kind == DIGEST_SHARE || kind == DIGEST_PHASES;
}

static void add_item(struct stafette *g, struct item *item, enum digest_kind kind,
                     const struct unit *unit)
{
    memset(item, 0, sizeof *item);
    item->seq = store_next(g->store, SEQ_ITEM);
    item->kind = ITEM_DIGEST;
    item->state = STATE_CLOSED;
    item->created_ms = item->changed_ms = item->closed_ms = g->now_ms;
    str_copy(item->owner_unit, sizeof item->owner_unit, unit->id);
    str_copy(item->code, sizeof item->code, kinds[kind].name);
    store_item_add(g->store, item);
}

static void send(struct stafette *g, enum digest_kind kind, const struct unit *unit)
{
    struct item item;
    struct limits limits;
    struct buf text = BUF_INIT;
    add_item(g, &item, kind, unit);
    limits_refusal(&limits, DAY_MS);
    limits.expire_ms = kinds[kind].expire_ms;
    const struct telling telling = {unit, REASON_DIGEST, kinds[kind].template, 0, ""};
    tell_unit(g, &item, &limits, &telling);
    buf_printf(&text, "digest=%s unit=%s config=%s", kinds[kind].name, unit->id,
               g->config->version);
    store_audit_add(g->store, g->now_ms, item.seq, buf_str(&text));
    buf_release(&text);
}

/* To the coordinator, in the place of an earlier one that has not left. */
static void send_newest(struct stafette *g, enum digest_kind kind)
{
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s_item", kinds[kind].told);
    int64_t before = store_meta_int(g->store, buf_str(&name));
    if (before)
        store_delivery_cancel(g->store, before, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    send(g, kind, g->config->directory->catch_all);
    store_meta_set_int(g->store, buf_str(&name), store_last(g->store, SEQ_ITEM));
    buf_release(&name);
}

static void told(struct stafette *g, enum digest_kind kind, int64_t day)
{
    store_meta_set_int(g->store, kinds[kind].told, day);
    g->digest.turn.told_day[kind] = day;
}

static void make_weekly(struct stafette *g, int64_t day)
{
    send_newest(g, DIGEST_WEEKLY);
    told(g, DIGEST_WEEKLY, day);
}

static void make_orphans(struct stafette *g, int64_t day)
{
    struct buf lines = BUF_INIT;
    if (digest_orphans(g, &lines))
        send_newest(g, DIGEST_ORPHANS);
    told(g, DIGEST_ORPHANS, day);
    buf_release(&lines);
}

static void make_quotas(struct stafette *g, int64_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    /* What was missed in an old year can be mended no more. */
    bool is_now = berlin_day(g->now_ms) < day_of(year + 1, 1, 1);
    if (is_now && quota_note(g, year))
        send_newest(g, DIGEST_QUOTAS);
    told(g, DIGEST_QUOTAS, day);
}

static void send_leads(struct stafette *g, enum digest_kind kind,
                       void (*find)(struct stafette *g, bool *is_asked))
{
    const struct directory *dir = g->config->directory;
    bool *is_asked = xcalloc(dir->units, sizeof *is_asked);
    find(g, is_asked);
    for (size_t i = 0; i < dir->units; i++)
        if (is_asked[i])
            send(g, kind, &dir->unit[i]);
    free(is_asked);
}

static void make_share(struct stafette *g, int64_t day)
{
    send_leads(g, DIGEST_SHARE, digest_share_leads);
    told(g, DIGEST_SHARE, day);
}

static void make_phases(struct stafette *g, int64_t day)
{
    send_leads(g, DIGEST_PHASES, digest_phases_leads);
    told(g, DIGEST_PHASES, day);
}

static void make_quality(struct stafette *g, int64_t day)
{
    const struct directory *dir = g->config->directory;
    for (size_t i = 0; i < dir->units; i++)
        if (dir->unit[i].quality_oversight)
            send(g, DIGEST_QUALITY, &dir->unit[i]);
    told(g, DIGEST_QUALITY, day);
}

static void make_reach(struct stafette *g, int64_t day)
{
    struct buf lines = BUF_INIT;
    if (digest_reach(g, &lines))
        send_newest(g, DIGEST_REACH);
    told(g, DIGEST_REACH, day);
    buf_release(&lines);
}

/* ---- mornings of the teams */

static void make_morning(struct stafette *g, const struct unit *unit, int64_t day)
{
    struct buf lines = BUF_INIT, name = BUF_INIT;
    buf_printf(&name, "digest_morning/%s", unit->id);
    bool is_there = worktime_is_staffed(&unit->hours, day) && !presence_absent(g, unit, g->now_ms);
    if (is_there && store_meta_int(g->store, buf_str(&name)) != day &&
        digest_morning(g, unit, &lines)) {
        send(g, DIGEST_MORNING, unit);
        store_meta_set_int(g->store, buf_str(&name), day);
    }
    buf_release(&lines);
    buf_release(&name);
}

static void make_mornings(struct stafette *g, int64_t day)
{
    const struct directory *dir = g->config->directory;
    bool is_today = day == berlin_day(g->now_ms);
    size_t i = g->digest.next_unit;
    for (int teams = 0; is_today && i < dir->units && teams < DIGEST_TEAMS_MAX; i++)
        if (dir->unit[i].digest) {
            make_morning(g, &dir->unit[i], day);
            teams++;
        }
    if (is_today && i < dir->units) {
        g->digest.turn.next_unit = i;
        return;
    }
    g->digest.turn.next_unit = 0;
    told(g, DIGEST_MORNING, day);
}

/* ---- the turn */

void digest_open(struct stafette *g)
{
    struct digest *d = &g->digest;
    for (int i = 0; i < DIGEST_COUNT; i++)
        d->told_day[i] = store_meta_int(g->store, kinds[i].told);
    d->known = !store_failed(g->store);
    d->next_unit = 0;
}

/* A store that knows no day yet begins with the next one; and a wall clock that was ahead for a
 * while must not silence what comes until then. */
static bool is_unknown(const struct stafette *g, int kind, int64_t day)
{
    int64_t before = g->digest.told_day[kind];
    return !before || before > day + kinds[kind].period_days;
}

/* A gateway without a ledger has nothing to wait for. */
static bool waits_for_look(const struct stafette *g, int kind, int64_t day)
{
    const struct digest *d = &g->digest;
    return kind == DIGEST_ORPHANS && g->ledger && !is_unknown(g, kind, day) &&
           (d->look_day != day || ledger_run_count(g->ledger) == d->looks);
}

static bool is_due(const struct stafette *g, int kind)
{
    int64_t day = kinds[kind].last_day(g);
    return day && (day > g->digest.told_day[kind] || is_unknown(g, kind, day));
}

void digest_step(struct stafette *g)
{
    struct digest *d = &g->digest;
    int64_t day = last_orphans(g);
    if (!d->known || !is_due(g, DIGEST_ORPHANS) || d->look_day == day ||
        !waits_for_look(g, DIGEST_ORPHANS, day))
        return;
    d->look_day = day;
    d->looks = ledger_run_count(g->ledger);
    ledger_run_ask(g);
}

bool digest_due(const struct stafette *g)
{
    for (int i = 0; g->digest.known && i < DIGEST_COUNT; i++)
        if (is_due(g, i) && !waits_for_look(g, i, kinds[i].last_day(g)))
            return true;
    return false;
}

bool digest_busy(const struct stafette *g)
{
    for (int i = 0; g->digest.known && i < DIGEST_COUNT; i++)
        if (is_due(g, i))
            return true;
    return false;
}

void digest_run(struct stafette *g)
{
    struct digest *d = &g->digest;
    memcpy(d->turn.told_day, d->told_day, sizeof d->told_day);
    d->turn.next_unit = d->next_unit;
    for (int i = 0; d->known && i < DIGEST_COUNT; i++) {
        int64_t day = kinds[i].last_day(g);
        if (day && is_unknown(g, i, day))
            told(g, (enum digest_kind)i, day);
        else if (day > d->told_day[i] && !waits_for_look(g, i, day))
            kinds[i].make(g, day);
    }
}

void digest_done(struct stafette *g)
{
    struct digest *d = &g->digest;
    memcpy(d->told_day, d->turn.told_day, sizeof d->told_day);
    d->next_unit = d->turn.next_unit;
}

/* ---- the text */

bool digest_preview(struct stafette *g, enum digest_kind kind, const struct unit *unit,
                    struct buf *out)
{
    switch (kind) {
    case DIGEST_WEEKLY:
        digest_weekly(g, out);
        return true; /* told also when all is well */
    case DIGEST_MORNING:
        return digest_morning(g, unit, out);
    case DIGEST_ORPHANS:
        return digest_orphans(g, out);
    case DIGEST_QUOTAS:
        return digest_quotas(g, out);
    case DIGEST_SHARE:
        return unit && digest_share(g, unit, out);
    case DIGEST_REACH:
        return digest_reach(g, out);
    case DIGEST_QUALITY:
        digest_quality(g, out);
        return true; /* told also of an empty month */
    case DIGEST_PHASES:
        return unit && digest_phases(g, unit, out);
    case DIGEST_COUNT:
        break;
    }
    return false;
}

void digest_lines(struct stafette *g, const struct item *item, struct buf *out)
{
    enum digest_kind kind;
    const struct unit *unit = directory_unit(g->config->directory, item->owner_unit);
    bool any = digest_kind_parse(item->code, &kind) && (unit || !digest_is_of_unit(kind)) &&
               digest_preview(g, kind, unit, out);
    if (!any)
        buf_puts(out, "Davon ist inzwischen nichts mehr offen. Sie müssen nichts tun.");
}
