/*
 * Rules and calendars: which rules are taken, when they meet, and what is written, byte for byte in
 * tests/golden/ and read back by libical. tests/ical_check.py asks further readers, and compares
 * random rules with python-dateutil.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/mime.h"
#include "../daemon/buf.h"
#include "../daemon/ical.h"
#include "../daemon/ical_parts.h"
#include "../daemon/util.h"
#include "golden.h"
#include "ical_sample.h"

#define LONG_LIST "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30"

static const struct {
    const char *label, *in;
    const char *want; /* words of the refusal; NULL: taken */
} rules[] = {
    {"third Tuesday", "FREQ=MONTHLY;BYDAY=3TU", NULL},
    {"last Friday", "FREQ=MONTHLY;BYDAY=-1FR", NULL},
    {"plus", "FREQ=MONTHLY;BYDAY=+2MO", NULL},
    {"several weekdays", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", NULL},
    {"another order", "BYDAY=MO;FREQ=WEEKLY", NULL},
    {"last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", NULL},
    {"20th Monday of the year", "FREQ=YEARLY;BYDAY=20MO", NULL},
    {"weeks of the year", "FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO", NULL},
    {"until a day", "FREQ=DAILY;UNTIL=20271231", NULL},
    {"until a moment", "FREQ=DAILY;UNTIL=20271231T225959Z", NULL},
    {"31 values", "FREQ=MONTHLY;BYMONTHDAY=" LONG_LIST ",31", NULL},
    {"32 values", "FREQ=MONTHLY;BYMONTHDAY=" LONG_LIST ",31,-1", "BYMONTHDAY has a value"},
    {"empty", "", "a rule is made of"},
    {"no frequency", "BYDAY=MO", "needs FREQ"},
    {"hours", "FREQ=HOURLY", "FREQ has a value"},
    {"seconds", "FREQ=SECONDLY", "FREQ has a value"},
    {"small letters", "FREQ=weekly", "FREQ has a value"},
    {"an hour of the day", "FREQ=DAILY;BYHOUR=9", "a rule is made of"},
    {"another calendar", "FREQ=YEARLY;RSCALE=HEBREW", "a rule is made of"},
    {"twice the same", "FREQ=DAILY;COUNT=3;COUNT=4", "COUNT stands twice"},
    {"twice the frequency", "FREQ=DAILY;FREQ=WEEKLY", "FREQ stands twice"},
    {"two frequencies", "FREQ=DAILY,WEEKLY", "FREQ has a value"},
    {"two ends", "FREQ=DAILY;COUNT=3;UNTIL=20271231", "exclude each other"},
    {"no count", "FREQ=DAILY;COUNT=0", "COUNT has a value"},
    {"negative count", "FREQ=DAILY;COUNT=-1", "COUNT has a value"},
    {"great count", "FREQ=DAILY;COUNT=5001", "COUNT has a value"},
    {"no interval", "FREQ=DAILY;INTERVAL=0", "INTERVAL has a value"},
    {"no such day", "FREQ=DAILY;UNTIL=20270229", "UNTIL has a value"},
    {"time with another end", "FREQ=DAILY;UNTIL=20270228T090000X", "UNTIL has a value"},
    {"13th month", "FREQ=YEARLY;BYMONTH=13", "BYMONTH has a value"},
    {"32nd day", "FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY has a value"},
    {"day nought", "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY has a value"},
    {"no weekday", "FREQ=WEEKLY;BYDAY=", "BYDAY has a value"},
    {"half a weekday", "FREQ=WEEKLY;BYDAY=U ", "BYDAY has a value"},
    {"weekday of two", "FREQ=WEEKLY;BYDAY=OT", "BYDAY has a value"},
    {"0th weekday", "FREQ=MONTHLY;BYDAY=0MO", "BYDAY has a value"},
    {"two signs", "FREQ=MONTHLY;BYDAY=--1MO", "BYDAY has a value"},
    {"trailing comma", "FREQ=WEEKLY;BYDAY=MO,", "BYDAY has a value"},
    {"trailing semicolon", "FREQ=WEEKLY;", "a rule is made of"},
    {"first Monday of the week", "FREQ=WEEKLY;BYDAY=1MO", "n-th weekday"},
    {"6th Monday of the month", "FREQ=MONTHLY;BYDAY=6MO", "more than five"},
    {"first Monday of a week", "FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", "n-th weekday"},
    {"day of a month, weekly", "FREQ=WEEKLY;BYMONTHDAY=1", "cannot stand with"},
    {"day of the year, monthly", "FREQ=MONTHLY;BYYEARDAY=1", "cannot stand with"},
    {"position of nothing", "FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS chooses"},
    {"position in a week", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "cannot stand with"},
    {"week begins twice", "FREQ=WEEKLY;WKST=1MO", "WKST has a value"},
    {"a line more", "FREQ=DAILY\r\nSUMMARY:x", "FREQ has a value"},
    {"a number over all", "FREQ=DAILY;COUNT=99999999999999999999", "COUNT has a value"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        struct buf err = BUF_INIT;
        int rc = ical_rule_check(rules[i].in, &err);
        if (rc != (rules[i].want ? -1 : 0) ||
            (rules[i].want && !strstr(buf_str(&err), rules[i].want)))
            fail_msg("%s: %d %s", rules[i].label, rc, buf_str(&err));
        buf_release(&err);
    }
    char huge[ICAL_RULE_MAX + 2];
    memset(huge, 'A', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    struct buf err = BUF_INIT;
    assert_int_equal(ical_rule_check(huge, &err), -1);
    assert_non_null(strstr(buf_str(&err), "at most 256"));
    buf_release(&err);
}

static const struct {
    const char *label, *rule, *start, *from, *to;
    const char *want; /* starts, with the time only where it is not the one before */
} expansions[] = {
    {"first Thursday", "FREQ=MONTHLY;BYDAY=1TH", "20261120T090000", "20261201", "20270301",
     "20261203T090000 20270107T090000 20270204T090000"},
    {"the start is no date of the rule", "FREQ=WEEKLY;BYDAY=MO", "20261120T090000", "20261120",
     "20261201", "20261123T090000 20261130T090000"},
    {"nine o'clock over the spring change", "FREQ=DAILY", "20270327T090000", "20270327", "20270330",
     "20270327T090000 20270328T090000 20270329T090000"},
    {"half past two in the spring change", "FREQ=DAILY", "20270327T023000", "20270327", "20270330",
     "20270327T023000 20270328T023000 20270329T023000"},
    {"half past two in the autumn change", "FREQ=DAILY", "20271030T023000", "20271030", "20271102",
     "20271030T023000 20271031T023000 20271101T023000"},
    {"until in UTC, winter", "FREQ=DAILY;UNTIL=20270103T080000Z", "20270101T090000", "20270101",
     "20280101", "20270101T090000 20270102T090000 20270103T090000"},
    {"until in UTC, a second less", "FREQ=DAILY;UNTIL=20270103T075959Z", "20270101T090000",
     "20270101", "20280101", "20270101T090000 20270102T090000"},
    {"until in UTC, summer", "FREQ=DAILY;UNTIL=20270703T070000Z", "20270702T090000", "20270101",
     "20280101", "20270702T090000 20270703T090000"},
    {"until a day is to its end", "FREQ=DAILY;UNTIL=20270102", "20270101T200000", "20270101",
     "20280101", "20270101T200000 20270102T200000"},
    {"until before the start", "FREQ=DAILY;UNTIL=20260102", "20270101T200000", "20270101",
     "20280101", ""},
    {"count from the start, not the window", "FREQ=DAILY;COUNT=3", "20270101T090000", "20270103",
     "20280101", "20270103T090000"},
    {"window without its end", "FREQ=DAILY", "20270101T090000", "20270101T090000",
     "20270102T090000", "20270101T090000"},
    {"no window", "FREQ=DAILY", "20270101T090000", "20270201", "20270201", ""},
    {"31st only where there is one", "FREQ=MONTHLY", "20270131T090000", "20270101", "20270601",
     "20270131T090000 20270331T090000 20270531T090000"},
    {"29 February", "FREQ=YEARLY", "20280229T090000", "20280101", "20370101",
     "20280229T090000 20320229T090000 20360229T090000"},
    {"last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1", "20270115T090000", "20270101",
     "20270401", "20270131T090000 20270228T090000 20270331T090000"},
    {"last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "20270101T090000",
     "20270101", "20270401", "20270129T090000 20270226T090000 20270331T090000"},
    {"every second week over the year", "FREQ=WEEKLY;INTERVAL=2", "20261221T090000", "20270101",
     "20270201", "20270104T090000 20270118T090000"},
    {"all months for a day of the month", "FREQ=YEARLY;BYMONTHDAY=15;COUNT=3", "20270401T090000",
     "20270101", "20280101", "20270415T090000 20270515T090000 20270615T090000"},
    {"days counted from the month's end", "FREQ=DAILY;BYMONTHDAY=-1", "20270115T090000", "20270101",
     "20270301", "20270131T090000 20270228T090000"},
    {"plain and n-th weekday together", "FREQ=MONTHLY;BYDAY=1MO,FR;COUNT=4", "20270401T090000",
     "20270101", "20280101", "20270402T090000 20270405T090000 20270409T090000 20270416T090000"},
    {"week 53", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "20260101T090000", "20260101", "20350101",
     "20261228T090000 20321227T090000"},
    {"week 1 that begins in December", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "20270101T090000",
     "20290101", "20320101", "20290101T090000 20291231T090000 20301230T090000 20311229T090000"},
    {"a day that never comes", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "19000101T090000", "19000101",
     "21991231", ""},
    {"a rule that is refused", "FREQ=HOURLY", "20270101T090000", "20270101", "20280101", ""},
};

static int64_t time_of(const char *text)
{
    int64_t seconds;
    enum ical_form form;
    assert_true(ical_time_parse(text, &seconds, &form));
    return seconds;
}

static void print_starts(struct buf *out, const int64_t *starts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int year, month, mday;
        int second = (int)(starts[i] % SAMPLE_DAY_S);
        day_split(starts[i] / SAMPLE_DAY_S, &year, &month, &mday);
        buf_printf(out, "%s%04d%02d%02dT%02d%02d%02d", i ? " " : "", year, month, mday,
                   second / 3600, second / 60 % 60, second % 60);
    }
}

static void test_expand(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(expansions); i++) {
        struct buf got = BUF_INIT;
        int64_t starts[16];
        size_t n = ical_expand(expansions[i].rule, time_of(expansions[i].start),
                               time_of(expansions[i].from), time_of(expansions[i].to), starts, 16);
        print_starts(&got, starts, n);
        if (!str_eq(buf_str(&got), expansions[i].want))
            fail_msg("%s: %s", expansions[i].label, buf_str(&got));
        buf_release(&got);
    }
}

