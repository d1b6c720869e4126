/*
 * The map: the words that all parts share, each with the one name that the store, the logs, the
 * configuration and JSON carry. A missing name does not compile (stafette.c, switches without
 * default). German beside the English where it is the field's term.
 */
#ifndef STAFETTE_H
#define STAFETTE_H

#include <stdbool.h>
#include <stdint.h>

#define STAFETTE_VERSION "0.1.0"

/* What the gateway keeps an eye on until a human has answered: an "item" (Vorgang). */
enum item_kind {
    ITEM_HANDOVER,  /* Fallübergabe */
    ITEM_REFERRAL,  /* Vermittlung an einen freien Träger */
    ITEM_EMERGENCY, /* Notlage, Bereitschaftsdienst */
    ITEM_REFUSAL,   /* abgewiesene Meldung, offen bei der technischen Stelle der Quelle */
    ITEM_TASK,      /* Aufgabe: early warning, consent to be asked for, back office, parked event */
    ITEM_DEADLINE,  /* gesetzliche Frist (DOMAIN C1-C25) */
    ITEM_LEDGER,    /* Nachtprüfung: over from the start, carries the line to the coordinator */
    ITEM_MEETING,   /* Termin: a series or a single meeting, open until its last session is done */
    ITEM_POLL,      /* Umfrage: a date is sought, or a choice asked for */
    ITEM_DIGEST,    /* Übersicht: over from the start, carries a morning's or a week's digest */
    ITEM_DRILL,     /* Probealarm: tries the whole way, counted apart (drill.h) */
    ITEM_KIND_COUNT
};

enum urgency { URGENCY_ROUTINE, URGENCY_PROMPT, URGENCY_URGENT, URGENCY_EMERGENCY, URGENCY_COUNT };

enum channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_COUNT };

/* What a unit is: a team of an authority, a provider (freier Träger), a desk, a body (Gremium). */
enum unit_kind { UNIT_TEAM, UNIT_PROVIDER, UNIT_DESK, UNIT_BODY, UNIT_KIND_COUNT };

/* The three endings of an attempt (adapters, DESIGN 7). */
enum attempt_end { ATTEMPT_SENT, ATTEMPT_DEFERRED, ATTEMPT_FAILED, ATTEMPT_END_COUNT };

/* Why an attempt ended as it did; retry.c holds what follows from each. */
enum error_class {
    CLASS_NONE,      /* accepted */
    CLASS_CONNECT,   /* no connection, or lost before anything was decided */
    CLASS_TIMEOUT,   /* no answer in time */
    CLASS_TEMPORARY, /* the peer said "later" (SMTP 4xx, HTTP 5xx) */
    CLASS_THROTTLED, /* the peer said "too many" (HTTP 429, SMTP 421) */
    CLASS_AMBIGUOUS, /* lost after the final dot: perhaps accepted */
    CLASS_AUTH,      /* our credentials were refused: operator */
    CLASS_TLS,       /* no or no trusted encryption: operator */
    CLASS_LOCAL,     /* our own side: disk, file, configuration: operator */
    CLASS_ADDRESS,   /* this address is refused for good */
    CLASS_PERMANENT, /* the message or request is refused for good */
    CLASS_FORBIDDEN, /* not attempted: permission, basis or consent is missing (permit.h) */
    CLASS_FULL,      /* this mailbox is full (RFC 3463 x.2.2): later, or another way */
    CLASS_POLICY,    /* the peer's rules refuse us (RFC 3463 x.7.x, block lists): operator */
    CLASS_CREDIT,    /* the gateway's account is empty or blocked: operator */
    ERROR_CLASS_COUNT
};

