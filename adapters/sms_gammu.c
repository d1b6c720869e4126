/*
 * Adapter sms_gammu: SMS by a modem of the city's own, through the folders of gammu-smsd (service
 * "files", https://docs.gammu.org/smsd/files.html). Local work, on a carrier.
 *
 * Promises: "sent" only when the whole file is on disk in the outbox; the text is UTF-16 with a
 * byte order mark, so that it does not depend on the modem program's locale; a repeat of the same
 * delivery finds its first file, in the outbox or already sent, and writes no second one. An urgent
 * SMS goes before all others. Refuses anything but a number in E.164 form. A crash leaves at most a
 * file whose name begins with a dot, which gammu-smsd does not read.
 */
#include "sms_gammu.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"
#include "file_drop.h"
#include "sms_terms.h"

enum { DIGITS_MIN = 8, DIGITS_MAX = 15, EVERY_MIN_MS = 1000, EVERY_MAX_MS = HOUR_MS };

/* gammu-smsd runs as a user of its own and has to read what we write. */
enum { FILE_MODE = 0640 };

static const struct adapter_option options[] = {
    {"outbox", OPTION_FILE, NULL, "its OutboxPath"},
    {"sent", OPTION_FILE, NULL, "its SentSMSPath; files of ours are removed from it"},
    {"error", OPTION_FILE, NULL, "its ErrorSMSPath; likewise"},
    {"inbox", OPTION_FILE, "", "its InboxPath, when answers are to be read from it and removed"},
    {"every", OPTION_DURATION, "5s", "pause between two looks into the folders"},
    {NULL, OPTION_TEXT, NULL, NULL},
};

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    static const char *const needed[] = {"outbox", "sent", "error"};
    size_t before = faults->errors;
    int64_t every_ms = transport_ms(t, "every");
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (str_empty(transport_text(t, needed[i])))
            conf_fault(faults, node, "transport \"%s\": %s is empty; name a directory", t->name,
                       needed[i]);
    if (str_eq(transport_text(t, "outbox"), transport_text(t, "sent")) ||
        str_eq(transport_text(t, "sent"), transport_text(t, "error")))
        conf_fault(faults, node, "transport \"%s\": outbox, sent and error are three directories",
                   t->name);
    if (every_ms < EVERY_MIN_MS || every_ms > EVERY_MAX_MS)
        conf_fault(faults, node, "transport \"%s\": every must be between 1s and 1h", t->name);
    return faults->errors == before ? 0 : -1;
}

static bool number_ok(const char *address)
{
    size_t n = strlen(address);
    return address[0] == '+' && n > DIGITS_MIN && n <= DIGITS_MAX + 1 &&
           strspn(address + 1, "0123456789") == n - 1;
}

/* Only letters, digits, "-" and ".": an underscore would be a field of the name. */
static bool reference_ok(const char *reference)
{
    size_t n = strlen(reference);
    return n > 0 && n < SPOOL_REFERENCE_MAX && reference[0] != '.' &&
           strspn(reference, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") ==
               n;
}

/* One code point of valid UTF-8; moves *p behind it. */
static unsigned long next_point(const char **p)
{
    const unsigned char *u = (const unsigned char *)*p;
    unsigned more = *u < 0x80 ? 0 : *u < 0xe0 ? 1 : *u < 0xf0 ? 2 : 3;
    unsigned long point = more == 0 ? *u : *u & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++)
        point = point << 6 | (u[i] & 0x3fu);
    *p += more + 1;
    return point;
}

static void put_unit(struct buf *out, unsigned long unit)
{
    buf_addc(out, (char)(unit >> 8 & 0xff));
    buf_addc(out, (char)(unit & 0xff));
}

