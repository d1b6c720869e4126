/*
 * SMS gateways, the part at load time: from the transport's options and a preset to a struct sms.
 *
 * Promises: every pattern, code list, expression and credential is checked here, so that no SMS can
 * fail by configuration; all faults of a transport are reported in one run. Refuses plain http but
 * to a loopback address with tls = "none" (DOMAIN R13), and a text or number inside a header.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "adapter.h"
#include "adapters_list.h"
#include "reports.h"
#include "sms_http.h"

enum { TIMEOUT_MIN_MS = 1000, TIMEOUT_MAX_MS = 120000 };

/* What is at hand while one transport is read. */
struct setup {
    struct transport *t;
    struct sms *sms;
    struct conf_node *node;
    struct conf_faults *faults;
    const struct sms_preset *preset;
};

/* The placeholders, for checking; prepare() has the values. */
static const struct http_value report_names[] = {{"reference", ""}, {"key", ""}, {NULL, NULL}};
static const struct http_value header_names[] = {
    {"reference", ""}, {"from", ""}, {"username", ""}, {"password", ""}, {NULL, NULL},
};
static const struct http_value body_names[] = {
    {"to", ""},      {"text", ""},     {"from", ""},     {"reference", ""}, {"report_url", ""},
    {"coding", ""},  {"unicode", ""},  {"national", ""}, {"username", ""},  {"password", ""},
    {"account", ""}, {"platform", ""}, {"gate", ""},     {"service", ""},   {NULL, NULL},
};

/* Where the transport has the option; NULL when its adapter has none of that name. */
static const char **option_at(const struct setup *s, const char *name)
{
    for (size_t i = 0; s->t->adapter->options[i].name; i++)
        if (str_eq(s->t->adapter->options[i].name, name))
            return &s->t->value[i];
    return NULL;
}

/* The preset's values stand in for the defaults of options that are not given. */
static void apply_preset(const struct setup *s)
{
    for (const struct http_value *v = s->preset->setting; v && v->name; v++) {
        const char **value = option_at(s, v->name);
        if (!value || conf_get(s->node, v->name))
            continue;
        free((void *)(uintptr_t)*value);
        *value = xstrdup(v->value);
    }
}

/* As the transport says it or its preset; what the adapter of a preset does not list has the
 * default of sms_http. */
static const char *setting(const struct setup *s, const char *name)
{
    const char **own = option_at(s, name);
    if (own)
        return *own;
    for (const struct http_value *v = s->preset->setting; v && v->name; v++)
        if (str_eq(v->name, name))
            return v->value;
    const struct adapter_option *o = adapter_sms_http.options;
    while (o->name && !str_eq(o->name, name))
        o++;
    return o->name ? o->otherwise : "";
}

static const char *key_file(const struct setup *s)
{
    const char *token = setting(s, "token_file");
    return str_empty(token) ? setting(s, "password_file") : token;
}

/* What a gateway cannot do without and a preset cannot know. */
static void check_needs(const struct setup *s)
{
    char name[32];
    for (const char *p = s->preset->needs; p && *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        p += n;
        if (str_empty(str_eq(name, "token_file") ? key_file(s) : setting(s, name)))
            conf_fault(s->faults, s->node, "transport \"%s\": preset \"%s\" needs the option %s",
                       s->t->name, s->preset->name, name);
    }
}

static void check_pattern(const struct setup *s, const char *what, const char *pattern,
                          const struct http_value *names)
{
    struct buf why = BUF_INIT;
    if (http_check_pattern(pattern, names, &why) != 0)
        conf_fault(s->faults, s->node, "transport \"%s\", %s: %s", s->t->name, what, buf_str(&why));
    buf_release(&why);
}

static const char *read_codes(const struct setup *s, const char *name)
{
    struct buf why = BUF_INIT;
    const char *codes = setting(s, name);
    if (http_check_codes(codes, &why) != 0)
        conf_fault(s->faults, s->node, "transport \"%s\", %s: %s", s->t->name, name, buf_str(&why));
    buf_release(&why);
    return codes;
}

static const char *read_pointer(const struct setup *s, const char *name)
{
    const char *pointer = setting(s, name);
    if (!str_empty(pointer) && pointer[0] != '/')
        conf_fault(s->faults, s->node,
                   "transport \"%s\", %s: a JSON pointer begins with \"/\", as in /messages/0/id",
                   s->t->name, name);
    return pointer;
}

