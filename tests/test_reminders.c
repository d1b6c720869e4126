/*
 * workflow_reminder.c: plan reviews (MH8, KI9), after-care (UL12) and calls after a letter (BI5) on
 * the gateway's own clock; and that they hold under repeats, other dates, outages, erasure, and the
 * full check of the ledger.
 */
#include "../daemon/erase.h"
#include "../daemon/export.h"
#include "../daemon/retention.h"
#include "reminder_rig.h"

#define REVIEW_OF(ref, day)                                                                        \
    "{\"case_ref\":\"" ref "\",\"unit\":\"asd\",\"due_on\":\"" day "\",\"plan_kind\":"             \
    "\"hilfeplan\"}"
#define REVIEW(day) REVIEW_OF(RIG_CASE, day)
#define AFTERCARE(start, interval, count)                                                          \
    "{\"case_ref\":\"" RIG_CASE "\",\"unit\":\"asd\",\"start_on\":\"" start                        \
    "\",\"interval_m\":" interval ",\"count\":" count "}"
#define LETTER(day)                                                                                \
    "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"phb\",\"on\":\"" day "\",\"place\":\"nord\"}"
#define CALL(day)                                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"phb\",\"due_on\":\"" day "\",\"place\":\"nord\"}"
/* ---- plan reviews */

/* MH8: due Sa 10.07.2027, told Fr 25.06., for the 26th is a Saturday; the ladder begins after the
 * day, and then goes up like every other. */
static void test_mh8(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t task = send(rig, "plan.review.due", REVIEW("2027-07-10"));
    expect_next(rig, task, "waiting Fr 25.06. 08:00");
    assert_int_equal(life_count(rig, task, "\ntold"), 0);
    go_to(rig, "2027-07-10T12:00:00+02:00");
    assert_int_equal(life_count(rig, task, "\ntold asd task task.opened bis Sa 10.07. 23:59"), 1);
    assert_int_equal(life_count(rig, task, "\ntold"), 1);
    expect_next(rig, task, "open Sa 10.07. 23:59");
    struct buf text = outcome_of(rig, task);
    assert_non_null(strstr(buf_str(&text), "sozialräumliche Anteile"));
    assert_non_null(strstr(buf_str(&text), "Sa 10.07.2027"));
    assert_null(strstr(buf_str(&text), "ilfeplan"));
    buf_release(&text);
    life_next(rig, task);
    assert_int_equal(life_count(rig, task, "\nstatus task.overdue"), 1);
    expect_green(rig);
    assert_int_equal(life_answer(rig, task, "asd", ANSWER_DONE, ""), ANSWER_RECORDED);
    life_is(rig, task, "done owner=asd waiting=");
}

static const struct {
    const char *label, *in, *want;
} review_days[] = {
    {"holiday in NW and the weekend before it", "2027-05-20", "waiting Mi 05.05. 08:00"},
    {"past", "2026-10-01", "waiting Mo 16.11. 09:00"},
    {"within the lead", "2026-11-20", "waiting Mo 16.11. 09:00"},
    {"24 months ahead (MH9)", "2028-11-16", "waiting Do 02.11. 08:00"},
    {"leap day", "2028-02-29", "waiting Di 15.02. 08:00"},
    {"a mistyped year", "2099-07-10", "refused E-WERT data.due_on"},
    {"far beyond the tables", "2037-01-01", "refused E-WERT data.due_on"},
};

static void test_review_days(void **state)
{
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(review_days); i++) {
        struct buf data = BUF_INIT;
        buf_printf(&data,
                   "{\"case_ref\":\"cr-7f3k92qxm4t%zub\",\"unit\":\"asd\",\"due_on\":\"%s\"}", i,
                   review_days[i].in);
        rig_event(rig, "jugendamt", "plan.review.due", "", buf_str(&data));
        print_message("%s\n", review_days[i].label);
        if (str_starts(review_days[i].want, "refused"))
            rig_expect_said(rig, review_days[i].want);
        else
            expect_next(rig, rig->last.item_seq, review_days[i].want);
        buf_release(&data);
    }
    expect_green(rig);
}

