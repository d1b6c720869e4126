/*
 * Adapter sms_kannel: sms_http with the settings of Kannel's sendsms service (smsbox, 1.4), so that
 * a transport names only what differs from one installation to the next.
 *
 * Kannel gives no id for a message: its delivery reports are tied to ours by the reference inside
 * dlr-url. It answers 202 "0: Accepted" or "3: Queued", both of which mean it has the message on
 * disk. %d in dlr-url is Kannel's own: the kind of report, a bit of dlr-mask. One reports the set
 * for a text of several parts. Bit 1 often arrives before bit 8: see report_advances().
 */
#include <stddef.h>

#include "../daemon/stafette.h"
#include "adapter.h"
#include "adapters_list.h"
#include "sms_http.h"

static const struct adapter_option options[] = {
    {"url", OPTION_TEXT, "http://127.0.0.1:13013/cgi-bin/sendsms", "sendsms of the smsbox"},
    {"username", OPTION_TEXT, NULL, "username of the group sendsms-user"},
    {"password_file", OPTION_FILE, NULL, "file with its password, mode 0600"},
    {"from", OPTION_TEXT, "", "sender; default: the one that Kannel is configured with"},
    {"report_url", OPTION_TEXT, "",
     "our address for delivery reports, https://HOST/sms/report/NAME; without: none are asked"},
    {"tls", OPTION_TEXT, "required", "\"none\" only for a smsbox on a loopback address"},
    {"ca_file", OPTION_FILE, "", "certificates to trust instead of the system's"},
    {"timeout", OPTION_DURATION, "20s", "for one SMS, connecting included"},
    {NULL, OPTION_TEXT, NULL, NULL},
};

static const struct http_value setting[] = {
    {"method", "GET"},           {"body", "query"},         {"auth", "none"},
    {"number_format", "e164"},   {"ok_codes", "202"},       {"ok_regex", "^([0-9]+):"},
    {"ok_values", "0 3"},        {"address_codes", "400"},  {"report_reference", "ref"},
    {"report_status", "status"}, {"report_queued", "4"},    {"report_sent", "8"},
    {"report_delivered", "1"},   {"report_failed", "2 16"}, {NULL, NULL},
};

static const struct http_value params[] = {
    {"username", "{username}"}, {"password", "{password}"},
    {"from", "{from}"},         {"to", "{to}"},
    {"text", "{text}"},         {"coding", "{coding}"},
    {"charset", "UTF-8"},       {"dlr-url", "{report_url}"},
    {"dlr-mask", "31"},         {NULL, NULL},
};

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    static const struct sms_preset kannel = {
        .setting = setting, .param = params, .report_query = "ref={reference}&status=%d"};
    return sms_http_setup(t, node, faults, &kannel);
}

const struct adapter adapter_sms_kannel = {
    .name = "sms_kannel",
    .channel = CHANNEL_SMS,
    .engine = ENGINE_MULTI,
    .options = options,
    .check = check,
    .release = sms_http_release,
    .prepare = sms_http_prepare,
    .finish = sms_http_finish,
};
