/*
 * The event part: tables, envelope, data, rules, faults, schemas.
 *
 *     build/tests/test_event                          runs the tests
 *     build/tests/test_event --write-schemas          writes contrib/schemas anew, after a change
 *     build/tests/test_event --verdicts < LINES       "topic<TAB>JSON" a line -> verdict and
 * faults; used by tests/schema_check.py
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "event_sample.h"

#define SCHEMAS "contrib/schemas"
#define EXAMPLE                                                                                    \
    "{\"specversion\":\"1.0\",\"id\":\"01JD3K9Q7Z\",\"source\":\"/jugendamt-kiel/fachverfahren\"," \
    "\"type\":\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-20T09:14:03+01:00\","     \
    "\"subject\":\"" SAMPLE_REF "\",\"urgency\":\"prompt\",\"data\":" EXAMPLE_DATA "}"
#define EXAMPLE_DATA                                                                               \
    "{\"case_ref\":\"" SAMPLE_REF "\",\"from_unit\":\"jugendamt-kiel-asd-mitte\","                 \
    "\"place\":\"kiel-mitte\",\"rechtskreis\":\"SGB_IX\",\"service\":\"egh\","                     \
    "\"reason\":\"transition_36b\",\"legal_basis\":\"sgb8_36b\",\"consent_ref\":\"c-8841\","       \
    "\"hilfeplan\":true,\"open_tasks\":3,\"next_deadline\":\"2026-12-04\"}"

/* Reads the payload on the type's topic and compares "verdict codes". */
static void expect(int type, const char *label, const char *payload, const char *want)
{
    struct event ev;
    struct buf got = BUF_INIT;
    sample_summary(&got, &ev, sample_read(&ev, type, payload));
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s %s\n  got  %s\n  want %s", event_type_name(type), label, buf_str(&got), want);
    event_release(&ev);
    buf_release(&got);
}

/* The same for an event made from data. */
static void expect_data(int type, const char *label, const char *data, const char *want)
{
    struct buf payload = BUF_INIT;
    sample_envelope(&payload, type, data);
    expect(type, label, buf_str(&payload), want);
    buf_release(&payload);
}

static const char *good(int type)
{
    return event_type_handled(type) ? "ok" : "not_handled E-NOCH-NICHT type";
}

/* "verdict E-... field" with the trailing fault that types not handled yet carry. */
static void want_fault(struct buf *out, int type, const char *verdict, const char *faults)
{
    buf_reset(out);
    buf_printf(out, "%s %s%s", verdict, faults,
               event_type_handled(type) ? "" : ", E-NOCH-NICHT type");
}

static void test_example(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT;
    (void)state;
    assert_int_equal(sample_read(&ev, EVENT_HANDOVER_REQUESTED, EXAMPLE), EVENT_OK);
    assert_int_equal(ev.faults, 0);
    assert_int_equal(ev.type, EVENT_HANDOVER_REQUESTED);
    assert_string_equal(ev.type_name, "handover.requested");
    assert_string_equal(ev.id, "01JD3K9Q7Z");
    assert_string_equal(ev.source, "/jugendamt-kiel/fachverfahren");
    assert_string_equal(ev.topic_source, "jugendamt-kiel");
    assert_string_equal(ev.subject, SAMPLE_REF);
    assert_int_equal(ev.urgency, URGENCY_PROMPT);
    assert_true(ev.time_ms == INT64_C(1795162443000) && ev.effective_ms == ev.time_ms);
    assert_true(!ev.restricted && ev.present[FIELD_HILFEPLAN] && ev.number[FIELD_HILFEPLAN] == 1);
    assert_true(ev.number[FIELD_OPEN_TASKS] == 3);
    assert_true(ev.number[FIELD_NEXT_DEADLINE] == day_of(2026, 12, 4));
    assert_false(ev.present[FIELD_TO_UNIT]);
    assert_string_equal(ev.text[FIELD_TO_UNIT], "");
    event_data_json(&ev, &data);
    assert_string_equal(buf_str(&data), EXAMPLE_DATA);
    buf_release(&data);
    event_release(&ev);
}

