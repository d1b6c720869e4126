/*
 * The folders of modem programs: see spool.h.
 *
 *     waits -> a carrier looks: removes what was decided, lists what is new
 *           -> the files are decided in a turn -> commit -> waits, due at once, to remove them
 *
 * Promises: the deciding thread never waits for a disk; a file is taken once while this process
 * lives, even when it cannot be removed. A delivery whose attempt is not settled keeps its file,
 * which the attempt has to find. Refuses nothing: a file of ours without a delivery is removed. A
 * crash leaves files, which are decided again.
 */
#include "spool.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/callback.h"
#include "../adapters/sms_gammu.h"
#include "config.h"
#include "gateway.h"
#include "incident.h"
#include "log.h"
#include "outbox.h"
#include "sms_inbound.h"
#include "store.h"
#include "store_delivery.h"
#include "util.h"

enum { DONE_MAX = 1000 };

/* One look: made by the deciding thread, the carrier's while it runs, then handed back. */
struct errand {
    char transport[ID_MAX];
    struct spool_look look;
    enum sms_end end[SPOOL_FOUND_MAX];
    bool keep[SPOOL_FOUND_MAX];
    bool aside[SPOOL_FOUND_MAX];
};

struct spool {
    struct errand *errand; /* under way, or waiting to be decided; NULL: none */
    bool deciding;
    size_t broken;   /* the file after which the transaction failed; SPOOL_FOUND_MAX: none */
    size_t next;     /* transport of the next look */
    int64_t next_ms; /* monotonic */
    char **done;     /* paths that are decided and not yet removed; owned */
    size_t done_count, done_cap;
};

struct spool *spool_open(void)
{
    return xcalloc(1, sizeof(struct spool));
}

static void errand_free(struct errand *e)
{
    if (!e)
        return;
    gammu_look_release(&e->look);
    free(e);
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    errand_free(s->errand);
    for (size_t i = 0; i < s->done_count; i++)
        free(s->done[i]);
    free(s->done);
    free(s);
}

/* On a carrier. */
static void run_look(void *context)
{
    struct errand *e = context;
    gammu_look(&e->look);
}

static void note_result(struct stafette *g, const struct errand *e)
{
    struct result result = {.end = ATTEMPT_SENT, .class = CLASS_NONE};
    if (e->look.failed) {
        result = (struct result){.end = ATTEMPT_DEFERRED, .class = CLASS_LOCAL};
        str_copy(result.text, sizeof result.text, e->look.why);
        log_warn("spool", "transport=%s state=failed why=\"%s\"", e->transport, e->look.why);
        incident_note(g, e->transport, &result);
    } else if (e->look.count) {
        incident_note(g, e->transport, &result);
    }
}

/* What could not be removed stays on the list, so that it is not taken again. */
static void keep_undone(struct spool *s, struct spool_look *look)
{
    s->done_count = 0;
    for (size_t i = 0; i < look->done_count; i++)
        if (look->done[i]) {
            s->done = grow(s->done, s->done_count, &s->done_cap, sizeof *s->done);
            s->done[s->done_count++] = look->done[i];
        }
    look->done_count = 0;
}

/* The look comes back; its files wait for the turn. */
static void finish(struct stafette *g, void *context)
{
    struct spool *s = g->spool;
    struct errand *e = context;
    note_result(g, e);
    keep_undone(s, &e->look);
    s->broken = SPOOL_FOUND_MAX;
    s->deciding = e->look.count > 0;
    if (!s->deciding) {
        errand_free(e);
        s->errand = NULL;
    }
}

/* The next transport with folders; NULL when the round is over. */
static const struct transport *next_transport(struct spool *s, const struct transports *all)
{
    while (s->next < all->count) {
        const struct transport *t = all->transport[s->next++];
        if (gammu_is(t))
            return t;
    }
    s->next = 0;
    return NULL;
}

void spool_step(struct stafette *g)
{
    struct spool *s = g->spool;
    if (s->errand || g->mono_ms < s->next_ms)
        return;
    const struct transport *t = next_transport(s, g->config->transports);
    if (!t)
        return;
    struct errand *e = s->errand = xcalloc(1, sizeof *e);
    str_copy(e->transport, sizeof e->transport, t->name);
    gammu_folders(&e->look, t);
    e->look.done = s->done;
    e->look.done_count = s->done_count;
    s->done = NULL;
    s->done_count = s->done_cap = 0;
    s->next_ms = g->mono_ms + transport_ms(t, "every");
    outbox_run(g->outbox, run_look, e, finish);
}

