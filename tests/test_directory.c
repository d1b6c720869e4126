/*
 * The directory: a sound one read back field by field, each fault made one at a time in it, the
 * lookups of the hot path, and the directory of Ulm as it is shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/directory.h"
#include "../daemon/util.h"

/* Line 1 is the places line; faults below are expected at these lines. */
static const char sound[] =
    "places = ( { id=\"ulm\"; name=\"Ulm\"; }, { id=\"west\"; name=\"West\"; parent=\"ulm\"; },\n"
    "  { id=\"einsingen\"; name=\"Einsingen\"; parent=\"west\"; } );\n"
    "areas = ( { id=\"sgb8\"; code=\"SGB_VIII\"; name=\"SGB VIII\"; },\n"
    "  { id=\"sgb9\"; code=\"SGB_IX\"; name=\"SGB IX\"; } );\n"
    "services = ( { id=\"ksd\"; name=\"KSD\"; area=\"sgb8\"; },\n"
    "  { id=\"egh\"; name=\"Eingliederungshilfe\"; } );\n"
    "unit_defaults = { calendar=\"BW\"; hours={ mon=\"08:00-16:00\"; fri=\"08:00-12:00\"; };\n"
    "  closures=( { date=\"12-24\"; }, { date=\"2027-07-19\"; from=\"10:30\"; } ); };\n"
    "catch_all = \"koordination\";\n"
    "on_call = \"bereitschaft\";\n"
    "units = (\n"
    "  { id=\"koordination\"; name=\"Koordination\"; kind=\"desk\"; places=[\"ulm\"];\n"
    "    areas=[\"sgb8\"]; contacts=( { channel=\"email\"; address=\"koord@ulm.example\"; } ); },\n"
    "  { id=\"bereitschaft\"; name=\"Bereitschaft\"; kind=\"desk\"; calendar=\"\"; closures=();\n"
    "    contacts=( { channel=\"sms\"; address=\"0151 00000001\"; urgent_only=true; },\n"
    "      { channel=\"email\"; address=\"bereit@ulm.example\"; transport=\"relay\"; } ); },\n"
    "  { id=\"ksd-west\"; name=\"KSD West\"; kind=\"team\"; phone=\"+49 731 000101\";\n"
    "    areas=[\"sgb8\", \"sgb9\"]; places=[\"west\"]; services=[\"ksd\"]; functions=[\"cm\"];\n"
    "    lead=\"koordination\"; deputies=[\"egh-west\"]; restricted_ok=true;\n"
    "    hours={ tue=\"09:00-17:00\"; }; calendar=\"BY+mh\"; closures=( { date=\"12-31\"; } );\n"
    "    contacts=( { channel=\"email\"; address=\"ksd@b\xc3\xbcro.example\"; optin=\"\"; } ); },\n"
    "  { id=\"egh-west\"; name=\"EGH West\"; kind=\"team\"; areas=[\"sgb9\"]; services=[\"egh\"];\n"
    "    places=[\"west\"]; lead=\"koordination\"; deputies=[\"ksd-west\"];\n"
    "    contacts=( { channel=\"email\"; address=\"egh@ulm.example\"; } ); },\n"
    "  { id=\"verein\"; name=\"Verein\"; kind=\"provider\"; services=[\"egh\"];\n"
    "    contacts=( { channel=\"email\"; address=\"aufnahme@verein.example\"; } ); },\n"
    "  { id=\"heim\"; name=\"Heim\"; kind=\"provider\";\n"
    "    contacts=( { channel=\"email\"; address=\"aufnahme@heim.example\"; } ); } );\n"
    "sources = ( { id=\"amt\"; name=\"Amt\"; desk=\"koordination\";\n"
    "    units=[\"egh-west\", \"ksd-west\"]; },\n"
    "  { id=\"hotline\"; name=\"Hotline\"; desk=\"koordination\"; } );\n"
    "permissions = (\n"
    "  { from=\"ksd-west\"; to=\"egh-west\"; kinds=[\"handover\"]; bases=[\"sgb8_36b\"]; },\n"
    "  { from=\"*\"; to=\"*\"; kinds=[\"emergency\", \"handover\"]; bases=[\"*\"]; },\n"
    "  { from=\"*\"; to=\"egh-west\"; kinds=[\"handover\"]; bases=[\"consent\"]; },\n"
    "  { from=\"*\"; to=\"verein\"; kinds=[\"referral\"]; bases=[\"sgb9_113\", \"consent\"]; } );\n"
    "agreements = (\n"
    "  { provider=\"verein\"; services=[\"egh\"]; from=\"2026-01-01\"; to=\"2026-12-31\"; },\n"
    "  { provider=\"verein\"; from=\"2027-06-01\"; to=\"2027-06-01\"; } );\n"
    "policies = ( { id=\"standard\"; ack={ prompt=\"2 staffed days\"; emergency=\"5m\"; };\n"
    "  repeat=\"90 office minutes\"; expire={ routine=\"1w\"; }; sms=[\"emergency\"]; } );\n";

