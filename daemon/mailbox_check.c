/*
 * Settings of the mailboxes, checked when a configuration is loaded: see mailbox.h. Apart from
 * mailbox.c, so that stafettectl, which reads configurations too, does not need the daemon's parts.
 *
 * Promises: a mailbox that is configured can fail only by the server, or by a credential file that
 * was changed. Refuses clear text to another machine (DOMAIN R13). Keeps nothing.
 */
#include "mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/imap.h"
#include "buf.h"
#include "conf.h"
#include "settings.h"
#include "util.h"

static const char *const group[MAILBOXES] = {"mailbox", "bounce_mailbox"};

static struct conf_node *place(struct conf_node *root, size_t which, const char *name)
{
    struct conf_node *node = conf_get(conf_get(root, group[which]), name);
    return node ? node : root;
}

/* A folder is put into a command between quotes. */
static bool is_folder(const char *name)
{
    for (; *name; name++)
        if (*name <= ' ' || *name >= 0x7f || strchr("\"\\%*&(){}", *name))
            return false;
    return true;
}

static void check_one(const struct settings *s, size_t which, struct conf_node *root,
                      struct conf_faults *faults)
{
    const struct mailbox_settings *m = &s->mailbox[which];
    const char *name = group[which];
    struct buf why = BUF_INIT, secret = BUF_INIT;
    if (str_empty(m->url))
        return;
    if (imap_url_check(m->url, m->tls, &why) != 0)
        conf_fault(faults, place(root, which, "url"), "%s: %s", name, buf_str(&why));
    if (!is_folder(m->filed))
        conf_fault(faults, place(root, which, "filed"),
                   "%s: filed may hold no blanks, umlauts, quotes or wildcards", name);
    if (str_empty(m->user) || str_empty(m->password_file))
        conf_fault(faults, place(root, which, "url"), "%s: user and password_file must be set, too",
                   name);
    else
        transport_secret(&secret, m->password_file, place(root, which, "password_file"), faults);
    if (!str_empty(m->ca_file) && buf_read_file(&secret, m->ca_file, 1 << 20, &why))
        conf_fault(faults, place(root, which, "ca_file"), "%s: ca_file: %s", name, buf_str(&why));
    buf_wipe(&secret);
    buf_release(&why);
}

/* LMTP has no encryption and no login here, so it is for a mail server on this machine. */
static bool is_local(const char *listen_on)
{
    const char *colon = strrchr(listen_on, ':');
    if (str_empty(listen_on) || listen_on[0] == '/')
        return true;
    if (str_starts(listen_on, "[::1]:"))
        return true;
    char *host = colon ? xstrndup(listen_on, (size_t)(colon - listen_on)) : NULL;
    bool fits = host && transport_is_loopback(host);
    free(host);
    return fits;
}

void mailbox_check(const struct settings *s, struct conf_node *root, struct conf_faults *faults)
{
    struct conf_node *listen_on = conf_get(conf_get(root, "lmtp"), "listen");
    for (size_t i = 0; i < MAILBOXES; i++)
        check_one(s, i, root, faults);
    if (!is_local(s->lmtp_listen))
        conf_fault(faults, listen_on ? listen_on : root,
                   "lmtp: listen is a loopback address with its port (127.0.0.1:8024) or the "
                   "absolute path of a socket; a mail server elsewhere needs a relay here");
}
