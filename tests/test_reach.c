/*
 * reach.c: what is missing so that a unit can be reached, as a table; its German sentences; and
 * reach_look.c with digest_reach.c on a town with deputies, absences, a plan and broken ways.
 */
#include "presence_rig.h"

#include "../adapters/adapter.h"
#include "../daemon/daily.h"
#include "../daemon/digest_mail.h"
#include "../daemon/digest_text.h"
#include "../daemon/reach_look.h"
#include "../daemon/store_contact.h"

#define MAIL .channel = CHANNEL_EMAIL, .carried = true
#define SMS .channel = CHANNEL_SMS, .carried = true

#define MONDAY_MS INT64_C(1795420800000) /* 23.11.2026 09:00 in Berlin */

static void put_faults(struct buf *out, const struct reach_result *r)
{
    buf_printf(out, "%zu", r->works);
    for (int fault = 0; fault < REACH_FAULT_COUNT; fault++)
        if (r->faults >> fault & 1)
            buf_printf(out, " %s", reach_fault_name((enum reach_fault)fault));
}

static const struct {
    const char *label;
    struct reach_way way[3];
    size_t ways;
    struct reach_case c;
    const char *want; /* ways that work, faults */
} judged[] = {
    {"mail and SMS", {{MAIL}, {SMS, .same_as = 1}}, 2, {0}, "2"},
    {"two mailboxes", {{MAIL}, {MAIL, .same_as = 1}}, 2, {0}, "2"},
    {"the same mailbox twice", {{MAIL}, {MAIL, .same_as = 0}}, 2, {0}, "1 one_way"},
    {"nothing", {{MAIL}}, 0, {0}, "0 no_way"},
    {"one mailbox", {{MAIL}}, 1, {0}, "1 one_way"},
    {"the only one bounces", {{MAIL, .failures = 1}}, 1, {0}, "0 no_way"},
    {"one of two bounces", {{MAIL, .failures = 3}, {SMS, .same_as = 1}}, 2, {0}, "1 one_way"},
    {"one of three bounces",
     {{MAIL}, {SMS, .same_as = 1}, {MAIL, .same_as = 2, .failures = 1}},
     3,
     {0},
     "2 broken"},
    {"bounced here, reached there",
     {{MAIL, .failures = 1}, {MAIL, .same_as = 0}, {SMS, .same_as = 2}},
     3,
     {0},
     "2 broken"},
    {"no gateway for SMS", {{MAIL}, {.channel = CHANNEL_SMS, .same_as = 1}}, 2, {0}, "1 one_way"},
    {"relay out of order", {{MAIL, .incident = true}, {SMS, .same_as = 1}}, 2, {0}, "1 one_way"},
    {"a third way's gateway is out of order: nothing to mend",
     {{MAIL}, {MAIL, .same_as = 1}, {SMS, .same_as = 2, .incident = true}},
     3,
     {0},
     "2"},
    {"certificate over", {{MAIL, .key_over = true}, {SMS, .same_as = 1}}, 2, {0}, "1 one_way"},
    {"all at once",
     {{MAIL, .failures = 1, .incident = true}, {SMS, .same_as = 1, .key_over = true}},
     2,
     {0},
     "0 no_way"},
    {"no deputy named", {{MAIL}, {SMS, .same_as = 1}}, 2, {.wants_deputy = true}, "2 no_deputy"},
    {"a provider without", {{MAIL}, {SMS, .same_as = 1}}, 2, {.wants_deputy = false}, "2"},
    {"a deputy who is there",
     {{MAIL}, {SMS, .same_as = 1}},
     2,
     {.wants_deputy = true, .has_deputy = true},
     "2"},
    {"a deputy who is away on Thursday",
     {{MAIL}, {SMS, .same_as = 1}},
     2,
     {.wants_deputy = true, .has_deputy = true, .deputy_away_ms = 5},
     "2 deputy_away"},
    {"nobody reads",
     {{MAIL}, {SMS, .same_as = 1}},
     2,
     {.wants_deputy = true, .has_deputy = true, .nobody_ms = 5},
     "2 nobody"},
    {"a plan that is covered", {{MAIL}}, 1, {.on_plan = true, .wants_deputy = true}, "0"},
    {"a plan with a gap", {{MAIL}}, 1, {.on_plan = true, .gap_from_ms = 5}, "0 roster_gap"},
};

