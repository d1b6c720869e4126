/*
 * Routing in the five cities: every cell of places x services goes to a team that may be told, and
 * what the papers of the cities say holds (the acceptance rows of DOMAIN.md are named in the
 * tables).
 */
#include "city_rig.h"

#include "../daemon/conf.h"

static bool unit_covers(const struct unit *unit, const struct place *place)
{
    for (size_t i = 0; i < unit->places; i++)
        if (place_within(place, unit->place[i]))
            return true;
    return false;
}

/* UL2: a cell goes to a team that offers the service there and may be told with consent. */
static void check_cell(const struct config *config, const struct place *place,
                       const struct service *service)
{
    const struct directory *dir = config->directory;
    struct route_result r = decide(config, query(dir, ITEM_HANDOVER, place->id, service->id));
    const struct unit *unit = r.target[0].unit;
    if (unit->kind != UNIT_TEAM || !unit_offers(unit, service) || !unit_covers(unit, place))
        fail_msg("%s x %s goes to %s", place->id, service->id, unit->id);
    for (size_t i = 0; i < r.targets; i++)
        if (!directory_permits(dir, NULL, r.target[i].unit, ITEM_HANDOVER, "consent"))
            fail_msg("%s x %s: %s may not be told", place->id, service->id, r.target[i].unit->id);
}

static void every_cell_is_routed(void **state)
{
    for (size_t c = 0; c < COUNT_OF(cities); c++) {
        const struct config *config = config_of(state, cities[c].name);
        const struct directory *dir = config->directory;
        size_t cells = 0;
        for (size_t p = 0; p < dir->places; p++)
            for (size_t s = 0; dir->place[p].parent && s < dir->services; s++, cells++)
                check_cell(config, &dir->place[p], &dir->service[s]);
        assert_int_equal(dir->places, cities[c].places);
        assert_int_equal(cells, cities[c].cells);
    }
}

/* A city's files as one text, in name order, without the given line. */
static void put_without(struct buf *text, const char *city, const char *line)
{
    static const char *const files[] = {"agreements", "permissions", "places", "policies",
                                        "routes",     "sources",     "units"};
    struct buf one = BUF_INIT, err = BUF_INIT, path = BUF_INIT;
    bool taken = false;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        buf_reset(&path);
        buf_printf(&path, "config/%s/%s.conf", city, files[i]);
        if (buf_read_file(&one, buf_str(&path), 1 << 20, &err))
            fail_msg("%s", buf_str(&err));
        const char *hit = strstr(buf_str(&one), line);
        size_t before = hit ? (size_t)(hit - buf_str(&one)) : one.len;
        buf_add(text, one.data, before);
        buf_puts(text, hit ? hit + strlen(line) : "");
        taken = taken || hit;
    }
    assert_true(taken);
    buf_release(&one);
    buf_release(&err);
    buf_release(&path);
}

/* UL2: the cell (Eselsberg, WJH) is forgotten, and the check names it. */
static void a_forgotten_cell_is_named(void **state)
{
    struct buf text = BUF_INIT, report = BUF_INIT, gaps = BUF_INIT;
    struct conf_faults faults = {&report, 0, 0};
    const struct config *ulm = config_of(state, "ulm");
    assert_int_equal(routing_gaps(ulm->routing, ulm->directory, at(NOW), &gaps), 0);
    put_without(&text, "ulm",
                "        { rule = \"wjh\"; service = \"wjh\"; to = [ \"wjh-eselsberg\" ]; },\n");
    struct conf_node *root = conf_read_text("ulm", buf_str(&text), text.len, &faults);
    struct directory *dir = directory_load(root, &faults);
    struct routing *routing = routing_load(root, dir, &faults);
    assert_string_equal(buf_str(&report), "");
    assert_int_equal(routing_gaps(routing, dir, at(NOW), &gaps), 1);
    assert_string_equal(buf_str(&gaps),
                        "Eselsberg x Wirtschaftliche Jugendhilfe: nur Auffangregel\n");
    routing_free(routing);
    directory_free(dir);
    conf_free(root);
    buf_release(&text);
    buf_release(&report);
    buf_release(&gaps);
}

enum { HO = ITEM_HANDOVER, RE = ITEM_REFERRAL, EM = ITEM_EMERGENCY };