struct loaded {
    struct directory *dir;
    struct buf report;
    size_t errors, warnings;
};

/* The tree is freed before the directory is used, as a reload does. */
static struct loaded load(const char *text)
{
    struct loaded l = {.report = BUF_INIT};
    struct conf_faults faults = {&l.report, 0, 0};
    struct conf_node *root = conf_read_text("city.conf", text, strlen(text), &faults);
    l.dir = directory_load(root, &faults);
    conf_free(root);
    l.errors = faults.errors;
    l.warnings = faults.warnings;
    return l;
}

static void unload(struct loaded *l)
{
    directory_free(l->dir);
    buf_release(&l->report);
}

static struct loaded load_sound(void)
{
    struct loaded l = load(sound);
    if (l.errors || l.warnings || !l.dir)
        fail_msg("%s", buf_str(&l.report));
    return l;
}

static void units_are_read(void **state)
{
    struct loaded l = load_sound();
    const struct unit *u = directory_unit(l.dir, "ksd-west");
    (void)state;
    assert_non_null(u);
    assert_string_equal(u->name, "KSD West");
    assert_string_equal(u->phone, "+49 731 000101");
    assert_int_equal(u->kind, UNIT_TEAM);
    assert_int_equal(u->areas, 2);
    assert_ptr_equal(u->area[1], directory_area(l.dir, "sgb9"));
    assert_ptr_equal(u->place[0], directory_place(l.dir, "west"));
    assert_ptr_equal(u->service[0], directory_service(l.dir, "ksd"));
    assert_string_equal(u->function[0], "cm");
    assert_ptr_equal(u->lead, directory_unit(l.dir, "koordination"));
    assert_ptr_equal(u->deputy[0], directory_unit(l.dir, "egh-west"));
    assert_true(u->restricted_ok);
    assert_string_equal(u->contact[0].address, "ksd@xn--bro-hoa.example");
    assert_string_equal(u->contact[0].id, "ksd-west/1");
    assert_ptr_equal(l.dir->catch_all, u->lead);
    unload(&l);
}

static void hours_are_inherited(void **state)
{
    struct loaded l = load_sound();
    const struct worktime *own = &directory_unit(l.dir, "ksd-west")->hours;
    const struct worktime *inherited = &directory_unit(l.dir, "egh-west")->hours;
    const struct worktime *on_call = &l.dir->on_call->hours;
    (void)state;
    assert_string_equal(inherited->calendar, "BW");
    assert_int_equal(inherited->open_s[0], 8 * 3600);
    assert_int_equal(inherited->close_s[1], 0);
    assert_int_equal(inherited->closures, 2);
    assert_int_equal(inherited->closure[1].from_s, 37800);
    assert_string_equal(own->calendar, "BY+mh");
    assert_int_equal(own->close_s[0], 0);
    assert_int_equal(own->close_s[1], 17 * 3600);
    assert_int_equal(own->closures, 3);
    assert_int_equal(own->closure[2].day, 31);
    assert_string_equal(on_call->calendar, "");
    assert_int_equal(on_call->closures, 0);
    unload(&l);
}