/* UTF-16, most significant byte first, with its mark. */
static void put_utf16(struct buf *out, const char *text)
{
    put_unit(out, 0xfeff);
    while (*text) {
        unsigned long point = next_point(&text);
        if (point < 0x10000) {
            put_unit(out, point);
            continue;
        }
        put_unit(out, 0xd800 + ((point - 0x10000) >> 10));
        put_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
}

static void put_name(struct buf *out, const struct job *job)
{
    time_t at_s = (time_t)(job->message.date_ms / 1000);
    struct tm tm;
    char stamp[32];
    gmtime_r(&at_s, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%d_%H%M%S", &tm);
    buf_printf(out, "OUT%c%s_00_%s_%s.txt", job->urgent ? 'A' : 'M', stamp, job->message.address,
               job->message.reference);
}

/* Appends the path of the file with that reference in a directory; false when there is none. A
 * directory that cannot be read has none: what is to be written fails soon enough. */
static bool find_file(struct buf *path, const char *dir, const char *reference)
{
    char its[SPOOL_REFERENCE_MAX];
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        found = gammu_reference(its, e->d_name) && str_eq(its, reference);
        if (found)
            buf_printf(path, "%s/%s", dir, e->d_name);
    }
    if (d)
        closedir(d);
    return found;
}

/* An earlier attempt of this delivery wrote its file, and the modem did not give it up. */
static bool there_already(const struct job *job)
{
    const struct transport *t = job->transport;
    struct buf path = BUF_INIT;
    bool there = find_file(&path, transport_text(t, "outbox"), job->message.reference) ||
                 find_file(&path, transport_text(t, "sent"), job->message.reference);
    if (!there && find_file(&path, transport_text(t, "error"), job->message.reference))
        unlink(buf_str(&path));
    buf_wipe(&path);
    return there;
}

static void write_file(struct job *job, struct buf *err)
{
    const char *outbox = transport_text(job->transport, "outbox");
    struct buf name = BUF_INIT, stage = BUF_INIT, path = BUF_INIT;
    put_name(&name, job);
    buf_printf(&stage, "%s/.%s", outbox, job->message.reference);
    buf_printf(&path, "%s/%s", outbox, buf_str(&name));
    file_drop_mode(buf_str(&stage), buf_str(&path), FILE_MODE, &job->bytes, err);
    buf_wipe(&name);
    buf_release(&stage);
    buf_wipe(&path);
}

static void deliver(struct job *job)
{
    struct buf err = BUF_INIT, text = BUF_INIT;
    if (!number_ok(job->message.address)) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        job_peer_text(job, "not sent: the number is not in E.164 form");
        return;
    }
    if (!reference_ok(job->message.reference) ||
        !utf8_valid(job->message.body, strlen(job->message.body))) {
        job_end(job, ATTEMPT_FAILED, CLASS_PERMANENT, 0);
        job_peer_text(job, "not sent: reference or text cannot be written");
        return;
    }
    if (sms_terms_job(&text, job) < 0) {
        buf_wipe(&text);
        return;
    }
    buf_reset(&job->bytes);
    put_utf16(&job->bytes, buf_str(&text));
    digest_sha256(job->result.bytes_hash, buf_str(&text), text.len);
    if (!there_already(job))
        write_file(job, &err);
    if (err.len) {
        job_peer_text(job, buf_str(&err));
        job_end(job, ATTEMPT_DEFERRED, CLASS_LOCAL, 0);
    } else {
        str_copy(job->result.provider_id, sizeof job->result.provider_id, job->message.reference);
        job_end(job, ATTEMPT_SENT, CLASS_NONE, 0);
    }
    buf_wipe(&text);
    buf_release(&err);
}

bool gammu_is(const struct transport *t)
{
    return t->adapter == &adapter_sms_gammu;
}

void gammu_folders(struct spool_look *look, const struct transport *t)
{
    static const char *const option[SPOOL_KIND_COUNT] = {"sent", "error", "inbox", NULL};
    for (int i = 0; i < SPOOL_KIND_COUNT; i++)
        look->folder[i] = xstrdup(option[i] ? transport_text(t, option[i]) : "");
}

const struct adapter adapter_sms_gammu = {
    .name = "sms_gammu",
    .channel = CHANNEL_SMS,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .deliver = deliver,
};
