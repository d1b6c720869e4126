/*
 * sms_presets.c with sms_setup.c and sms_judge.c: each row loads, the answers and delivery reports
 * of its document are understood, what a city forgot is named.
 */
#include "adapter_rig.h"

#include "../adapters/callback.h"
#include "../adapters/sms_http.h"
#include "../adapters/sms_presets.h"

/* What each preset needs besides its name; @ stands for a directory with the file "key". */
static const struct {
    const char *preset, *options;
} given[] = {
    {"seven", "token_file = \"@/key\"; from = \"Ulm\";"},
    {"sipgate", "from = \"s0\"; username = \"token-A\"; password_file = \"@/key\";"},
    {"link", "url = \"https://link.test/sms/send\"; from = \"Ulm\"; username = \"ulm\"; "
             "password_file = \"@/key\"; account = \"30978\"; gate = \"gate-1\";"},
    {"lox24", "from = \"Ulm\"; token_file = \"@/key\";"},
    {"smseagle", "url = \"https://eagle.test/jsonrpc/sms\"; token_file = \"@/key\";"},
};

static const char *options_of(const char *preset)
{
    for (size_t i = 0; i < COUNT_OF(given); i++)
        if (str_eq(given[i].preset, preset))
            return given[i].options;
    fail_msg("the preset %s has no row here", preset);
    return "";
}

static struct transports *load(const char *dir, const char *preset, const char *options,
                               struct buf *report)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "transports = ( { name = \"sms\"; adapter = \"sms_http\"; preset = \"%s\"; ",
               preset);
    for (const char *p = options; *p; p++)
        *p == '@' ? buf_puts(&text, dir) : buf_addc(&text, *p);
    buf_puts(&text, " } );");
    struct transports *all = rig_try(buf_str(&text), report);
    buf_release(&text);
    return all;
}

static struct transports *load_good(const char *dir, const char *preset)
{
    struct buf report = BUF_INIT;
    struct transports *all = load(dir, preset, options_of(preset), &report);
    if (!all || report.len)
        fail_msg("%s: %s", preset, buf_str(&report));
    buf_release(&report);
    return all;
}

static char *key_dir(void)
{
    char *dir = rig_dir();
    rig_write(dir, "key", "geheimer-schluessel\n");
    return dir;
}

static void rows(void **state)
{
    (void)state;
    char *dir = key_dir();
    for (const struct sms_preset *p = sms_presets(); p->name; p++) {
        if (!str_starts(p->document, "https://") || str_empty(p->reports))
            fail_msg("%s lacks its document or what it reports", p->name);
        if (!adapter_find(p->adapter))
            fail_msg("%s: no adapter %s", p->name, p->adapter);
        if (!p->setting) {
            assert_null(sms_preset_find(p->name));
            continue;
        }
        struct transports *all = load_good(dir, p->name);
        bool reports = sms_report_rule(all->transport[0]) != NULL;
        if (reports != !str_eq(p->reports, "none"))
            fail_msg("%s: its row says \"%s\" of reports", p->name, p->reports);
        for (const struct http_value *v = p->setting; v->name; v++)
            if (!str_eq(transport_text(all->transport[0], v->name), v->value))
                fail_msg("%s: %s is not taken", p->name, v->name);
        transports_free(all);
    }
    rig_dir_free(dir);
}

static void given_before_preset(void **state)
{
    (void)state;
    char *dir = key_dir();
    struct buf report = BUF_INIT;
    struct transports *all = load(dir, "seven",
                                  "token_file = \"@/key\"; url = \"https://other.test/\"; "
                                  "credit_values = \"\"; auth_values = \"500\";",
                                  &report);
    assert_non_null(all);
    assert_string_equal(transport_text(all->transport[0], "url"), "https://other.test/");
    assert_string_equal(transport_text(all->transport[0], "credit_values"), "");
    assert_string_equal(transport_text(all->transport[0], "auth_values"), "500");
    transports_free(all);
    buf_release(&report);
    rig_dir_free(dir);
}

