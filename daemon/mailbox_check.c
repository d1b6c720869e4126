/*
 * Settings of the mailbox, checked when a configuration is loaded: see mailbox.h. Apart from
 * mailbox.c, so that stafettectl, which reads configurations too, does not need the daemon's parts.
 *
 * Promises: a mailbox that is configured can fail only by the server, or by a credential file that
 * was changed. Refuses clear text to another machine (DOMAIN R13). Keeps nothing.
 */
#include "mailbox.h"

#include "../adapters/adapter.h"
#include "../adapters/imap.h"
#include "buf.h"
#include "conf.h"
#include "settings.h"
#include "util.h"

static struct conf_node *place(struct conf_node *root, const char *name)
{
    struct conf_node *node = conf_get(conf_get(root, "mailbox"), name);
    return node ? node : root;
}

void mailbox_check(const struct settings *s, struct conf_node *root, struct conf_faults *faults)
{
    struct buf why = BUF_INIT, secret = BUF_INIT;
    if (str_empty(s->mailbox_url))
        return;
    if (imap_url_check(s->mailbox_url, s->mailbox_tls, &why) != 0)
        conf_fault(faults, place(root, "url"), "mailbox: %s", buf_str(&why));
    if (str_empty(s->mailbox_user) || str_empty(s->mailbox_password_file))
        conf_fault(faults, place(root, "url"), "mailbox: user and password_file must be set, too");
    else
        transport_secret(&secret, s->mailbox_password_file, place(root, "password_file"), faults);
    if (!str_empty(s->mailbox_ca_file) && buf_read_file(&secret, s->mailbox_ca_file, 1 << 20, &why))
        conf_fault(faults, place(root, "ca_file"), "mailbox: ca_file: %s", buf_str(&why));
    buf_wipe(&secret);
    buf_release(&why);
}
