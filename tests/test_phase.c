/*
 * workflow_phase.c, store_phase.c and phase.c: which phase a referral is in, from which day to
 * which; who reads the days; that they go with their item.
 */
#include "life_rig.h"

#include "../daemon/erase.h"
#include "../daemon/export.h"
#include "../daemon/phase.h"
#include "../daemon/store_phase.h"
#include "../daemon/workflow_parts.h"

/* Requested, approved and accepted on Monday 16 November 2026. */
static int64_t accepted(struct gateway_rig *rig)
{
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    rig_expect_said(rig, "accepted");
    return item;
}

static void put_phase(void *context, const struct phase *phase)
{
    struct buf *out = context;
    buf_printf(out, "%s%s ", out->len ? ", " : "", phase->phase);
    day_german(out, phase->begin_day);
    if (phase->end_day)
        buf_printf(out, " %lld", (long long)(phase->end_day - phase->begin_day));
    else
        buf_puts(out, " on");
}

static void phases_are(const struct gateway_rig *rig, const char *label, int64_t item,
                       const char *want)
{
    struct buf got = BUF_INIT;
    store_phase_each(rig->g.store, item, &got, put_phase);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

/* Of the item: {"item_id":..., "case_ref":..., <data>}; `effective`: "" = none. */
static void say(struct gateway_rig *rig, int64_t item, const char *type, const char *effective,
                const char *data)
{
    struct buf text = BUF_INIT, more = BUF_INIT;
    bool by_giver = str_eq(type, "referral.withdrawn");
    buf_printf(&text, "{\"item_id\":\"%s\",\"case_ref\":\"" RIG_CASE "\",%s}", rig_code(rig, item),
               data);
    if (!str_empty(effective))
        buf_printf(&more, "\"effectiveat\":\"%s\",", effective);
    rig_event(rig, by_giver ? "jugendamt" : "traeger", type, buf_str(&more), buf_str(&text));
    rig_expect_said(rig, "accepted");
    buf_release(&text);
    buf_release(&more);
}

#define HELD(day) "referral.contact.held", "", "\"provider\":\"verein\",\"on\":\"" day "\""
#define CHANGED(phase) "referral.phase.changed", "", "\"phase\":\"" phase "\""
#define CHANGED_AT(phase, when) "referral.phase.changed", when, "\"phase\":\"" phase "\""
#define COMPLETED "referral.completed", "", "\"code\":\"goal_reached\",\"next_step\":\"p45_sgb3\""
#define ABORTED "referral.aborted", "", "\"code\":\"moved_away\",\"next_step\":\"none\""
#define WITHDRAWN                                                                                  \
    "referral.withdrawn", "", "\"by_unit\":\"asd\",\"at\":\"2027-01-11T09:00:00+01:00\""

struct word {
    const char *at, *type, *effective, *data;
};

static const struct {
    const char *label;
    struct word said[5]; /* at "" ends */
    const char *want;
} lives[] = {
    {"from the first contact on", {{RIG_MONDAY, HELD("2026-11-16")}}, "start Mo 16.11.2026 on"},
    {"a contact that is told later",
     {{"2026-11-19T09:00:00+01:00", HELD("2026-11-17")}},
     "start Di 17.11.2026 on"},
    {"never before it was asked for",
     {{"2026-11-19T09:00:00+01:00", HELD("2026-11-02")}},
     "start Mo 16.11.2026 on"},
    {"a second contact changes nothing",
     {{RIG_MONDAY, HELD("2026-11-16")}, {"2026-12-01T09:00:00+01:00", HELD("2026-12-01")}},
     "start Mo 16.11.2026 on"},
    {"each change ends the one before",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-12-28T09:00:00+01:00", CHANGED("verlauf")},
      {"2027-05-31T09:00:00+02:00", CHANGED("abloesung")}},
     "start Mo 16.11.2026 42, verlauf Mo 28.12.2026 154, abloesung Mo 31.05.2027 on"},
    {"the same again is no change",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-11-20T09:00:00+01:00", CHANGED("start")},
      {"2026-11-26T09:00:00+01:00", CHANGED("verlauf")},
      {"2026-11-27T09:00:00+01:00", CHANGED("verlauf")}},
     "start Mo 16.11.2026 10, verlauf Do 26.11.2026 on"},
    {"back to an earlier one",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-11-17T09:00:00+01:00", CHANGED("abloesung")},
      {"2026-11-19T09:00:00+01:00", CHANGED("start")}},
     "start Mo 16.11.2026 1, abloesung Di 17.11.2026 2, start Do 19.11.2026 on"},
    {"on the same day: the first was none",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-11-16T15:00:00+01:00", CHANGED("verlauf")},
      {"2026-11-18T15:00:00+01:00", CHANGED("abloesung")}},
     "verlauf Mo 16.11.2026 2, abloesung Mi 18.11.2026 on"},
    {"the day of the fact, not of its arrival",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-12-04T09:00:00+01:00", CHANGED_AT("verlauf", "2026-12-01T12:00:00+01:00")}},
     "start Mo 16.11.2026 15, verlauf Di 01.12.2026 on"},
    {"midnight is Berlin's",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-12-01T00:30:00+01:00", CHANGED("verlauf")},
      {"2027-07-01T00:30:00+02:00", CHANGED("abloesung")}},
     "start Mo 16.11.2026 15, verlauf Di 01.12.2026 212, abloesung Do 01.07.2027 on"},
    {"a fact before the one before it",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-11-20T09:00:00+01:00", CHANGED("verlauf")},
      {"2026-11-25T09:00:00+01:00", CHANGED_AT("abloesung", "2026-11-01T09:00:00+01:00")}},
     "start Mo 16.11.2026 4, abloesung Fr 20.11.2026 on"},
    {"completed",
     {{RIG_MONDAY, HELD("2026-11-16")},
      {"2026-11-20T09:00:00+01:00", CHANGED("verlauf")},
      {"2026-12-20T09:00:00+01:00", COMPLETED}},
     "start Mo 16.11.2026 4, verlauf Fr 20.11.2026 30"},
    {"aborted in its first phase",
     {{RIG_MONDAY, HELD("2026-11-16")}, {"2026-11-21T09:00:00+01:00", ABORTED}},
     "start Mo 16.11.2026 5"},
    {"withdrawn",
     {{RIG_MONDAY, HELD("2026-11-16")}, {"2027-01-11T09:00:00+01:00", WITHDRAWN}},
     "start Mo 16.11.2026 56"},
    {"completed without a contact", {{"2026-11-20T09:00:00+01:00", COMPLETED}}, ""},
};

