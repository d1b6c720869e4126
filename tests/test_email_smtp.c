/*
 * email_smtp.c and smtp_reply.c against real servers: Postfix's smtp-sink with faults at every
 * command, and aiosmtpd with scripted answers, STARTTLS and AUTH.
 */
#include "adapter_rig.h"

#include "../adapters/smtp_mail.h"
#include "../adapters/smtp_session.h"

#define TRANSPORT                                                                                  \
    "transports = ( { name = \"relay\"; adapter = \"email_smtp\"; url = \"%s://127.0.0.1:%d\"; "   \
    "from = \"stafette@gateway.test\"; %s } );"
#define PLAIN "tls = \"none\"; timeout = \"10s\";"

static void classes(void **state)
{
    (void)state;
    const struct {
        int code;
        enum smtp_stage stage;
        int status;
        const char *enhanced;
        enum error_class want;
    } cases[] = {
        {CURLE_OK, SMTP_DOT, 250, "", CLASS_NONE},
        {CURLE_COULDNT_CONNECT, SMTP_SESSION, 0, "", CLASS_CONNECT},
        {CURLE_COULDNT_RESOLVE_HOST, SMTP_SESSION, 0, "", CLASS_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, SMTP_RCPT, 250, "", CLASS_TIMEOUT},
        {CURLE_OPERATION_TIMEDOUT, SMTP_DATA, 354, "", CLASS_TIMEOUT},
        {CURLE_OPERATION_TIMEDOUT, SMTP_DOT, 354, "", CLASS_AMBIGUOUS},
        {CURLE_RECV_ERROR, SMTP_RCPT, 250, "", CLASS_CONNECT},
        {CURLE_RECV_ERROR, SMTP_DOT, 354, "", CLASS_AMBIGUOUS},
        {CURLE_SEND_ERROR, SMTP_DATA, 354, "", CLASS_CONNECT},
        {CURLE_SEND_ERROR, SMTP_RCPT, 450, "4.2.0", CLASS_TEMPORARY},
        {CURLE_SEND_ERROR, SMTP_RCPT, 421, "", CLASS_THROTTLED},
        {CURLE_SEND_ERROR, SMTP_RCPT, 550, "5.1.1", CLASS_ADDRESS},
        {CURLE_SEND_ERROR, SMTP_RCPT, 550, "", CLASS_ADDRESS},
        {CURLE_SEND_ERROR, SMTP_RCPT, 550, "5.7.1", CLASS_POLICY},
        {CURLE_SEND_ERROR, SMTP_RCPT, 554, "5.4.4", CLASS_ADDRESS},
        {CURLE_SEND_ERROR, SMTP_RCPT, 552, "5.2.2", CLASS_FULL},
        {CURLE_SEND_ERROR, SMTP_SESSION, 552, "5.3.4", CLASS_PERMANENT},
        {CURLE_SEND_ERROR, SMTP_SESSION, 550, "5.1.8", CLASS_LOCAL},
        {CURLE_SEND_ERROR, SMTP_SESSION, 530, "5.7.0", CLASS_AUTH},
        {CURLE_WEIRD_SERVER_REPLY, SMTP_SESSION, 554, "", CLASS_LOCAL},
        {CURLE_WEIRD_SERVER_REPLY, SMTP_SESSION, 450, "", CLASS_TEMPORARY},
        {CURLE_WEIRD_SERVER_REPLY, SMTP_DOT, 451, "", CLASS_TEMPORARY},
        {CURLE_WEIRD_SERVER_REPLY, SMTP_DOT, 550, "", CLASS_PERMANENT},
        {CURLE_WEIRD_SERVER_REPLY, SMTP_DOT, 550, "5.1.1", CLASS_ADDRESS},
        {CURLE_LOGIN_DENIED, SMTP_SESSION, 535, "5.7.8", CLASS_AUTH},
        {CURLE_LOGIN_DENIED, SMTP_SESSION, 454, "4.7.0", CLASS_TEMPORARY},
        {CURLE_USE_SSL_FAILED, SMTP_SESSION, 454, "", CLASS_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, SMTP_SESSION, 220, "", CLASS_TLS},
        {CURLE_OUT_OF_MEMORY, SMTP_SESSION, 0, "", CLASS_LOCAL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum error_class got =
            smtp_class(cases[i].code, cases[i].stage, cases[i].status, cases[i].enhanced);
        if (got != cases[i].want)
            fail_msg("curl %d stage %d status %d %s: %s", cases[i].code, (int)cases[i].stage,
                     cases[i].status, cases[i].enhanced, error_class_name(got));
    }
}

static void queue_ids(void **state)
{
    (void)state;
    const struct {
        const char *in, *want;
    } cases[] = {
        {"250 2.0.0 Ok: queued as 4XQ1abc", "4XQ1abc"},
        {"250 OK id=1sB0xT-0001ab-2C", "1sB0xT-0001ab-2C"},
        {"250 2.0.0 45PDq1Xk012 Message accepted for delivery", "45PDq1Xk012"},
        {"250 2.0.0 5f3a Message accepted", "5f3a"},
        {"250 2.0.0 Ok", ""},
        {"250 OK", ""},
        {"250 queued as ", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char id[80];
        smtp_queue_id(id, sizeof id, cases[i].in);
        assert_string_equal(id, cases[i].want);
    }
}

static struct rig_peer sink_start(int port, const char *option, const char *command)
{
    const char *argv[8] = {PEERS "sbin/smtp-sink"};
    char at[32];
    size_t n = 1;
    snprintf(at, sizeof at, "127.0.0.1:%d", port);
    if (geteuid() == 0) {
        argv[n++] = "-u";
        argv[n++] = "nobody";
    }
    if (command) {
        argv[n++] = option;
        argv[n++] = command;
    }
    argv[n++] = at;
    argv[n] = "100";
    return rig_start(port, argv);
}

/* One smtp-sink for each fault; the option letters are its own. */
static void sink_faults(void **state)
{
    (void)state;
    const struct {
        const char *option, *command;
        enum attempt_end end;
        enum error_class class;
    } cases[] = {
        {"no fault", NULL, ATTEMPT_SENT, CLASS_NONE},
        {"-f", "connect", ATTEMPT_DEFERRED, CLASS_LOCAL},
        {"-r", "connect", ATTEMPT_DEFERRED, CLASS_TEMPORARY},
        {"-q", "connect", ATTEMPT_DEFERRED, CLASS_CONNECT},
        {"-f", "mail", ATTEMPT_DEFERRED, CLASS_LOCAL},
        {"-r", "mail", ATTEMPT_DEFERRED, CLASS_TEMPORARY},
        {"-q", "mail", ATTEMPT_DEFERRED, CLASS_CONNECT},
        {"-f", "rcpt", ATTEMPT_FAILED, CLASS_PERMANENT},
        {"-r", "rcpt", ATTEMPT_DEFERRED, CLASS_TEMPORARY},
        {"-q", "rcpt", ATTEMPT_DEFERRED, CLASS_CONNECT},
        {"-Q", "rcpt", ATTEMPT_DEFERRED, CLASS_THROTTLED},
        {"-f", "data", ATTEMPT_FAILED, CLASS_PERMANENT},
        {"-r", "data", ATTEMPT_DEFERRED, CLASS_TEMPORARY},
        {"-Q", "data", ATTEMPT_DEFERRED, CLASS_THROTTLED},
        {"-f", ".", ATTEMPT_FAILED, CLASS_PERMANENT},
        {"-r", ".", ATTEMPT_DEFERRED, CLASS_TEMPORARY},
        {"-q", ".", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS},
        {"-Q", ".", ATTEMPT_DEFERRED, CLASS_THROTTLED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char label[32];
        int port = rig_port();
        snprintf(label, sizeof label, "%s %s", cases[i].option,
                 cases[i].command ? cases[i].command : "");
        struct rig_peer sink = sink_start(port, cases[i].option, cases[i].command);
        struct transports *all = rig_transports(TRANSPORT, "smtp", port, PLAIN);
        struct job *job = rig_job(all->transport[0], "team@ulm.test", "Bitte quittieren.\n");
        CURL *easy = curl_easy_init();
        job_run(job, easy);
        rig_expect(label, job, cases[i].end, cases[i].class);
        curl_easy_cleanup(easy);
        job_free(job);
        transports_free(all);
        rig_stop(&sink);
    }
}

/* aiosmtpd with its directory, a transport to it, and one handle. */
struct relay {
    char *dir;
    struct rig_peer peer;
    struct transports *all;
    CURL *easy;
    struct smtp_sessions *sessions;
};

static struct relay relay_start(const char *flag, const char *flag2, const char *options)
{
    struct relay r = {.dir = rig_dir(), .easy = curl_easy_init(), .sessions = smtp_sessions_new()};
    char port[16], certificate[600];
    int at = rig_port();
    snprintf(port, sizeof port, "%d", at);
    snprintf(
        certificate, sizeof certificate,
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout %s/key.pem -out %s/cert.pem -days 2 "
        "-subj /CN=relay.test -addext subjectAltName=IP:127.0.0.1 2>/dev/null",
        r.dir, r.dir);
    if (flag && system(certificate) != 0)
        fail_msg("openssl cannot make a certificate");
    rig_write(r.dir, "password", "richtig\n");
    rig_write(r.dir, "wrong", "falsch\n");
    const char *argv[] = {PYTHON, "tests/peers/smtp_peer.py", port, r.dir, flag, flag2, NULL};
    r.peer = rig_start(at, argv);
    struct buf text = BUF_INIT;
    for (const char *p = options; *p; p++) /* @ stands for the directory */
        *p == '@' ? buf_puts(&text, r.dir) : buf_addc(&text, *p);
    const char *scheme = flag && str_eq(flag, "--smtps") ? "smtps" : "smtp";
    r.all = rig_transports(TRANSPORT, scheme, at, buf_str(&text));
    buf_release(&text);
    return r;
}

static void relay_stop(struct relay *r)
{
    int64_t before = util_monotonic_ms();
    smtp_sessions_free(r->sessions);
    job_handle_free(r->easy);
    assert_true(util_monotonic_ms() - before < RIG_DEADLINE_MS);
    transports_free(r->all);
    rig_stop(&r->peer);
    rig_dir_free(r->dir);
}

static struct job *relay_send(struct relay *r, const char *address, const char *body)
{
    struct job *job = rig_job(r->all->transport[0], address, body);
    job->sessions = r->sessions;
    job_run(job, r->easy);
    return job;
}

static void scripted_answers(void **state)
{
    (void)state;
    const struct {
        const char *to;
        enum attempt_end end;
        enum error_class class;
        int code;
        const char *enhanced, *id;
    } cases[] = {
        {"team@ulm.test", ATTEMPT_SENT, CLASS_NONE, 250, "2.0.0", "4XQ1abc"},
        {"r550-5.1.1@ulm.test", ATTEMPT_FAILED, CLASS_ADDRESS, 550, "5.1.1", ""},
        {"r450-4.2.0@ulm.test", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 450, "4.2.0", ""},
        {"r550-5.7.1@ulm.test", ATTEMPT_FAILED, CLASS_POLICY, 550, "5.7.1", ""},
        {"r421@ulm.test", ATTEMPT_DEFERRED, CLASS_THROTTLED, 421, "", ""},
        {"r552-5.2.2@ulm.test", ATTEMPT_DEFERRED, CLASS_FULL, 552, "5.2.2", ""},
        {"d452-4.2.2@ulm.test", ATTEMPT_DEFERRED, CLASS_FULL, 452, "4.2.2", ""},
        {"d554-5.6.0@ulm.test", ATTEMPT_FAILED, CLASS_PERMANENT, 554, "5.6.0", ""},
        {"closercpt@ulm.test", ATTEMPT_DEFERRED, CLASS_CONNECT, 0, "", ""},
        {"closedot@ulm.test", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, "", ""},
        {"hangrcpt@ulm.test", ATTEMPT_DEFERRED, CLASS_TIMEOUT, 0, "", ""},
        {"hangdot@ulm.test", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, "", ""},
        {"team@ulm.test", ATTEMPT_SENT, CLASS_NONE, 250, "2.0.0", "4XQ4abc"},
        {"hangdot@ulm.test", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, "", ""},
    };
    struct relay r = relay_start(NULL, NULL, "tls = \"none\"; timeout = \"1s\";");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job *job = relay_send(&r, cases[i].to, "Bitte quittieren.\n");
        rig_expect(cases[i].to, job, cases[i].end, cases[i].class);
        assert_int_equal(job->result.code, cases[i].code);
        assert_string_equal(job->result.enhanced, cases[i].enhanced);
        assert_string_equal(job->result.provider_id, cases[i].id);
        if (strchr(job->result.text, '@') || strstr(job->result.text, "ulm.test"))
            fail_msg("%s: the address shows in \"%s\"", cases[i].to, job->result.text);
        job_free(job);
    }
    relay_stop(&r);
}

static void bytes_arrive_as_made(void **state)
{
    (void)state;
    struct relay r = relay_start(NULL, NULL, PLAIN);
    const char *body = "Vorgang K7F3-92QX\n.\n..zwei\nQUIT\n.RCPT TO:<andere@ulm.test>\n";
    struct job *job = relay_send(&r, "team@ulm.test", body);
    rig_expect("dots", job, ATTEMPT_SENT, CLASS_NONE);
    struct buf mail = rig_read(r.dir, "1.eml"), log = rig_read(r.dir, "log");
    unsigned char hash[DIGEST_FULL];
    digest_sha256(hash, mail.data, mail.len);
    assert_memory_equal(hash, job->result.bytes_hash, sizeof hash);
    assert_non_null(strstr(buf_str(&mail), "Message-ID: <d42@gateway.test>\r\n"));
    assert_string_equal(buf_str(&log), "1 DATA bounce+42-ab@gateway.test team@ulm.test\n");
    buf_release(&mail);
    buf_release(&log);
    job_free(job);
    relay_stop(&r);
}

static void an_invitation_is_attached_when_told(void **state)
{
    (void)state;
    struct relay r = relay_start(NULL, NULL, PLAIN "calendar_attachment = true;");
    struct job *job = rig_job(r.all->transport[0], "team@ulm.test", "Einladung\n");
    job->message.calendar = xstrdup("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n");
    job->message.method = xstrdup("CANCEL");
    job_run(job, r.easy);
    rig_expect("invitation", job, ATTEMPT_SENT, CLASS_NONE);
    struct buf mail = rig_read(r.dir, "1.eml");
    assert_non_null(strstr(buf_str(&mail), "Content-Type: text/calendar; charset=utf-8; "
                                           "method=CANCEL\r\n"));
    assert_non_null(strstr(buf_str(&mail), "filename=\"invite.ics\"\r\n"));
    buf_release(&mail);
    job_free(job);
    relay_stop(&r);
}

/* Sessions as the peer counted them, one digit a mail: "111" is one connection for three. */
static void expect_sessions(struct relay *r, const char *want)
{
    struct buf log = rig_read(r->dir, "log"), got = BUF_INIT;
    for (const char *line = buf_str(&log); *line; line = strchr(line, '\n') + 1)
        buf_addc(&got, *line);
    assert_string_equal(buf_str(&got), want);
    buf_release(&log);
    buf_release(&got);
}

static void connections_are_reused_and_capped(void **state)
{
    (void)state;
    struct relay r = relay_start(NULL, NULL, PLAIN "mails_per_connection = 3;");
    for (int i = 0; i < 7; i++)
        job_free(relay_send(&r, "team@ulm.test", "x\n"));
    expect_sessions(&r, "1112223");
    relay_stop(&r);
    r = relay_start(NULL, NULL, PLAIN "mails_per_connection = 1;");
    for (int i = 0; i < 3; i++)
        job_free(relay_send(&r, "team@ulm.test", "x\n"));
    expect_sessions(&r, "123");
    relay_stop(&r);
}

static void nothing_slips_into_a_command(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "team@ulm.test>\r\nRCPT TO:<andere@ulm.test",
        "team@ulm.test\nDATA",
        "a b@ulm.test",
        "team@ulm.test>",
        "<team@ulm.test",
        "team",
        "team@",
        "@ulm.test",
        "a@b@ulm.test",
        "\xc3\xb6team@ulm.test",
        "",
    };
    struct relay r = relay_start(NULL, NULL, PLAIN);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct job *job = relay_send(&r, bad[i], "x\n");
        rig_expect(bad[i], job, ATTEMPT_FAILED, CLASS_ADDRESS);
        job_free(job);
        job = rig_job(r.all->transport[0], "team@ulm.test", "x\n");
        free(job->message.envelope_from);
        job->message.envelope_from = xstrdup(bad[i]);
        job_run(job, r.easy);
        rig_expect(bad[i], job, ATTEMPT_DEFERRED, CLASS_LOCAL);
        job_free(job);
    }
    struct buf log = rig_read(r.dir, "log");
    assert_string_equal(buf_str(&log), "");
    buf_release(&log);
    relay_stop(&r);
}