/* An equal event changes nothing, before and after the end; another date moves what is open. */
static void test_review_moves(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t task = send(rig, "plan.review.due", REVIEW("2027-07-10")), before = items(rig);
    assert_int_equal(send(rig, "plan.review.due", REVIEW("2027-07-10")), task);
    assert_int_equal(send(rig, "plan.review.due", REVIEW("2027-02-05")), task);
    expect_next(rig, task, "waiting Fr 22.01. 08:00");
    go_to(rig, "2027-01-22T09:00:00+01:00");
    assert_int_equal(life_count(rig, task, "\ntold asd task task.opened"), 1);
    /* Told, and put off: it is known at once, and comes again when it is due. */
    send(rig, "plan.review.due", REVIEW("2027-03-31"));
    expect_next(rig, task, "waiting Mi 17.03. 08:00");
    assert_int_equal(life_count(rig, task, "\ntold asd outcome task.outcome"), 1);
    /* Told, and brought forward: no second reminder, but its new day. */
    go_to(rig, "2027-03-17T09:00:00+01:00");
    send(rig, "plan.review.due", REVIEW("2027-03-24"));
    expect_next(rig, task, "open Mi 24.03. 23:59");
    assert_int_equal(life_count(rig, task, "\ntold asd task task.opened"), 2);
    assert_int_equal(life_count(rig, task, "\ntold asd outcome task.outcome"), 2);
    assert_int_equal(items(rig), before);
    life_answer(rig, task, "asd", ANSWER_DONE, "");
    assert_int_equal(send(rig, "plan.review.due", REVIEW("2027-03-24")), task);
    assert_int_equal(items(rig), before);
    assert_int_not_equal(send(rig, "plan.review.due", REVIEW("2027-09-24")), task);
    expect_green(rig);
}

/* KI9: 3,900 cases in two years are about 8 reviews a working day; here a whole quarter falls on
 * one day, and each is told once. */
static void test_volume(void **state)
{
    enum { CASES = 480 };
    struct gateway_rig *rig = *state;
    for (int i = 0; i < CASES; i++) {
        struct buf data = BUF_INIT;
        buf_printf(&data,
                   "{\"case_ref\":\"cr-7f%dk%dq%dt4b\",\"unit\":\"asd\","
                   "\"due_on\":\"2027-07-10\"}",
                   i / 100, i / 10 % 10, i % 10);
        send(rig, "plan.review.due", buf_str(&data));
        buf_release(&data);
    }
    assert_int_equal(store_item_count_open(rig->g.store), CASES);
    rig_at(rig, "2027-06-25T08:00:00+02:00");
    fire(rig, TURN_CLOCKS_MAX);
    fire(rig, TURN_CLOCKS_MAX);
    fire(rig, CASES - 2 * TURN_CLOCKS_MAX);
    fire(rig, 0);
    for (int64_t seq = 1; seq <= CASES; seq++)
        assert_int_equal(life_count(rig, seq, "\ntold asd task task.opened"), 1);
    expect_green(rig);
}

