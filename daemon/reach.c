/*
 * Reachability: see reach.h.
 */
#include "reach.h"

#include "buf.h"
#include "util.h"

static const char *const names[REACH_FAULT_COUNT] = {
    [REACH_NO_WAY] = "no_way",       [REACH_ONE_WAY] = "one_way",         [REACH_BROKEN] = "broken",
    [REACH_NO_DEPUTY] = "no_deputy", [REACH_DEPUTY_AWAY] = "deputy_away", [REACH_NOBODY] = "nobody",
    [REACH_GAP] = "roster_gap",
};

const char *reach_fault_name(enum reach_fault fault)
{
    return names[fault];
}

bool reach_way_works(const struct reach_way *way)
{
    return way->carried && !way->incident && !way->key_over && !way->failures;
}

/* Somebody has to mend the contact itself; what carries to it is the operators' matter. */
static bool is_bad(const struct reach_way *way)
{
    return way->failures || way->key_over || !way->carried;
}

/* The address works once when any of the contacts that name it does not fail. */
static bool is_first_working(const struct reach_case *c, size_t at)
{
    if (!reach_way_works(&c->way[at]))
        return false;
    for (size_t i = 0; i < at; i++)
        if (c->way[i].same_as == c->way[at].same_as && reach_way_works(&c->way[i]))
            return false;
    return true;
}

static void judge_ways(const struct reach_case *c, struct reach_result *r)
{
    bool bad = false;
    for (size_t i = 0; i < c->ways; i++) {
        if (is_first_working(c, i)) {
            r->works++;
            r->left = c->way[i].channel;
        }
        bad = bad || is_bad(&c->way[i]);
        if (r->broken == c->ways && !reach_way_works(&c->way[i]))
            r->broken = i;
    }
    if (r->works == 0)
        r->faults |= 1u << REACH_NO_WAY;
    else if (r->works == 1)
        r->faults |= 1u << REACH_ONE_WAY;
    else if (bad)
        r->faults |= 1u << REACH_BROKEN;
}

void reach_judge(const struct reach_case *c, struct reach_result *r)
{
    *r = (struct reach_result){.broken = c->ways};
    if (c->gap_from_ms)
        r->faults |= 1u << REACH_GAP;
    if (c->on_plan)
        return;
    judge_ways(c, r);
    if (c->nobody_ms)
        r->faults |= 1u << REACH_NOBODY;
    if (!c->wants_deputy)
        return;
    if (!c->has_deputy)
        r->faults |= 1u << REACH_NO_DEPUTY;
    else if (c->deputy_away_ms)
        r->faults |= 1u << REACH_DEPUTY_AWAY;
}

static const char *channel_german(enum channel channel)
{
    return channel == CHANNEL_EMAIL ? "E-Mail" : "SMS";
}

static void put_bad(struct buf *out, const struct reach_way *way)
{
    buf_printf(out, "%s: ", channel_german(way->channel));
    if (!way->carried) {
        buf_puts(out, "kein Versandweg eingerichtet");
    } else if (way->key_over) {
        buf_puts(out, "das Zertifikat ist abgelaufen");
    } else if (way->failures) {
        buf_printf(out, "%lld-mal nicht erreicht seit ", (long long)way->failures);
        day_german(out, berlin_day(way->since_ms));
    } else {
        buf_puts(out, "der Versand ist zurzeit gestört");
    }
}

/* What does not work, in brackets; nothing when there is nothing. */
static void put_broken(struct buf *out, const struct reach_case *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->ways; i++) {
        if (reach_way_works(&c->way[i]))
            continue;
        buf_puts(out, n++ ? "; " : " (");
        put_bad(out, &c->way[i]);
    }
    if (n)
        buf_addc(out, ')');
}

static void put_one_way(struct buf *out, const struct reach_case *c)
{
    struct reach_result r;
    reach_judge(c, &r);
    bool broken = r.broken < c->ways;
    buf_printf(out, "ist nur%s per %s erreichbar", broken ? " noch" : "", channel_german(r.left));
    put_broken(out, c);
    buf_puts(out, broken ? ". Bitte lassen Sie das Verzeichnis berichtigen oder tragen Sie eine "
                           "zweite Adresse ein."
                         : ". Bitte tragen Sie eine zweite Adresse ein.");
}

static void put_gap(struct buf *out, const struct reach_case *c)
{
    buf_puts(out, "hat im Dienstplan eine Lücke: Von ");
    time_german(out, c->gap_from_ms);
    buf_puts(out, " bis ");
    time_german(out, c->gap_to_ms);
    buf_puts(out, " ist niemand eingeteilt. Bitte tragen Sie jemanden ein.");
}

void reach_sentence(struct buf *out, enum reach_fault fault, const char *unit_name,
                    const struct reach_case *c)
{
    buf_printf(out, "Die Stelle „%s“ ", unit_name);
    switch (fault) {
    case REACH_NO_WAY:
        buf_puts(out, "ist auf keinem Weg erreichbar");
        put_broken(out, c);
        buf_puts(out, ". Bitte klären Sie sofort, wie sie erreichbar ist.");
        return;
    case REACH_ONE_WAY:
        put_one_way(out, c);
        return;
    case REACH_BROKEN:
        buf_puts(out, "hat eine Adresse oder Nummer, die zurzeit nicht erreichbar ist");
        put_broken(out, c);
        buf_puts(out, ". Bitte lassen Sie das Verzeichnis berichtigen.");
        return;
    case REACH_NO_DEPUTY:
        buf_puts(out, "hat keine Vertretung. Bitte tragen Sie eine ein.");
        return;
    case REACH_DEPUTY_AWAY:
        buf_puts(out, "hat am ");
        day_german(out, berlin_day(c->deputy_away_ms));
        buf_puts(out, " keine Vertretung, die da ist. Bitte benennen Sie eine weitere.");
        return;
    case REACH_NOBODY:
        buf_puts(out, "ist am ");
        day_german(out, berlin_day(c->nobody_ms));
        buf_puts(out, " nicht da, und niemand vertritt sie: Was an sie geht, erhält die "
                      "Auffangstelle. Bitte benennen Sie eine Vertretung.");
        return;
    case REACH_GAP:
        put_gap(out, c);
        return;
    case REACH_FAULT_COUNT:
        break;
    }
}

void reach_summary(struct buf *out, size_t units, size_t missing)
{
    if (!missing && units == 1)
        buf_puts(out, "Die Stelle ist auf zwei Wegen erreichbar.");
    else if (!missing)
        buf_printf(out, "Alle %zu Stellen sind auf zwei Wegen erreichbar.", units);
    else if (missing == 1)
        buf_printf(out, "Bei 1 von %zu Stellen fehlt etwas.", units);
    else
        buf_printf(out, "Bei %zu von %zu Stellen fehlt etwas.", missing, units);
}