static bool read_regex(const struct setup *s, const char *name, regex_t *into)
{
    char why[128];
    const char *text = setting(s, name);
    if (str_empty(text))
        return false;
    int rc = regcomp(into, text, REG_EXTENDED);
    if (rc == 0)
        return true;
    regerror(rc, into, why, sizeof why);
    conf_fault(s->faults, s->node, "transport \"%s\", %s: %s (extended regular expression)",
               s->t->name, name, why);
    return false;
}

/* Index of the value among the words, or a fault and 0. */
static size_t read_word(const struct setup *s, const char *name, const char *const *words)
{
    const char *value = setting(s, name);
    struct buf list = BUF_INIT;
    for (size_t i = 0; words[i]; i++)
        if (str_eq(words[i], value))
            return i;
    for (size_t i = 0; words[i]; i++)
        buf_printf(&list, "%s\"%s\"", i ? ", " : "", words[i]);
    conf_fault(s->faults, s->node, "transport \"%s\": %s = \"%s\" is not one of %s", s->t->name,
               name, value, buf_str(&list));
    buf_release(&list);
    return 0;
}

static bool header_name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool one_line(const char *text)
{
    return strpbrk(text, "\r\n") == NULL;
}

/* With room for one more, which add_key() may need. */
static struct http_value *copy_pairs(const struct http_value *from)
{
    size_t n = 0;
    while (from && from[n].name)
        n++;
    struct http_value *copy = xcalloc(n + 2, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct http_value){xstrdup(from[i].name), xstrdup(from[i].value)};
    return copy;
}

/* ( { name = "to"; value = "{to}"; }, ... ); never NULL. */
static struct http_value *read_pairs(const struct setup *s, const char *name,
                                     const struct http_value *names)
{
    static const char *const known[] = {"name", "value", NULL};
    struct conf_node *list = conf_get(s->node, name);
    size_t count = list && list->type == CONF_LIST ? list->children : 0;
    struct http_value *pairs = xcalloc(count + 2, sizeof *pairs);
    if (list && list->type != CONF_LIST)
        conf_fault(s->faults, list, "%s is a list: ( { name = \"...\"; value = \"...\"; } )", name);
    for (size_t i = 0; i < count; i++) {
        struct conf_node *entry = list->child[i];
        const char *key = conf_text(entry, "name", "", s->faults);
        const char *value = conf_text(entry, "value", "", s->faults);
        bool header = names == header_names;
        if (str_empty(key) || (header && (!header_name_ok(key) || !one_line(value))))
            conf_fault(s->faults, entry, "%s: entry %zu needs a usable name and value", name,
                       i + 1);
        check_pattern(s, name, value, names);
        conf_check_unused(entry, known, s->faults);
        pairs[i] = (struct http_value){xstrdup(key), xstrdup(value)};
    }
    return pairs;
}

static void free_pairs(struct http_value *pairs)
{
    for (struct http_value *v = pairs; v && v->name; v++) {
        free((void *)(uintptr_t)v->name);
        free((void *)(uintptr_t)v->value);
    }
    free(pairs);
}

/* Given ones, else the preset's. */
static struct http_value *choose_pairs(const struct setup *s, const char *name,
                                       const struct http_value *names,
                                       const struct http_value *preset)
{
    bool given = option_at(s, name) && conf_get(s->node, name);
    return given ? read_pairs(s, name, names) : copy_pairs(preset);
}

/* The key goes where auth says; the list has room for it. */
static void add_key(struct http_value *pairs, const char *name, const char *pattern)
{
    while (pairs->name)
        pairs++;
    *pairs = (struct http_value){xstrdup(name), xstrdup(pattern)};
}

static void read_auth(const struct setup *s)
{
    static const char *const auths[] = {"none", "basic", "bearer", "header", "param", NULL};
    struct sms *sms = s->sms;
    sms->auth = (enum sms_auth)read_word(s, "auth", auths);
    sms->auth_name = setting(s, "auth_name");
    bool named = sms->auth == SMS_AUTH_HEADER || sms->auth == SMS_AUTH_PARAM;
    if (named && !header_name_ok(sms->auth_name))
        conf_fault(s->faults, s->node, "transport \"%s\": auth = \"%s\" needs an auth_name",
                   s->t->name, auths[sms->auth]);
    else if (sms->auth == SMS_AUTH_BEARER)
        add_key(sms->header, "Authorization", "Bearer {password}");
    else if (named)
        add_key(sms->auth == SMS_AUTH_HEADER ? sms->header : sms->param, sms->auth_name,
                "{password}");
    if (sms->auth != SMS_AUTH_NONE && sms->auth != SMS_AUTH_BASIC && str_empty(key_file(s)))
        conf_fault(s->faults, s->node, "transport \"%s\": auth = \"%s\" needs a token_file",
                   s->t->name, auths[sms->auth]);
}

