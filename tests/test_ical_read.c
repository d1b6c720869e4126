/*
 * Answers as other programs write them. Each case says whose habit it is and where it is known
 * from; the hostile ones are ours. Uids, addresses and times are made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ical.h"
#include "../daemon/util.h"
#include "ical_sample.h"

#define BEGIN "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
#define END "END:VCALENDAR\r\n"
#define REPLY BEGIN "METHOD:REPLY\r\n"
#define EVENT "BEGIN:VEVENT\r\nUID:m-1@g.example\r\n"
#define OVER "END:VEVENT\r\n" END
#define YES "ATTENDEE;PARTSTAT=ACCEPTED:mailto:t@b.example\r\n"
#define STAMP "DTSTAMP:20270104T120000Z\r\nSEQUENCE:2\r\n"
#define WINDOWS                                                                                    \
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\n"                        \
    "DTSTART:16011028T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZOFFSETFROM:+0200\r\n" \
    "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010325T020000\r\n"            \
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
#define ZONE_OF(name, to)                                                                          \
    "BEGIN:VTIMEZONE\r\nTZID:" name "\r\nBEGIN:STANDARD\r\nTZOFFSETTO:" to "\r\nEND:STANDARD\r\n"  \
    "BEGIN:DAYLIGHT\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

/* What is read: uid address STATUS sequence stamp(s after 2027-01-04T12:00Z, or -) session; the
 * session as day of the year 2027 (from 0) and time. */