static void test_expand_ends(void **state)
{
    (void)state;
    int64_t starts[3];
    int64_t start = time_of("20270101T090000");
    assert_int_equal(ical_expand("FREQ=DAILY", start, start, INT64_MAX, starts, 3), 3);
    assert_int_equal(ical_expand("FREQ=DAILY", start, start, INT64_MAX, starts, 0), 0);
    assert_int_equal(ical_expand("FREQ=DAILY", start, INT64_MIN, INT64_MAX, starts, 1), 1);
    assert_int_equal(ical_expand("FREQ=DAILY", INT64_MIN, start, INT64_MAX, starts, 3), 0);
    assert_int_equal(ical_expand("FREQ=DAILY", INT64_MAX, start, INT64_MAX, starts, 3), 0);
    assert_int_equal(ical_expand("FREQ=DAILY", start, INT64_MAX - 1, INT64_MAX, starts, 3), 0);
    assert_int_equal(ical_expand("FREQ=YEARLY;INTERVAL=999", start, start, INT64_MAX, starts, 3),
                     1);
}

/* ---- calendars */

enum { CALENDARS = 6 };

static const char *const golden_names[CALENDARS] = {
    "ical-master.ics",        "ical-moved-session.ics", "ical-cancelled-session.ics",
    "ical-cancelled-all.ics", "ical-single.ics",        "ical-feed.ics",
};