static void test_tables(void **state)
{
    (void)state;
    assert_true(event_type_count() == 51);
    for (int t = 0; t < (int)event_type_count(); t++) {
        const struct type_row *row = event_type_row(t);
        assert_int_equal(event_type_find(row->name, strlen(row->name)), t);
        assert_true((row->required & row->optional) == 0);
        assert_true(!!row->kinds == !!(event_type_allowed(t) & FIELD_BIT(KIND)));
        assert_true(event_field_use(t, FIELD_CORRECTS) == 1);
    }
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        const char *name = event_field_name((enum field)f);
        assert_int_equal(event_field_find(name, strlen(name)), f);
    }
    assert_int_equal(event_field_find("diagnosis", 9), FIELD_NONE);
    assert_int_equal(event_type_find("handover", 8), EVENT_UNKNOWN);
    assert_string_equal(event_type_name(EVENT_UNKNOWN), "");
    assert_false(event_type_handled(EVENT_UNKNOWN));
}

/* Every field of the catalogue can be carried by some type. */
static void test_fields_used(void **state)
{
    (void)state;
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        int uses = 0;
        for (int t = 0; t < (int)event_type_count(); t++)
            uses += event_field_use(t, (enum field)f) > 0;
        if (!uses)
            fail_msg("no type carries %s", event_field_name((enum field)f));
    }
}

static void test_least_and_full(void **state)
{
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++) {
        struct buf least = BUF_INIT, full = BUF_INIT;
        sample_data(&least, t, sample_least(t), FIELD_NONE, NULL);
        expect_data(t, "least", buf_str(&least), good(t));
        sample_data(&full, t, event_type_allowed(t), FIELD_NONE, NULL);
        expect_data(t, "full", buf_str(&full), good(t));
        buf_release(&least);
        buf_release(&full);
    }
}

/* Each required field left out in turn is named, and nothing else. */
static void test_required(void **state)
{
    struct buf data = BUF_INIT, want = BUF_INIT, fault = BUF_INIT;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++)
        for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
            if (!(sample_least(t) & UINT64_C(1) << f))
                continue;
            buf_reset(&data);
            buf_reset(&fault);
            sample_data(&data, t, sample_least(t) & ~(UINT64_C(1) << f), FIELD_NONE, NULL);
            buf_printf(&fault, "E-PFLICHT data.%s", event_field_name((enum field)f));
            want_fault(&want, t, "incomplete", buf_str(&fault));
            expect_data(t, "without a field", buf_str(&data), buf_str(&want));
        }
    buf_release(&data);
    buf_release(&want);
    buf_release(&fault);
}

/* Each field that a type does not know is refused there, although the catalogue knows it. */
static void test_not_allowed(void **state)
{
    struct buf data = BUF_INIT, want = BUF_INIT, fault = BUF_INIT;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++)
        for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
            if (event_field_use(t, (enum field)f))
                continue;
            buf_reset(&data);
            buf_reset(&fault);
            sample_data(&data, t, sample_least(t) | UINT64_C(1) << f, (enum field)f, "\"x\"");
            buf_printf(&fault, "E-FELD data.%s", event_field_name((enum field)f));
            want_fault(&want, t, "forbidden", buf_str(&fault));
            expect_data(t, "with a foreign field", buf_str(&data), buf_str(&want));
        }
    buf_release(&data);
    buf_release(&want);
    buf_release(&fault);
}

