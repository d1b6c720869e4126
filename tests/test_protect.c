/*
 * protect.c and the part of the directory that it reads: what a contact of class "high" may say,
 * which form its mail takes at which moment, and what --check warns of. Certificates are made at
 * run time; the clock is the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../adapters/smime.h"
#include "../daemon/conf.h"
#include "../daemon/protect.h"
#include "../daemon/template.h"
#include "gateway_rig.h"

/* team.pem is for geheim@amt.example and valid from now on for 60 days, andere.pem for another. */
static int set_up(void **state)
{
    char command[600];
    if (rig_set_up(state) != 0)
        return -1;
    struct gateway_rig *rig = *state;
    static const char *const made[][2] = {{"team", "Geheim@amt.example"},
                                          {"andere", "andere@amt.example"},
                                          {"stafette", "stafette@amt.example"}};
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        snprintf(
            command, sizeof command,
            "cd %s && openssl req -x509 -nodes -days 60 -subj /CN=Postfach -newkey ec -pkeyopt "
            "ec_paramgen_curve:prime256v1 -addext subjectAltName=email:%s -keyout %s.key -out "
            "%s.pem 2>openssl.log",
            rig->dir, made[i][1], made[i][0], made[i][0]);
        if (system(command) != 0)
            fail_msg("no certificate: %s", command);
    }
    rig->g.now_ms = (int64_t)time(NULL) * 1000 + 3600000;
    return 0;
}

/* Appends a unit with this contact to the configuration. */
static void write_contact(struct gateway_rig *rig, const char *contact)
{
    static const char start[] = "units = (";
    rig_write_config(rig->dir);
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT;
    const char *place = strstr(buf_str(&old), start) + strlen(start);
    buf_add(&text, buf_str(&old), (size_t)(place - buf_str(&old)));
    buf_printf(&text,
               " { id = \"geheim\"; kind = \"team\"; name = \"Stelle geheim\"; contacts = (\n%s\n"
               " ); },%s",
               contact, place);
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    buf_release(&old);
    buf_release(&text);
}

static void use_contact(struct gateway_rig *rig, const char *contact)
{
    struct config *before = rig->g.config;
    write_contact(rig, contact);
    rig->g.config = rig_load(rig->dir);
    config_drop(before);
}

#define MAILBOX "channel = \"email\"; address = \"geheim@amt.example\"; "

