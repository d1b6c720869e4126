/*
 * stafettectl classes: the class of one answer and why, the whole table, and how it refuses what it
 * does not understand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ctl_classes.h"
#include "../daemon/json.h"
#include "../daemon/stafette.h"
#include "../daemon/util.h"
#include "../daemon/verdict.h"

static const struct {
    struct ctl_classes ask;
    const char *class, *why;
} cases[] = {
    {{"550 5.1.1 unknown", "", "", "", false}, "address", "SMTP reply 500 to 599 with 5.1.*: "},
    {{"550-5.1.1 first of two lines", "", "", "", false}, "address", "with 5.1.*"},
    {{"550 unknown", "", "", "", false}, "address", "550 to 551 without an enhanced code"},
    {{"550 unknown", "dot", "", "", false}, "permanent", "500 to 599: "},
    {{"550 5.7.1 no", "session", "", "", false}, "local", "before the recipient was named"},
    {{"550 5.7.1 no", "data", "", "", false}, "policy", "with 5.7.*"},
    {{"452 4.2.2 quota", "rcpt", "", "", false}, "full", "with x.2.2"},
    {{"421", "", "", "", false}, "throttled", "SMTP reply 421: "},
    {{"250 2.0.0 Ok", "", "", "", false}, "none", "accepted so far"},
    {{"", "", "402", "", false}, "credit", "HTTP 402: "},
    {{"", "", "599", "", false}, "temporary", "HTTP 500 to 599: "},
    {{"", "", "", "28", false}, "timeout", "libcurl 28: "},
    {{"", "dot", "", "28", false}, "ambiguous", "libcurl 28: "},
    {{"", "", "", "0", false}, "none", "libcurl"},
};

static void one_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT, err = BUF_INIT, first = BUF_INIT;
        if (ctl_classes(&out, &cases[i].ask, &err) < 0)
            fail_msg("case %zu: %s", i, buf_str(&err));
        buf_printf(&first, "class:          %s\n", cases[i].class);
        if (!str_starts(buf_str(&out), buf_str(&first)) || !strstr(buf_str(&out), cases[i].why))
            fail_msg("case %zu: want %s, %s in\n%s", i, cases[i].class, cases[i].why,
                     buf_str(&out));
        buf_release(&first);
        buf_release(&out);
        buf_release(&err);
    }
}

/* What a peer said is judged, not repeated: it may hold an address. */
static void words_are_not_repeated(void **state)
{
    (void)state;
    struct buf out = BUF_INIT, err = BUF_INIT;
    const struct ctl_classes ask = {"550 5.1.1 <team@ulm.test> \x1b[31m\xff", "", "", "", true};
    assert_int_equal(ctl_classes(&out, &ask, &err), 0);
    assert_null(strstr(buf_str(&out), "ulm"));
    assert_null(strchr(buf_str(&out), '\x1b'));
    assert_non_null(strstr(buf_str(&out), "\"class\":\"address\""));
    buf_release(&out);
    buf_release(&err);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        struct ctl_classes ask;
        const char *why;
    } bad[] = {
        {{"unknown user", "", "", "", false}, "REPLY"},
        {{"55", "", "", "", false}, "REPLY"},
        {{"5501 x", "", "", "", false}, "REPLY"},
        {{"650 x", "", "", "", false}, "REPLY"},
        {{"150 x", "", "", "", false}, "REPLY"},
        {{"550 x", "soon", "", "", false}, "--stage"},
        {{"", "", "600", "", false}, "--http"},
        {{"", "", "4o4", "", false}, "--http"},
        {{"", "", "-1", "", false}, "--http"},
        {{"", "", "", "100", false}, "--curl"},
        {{"550 x", "", "404", "", false}, "one of them"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct buf out = BUF_INIT, err = BUF_INIT;
        assert_int_equal(ctl_classes(&out, &bad[i].ask, &err), -1);
        assert_int_equal(out.len, 0);
        if (!strstr(buf_str(&err), bad[i].why))
            fail_msg("case %zu: %s", i, buf_str(&err));
        buf_release(&out);
        buf_release(&err);
    }
}

/* Every class with its sentences, as text and as JSON. */
static void whole_table(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, json = BUF_INIT, err = BUF_INIT;
    const struct ctl_classes for_people = {"", "", "", "", false},
                             for_programs = {"", "", "", "", true};
    struct json_place where;
    assert_int_equal(ctl_classes(&text, &for_people, &err), 0);
    assert_int_equal(ctl_classes(&json, &for_programs, &err), 0);
    struct json *root = json_read(buf_str(&json), json.len, &where);
    assert_non_null(root);
    json_free(root);
    for (int i = 0; i < ERROR_CLASS_COUNT; i++) {
        struct buf member = BUF_INIT;
        const struct verdict *v = verdict_of((enum error_class)i);
        buf_printf(&member, "{\"class\":\"%s\",", error_class_name((enum error_class)i));
        assert_non_null(strstr(buf_str(&json), buf_str(&member)));
        assert_non_null(strstr(buf_str(&json), v->sender));
        assert_non_null(strstr(buf_str(&text), v->sender));
        assert_non_null(strstr(buf_str(&text), v->coordinator));
        buf_release(&member);
    }
    buf_release(&text);
    buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer),
        cmocka_unit_test(words_are_not_repeated),
        cmocka_unit_test(refused),
        cmocka_unit_test(whole_table),
    };
    json_start();
    return cmocka_run_group_tests_name("ctl_classes", tests, NULL, NULL);
}