static void contacts_are_found(void **state)
{
    static const struct {
        const char *id, *address;
    } cases[] = {
        {"bereitschaft/1", "+4915100000001"},
        {"bereitschaft/2", "bereit@ulm.example"},
        {"bereitschaft/3", ""},
        {"bereitschaft/0", ""},
        {"bereitschaft/01", ""},
        {"bereitschaft/", ""},
        {"bereitschaft", ""},
        {"/1", ""},
        {"", ""},
        {"nobody/1", ""},
    };
    struct loaded l = load_sound();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct contact *c = directory_contact(l.dir, cases[i].id);
        assert_string_equal(c ? c->address : "", cases[i].address);
    }
    assert_string_equal(directory_contact(l.dir, "bereitschaft/2")->transport, "relay");
    assert_true(directory_contact(l.dir, "bereitschaft/1")->urgent_only);
    unload(&l);
}

static void places_and_areas(void **state)
{
    struct loaded l = load_sound();
    const struct place *ulm = directory_place(l.dir, "ulm");
    const struct place *west = directory_place(l.dir, "west");
    const struct place *einsingen = directory_place(l.dir, "einsingen");
    (void)state;
    assert_true(place_within(einsingen, ulm) && place_within(west, west));
    assert_false(place_within(ulm, west));
    assert_int_equal(einsingen->depth, 2);
    assert_int_equal(einsingen->index, 2);
    assert_null(directory_place(l.dir, "neu-ulm"));
    assert_null(directory_place(l.dir, ""));
    assert_ptr_equal(directory_area(l.dir, "SGB_IX"), directory_area(l.dir, "sgb9"));
    assert_null(directory_area(l.dir, "SGB_XII"));
    assert_ptr_equal(directory_service(l.dir, "ksd")->area, directory_area(l.dir, "sgb8"));
    assert_null(directory_service(l.dir, "egh")->area);
    unload(&l);
}

static void sources_speak(void **state)
{
    struct loaded l = load_sound();
    const struct source *amt = directory_source(l.dir, "amt");
    (void)state;
    assert_true(source_speaks_for(amt, directory_unit(l.dir, "ksd-west")));
    assert_true(source_speaks_for(amt, directory_unit(l.dir, "egh-west")));
    assert_false(source_speaks_for(amt, directory_unit(l.dir, "koordination")));
    assert_false(source_speaks_for(amt, directory_unit(l.dir, "heim")));
    assert_false(
        source_speaks_for(directory_source(l.dir, "hotline"), directory_unit(l.dir, "ksd-west")));
    assert_null(directory_source(l.dir, "amt2"));
    unload(&l);
}

/* `want` is the line of the row that decides; 0: nobody may be told. */
static void permissions_decide(void **state)
{
    static const struct {
        const char *from, *to;
        enum item_kind kind;
        const char *basis;
        int want;
    } cases[] = {
        {"ksd-west", "egh-west", ITEM_HANDOVER, "sgb8_36b", 33},
        {"ksd-west", "egh-west", ITEM_HANDOVER, "consent", 34},
        {"egh-west", "ksd-west", ITEM_HANDOVER, "sgb8_36b", 34},
        {"", "egh-west", ITEM_HANDOVER, "sgb8_36b", 34},
        {"", "bereitschaft", ITEM_EMERGENCY, "", 34},
        {"ksd-west", "verein", ITEM_REFERRAL, "sgb9_113", 36},
        {"", "verein", ITEM_REFERRAL, "consent", 36},
        {"ksd-west", "verein", ITEM_REFERRAL, "sgb8_36b", 0},
        {"ksd-west", "verein", ITEM_REFERRAL, "", 0},
        {"ksd-west", "heim", ITEM_REFERRAL, "sgb9_113", 0},
        {"ksd-west", "egh-west", ITEM_REFERRAL, "consent", 0},
    };
    struct loaded l = load_sound();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct permission *p =
            directory_permits(l.dir, directory_unit(l.dir, cases[i].from),
                              directory_unit(l.dir, cases[i].to), cases[i].kind, cases[i].basis);
        if ((p ? p->line : 0) != cases[i].want)
            fail_msg("case %zu: line %d, want %d", i, p ? p->line : 0, cases[i].want);
        if (p)
            assert_string_equal(p->file, "city.conf");
    }
    unload(&l);
}

