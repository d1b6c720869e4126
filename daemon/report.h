/*
 * Delivery reports of SMS gateways: which delivery one means, and what follows from it.
 *
 * A report moves what is known of a delivery forward only (adapters/callback.h). "Delivered" is a
 * fact of its own, told to the sender as notice.delivered; it is neither "seen" nor "accepted"
 * (DESIGN 1.3). "Failed" ends the delivery and asks the next contact at once, as if the gateway
 * had refused it at sending (outbox.h). A delivery whose gateway promises reports and of which none
 * told the end within delivery.report_within is unknown: shown so, counted, never taken for
 * delivered.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

struct delivery;
struct report;
struct stafette;
struct transport;

/* What became of a callback; what /metrics counts. */
enum report_end {
    REPORT_TAKEN,      /* news */
    REPORT_KNOWN,      /* a repeat, or older than what is known */
    REPORT_NO_ID,      /* of no delivery of ours, or of one that is gone */
    REPORT_ODD,        /* a status word that the transport does not explain */
    REPORT_UNREADABLE, /* neither reference nor id, no status, no JSON */
    REPORT_REFUSED,    /* wrong secret or source */
    REPORT_END_COUNT
};

const char *report_end_name(enum report_end end);

/* Takes one report of that transport in the open transaction. */
enum report_end report_take(struct stafette *g, const struct transport *from,
                            const struct report *report);

/* What to call that which is known of a delivery after its sending: a name of enum report_status;
 * "awaited" while a promised report may still come, "unknown" when it did not come in time, "" when
 * none is promised or it was not sent. */
const char *report_word(const struct stafette *g, const struct delivery *delivery);

/* SMS of the last week of which a promised report did not come in time. */
int64_t report_count_unknown(const struct stafette *g);

#endif
