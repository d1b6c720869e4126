/*
 * Series of meetings: whole years against lists written by hand, each rule for holidays, and what
 * must hold for any rule in any Land.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/holiday.h"
#include "../daemon/school.h"
#include "../daemon/series.h"
#include "../daemon/util.h"
#include "../daemon/worktime.h"

/* The window of the random series. */
#define FROM "2026-07-01"
#define TO "2029-01-01"

enum { DAY_S = 86400, PLAN_MAX = 1200, DAYS_MAX = 12 };

/* What the host has closed: 24 and 31 December, Schwörmontag 2027 from 10:30. */
static const struct closure closures[] = {{24, 12, 0}, {31, 12, 0}, {21018, 0, 10 * 3600 + 1800}};

static struct worktime host(const char *calendar, const char *hours)
{
    static struct closure own[COUNT_OF(closures)];
    struct worktime w;
    worktime_default(&w);
    memcpy(own, closures, sizeof own);
    w.closure = own;
    w.closures = COUNT_OF(own);
    str_copy(w.calendar, sizeof w.calendar, calendar);
    for (int i = 0; i < 7; i++)
        if (str_eq(hours, "never") || (str_eq(hours, "TuWeTh") && (i < 1 || i > 3)))
            w.open_s[i] = w.close_s[i] = 0;
    return w;
}

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

/* "2027-01-07T09:00" as wall seconds; a day alone is its beginning. */
static int64_t wall(const char *text)
{
    char day[11] = {0};
    int second = 0;
    memcpy(day, text, 10);
    if (text[10] == 'T' && !time_of_day_parse(text + 11, &second))
        fail_msg("no time: %s", text);
    return date(day) * DAY_S + second;
}

/* Days or moments with blanks between them. */
static size_t list_of(const char *text, int64_t *out, int64_t unit_s)
{
    size_t n = 0;
    char one[24];
    while (text && *text) {
        size_t len = strcspn(text, " ");
        memcpy(one, text, len);
        one[len] = '\0';
        out[n++] = wall(one) / unit_s;
        text += len + strspn(text + len, " ");
    }
    return n;
}

static void write_day(struct buf *out, int64_t wall_s)
{
    int year, month, mday;
    day_split(wall_s / DAY_S, &year, &month, &mday);
    buf_printf(out, "%02d.%02d.", mday, month);
}

/* "07.01. 06.05.>13.05.(Christi Himmelfahrt) 31.12.x(Schließtag) " */
static void write_plan(struct buf *out, const struct planned *plan, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        write_day(out, plan[i].original_s);
        if (plan[i].verdict == PLAN_MOVED) {
            buf_addc(out, '>');
            write_day(out, plan[i].start_s);
        }
        if (plan[i].verdict == PLAN_LEFT_OUT)
            buf_addc(out, 'x');
        if (*plan[i].why)
            buf_printf(out, "(%s)", plan[i].why);
        buf_addc(out, ' ');
    }
}

