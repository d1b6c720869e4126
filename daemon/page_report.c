/*
 * What an SMS is and what became of one: the preview of a text (control), and callbacks of SMS
 * gateways: GET or POST /sms/report/<transport> on the public door brings a
 * delivery report.
 *
 * Promises: who does not know the transport's secret, or calls from elsewhere, learns nothing, not
 * even which transports there are, and changes nothing. What can be read is answered as the
 * transport says (200) after the commit, known or not, because a gateway repeats what is not, for
 * hours. What cannot be read is answered with 400 and one sentence that quotes nothing of it.
 */
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/callback.h"
#include "../adapters/inbound.h"
#include "../adapters/reports.h"
#include "../adapters/sms_http.h"
#include "config.h"
#include "gateway.h"
#include "page_parts.h"
#include "report.h"
#include "sms_preview.h"
#include "template.h"
#include "util.h"

static const char path[] = "/sms/report/";

static const char *argument(const void *context, const char *name)
{
    return http_argument(context, name);
}

/* The transport that may be called so, or NULL. */
static const struct transport *transport_of(const struct stafette *g, const struct http_call *call)
{
    const struct transport *t = transports_find(g->config->transports, call->path + strlen(path));
    if (!t || !t->reports || !inbound_source(t->reports->caller, page_caller(g, call)) ||
        !inbound_secret(t->reports->caller, http_argument(call, "key"),
                        http_header(call, "Authorization")))
        return NULL;
    return t;
}

static enum report_end take(struct stafette *g, const struct transport *t, struct http_call *call)
{
    struct buf err = BUF_INIT;
    struct report report;
    const struct callback_input input = {argument, call, buf_str(&call->body), call->body.len};
    if (callback_read(&report, sms_report_rule(t), &input, &err) < 0) {
        call->status = 400;
        buf_puts(&call->answer, buf_str(&err));
        buf_release(&err);
        return REPORT_UNREADABLE;
    }
    call->status = t->reports->code;
    buf_puts(&call->answer, t->reports->body);
    return report_take(g, t, &report);
}

void page_report(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct transport *t = transport_of(g, call);
    enum report_end end = REPORT_REFUSED;
    (void)fresh;
    call->type = "text/plain; charset=utf-8";
    buf_reset(&call->answer);
    call->status = 403;
    if (t)
        end = take(g, t, call);
    call->state = (void *)(uintptr_t)end;
}

void page_report_committed(struct stafette *g, const struct http_call *call)
{
    g->metrics.reports[(enum report_end)(uintptr_t)call->state]++;
}

/* The transport that a preview is asked for, or the first of its channel; NULL with an error
 * answered. */
static const struct transport *transport_wanted(const struct stafette *g, struct http_call *call)
{
    const char *name = http_argument(call, "transport");
    const struct transport *t = str_empty(name)
                                    ? transports_first(g->config->transports, CHANNEL_SMS)
                                    : transports_find(g->config->transports, name);
    if (t && t->adapter->channel == CHANNEL_SMS)
        return t;
    page_error(call, 404,
               str_empty(name) ? "the configuration has no transport for SMS"
                               : "transport: there is no transport for SMS of this name");
    return NULL;
}

void page_sms(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf text = BUF_INIT;
    const char *name = http_argument(call, "template");
    const struct template *template = templates_find(g->config->templates, name, CHANNEL_SMS);
    const struct transport *t = transport_wanted(g, call);
    (void)fresh;
    if (!t)
        return;
    if (str_empty(name) == str_empty(http_argument(call, "text"))) {
        page_error(call, 400, "a text or --template NAME is wanted, and not both");
        return;
    }
    if (!str_empty(name) && !template) {
        page_error(call, 404,
                   "template: there is no SMS template of this name; "
                   "handover.requested is one");
        return;
    }
    if (template)
        sms_preview_template(&text, template);
    else
        buf_puts(&text, http_argument(call, "text"));
    page_json(call);
    sms_preview(&call->answer, t, buf_str(&text));
    buf_wipe(&text);
}