/* Forms: for each kind what is taken and what is not, tried on one type that carries the field. */
static const struct {
    const char *type, *field, *value;
    bool taken;
} values[] = {
    {"handover.requested", "case_ref", "\"cr-7f3k92qxm4t8b\"", true},
    {"handover.requested", "case_ref", "\"cr-k4m7p2x9\"", true},
    {"handover.requested", "case_ref", "\"cr-abcdefghijklm\"", true},
    {"handover.requested", "case_ref", "\"cr-550e8400e29b41d4a716446655440000\"", true},
    {"handover.requested", "case_ref", "\"cr-mustermann\"", false},
    {"handover.requested", "case_ref", "\"cr-12345bg1234567\"", false},
    {"handover.requested", "case_ref", "\"cr-123a123456\"", false},
    {"handover.requested", "case_ref", "\"cr-a123456789\"", false},
    {"handover.requested", "case_ref", "\"cr-12345678a123\"", false},
    {"handover.requested", "case_ref", "\"cr-01011980\"", false},
    {"handover.requested", "case_ref", "\"cr-ab010180\"", false},
    {"handover.requested", "case_ref", "\"cr-meier19800101\"", false},
    {"handover.requested", "case_ref", "\"cr-12345678901\"", false},
    {"handover.requested", "case_ref", "\"cr-de12345678901234567890\"", false},
    {"handover.requested", "case_ref", "\"cr-k4m7p2x\"", false},
    {"handover.requested", "case_ref", "\"CR-k4m7p2x9\"", false},
    {"handover.requested", "case_ref", "\"cr-k4m7p2x9 \"", false},
    {"handover.requested", "case_ref", "\"cr-k4m7p2x9\\n\"", false},
    {"handover.requested", "case_ref", "\"51-2345/26\"", false},
    {"handover.requested", "case_ref", "\"\"", false},
    {"handover.requested", "case_ref", "null", false},
    {"handover.requested", "case_ref", "7", false},
    {"handover.requested", "from_unit", "\"ksd-eselsberg\"", true},
    {"handover.requested", "from_unit", "\"KSD Eselsberg\"", false},
    {"handover.requested", "from_unit", "\"ksd@ulm.example\"", false},
    {"handover.requested", "place", "\"kiel-mitte\"", true},
    {"handover.requested", "place", "\"Kiel-Mitte\"", false},
    {"handover.requested", "place", "\"49731000000\"", false},
    {"handover.requested", "place", "{\"id\":\"kiel-mitte\"}", false},
    {"handover.requested", "rechtskreis", "\"SGB_XII\"", true},
    {"handover.requested", "rechtskreis", "\"sgb12\"", true},
    {"handover.requested", "rechtskreis", "\"SGB XII\"", false},
    {"handover.requested", "rechtskreis", "\"SGB_12\"", false},
    {"handover.requested", "reason", "\"transition_36b\"", true},
    {"handover.requested", "reason", "\"wohnt seit Mai allein\"", false},
    {"handover.requested", "reason", "\"geb_1980\"", false},
    {"handover.requested", "reason", "\"abcdefghijklmnopqrstuvwxyz_abcdef\"", false},
    {"handover.requested", "legal_basis", "\"sgb8_36b\"", true},
    {"handover.requested", "legal_basis", "\"\\u00a7 36b SGB VIII\"", false},
    {"handover.requested", "consent_ref", "\"c-8841\"", true},
    {"handover.requested", "consent_ref", "\"c-123456789\"", false},
    {"handover.requested", "consent_ref", "\"liegt vor\"", false},
    {"handover.requested", "hilfeplan", "false", true},
    {"handover.requested", "hilfeplan", "\"true\"", false},
    {"handover.requested", "hilfeplan", "1", false},
    {"handover.requested", "open_tasks", "0", true},
    {"handover.requested", "open_tasks", "999", true},
    {"handover.requested", "open_tasks", "1000", false},
    {"handover.requested", "open_tasks", "-1", false},
    {"handover.requested", "open_tasks", "3.5", false},
    {"handover.requested", "open_tasks", "3.0", false},
    {"handover.requested", "open_tasks", "\"3\"", false},
    {"handover.requested", "open_tasks", "[3]", false},
    {"handover.requested", "open_tasks", "9223372036854775807", false},
    {"handover.requested", "next_deadline", "\"2028-02-29\"", true},
    {"handover.requested", "next_deadline", "\"2027-02-29\"", false},
    {"handover.requested", "next_deadline", "\"1980-01-01\"", false},
    {"handover.requested", "next_deadline", "\"04.12.2026\"", false},
    {"handover.requested", "next_deadline", "\"2026-12-04T00:00:00Z\"", false},
    {"handover.requested", "next_deadline", "20261204", false},
    {"handover.requested", "hazard_cleared_at", "\"2026-11-15T03:10:00Z\"", true},
    {"handover.requested", "hazard_cleared_at", "\"2026-11-15T03:10:00.5+01:00\"", true},
    {"handover.requested", "hazard_cleared_at", "\"2026-11-15T03:10:00\"", false},
    {"handover.requested", "hazard_cleared_at", "\"2026-11-15T25:10:00Z\"", false},
    {"handover.requested", "hazard_cleared_at", "\"2026-11-15\"", false},
    {"handover.requested", "item_id", "\"K7F3-92QX\"", true},
    {"handover.requested", "item_id", "\"k7f3-92qx\"", false},
    {"handover.requested", "item_id", "\"K7F392QX\"", false},
    {"handover.requested", "corrects", "\"550e8400-e29b-41d4-a716-446655440000\"", true},
    {"handover.requested", "corrects", "\"A123456789\"", false},
    {"handover.requested", "corrects", "\"12345BG1234567\"", false},
    {"handover.requested", "corrects", "\"die letzte\"", false},
    {"handover.accepted", "mode", "\"phone\"", true},
    {"handover.accepted", "mode", "\"letter\"", false},
    {"referral.requested", "complexity", "\"grund\"", true},
    {"referral.requested", "complexity", "\"complex\"", true},
    {"referral.requested", "complexity", "\"hard\"", false},
    {"referral.requested", "offer_check", "\"unsuitable\"", true},
    {"referral.requested", "offer_check", "\"yes\"", false},
    {"referral.requested", "budget_cents", "100000000000", true},
    {"referral.requested", "budget_cents", "100000000001", false},
    {"referral.declined", "expected_week", "\"2027-W05\"", true},
    {"referral.declined", "expected_week", "\"2026-W53\"", true},
    {"referral.declined", "expected_week", "\"2027-W54\"", false},
    {"referral.declined", "expected_week", "\"2027-W00\"", false},
    {"referral.declined", "expected_week", "\"2027-05\"", false},
    {"emergency.reported", "channel", "\"hotline\"", true},
    {"emergency.reported", "channel", "\"neighbour\"", false},
    {"earlywarning.raised", "code", "\"rent_arrears\"", true},
    {"earlywarning.raised", "code", "\"other\"", false},
    {"referral.phase.changed", "phase", "\"abloesung\"", true},
    {"referral.phase.changed", "phase", "\"end\"", false},
    {"referral.completed", "next_step", "\"p45_sgb3\"", true},
    {"referral.completed", "next_step", "\"prison\"", false},
    {"deadline.set", "clock", "\"C25\"", true},
    {"deadline.set", "clock", "\"C26\"", false},
    {"visit.due", "kind", "\"phb\"", true},
    {"visit.due", "kind", "\"preventive\"", false},
    {"case.opened", "kind", "\"preventive\"", true},
    {"meeting.called", "kind", "\"fallteam\"", true},
    {"meeting.called", "kind", "\"phb\"", false},
    {"meeting.called", "duration", "\"PT1H30M\"", true},
    {"meeting.called", "duration", "\"PT2H\"", true},
    {"meeting.called", "duration", "\"PT0M\"", false},
    {"meeting.called", "duration", "\"PT\"", false},
    {"meeting.called", "duration", "\"90m\"", false},
    {"meeting.called", "duration", "\"PT1H2H\"", false},
    {"meeting.called", "link", "\"https://konferenz.example:8443/a/b-7\"", true},
    {"meeting.called", "link", "\"https://konferenz.example\"", true},
    {"meeting.called", "link", "\"http://konferenz.example/a\"", false},
    {"meeting.called", "link", "\"https://konferenz.example/a?pwd=geheim\"", false},
    {"meeting.called", "link", "\"https://konferenz.example/a#geheim\"", false},
    {"meeting.called", "link", "\"https://user:geheim@konferenz.example/a\"", false},
    {"meeting.called", "link", "\"https:///a\"", false},
    {"meeting.called", "link", "\"javascript:alert(1)\"", false},
    {"meeting.called", "rule", "\"FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=52\"", true},
    {"meeting.called", "rule", "\"FREQ=MONTHLY;BYDAY=1TH;UNTIL=20271231T225959Z\"", true},
    {"meeting.called", "rule", "\"FREQ=SECONDLY\"", false},
    {"meeting.called", "rule", "\"FREQ=WEEKLY;COUNT=1;COUNT=2\"", false},
    {"meeting.called", "rule", "\"FREQ=WEEKLY;X-NOTE=hallo\"", false},
    {"meeting.called", "rule", "\"jeden Montag\"", false},
    {"meeting.called", "room", "\"rathaus-201\"", true},
    {"meeting.called", "room", "\"Rathaus, Zimmer 201\"", false},
    {"route.table.activated", "version", "8", true},
    {"route.table.activated", "version", "0", false},
    {"budget.changed", "committed", "4450000", true},
    {"budget.changed", "committed", "44500.00", false},
};

