/*
 * Counters and gauges of the daemon, as /metrics shows them (OpenMetrics). Labels are codes from
 * closed lists, never an address, a unit or a case.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "mail_in.h"
#include "report.h"
#include "sms_inbound.h"
#include "stafette.h"

struct buf;
struct stafette;

enum { TURN_BUCKETS = 8 };

enum { EVENT_ENDS = 5, EVENT_REPEATED = EVENT_ENDS - 1 };

struct metrics {
    uint64_t events[EVENT_ENDS]; /* by enum outcome; repeated is the last */
    uint64_t attempts[CHANNEL_COUNT][ATTEMPT_END_COUNT];
    uint64_t classes[ERROR_CLASS_COUNT];
    uint64_t sms_in[SMS_END_COUNT];
    uint64_t mail_in[MAIL_IN_END_COUNT];
    uint64_t reports[REPORT_END_COUNT];
    int64_t reports_unknown; /* SMS without a promised report, as of the last check */
    uint64_t sms_withheld;   /* replies to SMS that the hourly limit held back */
    uint64_t clocks_fired;
    uint64_t commits;
    uint64_t store_troubles;
    uint64_t reloads[2]; /* done, refused */
    uint64_t turn_bucket[TURN_BUCKETS];
    double turn_sum_s;
    uint64_t turns;
    int64_t in_flight;
    int64_t queue_depth;    /* pending deliveries, as of the last check */
    int64_t open_items;     /* as of the last check */
    int64_t oldest_open_ms; /* created_ms of the oldest open item, 0 = none */
    int64_t out_waiting;    /* out-events not yet acknowledged by the broker */
    int64_t wal_bytes;
};

void metrics_turn(struct metrics *m, double seconds);
void metrics_write(const struct stafette *g, struct buf *out);

#endif
