/*
 * On what terms a transport carries SMS: may a text be UCS-2, how many parts may it have, what does
 * a part cost. The same for every adapter of SMS, because an aggregator and a modem both charge by
 * the part.
 *
 *     unicode = "when_needed"; max_parts = 4; price_cents = 7.5;
 */
#ifndef SMS_TERMS_H
#define SMS_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "../daemon/gsm.h"

struct buf;
struct conf_node;
struct conf_faults;
struct job;

enum { SMS_PARTS_DEFAULT = 4, SMS_PARTS_MAX = 30 };

struct sms_terms {
    bool unicode; /* UCS-2 when a text needs it; else what does not fit becomes "?" */
    int64_t max_parts;
    int64_t price_millicents; /* of a part; -1: not known */
};

/* Reads `unicode`, `max_parts` and `price_cents` of a transport; faults are reported. */
void sms_terms_load(struct sms_terms *terms, struct conf_node *transport,
                    struct conf_faults *faults);

/* Appends what really leaves of a text, and measures it: transliterated (gsm.h); forced into GSM-7
 * when the transport has no UCS-2, or when UCS-2 would need more parts than it allows. */
void sms_terms_text(struct buf *out, struct gsm_size *size, const struct sms_terms *terms,
                    const char *text);

/* The same for the text of a job. Returns 0, or -1 having ended the job as failed when the text
 * still has too many parts: a gateway would cut it without a word. What is urgent is never refused.
 */
int sms_terms_job(struct buf *out, struct job *job);

#endif
