/*
 * Metrics as OpenMetrics text: see metrics.h.
 */
#include "metrics.h"

#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "ingest.h"
#include "known.h"
#include "ledger_run.h"
#include "outbox.h"
#include "outbox_ops.h"
#include "protect.h"
#include "turn.h"

static const double bucket_s[TURN_BUCKETS - 1] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.5};

void metrics_turn(struct metrics *m, double seconds)
{
    size_t i = 0;
    while (i < TURN_BUCKETS - 1 && seconds > bucket_s[i])
        i++;
    m->turn_bucket[i]++;
    m->turn_sum_s += seconds;
    m->turns++;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# TYPE stafette_%s %s\n# HELP stafette_%s %s\n", name, type, name, help);
}

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
    head(out, name, "gauge", help);
    buf_printf(out, "stafette_%s %.17g\n", name, value);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    buf_printf(out, "stafette_%s_total %llu\n", name, (unsigned long long)value);
}

static void write_events(const struct metrics *m, struct buf *out)
{
    static const char *const outcome[] = {"accepted", "returned", "refused", "parked", "repeated"};
    head(out, "events", "counter", "Events decided, by what became of them.");
    for (int i = 0; i < EVENT_ENDS; i++)
        buf_printf(out, "stafette_events_total{outcome=\"%s\"} %llu\n", outcome[i],
                   (unsigned long long)m->events[i]);
}

static void write_attempts(const struct metrics *m, struct buf *out)
{
    head(out, "attempts", "counter", "Delivery attempts, by channel and ending.");
    for (int c = 0; c < CHANNEL_COUNT; c++)
        for (int e = 0; e < ATTEMPT_END_COUNT; e++)
            buf_printf(out, "stafette_attempts_total{channel=\"%s\",result=\"%s\"} %llu\n",
                       channel_name((enum channel)c), attempt_end_name((enum attempt_end)e),
                       (unsigned long long)m->attempts[c][e]);
    head(out, "attempt_classes", "counter", "Delivery attempts, by error class.");
    for (int i = 0; i < ERROR_CLASS_COUNT; i++)
        buf_printf(out, "stafette_attempt_classes_total{class=\"%s\"} %llu\n",
                   error_class_name((enum error_class)i), (unsigned long long)m->classes[i]);
}

static void write_sms(const struct metrics *m, struct buf *out)
{
    head(out, "sms_in", "counter", "Callbacks with an incoming SMS, by what became of them.");
    for (int i = 0; i < SMS_END_COUNT; i++)
        buf_printf(out, "stafette_sms_in_total{result=\"%s\"} %llu\n",
                   sms_end_name((enum sms_end)i), (unsigned long long)m->sms_in[i]);
    counter(out, "sms_replies_withheld", "Replies to SMS over the hourly limit of a sender.",
            m->sms_withheld);
}

static void write_reports(const struct metrics *m, struct buf *out)
{
    head(out, "sms_reports", "counter", "Delivery reports of SMS, by what became of them.");
    for (int i = 0; i < REPORT_END_COUNT; i++)
        buf_printf(out, "stafette_sms_reports_total{result=\"%s\"} %llu\n",
                   report_end_name((enum report_end)i), (unsigned long long)m->reports[i]);
    gauge(out, "sms_unknown",
          "SMS of the last week without the report that their gateway promises, as of the last "
          "check.",
          (double)m->reports_unknown);
}

static void write_mail(const struct metrics *m, struct buf *out)
{
    head(out, "mail_in", "counter", "Mails that came in, by what became of them.");
    for (int i = 0; i < MAIL_IN_END_COUNT; i++)
        buf_printf(out, "stafette_mail_in_total{result=\"%s\"} %llu\n",
                   mail_in_end_name((enum mail_in_end)i), (unsigned long long)m->mail_in[i]);
}

static void write_incidents(const struct stafette *g, struct buf *out)
{
    head(out, "transport_trouble", "gauge", "1 while a transport cannot be used.");
    for (size_t i = 0; i < g->incidents.count; i++)
        buf_printf(out, "stafette_transport_trouble{transport=\"%s\"} %d\n",
                   g->incidents.incident[i].transport, g->incidents.incident[i].open);
}

static void write_certificates(const struct stafette *g, struct buf *out)
{
    size_t count[PROTECT_VERDICT_COUNT] = {0};
    const struct protections *all = g->config->protections;
    const struct smime_certificate *used;
    for (size_t i = 0; i < protections_count(all); i++)
        count[protect_ask(g->config, protections_at(all, i)->contact, g->now_ms, &used)]++;
    head(out, "certificates", "gauge", "Mailboxes of class high, by the state of the certificate.");
    for (int i = PROTECT_SEALED; i < PROTECT_VERDICT_COUNT; i++)
        buf_printf(out, "stafette_certificates{state=\"%s\"} %zu\n",
                   protect_verdict_name((enum protect_verdict)i), count[i]);
}