static void agreements_decide(void **state)
{
    static const struct {
        const char *provider, *service, *day;
        bool want;
    } cases[] = {
        {"verein", "egh", "2026-01-01", true},  {"verein", "egh", "2026-12-31", true},
        {"verein", "egh", "2025-12-31", false}, {"verein", "egh", "2027-01-01", false},
        {"verein", "ksd", "2026-06-01", false}, {"verein", "", "2026-06-01", true},
        {"verein", "ksd", "2027-06-01", true},  {"verein", "ksd", "2027-06-02", false},
        {"heim", "egh", "2026-06-01", false},
    };
    struct loaded l = load_sound();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t day;
        assert_true(date_parse(cases[i].day, &day));
        bool got = directory_agreement(l.dir, directory_unit(l.dir, cases[i].provider),
                                       directory_service(l.dir, cases[i].service), day) != NULL;
        if (got != cases[i].want)
            fail_msg("%s %s %s", cases[i].provider, cases[i].service, cases[i].day);
    }
    unload(&l);
}

static void policies_have_defaults(void **state)
{
    struct loaded l = load_sound();
    const struct policy *p = directory_policy(l.dir, "standard");
    (void)state;
    assert_int_equal(p->ack[URGENCY_ROUTINE].amount, 3);
    assert_int_equal(p->ack[URGENCY_PROMPT].amount, 2);
    assert_int_equal(p->ack[URGENCY_PROMPT].unit, SPAN_STAFFED);
    assert_int_equal(p->ack[URGENCY_URGENT].unit, SPAN_OFFICE);
    assert_int_equal(p->ack[URGENCY_URGENT].amount, 7200000);
    assert_int_equal(p->ack[URGENCY_EMERGENCY].amount, 300000);
    assert_int_equal(p->escalate[URGENCY_EMERGENCY].amount, 600000);
    assert_int_equal(p->span[LIMIT_REPEAT].amount, 5400000);
    assert_int_equal(p->span[LIMIT_CONVERSATION].unit, SPAN_STAFFED);
    assert_int_equal(p->span[LIMIT_CONVERSATION].amount, 10);
    assert_int_equal(p->rungs, 4);
    assert_int_equal(p->rung[0], RUNG_DEPUTY);
    assert_int_equal(p->rung[3], RUNG_COORDINATOR);
    assert_int_equal(p->expire_ms[URGENCY_ROUTINE], 7 * 86400000LL);
    assert_int_equal(p->expire_ms[URGENCY_EMERGENCY], 12 * 3600000LL);
    assert_true(p->sms[URGENCY_EMERGENCY]);
    assert_false(p->sms[URGENCY_URGENT]);
    assert_null(directory_policy(l.dir, "other"));
    unload(&l);
}

static void who_is_responsible(void **state)
{
    struct loaded l = load_sound();
    const struct unit *found[8];
    const struct place *einsingen = directory_place(l.dir, "einsingen");
    const struct area *sgb8 = directory_area(l.dir, "sgb8"), *sgb9 = directory_area(l.dir, "sgb9");
    (void)state;
    assert_int_equal(directory_who(l.dir, einsingen, sgb8, NULL, found, 8), 2);
    assert_string_equal(found[0]->id, "ksd-west");
    assert_string_equal(found[1]->id, "koordination");
    assert_int_equal(directory_who(l.dir, einsingen, sgb8, NULL, found, 1), 1);
    assert_int_equal(
        directory_who(l.dir, einsingen, sgb9, directory_service(l.dir, "egh"), found, 8), 1);
    assert_string_equal(found[0]->id, "egh-west");
    assert_int_equal(directory_who(l.dir, directory_place(l.dir, "ulm"), sgb9, NULL, found, 8), 0);
    assert_int_equal(directory_who(l.dir, einsingen, NULL, NULL, found, 8), 3);
    unload(&l);
}

