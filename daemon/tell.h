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
struct contact;
struct delivery;
struct notice;
struct stafette;
struct unit;

struct telling {
    const struct unit *unit;
    enum reason reason;
    const char *what;    /* template: "handover.requested" */
    int64_t deadline_ms; /* answer until; 0 = none */
    const char *outcome; /* German sentence; "" = none */
};

/* What a notice of a meeting has besides. */
struct tell_session {
    int64_t seq;   /* the session; 0 = the whole meeting */
    bool as_named; /* also to a unit that is absent now: it is about later */
};

/* A notice to a unit, or to who stands in for it now (presence.h): one delivery by e-mail, and one
 * by SMS where the limits say so and the unit has a number; of an emergency the SMS goes first, and
 * only of an emergency in the unit's quiet hours. A unit without a usable address is passed over
 * for the catch-all desk, so there is always a delivery. A contact that could not be reached lately
 * is taken only when there is no other. An outcome goes to who was told, also when absent. */
void tell_unit(struct stafette *g, const struct item *item, const struct limits *limits,
               const struct telling *telling);

/* The same of a meeting. */
void tell_of_session(struct stafette *g, const struct item *item, const struct limits *limits,
                     const struct telling *telling, const struct tell_session *session);

/* Tells the unit of an earlier notice once more, at the same contact and by the same template, with
 * another deadline (0 = none) and REASON_LINK. False when that contact is no longer there. */
bool tell_again(struct stafette *g, const struct item *item, const struct limits *limits,
                const struct due *due, int64_t deadline_ms);

/* One more delivery of a notice that was made before, to this contact of its unit. False when there
 * is no template or transport for it. */
bool tell_copy(struct stafette *g, const struct item *item, const struct notice *notice,
               const struct contact *contact);

/* After a delivery that failed for good, or comes too late: one more of the same notice to the next
 * contact of the unit that this notice has not tried; of the same channel first, of the other one
 * first when `other_channel`. False when none is left. */
bool tell_next_contact(struct stafette *g, const struct item *item, const struct delivery *failed,
                       bool other_channel);

/* The next attempt of a delivery, put off to the end of quiet hours when it is an SMS that may not
 * go out before (DOMAIN E8). Steady time, as next_ms. */
int64_t tell_awake_ms(const struct stafette *g, const struct item *item,
                      const struct contact *contact, int64_t next_ms);

/* The one reply to an answer by SMS: a notice to the unit with a delivery to that contact, from
 * which the answer came. `words` are ours, at most 95 septets (template sms.reply). */
void tell_reply(struct stafette *g, const struct item *item, const struct contact *contact,
                const struct unit *unit, const char *words);

/* A status event to the item's source (stafette/out/<source>/status). `detail` names one more
 * member and its value; "" = none. */
void tell_status(struct stafette *g, const struct item *item, const char *type,
                 const char *detail_name, const char *detail);

/* One more member of a status event: a moment when at_ms is not 0, else a text; NULL leaves it out.
 */
struct status_detail {
    const char *name;
    const char *text;
    int64_t at_ms;
};

/* The same with several, ended by the name "". */
void tell_status_of(struct stafette *g, const struct item *item, const char *type,
                    const struct status_detail *detail);

/* Forgets numbers cached from the store; after a rollback and after a new configuration. */
void tell_forget(struct stafette *g);

#endif
