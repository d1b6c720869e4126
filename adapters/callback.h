/*
 * Delivery reports of SMS gateways: from the fields of a callback to one struct report. Pure.
 *
 * Where each fact stands is the transport's to say (options report_*): a name is a query argument
 * or form field, a text that begins with "/" is a JSON pointer into the body. What a gateway's
 * status words mean is said by four sets of words. A report that cannot be tied to a delivery or
 * has an unknown word is still answered with 200, because gateways repeat what is not; the caller
 * counts it.
 */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "../daemon/stafette.h"

struct buf;

struct report {
    char reference[80];   /* our delivery id; "" when the callback names none */
    char provider_id[80]; /* the gateway's id; "" when none */
    char word[40];        /* the gateway's own status word, cleaned */
    enum report_status status;
    enum error_class class; /* of REPORT_FAILED; CLASS_NONE otherwise */
};

/* Where the facts stand and what the words mean; all texts borrowed, "" = not there. */
struct callback_rule {
    const char *reference, *provider_id, *status;
    const char *words[REPORT_STATUS_COUNT]; /* sets, separated by spaces; [REPORT_UNKNOWN] unused */
    /* NULL counts as "" from here on. */
    const char *expired;                   /* words: given up because its time was over */
    const char *error;                     /* where a report of a failure has its reason */
    const char *address, *policy, *credit; /* words of the reason, or of the status: the number
                                            * does not exist; somebody's rules; no money */
};

/* A callback as the HTTP listener has it. */
struct callback_input {
    const char *(*argument)(const void *context, const char *name); /* decoded; "" when absent */
    const void *context;
    const char *body;
    size_t body_len;
};

/* Reads one report. Returns 0, or -1 with one sentence in err: no JSON where the rule needs it, or
 * neither a reference nor an id, or no status. Values of the callback are never in err. */
int callback_read(struct report *report, const struct callback_rule *rule,
                  const struct callback_input *input, struct buf *err);

/* Keeps an id of a gateway, the same way at sending and in a report, so that the two meet: without
 * blanks around it; a UUID in lower case, because RFC 9562 section 4 says that its case means
 * nothing. All else stays, because to the documents of gateways an id is opaque: neither case nor
 * leading zeros are touched. "" for anything but letters, digits and -_.:+, and for what is longer.
 */
void callback_id(char *dst, size_t size, const char *text);

/* True when a report of `next` is news after `last`: reports come twice and out of order, so the
 * state only moves forward, and delivered and failed are final. */
bool report_advances(enum report_status last, enum report_status next);

#endif
