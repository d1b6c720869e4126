/*
 * The table of presets: see sms_presets.h.
 *
 * What stands here was taken from the document that the row names, and where that was not to be
 * had in full, from the provider's own published clients; the README says which parts are neither.
 * Promises: sms_http's check() runs over a preset as over a transport written by hand, and a test
 * loads each row. Refuses nothing; a word that no set has is permanent, a report's is "unknown".
 */
#include "sms_presets.h"

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

static const struct http_value json_accepted[] = {{"Accept", "application/json"}, {NULL, NULL}};

/* Answers 200 to nearly everything and says in "success" what it means; a few faults come as a
 * bare number. 402 is its own lock against repeats: the same text went to the same number within
 * the last minutes, so what was sent before has arrived there. */
static const struct http_value seven[] = {
    {"url", "https://gateway.seven.io/api/sms"},
    {"body", "json"},
    {"auth", "header"},
    {"auth_name", "X-Api-Key"},
    {"ok_codes", "200"},
    {"ok_pointer", "/success"},
    {"ok_regex", "^\"?([0-9]+)\"?$"},
    {"ok_values", "100 402"},
    {"temporary_values", "600 700"},
    {"auth_values", "300 900 902 903"},
    {"address_values", "201 202"},
    {"credit_values", "500"},
    {"policy_values", "403"},
    {"id_pointer", "/messages/0/id"},
    {"report_reference", "/data/foreign_id"},
    {"report_id", "/data/msg_id"},
    {"report_status", "/data/status"},
    {"report_queued", "ACCEPTED BUFFERED"},
    {"report_sent", "TRANSMITTED"},
    {"report_delivered", "DELIVERED"},
    {"report_failed", "NOTDELIVERED REJECTED FAILED"},
    {"report_expired", "EXPIRED"},
    {NULL, NULL},
};
static const struct http_value seven_param[] = {
    {"to", "{to}"}, {"text", "{text}"}, {"from", "{from}"}, {"foreign_id", "{reference}"},
    {NULL, NULL},
};

/* An empty 204, no id, no report: "accepted" is the last that is heard. `from` is the web SMS
 * extension ("s0"), username the id of the personal access token. */
static const struct http_value sipgate[] = {
    {"url", "https://api.sipgate.com/v2/sessions/sms"},
    {"body", "json"},
    {"auth", "basic"},
    {"ok_codes", "200 204"},
    {"credit_codes", "402"},
    {NULL, NULL},
};
static const struct http_value sipgate_param[] = {
    {"smsId", "{from}"},
    {"recipient", "{to}"},
    {"message", "{text}"},
    {NULL, NULL},
};

/* The address is the customer's own; `account` is platformPartnerId, `gate` what support gave for
 * delivery reports. */
static const struct http_value link_mobility[] = {
    {"body", "json"},
    {"auth", "basic"},
    {"platform", "COOL"},
    {"ok_codes", "200"},
    {"ok_pointer", "/resultCode"},
    {"ok_values", "1005"},
    {"auth_values", "106100 106101 106200 106201"},
    {"id_pointer", "/messageId"},
    {"report_reference", "/refId"},
    {"report_id", "/id"},
    {"report_status", "/resultCode"},
    {"report_queued", "1005"},
    {"report_delivered", "1001"},
    {"report_failed", "1 1002 1006"},
    {NULL, NULL},
};
static const struct http_value link_param[] = {
    {"source", "{from}"},
    {"destination", "{to}"},
    {"userData", "{text}"},
    {"platformId", "{platform}"},
    {"platformPartnerId", "{account}"},
    {"refId", "{reference}"},
    {"deliveryReportGates", "json:[\"{gate}\"]"},
    {NULL, NULL},
};

