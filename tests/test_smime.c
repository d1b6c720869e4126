/*
 * smime.c and smime_cert.c: which certificates and keys are taken, and what is said of the others;
 * what the openssl program and Python's mail parser find in an encrypted mail. Certificates are
 * made at run time and are of synthetic mailboxes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../adapters/mime.h"
#include "../adapters/smime.h"
#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "rig_dir.h"

#define TEAM "team@ulm.example"
#define RSA2 "-newkey rsa:2048 "
#define P256 "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
#define SAN(mailbox) "-addext subjectAltName=email:" mailbox " "
#define USAGE(what) "-addext keyUsage=" what " "

static char *dir;

static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...)
{
    struct buf command = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&command, fmt, ap);
    va_end(ap);
    if (system(buf_str(&command)) != 0)
        fail_msg("failed: %s", buf_str(&command));
    buf_release(&command);
}

/* DIR/<name>.pem and DIR/<name>.key, valid from now on for 20 days. */
static void make_certificate(const char *name, const char *how)
{
    run("cd %s && openssl req -x509 -nodes -days 20 -subj /CN=Funktionspostfach -keyout %s.key "
        "-out "
        "%s.pem %s 2>openssl.log",
        dir, name, name, how);
}

static const struct {
    const char *name, *how;
} made[] = {
    {"rsa", RSA2 SAN(TEAM) USAGE("keyEncipherment,digitalSignature")},
    {"ec", P256 SAN(TEAM) USAGE("keyAgreement,digitalSignature")},
    {"plain", RSA2 SAN(TEAM)},
    {"p384", "-newkey ec -pkeyopt ec_paramgen_curve:secp384r1 " SAN(TEAM)},
    {"other", RSA2 SAN("leitung@ulm.example")},
    {"two", P256 "-addext subjectAltName=email:leitung@ulm.example,email:Team@ULM.example "},
    {"subject", P256 "-subj /emailAddress=" TEAM " "},
    {"host", P256 "-addext subjectAltName=DNS:ulm.example "},
    {"mail", P256 SAN(TEAM) "-addext extendedKeyUsage=emailProtection "},
    {"web", P256 SAN(TEAM) "-addext extendedKeyUsage=serverAuth "},
    {"signs", RSA2 SAN(TEAM) USAGE("digitalSignature")},
    {"ecsigns", P256 SAN(TEAM) USAGE("digitalSignature,keyEncipherment")},
    {"short", "-newkey rsa:1024 " SAN(TEAM)},
    {"ed", "-newkey ed25519 " SAN(TEAM)},
    {"gateway", P256 SAN("stafette@ulm.example") USAGE("digitalSignature")},
};

