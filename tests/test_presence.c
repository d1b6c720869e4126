/*
 * presence.c and presence_report.c: who is told instead of whom, chains that run in circles, limits
 * in time, four eyes; reports that are refused.
 */
#include "presence_rig.h"

/* `want`: who is told and why, and who is next. */
static const struct {
    const char *label;
    const char *absent[5];
    const char *unit, *at, *want;
} who_cases[] = {
    {"there", {0}, "cm-styrum", "2026-11-24T10:00", "cm-styrum route vert-1"},
    {"MH5: absent, first deputy",
     {"cm-styrum 2026-11-23 2026-11-27"},
     "cm-styrum",
     "2026-11-24T10:00",
     "vert-1 deputy vert-2"},
    {"the day before",
     {"cm-styrum 2026-11-23 2026-11-27"},
     "cm-styrum",
     "2026-11-22T23:59",
     "cm-styrum route vert-1"},
    {"the first moment",
     {"cm-styrum 2026-11-23 2026-11-27"},
     "cm-styrum",
     "2026-11-23",
     "vert-1 deputy vert-2"},
    {"the last minute",
     {"cm-styrum 2026-11-23 2026-11-27"},
     "cm-styrum",
     "2026-11-27T23:59",
     "vert-1 deputy vert-2"},
    {"expired",
     {"cm-styrum 2026-11-23 2026-11-27 vert-3"},
     "cm-styrum",
     "2026-11-28",
     "cm-styrum route vert-1"},
    {"the named deputy first",
     {"cm-styrum 2026-11-23 2026-11-27 vert-3"},
     "cm-styrum",
     "2026-11-24",
     "vert-3 deputy vert-1"},
    {"the report that came last names the deputy",
     {"cm-styrum 2026-11-23 2026-11-27 vert-3", "cm-styrum 2026-11-24 2026-11-24 vert-2"},
     "cm-styrum",
     "2026-11-24",
     "vert-2 deputy vert-1"},
    {"half a day, before",
     {"cm-styrum 2026-11-18T12:00 2026-11-18"},
     "cm-styrum",
     "2026-11-18T11:59",
     "cm-styrum route vert-1"},
    {"half a day",
     {"cm-styrum 2026-11-18T12:00 2026-11-18"},
     "cm-styrum",
     "2026-11-18T12:00",
     "vert-1 deputy vert-2"},
    {"the deputy is absent too",
     {"cm-styrum 2026-11-23 2026-11-27", "vert-1 2026-11-24 2026-11-24"},
     "cm-styrum",
     "2026-11-24",
     "vert-2 deputy vert-3"},
    {"the deputy's deputy",
     {"cm-styrum 2026-11-23 2026-11-27", "vert-1 2026-11-24 2026-11-24",
      "vert-2 2026-11-24 2026-11-24"},
     "cm-styrum",
     "2026-11-24",
     "vert-3 deputy -"},
    {"E3: all absent, the lead",
     {"cm-styrum 2026-11-23 2026-11-27", "vert-1 2026-11-24 2026-11-24",
      "vert-2 2026-11-24 2026-11-24", "vert-3 2026-11-24 2026-11-24"},
     "cm-styrum",
     "2026-11-24",
     "sb-leitung deputy -"},
    {"and the lead: the catch-all desk",
     {"cm-styrum 2026-11-23 2026-11-27", "vert-1 2026-11-24 2026-11-24",
      "vert-2 2026-11-24 2026-11-24", "vert-3 2026-11-24 2026-11-24",
      "sb-leitung 2026-11-24 2026-11-24"},
     "cm-styrum",
     "2026-11-24",
     "koordination catch_all -"},
    {"a circle: the lead",
     {"paar-a 2026-11-23 2026-11-27", "paar-b 2026-11-23 2026-11-27"},
     "paar-a",
     "2026-11-24",
     "paar-chef deputy -"},
    {"a circle: the lead's deputy",
     {"paar-a 2026-11-23 2026-11-27", "paar-b 2026-11-23 2026-11-27",
      "paar-chef 2026-11-23 2026-11-27"},
     "paar-a",
     "2026-11-24",
     "vert-2 deputy -"},
    {"a circle: the lead's lead",
     {"paar-a 2026-11-23 2026-11-27", "paar-b 2026-11-23 2026-11-27",
      "paar-chef 2026-11-23 2026-11-27", "vert-2 2026-11-23 2026-11-27"},
     "paar-a",
     "2026-11-24",
     "amt deputy -"},
    {"who is named is absent and names the absent one",
     {"vert-2 2026-11-23 2026-11-27 vert-3", "vert-3 2026-11-23 2026-11-27 vert-2"},
     "vert-2",
     "2026-11-24",
     "koordination catch_all -"},
    {"three levels",
     {"reihe-a 2026-11-23 2026-11-27", "reihe-b 2026-11-23 2026-11-27",
      "reihe-c 2026-11-23 2026-11-27"},
     "reihe-a",
     "2026-11-24",
     "reihe-d deputy -"},
    {"and not four",
     {"reihe-a 2026-11-23 2026-11-27", "reihe-b 2026-11-23 2026-11-27",
      "reihe-c 2026-11-23 2026-11-27", "reihe-d 2026-11-23 2026-11-27"},
     "reihe-a",
     "2026-11-24",
     "koordination catch_all -"},
    {"everything ends at the catch-all desk",
     {"koordination 2026-11-23 2026-11-27"},
     "koordination",
     "2026-11-24",
     "koordination route -"},
    {"by configuration", {0}, "urlaub", "2026-11-24", "vert-1 deputy vert-2"},
    {"by configuration, before", {0}, "urlaub", "2026-11-22T23:59", "urlaub route vert-2"},
    {"by configuration, expired", {0}, "urlaub", "2026-11-28", "urlaub route vert-2"},
    {"by configuration, half a day", {0}, "urlaub", "2026-12-02T12:00", "vert-2 deputy -"},
    {"by configuration, the morning", {0}, "urlaub", "2026-12-02T11:59", "urlaub route vert-2"},
    {"a report is newer than the configuration",
     {"urlaub 2026-11-24 2026-11-24 vert-3"},
     "urlaub",
     "2026-11-24",
     "vert-3 deputy vert-2"},
    {"a day of 23 hours, its end", {0}, "zeitumstellung", "2027-03-28T23:59", "vert-2 deputy -"},
    {"and over", {0}, "zeitumstellung", "2027-03-29", "zeitumstellung route vert-2"},
    {"a day of 25 hours, its end",
     {0},
     "zeitumstellung",
     "2027-10-31T23:59:59+01:00",
     "vert-2 deputy -"},
    {"and over", {0}, "zeitumstellung", "2027-11-01", "zeitumstellung route vert-2"},
    {"DO1: on duty", {0}, "dienst", "2026-11-14T22:40", "fm-1 on_call fm-2"},
    {"one line only", {0}, "dienst", "2026-11-16T22:40", "fm-2 on_call -"},
    {"on duty but absent",
     {"fm-1 2026-11-21 2026-11-22"},
     "dienst",
     "2026-11-21T22:40",
     "fm-2 on_call -"},
    {"all absent",
     {"fm-1 2026-11-21 2026-11-22", "fm-2 2026-11-21 2026-11-22"},
     "dienst",
     "2026-11-21T22:40",
     "sb-leitung deputy -"},
    {"the plan has ended", {0}, "dienst", "2027-01-01", "sb-leitung deputy -"},
};

