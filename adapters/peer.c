/*
 * What adapters check about their peers when the configuration is loaded: credential files and
 * URLs. Declared in adapter.h.
 *
 * Promises: a secret never shows in a fault; encryption cannot be left out but for a loopback
 * address, said explicitly (DOMAIN R13). Refuses a user or password inside a URL, because a URL is
 * shown in messages and a credential belongs in a file of its own (DOMAIN R24).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "adapter.h"

enum { SECRET_MAX = 4096 };

static bool has_control(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return true;
    return false;
}

int transport_secret(struct buf *secret, const char *path, const struct conf_node *node,
                     struct conf_faults *faults)
{
    buf_reset(secret);
    if (str_empty(path))
        return 0;
    struct buf why = BUF_INIT;
    int rc = buf_read_file(secret, path, SECRET_MAX, &why);
    if (rc != 0)
        conf_fault(faults, node, "credential file: %s", buf_str(&why));
    buf_release(&why);
    while (secret->len > 0 && strchr("\r\n", secret->data[secret->len - 1]))
        secret->data[--secret->len] = '\0';
    if (rc == 0 && (secret->len == 0 || secret->len != strlen(buf_str(secret)) ||
                    has_control(buf_str(secret)))) {
        conf_fault(faults, node, "credential file %s must hold one line of printable text", path);
        rc = -1;
    }
    struct stat st;
    if (rc == 0 && stat(path, &st) == 0 && (st.st_mode & S_IRWXO))
        conf_warning(faults, node, "credential file %s is open to everybody; chmod 0600 %s", path,
                     path);
    return rc;
}

bool transport_is_loopback(const char *host)
{
    if (str_eq(host, "localhost") || str_eq(host, "::1") || str_eq(host, "[::1]"))
        return true;
    int64_t part;
    if (!str_starts(host, "127."))
        return false;
    for (int i = 0; i < 4; i++) {
        size_t n = strcspn(host, ".");
        char digits[4] = "";
        if (n == 0 || n > 3)
            return false;
        memcpy(digits, host, n);
        if (!int_parse(digits, 0, 255, &part) || (host[n] == '.') != (i < 3))
            return false;
        host += n + (i < 3);
    }
    return true;
}

static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return xstrdup("");
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

/* "host:port" as a URL has it; an IPv6 address keeps its brackets. */
static char *url_base(CURLU *url, const char *scheme, const char *host)
{
    struct buf base = BUF_INIT;
    char *port = url_part(url, CURLUPART_PORT);
    buf_printf(&base, "%s://%s%s%s", scheme, host, str_empty(port) ? "" : ":", port);
    free(port);
    return buf_detach(&base);
}

/* The parts of a URL that are judged; all owned. */
struct parts {
    char *scheme, *host, *user, *password, *path, *query;
};

static void parts_read(struct parts *parts, CURLU *url)
{
    parts->scheme = url_part(url, CURLUPART_SCHEME);
    parts->host = url_part(url, CURLUPART_HOST);
    parts->user = url_part(url, CURLUPART_USER);
    parts->password = url_part(url, CURLUPART_PASSWORD);
    parts->path = url_part(url, CURLUPART_PATH);
    parts->query = url_part(url, CURLUPART_QUERY);
}

static void parts_release(struct parts *parts)
{
    free(parts->scheme);
    free(parts->host);
    free(parts->user);
    free(parts->password);
    free(parts->path);
    free(parts->query);
}

static const char *parts_fault(const struct parts *parts, const struct peer_url *peer,
                               const char *tls)
{
    if (!str_empty(parts->user) || !str_empty(parts->password))
        return "url must not hold a user or password; use username and password_file";
    if (!str_eq(tls, "required") && !str_eq(tls, "none"))
        return "tls is \"required\", or \"none\" for a loopback address";
    if (str_eq(tls, "none") && !transport_is_loopback(parts->host))
        return "tls = \"none\" is allowed for a loopback address only, e.g. 127.0.0.1; remove it";
    if (str_eq(tls, "none") && peer->tls)
        return "tls = \"none\" contradicts the scheme of url; remove one of them";
    return NULL;
}

int transport_peer(struct peer_url *peer, const struct transport *t, const char *const scheme[2],
                   const struct conf_node *node, struct conf_faults *faults)
{
    const char *text = transport_text(t, "url"), *fault = NULL;
    struct parts parts;
    *peer = (struct peer_url){.base = xstrdup("")};
    if (str_empty(text))
        return -1;
    CURLU *url = curl_url();
    bool ok = !has_control(text) &&
              curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    parts_read(&parts, url);
    peer->tls = str_eq(parts.scheme, scheme[1]);
    if (!ok || str_empty(parts.host) || (!peer->tls && !str_eq(parts.scheme, scheme[0])))
        conf_fault(faults, node,
                   "transport \"%s\": url is not understood; write %s://host:port or "
                   "%s://host:port",
                   t->name, scheme[0], scheme[1]);
    else if ((fault = parts_fault(&parts, peer, transport_text(t, "tls"))))
        conf_fault(faults, node, "transport \"%s\": %s", t->name, fault);
    ok = ok && !fault && (peer->tls || str_eq(parts.scheme, scheme[0])) && !str_empty(parts.host);
    peer->longer = (!str_empty(parts.path) && !str_eq(parts.path, "/")) || !str_empty(parts.query);
    free(peer->base);
    peer->base = url_base(url, parts.scheme, parts.host);
    curl_url_cleanup(url);
    parts_release(&parts);
    return ok ? 0 : -1;
}
