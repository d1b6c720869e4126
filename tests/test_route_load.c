/*
 * route_load.c: faults and warnings of the routes in the configuration, and their version.
 */
#include "route_town.h"

static const struct {
    const char *label, *in, *want;
} wrong[] = {
    {"missing", "", "\"routes\" is missing"},
    {"no group", "routes = 5;", "\"routes\" is missing"},
    {"root without to", "routes = { policy = \"standard\"; };", "\"routes\" needs \"to\""},
    {"root without policy", "routes = { to = [\"egh\"]; };", "\"routes\" needs \"policy\""},
    {"root with condition",
     "routes = { place = \"nord\"; policy = \"standard\"; to = [\"egh\"]; };",
     "unknown setting \"place\""},
    {"unknown unit", IN_ROOT("{ rule = \"a\"; to = [\"nrod\"]; }"),
     ":8: unknown unit \"nrod\"; did you mean \"nord\"?"},
    {"unknown place", IN_ROOT("{ rule = \"a\"; place = \"nrd\"; }"),
     "unknown place \"nrd\"; did you mean \"nord\"?"},
    {"unknown service", IN_ROOT("{ rule = \"a\"; service = \"zzzzz\"; }"),
     "unknown service \"zzzzz\"; define it or correct the name"},
    {"unknown giver", IN_ROOT("{ rule = \"a\"; from_unit = \"legh\"; }"),
     "unknown unit \"legh\"; did you mean \"egh\"?"},
    {"unknown policy", IN_ROOT("{ rule = \"a\"; policy = \"standart\"; }"),
     "unknown policy \"standart\"; did you mean \"standard\"?"},
    {"kind", IN_ROOT("{ rule = \"a\"; kind = \"refusal\"; }"),
     "\"kind\" must be handover, referral, emergency or task"},
    {"urgency", IN_ROOT("{ rule = \"a\"; urgency = \"hoch\"; }"), "\"urgency\" must be routine"},
    {"complexity", IN_ROOT("{ rule = \"a\"; complexity = \"hoch\"; }"),
     "\"complexity\" must be grund or complex"},
    {"code", IN_ROOT("{ rule = \"a\"; kind = \"task\"; code = \"Haft Ende\"; }"),
     ":8: \"code\" must be a code of a-z, 0-9 and _"},
    {"code empty", IN_ROOT("{ rule = \"a\"; code = \"\"; }"), "\"code\" must be a code"},
    {"count", IN_ROOT("{ rule = \"a\"; code = \"missed_appt\"; min_count = 0; }"), "\"min_count\""},
    {"deadlines are not routed", IN_ROOT("{ rule = \"a\"; kind = \"deadline\"; }"),
     "\"kind\" must be handover"},
    {"choose", IN_ROOT("{ rule = \"a\"; choose = \"cheapest\"; }"),
     ":8: \"choose\" must be least_loaded or in_order"},
    {"approval", IN_ROOT("{ rule = \"a\"; needs_approval = \"no\"; }"), "\"needs_approval\""},
    {"task for nobody", IN_ROOT("{ rule = \"a\"; tasks = [\"nrod\"]; }"),
     "unknown unit \"nrod\"; did you mean \"nord\"?"},
    {"tasks count as told",
     IN_ROOT("{ rule = \"a\"; to = [\"nord\", \"sued\"]; copy = [\"egh\"]; tasks = [\"hafen\"]; }"),
     "name 4 units with what the rule inherits"},
    {"four recipients of a handover",
     IN_ROOT("{ rule = \"a\"; to = [\"nord\", \"sued\", \"egh\", \"hafen\"]; }"), "at most 3"},
    {"counts for four",
     IN_ROOT("{ rule = \"a\"; count_copy = [\"nord\", \"sued\", \"egh\", \"hafen\"]; }"),
     "\"count_copy\" names 4 units; at most 3"},
    {"complete", "routes = { complete = 1; policy = \"standard\"; to = [\"koordination\"]; };",
     "\"complete\""},
    {"misspelt", IN_ROOT("{ rule = \"a\"; plase = \"nord\"; }"),
     "unknown setting \"plase\"; did you mean \"place\"?"},
    {"no name", IN_ROOT("{ place = \"nord\"; }"), "each rule needs a name"},
    {"bad name", IN_ROOT("{ rule = \"Nord/1\"; }"), "each rule needs a name"},
    {"same name", IN_ROOT("{ rule = \"a\"; place = \"nord\"; },\n{ rule = \"a\"; }"),
     "f:9: rule \"root/a\" stands in f:8 already"},
    {"to as text", IN_ROOT("{ rule = \"a\"; to = \"egh\"; }"), "\"to\" must be a list of units"},
    {"to empty", IN_ROOT("{ rule = \"a\"; to = []; }"), "\"to\" is empty"},
    {"to of numbers", IN_ROOT("{ rule = \"a\"; to = [1]; }"), "a unit's id in quotes belongs here"},
    {"twice", IN_ROOT("{ rule = \"a\"; to = [\"egh\", \"egh\"]; }"), "stands here twice"},
    {"too many",
     IN_ROOT("{ rule = \"a\"; to = [\"egh\", \"nord\"]; copy = [\"sued\", \"hafen\"]; }"),
     "name 4 units"},
    {"date", IN_ROOT("{ rule = \"a\"; valid_from = \"2027-02-29\"; }"), "must be a date"},
    {"dates", IN_ROOT("{ rule = \"a\"; valid_from = \"2027-02-02\"; valid_to = \"2027-02-02\"; }"),
     "it must lie after \"valid_from\""},
    {"rules no list", IN_ROOT("{ rule = \"a\"; rules = { }; }"), "\"rules\" must be a list"},
    {"rule no group", IN_ROOT("5"), "a rule in braces belongs here"},
    {"continue", IN_ROOT("{ rule = \"a\"; continue = \"yes\"; }"),
     "\"continue\" must be true or false"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct town t;
        town_open(&t, wrong[i].in);
        if (t.routing || t.faults.errors != 1 || !strstr(buf_str(&t.report), wrong[i].want))
            fail_msg("%s: got %zu \"%s\"", wrong[i].label, t.faults.errors, buf_str(&t.report));
        town_close(&t);
    }
}