static void test_who(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(who_cases); i++) {
        void *own;
        struct buf got = BUF_INIT;
        set_up(&own);
        struct gateway_rig *rig = own;
        for (size_t n = 0; n < COUNT_OF(who_cases[i].absent) && who_cases[i].absent[n]; n++)
            report(rig, who_cases[i].absent[n]);
        const struct unit *asked = unit(rig, who_cases[i].unit);
        int64_t at_ms = at(who_cases[i].at);
        struct stand_in who = presence_who(&rig->g, asked, at_ms);
        const struct unit *next = presence_deputy(&rig->g, asked, at_ms);
        buf_printf(&got, "%s %s %s", who.unit->id, reason_name(who.reason), next ? next->id : "-");
        if (!str_eq(buf_str(&got), who_cases[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", who_cases[i].label, buf_str(&got),
                     who_cases[i].want);
        buf_release(&got);
        rig_tear_down(&own);
    }
}

/* R11: what is restricted goes to a stand-in only if that may have it. */
static void test_restricted(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t at_ms = at("2026-11-24");
    const struct unit *styrum = unit(rig, "cm-styrum"), *dienst = unit(rig, "dienst");
    assert_ptr_equal(presence_deputy_for(&rig->g, styrum, at_ms, true), unit(rig, "vert-2"));
    report(rig, "cm-styrum 2026-11-23 2026-11-27");
    assert_ptr_equal(presence_who_for(&rig->g, styrum, at_ms, true).unit, unit(rig, "vert-2"));
    assert_null(presence_deputy_for(&rig->g, styrum, at_ms, true));
    report(rig, "vert-2 2026-11-23 2026-11-27");
    assert_string_equal(presence_who_for(&rig->g, styrum, at_ms, true).unit->id, "koordination");
    /* Who is on duty is the desk. */
    assert_string_equal(presence_who_for(&rig->g, dienst, at("2026-11-14T22:40"), true).unit->id,
                        "fm-1");
}

static void test_approver(void **state)
{
    static const struct {
        const char *label;
        const char *absent[3];
        const char *from, *want;
    } cases[] = {
        {"the lead", {0}, "paar-b", "paar-chef"},
        {"its deputy", {"paar-chef 2026-11-23 2026-11-27"}, "paar-b", "paar-a"},
        {"four eyes: never who asks", {"paar-chef 2026-11-23 2026-11-27"}, "paar-a", "vert-2"},
        {"the deputy is absent too",
         {"paar-chef 2026-11-23 2026-11-27", "paar-a 2026-11-23 2026-11-27"},
         "paar-b",
         "vert-2"},
        {"and the next: the lead above",
         {"paar-chef 2026-11-23 2026-11-27", "paar-a 2026-11-23 2026-11-27",
          "vert-2 2026-11-23 2026-11-27"},
         "paar-b",
         "amt"},
        {"no lead", {0}, "vert-3", "koordination"},
        {"nobody else", {0}, "koordination", "-"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *own;
        set_up(&own);
        struct gateway_rig *rig = own;
        for (size_t n = 0; n < COUNT_OF(cases[i].absent) && cases[i].absent[n]; n++)
            report(rig, cases[i].absent[n]);
        const struct unit *got =
            presence_approver(&rig->g, unit(rig, cases[i].from), at("2026-11-24"));
        if (!str_eq(got ? got->id : "-", cases[i].want))
            fail_msg("%s: %s", cases[i].label, got ? got->id : "-");
        rig_tear_down(&own);
    }
}

static void test_swap(void **state)
{
    static const struct {
        const char *at, *want;
    } cases[] = {
        {"2026-11-21T07:59", "fm-1 fm-2"}, {"2026-11-21T08:00", "fm-3 fm-2"},
        {"2026-11-21T23:59", "fm-3 fm-2"}, {"2026-11-22T08:00", "fm-2 -"},
        {"2026-11-22T12:00", "fm-1 fm-2"},
    };
    struct gateway_rig *rig = *state;
    swap(rig, "dienst 2026-11-21T08:00 2026-11-22T08:00 fm-3");
    swap(rig, "dienst 2026-11-22T08:00 2026-11-22T12:00 fm-2");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        const struct unit *desk = unit(rig, "dienst");
        const struct unit *next = presence_deputy(&rig->g, desk, at(cases[i].at));
        buf_printf(&got, "%s %s", presence_who(&rig->g, desk, at(cases[i].at)).unit->id,
                   next ? next->id : "-");
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *label;
        bool swap;
        const char *change, *want;
    } cases[] = {
        {"reversed", false, "asd 2026-11-27 2026-11-23", "does not lie after"},
        {"no time at all", false, "asd 2026-11-23T08:00 2026-11-23T08:00", "does not lie after"},
        {"past", false, "asd 2026-11-02 2026-11-06", "in the past"},
        {"of years", false, "asd 2026-11-23 2028-11-23", "over 400 days"},
        {"far away", false, "asd 2028-11-23 2028-11-24", "begins in over 400 days"},
        {"for itself", false, "asd 2026-11-23 2026-11-27 asd", "cannot stand in for itself"},
        {"no plan", true, "asd 2026-11-23 2026-11-27 fm-1", "has no on-duty plan"},
        {"nobody", true, "dienst 2026-11-23 2026-11-27", "nobody is named"},
        {"no number", true, "dienst 2026-11-23 2026-11-27 asd", "cannot be on duty"},
        {"a reversed swap", true, "dienst 2026-11-27 2026-11-23 fm-1", "does not lie after"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf err = BUF_INIT;
        struct presence_change change = change_of(rig, cases[i].change);
        store_begin(rig->g.store);
        int rc = cases[i].swap ? presence_swap(&rig->g, &change, &err)
                               : presence_report(&rig->g, &change, &err);
        assert_false(store_changed(rig->g.store));
        store_rollback(rig->g.store);
        if (rc != -1 || !strstr(buf_str(&err), cases[i].want))
            fail_msg("%s: %d %s", cases[i].label, rc, buf_str(&err));
        buf_release(&err);
    }
}

static void test_end(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    const struct unit *styrum = unit(rig, "cm-styrum");
    report(rig, "cm-styrum 2026-11-16T08:00 2026-11-27");
    report(rig, "cm-styrum 2026-12-07 2026-12-11");
    assert_true(presence_until(&rig->g, styrum, rig->g.now_ms) == at("2026-11-28"));
    store_begin(rig->g.store);
    assert_int_equal(presence_end(&rig->g, 1, "test", &err), 0);
    assert_int_equal(presence_end(&rig->g, 2, "test", &err), 0);
    assert_int_equal(presence_end(&rig->g, 3, "test", &err), -1);
    assert_int_equal(presence_end(&rig->g, 1, "test", &err), -1);
    assert_int_equal(presence_end(&rig->g, 2, "test", &err), -1);
    rig_commit(rig);
    assert_false(presence_absent(&rig->g, styrum, rig->g.now_ms));
    assert_true(presence_absent(&rig->g, styrum, rig->g.now_ms - 1));
    assert_false(presence_absent(&rig->g, styrum, at("2026-12-08")));
    buf_release(&err);
}

/* The same again is nothing new; a hundred different ones of a unit are enough; ten thousand of
 * others cost a question of the index. */
static void test_many(void **state)
{
    struct gateway_rig *rig = *state;
    struct presence_change change = change_of(rig, "asd 2026-11-23 2026-11-27");
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    for (int i = 0; i < 10; i++)
        assert_int_equal(presence_report(&rig->g, &change, &err), 0);
    assert_int_equal(store_absence_count(rig->g.store, "asd", rig->g.now_ms), 1);
    for (int i = 1; i < 10000; i++) {
        change.to_ms += 60000;
        if (change.to_ms - change.from_ms > (int64_t)ABSENCE_DAYS_MAX * 86400000)
            change.to_ms = change.from_ms + 60000 * i;
        int rc = presence_report(&rig->g, &change, &err);
        assert_int_equal(rc, i < ABSENCES_OPEN_MAX ? 0 : -1);
        assert_true(rc == 0 || strstr(buf_str(&err), "100 absences already"));
        buf_reset(&err);
    }
    for (int i = 0; i < 10000; i++) {
        struct absence_row row = {.from_ms = change.from_ms, .to_ms = change.to_ms};
        snprintf(row.unit, sizeof row.unit, "andere-%d", i);
        store_absence_add(rig->g.store, &row);
    }
    rig_commit(rig);
    for (int i = 0; i < 10000; i++)
        assert_true(presence_absent(&rig->g, change.unit, at("2026-11-24")));
    buf_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),
        TEST(test_restricted),
        cmocka_unit_test(test_approver),
        TEST(test_swap),
        TEST(test_refused),
        TEST(test_end),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
