/*
 * May this notice leave now? The permission matrix, asked at the moment of sending (DOMAIN R8-R12),
 * because basis, consent, agreements and permissions are never frozen (DESIGN 6).
 *
 * Asked of content notices: those that bring an item to somebody (requested, offered, reported,
 * reminder, a task). What only says that an item is over, or that something is missing, may always
 * be said to who was told before. Never asked of the unit that gave the item, those above it, the
 * catch-all desk, the on-call, and technical desks: what they get they have a duty to hear.
 *
 * Another controller is: a provider, and every unit that a permission row names as the one to be
 * told. A unit that no row names belongs to the house, and the matrix says nothing of it. A unit
 * that stands above or in for the one the item was addressed to is as entitled as that one, and no
 * more, unless a row of its own allows it.
 *
 * A notice that may not leave is held: its delivery waits, with CLASS_FORBIDDEN, never dropped. The
 * sender's system gets notice.held {missing}; who can clear it gets a task: the giver where consent
 * or basis is missing (a handover then waits for it, STATE_HELD), else the catch-all desk. The
 * item's clock goes on. It leaves as soon as a later look allows it: permit_release().
 */
#ifndef PERMIT_H
#define PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct delivery;
struct item;
struct notice;
struct stafette;
struct unit;

/* The numbers are in the store (delivery.code): new ones come last. */
enum permit_verdict {
    PERMIT_ALLOWED,
    PERMIT_NO_ROW,       /* no row of the matrix (R9) */
    PERMIT_NO_BASIS,     /* the item names no legal basis (R8) */
    PERMIT_NO_CONSENT,   /* basis or row rest on a consent that is not on record (R8, KI11) */
    PERMIT_NO_AGREEMENT, /* the provider's agreement is over (DO10) */
    PERMIT_ENTRUSTED,    /* entrusted data: only the individual successor role (R10) */
    PERMIT_RESTRICTED,   /* a protected item: only a role that may have it, no copies (R11) */
    PERMIT_TOO_MANY,     /* more than RECIPIENTS_MAX units in one go (R12) */
    PERMIT_VERDICT_COUNT
};

/* What is missing, as the status event says it: "permission", "basis", "consent" ...; "" when
 * allowed. */
const char *permit_verdict_name(enum permit_verdict verdict);

/* May this unit be told of the item by that template ("handover.requested")? Reads the loaded
 * directory, the item's flags and its notices. */
enum permit_verdict permit_notice(struct stafette *g, const struct item *item,
                                  const struct unit *to, const char *template_name);

/* Only basis, matrix and consent, for a unit that shall be told: what choose.h asks. */
enum permit_verdict permit_basis(struct stafette *g, const struct item *item,
                                 const struct unit *to);

/* The template that such an item must be told by in the place of `wanted`: entrusted data only ever
 * yields "Bitte melden Sie sich bei <Rolle>" (R10). Returns `wanted`, or a text of its own. */
const char *permit_template(const struct item *item, const char *wanted);

/* For a delivery about to start. */
enum permit_verdict permit_start(struct stafette *g, const struct item *item,
                                 const struct notice *notice);

/* In the transaction: makes the delivery wait for permission, and tells who must know, once for
 * each item and reason. Fills *d and leaves writing it to the caller. */
void permit_hold(struct stafette *g, struct delivery *d, enum permit_verdict verdict);

/* In the transaction: looks again at what is held of an item, because the item has changed (consent
 * came, another basis), and lets go what is allowed now. Returns how many deliveries. */
size_t permit_release(struct stafette *g, int64_t item_seq);

/* The same for all items, from the delivery `from` on, at most max deliveries looked at; sets *from
 * behind the last one, to 0 at the end. After a reload and once a day. */
size_t permit_release_some(struct stafette *g, int64_t *from, size_t max);

#endif
