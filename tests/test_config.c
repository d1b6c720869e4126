/*
 * config.c, config_check.c: the shipped and the small configuration load; one run reports the
 * faults of every part, sorted; the checks across parts, each by one change of the small one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/buf.h"
#include "../daemon/config.h"
#include "../daemon/config_check.h"
#include "../daemon/directory.h"
#include "../daemon/route.h"
#include "../daemon/template.h"
#include "../daemon/util.h"
#include "rig_dir.h"

static const char *const small_files[] = {"stafette.conf", "town.conf", "routes.conf"};

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = rig_dir();
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

static void test_small(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct config *config = config_load("tests/config/small", &report);
    assert_string_equal(buf_str(&report), "");
    assert_non_null(config);
    assert_string_equal(config->path, "tests/config/small");
    assert_string_equal(config->settings.instance, "klein");
    assert_string_equal(config->settings.store, "tests/config/small/stafette.db");
    assert_int_equal(strlen(config->version), 16);
    assert_int_equal(config->directory->units, 3);
    assert_int_equal(routing_rules(config->routing), 2);
    assert_true(templates_count(config->templates) > 0);
    assert_int_equal(config->transports->count, 2);
    config_hold(config);
    config_drop(config);
    assert_int_equal(config->users, 1);
    config_drop(config);
    config_drop(NULL);
    buf_release(&report);
}

/* The example that people start from must load, and say nothing. */
static void test_ulm(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct config *config = config_load("config/ulm", &report);
    assert_string_equal(buf_str(&report), "");
    assert_non_null(config);
    config_drop(config);
    buf_release(&report);
}

static const char *const broken_lines[] = {
    "broken/a-settings.conf:4: unknown unit \"niemand\"",
    "broken/a-settings.conf:5: unknown setting \"instanz\"; did you mean \"instance\"?",
    "broken/a-settings.conf:7: \"port\" must be from 1 to 65535",
    "broken/a-settings.conf:7: a broker that is not on this machine needs",
    "broken/a-settings.conf:9: unknown setting \"route\"; did you mean \"routes\"?",
    "broken/a-settings.conf:12: ", /* unknown adapter */
    "broken/b-town.conf:1: ",      /* unknown parent of a place */
    "broken/b-town.conf:6: warning: policy \"standard\" wants SMS",
    "broken/c-routes.conf:2: unknown policy \"standart\"; did you mean \"standard\"?",
    "broken/c-routes.conf:6: unknown place \"nrod\"; did you mean \"nord\"?",
    "broken/c-routes.conf:6: unknown unit \"nord-wjh\"",
    "broken/c-routes.conf:9: \"policies\" is set in ",
    "broken/nowhere: ", /* templates */
};

static void test_all_faults_at_once(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    assert_null(config_load("tests/config/broken", &report));
    const char *line = buf_str(&report);
    for (size_t i = 0; i < COUNT_OF(broken_lines); i++) {
        const char *found = strstr(line, broken_lines[i]);
        if (!found)
            fail_msg("\"%s\" is missing or out of order in:\n%s", broken_lines[i],
                     buf_str(&report));
        line = found;
    }
    buf_release(&report);
}

/* Copies the small configuration to dir, with `from` replaced by `to` in one file. */
static void copy_small(const char *file, const char *from, const char *to)
{
    for (size_t i = 0; i < COUNT_OF(small_files); i++) {
        char path[256], cwd[128];
        struct buf text = BUF_INIT, out = BUF_INIT, err = BUF_INIT;
        snprintf(path, sizeof path, "tests/config/small/%s", small_files[i]);
        assert_int_equal(buf_read_file(&text, path, 1 << 20, &err), 0);
        bool here = str_eq(small_files[i], file);
        const char *hit = here ? strstr(buf_str(&text), from) : NULL;
        const char *shared = strstr(buf_str(&text), "../../..");
        assert_true(!here || hit);
        if (hit) {
            buf_add(&out, buf_str(&text), (size_t)(hit - buf_str(&text)));
            buf_printf(&out, "%s%s", to, hit + strlen(from));
        } else if (shared) { /* the templates stay where they are */
            buf_add(&out, buf_str(&text), (size_t)(shared - buf_str(&text)));
            buf_printf(&out, "%s%s", getcwd(cwd, sizeof cwd), shared + strlen("../../.."));
        } else {
            buf_puts(&out, buf_str(&text));
        }
        snprintf(path, sizeof path, "%s/%s", dir, small_files[i]);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fwrite(buf_str(&out), 1, out.len, f);
        fclose(f);
        buf_release(&text);
        buf_release(&out);
    }
}

