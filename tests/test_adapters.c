/*
 * adapters.c, peer.c and job.c: transports and their faults, credentials, what is kept of a peer's
 * words.
 */
#include "adapter_rig.h"

#include "../adapters/adapters_list.h"

static void peer_words(void **state)
{
    (void)state;
    const struct {
        const char *in, *want, *enhanced;
    } cases[] = {
        {"250 2.0.0 Ok: queued as 4XQ1abc", "250 2.0.0 Ok: queued as 4XQ1abc", "2.0.0"},
        {"550 5.1.1 <team@ulm.test>: Recipient address rejected",
         "550 5.1.1 <[...]>: Recipient address rejected", "5.1.1"},
        {"550 5.1.1 User team unknown", "550 5.1.1 User [...] unknown", "5.1.1"},
        {"550 TEAM is not here", "550 [...] is not here", ""},
        {"550 teamwork and steam", "550 [...]work and steam", ""},
        {"450 4.7.1 Client host [192.0.2.10] rejected",
         "450 4.7.1 Client host [192.0.2.10] rejected", "4.7.1"},
        {"550 blocked by 5.1.1.7", "550 blocked by 5.1.1.7", ""},
        {"421 v4.5.6 down", "421 v4.5.6 down", ""},
        {"550-5.7.26 policy", "550-5.7.26 policy", "5.7.26"},
        {"400 bad number +49 (151) 234-5678 given", "400 bad number [...] given", ""},
        {"400 bad number 01512345678", "400 bad number [...]", ""},
        {"200 in 300 seconds", "200 in 300 seconds", ""},
        {"say \"no\"\r\nlevel=error", "say 'no'??level=error", ""},
        {"gr\xc3\xbc\xc3\x9f", "gr", ""},
        {"", "", ""},
        {"mail to a@b, c@d;e@f", "mail to [...], [...];[...]", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job *job = job_new();
        job->message.address = xstrdup("team@ulm.test");
        job_peer_text(job, cases[i].in);
        if (!str_eq(job->result.text, cases[i].want) ||
            !str_eq(job->result.enhanced, cases[i].enhanced))
            fail_msg("\"%s\": \"%s\" enhanced \"%s\"", cases[i].in, job->result.text,
                     job->result.enhanced);
        job_free(job);
    }
}

static void long_words_are_cut(void **state)
{
    (void)state;
    struct job *job = job_new();
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    job_peer_text(job, text);
    assert_int_equal(strlen(job->result.text), sizeof job->result.text - 1);
    job_free(job);
}

static void endings(void **state)
{
    (void)state;
    static const enum attempt_end want[ERROR_CLASS_COUNT] = {
        [CLASS_NONE] = ATTEMPT_SENT,          [CLASS_CONNECT] = ATTEMPT_DEFERRED,
        [CLASS_TIMEOUT] = ATTEMPT_DEFERRED,   [CLASS_TEMPORARY] = ATTEMPT_DEFERRED,
        [CLASS_THROTTLED] = ATTEMPT_DEFERRED, [CLASS_AMBIGUOUS] = ATTEMPT_DEFERRED,
        [CLASS_AUTH] = ATTEMPT_DEFERRED,      [CLASS_TLS] = ATTEMPT_DEFERRED,
        [CLASS_LOCAL] = ATTEMPT_DEFERRED,     [CLASS_ADDRESS] = ATTEMPT_FAILED,
        [CLASS_PERMANENT] = ATTEMPT_FAILED,   [CLASS_FORBIDDEN] = ATTEMPT_DEFERRED,
        [CLASS_FULL] = ATTEMPT_DEFERRED,      [CLASS_POLICY] = ATTEMPT_FAILED,
        [CLASS_CREDIT] = ATTEMPT_DEFERRED,
    };
    for (int class = 0; class < ERROR_CLASS_COUNT; class ++) {
        struct job *job = job_new();
        job_end_as(job, (enum error_class) class, 250);
        rig_expect(error_class_name((enum error_class) class), job, want[class],
                   (enum error_class) class);
        job_free(job);
    }
}

static void table_of_adapters(void **state)
{
    (void)state;
    for (size_t i = 0; adapters[i]; i++) {
        const struct adapter *a = adapters[i];
        assert_ptr_equal(adapter_find(a->name), a);
        if (!!a->deliver == (a->prepare && a->finish))
            fail_msg("%s has both ways or none", a->name);
        if (a->engine == ENGINE_MULTI && !a->prepare)
            fail_msg("%s: local work would block the deciding thread", a->name);
        for (size_t k = 0; a->options && a->options[k].name; k++)
            if (str_empty(a->options[k].help))
                fail_msg("%s: option %s has no help", a->name, a->options[k].name);
    }
    assert_null(adapter_find("nothing"));
}

static void loopback(void **state)
{
    (void)state;
    static const char *const yes[] = {"127.0.0.1", "127.255.1.2", "::1", "[::1]", "localhost"};
    static const char *const no[] = {
        "127.0.0.1.ulm.test", "127.1",    "127.0.0.256", "128.0.0.1", "localhost.ulm.test", "",
        "127.0.0.1.",         "127..0.1", "::2",         "127.0.0.x", "1127.0.0.1"};
    for (size_t i = 0; i < COUNT_OF(yes); i++)
        if (!transport_is_loopback(yes[i]))
            fail_msg("%s is a loopback address", yes[i]);
    for (size_t i = 0; i < COUNT_OF(no); i++)
        if (transport_is_loopback(no[i]))
            fail_msg("%s is no loopback address", no[i]);
}

static void secrets(void **state)
{
    (void)state;
    const struct {
        const char *label, *content, *want; /* NULL: refused */
        mode_t mode;
        size_t warnings;
    } cases[] = {
        {"one line", "geheim\n", "geheim", 0600, 0},
        {"CRLF", "geheim\r\n", "geheim", 0600, 0},
        {"no line end", "ge heim", "ge heim", 0640, 0},
        {"empty", "", NULL, 0600, 0},
        {"only a line end", "\n", NULL, 0600, 0},
        {"two lines", "ge\nheim\n", NULL, 0600, 0},
        {"control character", "ge\x01heim", NULL, 0600, 0},
        {"open to all", "geheim\n", "geheim", 0644, 1},
    };
    char *dir = rig_dir(), path[300];
    snprintf(path, sizeof path, "%s/secret", dir);
    const struct conf_node node = {.name = "x", .file = "test.conf", .line = 3};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf secret = BUF_INIT, report = BUF_INIT;
        struct conf_faults faults = {.text = &report};
        rig_write(dir, "secret", cases[i].content);
        chmod(path, cases[i].mode);
        int rc = transport_secret(&secret, path, &node, &faults);
        if ((rc == 0) != (cases[i].want != NULL) || faults.warnings != cases[i].warnings ||
            (rc == 0 && !str_eq(buf_str(&secret), cases[i].want)) || strstr(buf_str(&report), "ge"))
            fail_msg("%s: %d \"%s\" %s", cases[i].label, rc, buf_str(&secret), buf_str(&report));
        buf_release(&secret);
        buf_release(&report);
    }
    rig_dir_free(dir);
}

