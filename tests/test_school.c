/*
 * School holidays: the shipped file against dates written by hand, faults with their lines, what is
 * known and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/school.h"
#include "../daemon/util.h"

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

static struct school *shipped(void)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    struct school *school = school_load("config/school-holidays.txt", &faults);
    if (!school)
        fail_msg("%s", buf_str(&text));
    assert_int_equal(faults.errors + faults.warnings, 0);
    buf_release(&text);
    return school;
}

/* DOMAIN section 6 names the summers of 2026; the others are read off the Länder's notices. */
static void days(void **state)
{
    static const struct {
        const char *calendar, *day;
        bool want;
    } cases[] = {
        {"NW", "2026-07-19", false},
        {"NW", "2026-07-20", true},
        {"NW", "2026-09-01", true},
        {"NW", "2026-09-02", false},
        {"BW", "2026-07-29", false},
        {"BW", "2026-07-30", true},
        {"BW", "2026-09-12", true},
        {"BW", "2026-09-13", false},
        {"SH", "2026-07-03", false},
        {"SH", "2026-07-04", true},
        {"SH", "2026-08-15", true},
        {"SH", "2026-08-16", false},
        {"NW", "2027-01-06", true},
        {"NW", "2027-01-07", false},
        {"NW", "2027-03-22", true},
        {"SH", "2027-03-29", false},
        {"SH", "2027-03-30", true},
        {"BW", "2027-03-25", true},
        {"BW", "2027-03-26", false},
        {"BW", "2027-05-18", true},
        {"NW", "2027-05-18", true},
        {"NW", "2027-05-19", false},
        {"BY", "2027-02-08", true},
        {"BY+mh", "2027-02-12", true},
        {"BY+mh+augsburg", "2027-02-13", false},
        {"NW", "2027-02-08", false},
        {"BB", "2026-07-20", false},
        {"", "2026-07-20", false},
        {"N", "2026-07-20", false},
        {"XX", "2026-07-20", false},
        {"NW", "2031-07-20", false},
    };
    struct school *school = shipped();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (school_is_holiday(school, cases[i].calendar, date(cases[i].day)) != cases[i].want)
            fail_msg("%s %s: want %d", cases[i].calendar, cases[i].day, cases[i].want);
    school_free(school);
}

static void what_is_known(void **state)
{
    static const struct {
        const char *calendar, *day;
        bool want;
    } cases[] = {
        {"NW", "2026-01-01", true},  {"NW", "2027-06-15", true},    {"NW", "2028-12-31", true},
        {"NW", "2029-01-05", true},  {"NW", "2029-01-06", false},   {"NW", "2029-07-01", false},
        {"NW", "2025-07-01", false}, {"BY+mh", "2027-06-15", true}, {"BB", "2027-06-15", false},
        {"BE", "2026-11-23", false}, {"BE", "2028-08-12", true},    {"BE", "2028-10-01", false},
        {"", "2027-06-15", false},
    };
    static const char with_hole[] = "NW 2026-07-20 2026-09-01 Sommerferien\n"
                                    "NW 2027-07-19 2027-08-31 Sommerferien\n";
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    struct school *school = shipped();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (school_knows(school, cases[i].calendar, date(cases[i].day)) != cases[i].want)
            fail_msg("%s %s: want %d", cases[i].calendar, cases[i].day, cases[i].want);
    assert_int_equal(school_last_day(school, "NW"), date("2029-01-05"));
    assert_true(school_last_day(school, "BB") == INT64_MIN);
    school_free(school);
    school = school_read("hole", with_hole, strlen(with_hole), &faults);
    assert_true(school_knows(school, "NW", date("2026-08-01")));
    assert_false(school_knows(school, "NW", date("2026-12-24")));
    school_free(school);
    buf_release(&text);
    assert_false(school_knows(NULL, "NW", date("2027-06-15")));
    assert_false(school_is_holiday(NULL, "NW", date("2026-08-01")));
}

/* Each Land of the shipped file has its five or so holidays in each school year that it covers. */
static void shipped_is_whole(void **state)
{
    static const char *const lands[] = {"BW", "BY", "HE", "HH", "NI", "NW", "RP", "SH", "SN", "TH"};
    struct school *school = shipped();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lands); i++)
        for (int year = 2026; year <= 2027; year++) {
            int free_days = 0;
            for (int64_t day = day_of(year, 8, 1); day < day_of(year + 1, 8, 1); day++) {
                free_days += school_is_holiday(school, lands[i], day);
                assert_true(school_knows(school, lands[i], day));
            }
            /* 75 Werktage in the Hamburg agreement, and the Sundays among them */
            if (free_days < 70 || free_days > 110)
                fail_msg("%s %d: %d days", lands[i], year, free_days);
        }
    school_free(school);
}