static const struct {
    const char *label, *calendar, *hours, *rule, *start;
    enum holiday_rule holiday;
    bool school;
    const char *dates, *except, *until, *from, *to, *want;
} cases[] = {
    {"MH1 first Thursday", "NW", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-01-07T09:00",
     HOLIDAY_PLUS_WEEK, false, "", "", "", "2027-01-01", "2028-01-01",
     "07.01. 04.02. 04.03. 01.04. 06.05.>13.05.(Christi Himmelfahrt) 03.06. 01.07. 05.08. 02.09. "
     "07.10. 04.11. 02.12. "},
    {"skipped", "NW", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-01-07T09:00", HOLIDAY_SKIP, false, "", "",
     "", "2027-04-01", "2027-07-01", "01.04. 06.05.x(Christi Himmelfahrt) 03.06. "},
    {"kept", "NW", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-01-07T09:00", HOLIDAY_KEEP, false, "", "",
     "", "2027-04-01", "2027-07-01", "01.04. 06.05. 03.06. "},
    {"next working day", "NW", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-01-07T09:00", HOLIDAY_NEXT_DAY,
     false, "", "", "", "2027-04-01", "2027-07-01",
     "01.04. 06.05.>07.05.(Christi Himmelfahrt) 03.06. "},
    {"no holidays are known", "", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-01-07T09:00",
     HOLIDAY_PLUS_WEEK, false, "", "", "", "2027-04-01", "2027-07-01", "01.04. 06.05. 03.06. "},
    {"another Land: Fronleichnam is work in Kiel", "SH", "", "FREQ=WEEKLY;BYDAY=TH;INTERVAL=2",
     "2027-05-13T09:00", HOLIDAY_SKIP, false, "", "", "", "2027-05-13", "2027-06-13",
     "13.05. 27.05. 10.06. "},
    {"the same in Ulm", "BW", "", "FREQ=WEEKLY;BYDAY=TH;INTERVAL=2", "2027-05-13T09:00",
     HOLIDAY_SKIP, false, "", "", "", "2027-05-13", "2027-06-13",
     "13.05. 27.05.x(Fronleichnam) 10.06. "},
    {"a week later is a holiday too", "NW", "", "FREQ=MONTHLY;BYDAY=3TH", "2027-05-20T09:00",
     HOLIDAY_PLUS_WEEK, false, "2027-12-25T09:00 2028-02-03T09:00", "", "", "2027-12-01",
     "2028-03-01", "25.12.>08.01.(1. Weihnachtstag) 03.02. "},
    {"closed a week later", "NW", "", "", "2027-12-24T09:00", HOLIDAY_PLUS_WEEK, false, "", "", "",
     "2027-12-01", "2028-03-01", "24.12.>07.01.(Schließtag) "},
    {"a week later is another session", "NW", "", "FREQ=MONTHLY;BYDAY=1TH,2TH", "2027-05-01T09:00",
     HOLIDAY_PLUS_WEEK, false, "", "", "", "2027-05-01", "2027-06-01",
     "06.05.>20.05.(Christi Himmelfahrt) 13.05. "},
    {"two holidays, two places", "NW", "", "FREQ=MONTHLY;BYDAY=1TH,4TH", "2027-05-01T09:00",
     HOLIDAY_PLUS_WEEK, false, "", "", "", "2027-05-01", "2027-06-30",
     "06.05.>13.05.(Christi Himmelfahrt) 27.05.>10.06.(Fronleichnam) 03.06. 24.06. "},
    {"weekly: the next week is taken for ever", "NW", "", "FREQ=WEEKLY;BYDAY=TH",
     "2027-04-29T09:00", HOLIDAY_PLUS_WEEK, false, "", "", "", "2027-04-29", "2027-05-21",
     "29.04. 06.05.x(Christi Himmelfahrt) 13.05. 20.05. "},
    {"BI9 Easter, next working day", "NW", "", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2027-03-22T09:00",
     HOLIDAY_NEXT_DAY, false, "", "", "", "2027-03-22", "2027-04-03",
     "22.03. 24.03. 26.03.>30.03.(Karfreitag) 29.03.>01.04.(Ostermontag) 31.03. 02.04. "},
    {"part time: the next day somebody is there", "BW", "TuWeTh", "FREQ=WEEKLY;BYDAY=TH",
     "2027-05-06T10:00", HOLIDAY_NEXT_DAY, false, "", "", "", "2027-05-06", "2027-05-14",
     "06.05.>11.05.(Christi Himmelfahrt) 13.05. "},
    {"a body without office hours", "BW", "never", "", "2027-05-06T18:00", HOLIDAY_NEXT_DAY, false,
     "", "", "", "2027-05-06", "2027-05-14", "06.05.>07.05.(Christi Himmelfahrt) "},
    {"before Schwörmontag begins", "BW", "", "", "2027-07-19T09:00", HOLIDAY_NEXT_DAY, false, "",
     "", "", "2027-07-01", "2027-08-01", "19.07. "},
    {"when Schwörmontag has begun", "BW", "", "", "2027-07-19T10:30", HOLIDAY_NEXT_DAY, false, "",
     "", "", "2027-07-01", "2027-08-01", "19.07.>20.07.(Schließtag) "},
    {"exceptions", "NW", "", "FREQ=WEEKLY;BYDAY=TU", "2027-06-01T09:00", HOLIDAY_PLUS_WEEK, false,
     "", "2027-06-08 2027-06-22", "", "2027-06-01", "2027-07-01",
     "01.06. 08.06.x(Ausnahme) 15.06. 22.06.x(Ausnahme) 29.06. "},
    {"not onto an exception", "NW", "", "", "2027-05-06T09:00", HOLIDAY_PLUS_WEEK, false, "",
     "2027-05-13", "", "2027-05-01", "2027-06-01", "06.05.>20.05.(Christi Himmelfahrt) "},
    {"an exception on a holiday", "NW", "", "", "2027-05-06T09:00", HOLIDAY_PLUS_WEEK, false, "",
     "2027-05-06", "", "2027-05-01", "2027-06-01", "06.05.x(Ausnahme) "},
    {"until, its last day included", "NW", "", "FREQ=WEEKLY;BYDAY=TU", "2027-06-01T09:00",
     HOLIDAY_KEEP, false, "", "", "2027-06-15", "2027-06-01", "2027-07-01",
     "01.06. 08.06. 15.06. "},
    {"moved behind until", "NW", "", "FREQ=MONTHLY;BYDAY=1TH", "2027-04-01T09:00",
     HOLIDAY_PLUS_WEEK, false, "", "", "2027-05-06", "2027-04-01", "2028-01-01",
     "01.04. 06.05.>13.05.(Christi Himmelfahrt) "},
    {"UL7 dates", "BW", "", "", "2018-01-09T14:00", HOLIDAY_KEEP, false,
     "2018-01-09T14:00 2018-02-07T10:00", "", "", "2017-11-15", "2018-10-01", "09.01. 07.02. "},
    {"dates that are not rising", "BW", "", "", "2018-01-09T14:00", HOLIDAY_KEEP, false,
     "2018-01-09T14:00 2018-01-09T14:00 2018-01-02T14:00 2018-02-07T10:00", "", "", "2017-11-15",
     "2018-10-01", "09.01. 07.02. "},
    {"BI10 dates on one day of another", "NW", "", "", "2027-05-06T09:00", HOLIDAY_NEXT_DAY, false,
     "2027-05-06T09:00 2027-05-07T14:00", "", "", "2027-05-01", "2027-06-01",
     "06.05.>10.05.(Christi Himmelfahrt) 07.05. "},
    {"once", "NW", "", "", "2027-06-01T09:00", HOLIDAY_SKIP, false, "", "", "", "2027-06-01",
     "2027-06-02", "01.06. "},
    {"once, outside", "NW", "", "", "2027-06-01T09:00", HOLIDAY_SKIP, false, "", "", "",
     "2027-06-02", "2028-06-02", ""},
    {"count", "NW", "", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=4", "2027-06-07T09:00", HOLIDAY_SKIP,
     false, "", "", "", "2027-01-01", "2028-01-01", "07.06. 09.06. 11.06. 14.06. "},
    {"school holidays", "SH", "", "FREQ=WEEKLY;BYDAY=WE", "2027-03-24T09:00", HOLIDAY_SKIP, true,
     "", "", "", "2027-03-24", "2027-04-20",
     "24.03. 31.03.x(Schulferien) 07.04.x(Schulferien) 14.04. "},
    {"not into school holidays", "SH", "", "", "2027-03-29T09:00", HOLIDAY_PLUS_WEEK, true, "", "",
     "", "2027-03-24", "2027-04-20", "29.03.>12.04.(Ostermontag) "},
    {"school holidays do not matter", "SH", "", "FREQ=WEEKLY;BYDAY=WE", "2027-03-24T09:00",
     HOLIDAY_SKIP, false, "", "", "", "2027-03-24", "2027-04-20", "24.03. 31.03. 07.04. 14.04. "},
    {"no rule at all", "NW", "", "FREQ=HOURLY", "2027-06-01T09:00", HOLIDAY_SKIP, false, "", "", "",
     "2027-06-01", "2027-06-02", ""},
    {"window of no length", "NW", "", "FREQ=DAILY", "2027-06-01T09:00", HOLIDAY_SKIP, false, "", "",
     "", "2027-06-02", "2027-06-02", ""},
    {"the whole list is closed: no place", "NW", "", "FREQ=DAILY", "2027-05-06T09:00",
     HOLIDAY_NEXT_DAY, false, "", "", "", "2027-05-05", "2027-05-08",
     "06.05.x(Christi Himmelfahrt) 07.05. "},
};