static void test_values(void **state)
{
    struct buf data = BUF_INIT, want = BUF_INIT, fault = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        int t = event_type_find(values[i].type, strlen(values[i].type));
        enum field f = event_field_find(values[i].field, strlen(values[i].field));
        assert_true(t >= 0 && f != FIELD_NONE);
        buf_reset(&data);
        buf_reset(&fault);
        sample_data(&data, t, sample_least(t) | UINT64_C(1) << f, f, values[i].value);
        buf_printf(&fault, "E-WERT data.%s", values[i].field);
        want_fault(&want, t, "forbidden", buf_str(&fault));
        expect_data(t, values[i].value, buf_str(&data), values[i].taken ? good(t) : buf_str(&want));
    }
    buf_release(&data);
    buf_release(&want);
    buf_release(&fault);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *type, *field, *value;
        int64_t want;
    } cases[] = {
        {"referral.declined", "expected_week", "\"2026-W53\"", 20815},
        {"referral.declined", "expected_week", "\"2027-W01\"", 20822},
        {"meeting.called", "duration", "\"PT1H30M\"", 5400000},
        {"meeting.called", "start", "\"2027-05-06T09:00:00+02:00\"", INT64_C(1809586800000)},
        {"handover.requested", "hilfeplan", "false", 0},
        {"handover.requested", "next_deadline", "\"2027-01-01\"", 20819},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct event ev;
        struct buf data = BUF_INIT, payload = BUF_INIT;
        int t = event_type_find(cases[i].type, strlen(cases[i].type));
        enum field f = event_field_find(cases[i].field, strlen(cases[i].field));
        sample_data(&data, t, sample_least(t) | UINT64_C(1) << f, f, cases[i].value);
        sample_envelope(&payload, t, buf_str(&data));
        sample_read(&ev, t, buf_str(&payload));
        assert_true(ev.present[f]);
        assert_int_equal(ev.number[f], cases[i].want);
        event_release(&ev);
        buf_release(&data);
        buf_release(&payload);
    }
}