/* What the papers say: who is told first, and who has a copy. */
static const struct fact {
    const char *label, *city;
    int kind;
    const char *place, *service, *want, *copy;
} facts[] = {
    {"UL1 district", "ulm", HO, "einsingen", "wjh", "wjh-weststadt", ""},
    {"UL1 unknown place", "ulm", HO, "neu-ulm", "wjh", "koordination-sozialraum", ""},
    {"UL2 cell", "ulm", HO, "eselsberg", "wjh", "wjh-eselsberg", ""},
    {"UL3 no copy of adoption", "ulm", HO, "wiblingen", "adoption-pflege", "adoption-pflege", ""},
    {"UL3 central, copy", "ulm", HO, "unterweiler", "schuldner-wohnraum", "schuldner-wohnraum",
     "gwa-wiblingen"},
    {"UL4 intake", "ulm", HO, "boefingen", "erstanlauf", "erstanlauf-boefingen", ""},
    {"the city as a place", "ulm", HO, "ulm", "ksd", "koordination-sozialraum", ""},
    {"own controller", "ulm", HO, "lehr", "jobcenter", "jobcenter-ulm", ""},
    {"no service", "ulm", HO, "lehr", "", "koordination-sozialraum", ""},
    {"5.1 example, Ulm", "ulm", HO, "eselsberg", "egh", "egh-eselsberg", ""},
    {"emergency", "ulm", EM, "mitte-ost", "", "bereitschaft", ""},
    {"emergency, unknown place", "ulm", EM, "neu-ulm", "", "bereitschaft", ""},
    {"referral by place", "ulm", RE, "eselsberg", "egh", "rehaverein", ""},
    {"referral elsewhere", "ulm", RE, "mitte-ost", "egh", "lebenshilfe", ""},
    {"referral nobody offers", "ulm", RE, "eselsberg", "wjh", "koordination-sozialraum", ""},

    {"CM of the Sozialraum", "muelheim", HO, "styrum", "cm", "cm-styrum", ""},
    {"LG apart from CM", "muelheim", HO, "styrum", "lg", "lg-styrum", ""},
    {"SGB VIII of the Sozialraum", "muelheim", HO, "styrum", "asd", "asd-styrum", ""},
    {"MH6 VorOrt in Styrum", "muelheim", RE, "styrum", "vorort", "vorort", ""},
    {"MH6 VorOrt elsewhere", "muelheim", RE, "uebriges-stadtgebiet", "vorort",
     "koordination-muelheim", ""},
    {"MH7 placement", "muelheim", HO, "styrum", "vermittlung", "vermittlung-muelheim", ""},
    {"the city as a place, Mülheim", "muelheim", HO, "muelheim", "", "koordination-muelheim", ""},

    {"BI2 by Quartier", "bielefeld", HO, "sennestadt", "", "qsa-sennestadt", ""},
    {"BI2 case management", "bielefeld", HO, "heepen", "hzp", "qsa-heepen", ""},
    {"BI2 unknown Quartier", "bielefeld", HO, "ummeln", "qsa", "koordination-bielefeld", ""},
    {"BI3 Stieghorst", "bielefeld", RE, "stieghorst", "nachbarschaft", "diakonie-bielefeld", ""},
    {"BI3 Heepen", "bielefeld", RE, "heepen", "nachbarschaft", "drk-bielefeld", ""},
    {"BI3 no partner", "bielefeld", RE, "joellenbeck", "nachbarschaft", "koordination-bielefeld",
     ""},
    {"BI3 but the visit", "bielefeld", RE, "joellenbeck", "phb", "phb-bielefeld", ""},
    {"BI8 volunteers", "bielefeld", RE, "sennestadt", "ehrenamt",
     "initiative-nachbarschaft-sennestadt", ""},
    {"ZeB", "bielefeld", HO, "heepen", "behindertenberatung", "zeb", ""},

    {"DO1 hotline", "dortmund", EM, "bereich-nord", "", "bereitschaft", ""},
    {"DO3 to the ARGE", "dortmund", HO, "bereich-mitte", "jobcenter", "jobcenter-mitte", ""},
    {"DO3 to the Sozialbüro", "dortmund", HO, "bereich-mitte", "sozialbuero", "sozialbuero-mitte",
     ""},
    {"DO11 five Bereiche, three sites", "dortmund", HO, "bereich-west", "jobcenter",
     "jobcenter-sued", ""},
    {"DO8 day care", "dortmund", HO, "bereich-ost", "tagesbetreuung", "fachdienst-ost", ""},
    {"DO7 Grundberatung first", "dortmund", RE, "bereich-mitte", "schuldnerberatung",
     "fachdienst-mitte", ""},
    {"DO10 addiction counselling", "dortmund", RE, "bereich-sued", "suchtberatung",
     "suchtberatung-dortmund", ""},

    {"KI1 the Sozialraumteam", "kiel", HO, "kiel-mitte", "egh", "front-office-kiel-mitte", ""},
    {"KI1 across sectors", "kiel", HO, "kiel-mitte", "hzp", "front-office-kiel-mitte", ""},
    {"KI1 not yet", "kiel", HO, "gaarden", "egh", "fachteam-egh", ""},
    {"KI10 the task elsewhere", "kiel", HO, "uebrige-ortsteile", "hzp", "fachteam-hzp", ""},
    {"own controller, in Mitte too", "kiel", HO, "kiel-mitte", "jobcenter", "jobcenter-kiel", ""},
    {"Jugendamt", "kiel", HO, "kiel-mitte", "asd", "jugendamt-kiel-asd-mitte", ""},
    {"KI3 single-case help", "kiel", RE, "kiel-mitte", "assistenz", "assistenz-kiel", ""},
    {"anna", "kiel", RE, "kiel-mitte", "altenhilfe", "anna-kiel-mitte", ""},
    {"anna elsewhere", "kiel", RE, "gaarden", "altenhilfe", "anna-kiel", ""},
};

