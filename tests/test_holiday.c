/*
 * Public holidays: the rows of DOMAIN section 6, one by one, whole years counted and listed against
 * lists that were written by hand from the law, and every day of 66 years in 20 calendars against a
 * published table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/holiday.h"
#include "../daemon/util.h"

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

static void easter(void **state)
{
    static const char *const want[] = {"1995-04-16", "2000-04-23", "2008-03-23", "2011-04-24",
                                       "2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01",
                                       "2030-04-21", "2031-04-13", "2032-03-28", "2038-04-25"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        int year, month, mday;
        day_split(date(want[i]), &year, &month, &mday);
        assert_int_equal(holiday_easter(year), date(want[i]));
    }
}

static void keys(void **state)
{
    static const struct {
        const char *in;
        bool want;
    } cases[] = {
        {"BW", true},      {"BY", true},          {"BE", true},
        {"BB", true},      {"HB", true},          {"HH", true},
        {"HE", true},      {"MV", true},          {"NI", true},
        {"NW", true},      {"RP", true},          {"SL", true},
        {"SN", true},      {"ST", true},          {"SH", true},
        {"TH", true},      {"BY+mh", true},       {"SN+fl", true},
        {"TH+fl", true},   {"BY+augsburg", true}, {"BY+mh+augsburg", true},
        {"", false},       {"B", false},          {"XX", false},
        {"bw", false},     {"BW+mh", false},      {"BY+fl", false},
        {"BY+", false},    {"BY+mh+", false},     {"BYmh", false},
        {"BY +mh", false}, {"BY+MH", false},      {"DE-BW", false},
        {"BW ", false},    {"BY+m", false},       {"BY+mhx", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (holiday_key_valid(cases[i].in) != cases[i].want)
            fail_msg("key \"%s\": want %d", cases[i].in, cases[i].want);
}

static const struct {
    const char *key, *day, *want; /* "" = no holiday */
} day_cases[] = {
    /* who has what, and who has not */
    {"BW", "2027-01-06", "Heilige Drei Könige"},
    {"ST", "2027-01-06", "Heilige Drei Könige"},
    {"NW", "2027-01-06", ""},
    {"SH", "2027-01-06", ""},
    {"BE", "2018-03-08", ""},
    {"BE", "2019-03-08", "Internationaler Frauentag"},
    {"MV", "2022-03-08", ""},
    {"MV", "2023-03-08", "Internationaler Frauentag"},
    {"BB", "2027-03-08", ""},
    {"BB", "2027-03-28", "Ostersonntag"},
    {"BW", "2027-03-28", ""},
    {"BB", "2027-05-16", "Pfingstsonntag"},
    {"HE", "2027-05-16", ""},
    {"SH", "2027-03-26", "Karfreitag"},
    {"HH", "2027-03-29", "Ostermontag"},
    {"NI", "2027-05-06", "Christi Himmelfahrt"},
    {"RP", "2027-05-17", "Pfingstmontag"},
    {"HE", "2027-05-27", "Fronleichnam"},
    {"SH", "2027-05-27", ""},
    {"SN", "2027-05-27", ""},
    {"SN+fl", "2027-05-27", "Fronleichnam"},
    {"TH", "2027-05-27", ""},
    {"TH+fl", "2027-05-27", "Fronleichnam"},
    {"BY", "2027-08-08", ""},
    {"BY+mh", "2027-08-08", ""},
    {"BY+augsburg", "2027-08-08", "Augsburger Hohes Friedensfest"},
    {"BY+augsburg", "2027-08-15", "Mariä Himmelfahrt"},
    {"BY", "2028-08-15", ""},
    {"BY+mh", "2028-08-15", "Mariä Himmelfahrt"},
    {"BW", "2028-08-15", ""},
    {"SL", "2028-08-15", "Mariä Himmelfahrt"},
    {"TH", "2018-09-20", ""},
    {"TH", "2019-09-20", "Weltkindertag"},
    {"SN", "2019-09-20", ""},
    {"SH", "2016-10-31", ""},
    {"BW", "2016-10-31", ""},
    {"BW", "2017-10-31", "Reformationstag"},
    {"BE", "2017-10-31", "Reformationstag"},
    {"BW", "2018-10-31", ""},
    {"BE", "2018-10-31", ""},
    {"SH", "2018-10-31", "Reformationstag"},
    {"SH", "2026-10-31", "Reformationstag"},
    {"HB", "2018-10-31", "Reformationstag"},
    {"TH", "1996-10-31", "Reformationstag"},
    {"NW", "2026-11-01", "Allerheiligen"},
    {"HE", "2026-11-01", ""},
    {"SH", "2026-11-01", ""},
    {"SN", "2026-11-18", "Buß- und Bettag"},
    {"SN", "2022-11-16", "Buß- und Bettag"},
    {"SN", "2028-11-22", "Buß- und Bettag"},
    {"SN", "2023-11-22", "Buß- und Bettag"},
    {"SN", "2022-11-23", ""},
    {"BY", "2026-11-18", ""},
    {"BE", "2020-05-08", "Tag der Befreiung"},
    {"BE", "2021-05-08", ""},
    {"BE", "2025-05-08", "Tag der Befreiung"},
    {"BB", "2025-05-08", ""},
    {"BE", "2028-06-17", "Jahrestag des Aufstandes vom 17. Juni 1953"},
    {"BE", "2027-06-17", ""},
    {"BW", "2028-06-17", ""},
    /* no law: custom and closures */
    {"BW", "2026-12-24", ""},
    {"BW", "2026-12-31", ""},
    {"NW", "2027-02-08", ""},
    {"BW", "2027-07-19", ""},
    /* two on one day, bounds, keys that are none */
    {"NW", "2008-05-01", "Tag der Arbeit"},
    {"SN", "1994-11-16", ""},
    {"BW", "1994-12-25", ""},
    {"BW", "1995-01-01", "Neujahr"},
    {"BW", "2100-12-26", "2. Weihnachtstag"},
    {"BW", "2101-01-01", ""},
    {"", "2027-01-01", ""},
    {"XX", "2027-01-01", ""},
    {"BW+mh", "2027-01-01", ""},
};

