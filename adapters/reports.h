/*
 * Delivery reports of a transport, the part of its configuration: who may bring them and what he is
 * answered. What a report says is read by callback.h.
 *
 *     reports = { secret_file = "sms-in.secret"; sources = "192.0.2.10"; code = 200; body = ""; };
 *
 * A transport with this group promises reports: a delivery of which none has told the end in time
 * is shown as "unknown". The gateway calls GET or POST /sms/report/<transport> on the public door,
 * with the secret as for incoming SMS (inbound.h). The transport's report_url may carry it as
 * {key}, so that it need not stand in the configuration.
 */
#ifndef REPORTS_H
#define REPORTS_H

#include <stdbool.h>

struct conf_node;
struct conf_faults;
struct inbound_rule;

struct reports {
    struct inbound_rule *caller; /* who may call */
    int code;                    /* the answer to a report that was taken, 200-299 */
    char *body;                  /* and its words; most gateways want none */
};

/* Reads the group `reports` of a transport; NULL when it is not there or faulty (reported). */
struct reports *reports_load(struct conf_node *transport, struct conf_faults *faults);
void reports_free(struct reports *reports);

/* The secret, for report_url; "" when reports is NULL. Borrowed. */
const char *reports_key(const struct reports *reports);

#endif
