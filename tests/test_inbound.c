/*
 * inbound.c: incoming SMS of Kannel and of other gateways, who may call, and hostile ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../adapters/adapter.h"
#include "../adapters/inbound.h"
#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/json.h"
#include "../daemon/util.h"
#include "rig_dir.h"

static const struct {
    const char *in, *want; /* "" = refused */
} numbers[] = {
    {"+4915100000001", "+4915100000001"},
    {"4915100000001", "+4915100000001"},
    {" 4915100000001", "+4915100000001"},
    {"004915100000001", "+4915100000001"},
    {"015100000001", "+4915100000001"},
    {"0151 / 000-000.01", "+4915100000001"},
    {"+49 (151) 00000001", "+4915100000001"},
    {"+3312345678", "+3312345678"},
    {"+123456789012345", "+123456789012345"},
    {"+1234567890123456", ""},
    {"123456789012345678901234567890", ""},
    {"13013", ""},
    {"1234567", ""},
    {"Stadtwerke", ""},
    {"+49151x00000001", ""},
    {"49+15100000001", ""},
    {"++4915100000001", ""},
    {"+0015100000001", ""},
    {"", ""},
    {"+", ""},
    {"-", ""},
    {"0", ""},
    {"00", ""},
    {"+4915100000001\n", ""},
    {"\xd9\xa1\xd9\xa2\xd9\xa3", ""},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        char got[20] = "";
        if (!inbound_number(got, numbers[i].in))
            got[0] = '\0';
        if (!str_eq(got, numbers[i].want))
            fail_msg("\"%s\": got \"%s\"", numbers[i].in, got);
    }
}

static const struct {
    const char *networks, *address;
    bool want;
} within[] = {
    {"192.0.2.10", "192.0.2.10", true},
    {"192.0.2.10", "192.0.2.11", false},
    {"192.0.2.10", "192.0.2.1", false},
    {"192.0.2.10", "192.0.2.100", false},
    {"192.0.2.0/24", "192.0.2.255", true},
    {"192.0.2.0/24", "192.0.3.0", false},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.128/25", "192.0.2.200", true},
    {"10.0.0.0/8 192.0.2.10", "10.255.1.2", true},
    {"10.0.0.0/8  192.0.2.10 ", "192.0.2.10", true},
    {"192.0.2.10", "::ffff:192.0.2.10", true},
    {"2001:db8::/32", "2001:db8:1::5", true},
    {"2001:db8::/32", "2001:db9::5", false},
    {"::1", "::1", true},
    {"0.0.0.0/1", "::1", false},
    {"192.0.2.0/24", "192.0.2.0/24", false},
    {"", "192.0.2.10", false},
    {"192.0.2.10", "", false},
    {"192.0.2.10", "unix", false},
};

static void test_networks(void **state)
{
    static const char *const bad[] = {"192.0.2",      "192.0.2.0/33",    "192.0.2.0/0",
                                      "192.0.2.0/-1", "gateway.example", "::1/129",
                                      "192.0.2.0/",   "192.0.2.0/8x"};
    const char *at;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(within); i++)
        if (inbound_within(within[i].networks, within[i].address) != within[i].want)
            fail_msg("%s in \"%s\"", within[i].address, within[i].networks);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (inbound_bad_network(bad[i], &at) != strlen(bad[i]) || at != bad[i])
            fail_msg("\"%s\" was taken", bad[i]);
    assert_int_equal(inbound_bad_network("192.0.2.0/24 ::1", &at), 0);
}

/* ---- rules as a configuration has them */

struct town {
    char *dir;
    struct buf faults;
    struct transports *all;
};

static void load(struct town *town, const char *secret, const char *more, const char *inbound)
{
    struct buf text = BUF_INIT, path = BUF_INIT;
    struct conf_faults faults = {.text = &town->faults};
    town->dir = rig_dir();
    town->faults = (struct buf)BUF_INIT;
    rig_write(town->dir, "in.secret", secret);
    buf_printf(&path, "%s/in.secret", town->dir);
    chmod(buf_str(&path), 0600);
    buf_printf(&text,
               "transports = ( { name = \"funk\"; adapter = \"null_sms\"; %s inbound = %s; } );\n",
               more, inbound);
    rig_write(town->dir, "a.conf", buf_str(&text));
    buf_reset(&path);
    buf_printf(&path, "%s/a.conf", town->dir);
    struct conf_node *root = conf_read(buf_str(&path), &faults);
    assert_non_null(root);
    town->all = transports_load(root, &faults);
    conf_free(root);
    buf_release(&text);
    buf_release(&path);
}

static void unload(struct town *town)
{
    transports_free(town->all);
    buf_release(&town->faults);
    rig_dir_free(town->dir);
}

#define SECRET "0123456789abcdef"
#define GOOD "secret_file = \"in.secret\"; sources = \"127.0.0.1\";"

