/*
 * Working time: the vectors of DOMAIN 1, 2.2 and 6, the days when the clocks change, closures, and
 * units that are never open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/util.h"
#include "../daemon/worktime.h"

/* The kinds of office that the cases speak of. */
enum office {
    ULM,     /* 08-16 all five days, BW, closed on 24 and 31 December, Schwörmontag from 10:30 */
    NEU_ULM, /* 08-16, BY with Mariä Himmelfahrt */
    KIEL,    /* Mo-Do 08-16, Fr 08-12, SH, closed on 24 and 31 December */
    HAMM,    /* Mo-Do 08-16, Fr 08-12, NW */
    TUWETH,  /* part time: Tuesday to Thursday 08-16, BW */
    ALWAYS,  /* on call: all days, 00-24, no calendar */
    NIGHT,   /* Sunday 01-04 only, no calendar */
    SATURDAY_ONLY,
    NEVER,
};

static struct closure closures[] = {{24, 12, 0}, {31, 12, 0}, {0, 0, 10 * 3600 + 1800}, {29, 2, 0}};

static int64_t date(const char *text)
{
    int64_t day = 0;
    if (!date_parse(text, &day))
        fail_msg("no date: %s", text);
    return day;
}

static void hours(struct worktime *w, int first, int last, const char *text)
{
    for (int i = first; i <= last; i++)
        if (!worktime_hours_parse(text, &w->open_s[i], &w->close_s[i]))
            fail_msg("no hours: %s", text);
}