static const struct {
    const char *label, *in;
    enum ical_verdict verdict;
    const char *want;
} cases[] = {
    {"as RFC 5546 4.2.2 has it", REPLY EVENT "ORGANIZER:mailto:g@g.example\r\n" YES STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 2 +0 all"},
    {"declined", REPLY EVENT "ATTENDEE;PARTSTAT=DECLINED:mailto:t@b.example\r\n" STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example DECLINED 2 +0 all"},
    {"Exchange: no ORGANIZER (github nextcloud/server #53949)", REPLY EVENT YES STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 2 +0 all"},
    {"Exchange: MAILTO in capitals (github cyrusimap/cyrus-imapd #4169)",
     REPLY EVENT
     "ATTENDEE;PARTSTAT=TENTATIVE;CN=\"Team: Nord; Mitte\":MAILTO:T@B.Example\r\n" STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example TENTATIVE 2 +0 all"},
    {"Exchange: session in its zone, RRULE besides (github mustang-im/mustang #786)",
     REPLY WINDOWS EVENT YES
     "RECURRENCE-ID;TZID=W. Europe Standard Time:20270401T090000\r\nRRULE:FREQ=WEEKLY\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Exchange: the same in quotes (github nextcloud/mail #703)",
     REPLY WINDOWS EVENT YES
     "RECURRENCE-ID;TZID=\"W. Europe Standard Time\":20270401T090000\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Outlook: a zone of its own that is ours",
     REPLY ZONE_OF("Customized Time Zone", "+0100") EVENT YES
     "RECURRENCE-ID;TZID=Customized Time Zone:20270401T090000\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Outlook: a zone of its own that has commas, described behind",
     REPLY EVENT YES "RECURRENCE-ID;TZID=\"(UTC+01:00) Berlin, Rom\":20270401T090000\r\n"
                     "END:VEVENT\r\n" ZONE_OF("(UTC+01:00) Berlin\\, Rom", "+0100") END,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Google: session in UTC, summer (github sabre-io/vobject #358)",
     REPLY EVENT YES "RECURRENCE-ID:20270401T070000Z\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Google: session in UTC, winter", REPLY EVENT YES "RECURRENCE-ID:20270107T080000Z\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 6 09:00"},
    {"Google: further parameters",
     REPLY EVENT
     "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=t@b.example"
     ";X-NUM-GUESTS=0;X-RESPONSE-COMMENT=\"ja: gern;\":mailto:t@b.example\r\n" STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 2 +0 all"},
    {"Apple: an account instead of an address (github apple/ccs-calendarserver #198)",
     REPLY EVENT
     "ATTENDEE;CN=T;EMAIL=t@b.example;PARTSTAT=ACCEPTED:urn:uuid:272c501f-366c\r\n" STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 2 +0 all"},
    {"Apple, Thunderbird: session in our zone",
     REPLY EVENT YES "RECURRENCE-ID;TZID=Europe/Berlin:20270401T090000\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Thunderbird before 2010: a prefix before the zone",
     REPLY EVENT YES
     "RECURRENCE-ID;TZID=/mozilla.org/20050126_1/Europe/Berlin:20270401T090000\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"Evolution: libical's prefix",
     REPLY EVENT YES
     "RECURRENCE-ID;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20270401T090000\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"sabre, Nextcloud: session without a zone (github sabre-io/vobject #113)",
     REPLY EVENT YES "RECURRENCE-ID:20270401T090000\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"session as a day", REPLY EVENT YES "RECURRENCE-ID;VALUE=DATE:20270401\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 day"},
    {"an hour behind us",
     REPLY EVENT YES "RECURRENCE-ID;TZID=Europe/London:20270401T080000\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"UTC as a zone", REPLY EVENT YES "RECURRENCE-ID;TZID=UTC:20270401T070000\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"several sessions",
     REPLY EVENT YES
     "RECURRENCE-ID:20270401T070000Z\r\nEND:VEVENT\r\n" EVENT
     "ATTENDEE;PARTSTAT=DECLINED:mailto:t@b.example\r\nRECURRENCE-ID:20270506T070000Z\r\n" OVER,
     ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00\n"
     "m-1@g.example t@b.example DECLINED 0 - 125 09:00"},
    {"mu4e: several who answer (github djcb/mu #1729)",
     REPLY EVENT YES "ATTENDEE;PARTSTAT=DECLINED:mailto:u@b.example\r\n" STAMP OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 2 +0 all\nm-1@g.example u@b.example DECLINED 2 +0 all"},
    {"folded inside of names and values",
     REPLY "BEGIN:VEV\r\n ENT\r\nUID:m-1@\r\n\tg.example\r\nATT\r\n ENDEE;PARTSTAT=ACC\r\n EPTED:"
           "mailto:t@b\r\n .example\r\n" STAMP OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 2 +0 all"},
    {"line feeds only",
     "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:m-1@g.example\n"
     "ATTENDEE;PARTSTAT=ACCEPTED:mailto:t@b.example\nEND:VEVENT\nEND:VCALENDAR\n",
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"empty lines between",
     "BEGIN:VCALENDAR\r\r\n\r\nMETHOD:REPLY\r\n\r\n\r\nBEGIN:VEVENT\r\n\r\n"
     "UID:m-1@g.example\r\n\r\n" YES "\r\nEND:VEVENT\r\n\r\n" END,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"small letters",
     "begin:vcalendar\r\nmethod:reply\r\nbegin:vevent\r\nuid:m-1@g.example\r\n"
     "attendee;partstat=accepted:mailto:t@b.example\r\nend:vevent\r\nend:vcalendar\r\n",
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"METHOD behind the VEVENT", BEGIN EVENT YES "END:VEVENT\r\nMETHOD:REPLY\r\n" END, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"blanks at the ends of lines", REPLY EVENT YES "RECURRENCE-ID:20270401T070000Z  \r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - 90 09:00"},
    {"text before and behind, as lists add it", "Hallo\r\n\r\n" REPLY EVENT YES OVER "-- \r\nListe",
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"X-LIC-ERROR and what is damaged besides",
     REPLY EVENT "X-LIC-ERROR;X-LIC-ERRORTYPE=VALUE-PARSE-ERROR:No value\r\nDTSTART:quatsch\r\n"
                 "SEQUENCE:viel\r\nDTSTAMP:gestern\r\n;;:\r\n:\r\nX\r\n" YES OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"stamp in our zone", REPLY EVENT YES "DTSTAMP;TZID=Europe/Berlin:20270104T130001\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 +1 all"},
    {"no status is NEEDS-ACTION", REPLY EVENT "ATTENDEE:mailto:t@b.example\r\n" OVER, ICAL_REPLY,
     "m-1@g.example t@b.example NEEDS-ACTION 0 - all"},
    {"delegated",
     REPLY EVENT
     "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:u@b.example\":mailto:t@b.example\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example DELEGATED 0 - all"},
    {"an alarm's attendee is none",
     REPLY EVENT YES "BEGIN:VALARM\r\nATTENDEE:mailto:x@b.example\r\nUID:x\r\nEND:VALARM\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"umlauts elsewhere, in Latin-1",
     REPLY EVENT YES "SUMMARY:Gr\xfc\xdf"
                     "e\r\n" OVER,
     ICAL_REPLY, "m-1@g.example t@b.example ACCEPTED 0 - all"},
    {"a second calendar is not read", REPLY EVENT YES OVER REPLY EVENT YES OVER, ICAL_REPLY,
     "m-1@g.example t@b.example ACCEPTED 0 - all"},

    {"COUNTER", BEGIN "METHOD:COUNTER\r\n" EVENT YES OVER, ICAL_OTHER, ""},
    {"REFRESH", BEGIN "METHOD:REFRESH\r\n" EVENT YES OVER, ICAL_OTHER, ""},
    {"REQUEST", BEGIN "METHOD:REQUEST\r\n" EVENT YES OVER, ICAL_OTHER, ""},
    {"no METHOD", BEGIN EVENT YES OVER, ICAL_OTHER, ""},
    {"METHOD inside of the VEVENT", BEGIN EVENT "METHOD:REPLY\r\n" YES OVER, ICAL_OTHER, ""},
    {"first METHOD counts", BEGIN "METHOD:COUNTER\r\nMETHOD:REPLY\r\n" EVENT YES OVER, ICAL_OTHER,
     ""},
    {"no VEVENT", REPLY END, ICAL_OTHER, ""},
    {"no UID", REPLY "BEGIN:VEVENT\r\n" YES OVER, ICAL_OTHER, ""},
    {"no ATTENDEE", REPLY EVENT OVER, ICAL_OTHER, ""},
    {"cut off", REPLY EVENT YES, ICAL_OTHER, ""},
    {"cut off in an alarm", REPLY EVENT YES "BEGIN:VALARM\r\n" OVER, ICAL_OTHER, ""},
    {"address without a host", REPLY EVENT "ATTENDEE;PARTSTAT=ACCEPTED:mailto:t\r\n" OVER,
     ICAL_OTHER, ""},
    {"address of two", REPLY EVENT "ATTENDEE;PARTSTAT=ACCEPTED:mailto:t@b,u@b\r\n" OVER, ICAL_OTHER,
     ""},
    {"status with a blank", REPLY EVENT "ATTENDEE;PARTSTAT=JA BITTE:mailto:t@b.example\r\n" OVER,
     ICAL_OTHER, ""},
    {"UID with a control character", REPLY "BEGIN:VEVENT\r\nUID:m\x01\r\n" YES OVER, ICAL_OTHER,
     ""},
    {"UID in Latin-1", REPLY "BEGIN:VEVENT\r\nUID:m\xfc\r\n" YES OVER, ICAL_OTHER, ""},
    {"session in a zone that nobody knows",
     REPLY EVENT YES "RECURRENCE-ID;TZID=Mars/Olympus:20270401T090000\r\n" OVER, ICAL_OTHER, ""},
    {"session in a zone with another clock",
     REPLY ZONE_OF("Eigene", "+0000") EVENT YES
     "RECURRENCE-ID;TZID=Eigene:20270401T090000\r\n" OVER,
     ICAL_OTHER, ""},
    {"session on no day", REPLY EVENT YES "RECURRENCE-ID:20270231T090000Z\r\n" OVER, ICAL_OTHER,
     ""},
    {"session with broken quotes",
     REPLY EVENT YES "RECURRENCE-ID;TZID=\"Europe/Berlin:20270401T090000\r\n" OVER, ICAL_OTHER, ""},
    {"session with a blank in its name", REPLY EVENT YES "RECURRENCE-ID :20270401T090000\r\n" OVER,
     ICAL_OTHER, ""},
    {"session in 1970", REPLY EVENT YES "RECURRENCE-ID;VALUE=DATE:19700101\r\n" OVER, ICAL_OTHER,
     ""},
    {"two sessions in one VEVENT",
     REPLY EVENT YES "RECURRENCE-ID:20270401T070000Z\r\nRECURRENCE-ID:20270506T070000Z\r\n" OVER,
     ICAL_OTHER, ""},
    {"this and all later ones",
     REPLY EVENT YES "RECURRENCE-ID;RANGE=THISANDFUTURE:20270401T070000Z\r\n" OVER, ICAL_OTHER, ""},
    {"nothing", "", ICAL_NO_CALENDAR, ""},
    {"a letter", "Ich komme gern.\r\n", ICAL_NO_CALENDAR, ""},
    {"a card", "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n", ICAL_NO_CALENDAR, ""},
};

static void print_reply(struct buf *out, const struct ical_reply *reply)
{
    int64_t stamp_s = (reply->dtstamp_ms - INT64_C(1799064000000)) / 1000;
    int64_t wall_s = reply->recurrence_s - sample_wall(1, 1, 0, 0);
    buf_printf(out, "%s%s %s %s %" PRId64, out->len ? "\n" : "", reply->uid, reply->address,
               reply->status, reply->sequence);
    if (reply->dtstamp_ms)
        buf_printf(out, " +%" PRId64, stamp_s);
    else
        buf_puts(out, " -");
    if (!reply->recurrence_s)
        buf_puts(out, " all");
    else if (reply->recurrence_day)
        buf_printf(out, " %" PRId64 " day", wall_s / SAMPLE_DAY_S);
    else
        buf_printf(out, " %" PRId64 " %02d:%02d", wall_s / SAMPLE_DAY_S,
                   (int)(wall_s % SAMPLE_DAY_S / 3600), (int)(wall_s % 3600 / 60));
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ical_reply replies[4];
        struct buf got = BUF_INIT;
        size_t n;
        char method[16];
        enum ical_verdict verdict =
            ical_read(cases[i].in, strlen(cases[i].in), replies, 4, &n, method);
        for (size_t k = 0; k < n; k++)
            print_reply(&got, &replies[k]);
        if (verdict != cases[i].verdict || !str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %d %s", cases[i].label, verdict, buf_str(&got));
        buf_release(&got);
    }
}

static void test_method(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } methods[] = {
        {BEGIN "METHOD:counter\r\n" END, "COUNTER"},
        {BEGIN "METHOD: REPLY\r\n" END, ""},
        {BEGIN "METHOD:ABCDEFGHIJKLMNO\r\n" END, "ABCDEFGHIJKLMNO"},
        {BEGIN "METHOD:ABCDEFGHIJKLMNOP\r\n" END, ""},
    };
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct ical_reply reply;
        size_t n;
        char method[16];
        ical_read(methods[i].in, strlen(methods[i].in), &reply, 1, &n, method);
        assert_string_equal(method, methods[i].want);
    }
}

/* A piece repeated to the size that is just taken, between a head and a tail. */
static void repeated(struct buf *out, const char *head, const char *piece, const char *tail)
{
    buf_puts(out, head);
    while (out->len + strlen(piece) + strlen(tail) <= ICAL_INPUT_MAX)
        buf_puts(out, piece);
    buf_puts(out, tail);
}

static const struct {
    const char *label, *head, *piece, *tail;
    size_t want;
} floods[] = {
    {"lines", REPLY EVENT YES, "X:1\r\n", OVER, 1},
    {"empty lines", REPLY EVENT YES, "\n", OVER, 1},
    {"folds", REPLY EVENT YES "DESCRIPTION:", "\r\n x", "\r\n" OVER, 1},
    {"parameters", REPLY EVENT YES "X-A", ";A=\"b;c:d\"", ":x\r\n" OVER, 1},
    {"folds of the session's name", REPLY EVENT YES "RECURRENCE-ID;X=", "\r\n x",
     ":20270401T070000Z\r\n" OVER, 0},
    {"nesting", REPLY EVENT YES, "BEGIN:VALARM\r\n", OVER, 0},
    {"ends", "", "END:VEVENT\r\n", REPLY EVENT YES OVER, 1},
    {"zones", REPLY, ZONE_OF("Viele", "+0100"), EVENT YES OVER, 1},
    {"who answers", REPLY EVENT, YES, OVER, 4},
    {"meetings", REPLY, EVENT YES "END:VEVENT\r\n", END, 4},
    {"quotes", REPLY EVENT YES "X;A=", "\"", ":\r\n" OVER, 1},
};

static void test_floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(floods); i++) {
        struct ical_reply replies[4];
        struct buf text = BUF_INIT;
        size_t n;
        char method[16];
        repeated(&text, floods[i].head, floods[i].piece, floods[i].tail);
        int64_t before_ms = util_monotonic_ms();
        ical_read(buf_str(&text), text.len, replies, 4, &n, method);
        if (n != floods[i].want)
            fail_msg("%s: %zu", floods[i].label, n);
        /* Far above what it takes, far below what anything quadratic would. */
        assert_in_range(util_monotonic_ms() - before_ms, 0, 200);
        buf_addc(&text, 'x');
        while (text.len <= ICAL_INPUT_MAX)
            buf_addc(&text, 'x');
        assert_int_equal(ical_read(buf_str(&text), text.len, replies, 4, &n, method),
                         ICAL_TOO_LARGE);
        assert_int_equal(n, 0);
        buf_release(&text);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    static const char nul[] = REPLY EVENT YES "RECURRENCE-ID\0:20270401T070000Z\r\n" OVER;
    static const char inside[] = REPLY EVENT YES "SUMMARY:a\0b\r\n" OVER;
    struct ical_reply reply;
    size_t n;
    char method[16], junk[4096];
    assert_int_equal(ical_read(nul, sizeof nul - 1, &reply, 1, &n, method), ICAL_OTHER);
    assert_int_equal(ical_read(inside, sizeof inside - 1, &reply, 1, &n, method), ICAL_REPLY);
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)(i * 2654435761u >> 13);
    assert_int_equal(ical_read(junk, sizeof junk, &reply, 1, &n, method), ICAL_NO_CALENDAR);
    assert_int_equal(ical_read(NULL, 0, &reply, 1, &n, method), ICAL_NO_CALENDAR);
    assert_int_equal(ical_read(inside, sizeof inside - 1, NULL, 0, &n, method), ICAL_OTHER);
}

/* What we write as a REPLY we read. */
static void test_own_reply(void **state)
{
    (void)state;
    struct ical_event event = sample_moved();
    const struct ical_attendee one = {"Team@B.example", "Träger, Nord", "REQ-PARTICIPANT",
                                      "DECLINED"};
    struct ical_reply reply;
    struct buf text = BUF_INIT;
    size_t n;
    char method[16];
    event.attendee = &one;
    event.attendees = 1;
    ical_write(&text, "REPLY", &event, 1);
    assert_int_equal(ical_read(buf_str(&text), text.len, &reply, 1, &n, method), ICAL_REPLY);
    assert_int_equal(n, 1);
    assert_string_equal(reply.uid, event.uid);
    assert_string_equal(reply.address, "team@b.example");
    assert_string_equal(reply.status, "DECLINED");
    assert_int_equal(reply.sequence, event.sequence);
    assert_int_equal(reply.dtstamp_ms, event.dtstamp_ms);
    assert_int_equal(reply.recurrence_s, event.recurrence_s);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),     cmocka_unit_test(test_method),
        cmocka_unit_test(test_floods),    cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_own_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
