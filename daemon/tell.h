/*
 * Telling: makes the rows by which people and case systems hear of an item, in the open
 * transaction. Nothing leaves before the commit; outbox.c and ingest.c carry it then.
 */
#ifndef TELL_H
#define TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "limits.h"
#include "stafette.h"
#include "store_item.h"

struct due;
struct stafette;
struct unit;

struct telling {
    const struct unit *unit;
    enum reason reason;
    const char *what;    /* template: "handover.requested" */
    int64_t deadline_ms; /* answer until; 0 = none */
    const char *outcome; /* German sentence; "" = none */
};

/* A notice to a unit: one delivery by e-mail, and one by SMS where the limits say so and the unit
 * has a number. A unit without a usable address is passed over for the catch-all desk, so there is
 * always a delivery. */
void tell_unit(struct stafette *g, const struct item *item, const struct limits *limits,
               const struct telling *telling);

/* Tells the unit of an earlier notice once more, at the same contact and by the same template, with
 * another deadline (0 = none) and REASON_LINK. False when that contact is no longer there. */
bool tell_again(struct stafette *g, const struct item *item, const struct limits *limits,
                const struct due *due, int64_t deadline_ms);

/* A status event to the item's source (stafette/out/<source>/status). `detail` names one more
 * member and its value; "" = none. */
void tell_status(struct stafette *g, const struct item *item, const char *type,
                 const char *detail_name, const char *detail);

/* Forgets numbers cached from the store; after a rollback and after a new configuration. */
void tell_forget(struct stafette *g);

#endif
