/*
 * receipt.c: what a sender reads: well-formed CloudEvents JSON, the outcome, the item's code and
 * state, and of each fault the rule and the remedy, but no value that was sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/receipt.h"
#include "gateway_rig.h"

#define REQUEST                                                                                    \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                   \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,\"open_tasks\":2,"                           \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}"

/* The last receipt parsed; freed by the caller. */
static struct json *parsed(const struct gateway_rig *rig)
{
    struct json_place where;
    const struct buf *text = &rig->last.receipt;
    struct json *root = json_read(buf_str(text), text->len, &where);
    if (!root)
        fail_msg("no JSON: %s", buf_str(text));
    return root;
}

static const struct json *member(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);
    if (!value)
        fail_msg("no member \"%s\"", name);
    return value;
}

static void expect_text(const struct json *object, const char *name, const char *want)
{
    assert_string_equal(json_text(member(object, name)), want);
}

static void test_accepted(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = rig_event(rig, "jugendamt", "handover.requested", "", REQUEST)->item_seq;
    struct json *root = parsed(rig);
    const struct json *data = member(root, "data");
    expect_text(root, "specversion", "1.0");
    expect_text(root, "id", "probe-r1");
    expect_text(root, "source", "/stafette/probe");
    expect_text(root, "type", "de.sozialraum.gateway.receipt.v1");
    expect_text(root, "time", "2026-11-16T08:00:00.000Z");
    expect_text(data, "event_id", "jugendamt-1");
    expect_text(data, "event_type", "handover.requested");
    expect_text(data, "outcome", "accepted");
    expect_text(data, "item_id", rig_code(rig, item));
    expect_text(data, "item_kind", "handover");
    expect_text(data, "state", "requested");
    assert_false(json_bool(member(data, "repeated")));
    assert_null(json_get(data, "faults"));
    assert_string_equal(rig->last.source, "jugendamt");
    json_free(root);
}

static void test_refused(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "handover.requested", "",
              "{\"diagnosis\":\"geheimwort\",\"case_ref\":\"geheimwort\"}");
    struct json *root = parsed(rig);
    const struct json *data = member(root, "data");
    expect_text(data, "outcome", "refused");
    expect_text(data, "item_kind", "refusal");
    expect_text(data, "state", "open");
    assert_int_equal(json_kind(member(data, "faults")), JSON_IS_LIST);
    assert_non_null(strstr(buf_str(&rig->last.receipt), "\"field\":\"data.diagnosis\""));
    assert_non_null(strstr(buf_str(&rig->last.receipt), "\"remedy\":\""));
    assert_null(strstr(buf_str(&rig->last.receipt), "geheimwort"));
    json_free(root);
}

/* A receipt has no row: for a repeat it is computed again, from the faults as they were kept, and
 * with the state of now. */
static void test_repeated(void **state)
{
    static const char *const text =
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"/jugendamt\",\"type\":"
        "\"de.sozialraum.handover.requested.v1\",\"time\":\"2026-11-16T08:59:00+01:00\","
        "\"data\":{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\"}}";
    struct gateway_rig *rig = *state;
    rig_message(rig, "jugendamt", "handover.requested", text);
    char *first = xstrdup(strstr(buf_str(&rig->last.receipt), "\"faults\":"));
    rig_message(rig, "jugendamt", "handover.requested", text);
    struct json *root = parsed(rig);
    expect_text(root, "id", "probe-r1");
    expect_text(member(root, "data"), "outcome", "returned");
    assert_true(json_bool(member(member(root, "data"), "repeated")));
    assert_string_equal(strstr(buf_str(&rig->last.receipt), "\"faults\":"), first);
    json_free(root);
    free(first);
}

static void test_repeated_accepted(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "handover.requested", "", REQUEST);
    rig->events = 0;
    rig_event(rig, "jugendamt", "handover.requested", "", REQUEST);
    struct json *root = parsed(rig);
    expect_text(member(root, "data"), "outcome", "repeated");
    json_free(root);
}

/* Bytes that are no JSON: the place is told, never the words of the parser. */
static void test_unreadable(void **state)
{
    struct gateway_rig *rig = *state;
    rig_message(rig, "jugendamt", "handover.requested", "{\n\"geheim\": wort}");
    struct json *root = parsed(rig);
    expect_text(member(root, "data"), "event_id", "");
    assert_non_null(strstr(buf_str(&rig->last.receipt), "\"line\":2"));
    assert_null(strstr(buf_str(&rig->last.receipt), "geheim"));
    assert_null(strstr(buf_str(&rig->last.receipt), "wort"));
    json_free(root);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_accepted),          TEST(test_refused),    TEST(test_repeated),
        TEST(test_repeated_accepted), TEST(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
