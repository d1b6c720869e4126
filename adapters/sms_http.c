/*
 * Adapter sms_http: one SMS by any HTTP gateway that can be described by a table: method, URL,
 * headers, body, success rule, where the id stands. Runs on the transfer thread.
 *
 * Promises: placeholders are filled in one pass and escaped for where they stand, so that neither a
 * text nor a gateway's name can add a parameter; "sent" only after the answer that the rule
 * accepts; the same {reference} at every repeat, for gateways that recognise repeats. Of the answer
 * only the code, the word and the id are kept, because gateways like to echo number and text.
 * Refuses anything but a number in E.164 form. A request whose answer was lost is CLASS_AMBIGUOUS.
 */
#include "sms_http.h"

#include <string.h>

#include "../daemon/conf.h"
#include "../daemon/digest.h"
#include "../daemon/gsm.h"
#include "../daemon/json.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"
#include "sms_terms.h"

/* An answer is short, and room for it is made for each request. */
enum { DIGITS_MIN = 8, DIGITS_MAX = 15, ANSWER_BYTES = 1024 };

static const struct adapter_option options[] = {
    {"preset", OPTION_TEXT, "", "values for a known gateway; \"stafettectl presets\" lists them"},
    {"url", OPTION_TEXT, "", "the gateway's address, https://...; may hold placeholders"},
    {"method", OPTION_TEXT, "", "GET, POST or PUT; default: GET for body = \"query\", else POST"},
    {"body", OPTION_TEXT, "form", "where the parameters go: query, form, json or text"},
    {"params", OPTION_GROUP, "",
     "list of { name; value; }; placeholders {to} {text} {from} "
     "{reference} {report_url} {coding} {unicode} {national} {username} {password} {account} "
     "{platform} {gate} {service}; a parameter whose value comes out empty is left out; "
     "\"json:...\" is JSON as it is, left out when a placeholder in it is empty"},
    {"template", OPTION_TEXT, "", "the whole body instead of params, for json and text"},
    {"headers", OPTION_GROUP, "",
     "list of { name; value; }; placeholders {reference} {from} "
     "{username} {password}"},
    {"auth", OPTION_TEXT, "none",
     "basic: username and password as HTTP Basic; bearer; header or param: the key in the one that "
     "auth_name names"},
    {"auth_name", OPTION_TEXT, "", "header or parameter that has the key"},
    {"username", OPTION_TEXT, "", "user, token id or account, as the gateway calls it"},
    {"password_file", OPTION_FILE, "", "file with the password, key or token, mode 0600"},
    {"token_file", OPTION_FILE, "", "the same, by another name"},
    {"from", OPTION_TEXT, "", "sender shown on the handset"},
    {"account", OPTION_TEXT, "", "placeholder {account}: what the gateway calls so, or the like"},
    {"platform", OPTION_TEXT, "", "placeholder {platform}"},
    {"gate", OPTION_TEXT, "", "placeholder {gate}: where the gateway sends delivery reports"},
    {"service", OPTION_TEXT, "", "placeholder {service}: kind of route"},
    {"number_format", OPTION_TEXT, "e164", "e164: +49151...; digits: 49151...; 00: 0049151..."},
    {"ok_codes", OPTION_TEXT, "200 201 202 204", "HTTP codes that can mean accepted"},
    {"ok_pointer", OPTION_TEXT, "", "JSON pointer to the gateway's status word"},
    {"ok_regex", OPTION_TEXT, "",
     "or, where the pointer finds none, an expression; its first group is the word"},
    {"ok_values", OPTION_TEXT, "", "words that mean accepted; empty: any"},
    {"temporary_codes", OPTION_TEXT, "", "HTTP codes that mean later, beside 408 425 500-599"},
    {"temporary_values", OPTION_TEXT, "", "words that mean later"},
    {"throttled_codes", OPTION_TEXT, "429", "HTTP codes that mean too many; Retry-After is obeyed"},
    {"throttled_values", OPTION_TEXT, "", "words that mean too many"},
    {"auth_codes", OPTION_TEXT, "", "HTTP codes that mean wrong credentials, beside 401 403 407"},
    {"auth_values", OPTION_TEXT, "", "words that mean wrong credentials"},
    {"credit_codes", OPTION_TEXT, "", "HTTP codes that mean no credit, beside 402"},
    {"credit_values", OPTION_TEXT, "", "words that mean no credit, or a blocked account"},
    {"address_codes", OPTION_TEXT, "", "HTTP codes that mean an impossible number"},
    {"address_values", OPTION_TEXT, "", "words that mean an impossible number"},
    {"full_codes", OPTION_TEXT, "", "HTTP codes that mean the handset's memory is full"},
    {"full_values", OPTION_TEXT, "", "words that mean the handset's memory is full"},
    {"policy_codes", OPTION_TEXT, "", "HTTP codes that mean forbidden by a rule, beside 451"},
    {"policy_values", OPTION_TEXT, "", "words that mean forbidden by a rule: sender, text, block"},
    {"local_codes", OPTION_TEXT, "", "HTTP codes that mean our configuration, beside 3xx 404-406"},
    {"local_values", OPTION_TEXT, "", "words that mean our configuration"},
    {"permanent_codes", OPTION_TEXT, "",
     "HTTP codes that mean refused for good, as unknown ones do"},
    {"permanent_values", OPTION_TEXT, "", "words that mean refused for good, as unknown ones do"},
    {"id_pointer", OPTION_TEXT, "", "JSON pointer to the gateway's id of the message"},
    {"id_regex", OPTION_TEXT, "", "or an expression that finds it"},
    {"report_url", OPTION_TEXT, "", "our address for delivery reports; may hold {reference} {key}"},
    {"report_reference", OPTION_TEXT, "", "where a report has our reference: argument or /pointer"},
    {"report_id", OPTION_TEXT, "", "where a report has the gateway's id"},
    {"report_status", OPTION_TEXT, "", "where a report has its status word"},
    {"report_queued", OPTION_TEXT, "", "status words: waits at the gateway"},
    {"report_sent", OPTION_TEXT, "", "status words: the network has it"},
    {"report_delivered", OPTION_TEXT, "", "status words: on the handset"},
    {"report_failed", OPTION_TEXT, "", "status words: given up"},
    {"report_expired", OPTION_TEXT, "", "status words: given up because its time was over"},
    {"report_error", OPTION_TEXT, "", "where a report of a failure has its reason"},
    {"report_address", OPTION_TEXT, "", "reasons or status words: the number does not exist"},
    {"report_policy", OPTION_TEXT, "", "reasons or status words: somebody's rules refuse it"},
    {"report_credit", OPTION_TEXT, "", "reasons or status words: no credit"},
    {"tls", OPTION_TEXT, "required", "\"none\" only for a gateway on a loopback address"},
    {"ca_file", OPTION_FILE, "", "certificates to trust instead of the system's"},
    {"timeout", OPTION_DURATION, "20s", "for one SMS, connecting included"},
    {NULL, OPTION_TEXT, NULL, NULL},
};