static const struct {
    const char *preset;
    long status;
    const char *answer;
    enum error_class class;
    const char *word, *id;
} answers[] = {
    {"seven", 200, "{\"success\":\"100\",\"messages\":[{\"id\":\"77233456001\"}]}", CLASS_NONE,
     "100", "77233456001"},
    {"seven", 200, "{\"success\":\"402\",\"messages\":[]}", CLASS_NONE, "402", ""},
    {"seven", 200, "{\"success\":\"202\"}", CLASS_ADDRESS, "202", ""},
    {"seven", 200, "{\"success\":\"201\"}", CLASS_ADDRESS, "201", ""},
    {"seven", 200, "{\"success\":\"305\"}", CLASS_PERMANENT, "305", ""},
    {"seven", 200, "{\"success\":\"403\"}", CLASS_POLICY, "403", ""},
    {"seven", 200, "{\"success\":\"500\"}", CLASS_CREDIT, "500", ""},
    {"seven", 200, "{\"success\":\"600\"}", CLASS_TEMPORARY, "600", ""},
    {"seven", 200, "900", CLASS_AUTH, "900", ""},
    {"seven", 200, "\"900\"", CLASS_AUTH, "900", ""},
    {"seven", 401, "900", CLASS_AUTH, "900", ""},
    {"seven", 200, "<html>Wartung</html>", CLASS_AMBIGUOUS, "", ""},
    {"seven", 200, "{\"messages\":[]}", CLASS_AMBIGUOUS, "", ""},
    {"sipgate", 204, "", CLASS_NONE, "", ""},
    {"sipgate", 401, "", CLASS_AUTH, "", ""},
    {"sipgate", 402, "", CLASS_CREDIT, "", ""},
    {"sipgate", 403, "", CLASS_AUTH, "", ""},
    {"link", 200, "{\"messageId\":\"Dcs+0P/AFQ=\",\"resultCode\":1005,\"description\":\"Queued\"}",
     CLASS_NONE, "1005", "Dcs+0P/AFQ="},
    {"link", 200, "{\"resultCode\":106101}", CLASS_AUTH, "106101", ""},
    {"link", 400, "{\"resultCode\":106200}", CLASS_AUTH, "106200", ""},
    {"link", 400, "{\"resultCode\":106300}", CLASS_PERMANENT, "106300", ""},
    {"link", 401, "", CLASS_AUTH, "", ""},
    {"link", 200, "{\"description\":\"Queued\"}", CLASS_AMBIGUOUS, "", ""},
    {"lox24", 201, "{\"uuid\":\"d6c12ac4-cc7d-11ec-b6da-525400bbb7dc\"}", CLASS_NONE, "",
     "d6c12ac4-cc7d-11ec-b6da-525400bbb7dc"},
    {"lox24", 400, "{\"detail\":\"phone\"}", CLASS_PERMANENT, "", ""},
    {"lox24", 401, "", CLASS_AUTH, "", ""},
    {"lox24", 402, "", CLASS_CREDIT, "", ""},
    {"lox24", 403, "", CLASS_AUTH, "", ""},
    {"lox24", 429, "", CLASS_THROTTLED, "", ""},
    {"smseagle", 200, "{\"result\":{\"message_id\":\"748\",\"status\":\"ok\"}}", CLASS_NONE, "ok",
     "748"},
    {"smseagle", 200, "{\"result\": [{\"message_id\": 4753, \"status\": \"ok\"}]}", CLASS_NONE,
     "ok", "4753"},
    {"smseagle", 200, "{\"result\":{\"error_text\":\"Invalid access token\",\"status\":\"error\"}}",
     CLASS_AUTH, "Invalid_access_token", ""},
    {"smseagle", 200, "{\"result\":\"Invalid login or password\"}", CLASS_AUTH,
     "Invalid_login_or_password", ""},
    {"smseagle", 200, "{\"result\":{\"status\":\"error\",\"error_text\":\"Wrong parameters\"}}",
     CLASS_PERMANENT, "Wrong_parameters", ""},
    {"smseagle", 200, "{\"result\":{}}", CLASS_AMBIGUOUS, "", ""},
    {"smseagle", 503, "", CLASS_TEMPORARY, "", ""},
};

