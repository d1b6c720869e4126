/*
 * stafettectl's command line and its way of showing answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ctl_command.h"
#include "../daemon/ctl_print.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

enum { WORDS_MAX = 16 };

/* Splits at "|"; returns the count. */
static int split(char *text, char **word)
{
    int n = 0;
    for (char *at = strtok(text, "|"); at && n < WORDS_MAX; at = strtok(NULL, "|"))
        word[n++] = at;
    return n;
}

static const struct {
    const char *in, *target, *body;
} targets[] = {
    {"status", "/control/status", ""},
    {"item|list", "/control/items", ""},
    {"item|list|--all", "/control/items?state=all", ""},
    {"item|show|K7F3-92QX", "/control/item/K7F3-92QX", ""},
    {"item|show|../a b?c", "/control/item/..%2Fa%20b%3Fc", ""},
    {"item|close|K7F3-92QX|called_back", "/control/close/K7F3-92QX?code=called_back", ""},
    {"outbox", "/control/outbox", ""},
    {"outbox|--urgent", "/control/outbox", ""},
    {"outbox|list|--lane|relay|--state=failed|--limit|3", "/control/outbox", ""},
    {"outbox|hold|relay/a.example|--urgent", "/control/outbox/hold?lane=relay%2Fa.example&urgent=1",
     ""},
    {"outbox|hold|--all", "/control/outbox/hold?all=1", ""},
    {"outbox|release|a\"b'c", "/control/outbox/release?lane=a%22b%27c", ""},
    {"outbox|retry|12", "/control/outbox/retry?lane=12", ""},
    {"outbox|cancel|12|--code|told_by_phone", "/control/outbox/cancel/12?code=told_by_phone", ""},
    {"outbox|resend|12|--to|egh/2", "/control/outbox/resend/12?to=egh%2F2", ""},
    {"send|e.json", "/control/send", "e.json"},
    {"send|-|--source|jugendamt-ulm|--late", "/control/send?source=jugendamt-ulm&late=1", "-"},
    {"send|--source=a&b|e.json", "/control/send?source=a%26b", "e.json"},
    {"explain|e.json|--at|2026-11-20T09:00:00+01:00",
     "/control/explain?at=2026-11-20T09%3A00%3A00%2B01%3A00", "e.json"},
    {"explain|--|--odd", "/control/explain", "--odd"},
    {"who|ulm-wiblingen|sgb8", "/control/who?place=ulm-wiblingen&area=sgb8", ""},
    {"who|ulm|sgb8|spfh", "/control/who?place=ulm&area=sgb8&service=spfh", ""},
    {"who|Süd|sgb8", "/control/who?place=S%C3%BCd&area=sgb8", ""},
    {"absence|ksd|2026-11-23|2026-11-27", "/control/absence?unit=ksd&from=2026-11-23&to=2026-11-27",
     ""},
    {"absence|ksd|2026-11-23T12:00|2026-11-27|--deputy|egh",
     "/control/absence?unit=ksd&from=2026-11-23T12%3A00&to=2026-11-27&deputy=egh", ""},
    {"absence|list", "/control/absences", ""},
    {"absence|end|7", "/control/absence/end/7", ""},
    {"roster", "/control/roster", ""},
    {"roster|bereit|--at|2026-11-14T22:40|--days|3",
     "/control/roster?roster=bereit&at=2026-11-14T22%3A40&days=3", ""},
    {"contacts", "/control/contacts", ""},
    {"certificates", "/control/certificates", ""},
    {"release", "/control/release", ""},
    {"clock|advance|15m", "/control/clock?advance=15m", ""},
};

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        char *word[WORDS_MAX], *text = xstrdup(targets[i].in);
        struct buf err = BUF_INIT, target = BUF_INIT;
        struct ctl_use_of use;
        int n = split(text, word);
        if (ctl_parse(&use, n, word, &err) < 0)
            fail_msg("%s: %s", targets[i].in, buf_str(&err));
        ctl_target(&target, &use);
        assert_string_equal(buf_str(&target), targets[i].target);
        assert_string_equal(ctl_body_file(&use), targets[i].body);
        buf_release(&target);
        buf_release(&err);
        free(text);
    }
}