#define REF "\"case_ref\":\"" SAMPLE_REF "\""
#define ANSWER "\"by_unit\":\"ksd\",\"at\":\"2026-11-20T09:14:03Z\""
#define ASK                                                                                        \
    REF ",\"from_unit\":\"ksd\",\"reason\":\"umzug\",\"hilfeplan\":true,\"open_tasks\":0,"         \
        "\"next_deadline\":\"2026-12-04\","

/* Rules between fields. */
static const struct {
    int type;
    const char *label, *data, *want;
} rules[] = {
    {EVENT_HANDOVER_ACCEPTED, "item_id stands for case_ref",
     "{\"item_id\":\"K7F3-92QX\"," ANSWER "}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "in_reply_to stands for case_ref",
     "{\"in_reply_to\":\"01JD3K9Q7Z\"," ANSWER "}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "corrects does not", "{\"corrects\":\"01JD3K9Q7Z\"," ANSWER "}",
     "incomplete E-PFLICHT data.case_ref"},
    {EVENT_HANDOVER_REQUESTED, "a request needs its case",
     "{\"item_id\":\"K7F3-92QX\",\"from_unit\":\"ksd\"}",
     "incomplete E-PFLICHT data.case_ref, E-PFLICHT data.to_unit, E-PFLICHT data.reason, "
     "E-PFLICHT data.legal_basis, E-PFLICHT data.hilfeplan, E-PFLICHT data.open_tasks, "
     "E-PFLICHT data.next_deadline"},
    {EVENT_HANDOVER_REQUESTED, "place, rechtskreis and service stand for to_unit",
     "{" ASK "\"legal_basis\":\"sgb8_36b\",\"place\":\"ulm\",\"rechtskreis\":\"SGB_IX\","
     "\"service\":\"egh\"}",
     "ok"},
    {EVENT_HANDOVER_REQUESTED, "place alone does not",
     "{" ASK "\"legal_basis\":\"sgb8_36b\",\"place\":\"ulm\"}",
     "incomplete E-PFLICHT data.rechtskreis, E-PFLICHT data.service"},
    {EVENT_HANDOVER_REQUESTED, "consent needs its reference",
     "{" ASK "\"legal_basis\":\"consent\",\"to_unit\":\"ksd\"}",
     "incomplete E-PFLICHT data.consent_ref"},
    {EVENT_HANDOVER_REQUESTED, "forbidden beats incomplete", "{" REF ",\"diagnosis\":\"F20\"}",
     "forbidden E-FELD data.diagnosis, E-PFLICHT data.from_unit, E-PFLICHT data.to_unit, "
     "E-PFLICHT data.reason, E-PFLICHT data.legal_basis, E-PFLICHT data.hilfeplan, "
     "E-PFLICHT data.open_tasks, E-PFLICHT data.next_deadline"},
    {EVENT_HANDOVER_REQUESTED, "a wrong field is not missing too",
     "{" REF ",\"from_unit\":\"KSD\",\"to_unit\":\"ksd\",\"reason\":\"umzug\",\"hilfeplan\":true,"
     "\"legal_basis\":\"sgb8_36b\",\"open_tasks\":0,\"next_deadline\":\"bald\"}",
     "forbidden E-WERT data.from_unit, E-WERT data.next_deadline"},
    {EVENT_HAZARD_CLEARED, "its data", "{" REF ",\"at\":\"2026-11-15T03:10:00+01:00\"}", "ok"},
    {EVENT_HANDOVER_ACCEPTED, "data is a text", "\"Freitext\"", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "data is a list", "[]", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "data is null", "null", "forbidden E-WERT data"},
    {EVENT_HANDOVER_ACCEPTED, "a name that may not be shown", "{\"Frau M.\":1,\"x9\":2," REF "}",
     "forbidden E-FELD data, E-PFLICHT data.by_unit, E-PFLICHT data.at"},
};

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        expect_data(rules[i].type, rules[i].label, rules[i].data, rules[i].want);
}