static void faults_have_lines(void **state)
{
    static const struct {
        const char *label, *text, *want; /* a piece of the report; "" = none */
    } cases[] = {
        {"empty", "", ""},
        {"only comments", "# nothing\n\n   # more\n", ""},
        {"no end of line", "NW 2027-03-22 2027-04-03 Osterferien", ""},
        {"blanks, tabs and CRLF", " NW\t2027-03-22  2027-04-03 Oster ferien \r\n", ""},
        {"one day", "NW 2027-05-18 2027-05-18 Pfingstferien\n", ""},
        {"two that touch", "NW 2027-05-18 2027-05-18 a\nNW 2027-05-19 2027-05-20 b\n", ""},
        {"same days, other Land", "NW 2027-05-18 2027-05-18 a\nBW 2027-05-18 2027-05-18 b\n", ""},
        {"no Land", "# a\n2027-03-22 2027-04-03 Osterferien\n",
         "f:2: the line begins with no Land"},
        {"tag", "BY+mh 2027-03-22 2027-04-03 Osterferien\n", "f:1: the line begins with no Land"},
        {"unknown Land", "XX 2027-03-22 2027-04-03 Osterferien\n", "f:1: "},
        {"lower case", "nw 2027-03-22 2027-04-03 Osterferien\n", "f:1: "},
        {"one date", "NW 2027-03-22 Osterferien\n", "f:1: the line needs the first and the last"},
        {"no such date", "NW 2027-02-29 2027-04-03 x\n", "f:1: the line needs the first"},
        {"German date", "NW 22.03.2027 03.04.2027 x\n", "f:1: the line needs the first"},
        {"backwards", "NW 2027-04-03 2027-03-22 x\n", "f:1: the line ends before it begins"},
        {"100 days", "NW 2027-01-01 2027-04-10 x\n", ""},
        {"101 days", "NW 2027-01-01 2027-04-11 x\n", "f:1: the line is longer"},
        {"no name", "NW 2027-03-22 2027-04-03  \n", "f:1: the line needs a name"},
        {"no UTF-8", "NW 2027-03-22 2027-04-03 Fr\xfchjahr\n", "f:1: the line has a name"},
        {"overlap",
         "NW 2027-03-22 2027-04-03 x\nBW 2027-01-01 2027-01-02 y\n"
         "NW 2027-04-03 2027-04-04 z\n",
         "f:3: the holidays overlap those of line 1"},
        {"overlap, later line earlier", "NW 2027-04-03 2027-04-04 z\nNW 2027-03-22 2027-04-03 x\n",
         "f:2: the holidays overlap those of line 1"},
        {"twice", "NW 2027-04-03 2027-04-04 z\nNW 2027-04-03 2027-04-04 z\n", "f:2: "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        struct conf_faults faults = {.text = &text};
        struct school *school = school_read("f", cases[i].text, strlen(cases[i].text), &faults);
        if (!school != (faults.errors > 0) || !!*cases[i].want != (faults.errors > 0) ||
            !strstr(buf_str(&text), cases[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", cases[i].label, buf_str(&text), cases[i].want);
        school_free(school);
        buf_release(&text);
    }
}

static void hostile(void **state)
{
    static const char nul[] = "NW 2027-03-22 2027-04-03 a\0b\n";
    struct buf text = BUF_INIT, report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    (void)state;
    assert_null(school_read("f", nul, sizeof nul - 1, &faults));
    assert_non_null(strstr(buf_str(&report), "f:1: "));
    buf_reset(&report);
    for (int i = 0; i < 500; i++)
        buf_puts(&text, "NW ");
    assert_null(school_read("f", buf_str(&text), text.len, &faults));
    assert_non_null(strstr(buf_str(&report), "f:1: the line is too long"));
    buf_reset(&text);
    faults = (struct conf_faults){.text = &report};
    for (int i = 0; i < 5000; i++)
        buf_puts(&text, "nonsense\n");
    assert_null(school_read("f", buf_str(&text), text.len, &faults));
    assert_true(faults.errors <= 20); /* a wrong file does not fill the screen */
    buf_reset(&report);
    assert_null(school_load("config/no-such-file.txt", &faults));
    assert_non_null(strstr(buf_str(&report), "config/no-such-file.txt"));
    assert_non_null(strstr(buf_str(&report), "school_holidays"));
    buf_release(&text);
    buf_release(&report);
    school_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days),
        cmocka_unit_test(what_is_known),
        cmocka_unit_test(shipped_is_whole),
        cmocka_unit_test(faults_have_lines),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests_name("school", tests, NULL, NULL);
}
