/*
 * Adapter email_file: each mail becomes one file of a Maildir (tmp/, new/, cur/), for trying out,
 * for tests and for a mail system that fetches files.
 *
 * Promises: "sent" only when the file is under new/ and flushed to disk; a repeat of the same
 * delivery replaces its file. Refuses nothing but what the disk refuses: then the mail is put off
 * (disk full, rights) and the operator hears of it. A crash leaves at most a file under tmp/, which
 * Maildir readers ignore.
 */
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"
#include "file_drop.h"
#include "mime.h"
#include "smime.h"

static const struct adapter_option options[] = {
    {"path", OPTION_FILE, NULL, "the Maildir; made when missing"},
    {"from", OPTION_TEXT, "stafette@localhost", "address in the From header"},
    {"from_name", OPTION_TEXT, "Stafette", "name in the From header, a role"},
    {"calendar_attachment", OPTION_BOOL, "false", "attach invitations as invite.ics as well"},
    SMIME_OPTIONS,
    {NULL, OPTION_TEXT, NULL, NULL},
};

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    t->state = smime_setup_load(t, transport_text(t, "from"), node, faults);
    return file_check(t, node, faults) == 0 && t->state ? 0 : -1;
}

static void release(struct transport *t)
{
    smime_setup_free(t->state);
}

static void make_maildir(const char *path, struct buf *err)
{
    static const char *const parts[] = {"tmp", "new", "cur"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) {
        struct buf dir = BUF_INIT;
        buf_printf(&dir, "%s/%s", path, parts[i]);
        rc = file_make_dir(buf_str(&dir), err);
        buf_release(&dir);
    }
}

static void deliver(struct job *job)
{
    const struct transport *t = job->transport;
    const struct mime_sender sender = {transport_text(t, "from_name"), transport_text(t, "from"),
                                       str_eq(transport_text(t, "calendar_attachment"), "true")};
    const char *path = transport_text(t, "path");
    struct buf err = BUF_INIT;
    buf_reset(&job->bytes);
    if (smime_build(&job->bytes, &job->message, &sender, t->state, &err) == 0)
        make_maildir(path, &err);
    file_deliver(job, &(struct file_place){path, "tmp/", "new/", ".stafette"}, &err);
    buf_release(&err);
}

const struct adapter adapter_email_file = {
    .name = "email_file",
    .channel = CHANNEL_EMAIL,
    .engine = ENGINE_CARRIER,
    .options = options,
    .check = check,
    .release = release,
    .deliver = deliver,
};
