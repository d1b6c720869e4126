/*
 * The city of Ulm as it is shipped: it loads without a fault, every cell of places x services is
 * routed to a team that may be told, and the acceptance rows UL1-UL3, UL9, UL12, DO1 and DO10 hold
 * in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/directory.h"
#include "../daemon/route.h"
#include "../daemon/settings.h"
#include "../daemon/util.h"

struct city {
    struct settings settings;
    struct directory *dir;
    struct routing *routing;
};

static const char *const sozialraeume[] = {"boefingen", "weststadt-soeflingen", "eselsberg",
                                           "mitte-ost", "wiblingen"};

static int load(void **state)
{
    static struct city city;
    struct buf report = BUF_INIT;
    struct conf_faults faults = {&report, 0, 0};
    struct conf_node *root = conf_read("config/ulm", &faults);
    settings_load(&city.settings, root, &faults);
    city.dir = directory_load(root, &faults);
    city.routing = city.dir ? routing_load(root, city.dir, &faults) : NULL;
    conf_free(root);
    if (faults.errors || faults.warnings)
        print_error("%s", buf_str(&report));
    buf_release(&report);
    *state = &city;
    return faults.errors || faults.warnings || !city.routing;
}

static int unload(void **state)
{
    struct city *city = *state;
    routing_free(city->routing);
    directory_free(city->dir);
    settings_release(&city->settings);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!time_parse(text, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static struct route_result decide(const struct city *city, enum item_kind kind, const char *place,
                                  const char *service)
{
    struct route_result result;
    struct route_query query = {.kind = kind,
                                .urgency = URGENCY_PROMPT,
                                .place = directory_place(city->dir, place),
                                .service = directory_service(city->dir, service),
                                .complexity = "",
                                .at_ms = at("2026-11-20T09:14:03+01:00")};
    query.place_unknown = !query.place;
    query.area = query.service ? query.service->area : NULL;
    route_decide(city->routing, city->dir, &query, &result);
    return result;
}

static bool unit_offers(const struct unit *unit, const struct service *service)
{
    for (size_t i = 0; i < unit->services; i++)
        if (unit->service[i] == service)
            return true;
    return false;
}

static bool unit_covers(const struct unit *unit, const struct place *place)
{
    for (size_t i = 0; i < unit->places; i++)
        if (place_within(place, unit->place[i]))
            return true;
    return false;
}

/* UL2: the 14 services and the Jobcenter in every place, each to a team that offers the service
 * there and may be told on the most usual basis or with consent. */
static void every_cell_is_routed(void **state)
{
    const struct city *city = *state;
    const struct directory *dir = city->dir;
    size_t cells = 0;
    for (size_t p = 1; p < dir->places; p++)
        for (size_t s = 0; s < dir->services; s++, cells++) {
            const struct place *place = &dir->place[p];
            const struct service *service = &dir->service[s];
            struct route_result r = decide(city, ITEM_HANDOVER, place->id, service->id);
            const struct unit *unit = r.target[0].unit;
            if (unit->kind != UNIT_TEAM || !unit_offers(unit, service) || !unit_covers(unit, place))
                fail_msg("%s x %s goes to %s", place->id, service->id, unit->id);
            for (size_t i = 0; i < r.targets; i++)
                if (!directory_permits(dir, NULL, r.target[i].unit, ITEM_HANDOVER, "consent"))
                    fail_msg("%s x %s: %s may not be told", place->id, service->id,
                             r.target[i].unit->id);
        }
    assert_int_equal(cells, 16 * 15);
}

/* The directory and the routes as one text, without the given line of routes.conf. */
static void put_without(struct buf *text, const char *line)
{
    static const char *const files[] = {"places",   "units",   "permissions",
                                        "policies", "sources", "routes"};
    struct buf one = BUF_INIT, err = BUF_INIT, path = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        buf_reset(&path);
        buf_printf(&path, "config/ulm/%s.conf", files[i]);
        if (buf_read_file(&one, buf_str(&path), 1 << 20, &err))
            fail_msg("%s", buf_str(&err));
        const char *at = strstr(buf_str(&one), line);
        size_t before = at ? (size_t)(at - buf_str(&one)) : one.len;
        buf_add(text, one.data, before);
        buf_puts(text, at ? at + strlen(line) : "");
    }
    buf_release(&one);
    buf_release(&err);
    buf_release(&path);
}