static struct worktime office(enum office kind)
{
    static const char *const calendars[] = {"BW", "BY+mh", "SH", "NW", "BW", "", "", "BW", "BW"};
    struct worktime w;
    worktime_default(&w);
    strcpy(w.calendar, calendars[kind]);
    closures[2].day = date("2027-07-19");
    w.closure = closures;
    if (kind == ULM || kind == NEU_ULM)
        hours(&w, 4, 4, "08:00-16:00");
    if (kind == ULM || kind == KIEL)
        w.closures = COUNT_OF(closures) - (kind == KIEL ? 2 : 0);
    if (kind == TUWETH || kind > ALWAYS)
        hours(&w, 0, 6, "closed");
    if (kind == TUWETH)
        hours(&w, 1, 3, "08:00-16:00");
    if (kind == ALWAYS)
        hours(&w, 0, 6, "00:00-24:00");
    if (kind == NIGHT)
        hours(&w, 6, 6, "01:00-04:00");
    if (kind == SATURDAY_ONLY)
        hours(&w, 5, 5, "09:00-12:00");
    return w;
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!time_parse(text, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static void check_time(const char *label, int64_t got_ms, const char *want)
{
    struct buf got = BUF_INIT;
    time_local(&got, got_ms);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: %s, want %s", label, buf_str(&got), want);
    buf_release(&got);
}

static const struct {
    const char *label;
    enum office office;
    const char *span, *from, *want;
} end_cases[] = {
    {"UL12 Schwörmontag", ULM, "4 office hours", "2027-07-19T08:30:00+02:00",
     "2027-07-20T10:00:00+02:00"},
    {"UL9 office in Ulm", ULM, "1 staffed day", "2028-08-14T15:00:00+02:00",
     "2028-08-15T16:00:00+02:00"},
    {"UL9 office in Neu-Ulm", NEU_ULM, "1 staffed day", "2028-08-14T15:00:00+02:00",
     "2028-08-16T16:00:00+02:00"},
    {"DO2 cleared on Sunday night", HAMM, "2 office hours", "2026-11-15T03:10:00+01:00",
     "2026-11-16T10:00:00+01:00"},
    {"BI7 Friday after closing", HAMM, "1 staffed day", "2026-11-20T14:30:00+01:00",
     "2026-11-23T16:00:00+01:00"},
    {"5.1 example", ULM, "1 staffed day", "2026-11-20T09:14:03+01:00", "2026-11-23T16:00:00+01:00"},
    {"header example", ULM, "4 office hours", "2026-11-17T15:00:00+01:00",
     "2026-11-18T11:00:00+01:00"},
    {"routine", ULM, "3 staffed days", "2026-11-20T09:00:00+01:00", "2026-11-25T16:00:00+01:00"},
    {"ends with the day", ULM, "1 office hour", "2026-11-17T15:00:00+01:00",
     "2026-11-17T16:00:00+01:00"},
    {"a minute more", ULM, "61 office minutes", "2026-11-17T15:00:00+01:00",
     "2026-11-18T08:01:00+01:00"},
    {"before opening", ULM, "1 office hour", "2026-11-17T05:00:00+01:00",
     "2026-11-17T09:00:00+01:00"},
    {"at closing", ULM, "1 office hour", "2026-11-17T16:00:00+01:00", "2026-11-18T09:00:00+01:00"},
    {"Friday noon", KIEL, "2 office hours", "2026-11-20T11:00:00+01:00",
     "2026-11-23T09:00:00+01:00"},
    {"24 December closed, office time", KIEL, "2 office hours", "2026-12-23T15:00:00+01:00",
     "2026-12-28T09:00:00+01:00"},
    {"24 December closed, staffed days", KIEL, "1 staffed day", "2026-12-23T09:00:00+01:00",
     "2026-12-28T16:00:00+01:00"},
    {"24 December open elsewhere", HAMM, "1 staffed day", "2026-12-23T09:00:00+01:00",
     "2026-12-24T16:00:00+01:00"},
    {"31 December, then Neujahr and a weekend", KIEL, "1 staffed day", "2026-12-30T09:00:00+01:00",
     "2027-01-04T16:00:00+01:00"},
    {"Heilige Drei Könige in Ulm", ULM, "1 staffed day", "2027-01-05T09:00:00+01:00",
     "2027-01-07T16:00:00+01:00"},
    {"not in Kiel", KIEL, "1 staffed day", "2027-01-05T09:00:00+01:00",
     "2027-01-06T16:00:00+01:00"},
    {"Reformationstag in Kiel", KIEL, "1 staffed day", "2028-10-30T09:00:00+01:00",
     "2028-11-01T16:00:00+01:00"},
    {"ends on the short Schwörmontag", ULM, "1 staffed day", "2027-07-16T09:00:00+02:00",
     "2027-07-19T10:30:00+02:00"},
    {"29 February closed", ULM, "1 staffed day", "2028-02-28T09:00:00+01:00",
     "2028-03-01T16:00:00+01:00"},
    {"29 February elsewhere", HAMM, "1 staffed day", "2028-02-28T09:00:00+01:00",
     "2028-02-29T16:00:00+01:00"},
    {"over the spring change", ULM, "2 office hours", "2027-03-25T15:00:00+01:00",
     "2027-03-30T09:00:00+02:00"},
    {"spring change, real time", ULM, "24h", "2027-03-27T12:00:00+01:00",
     "2027-03-28T13:00:00+02:00"},
    {"autumn change, real time", ULM, "24h", "2027-10-30T12:00:00+02:00",
     "2027-10-31T11:00:00+01:00"},
    {"spring night has two hours", NIGHT, "3 office hours", "2027-03-27T12:00:00+01:00",
     "2027-04-04T02:00:00+02:00"},
    {"autumn night has four hours", NIGHT, "4 office hours", "2027-10-30T12:00:00+02:00",
     "2027-10-31T04:00:00+01:00"},
    {"part time", TUWETH, "1 staffed day", "2027-01-28T09:00:00+01:00",
     "2027-02-02T16:00:00+01:00"},
    {"on call, whole night", ALWAYS, "10 office hours", "2026-12-24T20:00:00+01:00",
     "2026-12-25T06:00:00+01:00"},
    {"on call ignores nothing by real time", ALWAYS, "10m", "2026-11-14T22:40:00+01:00",
     "2026-11-14T22:50:00+01:00"},
    {"on call, staffed day ends at midnight", ALWAYS, "1 staffed day", "2026-11-13T10:00:00+01:00",
     "2026-11-17T00:00:00+01:00"},
    {"Saturday hours are office time", SATURDAY_ONLY, "4 office hours", "2026-11-14T10:00:00+01:00",
     "2026-11-21T11:00:00+01:00"},
    {"Saturday is no staffed day", SATURDAY_ONLY, "2 staffed days", "2026-11-14T10:00:00+01:00",
     "2026-11-16T10:00:00+01:00"},
    {"never open, office time", NEVER, "4 office hours", "2026-11-14T10:00:00+01:00",
     "2026-11-14T14:00:00+01:00"},
    {"never open, days", NEVER, "3 staffed days", "2026-11-14T10:00:00+01:00",
     "2026-11-17T10:00:00+01:00"},
    {"more than two years of office time", SATURDAY_ONLY, "2000 office hours",
     "2026-11-14T10:00:00+01:00", "2027-02-05T18:00:00+01:00"},
    {"nothing to wait", ULM, "0 staffed days", "2026-11-14T10:00:00+01:00",
     "2026-11-14T10:00:00+01:00"},
};

static void ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(end_cases); i++) {
        struct worktime w = office(end_cases[i].office);
        struct span span;
        if (!span_parse(end_cases[i].span, &span))
            fail_msg("%s: span %s", end_cases[i].label, end_cases[i].span);
        check_time(end_cases[i].label, worktime_end(&w, &span, at(end_cases[i].from)),
                   end_cases[i].want);
    }
}

