/*
 * The line of each night: see night.h. Decides nothing in memory before the commit: a transaction
 * that is rolled back is written again by the next turn, and a crash before it leaves the day
 * untold, so that the next start tells it.
 */
#include "night.h"

#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ledger_run.h"
#include "limits.h"
#include "store.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "store_item.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"

static const char told_day[] = "night_day", last_item[] = "night_item";

int64_t night_moment(int64_t day, int second_of_day)
{
    return berlin_to_ms(day, second_of_day);
}

/* The last day whose moment has come. */
static int64_t day_now(const struct stafette *g)
{
    int second_of_day = 0;
    int64_t today = berlin_day(g->now_ms);
    time_of_day_parse(g->config->settings.ledger_night, &second_of_day);
    return g->now_ms >= night_moment(today, second_of_day) ? today : today - 1;
}

void night_step(struct stafette *g)
{
    struct night *n = &g->night;
    if (!n->known) {
        n->told_day = store_meta_int(g->store, told_day);
        n->known = !store_failed(g->store);
        n->is_first = n->known && !n->told_day;
    }
    /* In a new store the first night is the next one; and a wall clock that was ahead for a while
     * must not silence the nights until then. */
    if (n->known && (n->is_first || n->told_day > day_now(g) + 1)) {
        n->is_first = true;
        n->told_day = day_now(g);
    }
    if (!n->due_day && day_now(g) > n->told_day) {
        n->due_day = day_now(g);
        n->looks = ledger_run_count(g->ledger);
        ledger_run_ask(g);
    }
    /* A look that was under way when the night came will do as well. */
    if (n->due_day && ledger_run_count(g->ledger) > n->looks)
        n->ready = true;
}

bool night_busy(const struct stafette *g)
{
    return g->night.due_day != 0 || (g->night.known && day_now(g) > g->night.told_day);
}

bool night_ready(const struct stafette *g)
{
    return g->night.ready || g->night.is_first;
}

static void add_item(struct stafette *g, struct item *item)
{
    const struct unit *desk = g->config->directory->catch_all;
    memset(item, 0, sizeof *item);
    item->seq = store_next(g->store, SEQ_ITEM);
    item->kind = ITEM_LEDGER;
    item->state = STATE_CLOSED;
    item->created_ms = item->changed_ms = item->closed_ms = g->now_ms;
    str_copy(item->owner_unit, sizeof item->owner_unit, desk->id);
    store_item_add(g->store, item);
}

static void audit_line(struct stafette *g, const struct item *item, const struct ledger_result *r)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "night=%s findings=%lld",
               !r                ? "failed"
               : ledger_green(r) ? "green"
                                 : "red",
               r ? (long long)ledger_findings(r) : 0);
    for (int i = 0; r && i < LEDGER_FAULTS; i++)
        if (r->finding[i].count)
            buf_printf(&text, " %s:%lld", ledger_code((enum ledger_fault)i),
                       (long long)r->finding[i].count);
    buf_printf(&text, " config=%s", g->config->version);
    store_audit_add(g->store, g->now_ms, item->seq, buf_str(&text));
    buf_release(&text);
}

void night_write(struct stafette *g)
{
    const struct ledger_result *r = ledger_run_last(g->ledger);
    struct item item;
    struct limits limits;
    struct buf line = BUF_INIT;
    bool green = r && ledger_green(r);
    if (g->night.is_first)
        store_meta_set_int(g->store, told_day, g->night.told_day);
    if (!g->night.ready)
        return;
    int64_t before = store_meta_int(g->store, last_item);
    if (before)
        store_delivery_cancel(g->store, before, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    add_item(g, &item);
    if (r)
        ledger_line(&line, r, g->keys.code, OUTCOME_MAX);
    else
        buf_puts(&line, "Stafette-Nachtprüfung: nicht durchgeführt. Ob jeder Vorgang eine "
                        "zuständige Stelle und eine Frist hat, ist heute nicht geprüft. Bitte die "
                        "Technik verständigen (stafettectl ledger).");
    limits_refusal(&limits, DAY_MS);
    const struct telling telling = {g->config->directory->catch_all, REASON_LEDGER,
                                    green ? "ledger.night" : "ledger.alarm", 0, buf_str(&line)};
    tell_unit(g, &item, &limits, &telling);
    audit_line(g, &item, r);
    store_meta_set_int(g->store, told_day, g->night.due_day);
    store_meta_set_int(g->store, last_item, item.seq);
    buf_release(&line);
}

void night_written(struct stafette *g)
{
    struct night *n = &g->night;
    n->is_first = false;
    if (!n->ready)
        return;
    n->told_day = n->due_day;
    n->due_day = 0;
    n->ready = false;
}
