/*
 * page_html.c: what is text stays text; pages that say nothing are all alike but for their words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/http.h"
#include "../daemon/page_html.h"
#include "../daemon/util.h"

static const struct {
    const char *label, *in, *want;
} escaped[] = {
    {"nothing", "", ""},
    {"umlauts", "Übergabe – „so“", "Übergabe – „so“"},
    {"an element", "<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"},
    {"end of an attribute", "\" onload=\"x", "&quot; onload=&quot;x"},
    {"the other quote", "' x", "&#39; x"},
    {"an entity", "&lt;&#60;", "&amp;lt;&amp;#60;"},
    {"a comment", "--><!--", "--&gt;&lt;!--"},
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(escaped); i++) {
        struct buf out = BUF_INIT;
        html_text(&out, escaped[i].in);
        if (!str_eq(buf_str(&out), escaped[i].want))
            fail_msg("%s: %s", escaped[i].label, buf_str(&out));
        buf_release(&out);
    }
}

static void test_page(void **state)
{
    (void)state;
    static const char *const want[] = {
        "<!DOCTYPE html>\n<html lang=\"de\">",
        "<meta charset=\"utf-8\">",
        "width=device-width, initial-scale=1",
        "<title>a &lt;b&gt;</title>",
        "<h1>c &amp; d</h1>",
        "</main>\n</body>\n</html>\n",
    };
    struct http_call call = {.door = DOOR_PUBLIC};
    buf_puts(&call.answer, "what an earlier try left");
    html_begin(&call, 200, "a <b>", "c & d");
    html_end(&call);
    assert_int_equal(call.status, 200);
    assert_string_equal(call.type, "text/html; charset=utf-8");
    for (size_t i = 0; i < COUNT_OF(want); i++)
        if (!strstr(buf_str(&call.answer), want[i]))
            fail_msg("%s is missing in\n%s", want[i], buf_str(&call.answer));
    assert_null(strstr(buf_str(&call.answer), "earlier"));
    assert_null(strstr(buf_str(&call.answer), "<script"));
    buf_release(&call.answer);
}

static void test_nothing(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *want;
    } cases[] = {
        {404, "Diese Seite gibt es nicht"}, {405, "Das geht hier nicht"},
        {429, "Zu viele ungültige Links"},  {503, "nicht gespeichert"},
        {418, "Diese Seite gibt es nicht"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_call call = {.door = DOOR_PUBLIC};
        html_nothing(&call, cases[i].status);
        assert_int_equal(call.status, cases[i].status);
        assert_non_null(strstr(buf_str(&call.answer), cases[i].want));
        buf_release(&call.answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
