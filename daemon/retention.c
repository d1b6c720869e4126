/*
 * Removing what is over its time: see retention.h. A class is one row of the table: its setting and
 * its step. A step removes a bounded number of one class, oldest first, and says how many; a run is
 * over when no class had anything left.
 *
 * A crash leaves a run half done, which is no harm: totals and rows commit together, and the next
 * start goes on and tells both halves in one audit row.
 */
#include "retention.h"

#include <stddef.h>
#include <string.h>

#include "config.h"
#include "gateway.h"
#include "json.h"
#include "log.h"
#include "store.h"
#include "store_agenda.h"
#include "store_audit.h"
#include "store_drill.h"
#include "store_erase.h"
#include "store_retention.h"
#include "util.h"

enum {
    STEP_MS = 8,     /* of a turn's 50: the commit needs some, too */
    PAUSE_MS = 5,    /* between the steps of a run: others come first */
    RETRY_MS = 5000, /* after a failure of the store */
    ITEMS_STEP = 50,
    EVENTS_STEP = 200,
    AUDIT_STEP = 200
};

static int64_t drop_closed(struct stafette *g, int64_t before_ms);
static int64_t drop_drills(struct stafette *g, int64_t before_ms);
static int64_t drop_events(struct stafette *g, int64_t before_ms);
static int64_t drop_audit(struct stafette *g, int64_t before_ms);
static int64_t drop_rosters(struct stafette *g, int64_t before_ms);

static const struct class
{
    const char *name, *total, *told;                        /* the latter in table meta */
    size_t setting;                                         /* 0: ID_MEMORY_DAYS */
    int64_t (*drop)(struct stafette *g, int64_t before_ms); /* returns how many */
} classes[RETAIN_CLASS_COUNT] = {
    [RETAIN_MEMORY] = {"memory", "retention_memory", "retention_told_memory", 0, drop_events},
    [RETAIN_CLOSED] = {"closed", "retention_closed", "retention_told_closed",
                       offsetof(struct settings, retention_closed_ms), drop_closed},
    [RETAIN_DRILL] = {"drill", "retention_drill", "retention_told_drill",
                      offsetof(struct settings, retention_drill_ms), drop_drills},
    [RETAIN_AUDIT] = {"audit", "retention_audit", "retention_told_audit",
                      offsetof(struct settings, retention_audit_ms), drop_audit},
    [RETAIN_ROSTER] = {"roster", "retention_roster", "retention_told_roster",
                       offsetof(struct settings, retention_roster_ms), drop_rosters},
};

const char *retention_class_name(enum retention_class class)
{
    return classes[class].name;
}

struct event_sum {
    int64_t last_seq, n, requests;
};

static void sum_event(void *context, int64_t event_seq, bool opened)
{
    struct event_sum *sum = context;
    sum->last_seq = event_seq;
    sum->n++;
    sum->requests += opened;
}

static void add_to(struct store *s, const char *name, int64_t n)
{
    if (n)
        store_meta_set_int(s, name, store_meta_int(s, name) + n);
}

static int64_t drop_events(struct stafette *g, int64_t before_ms)
{
    struct event_sum sum = {0};
    store_retention_each_event(g->store, before_ms, EVENTS_STEP, &sum, sum_event);
    if (!sum.n)
        return 0;
    store_retention_delete_events(g->store, sum.last_seq);
    add_to(g->store, "ledger_pruned_events", sum.requests);
    return sum.n;
}

static int64_t drop_closed(struct stafette *g, int64_t before_ms)
{
    struct ended_item items[ITEMS_STEP];
    struct erased rows = {0};
    int64_t requested = 0;
    size_t done = 0, n = store_retention_items(g->store, before_ms, items, ITEMS_STEP);
    /* A series may go on for years; what was talked about goes. */
    if (!n)
        return store_agenda_prune(g->store, before_ms, ITEMS_STEP);
    int64_t from_ms = util_monotonic_ms();
    for (; done < n && util_monotonic_ms() - from_ms < STEP_MS; done++) {
        store_erase_dependants(g->store, items[done].seq, &rows);
        store_erase_row(g->store, items[done].seq);
        store_erase_milestones(g->store, items[done].case_key);
        requested += items[done].kind < ITEM_TASK;
    }
    add_to(g->store, "ledger_pruned_items", requested);
    return (int64_t)done;
}

/* No event asked for a drill, and no case has one. What was measured goes with the audit rows. */
static int64_t drop_drills(struct stafette *g, int64_t before_ms)
{
    struct ended_item items[ITEMS_STEP];
    struct erased rows = {0};
    size_t n = store_drill_over(g->store, before_ms, items, ITEMS_STEP);
    for (size_t i = 0; i < n; i++) {
        store_erase_dependants(g->store, items[i].seq, &rows);
        store_erase_row(g->store, items[i].seq);
    }
    if (n)
        return (int64_t)n;
    return store_drill_prune(g->store, g->now_ms - g->config->settings.retention_audit_ms,
                             ITEMS_STEP);
}

static int64_t drop_audit(struct stafette *g, int64_t before_ms)
{
    return store_audit_prune(g->store, before_ms, AUDIT_STEP);
}

static int64_t drop_rosters(struct stafette *g, int64_t before_ms)
{
    if (!store_retention_rosters_due(g->store, before_ms))
        return 0;
    return store_retention_rosters(g->store, before_ms, ITEMS_STEP);
}

/* Ids are kept by whole days, as the set in memory keeps them. */
static int64_t memory_day(const struct stafette *g)
{
    return g->now_ms / DAY_MS - ID_MEMORY_DAYS;
}

