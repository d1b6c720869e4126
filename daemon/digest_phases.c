/*
 * MH6: how long referrals were in each phase, of those phases that ended in the last quarter, to
 * the lead of the asking teams. Per phase how many, and the median of the days; few are told as
 * "1-4" and without days (R25). Nothing in it is about a single case or a person who works there;
 * the days of one referral stand in its own notices (workflow_phase.c).
 */
#include <stdlib.h>

#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "phase.h"
#include "store_phase.h"
#include "util.h"

enum { ENDED_MAX = 20000 };

struct days {
    int64_t *day;
    size_t n;
};

struct ended {
    const struct directory *dir;
    const struct unit *lead;
    bool *is_asked; /* by unit: its teams had one; NULL: not wanted */
    struct days of[PHASE_COUNT];
};

static void keep(void *context, const struct phase *phase, const char *from_unit)
{
    struct ended *all = context;
    const struct unit *from = directory_unit(all->dir, from_unit);
    const struct unit *lead = from ? from->lead : NULL;
    if (!lead)
        return;
    if (all->is_asked)
        all->is_asked[lead - all->dir->unit] = true;
    if (lead != all->lead)
        return;
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct days *days = &all->of[i];
        if (!str_eq(phase_code(i), phase->phase))
            continue;
        if (!days->day)
            days->day = xcalloc(ENDED_MAX, sizeof *days->day);
        days->day[days->n++] = phase->end_day - phase->begin_day;
    }
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Between the two in the middle: rounded half up. */
static int64_t median(struct days *days)
{
    size_t middle = days->n / 2;
    qsort(days->day, days->n, sizeof *days->day, by_size);
    if (days->n % 2)
        return days->day[middle];
    return (days->day[middle - 1] + days->day[middle] + 1) / 2;
}

static void put_phase(struct section *s, int phase, struct days *days)
{
    if (!days->n || !section_row(s))
        return;
    buf_printf(s->out, "%s: ", phase_german(phase_code(phase)));
    digest_masked(s->out, (int64_t)days->n);
    buf_puts(s->out, " beendet");
    if (days->n < DIGEST_SHOWN_MIN) {
        buf_puts(s->out, "; die Dauer wird erst ab 5 genannt");
        return;
    }
    buf_puts(s->out, ", die Hälfte davon nach höchstens ");
    buf_printf(s->out, "%lld %s", (long long)median(days), "Tagen (Median)");
}

static void read_ended(struct stafette *g, struct ended *all)
{
    int64_t from_day, to_day;
    all->dir = g->config->directory;
    digest_last_quarter(g->now_ms, &from_day, &to_day);
    store_phase_each_ended(g->store, from_day, to_day, ENDED_MAX, all, keep);
}

bool digest_phases(struct stafette *g, const struct unit *lead, struct buf *out)
{
    struct ended all = {.lead = lead};
    struct section section = {.g = g, .out = out, .title = "Phasen, die im Quartal endeten"};
    read_ended(g, &all);
    for (int i = 0; i < PHASE_COUNT; i++) {
        put_phase(&section, i, &all.of[i]);
        free(all.of[i].day);
    }
    return section.rows > 0;
}

void digest_phases_leads(struct stafette *g, bool *is_asked)
{
    struct ended all = {.is_asked = is_asked};
    read_ended(g, &all);
}
