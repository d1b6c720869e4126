/*
 * pool.c and tally.c: hints that several requests could be served together (KI8), and copies that
 * are only a number (UL3). Neither may tell of a single item.
 */
#include "../daemon/pool.h"
#include "../daemon/route.h"
#include "../daemon/store_tally.h"
#include "../daemon/tally.h"
#include "routing_rig.h"

/* Requests in order on one store. */
static const struct {
    const char *label, *at, *service, *place;
    unsigned flags;
    bool restricted;
    int64_t want;
} requests[] = {
    {"one", "2026-11-16T09:00:00+01:00", "schuldner", "nord", 0, false, 0},
    {"two", "2026-11-17T09:00:00+01:00", "schuldner", "nord", 0, false, 0},
    {"another place", "2026-11-17T09:00:00+01:00", "schuldner", "stadt", 0, false, 0},
    {"another service", "2026-11-17T09:00:00+01:00", "sucht", "nord", 0, false, 0},
    {"a protected one does not count", "2026-11-17T09:00:00+01:00", "schuldner", "nord", 0, true,
     0},
    {"nor does an entrusted one", "2026-11-17T09:00:00+01:00", "schuldner", "nord", ITEM_ANVERTRAUT,
     false, 0},
    {"three", "2026-11-18T09:00:00+01:00", "schuldner", "nord", 0, false, 3},
    {"told once", "2026-11-19T09:00:00+01:00", "schuldner", "nord", 0, false, 0},
    {"30 days after the first hint, those of the last 30 days", "2026-12-18T09:00:01+01:00",
     "schuldner", "nord", 0, false, 0},
    {"two of them", "2026-12-19T09:00:00+01:00", "schuldner", "nord", 0, false, 0},
    {"a third again", "2026-12-20T09:00:00+01:00", "schuldner", "nord", 0, false, 3},
    {"without place", "2026-12-20T09:00:00+01:00", "schuldner", "", 0, false, 0},
};

static void test_pool(void **state)
{
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        rig_at(rig, requests[i].at);
        store_begin(rig->g.store);
        struct item item = routing_item(rig);
        str_copy(item.service, sizeof item.service, requests[i].service);
        str_copy(item.place, sizeof item.place, requests[i].place);
        item.flags = requests[i].flags;
        item.restricted = requests[i].restricted;
        store_item_add(rig->g.store, &item);
        int64_t got = pool_check(&rig->g, &item);
        if (got != requests[i].want)
            fail_msg("%s: got %lld", requests[i].label, (long long)got);
        rig_commit(rig);
    }
}

static void test_closed_do_not_count(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item;
    store_begin(rig->g.store);
    for (int i = 0; i < 3; i++) {
        item = routing_item(rig);
        item.closed_ms = i ? 0 : rig->g.now_ms;
        store_item_add(rig->g.store, &item);
    }
    assert_int_equal(pool_check(&rig->g, &item), 0);
    item.kind = ITEM_HANDOVER;
    assert_int_equal(pool_check(&rig->g, &item), 0);
    rig_commit(rig);
}

static void put_tally(void *context, const char *unit, int64_t week, int64_t items)
{
    buf_printf(context, "%s %lld %lld ", unit, (long long)week, (long long)items);
}

static void test_tally(void **state)
{
    struct gateway_rig *rig = *state;
    const struct directory *dir = rig->g.config->directory;
    struct route_result route = {.count_copies = 2};
    struct buf got = BUF_INIT, want = BUF_INIT;
    int64_t monday;
    route.count_copy[0] = directory_unit(dir, "jobcenter");
    route.count_copy[1] = directory_unit(dir, "koordination");
    struct item item = routing_item(rig), secret = item, entrusted = item;
    secret.restricted = true;
    entrusted.flags = ITEM_ANVERTRAUT;
    store_begin(rig->g.store);
    tally_item(&rig->g, &item, &route);
    tally_item(&rig->g, &secret, &route);
    tally_item(&rig->g, &entrusted, &route);
    rig_at(rig, "2026-11-22T23:59:00+01:00"); /* the same week's Sunday */
    route.count_copies = 1;
    tally_item(&rig->g, &item, &route);
    rig_at(rig, "2026-11-23T00:00:00+01:00");
    tally_item(&rig->g, &item, &route);
    rig_commit(rig);
    assert_true(date_parse("2026-11-16", &monday));
    store_tally_each(rig->g.store, 0, &got, put_tally);
    buf_printf(&want, "jobcenter %lld 2 jobcenter %lld 1 koordination %lld 1 ", (long long)monday,
               (long long)monday + 7, (long long)monday);
    assert_string_equal(buf_str(&got), buf_str(&want));
    buf_reset(&got);
    store_tally_each(rig->g.store, monday + 7, &got, put_tally);
    assert_true(str_starts(buf_str(&got), "jobcenter "));
    assert_null(strstr(buf_str(&got), "koordination"));
    buf_release(&got);
    buf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_pool), TEST(test_closed_do_not_count),
                                       TEST(test_tally)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
