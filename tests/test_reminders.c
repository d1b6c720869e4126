/*
 * workflow_reminder.c, workflow_visit.c, project.c: plan reviews (MH8, KI9), after-care (UL12),
 * calls after a letter (BI5), visits (BI6), vouchers, project reports (KI12), on the gateway's own
 * clock; and that they hold under repeats, other dates, erasure, and the full check of the ledger.
 */
#include "../daemon/erase.h"
#include "../daemon/ledger.h"
#include "../daemon/permit.h"
#include "../daemon/project.h"
#include "../daemon/workflow_parts.h"
#include "life_rig.h"

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
#define VISIT(kind, unit, day, more)                                                               \
    "{\"case_ref\":\"" RIG_CASE "\",\"kind\":\"" kind "\",\"unit\":\"" unit "\",\"due_on\":\"" day \
    "\"" more "}"
#define CONSENT ",\"consent_ref\":\"c-8841\""

static struct item last_item(const struct gateway_rig *rig)
{
    return rig_item(rig, store_last(rig->g.store, SEQ_ITEM));
}

static int64_t items(const struct gateway_rig *rig)
{
    return store_last(rig->g.store, SEQ_ITEM);
}

static int64_t send(struct gateway_rig *rig, const char *type, const char *data)
{
    rig_event(rig, "jugendamt", type, "", data);
    rig_expect_said(rig, "accepted");
    return rig->last.item_seq;
}

/* "waiting Fr 25.06. 08:00": state and next clock. */
static void expect_next(const struct gateway_rig *rig, int64_t item, const char *want)
{
    struct clock clock;
    struct buf text = BUF_INIT;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    buf_printf(&text, "%s ", item_state_name(rig_item(rig, item).state));
    rig_put_time(&text, clock.due_ms);
    assert_string_equal(buf_str(&text), want);
    buf_release(&text);
    assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
}

static void expect_green(struct gateway_rig *rig)
{
    struct ledger_task task;
    struct ledger_result result;
    struct buf err = BUF_INIT, text = BUF_INIT;
    ledger_task_init(&task, rig->g.config->directory);
    task.store = rig->g.config->settings.store;
    task.now_ms = rig->g.now_ms;
    task.grace_ms = 600000;
    if (ledger_check(&task, &result, &err) < 0)
        fail_msg("%s", buf_str(&err));
    ledger_report(&text, &result, rig->g.keys.code);
    if (!ledger_green(&result))
        fail_msg("%s", buf_str(&text));
    buf_release(&text);
    buf_release(&err);
    ledger_task_release(&task);
}

/* Everything that is due by then happens at its time. */
static void go_to(struct gateway_rig *rig, const char *when)
{
    int64_t until_ms, next_ms;
    assert_true(time_parse(when, &until_ms));
    while ((next_ms = store_clock_next(rig->g.store)) && next_ms <= until_ms) {
        if (next_ms > rig->g.now_ms)
            rig->g.now_ms = rig->g.steady_ms = rig->g.mono_ms = next_ms;
        store_begin(rig->g.store);
        assert_true(clock_fire_due(&rig->g) > 0);
        rig_commit(rig);
    }
    rig_at(rig, when);
}

static struct buf outcome_of(const struct gateway_rig *rig, int64_t item)
{
    struct buf text = BUF_INIT;
    const struct item it = rig_item(rig, item);
    work_task_sentence(&rig->g, &text, &it);
    return text;
}

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
    /* The same agreement once more, after it ended. */
    rig_event(rig, "jugendamt", "aftercare.agreed", "", AFTERCARE("2027-01-30", "3", "3"));
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

/* ---- visits */

static int with_visits(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "permissions = (",
               " { from = \"*\"; to = \"verein\"; kinds = [ \"task\" ]; bases = [ \"*\" ];"
               " consent = true; },");
    rig_insert(rig, "rules = (",
               " { rule = \"phb\"; kind = \"task\"; code = \"visit_phb\"; to = [ \"asd\" ]; },"
               " { rule = \"p37\"; kind = \"task\"; code = \"visit_p37_3\";"
               " to = [ \"verein\" ]; },");
    rig_reload(rig);
    return 0;
}

