/*
 * What the workflow makes of the routing rules: a second function's task (KI2), numbers (UL3),
 * counted early warnings (DO12), hints to pool (KI8), budgets (DO6), no provider (BI3), the least
 * loaded (DO7).
 */
#include "workflow_rig.h"

#include "../daemon/budget.h"
#include "../daemon/store_tally.h"
#include "routing_rig.h"

static const struct routing_more more = {
    .units = RIG_UNIT("buero-a", "provider", "") "," RIG_UNIT("buero-b", "provider", "") ",",
    .permissions = " { from = \"*\"; to = \"buero-a\"; kinds = [ \"referral\" ];"
                   " bases = [ \"sgb2_16a\" ]; },"
                   " { from = \"*\"; to = \"buero-b\"; kinds = [ \"referral\" ];"
                   " bases = [ \"sgb2_16a\" ]; },",
    .agreements = " { provider = \"buero-a\"; from = \"2024-01-01\"; to = \"2029-12-31\"; },"
                  " { provider = \"buero-b\"; from = \"2024-01-01\"; to = \"2029-12-31\"; },",
    .rules = " { rule = \"front\"; kind = \"handover\"; place = \"nord\"; to = [ \"sozialbuero\" ];"
             " tasks = [ \"sb-vertretung\" ]; count_copy = [ \"jobcenter\" ]; },"
             " { rule = \"oft\"; kind = \"task\"; code = \"missed_appt\"; min_count = 3;"
             " to = [ \"sb-leitung\" ]; },"
             " { rule = \"zwei\"; kind = \"task\"; code = \"missed_appt\"; min_count = 2;"
             " to = [ \"sozialbuero\" ]; },"
             " { rule = \"zwei-bueros\"; kind = \"referral\"; service = \"schuldner\";"
             " choose = \"least_loaded\"; to = [ \"buero-a\", \"buero-b\" ]; },",
    .rest = "budgets = ( { line = \"bl_16a\"; total_cents = 6000000; committed_cents = 4450000;"
            " lead = \"sb-leitung\"; } );\n"};

static bool put_task(void *context, const struct item *task)
{
    if (task->kind == ITEM_TASK)
        buf_printf(context, "%s:%s:%lld ", task->code, task->waiting_unit,
                   (long long)task->amount_cents);
    return true;
}

/* Every open task of the store: code:unit:number. */
static void expect_tasks(const struct gateway_rig *rig, const char *want)
{
    struct buf got = BUF_INIT;
    store_item_each(rig->g.store, false, 0, &got, put_task);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static void count_all(void *context, const char *unit, int64_t week, int64_t items)
{
    (void)week;
    assert_string_equal(unit, "jobcenter");
    *(int64_t *)context += items;
}

static int64_t counted(const struct gateway_rig *rig)
{
    int64_t n = 0;
    store_tally_each(rig->g.store, 0, &n, count_all);
    return n;
}

#define IN_NORD "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\",\"service\":\"hlu\"}"

static void test_beside(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &more);
    rig_event(rig, "jugendamt", "handover.requested", "", IN_NORD);
    rig_expect_said(rig, "accepted");
    expect_tasks(rig, "second_function:sb-vertretung:0 ");
    assert_int_equal(counted(rig), 1);
    rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,", IN_NORD);
    rig_expect_said(rig, "accepted");
    expect_tasks(rig, "second_function:sb-vertretung:0 ");
    assert_int_equal(counted(rig), 1);
}

static const struct {
    int count;
    const char *want;
} warnings[] = {
    {1, ""},
    {2, "missed_appt:sozialbuero:2 "},
    {3, "missed_appt:sozialbuero:2 missed_appt:sb-leitung:3 "},
};

static void test_counted_warning(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &more);
    for (size_t i = 0; i < COUNT_OF(warnings); i++) {
        char data[160];
        snprintf(data, sizeof data,
                 "{\"case_ref\":\"" RIG_CASE "\",\"code\":\"missed_appt\",\"count\":%d}",
                 warnings[i].count);
        rig_event(rig, "jugendamt", "earlywarning.raised", "", data);
        rig_expect_said(rig, "accepted");
        expect_tasks(rig, warnings[i].want);
    }
}

#define APPROVED(cents)                                                                            \
    "{\"by_role\":\"asd-leitung\",\"budget_line\":\"bl_16a\",\"amount_cents\":" cents "}"

static int64_t refer(struct gateway_rig *rig, const char *service)
{
    char data[400];
    snprintf(data, sizeof data,
             "{\"case_ref\":\"" RIG_CASE "\",\"service\":\"%s\",\"place\":\"nord\","
             "\"from_unit\":\"asd\",\"legal_basis\":\"sgb2_16a\",\"complexity\":\"complex\","
             "\"offer_check\":\"none\"}",
             service);
    int64_t item = rig_event(rig, "jugendamt", "referral.requested", "", data)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

static void test_budget(void **state)
{
    struct gateway_rig *rig = *state;
    int crossed;
    routing_config(rig, &more);
    int64_t item = refer(rig, "schuldner");
    event_at(rig, item, "jugendamt", "referral.approved", APPROVED("80000"));
    rig_expect_said(rig, "accepted");
    expect_tasks(rig, "budget:sb-leitung:75 ");
    store_begin(rig->g.store);
    budget_freeze(&rig->g, "bl_16a", true);
    rig_commit(rig);
    int64_t second = refer(rig, "schuldner");
    event_at(rig, second, "jugendamt", "referral.approved", APPROVED("100"));
    rig_expect_said(rig, "refused E-BUDGET data.budget_line");
    assert_int_equal(rig_item(rig, second).state, STATE_APPROVAL_PENDING);
    store_begin(rig->g.store);
    budget_freeze(&rig->g, "bl_16a", false);
    assert_int_equal(budget_commit(&rig->g, "bl_16a", 0, &crossed), BUDGET_DONE);
    rig_commit(rig);
    event_at(rig, second, "jugendamt", "referral.approved", APPROVED("100"));
    rig_expect_said(rig, "accepted");
    expect_tasks(rig, "budget:sb-leitung:75 ");
}

/* The second goes to the other office, because the first has one by then. */
static void test_least_loaded(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &more);
    int64_t first = refer(rig, "schuldner");
    event_at(rig, first, "jugendamt", "referral.approved", APPROVED("1"));
    assert_string_equal(rig_item(rig, first).to_unit, "buero-a");
    int64_t second = refer(rig, "schuldner");
    event_at(rig, second, "jugendamt", "referral.approved", APPROVED("1"));
    assert_string_equal(rig_item(rig, second).to_unit, "buero-b");
}

static void test_no_partner(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    routing_config(rig, &more);
    int64_t item = refer(rig, "hlu");
    event_at(rig, item, "jugendamt", "referral.approved", APPROVED("1"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).state, STATE_HELD);
    rig_tell(rig, item, &text);
    assert_null(strstr(buf_str(&text), "referral.offered"));
    assert_non_null(strstr(buf_str(&text), "status referral.held"));
    assert_non_null(strstr(buf_str(&text), "waiting=asd "));
    buf_release(&text);
}

static void test_pool(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &more);
    for (int i = 0; i < 4; i++) {
        refer(rig, "schuldner");
        expect_tasks(rig, i < 2 ? "" : "pool_hint:asd-leitung:3 ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_beside),       TEST(test_counted_warning), TEST(test_budget),
        TEST(test_least_loaded), TEST(test_no_partner),      TEST(test_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
