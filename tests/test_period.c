/*
 * Statutory periods: the vectors of DOMAIN 1 and 2.2, the corners of §§ 187, 188 BGB and § 26
 * SGB X, the reasons word by word, and 120,000 random periods against an independent calculation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/holiday.h"
#include "../daemon/period.h"
#include "../daemon/util.h"
#include "../daemon/worktime.h"

static const char *const calendars[] = {
    "BB", "BE", "BW", "BY", "BY+mh", "BY+augsburg", "HB", "HE",    "HH", "MV",
    "NI", "NW", "RP", "SH", "SL",    "SN",          "ST", "SN+fl", "TH", "TH+fl",
};

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

static struct period length(const char *text)
{
    struct period p = {PERIOD_DAYS, 0};
    if (!period_parse(text, &p))
        fail_msg("no length: %s", text);
    return p;
}

static void check_day(const char *label, const char *what, int64_t got, const char *want)
{
    struct buf text = BUF_INIT;
    day_german(&text, got);
    if (got != date(want))
        fail_msg("%s: %s is %s, want %s", label, what, buf_str(&text), want);
    buf_release(&text);
}

static const struct {
    const char *label, *start, *length, *calendar, *raw, *want;
} day_cases[] = {
    /* DOMAIN 2.2 and KI9 */
    {"Neujahr, then a weekend", "2026-12-18", "2 weeks", "BW", "2027-01-01", "2027-01-04"},
    {"Ulm has Heilige Drei Könige", "2026-12-23", "2 weeks", "BW", "2027-01-06", "2027-01-07"},
    {"Kiel has not", "2026-12-23", "2 weeks", "SH", "2027-01-06", "2027-01-06"},
    {"nor has NRW", "2026-12-23", "2 weeks", "NW", "2027-01-06", "2027-01-06"},
    {"Reformationstag on a Saturday", "2026-10-17", "2 weeks", "SH", "2026-10-31", "2026-11-02"},
    {"the same Saturday elsewhere", "2026-10-17", "2 weeks", "BW", "2026-10-31", "2026-11-02"},
    {"KI9", "2026-12-09", "2 weeks", "SH", "2026-12-23", "2026-12-23"},
    /* 24 and 31 December are Werktage */
    {"Heiligabend", "2026-12-10", "2 weeks", "NW", "2026-12-24", "2026-12-24"},
    {"Silvester", "2026-12-17", "2 weeks", "NW", "2026-12-31", "2026-12-31"},
    /* Easter and its like */
    {"Karfreitag to Tuesday", "2027-03-12", "2 weeks", "HE", "2027-03-26", "2027-03-30"},
    {"Ostersonntag of Brandenburg", "2027-03-14", "2 weeks", "BB", "2027-03-28", "2027-03-30"},
    {"Himmelfahrt", "2027-04-22", "2 Wochen", "SN", "2027-05-06", "2027-05-07"},
    {"Fronleichnam", "2027-05-13", "2 Wochen", "RP", "2027-05-27", "2027-05-28"},
    {"no Fronleichnam", "2027-05-13", "2 Wochen", "SN", "2027-05-27", "2027-05-27"},
    {"Fronleichnam in parts", "2027-05-13", "2 Wochen", "SN+fl", "2027-05-27", "2027-05-28"},
    {"Friedensfest on a Sunday", "2027-07-25", "14 days", "BY+augsburg", "2027-08-08",
     "2027-08-09"},
    {"Friedensfest", "2028-07-25", "14 days", "BY+augsburg", "2028-08-08", "2028-08-09"},
    {"not in Munich", "2028-07-25", "14 days", "BY+mh", "2028-08-08", "2028-08-08"},
    {"Mariä Himmelfahrt", "2028-08-01", "2 weeks", "BY+mh", "2028-08-15", "2028-08-16"},
    {"protestant Bavaria", "2028-08-01", "2 weeks", "BY", "2028-08-15", "2028-08-15"},
    {"Buß- und Bettag", "2026-11-04", "2 weeks", "SN", "2026-11-18", "2026-11-19"},
    {"once in Berlin", "2025-04-24", "14 Tage", "BE", "2025-05-08", "2025-05-09"},
    {"Reformationstag 2017, everywhere", "2017-10-17", "2 weeks", "BY", "2017-10-31", "2017-11-02"},
    /* months and years, § 188(2), (3) */
    {"month", "2026-11-23", "1 Monat", "NW", "2026-12-23", "2026-12-23"},
    {"31st to February", "2027-01-31", "1 month", "NW", "2027-02-28", "2027-03-01"},
    {"31st to a leap February", "2028-01-31", "1 month", "NW", "2028-02-29", "2028-02-29"},
    {"30th to February", "2026-12-30", "2 months", "NW", "2027-02-28", "2027-03-01"},
    {"28 February stays the 28th", "2027-02-28", "1 month", "NW", "2027-03-28", "2027-03-30"},
    {"31st to a month of 30", "2026-08-31", "1 Kalendermonat", "NW", "2026-09-30", "2026-09-30"},
    {"over the year", "2026-11-30", "3 months", "NW", "2027-02-28", "2027-03-01"},
    {"to December", "2026-10-14", "2 months", "NW", "2026-12-14", "2026-12-14"},
    {"12 months", "2026-12-14", "12 Monate", "NW", "2027-12-14", "2027-12-14"},
    {"half a year", "2026-08-31", "1 Halbjahr", "NW", "2027-02-28", "2027-03-01"},
    {"a quarter", "2026-11-20", "1 Vierteljahr", "NW", "2027-02-20", "2027-02-22"},
    {"29 February and a year", "2028-02-29", "1 year", "NW", "2029-02-28", "2029-02-28"},
    {"29 February and four years", "2028-02-29", "4 Jahre", "NW", "2032-02-29", "2032-03-01"},
    {"two years", "2026-11-21", "2 Jahre", "NW", "2028-11-21", "2028-11-21"},
    /* days that are counted, C14 and C20 */
    {"7 Werktage over Christmas", "2026-12-23", "7 Werktage", "NW", "2027-01-04", "2027-01-04"},
    {"7 Werktage, plain", "2026-11-16", "7 Werktage", "NW", "2026-11-24", "2026-11-24"},
    {"Werktage that end on Saturday", "2026-11-17", "4 Werktage", "NW", "2026-11-21", "2026-11-23"},
    {"Werktage that end on a Saturday before a holiday", "2027-05-12", "3 Werktage", "NW",
     "2027-05-15", "2027-05-18"},
    {"Werktag after a Saturday", "2026-11-21", "1 Werktag", "NW", "2026-11-23", "2026-11-23"},
    {"3 Arbeitstage over a weekend", "2026-11-19", "3 Arbeitstage", "NW", "2026-11-24",
     "2026-11-24"},
    {"3 Arbeitstage over Christmas", "2026-12-23", "3 Arbeitstage", "NW", "2026-12-29",
     "2026-12-29"},
    {"25 Arbeitstage", "2026-12-01", "25 Arbeitstage", "BW", "2027-01-08", "2027-01-08"},
    {"25 Arbeitstage in NRW", "2026-12-01", "25 Arbeitstage", "NW", "2027-01-07", "2027-01-07"},
    {"event on a Sunday", "2026-11-22", "1 Arbeitstag", "NW", "2026-11-23", "2026-11-23"},
};

