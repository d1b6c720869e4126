/*
 * stafettectl deadline: what it prints as text and as JSON, and how it refuses what it does not
 * understand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ctl_deadline.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

static void first_lines(void **state)
{
    static const struct {
        const char *start, *length, *calendar, *want;
    } cases[] = {
        {"2026-12-18", "2 weeks", "BW", "2027-01-04\n"},
        {"2026-12-23", "2 weeks", "BW", "2027-01-07\n"},
        {"2026-12-23", "2 weeks", "SH", "2027-01-06\n"},
        {"2026-12-23", "2 weeks", "NW", "2027-01-06\n"},
        {"2026-10-17", "2 Wochen", "SH", "2026-11-02\n"},
        {"2026-12-09", "C1", "SH", "2026-12-23\n"},
        {"2026-12-09", "C3/expert", "SH", "2026-12-23\n"},
        {"2026-12-23", "7 Werktage", "BY+mh", "2027-01-04\n"},
        {"2026-12-23", "3 Arbeitstage", "BW", "2026-12-29\n"},
        {"2026-12-23T23:59", "2 months", "BW", "2027-02-23\n"},
        {"2026-12-24T00:00", "2 months", "BW", "2027-02-24\n"},
        {"2026-12-23T23:30:00Z", "2 months", "BW", "2027-02-24\n"},
        {"2026-12-18T16:00", "72 hours", "BW", "2026-12-21T16:00:00+01:00\n"},
        {"2026-12-18T16:00:00+01:00", "C24", "BW", "2026-12-21T16:00:00+01:00\n"},
        {"2027-03-27T12:00", "24h", "BW", "2027-03-28T13:00:00+02:00\n"},
        {"2027-07-31", "C10", "BW", "2026-07-31\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ctl_deadline ask = {cases[i].start, cases[i].length, cases[i].calendar, false};
        struct buf out = BUF_INIT, err = BUF_INIT;
        if (ctl_deadline(&out, &ask, &err) < 0)
            fail_msg("%s %s: %s", cases[i].start, cases[i].length, buf_str(&err));
        if (!str_starts(buf_str(&out), cases[i].want))
            fail_msg("%s %s: %s", cases[i].start, cases[i].length, buf_str(&out));
        buf_release(&out);
        buf_release(&err);
    }
}

static void whole_texts(void **state)
{
    static const struct {
        const char *start, *length, *calendar;
        bool json;
        const char *want;
    } cases[] = {
        {"2026-12-09", "C4", "SH", false,
         "2026-12-23\n"
         "C4: Feststellungen anderer Reha-Träger (§ 15 Abs. 2 SGB IX). Beginn: Anforderung der "
         "Feststellungen.\n"
         "Der Tag des Ereignisses, Mi 09.12.2026, zählt nicht mit (§ 187 Abs. 1 BGB).\n"
         "2 Wochen: Ende am gleichen Wochentag, Mi 23.12.2026 (§ 188 Abs. 2 BGB).\n"
         "Ende: Mi 23.12.2026 um 24 Uhr. Feiertage am Sitz der Behörde: SH.\n"
         "Warnung: Fr 18.12.2026 (75 % der Frist).\n"
         "Warnung: Mo 21.12.2026 (noch zwei Arbeitstage).\n"
         "Warnung: Mi 23.12.2026 (letzter Tag).\n"
         "Warnung: Do 24.12.2026 (überschritten).\n"},
        {"2026-12-18", "C24", "NW", false,
         "2026-12-21T00:00:00+01:00\n"
         "C24: Datenpanne der Aufsicht melden (Art. 33 Abs. 1 DSGVO). Beginn: Bekanntwerden der "
         "Verletzung.\n"
         "72 Stunden ab Fr 18.12.2026 00:00: Samstage, Sonntage und Feiertage zählen mit, das Ende "
         "verschiebt sich nicht (§ 26 Abs. 6 SGB X).\n"
         "Ende: Mo 21.12.2026 00:00 Uhr.\n"
         "Ohne Uhrzeit angegeben: gerechnet ab 00:00 Uhr.\n"
         "Warnung: So 20.12.2026 06:00 (75 % der Frist).\n"
         "Warnung: So 20.12.2026 23:00 (letzte Stunde).\n"
         "Warnung: Mo 21.12.2026 00:00 (überschritten).\n"},
        {"2026-11-20", "1 Arbeitstag", "NW", true,
         "{\"end\":\"2026-11-23\",\"end_at\":\"2026-11-23T23:00:00.000Z\","
         "\"start_day\":\"2026-11-20\",\"raw_end_day\":\"2026-11-23\",\"length\":\"1 Arbeitstag\","
         "\"calendar\":\"NW\",\"why\":[\"Der Tag des Ereignisses, Fr 20.11.2026, zählt nicht mit "
         "(§ 187 Abs. 1 BGB).\",\"1 Arbeitstag (Montag bis Freitag ohne gesetzliche Feiertage): "
         "der letzte ist Mo 23.11.2026.\",\"Ende: Mo 23.11.2026 um 24 Uhr. Feiertage am Sitz der "
         "Behörde: NW.\"]}\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ctl_deadline ask = {cases[i].start, cases[i].length, cases[i].calendar,
                                   cases[i].json};
        struct buf out = BUF_INIT, err = BUF_INIT;
        assert_int_equal(ctl_deadline(&out, &ask, &err), 0);
        assert_string_equal(buf_str(&out), cases[i].want);
        buf_release(&out);
        buf_release(&err);
    }
}

static void json_of_a_clock(void **state)
{
    struct ctl_deadline ask = {"2026-12-09", "C14/state", "SH", true};
    struct buf out = BUF_INIT, err = BUF_INIT;
    struct json_place where;
    (void)state;
    assert_int_equal(ctl_deadline(&out, &ask, &err), 0);
    struct json *root = json_read(buf_str(&out), out.len, &where);
    assert_non_null(root);
    assert_string_equal(json_text(json_get(root, "clock")), "C14");
    assert_string_equal(json_text(json_get(root, "variant")), "state");
    assert_string_equal(json_text(json_get(root, "norm")), "§ 42a Abs. 4 SGB VIII");
    const struct json *warnings = json_get(root, "warnings");
    assert_string_equal(json_text(json_get(warnings, "last_day")), "2026-12-14");
    assert_string_equal(json_text(json_get(warnings, "overdue")), "2026-12-15");
    assert_int_equal(json_count(json_get(root, "why")), 6);
    json_free(root);
    buf_release(&out);
    buf_release(&err);
}

static void refusals(void **state)
{
    static const struct {
        const char *start, *length, *calendar, *want;
    } cases[] = {
        {"23.12.2026", "2 weeks", "BW", "START \"23.12.2026\" is no date; write 2026-12-23"},
        {"2026-02-30", "2 weeks", "BW", "START"},
        {"2026-12-18T25:00", "2 weeks", "BW", "START"},
        {"2026-12-18T16:0", "2 weeks", "BW", "START"},
        {"2026-12-18 16:00", "x", "BW", "START \"2026-12-18 16:00\""},
        {"", "2 weeks", "BW", "START"},
        {"2026-12-23", "2 wks", "BW", "LENGTH \"2 wks\" is none; write \"2 weeks\""},
        {"2026-12-23", "", "BW", "LENGTH"},
        {"2026-12-23", "0 days", "BW", "LENGTH"},
        {"2026-12-23", "C3/experts", "BW",
         "this one has: C3, C3/expert, C3/several, C3/conference"},
        {"2026-12-23", "C26", "BW", "there are: C1, C1/forward, C2"},
        {"2026-12-23", "c1", "BW", "there are: C1, C1/forward, C2"},
        {"2026-12-23", "C", "BW", "there are: C1"},
        {"2026-12-23", "Caaaaaaaaaaaaaaaaaaaaaaaaaaa", "BW", "there are: C1"},
        {"2026-12-23", "2 weeks", "XX", "\"XX\" is no calendar; the seat of the authority"},
        {"2026-12-23", "C1", "bw", "BB, BE, BW, BY (also +mh, +augsburg)"},
        {"2026-12-23", "2 weeks", "", "is no calendar"},
        {"1990-12-23", "2 weeks", "BW", "1995 to 2100"},
        {"0001-01-01", "C10", "BW", "1995 to 2100"},
        {"9999-12-31", "50 years", "BW", "1995 to 2100"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct ctl_deadline ask = {cases[i].start, cases[i].length, cases[i].calendar, i % 2 == 0};
        struct buf out = BUF_INIT, err = BUF_INIT;
        assert_int_equal(ctl_deadline(&out, &ask, &err), -1);
        assert_int_equal(out.len, 0);
        if (!strstr(buf_str(&err), cases[i].want))
            fail_msg("%s %s %s: %s", cases[i].start, cases[i].length, cases[i].calendar,
                     buf_str(&err));
        buf_release(&out);
        buf_release(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_lines),
        cmocka_unit_test(whole_texts),
        cmocka_unit_test(json_of_a_clock),
        cmocka_unit_test(refusals),
    };
    json_start();
    return cmocka_run_group_tests_name("ctl_deadline", tests, NULL, NULL);
}
