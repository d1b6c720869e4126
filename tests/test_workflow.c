/*
 * workflow*.c, tell.c: sequences of events through workflow_event() on a real store, and all that
 * the store says of the item afterwards: state, owner, notices, deliveries, status events, clock.
 * The clock is still: Monday 16.11.2026 09:00 unless a test moves it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/clock.h"
#include "../daemon/machine.h"
#include "../daemon/store_event.h"
#include "gateway_rig.h"

#define REQUEST                                                                                    \
    "\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                    \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"                           \
    "\"next_deadline\":\"2026-12-04\""
#define TO_SB "{" REQUEST ",\"to_unit\":\"sozialbuero\"}"
#define ANSWER(unit) "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"code\":\"ok\"}"
#define TALK(unit)                                                                                 \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"at\":\"2026-11-16T09:00:00+01:"     \
                                                         "00\"}"
#define REFERRAL(service, basis)                                                                   \
    "{\"case_ref\":\"" RIG_CASE "\",\"service\":\"" service "\",\"place\":\"nord\","               \
    "\"from_unit\":\"asd\",\"legal_basis\":\"" basis "\",\"complexity\":\"complex\","              \
    "\"offer_check\":\"none\"}"
#define APPROVAL(unit)                                                                             \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_role\":\"" unit "\",\"budget_line\":\"bl_16a\"}"
#define PROVIDER(unit) "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"" unit "\",\"code\":\"ok\"}"
#define EMERGENCY "{\"case_ref\":\"" RIG_CASE "\",\"place\":\"nord\",\"channel\":\"hotline\"}"

static int set_up(void **state)
{
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    rig_open(rig);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    rig_close(*state);
    free(*state);
    return 0;
}

static int64_t request(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", TO_SB)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

/* {"item_id":code, ...data without its brace} */
static const struct decision *event_at(struct gateway_rig *rig, int64_t item, const char *source,
                                       const char *type, const char *data)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"item_id\":\"%s\",%s", rig_code(rig, item), data + 1);
    const struct decision *d = rig_event(rig, source, type, "", buf_str(&text));
    buf_release(&text);
    return d;
}

static void fire(struct gateway_rig *rig, size_t want)
{
    store_begin(rig->g.store);
    assert_int_equal(clock_fire_due(&rig->g), want);
    rig_commit(rig);
}

/* ---- handover */

static void test_handover_requested(void **state)
{
    struct gateway_rig *rig = *state;
    rig_expect(rig, request(rig),
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_handover_routed_with_copy(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"prompt\",",
                             "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero route handover.requested bis Di 17.11. 16:00\n"
               "told jobcenter route handover.outcome\n"
               "email sozialbuero/1 pending\n"
               "email jobcenter/1 pending\n"
               "clock ack_due 0 Di 17.11. 16:00");
}

static void test_unknown_place(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"place\":\"neu-ulm\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover requested owner=asd waiting=koordination to=koordination\n"
               "told koordination catch_all handover.requested bis Do 19.11. 16:00\n"
               "email koordination/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_handover_to_the_end(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "handover acknowledged owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "status handover.acknowledged to jugendamt/status\n"
               "clock acceptance_due 0 Mo 07.12. 16:00");
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect(rig, item,
               "handover accepted owner=sozialbuero waiting= to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told asd outcome handover.outcome\n"
               "email sozialbuero/1 cancelled\n"
               "email asd/1 pending\n"
               "status handover.acknowledged to jugendamt/status\n"
               "status handover.accepted to jugendamt/status");
    assert_true(rig_item(rig, item).closed_ms == rig->g.now_ms);
}

/* E13: the first answer wins, a second one is harmless; but nobody else may believe to have it. */
static void test_second_answers(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    int64_t outs = store_out_count(rig->g.store);
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "sozialamt", "handover.acknowledged", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    event_at(rig, item, "sozialamt", "handover.accepted", TALK("sb-vertretung"));
    rig_expect_said(rig, "refused E-ZUSTAND");
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_string_equal(rig_item(rig, item).owner_unit, "sozialbuero");
    assert_int_equal(store_out_count(rig->g.store), outs);
}

