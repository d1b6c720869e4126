/*
 * Bad attempts by address: see guard.h. Two addresses that meet in one slot are counted together,
 * which can only refuse what was bad.
 */
#include "guard.h"

enum guard_verdict guard_bad(struct guard *guard, uint64_t who, int64_t mono_ms)
{
    const unsigned i = (unsigned)(who % GUARD_SLOTS);
    if (!guard->slot[i].bad || mono_ms - guard->slot[i].since_ms >= GUARD_SPAN_MS) {
        guard->slot[i].since_ms = mono_ms;
        guard->slot[i].bad = 0;
    }
    if (guard->slot[i].bad > GUARD_BAD_MAX)
        return GUARD_TOO_MANY;
    guard->slot[i].bad++;
    return guard->slot[i].bad > GUARD_BAD_MAX ? GUARD_FIRST : GUARD_FINE;
}
