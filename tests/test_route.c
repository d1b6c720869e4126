/*
 * route*.c: decisions by table on a small town, the walk with `continue`, dates, restricted items,
 * the German explanation, and the index against a plain walk. Faults: test_route_load.c.
 */
#include "../daemon/route_tree.h"
#include "route_town.h"

static int64_t noon(const char *date)
{
    int64_t day;
    assert_true(date_parse(date, &day));
    return berlin_to_ms(day, 12 * 3600);
}

/* What the tests ask: ids, "" for not given. */
struct ask {
    const char *place, *area, *service, *from, *to, *complexity;
    enum item_kind kind;
    enum urgency urgency;
    bool restricted;
    const char *date;
};

static struct route_query query_of(const struct town *t, const struct ask *ask)
{
    return (struct route_query){
        .kind = ask->kind,
        .urgency = ask->urgency,
        .place = ask->place ? directory_place(t->dir, ask->place) : NULL,
        .place_unknown = ask->place && !directory_place(t->dir, ask->place),
        .area = ask->area ? directory_area(t->dir, ask->area) : NULL,
        .service = ask->service ? directory_service(t->dir, ask->service) : NULL,
        .complexity = ask->complexity ? ask->complexity : "",
        .from = ask->from ? directory_unit(t->dir, ask->from) : NULL,
        .to = ask->to ? directory_unit(t->dir, ask->to) : NULL,
        .restricted = ask->restricted,
        .at_ms = noon(ask->date ? ask->date : "2026-11-20"),
    };
}

/* "rule policy unit:reason +copy:reason" */
static void decide(const struct town *t, const struct ask *ask, struct buf *out)
{
    struct route_query query = query_of(t, ask);
    struct route_result r;
    route_decide(t->routing, t->dir, &query, &r);
    buf_printf(out, "%s %s", rule_name(r.rule), r.policy->id);
    for (size_t i = 0; i < r.targets; i++)
        buf_printf(out, " %s%s:%s", i >= r.targets - r.copies ? "+" : "", r.target[i].unit->id,
                   reason_name(r.target[i].reason));
}

static const char rules[] =
    "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = (\n"
    "{ rule = \"nord\"; place = \"nord\"; to = [\"nord\"]; rules = (\n"
    "  { rule = \"wjh\"; service = \"wjh\"; to = [\"nord-wjh\"]; copy = [\"nord\"]; },\n"
    "  { rule = \"hafen\"; place = \"hafen\"; to = [\"hafen\", \"leitung\"]; } ); },\n"
    "{ rule = \"sued\"; place = \"sued\"; rules = (\n"
    "  { rule = \"neu\"; area = \"sgb9\"; to = [\"egh\"]; valid_from = \"2027-04-01\"; },\n"
    "  { rule = \"alt\"; area = \"sgb9\"; to = [\"sued\"]; valid_to = \"2027-04-01\"; } ); },\n"
    "{ rule = \"notlage\"; kind = \"emergency\"; urgency = \"emergency\"; policy = \"eilig\";\n"
    "  to = [\"bereitschaft\"]; },\n"
    "{ rule = \"schwer\"; complexity = \"complex\"; to = [\"zentrale\"]; },\n"
    "{ rule = \"von\"; from_unit = \"meldestelle\"; to = [\"leitung\"]; } ); };";

static const struct {
    const char *label;
    struct ask in;
    const char *want;
} decisions[] = {
    {"nothing known", {0}, "root standard koordination:catch_all"},
    {"unknown place", {.place = "mond"}, "root standard koordination:catch_all"},
    {"place", {.place = "nord"}, "root/nord standard nord:route"},
    {"place below", {.place = "hafen"}, "root/nord/hafen standard hafen:route leitung:route"},
    {"place above does not match", {.place = "stadt"}, "root standard koordination:catch_all"},
    {"child with copy",
     {.place = "nord", .service = "wjh"},
     "root/nord/wjh standard nord-wjh:route +nord:route"},
    {"order decides: service before place",
     {.place = "hafen", .service = "wjh"},
     "root/nord/wjh standard nord-wjh:route +nord:route"},
    {"no child matches: the group itself",
     {.place = "nord", .service = "egh"},
     "root/nord standard nord:route"},
    {"a group without recipients inherits",
     {.place = "sued", .service = "wjh"},
     "root/sued standard koordination:catch_all"},
    {"old version on its last day",
     {.place = "sued", .area = "sgb9", .date = "2027-03-31"},
     "root/sued/alt standard sued:route"},
    {"new version on its first day",
     {.place = "sued", .area = "sgb9", .date = "2027-04-01"},
     "root/sued/neu standard egh:route"},
    {"two conditions, one fails",
     {.kind = ITEM_EMERGENCY, .urgency = URGENCY_URGENT},
     "root standard koordination:catch_all"},
    {"two conditions, policy of its own",
     {.kind = ITEM_EMERGENCY, .urgency = URGENCY_EMERGENCY},
     "root/notlage eilig bereitschaft:route"},
    {"complexity", {.complexity = "complex"}, "root/schwer standard zentrale:route"},
    {"complexity unknown", {.complexity = "?"}, "root standard koordination:catch_all"},
    {"giver", {.from = "meldestelle"}, "root/von standard leitung:route"},
    {"the event names the unit",
     {.place = "nord", .service = "wjh", .to = "egh"},
     "root/nord/wjh standard egh:named +nord:route"},
    {"the named unit is no copy too",
     {.place = "nord", .service = "wjh", .to = "nord"},
     "root/nord/wjh standard nord:named"},
    {"restricted: no copies",
     {.place = "nord", .service = "wjh", .restricted = true},
     "root/nord/wjh standard nord-wjh:route"},
    {"restricted: the role that may",
     {.place = "hafen", .restricted = true},
     "root/nord/hafen standard leitung:route"},
    {"restricted and named",
     {.place = "hafen", .to = "egh", .restricted = true},
     "root/nord/hafen standard egh:named"},
};

