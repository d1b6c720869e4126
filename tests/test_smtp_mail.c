/*
 * smtp_mail.c and smtp_session.c: the dialogue of one mail against a relay that says, byte by byte,
 * what the case wants; which connection the next mail takes; the message on the wire.
 */
#include "adapter_rig.h"

#include "../adapters/smtp_mail.h"
#include "../adapters/smtp_session.h"

#define ONE                                                                                        \
    "{ name = \"relay%d\"; adapter = \"email_smtp\"; url = \"smtp://127.0.0.1:%d\"; "              \
    "from = \"stafette@gateway.test\"; tls = \"none\"; timeout = \"1s\"; helo = \"h%d.test\"; }"

struct relay {
    char *dir;
    struct rig_peer peer;
    struct transports *all;
    CURL *easy;
    struct smtp_sessions *sessions;
};

static struct relay relay_start(int transports)
{
    struct relay r = {.dir = rig_dir(), .easy = curl_easy_init(), .sessions = smtp_sessions_new()};
    struct buf text = BUF_INIT;
    char port[16];
    int at = rig_port();
    snprintf(port, sizeof port, "%d", at);
    const char *argv[] = {PYTHON, "tests/peers/smtp_script.py", port, r.dir, NULL};
    rig_write(r.dir, "script", "");
    r.peer = rig_start(at, argv);
    for (int i = 0; i < transports; i++)
        buf_printf(&text, "%s" ONE, i ? ", " : "", i, at, i);
    r.all = rig_transports("transports = ( %s );", buf_str(&text));
    buf_release(&text);
    return r;
}

static void relay_stop(struct relay *r)
{
    smtp_sessions_free(r->sessions);
    job_handle_free(r->easy);
    transports_free(r->all);
    rig_stop(&r->peer);
    rig_dir_free(r->dir);
}

static struct job *send_by(struct relay *r, int transport)
{
    struct job *job = rig_job(r->all->transport[transport], "team@ulm.test", "Bitte lesen.\n");
    job->sessions = r->sessions;
    job_run(job, r->easy);
    return job;
}

/* What the relay has heard since the last time, without its QUITs: "1 MAIL RCPT DATA . 2 MAIL". */
static void heard(struct relay *r, struct buf *out)
{
    struct buf log = rig_read(r->dir, "log");
    int before = 0, session, used;
    char verb[8];
    for (const char *p = buf_str(&log); sscanf(p, "%d %7s%n", &session, verb, &used) == 2;
         p += used) {
        if (str_eq(verb, "EHLO") || str_eq(verb, "QUIT"))
            continue;
        if (session != before)
            buf_printf(out, "%s%d", before ? " " : "", session);
        buf_printf(out, " %s", verb);
        before = session;
    }
    buf_release(&log);
    rig_write(r->dir, "log", "");
}