/* Who may not speak for the unit is refused; a corrected event ends that refusal. */
static void test_corrects(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "sozialamt", "plan.review.due", "", REVIEW("2027-07-10"));
    rig_expect_said(rig, "refused E-STELLE data.unit");
    int64_t refusal = rig->last.item_seq;
    assert_int_equal(rig_item(rig, refusal).kind, ITEM_REFUSAL);
    rig_event(rig, "sozialamt", "plan.review.due", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"unit\":\"sozialbuero\",\"due_on\":\"2027-07-10\","
              "\"corrects\":\"sozialamt-1\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
    expect_next(rig, rig->last.item_seq, "waiting Fr 25.06. 08:00");
    rig_event(rig, "sozialamt", "plan.review.due", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"unit\":\"sozialbuero\",\"due_on\":\"2027-07-10\","
              "\"corrects\":\"gibt-es-nicht\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_REFUSED);
    expect_green(rig);
}

static void test_protected(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,", TO_SB);
    int64_t task = send(rig, "plan.review.due", REVIEW("2027-07-10"));
    assert_true(rig_item(rig, task).restricted);
}

/* ---- after-care */

static int with_part_time(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(
        rig, "Stelle asd\"; phone = \"+49201123456\"; ",
        "hours = { tue = \"09:00-12:00\"; wed = \"09:00-12:00\"; thu = \"09:00-12:00\"; }; ");
    rig_reload(rig);
    return 0;
}

static int64_t newest(const struct gateway_rig *rig, const char *want)
{
    int64_t seq = items(rig);
    expect_next(rig, seq, want);
    return seq;
}

/* UL12: every 3 months from Sa 30.01.2027, there Tu to Th: Fr 30.04. is told Th 29.04. Each link is
 * made when the one before begins, answered or not; its day counts from the start. */
static void test_ul12(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "3"));
    assert_int_equal(newest(rig, "waiting Do 29.04. 09:00"), first);
    assert_int_equal(send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "3")), first);
    go_to(rig, "2027-04-29T10:00:00+02:00");
    /* Three of its days after that, without Christi Himmelfahrt: the usual time to answer. */
    assert_int_equal(life_count(rig, first, "\ntold asd task task.opened bis Di 11.05. 12:00"), 1);
    int64_t second = newest(rig, "waiting Do 29.07. 09:00");
    assert_int_equal(life_answer(rig, first, "asd", ANSWER_DONE, ""), ANSWER_RECORDED);
    assert_int_equal(items(rig), second);
    assert_int_equal(send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "3")), second);
    /* The second is not answered: its ladder runs, and the third comes all the same. */
    go_to(rig, "2027-10-28T10:00:00+02:00");
    int64_t third = items(rig);
    assert_int_equal(third, second + 1);
    assert_true(life_count(rig, second, "\ntold asd-leitung lead") > 0);
    assert_int_equal(life_count(rig, third, "\ntold asd task task.opened bis Do 04.11. 12:00"), 1);
    life_answer(rig, second, "asd", ANSWER_DONE, "");
    life_answer(rig, third, "asd", ANSWER_DONE, "");
    assert_int_equal(items(rig), third);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    /* The same agreement once more, after it ended; another one that is over already. */
    rig_at(rig, "2027-11-02T10:00:00+01:00");
    assert_int_equal(send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "3")), third);
    rig_event(rig, "jugendamt", "aftercare.agreed", "", AFTERCARE("2027-01-30", "3", "2"));
    rig_expect_said(rig, "refused E-WERT data.start_on");
    expect_green(rig);
}

static const struct {
    const char *label, *start, *interval, *count, *want;
} chains[] = {
    {"last of the month, no drift", "2026-10-31", "1", "12", "2026-11-30"},
    {"past start: the next day, not each one missed", "2024-01-15", "3", "0", "2027-01-15"},
    {"all over", "2024-01-15", "3", "4", ""},
    {"leap day", "2024-02-29", "12", "0", "2027-02-28"},
    {"three years", "2026-11-16", "36", "1", "2029-11-16"},
    {"a mistyped year", "2099-01-01", "1", "1", ""},
    {"before the millennium's first date", "2000-01-01", "1", "0", "2026-12-01"},
};

static void test_chains(void **state)
{
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(chains); i++) {
        int64_t want = 0;
        struct buf data = BUF_INIT;
        buf_printf(&data,
                   "{\"case_ref\":\"cr-7f3k92qxm4t%zub\",\"unit\":\"asd\",\"start_on\":\"%s\","
                   "\"interval_m\":%s,\"count\":%s}",
                   i, chains[i].start, chains[i].interval, chains[i].count);
        rig_event(rig, "jugendamt", "aftercare.agreed", "", buf_str(&data));
        print_message("%s\n", chains[i].label);
        if (date_parse(chains[i].want, &want))
            assert_int_equal(last_item(rig).due_day, want);
        else
            rig_expect_said(rig, "refused E-WERT data.start_on");
        buf_release(&data);
    }
    expect_green(rig);
}

/* Twelve months from a 31st: each link on the last day or the 31st, never earlier by and by. */
static void test_no_drift(void **state)
{
    static const char *const want[] = {"2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28",
                                       "2027-03-31", "2027-04-30", "2027-05-31"};
    struct gateway_rig *rig = *state;
    send(rig, "aftercare.agreed", AFTERCARE("2026-10-31", "1", "7"));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        int64_t day, seq = items(rig);
        assert_true(date_parse(want[i], &day));
        assert_int_equal(rig_item(rig, seq).due_day, day);
        life_next(rig, seq);
        life_answer(rig, seq, "asd", ANSWER_DONE, "");
    }
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* Another plan takes the place of what is to come, and a closed case ends what its source asked
 * for, told or not. */
