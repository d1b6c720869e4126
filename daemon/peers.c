/*
 * Who we talk to: see peers.h.
 */
#include "peers.h"

#include <string.h>

#include "../adapters/adapter.h"
#include "buf.h"
#include "config.h"
#include "util.h"

/* The host part of a URL such as smtp://127.0.0.1:25/name or http://[::1]:80/. */
static void host_of(struct buf *host, const char *url)
{
    const char *p = strstr(url, "://");
    p = p ? p + 3 : url;
    if (*p == '[')
        buf_add(host, p + 1, strcspn(p + 1, "]"));
    else
        buf_add(host, p, strcspn(p, ":/?"));
}

static int check_host(const char *what, const char *host, struct buf *err)
{
    if (transport_is_loopback(host))
        return 0;
    buf_printf(err, "--test-clock is refused: %s reaches beyond this machine", what);
    return -1;
}

int peers_all_local(const struct config *config, struct buf *err)
{
    const struct transports *all = config->transports;
    int rc = check_host("mqtt.host", config->settings.mqtt_host, err);
    for (size_t i = 0; i < MAILBOXES && rc == 0; i++) {
        struct buf host = BUF_INIT;
        if (str_empty(config->settings.mailbox[i].url))
            continue;
        host_of(&host, config->settings.mailbox[i].url);
        rc = check_host("mailbox.url", buf_str(&host), err);
        buf_release(&host);
    }
    for (size_t i = 0; i < all->count && rc == 0; i++) {
        const struct transport *t = all->transport[i];
        const struct adapter_option *o = t->adapter->options;
        for (; o->name && rc == 0; o++) {
            if (!str_eq(o->name, "url"))
                continue;
            struct buf host = BUF_INIT;
            host_of(&host, transport_text(t, "url"));
            rc = check_host(t->name, buf_str(&host), err);
            buf_release(&host);
        }
    }
    return rc;
}