static void expect_heard(struct relay *r, const char *label, const char *want)
{
    struct buf got = BUF_INIT;
    heard(r, &got);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: the relay heard \"%s\"; wanted \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

#define ALL "1 MAIL RCPT DATA ."
#define STEPWISE "EHLO 250 relay.test\n"

/* The first mail of a case meets the script; the second a relay that is well, on the same session
 * when the first one left it in step. */
static const struct dialogue {
    const char *label, *script;
    enum attempt_end end;
    enum error_class class;
    int code;
    const char *first;
    bool in_step;
} dialogue[] = {
    {"well", "", ATTEMPT_SENT, CLASS_NONE, 250, ALL, true},
    {"well, step by step", STEPWISE, ATTEMPT_SENT, CLASS_NONE, 250, ALL, true},
    {"251 after the dot", ". 251 2.0.0 Ok", ATTEMPT_SENT, CLASS_NONE, 251, ALL, true},
    {"RCPT refused, DATA begun", "RCPT 550 5.1.1 no\n. 554 5.5.1 nobody", ATTEMPT_FAILED,
     CLASS_ADDRESS, 550, ALL " RSET", true},
    {"RCPT refused, DATA begun, dot taken", "RCPT 450 4.2.0 no", ATTEMPT_DEFERRED, CLASS_TEMPORARY,
     450, ALL " RSET", true},
    {"RCPT refused, DATA too", "RCPT 550 5.1.1 no\nDATA 503 5.5.1 nobody", ATTEMPT_FAILED,
     CLASS_ADDRESS, 550, "1 MAIL RCPT DATA RSET", true},
    {"RCPT refused, step by step", STEPWISE "RCPT 550 5.1.1 no", ATTEMPT_FAILED, CLASS_ADDRESS, 550,
     "1 MAIL RCPT RSET", true},
    {"RCPT refused, the dot hangs", "RCPT 550 5.1.1 no\n. hang", ATTEMPT_FAILED, CLASS_ADDRESS, 550,
     ALL, false},
    {"RCPT refused, then 421", "RCPT 550 5.1.1 no\nDATA 421 4.3.2 bye!", ATTEMPT_FAILED,
     CLASS_ADDRESS, 550, "1 MAIL RCPT DATA", false},
    {"RCPT refused, RSET too", "RCPT 550 5.1.1 no\nRSET 500 what", ATTEMPT_FAILED, CLASS_ADDRESS,
     550, ALL " RSET", false},
    {"RCPT refused, closed", "RCPT 550 5.1.1 no\nDATA close", ATTEMPT_FAILED, CLASS_ADDRESS, 550,
     "1 MAIL RCPT DATA", false},
    {"MAIL refused", "MAIL 550 5.7.1 no\nRCPT 503 5.5.1\nDATA 503 5.5.1", ATTEMPT_DEFERRED,
     CLASS_LOCAL, 550, "1 MAIL RCPT DATA RSET", true},
    {"MAIL refused, DATA begun", "MAIL 451 4.3.0 no", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 451,
     ALL " RSET", true},
    {"DATA refused", "DATA 451 4.3.0 no", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 451,
     "1 MAIL RCPT DATA RSET", true},
    {"refused after the dot", ". 451 4.3.0 no", ATTEMPT_DEFERRED, CLASS_TEMPORARY, 451, ALL " RSET",
     true},
    {"421 on a new session", "MAIL 421 4.3.2 bye!", ATTEMPT_DEFERRED, CLASS_THROTTLED, 421,
     "1 MAIL", false},
    {"421 at RCPT", "RCPT 421 4.3.2 bye!", ATTEMPT_DEFERRED, CLASS_THROTTLED, 421, "1 MAIL RCPT",
     false},
    {"421 after the dot", ". 421 4.3.2 bye!", ATTEMPT_DEFERRED, CLASS_THROTTLED, 421, ALL, false},
    {"closed at MAIL on a new session", "MAIL close", ATTEMPT_DEFERRED, CLASS_CONNECT, 0, "1 MAIL",
     false},
    {"closed at DATA", "DATA close", ATTEMPT_DEFERRED, CLASS_CONNECT, 0, "1 MAIL RCPT DATA", false},
    {"closed after the dot", ". close", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"hangs at DATA", "DATA hang", ATTEMPT_DEFERRED, CLASS_TIMEOUT, 0, "1 MAIL RCPT DATA", false},
    {"hangs after the dot", ". hang", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"no 354", "DATA 250 2.0.0 Ok", ATTEMPT_DEFERRED, CLASS_CONNECT, 0, "1 MAIL RCPT DATA", false},
    {"accepted in advance", "DATA 354 go\\r\\n250 2.0.0 Ok", ATTEMPT_DEFERRED, CLASS_CONNECT, 0,
     "1 MAIL RCPT DATA", false},
    {"half an answer in advance", "DATA 354 go\\r\\n250-", ATTEMPT_DEFERRED, CLASS_CONNECT, 0,
     "1 MAIL RCPT DATA", false},
    {"another word behind the answer", ". 250 2.0.0 Ok\\r\\n421 4.3.2 bye!", ATTEMPT_SENT,
     CLASS_NONE, 250, ALL, false},
    {"354 after the dot", ". 354 more", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"221 after the dot", ". 221 bye!", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"garbage at MAIL", "MAIL hello there!", ATTEMPT_DEFERRED, CLASS_CONNECT, 0, "1 MAIL", false},
    {"two codes at RCPT", "RCPT 250-a\\r\\n550 b!", ATTEMPT_DEFERRED, CLASS_CONNECT, 0,
     "1 MAIL RCPT", false},
    {"garbage after the dot", ". \\x00\\xff", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"NUL in the answer", ". 250 O\\x00k", ATTEMPT_DEFERRED, CLASS_AMBIGUOUS, 0, ALL, false},
    {"several lines", ". 250-2.0.0 a\\r\\n250-2.0.0 b\\r\\n250 2.0.0 c", ATTEMPT_SENT, CLASS_NONE,
     250, ALL, true},
};

static void hold(struct relay *r, const struct dialogue *d)
{
    struct buf script = BUF_INIT, second = BUF_INIT, got = BUF_INIT;
    buf_printf(&script, "%s\n", d->script);
    rig_write(r->dir, "script", buf_str(&script));
    struct job *job = send_by(r, 0);
    rig_expect(d->label, job, d->end, d->class);
    assert_int_equal(job->result.code, d->code);
    job_free(job);
    heard(r, &got);
    if (!str_eq(buf_str(&got), d->first))
        fail_msg("%s: the relay heard \"%s\"", d->label, buf_str(&got));
    rig_write(r->dir, "script", "");
    job = send_by(r, 0);
    rig_expect(d->label, job, ATTEMPT_SENT, CLASS_NONE);
    job_free(job);
    buf_printf(&second, "%d MAIL RCPT DATA .", d->in_step ? 1 : 2);
    expect_heard(r, d->label, buf_str(&second));
    buf_release(&script);
    buf_release(&second);
    buf_release(&got);
}

static void dialogues(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(dialogue); i++) {
        struct relay r = relay_start(1);
        hold(&r, &dialogue[i]);
        relay_stop(&r);
    }
}

