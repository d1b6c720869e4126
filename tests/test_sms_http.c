/*
 * sms_http.c with its helpers, and sms_kannel.c: requests as they arrive at a scripted gateway, the
 * verdicts on its answers, and a real Kannel from request to handset and delivery report.
 */
#include "adapter_rig.h"

#include "../adapters/http_body.h"
#include "../adapters/sms_http.h"

static void filling(void **state)
{
    (void)state;
    const struct http_value values[] = {
        {"to", "+49151"},
        {"text", "a {to} & \"b\"\n\xc3\xbc"},
        {"empty", ""},
        {NULL, NULL},
    };
    const struct {
        const char *pattern;
        enum http_escape escape;
        const char *want;
    } cases[] = {
        {"{to}", HTTP_PLAIN, "+49151"},
        {"{to}", HTTP_PERCENT, "%2B49151"},
        {"{text}", HTTP_PLAIN, "a {to} & \"b\"\n\xc3\xbc"},
        {"x={text}", HTTP_PERCENT, "x=a%20%7Bto%7D%20%26%20%22b%22%0A%C3%BC"},
        {"{\"m\":\"{text}\",\"n\":{}}", HTTP_JSON,
         "{\"m\":\"a {to} & \\\"b\\\"\\u000a\xc3\xbc\",\"n\":{}}"},
        {"[{empty}]", HTTP_PERCENT, "[]"},
        {"{unknown}{To}{to", HTTP_PLAIN, "{unknown}{To}{to"},
        {"{{to}}", HTTP_PLAIN, "{+49151}"},
        {"", HTTP_PLAIN, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT;
        http_fill(&out, cases[i].pattern, values, cases[i].escape);
        assert_string_equal(buf_str(&out), cases[i].want);
        buf_release(&out);
    }
    struct buf err = BUF_INIT;
    assert_int_equal(http_check_pattern("{\"a\":\"{to}\"} {} {X}", values, &err), 0);
    assert_int_equal(http_check_pattern("{tu}", values, &err), -1);
    assert_string_equal(buf_str(&err),
                        "{tu} is no placeholder here; there are {to} {text} {empty}");
    buf_release(&err);
}

static void sets(void **state)
{
    (void)state;
    const struct {
        const char *set;
        long code;
        bool want;
        int check;
    } cases[] = {
        {"200 202", 202, true, 0},   {"200 202", 201, false, 0}, {"408 500-599", 503, true, 0},
        {"500-599", 500, true, 0},   {"500-599", 599, true, 0},  {"500-599", 499, false, 0},
        {"  200  ", 200, true, 0},   {"", 200, false, 0},        {"200,202", 200, false, -1},
        {"599-500", 550, false, -1}, {"20", 20, false, -1},      {"600", 600, false, -1},
        {"200-", 200, false, -1},    {"5xx", 500, false, -1},    {"200 abc", 201, false, -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf err = BUF_INIT;
        if (http_codes_have(cases[i].set, cases[i].code) != cases[i].want ||
            http_check_codes(cases[i].set, &err) != cases[i].check)
            fail_msg("\"%s\" %ld", cases[i].set, cases[i].code);
        buf_release(&err);
    }
    assert_true(http_words_have("100 OK", "OK"));
    assert_false(http_words_have("100 OK", "O"));
    assert_false(http_words_have("100 OK", ""));
    assert_false(http_words_have("", "OK"));
    assert_false(http_words_have("100 OK", "100 OK"));
}

static void pointers(void **state)
{
    (void)state;
    static const char text[] = "{\"success\":\"100\",\"n\":7,\"t\":true,\"a/b\":{\"m~n\":\"x\"},"
                               "\"messages\":[{\"id\":\"one\"},{\"id\":2}],\"z\":null,\"f\":1.5}";
    const struct {
        const char *pointer, *want; /* NULL: nothing there */
    } cases[] = {
        {"/success", "100"},
        {"/n", "7"},
        {"/t", "true"},
        {"/a~1b/m~0n", "x"},
        {"/messages/0/id", "one"},
        {"/messages/1/id", "2"},
        {"/messages/2/id", NULL},
        {"/messages/-1/id", NULL},
        {"/messages", NULL},
        {"/z", NULL},
        {"/f", NULL},
        {"/none", NULL},
        {"/success/x", NULL},
        {"success", NULL},
        {"/a~2b", NULL},
        {"", NULL},
    };
    struct json_place where;
    struct json *root = json_read(text, strlen(text), &where);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT;
        bool got = http_pointer(&out, root, cases[i].pointer);
        if (got != (cases[i].want != NULL) || (got && !str_eq(buf_str(&out), cases[i].want)))
            fail_msg("%s: \"%s\"", cases[i].pointer, buf_str(&out));
        buf_release(&out);
    }
    json_free(root);
}

/* A scripted gateway, its directory, one handle. */
struct gateway {
    char *dir;
    struct rig_peer peer;
    CURL *easy;
    int requests;
};

static struct gateway gateway_start(void)
{
    struct gateway g = {.dir = rig_dir(), .easy = curl_easy_init()};
    char port[16];
    int at = rig_port();
    snprintf(port, sizeof port, "%d", at);
    rig_write(g.dir, "key", "ge&heim\n");
    const char *argv[] = {PYTHON, "tests/peers/http_peer.py", port, g.dir, NULL};
    g.peer = rig_start(at, argv);
    return g;
}

static void gateway_stop(struct gateway *g)
{
    curl_easy_cleanup(g->easy);
    rig_stop(&g->peer);
    rig_dir_free(g->dir);
}

/* In options, @ stands for the directory. */
static struct transports *gateway_transport(struct gateway *g, const char *path,
                                            const char *options)
{
    struct buf text = BUF_INIT;
    for (const char *p = options; *p; p++)
        *p == '@' ? buf_puts(&text, g->dir) : buf_addc(&text, *p);
    struct transports *all =
        rig_transports("transports = ( { name = \"sms\"; adapter = \"sms_http\"; tls = \"none\"; "
                       "url = \"http://127.0.0.1:%d%s\"; %s } );",
                       g->peer.port, path, buf_str(&text));
    buf_release(&text);
    return all;
}

static const struct {
    const char *label, *path, *options;
    const char *want[4]; /* all to be found in the request */
} sendings[] = {
    {"query",
     "/answer/200/ok",
     "body = \"query\"; from = \"Ulm\"; params = ( { name = \"to\"; value = \"{to}\"; }, { "
     "name = "
     "\"t&x\"; value = \"{text}\"; }, { name = \"sender\"; value = \"{from}\"; }, { name = "
     "\"none\"; value = \"{report_url}\"; } );",
     {"GET /answer/200/ok?to=%2B491510000001&t%26x=Vorgang%20%7Bto%7D%20%26%20%22x%22%20%C3%BC"
      "&sender=Ulm HTTP/1.1\n"}},
    {"form with key and report address",
     "/answer/200/ok",
     "password_file = \"@/key\"; number_format = \"digits\"; report_url = "
     "\"https://gw.test/r?ref={reference}\"; params = ( { name = \"to\"; value = \"{to}\"; }, "
     "{ "
     "name = \"key\"; value = \"{password}\"; }, { name = \"cb\"; value = \"{report_url}\"; } "
     ");",
     {"POST /answer/200/ok HTTP/1.1\n", "application/x-www-form-urlencoded",
      "\n\nto=491510000001&key=ge%26heim&cb=https%3A%2F%2Fgw.test%2Fr%3Fref%3D42"}},
    {"json of params, header key",
     "/answer/200/ok",
     "body = \"json\"; password_file = \"@/key\"; number_format = \"00\"; headers = ( { name = "
     "\"X-Api-Key\"; value = \"{password}\"; }, { name = \"Idempotency-Key\"; value = "
     "\"{reference}\"; } ); params = ( { name = \"to\"; value = \"{to}\"; }, { name = "
     "\"text\"; "
     "value = \"{text}\"; } );",
     {"X-Api-Key: ge&heim\n", "Idempotency-Key: 42\n", "Content-Type: application/json\n",
      "\n\n{\"to\":\"00491510000001\",\"text\":\"Vorgang {to} & \\\"x\\\" \xc3\xbc\"}"}},
    {"json template, PUT",
     "/answer/200/ok",
     "body = \"json\"; method = \"PUT\"; template = "
     "\"{\\\"params\\\":{\\\"to\\\":\\\"{to}\\\",\\\"message\\\":\\\"{text}\\\","
     "\\\"unicode\\\":"
     "{coding}}}\";",
     {"PUT /answer", "\n\n{\"params\":{\"to\":\"+491510000001\",\"message\":\"Vorgang {to} & "
                     "\\\"x\\\" \xc3\xbc\",\"unicode\":0}}"}},
    {"text",
     "/answer/200/ok",
     "body = \"text\"; template = \"{to}: {text}\";",
     {"Content-Type: text/plain; charset=utf-8\n",
      "\n\n+491510000001: Vorgang {to} & \"x\" \xc3\xbc"}},
    {"basic",
     "/answer/200/ok",
     "auth = \"basic\"; username = \"token\"; password_file = \"@/key\";",
     {"Authorization: Basic dG9rZW46Z2UmaGVpbQ==\n"}},
    {"placeholder in the path",
     "/answer/200/{username}",
     "username = \"a/b\"; body = \"query\";",
     {"GET /answer/200/a%2Fb HTTP/1.1\n"}},
};

static void requests(void **state)
{
    (void)state;
    struct gateway g = gateway_start();
    for (size_t i = 0; i < COUNT_OF(sendings); i++) {
        struct transports *all = gateway_transport(&g, sendings[i].path, sendings[i].options);
        struct job *job = rig_job(all->transport[0], "+491510000001",
                                  "Vorgang {to} & \xe2\x80\x9ex\xe2\x80\x9c \xc3\xbc");
        char file[32];
        job_run(job, g.easy);
        rig_expect(sendings[i].label, job, ATTEMPT_SENT, CLASS_NONE);
        snprintf(file, sizeof file, "%d.req", ++g.requests);
        struct buf request = rig_read(g.dir, file), plain = BUF_INIT;
        for (const char *p = buf_str(&request); *p; p++)
            if (*p != '\r')
                buf_addc(&plain, *p);
        for (size_t k = 0; k < COUNT_OF(sendings[i].want) && sendings[i].want[k]; k++)
            if (!strstr(buf_str(&plain), sendings[i].want[k]))
                fail_msg("%s: no %s in %s", sendings[i].label, sendings[i].want[k],
                         buf_str(&plain));
        buf_release(&plain);
        buf_release(&request);
        job_free(job);
        transports_free(all);
    }
    gateway_stop(&g);
}

#define SEVEN                                                                                      \
    "body = \"json\"; ok_codes = \"200\"; ok_pointer = \"/success\"; ok_values = \"100\"; "        \
    "temporary_values = \"500\"; auth_values = \"900 902\"; address_values = \"202\"; "            \
    "credit_values = \"903\"; full_values = \"910\"; policy_values = \"402\"; "                    \
    "throttled_values = \"429\"; local_values = \"101\"; permanent_values = \"304\"; "             \
    "id_pointer = \"/messages/0/id\";"
#define EAGLE                                                                                      \
    "ok_regex = \"^([A-Z]+);\"; ok_values = \"OK\"; id_regex = \"ID=([0-9]+)\"; "                  \
    "address_codes = \"404\";"

static const struct {
    const char *path, *options;
    enum attempt_end end;
    enum error_class class;
    int code;
    const char *id;
} answers[] = {
    {"/answer/200/ok", "", ATTEMPT_SENT, CLASS_NONE, 200, ""},
    {"/answer/204/", "", ATTEMPT_SENT, CLASS_NONE, 204, ""},
    {"/answer/400/no", "", ATTEMPT_FAILED, CLASS_PERMANENT, 400, ""},
    {"/answer/401/", "", ATTEMPT_DEFERRED, CLASS_AUTH, 401, ""},
    {"/answer/403/", "", ATTEMPT_DEFERRED, CLASS_AUTH, 403, ""},
    {"/answer/402/", "", ATTEMPT_DEFERRED, CLASS_CREDIT, 402, ""},
    {"/answer/404/", "", ATTEMPT_DEFERRED, CLASS_LOCAL, 404, ""},
    {"/answer/410/", "", ATTEMPT_DEFERRED, CLASS_LOCAL, 410, ""},
    {"/answer/406/", "address_codes = \"406\";", ATTEMPT_FAILED, CLASS_ADDRESS, 406, ""},
    {"/answer/507/", "full_codes = \"507\";", ATTEMPT_DEFERRED, CLASS_FULL, 507, ""},
    {"/answer/206/", "", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 206, ""},
    {"/answer/408/", "", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 408, ""},
    {"/later/429", "", ATTEMPT_DEFERRED, CLASS_THROTTLED, 429, ""},
    {"/date/429", "", ATTEMPT_DEFERRED, CLASS_THROTTLED, 429, ""},
    {"/date/503", "", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 503, ""},
    {"/later/503", "", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 503, ""},
    {"/moved", "", ATTEMPT_DEFERRED, CLASS_LOCAL, 302, ""},
    {"/drop", "", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ""},
    {"/hang", "timeout = \"1s\";", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ""},
    {"/answer/200/%7B%22success%22:%22100%22,%22messages%22:%5B%7B%22id%22:%2277-a%22%7D%5D%7D",
     SEVEN, ATTEMPT_SENT, CLASS_NONE, 200, "77-a"},
    {"/answer/200/%7B%22success%22:100,%22messages%22:%5B%7B%22id%22:%22a%20b%22%7D%5D%7D", SEVEN,
     ATTEMPT_SENT, CLASS_NONE, 200, ""},
    {"/answer/200/%7B%22success%22:%22900%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_AUTH, 200, ""},
    {"/answer/200/%7B%22success%22:%22500%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_TEMPORARY, 200,
     ""},
    {"/answer/200/%7B%22success%22:%22202%22%7D", SEVEN, ATTEMPT_FAILED, CLASS_ADDRESS, 200, ""},
    {"/answer/200/%7B%22success%22:%22305%22%7D", SEVEN, ATTEMPT_FAILED, CLASS_PERMANENT, 200, ""},
    {"/answer/200/%7B%22success%22:%22903%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_CREDIT, 200, ""},
    {"/answer/200/%7B%22success%22:%22910%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_FULL, 200, ""},
    {"/answer/200/%7B%22success%22:%22402%22%7D", SEVEN, ATTEMPT_FAILED, CLASS_POLICY, 200, ""},
    {"/answer/200/%7B%22success%22:%22429%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_THROTTLED, 200,
     ""},
    {"/answer/200/%7B%22success%22:%22101%22%7D", SEVEN, ATTEMPT_DEFERRED, CLASS_LOCAL, 200, ""},
    {"/answer/200/%7B%22success%22:%22304%22%7D", SEVEN, ATTEMPT_FAILED, CLASS_PERMANENT, 200, ""},
    {"/answer/200/maintenance", SEVEN, ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 200, ""},
    {"/big", SEVEN, ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 200, ""},
    {"/answer/200/OK;%20ID=297", EAGLE, ATTEMPT_SENT, CLASS_NONE, 200, "297"},
    {"/answer/200/ERR;%20full", EAGLE, ATTEMPT_FAILED, CLASS_PERMANENT, 200, ""},
    {"/answer/200/hello", EAGLE, ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 200, ""},
    {"/answer/404/no", EAGLE, ATTEMPT_FAILED, CLASS_ADDRESS, 404, ""},
};

static void verdicts(void **state)
{
    (void)state;
    struct gateway g = gateway_start();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct transports *all = gateway_transport(&g, answers[i].path, answers[i].options);
        struct job *job = rig_job(all->transport[0], "+491510000001", "Bitte quittieren.");
        job_run(job, g.easy);
        rig_expect(answers[i].path, job, answers[i].end, answers[i].class);
        assert_int_equal(job->result.code, answers[i].code);
        assert_string_equal(job->result.provider_id, answers[i].id);
        if (str_starts(answers[i].path, "/date")) /* a moment, told by whole seconds */
            assert_in_range(job->result.retry_after_s, 595, 601);
        else
            assert_int_equal(job->result.retry_after_s,
                             str_starts(answers[i].path, "/later") ? 7 : 0);
        assert_true(job->answer.len <= ANSWER_MAX);
        if (strstr(job->result.text, "quittieren") || strstr(job->result.text, "49151"))
            fail_msg("%s: content shows in \"%s\"", answers[i].path, job->result.text);
        job_free(job);
        transports_free(all);
    }
    gateway_stop(&g);
}

static void impossible_jobs_send_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "491510000001",  "+49", "+49 151 0000001", "+4915100000012345678", "+49151\r\nX: y",
        "+49abc0000001", ""};
    struct gateway g = gateway_start();
    struct transports *all = gateway_transport(
        &g, "/answer/200/ok", "headers = ( { name = \"R\"; value = \"{reference}\"; } );");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct job *job = rig_job(all->transport[0], bad[i], "x");
        job_run(job, g.easy);
        rig_expect(bad[i], job, ATTEMPT_FAILED, CLASS_ADDRESS);
        job_free(job);
    }
    struct job *job = rig_job(all->transport[0], "+491510000001", "x");
    free(job->message.reference);
    job->message.reference = xstrdup("42\r\nX: y");
    job_run(job, g.easy);
    rig_expect("reference", job, ATTEMPT_FAILED, CLASS_PERMANENT);
    job_free(job);
    struct buf request = rig_read(g.dir, "1.req");
    assert_int_equal(request.len, 0);
    buf_release(&request);
    transports_free(all);
    gateway_stop(&g);
}

