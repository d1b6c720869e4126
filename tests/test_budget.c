/*
 * budget.c, store_budget.c, directory_budgets.c: what approvals commit, thresholds that are told
 * once, frozen lines (DO6); faults of the configuration.
 */
#include "../daemon/budget.h"
#include "routing_rig.h"

static const struct routing_more lines = {
    .rest = "budgets = ( { line = \"bb-2026\"; total_cents = 6000000; committed_cents = 4450000;"
            " thresholds = [ 75, 90, 100 ]; lead = \"sb-leitung\"; },"
            " { line = \"leer\"; total_cents = 0; lead = \"sb-leitung\"; } );\n"};

static void begin(struct gateway_rig *rig)
{
    routing_config(rig, &lines);
    store_begin(rig->g.store);
}

/* One step after the other on the same line. */
static const struct {
    const char *label;
    int64_t cents;
    enum budget_verdict want;
    int crossed;
    int64_t committed;
    int percent;
} steps[] = {
    {"nothing yet", 0, BUDGET_DONE, 0, 4450000, 74},
    {"a cent below", 49999, BUDGET_DONE, 0, 4499999, 74},
    {"exactly the threshold", 1, BUDGET_DONE, 75, 4500000, 75},
    {"told once", 80000, BUDGET_DONE, 0, 4580000, 76},
    {"given back below it", -80001, BUDGET_DONE, 0, 4499999, 74},
    {"and over it again: not told again", 80001, BUDGET_DONE, 0, 4580000, 76},
    {"two at a stroke: the higher", 1500000, BUDGET_OVERDRAWN, 100, 6080000, 101},
    {"overdrawn is told, not refused", 100, BUDGET_OVERDRAWN, 0, 6080100, 101},
    {"never below nothing", -99999999, BUDGET_DONE, 0, 0, 0},
};

static void test_commit(void **state)
{
    struct gateway_rig *rig = *state;
    begin(rig);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct budget_row row;
        int crossed = -1;
        enum budget_verdict got = budget_commit(&rig->g, "bb-2026", steps[i].cents, &crossed);
        assert_true(budget_look(&rig->g, "bb-2026", &row));
        if (got != steps[i].want || crossed != steps[i].crossed ||
            row.committed_cents != steps[i].committed || budget_percent(&row) != steps[i].percent)
            fail_msg("%s: %d %d %lld %d", steps[i].label, (int)got, crossed,
                     (long long)row.committed_cents, budget_percent(&row));
    }
    rig_commit(rig);
}

/* DO6 as it stands: 60.000 and 44.500 Euro, an approval of 800. */
static void test_do6(void **state)
{
    struct gateway_rig *rig = *state;
    struct budget_row row;
    int crossed;
    begin(rig);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", 80000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 75);
    assert_true(budget_look(&rig->g, "bb-2026", &row));
    assert_int_equal(row.committed_cents, 4530000);
    assert_int_equal(budget_percent(&row), 75);
    rig_commit(rig);
}

static void test_frozen(void **state)
{
    struct gateway_rig *rig = *state;
    struct budget_row row;
    int crossed;
    begin(rig);
    assert_int_equal(budget_freeze(&rig->g, "bb-2026", true), BUDGET_DONE);
    assert_int_equal(budget_freeze(&rig->g, "bb-2026", true), BUDGET_DONE);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", 5000000, &crossed), BUDGET_FROZEN);
    assert_int_equal(crossed, 0);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", -1000, &crossed), BUDGET_DONE);
    assert_true(budget_look(&rig->g, "bb-2026", &row));
    assert_int_equal(row.committed_cents, 4449000);
    assert_true(row.frozen);
    assert_int_equal(budget_freeze(&rig->g, "bb-2026", false), BUDGET_DONE);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", 1000, &crossed), BUDGET_DONE);
    rig_commit(rig);
    /* Nothing of it is in memory only. */
    outbox_close(rig->g.outbox, 0);
    store_close(rig->g.store);
    rig_open_store(rig);
    assert_true(budget_look(&rig->g, "bb-2026", &row));
    assert_int_equal(row.committed_cents, 4450000);
    assert_false(row.frozen);
}