static void encryption_and_login(void **state)
{
    (void)state;
    const struct {
        const char *label, *flag, *flag2, *options;
        enum attempt_end end;
        enum error_class class;
    } cases[] = {
        {"trusted and logged in", "--tls", "--auth",
         "ca_file = \"@/cert.pem\"; username = \"gateway\"; password_file = \"@/password\";",
         ATTEMPT_SENT, CLASS_NONE},
        {"TLS from the beginning", "--smtps", "--auth",
         "ca_file = \"@/cert.pem\"; username = \"gateway\"; password_file = \"@/password\";",
         ATTEMPT_SENT, CLASS_NONE},
        {"TLS from the beginning, unknown certificate", "--smtps", NULL, "", ATTEMPT_DEFERRED,
         CLASS_TLS},
        {"wrong password", "--tls", "--auth",
         "ca_file = \"@/cert.pem\"; username = \"gateway\"; password_file = \"@/wrong\";",
         ATTEMPT_DEFERRED, CLASS_AUTH},
        {"no login where one is due", "--tls", "--auth", "ca_file = \"@/cert.pem\";",
         ATTEMPT_DEFERRED, CLASS_AUTH},
        {"unknown certificate", "--tls", NULL, "", ATTEMPT_DEFERRED, CLASS_TLS},
        {"missing ca file", "--tls", NULL, "ca_file = \"@/none.pem\";", ATTEMPT_DEFERRED,
         CLASS_TLS},
        {"no STARTTLS offered", NULL, NULL, "", ATTEMPT_DEFERRED, CLASS_TLS},
        {"clear text where TLS is due", "--tls", NULL, PLAIN, ATTEMPT_DEFERRED, CLASS_AUTH},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct relay r = relay_start(cases[i].flag, cases[i].flag2, cases[i].options);
        struct job *job = relay_send(&r, "team@ulm.test", "x\n");
        rig_expect(cases[i].label, job, cases[i].end, cases[i].class);
        job_free(job);
        relay_stop(&r);
    }
}

