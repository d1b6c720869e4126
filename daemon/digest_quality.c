/*
 * DO11: the month's quality figure for who oversees the gateway's work and leads nobody: how many
 * handovers and referrals ended in the past month or had a limit pass in it, and what became of
 * them. No unit, no place, no person, no code of an item. Drills are items of another kind and
 * count nowhere.
 *
 * R25, and no way round it: the two kinds have a row each only when no number of either row is
 * small; else there is one row for both; else only their sum. So nothing that is left out can be
 * computed from what is there.
 */
#include "buf.h"
#include "digest_text.h"
#include "gateway.h"
#include "store_digest.h"
#include "util.h"
#include "workflow_parts.h"

enum { PERCENT = 100 };

/* Of one kind, or of both. */
struct figure {
    int64_t in_time, late, open; /* ended without and after a missed limit; missed, not ended */
    int64_t told;                /* of the latter two: somebody above was told */
};

struct figures {
    struct figure of[ITEM_REFERRAL + 1];
};

static void count(void *context, const struct digest_quality *row)
{
    struct figures *figures = context;
    struct figure *f = &figures->of[row->kind];
    if (!row->is_late)
        f->in_time += row->count;
    else if (row->is_ended)
        f->late += row->count;
    else
        f->open += row->count;
    if (row->is_late && row->is_told)
        f->told += row->count;
}

static int64_t sum(const struct figure *f)
{
    return f->in_time + f->late + f->open;
}

static bool is_small(int64_t count)
{
    return count > 0 && count < DIGEST_SHOWN_MIN;
}

/* Every number of the row, and what is left of one by another. */
static bool may_show(const struct figure *f)
{
    return !is_small(sum(f)) && !is_small(f->in_time) && !is_small(f->late) && !is_small(f->open) &&
           !is_small(f->told) && !is_small(f->late + f->open - f->told);
}

static void put_figure(struct buf *out, const char *name, const struct figure *f)
{
    int64_t all = sum(f);
    buf_printf(out, "\n- %s: %lld", name, (long long)all);
    if (!all)
        return;
    buf_printf(out,
               ", davon %lld ohne versäumte Frist beendet (%lld %%), %lld nach einer versäumten "
               "Frist beendet, %lld mit versäumter Frist und noch nicht beendet. Bei %lld wurde "
               "eine Leitung oder die Koordination eingeschaltet.",
               (long long)f->in_time, (long long)((f->in_time * PERCENT + all / 2) / all),
               (long long)f->late, (long long)f->open, (long long)f->told);
}

static void put_sum_only(struct buf *out, const struct figure *both)
{
    buf_puts(out, "\n- Fallübergaben und Vermittlungen zusammen: ");
    digest_masked(out, sum(both));
    buf_puts(out, ". Mehr wird nicht genannt, weil eine der Zahlen unter 5 läge.");
}

static struct figure both_of(const struct figure *a, const struct figure *b)
{
    return (struct figure){a->in_time + b->in_time, a->late + b->late, a->open + b->open,
                           a->told + b->told};
}

void digest_quality(struct stafette *g, struct buf *out)
{
    struct figures figures = {0};
    const struct figure *handovers = &figures.of[ITEM_HANDOVER];
    const struct figure *referrals = &figures.of[ITEM_REFERRAL];
    int64_t from_day, to_day;
    digest_last_month(g->now_ms, &from_day, &to_day);
    store_digest_quality(g->store, day_start_ms(from_day), day_start_ms(to_day), &figures, count);
    struct figure both = both_of(handovers, referrals);
    buf_puts(out, "Zeitraum: ");
    day_german(out, from_day);
    buf_puts(out, " bis ");
    day_german(out, to_day - 1);
    if (!sum(&both)) {
        buf_puts(out, "\n- In diesem Monat wurde keine Fallübergabe und keine Vermittlung beendet, "
                      "und keine Frist wurde versäumt.");
    } else if (may_show(handovers) && may_show(referrals)) {
        put_figure(out, "Fallübergaben", handovers);
        put_figure(out, "Vermittlungen an Träger", referrals);
    } else if (may_show(&both)) {
        put_figure(out, "Fallübergaben und Vermittlungen zusammen", &both);
    } else {
        put_sum_only(out, &both);
    }
}