static void test_set(void **state)
{
    struct gateway_rig *rig = *state;
    struct budget_row row;
    int crossed;
    begin(rig);
    assert_int_equal(budget_set(&rig->g, "bb-2026", 5500000, 6000000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 90);
    assert_int_equal(budget_set(&rig->g, "bb-2026", 5500000, 6000000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 0);
    /* A new year: told of anew. */
    assert_int_equal(budget_set(&rig->g, "bb-2026", 0, 7000000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 0);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", 5300000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 75);
    assert_int_equal(budget_set(&rig->g, "bb-2026", -5, -7, &crossed), BUDGET_DONE);
    assert_true(budget_look(&rig->g, "bb-2026", &row));
    assert_int_equal(row.committed_cents, 0);
    assert_int_equal(row.total_cents, 0);
    assert_int_equal(budget_commit(&rig->g, "leer", 1, &crossed), BUDGET_OVERDRAWN);
    assert_int_equal(crossed, 100);
    rig_commit(rig);
}

static void test_unknown(void **state)
{
    struct gateway_rig *rig = *state;
    static const char *const wrong[] = {"", "bb-2027", "bb-2026 ", "BB-2026", "' or 1=1 --"};
    struct budget_row row;
    int crossed;
    begin(rig);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(budget_commit(&rig->g, wrong[i], 1, &crossed), BUDGET_UNKNOWN);
        assert_int_equal(budget_set(&rig->g, wrong[i], 1, 1, &crossed), BUDGET_UNKNOWN);
        assert_int_equal(budget_freeze(&rig->g, wrong[i], true), BUDGET_UNKNOWN);
        assert_false(budget_look(&rig->g, wrong[i], &row));
    }
    rig_commit(rig);
}

static void put_line(void *context, const struct budget_row *row)
{
    buf_printf(context, "%s %lld ", row->line, (long long)row->committed_cents);
}

/* A line that left the configuration is not forgotten. */
static void test_each(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct routing_more fewer = {
        .rest = "budgets = ( { line = \"leer\"; total_cents = 1; lead = \"sb-leitung\"; } );\n"};
    struct buf got = BUF_INIT;
    int crossed;
    begin(rig);
    budget_commit(&rig->g, "bb-2026", 100, &crossed);
    rig_commit(rig);
    budget_each(&rig->g, &got, put_line);
    assert_string_equal(buf_str(&got), "bb-2026 4450100 leer 0 ");
    buf_reset(&got);
    routing_config(rig, &fewer);
    budget_each(&rig->g, &got, put_line);
    assert_string_equal(buf_str(&got), "leer 0 bb-2026 4450100 ");
    buf_release(&got);
}

/* What the line was told of survives a rollback: it is told again. */
static void test_rollback(void **state)
{
    struct gateway_rig *rig = *state;
    int crossed;
    begin(rig);
    budget_commit(&rig->g, "bb-2026", 80000, &crossed);
    store_rollback(rig->g.store);
    store_begin(rig->g.store);
    assert_int_equal(budget_commit(&rig->g, "bb-2026", 80000, &crossed), BUDGET_DONE);
    assert_int_equal(crossed, 75);
    rig_commit(rig);
}

#define LINE(more) "budgets = ( { line = \"b\"; lead = \"asd\"; " more " } );"

static const struct {
    const char *label, *in, *want;
} wrong[] = {
    {"no list", "budgets = 5;", "\"budgets\" must be a list"},
    {"no group", "budgets = ( 7 );", "a budget in braces belongs here"},
    {"no line", "budgets = ( { total_cents = 1; lead = \"asd\"; } );", "\"line\" must have 1 to"},
    {"line of other characters",
     "budgets = ( { line = \"Bl 1\"; total_cents = 1; lead = \"asd\"; } );", "\"line\" must have"},
    {"twice",
     "budgets = ( { line = \"b\"; total_cents = 1; lead = \"asd\"; },"
     " { line = \"b\"; total_cents = 1; lead = \"asd\"; } );",
     "budget line \"b\" stands here twice"},
    {"no total", LINE(""), "a budget needs its \"total_cents\""},
    {"negative", LINE("total_cents = -1;"), "\"total_cents\""},
    {"negative start", LINE("total_cents = 1; committed_cents = -1;"), "\"committed_cents\""},
    {"no lead", "budgets = ( { line = \"b\"; total_cents = 1; } );", "a budget needs a \"lead\""},
    {"unknown lead", "budgets = ( { line = \"b\"; total_cents = 1; lead = \"asdd\"; } );",
     "there is no unit \"asdd\"; did you mean \"asd\"?"},
    {"falling", LINE("total_cents = 1; thresholds = [ 90, 75 ];"), "\"thresholds\" are at most 5"},
    {"zero", LINE("total_cents = 1; thresholds = [ 0 ];"), "\"thresholds\" are at most 5"},
    {"huge", LINE("total_cents = 1; thresholds = [ 2000000 ];"), "\"thresholds\" are at most 5"},
    {"six", LINE("total_cents = 1; thresholds = [ 1, 2, 3, 4, 5, 6 ];"), "\"thresholds\" are"},
    {"text", LINE("total_cents = 1; thresholds = [ \"75\" ];"), "\"thresholds\" are at most 5"},
    {"misspelt", LINE("total_cent = 1;"), "unknown setting \"total_cent\""},
};

static void test_faults(void **state)
{
    struct gateway_rig *rig = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct buf text = BUF_INIT, err = BUF_INIT, report = BUF_INIT;
        rig_write_config(rig->dir);
        assert_int_equal(buf_read_file(&text, path, 1 << 20, &err), 0);
        buf_printf(&text, "%s\n", wrong[i].in);
        rig_write(rig->dir, "stafette.conf", buf_str(&text));
        struct config *config = config_load(path, &report);
        if (config || !strstr(buf_str(&report), wrong[i].want))
            fail_msg("%s: %s", wrong[i].label, buf_str(&report));
        buf_release(&text);
        buf_release(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit),  TEST(test_do6),  TEST(test_frozen),   TEST(test_set),
        TEST(test_unknown), TEST(test_each), TEST(test_rollback), TEST(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