static void visit(struct gateway_rig *rig, const char *source, const char *data)
{
    rig_event(rig, source, "visit.due", "", data);
    rig_expect_said(rig, "accepted");
}

static int told_of(const struct gateway_rig *rig, const char *line)
{
    int n = 0;
    for (int64_t seq = 1; seq <= items(rig); seq++)
        n += life_count(rig, seq, line);
    return n;
}

#define CITY(day, more) "jugendamt", VISIT("phb", "asd", day, more)
#define SERVICE(day, more) "traeger", VISIT("p37_3", "verein", day, more)
#define WINDOW ",\"window_d\":14"

/* BI6: 10.02. and 01.02. lie within 14 days: one proposal to both, when the first would have been
 * reminded of, and no reminder beside it. */
static void test_bi6(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, CITY("2027-02-10", WINDOW CONSENT));
    visit(rig, SERVICE("2027-02-01", WINDOW));
    assert_int_equal(told_of(rig, "\ntold"), 0);
    go_to(rig, "2027-01-31T12:00:00+01:00");
    int64_t joint = items(rig);
    struct item item = rig_item(rig, joint);
    assert_string_equal(item.code, "visit_joint");
    expect_next(rig, joint, "open Mo 01.02. 23:59");
    assert_int_equal(life_count(rig, joint, "\ntold asd task task.opened bis Mo 01.02. 23:59"), 1);
    assert_int_equal(life_count(rig, joint, "\ntold verein task task.opened bis Mo 01.02. 23:59"),
                     1);
    assert_int_equal(told_of(rig, "\ntold"), 2);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    const struct unit *verein = directory_unit(rig->g.config->directory, "verein");
    assert_int_equal(permit_notice(&rig->g, &item, verein, "task.opened"), PERMIT_ALLOWED);
    /* Both dates come once more: they are part of it. */
    visit(rig, CITY("2027-02-10", WINDOW CONSENT));
    visit(rig, SERVICE("2027-02-01", WINDOW));
    assert_int_equal(items(rig), joint);
    assert_int_equal(life_answer(rig, joint, "verein", ANSWER_DONE, ""), ANSWER_RECORDED);
    expect_green(rig);
}