/* Why this unit is told (DOMAIN E25); the reason is printed at the foot of each mail. */
enum reason {
    REASON_ROUTE,     /* the routing rule names it */
    REASON_NAMED,     /* the event names it */
    REASON_LEAD,      /* the first recipient did not answer: its lead */
    REASON_CATCH_ALL, /* nobody else answered, or no rule matched */
    REASON_TECH_DESK, /* a message of its source was refused */
    REASON_ON_CALL,   /* a message about an emergency was refused, or an emergency was reported */
    REASON_OUTCOME,   /* it was told before and now hears the outcome */
    REASON_SENDER,    /* it sent the event and must mend it */
    REASON_CONFLICT,  /* it settles conflicts of competence (DO4) */
    REASON_DEPUTY,    /* it stands in for a unit that is absent, or is asked next */
    REASON_TASK,      /* a task is its own */
    REASON_LEDGER,    /* it hears each night whether anybody is lost */
    REASON_LINK,      /* somebody asked for a new link by the page of an old one */
    REASON_ANSWERED,  /* it answered by SMS and hears what is recorded now */
    REASON_MEMBER,    /* it belongs to a meeting */
    REASON_HOST,      /* it runs a meeting: chair, secretariat or host */
    REASON_DIGEST,    /* it gets an overview at a fixed hour */
    REASON_DRILL,     /* it is tried whether all can be reached */
    REASON_COUNT
};

/* What is known of a delivery after its peer accepted it: delivery reports of SMS gateways, RFC
 * 3464 reports of mail servers. Moves forward only (report_advances() in adapters/callback.h). */
enum report_status {
    REPORT_UNKNOWN,   /* nothing was reported, or a word that the transport does not explain */
    REPORT_QUEUED,    /* waits at the gateway, or a mail server has said "delayed" */
    REPORT_SENT,      /* the network took it over; mail: relayed to where no reports come from */
    REPORT_DELIVERED, /* on the handset, in the mailbox: final */
    REPORT_FAILED,    /* given up: final */
    REPORT_STATUS_COUNT
};

/* States of a delivery row. */
enum delivery_state {
    DELIVERY_PENDING,   /* has a next attempt */
    DELIVERY_SENT,      /* accepted by relay or gateway */
    DELIVERY_FAILED,    /* ended without success */
    DELIVERY_CANCELLED, /* its item ended first */
    DELIVERY_HELD,      /* waits for an operator (restored store) */
    DELIVERY_STATE_COUNT
};

/* x_name() gives the name, never NULL; x_parse() finds the value of a name, false when unknown. */
const char *item_kind_name(enum item_kind kind);
const char *urgency_name(enum urgency urgency);
const char *channel_name(enum channel channel);
const char *unit_kind_name(enum unit_kind kind);
const char *attempt_end_name(enum attempt_end end);
const char *error_class_name(enum error_class class);
const char *reason_name(enum reason reason);
const char *report_status_name(enum report_status status);
const char *delivery_state_name(enum delivery_state state);

bool item_kind_parse(const char *name, enum item_kind *kind);
bool urgency_parse(const char *name, enum urgency *urgency);
bool channel_parse(const char *name, enum channel *channel);
bool unit_kind_parse(const char *name, enum unit_kind *kind);
bool delivery_state_parse(const char *name, enum delivery_state *state);

/* What a person reads for an item kind: "Übergabe", "Vermittlung", "Notlage", "Abweisung". */
const char *item_kind_german(enum item_kind kind);

/* Limits, in one place. */
enum {
    ID_MAX = 64,             /* bytes of a configured id: unit, place, service, rule ... */
    CASE_REF_MAX = 64,       /* bytes of a case_ref */
    EVENT_ID_MAX = 128,      /* bytes of a CloudEvents id */
    ITEM_ID_LEN = 9,         /* "K7F3-92QX": the code a person reads */
    PAYLOAD_MAX = 64 * 1024, /* bytes of one event on the wire */
    TURN_EVENTS_MAX = 1000,  /* events decided in one transaction */
    TURN_CLOCKS_MAX = 200,   /* clocks fired in one turn */
    TURN_NOTICES_MAX = 500,  /* notices that they make, after which the turn fires no more */
    RECIPIENTS_MAX = 3,      /* units told of one case event (DOMAIN R12) */
    PROVIDERS_MAX = 20,      /* providers that one rule names; a referral asks one at a time */
    TREE_DEPTH_MAX = 16,     /* nesting of places and of routing rules */
    ID_MEMORY_DAYS = 35,     /* repeats are recognised this long */
};

#endif
