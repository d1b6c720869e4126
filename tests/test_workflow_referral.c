/*
 * workflow*.c: referrals with approval and consent; emergencies and hazards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "workflow_rig.h"

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
    rig_event(rig, "traeger", "referral.declined", "", DECLINED("verein", "not_suitable"));
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
    rig_event(rig, "traeger", "referral.declined", "", DECLINED("verein", "not_suitable"));
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
               "sms bereitschaft/1 pending\n"
               "email bereitschaft/2 pending\n"
               "clock ack_due 0 Sa 14.11. 22:50");
    rig_event(rig, "hotline", "hazard.cleared", "",
              "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-14T22:45:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    /* Not over: the on-call must hand the case over, or say that nothing is to be done. */
    assert_int_equal(rig_item(rig, item).state, STATE_CLEARED);
    assert_string_equal(rig_item(rig, item).waiting_unit, "bereitschaft");
    assert_int_equal(store_clock_count_open(rig->g.store), 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