static void faults(void **state)
{
    (void)state;
    const struct {
        const char *label, *url, *options, *want; /* want NULL: good */
    } cases[] = {
        {"good", "https://sms.example.test/send", "", NULL},
        {"loopback", "http://127.0.0.1:8080/send", "tls = \"none\";", NULL},
        {"plain http", "http://sms.example.test/send", "", "url must be https"},
        {"plain http, said so", "http://sms.example.test/send", "tls = \"none\";", "loopback"},
        {"plain loopback, not said", "http://127.0.0.1/send", "", "url must be https"},
        {"ftp", "ftp://x/", "", "url is not understood"},
        {"placeholder", "https://x.test/", "params = ( { name = \"a\"; value = \"{tp}\"; } );",
         "{tp} is no placeholder here"},
        {"text in a header", "https://x.test/",
         "headers = ( { name = \"A\"; value = \"{text}\"; } );", "{text} is no placeholder here"},
        {"header name", "https://x.test/", "headers = ( { name = \"A: b\"; value = \"c\"; } );",
         "usable name"},
        {"misspelt in a list", "https://x.test/", "params = ( { nam = \"a\"; value = \"b\"; } );",
         "nam"},
        {"codes", "https://x.test/", "ok_codes = \"2xx\";", "no list of HTTP codes"},
        {"pointer", "https://x.test/", "ok_pointer = \"success\";", "JSON pointer begins with"},
        {"expression", "https://x.test/", "ok_regex = \"(\";", "extended regular expression"},
        {"values without place", "https://x.test/", "ok_values = \"1\";", "needs ok_pointer"},
        {"body", "https://x.test/", "body = \"xml\";", "\"query\", \"form\", \"json\", \"text\""},
        {"GET with body", "https://x.test/", "method = \"GET\";", "GET has no body"},
        {"text without template", "https://x.test/", "body = \"text\";", "needs a template"},
        {"basic without password", "https://x.test/", "auth = \"basic\";", "needs username"},
        {"report address", "https://x.test/", "report_url = \"https://g.test/{to}\";",
         "{to} is no placeholder"},
        {"timeout", "https://x.test/", "timeout = \"1h\";", "between 1s and 2m"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        buf_printf(&text,
                   "transports = ( { name = \"sms\"; adapter = \"sms_http\"; url = \"%s\"; %s } );",
                   cases[i].url, cases[i].options);
        struct transports *all = rig_try(buf_str(&text), &report);
        if ((all == NULL) != (cases[i].want != NULL) ||
            (cases[i].want && !strstr(buf_str(&report), cases[i].want)))
            fail_msg("%s: %s", cases[i].label, buf_str(&report));
        transports_free(all);
        buf_release(&text);
        buf_release(&report);
    }
}

struct kannel {
    char *dir;
    struct rig_peer peer;
    struct transports *all;
    CURL *easy;
};

static struct kannel kannel_start(const char *password, int report_port)
{
    struct kannel k = {.dir = rig_dir(), .easy = curl_easy_init()};
    char port[4][16];
    int send = 0;
    rig_need(PEERS "sbin/bearerbox");
    rig_need(PEERS "sbin/smsbox");
    rig_need(PEERS "lib/kannel/test/fakesmsc");
    for (int i = 0; i < 4; i++)
        snprintf(port[i], sizeof port[i], "%d", i == 2 ? send = rig_port() : rig_port());
    const char *argv[] = {"tests/peers/kannel.sh", k.dir, port[0], port[1], port[2], port[3], NULL};
    k.peer = rig_start(send, argv);
    rig_write(k.dir, "password", password);
    k.all =
        rig_transports("transports = ( { name = \"sms\"; adapter = \"sms_kannel\"; tls = \"none\"; "
                       "url = \"http://127.0.0.1:%d/cgi-bin/sendsms\"; username = \"gw\"; "
                       "password_file = \"%s/password\"; from = \"Ulm\"; "
                       "report_url = \"http://127.0.0.1:%d/answer/200/ok\"; } );",
                       send, k.dir, report_port);
    return k;
}

static void kannel_stop(struct kannel *k)
{
    curl_easy_cleanup(k->easy);
    transports_free(k->all);
    rig_stop(&k->peer);
    rig_dir_free(k->dir);
}

static void await_text(const char *dir, const char *name, const char *text)
{
    for (int ms = 0; ms < RIG_DEADLINE_MS; ms += RIG_STEP_MS) {
        struct buf now = rig_read(dir, name);
        bool there = strstr(buf_str(&now), text) != NULL;
        buf_release(&now);
        if (there)
            return;
        rig_pause();
    }
    fail_msg("\"%s\" did not come to %s/%s", text, dir, name);
}

static void kannel_delivers_and_reports(void **state)
{
    (void)state;
    struct gateway reports = gateway_start();
    struct kannel k = kannel_start("geheim\n", reports.peer.port);
    struct job *job = rig_job(k.all->transport[0], "+491510000001",
                              "Neue Meldung & Vorgang K7F3-92QX. F\xc3\xbcr R\xc3\xbc"
                              "ckfragen: \xe2\x82\xac?");
    job_run(job, k.easy);
    rig_expect("kannel", job, ATTEMPT_SENT, CLASS_NONE);
    assert_int_equal(job->result.code, 202);
    await_text(k.dir, "fs.out",
               "<Ulm +491510000001 text Neue Meldung & Vorgang K7F3-92QX. F\xc3\xbcr R\xc3\xbc"
               "ckfragen: \xe2\x82\xac?>");
    await_text(reports.dir, "1.req", "GET /answer/200/ok?ref=42&status=");
    await_text(reports.dir, "2.req", "GET /answer/200/ok?ref=42&status=");
    assert_non_null(sms_report_rule(k.all->transport[0]));
    job_free(job);
    kannel_stop(&k);
    gateway_stop(&reports);
}

static void kannel_refuses(void **state)
{
    (void)state;
    struct kannel k = kannel_start("falsch\n", 9);
    struct job *job = rig_job(k.all->transport[0], "+491510000001", "x");
    job_run(job, k.easy);
    rig_expect("wrong password", job, ATTEMPT_DEFERRED, CLASS_AUTH);
    job_free(job);
    kannel_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filling),
        cmocka_unit_test(sets),
        cmocka_unit_test(pointers),
        cmocka_unit_test(faults),
        cmocka_unit_test(requests),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(impossible_jobs_send_nothing),
        cmocka_unit_test(kannel_delivers_and_reports),
        cmocka_unit_test(kannel_refuses),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("sms_http", tests, NULL, NULL);
}