static void next_open(void **state)
{
    static const struct {
        enum office office;
        const char *from, *want;
        bool open;
    } cases[] = {
        {ULM, "2026-11-16T08:00:00+01:00", "2026-11-16T08:00:00+01:00", true},
        {ULM, "2026-11-16T07:59:59+01:00", "2026-11-16T08:00:00+01:00", false},
        {ULM, "2026-11-16T15:59:59+01:00", "2026-11-16T15:59:59+01:00", true},
        {ULM, "2026-11-16T16:00:00+01:00", "2026-11-17T08:00:00+01:00", false},
        {ULM, "2027-07-19T10:29:59+02:00", "2027-07-19T10:29:59+02:00", true},
        {ULM, "2027-07-19T10:30:00+02:00", "2027-07-20T08:00:00+02:00", false},
        {KIEL, "2026-12-24T09:00:00+01:00", "2026-12-28T08:00:00+01:00", false},
        {HAMM, "2027-02-08T09:00:00+01:00", "2027-02-08T09:00:00+01:00", true},
        {ALWAYS, "2026-12-25T03:00:00+01:00", "2026-12-25T03:00:00+01:00", true},
        {SATURDAY_ONLY, "2026-11-14T09:00:00+01:00", "2026-11-14T09:00:00+01:00", true},
        {NEVER, "2026-11-14T09:00:00+01:00", "2026-11-14T09:00:00+01:00", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct worktime w = office(cases[i].office);
        assert_int_equal(worktime_is_open(&w, at(cases[i].from)), cases[i].open);
        check_time(cases[i].from, worktime_next_open(&w, at(cases[i].from)), cases[i].want);
    }
}

static void day_kinds(void **state)
{
    static const struct {
        enum office office;
        const char *day;
        bool werktag, arbeitstag, staffed;
    } cases[] = {
        {KIEL, "2026-11-20", true, true, true},    /* a Friday */
        {KIEL, "2026-11-21", true, false, false},  /* a Saturday */
        {KIEL, "2026-11-22", false, false, false}, /* a Sunday */
        {KIEL, "2026-12-24", true, true, false},   /* KI9: Werktag by law, office closed */
        {KIEL, "2026-12-25", false, false, false},
        {KIEL, "2026-12-26", false, false, false}, /* a holiday on a Saturday */
        {KIEL, "2026-12-31", true, true, false},
        {KIEL, "2027-01-06", true, true, true},
        {ULM, "2027-01-06", false, false, false},
        {ULM, "2027-07-19", true, true, true}, /* shortened, not closed */
        {NEU_ULM, "2028-08-15", false, false, false},
        {ULM, "2028-08-15", true, true, true},
        {TUWETH, "2027-04-29", true, true, true},
        {TUWETH, "2027-04-30", true, true, false},
        {ALWAYS, "2026-11-21", true, false, false},
        {NEVER, "2026-11-20", true, true, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct worktime w = office(cases[i].office);
        int64_t day = date(cases[i].day);
        if (worktime_is_werktag(w.calendar, day) != cases[i].werktag ||
            worktime_is_arbeitstag(w.calendar, day) != cases[i].arbeitstag ||
            worktime_is_staffed(&w, day) != cases[i].staffed)
            fail_msg("%s, calendar %s", cases[i].day, w.calendar);
    }
}

/* Where a period that ends on `day` really ends by § 26(3) SGB X. */
static int64_t moved(const char *calendar, int64_t day)
{
    while (!worktime_is_arbeitstag(calendar, day))
        day++;
    return day;
}

/* DOMAIN 2.2: two weeks, end moved; also KI9, MH8 and the days before. */
static void statutory_ends(void **state)
{
    static const struct {
        const char *calendar, *start, *want;
        int days;
    } cases[] = {
        {"BW", "2026-12-18", "2027-01-04", 14}, {"NW", "2026-12-18", "2027-01-04", 14},
        {"BW", "2026-12-23", "2027-01-07", 14}, {"SH", "2026-12-23", "2027-01-06", 14},
        {"NW", "2026-12-23", "2027-01-06", 14}, {"SH", "2026-10-17", "2026-11-02", 14},
        {"BW", "2026-10-17", "2026-11-02", 14}, {"SH", "2026-12-09", "2026-12-23", 14},
        {"BW", "2026-12-10", "2026-12-24", 14}, {"BW", "2026-12-17", "2026-12-31", 14},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t end = date(cases[i].start) + cases[i].days;
        assert_int_equal(moved(cases[i].calendar, end), date(cases[i].want));
    }
}

static void spans(void **state)
{
    static const struct {
        const char *in;
        bool valid;
        enum span_unit unit;
        int64_t amount;
        const char *written;
    } cases[] = {
        {"15m", true, SPAN_REAL, 900000, "15m"},
        {"15 m", true, SPAN_REAL, 900000, "15m"},
        {"120m", true, SPAN_REAL, 7200000, "2h"},
        {"1w", true, SPAN_REAL, 604800000, "7d"},
        {"1500ms", true, SPAN_REAL, 1500, "1500ms"},
        {"0", true, SPAN_REAL, 0, "0"},
        {"2 office hours", true, SPAN_OFFICE, 7200000, "2 office hours"},
        {"1 office hour", true, SPAN_OFFICE, 3600000, "1 office hour"},
        {"90 office minutes", true, SPAN_OFFICE, 5400000, "90 office minutes"},
        {"1 office minute", true, SPAN_OFFICE, 60000, "1 office minute"},
        {"1 staffed day", true, SPAN_STAFFED, 1, "1 staffed day"},
        {"3 staffed days", true, SPAN_STAFFED, 3, "3 staffed days"},
        {"366 staffed days", true, SPAN_STAFFED, 366, "366 staffed days"},
        {"367 staffed days", false, SPAN_REAL, 0, ""},
        {"2001 office hours", false, SPAN_REAL, 0, ""},
        {"", false, SPAN_REAL, 0, ""},
        {" 1 staffed day", false, SPAN_REAL, 0, ""},
        {"-1 staffed day", false, SPAN_REAL, 0, ""},
        {"1 staffed day ", false, SPAN_REAL, 0, ""},
        {"1  staffed day", false, SPAN_REAL, 0, ""},
        {"1.5 office hours", false, SPAN_REAL, 0, ""},
        {"staffed day", false, SPAN_REAL, 0, ""},
        {"3 days", false, SPAN_REAL, 0, ""},
        {"99999999999999999999 staffed days", false, SPAN_REAL, 0, ""},
        {"15", false, SPAN_REAL, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct span span, again;
        struct buf text = BUF_INIT;
        if (span_parse(cases[i].in, &span) != cases[i].valid)
            fail_msg("span \"%s\": want %d", cases[i].in, cases[i].valid);
        if (!cases[i].valid)
            continue;
        assert_int_equal(span.unit, cases[i].unit);
        assert_int_equal(span.amount, cases[i].amount);
        span_write(&text, &span);
        assert_string_equal(buf_str(&text), cases[i].written);
        assert_true(span_parse(buf_str(&text), &again));
        assert_int_equal(again.amount, span.amount);
        buf_release(&text);
    }
}

static void hour_texts(void **state)
{
    static const struct {
        const char *in;
        bool valid;
        int open_s, close_s;
    } cases[] = {
        {"08:00-16:00", true, 28800, 57600},
        {"00:00-24:00", true, 0, 86400},
        {"07:30-12:15", true, 27000, 44100},
        {"closed", true, 0, 0},
        {"", true, 0, 0},
        {"08:00-08:00", false, 0, 0},
        {"16:00-08:00", false, 0, 0},
        {"8:00-16:00", false, 0, 0},
        {"08:00-24:01", false, 0, 0},
        {"08:00-16:60", false, 0, 0},
        {"08:00 16:00", false, 0, 0},
        {"08:00-16:00 ", false, 0, 0},
        {"08.00-16.00", false, 0, 0},
        {"08:00-25:00", false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int open_s, close_s;
        if (worktime_hours_parse(cases[i].in, &open_s, &close_s) != cases[i].valid)
            fail_msg("hours \"%s\": want %d", cases[i].in, cases[i].valid);
        assert_int_equal(open_s, cases[i].open_s);
        assert_int_equal(close_s, cases[i].close_s);
    }
}

static void closure_texts(void **state)
{
    static const struct {
        const char *date, *from;
        bool valid;
        int64_t day;
        int month, from_s;
    } cases[] = {
        {"12-24", "", true, 24, 12, 0},
        {"02-29", "", true, 29, 2, 0},
        {"12-31", "12:00", true, 31, 12, 43200},
        {"1970-01-03", "10:30", true, 2, 0, 37800},
        {"02-30", "", false, 0, 0, 0},
        {"13-01", "", false, 0, 0, 0},
        {"2027-02-29", "", false, 0, 0, 0},
        {"24.12.", "", false, 0, 0, 0},
        {"", "", false, 0, 0, 0},
        {"12-24", "noon", false, 0, 0, 0},
        {"12-24", "24:00", false, 0, 0, 0},
        {"12-24", "00:00", false, 0, 0, 0},
        {"12-24", "10:30x", false, 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct closure c;
        if (closure_parse(cases[i].date, cases[i].from, &c) != cases[i].valid)
            fail_msg("closure \"%s\" \"%s\"", cases[i].date, cases[i].from);
        if (!cases[i].valid)
            continue;
        assert_int_equal(c.day, cases[i].day);
        assert_int_equal(c.month, cases[i].month);
        assert_int_equal(c.from_s, cases[i].from_s);
    }
}

/* Every limit from every moment ends later than it began, and a longer one never sooner. */
static void ends_are_ordered(void **state)
{
    static const char *const lengths[] = {"1 office minute", "2 office hours", "1 staffed day",
                                          "3 staffed days"};
    (void)state;
    for (enum office kind = ULM; kind <= TUWETH; kind++) {
        struct worktime w = office(kind);
        int64_t before_ms[COUNT_OF(lengths)] = {0};
        for (int64_t ms = at("2026-12-20T00:00:00+01:00"); ms < at("2027-04-10T00:00:00+02:00");
             ms += 5400000)
            for (size_t i = 0; i < COUNT_OF(lengths); i++) {
                struct span span;
                assert_true(span_parse(lengths[i], &span));
                int64_t end_ms = worktime_end(&w, &span, ms);
                assert_true(end_ms > ms && end_ms >= before_ms[i]);
                before_ms[i] = end_ms;
            }
    }
}

static const struct {
    const char *label;
    enum office office;
    const char *day, *before, *from;
} staffed_cases[] = {
    {"UL12: Fr 30.04., there Tu to Th", TUWETH, "2027-04-30", "2027-04-29", "2027-05-04"},
    {"itself", ULM, "2027-04-28", "2027-04-28", "2027-04-28"},
    {"MH8: a Saturday", ULM, "2027-06-26", "2027-06-25", "2027-06-28"},
    {"over Christmas and New Year", ULM, "2026-12-25", "2026-12-23", "2026-12-28"},
    {"a closure during the day leaves it staffed", ULM, "2027-07-19", "2027-07-19", "2027-07-19"},
    {"never staffed", SATURDAY_ONLY, "2027-04-30", "2027-04-30", "2027-04-30"},
};

static void staffed_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(staffed_cases); i++) {
        int64_t day, before, from;
        struct worktime w = office(staffed_cases[i].office);
        assert_true(date_parse(staffed_cases[i].day, &day));
        assert_true(date_parse(staffed_cases[i].before, &before));
        assert_true(date_parse(staffed_cases[i].from, &from));
        if (worktime_staffed_before(&w, day) != before || worktime_staffed_from(&w, day) != from)
            fail_msg("%s", staffed_cases[i].label);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),          cmocka_unit_test(next_open),
        cmocka_unit_test(day_kinds),     cmocka_unit_test(statutory_ends),
        cmocka_unit_test(spans),         cmocka_unit_test(hour_texts),
        cmocka_unit_test(closure_texts), cmocka_unit_test(ends_are_ordered),
        cmocka_unit_test(staffed_days),
    };
    return cmocka_run_group_tests_name("worktime", tests, NULL, NULL);
}