static const struct {
    const char *label;
    const char *city, *service; /* data */
    const char *more;           /* of the envelopes */
    int joint, asd, verein;     /* notices */
} pairs[] = {
    {"no consent: the service hears nothing", VISIT("phb", "asd", "2027-02-10", WINDOW),
     VISIT("p37_3", "verein", "2027-02-01", WINDOW), "", 0, 1, 0},
    {"consent from the other side", VISIT("phb", "asd", "2027-02-10", ""),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 1, 1, 1},
    {"beyond the usual window", VISIT("phb", "asd", "2027-02-16", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 0, 1, 1},
    {"just within it", VISIT("phb", "asd", "2027-02-15", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 1, 1, 1},
    {"the narrower window counts", VISIT("phb", "asd", "2027-02-10", CONSENT ",\"window_d\":5"),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT WINDOW), "", 0, 1, 1},
    {"a protected case is proposed to nobody", VISIT("phb", "asd", "2027-02-10", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "\"restricted\":true,", 0, 1, 1},
    {"one alone", VISIT("phb", "asd", "2027-02-10", CONSENT), "", "", 0, 1, 0},
    {"the service alone, with consent", "", VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 0,
     0, 1},
};

/* Each pair in both orders. */
static void test_pairs(void **state)
{
    struct gateway_rig *rig;
    for (size_t i = 0; i < 2 * COUNT_OF(pairs); i++) {
        bool swap = i >= COUNT_OF(pairs);
        size_t row = i % COUNT_OF(pairs);
        assert_int_equal(with_visits(state), 0);
        rig = *state;
        print_message("%s\n", pairs[row].label);
        for (int k = 0; k < 2; k++) {
            bool city = (k == 0) != swap;
            const char *data = city ? pairs[row].city : pairs[row].service;
            if (*data)
                rig_event(rig, city ? "jugendamt" : "traeger", "visit.due", pairs[row].more, data);
        }
        go_to(rig, "2027-02-15T12:00:00+01:00");
        int joint = 0;
        for (int64_t seq = 1; seq <= items(rig); seq++)
            joint += str_eq(rig_item(rig, seq).code, "visit_joint");
        assert_int_equal(joint, pairs[row].joint);
        assert_int_equal(told_of(rig, "\ntold asd task task.opened"), pairs[row].asd);
        assert_int_equal(told_of(rig, "\ntold verein task task.opened"), pairs[row].verein);
        expect_green(rig);
        rig_tear_down(state);
    }
}

/* Who is not told: its source hears why. Consent that comes later counts. */
static void test_consent_later(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", ""));
    int64_t first = items(rig);
    go_to(rig, "2027-01-18T12:00:00+01:00");
    assert_int_equal(life_count(rig, first, "\nstatus visit.untold to traeger/status"), 1);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    visit(rig, SERVICE("2027-02-01", CONSENT));
    fire(rig, 1);
    assert_int_equal(told_of(rig, "\ntold verein task task.opened"), 1);
    /* The other side comes when this one is told already, and takes it up. */
    visit(rig, CITY("2027-01-28", ""));
    fire(rig, 1);
    assert_string_equal(last_item(rig).code, "visit_joint");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    /* Withdrawn before anybody is told: no word to the service. */
    expect_green(rig);
}

static void test_consent_withdrawn(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", CONSENT));
    visit(rig, SERVICE("2027-02-01", ""));
    go_to(rig, "2027-01-18T12:00:00+01:00");
    assert_int_equal(told_of(rig, "\ntold verein"), 0);
}

/* A case system that matched by itself: the proposal goes out now, and takes up what was planned.
 */
static void test_proposed(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", CONSENT));
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW CONSENT));
    rig_expect_said(rig, "accepted");
    int64_t joint = items(rig);
    assert_int_equal(life_count(rig, joint, "\ntold asd task task.opened"), 1);
    assert_int_equal(life_count(rig, joint, "\ntold verein task task.opened"), 1);
    expect_next(rig, joint, "open Mo 01.02. 23:59");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW CONSENT));
    assert_int_equal(items(rig), joint);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW));
    assert_int_equal(rig->last.outcome, OUTCOME_REFUSED);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2080-02-10", WINDOW CONSENT));
    rig_expect_said(rig, "refused E-WERT data.due_on");
    expect_green(rig);
}

/* ---- vouchers */

static int64_t approved(struct gateway_rig *rig, const char *until)
{
    struct buf data = BUF_INIT;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    buf_printf(&data,
               "{\"case_ref\":\"" RIG_CASE "\",\"by_role\":\"asd-leitung\","
               "\"budget_line\":\"bl_16a\",\"valid_until\":\"%s\"}",
               until);
    event_at(rig, item, "jugendamt", "referral.approved", buf_str(&data));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "traeger", "referral.accepted", PROVIDER("verein"));
    event_at(rig, item, "traeger", "referral.contact.held",
             "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"verein\",\"on\":\"2026-11-17\"}");
    rig_expect_said(rig, "accepted");
    buf_release(&data);
    return item;
}

#define ENDS " outcome referral.outcome"

/* Until Su 31.01.2027: provider and giver hear of it Fr 15.01. (the 17th is a Sunday), once; steps
 * in between do not tell it again. */
static void test_voucher(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = approved(rig, "2027-01-31");
    int provider = life_count(rig, item, "\ntold verein" ENDS);
    int giver = life_count(rig, item, "\ntold asd" ENDS);
    go_to(rig, "2027-01-15T07:59:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring"), 0);
    go_to(rig, "2027-01-15T08:00:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring to jugendamt/status"), 1);
    assert_int_equal(life_count(rig, item, "\ntold verein" ENDS), provider + 1);
    assert_int_equal(life_count(rig, item, "\ntold asd" ENDS), giver + 1);
    event_at(rig, item, "traeger", "referral.phase.changed",
             "{\"case_ref\":\"" RIG_CASE "\",\"phase\":\"verlauf\",\"provider\":\"verein\"}");
    rig_expect_said(rig, "accepted");
    go_to(rig, "2027-01-31T12:00:00+01:00");
    assert_int_equal(life_count(rig, item, "\nstatus referral.expiring"), 1);
    go_to(rig, "2027-02-01T09:00:00+01:00");
    assert_int_equal(rig_item(rig, item).state, STATE_EXPIRED);
    expect_green(rig);
}