static bool number_ok(const char *address)
{
    size_t n = strlen(address);
    return address[0] == '+' && n > DIGITS_MIN && n <= DIGITS_MAX + 1 &&
           strspn(address + 1, "0123456789") == n - 1;
}

/* The values of one message, and the texts that they point to. */
struct filling {
    struct http_value value[15];
    struct buf to, text, report_url;
};

static bool ascii(const char *text)
{
    while (*text && !((unsigned char)*text & 0x80))
        text++;
    return *text == '\0';
}

static void filling_make(struct filling *f, const struct sms *sms, const struct message *m)
{
    const struct http_value reference[] = {
        {"reference", m->reference}, {"key", sms->report_key}, {NULL, NULL}};
    if (str_eq(sms->number_format, "00"))
        buf_puts(&f->to, "00");
    buf_puts(&f->to, m->address + !str_eq(sms->number_format, "e164"));
    http_fill(&f->report_url, sms->report_url, reference, HTTP_PERCENT);
    bool gsm = gsm_septets(buf_str(&f->text), NULL) >= 0;
    const struct http_value value[COUNT_OF(f->value)] = {
        {"to", buf_str(&f->to)},
        {"text", buf_str(&f->text)},
        {"from", sms->from},
        {"reference", m->reference},
        {"report_url", buf_str(&f->report_url)},
        {"coding", gsm ? "0" : "2"},
        {"unicode", gsm ? "false" : "true"},
        {"national", ascii(buf_str(&f->text)) ? "0" : "1"},
        {"username", sms->username},
        {"password", buf_str(&sms->password)},
        {"account", sms->account},
        {"platform", sms->platform},
        {"gate", sms->gate},
        {"service", sms->service},
        {NULL, NULL},
    };
    memcpy(f->value, value, sizeof value);
}

