/*
 * project.c, directory_projects.c: reports that providers are reminded of once (KI12), faults of
 * the configuration; and vouchers that end (workflow_reminder.c).
 */
#include "../daemon/project.h"
#include "reminder_rig.h"

/* ---- vouchers */

static int64_t approved(struct gateway_rig *rig, const char *until)
{
    struct buf data = BUF_INIT;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    buf_printf(&data,
               "{\"case_ref\":\"" RIG_CASE "\",\"by_role\":\"asd-leitung\","
               "\"budget_line\":\"bl_16a\",\"valid_until\":\"%s\"}",
               until);
    event_at(rig, item, "jugendamt", "referral.approved", buf_str(&data));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    event_at(rig, item, "traeger", "referral.contact.held",
             "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"verein\",\"on\":\"2026-11-17\"}");
    rig_expect_said(rig, "accepted");
    buf_release(&data);
    return item;
}

#define ENDS " outcome referral.outcome"

/* Until Su 31.01.2027: provider and giver hear of it Fr 15.01. (the 17th is a Sunday), once; steps
 * in between do not tell it again. */
static void test_voucher(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = approved(rig, "2027-01-31");
    int provider = life_count(rig, item, "\ntold verein" ENDS);
    int giver = life_count(rig, item, "\ntold asd" ENDS);
    go_to(rig, "2027-01-15T07:59:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring"), 0);
    go_to(rig, "2027-01-15T08:00:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring to jugendamt/status"), 1);
    assert_int_equal(life_count(rig, item, "\ntold verein" ENDS), provider + 1);
    assert_int_equal(life_count(rig, item, "\ntold asd" ENDS), giver + 1);
    event_at(rig, item, "traeger", "referral.phase.changed",
             "{\"case_ref\":\"" RIG_CASE "\",\"phase\":\"verlauf\",\"provider\":\"verein\"}");
    rig_expect_said(rig, "accepted");
    go_to(rig, "2027-01-31T12:00:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring"), 1);
    go_to(rig, "2027-02-01T09:00:00+01:00");
    assert_int_equal(rig_item(rig, item).state, STATE_EXPIRED);
    expect_green(rig);
}

static const struct {
    const char *label, *in, *want;
} vouchers[] = {
    {"the usual", "2027-06-30", "Mi 16.06. 08:00"},
    {"approved within the lead: the next morning", "2026-11-20", "Di 17.11. 08:00"},
    {"its last day: now", "2026-11-16", "Mo 16.11. 09:00"},
    {"over already: its end", "2026-11-13", "Fr 13.11. 23:59"},
};

static void test_voucher_days(void **state)
{
    struct gateway_rig *rig;
    for (size_t i = 0; i < COUNT_OF(vouchers); i++) {
        struct clock due[8];
        struct buf text = BUF_INIT;
        life_set_up(state);
        rig = *state;
        print_message("%s\n", vouchers[i].label);
        int64_t item = approved(rig, vouchers[i].in);
        size_t n = store_clock_due(rig->g.store, INT64_MAX, due, COUNT_OF(due));
        for (size_t k = 0; k < n; k++)
            if (due[k].item_seq == item && due[k].kind == CLOCK_EXPIRY)
                rig_put_time(&text, due[k].due_ms);
        assert_string_equal(buf_str(&text), vouchers[i].want);
        buf_release(&text);
        rig_tear_down(state);
    }
}

/* ---- projects */

#define PROJECT(more) "projects = ( { id = \"cafe\"; name = \"Stadtteilcafé\"; " more " } );\n"

static int with_project(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, "", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"14d\";"));
    return 0;
}

static void check_projects(struct gateway_rig *rig, const char *when)
{
    rig_at(rig, when);
    store_begin(rig->g.store);
    project_check(&rig->g, berlin_day(rig->g.now_ms));
    rig_commit(rig);
}

/* KI12: the report is due We 31.03.2027, the provider reminded We 17.03., once a year. */
static void test_project(void **state)
{
    struct gateway_rig *rig = *state;
    check_projects(rig, "2027-03-16T06:00:00+01:00");
    assert_int_equal(items(rig), 0);
    check_projects(rig, "2027-03-17T06:00:00+01:00");
    check_projects(rig, "2027-03-18T06:00:00+01:00");
    assert_int_equal(items(rig), 1);
    expect_next(rig, 1, "waiting Mi 17.03. 08:00");
    fire(rig, 1);
    assert_int_equal(life_count(rig, 1, "\ntold verein task task.opened bis Mi 31.03. 23:59"), 1);
    struct buf text = outcome_of(rig, 1);
    assert_non_null(strstr(buf_str(&text), "„Stadtteilcafé“"));
    buf_release(&text);
    life_answer(rig, 1, "verein", ANSWER_DONE, "");
    /* Down for the whole lead of the next year: late rather than never. */
    check_projects(rig, "2028-04-03T06:00:00+02:00");
    check_projects(rig, "2028-04-04T06:00:00+02:00");
    assert_int_equal(items(rig), 2);
    fire(rig, 1);
    assert_int_equal(life_count(rig, 2, "\ntold verein task task.opened"), 1);
    expect_green(rig);
}