bool spool_ready(const struct stafette *g)
{
    return g->spool && g->spool->deciding;
}

static int64_t seq_of(const char *reference)
{
    int64_t seq = 0;
    char digits[SPOOL_REFERENCE_MAX];
    str_copy(digits, sizeof digits, reference + 1);
    digits[strspn(digits, "0123456789")] = '\0';
    int_parse(digits, 1, INT64_MAX, &seq);
    return seq;
}

/* What the modem did with one SMS. Returns false when the file has to stay. */
static bool decide_moved(struct stafette *g, const struct spool_found *f)
{
    struct delivery d;
    if (!store_delivery_get(g->store, seq_of(f->reference), &d))
        return !store_failed(g->store);
    if (d.state == DELIVERY_PENDING)
        return false;
    if (d.state != DELIVERY_SENT || !str_eq(d.provider_id, f->reference))
        return true;
    /* Without a reason, the modem is to blame rather than the number. */
    if (f->kind == SPOOL_ERROR) {
        outbox_returned(g, d.seq, CLASS_CONNECT, 0);
    } else if (report_advances(d.report, REPORT_SENT)) {
        d.report = REPORT_SENT;
        d.reported_ms = g->now_ms;
        store_delivery_report(g->store, &d);
    }
    return true;
}

static void decide_one(struct stafette *g, struct errand *e, size_t i)
{
    const struct spool_found *f = &e->look.found[i];
    e->keep[i] = false;
    e->end[i] = SMS_UNREADABLE;
    if (e->aside[i] || f->kind == SPOOL_PART)
        return;
    if (f->kind != SPOOL_INBOX)
        e->keep[i] = !decide_moved(g, f);
    else if (f->sms)
        e->end[i] = sms_inbound_take(g, f->sms);
}

void spool_decide(struct stafette *g)
{
    struct spool *s = g->spool;
    if (!spool_ready(g) || store_failed(g->store))
        return;
    s->broken = SPOOL_FOUND_MAX;
    for (size_t i = 0; i < s->errand->look.count && s->broken == SPOOL_FOUND_MAX; i++) {
        decide_one(g, s->errand, i);
        if (store_failed(g->store))
            s->broken = i;
    }
}

static void note_done(struct spool *s, const struct errand *e, const struct spool_found *f)
{
    struct buf path = BUF_INIT;
    enum spool_kind kind = f->kind == SPOOL_PART ? SPOOL_INBOX : f->kind;
    buf_printf(&path, "%s/%s", e->look.folder[kind], f->name);
    s->done = grow(s->done, s->done_count, &s->done_cap, sizeof *s->done);
    s->done[s->done_count++] = buf_detach(&path);
}

void spool_decided(struct stafette *g)
{
    struct spool *s = g->spool;
    if (!spool_ready(g))
        return;
    struct errand *e = s->errand;
    for (size_t i = 0; i < e->look.count; i++) {
        const struct spool_found *f = &e->look.found[i];
        if (e->keep[i])
            continue;
        note_done(s, e, f);
        if (f->kind == SPOOL_INBOX) {
            g->metrics.sms_in[e->end[i]]++;
            log_info("incoming SMS", "transport=%s result=%s", e->transport,
                     sms_end_name(e->end[i]));
        } else if (f->kind != SPOOL_PART) {
            log_info("delivery report", "transport=%s delivery=%lld status=%s", e->transport,
                     (long long)seq_of(f->reference), f->kind == SPOOL_SENT ? "sent" : "failed");
        }
    }
    if (s->done_count && s->done_count < DONE_MAX)
        s->next_ms = g->mono_ms;
    errand_free(e);
    s->errand = NULL;
    s->deciding = false;
}

bool spool_set_aside(struct stafette *g)
{
    struct spool *s = g->spool;
    if (!spool_ready(g) || s->broken >= s->errand->look.count || s->errand->aside[s->broken])
        return false;
    log_error("spool file set aside", "why=\"%s\"", store_trouble(g->store));
    s->errand->aside[s->broken] = true;
    return true;
}
