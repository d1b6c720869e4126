/*
 * The table of adapters, and the transports of the configuration:
 *
 *     transports = ( { name = "relay"; adapter = "email_smtp"; url = "smtp://mx.example:587"; } );
 *
 * Promises: every option is known, typed and defaulted before an adapter's check() sees it; a path
 * counts from the directory of the file that names it; all faults are reported in one run. Refuses:
 * two transports of one name, an adapter or option that nobody knows. Nothing is kept outside the
 * struct transports, so a reload can load a second set beside the first.
 */
#include "adapter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "adapters_list.h"
#include "inbound.h"
#include "reports.h"
#include "sms_http.h"

const struct adapter *const adapters[] = {
    &adapter_email_smtp, &adapter_email_file, &adapter_null_email,
    &adapter_sms_http,   &adapter_sms_kannel, &adapter_sms_gammu,
    &adapter_sms_file,   &adapter_null_sms,   NULL,
};

enum { OPTIONS_MAX = 80, RATE_MAX = 100000, NUMBER_MAX = 1000000000 };

const struct adapter *adapter_find(const char *name)
{
    for (size_t i = 0; adapters[i]; i++)
        if (str_eq(adapters[i]->name, name))
            return adapters[i];
    return NULL;
}

/* A path as the reader of the file means it: relative to that file. */
static char *path_beside(const struct conf_node *at, const char *path)
{
    struct buf full = BUF_INIT;
    if (!str_empty(path))
        conf_resolve(at, path, &full);
    return buf_detach(&full);
}

static char *number_text(int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    return xstrdup(text);
}

static int64_t default_number(const struct adapter_option *option)
{
    int64_t number = 0;
    if (option->otherwise && option->kind == OPTION_INT)
        int_parse(option->otherwise, 0, NUMBER_MAX, &number);
    else if (option->otherwise && option->kind == OPTION_DURATION)
        duration_parse(option->otherwise, &number);
    return number;
}

static char *option_value(const struct adapter_option *option, struct conf_node *node,
                          struct conf_faults *faults)
{
    const char *otherwise = option->otherwise ? option->otherwise : "";
    const struct conf_node *given = conf_get(node, option->name);
    switch (option->kind) {
    case OPTION_TEXT:
        return xstrdup(conf_text(node, option->name, otherwise, faults));
    case OPTION_FILE:
        return path_beside(given ? given : node, conf_text(node, option->name, otherwise, faults));
    case OPTION_INT:
        return number_text(
            conf_int(node, option->name, default_number(option), 0, NUMBER_MAX, faults));
    case OPTION_DURATION:
        return number_text(conf_duration_ms(node, option->name, default_number(option), faults));
    case OPTION_BOOL:
        return xstrdup(conf_bool(node, option->name, str_eq(otherwise, "true"), faults) ? "true"
                                                                                        : "false");
    case OPTION_GROUP:
        return xstrdup("");
    }
    return xstrdup("");
}

static size_t option_count(const struct adapter *adapter)
{
    size_t n = 0;
    while (adapter->options && adapter->options[n].name)
        n++;
    assert(n < OPTIONS_MAX);
    return n;
}

static void read_options(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    size_t n = option_count(t->adapter);
    t->value = xcalloc(n, sizeof *t->value);
    for (size_t i = 0; i < n; i++) {
        const struct adapter_option *option = &t->adapter->options[i];
        if (!option->otherwise && !conf_get(node, option->name))
            conf_fault(faults, node, "transport \"%s\" lacks the option \"%s\": %s", t->name,
                       option->name, option->help);
        t->value[i] = option_value(option, node, faults);
    }
}

static void check_unused(const struct adapter *adapter, struct conf_node *node,
                         struct conf_faults *faults)
{
    static const char *const every[] = {"name", "adapter", "rate_per_s"};
    static const char *const sms[] = {"inbound", "reports", "unicode", "max_parts", "price_cents"};
    const char *known[OPTIONS_MAX + COUNT_OF(every) + COUNT_OF(sms) + 1] = {NULL};
    size_t at = 0, n = option_count(adapter);
    for (size_t i = 0; i < COUNT_OF(every); i++)
        known[at++] = every[i];
    for (size_t i = 0; i < COUNT_OF(sms) && adapter->channel == CHANNEL_SMS; i++)
        known[at++] = sms[i];
    for (size_t i = 0; i < n; i++)
        known[at++] = adapter->options[i].name;
    conf_check_unused(node, known, faults);
}

static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < ID_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static void report_unknown_adapter(const char *kind, const struct conf_node *node,
                                   struct conf_faults *faults)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; adapters[i]; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", adapters[i]->name);
    conf_fault(faults, node, "adapter = \"%s\" is not known; one of: %s", kind, buf_str(&names));
    buf_release(&names);
}

