/*
 * Incidents: a transport that cannot be reached is one incident for the operators, not one message
 * for each delivery (DESIGN 1.4). Kept in memory; shown by /healthz, /metrics and one log line when
 * it begins and one when it ends.
 */
#ifndef INCIDENT_H
#define INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct result;
struct stafette;

enum {
    INCIDENTS_MAX = 64,
    INCIDENT_AFTER_MS = 60000,
    INCIDENT_PROBE_MS = 300000,
    INCIDENT_POLICY_MS = 900000 /* so long it is shown that a recipient's rules refuse us */
};

struct incident {
    char transport[ID_MAX];
    int64_t since_ms;       /* steady time of the first failure since the last success; 0 = well */
    int64_t last_ms;        /* steady time of the last failure */
    enum error_class class; /* of the last failure */
    uint64_t failures;
    bool open; /* it counts as an incident */
};

struct incidents {
    struct incident incident[INCIDENTS_MAX];
    size_t count;
};

/* Notes how an attempt over a transport ended. Failures that are the peer's or our own (connection,
 * time, encryption, login, disk, credit) open an incident: at once when operators must act, after a
 * minute without a success otherwise. An answer about one address or message shows that the peer is
 * well; a refusal by somebody's rules (CLASS_POLICY) is shown for a quarter of an hour at least. */
void incident_note(struct stafette *g, const char *transport, const struct result *result);

/* What a transport had taken came back, and only operators can mend why: as a refusal by somebody's
 * rules. Trouble of the transport's own comes first and is left as it is. */
void incident_returned(struct stafette *g, const char *transport);

/* True when the class is a failure of the transport itself, not of one address, message or
 * recipient's rule. */
bool incident_blames(enum error_class class);

/* The open incident of a transport, NULL when it is well or not yet that unwell; a refusal by
 * somebody's rules is none of its own. */
const struct incident *incident_open(const struct stafette *g, const char *transport);

/* True while what is urgent had better not begin with this transport: it has an open incident and
 * failed within the last five minutes. After that it is tried again, or nobody would see it well. A
 * refusal by somebody's rules says nothing of the others' mail. */
bool incident_avoid(const struct stafette *g, const char *transport);

#endif