static struct school *shipped(void)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = &text};
    struct school *school = school_load("config/school-holidays.txt", &faults);
    if (!school)
        fail_msg("%s", buf_str(&text));
    buf_release(&text);
    return school;
}

static void table(void **state)
{
    static struct planned plan[PLAN_MAX];
    struct school *school = shipped();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t dates[DAYS_MAX], except[DAYS_MAX];
        struct worktime hours = host(cases[i].calendar, cases[i].hours);
        struct series series = {.rule = cases[i].rule,
                                .start_s = wall(cases[i].start),
                                .until_day = *cases[i].until ? date(cases[i].until) : 0,
                                .date = dates,
                                .dates = list_of(cases[i].dates, dates, 1),
                                .except = except,
                                .excepts = list_of(cases[i].except, except, DAY_S),
                                .holiday = cases[i].holiday,
                                .skip_school_holidays = cases[i].school,
                                .hours = &hours,
                                .school = school};
        struct buf got = BUF_INIT;
        write_plan(&got, plan,
                   series_expand(&series, wall(cases[i].from), wall(cases[i].to), plan, PLAN_MAX));
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].label, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
    school_free(school);
}

static void keeps_the_time_of_the_day(void **state)
{
    static struct planned plan[PLAN_MAX];
    struct worktime hours = host("NW", "");
    struct series series = {.rule = "FREQ=WEEKLY;BYDAY=SU",
                            .start_s = wall("2027-01-03T02:30"),
                            .holiday = HOLIDAY_PLUS_WEEK,
                            .hours = &hours};
    (void)state;
    size_t n = series_expand(&series, wall("2027-01-01"), wall("2028-01-01"), plan, PLAN_MAX);
    assert_int_equal(n, 52);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(plan[i].start_s % DAY_S, 9000);
}