static void verdicts(void **state)
{
    (void)state;
    char *dir = key_dir();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct transports *all = load_good(dir, answers[i].preset);
        struct buf answer = BUF_INIT, word = BUF_INIT, id = BUF_INIT;
        buf_puts(&answer, answers[i].answer);
        enum error_class got =
            sms_judge(all->transport[0]->state, answers[i].status, &answer, &word, &id);
        if (got != answers[i].class || !str_eq(buf_str(&word), answers[i].word) ||
            !str_eq(buf_str(&id), answers[i].id))
            fail_msg("%s %ld %s: %s \"%s\" \"%s\"", answers[i].preset, answers[i].status,
                     answers[i].answer, error_class_name(got), buf_str(&word), buf_str(&id));
        buf_release(&answer);
        buf_release(&word);
        buf_release(&id);
        transports_free(all);
    }
    rig_dir_free(dir);
}

#define LOX(code)                                                                                  \
    "{\"name\":\"sms.delivery\",\"data\":{\"id\":\"d6c1-2ac4\",\"dlr_code\":" code                 \
    ",\"status_code\":100,\"callback_data\":\"d17.8c3f\"}}"
#define SEVEN(status)                                                                              \
    "{\"webhook_event\":\"dlr\",\"data\":{\"msg_id\":\"7723\",\"status\":\"" status                \
    "\",\"timestamp\":\"2026-11-20 09:14:03\"}}"
#define LINK(code) "{\"refId\":\"d17.8c3f\",\"id\":\"Dcs0\",\"resultCode\":" code "}"

static const struct {
    const char *preset, *body, *reference, *id;
    enum report_status status;
} reports[] = {
    {"seven", SEVEN("DELIVERED"), "", "7723", REPORT_DELIVERED},
    {"seven", SEVEN("TRANSMITTED"), "", "7723", REPORT_SENT},
    {"seven", SEVEN("BUFFERED"), "", "7723", REPORT_QUEUED},
    {"seven", SEVEN("NOTDELIVERED"), "", "7723", REPORT_FAILED},
    {"seven", SEVEN("EXPIRED"), "", "7723", REPORT_FAILED},
    {"seven", SEVEN("UNKNOWN"), "", "7723", REPORT_UNKNOWN},
    {"link", LINK("1001"), "d17.8c3f", "Dcs0", REPORT_DELIVERED},
    {"link", LINK("1005"), "d17.8c3f", "Dcs0", REPORT_QUEUED},
    {"link", LINK("1006"), "d17.8c3f", "Dcs0", REPORT_FAILED},
    {"link", LINK("9999"), "d17.8c3f", "Dcs0", REPORT_UNKNOWN},
    {"lox24", LOX("1"), "d17.8c3f", "d6c1-2ac4", REPORT_DELIVERED},
    {"lox24", LOX("2"), "d17.8c3f", "d6c1-2ac4", REPORT_QUEUED},
    {"lox24", LOX("4"), "d17.8c3f", "d6c1-2ac4", REPORT_SENT},
    {"lox24", LOX("8"), "d17.8c3f", "d6c1-2ac4", REPORT_FAILED},
    {"lox24", LOX("16"), "d17.8c3f", "d6c1-2ac4", REPORT_FAILED},
};

static const char *no_argument(const void *context, const char *name)
{
    (void)context, (void)name;
    return "";
}

static void delivery_reports(void **state)
{
    (void)state;
    char *dir = key_dir();
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        struct transports *all = load_good(dir, reports[i].preset);
        const struct callback_input in = {no_argument, NULL, reports[i].body,
                                          strlen(reports[i].body)};
        struct report r;
        struct buf err = BUF_INIT;
        int rc = callback_read(&r, sms_report_rule(all->transport[0]), &in, &err);
        if (rc != 0 || r.status != reports[i].status ||
            !str_eq(r.reference, reports[i].reference) || !str_eq(r.provider_id, reports[i].id))
            fail_msg("%s %s: %s \"%s\" \"%s\" %s", reports[i].preset, reports[i].body,
                     report_status_name(r.status), r.reference, r.provider_id, buf_str(&err));
        buf_release(&err);
        transports_free(all);
    }
    rig_dir_free(dir);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *label, *preset, *options, *want;
    } cases[] = {
        {"unknown", "sevn", "", "there is no preset \"sevn\""},
        {"a preset of another adapter", "kannel", "", "there is no preset \"kannel\""},
        {"no key", "seven", "", "needs a token_file"},
        {"no sender", "lox24", "token_file = \"@/key\";", "needs the option from"},
        {"no address", "smseagle", "token_file = \"@/key\";", "needs the option url"},
        {"no key in the body", "smseagle", "url = \"https://eagle.test/\";",
         "needs the option token_file"},
        {"no account", "link", "url = \"https://link.test/\"; from = \"Ulm\"; username = \"u\";",
         "needs the option account"},
        {"basic without password", "sipgate", "from = \"s0\"; username = \"u\";",
         "needs username and password_file"},
        {"plain http", "seven", "token_file = \"@/key\"; url = \"http://gateway.test/\";",
         "url must be https"},
        {"JSON in a form", "lox24", "from = \"Ulm\"; token_file = \"@/key\"; body = \"form\";",
         "body must be \"json\""},
        {"header without a name", "",
         "url = \"https://x.test/\"; token_file = \"@/key\"; auth = \"header\";",
         "needs an auth_name"},
        {"no address, no preset", "", "", "lacks the option \"url\""},
    };
    char *dir = key_dir();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf report = BUF_INIT;
        struct transports *all = load(dir, cases[i].preset, cases[i].options, &report);
        if (all || !strstr(buf_str(&report), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&report));
        transports_free(all);
        buf_release(&report);
    }
    rig_dir_free(dir);
}