static const struct {
    const char *label, *contact;
    const char *want; /* part of the report; "" = no fault */
} loads[] = {
    {"with certificate", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", ""},
    {"without", "{ " MAILBOX "class = \"high\"; }", ""},
    {"normal", "{ " MAILBOX "class = \"normal\"; }", ""},
    {"odd class", "{ " MAILBOX "class = \"hoch\"; }", "\"class\" is \"normal\" or \"high\""},
    {"SMS", "{ channel = \"sms\"; address = \"+4915100000009\"; class = \"high\"; }",
     "is for e-mail"},
    {"forgotten class", "{ " MAILBOX "certificate = \"team.pem\"; }", "needs class = \"high\""},
    {"no such file", "{ " MAILBOX "class = \"high\"; certificate = \"nichts.pem\"; }",
     "\"certificate\" is not usable: "},
    {"a folder", "{ " MAILBOX "class = \"high\"; certificate = \".\"; }", "is not usable: "},
    {"private key", "{ " MAILBOX "class = \"high\"; certificate = \"team.key\"; }",
     "must not be here"},
    {"another mailbox", "{ " MAILBOX "class = \"high\"; certificate = \"andere.pem\"; }",
     "it is not for the mailbox in \"address\""},
    {"a number", "{ " MAILBOX "class = \"high\"; certificate = 1; }", "certificate"},
};

static void test_load(void **state)
{
    struct gateway_rig *rig = *state;
    char path[300], line[320];
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    for (size_t i = 0; i < COUNT_OF(loads); i++) {
        struct buf report = BUF_INIT;
        write_contact(rig, loads[i].contact);
        struct config *config = config_load(path, &report);
        if ((config != NULL) != !*loads[i].want || !strstr(buf_str(&report), loads[i].want))
            fail_msg("%s: %s", loads[i].label, buf_str(&report));
        /* At the contact's own line. */
        snprintf(line, sizeof line, "%s:14: ", path);
        if (*loads[i].want && !str_starts(buf_str(&report), line))
            fail_msg("%s: not at %s but %s", loads[i].label, line, buf_str(&report));
        /* Reload writes it into the log. */
        if (strchr(buf_str(&report), '@'))
            fail_msg("%s: an address in %s", loads[i].label, buf_str(&report));
        config_drop(config);
        buf_release(&report);
    }
}

static const struct {
    const char *label;
    const char *contact;
    int64_t days; /* from now */
    enum protect_verdict want;
} moments[] = {
    {"normal", "{ " MAILBOX "}", 0, PROTECT_NONE},
    {"first day", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", 0,
     PROTECT_SEALED},
    {"28 days", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", 28, PROTECT_SEALED},
    {"31 days", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", 31, PROTECT_SOON},
    {"59 days", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", 59, PROTECT_SOON},
    {"61 days", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", 61,
     PROTECT_EXPIRED},
    {"a day before", "{ " MAILBOX "class = \"high\"; certificate = \"team.pem\"; }", -1,
     PROTECT_EARLY},
    {"none", "{ " MAILBOX "class = \"high\"; }", 0, PROTECT_MISSING},
};

/* Sealed or content-free, never a third; and the words for the audit and the operators. */
static void test_form(void **state)
{
    struct gateway_rig *rig = *state;
    const int64_t now_ms = rig->g.now_ms;
    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        struct message message = {0};
        const char *withheld = NULL;
        const struct smime_certificate *seal = NULL;
        use_contact(rig, moments[i].contact);
        rig->g.now_ms = now_ms + moments[i].days * DAY_MS;
        const struct contact *c = directory_contact(rig->g.config->directory, "geheim/1");
        const struct template *full =
            templates_find(rig->g.config->templates, "handover.requested", CHANNEL_EMAIL);
        enum protect_verdict got = protect_ask(rig->g.config, c, rig->g.now_ms, &seal);
        const struct template *text = protect_text(&rig->g, c, full, &message, &withheld);
        if (got != moments[i].want)
            fail_msg("%s: %s", moments[i].label, protect_verdict_name(got));
        assert_ptr_equal(message.seal, seal);
        const bool bare = got == PROTECT_MISSING || got == PROTECT_EARLY || got == PROTECT_EXPIRED;
        assert_true((seal != NULL) == (got == PROTECT_SEALED || got == PROTECT_SOON));
        assert_string_equal(withheld, bare ? protect_verdict_name(got) : "");
        assert_string_equal(template_name(text),
                            bare ? "protected.notice.email.txt" : "handover.requested.email.txt");
    }
}

static void test_strip(void **state)
{
    (void)state;
    struct message message = {
        .body = xstrdup("x"), .calendar = xstrdup("BEGIN:VCALENDAR"), .method = xstrdup("REQUEST")};
    protect_strip(&message);
    assert_null(message.calendar);
    assert_null(message.method);
    protect_strip(&message);
    assert_string_equal(message.body, "x");
    free(message.body);
}

static void test_check(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        size_t moment;
        const char *want;
    } cases[] = {
        {0, ""},
        {1, ""},
        {3, "contact geheim/1: the certificate ends on "},
        {5, "contact geheim/1: the certificate ended on "},
        {6, "contact geheim/1: the certificate begins on "},
        {7, "class \"high\" without a certificate: its notices leave without content"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf report = BUF_INIT;
        struct conf_faults faults = {.text = &report};
        use_contact(rig, moments[cases[i].moment].contact);
        protect_check(rig->g.config, rig->g.now_ms + moments[cases[i].moment].days * DAY_MS,
                      &faults);
        if (faults.errors || faults.warnings != (*cases[i].want != '\0') ||
            !strstr(buf_str(&report), cases[i].want) ||
            (*cases[i].want && !strstr(buf_str(&report), "/stafette.conf:14: warning: ")))
            fail_msg("%s: %s", moments[cases[i].moment].label, buf_str(&report));
        buf_release(&report);
    }
}

/* Our own signature is warned of like a reader's certificate. */
static void test_check_signature(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT, report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    static const char mark[] = "path = \"mail\";";
    const char *place = strstr(buf_str(&old), mark) + strlen(mark);
    buf_add(&text, old.data, (size_t)(place - old.data));
    buf_printf(&text, " sign_cert = \"stafette.pem\"; sign_key = \"stafette.key\"; %s", place);
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    config_drop(rig->g.config);
    rig->g.config = rig_load(rig->dir);
    protect_check(rig->g.config, rig->g.now_ms, &faults);
    assert_string_equal(buf_str(&report), "");
    protect_check(rig->g.config, rig->g.now_ms + 31 * DAY_MS, &faults);
    assert_non_null(strstr(buf_str(&report), "transport \"post\": the certificate in sign_cert"));
    buf_release(&old);
    buf_release(&text);
    buf_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_load, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_form, set_up, rig_tear_down),
        cmocka_unit_test(test_strip),
        cmocka_unit_test_setup_teardown(test_check, set_up, rig_tear_down),
        cmocka_unit_test_setup_teardown(test_check_signature, set_up, rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
