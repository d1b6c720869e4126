/*
 * route*.c: what routes tasks, referrals and parallel work: codes and counts, candidates, tasks,
 * copies that are only a number, approval; and tables that promise to be complete.
 */
#include "route_town.h"

static int64_t noon(const char *date)
{
    int64_t day;
    assert_true(date_parse(date, &day));
    return berlin_to_ms(day, 12 * 3600);
}

static const char rules[] = IN_ROOT(
    "{ rule = \"warnung\"; kind = \"task\"; to = [\"nord\"]; rules = ("
    "  { rule = \"oft\"; code = \"missed_appt\"; min_count = 3; to = [\"leitung\"]; },"
    "  { rule = \"zwei\"; code = \"missed_appt\"; min_count = 2; to = [\"egh\"]; },"
    "  { rule = \"klinik\"; code = \"hospital_discharge\"; place = \"nord\"; to = [\"hafen\"]; } "
    "); },"
    "{ rule = \"v\"; kind = \"referral\"; rules = ("
    "  { rule = \"grund\"; complexity = \"grund\"; to = [\"egh\"]; needs_approval = false; },"
    "  { rule = \"komplex\"; complexity = \"complex\"; choose = \"least_loaded\";"
    "    to = [\"nord\", \"sued\", \"hafen\", \"zentrale\"]; copy = [\"leitung\"]; } ); },"
    "{ rule = \"front\"; place = \"sued\"; to = [\"sued\"]; tasks = [\"zentrale\"];"
    "  copy = [\"zentrale\"]; },"
    "{ rule = \"hafen\"; place = \"hafen\"; to = [\"hafen\"]; tasks = [\"hafen\"]; },"
    "{ rule = \"egh\"; service = \"egh\"; to = [\"egh\"]; count_copy = [\"nord\"]; }");

static const struct {
    const char *label;
    enum item_kind kind;
    const char *place, *service, *code, *complexity, *to;
    int64_t count;
    bool restricted;
    const char *want; /* rule targets +copies; "t:" tasks "n:" counts "c:" candidates */
} cases[] = {
    {"code not known", ITEM_TASK, "", "", "contact_loss", "", "", 0, false, "root/warnung nord"},
    {"no code", ITEM_TASK, "", "", "", "", "", 5, false, "root/warnung nord"},
    {"once", ITEM_TASK, "", "", "missed_appt", "", "", 1, false, "root/warnung nord"},
    {"twice", ITEM_TASK, "", "", "missed_appt", "", "", 2, false, "root/warnung/zwei egh"},
    {"the rarer rule first", ITEM_TASK, "", "", "missed_appt", "", "", 7, false,
     "root/warnung/oft leitung"},
    {"code below a place", ITEM_TASK, "hafen", "", "hospital_discharge", "", "", 0, false,
     "root/warnung/klinik hafen"},
    {"code elsewhere", ITEM_TASK, "sued", "", "hospital_discharge", "", "", 0, false,
     "root/warnung nord"},
    {"internal service needs no approval", ITEM_REFERRAL, "", "", "", "grund", "", 0, false,
     "root/v/grund egh c:egh"},
    {"four candidates, one asked", ITEM_REFERRAL, "", "", "", "complex", "", 0, false,
     "root/v/komplex nord +leitung c:nord c:sued c:hafen c:zentrale approval least"},
    {"a wish leaves the candidates", ITEM_REFERRAL, "", "", "", "complex", "hafen", 0, false,
     "root/v/komplex hafen +leitung c:nord c:sued c:hafen c:zentrale approval least"},
    {"nobody for it: the root", ITEM_REFERRAL, "", "", "", "", "", 0, false,
     "root/v koordination c:koordination approval"},
    {"a task beside, nobody twice", ITEM_HANDOVER, "sued", "", "", "", "", 0, false,
     "root/front sued t:zentrale"},
    {"the owner has no second task", ITEM_HANDOVER, "hafen", "", "", "", "", 0, false,
     "root/hafen hafen"},
    {"restricted: no task", ITEM_HANDOVER, "sued", "", "", "", "", 0, true, "root/front sued"},
    {"only a number", ITEM_HANDOVER, "", "egh", "", "", "", 0, false, "root/egh egh n:nord"},
    {"restricted: not even a number", ITEM_HANDOVER, "", "egh", "", "", "", 0, true,
     "root/egh egh"},
};

