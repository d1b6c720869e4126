/*
 * The turn: see turn.h. The order within is fixed: decide, commit, acknowledge, answer, start.
 */
#include "turn.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "gateway.h"
#include "http.h"
#include "ingest.h"
#include "lmtp.h"
#include "log.h"
#include "mailbox.h"
#include "mqtt.h"
#include "night.h"
#include "outbox.h"
#include "page.h"
#include "spool.h"
#include "store.h"
#include "store_clock.h"
#include "tell.h"
#include "testpoint.h"
#include "util.h"
#include "workflow.h"

enum { RETRY_FIRST_MS = 100, RETRY_MAX_MS = 5000 };

/* A message that waits for its decision. */
struct input {
    char *memory; /* owns what `event` points to */
    const char **attribute;
    struct event_input event;
    bool poisoned;
    struct decision decision;
};

struct turn {
    struct input *input;
    size_t inputs, input_cap;
    struct http_call *call, **call_tail;
    struct known fresh;    /* ids decided in this turn */
    int64_t next_clock_ms; /* of an item, or when somebody's absence begins */
    int64_t next_item_ms;
    bool clock_known;
    bool daily; /* its share of daily.h is in the transaction */
    int64_t retry_ms;
    int64_t backoff_ms;
};

struct turn *turn_open(void)
{
    struct turn *t = xcalloc(1, sizeof *t);
    t->call_tail = &t->call;
    known_init(&t->fresh);
    return t;
}

static void drop_inputs(struct turn *t)
{
    for (size_t i = 0; i < t->inputs; i++) {
        free(t->input[i].memory);
        free(t->input[i].attribute);
        decision_release(&t->input[i].decision);
    }
    t->inputs = 0;
}

void turn_close(struct turn *t)
{
    if (!t)
        return;
    drop_inputs(t);
    free(t->input);
    known_release(&t->fresh);
    free(t);
}

/* Copies text into *at and moves *at behind it. */
static const char *keep(char **at, const char *bytes, size_t len)
{
    char *copy = *at;
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

void turn_add_message(struct turn *t, const struct mqtt_message *message)
{
    size_t attributes = 0,
           size = strlen(message->topic) + message->payload_len + strlen(message->content_type) + 3;
    for (; message->attribute && message->attribute[attributes]; attributes++)
        size += strlen(message->attribute[attributes]) + 1;
    t->input = grow(t->input, t->inputs, &t->input_cap, sizeof *t->input);
    struct input *in = &t->input[t->inputs++];
    memset(in, 0, sizeof *in);
    char *at = in->memory = xmalloc(size);
    in->attribute = xcalloc(attributes + 1, sizeof *in->attribute);
    for (size_t i = 0; i < attributes; i++)
        in->attribute[i] = keep(&at, message->attribute[i], strlen(message->attribute[i]));
    in->event.attribute = in->attribute;
    in->event.topic = keep(&at, message->topic, strlen(message->topic));
    in->event.content_type = keep(&at, message->content_type, strlen(message->content_type));
    in->event.payload = keep(&at, message->payload, message->payload_len);
    in->event.payload_len = message->payload_len;
    in->event.retained = message->retained;
}

void turn_add_call(struct turn *t, struct http_call *call)
{
    call->next = NULL;
    *t->call_tail = call;
    t->call_tail = &call->next;
}

size_t turn_waiting(const struct turn *t)
{
    return t->inputs;
}

int64_t turn_retry_ms(const struct turn *t)
{
    return t->retry_ms;
}

int64_t turn_next_clock_ms(const struct turn *t)
{
    return t->next_clock_ms;
}

static int64_t today(const struct stafette *g)
{
    return g->now_ms / DAY_MS;
}

/* Decides all inputs; stops at the first that broke the transaction and returns its place, or
 * t->inputs. */
static size_t decide_inputs(struct stafette *g, struct turn *t)
{
    known_release(&t->fresh);
    for (size_t i = 0; i < t->inputs; i++) {
        struct input *in = &t->input[i];
        decision_reset(&in->decision);
        if (in->poisoned)
            workflow_poisoned(g, &in->event, &t->fresh, &in->decision);
        else
            workflow_event(g, &in->event, &t->fresh, &in->decision);
        test_point("event-decided");
        if (store_failed(g->store))
            return i;
        if (in->decision.event_seq)
            known_add(&t->fresh, in->decision.id_hash, in->decision.event_seq, today(g));
    }
    return t->inputs;
}

static void serve_calls(struct stafette *g, struct turn *t)
{
    for (struct http_call *call = t->call; call; call = call->next) {
        buf_reset(&call->answer);
        page_serve(g, call, &t->fresh);
    }
}

/* Of two times, 0 meaning none. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms && (!b_ms || a_ms < b_ms) ? a_ms : b_ms;
}

static bool has_work(struct stafette *g, struct turn *t, bool results)
{
    if (!t->clock_known) {
        t->next_item_ms = store_clock_next(g->store);
        t->clock_known = !store_failed(g->store);
    }
    t->next_clock_ms = earlier(t->next_item_ms, presence_next_ms(g));
    int64_t late_ms = outbox_late_ms(g);
    /* A store that could not be read is asked again, from a transaction on. */
    return store_failed(g->store) || t->inputs || t->call || results || night_ready(g) ||
           ingest_has_settled(g->ingest) || daily_due(g) || mailbox_ready(g) || lmtp_ready(g) ||
           spool_ready(g) || (late_ms && late_ms <= g->mono_ms) ||
           (t->next_clock_ms && t->next_clock_ms <= g->now_ms);
}