static void transport_free(struct transport *t)
{
    if (t->state && t->adapter->release)
        t->adapter->release(t);
    inbound_free(t->inbound);
    reports_free(t->reports);
    size_t n = option_count(t->adapter);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)t->value[i]);
    free(t->value);
    free((void *)(uintptr_t)t->name);
    free(t);
}

/* Before the adapter's check(), which may want the key of the reports. */
static void read_sms(struct transport *t, struct conf_node *node, struct conf_faults *faults)
{
    if (t->adapter->channel != CHANNEL_SMS) {
        if (conf_get(node, "inbound") || conf_get(node, "reports"))
            conf_fault(faults, node, "transport \"%s\": inbound and reports are for SMS only",
                       t->name);
        return;
    }
    sms_terms_load(&t->sms, node, faults);
    t->inbound = inbound_load(node, faults);
    t->reports = reports_load(node, faults);
}

static void check_reports(const struct transport *t, const struct conf_node *node,
                          struct conf_faults *faults)
{
    if (t->reports && !sms_report_rule(t))
        conf_fault(faults, node,
                   "transport \"%s\" has a group reports, but nothing says how to read one: "
                   "report_status and report_reference or report_id are wanted",
                   t->name);
}

static struct transport *load_one(struct conf_node *node, struct conf_faults *faults)
{
    if (node->type != CONF_GROUP) {
        conf_fault(faults, node, "a transport is a group: { name = \"...\"; adapter = \"...\"; }");
        return NULL;
    }
    const char *name = conf_text(node, "name", "", faults);
    const char *kind = conf_text(node, "adapter", "", faults);
    if (!name_ok(name))
        conf_fault(faults, node, "a transport needs a name of a-z, 0-9, _ and -, below %d letters",
                   ID_MAX);
    const struct adapter *adapter = adapter_find(kind);
    if (!adapter) {
        report_unknown_adapter(kind, node, faults);
        return NULL;
    }
    struct transport *t = xcalloc(1, sizeof *t);
    t->name = xstrdup(name);
    t->adapter = adapter;
    t->rate_per_s = conf_int(node, "rate_per_s", 0, 0, RATE_MAX, faults);
    read_options(t, node, faults);
    read_sms(t, node, faults);
    if (adapter->check)
        adapter->check(t, node, faults);
    check_reports(t, node, faults);
    check_unused(adapter, node, faults);
    return t;
}

static void add_transport(struct transports *all, struct transport *t, const struct conf_node *node,
                          struct conf_faults *faults)
{
    if (transports_find(all, t->name))
        conf_fault(faults, node, "there are two transports \"%s\"; rename one of them", t->name);
    t->order = all->count;
    all->transport[all->count++] = t;
}

struct transports *transports_load(struct conf_node *root, struct conf_faults *faults)
{
    size_t before = faults->errors;
    struct conf_node *list = conf_get(root, "transports");
    struct transports *all = xcalloc(1, sizeof *all);
    if (!list || list->type != CONF_LIST || list->children == 0) {
        conf_fault(faults, list ? list : root,
                   "no transport: transports = ( { name = \"relay\"; adapter = \"email_smtp\"; "
                   "... } ); says how mail and SMS leave");
    } else {
        all->transport = xcalloc(list->children, sizeof *all->transport);
        for (size_t i = 0; i < list->children; i++) {
            struct transport *t = load_one(list->child[i], faults);
            if (t)
                add_transport(all, t, list->child[i], faults);
        }
    }
    if (faults->errors == before)
        return all;
    transports_free(all);
    return NULL;
}

void transports_free(struct transports *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        transport_free(all->transport[i]);
    free(all->transport);
    free(all);
}

const struct transport *transports_find(const struct transports *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (str_eq(all->transport[i]->name, name))
            return all->transport[i];
    return NULL;
}

const struct transport *transports_first(const struct transports *all, enum channel channel)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->transport[i]->adapter->channel == channel)
            return all->transport[i];
    return NULL;
}

const char *transport_option(const struct transport *t, const char *option)
{
    size_t n = option_count(t->adapter), i = 0;
    while (i < n && !str_eq(t->adapter->options[i].name, option))
        i++;
    return i < n ? t->value[i] : NULL;
}

const char *transport_text(const struct transport *t, const char *option)
{
    const char *value = transport_option(t, option);
    assert(value); /* an adapter asks only for options that it lists */
    return value;
}

int64_t transport_int(const struct transport *t, const char *option)
{
    int64_t number = 0;
    int_parse(transport_text(t, option), INT64_MIN, INT64_MAX, &number);
    return number;
}

int64_t transport_ms(const struct transport *t, const char *option)
{
    return transport_int(t, option);
}