static void test_lives(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lives); i++) {
        void *own;
        life_set_up(&own);
        struct gateway_rig *rig = own;
        int64_t item = accepted(rig);
        for (size_t n = 0; n < COUNT_OF(lives[i].said) && lives[i].said[n].at; n++) {
            const struct word *word = &lives[i].said[n];
            rig_at(rig, word->at);
            say(rig, item, word->type, word->effective, word->data);
        }
        phases_are(rig, lives[i].label, item, lives[i].want);
        rig_tear_down(&own);
    }
}

/* A voucher that ends, and a phase that was parked before its contact. */
static void test_without_event(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = accepted(rig);
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"item_id\":\"%s\",\"case_ref\":\"" RIG_CASE "\",\"phase\":\"verlauf\"}",
               rig_code(rig, item));
    rig_event(rig, "traeger", "referral.phase.changed", "", buf_str(&text));
    rig_expect_said(rig, "parked E-VORHER");
    phases_are(rig, "parked", item, "");
    say(rig, item, HELD("2026-11-16"));
    phases_are(rig, "its contact came", item, "verlauf Mo 16.11.2026 on");
    rig_at(rig, "2026-12-16T09:00:00+01:00");
    struct item now = rig_item(rig, item);
    store_begin(rig->g.store);
    assert_true(work_inner(&rig->g, &now, ON_EXPIRED));
    rig_commit(rig);
    phases_are(rig, "expired", item, "verlauf Mo 16.11.2026 30");
    buf_release(&text);
}

