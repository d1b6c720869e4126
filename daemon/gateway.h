/*
 * struct stafette: what the deciding thread owns. Every part gets it passed; nothing here is
 * touched by another thread.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "daily.h"
#include "digest_mail.h"
#include "erasures.h"
#include "guard.h"
#include "incident.h"
#include "keys.h"
#include "known.h"
#include "metrics.h"
#include "night.h"
#include "presence.h"
#include "retention.h"
#include "sms_guard.h"

struct config;
struct store;
struct ingest;
struct outbox;
struct http;
struct http_call;
struct ledger_run;
struct lmtp;
struct mailbox;
struct spool;
struct transfer;
struct turn;

enum { KEPT_TEMPLATES_MAX = 64 };

struct stafette {
    struct config *config;
    struct store *store;
    struct keys keys;
    struct known known; /* ids that are committed */
    struct metrics metrics;
    struct incidents incidents;
    struct guard guard; /* bad answer links, by who sends them */
    struct presence presence;
    struct sms_guard sms_guard; /* loops and repeats of answers by SMS */
    struct ingest *ingest;
    struct outbox *outbox;
    struct http *http;
    struct transfer *transfer;
    struct turn *turn;
    struct ledger_run *ledger;
    struct mailbox *mailbox;
    struct checkpoint *checkpoint;
    struct lmtp *lmtp;
    struct spool *spool;

    /* The clock is read once a turn (DESIGN 2 "Time"). */
    int64_t now_ms;    /* wall time: deadlines, what people read */
    int64_t steady_ms; /* wall time that never steps back while we run: next attempts */
    int64_t mono_ms;   /* waits, keepalive */
    int64_t started_ms;
    struct buf test_clock; /* file with the wall time; "" = the real clock */

    struct {
        const void *text; /* struct template of the loaded configuration */
        int64_t id;       /* its number in the store */
    } kept_template[KEPT_TEMPLATES_MAX];
    size_t kept_templates;

    int64_t held_since_ms; /* restored store: nothing older leaves before release; 0 = not held */
    int64_t checked_ms;    /* last balance check, wall */
    int64_t checked_mono_ms;
    bool balanced;
    struct night night;
    struct erasures erasures; /* erased cases, as the list outside the store has them */
    bool unflushed;           /* what was erased still stands in the write-ahead log */
    struct retention retention;
    struct http_call *idle_calls; /* answered when nothing is due (clock advance) */
    struct daily daily;
    struct digest digest; /* overviews: which were made */
    bool stopping;        /* nothing new is read or started */
    int64_t stop_ms;      /* monotonic: attempts under way have until then */
};

#endif