static void days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(day_cases); i++) {
        struct period p = length(day_cases[i].length);
        struct period_end end;
        struct buf err = BUF_INIT;
        if (period_end(&p, berlin_to_ms(date(day_cases[i].start), 36000), day_cases[i].calendar,
                       &end, &err) < 0)
            fail_msg("%s: %s", day_cases[i].label, buf_str(&err));
        check_day(day_cases[i].label, "start", end.start_day, day_cases[i].start);
        check_day(day_cases[i].label, "raw end", end.raw_day, day_cases[i].raw);
        check_day(day_cases[i].label, "end", end.end_day, day_cases[i].want);
        assert_int_equal(end.end_ms, berlin_to_ms(end.end_day + 1, 0));
        buf_release(&err);
    }
}

static void hours(void **state)
{
    static const struct {
        const char *label, *start, *length, *want, *day;
    } cases[] = {
        {"over a weekend", "2026-12-18T16:00:00+01:00", "72 hours", "2026-12-21T16:00:00+01:00",
         "2026-12-21"},
        {"ends on a holiday", "2026-12-24T10:00:00+01:00", "24 Stunden",
         "2026-12-25T10:00:00+01:00", "2026-12-25"},
        {"an hour is lost in spring", "2027-03-27T12:00:00+01:00", "72 h",
         "2027-03-30T13:00:00+02:00", "2027-03-30"},
        {"an hour is won in autumn", "2027-10-30T12:00:00+02:00", "72 h",
         "2027-11-02T11:00:00+01:00", "2027-11-02"},
        {"until midnight", "2026-11-20T14:00:00+01:00", "10 hours", "2026-11-21T00:00:00+01:00",
         "2026-11-20"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct period p = length(cases[i].length);
        struct period_end end;
        struct buf err = BUF_INIT, got = BUF_INIT;
        int64_t start_ms = 0;
        assert_true(time_parse(cases[i].start, &start_ms));
        assert_int_equal(period_end(&p, start_ms, "NW", &end, &err), 0);
        time_local(&got, end.end_ms);
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].label, buf_str(&got), cases[i].want);
        check_day(cases[i].label, "end", end.end_day, cases[i].day);
        buf_release(&got);
        buf_release(&err);
    }
}