static void test_rejected_and_asked_again(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "sozialamt", "handover.rejected", "", ANSWER("sozialbuero"));
    rig_expect(rig, item,
               "handover rejected owner=asd waiting=asd to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told asd sender handover.outcome bis Do 19.11. 16:00\n"
               "email sozialbuero/1 cancelled\n"
               "email asd/1 pending\n"
               "status handover.rejected to jugendamt/status\n"
               "clock completion_due 0 Do 19.11. 16:00");
    event_at(rig, item, "jugendamt", "handover.requested",
             "{" REQUEST ",\"to_unit\":\"jobcenter\"}");
    rig_expect_said(rig, "accepted");
    struct item now = rig_item(rig, item);
    assert_int_equal(now.state, STATE_REQUESTED);
    assert_string_equal(now.waiting_unit, "jobcenter");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* The giver waits for nobody after a rejection but itself: it must not close its own case. */
static void test_giver_cannot_accept(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "jugendamt", "handover.accepted", "", TALK("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    rig_event(rig, "sozialamt", "handover.rejected", "", ANSWER("sozialbuero"));
    rig_event(rig, "jugendamt", "handover.accepted", "", TALK("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
    assert_int_equal(rig_item(rig, item).state, STATE_REJECTED);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
}

static void test_who_may_answer(void **state)
{
    static const struct {
        const char *label, *source, *type, *data, *want;
    } cases[] = {
        {"stranger accepts", "jobcenter", "handover.accepted", TALK("jobcenter"),
         "refused E-STELLE data.by_unit"},
        {"stranger withdraws", "jobcenter", "handover.withdrawn", TALK("jobcenter"),
         "refused E-STELLE data.by_unit"},
        {"receiver withdraws", "sozialamt", "handover.withdrawn", TALK("sozialbuero"),
         "refused E-STELLE data.by_unit"},
        {"source for a foreign unit", "jobcenter", "handover.accepted", TALK("sozialbuero"),
         "refused E-STELLE data.by_unit"},
        {"unit that is not there", "sozialamt", "handover.accepted", TALK("niemand"),
         "refused E-STELLE data.by_unit"},
        {"deputy sees", "sozialamt", "handover.acknowledged", ANSWER("sb-vertretung"), "accepted"},
        {"lead accepts", "sozialamt", "handover.accepted", TALK("sb-leitung"), "accepted"},
    };
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("# %s\n", cases[i].label);
        event_at(rig, item, cases[i].source, cases[i].type, cases[i].data);
        rig_expect_said(rig, cases[i].want);
    }
    assert_string_equal(rig_item(rig, item).owner_unit, "sb-leitung");
}

static void test_withdrawn(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    rig_event(rig, "jugendamt", "handover.withdrawn", "", TALK("asd"));
    rig_expect(rig, item,
               "handover withdrawn owner=asd waiting= to=sozialbuero\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "told sozialbuero outcome handover.outcome\n"
               "email sozialbuero/1 cancelled\n"
               "email sozialbuero/1 pending\n"
               "status handover.withdrawn to jugendamt/status");
    event_at(rig, item, "jobcenter", "handover.withdrawn", TALK("jobcenter"));
    rig_expect_said(rig, "refused E-STELLE data.by_unit");
}

/* ---- incomplete requests */

static void test_returned_and_completed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    rig_expect_said(rig, "returned E-PFLICHT data.to_unit E-PFLICHT data.reason E-PFLICHT "
                         "data.legal_basis E-PFLICHT data.hilfeplan E-PFLICHT data.open_tasks "
                         "E-PFLICHT data.next_deadline");
    rig_expect(rig, item,
               "handover returned owner=asd waiting=asd to=\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "email asd/1 pending\n"
               "clock completion_due 0 Do 19.11. 16:00");
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "told sozialbuero named handover.requested bis Do 19.11. 16:00\n"
               "email asd/1 cancelled\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

/* A second attempt that is still incomplete belongs to the same item. */
static void test_returned_again(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    rig_at(rig, "2026-11-17T09:00:00+01:00");
    event_at(rig, item, "jugendamt", "handover.requested",
             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* What was missing may be the case_ref itself: it must be found by it afterwards. */
static void test_completed_by_case_ref(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"urgency\":\"urgent\",",
                             "{\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\"}")
                       ->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"item_id\":\"%s\",%s", rig_code(rig, item), TO_SB + 1);
    rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,", buf_str(&text));
    buf_release(&text);
    rig_expect_said(rig, "accepted");
    struct item now = rig_item(rig, item);
    assert_string_equal(now.case_ref, RIG_CASE);
    assert_true(now.case_key != 0);
    assert_true(now.restricted);
    assert_int_equal(now.urgency, URGENCY_URGENT); /* E9: not silently lowered */
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
}

/* Completed, but towards a provider that may not be told: returned once more, the same item. */
static void test_completed_towards_provider(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    event_at(rig, item, "jugendamt", "handover.requested", "{" REQUEST ",\"to_unit\":\"verein\"}");
    rig_expect_said(rig, "returned E-RECHT data.to_unit");
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(rig_item(rig, item).state, STATE_RETURNED);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* Another system cannot take over an item whose giver is not known yet. */
static void test_completed_by_stranger(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "", "{\"case_ref\":\"" RIG_CASE "\"}")
            ->item_seq;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_string_equal(rig_item(rig, item).owner_unit, "technik");
    event_at(rig, item, "jobcenter", "handover.requested",
             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"jobcenter\",\"reason\":\"umzug\","
             "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
             "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_int_equal(rig_item(rig, item).state, STATE_RETURNED);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* ---- refusals */

static const char *const wrong_field = "{" REQUEST ",\"to_unit\":\"sozialbuero\","
                                       "\"diagnosis\":\"x\"}";

static void test_refusal(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_expect_said(rig, "refused E-FELD data.diagnosis");
    rig_expect(rig, item,
               "refusal open owner=technik waiting=technik to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "email technik/1 pending\n"
               "clock ack_due 0 Di 17.11. 09:00");
    struct buf data = BUF_INIT;
    store_event_data(rig->g.store, rig->last.event_seq, &data);
    assert_string_equal(buf_str(&data), "");
    buf_release(&data);
}

static void count_content(void *context, const struct audit_row *row)
{
    *(int *)context += strstr(row->content, "corrected") != NULL;
}

static void test_corrected(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    int64_t item =
        rig_event(rig, "jugendamt", "handover.requested", "",
                  "{\"corrects\":\"jugendamt-1\"," REQUEST ",\"to_unit\":\"sozialbuero\"}")
            ->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_not_equal(item, refusal);
    rig_expect(rig, refusal,
               "refusal corrected owner=technik waiting= to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "told technik outcome refusal.outcome\n"
               "email technik/1 cancelled\n"
               "email technik/1 pending\n"
               "status refusal.corrected to jugendamt/status");
    int rows = 0;
    store_audit_each(rig->g.store, refusal, &rows, count_content);
    assert_int_equal(rows, 1);
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
}

/* A correction that is readable but incomplete ends the refusal: the new item carries the person.
 */
static void test_corrected_but_incomplete(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"corrects\":\"jugendamt-1\",\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}");
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
    assert_int_equal(rig_item(rig, rig->last.item_seq).state, STATE_RETURNED);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
}

static void test_wrong_corrections(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"corrects\":\"jugendamt-77\"," REQUEST ",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-VORGANG data.corrects");
    assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    rig_event(rig, "jobcenter", "handover.requested", "",
              "{\"corrects\":\"jugendamt-1\",\"case_ref\":\"" RIG_CASE
              "\",\"from_unit\":\"jobcenter\",\"to_unit\":\"sozialbuero\",\"reason\":\"umzug\","
              "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"
              "\"next_deadline\":\"2026-12-04\"}");
    rig_expect_said(rig, "refused E-VORGANG data.corrects");
    assert_int_equal(rig_item(rig, refusal).state, STATE_OPEN);
    /* A second correction of what is corrected already opens nothing twice. */
    for (int i = 0; i < 2; i++)
        rig_event(rig, "jugendamt", "handover.requested", "",
                  "{\"corrects\":\"jugendamt-1\"," REQUEST ",\"to_unit\":\"sozialbuero\"}");
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_int_equal(rig_item(rig, refusal).state, STATE_CORRECTED);
}

static void test_closed_by_hand(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    int64_t refusal = rig_event(rig, "jugendamt", "handover.requested", "", wrong_field)->item_seq;
    int64_t item = request(rig);
    store_begin(rig->g.store);
    assert_int_equal(workflow_close(&rig->g, refusal, "Kein Code!", &err), -1);
    assert_int_equal(workflow_close(&rig->g, refusal, "", &err), -1);
    assert_int_equal(workflow_close(&rig->g, 4711, "erledigt", &err), -1);
    assert_int_equal(workflow_close(&rig->g, item, "erledigt", &err), -1);
    assert_int_equal(workflow_close(&rig->g, refusal, "testmeldung", &err), 0);
    assert_int_equal(workflow_close(&rig->g, refusal, "testmeldung", &err), -1);
    rig_commit(rig);
    buf_release(&err);
    assert_int_equal(rig_item(rig, refusal).state, STATE_CLOSED);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

static void test_unreadable(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_message(rig, "jugendamt", "handover.requested", "{\"id\":")->item_seq;
    assert_int_equal(rig_item(rig, item).kind, ITEM_REFUSAL);
    rig_message(rig, "jugendamt", "handover.requested", "{\"id\":");
    rig_expect_said(rig, "refused repeated E-JSON");
    assert_int_equal(rig->last.item_seq, item);
    /* An unknown source has no desk: the catch-all has it. */
    item = rig_message(rig, "unbekannt", "handover.requested", "{}")->item_seq;
    assert_string_equal(rig_item(rig, item).owner_unit, "koordination");
}

static void test_refused_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "", "{\"name\":\"x\"}")->item_seq;
    rig_expect(rig, item,
               "refusal open owner=technik waiting=technik to=\n"
               "told technik tech_desk refusal.opened bis Di 17.11. 09:00\n"
               "told bereitschaft on_call emergency.refused\n"
               "email technik/1 pending\n"
               "email bereitschaft/2 pending\n"
               "sms bereitschaft/1 pending\n"
               "clock ack_due 0 Di 17.11. 09:00");
}

/* ---- the same event again */

static void test_repeats(void **state)
{
    static const char *const text =
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/jugendamt\",\"type\":"
        "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
        "\"data\":" TO_SB "}";
    static const char *const other =
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/jugendamt\",\"type\":"
        "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:01+01:00\","
        "\"data\":" TO_SB "}";
    struct gateway_rig *rig = *state;
    int64_t item = rig_message(rig, "jugendamt", "handover.requested", text)->item_seq;
    int64_t rows = store_last(rig->g.store, SEQ_EVENT);
    for (int i = 0; i < 2; i++) {
        rig_message(rig, "jugendamt", "handover.requested", text);
        rig_expect_said(rig, "accepted repeated");
        assert_int_equal(rig->last.item_seq, item);
        assert_int_equal(rig->last.event_seq, 0);
    }
    assert_int_equal(store_last(rig->g.store, SEQ_EVENT), rows);
    int64_t refusal = rig_message(rig, "jugendamt", "handover.requested", other)->item_seq;
    rig_expect_said(rig, "refused E-DOPPELT id");
    assert_int_equal(rig_item(rig, refusal).kind, ITEM_REFUSAL);
    rig_message(rig, "jugendamt", "handover.requested", other);
    rig_expect_said(rig, "refused repeated E-DOPPELT id");
    assert_int_equal(rig->last.item_seq, refusal);
    rig_message(rig, "jugendamt", "handover.requested", text);
    rig_expect_said(rig, "accepted repeated");
    assert_int_equal(store_item_count_open(rig->g.store), 2);
}

/* The same id from two sources is two events. */
static void test_same_id_elsewhere(void **state)
{
    struct gateway_rig *rig = *state;
    request(rig);
    rig->events = 0;
    int64_t item = rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).kind, ITEM_EMERGENCY);
}

