/*
 * On what terms SMS leave (sms_terms.c), what the preview says of it (sms_preview.c), and the group
 * of a transport that takes delivery reports (reports.c), with all that can be wrong in each.
 */
#include "adapter_rig.h"

#include "../adapters/reports.h"
#include "../adapters/sms_http.h"
#include "../adapters/sms_terms.h"
#include "../daemon/sms_preview.h"
#include "../daemon/template.h"

#define SIXTY "Neuer Stand zu einem Vorgang, bitte heute noch nachsehen...."
#define A160                                                                                       \
    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh"             \
    "iiiiiiiiiijjjjjjjjjjkkkkkkkkkkllllllllllmmmmmmmmmmnnnnnnnnnnoooooooooopppppppppp"

static struct transports *funk(const char *options)
{
    return rig_transports("transports = ( { name = \"funk\"; adapter = \"null_sms\"; %s } );",
                          options);
}

/* `urgent` is asked of sms_terms_job() only. */
static const struct {
    const char *label, *options, *in;
    bool urgent, refused;
    enum gsm_encoding encoding;
    long parts;
    const char *want; /* NULL: as it came in */
} leaving[] = {
    {"plain", "", "Grüße", false, false, GSM_7BIT, 1, NULL},
    {"typographic", "", "„Łódź“ – 14\u00a0Uhr…", false, false, GSM_7BIT, 1, "\"Lodz\" - 14 Uhr..."},
    {"other scripts as they are", "", "Привет", false, false, GSM_UCS2, 1, NULL},
    {"never UCS-2", "unicode = \"never\";", "Привет 😀 ä", false, false, GSM_7BIT, 1, "?????? ? ä"},
    {"never UCS-2, urgent neither", "unicode = \"never\";", "ж", true, false, GSM_7BIT, 1, "?"},
    {"UCS-2 of as many parts as allowed", "max_parts = 2;", "ж" SIXTY SIXTY, false, false, GSM_UCS2,
     2, NULL},
    {"UCS-2 of more parts gives up its letters", "max_parts = 1;", "ж" SIXTY SIXTY, false, false,
     GSM_7BIT, 1, "?" SIXTY SIXTY},
    {"urgent: sent whole, whatever it needs", "max_parts = 1;", "ж" SIXTY SIXTY, true, false,
     GSM_UCS2, 2, NULL},
    {"two parts are allowed", "max_parts = 2;", A160 "q", false, false, GSM_7BIT, 2, NULL},
    {"too long is refused", "max_parts = 1;", A160 "q", false, true, GSM_7BIT, 2, NULL},
    {"too long but urgent", "max_parts = 1;", A160 "q", true, false, GSM_7BIT, 2, NULL},
    {"too long in any alphabet", "max_parts = 1;", "ж" A160, false, true, GSM_7BIT, 2, "?" A160},
};

static void test_jobs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(leaving); i++) {
        struct transports *all = funk(leaving[i].options);
        struct job *job = rig_job(all->transport[0], "+491510000001", leaving[i].in);
        struct buf out = BUF_INIT;
        struct gsm_size size;
        job->urgent = leaving[i].urgent;
        int rc = sms_terms_job(&out, job);
        gsm_measure(&size, buf_str(&out));
        const char *want = leaving[i].want ? leaving[i].want : leaving[i].in;
        if ((rc < 0) != leaving[i].refused || size.encoding != leaving[i].encoding ||
            size.parts != leaving[i].parts || !str_eq(buf_str(&out), want))
            fail_msg("%s: %d, %s, %ld parts: %s", leaving[i].label, rc,
                     gsm_encoding_name(size.encoding), size.parts, buf_str(&out));
        if (rc < 0)
            rig_expect(leaving[i].label, job, ATTEMPT_FAILED, CLASS_PERMANENT);
        else
            assert_false(job->ended);
        buf_release(&out);
        job_free(job);
        transports_free(all);
    }
}

/* ---- the preview */

