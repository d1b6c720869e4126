/*
 * Callbacks of SMS gateways: GET or POST /sms/in/<transport> on the public door brings an answer.
 *
 * Promises: who does not know the transport's secret, or calls from elsewhere, learns nothing, not
 * even which transports there are, and changes nothing. Everything else is answered with 200 and an
 * empty body after the commit, because a gateway repeats what is not, and sends on what it reads.
 * A repeat with the gateway's id is taken once; after a crash perhaps twice, which is harmless.
 */
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/inbound.h"
#include "config.h"
#include "gateway.h"
#include "log.h"
#include "page_parts.h"
#include "sms_inbound.h"
#include "util.h"

static const char path[] = "/sms/in/";

static const char *argument(const void *context, const char *name)
{
    return http_argument(context, name);
}

/* The transport that may be called so, or NULL. */
static const struct transport *transport_of(const struct stafette *g, const struct http_call *call)
{
    const struct transport *t = transports_find(g->config->transports, call->path + strlen(path));
    if (!t || !t->inbound || !inbound_source(t->inbound, page_caller(g, call)) ||
        !inbound_secret(t->inbound, http_argument(call, "key"), http_header(call, "Authorization")))
        return NULL;
    return t;
}

static bool read_call(const struct http_call *call, const struct transport *t, struct inbound *sms)
{
    struct buf err = BUF_INIT;
    const struct callback_input input = {argument, call, buf_str(&call->body), call->body.len};
    int rc = inbound_read(sms, t->inbound, &input, &err);
    buf_release(&err);
    return rc == 0;
}

/* By which a repeat is known; 0 when the gateway gives no id. */
static uint64_t id_of(const struct stafette *g, const struct transport *t,
                      const struct inbound *sms)
{
    struct buf text = BUF_INIT;
    if (str_empty(sms->id))
        return 0;
    buf_printf(&text, "%s %s %s", t->name, sms->id, sms->from);
    uint64_t id = digest_short(g->keys.id, text.data, text.len);
    buf_wipe(&text);
    return id;
}

static enum sms_end take(struct stafette *g, const struct transport *t, struct http_call *call)
{
    struct inbound sms;
    if (!read_call(call, t, &sms))
        return SMS_UNREADABLE;
    enum sms_end end = sms_guard_knows(&g->sms_guard, id_of(g, t, &sms))
                           ? SMS_REPEATED
                           : sms_inbound_take(g, &sms);
    explicit_bzero(&sms, sizeof sms);
    return end;
}

void page_sms_in(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct transport *t = transport_of(g, call);
    enum sms_end end = SMS_REFUSED;
    (void)fresh;
    call->type = "text/plain; charset=utf-8";
    buf_reset(&call->answer);
    call->status = 403;
    if (t) {
        call->status = 200;
        end = take(g, t, call);
    }
    call->state = (void *)(uintptr_t)end;
}

void page_sms_in_committed(struct stafette *g, const struct http_call *call)
{
    struct inbound sms;
    enum sms_end end = (enum sms_end)(uintptr_t)call->state;
    const struct transport *t = transport_of(g, call);
    g->metrics.sms_in[end]++;
    if (!t || end == SMS_REFUSED)
        return;
    if (read_call(call, t, &sms))
        sms_guard_note(&g->sms_guard, id_of(g, t, &sms));
    explicit_bzero(&sms, sizeof sms);
    log_info("incoming SMS", "transport=%s result=%s", t->name, sms_end_name(end));
}
