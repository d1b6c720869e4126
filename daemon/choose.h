/*
 * Which provider is offered a referral (DOMAIN DO7, DO10, BI3, F2; R8, R9).
 *
 * Candidates are what the routing rules name for the item. One that has been offered it in this
 * round, that has no agreement in force for the service on that day, that no permission row allows,
 * whose row asks for a consent that is not on record, or that is full, is passed over. Of the rest
 * the first is taken, or the least loaded where the rule says so; equal loads go by the order of
 * the configuration. A team of the authority counts as a candidate only where the rule says
 * kind = "referral" (internal service); it needs no agreement.
 *
 * The client's choice (Wunsch- und Wahlrecht, § 5 SGB VIII, § 8 SGB IX) sets aside order, load and
 * capacity, but not agreement, permission and consent; when the chosen provider cannot or does not
 * want to, nobody else is taken: the client is asked again.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct item;
struct rule;
struct stafette;
struct unit;

/* What came of it. When several candidates fail for different reasons, the one nearest to an offer
 * counts: that is the order here, from the far end. */
enum choice {
    CHOICE_OFFER,
    CHOICE_NO_CAPACITY,   /* all that may have it are full: waiting list */
    CHOICE_TRIED_ALL,     /* all that may have it have been asked in this round */
    CHOICE_NO_CONSENT,    /* the permission rests on a consent that is not on record */
    CHOICE_NO_BASIS,      /* the request names no legal basis (R8) */
    CHOICE_NO_PERMISSION, /* no row of the permission matrix allows it (R9) */
    CHOICE_NO_AGREEMENT,  /* none in force for that service today (DO10) */
    CHOICE_NO_PARTNER,    /* no provider for that place and service at all (BI3) */
    CHOICE_COUNT
};

struct choose_result {
    enum choice choice;
    const struct unit *provider; /* to be offered it; else the candidate that gave the reason, whose
                                  * waiting list it may go to; NULL for CHOICE_NO_PARTNER */
    const struct rule *rule;     /* never NULL */
    bool pinned;                 /* the client chose it */
    bool needs_approval;         /* the rule wants one */
};

/* Decides for an item, in the open transaction or outside of one. Reads its place, area, service,
 * basis, complexity, urgency and flags; ITEM_PINNED means that to_unit is the client's choice. The
 * load is the number of open referrals at a provider, without this item. */
void choose_provider(struct stafette *g, const struct item *item, struct choose_result *result);

/* Whether one unit may be offered it: CHOICE_OFFER, or why not; capacity and round not asked. */
enum choice choose_obstacle(struct stafette *g, const struct item *item, const struct unit *unit);

/* "no_partner", "no_agreement" ... */
const char *choice_name(enum choice choice);
/* The same as what is missing of the request: "partner", "agreement" ... */
const char *choice_missing(enum choice choice);
/* A German sentence for the giver: what is the matter; "" for an offer. */
const char *choice_german(enum choice choice);
/* And what to do next; "" for an offer. */
const char *choice_next_german(enum choice choice);

/* Tells the whole choice in German, a line for each candidate: for explain. */
void choose_explain(struct stafette *g, const struct item *item, struct buf *out);

/* A candidate as the choice sees it; for choose_among(). */
struct candidate {
    const struct unit *unit;
    enum choice obstacle; /* CHOICE_OFFER: none */
    bool tried;
    int64_t load, capacity; /* capacity 0: no limit */
};

/* The pure part: the index of the one to take, or of the one that gives the reason in *choice; n
 * when there is no candidate. */
size_t choose_among(const struct candidate *list, size_t n, bool least_loaded, enum choice *choice);

#endif