static const char *golden_method(size_t i)
{
    return i == 2 || i == 3 ? "CANCEL" : i == 5 ? "PUBLISH" : "REQUEST";
}

static void make_calendar(struct buf *out, size_t i)
{
    struct ical_event event = i == 1   ? sample_moved()
                              : i == 2 ? sample_cancelled()
                              : i == 4 ? sample_single()
                                       : sample_master();
    const struct ical_event feed[] = {sample_master(), sample_moved(), sample_cancelled(),
                                      sample_single()};
    if (i == 3) {
        event.sequence = 3;
        event.cancelled = true;
    }
    if (i == 5)
        ical_write_feed(out, "Termine KSD Eselsberg", feed, COUNT_OF(feed));
    else
        ical_write(out, golden_method(i), &event, 1);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALENDARS; i++) {
        struct buf got = BUF_INIT;
        make_calendar(&got, i);
        golden_check(golden_names[i], &got);
        buf_release(&got);
    }
}

/* What libical finds must be free of its own error marks and fit the rules of the method. */
static void read_by_libical(const char *label, const char *text, const char *method)
{
    icalcomponent *calendar = icalparser_parse_string(text);
    char *again = NULL;
    if (!calendar || icalcomponent_count_errors(calendar) != 0)
        fail_msg("%s: libical objects", label);
    again = icalcomponent_as_ical_string_r(calendar);
    assert_null(strstr(again, "X-LIC-ERROR"));
    assert_string_equal(icalproperty_method_to_string(icalcomponent_get_method(calendar)), method);
    if (!icalrestriction_check(calendar)) {
        char *why = icalcomponent_as_ical_string_r(calendar);
        fail_msg("%s: not as the method wants it: %s", label, why);
    }
    free(again);
    icalcomponent_free(calendar);
}