static int set_up(void **state)
{
    (void)state;
    dir = rig_dir();
    for (size_t i = 0; i < COUNT_OF(made); i++)
        make_certificate(made[i].name, made[i].how);
    run("cd %s && openssl x509 -in rsa.pem -outform der -out binary.pem", dir);
    run("cd %s && cat rsa.pem ec.pem >chain.pem && cat rsa.key rsa.pem >both.pem", dir);
    run("cd %s && head -c 700 rsa.pem >cut.pem", dir);
    run("cd %s && (echo Guten Tag; cat rsa.pem) >text.pem", dir);
    run("cd %s && openssl req -new -key rsa.key -subj /CN=x -out request.pem", dir);
    run("cd %s && openssl pkey -in rsa.key -aes256 -passout pass:x -out locked.key", dir);
    run("cd %s && (cat rsa.pem; head -c 70000 /dev/zero | tr '\\0' '#') >huge.pem", dir);
    run("cd %s && head -c 5000 /dev/urandom >noise.pem && : >empty.pem", dir);
    run("cd %s && printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n' "
        ">hollow.pem",
        dir);
    run("cd %s && tr 'M' '\\0' <rsa.pem >zeros.pem", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_dir_free(dir);
    return 0;
}

static struct smime_certificate *load(const char *name, struct buf *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s.pem", dir, name);
    return smime_certificate_load(path, err);
}

static struct smime_certificate *load_good(const char *name)
{
    struct buf err = BUF_INIT;
    struct smime_certificate *c = load(name, &err);
    if (!c)
        fail_msg("%s: %s", name, buf_str(&err));
    return c;
}

static const struct {
    const char *name;
    const char *want; /* part of the sentence; "" = taken */
} files[] = {
    {"rsa", ""},
    {"ec", ""},
    {"plain", ""},
    {"p384", ""},
    {"mail", ""},
    {"chain", ""},
    {"text", ""},
    {"web", "must not be used to encrypt mail to"},
    {"signs", "must not be used to encrypt mail to"},
    {"ecsigns", "must not be used to encrypt mail to"},
    {"short", "too short; ask for RSA of at least 2048 bits"},
    {"ed", "of a kind that S/MIME readers do not know"},
    {"binary", "openssl x509 -inform der"},
    {"both", "holds a private key, which must not be here"},
    {"cut", "no certificate that can be read"},
    {"hollow", "no certificate that can be read"},
    {"request", "no certificate that can be read"},
    {"zeros", "no certificate that can be read"},
    {"noise", "it is no PEM file"},
    {"empty", "it is no PEM file"},
    {"huge", "longer than"},
    {"missing", "No such file"},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf err = BUF_INIT;
        struct smime_certificate *c = load(files[i].name, &err);
        if ((c != NULL) != !*files[i].want || (c && err.len) ||
            !strstr(buf_str(&err), files[i].want))
            fail_msg("%s: %s", files[i].name, buf_str(&err));
        if (strchr(buf_str(&err), '@') || strstr(buf_str(&err), "Funktionspostfach"))
            fail_msg("%s: a name or an address in \"%s\"", files[i].name, buf_str(&err));
        smime_certificate_free(c);
        buf_release(&err);
    }
    smime_certificate_free(NULL);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *address;
        bool want;
    } cases[] = {
        {"rsa", TEAM, true},
        {"rsa", "TEAM@ulm.example", true},
        {"rsa", "team@ulm.example.org", false},
        {"rsa", "eam@ulm.example", false},
        {"rsa", "", false},
        {"other", TEAM, false},
        {"two", TEAM, true},
        {"two", "leitung@ulm.example", true},
        {"subject", TEAM, false},
        {"host", TEAM, false},
        {"host", "ulm.example", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct smime_certificate *c = load_good(cases[i].name);
        if (smime_certificate_names(c, cases[i].address) != cases[i].want)
            fail_msg("%s for \"%s\"", cases[i].name, cases[i].address);
        smime_certificate_free(c);
    }
}

static void test_validity(void **state)
{
    (void)state;
    struct smime_certificate *c = load_good("rsa");
    int64_t now_ms = (int64_t)time(NULL) * 1000, from_ms = smime_certificate_from_ms(c);
    assert_true(from_ms <= now_ms && from_ms > now_ms - 600000);
    assert_true(smime_certificate_to_ms(c) == from_ms + INT64_C(20) * 86400000);
    smime_certificate_free(c);
}

/* A Maildir transport with more options. NULL with the faults in report. */
static struct transports *transports(const char *more, struct buf *report)
{
    struct buf text = BUF_INIT;
    struct conf_faults faults = {.text = report};
    buf_printf(&text,
               "transports = ( { name = \"post\"; adapter = \"email_file\"; path = \"%s/mail\";"
               " from = \"Stafette@ulm.example\"; %s } );",
               dir, more);
    struct conf_node *root = conf_read_text("test.conf", buf_str(&text), text.len, &faults);
    struct transports *all = transports_load(root, &faults);
    conf_free(root);
    buf_release(&text);
    return all;
}

static void put_options(struct buf *out, const char *cipher, const char *cert, const char *key)
{
    if (cipher)
        buf_printf(out, "smime_cipher = \"%s\"; ", cipher);
    if (cert)
        buf_printf(out, "sign_cert = \"%s/%s\"; ", dir, cert);
    if (key)
        buf_printf(out, "sign_key = \"%s/%s\"; ", dir, key);
}