static void put_result(struct buf *out, const struct route_query *q, const struct route_result *r)
{
    buf_printf(out, "%s", rule_name(r->rule));
    for (size_t i = 0; i < r->targets; i++)
        buf_printf(out, " %s%s", i >= r->targets - r->copies ? "+" : "", r->target[i].unit->id);
    for (size_t i = 0; i < r->tasks; i++)
        buf_printf(out, " t:%s", r->task[i]->id);
    for (size_t i = 0; i < r->count_copies; i++)
        buf_printf(out, " n:%s", r->count_copy[i]->id);
    for (size_t i = 0; i < r->candidates; i++)
        buf_printf(out, " c:%s", r->candidate[i]->id);
    if (q->kind == ITEM_REFERRAL && r->needs_approval)
        buf_puts(out, " approval");
    if (r->choice == CHOOSE_LEAST_LOADED)
        buf_puts(out, " least");
}

static struct route_query query_of(const struct town *t, size_t i)
{
    return (struct route_query){
        .kind = cases[i].kind,
        .place = directory_place(t->dir, cases[i].place),
        .service = directory_service(t->dir, cases[i].service),
        .complexity = cases[i].complexity,
        .code = cases[i].code,
        .count = cases[i].count,
        .to = directory_unit(t->dir, cases[i].to),
        .restricted = cases[i].restricted,
        .at_ms = noon("2026-11-20"),
    };
}

static void test_kinds(void **state)
{
    (void)state;
    struct town t;
    town_open(&t, rules);
    assert_string_equal(buf_str(&t.report), "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct route_query query = query_of(&t, i);
        struct route_result result;
        struct buf got = BUF_INIT;
        route_decide(t.routing, t.dir, &query, &result);
        put_result(&got, &query, &result);
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: got \"%s\"", cases[i].label, buf_str(&got));
        buf_release(&got);
    }
    town_close(&t);
}

static void test_explain(void **state)
{
    (void)state;
    struct town t;
    static const struct {
        size_t in;
        const char *want;
    } lines[] = {
        {2, "root/warnung/zwei (f:8) verlangt, dass es mindestens 2-mal vorkam.\n"},
        {3, "Gefragt: Vorgangsart Aufgabe, Dringlichkeit normal, Anlass missed_appt, zum 2. Mal, "},
        {0, ", Anlass contact_loss, nach den Regeln vom "},
        {0, " verlangt Anlass missed_appt, was nicht angegeben ist.\n"},
        {8,
         "Zur Auswahl stehen, jeweils nur eine Stelle: nord, sued, hafen, zentrale; zuerst die "},
        {11, "Eigene Aufgabe: Stelle zentrale (zentrale); der Vorgang endet erst, wenn"},
        {14, "Nur als Zahl: Stelle nord (nord) erfährt die Anzahl, nicht diesen Vorgang.\n"},
    };
    town_open(&t, rules);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct route_query query = query_of(&t, lines[i].in);
        struct buf got = BUF_INIT;
        route_explain(t.routing, t.dir, &query, &got);
        if (!strstr(buf_str(&got), lines[i].want))
            fail_msg("line %zu is not in:\n%s", i, buf_str(&got));
        assert_non_null(strstr(buf_str(&got), routing_version(t.routing)));
        buf_release(&got);
    }
    town_close(&t);
}

/* KI10: the quarter before the task, because its rule stands first; and the other way round. KI1:
 * the place alone switches a quarter over. */
static void test_place_over_task(void **state)
{
    static const char place[] = "{ rule = \"quartier\"; place = \"hafen\"; to = [\"hafen\"]; },";
    static const char task[] = "{ rule = \"aufgabe\"; service = \"egh\"; to = [\"egh\"]; },";
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct town t;
        struct buf routes = BUF_INIT, got = BUF_INIT;
        struct route_result result;
        buf_printf(&routes,
                   "routes = { policy = \"standard\"; to = [\"koordination\"]; rules = ( %s%s"
                   "{ rule = \"rest\"; to = [\"zentrale\"]; } ); };",
                   swapped ? task : place, swapped ? place : task);
        town_open(&t, buf_str(&routes));
        struct route_query query = {.place = directory_place(t.dir, "hafen"),
                                    .service = directory_service(t.dir, "egh"),
                                    .at_ms = noon("2026-11-20")};
        route_decide(t.routing, t.dir, &query, &result);
        assert_string_equal(result.target[0].unit->id, swapped ? "egh" : "hafen");
        query.place = directory_place(t.dir, "sued");
        route_decide(t.routing, t.dir, &query, &result);
        assert_string_equal(result.target[0].unit->id, "egh");
        query.service = directory_service(t.dir, "wjh");
        route_explain(t.routing, t.dir, &query, &got);
        assert_non_null(strstr(buf_str(&got), "Übergangen: Regel root/quartier"));
        town_close(&t);
        buf_release(&routes);
        buf_release(&got);
    }
}