/* MH8, UL6 and C10: back from a date, pulled to the Arbeitstag before. */
static void before(void **state)
{
    static const struct {
        const char *label, *start, *length, *calendar, *raw, *want;
    } cases[] = {
        {"MH8", "2027-07-10", "14 days", "NW", "2027-06-26", "2027-06-25"},
        {"UL6", "2017-12-20", "3 Arbeitstage", "BW", "2017-12-15", "2017-12-15"},
        {"C10", "2027-07-31", "1 year", "SH", "2026-07-31", "2026-07-31"},
        {"UL12 due", "2027-07-30", "3 months", "BW", "2027-04-30", "2027-04-30"},
        {"short month", "2027-05-31", "3 months", "NW", "2027-02-28", "2027-02-26"},
        {"over the year", "2027-01-31", "2 months", "NW", "2026-11-30", "2026-11-30"},
        {"on Neujahr", "2027-01-15", "2 weeks", "NW", "2027-01-01", "2026-12-31"},
        {"on Easter Monday", "2027-04-12", "2 weeks", "NW", "2027-03-29", "2027-03-25"},
        {"Werktage", "2027-01-04", "2 Werktage", "NW", "2026-12-31", "2026-12-31"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct period p = length(cases[i].length);
        struct period_end end;
        struct buf err = BUF_INIT;
        if (period_before(&p, berlin_to_ms(date(cases[i].start), 0), cases[i].calendar, &end,
                          &err) < 0)
            fail_msg("%s: %s", cases[i].label, buf_str(&err));
        check_day(cases[i].label, "raw end", end.raw_day, cases[i].raw);
        check_day(cases[i].label, "end", end.end_day, cases[i].want);
        buf_release(&err);
    }
}

static const struct {
    const char *in, *want; /* "" = refused */
} length_cases[] = {
    {"2 weeks", "2 Wochen"},
    {"1 week", "1 Woche"},
    {"2 Wochen", "2 Wochen"},
    {"1 Monat", "1 Monat"},
    {"2 months", "2 Monate"},
    {"1 Kalendermonat", "1 Monat"},
    {"1 calendar month", "1 Monat"},
    {"1 Vierteljahr", "3 Monate"},
    {"2 Halbjahre", "12 Monate"},
    {"1 half-year", "6 Monate"},
    {"1 year", "1 Jahr"},
    {"2 Jahre", "2 Jahre"},
    {"14 days", "14 Tage"},
    {"14 Tage", "14 Tage"},
    {"1 Kalendertag", "1 Tag"},
    {"7 Werktage", "7 Werktage"},
    {"1 Werktag", "1 Werktag"},
    {"3 Arbeitstage", "3 Arbeitstage"},
    {"3 ARBEITSTAGEN", "3 Arbeitstage"},
    {"3 arbeitstage", "3 Arbeitstage"},
    {"72 hours", "72 Stunden"},
    {"72h", "72 Stunden"},
    {"1 Stunde", "1 Stunde"},
    {"14Tage", "14 Tage"},
    {"14   Tage", "14 Tage"},
    {"014 Tage", "14 Tage"},
    {"50 years", "50 Jahre"},
    {"51 years", ""},
    {"600 Monate", "600 Monate"},
    {"601 Monate", ""},
    {"200 Vierteljahre", "600 Monate"},
    {"201 Vierteljahre", ""},
    {"8785 hours", ""},
    {"0 days", ""},
    {"-1 days", ""},
    {"+1 days", ""},
    {"1.5 months", ""},
    {"99999999999999999999 days", ""},
    {"100000 days", ""},
    {"", ""},
    {" ", ""},
    {"2", ""},
    {"2 ", ""},
    {"weeks", ""},
    {" 2 weeks", ""},
    {"2 weeks ", ""},
    {"2 weeks 1 day", ""},
    {"2\tweeks", ""},
    {"2 working days", ""},
    {"2 Quartale", ""},
    {"zwei Wochen", ""},
    {"2 staffed days", ""},
    {"2w", ""},
    {"2 Tage\n", ""},
};

static void lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(length_cases); i++) {
        struct period p, again;
        struct buf text = BUF_INIT;
        if (period_parse(length_cases[i].in, &p)) {
            period_write(&text, &p);
            assert_true(period_parse(buf_str(&text), &again));
            assert_true(again.unit == p.unit && again.amount == p.amount);
        }
        if (!str_eq(buf_str(&text), length_cases[i].want))
            fail_msg("\"%s\": \"%s\", want \"%s\"", length_cases[i].in, buf_str(&text),
                     length_cases[i].want);
        buf_release(&text);
    }
}

