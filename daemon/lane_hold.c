/*
 * Held destinations: see lane_hold.h. A transport's name holds no slash and no blank and a domain
 * no blank (lane.h), so a name is read back without doubt.
 */
#include "lane_hold.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

void lane_holds_release(struct lane_holds *holds)
{
    for (size_t i = 0; i < holds->count; i++)
        free(holds->hold[i].lane);
    free(holds->hold);
    *holds = (struct lane_holds){0};
}

void lane_holds_add(struct lane_holds *holds, const char *lane, int64_t since_ms)
{
    holds->hold = grow(holds->hold, holds->count, &holds->cap, sizeof *holds->hold);
    holds->hold[holds->count++] = (struct lane_hold){xstrdup(lane), since_ms};
}

const struct lane_hold *lane_holds_find(const struct lane_holds *holds, const char *name)
{
    for (size_t i = 0; i < holds->count; i++)
        if (str_eq(holds->hold[i].lane, name))
            return &holds->hold[i];
    return NULL;
}

const struct lane_hold *lane_holds_cover(const struct lane_holds *holds, const char *lane)
{
    const struct lane_hold *own = lane_holds_find(holds, lane);
    for (size_t i = 0; !own && i < holds->count; i++)
        if (lane_is_meant(holds->hold[i].lane, lane, false))
            own = &holds->hold[i];
    return own;
}

bool lane_name_is_urgent(const char *name)
{
    return str_ends(name, LANE_URGENT_MARK);
}

/* The length of a name without its mark. */
static size_t base_len(const char *name)
{
    return strlen(name) - (lane_name_is_urgent(name) ? strlen(LANE_URGENT_MARK) : 0);
}

bool lane_is_meant(const char *wanted, const char *lane, bool also_urgent)
{
    size_t wanted_len = base_len(wanted), lane_len = base_len(lane);
    bool wants_urgent = lane_name_is_urgent(wanted);
    if (wants_urgent != lane_name_is_urgent(lane) && (wants_urgent || !also_urgent))
        return false;
    if (wanted_len == strlen(LANE_ALL) && strncmp(wanted, LANE_ALL, wanted_len) == 0)
        return true;
    /* Itself, or the transport before the slash. */
    return wanted_len > 0 && wanted_len <= lane_len && strncmp(wanted, lane, wanted_len) == 0 &&
           (wanted_len == lane_len ||
            (lane[wanted_len] == '/' && !memchr(wanted, '/', wanted_len)));
}