static void test_decide(void **state)
{
    (void)state;
    struct town t;
    town_open(&t, rules);
    assert_string_equal(buf_str(&t.report), "");
    assert_int_equal(routing_rules(t.routing), 10);
    for (size_t i = 0; i < COUNT_OF(decisions); i++) {
        struct buf got = BUF_INIT;
        decide(&t, &decisions[i].in, &got);
        if (!str_eq(buf_str(&got), decisions[i].want))
            fail_msg("%s: got \"%s\"", decisions[i].label, buf_str(&got));
        buf_release(&got);
    }
    town_close(&t);
}

static const struct {
    const char *label, *rules, *want;
} onward[] = {
    {"adds a recipient, which owns the answer",
     "{ rule = \"a\"; to = [\"leitung\"]; policy = \"eilig\"; continue = true; },"
     "{ rule = \"b\"; place = \"nord\"; to = [\"nord\"]; }",
     "root/a eilig leitung:route nord:route"},
    {"adds a copy only",
     "{ rule = \"a\"; copy = [\"leitung\"]; policy = \"eilig\"; continue = true; },"
     "{ rule = \"b\"; place = \"nord\"; to = [\"nord\"]; }",
     "root/b standard nord:route +leitung:route"},
    {"nothing else matches: the root as well",
     "{ rule = \"a\"; to = [\"leitung\"]; continue = true; },"
     "{ rule = \"b\"; place = \"sued\"; to = [\"nord\"]; }",
     "root/a standard leitung:route koordination:catch_all"},
    {"inside a group, then the group",
     "{ rule = \"g\"; place = \"stadt\"; to = [\"nord\"]; rules = ("
     "{ rule = \"a\"; copy = [\"leitung\"]; continue = true; } ); }",
     "root/g standard nord:route +leitung:route"},
    {"a group that continues",
     "{ rule = \"g\"; place = \"stadt\"; continue = true; rules = ("
     "{ rule = \"a\"; service = \"wjh\"; to = [\"leitung\"]; } ); },"
     "{ rule = \"b\"; to = [\"nord\"]; }",
     "root/g/a standard leitung:route nord:route"},
    {"no unit twice",
     "{ rule = \"a\"; to = [\"nord\"]; continue = true; },"
     "{ rule = \"b\"; to = [\"nord\", \"sued\"]; copy = [\"hafen\"]; }",
     "root/a standard nord:route sued:route +hafen:route"},
    {"at most three, copies go first",
     "{ rule = \"a\"; to = [\"nord\"]; copy = [\"zentrale\"]; continue = true; },"
     "{ rule = \"b\"; to = [\"sued\"]; continue = true; },"
     "{ rule = \"c\"; to = [\"hafen\", \"leitung\"]; }",
     "root/a standard nord:route sued:route hafen:route"},
    {"an empty list drops inherited copies",
     "{ rule = \"g\"; place = \"stadt\"; to = [\"nord\"]; copy = [\"leitung\"]; rules = ("
     "{ rule = \"a\"; service = \"wjh\"; copy = []; } ); }",
     "root/g/a standard nord:route"},
};

static void test_continue(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(onward); i++) {
        struct town t;
        struct buf routes = BUF_INIT, got = BUF_INIT;
        const struct ask ask = {.place = "nord", .service = "wjh"};
        buf_printf(&routes,
                   "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = ( %s ); };",
                   onward[i].rules);
        town_open(&t, buf_str(&routes));
        assert_string_equal(buf_str(&t.report), "");
        decide(&t, &ask, &got);
        if (!str_eq(buf_str(&got), onward[i].want))
            fail_msg("%s: got \"%s\"", onward[i].label, buf_str(&got));
        town_close(&t);
        buf_release(&routes);
        buf_release(&got);
    }
}

