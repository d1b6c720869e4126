/*
 * Phases of a running referral: see phase.h. One row each; a further phase is a row here and a code
 * in event_fields.c. Holds nothing, refuses nothing: a code that is not known is shown as it is.
 */
#include "phase.h"

#include <assert.h>
#include <stddef.h>

#include "buf.h"
#include "util.h"

static const struct {
    const char *code, *german, *news;
} phases[] = {
    {"start", "Startphase", "Die Beratung ist in der Startphase."},
    {"verlauf", "Beratungsverlauf", "Die Beratung läuft."},
    {"abloesung", "Ablösungsphase", "Die Ablösungsphase hat begonnen."},
};
static_assert(COUNT_OF(phases) == PHASE_COUNT, "as phase.h says");

const char *phase_code(int phase)
{
    return phases[phase].code;
}

const char *phase_first(void)
{
    return phases[0].code;
}

const char *phase_german(const char *code)
{
    for (size_t i = 0; i < COUNT_OF(phases); i++)
        if (str_eq(phases[i].code, code))
            return phases[i].german;
    return code;
}

const char *phase_news(const char *code)
{
    for (size_t i = 0; i < COUNT_OF(phases); i++)
        if (str_eq(phases[i].code, code))
            return phases[i].news;
    return "";
}

void phase_days(struct buf *out, int64_t days)
{
    buf_printf(out, "%lld %s", (long long)days, days == 1 ? "Tag" : "Tage");
}