static const struct {
    const char *label, *options, *in, *want; /* all of "said" */
} said[] = {
    {"plain", "price_cents = 7.5;", "Grüße",
     "Zeichensatz: GSM-7, 5 von 160 Plätzen, 1 Teil (höchstens 4)\nKosten: 7,5 Cent\nText:\nGrüße"},
    {"no price", "", "„x“",
     "Zeichensatz: GSM-7, 3 von 160 Plätzen, 1 Teil (höchstens 4)\nKosten: kein Preis "
     "hinterlegt\nText, wie er hinausgeht:\n\"x\""},
    {"UCS-2", "price_cents = 8;", "aж😀" SIXTY "12345678",
     "Zeichensatz: UCS-2, 72 von 134 Plätzen, 2 Teile (höchstens 4)\nKosten: 16 Cent\n"
     "Zeichen, die UCS-2 erzwingen: ж (Stelle 2), 😀 (Stelle 3)\nText:\naж😀" SIXTY "12345678"},
    {"never", "unicode = \"never\"; price_cents = 0;", "aж",
     "Zeichensatz: GSM-7, 2 von 160 Plätzen, 1 Teil (höchstens 4)\nKosten: 0 Cent\n"
     "Zeichen, die durch ? ersetzt werden: ж (Stelle 2)\nText, wie er hinausgeht:\na?"},
    {"too long", "max_parts = 1; price_cents = 0.075;", A160 "q",
     "Zeichensatz: GSM-7, 161 von 306 Plätzen, 2 Teile (höchstens 1)\nZu lang: Nur eine Notlage "
     "ginge so hinaus, alles andere wird nicht gesendet.\nKosten: 0,15 Cent\nText:\n" A160 "q"},
};

static void test_preview(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct transports *all = funk(said[i].options);
        struct buf out = BUF_INIT;
        struct json_place where;
        sms_preview(&out, all->transport[0], said[i].in);
        struct json *root = json_read(buf_str(&out), out.len, &where);
        assert_non_null(root);
        if (!str_eq(json_text(json_get(root, "said")), said[i].want))
            fail_msg("%s:\n%s", said[i].label, json_text(json_get(root, "said")));
        json_free(root);
        buf_release(&out);
        transports_free(all);
    }
}

/* Hostile characters are shown without harm, and not without end. */
static void test_preview_hostile(void **state)
{
    (void)state;
    struct transports *all = funk("");
    struct buf out = BUF_INIT, text = BUF_INIT;
    struct json_place where;
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "\x01ж\x7f");
    sms_preview(&out, all->transport[0], buf_str(&text));
    struct json *root = json_read(buf_str(&out), out.len, &where);
    assert_non_null(root);
    assert_int_equal(json_count(json_get(root, "foreign")), 20);
    const char *words = json_text(json_get(root, "said"));
    const char *shown = strstr(words, "Zeichen, die"), *end = strstr(words, "\nText");
    assert_true(shown && end && shown < end);
    assert_true((size_t)(end - shown) < 600 && strcspn(shown, "\x01\x7f") > (size_t)(end - shown));
    json_free(root);
    buf_release(&out);
    buf_release(&text);
    transports_free(all);
}

/* Each template of the tree fits one part with every key at its longest, in the preview as well. */
static void test_preview_templates(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    struct templates *all = templates_load("config/templates", &faults);
    size_t seen = 0;
    if (!all)
        fail_msg("%s", buf_str(&report));
    for (size_t i = 0; i < templates_count(all); i++) {
        const struct template *t = templates_at(all, i);
        struct buf text = BUF_INIT;
        struct gsm_size size;
        if (!str_ends(template_name(t), ".sms.txt"))
            continue;
        sms_preview_template(&text, t);
        gsm_measure(&size, buf_str(&text));
        if (size.encoding != GSM_7BIT || size.parts != 1 || strchr(buf_str(&text), '{'))
            fail_msg("%s: %ld parts: %s", template_name(t), size.parts, buf_str(&text));
        seen++;
        buf_release(&text);
    }
    assert_true(seen > 30);
    templates_free(all);
    buf_release(&report);
}