static void the_papers_hold(void **state)
{
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        const struct fact *f = &facts[i];
        const struct config *config = config_of(state, f->city);
        struct route_result r =
            decide(config, query(config->directory, (enum item_kind)f->kind, f->place, f->service));
        const char *copy = r.targets > 1 && r.copies > 0 ? r.target[r.targets - 1].unit->id : "";
        if (!str_eq(r.target[0].unit->id, f->want) || !str_eq(copy, f->copy))
            fail_msg("%s: to %s, copy \"%s\"", f->label, r.target[0].unit->id, copy);
    }
}

/* MH4: the table that holds at the moment at which the event takes effect. */
static void tables_have_dates(void **state)
{
    static const struct {
        const char *label, *service, *when, *want, *rule;
    } cases[] = {
        {"v7, two minutes before", "cm", "2027-03-31T23:58:00+02:00", "cm-zentral", "cm-v7"},
        {"v8, at midnight", "cm", "2027-04-01T00:00:00+02:00", "cm-stadtgebiet", "cm-v8"},
        {"v8, LG too", "lg", "2027-04-01T00:00:00+02:00", "lg-stadtgebiet", "lg-v8"},
        {"SGB XII stays", "sozialhilfe", "2027-04-01T00:00:00+02:00", "sozialhilfe-muelheim",
         "sozialhilfe"},
    };
    const struct config *config = config_of(state, "muelheim");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct route_query q =
            query(config->directory, ITEM_HANDOVER, "uebriges-stadtgebiet", cases[i].service);
        q.at_ms = at(cases[i].when);
        struct route_result r = decide(config, q);
        if (!str_eq(r.target[0].unit->id, cases[i].want) ||
            !str_eq(strrchr(rule_name(r.rule), '/') + 1, cases[i].rule))
            fail_msg("%s: %s by %s", cases[i].label, r.target[0].unit->id, rule_name(r.rule));
    }
}