static void test_old_and_far_times(void **state)
{
    static const struct {
        const char *time, *want;
    } cases[] = {
        {"2026-10-12T08:59:59+02:00", "refused E-ALT time"},
        {"2026-10-13T09:00:00+02:00", "accepted"},
        {"2000-01-01T00:00:00Z", "refused E-ALT time"},
        {"1969-12-31T23:00:00Z", "refused E-UMSCHLAG time"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text,
                   "{\"specversion\":\"1.0\",\"id\":\"t-%zu\",\"source\":\"/jugendamt\",\"type\":"
                   "\"de.sozialraum.handover.requested.v1\",\"time\":\"%s\",\"data\":" TO_SB "}",
                   i, cases[i].time);
        rig_message(rig, "jugendamt", "handover.requested", buf_str(&text));
        print_message("# %s\n", cases[i].time);
        rig_expect_said(rig, cases[i].want);
        buf_release(&text);
    }
}

/* ---- which item */

static void test_ambiguous(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t first = request(rig), second = request(rig);
    rig_event(rig, "sozialamt", "handover.accepted", "", TALK("sozialbuero"));
    rig_expect_said(rig, "refused E-MEHRDEUTIG data.case_ref");
    assert_non_null(strstr(buf_str(&rig->last.receipt), rig_code(rig, first)));
    assert_non_null(strstr(buf_str(&rig->last.receipt), rig_code(rig, second)));
    event_at(rig, second, "sozialamt", "handover.accepted", TALK("sozialbuero"));
    rig_expect_said(rig, "accepted");
    rig_event(rig, "sozialamt", "handover.accepted", "",
              "{\"in_reply_to\":\"jugendamt-1\","
              "\"case_ref\":\"" RIG_CASE
              "\",\"by_unit\":\"sozialbuero\",\"at\":\"2026-11-16T09:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, first);
}

static void test_unknown_items(void **state)
{
    static const char *const data[] = {
        "{\"case_ref\":\"" RIG_CASE_2 "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}",
        "{\"item_id\":\"AAAA-AAAA\","
        "\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}",
        "{\"in_reply_to\":\"weg-1\","
        "\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}",
    };
    static const char *const want[] = {"refused E-VORGANG data.case_ref",
                                       "refused E-VORGANG data.item_id",
                                       "refused E-VORGANG data.in_reply_to"};
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    for (size_t i = 0; i < COUNT_OF(data); i++) {
        rig_event(rig, "sozialamt", "handover.acknowledged", "", data[i]);
        rig_expect_said(rig, want[i]);
        assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    }
    /* The right item with another case's reference. */
    event_at(rig, item, "sozialamt", "handover.acknowledged",
             "{\"case_ref\":\"" RIG_CASE_2 "\",\"by_unit\":\"sozialbuero\",\"code\":\"ok\"}");
    rig_expect_said(rig, "refused E-VORGANG data.item_id");
    assert_int_equal(rig_item(rig, item).state, STATE_REQUESTED);
}

/* ---- referrals */

static int64_t refer(struct gateway_rig *rig, const char *data)
{
    int64_t item = rig_event(rig, "jugendamt", "referral.requested", "", data)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

static void test_referral(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = refer(rig, REFERRAL("schuldner", "sgb2_16a"));
    rig_expect(rig, item,
               "referral approval_pending owner=asd waiting=asd-leitung to=\n"
               "told asd-leitung lead referral.requested bis Do 19.11. 16:00\n"
               "email asd-leitung/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd-leitung"));
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "referral offered owner=asd waiting=verein to=verein\n"
               "told asd-leitung lead referral.requested bis Do 19.11. 16:00\n"
               "told verein route referral.offered bis Do 19.11. 16:00\n"
               "email asd-leitung/1 cancelled\n"
               "email verein/1 pending\n"
               "status referral.approved to jugendamt/status\n"
               "clock ack_due 0 Do 19.11. 16:00");
    rig_event(rig, "traeger", "referral.accepted", "", PROVIDER("verein"));
    rig_expect_said(rig, "accepted");
    struct item now = rig_item(rig, item);
    assert_int_equal(now.state, STATE_ACCEPTED);
    assert_string_equal(now.owner_unit, "verein");
}

