/*
 * Terms of SMS: see sms_terms.h. A text that would cost more parts than the city allows is first
 * made to fit by losing characters that have no likeness in GSM-7; only one that is still too long
 * is refused. Holds nothing.
 */
#include "sms_terms.h"

#include <math.h>

#include "../daemon/buf.h"
#include "../daemon/conf.h"
#include "../daemon/util.h"
#include "adapter.h"

enum { PRICE_MAX_CENTS = 1000 };

static void read_price(struct sms_terms *terms, struct conf_node *transport,
                       struct conf_faults *faults)
{
    const struct conf_node *at = conf_get(transport, "price_cents");
    terms->price_millicents = -1;
    if (!at)
        return;
    double cents = at->type == CONF_INT ? (double)at->number : at->real;
    bool number = at->type == CONF_INT || at->type == CONF_REAL;
    if (!number || !(cents >= 0 && cents <= PRICE_MAX_CENTS))
        conf_fault(faults, at,
                   "price_cents: cents for one part are wanted, such as 7.5, at most %d",
                   PRICE_MAX_CENTS);
    else
        terms->price_millicents = (int64_t)lround(cents * 1000);
}

void sms_terms_load(struct sms_terms *terms, struct conf_node *transport,
                    struct conf_faults *faults)
{
    const char *word = conf_text(transport, "unicode", "when_needed", faults);
    terms->unicode = str_eq(word, "when_needed");
    if (!terms->unicode && !str_eq(word, "never"))
        conf_fault(faults, conf_get(transport, "unicode"),
                   "unicode = \"%s\" is not one of \"never\", \"when_needed\"", word);
    terms->max_parts =
        conf_int(transport, "max_parts", SMS_PARTS_DEFAULT, 1, SMS_PARTS_MAX, faults);
    read_price(terms, transport, faults);
}

void sms_terms_text(struct buf *out, struct gsm_size *size, const struct sms_terms *terms,
                    const char *text)
{
    struct buf fits = BUF_INIT;
    gsm_transliterate(&fits, text);
    gsm_measure(size, buf_str(&fits));
    if (size->encoding == GSM_UCS2 && (!terms->unicode || size->parts > terms->max_parts)) {
        buf_reset(&fits);
        gsm_force(&fits, text);
        gsm_measure(size, buf_str(&fits));
    }
    buf_puts(out, buf_str(&fits));
    buf_wipe(&fits);
}

int sms_terms_job(struct buf *out, struct job *job)
{
    const struct sms_terms *terms = &job->transport->sms;
    const char *text = job->message.body ? job->message.body : "";
    struct gsm_size size;
    struct buf why = BUF_INIT;
    if (job->urgent) {
        gsm_transliterate(out, text);
        gsm_measure(&size, buf_str(out));
        if (terms->unicode || size.encoding == GSM_7BIT)
            return 0;
        buf_reset(out);
        gsm_force(out, text);
        return 0;
    }
    sms_terms_text(out, &size, terms, text);
    if (size.parts <= terms->max_parts)
        return 0;
    buf_printf(&why, "not sent: %ld parts, max_parts is %lld", size.parts,
               (long long)terms->max_parts);
    job_end(job, ATTEMPT_FAILED, CLASS_PERMANENT, 0);
    job_peer_text(job, buf_str(&why));
    buf_release(&why);
    return -1;
}
