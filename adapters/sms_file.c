/*
 * Adapter sms_file: each SMS becomes one text file, for trying out, for tests and for modem
 * programs that take files:
 *
 *     To: +491701234567
 *     Reference: 0123456789abcdef
 *
 *     Neue Meldung im Postfach, ...
 *
 * Promises: "sent" only when the whole file is on disk under its final name, which ends in .sms; a
 * repeat of the same delivery replaces its file. Refuses nothing but what the disk refuses: then
 * the SMS is put off. A crash leaves at most a file whose name begins with a dot.
 */
#include "adapter.h"
#include "adapters_list.h"
#include "file_drop.h"
#include "sms_terms.h"

static const struct adapter_option options[] = {
    {"path", OPTION_FILE, NULL, "directory of the files; made when missing"},
    {NULL, OPTION_TEXT, NULL, NULL},
};

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    return file_check(t, node, faults);
}

/* A value with a line feed in it would make a header of its own. */
static void add_header(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s: ", name);
    for (; value && *value; value++)
        buf_addc(out, (unsigned char)*value < 0x20 ? ' ' : *value);
    buf_addc(out, '\n');
}

static void deliver(struct job *job)
{
    const char *path = transport_text(job->transport, "path");
    struct buf err = BUF_INIT, text = BUF_INIT;
    if (sms_terms_job(&text, job) < 0) {
        buf_wipe(&text);
        return;
    }
    buf_reset(&job->bytes);
    add_header(&job->bytes, "To", job->message.address);
    add_header(&job->bytes, "Reference", job->message.reference);
    buf_printf(&job->bytes, "\n%s\n", buf_str(&text));
    buf_wipe(&text);
    file_make_dir(path, &err);
    file_deliver(job, &(struct file_place){path, ".", "", ".sms"}, &err);
    buf_release(&err);
}

const struct adapter adapter_sms_file = {
    .name = "sms_file",
    .channel = CHANNEL_SMS,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .deliver = deliver,
};