/* F1, DO5: nobody approves its own request, and no provider hears of it before. */
static void test_four_eyes(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = refer(rig, REFERRAL("sucht", "sgb2_16a"));
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_role");
    rig_event(rig, "sozialamt", "referral.approved", "", APPROVAL("sb-leitung"));
    rig_expect_said(rig, "refused E-STELLE data.by_role");
    rig_event(rig, "traeger", "referral.accepted", "", PROVIDER("verein-alt"));
    rig_expect_said(rig, "refused E-ZUSTAND");
    assert_int_equal(rig_item(rig, item).state, STATE_APPROVAL_PENDING);
    /* Held, the request waits for the giver; it may still not approve for itself. */
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd-leitung"));
    assert_int_equal(rig_item(rig, item).state, STATE_HELD);
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd"));
    rig_expect_said(rig, "refused E-STELLE data.by_role");
    assert_int_equal(rig_item(rig, item).state, STATE_HELD);
}

static void test_held(void **state)
{
    static const struct {
        const char *data, *missing;
    } cases[] = {
        {REFERRAL("sucht", "sgb2_16a"), "\"missing\":\"agreement\""},      /* has ended */
        {REFERRAL("wohnen", "sgb2_16a"), "\"missing\":\"permission\""},    /* no row */
        {REFERRAL("schuldner", "sgb12_71"), "\"missing\":\"permission\""}, /* other basis */
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        int64_t item = refer(rig, cases[i].data);
        event_at(rig, item, "jugendamt", "referral.approved", APPROVAL("asd-leitung"));
        rig_expect_said(rig, "accepted E-RECHT");
        rig_tell(rig, item, &text);
        assert_non_null(strstr(buf_str(&text), "referral held owner=asd waiting=asd to="));
        assert_null(strstr(buf_str(&text), "told verein"));
        assert_non_null(strstr(buf_str(&text), "status referral.held"));
        buf_release(&text);
    }
    assert_int_equal(store_clock_count_open(rig->g.store), COUNT_OF(cases));
}