/* TLS 1.3 has tickets waiting after the first answer: they are no word of the server. */
static void encrypted_connections_are_reused(void **state)
{
    (void)state;
    static const char *const flags[] = {"--tls", "--smtps"};
    for (size_t f = 0; f < COUNT_OF(flags); f++) {
        struct relay r = relay_start(flags[f], NULL, "ca_file = \"@/cert.pem\";");
        for (int i = 0; i < 3; i++) {
            struct job *job = relay_send(&r, "team@ulm.test", "x\n");
            rig_expect(flags[f], job, ATTEMPT_SENT, CLASS_NONE);
            job_free(job);
        }
        expect_sessions(&r, "111");
        relay_stop(&r);
    }
}

/* More than a socket holds at once. */
static void a_large_mail_arrives_whole(void **state)
{
    (void)state;
    static const char *const flags[] = {NULL, "--tls"};
    static const char *const options[] = {PLAIN, "ca_file = \"@/cert.pem\";"};
    struct buf body = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_printf(&body, "%s%d Seiten, die niemand liest\n", i % 7 ? "" : ".", i);
    for (size_t f = 0; f < COUNT_OF(flags); f++) {
        struct relay r = relay_start(flags[f], NULL, options[f]);
        struct job *job = relay_send(&r, "team@ulm.test", buf_str(&body));
        rig_expect("large", job, ATTEMPT_SENT, CLASS_NONE);
        struct buf mail = rig_read(r.dir, "1.eml");
        unsigned char hash[DIGEST_FULL];
        digest_sha256(hash, mail.data, mail.len);
        assert_memory_equal(hash, job->result.bytes_hash, sizeof hash);
        buf_release(&mail);
        job_free(job);
        relay_stop(&r);
    }
    buf_release(&body);
}