static void test_libical_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALENDARS; i++) {
        struct buf got = BUF_INIT;
        make_calendar(&got, i);
        read_by_libical(golden_names[i], buf_str(&got), golden_method(i));
        buf_release(&got);
    }
}

static const struct {
    const char *label, *in, *want_summary, *want_name;
} texts[] = {
    {"plain", "Sozialraumteam", "Sozialraumteam", "Sozialraumteam"},
    {"a line more", "x\r\nATTENDEE:mailto:a@b.example", "x\nATTENDEE:mailto:a@b.example",
     "x ATTENDEE:mailto:a@b.example"},
    {"line feed alone", "x\nEND:VEVENT", "x\nEND:VEVENT", "x END:VEVENT"},
    {"carriage return alone", "x\rEND:VEVENT", "x\nEND:VEVENT", "x END:VEVENT"},
    {"comma, semicolon, backslash", "a,b;c\\d\\n", "a,b;c\\d\\n", "a,b;c\\d\\n"},
    {"quotes", "\"a\":mailto:x@y.example", "\"a\":mailto:x@y.example", "'a':mailto:x@y.example"},
    {"caret", "a^nb^'c", "a^nb^'c", "a^nb^'c"},
    {"control characters", "a\x01\x1b\x7f\tb", "a    b", "a    b"},
    {"broken UTF-8", "a\xff\xc3.\xe2\x82", "a??.??", "a??.??"},
    {"umlauts at the fold",
     "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü€€€€€€€€€€€€€€€€€€€€€€€€€😀😀😀😀😀😀😀",
     NULL, NULL},
};