/* UL2: the cell (Eselsberg, WJH) is forgotten, and the check names it. */
static void a_forgotten_cell_is_named(void **state)
{
    struct buf text = BUF_INIT, report = BUF_INIT, gaps = BUF_INIT;
    struct conf_faults faults = {&report, 0, 0};
    int64_t now_ms = at("2026-11-20T09:14:03+01:00");
    const struct city *whole = *state;
    assert_int_equal(routing_gaps(whole->routing, whole->dir, now_ms, &gaps), 0);
    put_without(&text,
                "        { rule = \"wjh\"; service = \"wjh\"; to = [ \"wjh-eselsberg\" ]; },\n");
    struct conf_node *root = conf_read_text("ulm", buf_str(&text), text.len, &faults);
    struct city city = {.dir = directory_load(root, &faults)};
    city.routing = routing_load(root, city.dir, &faults);
    assert_string_equal(buf_str(&report), "");
    assert_int_equal(routing_gaps(city.routing, city.dir, now_ms, &gaps), 1);
    assert_string_equal(buf_str(&gaps),
                        "Eselsberg x Wirtschaftliche Jugendhilfe: nur Auffangregel\n");
    routing_free(city.routing);
    directory_free(city.dir);
    conf_free(root);
    buf_release(&text);
    buf_release(&report);
    buf_release(&gaps);
}

static void routes_of_the_acceptance_table(void **state)
{
    static const struct {
        const char *label;
        enum item_kind kind;
        const char *place, *service, *want, *copy;
    } cases[] = {
        {"UL1 district", ITEM_HANDOVER, "einsingen", "wjh", "wjh-weststadt", ""},
        {"UL1 unknown place", ITEM_HANDOVER, "neu-ulm", "wjh", "koordination-sozialraum", ""},
        {"UL2 cell", ITEM_HANDOVER, "eselsberg", "wjh", "wjh-eselsberg", ""},
        {"UL3 central, no copy of adoption", ITEM_HANDOVER, "wiblingen", "adoption-pflege",
         "adoption-pflege", ""},
        {"UL3 central, copy", ITEM_HANDOVER, "unterweiler", "schuldner-wohnraum",
         "schuldner-wohnraum", "gwa-wiblingen"},
        {"the city as a place", ITEM_HANDOVER, "ulm", "ksd", "koordination-sozialraum", ""},
        {"own controller", ITEM_HANDOVER, "lehr", "jobcenter", "jobcenter-ulm", ""},
        {"no service", ITEM_HANDOVER, "lehr", "", "koordination-sozialraum", ""},
        {"5.1 example", ITEM_HANDOVER, "eselsberg", "egh", "egh-eselsberg", ""},
        {"DO1 emergency", ITEM_EMERGENCY, "mitte-ost", "", "bereitschaft", ""},
        {"emergency, unknown place", ITEM_EMERGENCY, "neu-ulm", "", "bereitschaft", ""},
        {"referral by place", ITEM_REFERRAL, "eselsberg", "egh", "rehaverein", ""},
        {"referral elsewhere", ITEM_REFERRAL, "mitte-ost", "egh", "lebenshilfe", ""},
        {"referral nobody offers", ITEM_REFERRAL, "eselsberg", "wjh", "koordination-sozialraum",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct route_result r = decide(*state, cases[i].kind, cases[i].place, cases[i].service);
        const char *copy = r.targets > 1 ? r.target[1].unit->id : "";
        if (!str_eq(r.target[0].unit->id, cases[i].want) || !str_eq(copy, cases[i].copy))
            fail_msg("%s: to %s, copy \"%s\"", cases[i].label, r.target[0].unit->id, copy);
        assert_string_equal(r.policy->id, "standard");
    }
}

/* DO10, R8: whatever provider a referral is routed to has a basis and an agreement for it. */
static void referrals_have_basis_and_agreement(void **state)
{
    const struct city *city = *state;
    const struct directory *dir = city->dir;
    const int64_t day = day_of(2026, 11, 20);
    size_t offered = 0;
    for (size_t p = 0; p < COUNT_OF(sozialraeume); p++)
        for (size_t s = 0; s < dir->services; s++) {
            const struct service *service = &dir->service[s];
            struct route_result r = decide(city, ITEM_REFERRAL, sozialraeume[p], service->id);
            const struct unit *unit = r.target[0].unit;
            if (unit->kind != UNIT_PROVIDER)
                continue;
            offered++;
            assert_non_null(directory_permits(dir, NULL, unit, ITEM_REFERRAL, "consent"));
            assert_null(directory_permits(dir, NULL, unit, ITEM_HANDOVER, "consent"));
            assert_non_null(directory_agreement(dir, unit, service, day));
            assert_null(directory_agreement(dir, unit, service, day_of(2030, 1, 1)));
        }
    assert_int_equal(offered, 5 * 5);
}

static void providers_are_registered(void **state)
{
    const struct city *city = *state;
    size_t providers = 0;
    for (size_t i = 0; i < city->dir->units; i++) {
        const struct unit *unit = &city->dir->unit[i];
        if (unit->kind != UNIT_PROVIDER)
            continue;
        providers++;
        assert_false(str_empty(unit->hours.calendar));
        assert_true(source_speaks_for(directory_source(city->dir, "traeger-portal"), unit));
    }
    assert_int_equal(providers, 14);
}

/* Each unit that works on cases can answer through exactly one case system; the on-call desk
 * through two. */
static void sources_are_apart(void **state)
{
    const struct directory *dir = ((const struct city *)*state)->dir;
    for (size_t i = 0; i < dir->units; i++) {
        size_t sources = 0;
        for (size_t s = 0; s < dir->sources; s++)
            sources += source_speaks_for(&dir->source[s], &dir->unit[i]);
        size_t want = str_starts(dir->unit[i].id, "technik-") ? 0 : 1;
        if (&dir->unit[i] == dir->on_call)
            want = 2;
        if (sources != want)
            fail_msg("%s: %zu sources, want %zu", dir->unit[i].id, sources, want);
    }
}

static void limits_end(void **state)
{
    static const struct {
        const char *label, *unit, *span, *from, *want;
    } cases[] = {
        {"UL9 office in Ulm", "caritas", "1 staffed day", "2028-08-14T11:00:00+02:00",
         "2028-08-15T16:00:00+02:00"},
        {"UL9 office in Neu-Ulm", "lebenshilfe", "1 staffed day", "2028-08-14T11:00:00+02:00",
         "2028-08-16T16:00:00+02:00"},
        {"UL12 Schwörmontag", "ksd-eselsberg", "4 office hours", "2027-07-19T08:30:00+02:00",
         "2027-07-20T10:00:00+02:00"},
        {"5.1 example", "egh-eselsberg", "1 staffed day", "2026-11-20T09:14:03+01:00",
         "2026-11-23T16:00:00+01:00"},
        {"Christmas Eve on call", "bereitschaft", "2 office hours", "2026-12-24T22:40:00+01:00",
         "2026-12-25T00:40:00+01:00"},
    };
    const struct city *city = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span span;
        const struct unit *unit = directory_unit(city->dir, cases[i].unit);
        assert_true(span_parse(cases[i].span, &span));
        if (worktime_end(&unit->hours, &span, at(cases[i].from)) != at(cases[i].want))
            fail_msg("%s", cases[i].label);
    }
}