static void check_raw(const struct setup *s)
{
    for (const struct http_value *p = s->sms->param; p->name; p++)
        if (str_starts(p->value, SMS_RAW) && s->sms->body != SMS_JSON)
            conf_fault(s->faults, s->node,
                       "transport \"%s\": the parameter \"%s\" is JSON, so body must be \"json\"",
                       s->t->name, p->name);
}

static void add_fixed(struct sms *sms)
{
    static const char *const type[] = {
        [SMS_QUERY] = "Content-Type:",
        [SMS_FORM] = "Content-Type: application/x-www-form-urlencoded",
        [SMS_JSON] = "Content-Type: application/json",
        [SMS_TEXT] = "Content-Type: text/plain; charset=utf-8",
    };
    sms->fixed = curl_slist_append(curl_slist_append(NULL, type[sms->body]), "Expect:");
}

static void read_request(const struct setup *s)
{
    static const char *const bodies[] = {"query", "form", "json", "text", NULL};
    static const char *const methods[] = {"", "GET", "POST", "PUT", NULL};
    static const char *const formats[] = {"e164", "digits", "00", NULL};
    struct sms *sms = s->sms;
    sms->body = (enum sms_body)read_word(s, "body", bodies);
    sms->method = methods[read_word(s, "method", methods)];
    if (str_empty(sms->method))
        sms->method = sms->body == SMS_QUERY ? "GET" : "POST";
    sms->number_format = formats[read_word(s, "number_format", formats)];
    sms->url = setting(s, "url");
    sms->template = setting(s, "template");
    sms->from = setting(s, "from");
    sms->username = setting(s, "username");
    sms->account = setting(s, "account");
    sms->platform = setting(s, "platform");
    sms->gate = setting(s, "gate");
    sms->service = setting(s, "service");
    if (str_eq(sms->method, "GET") && sms->body != SMS_QUERY)
        conf_fault(s->faults, s->node,
                   "transport \"%s\": GET has no body; body = \"query\" or POST", s->t->name);
    if (sms->body == SMS_TEXT && str_empty(sms->template))
        conf_fault(s->faults, s->node, "transport \"%s\": body = \"text\" needs a template",
                   s->t->name);
    check_pattern(s, "url", sms->url, body_names);
    check_pattern(s, "template", sms->template, body_names);
    sms->param = choose_pairs(s, "params", body_names, s->preset->param);
    sms->header = choose_pairs(s, "headers", header_names, s->preset->header);
    read_auth(s);
    check_raw(s);
    add_fixed(sms);
}

/* "auth_codes", "auth_values": the lists of each class. */
static void read_lists(const struct setup *s)
{
    for (const enum error_class *class = sms_judged(); *class != CLASS_NONE; class ++) {
        char name[ID_MAX];
        snprintf(name, sizeof name, "%s_codes", error_class_name(*class));
        s->sms->codes[*class] = read_codes(s, name);
        snprintf(name, sizeof name, "%s_values", error_class_name(*class));
        s->sms->values[*class] = setting(s, name);
    }
}

static void read_verdict(const struct setup *s)
{
    struct sms *sms = s->sms;
    read_lists(s);
    sms->ok_codes = read_codes(s, "ok_codes");
    sms->ok_pointer = read_pointer(s, "ok_pointer");
    sms->id_pointer = read_pointer(s, "id_pointer");
    sms->ok_values = setting(s, "ok_values");
    sms->has_ok_regex = read_regex(s, "ok_regex", &sms->ok_regex);
    sms->has_id_regex = read_regex(s, "id_regex", &sms->id_regex);
    if (!str_empty(sms->ok_values) && str_empty(sms->ok_pointer) &&
        str_empty(setting(s, "ok_regex")))
        conf_fault(s->faults, s->node,
                   "transport \"%s\": ok_values needs ok_pointer or ok_regex to find the value",
                   s->t->name);
}