static void days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(day_cases); i++) {
        const char *name = holiday_name(day_cases[i].key, date(day_cases[i].day));
        if (!str_eq(name ? name : "", day_cases[i].want))
            fail_msg("%s %s: \"%s\", want \"%s\"", day_cases[i].key, day_cases[i].day,
                     name ? name : "", day_cases[i].want);
    }
}

/* All holidays of a year as "01-01 01-06 ...". */
static void list_year(struct buf *out, const char *key, int year)
{
    for (int64_t day = day_of(year, 1, 1); day < day_of(year + 1, 1, 1); day++) {
        int y, month, mday;
        if (!holiday_name(key, day))
            continue;
        day_split(day, &y, &month, &mday);
        buf_printf(out, "%s%02d-%02d", out->len ? " " : "", month, mday);
    }
}

static void years(void **state)
{
    static const struct {
        const char *key;
        int year;
        const char *want;
    } cases[] = {
        {"NW", 2027, "01-01 03-26 03-29 05-01 05-06 05-17 05-27 10-03 11-01 12-25 12-26"},
        {"BW", 2027, "01-01 01-06 03-26 03-29 05-01 05-06 05-17 05-27 10-03 11-01 12-25 12-26"},
        {"SH", 2027, "01-01 03-26 03-29 05-01 05-06 05-17 10-03 10-31 12-25 12-26"},
        {"BW", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 10-03 11-01 12-25 12-26"},
        {"BE", 2028, "01-01 03-08 04-14 04-17 05-01 05-25 06-05 06-17 10-03 12-25 12-26"},
        {"SN", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 10-31 11-18 12-25 12-26"},
        {"BY+augsburg", 2026,
         "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 08-08 08-15 10-03 11-01 12-25 12-26"},
        {"HE", 2017, "01-01 04-14 04-17 05-01 05-25 06-05 06-15 10-03 10-31 12-25 12-26"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        list_year(&got, cases[i].key, cases[i].year);
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

/* How many statutory holidays each Land has in 2027, Sundays of Brandenburg included. */
static void counts(void **state)
{
    static const struct {
        const char *key;
        size_t want;
    } cases[] = {
        {"BW", 12},    {"BY", 12}, {"BY+mh", 13}, {"BY+augsburg", 14}, {"BE", 10},
        {"BB", 12},    {"HB", 10}, {"HH", 10},    {"HE", 10},          {"MV", 11},
        {"NI", 10},    {"NW", 11}, {"RP", 11},    {"SL", 12},          {"SN", 11},
        {"SN+fl", 12}, {"ST", 11}, {"SH", 10},    {"TH", 11},          {"TH+fl", 12},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = 0;
        for (int64_t day = date("2027-01-01"); day <= date("2027-12-31"); day++)
            n += holiday_name(cases[i].key, day) != NULL;
        if (n != cases[i].want)
            fail_msg("%s: %zu holidays in 2027, want %zu", cases[i].key, n, cases[i].want);
    }
}

static void all_keys(void **state)
{
    struct buf text = BUF_INIT;
    (void)state;
    holiday_keys(&text);
    assert_string_equal(buf_str(&text),
                        "BB, BE, BW, BY (also +mh, +augsburg), HB, HE, HH, MV, NI, NW, RP, SH, SL, "
                        "SN (also +fl), ST, TH (also +fl)");
    buf_release(&text);
}

enum { YEAR_DAYS = 366 };

/* Sets the days of "01-06 06-15 ..." in a year. */
static void mark(bool *is, int year, const char *text)
{
    for (; *text; text += strspn(text, " ")) {
        char full[16];
        size_t len = strcspn(text, " ");
        snprintf(full, sizeof full, "%04d-%.*s", year, (int)len, text);
        is[date(full) - day_of(year, 1, 1)] = true;
        text += len;
    }
}

static void compare_year(const char *key, int year, const bool *want)
{
    for (int64_t day = day_of(year, 1, 1); day < day_of(year + 1, 1, 1); day++) {
        const char *name = holiday_name(key, day);
        struct buf text = BUF_INIT;
        day_german(&text, day);
        if (want[day - day_of(year, 1, 1)] != (name != NULL))
            fail_msg("%s, %s: %s, the table says otherwise", key, buf_str(&text),
                     name ? name : "no holiday");
        buf_release(&text);
    }
}

/* A line of a year gives the days of all; a line of a key that key's, which are then compared. */
static bool table_line(char *line, int *year, bool *common)
{
    bool want[YEAR_DAYS];
    char *days = line + strcspn(line, " ");
    if (*days)
        *days++ = '\0';
    if (line[0] >= '0' && line[0] <= '9') {
        *year = atoi(line);
        memset(common, 0, YEAR_DAYS * sizeof *common);
        mark(common, *year, days);
        return false;
    }
    assert_true(holiday_key_valid(line) && *year > 0);
    memcpy(want, common, sizeof want);
    mark(want, *year, days);
    compare_year(line, *year, want);
    return true;
}

static void published_table(void **state)
{
    struct buf text = BUF_INIT, err = BUF_INIT;
    bool common[YEAR_DAYS];
    int year = 0, compared = 0;
    char *rest = NULL;
    (void)state;
    if (buf_read_file(&text, "tests/golden/holidays-laender.ref", 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    for (char *line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (line[0] != '#')
            compared += table_line(line, &year, common);
    assert_int_equal(compared, 20 * (2060 - 1995 + 1));
    buf_release(&text);
    buf_release(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(easter),          cmocka_unit_test(keys),   cmocka_unit_test(days),
        cmocka_unit_test(years),           cmocka_unit_test(counts), cmocka_unit_test(all_keys),
        cmocka_unit_test(published_table),
    };
    return cmocka_run_group_tests_name("holiday", tests, NULL, NULL);
}