static void test_referral_without_consent(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "consent"));
    rig_expect_said(rig, "returned E-PFLICHT data.consent_ref");
    rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("turnen", "sgb2_16a"));
    rig_expect_said(rig, "returned E-DIENST data.service");
}

/* Only the provider side takes a referral on: not the lead who approved it, nor the giver. */
static void test_who_takes_a_referral(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = refer(rig, REFERRAL("schuldner", "sgb2_16a"));
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd-leitung"));
    rig_event(rig, "jugendamt", "referral.accepted", "", PROVIDER("asd-leitung"));
    rig_expect_said(rig, "refused E-STELLE data.provider");
    rig_event(rig, "traeger", "referral.accepted", "", PROVIDER("verein-fremd"));
    rig_expect_said(rig, "refused E-STELLE data.provider");
    rig_event(rig, "traeger", "referral.declined", "", PROVIDER("verein"));
    rig_expect_said(rig, "accepted");
    rig_event(rig, "jugendamt", "referral.accepted", "", PROVIDER("asd"));
    rig_expect_said(rig, "refused E-STELLE data.provider");
    assert_int_equal(rig_item(rig, item).state, STATE_DECLINED);
    rig_event(rig, "traeger", "referral.accepted", "", PROVIDER("verein-leitung"));
    rig_expect_said(rig, "accepted");
}