static void test_all_faults_at_once(void **state)
{
    (void)state;
    struct town t;
    town_open(&t, IN_ROOT("{ rule = \"a\"; to = [\"nrod\", \"eghh\"]; plase = 1; },\n"
                          "{ rule = \"b\"; rules = ( { rule = \"c\"; place = \"x\"; } ); }"));
    assert_int_equal(t.faults.errors, 4);
    town_close(&t);
}

static void test_depth(void **state)
{
    (void)state;
    struct town t;
    struct buf routes = BUF_INIT;
    buf_puts(&routes, "routes = { policy = \"standard\"; to = [\"egh\"]; ");
    for (int i = 0; i < TREE_DEPTH_MAX + 1; i++)
        buf_puts(&routes, "rules = ( { rule = \"a\"; ");
    for (int i = 0; i < TREE_DEPTH_MAX + 1; i++)
        buf_puts(&routes, "} ); ");
    buf_puts(&routes, "};");
    town_open(&t, buf_str(&routes));
    assert_non_null(strstr(buf_str(&t.report), "nested deeper than 16 levels"));
    town_close(&t);
    buf_release(&routes);
}

static const struct {
    const char *label, *rules;
    const char *hidden; /* the rule that is warned of, or NULL */
} hidden[] = {
    {"others", "{ rule = \"a\"; place = \"nord\"; }, { rule = \"b\"; place = \"sued\"; }", NULL},
    {"narrow first", "{ rule = \"a\"; place = \"hafen\"; }, { rule = \"b\"; place = \"nord\"; }",
     NULL},
    {"wide first", "{ rule = \"a\"; place = \"nord\"; }, { rule = \"b\"; place = \"hafen\"; }",
     "root/b"},
    {"no condition", "{ rule = \"a\"; }, { rule = \"b\"; service = \"egh\"; }", "root/b"},
    {"goes on", "{ rule = \"a\"; continue = true; }, { rule = \"b\"; service = \"egh\"; }", NULL},
    {"same", "{ rule = \"a\"; service = \"egh\"; }, { rule = \"b\"; service = \"egh\"; }",
     "root/b"},
    {"versions",
     "{ rule = \"a\"; service = \"egh\"; valid_to = \"2027-01-01\"; },"
     "{ rule = \"b\"; service = \"egh\"; valid_from = \"2027-01-01\"; }",
     NULL},
    {"version outlived",
     "{ rule = \"a\"; service = \"egh\"; valid_from = \"2027-01-01\"; },"
     "{ rule = \"b\"; service = \"egh\"; valid_from = \"2027-02-01\"; }",
     "root/b"},
};

static void test_hidden(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hidden); i++) {
        struct town t;
        struct buf routes = BUF_INIT, want = BUF_INIT;
        buf_printf(&routes, "routes = { policy = \"standard\"; to = [\"egh\"]; rules = ( %s ); };",
                   hidden[i].rules);
        town_open(&t, buf_str(&routes));
        buf_printf(&want, "warning: rule \"%s\" never applies",
                   hidden[i].hidden ? hidden[i].hidden : "");
        if (!t.routing || t.faults.warnings != (hidden[i].hidden ? 1 : 0) ||
            (hidden[i].hidden && !strstr(buf_str(&t.report), buf_str(&want))))
            fail_msg("%s: got \"%s\"", hidden[i].label, buf_str(&t.report));
        town_close(&t);
        buf_release(&routes);
        buf_release(&want);
    }
}

static void test_version(void **state)
{
    (void)state;
    static const char *const routes[] = {
        IN_ROOT("{ rule = \"a\"; to = [\"egh\"]; }"), IN_ROOT("\n{ rule=\"a\"; to=(\"egh\"); } "),
        IN_ROOT("{ rule = \"a\"; to = [\"nord\"]; }"),
        IN_ROOT("{ rule = \"a\"; to = [\"egh\"]; continue = true; }")};
    char version[COUNT_OF(routes)][17];
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        struct town t;
        town_open(&t, routes[i]);
        assert_int_equal(strlen(routing_version(t.routing)), 16);
        memcpy(version[i], routing_version(t.routing), 17);
        town_close(&t);
    }
    assert_string_equal(version[0], version[1]);
    assert_string_not_equal(version[0], version[2]);
    assert_string_not_equal(version[0], version[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
