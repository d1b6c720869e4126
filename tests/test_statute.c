/*
 * The statutory clocks: every row of the table against what the law says, DOMAIN's vectors (C1 as
 * in KI9, UL12), the warnings day by day, closures that only bring them forward.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/statute.h"
#include "../daemon/util.h"
#include "../daemon/worktime.h"

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

/* "2026-12-09", or with a time. */
static int64_t moment(const char *text)
{
    int64_t ms = 0;
    if (strlen(text) == strlen("2026-12-09"))
        return berlin_to_ms(date(text), 0);
    if (!time_parse(text, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static struct period_end due(const char *name, const char *start, const char *calendar,
                             const char *local)
{
    struct period_end end = {0};
    struct buf err = BUF_INIT;
    struct statute_run run = {statute_find(name), moment(start), calendar, local};
    if (!run.row)
        fail_msg("no clock %s", name);
    if (statute_due(&run, &end, &err) < 0)
        fail_msg("%s: %s", name, buf_str(&err));
    buf_release(&err);
    return end;
}

/* All rows, started on a Monday far from holidays (C10 and C11: counted back from it). */
static const struct {
    const char *name;
    enum statute_kind kind;
    const char *norm, *want;
} row_cases[] = {
    {"C1", STATUTE_PERIOD, "§ 14 Abs. 1 SGB IX", "2026-09-21"},
    {"C1/forward", STATUTE_PROMPT, "§ 14 Abs. 1 SGB IX", "2026-09-08"},
    {"C2", STATUTE_PERIOD, "§ 14 Abs. 3 SGB IX", "2026-09-28"},
    {"C3", STATUTE_PERIOD, "§ 14 Abs. 2 SGB IX", "2026-09-28"},
    {"C3/expert", STATUTE_PERIOD, "§ 14 Abs. 2 SGB IX", "2026-09-21"},
    {"C3/several", STATUTE_PERIOD, "§ 15 Abs. 4 SGB IX", "2026-10-19"},
    {"C3/conference", STATUTE_PERIOD, "§ 15 Abs. 4 SGB IX", "2026-11-09"},
    {"C4", STATUTE_PERIOD, "§ 15 Abs. 2 SGB IX", "2026-09-21"},
    {"C4/expert", STATUTE_PERIOD, "§ 17 Abs. 2 SGB IX", "2026-09-21"},
    {"C5", STATUTE_PROMPT, "§ 16 Abs. 2 SGB I", "2026-09-08"},
    {"C6", STATUTE_PROMPT, "§ 18 Abs. 2 SGB XII", "2026-09-08"},
    {"C7", STATUTE_PERIOD, "§ 43 Abs. 1 SGB I", "2026-10-07"},
    {"C8", STATUTE_PROMPT, "§ 86c Abs. 2 SGB VIII", "2026-09-08"},
    {"C9", STATUTE_LOCAL, "§ 86d SGB VIII", "2026-09-08"},
    {"C10", STATUTE_BEFORE, "§ 36b Abs. 2 SGB VIII", "2025-09-05"},
    {"C11", STATUTE_BEFORE, "§ 41 Abs. 3 SGB VIII", "2025-09-05"},
    {"C11/aftercare", STATUTE_LOCAL, "§ 41a SGB VIII", "2026-09-08"},
    {"C12", STATUTE_LOCAL, "§ 8a Abs. 1 SGB VIII", "2026-09-08"},
    {"C13", STATUTE_LOCAL, "§ 4 Abs. 4 KKG, § 64 Abs. 4 SGB VIII", "2026-09-08"},
    {"C14", STATUTE_PERIOD, "§ 42a Abs. 4 SGB VIII", "2026-09-15"},
    {"C14/state", STATUTE_PERIOD, "§ 42a Abs. 4 SGB VIII", "2026-09-10"},
    {"C14/federal", STATUTE_PERIOD, "§ 42b Abs. 1 SGB VIII", "2026-09-09"},
    {"C14/assign", STATUTE_PERIOD, "§ 42b Abs. 3 SGB VIII", "2026-09-09"},
    {"C14/exclusion", STATUTE_PERIOD, "§ 42b Abs. 4 SGB VIII", "2026-10-07"},
    {"C15", STATUTE_PERIOD, "§ 44a Abs. 1 SGB II", "2026-10-07"},
    {"C15/decision", STATUTE_PERIOD, "§ 44a Abs. 6 SGB II", "2026-09-21"},
    {"C16", STATUTE_PERIOD, "§ 15 Abs. 3 SGB II", "2027-03-08"},
    {"C17", STATUTE_PERIOD, "§ 121 Abs. 2 SGB IX", "2028-09-07"},
    {"C18", STATUTE_PERIOD, "§ 98 Abs. 2 SGB IX", "2026-10-05"},
    {"C19", STATUTE_PERIOD, "§ 37 Abs. 3 SGB XI", "2027-03-08"},
    {"C19/quarterly", STATUTE_PERIOD, "§ 37 Abs. 3 SGB XI", "2026-12-07"},
    {"C20", STATUTE_PERIOD, "§ 18c SGB XI", "2026-10-12"},
    {"C20/hospital", STATUTE_PERIOD, "§ 18a Abs. 5 SGB XI", "2026-09-14"},
    {"C20/careleave", STATUTE_PERIOD, "§ 18a Abs. 6 SGB XI", "2026-09-21"},
    {"C21", STATUTE_PERIOD, "§ 569 Abs. 3 Nr. 2 BGB", "2026-11-09"},
    {"C21/court", STATUTE_PROMPT, "§ 22 Abs. 9 SGB II, § 36 Abs. 2 SGB XII", "2026-09-08"},
    {"C22", STATUTE_PERIOD, "§ 111 SGB X", "2027-09-07"},
    {"C23", STATUTE_PERIOD, "§ 88 Abs. 1 SGG", "2027-03-08"},
    {"C23/objection", STATUTE_PERIOD, "§ 88 Abs. 2 SGG", "2026-12-07"},
    {"C24", STATUTE_PERIOD, "Art. 33 Abs. 1 DSGVO", "2026-09-09"},
    {"C24/access", STATUTE_PERIOD, "Art. 12 Abs. 3 DSGVO", "2026-10-07"},
    {"C24/erasure", STATUTE_PROMPT, "Art. 17 DSGVO", "2026-09-08"},
    {"C25", STATUTE_PERIOD, "örtliche Vereinbarung", "2026-09-14"},
    {"C25/first", STATUTE_PERIOD, "örtliche Vereinbarung", "2026-10-05"},
    {"C25/next", STATUTE_PERIOD, "örtliche Vereinbarung", "2026-10-05"},
    {"C25/voucher", STATUTE_PERIOD, "örtliche Vereinbarung", "2027-03-08"},
};

static void rows(void **state)
{
    size_t n;
    const struct statute *table = statute_rows(&n);
    (void)state;
    assert_int_equal(n, COUNT_OF(row_cases));
    for (size_t i = 0; i < n; i++) {
        const struct statute *row = statute_find(row_cases[i].name);
        struct period_end end = due(row_cases[i].name, "2026-09-07", "NW", "");
        assert_ptr_equal(row, &table[i]);
        assert_int_equal(row->kind, row_cases[i].kind);
        assert_string_equal(row->norm, row_cases[i].norm);
        assert_true(row->title[0] && row->start[0]);
        assert_true(!row->note[0] || str_ends(row->note, ".") || str_ends(row->note, "?"));
        if (end.end_day != date(row_cases[i].want))
            fail_msg("%s: day %lld, want %s", row_cases[i].name, (long long)end.end_day,
                     row_cases[i].want);
    }
}

/* All 25 are there, each with its usual way. */
static void clocks(void **state)
{
    (void)state;
    for (int i = 1; i <= 25; i++) {
        char name[16];
        snprintf(name, sizeof name, "C%d", i);
        const struct statute *row = statute_find(name);
        assert_non_null(row);
        assert_string_equal(row->clock, name);
        assert_string_equal(row->variant, "");
    }
}

static void names(void **state)
{
    static const char *const none[] = {"",           "C",   "C0",  "C26",         "c1",
                                       "C1/",        "C1 ", "/C1", "C11/forward", "C3/Expert",
                                       "C3/expert/", "C1/x"};
    struct buf text = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_null(statute_find(none[i]));
    statute_names(&text, "C1");
    assert_string_equal(buf_str(&text), "C1, C1/forward");
    buf_reset(&text);
    statute_names(&text, "C26");
    assert_string_equal(buf_str(&text), "");
    statute_names(&text, "");
    assert_non_null(strstr(buf_str(&text), "C14/exclusion, C15, "));
    buf_release(&text);
}

static void local_standards(void **state)
{
    static const struct {
        const char *name, *start, *local, *want;
    } cases[] = {
        {"C12", "2026-11-20T14:00:00+01:00", "24 hours", "2026-11-21T14:00:00+01:00"},
        {"C12", "2026-11-20T14:00:00+01:00", "", "2026-11-24T00:00:00+01:00"},
        {"C12", "2026-11-20T14:00:00+01:00", "3 Arbeitstage", "2026-11-26T00:00:00+01:00"},
        {"C11/aftercare", "2027-01-30", "3 months", "2027-05-01T00:00:00+02:00"},
    };
    struct period_end end;
    struct buf err = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        end = due(cases[i].name, cases[i].start, "BW", cases[i].local);
        time_local(&got, end.end_ms);
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
    /* What the law sets cannot be made longer; a standard must be a length. */
    struct statute_run run = {statute_find("C1"), moment("2026-11-20"), "BW", "4 weeks"};
    assert_int_equal(statute_due(&run, &end, &err), -1);
    assert_non_null(strstr(buf_str(&err), "the law sets the length of C1"));
    run.row = statute_find("C5");
    assert_int_equal(statute_due(&run, &end, &err), -1);
    run = (struct statute_run){statute_find("C12"), moment("2026-11-20"), "BW", "soon"};
    assert_int_equal(statute_due(&run, &end, &err), -1);
    assert_non_null(strstr(buf_str(&err), "24 hours"));
    buf_release(&err);
}

enum office { NO_UNIT, KIEL, CLOSED_BETWEEN_YEARS, TUWETH, NEVER };

static struct closure closures[] = {{24, 12, 0}, {31, 12, 0}};

static struct worktime unit_of(enum office kind)
{
    static struct closure shut[14];
    struct worktime w;
    worktime_default(&w);
    strcpy(w.calendar, kind == KIEL ? "SH" : "BW");
    w.closure = closures;
    w.closures = kind == KIEL ? COUNT_OF(closures) : 0;
    for (int i = 0; i < 14; i++)
        shut[i] = (struct closure){date("2026-12-21") + i, 0, 0};
    if (kind == CLOSED_BETWEEN_YEARS) {
        w.closure = shut;
        w.closures = COUNT_OF(shut);
    }
    for (int i = 0; i < 7; i++)
        if (kind == NEVER || (kind == TUWETH && (i < 1 || i > 3)))
            w.open_s[i] = w.close_s[i] = 0;
    return w;
}

/* Days as "2026-12-18 2026-12-21 2026-12-23 2026-12-24", "-" for none. */
static void list_warnings(struct buf *out, const struct statute_warnings *w)
{
    for (int i = 0; i < WARN_COUNT; i++) {
        int year, month, mday;
        day_split(w->day[i], &year, &month, &mday);
        assert_true((w->day[i] == 0) == (w->at_ms[i] == 0));
        if (w->day[i])
            buf_printf(out, "%s%04d-%02d-%02d", i ? " " : "", year, month, mday);
        else
            buf_puts(out, i ? " -" : "-");
    }
}

static void warnings(void **state)
{
    static const struct {
        const char *label, *clock, *start, *calendar;
        enum office unit;
        const char *want;
    } cases[] = {
        {"KI9", "C1", "2026-12-09", "SH", NO_UNIT, "2026-12-18 2026-12-21 2026-12-23 2026-12-24"},
        {"KI9, the unit's own days", "C1", "2026-12-09", "SH", KIEL,
         "2026-12-18 2026-12-21 2026-12-23 2026-12-24"},
        {"last day is a closed 24 December", "C1", "2026-12-10", "SH", KIEL,
         "2026-12-18 2026-12-22 2026-12-23 2026-12-25"},
        {"the same by the law alone", "C1", "2026-12-10", "SH", NO_UNIT,
         "2026-12-18 2026-12-22 2026-12-24 2026-12-25"},
        {"moved end, 75 % of the length by law", "C1", "2026-12-18", "BW", NO_UNIT,
         "2026-12-28 2026-12-30 2027-01-04 2027-01-05"},
        {"closed for two weeks: all before", "C1", "2026-12-14", "BW", CLOSED_BETWEEN_YEARS,
         "- - 2026-12-18 2026-12-29"},
        {"closed from the start to the end: the law's days", "C1", "2026-12-18", "BW", NEVER,
         "2026-12-28 2026-12-30 2027-01-04 2027-01-05"},
        {"75 % on Neujahr, pulled onto the next warning", "C1", "2026-12-22", "NW", NO_UNIT,
         "- 2026-12-31 2027-01-05 2027-01-06"},
        {"month", "C7", "2026-11-23", "NW", NO_UNIT, "2026-12-15 2026-12-21 2026-12-23 2026-12-24"},
        {"two years", "C17", "2026-11-23", "NW", NO_UNIT,
         "2028-05-24 2028-11-21 2028-11-23 2028-11-24"},
        {"three Werktage", "C14/state", "2026-11-16", "NW", NO_UNIT,
         "2026-11-18 2026-11-17 2026-11-19 2026-11-20"},
        {"two Werktage", "C14/assign", "2026-11-16", "NW", NO_UNIT,
         "2026-11-17 - 2026-11-18 2026-11-19"},
        {"prompt has one day", "C5", "2026-11-20", "NW", NO_UNIT, "- - 2026-11-23 2026-11-24"},
        {"counted back", "C10", "2027-12-01", "NW", NO_UNIT, "- 2026-11-27 2026-12-01 2026-12-02"},
        {"part time", "C18", "2027-04-02", "BW", TUWETH,
         "2027-04-22 2027-04-28 2027-04-29 2027-05-01"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct period_end end = due(cases[i].clock, cases[i].start, cases[i].calendar, "");
        struct worktime w = unit_of(cases[i].unit);
        struct statute_warnings got;
        struct buf text = BUF_INIT;
        statute_warn(&end, cases[i].calendar, cases[i].unit ? &w : NULL, &got);
        list_warnings(&text, &got);
        if (!str_eq(buf_str(&text), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].label, buf_str(&text), cases[i].want);
        buf_release(&text);
    }
}

static void warnings_in_hours(void **state)
{
    struct period_end end = due("C24", "2026-12-18T16:00:00+01:00", "NW", "");
    struct worktime w = unit_of(KIEL);
    struct statute_warnings got;
    (void)state;
    statute_warn(&end, "NW", &w, &got);
    assert_int_equal(got.at_ms[WARN_THREE_QUARTERS], moment("2026-12-20T22:00:00+01:00"));
    assert_int_equal(got.day[WARN_TWO_DAYS], 0);
    assert_int_equal(got.at_ms[WARN_LAST_DAY], moment("2026-12-21T15:00:00+01:00"));
    assert_int_equal(got.at_ms[WARN_OVERDUE], moment("2026-12-21T16:00:00+01:00"));
    assert_int_equal(got.day[WARN_OVERDUE], date("2026-12-21"));
    end = due("C12", "2026-12-18T16:00:00+01:00", "NW", "2 hours");
    statute_warn(&end, "NW", NULL, &got);
    assert_int_equal(got.at_ms[WARN_THREE_QUARTERS], 0);
    assert_int_equal(got.at_ms[WARN_LAST_DAY], moment("2026-12-18T17:00:00+01:00"));
}

/* UL12, KI9: the last day on which the unit's people can keep the date. */
static void last_staffed(void **state)
{
    static const struct {
        const char *label;
        enum office unit;
        const char *end, *want;
    } cases[] = {
        {"KI9 ends on a staffed day", KIEL, "2026-12-23", "2026-12-23"},
        {"KI9: 24 December is a Werktag, but closed", KIEL, "2026-12-24", "2026-12-23"},
        {"over the holidays", KIEL, "2026-12-27", "2026-12-23"},
        {"UL12", TUWETH, "2027-04-30", "2027-04-29"},
        {"closed for two weeks", CLOSED_BETWEEN_YEARS, "2026-12-31", "2026-12-18"},
        {"never staffed", NEVER, "2026-12-23", "2026-12-23"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct worktime w = unit_of(cases[i].unit);
        if (statute_last_staffed(&w, date(cases[i].end)) != date(cases[i].want))
            fail_msg("%s: want %s", cases[i].label, cases[i].want);
    }
}

/* Whatever the unit: due days stay, warnings come no later, and none before the clock ran. */
static void closures_only_warn_earlier(void **state)
{
    static const char *const lands[] = {"BW", "SH", "SN+fl", "BY+augsburg"};
    size_t n;
    const struct statute *table = statute_rows(&n);
    (void)state;
    for (size_t r = 0; r < n; r++)
        for (int64_t day = date("2026-11-15"); day < date("2027-02-01"); day++)
            for (int kind = KIEL; kind <= NEVER; kind++) {
                const char *calendar = lands[(size_t)(day + kind) % COUNT_OF(lands)];
                struct statute_run run = {&table[r], berlin_to_ms(day, 0), calendar, ""};
                struct worktime w = unit_of((enum office)kind);
                struct statute_warnings law, unit;
                struct period_end end;
                struct buf err = BUF_INIT;
                assert_int_equal(statute_due(&run, &end, &err), 0);
                statute_warn(&end, calendar, NULL, &law);
                statute_warn(&end, calendar, &w, &unit);
                assert_int_equal(law.at_ms[WARN_OVERDUE], unit.at_ms[WARN_OVERDUE]);
                assert_true(law.at_ms[WARN_OVERDUE] == end.end_ms);
                assert_true(unit.day[WARN_LAST_DAY] && unit.day[WARN_LAST_DAY] <= end.end_day);
                for (int i = 0; i < WARN_OVERDUE; i++) {
                    assert_true(unit.day[i] <= law.day[i]);
                    assert_true(!unit.day[i] || end.back || unit.at_ms[i] > end.start_ms);
                }
                buf_release(&err);
            }
}

static void reasons(void **state)
{
    static const struct {
        const char *name, *local, *want;
    } cases[] = {
        {"C3/expert", "",
         "C3/expert: Nach Gutachten über Rehabilitation entscheiden (§ 14 Abs. 2 "
         "SGB IX). Beginn: Eingang des Gutachtens.\nDer Tag des Ereignisses"},
        {"C5", "", "ohne schuldhaftes Zögern (§ 121 BGB)"},
        {"C12", "", "ein örtlicher Maßstab ist nicht gesetzt"},
        {"C12", "24 hours", "es gilt der örtliche Maßstab.\n24 Stunden ab"},
        {"C10", "", "Zurück von: voraussichtlicher Wechsel der Zuständigkeit.\nGerechnet wird"},
        {"C25", "", "kein Gesetz."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct statute_run run = {statute_find(cases[i].name), moment("2026-11-20"), "NW",
                                  cases[i].local};
        struct period_end end;
        struct buf text = BUF_INIT, err = BUF_INIT;
        assert_int_equal(statute_due(&run, &end, &err), 0);
        statute_why(&text, &run, &end);
        if (!strstr(buf_str(&text), cases[i].want))
            fail_msg("%s: %s", cases[i].name, buf_str(&text));
        buf_release(&text);
        buf_release(&err);
    }
    assert_string_equal(statute_warning_name(WARN_THREE_QUARTERS), "three_quarters");
    assert_string_equal(statute_warning_german(WARN_OVERDUE), "überschritten");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),         cmocka_unit_test(clocks),
        cmocka_unit_test(names),        cmocka_unit_test(local_standards),
        cmocka_unit_test(warnings),     cmocka_unit_test(warnings_in_hours),
        cmocka_unit_test(last_staffed), cmocka_unit_test(closures_only_warn_earlier),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests_name("statute", tests, NULL, NULL);
}