static void check_lines(const char *label, const char *text)
{
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\r\n");
        if (n > 75 || strncmp(line + n, "\r\n", 2) != 0 || !utf8_valid(line, n))
            fail_msg("%s: line of %zu octets: %.*s", label, n, (int)n, line);
        line += n + 2;
    }
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf got = BUF_INIT;
        struct ical_event event = sample_single();
        struct ical_attendee one = {"team@b.example", texts[i].in, NULL, "x\r\nUID:y"};
        event.summary = event.location = event.description = texts[i].in;
        event.attendee = &one;
        event.attendees = 1;
        ical_write(&got, "REQUEST", &event, 1);
        check_lines(texts[i].label, buf_str(&got));
        icalcomponent *calendar = icalparser_parse_string(buf_str(&got));
        icalcomponent *read = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        icalproperty *attendee = icalcomponent_get_first_property(read, ICAL_ATTENDEE_PROPERTY);
        const char *cn = icalproperty_get_parameter_as_string(attendee, "CN");
        const char *want = texts[i].want_summary ? texts[i].want_summary : texts[i].in;
        const char *want_cn = texts[i].want_name ? texts[i].want_name : texts[i].in;
        assert_int_equal(icalcomponent_count_errors(calendar), 0);
        assert_int_equal(icalcomponent_count_properties(read, ICAL_ATTENDEE_PROPERTY), 1);
        if (!str_eq(icalcomponent_get_summary(read), want) || !str_eq(cn, want_cn))
            fail_msg("%s: %s | %s", texts[i].label, icalcomponent_get_summary(read), cn);
        icalcomponent_free(calendar);
        buf_release(&got);
    }
}

static void test_malformed_is_left_out(void **state)
{
    (void)state;
    struct ical_event event = sample_single();
    struct ical_attendee bad[] = {
        {"a@b.example\r\nX-EVIL:1", "", NULL, NULL},
        {"a@b@c.example", "", NULL, NULL},
        {"@b.example", "", NULL, NULL},
        {"", "", NULL, NULL},
        {"a b@c.example", "", NULL, NULL},
        {NULL, NULL, NULL, NULL},
    };
    struct buf got = BUF_INIT;
    event.attendee = bad;
    event.attendees = COUNT_OF(bad);
    event.url = "https://x.example/\r\nX-EVIL:1";
    event.rule = "FREQ=DAILY\r\nX-EVIL:1";
    event.organizer_address = "x";
    event.description = NULL;
    event.location = "";
    ical_write(&got, "REQUEST\r\nX-EVIL:1", &event, 1);
    assert_null(strstr(buf_str(&got), "EVIL"));
    assert_null(strstr(buf_str(&got), "ATTENDEE"));
    assert_null(strstr(buf_str(&got), "URL"));
    assert_null(strstr(buf_str(&got), "ORGANIZER"));
    assert_null(strstr(buf_str(&got), "DESCRIPTION"));
    assert_null(strstr(buf_str(&got), "LOCATION"));
    assert_non_null(strstr(buf_str(&got), "METHOD:PUBLISH\r\n"));
    buf_release(&got);
}

static const struct {
    const char *label, *rule, *want;
} written_rules[] = {
    {"no end", "FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=WEEKLY;BYDAY=MO\r\n"},
    {"a day", "FREQ=WEEKLY;UNTIL=20270630", "RRULE:FREQ=WEEKLY;UNTIL=20270630T215959Z\r\n"},
    {"wall time in winter", "FREQ=WEEKLY;UNTIL=20270130T090000;BYDAY=MO",
     "RRULE:FREQ=WEEKLY;UNTIL=20270130T080000Z;BYDAY=MO\r\n"},
    {"UTC", "UNTIL=20270630T070000Z;FREQ=WEEKLY", "RRULE:UNTIL=20270630T070000Z;FREQ=WEEKLY\r\n"},
};

