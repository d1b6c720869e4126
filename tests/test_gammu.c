/*
 * sms_gammu.c and gammu_look.c: what is written into the outbox, what is read out of the other
 * folders, and what is left alone.
 */
#include "adapter_rig.h"

#include <dirent.h>
#include <sys/stat.h>
#include <utime.h>

#include "../adapters/sms_gammu.h"

static void references(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want; /* "": not ours */
    } cases[] = {
        {"OUTM20261121_190000_00_+491510000001_d17.8c3f01aa.txt", "d17.8c3f01aa"},
        {"OUTA20261121_190000_00_+491510000001_d17.8c3f01aa.txtd", "d17.8c3f01aa"},
        {"OUTC20261121_190000_00_+491510000001_sms0.txt", ""},
        {"OUT+491510000001.txt", ""},
        {"OUTC_+491510000001_00.txt", ""},
        {"OUTM20261121_190000_00_+491510000001_d17.8c3f01aa", ""},
        {"OUTM20261121_190000_00_+491510000001_d17.8c3f01aa.smsbackup", ""},
        {"OUTM20261121_190000_00_+491510000001_d.8c3f01aa.txt", ""},
        {"OUTM20261121_190000_00_+491510000001_d17..txt", ""},
        {"OUTM20261121_190000_00_+491510000001_d17x8c.txt", ""},
        {"OUTM20261121_190000_00_+491510000001_d17.8c3f_x.txt", ""},
        {"OUTM20261121_190000_00_+491510000001_d1234567890123456789.8c.txt", ""},
        {"OUT____d1.a.txt", "d1.a"},
        {"OUT____.txt", ""},
        {"OUT.txt____d1.a", ""},
        {"IN20261121_190000_00_+491510000001_d17.8c3f01aa.txt", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[SPOOL_REFERENCE_MAX] = "";
        bool is = gammu_reference(got, cases[i].name);
        if (is != !str_empty(cases[i].want) || !str_eq(got, cases[i].want))
            fail_msg("%s: \"%s\"", cases[i].name, got);
    }
}

static void inbox_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sender;
        int part; /* -1: no such name */
    } cases[] = {
        {"IN20261121_190300_00_+491510000001_00.txt", "+491510000001", 0},
        {"IN20261121_190300_07_+491510000001_03.txt", "+491510000001", 3},
        {"IN20261121_190300_00_Telekom_00.txt", "Telekom", 0},
        {"IN20261121_190300_00_+491510000001_00.bin", "", -1},
        {"IN20261121_190300_00__00.txt", "", -1},
        {"IN20261121_190300_00_a_b_00.txt", "", -1},
        {"IN20261121_1903_00_+491510000001_00.txt", "", -1},
        {"IN20261121_190300_00_+491510000001_0.txt", "", -1},
        {"IN20261121_190300_00_+491510000001_00.txt.tmp", "", -1},
        {"IN20261121_190300_00_491510000001491510000001491510000001111111_00.txt", "", -1},
        {"IN", "", -1},
        {"", "", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char sender[40] = "";
        int part = -1;
        size_t n = gammu_inbox_name(cases[i].name, sender, &part);
        if ((n > 0) != (cases[i].part >= 0) || (n > 0 && part != cases[i].part) ||
            (n > 0 && !str_eq(sender, cases[i].sender)))
            fail_msg("%s: %zu \"%s\" %d", cases[i].name, n, sender, part);
    }
}

static void texts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *want;
    } cases[] = {
        {"\xfe\xff\0O\0K\0 \0\x32", 10, "OK 2"},
        {"\xff\xfeO\0K\0", 6, "OK"},
        {"\xfe\xff\0\xfc\x20\xac", 6, "\xc3\xbc\xe2\x82\xac"},
        {"\xfe\xff\xd8\x3d\xde\x00!", 7, "??"},
        {"\xfe\xff\0\0\0A", 6, " A"},
        {"OK 23", 5, "OK 23"},
        {"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"},
        {"gr\xfc\xdf", 4, "gr??"},
        {"a\0b", 3, "a b"},
        {"\xfe\xff", 2, ""},
        {"\xfe", 1, "?"},
        {"", 0, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out = BUF_INIT;
        gammu_text(&out, cases[i].bytes, cases[i].len);
        if (!str_eq(buf_str(&out), cases[i].want))
            fail_msg("case %zu: \"%s\"", i, buf_str(&out));
        buf_release(&out);
    }
}

/* The four folders of one transport. */
struct scene {
    char *dir;
    struct transports *all;
};

