/*
 * The loop: see loop.h. While the store is in trouble, nothing is read from the broker or written
 * to it, and the pages go on; everything else waits for the turn that has to be run again.
 */
#include "loop.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "balance.h"
#include "checkpoint.h"
#include "config.h"
#include "erase.h"
#include "gateway.h"
#include "http.h"
#include "ingest.h"
#include "ledger_run.h"
#include "lmtp.h"
#include "log.h"
#include "mail_read.h"
#include "mailbox.h"
#include "notify.h"
#include "outbox.h"
#include "outbox_ops.h"
#include "page.h"
#include "reload.h"
#include "replay.h"
#include "spool.h"
#include "store.h"
#include "store_event.h"
#include "timekeeper.h"
#include "transfer.h"
#include "turn.h"
#include "util.h"

enum {
    WAIT_MAX_MS = 1000,
    WAIT_STOPPING_MS = 50,
    WAIT_IDLE_CALL_MS = 5,
    STOP_WAIT_MS = 10000,
    CLOSE_WAIT_MS = 200,
    CONNECTIONS_MAX = 200,
    REQUEST_TIMEOUT_S = 15
};

static int64_t min_wait(int64_t wait_ms, int64_t other_ms)
{
    if (other_ms < 0)
        other_ms = 0;
    return other_ms < wait_ms ? other_ms : wait_ms;
}

static void remember_id(void *context, const unsigned char id_hash[DIGEST_ID], int64_t seq,
                        int64_t received_ms)
{
    struct stafette *g = context;
    known_add(&g->known, id_hash, seq, received_ms / DAY_MS);
}

/* A new key beside an old store would change every item's code and forget every known id. */
static int check_keys(const struct settings *s, struct buf *err)
{
    if (access(s->store, F_OK) < 0 || access(s->key_file, F_OK) == 0)
        return 0;
    buf_printf(err,
               "key file %s is missing, but store %s is there: put the key file back from its "
               "backup; only if the store is worthless, move it away",
               s->key_file, s->store);
    return -1;
}

static int open_store(struct stafette *g, struct buf *err)
{
    const struct settings *s = &g->config->settings;
    if (check_keys(s, err) < 0 || keys_load(&g->keys, s->key_file, err) < 0)
        return -1;
    g->store = store_open(s->store, err);
    if (!g->store)
        return -1;
    known_init(&g->known);
    store_event_each_id(g->store, g->now_ms - ID_MEMORY_DAYS * DAY_MS, g, remember_id);
    g->held_since_ms = store_meta_int(g->store, "held_since_ms");
    presence_open(g);
    g->checkpoint = checkpoint_open(g, err);
    return g->checkpoint ? 0 : -1;
}

int loop_open(struct stafette *g, struct buf *err)
{
    const struct settings *s = &g->config->settings;
    timekeeper_read(g);
    g->started_ms = g->now_ms;
    g->turn = turn_open();
    g->transfer = transfer_open();
    g->mailbox = mailbox_open();
    g->spool = spool_open();
    if (open_store(g, err) < 0)
        return -1;
    g->outbox = outbox_open(g);
    if (erase_catch_up(g, err) < 0)
        return -1;
    const struct http_options http = {.public_listen = s->http_public,
                                      .internal_listen = s->http_internal,
                                      .control_socket = s->control_socket,
                                      .body_max = PAYLOAD_MAX * 2,
                                      .control_body_max = MAIL_SIZE_MAX,
                                      .connections_max = CONNECTIONS_MAX,
                                      .timeout_s = REQUEST_TIMEOUT_S};
    g->http = http_open(&http, err);
    if (!g->http)
        return -1;
    g->lmtp = lmtp_open(g, err);
    if (!g->lmtp)
        return -1;
    g->ingest = ingest_open(g, err);
    if (!g->ingest)
        return -1;
    g->ledger = ledger_run_open(NULL);
    balance_check(g);
    daily_reloaded(g);
    return replay_ask(g, err);
}

void loop_close(struct stafette *g)
{
    ledger_run_close(g->ledger);
    ingest_close(g);
    if (g->http)
        http_close(g->http);
    lmtp_close(g->lmtp);
    mailbox_stop(g->mailbox);
    /* Its jobs point into configurations that the outbox holds. */
    transfer_close(g->transfer);
    outbox_close(g->outbox, CLOSE_WAIT_MS);
    mailbox_close(g->mailbox);
    spool_close(g->spool);
    turn_close(g->turn);
    checkpoint_close(g->checkpoint);
    store_close(g->store);
    known_release(&g->known);
    erasures_close(&g->erasures);
    buf_release(&g->test_clock);
}