static void test_agenda(void **state)
{
    int t = event_type_find("agenda.item.added", 17);
    (void)state;
    expect_data(
        t, "public meeting",
        "{\"meeting_id\":\"runde-1\",\"reason\":\"bericht\",\"kind\":\"sozialraumkonferenz\"}",
        good(t));
    expect_data(
        t, "case in a public meeting (UL11)",
        "{\"meeting_id\":\"runde-1\",\"reason\":\"bericht\",\"kind\":\"sozialraumkonferenz\"," REF
        "}",
        "forbidden E-FELD data.case_ref, E-NOCH-NICHT type");
    expect_data(t, "case needs the kind",
                "{\"meeting_id\":\"runde-1\",\"reason\":\"fall\"," REF "}",
                "incomplete E-PFLICHT data.kind, E-NOCH-NICHT type");
}

/* The list of faults is full of forbidden ones before a missing field is listed. */
static void test_many_faults(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT, payload = BUF_INIT;
    (void)state;
    buf_addc(&data, '{');
    for (int i = 0; i < 40; i++)
        buf_printf(&data, "%s\"field_%c%c\":1", i ? "," : "", 'a' + i / 26, 'a' + i % 26);
    buf_addc(&data, '}');
    sample_envelope(&payload, EVENT_HANDOVER_REQUESTED, buf_str(&data));
    assert_int_equal(sample_read(&ev, EVENT_HANDOVER_REQUESTED, buf_str(&payload)),
                     EVENT_FORBIDDEN);
    assert_int_equal(ev.faults, EVENT_FAULTS_MAX);
    event_fault_add(&ev, "E-STELLE", "data.from_unit");
    assert_int_equal(ev.faults, EVENT_FAULTS_MAX);
    event_release(&ev);
    buf_release(&data);
    buf_release(&payload);
}