static int64_t cutoff(const struct stafette *g, const struct class *class)
{
    if (!class->setting)
        return memory_day(g) * DAY_MS;
    const char *settings = (const char *)&g->config->settings;
    return g->now_ms - *(const int64_t *)(settings + class->setting);
}

/* What the store knows of earlier runs; one that was cut off goes on. */
static void read_totals(struct stafette *g)
{
    struct retention *r = &g->retention;
    if (r->open)
        return;
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++) {
        r->total[i] = store_meta_int(g->store, classes[i].total);
        r->told[i] = store_meta_int(g->store, classes[i].told);
        r->busy = r->busy || r->total[i] != r->told[i];
    }
    r->ended_ms = store_meta_int(g->store, "retention_ended_ms");
    r->open = true;
    r->next_mono_ms = g->test_clock.len ? 0 : g->mono_ms + HOUR_MS;
}

/* At the end of a run: counts only, and nothing when it removed nothing. */
static void tell_run(struct stafette *g, const struct retention *r)
{
    struct buf text = BUF_INIT;
    buf_puts(&text, "retention");
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++) {
        buf_printf(&text, " %s=%lld", classes[i].name, (long long)(r->total[i] - r->told[i]));
        store_meta_set_int(g->store, classes[i].told, r->total[i]);
    }
    buf_printf(&text, " config=%s", g->config->version);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    store_meta_set_int(g->store, "retention_ended_ms", g->now_ms);
    buf_release(&text);
}

/* Changes `next`, which becomes g->retention when the transaction is committed. */
static bool run_classes(struct stafette *g, struct retention *next)
{
    bool did = false, untold = false;
    /* One class a step. An item is not removed before the event that opened it, or nobody could
     * count both: the memory comes first. */
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++) {
        int64_t n = did ? 0 : classes[i].drop(g, cutoff(g, &classes[i]));
        if (n) {
            next->total[i] += n;
            store_meta_set_int(g->store, classes[i].total, next->total[i]);
        }
        did = did || n;
        untold = untold || next->total[i] != next->told[i];
    }
    if (did)
        store_keep_numbers(g->store);
    if (did || !untold)
        return did;
    tell_run(g, next);
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++) {
        next->last[i] = next->total[i] - next->told[i];
        next->told[i] = next->total[i];
    }
    next->ended_ms = g->now_ms;
    return false;
}

static bool leapt(const struct stafette *g)
{
    int64_t passed_ms = g->now_ms - g->retention.looked_ms;
    return !g->test_clock.len && g->retention.looked_ms &&
           (passed_ms > DAY_MS || passed_ms < -HOUR_MS);
}

static bool is_time(const struct stafette *g)
{
    const struct retention *r = &g->retention;
    int64_t passed_ms = g->now_ms - r->looked_ms;
    if (r->busy)
        return g->mono_ms >= r->next_mono_ms;
    if (g->test_clock.len)
        return g->mono_ms >= r->next_mono_ms && (passed_ms >= HOUR_MS || passed_ms < 0);
    return r->open && g->mono_ms >= r->next_mono_ms;
}

static void commit_step(struct stafette *g, const struct retention *next, bool did)
{
    struct retention *r = &g->retention;
    bool ended = next->ended_ms != r->ended_ms;
    enum store_end end = STORE_DONE;
    if (store_changed(g->store) || store_failed(g->store))
        end = store_commit(g->store);
    else
        store_rollback(g->store);
    if (end != STORE_DONE) {
        log_warn("retention", "state=trouble why=\"%s\"", store_trouble(g->store));
        r->busy = false;
        r->looked_ms = 0;
        r->next_mono_ms = g->mono_ms + RETRY_MS;
        return;
    }
    *r = *next;
    r->busy = did;
    r->next_mono_ms = g->mono_ms + (did ? PAUSE_MS : g->test_clock.len ? 0 : HOUR_MS);
    known_forget(&g->known, memory_day(g));
    if (!ended)
        return;
    g->unflushed = true;
    log_info("retention", "closed=%lld memory=%lld audit=%lld roster=%lld",
             (long long)r->last[RETAIN_CLOSED], (long long)r->last[RETAIN_MEMORY],
             (long long)r->last[RETAIN_AUDIT], (long long)r->last[RETAIN_ROSTER]);
}

void retention_step(struct stafette *g)
{
    struct retention *r = &g->retention;
    read_totals(g);
    if (!is_time(g))
        return;
    bool leap = leapt(g);
    r->looked_ms = g->now_ms;
    if (leap) {
        log_warn("retention", "state=waiting why=\"the wall clock has leapt\"");
        r->next_mono_ms = g->mono_ms + HOUR_MS;
        return;
    }
    struct retention next = *r;
    store_begin(g->store);
    bool did = run_classes(g, &next);
    commit_step(g, &next, did);
}

bool retention_is_busy(const struct stafette *g)
{
    return g->retention.busy || (g->test_clock.len && is_time(g));
}

int64_t retention_wait_ms(const struct stafette *g, int64_t wait_ms)
{
    int64_t own_ms = g->retention.next_mono_ms - g->mono_ms;
    if (!g->retention.busy || own_ms >= wait_ms)
        return wait_ms;
    return own_ms > 0 ? own_ms : 0;
}

void retention_status(const struct stafette *g, struct buf *out)
{
    const struct retention *r = &g->retention;
    json_put_name(out, "retention");
    buf_addc(out, '{');
    json_member_time(out, "ended_at", r->ended_ms);
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++)
        json_member_int(out, classes[i].name, r->last[i]);
    buf_addc(out, '}');
}
