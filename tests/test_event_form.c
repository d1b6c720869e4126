/*
 * Forms of values: for each kind what is taken and what is not, each tried in a whole event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "event_sample.h"

/* A field of one type that carries it. */
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
        sample_data(&data, t, sample_least(t) | (field_set)1 << f, f, values[i].value);
        buf_printf(&fault, "E-WERT data.%s", values[i].field);
        sample_want(&want, t, "forbidden", buf_str(&fault));
        sample_expect_data(t, values[i].value, buf_str(&data),
                           values[i].taken ? sample_good(t) : buf_str(&want));
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
        sample_data(&data, t, sample_least(t) | (field_set)1 << f, f, cases[i].value);
        sample_envelope(&payload, t, buf_str(&data));
        sample_read(&ev, t, buf_str(&payload));
        assert_true(ev.present[f]);
        assert_int_equal(ev.number[f], cases[i].want);
        event_release(&ev);
        buf_release(&data);
        buf_release(&payload);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_numbers),
    };
    json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