static void test_setup(void **state)
{
    (void)state;
    static const struct {
        const char *label, *cipher, *cert, *key, *want;
    } cases[] = {
        {"nothing said", NULL, NULL, NULL, ""},
        {"gcm", "aes-256-gcm", NULL, NULL, ""},
        {"signing", NULL, "gateway.pem", "gateway.key", ""},
        {"old cipher", "3des", NULL, NULL, "smime_cipher is"},
        {"certificate alone", NULL, "gateway.pem", NULL, "belong together"},
        {"key alone", NULL, NULL, "gateway.key", "belong together"},
        {"another's key", NULL, "gateway.pem", "ec.key", "does not belong to the certificate"},
        {"another's certificate", NULL, "ec.pem", "ec.key", "not for the address in \"from\""},
        {"not for signing", NULL, "web.pem", "web.key", "must not be used to sign"},
        {"no key", NULL, "gateway.pem", "none.key", "no private key in PEM form"},
        {"no certificate", NULL, "noise.pem", "gateway.key", "no PEM file"},
        {"key in the certificate's file", NULL, "both.pem", "rsa.key", "holds a private key"},
        {"locked key", NULL, "gateway.pem", "locked.key", "without a password"},
        {"open key", NULL, "gateway.pem", "open.key", "open to everybody; chmod 0600"},
    };
    run("cd %s && cp gateway.key open.key && chmod 0644 open.key && (umask 077; cat gateway.pem "
        ">none.key)",
        dir);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf more = BUF_INIT, report = BUF_INIT;
        put_options(&more, cases[i].cipher, cases[i].cert, cases[i].key);
        struct transports *all = transports(buf_str(&more), &report);
        if ((all != NULL) != !*cases[i].want || !strstr(buf_str(&report), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&report));
        transports_free(all);
        buf_release(&more);
        buf_release(&report);
    }
}

static void test_signature_ends(void **state)
{
    (void)state;
    struct buf report = BUF_INIT, more = BUF_INIT;
    int64_t to_ms = 0;
    put_options(&more, NULL, "gateway.pem", "gateway.key");
    struct transports *with = transports(buf_str(&more), &report), *none = transports("", &report);
    struct smime_certificate *c = load_good("rsa");
    assert_true(smime_signature_ends(with->transport[0], &to_ms));
    assert_true(to_ms >= smime_certificate_to_ms(c) && to_ms < smime_certificate_to_ms(c) + 600000);
    assert_false(smime_signature_ends(none->transport[0], &to_ms));
    smime_certificate_free(c);
    transports_free(with);
    transports_free(none);
    buf_release(&more);
    buf_release(&report);
}

/* A job over such a transport, encrypted to that mailbox, as of now. */
static struct job *make_job(const struct transports *all, const struct smime_certificate *seal)
{
    struct job *job = job_new();
    job->transport = all->transport[0];
    job->message = (struct message){
        .address = xstrdup(TEAM),
        .subject = xstrdup("Neue Übergabemeldung - bitte quittieren"),
        .body = xstrdup("Guten Tag,\n\nfür Sie: Vorgang K7F3-92QX.\n\nGrüße\n"),
        .message_id = xstrdup("<d42@gw.example>"),
        .thread_id = xstrdup("<v7@gw.example>"),
        .reference = xstrdup("d42"),
        .envelope_from = xstrdup("bounce@gw.example"),
        .date_ms = (int64_t)time(NULL) * 1000,
        .seal = seal,
    };
    return job;
}

static void write_bytes(const char *name, const struct buf *bytes)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
    assert_int_equal(fclose(f), 0);
}