/* One thing broken at a time: `find` is replaced in the sound text. */
static const struct fault_case {
    const char *label, *find, *replace, *want;
} fault_cases[] = {
    {"duplicate unit", "id=\"heim\"", "id=\"verein\"",
     "city.conf:27: \"verein\" is already in \"units\" at city.conf:25"},
    {"duplicate place", "id=\"einsingen\"", "id=\"ulm\"", "is already in \"places\""},
    {"bad id", "id=\"heim\"", "id=\"Heim!\"", "\"id\" must have 1 to 63"},
    {"no id", "id=\"heim\";", "", "\"id\" must have 1 to 63"},
    {"no group", "places = ( {", "places = ( \"x\", {", "each entry of \"places\" must be a group"},
    {"no list", "functions=[\"cm\"]", "functions=\"cm\"", "\"functions\" must be a list"},
    {"no text in the list", "functions=[\"cm\"]", "functions=[1]", "must hold texts in quotes"},
    {"a horizon in the past", "name=\"KSD\";", "name=\"KSD\"; horizon_months=-1;",
     "\"horizon_months\""},
    {"inhabitants that do not add up", "name=\"Ulm\"; }, { id=\"west\"; name=\"West\";",
     "name=\"Ulm\"; inhabitants=10; }, { id=\"west\"; name=\"West\"; inhabitants=9;",
     "place \"ulm\" has 10 inhabitants, but its parts together have 9"},
    {"unknown parent", "parent=\"west\"", "parent=\"wset\"", "did you mean \"west\"?"},
    {"empty parent", "parent=\"west\"", "parent=\"\"",
     "\"parent\" is empty; name a place or leave"},
    {"circle of places", "name=\"Ulm\";", "name=\"Ulm\"; parent=\"einsingen\";", "in a circle"},
    {"own parent", "name=\"Ulm\";", "name=\"Ulm\"; parent=\"ulm\";", "in a circle"},
    {"code twice", "SGB_IX", "SGB_VIII",
     "code \"SGB_VIII\" already stands for legal area \"sgb8\""},
    {"no code", "code=\"SGB_IX\";", "", "\"code\" must be one line"},
    {"unknown area", "area=\"sgb8\"", "area=\"sgb7\"", "there is no legal area \"sgb7\"; did you"},
    {"unknown service", "services=[\"ksd\"]", "services=[\"jugendamt\"]",
     "there is no service \"jugendamt\"; define it in \"services\""},
    {"service twice", "services=[\"ksd\"]", "services=[\"ksd\", \"ksd\"]", "names \"ksd\" twice"},
    {"no name", "name=\"KSD West\";", "", "\"name\" must be one line"},
    {"bad kind", "kind=\"team\"; phone", "kind=\"amt\"; phone", "\"kind\" must be \"team\""},
    {"bad phone", "+49 731 000101", "call me", "\"phone\" is not usable"},
    {"unknown setting", "restricted_ok=true;", "restriced_ok=true;", "restricted_ok"},
    {"unknown setting of a contact", "optin=\"\"", "opt_in=\"\"", "optin"},
    {"no contact", "contacts=( { channel=\"email\"; address=\"aufnahme@heim.example\"; } );",
     "contacts=();", "unit \"heim\" has no contact"},
    {"urgent only", "address=\"aufnahme@heim.example\"",
     "urgent_only=true; address=\"aufnahme@heim.example\"", "urgent_only contacts only"},
    {"oversight without e-mail",
     "contacts=( { channel=\"email\"; address=\"aufnahme@heim.example\"; } );",
     "quality_oversight=true; contacts=( { channel=\"sms\"; address=\"0151 00000002\"; } );",
     "unit \"heim\" gets its figure by e-mail"},
    {"bad channel", "channel=\"sms\"", "channel=\"fax\"", "channel = \"email\" or \"sms\""},
    {"bad mail address", "egh@ulm.example", "egh@ulm", "two labels"},
    {"injection", "egh@ulm.example", "egh@ulm.example>\\r\\nRCPT TO:<x@y.example", "not usable"},
    {"bad number", "0151 00000001", "112", "area code"},
    {"own lead", "name=\"Koordination\";", "name=\"Koordination\"; lead=\"koordination\";",
     "run in a circle"},
    {"circle of leads", "name=\"Koordination\";", "name=\"Koordination\"; lead=\"ksd-west\";",
     "the leads above unit"},
    {"unknown lead", "lead=\"koordination\"; deputies=[\"egh-west\"]",
     "lead=\"kordination\"; deputies=[\"egh-west\"]", "did you mean \"koordination\"?"},
    {"own deputy", "deputies=[\"egh-west\"]", "deputies=[\"ksd-west\"]", "is its own deputy"},
    {"four deputies", "deputies=[\"egh-west\"]",
     "deputies=[\"egh-west\",\"verein\",\"heim\",\"bereitschaft\"]", "at most 3 are asked"},
    {"bad calendar", "\"BY+mh\"", "\"BY+ulm\"", "\"calendar\" must be a Land"},
    {"long calendar", "\"BY+mh\"", "\"BY+mh+mh+mh+mh+mh+mh+mh+mh\"", "\"calendar\" is too long"},
    {"bad hours", "09:00-17:00", "9-17", "\"tue\" must be hours"},
    {"bad day", "tue=", "die=", "tue"},
    {"hours no group", "hours={ tue=\"09:00-17:00\"; }", "hours=\"9-17\"", "must be a group"},
    {"bad closure", "12-31", "31.12.", "a closure is {"},
    {"catch_all missing", "catch_all = \"koordination\";\n", "", "\"catch_all\" is missing"},
    {"catch_all empty", "catch_all = \"koordination\"", "catch_all = \"\"",
     "\"catch_all\" is empty"},
    {"catch_all unknown", "catch_all = \"koordination\"", "catch_all = \"kordination\"",
     "city.conf:9: there is no unit \"kordination\"; did you mean \"koordination\"?"},
    {"on_call without e-mail",
     "{ channel=\"email\"; address=\"bereit@ulm.example\"; transport=\"relay\"; }",
     "{ channel=\"sms\"; address=\"015100000009\"; }", "\"on_call\" needs an e-mail contact"},
    {"on_call without e-mail for every day", "urgent_only=true; },\n      { channel=\"email\";",
     "},\n      { channel=\"email\"; urgent_only=true;", "\"on_call\" needs an e-mail contact"},
    {"source without desk", "desk=\"koordination\"; } );", "} );",
     "source \"hotline\" has no \"desk\""},
    {"source with unknown unit", "units=[\"egh-west\", \"ksd-west\"]", "units=[\"ksd-wst\"]",
     "did you mean \"ksd-west\"?"},
    {"permission to nobody", "to=\"verein\"; kinds", "to=\"vereim\"; kinds", "did you mean"},
    {"permission without side", "from=\"ksd-west\"; to", "to", "a permission needs \"from\""},
    {"permission without kinds", "kinds=[\"referral\"];", "", "a permission needs \"kinds\""},
    {"permission without bases", "bases=[\"consent\"];", "bases=[];",
     "a permission needs \"bases\""},
    {"bad permission kind", "kinds=[\"referral\"]", "kinds=[\"vermittlung\"]", "there is no kind"},
    {"bad basis", "bases=[\"consent\"]", "bases=[\"§ 69 SGB X\"]", "a basis is a code"},
    {"agreement with a team", "provider=\"verein\"; services", "provider=\"ksd-west\"; services",
     "\"ksd-west\" is no provider"},
    {"agreement without provider", "provider=\"verein\"; from", "from", "needs its \"provider\""},
    {"agreement backwards", "to=\"2026-12-31\"", "to=\"2025-12-31\"", "ends before it begins"},
    {"agreement without end", "to=\"2026-12-31\";", "", "\"to\" must be a date"},
    {"no policies", "policies = ( {", "policies = (); other = ( {", "\"policies\" is empty"},
    {"bad length", "2 staffed days", "2 days", "\"prompt\" must be a length"},
    {"a repeat that never rests", "90 office minutes", "0", "at least a minute"},
    {"a repeat of no days", "90 office minutes", "0 staffed days", "at least a minute"},
    {"a short limit", "\"5m\"", "\"5s\"", "\"emergency\" must be a length of at least a minute"},
    {"emergency in office hours", "\"5m\"", "\"1 office hour\"", "does not wait for office hours"},
    {"short expiry", "\"1w\"", "\"1s\"", "\"routine\" must be at least a minute"},
    {"unknown urgency", "ack={ prompt", "ack={ promt", "prompt"},
    {"unknown sms urgency", "sms=[\"emergency\"]", "sms=[\"notfall\"]", "there is no urgency"},
};