/* ---- loading */

#define HTTP "name = \"g\"; adapter = \"sms_http\"; tls = \"none\"; url = \"http://127.0.0.1:1/\"; "
#define WHO "secret_file = \"/nowhere/r.secret\"; sources = \"127.0.0.1\"; "

static void test_faults(void **state)
{
    static const struct {
        const char *transport, *want;
    } cases[] = {
        {HTTP "unicode = \"always\";", "unicode = \"always\" is not one of"},
        {HTTP "max_parts = 0;", "max_parts"},
        {HTTP "max_parts = 31;", "max_parts"},
        {HTTP "price_cents = -1;", "price_cents: cents for one part"},
        {HTTP "price_cents = 1000.5;", "price_cents: cents for one part"},
        {HTTP "price_cents = \"7\";", "price_cents: cents for one part"},
        {HTTP "max_part = 2;", "did you mean"},
        {HTTP "reports = \"yes\";", "reports is a group"},
        {HTTP "reports = { };", "reports needs a secret_file"},
        {HTTP "reports = { secret_file = \"/nowhere/r.secret\"; };", "reports needs sources"},
        {HTTP "reports = { " WHO "code = 404; };", "code"},
        {HTTP "reports = { " WHO "body = \"a\\tb\"; };", "body: at most 200"},
        {HTTP "reports = { " WHO "secret_fil = 1; };", "did you mean \"secret_file\""},
        {HTTP "report_url = \"https://g.test/sms/report/g?key={key}\";",
         "{key} is the secret of a group reports"},
        {"name = \"m\"; adapter = \"null_email\"; reports = { };",
         "inbound and reports are for SMS only"},
        {"name = \"m\"; adapter = \"null_email\"; max_parts = 2;", "max_parts"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        buf_printf(&text, "transports = ( { %s } );", cases[i].transport);
        struct transports *all = rig_try(buf_str(&text), &report);
        if (all || !strstr(buf_str(&report), cases[i].want))
            fail_msg("%s: %s", cases[i].transport, buf_str(&report));
        buf_release(&text);
        buf_release(&report);
    }
}

static struct transports *with_reports(const char *dir, const char *adapter, struct buf *report)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "transports = ( { name = \"g\"; adapter = %s reports = { secret_file = "
               "\"%s/secret\"; sources = \"127.0.0.1\"; code = 204; }; } );",
               adapter, dir);
    struct transports *all = rig_try(buf_str(&text), report);
    buf_release(&text);
    return all;
}

static void test_reports(void **state)
{
    (void)state;
    char *dir = rig_dir();
    struct buf report = BUF_INIT;
    rig_write(dir, "secret", "sixteen-characters\n");
    struct transports *all = with_reports(
        dir,
        "\"sms_http\"; url = \"https://g.test/\"; report_reference = \"r\"; report_status = \"s\"; "
        "report_url = \"https://us.test/sms/report/g?key={key}&r={reference}\";",
        &report);
    if (!all)
        fail_msg("%s", buf_str(&report));
    const struct reports *reports = all->transport[0]->reports;
    assert_string_equal(reports_key(reports), "sixteen-characters");
    assert_string_equal(reports_key(NULL), "");
    assert_int_equal(reports->code, 204);
    assert_string_equal(reports->body, "");
    transports_free(all);
    buf_reset(&report);
    assert_null(with_reports(dir, "\"sms_http\"; url = \"https://g.test/\";", &report));
    assert_non_null(strstr(buf_str(&report), "nothing says how to read one"));
    buf_reset(&report);
    assert_null(with_reports(dir, "\"null_sms\";", &report));
    assert_non_null(strstr(buf_str(&report), "nothing says how to read one"));
    buf_release(&report);
    rig_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_preview),
        cmocka_unit_test(test_preview_hostile),
        cmocka_unit_test(test_preview_templates),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_reports),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("sms_terms", tests, NULL, NULL);
}
