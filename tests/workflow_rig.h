/*
 * What the tests of the workflow share: events in short, and a gateway for each test.
 */
#ifndef WORKFLOW_RIG_H
#define WORKFLOW_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/clock.h"
#include "gateway_rig.h"

#define REQUEST                                                                                    \
    "\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                    \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"                           \
    "\"next_deadline\":\"2026-12-04\""
#define TO_SB "{" REQUEST ",\"to_unit\":\"sozialbuero\"}"
#define ANSWER(unit) "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"code\":\"ok\"}"
#define CODED(unit, code)                                                                          \
    "{\"case_ref\":\"" RIG_CASE "\",\"by_unit\":\"" unit "\",\"code\":\"" code "\"}"
#define DECLINED(unit, code)                                                                       \
    "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"" unit "\",\"code\":\"" code "\"}"
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

static inline int64_t request(struct gateway_rig *rig)
{
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", TO_SB)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

/* {"item_id":code, ...data without its brace} */
static inline const struct decision *event_at(struct gateway_rig *rig, int64_t item,
                                              const char *source, const char *type,
                                              const char *data)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "{\"item_id\":\"%s\",%s", rig_code(rig, item), data + 1);
    const struct decision *d = rig_event(rig, source, type, "", buf_str(&text));
    buf_release(&text);
    return d;
}

static inline void fire(struct gateway_rig *rig, size_t want)
{
    store_begin(rig->g.store);
    assert_int_equal(clock_fire_due(&rig->g), want);
    rig_commit(rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

#endif