/* Binary mode gives the same event as structured mode. */
static void test_binary(void **state)
{
    static const char *const attribute[] = {"specversion", "1.0",
                                            "id",          "01JD3K9Q7Z",
                                            "source",      "/jugendamt-kiel/fachverfahren",
                                            "type",        "de.sozialraum.handover.requested.v1",
                                            "time",        "2026-11-20T09:14:03+01:00",
                                            "restricted",  "true",
                                            "corrects",    "01JD3K9Q7A",
                                            "effectiveat", "2026-11-19T09:14:03+01:00",
                                            NULL};
    char payload[] = EXAMPLE_DATA;
    struct event ev;
    struct event_input input = {.topic = "stafette/in/jugendamt-kiel/handover/requested",
                                .payload = payload,
                                .payload_len = strlen(payload),
                                .content_type = "application/json; charset=UTF-8",
                                .attribute = attribute};
    (void)state;
    assert_int_equal(event_read(&ev, &input), EVENT_OK);
    memset(payload, 'x', sizeof payload - 1); /* the input may go */
    assert_string_equal(ev.id, "01JD3K9Q7Z");
    assert_string_equal(ev.source, "/jugendamt-kiel/fachverfahren");
    assert_string_equal(ev.text[FIELD_CORRECTS], "01JD3K9Q7A");
    assert_string_equal(ev.text[FIELD_PLACE], "kiel-mitte");
    assert_true(ev.restricted && ev.time_ms - ev.effective_ms == 86400000);
    event_release(&ev);
}

/* A refusal can be answered: topic, id and type stay; the data does not. */
static void test_refused_keeps_nothing(void **state)
{
    struct event ev;
    struct buf data = BUF_INIT;
    (void)state;
    assert_int_equal(sample_read(&ev, EVENT_EMERGENCY_REPORTED, "{\"id\":\"x"), EVENT_FORBIDDEN);
    assert_int_equal(ev.type, EVENT_EMERGENCY_REPORTED);
    assert_string_equal(ev.topic_source, SAMPLE_SOURCE);
    assert_int_equal(ev.fault[0].line, 1);
    event_release(&ev);
    sample_read(&ev, EVENT_EMERGENCY_REPORTED,
                "{\"specversion\":\"1.0\",\"id\":\"e-17\",\"source\":\"/jugendamt-kiel\",\"type\":"
                "\"de.sozialraum.emergency.reported.v1\",\"time\":\"2026-11-14T22:40:00+01:00\","
                "\"subject\":\"" SAMPLE_REF "\",\"urgency\":\"routine\",\"data\":{" REF
                ",\"place\":\"ulm\",\"channel\":\"hotline\",\"note\":\"x\"}}");
    assert_string_equal(ev.id, "e-17");
    assert_string_equal(ev.subject, "");
    assert_int_equal(ev.urgency, URGENCY_EMERGENCY);
    event_data_json(&ev, &data);
    assert_string_equal(buf_str(&data), "{}");
    event_release(&ev);
    buf_release(&data);
}