static void write_turns(const struct metrics *m, struct buf *out)
{
    uint64_t sum = 0;
    head(out, "turn_seconds", "histogram", "How long turns of the deciding thread took.");
    for (size_t i = 0; i < TURN_BUCKETS - 1; i++) {
        sum += m->turn_bucket[i];
        buf_printf(out, "stafette_turn_seconds_bucket{le=\"%g\"} %llu\n", bucket_s[i],
                   (unsigned long long)sum);
    }
    buf_printf(out, "stafette_turn_seconds_bucket{le=\"+Inf\"} %llu\n",
               (unsigned long long)m->turns);
    buf_printf(out, "stafette_turn_seconds_sum %.17g\nstafette_turn_seconds_count %llu\n",
               m->turn_sum_s, (unsigned long long)m->turns);
}

/* Without a result there is no number of findings; the age tells since when. */
static void write_ledger(const struct stafette *g, struct buf *out)
{
    const struct ledger_result *last = ledger_run_last(g->ledger);
    gauge(out, "ledger_full_green",
          "1 unless the last full check found something, failed or is old.", ledger_run_green(g));
    if (last)
        gauge(out, "ledger_findings", "Kinds of faults that the last full check found.",
              (double)ledger_findings(last));
    gauge(out, "ledger_checked_seconds", "Time since the last full check, 0 when there was none.",
          (double)ledger_run_age_s(g));
    gauge(out, "ledger_took_seconds", "How long the last full check took.",
          last ? (double)last->took_ms / 1000 : 0);
}

static void write_retention(const struct retention *r, struct buf *out)
{
    head(out, "retention_removed", "counter", "Rows removed because their time was over.");
    for (int i = 0; i < RETAIN_CLASS_COUNT; i++)
        buf_printf(out, "stafette_retention_removed_total{class=\"%s\"} %lld\n",
                   retention_class_name((enum retention_class)i), (long long)r->total[i]);
    gauge(out, "retention_ended_seconds", "When the last removal ended, since 1970.",
          (double)r->ended_ms / 1000);
}

void metrics_write(const struct stafette *g, struct buf *out)
{
    const struct metrics *m = &g->metrics;
    buf_printf(out,
               "# TYPE stafette_build info\n# HELP stafette_build The running program.\n"
               "stafette_build_info{version=\"%s\"} 1\n",
               STAFETTE_VERSION);
    write_events(m, out);
    write_attempts(m, out);
    write_sms(m, out);
    write_reports(m, out);
    write_mail(m, out);
    write_turns(m, out);
    write_incidents(g, out);
    write_certificates(g, out);
    write_retention(&g->retention, out);
    counter(out, "clocks_fired", "Clocks that fell due.", m->clocks_fired);
    counter(out, "commits", "Transactions committed.", m->commits);
    counter(out, "store_troubles", "Transactions that had to be run again.", m->store_troubles);
    counter(out, "reloads_done", "Configurations loaded on request.", m->reloads[0]);
    counter(out, "reloads_refused", "Configurations refused.", m->reloads[1]);
    gauge(out, "broker_up", "1 when the broker is connected.", ingest_is_up(g->ingest));
    gauge(out, "store_trouble", "1 while the store cannot be written.",
          turn_retry_ms(g->turn) != 0);
    gauge(out, "ledger_green", "1 when the last balance check held.", g->balanced);
    write_ledger(g, out);
    gauge(out, "held", "1 while a restored store waits for its release.", g->held_since_ms != 0);
    gauge(out, "held_destinations", "Destinations that an operator holds.",
          g->outbox ? (double)outbox_holds(g)->count : 0);
    gauge(out, "in_flight", "Attempts handed out and not settled.",
          (double)outbox_in_flight(g->outbox));
    gauge(out, "queue_depth", "Deliveries that wait, as of the last check.",
          (double)m->queue_depth);
    gauge(out, "open_items", "Items not yet closed, as of the last check.", (double)m->open_items);
    gauge(out, "oldest_open_seconds", "Age of the oldest open item, as of the last check.",
          m->oldest_open_ms ? (double)(g->now_ms - m->oldest_open_ms) / 1000 : 0);
    gauge(out, "out_waiting", "Status events that the broker has not acknowledged.",
          (double)m->out_waiting);
    gauge(out, "known_ids", "Event ids remembered against repeats.",
          (double)known_count(&g->known));
    gauge(out, "known_id_bytes", "Memory of the remembered ids.", (double)known_bytes(&g->known));
    gauge(out, "store_wal_bytes", "Size of the store's write-ahead log.", (double)m->wal_bytes);
    buf_puts(out, "# EOF\n");
}