static const struct {
    const char *label, *in, *want;
} vouchers[] = {
    {"the usual", "2027-06-30", "Mi 16.06. 08:00"},
    {"approved within the lead: the next morning", "2026-11-20", "Di 17.11. 08:00"},
    {"its last day: now", "2026-11-16", "Mo 16.11. 09:00"},
    {"over already: its end", "2026-11-13", "Fr 13.11. 23:59"},
};

struct expiry {
    int64_t item;
    int64_t due_ms;
};

static void test_voucher_days(void **state)
{
    struct gateway_rig *rig;
    for (size_t i = 0; i < COUNT_OF(vouchers); i++) {
        struct clock due[8];
        struct buf text = BUF_INIT;
        life_set_up(state);
        rig = *state;
        print_message("%s\n", vouchers[i].label);
        int64_t item = approved(rig, vouchers[i].in);
        size_t n = store_clock_due(rig->g.store, INT64_MAX, due, COUNT_OF(due));
        for (size_t k = 0; k < n; k++)
            if (due[k].item_seq == item && due[k].kind == CLOCK_EXPIRY)
                rig_put_time(&text, due[k].due_ms);
        assert_string_equal(buf_str(&text), vouchers[i].want);
        buf_release(&text);
        rig_tear_down(state);
    }
}

/* ---- projects */

#define PROJECT(more) "projects = ( { id = \"cafe\"; name = \"Stadtteilcafé\"; " more " } );\n"

static int with_project(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, "", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"14d\";"));
    return 0;
}

static void check_projects(struct gateway_rig *rig, const char *when)
{
    rig_at(rig, when);
    store_begin(rig->g.store);
    project_check(&rig->g, berlin_day(rig->g.now_ms));
    rig_commit(rig);
}

/* KI12: the report is due We 31.03.2027, the provider reminded We 17.03., once a year. */
static void test_project(void **state)
{
    struct gateway_rig *rig = *state;
    check_projects(rig, "2027-03-16T06:00:00+01:00");
    assert_int_equal(items(rig), 0);
    check_projects(rig, "2027-03-17T06:00:00+01:00");
    check_projects(rig, "2027-03-18T06:00:00+01:00");
    assert_int_equal(items(rig), 1);
    expect_next(rig, 1, "waiting Mi 17.03. 08:00");
    fire(rig, 1);
    assert_int_equal(life_count(rig, 1, "\ntold verein task task.opened bis Mi 31.03. 23:59"), 1);
    struct buf text = outcome_of(rig, 1);
    assert_non_null(strstr(buf_str(&text), "„Stadtteilcafé“"));
    buf_release(&text);
    life_answer(rig, 1, "verein", ANSWER_DONE, "");
    /* Down for the whole lead of the next year: late rather than never. */
    check_projects(rig, "2028-04-03T06:00:00+02:00");
    check_projects(rig, "2028-04-04T06:00:00+02:00");
    assert_int_equal(items(rig), 2);
    fire(rig, 1);
    assert_int_equal(life_count(rig, 2, "\ntold verein task task.opened"), 1);
    expect_green(rig);
}

static const struct {
    const char *label, *due, *day, *want;
} reports[] = {
    {"yearly, before the lead", "03-31", "2027-03-16", "2026-03-31"},
    {"yearly, in the lead", "03-31", "2027-03-17", "2027-03-31"},
    {"yearly over New Year", "01-05", "2026-12-22", "2027-01-05"},
    {"a leap day in other years", "02-29", "2027-02-14", "2027-02-28"},
    {"once, too early", "2027-03-31", "2027-03-01", ""},
    {"once", "2027-03-31", "2027-03-20", "2027-03-31"},
    {"lead pulled to a staffed day", "2027-07-10", "2027-06-25", "2027-07-10"},
};

