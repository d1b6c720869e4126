/*
 * Sections of the coordinator's week that are about the desk and not about single items: on-duty
 * plans, the directory, contacts, quotas, meetings, budgets, counts. Role names of units only,
 * never an address or a number of a telephone.
 */
#include <string.h>

#include "budget.h"
#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "presence.h"
#include "quota_check.h"
#include "store_contact.h"
#include "store_digest.h"
#include "store_tally.h"
#include "tally.h"
#include "util.h"

enum {
    DAYS_OF_WEEK = 7,
    GAP_DAYS = 28,
    GAP_STEPS_MAX = 2000, /* changes of one plan */
    SESSION_DAYS = 28,
    MINUTES_FROM_DAYS = 90,
    MINUTES_DUE_DAYS = 5, /* three working days at least */
    DAY_S = 86400
};

/* ---- on-duty plans */

static void put_gap(struct section *s, const struct roster *roster, int64_t from_ms, int64_t to_ms)
{
    if (!section_row(s))
        return;
    buf_printf(s->out, "%s: ", roster->id);
    time_german(s->out, from_ms);
    buf_puts(s->out, " bis ");
    time_german(s->out, to_ms);
}

static void put_gaps_of(struct section *s, const struct roster *roster)
{
    const int64_t end_ms = s->g->now_ms + GAP_DAYS * DAY_MS;
    int64_t at_ms = s->g->now_ms, gap_ms = 0;
    for (int steps = 0; at_ms < end_ms && steps < GAP_STEPS_MAX; steps++) {
        bool covered = presence_on_duty(s->g, roster, at_ms).count > 0;
        if (covered && gap_ms)
            put_gap(s, roster, gap_ms, at_ms);
        gap_ms = covered ? 0 : gap_ms ? gap_ms : at_ms;
        at_ms = presence_next_change(s->g, roster, at_ms);
    }
    if (gap_ms)
        put_gap(s, roster, gap_ms, end_ms);
}

void digest_put_gaps(struct section *s)
{
    const struct directory *dir = s->g->config->directory;
    for (size_t i = 0; i < dir->rosters; i++)
        put_gaps_of(s, &dir->roster[i]);
}

/* ---- the directory */

/* Teams and desks are asked for answers; who is on a plan has its other lines. */
static bool has_no_deputy(const struct unit *unit)
{
    return !unit->deputies && !unit->roster;
}

static bool has_one_way(const struct unit *unit)
{
    for (size_t i = 1; i < unit->contacts; i++)
        if (unit->contact[i].channel != unit->contact[0].channel)
            return false;
    return true;
}

/* All such units in one row, for they change seldom. */
static void put_units_with(struct section *s, const char *what,
                           bool (*lacks)(const struct unit *unit))
{
    const struct directory *dir = s->g->config->directory;
    size_t n = 0;
    for (size_t i = 0; i < dir->units; i++) {
        const struct unit *unit = &dir->unit[i];
        if ((unit->kind != UNIT_TEAM && unit->kind != UNIT_DESK) || !lacks(unit))
            continue;
        if (!n++ && section_row(s))
            buf_printf(s->out, "%s: %s", what, unit->name);
        else if (n <= DIGEST_ROWS_MAX)
            buf_printf(s->out, ", %s", unit->name);
    }
    if (n > DIGEST_ROWS_MAX)
        buf_printf(s->out, " und %zu weitere", n - DIGEST_ROWS_MAX);
}

void digest_put_units(struct section *s)
{
    put_units_with(s, "ohne Vertretung", has_no_deputy);
    put_units_with(s, "ohne zweiten Weg (E-Mail und SMS)", has_one_way);
}

/* ---- contacts */

