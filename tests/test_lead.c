/*
 * Lead times: what is read and written, when reminders are due by the recipient's calendar, which
 * of several are made when the planning comes late, and chains of after-care.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/lead.h"
#include "../daemon/util.h"
#include "../daemon/worktime.h"

/* The kinds of office that the cases speak of. */
enum office {
    NRW,    /* Mo-Do 08-16, Fr 08-12, NW */
    TUWETH, /* part time: Tuesday to Thursday 09-15, BW */
    ULM,    /* BW, closed on 24 and 31 December, Schwörmontag 2027 from 10:30 */
    NEVER
};

static struct closure closures[] = {{24, 12, 0}, {31, 12, 0}, {0, 0, 10 * 3600 + 1800}};

static struct worktime office(enum office kind)
{
    struct worktime w;
    worktime_default(&w);
    str_copy(w.calendar, sizeof w.calendar, kind == NRW ? "NW" : "BW");
    if (kind == ULM) {
        assert_true(date_parse("2027-07-19", &closures[2].day));
        w.closure = closures;
        w.closures = COUNT_OF(closures);
    }
    for (int i = 0; i < 7; i++) {
        if (kind == NEVER || (kind == TUWETH && (i < 1 || i > 3)))
            w.open_s[i] = w.close_s[i] = 0;
        else if (kind == TUWETH)
            assert_true(worktime_hours_parse("09:00-15:00", &w.open_s[i], &w.close_s[i]));
    }
    return w;
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!time_parse(text, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

static struct lead lead_of(const char *text)
{
    struct lead lead;
    if (!lead_parse(text, &lead))
        fail_msg("no lead: %s", text);
    return lead;
}

static void check_time(const char *label, int64_t got_ms, const char *want)
{
    struct buf got = BUF_INIT;
    time_local(&got, got_ms);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: %s, want %s", label, buf_str(&got), want);
    buf_release(&got);
}

static void texts(void **state)
{
    static const struct {
        const char *in, *want; /* "" = refused */
    } cases[] = {
        {"7 days", "7 days"},
        {"1 day", "1 day"},
        {"0 days", "0 days"},
        {"2 weeks", "14 days"},
        {"1 week", "7 days"},
        {"1 working day", "1 working day"},
        {"2 working days", "2 working days"},
        {"1 hour", "1 hour"},
        {"60 minutes", "1 hour"},
        {"90 minutes", "90 minutes"},
        {"30 minutes", "30 minutes"},
        {"1 minute", "1 minute"},
        {"0 minutes", "0 minutes"},
        {"720 hours", "720 hours"},
        {"400 days", "400 days"},
        {"401 days", ""},
        {"721 hours", ""},
        {"58 weeks", ""},
        {"9999 working days", ""},
        {"99999 days", ""},
        {"1 days", ""},
        {"2 day", ""},
        {"", ""},
        {"7", ""},
        {"7 ", ""},
        {"7days", ""},
        {"7  days", ""},
        {" 7 days", ""},
        {"7 days ", ""},
        {"-1 days", ""},
        {"days", ""},
        {"7 Tage", ""},
        {"1.5 hours", ""},
    };
    struct lead lead;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT;
        if (lead_parse(cases[i].in, &lead))
            lead_write(&out, &lead);
        if (!str_eq(buf_str(&out), cases[i].want))
            fail_msg("\"%s\": \"%s\", want \"%s\"", cases[i].in, buf_str(&out), cases[i].want);
        buf_release(&out);
    }
}

static void due(void **state)
{
    static const struct {
        const char *label;
        enum office office;
        const char *lead, *start, *want;
    } cases[] = {
        {"MH8 review on a Saturday", NRW, "14 days", "2027-07-10T00:00:00+02:00",
         "2027-06-25T08:00:00+02:00"},
        {"UL12 part time", TUWETH, "0 days", "2027-04-30T12:00:00+02:00",
         "2027-04-29T09:00:00+02:00"},
        {"UL12 due at midnight", TUWETH, "0 days", "2027-04-30T00:00:00+02:00",
         "2027-04-29T09:00:00+02:00"},
        {"the morning itself", NRW, "0 days", "2027-06-25T09:00:00+02:00",
         "2027-06-25T08:00:00+02:00"},
        {"the session begins before the office opens", NRW, "0 days", "2027-06-25T07:30:00+02:00",
         "2027-06-24T08:00:00+02:00"},
        {"at the opening", NRW, "0 days", "2027-06-25T08:00:00+02:00", "2027-06-25T08:00:00+02:00"},
        {"a week", NRW, "7 days", "2027-06-03T09:00:00+02:00", "2027-05-26T08:00:00+02:00"},
        {"a week, no holiday between", NRW, "7 days", "2027-06-11T09:00:00+02:00",
         "2027-06-04T08:00:00+02:00"},
        {"working day before a Monday", NRW, "1 working day", "2027-06-07T09:00:00+02:00",
         "2027-06-04T08:00:00+02:00"},
        {"working day over Easter", NRW, "1 working day", "2027-03-30T09:00:00+02:00",
         "2027-03-25T08:00:00+01:00"},
        {"two working days over Easter", NRW, "2 working days", "2027-03-30T09:00:00+02:00",
         "2027-03-24T08:00:00+01:00"},
        {"no working days: the morning", NRW, "0 working days", "2027-03-30T09:00:00+02:00",
         "2027-03-30T08:00:00+02:00"},
        {"two working days, part time", TUWETH, "2 working days", "2027-04-27T10:00:00+02:00",
         "2027-04-21T09:00:00+02:00"},
        {"closed on 24 and 31 December", ULM, "7 days", "2027-01-07T09:00:00+01:00",
         "2026-12-30T08:00:00+01:00"},
        {"closed from 10:30 is still staffed", ULM, "1 working day", "2027-07-20T09:00:00+02:00",
         "2027-07-19T08:00:00+02:00"},
        {"an hour", NRW, "1 hour", "2027-06-07T09:00:00+02:00", "2027-06-07T08:00:00+02:00"},
        {"half an hour, at night", NEVER, "30 minutes", "2027-06-06T02:00:00+02:00",
         "2027-06-06T01:30:00+02:00"},
        {"an hour over the spring change", NRW, "1 hour", "2027-03-28T03:30:00+02:00",
         "2027-03-28T01:30:00+01:00"},
        {"24 hours over the autumn change", NRW, "24 hours", "2027-10-31T09:00:00+01:00",
         "2027-10-30T10:00:00+02:00"},
        {"days over the autumn change", NRW, "7 days", "2027-11-04T09:00:00+01:00",
         "2027-10-28T08:00:00+02:00"},
        {"nobody is ever there", NEVER, "7 days", "2027-06-14T09:00:00+02:00",
         "2027-06-07T09:00:00+02:00"},
        {"nobody is ever there, working days", NEVER, "1 working day", "2027-06-14T09:00:00+02:00",
         "2027-06-13T09:00:00+02:00"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct worktime w = office(cases[i].office);
        struct lead lead = lead_of(cases[i].lead);
        check_time(cases[i].label, lead_due_ms(&lead, &w, at(cases[i].start)), cases[i].want);
    }
}

/* A reminder lies before the session, a day's one at an opening, and longer leads not later. */
static void due_is_ordered(void **state)
{
    static const char *const leads[] = {"0 days", "1 day", "2 days", "7 days", "14 days"};
    (void)state;
    for (enum office kind = NRW; kind <= ULM; kind++) {
        struct worktime w = office(kind);
        for (int64_t ms = at("2026-12-01T00:30:00+01:00"); ms < at("2027-06-30T00:00:00+02:00");
             ms += 7 * 3600000) {
            int64_t before_ms = ms;
            for (size_t i = 0; i < COUNT_OF(leads); i++) {
                struct lead lead = lead_of(leads[i]);
                int64_t due_ms = lead_due_ms(&lead, &w, ms);
                assert_true(due_ms <= before_ms);
                assert_true(worktime_is_open(&w, due_ms) && !worktime_is_open(&w, due_ms - 1));
                before_ms = due_ms;
            }
        }
    }
}

/* What the planning makes of the usual leads, "<lead>@<when>" and "!" when late. */
static const struct {
    const char *label, *leads[4], *now, *start, *want;
} plan_cases[] = {
    {"all ahead",
     {"1 hour", "7 days", "1 working day"},
     "2027-06-01T10:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "1@Do 10.06.2027 08:00 2@Mi 16.06.2027 08:00 0@Do 17.06.2027 08:00 "},
    {"one has passed",
     {"7 days", "1 working day", "1 hour"},
     "2027-06-11T10:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "0@Fr 11.06.2027 10:00! 1@Mi 16.06.2027 08:00 2@Do 17.06.2027 08:00 "},
    {"two have passed: only the nearest",
     {"7 days", "1 working day", "1 hour"},
     "2027-06-16T15:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "1@Mi 16.06.2027 15:00! 2@Do 17.06.2027 08:00 "},
    {"all have passed",
     {"7 days", "1 working day", "1 hour"},
     "2027-06-17T08:30:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "2@Do 17.06.2027 08:30! "},
    {"due this moment is not late",
     {"7 days", "1 hour"},
     "2027-06-17T08:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "1@Do 17.06.2027 08:00 "},
    {"the session has begun",
     {"7 days", "1 hour"},
     "2027-06-17T09:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     ""},
    {"the session is over",
     {"7 days", "1 hour"},
     "2027-06-18T09:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     ""},
    {"two on one morning: one",
     {"2 days", "1 working day", "1 day"},
     "2027-06-01T10:00:00+02:00",
     "2027-06-14T09:00:00+02:00",
     "1@Fr 11.06.2027 08:00 "},
    {"an hour before nine is the opening",
     {"0 days", "1 hour"},
     "2027-06-01T10:00:00+02:00",
     "2027-06-17T09:00:00+02:00",
     "1@Do 17.06.2027 08:00 "},
    {"no leads", {NULL}, "2027-06-01T10:00:00+02:00", "2027-06-17T09:00:00+02:00", ""},
};

static void plans(void **state)
{
    struct worktime w = office(NRW);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plan_cases); i++) {
        struct lead lead[LEADS_MAX];
        struct lead_due due[LEADS_MAX];
        struct buf got = BUF_INIT;
        size_t n = 0;
        while (n < COUNT_OF(plan_cases[i].leads) && plan_cases[i].leads[n]) {
            lead[n] = lead_of(plan_cases[i].leads[n]);
            n++;
        }
        struct lead_session session = {&w, at(plan_cases[i].start), at(plan_cases[i].now)};
        size_t made = lead_plan(lead, n, &session, due);
        for (size_t k = 0; k < made; k++) {
            buf_printf(&got, "%zu@", due[k].lead);
            time_german(&got, due[k].due_ms);
            buf_puts(&got, due[k].late ? "! " : " ");
        }
        if (!str_eq(buf_str(&got), plan_cases[i].want))
            fail_msg("%s: %s, want %s", plan_cases[i].label, buf_str(&got), plan_cases[i].want);
        buf_release(&got);
    }
}

static void chains(void **state)
{
    static const struct {
        const char *start;
        int months;
        size_t count;
        const char *want;
    } cases[] = {
        {"2027-01-30", 3, 4, "2027-04-30 2027-07-30 2027-10-30 2028-01-30 "},
        {"2027-01-30", 1, 3, "2027-02-28 2027-03-30 2027-04-30 "},
        {"2028-01-31", 1, 4, "2028-02-29 2028-03-31 2028-04-30 2028-05-31 "},
        {"2028-02-29", 12, 4, "2029-02-28 2030-02-28 2031-02-28 2032-02-29 "},
        {"2027-12-31", 2, 2, "2028-02-29 2028-04-30 "},
        {"2027-01-30", 0, 4, ""},
        {"2027-01-30", -1, 4, ""},
        {"2027-01-30", 121, 4, ""},
        {"2027-01-30", 3, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t start, day[LEAD_CHAIN_MAX];
        struct buf got = BUF_INIT;
        assert_true(date_parse(cases[i].start, &start));
        size_t n = lead_chain(start, cases[i].months, cases[i].count, day);
        for (size_t k = 0; k < n; k++) {
            int year, month, mday;
            day_split(day[k], &year, &month, &mday);
            buf_printf(&got, "%04d-%02d-%02d ", year, month, mday);
        }
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("case %zu: %s, want %s", i, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void chain_has_an_end(void **state)
{
    int64_t day[LEAD_CHAIN_MAX];
    (void)state;
    assert_int_equal(lead_chain(20000, 1, 100000, day), LEAD_CHAIN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts), cmocka_unit_test(due),    cmocka_unit_test(due_is_ordered),
        cmocka_unit_test(plans), cmocka_unit_test(chains), cmocka_unit_test(chain_has_an_end),
    };
    return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