static void filling_release(struct filling *f)
{
    buf_wipe(&f->to);
    buf_wipe(&f->text);
    buf_wipe(&f->report_url);
}

/* name=value&name=value, both escaped. */
static void put_form(struct buf *out, const struct sms *sms, const struct filling *f)
{
    size_t from = out->len;
    struct buf value = BUF_INIT;
    for (const struct http_value *p = sms->param; p->name; p++) {
        buf_reset(&value);
        http_fill(&value, p->value, f->value, HTTP_PLAIN);
        if (value.len == 0)
            continue;
        if (out->len > from)
            buf_addc(out, '&');
        http_escape(out, p->name, HTTP_PERCENT);
        buf_addc(out, '=');
        http_escape(out, buf_str(&value), HTTP_PERCENT);
    }
    buf_wipe(&value);
}

/* One value as JSON; nothing when it is to be left out. */
static void put_json_value(struct buf *out, const char *pattern, const struct filling *f)
{
    struct buf value = BUF_INIT;
    if (str_starts(pattern, SMS_RAW)) {
        if (!http_lacks(pattern, f->value))
            http_fill(out, pattern + strlen(SMS_RAW), f->value, HTTP_JSON);
        return;
    }
    http_fill(&value, pattern, f->value, HTTP_PLAIN);
    if (value.len > 0)
        json_put_text(out, buf_str(&value));
    buf_wipe(&value);
}

static void put_json(struct buf *out, const struct sms *sms, const struct filling *f)
{
    struct buf value = BUF_INIT;
    buf_addc(out, '{');
    for (const struct http_value *p = sms->param; p->name; p++) {
        buf_reset(&value);
        put_json_value(&value, p->value, f);
        if (value.len == 0)
            continue;
        json_put_name(out, p->name);
        buf_add(out, value.data, value.len);
    }
    buf_addc(out, '}');
    buf_wipe(&value);
}

static void put_body(struct job *job, const struct sms *sms, const struct filling *f)
{
    buf_reset(&job->bytes);
    if (sms->body == SMS_FORM)
        put_form(&job->bytes, sms, f);
    else if (sms->body == SMS_TEXT)
        http_fill(&job->bytes, sms->template, f->value, HTTP_PLAIN);
    else if (sms->body == SMS_JSON && !str_empty(sms->template))
        http_fill(&job->bytes, sms->template, f->value, HTTP_JSON);
    else if (sms->body == SMS_JSON)
        put_json(&job->bytes, sms, f);
}

static void set_url(CURL *easy, const struct sms *sms, const struct filling *f)
{
    struct buf url = BUF_INIT;
    http_fill(&url, sms->url, f->value, HTTP_PERCENT);
    if (sms->body == SMS_QUERY && sms->param[0].name) {
        buf_addc(&url, strchr(buf_str(&url), '?') ? '&' : '?');
        put_form(&url, sms, f);
    }
    curl_easy_setopt(easy, CURLOPT_URL, buf_str(&url));
    buf_wipe(&url);
}

/* Only headers of the transport's own may differ from message to message. */
static void set_headers(struct job *job, CURL *easy, const struct sms *sms, const struct filling *f)
{
    struct curl_slist *list = NULL;
    struct buf line = BUF_INIT;
    if (!sms->header->name) {
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sms->fixed);
        return;
    }
    for (const struct curl_slist *h = sms->fixed; h; h = h->next)
        list = curl_slist_append(list, h->data);
    for (const struct http_value *h = sms->header; h->name; h++) {
        buf_reset(&line);
        buf_printf(&line, "%s: ", h->name);
        http_fill(&line, h->value, f->value, HTTP_PLAIN);
        list = curl_slist_append(list, buf_str(&line));
    }
    buf_wipe(&line);
    job->headers = list;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

