/*
 * The adapters that write files, and the two that forget: what is on disk, what the result says,
 * and what happens when the disk refuses. Transports come from a configuration text, as they do in
 * the daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../adapters/adapter.h"
#include "../adapters/file_drop.h"
#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "golden.h"

struct scene {
    char dir[64];
    struct conf_node *root;
    struct transports *all;
};

static int set_up(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    struct buf text = BUF_INIT, faulty = BUF_INIT;
    struct conf_faults faults = {.text = &faulty};
    snprintf(s->dir, sizeof s->dir, "/tmp/stafette-files-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    buf_printf(&text,
               "transports = ("
               "{ name = \"mail\"; adapter = \"email_file\"; path = \"%s/deep/mail\";"
               "  from = \"stafette@example.org\"; from_name = \"Stadt Köln\"; },"
               "{ name = \"invite\"; adapter = \"email_file\"; path = \"%s/deep/mail\";"
               "  calendar_attachment = true; },"
               "{ name = \"sms\"; adapter = \"sms_file\"; path = \"%s/sms\"; },"
               "{ name = \"nomail\"; adapter = \"null_email\"; },"
               "{ name = \"nosms\"; adapter = \"null_sms\"; });",
               s->dir, s->dir, s->dir);
    s->root = conf_read_text("test.conf", buf_str(&text), text.len, &faults);
    s->all = transports_load(s->root, &faults);
    if (!s->all)
        fail_msg("%s", buf_str(&faulty));
    assert_int_equal(faults.warnings, 2);
    buf_release(&text);
    buf_release(&faulty);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", s->dir);
    int rc = system(command);
    transports_free(s->all);
    conf_free(s->root);
    free(s);
    return rc;
}

static struct job *job_for(const struct scene *s, const char *transport, const char *reference)
{
    struct job *job = job_new();
    job->delivery_id = 17;
    job->transport = transports_find(s->all, transport);
    assert_non_null(job->transport);
    job->message.address = xstrdup(
        job->transport->adapter->channel == CHANNEL_SMS ? "+49208000000" : "team@example.org");
    job->message.subject = xstrdup("Neue Übergabemeldung");
    job->message.body = xstrdup("Vorgang K7F3-92QX: Grüße");
    job->message.message_id = xstrdup("<d17@gw.example.org>");
    job->message.thread_id = xstrdup("<t1@gw.example.org>");
    job->message.reference = xstrdup(reference);
    job->message.date_ms = INT64_C(1795162443000);
    return job;
}

static void run(struct job *job)
{
    job->transport->adapter->deliver(job);
}

static size_t count_files(const struct scene *s, const char *below)
{
    char path[128];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", s->dir, below);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir));)
        n += !str_eq(e->d_name, ".") && !str_eq(e->d_name, "..");
    closedir(dir);
    return n;
}

static void read_file(struct buf *out, const struct scene *s, const char *below, const char *name)
{
    char path[256];
    struct buf err = BUF_INIT;
    snprintf(path, sizeof path, "%s/%s/%s", s->dir, below, name);
    if (buf_read_file(out, path, 100000, &err) < 0)
        fail_msg("%s", buf_str(&err));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void check_sent(const struct job *job, const struct buf *on_disk)
{
    unsigned char hash[DIGEST_FULL];
    assert_int_equal(job->result.end, ATTEMPT_SENT);
    assert_int_equal(job->result.class, CLASS_NONE);
    digest_sha256(hash, on_disk->data, on_disk->len);
    assert_memory_equal(hash, job->result.bytes_hash, sizeof hash);
}

static void test_mail(void **state)
{
    const struct scene *s = *state;
    struct job *job = job_for(s, "mail", "ref-1");
    struct buf got = BUF_INIT;
    run(job);
    assert_string_equal(job->result.provider_id, "ref-1.stafette");
    read_file(&got, s, "deep/mail/new", job->result.provider_id);
    check_sent(job, &got);
    golden_check("mail-file.eml", &got);
    assert_int_equal(count_files(s, "deep/mail/tmp"), 0);
    assert_int_equal(count_files(s, "deep/mail/cur"), 0);
    buf_release(&got);
    job_free(job);
}

/* The option alone decides whether invite.ics is attached; a plain mail stays plain. */
static void test_calendar(void **state)
{
    const struct scene *s = *state;
    static const struct {
        const char *transport, *calendar, *want;
        bool attached;
    } cases[] = {
        {"mail", NULL, "Content-Type: text/plain", false},
        {"mail", "BEGIN:VCALENDAR\r\n", "Content-Type: multipart/alternative", false},
        {"invite", NULL, "Content-Type: text/plain", false},
        {"invite", "BEGIN:VCALENDAR\r\n", "Content-Type: multipart/mixed", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job *job = job_for(s, cases[i].transport, "ref-5");
        struct buf got = BUF_INIT;
        if (cases[i].calendar) {
            job->message.calendar = xstrdup(cases[i].calendar);
            job->message.method = xstrdup("REQUEST");
        }
        run(job);
        read_file(&got, s, "deep/mail/new", "ref-5.stafette");
        check_sent(job, &got);
        assert_non_null(strstr(buf_str(&got), cases[i].want));
        assert_int_equal(strstr(buf_str(&got), "invite.ics") != NULL, cases[i].attached);
        buf_release(&got);
        job_free(job);
    }
}

static void test_sms(void **state)
{
    const struct scene *s = *state;
    struct job *job = job_for(s, "sms", "ref-2");
    struct buf got = BUF_INIT;
    run(job);
    assert_string_equal(job->result.provider_id, "ref-2.sms");
    read_file(&got, s, "sms", job->result.provider_id);
    check_sent(job, &got);
    assert_string_equal(buf_str(&got), "To: +49208000000\nReference: ref-2\n\n"
                                       "Vorgang K7F3-92QX: Grüße\n");
    assert_int_equal(count_files(s, "sms"), 1);
    buf_release(&got);
    job_free(job);
}

/* At least once: a repeat after a crash must not look like a second message. */
static void test_repeat_replaces(void **state)
{
    const struct scene *s = *state;
    static const char *const names[] = {"mail", "sms"}, *const below[] = {"deep/mail/new", "sms"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct job *first = job_for(s, names[i], "r"), *second = job_for(s, names[i], "r"),
                   *other = job_for(s, names[i], "q");
        run(first);
        run(second);
        assert_int_equal(count_files(s, below[i]), 1);
        assert_string_equal(first->result.provider_id, second->result.provider_id);
        assert_memory_equal(first->result.bytes_hash, second->result.bytes_hash, DIGEST_FULL);
        run(other);
        assert_int_equal(count_files(s, below[i]), 2);
        job_free(first);
        job_free(second);
        job_free(other);
    }
}

/* A staged file that a crash left is in nobody's way. */
static void test_left_over(void **state)
{
    const struct scene *s = *state;
    struct job *job = job_for(s, "mail", "r");
    struct buf path = BUF_INIT, err = BUF_INIT, got = BUF_INIT;
    buf_printf(&path, "%s/deep/mail/tmp", s->dir);
    assert_int_equal(file_make_dir(buf_str(&path), &err), 0);
    buf_puts(&path, "/r.stafette");
    FILE *f = fopen(buf_str(&path), "w");
    assert_non_null(f);
    assert_true(fputs("half a mail, and longer than the whole one will be: ", f) >= 0);
    for (int i = 0; i < 1000; i++)
        fputs("xxxxxxxxxx", f);
    assert_int_equal(fclose(f), 0);
    run(job);
    read_file(&got, s, "deep/mail/new", job->result.provider_id);
    check_sent(job, &got);
    buf_release(&path);
    buf_release(&got);
    job_free(job);
}

static const struct {
    const char *label, *reference, *want;
} names[] = {
    {"as it is", "d17.8c3f-Z_", "d17.8c3f-Z_"},
    {"no way out of the directory", "../../etc/x", "_._.._etc_x"},
    {"no reference: the delivery", "", "17"},
    {"odd bytes", "a b\nc\xc3\xbc:2,S", "a_b_c___2_S"},
    {"too long", "0123456789012345678901234567890123456789tail",
     "0123456789012345678901234567890123456789"},
};

static void test_names(void **state)
{
    const struct scene *s = *state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct job *job = job_for(s, "sms", names[i].reference);
        struct buf name = BUF_INIT;
        file_name(&name, job);
        if (!str_eq(buf_str(&name), names[i].want))
            fail_msg("%s: got %s", names[i].label, buf_str(&name));
        buf_release(&name);
        job_free(job);
    }
}