/* A kept session that the relay gives up: no attempt is spent as long as nothing was answered. */
static void a_kept_session_that_ends(void **state)
{
    (void)state;
    const struct {
        const char *label, *script, *second;
        enum error_class class;
    } cases[] = {
        {"421 instead of an answer", "1:MAIL 421 4.3.2 idle!", "1 MAIL 2 MAIL RCPT DATA .",
         CLASS_NONE},
        {"closed instead of an answer", "1:MAIL close", "1 MAIL 2 MAIL RCPT DATA .", CLASS_NONE},
        {"the new one says 421 too", "MAIL 421 4.3.2 busy!", "1 MAIL 2 MAIL", CLASS_THROTTLED},
        {"the new one is closed too", "MAIL close", "1 MAIL 2 MAIL", CLASS_CONNECT},
        {"closed after an answer", "1:RCPT close", "1 MAIL RCPT", CLASS_CONNECT},
        {"refused: no reason for a new one", "1:MAIL 451 4.3.0 no\n1:DATA 503 5.5.1 no",
         "1 MAIL RCPT DATA RSET", CLASS_TEMPORARY},
        {"hangs: no time for a new one", "1:MAIL hang", "1 MAIL", CLASS_TIMEOUT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct relay r = relay_start(1);
        struct buf script = BUF_INIT;
        job_free(send_by(&r, 0));
        expect_heard(&r, cases[i].label, ALL);
        buf_printf(&script, "%s\n", cases[i].script);
        rig_write(r.dir, "script", buf_str(&script));
        struct job *job = send_by(&r, 0);
        rig_expect(cases[i].label, job, cases[i].class ? ATTEMPT_DEFERRED : ATTEMPT_SENT,
                   cases[i].class);
        expect_heard(&r, cases[i].label, cases[i].second);
        job_free(job);
        buf_release(&script);
        relay_stop(&r);
    }
}

static void a_goodbye_while_idle_is_seen(void **state)
{
    (void)state;
    struct relay r = relay_start(1);
    job_free(send_by(&r, 0));
    assert_int_equal(write(r.peer.talk, "\n", 1), 1);
    for (int ms = 0;; ms += RIG_STEP_MS) {
        struct buf log = rig_read(r.dir, "log");
        bool bye = strstr(buf_str(&log), "BYE") != NULL;
        buf_release(&log);
        if (bye)
            break;
        assert_true(ms < RIG_DEADLINE_MS);
        rig_pause();
    }
    rig_write(r.dir, "log", "");
    struct job *job = send_by(&r, 0);
    rig_expect("after the goodbye", job, ATTEMPT_SENT, CLASS_NONE);
    expect_heard(&r, "after the goodbye", "2 MAIL RCPT DATA .");
    job_free(job);
    relay_stop(&r);
}

static void without_sessions_each_mail_has_its_own(void **state)
{
    (void)state;
    struct relay r = relay_start(1);
    for (int i = 0; i < 2; i++) {
        struct job *job = rig_job(r.all->transport[0], "team@ulm.test", "x\n");
        job_run(job, r.easy);
        rig_expect("alone", job, ATTEMPT_SENT, CLASS_NONE);
        job_free(job);
    }
    expect_heard(&r, "alone", "1 MAIL RCPT DATA . 2 MAIL RCPT DATA .");
    relay_stop(&r);
}

static void load(struct relay *r, const char *more)
{
    transports_free(r->all);
    r->all = rig_transports("transports = ( { name = \"relay\"; adapter = \"email_smtp\"; url = "
                            "\"smtp://127.0.0.1:%d\"; from = \"stafette@gateway.test\"; tls = "
                            "\"none\"; %s } );",
                            r->peer.port, more);
}

/* The transport that opened a session is gone after a reload; an unchanged one uses it on, one that
 * logs in otherwise does not. */
static void a_reload_keeps_what_is_unchanged(void **state)
{
    (void)state;
    struct relay r = relay_start(1);
    struct buf login = BUF_INIT;
    const char *const secret[] = {"eins\n", "zwei\n"};
    buf_printf(&login, "username = \"gateway\"; password_file = \"%s/password\";", r.dir);
    const struct {
        const char *password, *more, *want;
    } cases[] = {
        {secret[0], "", "1 MAIL RCPT DATA ."},
        {secret[0], "", "1 MAIL RCPT DATA ."},
        {secret[0], "timeout = \"9s\";", "2 MAIL RCPT DATA ."},
        {secret[0], buf_str(&login), "3 MAIL RCPT DATA ."},
        {secret[1], buf_str(&login), "4 MAIL RCPT DATA ."},
        {secret[1], buf_str(&login), "4 MAIL RCPT DATA ."},
        {secret[1], "", "1 MAIL RCPT DATA ."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rig_write(r.dir, "password", cases[i].password);
        load(&r, cases[i].more);
        struct job *job = send_by(&r, 0);
        rig_expect(cases[i].want, job, ATTEMPT_SENT, CLASS_NONE);
        job_free(job);
        expect_heard(&r, cases[i].more, cases[i].want);
    }
    buf_release(&login);
    relay_stop(&r);
}

/* Four sessions a carrier; the longest unused goes first. */
static void a_few_are_kept(void **state)
{
    (void)state;
    const int order[] = {0, 1, 2, 3, 0, 4, 0, 1, 3};
    struct relay r = relay_start(5);
    struct buf got = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct job *job = send_by(&r, order[i]);
        rig_expect("one of five", job, ATTEMPT_SENT, CLASS_NONE);
        job_free(job);
        heard(&r, &got);
    }
    assert_string_equal(buf_str(&got), "1 MAIL RCPT DATA .2 MAIL RCPT DATA .3 MAIL RCPT DATA ."
                                       "4 MAIL RCPT DATA .1 MAIL RCPT DATA .5 MAIL RCPT DATA ."
                                       "1 MAIL RCPT DATA .6 MAIL RCPT DATA .4 MAIL RCPT DATA .");
    buf_release(&got);
    relay_stop(&r);
}

/* RFC 1870: the size of the message, neither of the wire nor of the final dot. */
static void the_size_is_said(void **state)
{
    (void)state;
    struct relay r = relay_start(1);
    struct job *job = rig_job(r.all->transport[0], "team@ulm.test", "Vorgang\n.\n..zwei\n");
    struct buf want = BUF_INIT;
    job_run(job, r.easy);
    rig_expect("size", job, ATTEMPT_SENT, CLASS_NONE);
    struct buf mail = rig_read(r.dir, "mail"), commands = rig_read(r.dir, "commands");
    buf_printf(&want, "MAIL FROM:<bounce+42-ab@gateway.test> SIZE=%zu\r\n", job->bytes.len);
    assert_string_equal(buf_str(&commands), buf_str(&want));
    buf_reset(&want);
    smtp_wire(&want, &job->bytes);
    assert_string_equal(buf_str(&mail), buf_str(&want));
    buf_release(&mail);
    buf_release(&commands);
    job_free(job);
    rig_write(r.dir, "script", STEPWISE);
    job_free(send_by(&r, 0));
    commands = rig_read(r.dir, "commands");
    assert_string_equal(buf_str(&commands), "MAIL FROM:<bounce+42-ab@gateway.test>\r\n");
    buf_release(&commands);
    buf_release(&want);
    relay_stop(&r);
}

static void on_the_wire(void **state)
{
    (void)state;
    const struct {
        const char *label, *in, *want; /* NULL: refused */
        size_t len;
    } cases[] = {
        {"plain", "a\r\nb\r\n", "a\r\nb\r\n.\r\n", 0},
        {"empty", "", ".\r\n", 0},
        {"no end of line", "a", "a\r\n.\r\n", 0},
        {"a dot alone", ".\r\n", "..\r\n.\r\n", 0},
        {"a dot alone, no end of line", ".", "..\r\n.\r\n", 0},
        {"dots", "a\r\n.\r\n..b\r\nc.\r\n", "a\r\n..\r\n...b\r\nc.\r\n.\r\n", 0},
        {"the end inside", "a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n.\r\n", 0},
        {"empty lines", "\r\n\r\n.\r\n\r\n", "\r\n\r\n..\r\n\r\n.\r\n", 0},
        {"bare LF", "a\n.\nb\r\n", NULL, 0},
        {"bare LF at the beginning", "\na\r\n", NULL, 0},
        {"bare LF at the end", "a\r\nb\n", NULL, 0},
        {"bare CR", "a\r.\r\n", NULL, 0},
        {"bare CR at the end", "a\r", NULL, 0},
        {"two CR", "a\r\r\nb", NULL, 0},
        {"NUL", "a\0b\r\n", NULL, 5},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf in = BUF_INIT, out = BUF_INIT;
        buf_add(&in, cases[i].in, cases[i].len ? cases[i].len : strlen(cases[i].in));
        int rc = smtp_wire(&out, &in);
        if (rc != (cases[i].want ? 0 : -1) ||
            !str_eq(buf_str(&out), cases[i].want ? cases[i].want : ""))
            fail_msg("%s: %d, \"%s\"", cases[i].label, rc, buf_str(&out));
        buf_release(&in);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_wire),
        cmocka_unit_test(dialogues),
        cmocka_unit_test(a_kept_session_that_ends),
        cmocka_unit_test(a_goodbye_while_idle_is_seen),
        cmocka_unit_test(without_sessions_each_mail_has_its_own),
        cmocka_unit_test(a_few_are_kept),
        cmocka_unit_test(a_reload_keeps_what_is_unchanged),
        cmocka_unit_test(the_size_is_said),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("smtp_mail", tests, NULL, NULL);
}