/* F2: after a decline the giver asks for the next provider; the approval is asked anew. */
static void test_declined_and_asked_again(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = refer(rig, REFERRAL("schuldner", "sgb2_16a"));
    rig_event(rig, "jugendamt", "referral.approved", "", APPROVAL("asd-leitung"));
    rig_event(rig, "traeger", "referral.declined", "", PROVIDER("verein"));
    event_at(rig, item, "jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a"));
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(rig_item(rig, item).state, STATE_APPROVAL_PENDING);
    assert_string_equal(rig_item(rig, item).waiting_unit, "asd-leitung");
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* ---- emergencies */

static void test_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-14T22:40:00+01:00");
    int64_t item = rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
    rig_expect_said(rig, "accepted");
    rig_expect(rig, item,
               "emergency reported owner=bereitschaft waiting=bereitschaft to=bereitschaft\n"
               "told bereitschaft on_call emergency.reported bis Sa 14.11. 22:50\n"
               "email bereitschaft/2 pending\n"
               "sms bereitschaft/1 pending\n"
               "clock ack_due 0 Sa 14.11. 22:50");
    rig_event(rig, "hotline", "hazard.cleared", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-14T22:45:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig_item(rig, item).state, STATE_CLEARED);
    assert_int_equal(store_clock_count_open(rig->g.store), 0);
}