static void test_chain_ends(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "0"));
    go_to(rig, "2027-04-30T12:00:00+02:00");
    int64_t second = newest(rig, "waiting Fr 30.07. 08:00");
    assert_int_equal(send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "6", "0")), second);
    assert_int_equal(newest(rig, "waiting Fr 30.07. 08:00"), second);
    send(rig, "plan.review.due", REVIEW("2027-09-10"));
    rig_event(rig, "sozialamt", "case.closed", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"cost\",\"rechtskreis\":\"SGB_XII\","
              "\"place\":\"nord\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(store_item_count_open(rig->g.store), 3);
    send(rig, "case.closed",
         "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"cost\",\"rechtskreis\":\"SGB_VIII\","
         "\"place\":\"nord\"}");
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    assert_int_equal(life_count(rig, first, "\ntold asd outcome task.outcome"), 1);
    assert_int_equal(life_count(rig, second, "\ntold"), 0);
    expect_green(rig);
}

/* DOMAIN R19: an erased case has no next link. */
static void test_erased(void **state)
{
    struct gateway_rig *rig = *state;
    struct erasure entry = {0};
    struct erase_report report;
    struct buf err = BUF_INIT;
    assert_int_equal(erase_catch_up(&rig->g, &err), 0);
    send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "0"));
    send(rig, "plan.review.due", REVIEW("2027-07-10"));
    rig_event(rig, "traeger", "visit.due", "", VISIT("p37_3", "verein", "2027-02-01", CONSENT));
    store_begin(rig->g.store);
    assert_int_equal(erase_case(&rig->g, RIG_CASE, true, &entry, &report, &err), ERASE_DONE);
    rig_commit(rig);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    int64_t before = items(rig);
    go_to(rig, "2029-01-01T00:00:00+01:00");
    assert_int_equal(items(rig), before);
    for (int64_t seq = 1; seq <= before; seq++) {
        assert_string_equal(rig_item(rig, seq).complexity, "");
        assert_int_equal(rig_item(rig, seq).due_day, 0);
    }
    expect_green(rig);
    erasures_close(&rig->g.erasures);
    buf_release(&err);
}

/* What is kept of a reminder can be told (Art. 15 GDPR), and is removed long after its end; one
 * that waits stays, however long. */
static void test_kept(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT, json = BUF_INIT;
    struct item gone;
    int64_t first = send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "36", "3"));
    int64_t review = send(rig, "plan.review.due", REVIEW("2027-01-15"));
    const struct export_from from = {.store = rig->g.store,
                                     .keys = &rig->g.keys,
                                     .directory = rig->g.config->directory,
                                     .now_ms = rig->g.now_ms};
    assert_true(export_case(&from, RIG_CASE, &text, &json) >= 2);
    assert_non_null(strstr(buf_str(&text), "2030-01-30"));
    assert_non_null(strstr(buf_str(&text), "Plan: 36/3/1"));
    assert_null(strstr(buf_str(&text), "Cent"));
    go_to(rig, "2027-01-04T09:00:00+01:00");
    life_answer(rig, review, "asd", ANSWER_DONE, "");
    go_to(rig, "2027-04-30T09:00:00+02:00");
    retention_step(&rig->g);
    rig_at(rig, "2027-04-30T11:00:00+02:00");
    for (int i = 0; i < 200; i++) {
        retention_step(&rig->g);
        rig->g.now_ms = rig->g.steady_ms = rig->g.mono_ms = rig->g.now_ms + 10;
    }
    assert_false(store_item_get(rig->g.store, review, &gone));
    assert_true(store_item_get(rig->g.store, first, &gone));
    expect_green(rig);
    buf_release(&text);
    buf_release(&json);
}

/* After an outage of a year one catch-up, then the next day to come. */
static void test_outage(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = send(rig, "aftercare.agreed", AFTERCARE("2027-01-30", "3", "0"));
    rig_at(rig, "2028-05-02T10:00:00+02:00");
    fire(rig, 1);
    assert_int_equal(life_count(rig, first, "\ntold asd task task.opened"), 1);
    newest(rig, "waiting Fr 28.07. 08:00");
    fire(rig, 0);
    expect_green(rig);
}

