/*
 * The independent ledger (DESIGN 1.6): is anybody lost? Left the requests that were accepted or
 * returned, as the audit chain and the events tell them; right the items, each in exactly one
 * class, with what each open one must have: an owner, somebody who must answer, an open clock. It
 * walks every table once, on a read-only connection with SQL of its own, and shares nothing with
 * store_*.c. Run by `stafettectl ledger`, and as a child of the daemon (ledger_run.h).
 *
 * This header has the task, the result, and the result as text; ledger_check() is the walk.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct directory;
struct json;

enum { LEDGER_EXAMPLES = 20, LEDGER_LINK = 64 /* hex digits */ };

/* What can be wrong; ledger.c has code and German sentences of each. The codes stay. */
enum ledger_fault {
    LEDGER_LOST,          /* L-01 a request without its item */
    LEDGER_UNASKED,       /* L-02 an item whose requesting event the audit does not know */
    LEDGER_UNAUDITED,     /* L-03 an event without its audit row */
    LEDGER_NO_EVENT,      /* L-04 an audit row of an event that is gone too early */
    LEDGER_CHAIN,         /* L-05 an audit row that does not follow from the one before */
    LEDGER_OWNER,         /* L-06 the responsible unit is not in the directory */
    LEDGER_WAITING,       /* L-07 nor the one that must answer */
    LEDGER_NO_CLOCK,      /* L-08 an open item without an open clock */
    LEDGER_TWO_CLOCKS,    /* L-09 more than one open clock of a kind */
    LEDGER_LATE_CLOCK,    /* L-10 a clock that should have fired */
    LEDGER_STRAY_CLOCK,   /* L-11 an open clock of an item that is over or gone */
    LEDGER_NO_EFFECT,     /* L-12 a fired clock without its audit row */
    LEDGER_FIRED_TWICE,   /* L-13 a clock with two */
    LEDGER_NO_DELIVERY,   /* L-14 a notice that is delivered by nothing */
    LEDGER_STRAY_NOTICE,  /* L-15 a notice or delivery of nothing */
    LEDGER_NO_ENDING,     /* L-16 a delivery with neither an ending nor a next attempt */
    LEDGER_NO_CLASS,      /* L-17 a row whose state contradicts itself or is unknown */
    LEDGER_TOO_MANY_GONE, /* L-18 more ended items are gone than retention has removed */
    LEDGER_HEAD,          /* L-19 the audit was written anew since the last look */
    LEDGER_FAULTS
};

struct ledger_finding {
    int64_t count;
    int64_t item[LEDGER_EXAMPLES]; /* item numbers, as far as the fault concerns items */
    int64_t row[LEDGER_EXAMPLES];  /* numbers of the rows: of the audit, events, clocks ... */
    size_t items, rows;
};

/* What to look at. Texts are borrowed. */
struct ledger_task {
    const char *store;
    int64_t now_ms;    /* of the daemon's clock */
    int64_t grace_ms;  /* a clock may be late by that much */
    const char **unit; /* ids of the loaded directory, sorted by strcmp */
    size_t units;
    int64_t head_seq; /* head of the audit at an earlier look; 0 = none */
    char head_link[LEDGER_LINK + 1];
};

struct ledger_result {
    int64_t checked_ms; /* the task's now */
    int64_t took_ms;
    int64_t requests; /* accepted or returned events that ask for something, in the audit */
    int64_t asked;    /* items that these and refusals opened */
    int64_t open[ITEM_KIND_COUNT];
    int64_t ended; /* items that are over and still kept */
    int64_t removed, erased;
    int64_t audit_rows;
    int64_t head_seq;
    char head_link[LEDGER_LINK + 1];
    struct ledger_finding finding[LEDGER_FAULTS];
};

/* A task from the directory; the list of units is the task's own and ended by
 * ledger_task_release(). */
void ledger_task_init(struct ledger_task *task, const struct directory *directory);
void ledger_task_release(struct ledger_task *task);

/* Walks the store within one read transaction, so it sees one moment, also beside a running
 * daemon. Returns 0 with the result filled, or -1 with one sentence in err: the store cannot be
 * read to its end. */
int ledger_check(const struct ledger_task *task, struct ledger_result *result, struct buf *err);

/* Adds to a finding; `item` and `row` 0 = none. */
void ledger_find(struct ledger_result *result, enum ledger_fault fault, int64_t item, int64_t row);

bool ledger_green(const struct ledger_result *result);
int64_t ledger_open(const struct ledger_result *result);
/* How many kinds of faults were found. */
int64_t ledger_findings(const struct ledger_result *result);

/* "L-08", and the fault in a few German words. */
const char *ledger_code(enum ledger_fault fault);
const char *ledger_german(enum ledger_fault fault);

/* One line of JSON with item codes made by `key` (DIGEST_KEY bytes); NULL: with bare numbers, as
 * ledger_read() wants it. */
void ledger_json(struct buf *out, const struct ledger_result *result, const unsigned char *key);

/* Back from the JSON with bare numbers; -1 when it is not that, whole and sound. */
int ledger_read(struct ledger_result *result, const char *bytes, size_t len);

/* The report for people, in lines. */
void ledger_report(struct buf *out, const struct ledger_result *result, const unsigned char *key);

/* The same in one paragraph of at most `max` bytes, for the mail of each night. */
void ledger_line(struct buf *out, const struct ledger_result *result, const unsigned char *key,
                 size_t max);

#endif