static void test_written_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(written_rules); i++) {
        struct buf got = BUF_INIT;
        struct ical_event event = sample_master();
        event.rule = written_rules[i].rule;
        ical_write(&got, "REQUEST", &event, 1);
        if (!strstr(buf_str(&got), written_rules[i].want))
            fail_msg("%s: %s", written_rules[i].label, buf_str(&got));
        event.recurrence_s = event.start_s;
        buf_reset(&got);
        ical_write(&got, "REQUEST", &event, 1);
        assert_null(strstr(buf_str(&got), "RRULE:FREQ=WEEKLY"));
        buf_release(&got);
    }
}

/* ---- mails */

static const struct {
    const char *name;
    size_t calendar;
    bool attach;
} mails[] = {
    {"mail-invitation.eml", 0, false},
    {"mail-invitation-attached.eml", 0, true},
    {"mail-moved-session.eml", 1, false},
    {"mail-cancelled-session.eml", 2, false},
};

static void make_mail(struct buf *out, size_t i)
{
    struct buf calendar = BUF_INIT;
    make_calendar(&calendar, mails[i].calendar);
    const struct message message = {
        .address = (char *)(uintptr_t) "team@jugendhilfe.example.org",
        .subject = (char *)(uintptr_t) "Einladung: Sozialraumteam Eselsberg",
        .body = (char *)(uintptr_t) "Sie sind eingeladen: Sozialraumteam Eselsberg.\nGrüße\n",
        .calendar = calendar.data,
        .method = (char *)(uintptr_t)golden_method(mails[i].calendar),
        .message_id = (char *)(uintptr_t) "<d1@gw.example.org>",
        .thread_id = (char *)(uintptr_t) "<thread-1@gw.example.org>",
        .date_ms = INT64_C(1795162443000),
    };
    const struct mime_sender sender = {"Stafette für den KSD Eselsberg", "stafette@example.org",
                                       mails[i].attach};
    mime_build(out, &message, &sender);
    buf_release(&calendar);
}

static void test_mails(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        struct buf got = BUF_INIT, again = BUF_INIT;
        make_mail(&got, i);
        make_mail(&again, i);
        assert_string_equal(buf_str(&got), buf_str(&again));
        golden_check(mails[i].name, &got);
        buf_release(&got);
        buf_release(&again);
    }
}

static const struct {
    const char *label, *calendar, *method, *body;
    const char *want, *never;
} shapes[] = {
    {"no calendar", "", "REQUEST", "x\n", "text/plain", "multipart"},
    {"no method", "BEGIN:VCALENDAR\r\n", NULL, "x\n", "text/plain", "multipart"},
    {"smuggling method", "BEGIN:VCALENDAR\r\n", "A\r\nX-Evil: 1", "x\n", "text/plain", "X-Evil"},
    {"a body like a boundary", "BEGIN:VCALENDAR\r\n", "REQUEST", "--=_1b2c\n", "--=3D_1b2c",
     "\n--=_1b2c"},
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        struct buf got = BUF_INIT;
        const struct message message = {
            .address = (char *)(uintptr_t) "a@b.example",
            .subject = (char *)(uintptr_t) "s",
            .body = (char *)(uintptr_t)shapes[i].body,
            .calendar = (char *)(uintptr_t)shapes[i].calendar,
            .method = (char *)(uintptr_t)shapes[i].method,
            .message_id = (char *)(uintptr_t) "<d1@gw.example.org>",
        };
        const struct mime_sender sender = {"", "a@b.example", false};
        mime_build(&got, &message, &sender);
        if (!strstr(buf_str(&got), shapes[i].want) || strstr(buf_str(&got), shapes[i].never))
            fail_msg("%s: %s", shapes[i].label, buf_str(&got));
        buf_release(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_expand_ends),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_libical_reads),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_malformed_is_left_out),
        cmocka_unit_test(test_written_rules),
        cmocka_unit_test(test_mails),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