static const char *const folders[] = {"outbox", "sent", "error", "inbox"};

static struct scene scene_make(void)
{
    struct scene s = {.dir = rig_dir()};
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", s.dir, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    s.all = rig_transports("transports = ( { name = \"modem\"; adapter = \"sms_gammu\"; "
                           "outbox = \"%s/outbox\"; sent = \"%s/sent\"; error = \"%s/error\"; "
                           "inbox = \"%s/inbox\"; } );",
                           s.dir, s.dir, s.dir, s.dir);
    return s;
}

static void scene_end(struct scene *s)
{
    transports_free(s->all);
    rig_dir_free(s->dir);
}

static struct job *job_for(const struct scene *s, const char *reference, const char *text)
{
    struct job *job = rig_job(s->all->transport[0], "+491510000001", text);
    free(job->message.reference);
    job->message.reference = xstrdup(reference);
    return job;
}

/* The names in a folder, sorted, one line each; hidden ones too. */
static struct buf listing(const struct scene *s, const char *folder)
{
    char path[300];
    struct dirent **name;
    struct buf out = BUF_INIT;
    snprintf(path, sizeof path, "%s/%s", s->dir, folder);
    int n = scandir(path, &name, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (!str_eq(name[i]->d_name, ".") && !str_eq(name[i]->d_name, ".."))
            buf_printf(&out, "%s\n", name[i]->d_name);
        free(name[i]);
    }
    free(name);
    return out;
}

static void expect_listing(const struct scene *s, const char *folder, const char *want)
{
    struct buf got = listing(s, folder);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", wanted \"%s\"", folder, buf_str(&got), want);
    buf_release(&got);
}

static void move(const struct scene *s, const char *from, const char *to, const char *name)
{
    char old[400], new[400];
    snprintf(old, sizeof old, "%s/%s/%s", s->dir, from, name);
    snprintf(new, sizeof new, "%s/%s/%s", s->dir, to, name);
    assert_int_equal(rename(old, new), 0);
}

/* A file that nobody has touched for a while. */
static void put(const struct scene *s, const char *folder, const char *name, const char *text)
{
    char path[400];
    const struct utimbuf old = {1000000000, 1000000000};
    snprintf(path, sizeof path, "%s/%s", s->dir, folder);
    rig_write(path, name, text);
    snprintf(path, sizeof path, "%s/%s/%s", s->dir, folder, name);
    assert_int_equal(utime(path, &old), 0);
}

static void writes(void **state)
{
    (void)state;
    static const char utf16[] = "\xfe\xff\0\xfc\0 \0\"\0x\0\"\x20\xac";
    struct scene s = scene_make();
    struct job *job = job_for(&s, "d17.8c3f01aa", "\xc3\xbc \xe2\x80\x9ex\xe2\x80\x9c\xe2\x82\xac");
    struct stat st;
    char path[400];
    job_run(job, NULL);
    rig_expect("modem", job, ATTEMPT_SENT, CLASS_NONE);
    assert_string_equal(job->result.provider_id, "d17.8c3f01aa");
    expect_listing(&s, "outbox", "OUTM20261120_073403_00_+491510000001_d17.8c3f01aa.txt\n");
    snprintf(path, sizeof path, "%s/outbox", s.dir);
    struct buf got = rig_read(path, "OUTM20261120_073403_00_+491510000001_d17.8c3f01aa.txt");
    assert_int_equal(got.len, sizeof utf16 - 1);
    assert_memory_equal(got.data, utf16, sizeof utf16 - 1);
    strcat(path, "/OUTM20261120_073403_00_+491510000001_d17.8c3f01aa.txt");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    buf_release(&got);
    job_free(job);
    job = job_for(&s, "d18.8c3f01aa", "x");
    job->urgent = true;
    job_run(job, NULL);
    rig_expect("urgent", job, ATTEMPT_SENT, CLASS_NONE);
    expect_listing(&s, "outbox",
                   "OUTA20261120_073403_00_+491510000001_d18.8c3f01aa.txt\n"
                   "OUTM20261120_073403_00_+491510000001_d17.8c3f01aa.txt\n");
    job_free(job);
    scene_end(&s);
}