static void load_faults(void **state)
{
    (void)state;
    const struct {
        const char *label, *text, *want; /* NULL: good */
    } cases[] = {
        {"two",
         "transports = ( { name = \"a\"; adapter = \"null_email\"; }, { name = \"b\"; adapter "
         "= \"null_sms\"; rate_per_s = 5; } );",
         NULL},
        {"none", "x = 1;", "no transport"},
        {"empty", "transports = ();", "no transport"},
        {"no group", "transports = ( 1 );", "a transport is a group"},
        {"no name", "transports = ( { adapter = \"null_sms\"; } );", "needs a name"},
        {"bad name", "transports = ( { name = \"a b\"; adapter = \"null_sms\"; } );",
         "needs a name"},
        {"unknown adapter", "transports = ( { name = \"a\"; adapter = \"fax\"; } );",
         "test.conf:1: adapter = \"fax\" is not known; one of: email_smtp, "},
        {"twice",
         "transports = ( { name = \"a\"; adapter = \"null_sms\"; },\n { name = \"a\"; adapter "
         "= \"null_sms\"; } );",
         "test.conf:2: there are two transports \"a\""},
        {"misspelt", "transports = ( { name = \"a\"; adapter = \"null_sms\"; rate_pers = 1; } );",
         "rate_per_s"},
        {"rate", "transports = ( { name = \"a\"; adapter = \"null_sms\"; rate_per_s = -1; } );",
         "rate_per_s"},
        {"required",
         "transports = ( { name = \"a\"; adapter = \"email_smtp\"; from = \"a@b.test\"; } "
         ");",
         "lacks the option \"url\""},
        {"wrong type",
         "transports = ( { name = \"a\"; adapter = \"email_smtp\"; from = 5; url = "
         "\"smtp://mx.test\"; } );",
         "text in quotes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf report = BUF_INIT;
        struct transports *all = rig_try(cases[i].text, &report);
        if ((all == NULL) != (cases[i].want != NULL) ||
            (cases[i].want && !strstr(buf_str(&report), cases[i].want)))
            fail_msg("%s: %s", cases[i].label, buf_str(&report));
        transports_free(all);
        buf_release(&report);
    }
}

/* All faults in one run, each with its line. */
static void faults_together(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct transports *all = rig_try("transports = (\n"
                                     "{ name = \"a\"; adapter = \"fax\"; },\n"
                                     "{ name = \"b\"; adapter = \"email_smtp\"; url = \"ftp://x\";"
                                     " from = \"nobody\"; timeout = \"1h\"; } );",
                                     &report);
    size_t lines = 0;
    for (const char *p = buf_str(&report); *p; p++)
        lines += *p == '\n';
    assert_null(all);
    if (lines != 4 || !strstr(buf_str(&report), "test.conf:2:"))
        fail_msg("%s", buf_str(&report));
    buf_release(&report);
}

static void lookups(void **state)
{
    (void)state;
    struct transports *all = rig_transports(
        "transports = ( { name = \"s\"; adapter = \"null_sms\"; rate_per_s = 5; },"
        "{ name = \"m\"; adapter = \"email_smtp\"; url = \"smtps://mx.test\"; from = \"a@b.test\";"
        "timeout = \"5s\"; ca_file = \"ca.pem\"; } );");
    const struct transport *m = transports_find(all, "m");
    assert_ptr_equal(transports_first(all, CHANNEL_EMAIL), m);
    assert_ptr_equal(transports_first(all, CHANNEL_SMS), all->transport[0]);
    assert_null(transports_find(all, "x"));
    assert_int_equal(all->transport[0]->rate_per_s, 5);
    assert_int_equal(m->order, 1);
    assert_int_equal(transport_ms(m, "timeout"), 5000);
    assert_int_equal(transport_int(m, "mails_per_connection"), 90);
    assert_string_equal(transport_text(m, "tls"), "required");
    transports_free(all);
}

static void paths_count_from_their_file(void **state)
{
    (void)state;
    char *dir = rig_dir(), path[300];
    struct buf report = BUF_INIT;
    struct conf_faults faults = {.text = &report};
    rig_write(dir, "city.conf",
              "transports = ( { name = \"m\"; adapter = \"email_smtp\"; "
              "url = \"smtps://mx.test\"; from = \"a@b.test\"; "
              "username = \"u\"; password_file = \"secret\"; } );");
    rig_write(dir, "secret", "geheim\n");
    struct conf_node *root = conf_read(dir, &faults);
    struct transports *all = transports_load(root, &faults);
    conf_free(root);
    if (!all)
        fail_msg("%s", buf_str(&report));
    snprintf(path, sizeof path, "%s/secret", dir);
    assert_string_equal(transport_text(all->transport[0], "password_file"), path);
    transports_free(all);
    buf_release(&report);
    rig_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_words),  cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(endings),     cmocka_unit_test(table_of_adapters),
        cmocka_unit_test(loopback),    cmocka_unit_test(secrets),
        cmocka_unit_test(load_faults), cmocka_unit_test(faults_together),
        cmocka_unit_test(lookups),     cmocka_unit_test(paths_count_from_their_file),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("adapters", tests, NULL, NULL);
}
