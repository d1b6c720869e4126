/*
 * Lanes: the destinations of deliveries, each an interned name in the store. "relay/domain" for
 * mail, "gateway" for SMS; what is urgent has lanes of its own, "relay/domain (urgent)", so that it
 * never queues behind a backlog for the same destination. The lane says which transport the next
 * attempt uses.
 */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct contact;
struct mail_domain;
struct stafette;
struct transport;

/* The transport that a contact is configured for: its own, the first of its mail domain, or the
 * first of its channel. NULL when the configuration has none. */
const struct transport *lane_default(const struct stafette *g, const struct contact *contact);

/* The transport that a new delivery begins with: the default, or for what is urgent the next one
 * that has no open incident, if there is one. NULL as above. */
const struct transport *lane_first(const struct stafette *g, const struct contact *contact,
                                   bool urgent);

/* The lane's number; interned in the open transaction when it is new. */
int64_t lane_of(struct stafette *g, const struct transport *transport,
                const struct contact *contact, bool urgent);

bool lane_is_urgent(const struct stafette *g, int64_t lane_id);
/* It leads to a mail domain; one of SMS does not. */
bool lane_has_domain(const struct stafette *g, int64_t lane_id);

/* The name of its transport, whether the configuration still has it or not. */
void lane_road(const struct stafette *g, int64_t lane_id, char *name, size_t size);

/* The policy of the recipient domain that the lane leads to; NULL: it has none. */
const struct mail_domain *lane_policy(const struct stafette *g, int64_t lane_id);

/* The transport to try after this one: the next in the order of the domain's entry or, where
 * `domain` is NULL, of the same channel in the order of the configuration; the first again after
 * the last, and after one that the entry does not name. Itself when it is the only one. */
const struct transport *lane_next(const struct stafette *g, const struct transport *transport,
                                  const struct mail_domain *domain);

/* How many transports lane_next() goes through from this one until it is back there. It must be of
 * the loaded configuration, and of the domain's entry where there is one. */
int64_t lane_ways(const struct stafette *g, const struct transport *transport,
                  const struct mail_domain *domain);

#endif