struct told {
    const char *want;
    int found;
};

static void look(void *context, const struct notice *notice)
{
    struct told *told = context;
    told->found += str_eq(notice->unit, "asd") && str_eq(notice->outcome, told->want);
}

static void asd_told(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct told told = {want, 0};
    store_notice_each(rig->g.store, item, &told, look);
    if (told.found != 1)
        fail_msg("told %d times: %s", told.found, want);
}

static void test_told(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = accepted(rig);
    say(rig, item, HELD("2026-11-16"));
    rig_at(rig, "2026-11-16T12:00:00+01:00");
    say(rig, item, CHANGED("start"));
    asd_told(rig, item, "Die Beratung ist in der Startphase.");
    rig_at(rig, "2026-11-17T09:00:00+01:00");
    say(rig, item, CHANGED("verlauf"));
    asd_told(rig, item, "Die Beratung läuft. Bisher: Startphase 1 Tag.");
    rig_at(rig, "2026-12-17T09:00:00+01:00");
    say(rig, item, CHANGED("abloesung"));
    asd_told(rig, item,
             "Die Ablösungsphase hat begonnen. Bisher: Startphase 1 Tag, Beratungsverlauf 30 "
             "Tage.");
    rig_at(rig, "2026-12-18T09:00:00+01:00");
    say(rig, item, COMPLETED);
    asd_told(rig, item,
             "Der Träger hat den Auftrag abgeschlossen. Tage je Phase: Startphase 1 Tag, "
             "Beratungsverlauf 30 Tage, Ablösungsphase 1 Tag.");
}

static void exported(struct gateway_rig *rig, struct buf *text, struct buf *json)
{
    const struct export_from from = {.store = rig->g.store,
                                     .keys = &rig->g.keys,
                                     .directory = rig->g.config->directory,
                                     .now_ms = rig->g.now_ms};
    assert_true(export_case(&from, RIG_CASE, text, json) > 0);
}

/* Art. 15 and Art. 17 DSGVO reach them. */
static void test_export_and_erasure(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT, json = BUF_INIT, err = BUF_INIT;
    struct erase_report report;
    struct erasure entry = {0};
    int64_t item = accepted(rig);
    assert_int_equal(erase_catch_up(&rig->g, &err), 0);
    say(rig, item, HELD("2026-11-16"));
    rig_at(rig, "2026-11-26T09:00:00+01:00");
    say(rig, item, CHANGED("verlauf"));
    exported(rig, &text, &json);
    assert_non_null(strstr(buf_str(&text), "  Phasen:\n"
                                           "    Startphase: seit Mo 16.11.2026 bis Do 26.11.2026\n"
                                           "    Beratungsverlauf: seit Do 26.11.2026\n"));
    assert_non_null(strstr(buf_str(&json), "\"phases\":[{\"phase\":\"start\",\"begins\":"));
    store_begin(rig->g.store);
    assert_int_equal(erase_case(&rig->g, RIG_CASE, true, &entry, &report, &err), ERASE_DONE);
    rig_commit(rig);
    phases_are(rig, "erased", item, "");
    erasures_close(&rig->g.erasures);
    buf_release(&text);
    buf_release(&json);
    buf_release(&err);
}

static void test_words(void **state)
{
    static const struct {
        int64_t days;
        const char *want;
    } cases[] = {{0, "0 Tage"}, {1, "1 Tag"}, {2, "2 Tage"}, {196, "196 Tage"}};
    struct buf got = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_reset(&got);
        phase_days(&got, cases[i].days);
        assert_string_equal(buf_str(&got), cases[i].want);
    }
    for (int i = 0; i < PHASE_COUNT; i++) {
        assert_string_not_equal(phase_german(phase_code(i)), phase_code(i));
        assert_string_not_equal(phase_news(phase_code(i)), "");
    }
    assert_string_equal(phase_german("andere"), "andere");
    assert_string_equal(phase_news("andere"), "");
    buf_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),  LIFE(test_without_event),     LIFE(test_told),
        LIFE(test_export_and_erasure), cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