static const struct {
    const char *label, *due, *day, *want;
} reports[] = {
    {"yearly, before the lead", "03-31", "2027-03-16", "2026-03-31"},
    {"yearly, in the lead", "03-31", "2027-03-17", "2027-03-31"},
    {"yearly over New Year", "01-05", "2026-12-22", "2027-01-05"},
    {"a leap day in other years", "02-29", "2027-02-14", "2027-02-28"},
    {"once, too early", "2027-03-31", "2027-03-01", ""},
    {"once", "2027-03-31", "2027-03-20", "2027-03-31"},
    {"lead pulled to a staffed day", "2027-07-10", "2027-06-25", "2027-07-10"},
};

static void test_report_days(void **state)
{
    struct unit unit = {0};
    (void)state;
    worktime_default(&unit.hours);
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        int64_t day, want = 0;
        struct project project = {.unit = &unit, .lead_days = 14};
        assert_true(closure_parse(reports[i].due, "", &project.report_on));
        assert_true(date_parse(reports[i].day, &day));
        date_parse(reports[i].want, &want);
        if (project_report(&project, day) != want)
            fail_msg("%s", reports[i].label);
    }
}

static const struct {
    const char *label, *in, *want;
} wrong[] = {
    {"no list", "projects = 5;", "\"projects\" must be a list"},
    {"no group", "projects = ( 7 );", "each entry of \"projects\" must be a group"},
    {"no id", "projects = ( { name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "\"id\" must have 1 to"},
    {"no name", "projects = ( { id = \"c\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "\"name\" must be one line"},
    {"no unit", PROJECT("report_due = \"03-31\";"), "a project needs its \"unit\""},
    {"unknown unit", PROJECT("unit = \"vereinn\"; report_due = \"03-31\";"),
     "there is no unit \"vereinn\"; did you mean \"verein\"?"},
    {"no day", PROJECT("unit = \"verein\";"), "\"report_due\" must be a date"},
    {"no such day", PROJECT("unit = \"verein\"; report_due = \"2027-02-29\";"),
     "\"report_due\" must be a date"},
    {"lead in hours", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"36h\";"),
     "\"lead\" must be whole days from 1d to 180d"},
    {"lead too long", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"1y\";"),
     "\"lead\" must be"},
    {"misspelt", PROJECT("unit = \"verein\"; report_du = \"03-31\";"),
     "unknown setting \"report_du\""},
    {"twice",
     "projects = ( { id = \"c\"; name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; },"
     " { id = \"c\"; name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "project \"c\" stands here twice"},
    {"no staff", "caseload = ( { name = \"EGH\"; cases = 3900; } );", "a caseload needs its"},
    {"nobody", "caseload = ( { name = \"EGH\"; cases = 3900; staff = 0; } );", "\"staff\" must be"},
    {"fewer than none", "caseload = ( { name = \"EGH\"; cases = -1; staff = 7; } );",
     "\"cases\" must be"},
    {"no text", "caseload = ( { name = 5; cases = 1; staff = 7; } );", "\"name\" must be"},
};

static void test_faults(void **state)
{
    struct gateway_rig *rig = *state;
    char path[512], place[540];
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    snprintf(place, sizeof place, "%s:", path);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct buf text = BUF_INIT, err = BUF_INIT, report = BUF_INIT;
        rig_write_config(rig->dir);
        assert_int_equal(buf_read_file(&text, path, 1 << 20, &err), 0);
        buf_printf(&text, "%s\n", wrong[i].in);
        rig_write(rig->dir, "stafette.conf", buf_str(&text));
        struct config *config = config_load(path, &report);
        if (config || !strstr(buf_str(&report), wrong[i].want) || !strstr(buf_str(&report), place))
            fail_msg("%s: %s", wrong[i].label, buf_str(&report));
        buf_release(&text);
        buf_release(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_voucher),
        cmocka_unit_test(test_voucher_days),
        WITH(test_project, with_project),
        cmocka_unit_test(test_report_days),
        LIFE(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