static void test_report_days(void **state)
{
    struct unit unit = {0};
    (void)state;
    worktime_default(&unit.hours);
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        int64_t day, want = 0;
        struct project project = {.unit = &unit, .lead_days = 14};
        assert_true(closure_parse(reports[i].due, "", &project.report_on));
        assert_true(date_parse(reports[i].day, &day));
        date_parse(reports[i].want, &want);
        if (project_report(&project, day) != want)
            fail_msg("%s", reports[i].label);
    }
}

static const struct {
    const char *label, *in, *want;
} wrong[] = {
    {"no list", "projects = 5;", "\"projects\" must be a list"},
    {"no group", "projects = ( 7 );", "each entry of \"projects\" must be a group"},
    {"no id", "projects = ( { name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "\"id\" must have 1 to"},
    {"no name", "projects = ( { id = \"c\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "\"name\" must be one line"},
    {"no unit", PROJECT("report_due = \"03-31\";"), "a project needs its \"unit\""},
    {"unknown unit", PROJECT("unit = \"vereinn\"; report_due = \"03-31\";"),
     "there is no unit \"vereinn\"; did you mean \"verein\"?"},
    {"no day", PROJECT("unit = \"verein\";"), "\"report_due\" must be a date"},
    {"no such day", PROJECT("unit = \"verein\"; report_due = \"2027-02-29\";"),
     "\"report_due\" must be a date"},
    {"lead in hours", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"36h\";"),
     "\"lead\" must be whole days from 1d to 180d"},
    {"lead too long", PROJECT("unit = \"verein\"; report_due = \"03-31\"; lead = \"1y\";"),
     "\"lead\" must be"},
    {"misspelt", PROJECT("unit = \"verein\"; report_du = \"03-31\";"),
     "unknown setting \"report_du\""},
    {"twice",
     "projects = ( { id = \"c\"; name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; },"
     " { id = \"c\"; name = \"C\"; unit = \"verein\"; report_due = \"03-31\"; } );",
     "project \"c\" stands here twice"},
    {"no staff", "caseload = ( { name = \"EGH\"; cases = 3900; } );", "a caseload needs its"},
    {"nobody", "caseload = ( { name = \"EGH\"; cases = 3900; staff = 0; } );", "\"staff\" must be"},
    {"fewer than none", "caseload = ( { name = \"EGH\"; cases = -1; staff = 7; } );",
     "\"cases\" must be"},
    {"no text", "caseload = ( { name = 5; cases = 1; staff = 7; } );", "\"name\" must be"},
};

static void test_faults(void **state)
{
    struct gateway_rig *rig = *state;
    char path[512], place[540];
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    snprintf(place, sizeof place, "%s:", path);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct buf text = BUF_INIT, err = BUF_INIT, report = BUF_INIT;
        rig_write_config(rig->dir);
        assert_int_equal(buf_read_file(&text, path, 1 << 20, &err), 0);
        buf_printf(&text, "%s\n", wrong[i].in);
        rig_write(rig->dir, "stafette.conf", buf_str(&text));
        struct config *config = config_load(path, &report);
        if (config || !strstr(buf_str(&report), wrong[i].want) || !strstr(buf_str(&report), place))
            fail_msg("%s: %s", wrong[i].label, buf_str(&report));
        buf_release(&text);
        buf_release(&report);
    }
}

#define WITH(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

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
        LIFE(test_outage),
        LIFE(test_bi5),
        LIFE(test_call_days),
        LIFE(test_nobody_calls),
        WITH(test_bi6, with_visits),
        cmocka_unit_test(test_pairs),
        WITH(test_consent_later, with_visits),
        WITH(test_consent_withdrawn, with_visits),
        WITH(test_proposed, with_visits),
        LIFE(test_voucher),
        cmocka_unit_test(test_voucher_days),
        WITH(test_project, with_project),
        cmocka_unit_test(test_report_days),
        LIFE(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