static void put_contact(void *context, const struct contact_flag *flag)
{
    struct section *s = context;
    const struct directory *dir = s->g->config->directory;
    const struct contact *contact = directory_contact(dir, flag->contact);
    char unit[ID_MAX] = "";
    size_t len = strcspn(flag->contact, "/");
    if (len < sizeof unit)
        memcpy(unit, flag->contact, len);
    if (!contact || !section_row(s))
        return;
    buf_printf(s->out, "%s, %s: %lld-mal nicht erreicht seit ", digest_unit_name(dir, unit),
               contact->channel == CHANNEL_EMAIL ? "E-Mail" : "SMS", (long long)flag->failures);
    day_german(s->out, berlin_day(flag->since_ms));
}

void digest_put_contacts(struct section *s)
{
    store_contact_each(s->g->store, s, put_contact);
}

/* ---- quotas */

static bool is_told(const struct quota_rule *rule, const struct quota_count *count, int month)
{
    enum quota_verdict verdict = quota_judge(&rule->quota, count);
    return verdict == QUOTA_OVER || (verdict == QUOTA_GAP && month >= 10);
}

void digest_put_quotas(struct section *s)
{
    const struct directory *dir = s->g->config->directory;
    int year, month, mday;
    day_split(berlin_day(s->g->now_ms), &year, &month, &mday);
    for (size_t i = 0; i < dir->quotas; i++) {
        const struct quota_rule *rule = &dir->quota[i];
        const struct quota_count count = quota_look(s->g, rule, year);
        if (!is_told(rule, &count, month) || !section_row(s))
            continue;
        buf_printf(s->out, "%s: ", rule->unit->name);
        quota_line(s->out, &rule->quota, &count);
        if (rule->trainer)
            buf_printf(s->out, " (Begleitung: %s)", rule->trainer->name);
    }
}

/* ---- meetings */

static int64_t wall_s(const struct stafette *g, int64_t days)
{
    return (berlin_day(g->now_ms) + days) * DAY_S;
}

static void put_minutes(void *context, const struct digest_session *session)
{
    struct section *s = context;
    const struct meeting_kind *kind = meeting_kind_find(session->kind);
    if (!kind || !kind->has_minutes || !section_row(s))
        return;
    buf_printf(s->out, "%s, %s am ", digest_unit_name(s->g->config->directory, session->unit),
               kind->name);
    day_german(s->out, session->start_s / DAY_S);
    buf_puts(s->out, " (");
    digest_code(s->out, s->g, session->item_seq);
    buf_addc(s->out, ')');
}

void digest_put_minutes(struct section *s)
{
    store_digest_minutes(s->g->store, wall_s(s->g, -MINUTES_FROM_DAYS),
                         wall_s(s->g, -MINUTES_DUE_DAYS), DIGEST_LOOK_MAX, s, put_minutes);
}

static void put_sessions(void *context, const char *id, int64_t due, int64_t held)
{
    struct section *s = context;
    const struct meeting_kind *kind = meeting_kind_find(id);
    if (kind && section_row(s))
        buf_printf(s->out, "%s: %lld fällig, %lld als durchgeführt gemeldet", kind->name,
                   (long long)due, (long long)held);
}

void digest_put_sessions(struct section *s)
{
    store_digest_sessions(s->g->store, wall_s(s->g, -SESSION_DAYS), wall_s(s->g, 0), s,
                          put_sessions);
}

/* ---- figures */

static void put_budget(void *context, const struct budget_row *row)
{
    struct section *s = context;
    if (section_row(s))
        buf_printf(s->out, "%s: %d %% gebunden%s", row->line, budget_percent(row),
                   row->frozen ? ", für neue Freigaben gesperrt" : "");
}

void digest_put_budgets(struct section *s)
{
    budget_each(s->g, s, put_budget);
}

static void put_count(void *context, const char *unit, int64_t week, int64_t items)
{
    struct section *s = context;
    if (week != tally_week(s->g->now_ms) - DAYS_OF_WEEK || !section_row(s))
        return;
    buf_printf(s->out, "%s: ", digest_unit_name(s->g->config->directory, unit));
    digest_masked(s->out, items);
}

void digest_put_counts(struct section *s)
{
    store_tally_each(s->g->store, tally_week(s->g->now_ms) - DAYS_OF_WEEK, s, put_count);
}