static void hostile_answers(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "\xff\xfe{",
                                         "[[[[[[[[",
                                         "{\"success\":",
                                         "{\"success\":{}}",
                                         "{\"result\":\"\"}",
                                         "{\"success\":\"100 \"}",
                                         "{\"uuid\":[1]}",
                                         "100100100100100100100100",
                                         "\"",
                                         "{\"a\":1}\n{"};
    char *dir = key_dir();
    for (size_t i = 0; i < COUNT_OF(given); i++)
        for (size_t k = 0; k < COUNT_OF(bodies); k++) {
            struct transports *all = load_good(dir, given[i].preset);
            struct buf answer = BUF_INIT, word = BUF_INIT, id = BUF_INIT;
            buf_puts(&answer, bodies[k]);
            enum error_class got = sms_judge(all->transport[0]->state, 500, &answer, &word, &id);
            if (got != CLASS_TEMPORARY)
                fail_msg("%s, 500 %s: %s", given[i].preset, bodies[k], error_class_name(got));
            buf_release(&answer);
            buf_release(&word);
            buf_release(&id);
            transports_free(all);
        }
    rig_dir_free(dir);
}

/* What the shipped file says can be loaded as it is. */
static void shipped_example(void **state)
{
    (void)state;
    char *dir = key_dir();
    struct buf file = rig_read("config", "sms-gateways.example"), text = BUF_INIT,
               report = BUF_INIT;
    for (const char *p = buf_str(&file); *p; p++) {
        if (str_starts(p, "\"gateway.key\"")) {
            buf_printf(&text, "\"%s/key\"", dir);
            p += strlen("\"gateway.key\"") - 1;
        } else {
            buf_addc(&text, *p);
        }
    }
    struct transports *all = rig_try(buf_str(&text), &report);
    if (!all || report.len)
        fail_msg("%s", buf_str(&report));
    assert_int_equal(all->count, 7);
    transports_free(all);
    buf_release(&file);
    buf_release(&text);
    buf_release(&report);
    rig_dir_free(dir);
}

static void listed(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, list = BUF_INIT;
    struct json_place where;
    sms_presets_print(&text);
    sms_presets_json(&list);
    struct json *root = json_read(buf_str(&list), list.len, &where);
    assert_non_null(root);
    assert_int_equal(json_count(root), 7);
    for (size_t i = 0; i < json_count(root); i++) {
        const char *name = json_text(json_get(json_at(root, i), "preset"));
        const char *tested = json_text(json_get(json_at(root, i), "tested"));
        bool real = str_eq(name, "kannel") || str_eq(name, "gammu");
        assert_string_equal(tested, real ? "real" : "imitated, not proven");
        assert_non_null(strstr(buf_str(&text), name));
    }
    json_free(root);
    buf_release(&text);
    buf_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(given_before_preset),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(delivery_reports),
        cmocka_unit_test(faults),
        cmocka_unit_test(hostile_answers),
        cmocka_unit_test(shipped_example),
        cmocka_unit_test(listed),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("sms_presets", tests, NULL, NULL);
}