static void explain(const struct town *t, const struct ask *ask, struct buf *out)
{
    struct route_query query = query_of(t, ask);
    route_explain(t->routing, t->dir, &query, out);
    /* The version is of the whole table and tested elsewhere. */
    char *version = strstr(out->data, routing_version(t->routing));
    assert_non_null(version);
    out->len = (size_t)(version - out->data);
    buf_puts(out, "VERSION.\n");
}

static void test_explain(void **state)
{
    (void)state;
    struct town t;
    struct buf got = BUF_INIT;
    town_open(&t, rules);
    explain(&t, &(struct ask){.place = "sued", .area = "sgb9", .kind = ITEM_HANDOVER}, &got);
    assert_string_equal(buf_str(&got),
                        "Gefragt: Ort Süd, Rechtskreis SGB IX, Vorgangsart Übergabe, Dringlichkeit "
                        "normal, nach den "
                        "Regeln vom Fr 20.11.2026 12:00.\n"
                        "Übergangen: Regel root/nord (f:8) verlangt Ort Nord.\n"
                        "Es gilt: Regel root/sued (f:11), denn Ort Süd trifft zu.\n"
                        "Übergangen: Regel root/sued/neu (f:12) gilt erst ab Do 01.04.2027 00:00.\n"
                        "Es gilt: Regel root/sued/alt (f:13), denn Rechtskreis SGB IX trifft zu.\n"
                        "Empfänger: Stelle sued (sued), nach Regel root/sued/alt (f:13).\n"
                        "Fristen: Regelwerk \"standard\", nach Regel root/sued/alt (f:13).\n"
                        "Stand der Verteiltabelle: VERSION.\n");
    buf_reset(&got);
    explain(&t, &(struct ask){.place = "mond", .restricted = true}, &got);
    assert_non_null(strstr(buf_str(&got), "Der genannte Ort steht nicht im Verzeichnis"));
    assert_non_null(
        strstr(buf_str(&got), "Keine weitere Unterregel trifft zu; es gilt Regel root"));
    assert_non_null(strstr(buf_str(&got), "verlangt Schwierigkeit komplex, was nicht angegeben"));
    assert_non_null(strstr(buf_str(&got), ": Auffangstelle, weil keine Regel eine andere nennt"));
    assert_non_null(strstr(buf_str(&got), "Geschützter Vorgang"));
    buf_reset(&got);
    explain(&t, &(struct ask){.place = "nord", .service = "wjh", .to = "egh"}, &got);
    assert_non_null(strstr(buf_str(&got), "weil die Meldung diese Stelle selbst nennt"));
    assert_non_null(strstr(buf_str(&got), "Zur Kenntnis: Stelle nord (nord), nach Regel "));
    buf_release(&got);
    town_close(&t);
}

static void test_explain_is_short(void **state)
{
    (void)state;
    struct town t;
    struct buf routes = BUF_INIT, got = BUF_INIT;
    buf_puts(&routes, "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = (");
    for (int i = 0; i < 500; i++)
        buf_printf(&routes,
                   "{ rule = \"r%d\"; place = \"sued\"; service = \"wjh\"; valid_from = "
                   "\"2028-01-01\"; continue = true; },",
                   i);
    buf_puts(&routes, "{ rule = \"last\"; place = \"nord\"; to = [\"nord\"]; } ); };");
    town_open(&t, buf_str(&routes));
    explain(&t, &(struct ask){.place = "nord"}, &got);
    assert_non_null(strstr(buf_str(&got), "Übergangen: 488 weitere Regeln.\n"));
    assert_true(got.len < 4096);
    buf_release(&routes);
    buf_release(&got);
    town_close(&t);
}

static void test_gaps(void **state)
{
    (void)state;
    struct town t;
    struct buf got = BUF_INIT;
    town_open(&t, rules);
    size_t gaps = routing_gaps(t.routing, t.dir, noon("2026-11-20"), &got);
    assert_int_equal(gaps, 1);
    assert_string_equal(buf_str(&got), "Süd x Wirtschaftliche Jugendhilfe: nur Auffangregel\n");
    buf_release(&got);
    town_close(&t);
}

static const char *pick(const char *const *list, size_t n, unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return list[(*seed >> 16) % n];
}

static const char *const some_places[] = {NULL, "stadt", "nord", "hafen", "sued"};
static const char *const some_areas[] = {NULL, NULL, "sgb8", "sgb9"};
static const char *const some_services[] = {NULL, "wjh", "egh"};
static const char *const some_units[] = {NULL, NULL, NULL, "meldestelle", "zentrale"};
static const char *const some_complexities[] = {NULL, NULL, "grund", "complex"};
static const char *const some_dates[] = {"2026-06-01", "2027-06-01", "2028-06-01"};