static void set_request(struct job *job, CURL *easy, const struct sms *sms)
{
    if (str_eq(sms->method, "GET")) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->bytes.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_str(&job->bytes));
    }
    if (str_eq(sms->method, "PUT"))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "stafette/" STAFETTE_VERSION);
    if (!str_empty(sms->ca_file))
        curl_easy_setopt(easy, CURLOPT_CAINFO, sms->ca_file);
    if (sms->auth == SMS_AUTH_BASIC) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, sms->username);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, buf_str(&sms->password));
    }
}

/* A header is the one place where nothing is escaped. */
static bool reference_ok(const char *reference)
{
    for (const char *p = reference; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    return true;
}

int sms_http_prepare(struct job *job, CURL *easy)
{
    const struct sms *sms = job->transport->state;
    struct filling f = {.text = BUF_INIT};
    if (!number_ok(job->message.address)) {
        job_end(job, ATTEMPT_FAILED, CLASS_ADDRESS, 0);
        job_peer_text(job, "not sent: the number is not in E.164 form");
        return -1;
    }
    if (!reference_ok(job->message.reference)) {
        job_end(job, ATTEMPT_FAILED, CLASS_PERMANENT, 0);
        job_peer_text(job, "not sent: the reference holds characters that a header cannot");
        return -1;
    }
    if (sms_terms_job(&f.text, job) < 0) {
        filling_release(&f);
        return -1;
    }
    filling_make(&f, sms, &job->message);
    digest_sha256(job->result.bytes_hash, buf_str(&f.text), f.text.len);
    put_body(job, sms, &f);
    job_curl_defaults(job, easy, "http,https", sms->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)ANSWER_BYTES);
    set_url(easy, sms, &f);
    set_headers(job, easy, sms, &f);
    set_request(job, easy, sms);
    filling_release(&f);
    return 0;
}

static void finish_answer(struct job *job, CURL *easy)
{
    struct buf word = BUF_INIT, id = BUF_INIT, said = BUF_INIT;
    long status = 0;
    curl_off_t wait_s = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait_s);
    enum error_class class = sms_judge(job->transport->state, status, &job->answer, &word, &id);
    buf_printf(&said, "HTTP %ld%s%.40s", status, word.len ? ", " : "", buf_str(&word));
    job_peer_text(job, buf_str(&said));
    job->result.enhanced[0] = '\0';
    job->result.retry_after_s = class == CLASS_NONE ? 0 : (int64_t)wait_s;
    if (class == CLASS_NONE)
        callback_id(job->result.provider_id, sizeof job->result.provider_id, buf_str(&id));
    job_end_as(job, class, (int)status);
    buf_release(&word);
    buf_release(&id);
    buf_release(&said);
}

void sms_http_finish(struct job *job, CURL *easy, CURLcode code)
{
    long sent = 0;
    if (code == CURLE_OK) {
        finish_answer(job, easy);
        return;
    }
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    job_peer_text(job, curl_easy_strerror(code));
    job_end_as(job, job_curl_class(code, sent > 0), 0);
}

static int check(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    static const struct sms_preset nothing = {0};
    const char *name = transport_text(t, "preset");
    const struct sms_preset *preset = str_empty(name) ? &nothing : sms_preset_find(name);
    if (!preset)
        conf_fault(faults, node,
                   "transport \"%s\": there is no preset \"%.40s\" of sms_http; "
                   "stafettectl presets lists them",
                   t->name, name);
    return sms_http_setup(t, node, faults, preset ? preset : &nothing);
}

const struct adapter adapter_sms_http = {
    .name = "sms_http",
    .channel = CHANNEL_SMS,
    .engine = ENGINE_MULTI,
    .options = options,
    .check = check,
    .release = sms_http_release,
    .prepare = sms_http_prepare,
    .finish = sms_http_finish,
};