static void check_put_off(const struct job *job, const char *text)
{
    assert_int_equal(job->result.end, ATTEMPT_DEFERRED);
    assert_int_equal(job->result.class, CLASS_LOCAL);
    assert_string_equal(job->result.text, text);
    assert_string_equal(job->result.provider_id, "");
}

/* A file size limit stands for a full disk: the same path through write(). */
static void test_disk_full(void **state)
{
    const struct scene *s = *state;
    static const char *const transports[] = {"mail", "sms"};
    static const char *const below[] = {"deep/mail/tmp", "sms"};
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(transports); i++) {
        struct job *job = job_for(s, transports[i], "r");
        tight = before;
        tight.rlim_cur = 10;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        run(job);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        check_put_off(job, "cannot write the file: File too large");
        assert_int_equal(count_files(s, below[i]), 0);
        job_free(job);
    }
    assert_int_equal(count_files(s, "deep/mail/new"), 0);
    signal(SIGXFSZ, SIG_DFL);
}

static void test_path_in_the_way(void **state)
{
    const struct scene *s = *state;
    struct job *mail = job_for(s, "mail", "r"), *sms = job_for(s, "sms", "r");
    char path[128];
    snprintf(path, sizeof path, "%s/deep", s->dir);
    assert_int_equal(fclose(fopen(path, "w")), 0);
    snprintf(path, sizeof path, "%s/sms", s->dir);
    assert_int_equal(fclose(fopen(path, "w")), 0);
    run(mail);
    check_put_off(mail, "cannot make the directory: Not a directory");
    run(sms);
    check_put_off(sms, "cannot create the file: Not a directory");
    job_free(mail);
    job_free(sms);
}