static const struct {
    const char *start, *length, *calendar;
    bool back;
    const char *want;
} why_cases[] = {
    {"2026-12-18", "2 weeks", "BW", false,
     "Der Tag des Ereignisses, Fr 18.12.2026, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
     "2 Wochen: Ende am gleichen Wochentag, Fr 01.01.2027 (§ 188 Abs. 2 BGB).\n"
     "Ende wäre Fr 01.01.2027, Neujahr: verschoben auf Mo 04.01.2027 (§ 26 Abs. 3 SGB X).\n"
     "Dazwischen: Sa 02.01.2027 Samstag, So 03.01.2027 Sonntag.\n"
     "Ende: Mo 04.01.2027 um 24 Uhr. Feiertage am Sitz der Behörde: BW.\n"},
    {"2026-12-10", "14 Tage", "NW", false,
     "Der Tag des Ereignisses, Do 10.12.2026, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
     "14 Tage: Ende am letzten gezählten Tag, Do 24.12.2026 (§ 188 Abs. 1 BGB).\n"
     "Der 24. Dezember ist gesetzlich ein Werktag: die Frist endet dennoch.\n"
     "Ende: Do 24.12.2026 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
    {"2027-01-31", "1 month", "NW", false,
     "Der Tag des Ereignisses, So 31.01.2027, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
     "1 Monat: Einen 31. hat dieser Monat nicht, Ende an seinem letzten Tag, So 28.02.2027 "
     "(§ 188 Abs. 3 BGB).\n"
     "Ende wäre So 28.02.2027, Sonntag: verschoben auf Mo 01.03.2027 (§ 26 Abs. 3 SGB X).\n"
     "Ende: Mo 01.03.2027 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
    {"2026-12-23", "3 Werktage", "NW", false,
     "Der Tag des Ereignisses, Mi 23.12.2026, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
     "3 Werktage (Montag bis Samstag ohne gesetzliche Feiertage): der letzte ist Di 29.12.2026.\n"
     "Feiertage dazwischen: Fr 25.12.2026 1. Weihnachtstag, Sa 26.12.2026 2. Weihnachtstag.\n"
     "Ende: Di 29.12.2026 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
    {"2026-11-20", "1 Arbeitstag", "NW", false,
     "Der Tag des Ereignisses, Fr 20.11.2026, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
     "1 Arbeitstag (Montag bis Freitag ohne gesetzliche Feiertage): der letzte ist "
     "Mo 23.11.2026.\n"
     "Ende: Mo 23.11.2026 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
    {"2027-10-30", "72 hours", "NW", false,
     "72 Stunden ab Sa 30.10.2027 00:00: Samstage, Sonntage und Feiertage zählen mit, das Ende "
     "verschiebt sich nicht (§ 26 Abs. 6 SGB X).\n"
     "Die Uhren werden dazwischen umgestellt: es zählen wirkliche Stunden.\n"
     "Ende: Mo 01.11.2027 23:00 Uhr.\n"},
    {"2027-07-10", "14 days", "NW", true,
     "Gerechnet wird zurück von Sa 10.07.2027.\n"
     "14 Tage zurück: Ende am letzten gezählten Tag, Sa 26.06.2027 (§ 188 Abs. 1 BGB).\n"
     "Ende wäre Sa 26.06.2027, Samstag: vorgezogen auf Fr 25.06.2027, damit nichts zu spät "
     "kommt.\n"
     "Ende: Fr 25.06.2027 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
    {"2027-04-12", "2 weeks", "NW", true,
     "Gerechnet wird zurück von Mo 12.04.2027.\n"
     "2 Wochen zurück: Ende am gleichen Wochentag, Mo 29.03.2027 (§ 188 Abs. 2 BGB).\n"
     "Ende wäre Mo 29.03.2027, Ostermontag: vorgezogen auf Do 25.03.2027, damit nichts zu spät "
     "kommt.\n"
     "Dazwischen: Fr 26.03.2027 Karfreitag, Sa 27.03.2027 Samstag, So 28.03.2027 Sonntag.\n"
     "Ende: Do 25.03.2027 um 24 Uhr. Feiertage am Sitz der Behörde: NW.\n"},
};

static void reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(why_cases); i++) {
        struct period p = length(why_cases[i].length);
        struct period_end end;
        struct buf err = BUF_INIT, text = BUF_INIT;
        int64_t start_ms = berlin_to_ms(date(why_cases[i].start), 0);
        int rc = why_cases[i].back ? period_before(&p, start_ms, why_cases[i].calendar, &end, &err)
                                   : period_end(&p, start_ms, why_cases[i].calendar, &end, &err);
        assert_int_equal(rc, 0);
        period_why(&text, &end, why_cases[i].calendar);
        assert_string_equal(buf_str(&text), why_cases[i].want);
        buf_release(&text);
        buf_release(&err);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *start, *length, *calendar, *want;
    } cases[] = {
        {"2026-12-18", "2 weeks", "", "\"\" is no calendar"},
        {"2026-12-18", "2 weeks", "bw", "BY (also +mh, +augsburg)"},
        {"2026-12-18", "72 hours", "XX", "TH (also +fl)"},
        {"1994-12-18", "2 weeks", "BW", "1995 to 2100"},
        {"1994-12-18", "1 month", "BW", "1995 to 2100"},
        {"2100-12-20", "2 weeks", "BW", "1995 to 2100"},
        {"2060-12-20", "41 years", "BW", "1995 to 2100"},
        {"2100-12-31", "24 hours", "BW", "1995 to 2100"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct period p = length(cases[i].length);
        struct period_end end;
        struct buf err = BUF_INIT;
        assert_int_equal(period_end(&p, berlin_to_ms(date(cases[i].start), 36000),
                                    cases[i].calendar, &end, &err),
                         -1);
        if (!strstr(buf_str(&err), cases[i].want))
            fail_msg("%s %s: %s", cases[i].start, cases[i].length, buf_str(&err));
        buf_release(&err);
    }
    struct period p = length("2 hours");
    struct period_end end;
    struct buf err = BUF_INIT;
    assert_int_equal(period_before(&p, berlin_to_ms(date("2026-12-18"), 0), "BW", &end, &err), -1);
    assert_non_null(strstr(buf_str(&err), "days"));
    p = length("1 year");
    assert_int_equal(period_before(&p, berlin_to_ms(date("1995-06-01"), 0), "BW", &end, &err), -1);
    buf_release(&err);
}

/* ---- the same in another way: no day_of(), no month arithmetic, only steps of one day */

struct civil_day {
    int y, m, d;
};

static int month_days(int y, int m)
{
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m == 2 ? 28 + leap : 30 + (m + m / 8) % 2;
}

static void next_day(struct civil_day *c)
{
    if (++c->d > month_days(c->y, c->m)) {
        c->d = 1;
        if (++c->m > 12) {
            c->m = 1;
            c->y++;
        }
    }
}

/* Days from a date to the raw end of a period of months, by walking. */
static int64_t walk_months(struct civil_day from, int months)
{
    int y = from.y, m = from.m;
    for (int i = 0; i < months; i++) {
        m = m % 12 + 1;
        y += m == 1;
    }
    int d = from.d > month_days(y, m) ? month_days(y, m) : from.d;
    int64_t n = 0;
    for (; from.y != y || from.m != m || from.d != d; n++)
        next_day(&from);
    return n;
}

static int64_t walk_counted(const char *calendar, int64_t day, int count, bool saturdays)
{
    int64_t n = 0;
    while (count > 0) {
        n++;
        int weekday = (int)((day + n + 3) % 7); /* 1970-01-01 was a Thursday; 0 is Monday */
        bool free = weekday == 6 || (weekday == 5 && !saturdays);
        if (!free && !holiday_name(calendar, day + n))
            count--;
    }
    return n;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static int64_t expected_raw(const struct period *p, int64_t day, const char *calendar)
{
    struct civil_day from;
    day_split(day, &from.y, &from.m, &from.d);
    switch (p->unit) {
    case PERIOD_HOURS:
        break;
    case PERIOD_DAYS:
        return day + p->amount;
    case PERIOD_WERKTAGE:
    case PERIOD_ARBEITSTAGE:
        return day + walk_counted(calendar, day, p->amount, p->unit == PERIOD_WERKTAGE);
    case PERIOD_WEEKS:
        return day + 7 * p->amount;
    case PERIOD_MONTHS:
        return day + walk_months(from, p->amount);
    case PERIOD_YEARS:
        return day + walk_months(from, 12 * p->amount);
    }
    return -1;
}

static void check_random(const struct period *p, int64_t day, const char *calendar)
{
    struct period_end end, back;
    struct buf err = BUF_INIT;
    assert_int_equal(period_end(p, berlin_to_ms(day, 43200), calendar, &end, &err), 0);
    int64_t want = expected_raw(p, day, calendar);
    if (end.raw_day != want)
        fail_msg("day %lld + %d of unit %d, %s: %lld, want %lld", (long long)day, p->amount,
                 (int)p->unit, calendar, (long long)end.raw_day, (long long)want);
    assert_true(end.end_day >= end.raw_day && end.raw_day > end.start_day);
    assert_true((end.end_day + 3) % 7 < 5 && !holiday_name(calendar, end.end_day));
    for (int64_t skipped = end.raw_day; skipped < end.end_day; skipped++)
        assert_true((skipped + 3) % 7 >= 5 || holiday_name(calendar, skipped));
    /* Back from the end never lies after where it began. */
    int first_year, month, mday;
    day_split(day, &first_year, &month, &mday);
    if (first_year > HOLIDAY_YEAR_FIRST) {
        int rc = period_before(p, berlin_to_ms(day, 0), calendar, &back, &err);
        assert_int_equal(rc == 0, err.len == 0);
        assert_true(rc < 0 || (back.end_day <= back.raw_day && back.raw_day < day));
        assert_true(rc < 0 || worktime_is_arbeitstag(calendar, back.end_day));
    }
    buf_release(&err);
}

static void random_periods(void **state)
{
    static const int most[] = {
        [PERIOD_HOURS] = 1,        [PERIOD_DAYS] = 400, [PERIOD_WERKTAGE] = 60,
        [PERIOD_ARBEITSTAGE] = 60, [PERIOD_WEEKS] = 60, [PERIOD_MONTHS] = 40,
        [PERIOD_YEARS] = 5,
    };
    int64_t first = date("1995-01-01"), days_n = date("2060-12-31") - first;
    uint64_t seed = 20261121;
    (void)state;
    for (int round = 0; round < 1000; round++)
        for (size_t c = 0; c < COUNT_OF(calendars); c++)
            for (int unit = PERIOD_DAYS; unit <= PERIOD_YEARS; unit++) {
                struct period p = {(enum period_unit)unit, 0};
                p.amount = 1 + (int)(next_random(&seed) % (uint64_t)most[unit]);
                check_random(&p, first + (int64_t)(next_random(&seed) % (uint64_t)days_n),
                             calendars[c]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days),           cmocka_unit_test(hours),   cmocka_unit_test(before),
        cmocka_unit_test(lengths),        cmocka_unit_test(reasons), cmocka_unit_test(refusals),
        cmocka_unit_test(random_periods),
    };
    return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