static void test_incomplete_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        rig_event(rig, "hotline", "emergency.reported", "", "{\"case_ref\":\"" RIG_CASE "\"}")
            ->item_seq;
    struct buf text = BUF_INIT;
    assert_int_equal(rig->last.outcome, OUTCOME_RETURNED);
    rig_tell(rig, item, &text);
    assert_non_null(strstr(buf_str(&text), "told bereitschaft on_call emergency.refused"));
    assert_non_null(strstr(buf_str(&text), "sms bereitschaft/1 pending"));
    buf_release(&text);
    event_at(rig, item, "hotline", "emergency.reported", EMERGENCY);
    rig_expect_said(rig, "accepted");
    assert_int_equal(rig->last.item_seq, item);
    assert_int_equal(rig_item(rig, item).state, STATE_REPORTED);
}

/* H3, DO2 */
static void test_hazard_first(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY);
    rig_event(rig, "jugendamt", "handover.requested", "", TO_SB);
    rig_expect_said(rig, "refused E-GEFAHR data.hazard_cleared_at");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{" REQUEST ",\"to_unit\":\"sozialbuero\","
              "\"hazard_cleared_at\":\"2026-11-16T08:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    rig_event(rig, "hotline", "hazard.cleared", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-16T08:00:00+01:00\"}");
    rig_event(rig, "jugendamt", "handover.requested", "", TO_SB);
    rig_expect_said(rig, "accepted");
}

/* Refused for an open hazard, a returned item stays as it was, its clock included. */
static void test_hazard_keeps_the_clock(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}")
                       ->item_seq;
    rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY);
    event_at(rig, item, "jugendamt", "handover.requested", TO_SB);
    rig_expect_said(rig, "refused E-GEFAHR data.hazard_cleared_at");
    rig_expect(rig, item,
               "handover returned owner=asd waiting=asd to=\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "email asd/1 pending\n"
               "clock completion_due 0 Do 19.11. 16:00");
}

/* ---- others */

static void test_restricted(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "\"restricted\":true,",
                             "{" REQUEST ",\"place\":\"nord\",\"rechtskreis\":\"SGB_XII\","
                             "\"service\":\"hlu\"}")
                       ->item_seq;
    rig_expect(rig, item,
               "handover requested owner=asd waiting=sozialbuero to=sozialbuero\n"
               "told sozialbuero route handover.requested bis Do 19.11. 16:00\n"
               "email sozialbuero/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
    /* R11: no further role is told but one that may: the lead may not, the desk may. */
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    fire(rig, 1);
    struct buf text = BUF_INIT;
    rig_tell(rig, item, &text);
    assert_null(strstr(buf_str(&text), "told sb-leitung"));
    assert_non_null(strstr(buf_str(&text), "told koordination catch_all handover.reminder"));
    buf_release(&text);
}

/* Without a mailbox the number is used, also where the policy wants no SMS beside the mail. */
static void test_unit_with_number_only(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"to_unit\":\"nur-funk\"}")
                       ->item_seq;
    rig_expect(rig, item,
               "handover requested owner=asd waiting=nur-funk to=nur-funk\n"
               "told nur-funk named handover.requested bis Do 19.11. 16:00\n"
               "sms nur-funk/1 pending\n"
               "clock ack_due 0 Do 19.11. 16:00");
}

