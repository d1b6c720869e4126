/*
 * Mail domains: which transports may carry the mail of a recipient domain, in which order, and how
 * well they must be encrypted (DOMAIN R13):
 *
 *     mail_domains = ( { domain = "jobcenter.example"; transports = [ "relay-a", "relay-b" ];
 *                        tls = "verified"; tls_min = "1.3"; } );
 *
 * The order is the order of failover. The mail of a domain that stands here never leaves through a
 * transport that its entry does not name; that of all other domains may leave through each. What is
 * promised is the way to the relay: what the relay does behind it is the relay's own policy.
 */
#ifndef MAIL_DOMAIN_H
#define MAIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

struct conf_faults;
struct conf_node;
struct contact;
struct mail_domains;
struct transport;
struct transports;

/* One domain's transports; all live as long as the configuration. */
struct mail_domain {
    const char *name; /* lower case, A-labels (RFC 5890) */
    const struct transport **transport;
    size_t transports; /* at least 1 */
};

/* Reads `mail_domains`, reporting each fault with file and line: unknown transport, one that
 * carries no mail or is less well encrypted than the entry wants, a domain twice or malformed.
 * Never NULL; with faults it must not be used. */
struct mail_domains *mail_domains_load(struct conf_node *root, const struct transports *transports,
                                       struct conf_faults *faults);
void mail_domains_free(struct mail_domains *all);

/* The entry for the contact's address, or NULL: the domain has none, or the contact is no mailbox.
 * Only the very domain counts, not those above it. */
const struct mail_domain *mail_domain_of(const struct mail_domains *all,
                                         const struct contact *contact);

/* The same by the domain's name, lower case and in A-labels. */
const struct mail_domain *mail_domain_find(const struct mail_domains *all, const char *name);

/* True when the entry names the transport; NULL allows each. */
bool mail_domain_allows(const struct mail_domain *domain, const struct transport *transport);

#endif