static void nobody_listens(void **state)
{
    (void)state;
    struct transports *all = rig_transports(TRANSPORT, "smtp", rig_port(), PLAIN);
    struct job *job = rig_job(all->transport[0], "team@ulm.test", "x\n");
    CURL *easy = curl_easy_init();
    setenv("all_proxy", "http://127.0.0.1:1", 1); /* the environment must not matter */
    job_run(job, easy);
    unsetenv("all_proxy");
    rig_expect("nobody listens", job, ATTEMPT_DEFERRED, CLASS_CONNECT);
    curl_easy_cleanup(easy);
    job_free(job);
    transports_free(all);
}

static void faults(void **state)
{
    (void)state;
    const struct {
        const char *label, *url, *options, *want;
    } cases[] = {
        {"good", "smtp://mx.ulm.test:587", "", NULL},
        {"good, implicit TLS", "smtps://mx.ulm.test", "", NULL},
        {"IPv6 loopback", "smtp://[::1]:25", "tls = \"none\";", NULL},
        {"no scheme", "mx.ulm.test", "", "url is not understood"},
        {"web address", "https://mx.ulm.test", "", "write smtp://host:port or smtps://host:port"},
        {"password in the url", "smtp://a:b@mx.ulm.test", "", "must not hold a user or password"},
        {"path", "smtp://mx.ulm.test/x", "", "url ends after the port"},
        {"clear text", "smtp://mx.ulm.test", "tls = \"none\";", "for a loopback address only"},
        {"looks like loopback", "smtp://127.0.0.1.ulm.test", "tls = \"none\";", "loopback"},
        {"optional TLS", "smtp://mx.ulm.test", "tls = \"optional\";", "tls is \"required\""},
        {"username alone", "smtp://mx.ulm.test", "username = \"x\";", "belong together"},
        {"no such file", "smtp://mx.ulm.test",
         "username = \"x\"; password_file = \"/nonexistent\";", "credential file"},
        {"helo", "smtp://mx.ulm.test", "helo = \"a b\";", "helo = \"a b\" is no host name"},
        {"timeout", "smtp://mx.ulm.test", "timeout = \"1h\";", "between 1s and 10m"},
        {"misspelt", "smtp://mx.ulm.test", "user_name = \"x\";", "username"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        buf_printf(&text,
                   "transports = ( { name = \"relay\"; adapter = \"email_smtp\"; url = \"%s\"; "
                   "from = \"stafette@gateway.test\"; %s } );",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(queue_ids),
        cmocka_unit_test(faults),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(sink_faults),
        cmocka_unit_test(scripted_answers),
        cmocka_unit_test(bytes_arrive_as_made),
        cmocka_unit_test(an_invitation_is_attached_when_told),
        cmocka_unit_test(connections_are_reused_and_capped),
        cmocka_unit_test(nothing_slips_into_a_command),
        cmocka_unit_test(encryption_and_login),
        cmocka_unit_test(encrypted_connections_are_reused),
        cmocka_unit_test(a_large_mail_arrives_whole),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("email_smtp", tests, NULL, NULL);
}
