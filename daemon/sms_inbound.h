/*
 * Answers by SMS: what an incoming SMS does (DESIGN 9). It counts only from the telephone that the
 * question went to; it is applied like every other answer, by answer_apply(); and it is replied to
 * once, by an SMS that names the fact recorded. Neither the telephone number nor the text goes into
 * the store, the log, the audit or a metric.
 */
#ifndef SMS_INBOUND_H
#define SMS_INBOUND_H

struct inbound;
struct stafette;

/* What became of a callback; what /metrics counts. */
enum sms_end {
    SMS_APPLIED,   /* given to answer_apply() */
    SMS_ASKED,     /* not understood: asked back */
    SMS_EXPLAINED, /* STOP or Hilfe */
    SMS_IGNORED,   /* written by a machine, or our own words echoed */
    SMS_UNKNOWN,   /* from nobody whom we have asked anything: no reply */
    SMS_UNREADABLE,
    SMS_REPEATED, /* the gateway repeats itself */
    SMS_REFUSED,  /* wrong secret or source */
    SMS_END_COUNT
};

const char *sms_end_name(enum sms_end end);

/* Takes one SMS in the open transaction. */
enum sms_end sms_inbound_take(struct stafette *g, const struct inbound *sms);

#endif