/* At least once, rarely twice: an attempt after a crash finds what the one before it wrote. */
static void repeats(void **state)
{
    (void)state;
    static const struct {
        const char *label, *folder;
        size_t outbox; /* files in it afterwards */
    } cases[] = {{"waits", "outbox", 1}, {"sent already", "sent", 0}, {"given up", "error", 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene s = scene_make();
        put(&s, cases[i].folder, "OUTM20261119_000000_00_+491510000001_d17.8c3f01aa.txt", "old");
        put(&s, cases[i].folder, "OUTM20261119_000000_00_+491510000001_d7.8c3f01aa.txt", "other");
        struct job *job = job_for(&s, "d17.8c3f01aa", "x");
        job_run(job, NULL);
        rig_expect(cases[i].label, job, ATTEMPT_SENT, CLASS_NONE);
        struct buf outbox = listing(&s, "outbox"), error = listing(&s, "error");
        size_t count = 0;
        for (const char *p = buf_str(&outbox); (p = strstr(p, "d17.8c3f01aa")); p++)
            count++;
        if (count != cases[i].outbox || strstr(buf_str(&error), "d17.8c3f01aa"))
            fail_msg("%s: \"%s\", error: \"%s\"", cases[i].label, buf_str(&outbox),
                     buf_str(&error));
        buf_release(&outbox);
        buf_release(&error);
        job_free(job);
        scene_end(&s);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *address, *reference, *text;
        enum error_class class;
    } cases[] = {
        {"491510000001", "d1.a", "x", CLASS_ADDRESS},
        {"+49151/../../x", "d1.a", "x", CLASS_ADDRESS},
        {"+491510000001", "../d1.a", "x", CLASS_PERMANENT},
        {"+491510000001", "d1_a", "x", CLASS_PERMANENT},
        {"+491510000001", "", "x", CLASS_PERMANENT},
        {"+491510000001", "d1.a", "\xff\xfe", CLASS_PERMANENT},
    };
    struct scene s = scene_make();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct job *job = job_for(&s, cases[i].reference, cases[i].text);
        free(job->message.address);
        job->message.address = xstrdup(cases[i].address);
        job_run(job, NULL);
        rig_expect(cases[i].address, job, ATTEMPT_FAILED, cases[i].class);
        job_free(job);
    }
    expect_listing(&s, "outbox", "");
    struct job *job = job_for(&s, "d1.a", "x");
    char path[300];
    snprintf(path, sizeof path, "%s/outbox", s.dir);
    assert_int_equal(rmdir(path), 0);
    job_run(job, NULL);
    rig_expect("no outbox", job, ATTEMPT_DEFERRED, CLASS_LOCAL);
    assert_null(strstr(job->result.text, "49151"));
    job_free(job);
    scene_end(&s);
}

static struct spool_look look_into(const struct scene *s)
{
    struct spool_look look = {0};
    gammu_folders(&look, s->all->transport[0]);
    gammu_look(&look);
    return look;
}

static void add_done(struct spool_look *look, const struct scene *s, const char *path)
{
    struct buf full = BUF_INIT;
    look->done = realloc(look->done, (look->done_count + 1) * sizeof *look->done);
    buf_printf(&full, "%s/%s", s->dir, path);
    look->done[look->done_count++] = buf_detach(&full);
}

static void looks(void **state)
{
    (void)state;
    static const char sent[] = "OUTM20261119_000000_00_+491510000001_d17.8c3f01aa.txt";
    static const char failed[] = "OUTM20261119_000000_00_+491510000001_d18.8c3f01aa.txt";
    struct scene s = scene_make();
    put(&s, "outbox", "OUTM20261119_000000_00_+491510000001_d16.8c3f01aa.txt", "x");
    put(&s, "outbox", sent, "x");
    put(&s, "outbox", failed, "x");
    move(&s, "outbox", "sent", sent);
    move(&s, "outbox", "error", failed);
    put(&s, "sent", "OUTC20261119_000000_00_+491510000001_sms0.txt", "foreign");
    put(&s, "inbox", "IN20261121_190300_00_+491510000002_00.txt", "JA ");
    put(&s, "inbox", "IN20261121_190300_00_+491510000002_01.txt", "23");
    put(&s, "inbox", "IN20261121_190300_01_Telekom_00.txt", "Werbung");
    put(&s, "inbox", "readme", "foreign");
    struct spool_look look = look_into(&s);
    assert_false(look.failed);
    assert_int_equal(look.count, 5);
    assert_int_equal(look.found[0].kind, SPOOL_SENT);
    assert_string_equal(look.found[0].reference, "d17.8c3f01aa");
    assert_int_equal(look.found[1].kind, SPOOL_ERROR);
    assert_string_equal(look.found[1].reference, "d18.8c3f01aa");
    assert_int_equal(look.found[2].kind, SPOOL_INBOX);
    assert_string_equal(look.found[2].sms->from, "+491510000002");
    assert_string_equal(look.found[2].sms->text, "JA 23");
    assert_int_equal(look.found[3].kind, SPOOL_PART);
    assert_int_equal(look.found[4].kind, SPOOL_INBOX);
    assert_null(look.found[4].sms);
    gammu_look_release(&look);

    look = (struct spool_look){0};
    gammu_folders(&look, s.all->transport[0]);
    add_done(&look, &s, "sent/OUTM20261119_000000_00_+491510000001_d17.8c3f01aa.txt");
    add_done(&look, &s, "inbox/IN20261121_190300_00_+491510000002_00.txt");
    add_done(&look, &s, "inbox/IN20261121_190300_00_+491510000002_01.txt");
    add_done(&look, &s, "inbox/gone-already");
    gammu_look(&look);
    assert_false(look.failed);
    assert_int_equal(look.count, 2);
    gammu_look_release(&look);
    expect_listing(&s, "sent", "OUTC20261119_000000_00_+491510000001_sms0.txt\n");
    expect_listing(&s, "inbox", "IN20261121_190300_01_Telekom_00.txt\nreadme\n");
    scene_end(&s);
}

