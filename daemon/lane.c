/*
 * Lanes: see lane.h. A domain holds no blank and a transport's name no slash, so a name is read
 * back without doubt.
 */
#include "lane.h"

#include <stdio.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "incident.h"
#include "mail_domain.h"
#include "store.h"
#include "util.h"

enum { TRANSPORTS_COUNTED = 100 }; /* more are none in practice */

static const char urgent_mark[] = " (urgent)";

const struct transport *lane_default(const struct stafette *g, const struct contact *contact)
{
    const struct transports *all = g->config->transports;
    const struct mail_domain *domain = mail_domain_of(g->config->mail_domains, contact);
    if (!str_empty(contact->transport))
        return transports_find(all, contact->transport);
    return domain ? domain->transport[0] : transports_first(all, contact->channel);
}

int64_t lane_of(struct stafette *g, const struct transport *transport,
                const struct contact *contact, bool urgent)
{
    const char *at = contact->channel == CHANNEL_EMAIL ? strrchr(contact->address, '@') : NULL;
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s%s%s", transport->name, at ? "/" : "", at ? at + 1 : "",
               urgent ? urgent_mark : "");
    int64_t id = store_intern(g->store, buf_str(&text));
    buf_release(&text);
    return id;
}

bool lane_is_urgent(const struct stafette *g, int64_t lane_id)
{
    return str_ends(store_intern_text(g->store, lane_id), urgent_mark);
}

bool lane_has_domain(const struct stafette *g, int64_t lane_id)
{
    return strchr(store_intern_text(g->store, lane_id), '/') != NULL;
}

void lane_road(const struct stafette *g, int64_t lane_id, char *name, size_t size)
{
    const char *text = store_intern_text(g->store, lane_id);
    size_t len = strcspn(text, "/ ");
    snprintf(name, size, "%.*s", (int)len, text);
}

const struct mail_domain *lane_policy(const struct stafette *g, int64_t lane_id)
{
    enum { DOMAIN_MAX = 254 };
    const char *domain = strchr(store_intern_text(g->store, lane_id), '/');
    char name[DOMAIN_MAX + 1];
    size_t len = domain ? strcspn(++domain, " ") : 0;
    if (!domain || len > DOMAIN_MAX)
        return NULL;
    memcpy(name, domain, len);
    name[len] = '\0';
    return mail_domain_find(g->config->mail_domains, name);
}

static const struct transport *next_of_domain(const struct mail_domain *domain,
                                              const struct transport *transport)
{
    size_t i = 0;
    /* By name: the attempt may be older than the configuration. */
    while (i < domain->transports && !str_eq(domain->transport[i]->name, transport->name))
        i++;
    /* One that the entry does not name is followed by the first. */
    return domain->transport[i < domain->transports ? (i + 1) % domain->transports : 0];
}

const struct transport *lane_next(const struct stafette *g, const struct transport *transport,
                                  const struct mail_domain *domain)
{
    if (domain)
        return next_of_domain(domain, transport);
    const struct transports *all = g->config->transports;
    size_t i = 0;
    while (i < all->count && !str_eq(all->transport[i]->name, transport->name))
        i++;
    /* One that is no longer there is followed by the first. */
    for (size_t n = i < all->count ? 1 : 0; all->count && n <= all->count; n++) {
        const struct transport *t = all->transport[(i + n) % all->count];
        if (t->adapter->channel == transport->adapter->channel)
            return t;
    }
    return transport;
}

int64_t lane_ways(const struct stafette *g, const struct transport *transport,
                  const struct mail_domain *domain)
{
    int64_t ways = 1;
    for (const struct transport *t = lane_next(g, transport, domain);
         t != transport && ways < TRANSPORTS_COUNTED; t = lane_next(g, t, domain))
        ways++;
    return ways;
}

const struct transport *lane_first(const struct stafette *g, const struct contact *contact,
                                   bool urgent)
{
    const struct mail_domain *domain = mail_domain_of(g->config->mail_domains, contact);
    const struct transport *usual = lane_default(g, contact);
    if (!urgent || !usual || !incident_avoid(g, usual->name))
        return usual;
    const struct transport *other = lane_next(g, usual, domain);
    while (other != usual && incident_avoid(g, other->name))
        other = lane_next(g, other, domain);
    return other;
}