static void test_null(void **state)
{
    const struct scene *s = *state;
    static const char *const transports[] = {"nomail", "nosms"};
    for (size_t i = 0; i < COUNT_OF(transports); i++) {
        struct job *job = job_for(s, transports[i], "r");
        struct buf body = BUF_INIT;
        buf_puts(&body, job->message.body);
        run(job);
        check_sent(job, &body);
        buf_release(&body);
        job_free(job);
    }
    assert_int_equal(count_files(s, ""), 0);
}

static const struct {
    const char *label, *text, *want;
} configured[] = {
    {"empty path", "transports = ({ name = \"m\"; adapter = \"email_file\"; path = \"\"; });",
     "t.conf:1: transport \"m\": path is empty; name a directory\n"},
    {"a file", "transports = (\n{ name = \"s\"; adapter = \"sms_file\"; path = \"/dev/null\"; });",
     "t.conf:2: transport \"s\": \"/dev/null\" is no directory; name one or remove it\n"},
};

static void test_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(configured); i++) {
        struct buf faulty = BUF_INIT;
        struct conf_faults faults = {.text = &faulty};
        struct conf_node *root =
            conf_read_text("t.conf", configured[i].text, strlen(configured[i].text), &faults);
        assert_null(transports_load(root, &faults));
        if (!str_eq(buf_str(&faulty), configured[i].want))
            fail_msg("%s: got %s", configured[i].label, buf_str(&faulty));
        conf_free(root);
        buf_release(&faulty);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_calendar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repeat_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_left_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path_in_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_null, set_up, tear_down),
        cmocka_unit_test(test_check),
    };
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