static int64_t wait_ms(const struct stafette *g, int mqtt_ms)
{
    int64_t ms = min_wait(WAIT_MAX_MS, mqtt_ms), at_ms;
    int http_ms = http_timeout_ms(g->http);
    if (http_ms >= 0)
        ms = min_wait(ms, http_ms);
    if (turn_retry_ms(g->turn))
        return min_wait(ms, turn_retry_ms(g->turn) - g->mono_ms);
    if (ingest_pending(g->ingest))
        return 0;
    if (g->stopping)
        ms = min_wait(ms, WAIT_STOPPING_MS);
    /* Somebody waits for the moment when nothing is due (a test clock): look again soon. */
    if (g->idle_calls)
        ms = min_wait(ms, WAIT_IDLE_CALL_MS);
    if (outbox_ops_busy(g))
        ms = 0;
    if (outbox_unsettled(g->outbox))
        ms = min_wait(ms, OUTBOX_SETTLE_MS);
    if (ingest_unsettled(g->ingest))
        ms = min_wait(ms, INGEST_SETTLE_MS);
    ms = retention_wait_ms(g, ms);
    if ((at_ms = outbox_late_ms(g)))
        ms = min_wait(ms, at_ms - g->mono_ms);
    if ((at_ms = turn_next_clock_ms(g->turn)))
        ms = min_wait(ms, at_ms - g->now_ms);
    if ((at_ms = outbox_next_ms(g->outbox)))
        ms = min_wait(ms, at_ms - g->steady_ms);
    return ms;
}

/* While a few results wait for company (OUTBOX_SETTLE_MS), further ones need not wake us. */
static void wait_for_work(struct stafette *g, int signals, int mqtt_ms)
{
    bool troubled = turn_retry_ms(g->turn) != 0;
    /* What is not read must not wake us, or we would spin. */
    bool deaf = troubled || g->stopping;
    bool later = troubled || outbox_unsettled(g->outbox);
    struct pollfd fds[] = {
        {signals, POLLIN, 0},
        {http_fd(g->http), POLLIN, 0},
        {lmtp_fd(g->lmtp), POLLIN, 0},
        {later ? -1 : outbox_fd(g->outbox), POLLIN, 0},
        {later ? -1 : transfer_fd(g->transfer), POLLIN, 0},
        {troubled ? -1 : ledger_run_fd(g->ledger), POLLIN, 0},
        {deaf ? -1 : ingest_fd(g->ingest), POLLIN, 0},
    };
    if (ingest_wants_write(g->ingest))
        fds[COUNT_OF(fds) - 1].events |= POLLOUT;
    poll(fds, COUNT_OF(fds), (int)wait_ms(g, mqtt_ms));
}

static void take_signals(struct stafette *g, int signals, int *stops)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            reload_start(g);
        else
            (*stops)++;
    }
}

static void serve_pages(struct stafette *g)
{
    http_run(g->http);
    struct http_call *call = http_take(g->http);
    while (call) {
        struct http_call *next = call->next;
        page_receive(g, call);
        call = next;
    }
}

/* Work for moments when nothing came in. */
static void tidy(struct stafette *g)
{
    checkpoint_step(g, true);
    erase_flush(g);
    retention_step(g);
    page_idle(g);
}

static int one_turn(struct stafette *g)
{
    int mqtt_ms = WAIT_MAX_MS;
    int64_t from_ms = g->mono_ms;
    bool troubled = turn_retry_ms(g->turn) > g->mono_ms;
    if (!turn_retry_ms(g->turn) && !g->stopping)
        mqtt_ms = ingest_step(g);
    serve_pages(g);
    lmtp_run(g);
    if (troubled)
        return mqtt_ms;
    enum turn_end end = turn_run(g);
    if (end == TURN_TROUBLE)
        return mqtt_ms;
    if (end == TURN_IDLE)
        tidy(g);
    bool stepped = outbox_ops_step(g);
    balance_check(g);
    ledger_run_step(g);
    night_step(g);
    digest_step(g);
    if (!g->stopping) {
        outbox_start(g);
        mailbox_step(g);
        spool_step(g);
    }
    ingest_heartbeat(g, false);
    ingest_publish(g);
    if (end == TURN_DONE || stepped) {
        checkpoint_step(g, false);
        metrics_turn(&g->metrics, (double)(util_monotonic_ms() - from_ms) / 1000);
    }
    return mqtt_ms;
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* After the first signal, attempts under way may end and are settled, so that they are not repeated
 * at the next start; a second signal, or ten seconds, and they are left to it. */
static bool is_over(struct stafette *g, int stops)
{
    if (stops == 1 && !g->stop_ms) {
        notify_send("STOPPING=1");
        g->stop_ms = g->mono_ms + STOP_WAIT_MS;
    }
    return stops > 1 || (stops && (!outbox_in_flight(g->outbox) || g->mono_ms >= g->stop_ms));
}

int loop_run(struct stafette *g)
{
    int stops = 0, mqtt_ms = 0, signals = open_signals();
    int64_t watchdog_ms = notify_watchdog_ms(), next_watchdog_ms = 0;
    log_info("start", "version=%s instance=%s config=%s ids=%zu", STAFETTE_VERSION,
             g->config->settings.instance, g->config->version, known_count(&g->known));
    notify_send("READY=1");
    while (!is_over(g, stops)) {
        wait_for_work(g, signals, mqtt_ms);
        timekeeper_read(g);
        take_signals(g, signals, &stops);
        g->stopping = stops > 0;
        mqtt_ms = one_turn(g);
        if (watchdog_ms && g->mono_ms >= next_watchdog_ms) {
            notify_send("WATCHDOG=1");
            next_watchdog_ms = g->mono_ms + watchdog_ms;
        }
    }
    log_info("stop", "in_flight=%zu", outbox_in_flight(g->outbox));
    close(signals);
    return 0;
}
