/*
 * The coordinator's week: one table of sections, each with its heading. Sections of work come
 * first; when none has a row, the mail says that all is well. What is only good to know comes last.
 *
 * Items stand here by code and role, as a list of work; where cases are only counted, small counts
 * are masked (DOMAIN R25). Protected items are told to their own few only and stand nowhere here
 * (R10, R11). No figure is about a person (R21).
 */
#include <string.h>

#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "ledger_run.h"
#include "quota_check.h"
#include "store.h"
#include "store_clock.h"
#include "store_digest.h"
#include "store_item.h"
#include "util.h"

enum { DAYS_OF_WEEK = 7 };

/* ---- orphans */

static bool is_protected(const struct item *item)
{
    return item->restricted || (item->flags & ITEM_ANVERTRAUT);
}

/* What an open item lacks now; NULL when nothing. */
static const char *lacks(struct stafette *g, const struct item *item)
{
    struct clock clock;
    if (!directory_unit(g->config->directory, item->owner_unit))
        return "keine zuständige Stelle";
    if (!str_empty(item->waiting_unit) && !directory_unit(g->config->directory, item->waiting_unit))
        return "die Stelle, die antworten muss, gibt es nicht mehr";
    return store_clock_of(g->store, item->seq, &clock) ? NULL : "keine nächste Frist";
}

static void put_orphan(struct section *s, int64_t item_seq)
{
    struct item item;
    bool known = store_item_get(s->g->store, item_seq, &item);
    const char *what = known && !item.closed_ms ? lacks(s->g, &item) : NULL;
    if (known && !what)
        return; /* mended since the look */
    if (!section_row(s))
        return;
    /* A lost one may have been protected: its code tells nothing without its row. */
    digest_code(s->out, s->g, item_seq);
    if (known && !is_protected(&item))
        buf_printf(s->out, " (%s)", item_kind_german(item.kind));
    buf_printf(s->out, ": %s", known ? what : "der Vorgang fehlt im Speicher");
}

static void put_orphans(struct section *s)
{
    static const enum ledger_fault kinds[] = {LEDGER_OWNER, LEDGER_WAITING, LEDGER_NO_CLOCK,
                                              LEDGER_LOST};
    const struct ledger_result *look = s->g->ledger ? ledger_run_last(s->g->ledger) : NULL;
    int64_t more = 0;
    for (size_t i = 0; look && i < COUNT_OF(kinds); i++) {
        const struct ledger_finding *finding = &look->finding[kinds[i]];
        for (size_t n = 0; n < finding->items; n++)
            put_orphan(s, finding->item[n]);
        more += finding->count - (int64_t)finding->items;
    }
    /* The full check gives examples only. */
    if (more > 0 && section_row(s))
        buf_printf(s->out, "nach der letzten Prüfung %lld weitere (stafettectl ledger)",
                   (long long)more);
}

/* ---- items */

/* One row for a unit, with the codes of its items. */
struct overdue {
    struct section *section;
    char unit[ID_MAX];
    bool shown;
};

static void put_overdue_item(void *context, const struct digest_item *item)
{
    struct overdue *o = context;
    struct section *s = o->section;
    if (s->rows == 0 || !str_eq(o->unit, item->waiting_unit) || !o->shown) {
        o->shown = section_row(s);
        if (o->shown)
            buf_printf(s->out,
                       "%s:", digest_unit_name(s->g->config->directory, item->waiting_unit));
    } else {
        o->shown = s->rows++ < DIGEST_ROWS_MAX;
        if (o->shown)
            buf_puts(s->out, ",");
    }
    str_copy(o->unit, sizeof o->unit, item->waiting_unit);
    if (!o->shown)
        return;
    buf_addc(s->out, ' ');
    digest_code(s->out, s->g, item->seq);
    buf_printf(s->out, " (%s, seit ", item_kind_german(item->kind));
    day_german(s->out, berlin_day(item->created_ms));
    buf_addc(s->out, ')');
}