/* One try at the transaction; *broken is the input that spoilt it, or t->inputs. */
static enum store_end run_transaction(struct stafette *g, struct turn *t, size_t *broken)
{
    store_begin(g->store);
    *broken = decide_inputs(g, t);
    outbox_settle(g);
    outbox_look_late(g);
    lmtp_decide(g); /* a bounce may be quicker than the result of what bounced */
    mailbox_decide(g);
    spool_decide(g);
    ingest_settle(g);
    serve_calls(g, t);
    if (t->next_clock_ms && t->next_clock_ms <= g->now_ms)
        g->metrics.clocks_fired += clock_fire_due(g);
    presence_sweep(g);
    night_write(g);
    t->daily = daily_due(g);
    if (t->daily)
        daily_run(g);
    if (!store_changed(g->store) && !store_failed(g->store)) {
        store_rollback(g->store);
        return STORE_DONE;
    }
    if (t->inputs || !t->daily) /* what is due by the day is not what the crash tests count */
        test_point("before-commit");
    return store_commit(g->store);
}

static void remember(struct stafette *g, struct turn *t)
{
    for (size_t i = 0; i < t->inputs; i++) {
        const struct decision *d = &t->input[i].decision;
        g->metrics.events[d->repeated ? EVENT_REPEATED : (int)d->outcome]++;
        if (d->event_seq)
            known_add(&g->known, d->id_hash, d->event_seq, today(g));
    }
    for (const struct http_call *call = t->call; call; call = call->next)
        page_committed(g, call);
}

static void answer_calls(struct stafette *g, struct turn *t)
{
    while (t->call) {
        struct http_call *call = t->call;
        t->call = call->next;
        http_answer(g->http, call);
    }
    t->call_tail = &t->call;
}

static void act(struct stafette *g, struct turn *t)
{
    remember(g, t);
    presence_committed(g);
    if (t->inputs || !t->daily)
        test_point("before-acks");
    ingest_acknowledge(g);
    for (size_t i = 0; i < t->inputs; i++) {
        const struct decision *d = &t->input[i].decision;
        if (!str_empty(d->source) && d->receipt.len)
            ingest_receipt(g, d->source, &d->receipt);
    }
    answer_calls(g, t);
    drop_inputs(t);
    if (t->daily)
        daily_done(g);
    outbox_settled(g);
    mailbox_decided(g);
    lmtp_decided(g);
    spool_decided(g);
    night_written(g);
    ingest_settled(g);
}

static void note_trouble(struct stafette *g, struct turn *t)
{
    t->backoff_ms = t->backoff_ms ? t->backoff_ms * 2 : RETRY_FIRST_MS;
    if (t->backoff_ms > RETRY_MAX_MS)
        t->backoff_ms = RETRY_MAX_MS;
    t->retry_ms = g->mono_ms + t->backoff_ms;
    g->metrics.store_troubles++;
    log_error("store", "state=trouble waiting_events=%zu next_try_ms=%lld why=\"%s\"", t->inputs,
              (long long)t->backoff_ms, store_trouble(g->store));
}

enum turn_end turn_run(struct stafette *g)
{
    struct turn *t = g->turn;
    size_t broken;
    bool results = outbox_collect(g);
    if (!has_work(g, t, results))
        return TURN_IDLE;
    enum store_end end = run_transaction(g, t, &broken);
    if (end != STORE_DONE) {
        tell_forget(g);
        outbox_rolled_back(g);
        t->clock_known = false;
    }
    if (end == STORE_BUG && broken < t->inputs && !t->input[broken].poisoned) {
        log_error("event set aside", "why=\"%s\"", store_trouble(g->store));
        t->input[broken].poisoned = true;
        return turn_run(g);
    }
    if (end == STORE_BUG && (mailbox_set_aside(g) || lmtp_set_aside(g) || spool_set_aside(g)))
        return turn_run(g);
    if (end != STORE_DONE) {
        note_trouble(g, t);
        return TURN_TROUBLE;
    }
    if (t->retry_ms)
        log_info("store", "state=well");
    t->retry_ms = t->backoff_ms = 0;
    t->clock_known = false;
    g->metrics.commits++;
    act(g, t);
    return TURN_DONE;
}