static void at_most_max(void **state)
{
    struct planned plan[3];
    struct worktime hours = host("NW", "");
    struct series series = {.rule = "FREQ=DAILY",
                            .start_s = wall("2027-01-01T09:00"),
                            .holiday = HOLIDAY_NEXT_DAY,
                            .hours = &hours};
    (void)state;
    assert_int_equal(
        series_expand(&series, wall("2027-06-01"), wall("2040-01-01"), plan, COUNT_OF(plan)), 3);
    assert_int_equal(plan[2].original_s, wall("2027-06-03T09:00"));
    assert_int_equal(series_expand(&series, wall("2027-06-01"), wall("2040-01-01"), plan, 0), 0);
}

static void rule_names(void **state)
{
    enum holiday_rule rule;
    (void)state;
    for (int i = 0; i < HOLIDAY_RULE_COUNT; i++) {
        assert_true(holiday_rule_parse(holiday_rule_name((enum holiday_rule)i), &rule));
        assert_int_equal(rule, i);
    }
    assert_true(holiday_rule_parse("plus_week", &rule) && rule == HOLIDAY_PLUS_WEEK);
    assert_false(holiday_rule_parse("", &rule) || holiday_rule_parse("+1w", &rule) ||
                 holiday_rule_parse("Keep", &rule));
}

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static void random_rule(struct buf *rule, uint64_t *seed)
{
    static const char *const days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    int interval = 1 + (int)(random_next(seed) % 3);
    switch (random_next(seed) % 4) {
    case 0:
        buf_printf(rule, "FREQ=DAILY;INTERVAL=%d", interval * (int)(1 + random_next(seed) % 5));
        return;
    case 1:
        buf_printf(rule, "FREQ=WEEKLY;INTERVAL=%d;BYDAY=%s,%s", interval,
                   days[random_next(seed) % 3], days[3 + random_next(seed) % 4]);
        return;
    case 2:
        buf_printf(rule, "FREQ=MONTHLY;INTERVAL=%d;BYDAY=%d%s", interval,
                   (int)(random_next(seed) % 2 ? -1 : 1 + (int64_t)(random_next(seed) % 4)),
                   days[random_next(seed) % 7]);
        return;
    default:
        buf_printf(rule, "FREQ=MONTHLY;BYMONTHDAY=%d", 1 + (int)(random_next(seed) % 28));
        if (random_next(seed) % 2)
            buf_printf(rule, ";COUNT=%d", 1 + (int)(random_next(seed) % 40));
        return;
    }
}

static bool is_free(const struct series *series, int64_t start_s)
{
    int64_t day = start_s / DAY_S;
    for (size_t i = 0; i < series->excepts; i++)
        if (series->except[i] == day)
            return false;
    return !holiday_name(series->hours->calendar, day) &&
           !worktime_is_closed(series->hours, day, (int)(start_s % DAY_S)) &&
           !(series->skip_school_holidays &&
             school_is_holiday(series->school, series->hours->calendar, day));
}