static void test_wrong_lines(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"stauts", "did you mean \"status\""},
        {"item", "there is \"item list\", \"item show\", \"item close\""},
        {"item|shov", "there is \"item list\", \"item show\""},
        {"clock", "there is \"clock advance\""},
        {"item|close|K7F3-92QX", "CODE is missing"},
        {"xyzzy", "stafettectl --help"},
        {"item|show", "ID is missing"},
        {"item|show|a|b", "one argument too many"},
        {"item|list|--al", "has no option --al"},
        {"status|-c|/etc/x", "-c stands before the command: stafettectl -c ... status"},
        {"item|list|--json", "--json stands before the command"},
        {"item|list|--all=1", "has no option --all=1"},
        {"item|list|--all|--all", "given twice"},
        {"send|e|--source", "--source needs a value"},
        {"watch|--broker|b:1", "--instance is missing"},
        {"clock|advance", "DURATION is missing"},
        {"status|extra", "one argument too many"},
        {"deadline|2026-12-23|2 weeks", "CALENDAR is missing"},
        {"deadlin|2026-12-23", "did you mean \"deadline\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *word[WORDS_MAX], *text = xstrdup(cases[i].in);
        struct buf err = BUF_INIT;
        struct ctl_use_of use;
        int n = split(text, word);
        assert_int_equal(ctl_parse(&use, n, word, &err), -1);
        if (!strstr(buf_str(&err), cases[i].want))
            fail_msg("%s: %s", cases[i].in, buf_str(&err));
        buf_release(&err);
        free(text);
    }
}

/* Each row of the table is reachable and its help names all its parameters. */
static void test_help(void **state)
{
    (void)state;
    struct buf all = BUF_INIT;
    ctl_help_all(&all);
    for (const struct ctl_command *c = ctl_commands(); c->words; c++) {
        char text[64], *word[WORDS_MAX];
        struct buf err = BUF_INIT, help = BUF_INIT;
        struct ctl_use_of use;
        strcpy(text, c->words);
        for (char *p = text; *p; p++)
            *p = *p == ' ' ? '|' : *p;
        int n = split(text, word);
        word[n++] = (char[]){"--help"};
        assert_int_equal(ctl_parse(&use, n, word, &err), 0);
        assert_ptr_equal(use.command, c);
        assert_true(use.help);
        ctl_help_one(&help, c);
        assert_non_null(strstr(buf_str(&all), c->help));
        for (const struct ctl_param *p = c->param; p->form != CTL_END; p++)
            assert_non_null(strstr(buf_str(&help), p->help));
        buf_release(&err);
        buf_release(&help);
    }
    buf_release(&all);
}

static void test_print(void **state)
{
    (void)state;
    static const struct {
        const char *label, *in, *want;
    } cases[] = {
        {"object", "{\"up\":true,\"queue\":3,\"note\":\"\",\"x\":null}",
         "up:    yes\nqueue: 3\nnote:  -\nx:     -\n"},
        {"table", "[{\"a\":\"ü\",\"b\":1},{\"a\":\"lang\",\"b\":22}]",
         "a     b\nü     1\nlang  22\n"},
        {"columns of all rows", "[{\"a\":1},{\"b\":2}]", "a  b\n1  -\n-  2\n"},
        {"empty", "[]", "Nothing.\n"},
        {"texts", "[\"x\",\"y\"]", "x\ny\n"},
        {"nested", "{\"rows\":[{\"n\":1}],\"who\":{\"unit\":\"asd\"},\"list\":[1,2]}",
         "list: 1, 2\n\nrows\nn\n1\n\nwho\nunit: asd\n"},
        {"object in a cell", "[{\"o\":{\"k\":1,\"l\":\"m\"}}]", "o\nk=1 l=m\n"},
        {"time", "{\"at\":\"2026-11-20T08:14:03.000Z\"}", "at: 2026-11-20T09:14:03+01:00\n"},
        {"no steering", "{\"t\":\"a\\u001b[2Jb\\n\"}", "t: a?[2Jb?\n"},
        {"text", "\"plain\"", "plain\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_place where;
        struct buf out = BUF_INIT;
        struct json *root = json_read(cases[i].in, strlen(cases[i].in), &where);
        if (!root) {
            fail_msg("%s: line %d column %d", cases[i].label, where.line, where.column);
            return;
        }
        ctl_print(&out, root, "Nothing.");
        assert_string_equal(buf_str(&out), cases[i].want);
        json_free(root);
        buf_release(&out);
    }
}

int main(void)
{
    json_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_wrong_lines),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
