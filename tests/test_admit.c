/*
 * admit.c: may this source say this? Each field that names a unit, and what the directory does not
 * know: forbidden is worse than incomplete, and a stranger's unit is never resolved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/admit.h"
#include "../daemon/route.h"
#include "event_sample.h"
#include "gateway_rig.h"

static struct gateway_rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

/* An event as event_read() leaves it. */
static struct event event_of(const char *source, int type)
{
    struct event ev;
    memset(&ev, 0, sizeof ev);
    ev.type = type;
    ev.type_name = event_type_name(type);
    ev.id = ev.source = ev.subject = "";
    for (int f = 0; f < FIELD_COUNT; f++)
        ev.text[f] = "";
    str_copy(ev.topic_source, sizeof ev.topic_source, source);
    return ev;
}

static void say(struct event *ev, enum field field, const char *text)
{
    ev->present[field] = true;
    ev->text[field] = text;
}

static void expect(struct event *ev, enum event_verdict verdict, struct parties *p,
                   const char *want)
{
    struct buf got = BUF_INIT;
    sample_summary(&got, ev, admit(rig.g.config->directory, ev, verdict, p));
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static void test_units(void **state)
{
    static const struct {
        const char *source;
        enum field field;
        const char *unit, *want;
    } cases[] = {
        {"jugendamt", FIELD_FROM_UNIT, "asd", "ok"},
        {"jugendamt", FIELD_FROM_UNIT, "sozialbuero", "forbidden E-STELLE data.from_unit"},
        {"jugendamt", FIELD_FROM_UNIT, "niemand", "forbidden E-STELLE data.from_unit"},
        {"jugendamt", FIELD_FROM_UNIT, "", "ok"},
        {"jugendamt", FIELD_TO_UNIT, "sozialbuero", "ok"},
        {"jugendamt", FIELD_TO_UNIT, "niemand", "incomplete E-STELLE data.to_unit"},
        {"jugendamt", FIELD_PROVIDER_WISH, "verein", "ok"},
        {"jugendamt", FIELD_PROVIDER_WISH, "niemand", "incomplete E-STELLE data.provider_wish"},
        {"jugendamt", FIELD_BY_UNIT, "sozialbuero", "forbidden E-STELLE data.by_unit"},
        {"jugendamt", FIELD_BY_ROLE, "asd-leitung", "ok"},
        {"sozialamt", FIELD_BY_ROLE, "asd-leitung", "forbidden E-STELLE data.by_role"},
        {"traeger", FIELD_PROVIDER, "verein", "ok"},
        {"jugendamt", FIELD_PROVIDER, "verein", "forbidden E-STELLE data.provider"},
        {"hotline", FIELD_ON_CALL_UNIT, "bereitschaft", "ok"},
        {"hotline", FIELD_ON_CALL_UNIT, "niemand", "incomplete E-STELLE data.on_call_unit"},
        {"fremd", FIELD_FROM_UNIT, "asd", "forbidden E-QUELLE"},
        {"", FIELD_FROM_UNIT, "asd", "forbidden E-QUELLE"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parties p;
        struct event ev = event_of(cases[i].source, EVENT_HANDOVER_REQUESTED);
        say(&ev, cases[i].field, cases[i].unit);
        expect(&ev, EVENT_OK, &p, cases[i].want);
        bool resolved = p.from || p.to || p.by;
        assert_int_equal(resolved, str_eq(cases[i].want, "ok") && cases[i].unit[0]);
    }
}

static void test_subject(void **state)
{
    static const struct {
        enum field field;
        const char *text, *want;
    } cases[] = {
        {FIELD_PLACE, "nord", "ok"},
        {FIELD_PLACE, "atlantis", "ok"}, /* goes to the catch-all desk, never nowhere (UL1) */
        {FIELD_RECHTSKREIS, "SGB_XII", "ok"},
        {FIELD_RECHTSKREIS, "sgb12", "ok"},
        {FIELD_RECHTSKREIS, "SGB_XIV", "incomplete E-RECHTSKREIS data.rechtskreis"},
        {FIELD_SERVICE, "hlu", "ok"},
        {FIELD_SERVICE, "turnen", "incomplete E-DIENST data.service"},
        {FIELD_LEGAL_BASIS, "sgb10_69", "ok"},
        {FIELD_LEGAL_BASIS, "consent", "incomplete E-PFLICHT data.consent_ref"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct parties p;
        struct event ev = event_of("jugendamt", EVENT_HANDOVER_REQUESTED);
        say(&ev, cases[i].field, cases[i].text);
        expect(&ev, EVENT_OK, &p, cases[i].want);
        assert_int_equal(p.place_unknown, str_eq(cases[i].text, "atlantis"));
    }
    struct parties p;
    struct event ev = event_of("jugendamt", EVENT_HANDOVER_REQUESTED);
    say(&ev, FIELD_LEGAL_BASIS, "consent");
    say(&ev, FIELD_CONSENT_REF, "c-8841");
    expect(&ev, EVENT_OK, &p, "ok");
}

/* All faults are told at once, and the worst verdict wins. */
static void test_worst(void **state)
{
    (void)state;
    struct parties p;
    struct event ev = event_of("jugendamt", EVENT_HANDOVER_REQUESTED);
    say(&ev, FIELD_TO_UNIT, "niemand");
    say(&ev, FIELD_FROM_UNIT, "sozialbuero");
    say(&ev, FIELD_SERVICE, "turnen");
    expect(&ev, EVENT_INCOMPLETE, &p,
           "forbidden E-STELLE data.from_unit, E-STELLE data.to_unit, E-DIENST data.service");
    ev = event_of("jugendamt", EVENT_HANDOVER_REQUESTED);
    expect(&ev, EVENT_INCOMPLETE, &p, "incomplete");
    /* What is forbidden or not handled is not looked at, but its source is found. */
    ev = event_of("jugendamt", EVENT_HANDOVER_REQUESTED);
    say(&ev, FIELD_FROM_UNIT, "sozialbuero");
    expect(&ev, EVENT_FORBIDDEN, &p, "forbidden");
    assert_string_equal(p.source->id, "jugendamt");
    expect(&ev, EVENT_NOT_HANDLED, &p, "not_handled");
    assert_string_equal(p.source->id, "jugendamt");
}

static void test_query(void **state)
{
    (void)state;
    struct parties p;
    struct route_query query;
    struct event ev = event_of("jugendamt", EVENT_REFERRAL_REQUESTED);
    ev.urgency = URGENCY_URGENT;
    ev.restricted = true;
    say(&ev, FIELD_PLACE, "nord");
    say(&ev, FIELD_PROVIDER_WISH, "verein");
    say(&ev, FIELD_COMPLEXITY, "complex");
    expect(&ev, EVENT_OK, &p, "ok");
    admit_query(&query, &ev, &p, 1234);
    assert_int_equal(query.kind, ITEM_REFERRAL);
    assert_int_equal(query.urgency, URGENCY_URGENT);
    assert_true(query.restricted);
    assert_int_equal(query.at_ms, 1234);
    assert_string_equal(query.to->id, "verein");
    assert_string_equal(query.place->id, "nord");
    assert_string_equal(query.complexity, "complex");
    ev.effective_ms = 99;
    admit_query(&query, &ev, &p, 1234);
    assert_int_equal(query.at_ms, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