/* What tests/smime_check.py says; fails when it objects. */
static void check_opened(const char *label, const char *reader, const char *signer,
                         const char *want)
{
    char command[1024];
    struct buf got = BUF_INIT, err = BUF_INIT;
    snprintf(
        command, sizeof command,
        "/usr/bin/python3 tests/smime_check.py %s/mail.eml %s/%s.pem %s/%s.key %s/inner %s%s%s",
        dir, dir, reader, dir, reader, dir, signer ? dir : "", signer ? "/" : "",
        signer ? signer : "");
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(buf_read_fd(&got, fileno(f), 1000, &err), 0);
    int rc = pclose(f);
    if (!WIFEXITED(rc) || WEXITSTATUS(rc) != 0 || !str_eq(buf_str(&got), want))
        fail_msg("%s: %s", label, buf_str(&got));
    buf_release(&got);
    buf_release(&err);
}

/* Nobody else opens DIR/mail.eml. */
static void check_closed(const char *label, const char *stranger)
{
    char command[800];
    snprintf(command, sizeof command,
             "cd %s && openssl cms -decrypt -in mail.eml -recip %s.pem -inkey %s.key "
             ">opened 2>openssl.log",
             dir, stranger, stranger);
    if (system(command) == 0)
        fail_msg("%s: %s could open it", label, stranger);
}

static void check_no_plain_text(const char *label, const struct buf *bytes)
{
    static const char *const words[] = {"K7F3", "Guten Tag", "bergabemeldung", "VCALENDAR",
                                        "R3V0ZW4g" /* "Guten " in base64 */};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (memmem(bytes->data, bytes->len, words[i], strlen(words[i])))
            fail_msg("%s: \"%s\" can be read", label, words[i]);
}

enum shape { SHAPE_TEXT, SHAPE_CALENDAR, SHAPE_ATTACHED };

static const struct {
    const char *label, *reader, *cipher;
    bool signs;
    enum shape shape;
} mails[] = {
    {"RSA", "rsa", "aes-256-cbc", false, SHAPE_TEXT},
    {"EC", "ec", "aes-256-cbc", false, SHAPE_TEXT},
    {"EC P-384", "p384", "aes-256-cbc", false, SHAPE_TEXT},
    {"RSA, GCM", "rsa", "aes-256-gcm", false, SHAPE_TEXT},
    {"EC, GCM", "ec", "aes-256-gcm", false, SHAPE_TEXT},
    {"RSA, calendar", "rsa", "aes-256-cbc", false, SHAPE_CALENDAR},
    {"EC, calendar attached", "ec", "aes-256-cbc", false, SHAPE_ATTACHED},
    {"RSA, signed", "rsa", "aes-256-cbc", true, SHAPE_TEXT},
    {"EC, signed, calendar", "ec", "aes-256-gcm", true, SHAPE_ATTACHED},
};

static void check_mail(size_t i)
{
    struct buf more = BUF_INIT, report = BUF_INIT, inner = BUF_INIT, err = BUF_INIT;
    put_options(&more, mails[i].cipher, mails[i].signs ? "gateway.pem" : NULL,
                mails[i].signs ? "gateway.key" : NULL);
    if (mails[i].shape == SHAPE_ATTACHED)
        buf_puts(&more, "calendar_attachment = true;");
    struct transports *all = transports(buf_str(&more), &report);
    assert_non_null(all);
    struct smime_certificate *reader = load_good(mails[i].reader);
    const struct smime_setup *setup = all->transport[0]->state;
    struct job *job = make_job(all, reader);
    const struct mime_sender sender = {"Stafette", "stafette@ulm.example",
                                       mails[i].shape == SHAPE_ATTACHED};
    if (mails[i].shape != SHAPE_TEXT) {
        job->message.calendar = xstrdup("BEGIN:VCALENDAR\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n");
        job->message.method = xstrdup("REQUEST");
    }
    mime_entity(&inner, &job->message, &sender);
    assert_int_equal(smime_build(&job->bytes, &job->message, &sender, setup, &err), 0);
    check_no_plain_text(mails[i].label, &job->bytes);
    write_bytes("inner", &inner);
    write_bytes("mail.eml", &job->bytes);
    check_opened(mails[i].label, mails[i].reader, mails[i].signs ? "gateway.pem" : NULL,
                 str_eq(mails[i].cipher, "aes-256-gcm") ? "authEnveloped-data\n"
                                                        : "enveloped-data\n");
    check_closed(mails[i].label, "other");
    check_closed(mails[i].label, "mail");
    job_free(job);
    smime_certificate_free(reader);
    transports_free(all);
    buf_release(&more);
    buf_release(&report);
    buf_release(&inner);
}