#define CELLS                                                                                      \
    "{ rule = \"nord\"; place = \"nord\"; to = [\"nord\"]; },"                                     \
    "{ rule = \"egh\"; service = \"egh\"; kind = \"referral\"; to = [\"egh\"]; }"
#define TABLE(complete, more)                                                                      \
    "\nroutes = { " complete                                                                       \
    " policy = \"standard\"; to = [\"koordination\"]; rules = ( " more CELLS " ); };"

static const struct {
    const char *label, *routes;
    size_t want;
    const char *says; /* in the report; "" nothing */
} tables[] = {
    {"no promise, no fault", TABLE("", ""), 0, ""},
    {"two cells", TABLE("complete = true;", ""), 2,
     "f:8: the table says complete, but no rule takes \"Süd x Wirtschaftliche Jugendhilfe\" (sued, "
     "wjh)"},
    {"whole", TABLE("complete = true;", "{ rule = \"s\"; place = \"sued\"; to = [\"sued\"]; },"), 0,
     ""},
    {"ends next year, twice two cells missing from then on",
     TABLE("complete = true;",
           "{ rule = \"s\"; place = \"sued\"; to = [\"sued\"]; valid_to = \"2027-04-01\"; },"),
     2, "on Do 01.04.2027 00:00; add a rule"},
    {"was whole until last year",
     TABLE("complete = true;",
           "{ rule = \"s\"; place = \"sued\"; to = [\"sued\"]; valid_from = \"2025-04-01\"; },"),
     0, ""},
};

static void test_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct town t;
        struct buf report = BUF_INIT;
        town_open(&t, tables[i].routes);
        assert_non_null(t.routing);
        size_t gaps = routing_incomplete(t.routing, t.dir, noon("2026-11-20"), &report);
        if (gaps != tables[i].want || !strstr(buf_str(&report), tables[i].says) ||
            (report.len == 0) != (gaps == 0))
            fail_msg("%s: %zu, %s", tables[i].label, gaps, buf_str(&report));
        buf_release(&report);
        town_close(&t);
    }
}

/* A service that only providers have is asked for by a referral. */
static void test_gap_kinds(void **state)
{
    (void)state;
    struct town t;
    struct buf got = BUF_INIT;
    town_open(&t, IN_ROOT("{ rule = \"w\"; service = \"wjh\"; to = [\"nord\"]; },"
                          "{ rule = \"e\"; service = \"egh\"; kind = \"referral\";"
                          "  place = \"nord\"; to = [\"egh\"]; }"));
    assert_int_equal(routing_gaps(t.routing, t.dir, noon("2026-11-20"), &got), 1);
    assert_string_equal(buf_str(&got), "Süd x Eingliederungshilfe: nur Auffangregel\n");
    buf_release(&got);
    town_close(&t);
}

static void test_next_change(void **state)
{
    (void)state;
    struct town t;
    town_open(&t, IN_ROOT("{ rule = \"a\"; to = [\"nord\"]; valid_to = \"2027-04-01\"; rules = ("
                          "{ rule = \"b\"; valid_from = \"2027-01-01\"; to = [\"egh\"]; } ); }"));
    int64_t at_ms = routing_next_change(t.routing, noon("2026-11-20"));
    assert_int_equal(at_ms, noon("2027-01-01") - 12 * 3600000);
    at_ms = routing_next_change(t.routing, at_ms);
    assert_int_equal(at_ms, noon("2027-04-01") - 12 * 3600000);
    assert_int_equal(routing_next_change(t.routing, at_ms), 0);
    town_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),           cmocka_unit_test(test_explain),
        cmocka_unit_test(test_place_over_task), cmocka_unit_test(test_complete),
        cmocka_unit_test(test_gap_kinds),       cmocka_unit_test(test_next_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