/* Every emergency ends at somebody who can be reached by SMS and has a lead. */
static void desks_are_reachable(void **state)
{
    const struct directory *dir = ((const struct city *)*state)->dir;
    const struct policy *policy = directory_policy(dir, "standard");
    assert_string_equal(dir->on_call->id, "bereitschaft");
    assert_string_equal(dir->catch_all->id, "koordination-sozialraum");
    assert_string_equal(dir->on_call->lead->id, "leitung-soziales");
    assert_int_equal(dir->on_call->contact[0].channel, CHANNEL_SMS);
    assert_true(policy->sms[URGENCY_EMERGENCY]);
    assert_int_equal(policy->ack[URGENCY_EMERGENCY].amount, 600000);
    for (size_t i = 0; i < dir->sources; i++)
        assert_string_equal(dir->source[i].desk->function[0], "technical");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_routed),
        cmocka_unit_test(a_forgotten_cell_is_named),
        cmocka_unit_test(routes_of_the_acceptance_table),
        cmocka_unit_test(referrals_have_basis_and_agreement),
        cmocka_unit_test(providers_are_registered),
        cmocka_unit_test(sources_are_apart),
        cmocka_unit_test(limits_end),
        cmocka_unit_test(desks_are_reachable),
    };
    digest_start();
    return cmocka_run_group_tests_name("ulm", tests, load, unload);
}
