/*
 * stafette.c: every value has a name of its own, names are lower-case words, and what has a name is
 * found by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../daemon/stafette.h"
#include "../daemon/util.h"

typedef const char *namer(int value);

static const char *kind(int v)
{
    return item_kind_name((enum item_kind)v);
}
static const char *german(int v)
{
    return item_kind_german((enum item_kind)v);
}
static const char *urgency(int v)
{
    return urgency_name((enum urgency)v);
}
static const char *channel(int v)
{
    return channel_name((enum channel)v);
}
static const char *unit(int v)
{
    return unit_kind_name((enum unit_kind)v);
}
static const char *end(int v)
{
    return attempt_end_name((enum attempt_end)v);
}
static const char *class(int v)
{
    return error_class_name((enum error_class)v);
}
static const char *reason(int v)
{
    return reason_name((enum reason)v);
}
static const char *delivery(int v)
{
    return delivery_state_name((enum delivery_state)v);
}

static const struct {
    const char *label;
    namer *name;
    int count;
} lists[] = {
    {"item_kind", kind, ITEM_KIND_COUNT},         {"german", german, ITEM_KIND_COUNT},
    {"urgency", urgency, URGENCY_COUNT},          {"channel", channel, CHANNEL_COUNT},
    {"unit_kind", unit, UNIT_KIND_COUNT},         {"attempt_end", end, ATTEMPT_END_COUNT},
    {"error_class", class, ERROR_CLASS_COUNT},    {"reason", reason, REASON_COUNT},
    {"delivery", delivery, DELIVERY_STATE_COUNT},
};

static void test_names_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (int a = 0; a < lists[i].count; a++) {
            assert_true(strlen(lists[i].name(a)) > 1);
            for (int b = 0; b < a; b++)
                assert_string_not_equal(lists[i].name(a), lists[i].name(b));
        }
}

static void test_names_are_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (int a = 0; a < lists[i].count && lists[i].name != german; a++) {
            const char *name = lists[i].name(a);
            assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        }
}

static void test_parse_finds_each(void **state)
{
    (void)state;
    for (enum item_kind want = 0, got; want < ITEM_KIND_COUNT; want++)
        assert_true(item_kind_parse(item_kind_name(want), &got) && got == want);
    for (enum urgency want = 0, got; want < URGENCY_COUNT; want++)
        assert_true(urgency_parse(urgency_name(want), &got) && got == want);
    for (enum channel want = 0, got; want < CHANNEL_COUNT; want++)
        assert_true(channel_parse(channel_name(want), &got) && got == want);
    for (enum unit_kind want = 0, got; want < UNIT_KIND_COUNT; want++)
        assert_true(unit_kind_parse(unit_kind_name(want), &got) && got == want);
    for (enum delivery_state want = 0, got; want < DELIVERY_STATE_COUNT; want++)
        assert_true(delivery_state_parse(delivery_state_name(want), &got) && got == want);
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "Handover", "handover ", "urgent!", "e-mail", "SMS"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        enum item_kind k;
        enum urgency u;
        enum channel c;
        enum unit_kind t;
        enum delivery_state s;
        assert_false(item_kind_parse(wrong[i], &k));
        assert_false(urgency_parse(wrong[i], &u));
        assert_false(channel_parse(wrong[i], &c));
        assert_false(unit_kind_parse(wrong[i], &t));
        assert_false(delivery_state_parse(wrong[i], &s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_differ),
        cmocka_unit_test(test_names_are_words),
        cmocka_unit_test(test_parse_finds_each),
        cmocka_unit_test(test_parse_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