static void read_report(const struct setup *s)
{
    struct callback_rule *rule = &s->sms->report;
    struct buf url = BUF_INIT;
    const char *base = setting(s, "report_url");
    rule->reference = setting(s, "report_reference");
    rule->provider_id = setting(s, "report_id");
    rule->status = setting(s, "report_status");
    rule->words[REPORT_UNKNOWN] = "";
    rule->words[REPORT_QUEUED] = setting(s, "report_queued");
    rule->words[REPORT_SENT] = setting(s, "report_sent");
    rule->words[REPORT_DELIVERED] = setting(s, "report_delivered");
    rule->words[REPORT_FAILED] = setting(s, "report_failed");
    rule->expired = setting(s, "report_expired");
    rule->error = setting(s, "report_error");
    rule->address = setting(s, "report_address");
    rule->policy = setting(s, "report_policy");
    rule->credit = setting(s, "report_credit");
    s->sms->report_key = reports_key(s->t->reports);
    buf_puts(&url, base);
    if (!str_empty(base) && s->preset->report_query)
        buf_printf(&url, "%c%s%s", strchr(base, '?') ? '&' : '?', s->t->reports ? "key={key}&" : "",
                   s->preset->report_query);
    s->sms->report_url = buf_detach(&url);
    check_pattern(s, "report_url", s->sms->report_url, report_names);
    if (!s->t->reports && strstr(s->sms->report_url, "{key}"))
        conf_fault(s->faults, s->node,
                   "transport \"%s\", report_url: {key} is the secret of a group reports",
                   s->t->name);
}

static void read_peer(const struct setup *s)
{
    static const char *const scheme[2] = {"http", "https"};
    struct peer_url peer = {0};
    bool given = !str_empty(setting(s, "url"));
    if (!given && !s->preset->needs)
        conf_fault(s->faults, s->node, "transport \"%s\" lacks the option \"url\"", s->t->name);
    int rc = given ? transport_peer(&peer, s->t, scheme, s->node, s->faults) : -1;
    if (rc == 0 && !peer.tls && !str_eq(transport_text(s->t, "tls"), "none"))
        conf_fault(s->faults, s->node,
                   "transport \"%s\": url must be https; http only to a loopback address together "
                   "with tls = \"none\"",
                   s->t->name);
    free(peer.base);
    s->sms->ca_file = transport_text(s->t, "ca_file");
    s->sms->timeout_ms = transport_ms(s->t, "timeout");
    if (s->sms->timeout_ms < TIMEOUT_MIN_MS || s->sms->timeout_ms > TIMEOUT_MAX_MS)
        conf_fault(s->faults, s->node, "transport \"%s\": timeout must be between 1s and 2m",
                   s->t->name);
    transport_secret(&s->sms->password, key_file(s), s->node, s->faults);
    if (s->sms->auth == SMS_AUTH_BASIC && (str_empty(s->sms->username) || str_empty(key_file(s))))
        conf_fault(s->faults, s->node,
                   "transport \"%s\": auth = \"basic\" needs username and password_file",
                   s->t->name);
}

int sms_http_setup(struct transport *t, struct conf_node *node, struct conf_faults *faults,
                   const struct sms_preset *preset)
{
    size_t before = faults->errors;
    struct sms *sms = xcalloc(1, sizeof *sms);
    const struct setup s = {t, sms, node, faults, preset};
    t->state = sms;
    apply_preset(&s);
    check_needs(&s);
    read_request(&s);
    read_verdict(&s);
    read_report(&s);
    read_peer(&s);
    return faults->errors == before ? 0 : -1;
}

void sms_http_release(struct transport *t)
{
    struct sms *sms = t->state;
    free_pairs(sms->param);
    free_pairs(sms->header);
    curl_slist_free_all(sms->fixed);
    free(sms->report_url);
    buf_wipe(&sms->password);
    if (sms->has_ok_regex)
        regfree(&sms->ok_regex);
    if (sms->has_id_regex)
        regfree(&sms->id_regex);
    free(sms);
}

const struct callback_rule *sms_report_rule(const struct transport *t)
{
    if (t->adapter->prepare != sms_http_prepare)
        return NULL;
    const struct sms *sms = t->state;
    return str_empty(sms->report.status) ? NULL : &sms->report;
}