static void test_judge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(judged); i++) {
        struct reach_result r;
        struct reach_case c = judged[i].c;
        struct buf got = BUF_INIT;
        c.way = judged[i].way;
        c.ways = judged[i].ways;
        reach_judge(&c, &r);
        put_faults(&got, &r);
        if (!str_eq(buf_str(&got), judged[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", judged[i].label, buf_str(&got), judged[i].want);
        buf_release(&got);
    }
}

static const struct reach_way one[] = {{MAIL}},
                              left[] = {{MAIL},
                                        {SMS, .same_as = 1, .failures = 2, .since_ms = MONDAY_MS}},
                              none[] = {{MAIL, .key_over = true},
                                        {SMS, .same_as = 1, .incident = true},
                                        {.channel = CHANNEL_SMS, .same_as = 2}},
                              third[] = {
                                  {MAIL},
                                  {SMS, .same_as = 1},
                                  {MAIL, .same_as = 2, .failures = 1, .since_ms = MONDAY_MS}};
static const struct {
    enum reach_fault fault;
    struct reach_case c;
    const char *want;
} sentences[] = {
    {REACH_ONE_WAY,
     {.way = one, .ways = 1},
     "Die Stelle „Team X“ ist nur per E-Mail erreichbar. Bitte tragen Sie eine zweite Adresse "
     "ein."},
    {REACH_ONE_WAY,
     {.way = left, .ways = 2},
     "Die Stelle „Team X“ ist nur noch per E-Mail erreichbar (SMS: 2-mal nicht erreicht seit "
     "Mo "
     "23.11.2026). Bitte lassen Sie das Verzeichnis berichtigen oder tragen Sie eine zweite "
     "Adresse ein."},
    {REACH_NO_WAY,
     {.way = none, .ways = 3},
     "Die Stelle „Team X“ ist auf keinem Weg erreichbar (E-Mail: das Zertifikat ist "
     "abgelaufen; SMS: der Versand ist zurzeit gestört; SMS: kein Versandweg eingerichtet). "
     "Bitte klären Sie sofort, wie sie erreichbar ist."},
    {REACH_BROKEN,
     {.way = third, .ways = 3},
     "Die Stelle „Team X“ hat eine Adresse oder Nummer, die zurzeit nicht erreichbar ist (E-Mail: "
     "1-mal nicht "
     "erreicht seit Mo 23.11.2026). Bitte lassen Sie das Verzeichnis berichtigen."},
    {REACH_NO_DEPUTY, {0}, "Die Stelle „Team X“ hat keine Vertretung. Bitte tragen Sie eine ein."},
    {REACH_DEPUTY_AWAY,
     {.deputy_away_ms = MONDAY_MS},
     "Die Stelle „Team X“ hat am Mo 23.11.2026 keine Vertretung, die da ist. Bitte benennen "
     "Sie eine weitere."},
    {REACH_NOBODY,
     {.nobody_ms = MONDAY_MS},
     "Die Stelle „Team X“ ist am Mo 23.11.2026 nicht da, und niemand vertritt sie: Was "
     "an sie geht, erhält die Auffangstelle. Bitte benennen Sie eine Vertretung."},
    {REACH_GAP,
     {.gap_from_ms = MONDAY_MS, .gap_to_ms = MONDAY_MS + 3600000},
     "Die Stelle „Team X“ hat im Dienstplan eine Lücke: Von Mo 23.11.2026 09:00 bis Mo "
     "23.11.2026 10:00 ist niemand eingeteilt. Bitte tragen Sie jemanden ein."},
};

static void test_sentences(void **state)
{
    unsigned told = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sentences); i++) {
        struct buf got = BUF_INIT;
        reach_sentence(&got, sentences[i].fault, "Team X", &sentences[i].c);
        assert_string_equal(buf_str(&got), sentences[i].want);
        buf_release(&got);
        told |= 1u << sentences[i].fault;
    }
    assert_int_equal(told, (1u << REACH_FAULT_COUNT) - 1);
}