/* gammu-smsd writes what came in in place: half of an answer is none. */
static void waits_for_the_writer(void **state)
{
    (void)state;
    char path[300];
    struct scene s = scene_make();
    put(&s, "inbox", "IN20261121_190300_00_+491510000002_00.txt", "JA ");
    snprintf(path, sizeof path, "%s/inbox", s.dir);
    rig_write(path, "IN20261121_190300_00_+491510000002_01.txt", "2");
    struct spool_look look = look_into(&s);
    assert_false(look.failed);
    assert_int_equal(look.count, 0);
    gammu_look_release(&look);
    scene_end(&s);
}

static void hostile_folder(void **state)
{
    (void)state;
    char path[400], name[64];
    struct scene s = scene_make();
    snprintf(path, sizeof path, "%s/inbox/IN20261121_190300_00_+491510000002_00.txt", s.dir);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/inbox/IN20261121_190300_01_+491510000002_00.txt", s.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < 3 * SPOOL_FOUND_MAX; i++) {
        snprintf(name, sizeof name, "OUTM20261119_000000_00_+49151_d%d.8c.txt", i + 1);
        put(&s, "sent", name, "");
    }
    struct buf large = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_addc(&large, 'x');
    struct spool_look look = look_into(&s);
    assert_int_equal(look.count, SPOOL_FOUND_MAX);
    gammu_look_release(&look);
    struct scene t = scene_make();
    put(&t, "inbox", "IN20261121_190300_02_+491510000002_00.txt", buf_str(&large));
    look = look_into(&t);
    assert_int_equal(look.count, 1);
    assert_null(look.found[0].sms);
    gammu_look_release(&look);
    snprintf(path, sizeof path, "%s/error", t.dir);
    assert_int_equal(rmdir(path), 0);
    look = look_into(&t);
    assert_true(look.failed);
    assert_non_null(strstr(look.why, "cannot read the folder error"));
    assert_null(strstr(look.why, t.dir));
    gammu_look_release(&look);
    buf_release(&large);
    scene_end(&s);
    scene_end(&t);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *options, *want;
    } cases[] = {
        {"sent = \"s\"; error = \"e\";", "lacks the option \"outbox\""},
        {"outbox = \"\"; sent = \"s\"; error = \"e\";", "outbox is empty"},
        {"outbox = \"o\"; sent = \"o\"; error = \"e\";", "three directories"},
        {"outbox = \"o\"; sent = \"s\"; error = \"s\";", "three directories"},
        {"outbox = \"o\"; sent = \"s\"; error = \"e\"; every = \"1d\";", "between 1s and 1h"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        buf_printf(&text, "transports = ( { name = \"m\"; adapter = \"sms_gammu\"; %s } );",
                   cases[i].options);
        struct transports *all = rig_try(buf_str(&text), &report);
        if (all || !strstr(buf_str(&report), cases[i].want))
            fail_msg("%s: %s", cases[i].options, buf_str(&report));
        transports_free(all);
        buf_release(&text);
        buf_release(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),     cmocka_unit_test(inbox_names),
        cmocka_unit_test(texts),          cmocka_unit_test(writes),
        cmocka_unit_test(repeats),        cmocka_unit_test(refuses),
        cmocka_unit_test(looks),          cmocka_unit_test(waits_for_the_writer),
        cmocka_unit_test(hostile_folder), cmocka_unit_test(faults),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("gammu", tests, NULL, NULL);
}