static void test_provider_in_handover(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "",
                             "{" REQUEST ",\"to_unit\":\"verein\"}")
                       ->item_seq;
    rig_expect_said(rig, "returned E-RECHT data.to_unit");
    rig_expect(rig, item,
               "handover returned owner=asd waiting=asd to=\n"
               "told asd sender handover.returned bis Do 19.11. 16:00\n"
               "email asd/1 pending\n"
               "clock completion_due 0 Do 19.11. 16:00");
}

/* A unit that is gone from the directory: the desk is asked, nothing is lost. */
static void test_unit_removed(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    struct item row = rig_item(rig, item);
    str_copy(row.waiting_unit, sizeof row.waiting_unit, "aufgeloest");
    str_copy(row.to_unit, sizeof row.to_unit, "aufgeloest");
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &row);
    rig_commit(rig);
    rig_at(rig, "2026-11-19T16:00:00+01:00");
    fire(rig, 1);
    struct buf text = BUF_INIT;
    rig_tell(rig, item, &text);
    assert_non_null(strstr(buf_str(&text), "told koordination catch_all handover.reminder"));
    buf_release(&text);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

static void test_not_handled(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "handover.conversation.held", "", TALK("asd"));
    rig_expect_said(rig, "refused E-NOCH-NICHT type");
    assert_int_equal(rig->last.item_seq, 0);
    assert_true(rig->last.event_seq > 0);
}

static void test_poisoned(void **state)
{
    struct gateway_rig *rig = *state;
    const struct event_input input = {
        .topic = "stafette/in/jugendamt/handover/requested",
        .payload = "{\"specversion\":\"1.0\",\"id\":\"p-1\",\"source\":\"/jugendamt\",\"type\":"
                   "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
                   "\"data\":" TO_SB "}",
        .content_type = ""};
    struct event_input whole = input;
    whole.payload_len = strlen(whole.payload);
    store_begin(rig->g.store);
    workflow_poisoned(&rig->g, &whole, &rig->fresh, &rig->last);
    rig_commit(rig);
    rig_expect_said(rig, "refused E-INTERN");
    assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
}

/* Every event, whatever became of it, left an audit row, and the chain holds. */
static void test_audit(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    test_handover_to_the_end(state);
    test_unreadable(state);
    int64_t rows = store_audit_verify(rig->g.store, &err);
    assert_string_equal(buf_str(&err), "");
    assert_int_equal(rows, store_last(rig->g.store, SEQ_EVENT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_handover_requested),
        TEST(test_handover_routed_with_copy),
        TEST(test_unknown_place),
        TEST(test_handover_to_the_end),
        TEST(test_second_answers),
        TEST(test_rejected_and_asked_again),
        TEST(test_giver_cannot_accept),
        TEST(test_who_may_answer),
        TEST(test_withdrawn),
        TEST(test_returned_and_completed),
        TEST(test_returned_again),
        TEST(test_completed_by_case_ref),
        TEST(test_completed_towards_provider),
        TEST(test_completed_by_stranger),
        TEST(test_refusal),
        TEST(test_corrected),
        TEST(test_corrected_but_incomplete),
        TEST(test_wrong_corrections),
        TEST(test_closed_by_hand),
        TEST(test_unreadable),
        TEST(test_refused_emergency),
        TEST(test_repeats),
        TEST(test_same_id_elsewhere),
        TEST(test_old_and_far_times),
        TEST(test_ambiguous),
        TEST(test_unknown_items),
        TEST(test_referral),
        TEST(test_four_eyes),
        TEST(test_held),
        TEST(test_referral_without_consent),
        TEST(test_who_takes_a_referral),
        TEST(test_declined_and_asked_again),
        TEST(test_emergency),
        TEST(test_incomplete_emergency),
        TEST(test_hazard_first),
        TEST(test_hazard_keeps_the_clock),
        TEST(test_restricted),
        TEST(test_unit_with_number_only),
        TEST(test_provider_in_handover),
        TEST(test_unit_removed),
        TEST(test_not_handled),
        TEST(test_poisoned),
        TEST(test_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
