/*
 * Meetings in the configuration: faults of chains, of lists by function and of calls, each with its
 * place, and what --check warns of.
 */
#include "meeting_rig.h"

#include "../daemon/conf.h"
#include "../daemon/meeting_check.h"

#define BODY(id, unit, day, members)                                                               \
    " { id = \"" id "\"; kind = \"gremium\"; unit = \"" unit "\"; start = \"" day "T17:00\";"      \
    " reminders = \"\"; freeze = 0; members = ( " members " ); }"
/* That configuration does not load, and the report says why and where. */
static void refused(struct gateway_rig *rig, const char *text, const char *label, const char *want)
{
    struct buf report = BUF_INIT;
    char path[512];
    rig_write(rig->dir, "stafette.conf", text);
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    assert_null(config_load(path, &report));
    if (!strstr(buf_str(&report), want) || !strstr(buf_str(&report), "stafette.conf:"))
        fail_msg("%s: %s", label, buf_str(&report));
    buf_release(&report);
}

static void test_faults(void **state)
{
    static const struct {
        const char *label, *text, *want;
    } cases[] = {
        {"no such meeting",
         "{ id = \"k\"; author = \"verein\"; bodies = ( { meeting = \"xx\"; },"
         " { meeting = \"sga\"; } ); }",
         "there is no meeting \"xx\""},
        {"no author",
         "{ id = \"k\"; bodies = ( { meeting = \"sga\"; }, { meeting = \"rat\"; } ); }",
         "\"author\" is missing"},
        {"no body", "{ id = \"k\"; author = \"verein\"; bodies = ( { meeting = \"sga\"; } ); }",
         "at least two \"bodies\""},
        {"twice",
         "{ id = \"k\"; author = \"verein\"; bodies = ( { meeting = \"sga\"; },"
         " { meeting = \"sga\"; } ); }",
         "\"sga\" stands in a chain already"},
        {"no gremium",
         "{ id = \"k\"; author = \"verein\"; bodies = ( { meeting = \"sga\"; },"
         " { meeting = \"toj\"; } ); }",
         "\"toj\" is no gremium"},
        {"a series",
         "{ id = \"k\"; author = \"verein\"; bodies = ( { meeting = \"sga\"; },"
         " { meeting = \"reihe\"; } ); }",
         "\"reihe\" has not exactly one date"},
        {"lead",
         "{ id = \"k\"; author = \"verein\"; lead = \"2 hours\"; bodies = ("
         " { meeting = \"sga\"; }, { meeting = \"rat\"; } ); }",
         "lead must be days before a body"},
        {"a text", "\"sga\"", "must be a group"},
        {"a body as text", "{ id = \"k\"; author = \"verein\"; bodies = ( \"sga\" ); }",
         "a body is a group"},
    };
    struct gateway_rig *rig = *state;
    struct buf plain = rig_read(rig->dir, "stafette.conf");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        buf_puts(&text, buf_str(&plain));
        buf_printf(
            &text,
            "meetings = (" BODY("sga", "asd", "2027-07-13", "") "," BODY(
                "rat", "asd", "2027-09-13",
                "") ","
                    " { id = \"toj\"; kind = \"toj\"; unit = \"asd\"; start = "
                    "\"2027-01-07T09:00\"; "
                    "},"
                    " { id = \"reihe\"; kind = \"gremium\"; unit = \"asd\"; start ="
                    " \"2027-01-07T09:00\"; rule = \"FREQ=MONTHLY\"; } );\nchains = ( %s );\n",
            cases[i].text);
        refused(rig, buf_str(&text), cases[i].label, cases[i].want);
        buf_release(&text);
    }
    buf_release(&plain);
}

static void test_member_faults(void **state)
{
    static const struct {
        const char *label, *text, *want;
    } cases[] = {
        {"nobody", "members = ( { function = \"partner\"; } );", "no unit has the function"},
        {"not there", "members = ( { function = \"partner\"; place = \"sued\"; } );",
         "there is no place \"sued\""},
        {"role of ours", "members = ( { unit = \"verein\"; role = \"stand_in\"; } );",
         "there is no role \"stand_in\""},
        {"call in hours", "call = \"3 hours\";", "call must be 2 days or more"},
        {"call today", "call = \"1 day\";", "call must be 2 days or more"},
    };
    struct gateway_rig *rig = *state;
    struct buf plain = rig_read(rig->dir, "stafette.conf");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT;
        buf_printf(&text,
                   "%smeetings = ( { id = \"a\"; kind = \"toj\"; unit = \"asd\";"
                   " start = \"2027-01-07T09:00\"; %s } );\n",
                   buf_str(&plain), cases[i].text);
        refused(rig, buf_str(&text), cases[i].label, cases[i].want);
        buf_release(&text);
    }
    buf_release(&plain);
}

static void checked(struct gateway_rig *rig, const char *meetings, struct buf *text)
{
    struct conf_faults faults = {.text = text};
    meeting_rig_config(rig, meetings);
    meeting_check(rig->g.config, rig->g.now_ms, &faults);
    assert_int_equal(faults.errors, 0);
}

/* BI4: collisions are shown; and school holidays that nobody knows. */
static void test_check(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    checked(rig,
            "meetings = ( { id = \"a\"; kind = \"toj\"; unit = \"asd\"; duration = \"2h\";"
            " start = \"2027-01-07T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TH\"; until = "
            "\"2027-02-28\";"
            " members = ( \"jobcenter\" ); }, { id = \"b\"; kind = \"toj\"; unit = \"sozialbuero\";"
            " start = \"2027-01-07T10:30\"; rule = \"FREQ=WEEKLY;BYDAY=TH\"; until = "
            "\"2027-02-28\";"
            " members = ( \"jobcenter\", \"asd\" ); },"
            " { id = \"c\"; kind = \"toj\"; unit = \"sozialbuero\"; duration = \"90m\";"
            " start = \"2027-01-07T09:00\"; members = ( \"verein\" ); },"
            " { id = \"d\"; kind = \"toj\"; unit = \"verein\"; school = true;"
            " start = \"2027-01-05T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU\"; } );\n",
            &text);
    const char *at = buf_str(&text);
    if (!strstr(at, "stafette.conf:") ||
        !strstr(at, "warning: meeting \"b\" collides with \"a\" for unit \"") ||
        !strstr(at, "8 times in the next 400 days: Do 07.01.2027, 10:30 bis 12:30 Uhr; "
                    "Do 14.01.2027, 10:30 bis 12:30 Uhr; Do 21.01.2027, 10:30 bis 12:30 Uhr ...") ||
        !strstr(at, "warning: meeting \"d\" leaves out school holidays, but those of 2027 are not "
                    "known from 05.01. on"))
        fail_msg("%s", at);
    /* "c" ends when "b" begins. */
    assert_null(strstr(at, "\"c\""));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LIFE(test_faults), LIFE(test_member_faults),
                                       LIFE(test_check)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
