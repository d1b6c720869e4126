/*
 * The five cities as they are shipped (config/<city>), loaded once for a group of tests, and the
 * question that most of these tests ask: who is told?
 */
#ifndef CITY_RIG_H
#define CITY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/config.h"
#include "../daemon/digest.h"
#include "../daemon/directory.h"
#include "../daemon/route.h"
#include "../daemon/util.h"

#define NOW "2026-11-20T09:14:03+01:00"

/* How large each is, so that nothing is left out unseen; cells are places below the
 * city x services. */
static const struct city {
    const char *name, *calendar;
    size_t places, providers, cells;
} cities[] = {
    {"ulm", "BW", 17, 15, 16 * 15},     {"muelheim", "NW", 3, 1, 2 * 6},
    {"bielefeld", "NW", 6, 10, 5 * 12}, {"dortmund", "NW", 6, 4, 5 * 8},
    {"kiel", "SH", 4, 40, 3 * 7},
};

static inline int cities_load(void **state)
{
    static struct config *config[COUNT_OF(cities)];
    struct buf report = BUF_INIT;
    char path[64];
    for (size_t i = 0; i < COUNT_OF(cities); i++) {
        snprintf(path, sizeof path, "config/%s", cities[i].name);
        config[i] = config_load(path, &report);
    }
    bool faulty = report.len > 0;
    if (faulty)
        print_error("%s", buf_str(&report));
    buf_release(&report);
    *state = config;
    return faulty;
}

static inline int cities_unload(void **state)
{
    struct config **config = *state;
    for (size_t i = 0; i < COUNT_OF(cities); i++)
        config_drop(config[i]);
    return 0;
}

static inline const struct config *config_of(void **state, const char *name)
{
    struct config **config = *state;
    for (size_t i = 0; i < COUNT_OF(cities); i++)
        if (str_eq(cities[i].name, name))
            return config[i];
    fail_msg("no city %s", name);
    return NULL;
}

static inline int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!time_parse(text, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static inline struct route_query query(const struct directory *dir, enum item_kind kind,
                                       const char *place, const char *service)
{
    struct route_query query = {.kind = kind,
                                .urgency = URGENCY_PROMPT,
                                .place = directory_place(dir, place),
                                .service = directory_service(dir, service),
                                .complexity = "",
                                .at_ms = at(NOW)};
    query.place_unknown = !query.place;
    query.area = query.service ? query.service->area : NULL;
    return query;
}

static inline struct route_result decide(const struct config *config, struct route_query query)
{
    struct route_result result;
    route_decide(config->routing, config->directory, &query, &result);
    return result;
}

static inline bool unit_offers(const struct unit *unit, const struct service *service)
{
    for (size_t i = 0; i < unit->services; i++)
        if (unit->service[i] == service)
            return true;
    return false;
}

#endif
