/*
 * Common free time of several parties: see slots.h.
 *
 * One walk: what is busy for anybody becomes one rising list without overlaps; each day has the
 * hours that all share; both are passed once, however long the wish. Promises: no clock; a slot
 * that is offered is free for all of them by what was handed in. Refuses nothing: a wish that
 * cannot be met has no slots. A crash leaves nothing.
 */
#include "slots.h"

#include <stdlib.h>

#include "util.h"
#include "walltime.h"
#include "worktime.h"

enum { DAY_S = 86400, STEP_MIN_S = 60 };

/* What the walk carries from day to day. */
struct walk {
    const struct slot_wish *wish;
    int step_s;
    struct busy *busy; /* of all parties, rising, without overlaps */
    size_t count, at;  /* all before `at` have ended */
    struct busy *slot;
    size_t found, max;
};

static int by_begin(const void *a, const void *b)
{
    const struct busy *left = a, *right = b;
    return (left->from_ms > right->from_ms) - (left->from_ms < right->from_ms);
}

static bool overlaps(const struct busy *busy, int64_t from_ms, int64_t to_ms)
{
    return busy->from_ms < busy->to_ms && busy->from_ms < to_ms && busy->to_ms > from_ms;
}

static size_t merge(struct busy *busy, size_t count)
{
    size_t n = 0;
    if (count > 0)
        qsort(busy, count, sizeof *busy, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (n == 0 || busy[i].from_ms > busy[n - 1].to_ms)
            busy[n++] = busy[i];
        else if (busy[i].to_ms > busy[n - 1].to_ms)
            busy[n - 1].to_ms = busy[i].to_ms;
    }
    return n;
}

static void collect(struct walk *walk, const struct slot_party *party, size_t parties)
{
    size_t total = 1;
    for (size_t p = 0; p < parties; p++)
        total += party[p].busy_count;
    walk->busy = xcalloc(total, sizeof *walk->busy);
    for (size_t p = 0; p < parties; p++)
        for (size_t i = 0; i < party[p].busy_count; i++)
            if (overlaps(&party[p].busy[i], walk->wish->from_ms, walk->wish->to_ms))
                walk->busy[walk->count++] = party[p].busy[i];
    walk->count = merge(walk->busy, walk->count);
}

/* The hours of a day that all parties share, within the wish; empty when from_ms >= to_ms. */
static struct busy common_hours(const struct walk *walk, int64_t day,
                                const struct slot_party *party, size_t parties)
{
    struct busy hours = {0, 0};
    int from_s = 0, to_s = DAY_S, open_s, close_s;
    for (size_t p = 0; p < parties; p++) {
        if (!worktime_window(party[p].hours, day, &open_s, &close_s))
            return hours;
        from_s = open_s > from_s ? open_s : from_s;
        to_s = close_s < to_s ? close_s : to_s;
    }
    if (from_s >= to_s)
        return hours;
    hours = (struct busy){wall_ms(day, from_s), wall_ms(day, to_s)};
    if (hours.from_ms < walk->wish->from_ms)
        hours.from_ms = walk->wish->from_ms;
    if (hours.to_ms > walk->wish->to_ms)
        hours.to_ms = walk->wish->to_ms;
    return hours;
}

/* The first moment at or after at_ms on that day whose time is a multiple of the step; at_ms + a
 * day when there is none. Times that the clock does not show on that day are passed over. */
static int64_t next_start(const struct walk *walk, int64_t day, int64_t at_ms)
{
    int second, shown;
    if (wall_day(at_ms, &second) == day)
        for (second -= second % walk->step_s; second < DAY_S; second += walk->step_s) {
            int64_t start_ms = wall_ms(day, second);
            if (start_ms >= at_ms && wall_day(start_ms, &shown) == day && shown == second)
                return start_ms;
        }
    return at_ms + (int64_t)DAY_S * 1000;
}

static void walk_day(struct walk *walk, int64_t day, const struct busy *hours)
{
    size_t today = 0;
    int64_t at_ms = hours->from_ms, start_ms, end_ms;
    while (walk->found < walk->max && (!walk->wish->per_day || today < walk->wish->per_day)) {
        start_ms = next_start(walk, day, at_ms);
        end_ms = start_ms + walk->wish->duration_ms;
        if (end_ms > hours->to_ms)
            return;
        while (walk->at < walk->count && walk->busy[walk->at].to_ms <= start_ms)
            walk->at++;
        if (walk->at < walk->count && walk->busy[walk->at].from_ms < end_ms) {
            at_ms = walk->busy[walk->at].to_ms;
            continue;
        }
        walk->slot[walk->found++] = (struct busy){start_ms, end_ms};
        today++;
        at_ms = end_ms;
    }
}

size_t slots_find(const struct slot_wish *wish, const struct slot_party *party, size_t parties,
                  struct busy *slot, size_t max)
{
    struct walk walk = {.wish = wish, .slot = slot, .max = max};
    if (parties == 0 || wish->duration_ms <= 0 || wish->duration_ms > DAY_MS ||
        wish->step_ms > DAY_MS || wish->to_ms <= wish->from_ms)
        return 0;
    walk.step_s = (int)(wish->step_ms / 1000);
    if (walk.step_s < STEP_MIN_S)
        walk.step_s = STEP_MIN_S;
    collect(&walk, party, parties);
    int64_t first = wall_day(wish->from_ms, NULL), last = wall_day(wish->to_ms - 1, NULL);
    for (int64_t day = first; day <= last && day < first + SLOT_DAYS_MAX && walk.found < max;
         day++) {
        struct busy hours = common_hours(&walk, day, party, parties);
        if (hours.from_ms < hours.to_ms)
            walk_day(&walk, day, &hours);
    }
    free(walk.busy);
    return walk.found;
}

const struct busy *slots_collision(const struct slot_party *party, int64_t from_ms, int64_t to_ms)
{
    const struct busy *first = NULL;
    for (size_t i = 0; i < party->busy_count; i++)
        if (overlaps(&party->busy[i], from_ms, to_ms) &&
            (!first || party->busy[i].from_ms < first->from_ms))
            first = &party->busy[i];
    return first;
}
