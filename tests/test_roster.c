/*
 * walltime.c, roster.c and directory_presence.c: the wall clock on the days when it changes; who is
 * on duty when; the lint that names the first uncovered minute; each fault of a plan.
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
#include "../daemon/roster.h"
#include "../daemon/util.h"
#include "../daemon/walltime.h"

static int64_t at(const char *text)
{
    int64_t at_ms = 0;
    if (!wall_parse(text, false, &at_ms))
        fail_msg("no time: %s", text);
    return at_ms;
}

static void test_wall_parse(void **state)
{
    static const struct {
        const char *in;
        bool end;
        const char *want; /* "" = refused */
    } cases[] = {
        {"2026-11-23", false, "2026-11-23T00:00:00+01:00"},
        {"2026-11-27", true, "2026-11-28T00:00:00+01:00"},
        {"2026-11-23T12:00", false, "2026-11-23T12:00:00+01:00"},
        {"2026-11-23T12:00", true, "2026-11-23T12:00:00+01:00"},
        {"2026-12-31T24:00", true, "2027-01-01T00:00:00+01:00"},
        {"2026-07-01T12:00", false, "2026-07-01T12:00:00+02:00"},
        {"2026-11-23T12:00:00+02:00", false, "2026-11-23T11:00:00+01:00"},
        {"2027-03-28T02:30", false, "2027-03-28T03:00:00+02:00"},
        {"2027-03-28T03:00", false, "2027-03-28T03:00:00+02:00"},
        {"2027-10-31T02:30", false, "2027-10-31T02:30:00+02:00"},
        {"2027-10-31T03:00", false, "2027-10-31T03:00:00+01:00"},
        {"2026-02-30", false, ""},
        {"2026-11-23T25:00", false, ""},
        {"2026-11-23T24:01", false, ""},
        {"2026-11-23 12:00", false, ""},
        {"2026-11-23T12:0", false, ""},
        {"23.11.2026", false, ""},
        {"", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t at_ms;
        struct buf got = BUF_INIT;
        if (wall_parse(cases[i].in, cases[i].end, &at_ms))
            time_local(&got, at_ms);
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].in, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

/* Later on paper is never earlier in fact, so plans that meet on paper have no gap. */
static void test_wall_is_monotonic(void **state)
{
    static const char *const days[] = {"2027-03-27", "2027-03-28", "2027-10-30", "2027-10-31"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        int64_t day, last_ms = 0;
        assert_true(date_parse(days[i], &day));
        for (int minute = 0; minute <= 1440; minute++) {
            int64_t ms = wall_ms(day, minute * 60);
            assert_true(ms >= last_ms);
            last_ms = ms;
        }
        assert_true(last_ms == wall_ms(day + 1, 0));
    }
}

static void test_quiet(void **state)
{
    static const struct {
        const char *label, *quiet, *at, *want;
    } cases[] = {
        {"in the evening", "20:00-07:00", "2026-11-14T22:40", "2026-11-15T07:00:00+01:00"},
        {"after midnight", "20:00-07:00", "2026-11-15T00:00", "2026-11-15T07:00:00+01:00"},
        {"the first minute", "20:00-07:00", "2026-11-14T20:00", "2026-11-15T07:00:00+01:00"},
        {"the end", "20:00-07:00", "2026-11-15T07:00", "2026-11-15T07:00:00+01:00"},
        {"by day", "20:00-07:00", "2026-11-15T12:00", "2026-11-15T12:00:00+01:00"},
        {"within a day", "12:00-13:00", "2026-11-15T12:30", "2026-11-15T13:00:00+01:00"},
        {"until midnight", "20:00-24:00", "2026-11-15T23:00", "2026-11-16T00:00:00+01:00"},
        {"none", "", "2026-11-15T23:00", "2026-11-15T23:00:00+01:00"},
        {"the short night", "20:00-07:00", "2027-03-28T01:00", "2027-03-28T07:00:00+02:00"},
        {"the long night", "20:00-07:00", "2027-10-31T01:00", "2027-10-31T07:00:00+01:00"},
        {"no hours", "20:00", "2026-11-15T12:00", ""},
        {"the same", "07:00-07:00", "2026-11-15T12:00", ""},
        {"midnight twice", "00:00-24:00", "2026-11-15T12:00", ""},
        {"the longest", "12:00-04:00", "2026-11-15T12:00", "2026-11-16T04:00:00+01:00"},
        {"too long", "12:00-04:01", "2026-11-15T12:00", ""},
        {"too long within a day", "00:00-16:01", "2026-11-15T12:00", ""},
        {"no time", "20:00-25:00", "2026-11-15T12:00", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct quiet quiet;
        struct buf got = BUF_INIT;
        if (quiet_parse(cases[i].quiet, &quiet))
            time_local(&got, quiet_end(&quiet, at(cases[i].at)));
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].label, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void test_days(void **state)
{
    static const struct {
        const char *in;
        unsigned want;
    } cases[] = {
        {"mon", 1},         {"mon-fri", 0x1f},     {"sat,sun", 0x60},
        {"sat, sun", 0x60}, {"fri-mon", 0x71},     {"daily", 0x7f},
        {"mon-sun", 0x7f},  {"mon,wed-thu", 0x0d}, {"", 0},
        {"mo", 0},          {"mon-", 0},           {"mon-f", 0},
        {"monday", 0},      {"mon,", 0},           {"mon fri", 0},
        {",mon", 0},        {"mon-fri-sun", 0},    {"Mon", 0},
        {"mon,,tue", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (roster_days_parse(cases[i].in) != cases[i].want)
            fail_msg("\"%s\": %x", cases[i].in, roster_days_parse(cases[i].in));
}

#define FM(n)                                                                                      \
    " { id=\"fm-" #n "\"; name=\"FM " #n "\"; kind=\"team\"; contacts=( { channel=\"sms\";"        \
    " address=\"+4915100000" #n "0\"; urgent_only=true; }, { channel=\"email\";"                   \
    " address=\"fm" #n "@amt.example\"; } ); },\n"

/* Dortmund: nights and weekends by FM, days by FM as well. Line 13 is the plan. */
static const char sound[] =
    "places = ( { id=\"stadt\"; name=\"Stadt\"; } ); unit_defaults = { calendar=\"NW\"; };"
    " areas = ( { id=\"sgb8\"; code=\"SGB_VIII\"; name=\"SGB VIII\"; } );"
    " services = ( { id=\"ksd\"; name=\"KSD\"; } );\n"
    "catch_all = \"desk\"; on_call = \"dienst\";\n"
    "units = (\n" FM(1) FM(2) FM(
        3) " { id=\"desk\"; name=\"Desk\"; kind=\"desk\"; contacts=( { channel=\"email\";"
           " address=\"desk@amt.example\"; } ); },\n"
           " { id=\"dienst\"; name=\"Bereitschaftsdienst\"; kind=\"desk\"; roster=\"bereit\";"
           " quiet=\"20:00-07:00\"; capacity=12; contact_role=\"desk\"; lead=\"desk\";\n"
           "   absences=( { from=\"2026-11-23\"; to=\"2026-11-27\"; deputy=\"fm-1\"; } );"
           " contacts=( { channel=\"email\"; address=\"dienst@amt.example\"; } ); },\n"
           " { id=\"team\"; name=\"Team\"; kind=\"team\"; lead=\"dienst\"; contacts=( {"
           " channel=\"email\"; address=\"team@amt.example\"; } ); } );\n"
           "sources = (); permissions = (); agreements = (); policies = ( { id=\"standard\"; } );\n"
           "rosters = (\n"
           " { roster=\"bereit\"; starts=\"2026-11-01T00:00\"; ends=\"2027-12-31T24:00\";\n"
           "   shifts=( { days=\"mon-fri\"; from=\"08:00\"; to=\"16:00\"; lines=[\"fm-3\"]; },\n"
           "     { days=\"mon-thu\"; from=\"16:00\"; to=\"08:00\"; lines=[\"fm-1\",\"fm-2\"]; },\n"
           "     { days=\"fri\"; from=\"16:00\"; to=\"08:00\"; lines=[\"fm-2\",\"fm-1\"]; },\n"
           "     { days=\"sat,sun\"; from=\"08:00\"; to=\"08:00\"; lines=[\"fm-1\",\"fm-2\"]; } "
           ");\n"
           "   overrides=( { from=\"2026-11-14T08:00\"; to=\"2026-11-15T08:00\";"
           " lines=[\"fm-3\",\"fm-1\"]; } ); } );\n";

struct loaded {
    struct directory *dir;
    struct buf report;
    size_t errors, warnings;
};

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
    if (l.errors || !l.dir)
        fail_msg("%s", buf_str(&l.report));
    return l;
}

static void test_members(void **state)
{
    struct loaded l = load_sound();
    const struct unit *dienst = directory_unit(l.dir, "dienst");
    const struct unit *team = directory_unit(l.dir, "team");
    (void)state;
    assert_ptr_equal(dienst->roster, directory_roster(l.dir, "bereit"));
    assert_null(directory_roster(l.dir, "andere"));
    assert_int_equal(dienst->capacity, 12);
    assert_int_equal(team->capacity, 0);
    assert_ptr_equal(team->contact_role, l.dir->catch_all);
    assert_null(team->approver_deputy);
    assert_int_equal(dienst->quiet.from_s, 20 * 3600);
    assert_int_equal(dienst->quiet.to_s, 7 * 3600);
    assert_int_equal(dienst->absences, 1);
    assert_int_equal(l.dir->absences, 1);
    assert_true(dienst->absence[0].from_ms == at("2026-11-23"));
    assert_true(dienst->absence[0].to_ms == at("2026-11-28"));
    assert_string_equal(dienst->absence[0].deputy->id, "fm-1");
    unload(&l);
}

/* What holds at a moment: "first second". */
static void test_on_duty(void **state)
{
    static const struct {
        const char *label, *at, *want;
    } cases[] = {
        {"by day", "2026-11-16T08:00", "fm-3"},
        {"the last minute of the day", "2026-11-16T15:59", "fm-3"},
        {"the night", "2026-11-16T16:00", "fm-1 fm-2"},
        {"after midnight", "2026-11-17T07:59", "fm-1 fm-2"},
        {"Friday night", "2026-11-20T23:00", "fm-2 fm-1"},
        {"Saturday before eight", "2026-11-21T07:59", "fm-2 fm-1"},
        {"Saturday", "2026-11-21T08:00", "fm-1 fm-2"},
        {"Monday before eight", "2026-11-23T07:59", "fm-1 fm-2"},
        {"the override", "2026-11-14T22:40", "fm-3 fm-1"},
        {"its first minute", "2026-11-14T08:00", "fm-3 fm-1"},
        {"before it", "2026-11-14T07:59", "fm-2 fm-1"},
        {"after it", "2026-11-15T08:00", "fm-1 fm-2"},
        {"before the plan", "2026-10-31T23:59", ""},
        {"the last minute", "2027-12-31T23:59", "fm-2 fm-1"},
        {"after the plan", "2028-01-01T00:00", ""},
        {"the short night", "2027-03-28T01:59:59+01:00", "fm-1 fm-2"},
        {"after the gap", "2027-03-28T03:00:00+02:00", "fm-1 fm-2"},
        {"the end of the short night", "2027-03-29T08:00:00+02:00", "fm-3"},
        {"the long night, once", "2027-10-31T02:30:00+02:00", "fm-1 fm-2"},
        {"the long night, again", "2027-10-31T02:30:00+01:00", "fm-1 fm-2"},
    };
    struct loaded l = load_sound();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        struct duty_lines lines = roster_on_duty(l.dir->roster, at(cases[i].at));
        for (size_t n = 0; n < lines.count; n++)
            buf_printf(&got, "%s%s", n ? " " : "", lines.unit[n]->id);
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", cases[i].label, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
    unload(&l);
}

/* A plan without gap on paper has none in fact: every minute of the weeks when the clocks change,
 * with a change of shift within the hour that is left out or comes twice. */
static void test_weeks_of_change(void **state)
{
    static const struct {
        const char *from, *to;
        int64_t hours;
    } weeks[] = {{"2027-03-22", "2027-03-29", 167}, {"2027-10-25", "2027-11-01", 169}};
    struct unit night = {.id = "night"}, morning = {.id = "morning"};
    struct shift shifts[] = {
        {ROSTER_DAILY, 150 * 60, 20 * 3600, {{&morning}, 1}}, /* 02:30-20:00 */
        {ROSTER_DAILY, 20 * 3600, 150 * 60, {{&night}, 1}},
    };
    const struct roster roster = {
        .id = "r", .ends_ms = INT64_MAX, .shift = shifts, .shifts = COUNT_OF(shifts)};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(weeks); i++) {
        int64_t from_ms = at(weeks[i].from), to_ms = at(weeks[i].to), changes = 0;
        assert_true(to_ms - from_ms == weeks[i].hours * 3600000);
        const struct unit *last = &night;
        for (int64_t ms = from_ms; ms < to_ms; ms += 60000) {
            struct duty_lines lines = roster_on_duty(&roster, ms);
            assert_int_equal(lines.count, 1);
            changes += lines.unit[0] != last;
            last = lines.unit[0];
        }
        /* Each day changes twice, also the one on which 02:30 comes twice. */
        assert_int_equal(changes, 14);
    }
}

static void test_next_change(void **state)
{
    static const struct {
        const char *at, *want;
    } cases[] = {
        {"2026-11-16T08:00", "2026-11-16T16:00"}, {"2026-11-16T15:59", "2026-11-16T16:00"},
        {"2026-11-16T16:00", "2026-11-17T08:00"}, {"2026-11-13T16:00", "2026-11-14T08:00"},
        {"2026-11-14T08:00", "2026-11-15T08:00"}, {"2027-12-31T20:00", "2028-01-01T00:00"},
    };
    struct loaded l = load_sound();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(roster_next_change(l.dir->roster, at(cases[i].at)) == at(cases[i].want));
    unload(&l);
}

static void test_gaps(void **state)
{
    static const struct {
        const char *label;
        struct shift shift[2];
        size_t shifts;
        const char *want; /* "" = covered */
    } cases[] = {
        {"all day", {{ROSTER_DAILY, 0, 86400, {.count = 1}}}, 1, ""},
        {"round the clock", {{ROSTER_DAILY, 28800, 28800, {.count = 1}}}, 1, ""},
        {"nobody", {{0, 0, 0, {.count = 0}}}, 0, "Mo 00:00-So 24:00"},
        {"one hole",
         {{ROSTER_DAILY, 28800, 10800, {.count = 1}}, {0x5f, 10800, 28800, {.count = 1}}},
         2,
         "Sa 03:00-08:00"},
        {"a weekend",
         {{0x0f, 28800, 28800, {.count = 1}}, {0x10, 28800, 72000, {.count = 1}}},
         2,
         "Fr 20:00-Mo 08:00"},
        {"one minute",
         {{ROSTER_DAILY, 60, 86400, {.count = 1}}, {0x7e, 0, 60, {.count = 1}}},
         2,
         "Mo 00:00-00:01"},
        {"until midnight",
         {{ROSTER_DAILY, 0, 79200, {.count = 1}}, {0x3f, 79200, 86400, {.count = 1}}},
         2,
         "So 22:00-24:00"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct shift shift[2] = {cases[i].shift[0], cases[i].shift[1]};
        const struct roster roster = {.id = "r", .shift = shift, .shifts = cases[i].shifts};
        struct buf got = BUF_INIT;
        assert_true(roster_gap(&roster, &got) == (cases[i].want[0] != '\0'));
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", cases[i].label, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

/* One thing broken at a time. */
static const struct {
    const char *label, *find, *replace, *want;
} faults[] = {
    {"an uncovered morning", "days=\"sat,sun\"; from=\"08:00\"", "days=\"sat,sun\"; from=\"10:00\"",
     "city.conf:13: on-duty plan \"bereit\": Sa 08:00-10:00 is uncovered"},
    {"an uncovered weekend", "days=\"sat,sun\"", "days=\"sat\"", "So 08:00-Mo 08:00 is uncovered"},
    {"bad days", "\"mon-fri\"", "\"Mo-Fr\"", "\"days\" must be like"},
    {"bad time", "from=\"16:00\"; to=\"08:00\"; lines=[\"fm-1\"",
     "from=\"16\"; to=\"8\"; lines=[\"fm-1\"", "must be times like"},
    {"begins at midnight's end", "from=\"08:00\"; to=\"16:00\"", "from=\"24:00\"; to=\"16:00\"",
     "must be times like"},
    {"nobody", "lines=[\"fm-3\"]; },", "lines=[]; },", "\"lines\" names nobody"},
    {"no lines", "lines=[\"fm-3\"]; },", "},", "\"lines\" names nobody"},
    {"an override of nobody", "lines=[\"fm-3\",\"fm-1\"]", "lines=[]", "\"lines\" names nobody"},
    {"unknown unit", "lines=[\"fm-3\"]", "lines=[\"fm-9\"]", "there is no unit \"fm-9\""},
    {"four lines", "lines=[\"fm-3\"]", "lines=[\"fm-1\",\"fm-2\",\"fm-3\",\"desk\"]",
     "at most 3 are asked"},
    {"no number", "lines=[\"fm-3\"]", "lines=[\"team\"]", "\"team\" is on duty but has no SMS"},
    {"a desk on duty", "lines=[\"fm-3\"]", "lines=[\"dienst\"]",
     "\"dienst\" is on duty, but is itself"},
    {"an override backwards", "to=\"2026-11-15T08:00\"", "to=\"2026-11-13T08:00\"",
     "\"to\" lies before \"from\""},
    {"a bad override", "from=\"2026-11-14T08:00\"", "from=\"14.11.2026\"",
     "\"from\" must be a day or a time"},
    {"no start", "starts=\"2026-11-01T00:00\";", "", "\"starts\" must be a day or a time"},
    {"ends before it starts", "ends=\"2027", "ends=\"2025", "\"ends\" lies before \"starts\""},
    {"bad name", "roster=\"bereit\"; starts", "roster=\"Bereit!\"; starts", "must have 1 to 63"},
    {"unknown plan", "roster=\"bereit\"; starts", "roster=\"bereich\"; starts",
     "there is no on-duty plan \"bereit\""},
    {"unknown setting", "overrides=(", "overides=(", "overrides"},
    {"no group", "overrides=( {", "overrides=( \"x\", {", "each entry of \"overrides\""},
    {"no group of plans", "rosters = (\n", "rosters = ( 1,\n", "each entry of \"rosters\""},
    {"an absence backwards", "to=\"2026-11-27\"", "to=\"2026-11-22\"", "\"to\" lies before"},
    {"an absence without end", "to=\"2026-11-27\";", "", "\"to\" must be a day or a time"},
    {"for itself", "deputy=\"fm-1\"", "deputy=\"dienst\"", "cannot stand in for itself"},
    {"unknown deputy", "deputy=\"fm-1\"", "deputy=\"fm-7\"", "there is no unit \"fm-7\""},
    {"bad quiet hours", "20:00-07:00", "20-7", "\"quiet\" must be at most 16 hours"},
    {"negative capacity", "capacity=12", "capacity=-1", "capacity"},
    {"approves for itself", "lead=\"dienst\";", "lead=\"dienst\"; approver_deputy=\"team\";",
     "cannot approve for itself"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct buf text = BUF_INIT;
        const char *place = strstr(sound, faults[i].find);
        if (!place)
            fail_msg("not there: %s", faults[i].find);
        buf_add(&text, sound, (size_t)(place - sound));
        buf_puts(&text, faults[i].replace);
        buf_puts(&text, place + strlen(faults[i].find));
        struct loaded l = load(buf_str(&text));
        if (l.errors == 0 || !strstr(buf_str(&l.report), faults[i].want))
            fail_msg("%s: %zu errors, want \"%s\" in:\n%s", faults[i].label, l.errors,
                     faults[i].want, buf_str(&l.report));
        unload(&l);
        buf_release(&text);
    }
}

/* Ten thousand absences are refused with one sentence, a plan that nobody uses with a warning. */
static void test_too_many(void **state)
{
    struct buf text = BUF_INIT;
    const char *place = strstr(sound, "absences=( ");
    (void)state;
    buf_add(&text, sound, (size_t)(place - sound) + strlen("absences=( "));
    for (int i = 0; i < 10000; i++)
        buf_puts(&text, "{ from=\"2026-12-01\"; to=\"2026-12-02\"; }, ");
    buf_puts(&text, place + strlen("absences=( "));
    struct loaded l = load(buf_str(&text));
    assert_int_equal(l.errors, 1);
    assert_non_null(strstr(buf_str(&l.report), "has 10001 absences, at most 100"));
    unload(&l);
    buf_release(&text);
}

static void test_unused(void **state)
{
    struct buf text = BUF_INIT;
    const char *place = strstr(sound, " roster=\"bereit\";");
    (void)state;
    buf_add(&text, sound, (size_t)(place - sound));
    buf_puts(&text, place + strlen(" roster=\"bereit\";"));
    struct loaded l = load(buf_str(&text));
    assert_int_equal(l.errors, 0);
    assert_non_null(strstr(buf_str(&l.report), "no unit is filled by on-duty plan \"bereit\""));
    unload(&l);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wall_parse),
        cmocka_unit_test(test_wall_is_monotonic),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_on_duty),
        cmocka_unit_test(test_weeks_of_change),
        cmocka_unit_test(test_next_change),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_unused),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