/* ---- calls */

static enum answer_end called(struct gateway_rig *rig, int64_t call, const char *code)
{
    return life_answer(rig, call, "jobcenter", ANSWER_DONE, code);
}

/* BI5: letter 02.11.2026, 28 days, Mo 30.11. 08:00; three misses end it. */
static void test_bi5(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t call = send(rig, "letter.sent", LETTER("2026-11-02"));
    expect_next(rig, call, "waiting Mo 30.11. 08:00");
    assert_string_equal(rig_item(rig, call).to_unit, "jobcenter");
    assert_int_equal(send(rig, "letter.sent", LETTER("2026-11-02")), call);
    go_to(rig, "2026-11-30T09:00:00+01:00");
    struct buf text = outcome_of(rig, call);
    assert_non_null(strstr(buf_str(&text), "(1. Versuch)"));
    buf_release(&text);
    /* Only with what came of it. */
    assert_int_equal(called(rig, call, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(called(rig, call, "vielleicht"), ANSWER_IMPOSSIBLE);
    event_at(rig, call, "jobcenter", "task.done", CODED("jobcenter", "done"));
    rig_expect_said(rig, "refused E-WERT data.code");
    assert_int_equal(called(rig, call, "nicht_erreicht"), ANSWER_RECORDED);
    int64_t again = newest(rig, "waiting Mo 07.12. 08:00");
    assert_int_equal(again, call + 1);
    go_to(rig, "2026-12-07T09:00:00+01:00");
    event_at(rig, again, "jobcenter", "task.done", CODED("jobcenter", "nicht_erreicht"));
    rig_expect_said(rig, "accepted");
    int64_t third = newest(rig, "waiting Mo 14.12. 08:00");
    go_to(rig, "2026-12-14T09:00:00+01:00");
    assert_int_equal(called(rig, third, "nicht_erreicht"), ANSWER_RECORDED);
    assert_int_equal(items(rig), third);
    assert_int_equal(life_count(rig, third, "\nstatus followup.closed to jugendamt/status"), 1);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    expect_green(rig);
}

static const struct {
    const char *label, *type, *data, *want;
} calls[] = {
    {"28 days end on a Sunday: the next working day", "letter.sent", LETTER("2026-11-01"),
     "waiting Mo 30.11. 08:00"},
    {"over Christmas, not before", "letter.sent", LETTER("2026-11-27"), "waiting Mo 28.12. 08:00"},
    {"an old letter", "letter.sent", LETTER("2026-01-05"), "waiting Mo 16.11. 09:00"},
    {"its day directly", "followup.call.due", CALL("2026-11-21"), "waiting Mo 23.11. 08:00"},
    {"another day moves it", "followup.call.due", CALL("2026-11-24"), "waiting Di 24.11. 08:00"},
};

static void test_call_days(void **state)
{
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        print_message("%s\n", calls[i].label);
        expect_next(rig, send(rig, calls[i].type, calls[i].data), calls[i].want);
        assert_int_equal(items(rig), 1);
    }
    rig_event(rig, "jugendamt", "letter.sent", "", LETTER("2098-01-01"));
    rig_expect_said(rig, "refused E-WERT data.on");
    go_to(rig, "2026-11-24T09:00:00+01:00");
    assert_int_equal(called(rig, 1, "kein_bedarf"), ANSWER_RECORDED);
    assert_int_equal(items(rig), 1);
}

/* Where no rule knows who calls, the coordinator does. */
static void test_nobody_calls(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t call = send(rig, "followup.call.due",
                        "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"phb\","
                        "\"due_on\":\"2026-12-01\"}");
    assert_string_equal(rig_item(rig, call).to_unit, "koordination");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_mh8),
        LIFE(test_review_days),
        LIFE(test_review_moves),
        LIFE(test_volume),
        LIFE(test_corrects),
        LIFE(test_protected),
        WITH(test_ul12, with_part_time),
        LIFE(test_chains),
        LIFE(test_no_drift),
        LIFE(test_chain_ends),
        LIFE(test_erased),
        LIFE(test_kept),
        LIFE(test_outage),
        LIFE(test_bi5),
        LIFE(test_call_days),
        LIFE(test_nobody_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