static const struct {
    const char *label, *file, *from, *to;
    const char *want; /* in the report; "" for none */
    bool loads;
} changes[] = {
    {"comment", "town.conf", "places", "# town\nplaces", "", true},
    {"transport of the other channel", "town.conf", "transport = \"post\"", "transport = \"funk\"",
     "town.conf:19: transport \"funk\" carries sms, but this contact is email", false},
    {"transport unknown", "town.conf", "transport = \"post\"", "transport = \"telex\"",
     "town.conf:19: unknown transport \"telex\"", false},
    {"second contact", "town.conf", "transport = \"funk\"", "transport = \"post\"",
     "town.conf:16: transport \"post\" carries email, but this contact is sms", false},
    {"on call without sms", "town.conf",
     "},\n                   { channel = \"sms\"; address = \"+4915100000001\"; transport = "
     "\"funk\"; }",
     "}", "town.conf:14: warning: policy \"standard\" wants SMS", true},
    {"no sms wanted, none needed", "routes.conf", "sms = [\"urgent\", \"emergency\"]", "sms = []",
     "", true},
    {"unknown part", "routes.conf", "routes = {", "rotues = { }; routes = {",
     "routes.conf:11: unknown setting \"rotues\"; did you mean \"routes\"?", false},
    {"syntax", "routes.conf", "routes = {", "routes = ( {", "routes.conf:15: syntax error", false},
    {"unknown policy", "routes.conf", "policy = \"standard\"", "policy = \"x\"",
     "routes.conf:12: unknown policy \"x\"", false},
};

static void test_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct buf report = BUF_INIT;
        copy_small(changes[i].file, changes[i].from, changes[i].to);
        struct config *config = config_load(dir, &report);
        bool told = str_empty(changes[i].want) ? report.len == 0
                                               : strstr(buf_str(&report), changes[i].want) != NULL;
        if (!told || changes[i].loads != (config != NULL))
            fail_msg("%s: got \"%s\"", changes[i].label, buf_str(&report));
        config_drop(config);
        buf_release(&report);
    }
}

/* With a file missing, "unknown unit" and the like would be noise. */
static void test_syntax_stops_the_rest(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    copy_small("town.conf", "catch_all =", "catch_all = =");
    assert_null(config_load(dir, &report));
    assert_non_null(strstr(buf_str(&report), "town.conf:"));
    assert_non_null(strstr(buf_str(&report), "is checked once all files can be read"));
    assert_null(strstr(buf_str(&report), "unknown"));
    buf_release(&report);
}

static void test_version_is_of_the_bytes(void **state)
{
    (void)state;
    static const char *const to[] = {"places", "# x\nplaces", "places"};
    char version[3][17];
    for (size_t i = 0; i < COUNT_OF(to); i++) {
        struct buf report = BUF_INIT;
        copy_small("town.conf", "places", to[i]);
        struct config *config = config_load(dir, &report);
        assert_non_null(config);
        memcpy(version[i], config->version, 17);
        config_drop(config);
        buf_release(&report);
    }
    assert_string_not_equal(version[0], version[1]);
    assert_string_equal(version[0], version[2]);
}

static void test_absent(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    assert_null(config_load("tests/config/nothing", &report));
    assert_string_equal(buf_str(&report),
                        "tests/config/nothing: cannot read: No such file or directory\n");
    buf_release(&report);
}

static const struct {
    const char *label, *in, *want;
} orders[] = {
    {"empty", "", ""},
    {"numbers, not letters", "f:10: b\nf:9: a\n", "f:9: a\nf:10: b\n"},
    {"files", "g:1: c\nf:2: b\nf: a\n", "f: a\nf:2: b\ng:1: c\n"},
    {"same place keeps order", "f:1: z\nf:1: a\n", "f:1: z\nf:1: a\n"},
    {"column", "f:2:7: b\nf:1:9: a\n", "f:1:9: a\nf:2:7: b\n"},
    {"prefix", "ab:1: b\na:2: a\n", "a:2: a\nab:1: b\n"},
    {"no place", "x\n", "x\n"},
};

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct buf report = BUF_INIT;
        buf_puts(&report, orders[i].in);
        config_sort_report(&report);
        if (!str_eq(buf_str(&report), orders[i].want))
            fail_msg("%s: got \"%s\"", orders[i].label, buf_str(&report));
        buf_release(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_ulm),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_syntax_stops_the_rest),
        cmocka_unit_test(test_version_is_of_the_bytes),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