static void test_summary(void **state)
{
    static const struct {
        size_t units, missing;
        const char *want;
    } cases[] = {
        {23, 0, "Alle 23 Stellen sind auf zwei Wegen erreichbar."},
        {1, 0, "Die Stelle ist auf zwei Wegen erreichbar."},
        {23, 1, "Bei 1 von 23 Stellen fehlt etwas."},
        {23, 4, "Bei 4 von 23 Stellen fehlt etwas."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        reach_summary(&got, cases[i].units, cases[i].missing);
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

/* ---- looking */

/* clang-format off */
static const char town_units[] =
    FM("fm-1", "+4915100000011")
    /* two ways and a deputy */
    " { id = \"gut\"; kind = \"team\"; name = \"Stelle gut\"; deputies = [ \"vert\" ]; contacts = ("
    " { channel = \"email\"; address = \"gut@amt.example\"; },"
    " { channel = \"sms\"; address = \"+4915100000031\"; } ); },"
    RIG_UNIT("vert", "team", "deputies = [ \"gut\" ];") ","
    RIG_UNIT("dienst", "desk", "roster = \"bereit\";") ",";
static const char town_more[] =
    "rosters = ( { roster = \"bereit\"; starts = \"2026-11-01\"; ends = \"2026-11-25\"; shifts = ("
    " { days = \"daily\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"fm-1\" ]; } ); } );\n";
/* clang-format on */

static int town(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, town_units, town_more);
    presence_open(&rig->g);
    daily_reloaded(&rig->g);
    return 0;
}

static void expect_look(struct gateway_rig *rig, const char *label, const char *id,
                        const char *want)
{
    struct reach_look look;
    struct buf got = BUF_INIT;
    reach_look(&rig->g, unit(rig, id), &look);
    put_faults(&got, &look.r);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s, %s: \"%s\", want \"%s\"", label, id, buf_str(&got), want);
    buf_release(&got);
}

static void test_look(void **state)
{
    struct gateway_rig *rig = *state;
    expect_look(rig, "all is well", "gut", "2");
    expect_look(rig, "one mailbox", "vert", "1 one_way");
    expect_look(rig, "a number for what is urgent counts; on a plan", "fm-1", "2");
    expect_look(rig, "a provider", "verein", "1 one_way");
    expect_look(rig, "a week of the plan is left", "dienst", "0");
    rig_at(rig, "2026-11-19T12:00:00+01:00");
    expect_look(rig, "the plan ends within a week", "dienst", "0 roster_gap");
}

static void test_look_absences(void **state)
{
    struct gateway_rig *rig = *state;
    report(rig, "vert 2026-11-24 2026-11-24");
    expect_look(rig, "after the coming week", "gut", "2");
    rig_at(rig, "2026-11-18T12:00:00+01:00");
    expect_look(rig, "the only deputy, one day of it", "gut", "2 deputy_away");
    report(rig, "gut 2026-11-23 2026-11-24");
    expect_look(rig, "both", "gut", "2 nobody");
    rig_at(rig, "2026-11-25T12:00:00+01:00");
    expect_look(rig, "over", "gut", "2");
}

static void test_look_ways(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    store_begin(g->store);
    store_contact_failed(g->store, "gut/2", CLASS_ADDRESS, g->now_ms);
    g->presence.contacts_flagged = true;
    rig_commit(rig);
    expect_look(rig, "the number fails", "gut", "1 one_way");
    store_begin(g->store);
    store_contact_reached(g->store, "gut/2");
    rig_commit(rig);
    expect_look(rig, "and is reached again", "gut", "2");
    g->incidents.count = 1;
    g->incidents.incident[0] = (struct incident){.transport = "post", .open = false};
    expect_look(rig, "a failure is no incident", "gut", "2");
    g->incidents.incident[0].open = true;
    expect_look(rig, "the relay is out of order", "gut", "1 one_way");
    expect_look(rig, "and nothing else is there", "vert", "0 no_way");
}

static void turns(struct gateway_rig *rig)
{
    for (int i = 0; daily_due(&rig->g); i++) {
        assert_true(i < 200);
        store_begin(rig->g.store);
        daily_run(&rig->g);
        rig_commit(rig);
        daily_done(&rig->g);
    }
}

static int proofs(const struct gateway_rig *rig)
{
    int n = 0;
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++) {
        struct item item = rig_item(rig, seq);
        n += item.kind == ITEM_DIGEST && str_eq(item.code, "reach");
    }
    return n;
}