static void test_mails(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mails); i++)
        check_mail(i);
}

/* A repeat has other bytes and the same Message-ID. */
static void test_repeat(void **state)
{
    (void)state;
    struct buf report = BUF_INIT, first = BUF_INIT, second = BUF_INIT, err = BUF_INIT;
    struct transports *all = transports("", &report);
    struct smime_certificate *reader = load_good("rsa");
    const struct smime_setup *setup = all->transport[0]->state;
    struct job *job = make_job(all, reader);
    const struct mime_sender sender = {"", "s@ulm.example", false};
    assert_int_equal(smime_build(&first, &job->message, &sender, setup, &err), 0);
    assert_int_equal(smime_build(&second, &job->message, &sender, setup, &err), 0);
    assert_string_not_equal(buf_str(&first), buf_str(&second));
    assert_non_null(strstr(buf_str(&first), "Message-ID: <d42@gw.example>\r\n"));
    assert_non_null(strstr(buf_str(&second), "Message-ID: <d42@gw.example>\r\n"));
    assert_non_null(strstr(buf_str(&second), "References: <v7@gw.example>\r\n"));
    job_free(job);
    smime_certificate_free(reader);
    transports_free(all);
    buf_release(&first);
    buf_release(&second);
}

/* Without a valid certificate there is no mail, not one in clear. */
static void test_never_in_clear(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t days; /* after the certificate began */
        bool setup;
        bool want;
    } cases[] = {
        {"first day", 0, true, true},
        {"last day", 20, true, true},
        {"before", -1, true, false},
        {"after", 21, true, false},
        {"a transport that cannot", 1, false, false},
    };
    struct buf report = BUF_INIT;
    struct transports *all = transports("", &report);
    struct smime_certificate *reader = load_good("rsa");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT, err = BUF_INIT;
        const struct smime_setup *setup = cases[i].setup ? all->transport[0]->state : NULL;
        struct job *job = make_job(all, reader);
        const struct mime_sender sender = {"", "s@ulm.example", false};
        job->message.date_ms = smime_certificate_from_ms(reader) + cases[i].days * 86400000;
        bool built = smime_build(&out, &job->message, &sender, setup, &err) == 0;
        if (built != cases[i].want || built != (out.len > 0) || built != (err.len == 0))
            fail_msg("%s: %zu bytes, \"%s\"", cases[i].label, out.len, buf_str(&err));
        job_free(job);
        buf_release(&out);
        buf_release(&err);
    }
    smime_certificate_free(reader);
    transports_free(all);
}

/* The whole adapter: an encrypted file in the Maildir, or none and an alarm of our own. */
static void test_maildir(void **state)
{
    (void)state;
    struct buf report = BUF_INIT;
    struct transports *all = transports("", &report);
    struct smime_certificate *reader = load_good("rsa");
    struct job *late = make_job(all, reader), *job = make_job(all, reader);
    late->message.date_ms = smime_certificate_to_ms(reader) + 1;
    job_run(late, NULL);
    assert_int_equal(late->result.end, ATTEMPT_DEFERRED);
    assert_int_equal(late->result.class, CLASS_LOCAL);
    run("test -z \"$(find %s/mail -type f 2>/dev/null)\"", dir);
    job_run(job, NULL);
    assert_int_equal(job->result.end, ATTEMPT_SENT);
    run("cp %s/mail/new/* %s/mail.eml", dir, dir);
    check_no_plain_text("the file", &job->bytes);
    check_closed("the file", "other");
    job_free(late);
    job_free(job);
    smime_certificate_free(reader);
    transports_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_validity),       cmocka_unit_test(test_setup),
        cmocka_unit_test(test_signature_ends), cmocka_unit_test(test_mails),
        cmocka_unit_test(test_repeat),         cmocka_unit_test(test_never_in_clear),
        cmocka_unit_test(test_maildir),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
