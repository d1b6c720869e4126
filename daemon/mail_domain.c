/*
 * Mail domains: see mail_domain.h.
 *
 * Promises: immutable after loading; a lookup is a binary search. Whether a transport is encrypted
 * well enough is decided here, once, and not at sending: so one connection to a relay serves all
 * domains. Refuses an entry that no transport of its list can keep, with what to change.
 */
#include "mail_domain.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "address.h"
#include "buf.h"
#include "conf.h"
#include "directory.h"
#include "util.h"

struct mail_domains {
    struct mail_domain *domain; /* by name */
    size_t count;
};

/* What an entry demands of its transports. */
struct demand {
    bool verified;
    const char *tls_min;
};

/* The domain as addresses carry it once they are loaded; "" with a fault when it is none. */
static char *load_name(struct conf_node *group, struct conf_faults *faults)
{
    struct buf address = BUF_INIT, full = BUF_INIT, why = BUF_INIT;
    const char *text = conf_text(group, "domain", "", faults);
    buf_printf(&full, "x@%s", text);
    if (address_email(&address, buf_str(&full), &why) != 0) {
        conf_fault(faults, group, "\"domain\" must be a mail domain like \"jobcenter.example\": %s",
                   buf_str(&why));
        buf_reset(&address);
    }
    const char *at = strchr(buf_str(&address), '@');
    char *name = xstrdup(at ? at + 1 : "");
    buf_release(&address);
    buf_release(&full);
    buf_release(&why);
    return name;
}

static struct demand load_demand(struct conf_node *group, struct conf_faults *faults)
{
    const char *tls = conf_text(group, "tls", "verified", faults);
    struct demand demand = {.verified = str_eq(tls, "verified"),
                            .tls_min = conf_text(group, "tls_min", "1.2", faults)};
    if (!demand.verified && !str_eq(tls, "required"))
        conf_fault(faults, conf_get(group, "tls"),
                   "\"tls\" is \"verified\", or \"required\" where a relay on this machine may be "
                   "used without");
    if (!str_eq(demand.tls_min, "1.2") && !str_eq(demand.tls_min, "1.3")) {
        conf_fault(faults, conf_get(group, "tls_min"), "\"tls_min\" is \"1.2\" or \"1.3\"");
        demand.tls_min = "1.2";
    }
    return demand;
}

/* A transport without the option, or with "none" (loopback only: adapters/peer.c), does not leave
 * this machine by itself. */
static void judge(const struct transport *t, const struct demand *demand,
                  const struct conf_node *at, struct conf_faults *faults)
{
    const char *tls = transport_option(t, "tls"), *min = transport_option(t, "tls_min");
    const bool local = !tls || str_eq(tls, "none");
    if (local && demand->verified)
        conf_fault(faults, at,
                   "transport \"%s\" is not encrypted, but the domain wants tls = \"verified\"; "
                   "take another, or tls = \"required\" if it is a relay of your own on this "
                   "machine",
                   t->name);
    else if (!local && strcmp(min ? min : "1.2", demand->tls_min) < 0)
        conf_fault(faults, at,
                   "transport \"%s\" accepts TLS %s, but the domain wants tls_min = \"%s\"; give "
                   "the transport tls_min = \"%s\" too",
                   t->name, min ? min : "1.2", demand->tls_min, demand->tls_min);
}

static const struct transport *load_transport(const struct conf_node *node,
                                              const struct transports *transports,
                                              const struct demand *demand,
                                              struct conf_faults *faults)
{
    const struct transport *t =
        node->type == CONF_TEXT ? transports_find(transports, node->text) : NULL;
    if (!t)
        conf_fault(faults, node, "unknown transport \"%.80s\"; add it to \"transports\"",
                   node->text);
    else if (t->adapter->channel != CHANNEL_EMAIL)
        conf_fault(faults, node, "transport \"%s\" carries no mail; name another", t->name);
    else
        judge(t, demand, node, faults);
    return t;
}

static void load_transports(struct mail_domain *domain, struct conf_node *group,
                            const struct transports *transports, struct conf_faults *faults)
{
    const struct demand demand = load_demand(group, faults);
    const struct conf_node *list = conf_get(group, "transports");
    if (!list || list->type != CONF_LIST || list->children == 0) {
        conf_fault(faults, list ? list : group,
                   "\"transports\" must name at least one transport, the first one first");
        return;
    }
    domain->transport = xcalloc(list->children, sizeof(struct transport *));
    for (size_t i = 0; i < list->children; i++) {
        const struct transport *t = load_transport(list->child[i], transports, &demand, faults);
        if (t && mail_domain_allows(domain, t))
            conf_fault(faults, list->child[i], "\"transports\" names \"%s\" twice; remove one",
                       t->name);
        else if (t)
            domain->transport[domain->transports++] = t;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct mail_domain *x = a, *y = b;
    return strcmp(x->name, y->name);
}

const struct mail_domain *mail_domain_find(const struct mail_domains *all, const char *name)
{
    const struct mail_domain wanted = {.name = name};
    return all->count ? bsearch(&wanted, all->domain, all->count, sizeof wanted, by_name) : NULL;
}

/* Kept in order while it is read, so that a second entry of a domain is found at its own line. */
static void load_one(struct mail_domains *all, struct conf_node *group,
                     const struct transports *transports, struct conf_faults *faults)
{
    static const char *const known[] = {"domain", "transports", "tls", "tls_min", NULL};
    if (group->type != CONF_GROUP) {
        conf_fault(faults, group,
                   "an entry is a group: { domain = \"...\"; transports = [ \"...\" ]; }");
        return;
    }
    struct mail_domain domain = {.name = load_name(group, faults)};
    load_transports(&domain, group, transports, faults);
    conf_check_unused(group, known, faults);
    if (mail_domain_find(all, domain.name))
        conf_fault(faults, group, "the domain \"%s\" stands here twice; make one entry of both",
                   domain.name);
    all->domain[all->count++] = domain;
    qsort(all->domain, all->count, sizeof domain, by_name);
}

struct mail_domains *mail_domains_load(struct conf_node *root, const struct transports *transports,
                                       struct conf_faults *faults)
{
    struct mail_domains *all = xcalloc(1, sizeof *all);
    const struct conf_node *list = conf_get(root, "mail_domains");
    if (list && list->type != CONF_LIST)
        conf_fault(faults, list, "\"mail_domains\" must be a list; put its entries into ( )");
    if (!list || list->type != CONF_LIST || !transports)
        return all;
    all->domain = xcalloc(list->children, sizeof *all->domain);
    for (size_t i = 0; i < list->children; i++)
        load_one(all, list->child[i], transports, faults);
    return all;
}

void mail_domains_free(struct mail_domains *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++) {
        free((void *)(uintptr_t)all->domain[i].name);
        free(all->domain[i].transport);
    }
    free(all->domain);
    free(all);
}

const struct mail_domain *mail_domain_of(const struct mail_domains *all,
                                         const struct contact *contact)
{
    const char *at = contact->channel == CHANNEL_EMAIL ? strrchr(contact->address, '@') : NULL;
    return at ? mail_domain_find(all, at + 1) : NULL;
}

bool mail_domain_allows(const struct mail_domain *domain, const struct transport *transport)
{
    for (size_t i = 0; domain && i < domain->transports; i++)
        if (domain->transport[i] == transport)
            return true;
    return !domain;
}