/* Once a week, at its hour; the line in the overview is there in any case. */
static void test_weekly(void **state)
{
    static const struct {
        const char *at;
        int proofs;
    } cases[] = {
        {"2026-11-16T09:00:00+01:00", 0}, /* a new store begins with the next */
        {"2026-11-23T06:49:59+01:00", 0}, {"2026-11-23T06:50:00+01:00", 1},
        {"2026-11-29T12:00:00+01:00", 1}, {"2026-11-30T06:50:00+01:00", 2},
    };
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rig_at(rig, cases[i].at);
        turns(rig);
        if (proofs(rig) != cases[i].proofs)
            fail_msg("%s: %d", cases[i].at, proofs(rig));
    }
    assert_true(digest_reach(&rig->g, &text));
    assert_non_null(strstr(buf_str(&text), "Die Stelle „Stelle vert“ ist nur per E-Mail"));
    assert_null(strstr(buf_str(&text), "Stelle gut“"));
    assert_null(strstr(buf_str(&text), "@"));
    buf_reset(&text);
    digest_weekly(&rig->g, &text);
    assert_non_null(strstr(buf_str(&text), "Stellen fehlt etwas."));
    buf_release(&text);
}

/* clang-format off */
#define WELL(id, deputy, number)                                                                   \
    " { id = \"" id "\"; kind = \"desk\"; name = \"Stelle " id "\"; deputies = [ \"" deputy "\" ];"  \
    " contacts = ( { channel = \"email\"; address = \"" id "@amt.example\"; },"                    \
    " { channel = \"sms\"; address = \"" number "\"; } ); },"
static const char well[] =
    "catch_all = \"koordination\";\n"
    "on_call = \"technik\";\n"
    "units = (" WELL("koordination", "technik", "+4915100000041") WELL("technik", "koordination", "+4915100000042")
    " { id = \"rat\"; kind = \"body\"; name = \"Beirat\"; members = ( { unit = \"technik\"; } );"
    " contacts = ( { channel = \"email\"; address = \"rat@amt.example\"; } ); } );\n"
    "unit_defaults = { calendar = \"NW\"; hours = { mon = \"08:00-16:00\"; }; };\n"
    "places = ( { id = \"stadt\"; name = \"Stadt\"; } );\n"
    "areas = ( { id = \"sgb8\"; code = \"SGB_VIII\"; name = \"SGB VIII\"; } );\n"
    "services = ( { id = \"hlu\"; name = \"Hilfe\"; } );\n"
    "sources = ( { id = \"amt\"; name = \"A\"; desk = \"technik\"; units = [ \"technik\" ]; } );\n";
/* clang-format on */

/* No mail when nothing is missing; bodies are their members. */
static void test_all_well(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT;
    const char *rest = strstr(buf_str(&old), "places = (");
    const char *policies = strstr(buf_str(&old), "policies = (");
    const char *rules = strstr(policies, "rules = (");
    buf_add(&text, buf_str(&old), (size_t)(rest - buf_str(&old)));
    buf_puts(&text, well);
    buf_add(&text, policies, (size_t)(rules - policies));
    buf_puts(&text, "};\n");
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    struct config *config = rig_load(rig->dir);
    config_drop(rig->g.config);
    rig->g.config = config;
    buf_reset(&text);
    assert_false(digest_reach(&rig->g, &text));
    digest_weekly(&rig->g, &text);
    assert_non_null(strstr(buf_str(&text), "Alle 2 Stellen sind auf zwei Wegen erreichbar."));
    rig_at(rig, "2026-11-23T06:50:00+01:00");
    turns(rig);
    rig_at(rig, "2026-11-30T06:50:00+01:00");
    turns(rig);
    assert_int_equal(proofs(rig), 0);
    buf_release(&text);
    buf_release(&old);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, town, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_summary),
        TEST(test_look),
        TEST(test_look_absences),
        TEST(test_look_ways),
        TEST(test_weekly),
        TEST(test_all_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