/* The key is "number:key" as the account page shows it. */
static const struct http_value lox24[] = {
    {"url", "https://api.lox24.eu/sms"},
    {"body", "json"},
    {"auth", "header"},
    {"auth_name", "X-LOX24-AUTH-TOKEN"},
    {"service", "direct"},
    {"ok_codes", "201"},
    {"credit_codes", "402"},
    {"id_pointer", "/uuid"},
    {"report_reference", "/data/callback_data"},
    {"report_id", "/data/id"},
    {"report_status", "/data/dlr_code"},
    {"report_queued", "0 2"},
    {"report_sent", "4"},
    {"report_delivered", "1"},
    {"report_failed", "16"},
    {"report_expired", "8"},
    {NULL, NULL},
};
static const struct http_value lox24_param[] = {
    {"sender_id", "{from}"},
    {"phone", "{to}"},
    {"text", "{text}"},
    {"service_code", "{service}"},
    {"is_unicode", "json:{unicode}"},
    {"callback_data", "{reference}"},
    {NULL, NULL},
};

/* A box of its own in the city's network; 200 to everything. Without unicode it keeps to ASCII, so
 * a text with umlauts is sent as Unicode although GSM-7 has them. */
static const struct http_value smseagle[] = {
    {"body", "json"},
    {"template",
     "{\"method\":\"sms.send_sms\",\"params\":{\"access_token\":\"{password}\",\"to\":\"{to}\","
     "\"message\":\"{text}\",\"unicode\":\"{national}\",\"responsetype\":\"extended\"}}"},
    {"ok_codes", "200 201"},
    {"ok_regex", "\"status\": *\"(ok)\"|\"error_text\": *\"([^\"]*)\"|\"result\": *\"([^\"]*)\""},
    {"ok_values", "ok"},
    {"auth_values",
     "Invalid_access_token Invalid_Access_token Invalid_login_or_password Access_denied"},
    {"id_regex", "\"message_id\": *\"?([0-9]+)"},
    {NULL, NULL},
};

static const struct sms_preset table[] = {
    {.name = "kannel",
     .adapter = "sms_kannel",
     .document = "https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html",
     .real = true,
     .reports = "queued, sent, delivered, failed"},
    {.name = "gammu",
     .adapter = "sms_gammu",
     .document = "https://docs.gammu.org/smsd/files.html",
     .real = true,
     .reports = "sent, failed"},
    {"seven", "sms_http", "https://docs.seven.io/en/rest-api/endpoints/sms", false,
     "queued, sent, delivered, failed", "", seven, seven_param, json_accepted, NULL},
    {"sipgate", "sms_http", "https://api.sipgate.com/v2/doc", false, "none", "from username",
     sipgate, sipgate_param, json_accepted, NULL},
    {"link", "sms_http", "https://www.linkmobility.com/developer/", false,
     "queued, delivered, failed", "url from username account", link_mobility, link_param,
     json_accepted, NULL},
    {"lox24", "sms_http", "https://doc.lox24.eu/api/operations/api_sms_post_collection/", false,
     "queued, sent, delivered, failed", "from", lox24, lox24_param, json_accepted, NULL},
    {"smseagle", "sms_http", "https://www.smseagle.eu/apiv1/", false, "none", "url token_file",
     smseagle, NULL, json_accepted, NULL},
    {.name = NULL},
};

const struct sms_preset *sms_presets(void)
{
    return table;
}

const struct sms_preset *sms_preset_find(const char *name)
{
    for (const struct sms_preset *p = table; p->name; p++)
        if (str_eq(p->name, name) && p->setting)
            return p;
    return NULL;
}

static const char *tested(const struct sms_preset *p)
{
    return p->real ? "real" : "imitated, not proven";
}

void sms_presets_print(struct buf *out)
{
    buf_printf(out, "%-10s %-22s %-33s %s\n", "preset", "tested", "delivery reports", "document");
    for (const struct sms_preset *p = table; p->name; p++)
        buf_printf(out, "%-10s %-22s %-33s %s\n", p->name, tested(p), p->reports, p->document);
}

void sms_presets_json(struct buf *out)
{
    buf_addc(out, '[');
    for (const struct sms_preset *p = table; p->name; p++) {
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "preset", p->name);
        json_member_text(out, "adapter", p->adapter);
        json_member_text(out, "document", p->document);
        json_member_text(out, "tested", tested(p));
        json_member_text(out, "reports", p->reports);
        json_member_text(out, "needs", p->needs ? p->needs : "");
        buf_addc(out, '}');
    }
    buf_puts(out, "]\n");
}
