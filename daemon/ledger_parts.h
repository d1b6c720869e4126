/*
 * For ledger_*.c only: the walk over the store, and what it remembers between the tables.
 */
#ifndef LEDGER_PARTS_H
#define LEDGER_PARTS_H

#include <sqlite3.h>

#include "digest.h"
#include "ledger.h"
#include "machine.h"
#include "seqset.h"

enum { LEDGER_CLOCK_KINDS = 32 };

/* What an audit row says, as far as the ledger counts it. */
enum ledger_saying {
    SAYS_OTHER,
    SAYS_EVENT,
    SAYS_CLOCK,
    SAYS_ENDED,
    SAYS_ERASED,
    SAYS_STEP /* the gateway or an answer changed its state */
};

struct ledger_fact {
    enum ledger_saying says;
    int64_t number; /* of the event, clock or erased item */
    bool requests;  /* an accepted or returned request */
    bool opens;     /* it opened an item: a request, or a refusal that somebody must mend */
    bool has_state;
    bool over; /* the state it names ends an item of that kind */
    enum item_state state;
};

/* True for the types that ask for something: handover.requested and so on. Pure. */
bool ledger_requests(const char *type);

/* Reads the content of an audit row. Pure. */
void ledger_fact_read(struct ledger_fact *fact, const char *content);

struct ledger_walk {
    sqlite3 *db;
    const struct ledger_task *task;
    struct ledger_result *result;
    bool version_fits;
    const char *const *known_unit; /* the unit found last: neighbours share it */

    /* From the audit. */
    struct seqset audited; /* events */
    struct seqset recent;  /* of these, those that must still be there */
    struct seqset asked;   /* items that events opened */
    struct seqset over;    /* items that have ended, as the audit tells it */
    struct seqset erased;  /* items whose rows are erased */
    struct seqset told;    /* clocks that had an effect */
    unsigned char link[DIGEST_FULL];
    int64_t pruned_seq;      /* rows up to here are pruned; 0 = none */
    int64_t first_ms;        /* time of the first row that is left */
    int64_t erased_loose;    /* erased rows of no item */
    int64_t removed_by_rule; /* items that retention says it has removed */
    bool head_seen;

    struct seqset events, items, open, clocked, notices, delivered;
    struct seqset clock_of[LEDGER_CLOCK_KINDS]; /* items with an open clock of that kind */
};

/* Runs a query and calls back for each row; -1 when it did not come to its end. */
int ledger_rows(struct ledger_walk *w, const char *sql,
                void (*row)(struct ledger_walk *w, sqlite3_stmt *q));

/* A number of the table meta; 0 when it is not there. */
int64_t ledger_meta(struct ledger_walk *w, const char *name);

/* Follows the audit chain and gathers what it tells; -1 when it cannot be read. */
int ledger_audit(struct ledger_walk *w);

/* True when an audit row from before the first that is left may have told of it. */
bool ledger_before_audit(const struct ledger_walk *w, int64_t at_ms);

#endif