static void check_plan(const char *label, const struct series *series, const struct planned *plan,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && plan[i].original_s <= plan[i - 1].original_s)
            fail_msg("%s: originals do not rise", label);
        if ((plan[i].verdict == PLAN_AS_RULED) != (*plan[i].why == '\0'))
            fail_msg("%s: \"%s\" is the reason of verdict %d", label, plan[i].why, plan[i].verdict);
        if ((plan[i].verdict == PLAN_MOVED) != (plan[i].start_s != plan[i].original_s))
            fail_msg("%s: moved is not moved", label);
        if (plan[i].verdict == PLAN_LEFT_OUT)
            continue;
        if (plan[i].start_s < plan[i].original_s ||
            plan[i].start_s > plan[i].original_s + (int64_t)SERIES_MOVE_DAYS * DAY_S)
            fail_msg("%s: moved too far", label);
        if (series->holiday != HOLIDAY_KEEP && !is_free(series, plan[i].start_s))
            fail_msg("%s: on a day that is not free", label);
        for (size_t k = 0; k < i; k++)
            if (plan[k].verdict != PLAN_LEFT_OUT &&
                plan[k].start_s / DAY_S == plan[i].start_s / DAY_S)
                fail_msg("%s: two on one day", label);
    }
}

/* Each date of the rule in the window is there once, whatever became of it. */
static void check_dates(const char *label, const struct series *series, const struct planned *plan,
                        size_t n)
{
    static struct planned all[PLAN_MAX];
    struct worktime open = *series->hours;
    struct series bare = *series;
    open.calendar[0] = '\0';
    open.closures = 0;
    bare.hours = &open;
    bare.excepts = 0;
    bare.skip_school_holidays = false;
    bare.holiday = HOLIDAY_KEEP;
    assert_int_equal(series_expand(&bare, wall(FROM), wall(TO), all, PLAN_MAX), n);
    for (size_t i = 0; i < n; i++)
        if (all[i].original_s != plan[i].original_s)
            fail_msg("%s: another date", label);
}

/* Random series in all Länder over three years. */
static void any_rule_anywhere(void **state)
{
    static const char *const keys[] = {"BB", "BE", "BW", "BY", "BY+mh", "HB",    "HE", "HH", "MV",
                                       "NI", "NW", "RP", "SH", "SL",    "SN+fl", "ST", "TH"};
    static struct planned plan[PLAN_MAX], part[PLAN_MAX];
    struct school *school = shipped();
    size_t verdicts[3] = {0};
    uint64_t seed = 20270506;
    int64_t from_s = wall(FROM), to_s = wall(TO);
    (void)state;
    for (int round = 0; round < 1700; round++) {
        struct buf rule = BUF_INIT;
        struct worktime hours =
            host(keys[(size_t)round % COUNT_OF(keys)], random_next(&seed) % 4 ? "" : "TuWeTh");
        int64_t except[3], base = wall("2026-01-01");
        random_rule(&rule, &seed);
        for (size_t i = 0; i < COUNT_OF(except); i++)
            except[i] = base / DAY_S + (int64_t)(random_next(&seed) % 900);
        struct series series = {.rule = buf_str(&rule),
                                .start_s = base + (int64_t)(random_next(&seed) % 500) * DAY_S +
                                           8 * 3600 + (int64_t)(random_next(&seed) % 20) * 1800,
                                .except = except,
                                .excepts = COUNT_OF(except),
                                .holiday = (enum holiday_rule)(random_next(&seed) % 4),
                                .skip_school_holidays = random_next(&seed) % 3 == 0,
                                .hours = &hours,
                                .school = school};
        size_t n = series_expand(&series, from_s, to_s, plan, PLAN_MAX);
        check_plan(buf_str(&rule), &series, plan, n);
        for (size_t i = 0; i < n; i++)
            verdicts[plan[i].verdict]++;
        check_dates(buf_str(&rule), &series, plan, n);
        /* and it is the same in every window */
        int64_t middle_s = from_s + (int64_t)(random_next(&seed) % 900) * DAY_S;
        for (size_t i = 0; i < n; i++)
            if (plan[i].verdict == PLAN_MOVED && (i + (size_t)round) % 7 == 0)
                middle_s = plan[i].original_s + 1; /* what it presses on comes after it */
        size_t first = series_expand(&series, from_s, middle_s, part, PLAN_MAX);
        first += series_expand(&series, middle_s, to_s, part + first, PLAN_MAX - first);
        assert_int_equal(first, n);
        for (size_t i = 0; i < n; i++)
            if (part[i].start_s != plan[i].start_s || part[i].verdict != plan[i].verdict)
                fail_msg("%s: another place in another window", buf_str(&rule));
        buf_release(&rule);
    }
    for (size_t i = 0; i < COUNT_OF(verdicts); i++)
        assert_true(verdicts[i] > 500);
    school_free(school);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(keeps_the_time_of_the_day),
        cmocka_unit_test(at_most_max),
        cmocka_unit_test(rule_names),
        cmocka_unit_test(any_rule_anywhere),
    };
    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