/* BI3, DO7: more than one provider, in the order of the rule; what explain says of them. */
static void several_providers(void **state)
{
    static const struct {
        const char *label, *city, *place, *service, *complexity;
        const char *want[3];
    } cases[] = {
        {"BI3 Sennestadt",
         "bielefeld",
         "sennestadt",
         "nachbarschaft",
         "grund",
         {"awo-bielefeld", "bethel-regional", NULL}},
        {"DO7 complex",
         "dortmund",
         "bereich-nord",
         "schuldnerberatung",
         "complex",
         {"schuldnerberatung-a", "schuldnerberatung-b", "schuldnerberatung-c"}},
        {"DO7 grund",
         "dortmund",
         "bereich-nord",
         "schuldnerberatung",
         "grund",
         {"fachdienst-nord", NULL, NULL}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        const struct config *config = config_of(state, cases[i].city);
        struct route_query q =
            query(config->directory, ITEM_REFERRAL, cases[i].place, cases[i].service);
        q.complexity = cases[i].complexity;
        assert_string_equal(decide(config, q).target[0].unit->id, cases[i].want[0]);
        route_explain(config->routing, config->directory, &q, &text);
        const char *rest = buf_str(&text);
        for (size_t n = 0; n < 3 && cases[i].want[n]; n++) {
            rest = strstr(rest, cases[i].want[n]);
            if (!rest)
                fail_msg("%s: no %s in\n%s", cases[i].label, cases[i].want[n], buf_str(&text));
        }
        buf_release(&text);
    }
}

static void check_referral(const struct directory *dir, const struct unit *unit,
                           const struct service *service)
{
    const int64_t today = day_of(2026, 11, 20);
    if (!directory_permits(dir, NULL, unit, ITEM_REFERRAL, "consent") ||
        directory_permits(dir, NULL, unit, ITEM_HANDOVER, "consent"))
        fail_msg("%s: permission", unit->id);
    if (!directory_agreement(dir, unit, service, today) ||
        directory_agreement(dir, unit, service, day_of(2030, 1, 1)))
        fail_msg("%s x %s: agreement", unit->id, service->id);
}

/* DO10, R8: whatever provider a referral is routed to has a basis and an agreement for it. */
static void referrals_have_basis_and_agreement(void **state)
{
    static const char *const complexities[] = {"grund", "complex"};
    for (size_t c = 0; c < COUNT_OF(cities); c++) {
        const struct config *config = config_of(state, cities[c].name);
        const struct directory *dir = config->directory;
        size_t offered = 0;
        for (size_t i = 0; i < dir->places * dir->services * 2; i++) {
            const struct service *service = &dir->service[i / 2 % dir->services];
            const char *place = dir->place[i / 2 / dir->services].id;
            struct route_query q = query(dir, ITEM_REFERRAL, place, service->id);
            q.complexity = complexities[i % 2];
            struct route_result r = decide(config, q);
            for (size_t n = 0; n < r.targets; n++)
                if (r.target[n].unit->kind == UNIT_PROVIDER) {
                    check_referral(dir, r.target[n].unit, service);
                    offered++;
                }
        }
        assert_true(offered > 0);
    }
}

/* KI11: who stands in for a team may know what it knows, so no deputy crosses from
 * Eingliederungshilfe to Hilfe zur Pflege; on § 117 (3) SGB IX there is a row for it, and for
 * nobody else. */
static void consent_has_no_side_door(void **state)
{
    static const char *const givers[] = {"fachteam-egh", "front-office-kiel-mitte"};
    const struct directory *dir = config_of(state, "kiel")->directory;
    const struct unit *care = directory_unit(dir, "fachteam-hzp");
    for (size_t g = 0; g < COUNT_OF(givers); g++) {
        const struct unit *giver = directory_unit(dir, givers[g]);
        assert_non_null(directory_permits(dir, giver, care, ITEM_HANDOVER, "sgb9_117"));
        for (size_t i = 0; i < giver->deputies; i++)
            assert_ptr_not_equal(giver->deputy[i], care);
    }
    assert_null(directory_permits(dir, directory_unit(dir, "jugendamt-kiel-asd"), care,
                                  ITEM_HANDOVER, "sgb9_117"));
}

/* DO10: the agreement with the addiction counselling centre ends on 30.09.2027, inclusive. */
static void an_agreement_ends(void **state)
{
    const struct directory *dir = config_of(state, "dortmund")->directory;
    const struct unit *centre = directory_unit(dir, "suchtberatung-dortmund");
    const struct service *service = directory_service(dir, "suchtberatung");
    assert_non_null(directory_agreement(dir, centre, service, day_of(2027, 9, 30)));
    assert_null(directory_agreement(dir, centre, service, day_of(2027, 10, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_routed),
        cmocka_unit_test(a_forgotten_cell_is_named),
        cmocka_unit_test(the_papers_hold),
        cmocka_unit_test(tables_have_dates),
        cmocka_unit_test(several_providers),
        cmocka_unit_test(referrals_have_basis_and_agreement),
        cmocka_unit_test(consent_has_no_side_door),
        cmocka_unit_test(an_agreement_ends),
    };
    digest_start();
    return cmocka_run_group_tests_name("city routes", tests, cities_load, cities_unload);
}