static void put_member(struct buf *out, const char *name, const char *value)
{
    if (value)
        buf_printf(out, " %s = \"%s\";", name, value);
}

static void put_random_rules(struct buf *out, int depth, int count, unsigned *seed)
{
    static const char *const tos[] = {"nord", "sued", "egh", "hafen", "leitung", "zentrale"};
    static const char *const kinds[] = {NULL, NULL, "handover", "referral"};
    for (int i = 0; i < count; i++) {
        buf_printf(out, "%s{ rule = \"r%d\";", i ? ", " : "", i);
        put_member(out, "place", pick(some_places, COUNT_OF(some_places), seed));
        put_member(out, "area", pick(some_areas, COUNT_OF(some_areas), seed));
        put_member(out, "service", pick(some_services, COUNT_OF(some_services), seed));
        put_member(out, "from_unit", pick(some_units, COUNT_OF(some_units), seed));
        put_member(out, "complexity", pick(some_complexities, COUNT_OF(some_complexities), seed));
        put_member(out, "kind", pick(kinds, COUNT_OF(kinds), seed));
        put_member(out, "valid_from", pick(some_dates, COUNT_OF(some_dates), seed));
        if (pick(some_places, 5, seed))
            buf_printf(out, " to = [\"%s\"];", pick(tos, COUNT_OF(tos), seed));
        if (!pick(some_places, 5, seed))
            buf_puts(out, " continue = true;");
        if (depth > 0) {
            buf_puts(out, " rules = ( ");
            put_random_rules(out, depth - 1, 4, seed);
            buf_puts(out, " );");
        }
        buf_puts(out, " }");
    }
}

/* The rule at which a plain walk ends, without the index. */
static void plain_walk(const struct rule *rule, const struct facts *facts, struct buf *out)
{
    for (size_t i = 0; i < rule->children; i++) {
        const struct rule *child = rule->child[i];
        if (rule_fails(child, facts) != COND_COUNT || !rule_in_force(child, facts))
            continue;
        plain_walk(child, facts, out);
        if (!child->onward)
            return;
    }
    buf_printf(out, "%s ", rule->name);
}

static void index_walk(const struct routing *routing, const struct rule *rule,
                       const struct facts *facts, struct buf *out)
{
    const struct rule *child = route_index_next(routing, rule, facts, -1);
    for (; child; child = route_index_next(routing, rule, facts, child->order)) {
        index_walk(routing, child, facts, out);
        if (!child->onward)
            return;
    }
    buf_printf(out, "%s ", rule->name);
}

static void compare_walks(const struct town *t, unsigned *seed)
{
    struct ask ask = {.place = pick(some_places, COUNT_OF(some_places), seed),
                      .area = pick(some_areas, COUNT_OF(some_areas), seed),
                      .service = pick(some_services, COUNT_OF(some_services), seed),
                      .from = pick(some_units, COUNT_OF(some_units), seed),
                      .complexity = pick(some_complexities, COUNT_OF(some_complexities), seed),
                      .kind = pick(some_places, 2, seed) ? ITEM_HANDOVER : ITEM_REFERRAL,
                      .date = pick(some_dates, COUNT_OF(some_dates), seed)};
    struct route_query query = query_of(t, &ask);
    struct facts facts;
    struct buf plain = BUF_INIT, indexed = BUF_INIT, text = BUF_INIT;
    facts_set(&facts, t->routing, &query);
    plain_walk(t->routing->root, &facts, &plain);
    index_walk(t->routing, t->routing->root, &facts, &indexed);
    assert_string_equal(buf_str(&indexed), buf_str(&plain));
    struct route_result result;
    route_decide(t->routing, t->dir, &query, &result);
    assert_in_range(result.targets, 1, RECIPIENTS_MAX);
    explain(t, &ask, &text);
    assert_non_null(strstr(buf_str(&text), "Empfänger: "));
    buf_release(&plain);
    buf_release(&indexed);
    buf_release(&text);
}

static void test_index_is_the_walk(void **state)
{
    (void)state;
    unsigned seed = 20261120;
    for (int round = 0; round < 20; round++) {
        struct town t;
        struct buf routes = BUF_INIT;
        buf_puts(&routes, "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = ( ");
        put_random_rules(&routes, 2, 12, &seed);
        buf_puts(&routes, " ); };");
        town_open(&t, buf_str(&routes));
        assert_int_equal(t.faults.errors, 0);
        for (int i = 0; i < 200; i++)
            compare_walks(&t, &seed);
        town_close(&t);
        buf_release(&routes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),  cmocka_unit_test(test_continue),
        cmocka_unit_test(test_explain), cmocka_unit_test(test_explain_is_short),
        cmocka_unit_test(test_gaps),    cmocka_unit_test(test_index_is_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