static void put_replaced(struct buf *out, const char *find, const char *replace)
{
    const char *at = strstr(sound, find);
    if (!at)
        fail_msg("the sound text does not hold: %s", find);
    buf_add(out, sound, (size_t)(at - sound));
    buf_puts(out, replace);
    buf_puts(out, at + strlen(find));
}

static void faults_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
        struct buf text = BUF_INIT;
        put_replaced(&text, fault_cases[i].find, fault_cases[i].replace);
        struct loaded l = load(buf_str(&text));
        if (l.errors == 0 || !strstr(buf_str(&l.report), fault_cases[i].want))
            fail_msg("%s: %zu errors, want \"%s\" in:\n%s", fault_cases[i].label, l.errors,
                     fault_cases[i].want, buf_str(&l.report));
        unload(&l);
        buf_release(&text);
    }
}

static void warnings_are_given(void **state)
{
    static const struct fault_case cases[] = {
        {"referral without agreement", "to=\"verein\"; kinds", "to=\"heim\"; kinds",
         "city.conf:36: warning: provider \"heim\" may get referrals but has no agreement"},
        {"no calendar", "unit_defaults = { calendar=\"BW\";", "unit_defaults = {",
         "set unit_defaults.calendar"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        put_replaced(&text, cases[i].find, cases[i].replace);
        struct loaded l = load(buf_str(&text));
        if (l.errors || l.warnings != 1 || !strstr(buf_str(&l.report), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&l.report));
        unload(&l);
        buf_release(&text);
    }
}

/* Nothing at all still ends, with a fault for each thing that must be there. */
static void nothing_is_refused(void **state)
{
    struct loaded l = load("");
    (void)state;
    assert_null(l.dir);
    assert_int_equal(l.errors, 7);
    unload(&l);
}

static void places_may_be_16_deep(void **state)
{
    (void)state;
    for (int levels = 16; levels <= 17; levels++) {
        struct buf more = BUF_INIT, text = BUF_INIT;
        buf_puts(&more, "places = ( { id=\"p1\"; name=\"P\"; },");
        for (int i = 2; i <= levels; i++)
            buf_printf(&more, "{ id=\"p%d\"; name=\"P\"; parent=\"p%d\"; },", i, i - 1);
        put_replaced(&text, "places = (", buf_str(&more));
        struct loaded l = load(buf_str(&text));
        assert_int_equal(l.errors, levels - 16);
        unload(&l);
        buf_release(&more);
        buf_release(&text);
    }
}

enum { MANY = 3000 };

static void many_units_are_found(void **state)
{
    struct buf more = BUF_INIT, text = BUF_INIT;
    char id[24];
    (void)state;
    buf_puts(&more, "units = (");
    for (int i = 0; i < MANY; i++)
        buf_printf(&more,
                   "{ id=\"u%d\"; name=\"U\"; kind=\"team\"; contacts=( { channel=\"email\"; "
                   "address=\"u%d@x.example\"; } ); },\n",
                   i, i);
    put_replaced(&text, "units = (", buf_str(&more));
    struct loaded l = load(buf_str(&text));
    assert_int_equal(l.errors, 0);
    assert_int_equal(l.dir->units, MANY + 6);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "u%d", i);
        assert_string_equal(directory_unit(l.dir, id)->id, id);
    }
    assert_null(directory_unit(l.dir, "u3000"));
    assert_null(directory_unit(l.dir, "u"));
    unload(&l);
    buf_release(&more);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_read),        cmocka_unit_test(hours_are_inherited),
        cmocka_unit_test(contacts_are_found),    cmocka_unit_test(places_and_areas),
        cmocka_unit_test(sources_speak),         cmocka_unit_test(permissions_decide),
        cmocka_unit_test(agreements_decide),     cmocka_unit_test(policies_have_defaults),
        cmocka_unit_test(who_is_responsible),    cmocka_unit_test(faults_are_reported),
        cmocka_unit_test(warnings_are_given),    cmocka_unit_test(nothing_is_refused),
        cmocka_unit_test(places_may_be_16_deep), cmocka_unit_test(many_units_are_found),
    };
    digest_start();
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