static void test_faults(void **state)
{
    static const struct {
        const char *secret, *inbound, *want;
    } cases[] = {
        {"short\n", "{ " GOOD " }", "secret_file: at least 16 characters are wanted"},
        {SECRET, "{ sources = \"127.0.0.1\"; }", "inbound needs a secret_file"},
        {SECRET, "{ secret_file = \"in.secret\"; }", "inbound needs sources"},
        {SECRET, "{ secret_file = \"in.secret\"; sources = \"127.0.0.1 x.example\"; }",
         "sources: \"x.example\" is no address or network"},
        {SECRET, "{ " GOOD " txet = \"a\"; }", "txet"},
        {SECRET, "{ secret_file = \"none\"; sources = \"127.0.0.1\"; }", "none"},
        {SECRET, "\"yes\"", "inbound is a group"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct town town;
        load(&town, cases[i].secret, "", cases[i].inbound);
        if (town.all || !strstr(buf_str(&town.faults), cases[i].want))
            fail_msg("case %zu: %s", i, buf_str(&town.faults));
        assert_null(strstr(buf_str(&town.faults), SECRET));
        unload(&town);
    }
}

static void test_secret(void **state)
{
    struct town town;
    (void)state;
    load(&town, SECRET "\n", "", "{ " GOOD " }");
    assert_non_null(town.all);
    const struct inbound_rule *rule = town.all->transport[0]->inbound;
    assert_true(inbound_secret(rule, SECRET, ""));
    assert_true(inbound_secret(rule, "", "Bearer " SECRET));
    assert_true(inbound_secret(rule, "x", "Bearer " SECRET));
    static const char *const wrong[] = {
        "", "0", SECRET "0", SECRET SECRET, "0123456789abcdeF", "0123456789abcde"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(inbound_secret(rule, wrong[i], wrong[i]));
    assert_false(inbound_secret(rule, "", SECRET));
    assert_false(inbound_secret(rule, "", "Basic " SECRET));
    assert_true(inbound_source(rule, "127.0.0.1"));
    assert_false(inbound_source(rule, "127.0.0.2"));
    unload(&town);
}

/* ---- one SMS */

static const char *lookup(const void *context, const char *name)
{
    for (const char *const *p = context; *p; p += 2)
        if (str_eq(p[0], name))
            return p[1];
    return "";
}

#define JSON "{ " GOOD " from = \"/a/0/msisdn\"; text = \"/a/0/t\"; id = \"/id\"; }"

static const struct {
    const char *label, *rule;
    const char *field[7];
    const char *body;
    int want;
    const char *from, *text, *id;
} calls[] = {
    {"Kannel",
     "{ " GOOD " }",
     {"from", "+4915100000001", "text", "OK 23", "id", "a-1", NULL},
     "",
     0,
     "+4915100000001",
     "OK 23",
     "a-1"},
    {"other names",
     "{ " GOOD " from = \"msisdn\"; text = \"body\"; id = \"\"; }",
     {"msisdn", "4915100000001", "body", "ja", "id", "x", NULL},
     "",
     0,
     "+4915100000001",
     "ja",
     ""},
    {"no text", "{ " GOOD " }", {"from", "+4915100000001", NULL}, "", 0, "+4915100000001", "", ""},
    {"odd id is none",
     "{ " GOOD " }",
     {"from", "+4915100000001", "text", "OK", "id", "a b;c", NULL},
     "",
     0,
     "+4915100000001",
     "OK",
     ""},
    {"no sender", "{ " GOOD " }", {"text", "OK", NULL}, "", -1, "", "OK", ""},
    {"a name", "{ " GOOD " }", {"from", "Amt", "text", "OK", NULL}, "", -1, "", "OK", ""},
    {"JSON",
     JSON,
     {NULL},
     "{\"id\":7,\"a\":[{\"msisdn\":\"4915100000001\",\"t\":\"J\\u0061\"}]}",
     0,
     "+4915100000001",
     "Ja",
     "7"},
    {"JSON of other shape", JSON, {NULL}, "[1,2,3]", -1, "", "", ""},
    {"JSON with a list as text",
     JSON,
     {NULL},
     "{\"a\":[{\"msisdn\":\"4915100000001\",\"t\":[\"OK 23\"]}]}",
     0,
     "+4915100000001",
     "",
     ""},
    {"no JSON", JSON, {"text", "OK", NULL}, "from=1", -1, "", "", ""},
    {"empty body", JSON, {NULL}, "", -1, "", "", ""},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct town town;
        struct inbound sms;
        struct buf err = BUF_INIT;
        load(&town, SECRET "\n", "", calls[i].rule);
        if (!town.all)
            fail_msg("%s: %s", calls[i].label, buf_str(&town.faults));
        const struct callback_input in = {lookup, calls[i].field, calls[i].body,
                                          strlen(calls[i].body)};
        int rc = inbound_read(&sms, town.all->transport[0]->inbound, &in, &err);
        if (rc != calls[i].want || (rc == 0) != (err.len == 0) ||
            !str_eq(sms.from, calls[i].from) || !str_eq(sms.text, calls[i].text) ||
            !str_eq(sms.id, calls[i].id))
            fail_msg("%s: %d \"%s\" \"%s\" \"%s\"", calls[i].label, rc, sms.from, sms.text, sms.id);
        buf_release(&err);
        unload(&town);
    }
}

/* Too long: cut between characters. */
static void test_long(void **state)
{
    struct town town;
    struct inbound sms;
    struct buf text = BUF_INIT, err = BUF_INIT;
    (void)state;
    load(&town, SECRET "\n", "", "{ " GOOD " }");
    for (int i = 0; i < 3000; i++)
        buf_puts(&text, "ü");
    const char *field[] = {"from", "+4915100000001", "text", buf_str(&text), NULL};
    const struct callback_input in = {lookup, field, "", 0};
    assert_int_equal(inbound_read(&sms, town.all->transport[0]->inbound, &in, &err), 0);
    assert_int_equal(strlen(sms.text), INBOUND_TEXT_MAX - 2);
    assert_true(utf8_valid(sms.text, strlen(sms.text)));
    buf_release(&text);
    buf_release(&err);
    unload(&town);
}

static int start(void **state)
{
    (void)state;
    json_start();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_networks),
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_secret),
        cmocka_unit_test(test_read),    cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