static void put_overdue(struct section *s)
{
    struct overdue overdue = {.section = s};
    store_digest_overdue(s->g->store, DIGEST_LOOK_MAX, &overdue, put_overdue_item);
}

/* "2027-W05" -> "KW 05/2027" */
static void put_week(struct buf *out, const char *week)
{
    if (strlen(week) == strlen("2027-W05"))
        buf_printf(out, "KW %s/%.4s", week + 6, week);
}

static void put_waiting_list(void *context, const struct digest_waiting *list)
{
    struct section *s = context;
    int64_t weeks = (berlin_day(s->g->now_ms) - berlin_day(list->oldest_ms)) / DAYS_OF_WEEK;
    if (!section_row(s))
        return;
    buf_printf(s->out, "%s: ", digest_unit_name(s->g->config->directory, list->unit));
    digest_masked(s->out, list->count);
    buf_printf(s->out, " auf der Warteliste, die älteste Anfrage vor %lld Woche%s",
               (long long)weeks, weeks == 1 ? "" : "n");
    if (str_empty(list->from_week) || str_empty(list->to_week))
        return;
    buf_puts(s->out, ", erwartet ");
    put_week(s->out, list->from_week);
    if (str_eq(list->from_week, list->to_week))
        return;
    buf_puts(s->out, " bis ");
    put_week(s->out, list->to_week);
}

static void put_waiting(struct section *s)
{
    store_digest_waiting(s->g->store, s, put_waiting_list);
}

static void put_failure(void *context, enum channel channel, int64_t count)
{
    struct section *s = context;
    if (section_row(s))
        buf_printf(s->out, "%s: %lld", channel == CHANNEL_EMAIL ? "E-Mail" : "SMS",
                   (long long)count);
}

static void put_failures(struct section *s)
{
    store_digest_failed(s->g->store, s->g->now_ms - DAYS_OF_WEEK * DAY_MS, s, put_failure);
}

/* ---- the week */

static const struct {
    const char *title;
    bool is_work; /* somebody has to do something */
    void (*put)(struct section *s);
} sections[] = {
    {"Vorgänge ohne zuständige Stelle oder ohne Frist (bitte sofort klären)", true, put_orphans},
    {"Überfällig, nach der Stelle, die antworten muss", true, put_overdue},
    {"Nachrichten der letzten sieben Tage, die nicht zugestellt werden konnten", true,
     put_failures},
    {"Adressen und Nummern, die zuletzt nicht erreichbar waren", true, digest_put_contacts},
    {"Lücken der Bereitschaft in den nächsten vier Wochen", true, digest_put_gaps},
    {"Kontingente des Jahres", true, digest_put_quotas},
    {"Termine ohne Protokoll", true, digest_put_minutes},
    {"Wartelisten", false, put_waiting},
    {"Erreichbarkeit", false, digest_put_reach},
    {"Budgets", false, digest_put_budgets},
    {"Termine der letzten vier Wochen", false, digest_put_sessions},
    {"Nur als Zahl mitgeteilt, letzte Woche", false, digest_put_counts},
    {"Lücken im Verzeichnis", false, digest_put_units},
};

static bool put_section(struct stafette *g, struct buf *out, size_t i)
{
    struct section s = {.g = g, .out = out, .title = sections[i].title};
    sections[i].put(&s);
    section_end(&s);
    return s.rows > 0 && sections[i].is_work;
}

bool digest_weekly(struct stafette *g, struct buf *out)
{
    bool work = false;
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!sections[i].is_work && !work && !out->len)
            buf_puts(out, "Es ist alles in Ordnung: nichts ist überfällig, und jede Nachricht kam "
                          "an. Sie müssen nichts tun.");
        work = put_section(g, out, i) || work;
    }
    return work;
}

bool digest_orphans(struct stafette *g, struct buf *out)
{
    return put_section(g, out, 0);
}

bool digest_quotas(struct stafette *g, struct buf *out)
{
    struct section s = {.g = g, .out = out, .title = "Kontingente des Jahres"};
    digest_put_quotas(&s);
    section_end(&s);
    return s.rows > 0;
}
