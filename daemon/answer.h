/*
 * Answers: what a person says to an item, however it came (DOMAIN E13): by an event of a case
 * system, a link in a mail, an SMS, or `stafettectl answer`. All are equal: the first wins, the
 * second is harmless, and everyone told before hears the outcome.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct item;
struct stafette;
struct unit;

/* What can be said; the machine's table says where each is allowed. */
enum answer_verb {
    ANSWER_SEEN,      /* "gesehen" */
    ANSWER_ACCEPT,    /* "wir übernehmen" */
    ANSWER_REJECT,    /* "nicht zuständig"; a referral: declined */
    ANSWER_FULL,      /* "voll": no capacity */
    ANSWER_RETURN,    /* "unvollständig" */
    ANSWER_CONVERSED, /* "das Übergabegespräch hat stattgefunden" */
    ANSWER_APPROVE,   /* "freigegeben" */
    ANSWER_REFUSE,    /* "nicht freigegeben" */
    ANSWER_WITHDRAW,  /* the giver takes it back */
    ANSWER_CONTACTED, /* first contact with the client took place */
    ANSWER_COMPLETE,  /* the provider is done; needs a code and a next step */
    ANSWER_CLEARED,   /* the hazard is over */
    ANSWER_CONFIRMED, /* conflict: the asked unit is competent */
    ANSWER_KEEPS,     /* conflict: the giver is */
    ANSWER_DONE,      /* a task is done; the giver has taken note of a referral's end */
    ANSWER_VERB_COUNT
};

enum answer_via { VIA_EVENT, VIA_LINK, VIA_SMS, VIA_CONTROL, VIA_MAIL };

struct answer {
    int64_t item_seq;
    const struct unit *by; /* who answers */
    enum answer_verb verb;
    const char *code; /* reason where the verb has some: answer_codes(); "" = the first */
    enum answer_via via;
};

enum answer_end {
    ANSWER_RECORDED,  /* it is so now */
    ANSWER_KNOWN,     /* it was so already: harmless */
    ANSWER_AS_SEEN,   /* the state does not allow it yet: recorded as seen */
    ANSWER_PARKED,    /* recorded, counts as soon as what is missing has come */
    ANSWER_IMPOSSIBLE /* nothing was changed */
};

/* Applies an answer in the open transaction; `said` gets one German sentence with the fact that is
 * recorded now: "Übergabe K7F3-92QX: Die Übernahme ist bestätigt." */
enum answer_end answer_apply(struct stafette *g, const struct answer *answer, struct buf *said);

/* True when the unit may say that of the item now and it would be applied or parked. */
bool answer_possible(struct stafette *g, const struct item *item, const struct unit *by,
                     enum answer_verb verb);

/* "seen", "accept" ...: control calls and addresses of pages. */
const char *answer_verb_name(enum answer_verb verb);
bool answer_verb_parse(const char *name, enum answer_verb *verb);
/* What a button says: "Gesehen", "Wir übernehmen" ... for that kind of item. */
const char *answer_verb_german(enum answer_verb verb, enum item_kind kind);

/* Reasons to choose from, NULL-terminated; NULL: the verb needs none. `task` is the item's code: a
 * call is done with what came of it. German words of a code. */
const char *const *answer_codes(enum answer_verb verb, enum item_kind kind, const char *task);
/* True when the verb needs no reason there, or the code is one of them. */
bool answer_code_fits(enum answer_verb verb, const struct item *item, const char *code);
const char *answer_code_german(const char *code);

#endif