static void test_german(void **state)
{
    static const struct {
        const char *code, *field, *want;
    } cases[] = {
        {"E-FELD", "data.diagnosis",
         "E-FELD: data.diagnosis ist nicht zugelassen (Klasse P3, Regel R2). Der Wert wurde nicht "
         "gespeichert. Das Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-FELD", "data.note",
         "E-FELD: data.note ist nicht zugelassen (Freitext, Regel R2). Der Wert wurde nicht "
         "gespeichert. Das Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-FELD", "",
         "E-FELD: Ein Feld ist nicht zugelassen (Regel R2). Der Wert wurde nicht gespeichert. Das "
         "Feld aus der Meldung nehmen und mit neuer id und corrects neu senden."},
        {"E-PFLICHT", "data.open_tasks",
         "E-PFLICHT: data.open_tasks fehlt (Regel Katalog). Das Feld ergänzen und mit neuer id und "
         "corrects neu senden; die Frist läuft weiter."},
        {"E-GEFAHR", "",
         "E-GEFAHR: Die Meldung setzt voraus, dass die Gefahr beseitigt ist (Regel H3). Zuerst "
         "hazard.cleared senden, dann übergeben."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct event ev = {.faults = 0};
        struct buf got = BUF_INIT;
        event_fault_add(&ev, cases[i].code, cases[i].field);
        event_fault_german(&ev.fault[0], &got);
        assert_string_equal(buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void schema_path(struct buf *out, int type)
{
    buf_reset(out);
    buf_printf(out, "%s/%s.json", SCHEMAS, event_type_name(type));
}

static void test_schemas(void **state)
{
    struct buf path = BUF_INIT, file = BUF_INIT, want = BUF_INIT, err = BUF_INIT;
    size_t files = 0;
    (void)state;
    for (int t = 0; t < (int)event_type_count(); t++) {
        schema_path(&path, t);
        buf_reset(&want);
        event_schema(t, &want);
        if (buf_read_file(&file, buf_str(&path), 1 << 20, &err) < 0)
            fail_msg("%s", buf_str(&err));
        if (!str_eq(buf_str(&file), buf_str(&want)))
            fail_msg("%s differs: run build/tests/test_event --write-schemas", buf_str(&path));
    }
    DIR *dir = opendir(SCHEMAS);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        files += str_ends(entry->d_name, ".json");
    closedir(dir);
    assert_true(files == event_type_count());
    buf_release(&path);
    buf_release(&file);
    buf_release(&want);
    buf_release(&err);
}

/* The types that contrib/asyncapi.yaml lets in are those of the table, in its order. */
static void test_asyncapi(void **state)
{
    struct buf file = BUF_INIT, err = BUF_INIT, line = BUF_INIT;
    (void)state;
    if (buf_read_file(&file, "contrib/asyncapi.yaml", 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    const char *at = buf_str(&file);
    for (int t = 0; t < (int)event_type_count(); t++) {
        buf_reset(&line);
        buf_printf(&line, "$ref: schemas/%s.json\n", event_type_name(t));
        const char *next = strstr(at, "$ref: schemas/");
        if (!next || !str_starts(next, buf_str(&line)))
            fail_msg("contrib/asyncapi.yaml: expected %s", buf_str(&line));
        at = next + line.len;
    }
    assert_null(strstr(at, "$ref: schemas/"));
    buf_release(&file);
    buf_release(&err);
    buf_release(&line);
}

static int write_schemas(void)
{
    struct buf path = BUF_INIT, text = BUF_INIT;
    int failed = 0;
    for (int t = 0; t < (int)event_type_count() && !failed; t++) {
        schema_path(&path, t);
        buf_reset(&text);
        event_schema(t, &text);
        FILE *file = fopen(buf_str(&path), "w");
        failed = !file || fputs(buf_str(&text), file) < 0;
        if (file)
            failed |= fclose(file) != 0;
    }
    if (failed)
        fprintf(stderr, "cannot write %s; run from the top directory\n", buf_str(&path));
    buf_release(&path);
    buf_release(&text);
    return failed;
}

static int print_verdicts(void)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        struct event ev;
        struct buf out = BUF_INIT;
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        char *tab = strchr(line, '\t');
        if (!tab)
            return 1;
        *tab = '\0';
        struct event_input input = {.topic = line,
                                    .payload = tab + 1,
                                    .payload_len = (size_t)(line + n - tab - 1),
                                    .content_type = ""};
        sample_summary(&out, &ev, event_read(&ev, &input));
        puts(buf_str(&out));
        event_release(&ev);
        buf_release(&out);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_fields_used),
        cmocka_unit_test(test_least_and_full),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_not_allowed),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_agenda),
        cmocka_unit_test(test_many_faults),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_refused_keeps_nothing),
        cmocka_unit_test(test_german),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_asyncapi),
    };
    json_start();
    if (argc > 1 && str_eq(argv[1], "--write-schemas"))
        return write_schemas();
    if (argc > 1 && str_eq(argv[1], "--verdicts"))
        return print_verdicts();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
